//! What `prepare()` arrives at before anything has happened: everything the
//! steps found, the decision, and what a person gets if one takes over.

use serde::{Deserialize, Serialize};

use crate::certify::Basis;
use crate::certify::Lapse;
use crate::confidence::Confidence;
use crate::decide::Because;
use crate::decide::Decision;
use crate::decide::Signals;
use crate::decide::Thresholds;
use crate::draft::Draft;
use crate::guard::Guarded;
use crate::knowledge::Hit;
use crate::llm::Spent;
use crate::ticket::Ticket;
use crate::triage::Triage;
use crate::verify::Verdict;

/// A ticket, what was found for it, and what should happen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    pub ticket: Ticket,
    pub triage: Triage,
    /// Best first. Articles and past tickets are ranked apart.
    pub articles: Vec<Hit>,
    pub past_tickets: Vec<Hit>,
    pub draft: Draft,
    pub verdict: Verdict,
    /// What was taken out whatever backs it. Empty in proposals from before there was a
    /// guard.
    #[serde(default)]
    pub guarded: Guarded,
    pub confidence: Confidence,
    /// What `decide` saw; the same signals and thresholds give the same decision.
    pub signals: Signals,
    pub thresholds: Thresholds,
    /// Whose word the threshold for sending is. In proposals from before there were
    /// certificates: nobody's.
    #[serde(default)]
    pub license: License,
    pub decision: Decision,
    /// All that spoke for a person. Empty in proposals from before it was kept.
    #[serde(default)]
    pub because: Because,
    pub handoff: Handoff,
    pub versions: Versions,
    /// What models cost. Nothing in proposals from before it was counted.
    #[serde(default)]
    pub spent: Spent,
    /// (step, milliseconds) in the order the steps ran.
    pub timings: Vec<(String, f64)>,
}

impl Proposal {
    /// The draft, where somebody is to read it as a reply: the customer, or an agent who
    /// decides. Where a person takes over it is no reply, whatever was found.
    #[must_use]
    pub fn reply(&self) -> Option<&Draft> {
        match self.decision {
            Decision::Send | Decision::Suggest => Some(&self.draft),
            Decision::Escalate(_) | Decision::StandDown(_) => None,
        }
    }
}

/// Whose word it was that a draft may be sent, or may not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum License {
    /// People send every reply.
    #[default]
    Suggestions,
    /// The operator's own number: nobody has measured what it lets through.
    Uncertified,
    /// A certificate, by its id.
    Certificate(String),
    /// On autopilot, and no certificate holds.
    Withheld(Lapse),
}

impl std::fmt::Display for License {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            License::Suggestions => write!(f, "nobody: people send every reply"),
            License::Uncertified => write!(f, "the operator's own number, uncertified"),
            License::Certificate(id) => write!(f, "certificate {id}"),
            License::Withheld(lapse) => write!(f, "nobody: {lapse}"),
        }
    }
}

/// What a person gets who takes over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// One paragraph: who wants what, in the customer's own words where short.
    pub summary: String,
    /// Why a person is needed, in one sentence.
    pub reason: String,
    /// What Deskhand already told the customer in this conversation.
    pub tried: Vec<String>,
    /// Titles and links of what was found.
    pub evidence: Vec<String>,
    // What follows is empty in proposals from before it was kept.
    /// What else spoke for a person, a sentence each.
    #[serde(default)]
    pub also: Vec<String>,
    /// What was asked and answered before, oldest first.
    #[serde(default)]
    pub exchanges: Vec<Exchange>,
    /// What the customer says they have tried, in their words.
    #[serde(default)]
    pub customer_tried: Vec<String>,
    /// The question whose answer decides which reply is right. `None` if none is known.
    #[serde(default)]
    pub missing: Option<String>,
    /// What Deskhand or the team has promised in this conversation.
    #[serde(default)]
    pub commitments: Vec<String>,
}

/// A question of the customer and what they were answered, both cut short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    pub asked: String,
    pub answered: String,
    /// True if a person of the team answered.
    pub by_person: bool,
}

/// What a decision rests on, so that it can be replayed: names and hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    pub deskhand: String,
    pub stages: String,
    pub prompt: String,
    pub model: String,
    /// The space meanings were compared in. Empty in proposals from before there were
    /// several.
    #[serde(default)]
    pub embedder: String,
    /// The index watermark the passages came from.
    pub index: u64,
    pub settings: String,
    pub manifest: String,
    /// What each signal of the ranking counts, if the team's own history says so, and the
    /// team's own synonyms. Empty for the ranking Deskhand comes with.
    #[serde(default)]
    pub ranking: String,
    /// What each feature of the confidence counts. Empty in proposals from before a team's
    /// own labels could say so.
    #[serde(default)]
    pub confidence: String,
}

impl Versions {
    /// What a certificate is made for: everything but the index, which changes with each
    /// article.
    #[must_use]
    pub fn basis(&self) -> Basis {
        let Versions {
            deskhand,
            stages,
            prompt,
            model,
            embedder,
            index: _,
            settings,
            manifest,
            ranking,
            confidence,
        } = self;
        let named = [
            ("deskhand", deskhand),
            ("stages", stages),
            ("prompt", prompt),
            ("model", model),
            ("embedder", embedder),
            ("settings", settings),
            ("manifest", manifest),
            ("ranking", ranking),
            ("confidence", confidence),
        ];
        named.map(|(name, value)| (name.to_owned(), value.clone())).into()
    }
}

mod handoff;
mod note;

pub use crate::proposal::handoff::handoff;
pub use crate::proposal::note::blocked;
pub use crate::proposal::note::note;
pub use crate::proposal::note::note_instead;
pub use crate::proposal::note::stale;
pub use crate::proposal::note::verified;
