//! Learns from a team's own history what each signal of a ranking counts, and each
//! feature of the confidence: asks the tickets of the past again, each with only what was
//! known before it, fits on the older of them and judges on the newer.

mod clusters;
mod sureness;
mod taught;
mod weights;

pub use self::sureness::Learned;
pub use self::sureness::MIN_EXAMPLES;
pub use self::sureness::Source;
pub use self::sureness::n_fitted;
pub use self::sureness::sure;
pub use self::taught::Lesson;
pub use self::taught::Taught;
pub use self::taught::teach;

use std::collections::HashSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::eval::BRAND;
use crate::eval::Figures;
use crate::eval::Folder;
use crate::eval::Interval;
use crate::eval::Meanings;
use crate::eval::Question;
use crate::eval::Reranked;
use crate::eval::retrieval;
use crate::index::IndexError;
use crate::knowledge::Document;
use crate::retrieve;
use crate::retrieve::NAMES;

/// Of the questions asked again, the share that weights are fitted on; the newer
/// rest judges them.
const FITTED_SHARE: f64 = 0.7;

/// Fewer questions tell nothing about fourteen weights. (Guessed.)
pub const MIN_QUESTIONS: usize = 200;

/// The newest tickets that are asked again, at most.
const MAX_QUESTIONS: usize = 3_000;

/// The share of the history that is asked again; what is older is only known.
const ASKED_SHARE: f64 = 0.5;

/// What calibrating found.
#[derive(Debug, Clone, Serialize)]
pub struct Calibration {
    /// Questions the weights were fitted on, and those they were judged on.
    pub n_fitted: usize,
    pub n_judged: usize,
    /// When the first of those was asked.
    pub judged_from: Option<Timestamp>,
    /// What each signal counts: its name, before, and now.
    pub weights: Vec<(String, f32, f32)>,
    /// On the questions judged on, by ranking: `shipped`, `yours`.
    pub figures: Vec<(String, Figures)>,
    /// How much `yours` is better, and the 95 % interval of that.
    pub gain_mrr: f64,
    pub gain_ci95: Interval,
    /// Whether the new weights are the better choice: where they are not clearly
    /// worse on any and better on average.
    pub better: bool,
}

/// Why nothing could be learned.
#[derive(Debug, thiserror::Error)]
pub enum CalibrateError {
    #[error(
        "{n} past tickets link an article and have a date; {MIN_QUESTIONS} are needed: ingest more \
         of your history (`deskhand ingest connection:NAME --since DATE`)"
    )]
    TooFew { n: usize },
    #[error("could not ask the past tickets again")]
    Index(#[from] IndexError),
}

/// Calibrates on what [`asked_again`] made of a history, and what its texts mean.
/// `progress` is told how many of how many questions are done. Changes nothing.
///
/// # Errors
/// If the index cannot be written or read.
pub fn calibrate(
    folder: &Folder,
    meanings: &Meanings,
    mut progress: impl FnMut(usize, usize),
) -> Result<Calibration, CalibrateError> {
    let n_questions = folder.questions.len();
    let weighed = retrieval::weigh(folder, meanings, |done| progress(done, n_questions))?;
    let n_fitted = (n_questions as f64 * FITTED_SHARE) as usize;
    let (older, newer) = weighed.split_at_checked(n_fitted).unwrap_or((&weighed, &[]));
    let before = retrieve::default_weights(past_questions(folder));
    let now = weights::fit(older, &before);
    let shipped = Reranked::by(newer, &before);
    let yours = Reranked::by(newer, &now);
    let (gain_mrr, gain_ci95) = yours.gain_over(&shipped, "mrr@10");
    let names = NAMES.iter().zip(before.iter().zip(&now));
    Ok(Calibration {
        n_fitted,
        n_judged: newer.len(),
        judged_from: folder.questions.get(n_fitted).and_then(Question::asked_at),
        weights: names.map(|(name, (one, other))| ((*name).to_owned(), *one, *other)).collect(),
        figures: vec![("shipped".to_owned(), shipped.mean()), ("yours".to_owned(), yours.mean())],
        gain_mrr,
        gain_ci95,
        better: 0.0 < gain_mrr && -NOT_WORSE < gain_ci95.0,
    })
}

/// How much worse new weights may be at the lower end of the interval. (Guessed:
/// one question in two hundred.)
const NOT_WORSE: f64 = 0.005;

fn past_questions(folder: &Folder) -> usize {
    folder.past_tickets.iter().filter(|it| !it.linked_articles.is_empty()).count()
}

/// The newer tickets of one brand that link an article, as questions; all its tickets as
/// what may be known when one is asked.
///
/// # Errors
/// `TooFew` if the history does not hold enough to learn from.
pub fn asked_again(
    articles: Vec<Document>,
    mut past_tickets: Vec<Document>,
) -> Result<Folder, CalibrateError> {
    past_tickets.sort_by_key(|it| it.updated_at);
    let ids: HashSet<&String> = articles.iter().map(|it| &it.id).collect();
    let known = |id: &String| ids.contains(id);
    let linked: Vec<&Document> = past_tickets
        .iter()
        .filter(|it| it.updated_at.is_some() && it.linked_articles.iter().any(known))
        .collect();
    if linked.len() < MIN_QUESTIONS {
        return Err(CalibrateError::TooFew { n: linked.len() });
    }
    let n_asked =
        ((linked.len() as f64 * ASKED_SHARE) as usize).clamp(MIN_QUESTIONS / 2, MAX_QUESTIONS);
    let newest = linked.iter().skip(linked.len().saturating_sub(n_asked));
    let questions = newest.map(|it| Question::of_past_ticket(it)).collect();
    let articles = rebranded(articles);
    let past_tickets = rebranded(past_tickets);
    Ok(Folder { articles, past_tickets, questions, ..Folder::default() })
}

/// Under the brand everything is measured under.
#[must_use]
pub fn rebranded(documents: Vec<Document>) -> Vec<Document> {
    let brand = BRAND.to_owned();
    documents.into_iter().map(|it| Document { brand: brand.clone(), ..it }).collect()
}
