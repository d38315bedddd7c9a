//! Step 7 of 9: one probability that the draft is right as it stands, with each
//! feature's share in it. Total.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde::{Deserialize, Serialize};

use crate::draft::Draft;
use crate::draft::SentenceKind;
use crate::knowledge::Hit;
use crate::retrieve::Retrieved;
use crate::text::terms::Terms;
use crate::ticket::Ticket;
use crate::verify::Verdict;

/// How sure we are, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// Probability that the draft is right as it stands, 0.0–1.0. NaN if a
    /// feature could not be computed. (Stored as null.)
    #[serde(with = "crate::text::nan_as_null")]
    pub probability: f32,
    /// Largest contribution first, in either direction.
    pub parts: Vec<Part>,
}

/// One feature's contribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub feature: String,
    /// 0.0–1.0.
    #[serde(with = "crate::text::nan_as_null")]
    pub value: f32,
    pub weight: f32,
    /// What it adds to the log-odds: weight × value.
    #[serde(with = "crate::text::nan_as_null")]
    pub contribution: f32,
}

/// What a probability is made of, each 0.0–1.0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Features {
    /// BM25 of the cited article's best passage, squashed.
    pub match_strength: f32,
    /// How far the cited article is ahead of the next one.
    pub margin: f32,
    /// Share of the question the cited passage speaks of, rare words counting more.
    pub question_coverage: f32,
    /// Share of the question's words that stand in the draft itself.
    pub answer_coverage: f32,
    /// How close the cited passage is to the question in meaning.
    pub meaning: f32,
    /// Probability that the knowledge answers the question at all.
    pub answerable: f32,
    /// Chance of the cited article, by how past tickets were worded.
    pub wording: f32,
    /// Share of alike past tickets that people answered with the cited article.
    pub past_tickets: f32,
    /// 1.0 if the cited article is first both by its words and by past tickets.
    pub agreement: f32,
    /// Support of the weakest sentence.
    pub grounding: f32,
    /// 1.0 for a question of 40 words and more: a long one asks for more than a
    /// passage answers.
    pub length: f32,
}

/// BM25 at which `match_strength` is 0.63. Guessed from passages of 150 words.
const MATCH_SCALE: f32 = 20.0;

/// Points of the ranking's score by which the best article leads clearly. (Guessed
/// from its scale: the words of a question alone are worth about as much.)
const CLEAR_LEAD: f32 = 3.5;

/// Words from which a question counts as long. Guessed.
const LONG_QUESTION_WORDS: f32 = 40.0;

// A logistic fit, rounded, on 5,265 drafts for the questions of five public sets, one
// of them with and without its past tickets, each set counting alike. Right is a draft
// that cites an article people linked, which undercounts. It tells right from wrong with
// AUROC 0.67 to 0.84, and with no set more than 0.02 less when that one is left out
// (`docs/BENCHMARKS.md`). A team's own history is to replace it.

/// The log-odds of a draft all of whose features are zero.
const BIAS: f32 = -4.0;

const MATCH_STRENGTH: f32 = 1.05;
const MARGIN: f32 = 0.75;
const QUESTION_COVERAGE: f32 = 1.1;
const ANSWER_COVERAGE: f32 = 0.3;
const MEANING: f32 = 1.25;
const ANSWERABLE: f32 = 2.8;
const WORDING: f32 = 0.5;
/// The fit gives nothing beside the wording; kept small so that people having linked
/// an article never makes less sure of it.
const PAST_TICKETS: f32 = 0.2;
const AGREEMENT: f32 = 0.3;
/// Quotes are always grounded, so the fit cannot see it; model drafts differ.
const GROUNDING: f32 = 0.3;
const LENGTH: f32 = -1.25;

impl Features {
    /// Reads the features off what the steps before found.
    #[must_use]
    pub fn of(
        ticket: &Ticket,
        retrieved: &Retrieved,
        draft: &Draft,
        verdict: &Verdict,
    ) -> Features {
        let cited = cited(&retrieved.articles, draft);
        let rival = cited.and_then(|it| rival(&retrieved.articles, it));
        let strength = |it: &Hit| {
            let bm25 = ["bm25.title", "bm25.headings", "bm25.body"];
            bm25.iter().map(|name| it.signal(name)).sum::<f32>()
        };
        let n_words = ticket.question.split_whitespace().count() as f32;
        let is_first = |it: &Hit| {
            let most =
                |name| retrieved.articles.iter().map(|it| it.signal(name)).fold(0.0, f32::max);
            most("words") <= it.signal("words") && most("past.linked") <= it.signal("past.linked")
        };
        Features {
            match_strength: cited.map_or(0.0, |it| 1.0 - (-strength(it) / MATCH_SCALE).exp()),
            margin: cited.map_or(0.0, |it| margin(it.score, rival.map_or(0.0, |it| it.score))),
            question_coverage: cited.map_or(0.0, |it| it.signal("coverage")),
            answer_coverage: answer_coverage(ticket, draft),
            meaning: cited.map_or(0.0, |it| it.signal("meaning")),
            answerable: retrieved.signs.answerable(),
            wording: cited.map_or(0.0, |it| it.signal("past.wording")),
            past_tickets: cited.map_or(0.0, |it| it.signal("past.linked")),
            agreement: f32::from(u8::from(cited.is_some_and(is_first))),
            grounding: verdict.grounding,
            length: (n_words / LONG_QUESTION_WORDS).min(1.0),
        }
    }

