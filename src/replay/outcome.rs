//! What came of one past ticket, beside what people did: a line of the journal.

use std::collections::BTreeSet;
use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::decide::Decision;
use crate::eval::Question;
use crate::knowledge::Document;
use crate::proposal::Proposal;
use crate::text::terms::terms;

/// Characters kept of a question, a draft and an answer: enough to judge by.
const MAX_EXCERPT_CHARS: usize = 700;

/// One past ticket asked again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub id: String,
    /// When the customer asked.
    pub at: Timestamp,
    pub subject: String,
    pub question: String,
    pub language: Option<String>,
    /// The team's own first tag; empty if it has none.
    pub topic: String,
    pub stage: String,
    pub decision: Decision,
    /// 0.0–1.0; 0.0 where nothing could be told.
    pub confidence: f32,
    /// Ids of the articles the draft cites, in its order.
    pub cited: Vec<String>,
    /// What the draft says, without its joints.
    pub draft: String,
    /// Ids of the articles people linked.
    pub linked: Vec<String>,
    /// What people answered; empty if nobody said.
    pub answer: String,
    /// Whether it was called solved.
    pub solved: bool,
    /// Of the words of the draft and of the answer, how many are the same: F1, 0.0–1.0.
    /// `None` where one of them has none.
    pub overlap: Option<f64>,
    pub took_ms: f64,
}

/// What people did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum People {
    /// Answered with an article.
    LinkedAnArticle,
    /// Answered in their own words.
    AnsweredThemselves,
    /// Left no answer that is known.
    NoAnswer,
}

impl Outcome {
    /// `past` is the ticket as the history holds it, where it does.
    pub(super) fn new(
        question: &Question,
        at: Timestamp,
        past: Option<&Document>,
        proposal: &Proposal,
    ) -> Outcome {
        let ids: HashMap<&str, &str> = proposal
            .articles
            .iter()
            .map(|it| (it.passage.id.as_str(), it.passage.document_id.as_str()))
            .collect();
        let mut cited: Vec<String> = Vec::new();
        for citation in &proposal.draft.citations {
            if let Some(id) = ids.get(citation.passage_id.as_str())
                && !cited.iter().any(|it| it == id)
            {
                cited.push((*id).to_owned());
            }
        }
        let says: Vec<&str> = proposal.draft.stated().map(|it| it.text.as_str()).collect();
        let says = says.join("\n");
        let answer = past.and_then(|it| it.answer.as_deref()).unwrap_or_default();
        let ticket = &proposal.ticket;
        let probability = proposal.confidence.probability;
        Outcome {
            id: question.id.clone(),
            at,
            subject: excerpt(&ticket.subject),
            question: excerpt(&ticket.question),
            language: ticket.language.clone(),
            topic: past.and_then(|it| it.tags.first()).cloned().unwrap_or_default(),
            stage: proposal.triage.stage.id.clone(),
            decision: proposal.decision,
            confidence: if probability.is_nan() { 0.0 } else { probability },
            cited,
            linked: question.relevant.clone(),
            overlap: overlap(&says, answer, ticket.language.as_deref()),
            draft: excerpt(&says),
            answer: excerpt(answer),
            solved: past.is_some_and(|it| it.solved),
            took_ms: proposal.timings.iter().map(|(_, ms)| ms).sum(),
        }
    }

    /// Whether the draft cites an article that people linked. `None` where they linked
    /// none: nobody can tell from outside. A sign, not a judgement: another article may
    /// help as well, and the right one may be quoted in the wrong place.
    #[must_use]
    pub fn same_article(&self) -> Option<bool> {
        let linked: BTreeSet<&String> = self.linked.iter().collect();
        (!linked.is_empty()).then(|| self.cited.iter().any(|it| linked.contains(it)))
    }

    #[must_use]
    pub fn people(&self) -> People {
        if !self.linked.is_empty() {
            People::LinkedAnArticle
        } else if !self.answer.is_empty() {
            People::AnsweredThemselves
        } else {
            People::NoAnswer
        }
    }
}

/// The beginning of a text, cut between characters.
fn excerpt(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(MAX_EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// F1 of the words of two texts, repeats counted.
fn overlap(one: &str, other: &str, language: Option<&str>) -> Option<f64> {
    let (one, other) = (terms(one, language), terms(other, language));
    if one.is_empty() || other.is_empty() {
        return None;
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for term in &one {
        *counts.entry(term).or_default() += 1;
    }
    let mut n_same = 0;
    for term in &other {
        if let Some(left) = counts.get_mut(term.as_str()).filter(|it| 0 < **it) {
            *left -= 1;
            n_same += 1;
        }
    }
    Some(2.0 * f64::from(n_same) / (one.len() + other.len()) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_with_the_same_words_overlap_whole_and_others_not_at_all() {
        let same = overlap("Open the settings menu", "the menu settings: open", Some("en"));
        assert_eq!(same, Some(1.0));
        assert_eq!(overlap("Open settings", "Buy tickets", Some("en")), Some(0.0));
        assert_eq!(overlap("Open settings settings", "settings", Some("en")), Some(0.5));
        assert_eq!(overlap("", "settings", Some("en")), None);
    }

    #[test]
    fn an_excerpt_is_cut_between_characters() {
        let long = "é".repeat(2 * MAX_EXCERPT_CHARS);
        assert_eq!(excerpt(&long).chars().count(), MAX_EXCERPT_CHARS + 1);
        assert_eq!(excerpt(" short "), "short");
    }
}
