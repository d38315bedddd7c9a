//! Step 9 of 9: the only step that writes to a helpdesk. Everything goes through
//! the outbox: planned before it is begun, begun before it is done, looked for
//! before it is done again. A public reply goes out at most once.

mod carry;
mod instead;
mod plan;
mod tags;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Clock;
use crate::helpdesk::Helpdesk;
use crate::helpdesk::HelpdeskError;
use crate::hours::Hours;
use crate::proposal::Proposal;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::leases::Lease;
use crate::store::outbox::Limits;
use crate::ticket::Conversation;

pub use crate::act::carry::Fresh;
pub use crate::act::carry::alert;
pub use crate::act::carry::finish;
pub use crate::act::plan::decided;
pub use crate::act::plan::plan;
pub use crate::act::plan::planned_alert;
pub use crate::act::plan::planned_call;
pub use crate::act::plan::planned_opening;
pub use crate::act::plan::planned_reply;

/// What acting on one conversation needs.
pub struct Acting<'a> {
    pub store: &'a Store,
    pub helpdesk: &'a Helpdesk,
    pub lease: &'a Lease,
    pub clock: &'a Clock,
    pub limits: Limits,
    /// After this long a reply that cannot be found is sent once more.
    pub settle: Duration,
}

/// How a proposal is written into the helpdesk of one connection.
#[derive(Debug, Clone, Default)]
pub struct Manner {
    pub brand: String,
    /// Tags are `{tag_prefix}{stage}`.
    pub tag_prefix: String,
    /// The helpdesk's name or id of the field that takes the stage; `None`: no field.
    pub stage_field: Option<String>,
    /// Beside the stage: topic, mood, urgency and what was raised.
    pub more: More,
    /// True if nothing is written at all: what would have been is only recorded.
    pub is_shadow: bool,
    /// True if a customer is told that a person takes over.
    pub tells_customer: bool,
    /// When those people are there.
    pub hours: Hours,
}

/// What of the triage beside the stage is written into the helpdesk.
#[derive(Debug, Clone, Default)]
pub struct More {
    /// True if each is a tag.
    pub has_tags: bool,
    /// The helpdesk's names or ids of fields that take them; `None`: no field.
    pub topic_field: Option<String>,
    pub mood_field: Option<String>,
    pub urgency_field: Option<String>,
}

/// What a decision is stored with: the proposal, and what the conversation
/// looked like when it was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub proposal: Proposal,
    pub seen: Seen,
}

/// The parts of a conversation whose change makes a reply stale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub assignee: Option<String>,
    pub status: Option<String>,
    /// Ids of all messages that were there.
    pub message_ids: Vec<String>,
    /// When it was asked for, by our clock, milliseconds. `None` in records from before
    /// this was kept.
    #[serde(default)]
    pub read_ms: Option<i64>,
}

impl Seen {
    /// What is seen of a conversation that was asked for at that time.
    pub fn of(conversation: &Conversation, read_ms: i64) -> Seen {
        Seen {
            assignee: conversation.assignee.clone(),
            status: conversation.status.clone(),
            message_ids: conversation.messages.iter().map(|it| it.id.clone()).collect(),
            read_ms: Some(read_ms),
        }
    }
}

/// How acting ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finished {
    /// Everything that was planned is over. What happened is in the outbox.
    Done,
    /// Somebody wrote, or took the conversation, before the reply went out: it
    /// was withdrawn.
    Superseded(SupersededBy),
    /// Another worker has the conversation now.
    LostLease,
}

/// Who was faster than the reply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SupersededBy {
    /// The customer wrote again: the ticket is to be thought over.
    Customer(String),
    /// A person of the team acted: nobody is to be answered.
    Person(String),
}

/// Acting that could not be finished now.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    #[error(transparent)]
    Helpdesk(#[from] HelpdeskError),
    #[error("could not record what was written")]
    Store(#[from] StoreError),
    /// A write whose time has not come, or whose fate will be known later.
    #[error("a write has to wait")]
    Wait(Duration),
    /// What was stored cannot be read: a defect, or a store of another version.
    #[error("a planned write cannot be read: {0}")]
    Unreadable(String),
}
