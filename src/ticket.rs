//! What a helpdesk holds and what we make of it: a conversation as it was
//! fetched, and the ticket as we understand it. No I/O and no parsing here.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The thread as the helpdesk has it at the moment it was read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    /// The helpdesk's own id, unique within one connection.
    pub id: String,
    #[serde(default)]
    pub subject: Option<String>,
    /// Lower case, in the helpdesk's words: `new`, `open`, `pending`, `solved` …
    #[serde(default)]
    pub status: Option<String>,
    #[serde(default)]
    pub channel: Channel,
    #[serde(default)]
    pub tags: Vec<String>,
    /// Values of the helpdesk's own fields, by name or id; empty where it tells none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<String, String>,
    /// The customer's id in the helpdesk.
    #[serde(default)]
    pub requester: Option<String>,
    /// The agent the conversation belongs to; `None` if nobody has it yet.
    #[serde(default)]
    pub assignee: Option<String>,
    /// What the helpdesk compares to refuse an update of a ticket that changed
    /// since it was read (Zendesk's `updated_stamp`). `None` where it has none.
    #[serde(default)]
    pub seen_at: Option<String>,
    /// Oldest first. Public replies and internal notes.
    #[serde(default)]
    pub messages: Vec<Message>,
    /// True if whoever told of it left out the ends of long messages.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_cut: bool,
    /// Names of the files that came with the messages, as their senders chose them. The
    /// files are not opened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
}

impl Conversation {
    /// The latest public message a customer wrote. `None` in a conversation an
    /// agent opened and nobody answered.
    pub fn last_customer_message(&self) -> Option<&Message> {
        self.messages.iter().rev().find(|it| it.public && it.author.kind == AuthorKind::Customer)
    }

    /// True if the helpdesk says that it is over.
    pub fn is_closed(&self) -> bool {
        self.status.as_deref().is_some_and(is_closed)
    }

    /// Messages after the one with this id. Empty if it is the last, everything
    /// if it is not there: what we cannot place counts as new.
    pub fn messages_after(&self, message_id: &str) -> &[Message] {
        let place = self.messages.iter().position(|it| it.id == message_id);
        self.messages.get(place.map_or(0, |it| it + 1)..).unwrap_or_default()
    }
}

/// True for a helpdesk's word for a conversation that is over.
pub fn is_closed(status: &str) -> bool {
    ["closed", "resolved", "solved", "rejected", "deleted"].contains(&status)
}

/// One entry of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Unique within the conversation. Opaque.
    pub id: String,
    /// `None` where the helpdesk does not say.
    #[serde(default)]
    pub at: Option<Timestamp>,
    pub author: Author,
    /// False for an internal note.
    pub public: bool,
    pub body: Body,
    /// Mail headers in lower case, where the helpdesk passes them on. They tell
    /// an auto-reply (RFC 3834) from a person.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
}

/// A message body in the form it came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    Text(String),
    Html(String),
}

impl Body {
    /// The body as it came, markup included.
    pub fn raw(&self) -> &str {
        match self {
            Body::Text(text) | Body::Html(text) => text,
        }
    }
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    pub kind: AuthorKind,
    #[serde(default)]
    pub id: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub email: Option<String>,
}

/// What an author is to us.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthorKind {
    Customer,
    /// A person of the support team. Where an agent writes, we stand down.
    Agent,
    /// Somebody else's automation.
    Bot,
    /// The helpdesk itself.
    System,
    /// Deskhand.
    Own,
    /// Not told. Treated as a person of the team: the cautious reading.
    Unknown,
}

impl AuthorKind {
    /// True for who answers customers: we, and whoever [is of the team](Self::is_staff).
    pub fn answers(self) -> bool {
        self == AuthorKind::Own || self.is_staff()
    }

    /// True for a person who is not the customer, and for whoever might be one.
    pub fn is_staff(self) -> bool {
        match self {
            AuthorKind::Agent | AuthorKind::Unknown => true,
            AuthorKind::Customer | AuthorKind::Bot | AuthorKind::System | AuthorKind::Own => false,
        }
    }
}

/// How the customer reached the team.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Email,
    Chat,
    Form,
    Social,
    Api,
    #[default]
    Unknown,
}

impl Channel {
    /// The channel a helpdesk's own word stands for; `Unknown` for a new word.
    pub fn from_word(word: &str) -> Channel {
        let word = word.to_ascii_lowercase();
        let has = |parts: &[&str]| parts.iter().any(|it| word.contains(it));
        if has(&["mail"]) {
            Channel::Email
        } else if has(&[
            "chat",
            "messag",
            "conversation",
            "widget",
            "sms",
            "whatsapp",
            "telegram",
            "line",
        ]) {
            Channel::Chat
        } else if has(&["form", "web", "portal"]) {
            Channel::Form
        } else if has(&["facebook", "twitter", "instagram", "social"]) {
            Channel::Social
        } else if has(&["api"]) {
            Channel::Api
        } else {
            Channel::Unknown
        }
    }
}

/// The conversation as we understand it: plain words, the open question. The
/// default is a conversation in which nobody has written.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Ticket {
    pub conversation_id: String,
    /// Empty if there is none.
    pub subject: String,
    pub channel: Channel,
    pub tags: Vec<String>,
    /// The customer's id in the helpdesk; `None` where it does not say.
    #[serde(default)]
    pub requester: Option<String>,
    /// Public turns, oldest first, as plain text without quotes and signatures.
    pub turns: Vec<Turn>,
    /// What the customer wants answered now: their public messages since anyone
    /// else last wrote, joined by blank lines. Empty if they wrote nothing.
    pub question: String,
    /// The id of the customer message that is to be answered; `None` if no
    /// customer wrote. With the conversation it names the one reply slot.
    pub trigger: Option<String>,
    /// ISO 639-1 code of the question; `None` if it is too short to tell or in a
    /// language nobody expected.
    pub language: Option<String>,
    /// Who wrote the trigger was a machine, by header or shape: why we think so.
    pub auto_reply: Option<String>,
    /// True if a person of the team wrote publicly after the last customer
    /// message, or holds the conversation.
    pub human_answered: bool,
    /// Number of our own public replies since a person of the team last wrote.
    pub n_own_replies: usize,
    /// True if a message was not read to its end: what it goes on to say is not known.
    #[serde(default)]
    pub is_cut: bool,
    /// Odd input that was made harmless, in words an operator understands.
    pub remarks: Vec<String>,
    /// Names of files, each one line. Looked at for what talks to a model; never prompted,
    /// quoted or searched for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<String>,
}

#[cfg(test)]
impl Ticket {
    /// A ticket of which nothing is known but what was said.
    pub(crate) fn of_turns(turns: &[(AuthorKind, &str)]) -> Ticket {
        let turns = turns.iter().enumerate().map(|(id, (author, text))| Turn {
            message_id: id.to_string(),
            author: *author,
            text: (*text).to_owned(),
        });
        Ticket { turns: turns.collect(), ..Ticket::default() }
    }
}

/// One public message, cleaned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    pub message_id: String,
    pub author: AuthorKind,
    pub text: String,
}
