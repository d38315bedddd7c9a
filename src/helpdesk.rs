//! A connected helpdesk: one manifest, one set of settings and secrets, one
//! HTTP client. What a helpdesk calls things stays in its manifest and in
//! `helpdesk/`; everything above speaks the words of `ticket.rs`.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ticket::Author;
use crate::ticket::Body;
use crate::ticket::Conversation;

pub mod connection;
pub mod delivery;
pub mod door;
pub mod jq;
pub mod manifest;
pub mod manifests;
mod call;
mod mapping;
mod read;
mod shape;
mod signature;
mod source;
mod template;
mod write;

pub use call::PlannedCall;
pub use connection::ConnectError;
pub use connection::ConnectionSettings;
pub use connection::Helpdesk;
pub use delivery::Arrival;
pub use delivery::Authentic;
pub use delivery::Delivery;
pub use delivery::Raw;
pub use delivery::Refused;
pub use door::HandshakeReply;
pub use door::Malformed;
pub use door::MapError;
pub use door::Receipt;
pub use manifest::Manifest;
pub use manifest::ManifestError;
pub use manifests::Manifests;

/// Something that happened in a helpdesk, as a delivery told it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub kind: EventKind,
    /// The helpdesk's id of the event, for the log; `None` where it has none.
    pub id: Option<String>,
    pub at: Option<Timestamp>,
    /// The conversation it happened in. Its `messages` hold the event's message
    /// if the payload carries it, or the whole thread where `complete` is true.
    pub conversation: Conversation,
    /// True if the payload carries the whole conversation, so that none need be read.
    pub complete: bool,
    /// Who did it; an author of kind `Own` if the manifest's `own` says so.
    pub author: Author,
}

/// Begins the id of a message that came without one: the opening of a
/// conversation, which some helpdesks tell of before it has a number.
const OPENING: &str = "opening:";

impl Event {
    /// Ids of the messages it tells of, as the helpdesk itself knows them. Empty
    /// if it tells of none, or of one that came without an id.
    pub fn message_ids(&self) -> impl Iterator<Item = &str> {
        let ids = self.conversation.messages.iter().map(|it| it.id.as_str());
        ids.filter(|it| !it.is_empty() && !it.starts_with(OPENING))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    TicketCreated,
    MessageCreated,
    TicketUpdated,
    Rated,
}

/// One write to a helpdesk. Texts come in the three forms helpdesks take; a
/// manifest picks the one it needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum Action {
    /// Public: the customer reads it.
    Reply(Wording),
    /// Internal: only the team reads it.
    Note(Wording),
    /// Adds tags; never removes others.
    Tag { tags: Vec<String> },
    /// Sets one custom field, by the helpdesk's own name or id of it.
    Field { field: String, value: String },
    /// Gives the conversation to people: opens it, takes a bot's hand off it.
    Handoff,
    /// Puts the conversation where people see it, where one that a bot holds is in no list
    /// of theirs. It stays a bot's.
    Open,
}

impl Action {
    /// The manifest's name of the action: `reply`, `note`, `tag`, `field`, `handoff`, `open`.
    pub fn name(&self) -> &'static str {
        match self {
            Action::Reply(_) => "reply",
            Action::Note(_) => "note",
            Action::Tag { .. } => "tag",
            Action::Field { .. } => "field",
            Action::Handoff => "handoff",
            Action::Open => "open",
        }
    }
}

/// One text in three forms that say the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wording {
    pub text: String,
    pub markdown: String,
    /// Escaped: no element comes from a ticket, an article or a model.
    pub html: String,
}

/// What a helpdesk said after a write.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Written {
    /// The id of the new message; `None` where the helpdesk does not tell or
    /// no message was made.
    pub message_id: Option<String>,
}

/// A conversation that changed, as the sweep finds it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    pub conversation_id: String,
    pub at: Option<Timestamp>,
}

/// An article of a helpdesk's help center, as the helpdesk tells it.
#[derive(Debug, Clone, PartialEq)]
pub struct HelpArticle {
    pub id: String,
    pub title: String,
    pub body: Body,
    pub url: Option<String>,
    /// As the helpdesk writes it: `en-us`, `pt_BR`; `None` if it does not.
    pub locale: Option<String>,
    /// The helpdesk's id of who may read it; `None` for anyone.
    pub audience: Option<String>,
    pub tags: Vec<String>,
    pub updated_at: Option<Timestamp>,
}

/// What a helpdesk has of one kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Documents<T> {
    pub items: Vec<T>,
    /// False if there were more than are read at once: then what is not among the
    /// items may exist all the same.
    pub complete: bool,
}

/// A call to a helpdesk that did not work out.
#[derive(Debug, Clone, thiserror::Error)]
pub enum HelpdeskError {
    /// Nothing was done, and the same call may work later.
    #[error("{helpdesk} is unavailable: {detail}")]
    Unavailable { helpdesk: String, detail: String, retry_after: Option<Duration> },
    /// A write whose fate is unknown: the answer was lost or was a server error.
    /// Read the conversation before doing it again.
    #[error("{helpdesk} may or may not have done it: {detail}")]
    Undecided { helpdesk: String, detail: String, retry_after: Option<Duration> },
    /// The conversation changed since it was read (409): read and think again.
    #[error("{helpdesk} says the conversation changed meanwhile")]
    Conflict { helpdesk: String },
    /// The helpdesk understood and said no. The same call cannot succeed.
    #[error("{helpdesk} refused {call}: {status} {detail}")]
    Refused { helpdesk: String, call: String, status: u16, detail: String },
    /// The conversation does not exist (any more).
    #[error("{helpdesk} does not know conversation {conversation_id}")]
    Gone { helpdesk: String, conversation_id: String },
    /// This helpdesk cannot do that; the manifest says why.
    #[error("{helpdesk} cannot {call}: {why}")]
    Unsupported { helpdesk: String, call: String, why: String },
    /// An answer the manifest could not read: a defect of the manifest.
    #[error("the manifest of {helpdesk} could not map the answer to {call}: {detail}")]
    Unreadable { helpdesk: String, call: String, detail: String },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ticket::AuthorKind;
    use crate::ticket::Message;

    fn event(ids: &[&str]) -> Event {
        let author = || Author { kind: AuthorKind::Customer, id: None, name: None, email: None };
        let message = |id: &&str| Message {
            id: (*id).to_owned(),
            at: None,
            author: author(),
            public: true,
            body: Body::Text(String::new()),
            headers: Vec::new(),
        };
        let messages = ids.iter().map(message).collect();
        let conversation = Conversation { id: "7".to_owned(), messages, ..Conversation::default() };
        let kind = EventKind::TicketCreated;
        Event { kind, id: None, at: None, conversation, complete: false, author: author() }
    }

    #[test]
    fn an_opening_without_a_number_is_not_looked_for_in_the_helpdesk() {
        assert_eq!(event(&["opening:7"]).message_ids().count(), 0);
        assert_eq!(event(&["opening:7", "12"]).message_ids().collect::<Vec<_>>(), ["12"]);
    }
}
