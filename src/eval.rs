//! A step measured on labelled files: its figures beside a baseline's, with
//! intervals, on nothing that was not known when a question was asked.

mod answered;
mod attacks;
mod baseline;
mod blocked;
mod claims;
pub mod confidence;
mod data;
pub mod guarantee;
pub mod guard;
mod intents;
mod labels;
pub mod mask;
mod meanings;
mod metrics;
mod patterns;
pub mod reply;
mod reranked;
pub mod retrieval;
mod rules;
mod shelf;
pub mod support;
pub mod triage;
mod triaged;
pub mod verify;

pub use self::answered::Answered;
pub use self::answered::answered;
pub use self::attacks::Attacks;
pub use self::attacks::read_attacks;
pub use self::claims::LabelledClaim;
pub use self::claims::read_claims;
pub use self::data::Folder;
pub use self::data::Question;
pub use self::data::read_folder;
pub use self::data::read_history;
pub use self::data::read_questions;
pub use self::intents::read_teams;
pub use self::labels::Label;
pub use self::labels::Sentence;
pub use self::labels::read_sentences;
pub use self::meanings::Meanings;
pub use self::metrics::Interval;
pub use self::metrics::auroc;
pub use self::reranked::Reranked;
pub(crate) use self::shelf::Shelf;
pub use self::triaged::Labelled;
pub use self::triaged::read_labelled;

use std::collections::BTreeMap;

use serde::Serialize;

/// The brand everything is measured under.
pub const BRAND: &str = "eval";

/// Name of a figure, such as `hit@5`, and its value.
pub type Figures = BTreeMap<String, f64>;

/// Figures by slice: `all`, and `lang:en` of questions or `type:EMAIL_ADDRESS` of labels.
pub type Slices = BTreeMap<String, Figures>;

/// What one measurement found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// The step that was measured.
    pub step: String,
    /// The folder.
    pub data: String,
    /// Questions, sentences or replies that were scored.
    pub n: usize,
    pub metrics: Slices,
    /// By name of the baseline.
    pub baseline: BTreeMap<String, Slices>,
    /// 95 % intervals of `metrics`, by slice and figure.
    pub ci95: BTreeMap<String, BTreeMap<String, Interval>>,
    /// `p50` and `p99` of one question or sentence.
    pub latency_ms: Figures,
    /// What the figures hold for.
    pub versions: BTreeMap<String, String>,
}
