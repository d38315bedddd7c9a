//! Labelled questions answered as a customer's would be, by everything a ticket goes
//! through until something is sent: what came of each, and whether it is right.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::BRAND;
use super::Folder;
use super::Meanings;
use super::Question;
use super::shelf::Shelf;
use crate::certify::Judged;
use crate::clock::Stopwatch;
use crate::confidence::Confidence;
use crate::confidence::Example;
use crate::decide::Decision;
use crate::index::Index;
use crate::knowledge::Hit;
use crate::pipeline::Circumstances;
use crate::pipeline::Context;
use crate::pipeline::Pipeline;
use crate::proposal::Proposal;
use crate::retrieve;

/// What came of one question.
#[derive(Debug, Clone, Serialize)]
pub struct Answered {
    pub id: String,
    pub asked_at: Option<Timestamp>,
    /// True if the reply cites first an article that answers.
    pub right: bool,
    /// Whether the knowledge answers it at all; `None` if nobody said.
    pub answerable: Option<bool>,
    /// What should come of it: `answer`, `abstain`, `escalate`; `None` if nobody said.
    pub expect: Option<String>,
    /// Passages the draft cites, and those of them that anybody is told: none where a
    /// person takes over.
    pub n_cited: usize,
    pub n_told: usize,
    pub decision: Decision,
    /// What one would go by without it: BM25 of the best passage, and how far the best
    /// article is ahead of the next, in points of the ranking.
    pub bm25: f32,
    pub lead: f32,
    pub took_ms: f64,
    /// How much of a history was known, 0.0–1.0.
    pub history: f32,
    /// What the probability is made of.
    #[serde(flatten)]
    pub confidence: Confidence,
}

impl Answered {
    /// What weights are learned from; `None` where there is no reply, or it is unscored.
    #[must_use]
    pub fn example(&self) -> Option<Example> {
        let values = self.confidence.values().filter(|_| 0 < self.n_cited)?;
        Some(Example { values, right: self.right })
    }

    /// How sure it is, 0.0–1.0: not at all where there is no reply, or it is unscored.
    #[must_use]
    pub fn probability(&self) -> f64 {
        let sure = self.confidence.probability;
        if self.n_cited == 0 || sure.is_nan() { 0.0 } else { f64::from(sure) }
    }

    /// How likely the knowledge answers such a thing at all, 0.0–1.0, whether or not the
    /// reply is right.
    #[must_use]
    pub fn in_scope(&self) -> f64 {
        let part = self.confidence.parts.iter().find(|it| it.feature == "answerable");
        part.map(|it| f64::from(it.value)).filter(|it| !it.is_nan()).unwrap_or(0.0)
    }

    /// As a promise counts it: NaN where there is no reply to send.
    #[must_use]
    pub fn judged(&self) -> Judged {
        let confidence = if self.n_cited == 0 { f32::NAN } else { self.confidence.probability };
        Judged { confidence, wrong: !self.right }
    }
}

/// Answers every question of a folder, those it cannot answer as well, with what was
/// known when each was asked. `pipeline` makes what prepares from the index of the
/// folder; `progress` is told what came of each.
///
/// # Errors
/// If the index cannot be written or read, or a step fails.
pub async fn answered(
    folder: &Folder,
    meanings: &Meanings,
    context: &Context,
    pipeline: impl FnOnce(Arc<Index>) -> anyhow::Result<Pipeline>,
    mut progress: impl FnMut(&Answered),
) -> anyhow::Result<Vec<Answered>> {
    let mut shelf = Shelf::new(folder, meanings, true)?;
    let pipeline = pipeline(Arc::clone(&shelf.index))?;
    let mut all = Vec::new();
    for question in folder.questions.iter().chain(&folder.off_topic) {
        shelf.advance(question.asked_at())?;
        let watch = Stopwatch::start();
        let then = question.asked_at().map_or_else(Circumstances::default, Circumstances::at);
        let proposal = pipeline.prepare(&question.conversation(), context, &then).await?;
        let history = retrieve::history(shelf.index.experience().n_tickets(BRAND));
        let answered = read(question, proposal, watch.elapsed_ms(), history);
        progress(&answered);
        all.push(answered);
    }
    Ok(all)
}

fn read(question: &Question, proposal: Proposal, took_ms: f64, history: f32) -> Answered {
    let cited = first_cited(&proposal);
    let off_topic = question.relevant.is_empty().then_some(false);
    Answered {
        id: question.id.clone(),
        asked_at: question.asked_at(),
        right: cited.is_some_and(|it| question.relevant.contains(it)),
        answerable: question.answerable.or(off_topic),
        expect: question.expect.clone(),
        n_cited: proposal.draft.citations.len(),
        n_told: proposal.reply().map_or(0, |it| it.citations.len()),
        decision: proposal.decision,
        bm25: proposal.articles.iter().map(bm25).fold(0.0, f32::max),
        lead: lead(&proposal.articles),
        took_ms,
        history,
        confidence: proposal.confidence,
    }
}

/// The article the first sentence with a source rests on.
fn first_cited(proposal: &Proposal) -> Option<&String> {
    let first = proposal.draft.sentences.iter().find_map(|it| it.cites.first())?;
    let cited = proposal.draft.citations.get(*first)?;
    let hit = proposal.articles.iter().find(|it| it.passage.id == cited.passage_id)?;
    Some(&hit.passage.document_id)
}

fn bm25(hit: &Hit) -> f32 {
    ["bm25.title", "bm25.headings", "bm25.body"].iter().map(|it| hit.signal(it)).sum()
}

fn lead(articles: &[Hit]) -> f32 {
    let Some(best) = articles.first() else { return 0.0 };
    let other = articles.iter().find(|it| it.passage.document_id != best.passage.document_id);
    best.score - other.map_or(0.0, |it| it.score)
}
