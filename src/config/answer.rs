//! Settings of automatic replies: whether there are any, and whose word it takes.

use serde::Deserialize;

use super::ranges::within;
use crate::certify::Of;

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub mode: Mode,
    pub threshold: Threshold,
    pub suggest_from: f32,
    pub send_from: f32,
    pub grounded_from: f32,
    pub max_in_a_row: usize,
    pub max_per_conversation: u64,
    pub max_per_day: u64,
}

/// Whether a sure draft goes to the customer or to the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    Suggest,
    Autopilot,
    /// Prepared, decided and recorded as on autopilot, and nothing is written.
    Shadow,
}

/// Whose word it takes to send a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Threshold {
    /// A certificate's.
    Certified,
    /// The operator's, with `send_from`.
    Uncertified,
}

/// What a certificate is to promise.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guarantee {
    pub of: Of,
    pub limit: f64,
    pub sample: f64,
    pub by_stage: bool,
}

impl Guarantee {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        within("guarantee.limit", self.limit, 0.001, 0.5)?;
        within("guarantee.sample", self.sample, 0.01, 1.0)
    }
}
