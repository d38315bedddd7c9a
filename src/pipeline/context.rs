//! What a proposal depends on beside the conversation: the connection's settings, and
//! the moment it is made at.

use jiff::Timestamp;

use crate::decide::Policy;
use crate::decide::Thresholds;
use crate::guard;
use crate::handover::Custody;
use crate::knowledge::Scope;
use crate::pipeline::Authority;

/// What differs between the tickets of one connection and another.
#[derive(Debug, Clone, PartialEq)]
pub struct Context {
    /// Whose knowledge answers, and who reads the answer.
    pub scope: Scope,
    /// Everywhere; a stage may have its own.
    pub thresholds: Thresholds,
    /// Whose word it takes to send.
    pub authority: Authority,
    pub policy: Policy,
    /// Our own replies in a row without a person, at most.
    pub max_own_replies: usize,
    /// What no reply may hold.
    pub limits: guard::Limits,
    /// Hash of the settings that bear on decisions.
    pub settings_version: String,
    /// Name and hash of the manifest.
    pub manifest_version: String,
}

/// What one moment is like beside what the conversation itself says. The default is a
/// conversation that is Deskhand's, at the beginning of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Circumstances {
    pub now: Timestamp,
    /// Who has the conversation.
    pub custody: Custody,
    /// The stage a person of the team has set in the helpdesk; `None` if nobody has.
    pub stage_set: Option<String>,
}

impl Circumstances {
    /// Of a conversation nobody has handed over.
    pub fn at(now: Timestamp) -> Circumstances {
        Circumstances { now, ..Circumstances::default() }
    }
}