    fn named(&self) -> [(&'static str, f32, f32); 11] {
        [
            ("match_strength", self.match_strength, MATCH_STRENGTH),
            ("margin", self.margin, MARGIN),
            ("question_coverage", self.question_coverage, QUESTION_COVERAGE),
            ("answer_coverage", self.answer_coverage, ANSWER_COVERAGE),
            ("meaning", self.meaning, MEANING),
            ("answerable", self.answerable, ANSWERABLE),
            ("wording", self.wording, WORDING),
            ("past_tickets", self.past_tickets, PAST_TICKETS),
            ("agreement", self.agreement, AGREEMENT),
            ("grounding", self.grounding, GROUNDING),
            ("length", self.length, LENGTH),
        ]
    }
}

/// The best hit of the article the draft cites most.
fn cited<'a>(articles: &'a [Hit], draft: &Draft) -> Option<&'a Hit> {
    let n_cites = |hit: &Hit| {
        let sentences = draft.sentences.iter().flat_map(|it| &it.cites);
        let passages = sentences.filter_map(|it| draft.citations.get(*it));
        let of_article = passages.filter(|it| {
            let passage = articles.iter().find(|hit| hit.passage.id == it.passage_id);
            passage.is_some_and(|it| it.passage.document_id == hit.passage.document_id)
        });
        of_article.count()
    };
    let most = articles.iter().map(n_cites).max().filter(|it| 0 < *it)?;
    articles.iter().find(|it| n_cites(it) == most)
}

/// The best hit of any other article.
fn rival<'a>(articles: &'a [Hit], cited: &Hit) -> Option<&'a Hit> {
    articles.iter().find(|it| it.passage.document_id != cited.passage.document_id)
}

fn margin(best: f32, next: f32) -> f32 {
    ((best - next) / CLEAR_LEAD).clamp(0.0, 1.0)
}

fn answer_coverage(ticket: &Ticket, draft: &Draft) -> f32 {
    let language = ticket.language.as_deref();
    let mut terms = Terms::new(language);
    let asked = format!("{}\n{}", ticket.subject, ticket.question);
    let asked: BTreeSet<Rc<str>> = terms.of(&asked).into_iter().collect();
    if asked.is_empty() {
        return 0.0;
    }
    let said = draft.sentences.iter().filter(|it| it.kind != SentenceKind::Joint);
    let said: BTreeSet<Rc<str>> = said.flat_map(|it| terms.of(&it.text)).collect();
    asked.intersection(&said).count() as f32 / asked.len() as f32
}

/// Adds the features up: a logistic model, so that every part can be shown.
#[must_use]
pub fn confidence(features: &Features) -> Confidence {
    let mut parts: Vec<Part> = features
        .named()
        .into_iter()
        .map(|(feature, value, weight)| Part {
            feature: feature.to_owned(),
            value,
            weight,
            contribution: weight * value,
        })
        .collect();
    let log_odds = BIAS + parts.iter().map(|it| it.contribution).sum::<f32>();
    parts.sort_by(|left, right| right.contribution.abs().total_cmp(&left.contribution.abs()));
    Confidence { probability: 1.0 / (1.0 + (-log_odds).exp()), parts }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SURE: Features = Features {
        match_strength: 0.9,
        margin: 0.8,
        question_coverage: 0.9,
        answer_coverage: 0.8,
        meaning: 0.7,
        answerable: 0.8,
        wording: 0.5,
        past_tickets: 0.6,
        agreement: 1.0,
        grounding: 1.0,
        length: 0.2,
    };

    #[test]
    fn the_probability_is_the_sum_of_what_is_shown() {
        let confidence = confidence(&SURE);
        let log_odds = BIAS + confidence.parts.iter().map(|it| it.contribution).sum::<f32>();
        assert!((confidence.probability - 1.0 / (1.0 + (-log_odds).exp())).abs() < 1e-6);
        assert_eq!(confidence.parts.len(), 11);
    }

    #[test]
    fn more_evidence_never_makes_less_sure() {
        let before = confidence(&SURE).probability;
        for bend in [
            Features { question_coverage: 1.0, ..SURE },
            Features { answer_coverage: 1.0, ..SURE },
            Features { past_tickets: 1.0, ..SURE },
            Features { margin: 1.0, ..SURE },
        ] {
            assert!(before < confidence(&bend).probability);
        }
    }

    #[test]
    fn what_cannot_be_computed_makes_the_whole_unknown() {
        let unscored = Features { grounding: f32::NAN, ..SURE };
        assert!(confidence(&unscored).probability.is_nan());
    }
}
