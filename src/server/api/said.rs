//! What a caller says of a conversation, and what it becomes: the same
//! [`Conversation`] that is read from a helpdesk.

use jiff::Timestamp;
use serde::Deserialize;
use sha2::Digest as _;
use sha2::Sha256;
use utoipa::ToSchema;

use super::refusal::Refusal;
use crate::config::Api;
use crate::ticket::Author;
use crate::ticket::AuthorKind;
use crate::ticket::Body;
use crate::ticket::Channel;
use crate::ticket::Conversation;
use crate::ticket::Message;

/// Letters of a conversation's name.
const MAX_NAME_BYTES: usize = 64;

/// Letters of a hash that tell one message from another.
const NAME_CHARS: usize = 12;

/// Letters of a subject.
const MAX_SUBJECT_CHARS: usize = 500;

/// A conversation, oldest message first.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    /// Your name for the conversation: letters, digits, `-`, `_`, at most 64.
    #[serde(default)]
    pub conversation: Option<String>,
    #[serde(default)]
    pub subject: Option<String>,
    /// `email`, `chat`, `form`, `social` or `api`.
    #[serde(default)]
    pub channel: Option<String>,
    pub messages: Vec<Line>,
    /// Who asks; without it anybody.
    #[serde(default)]
    pub customer: Option<Customer>,
}

/// One public message.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    pub from: Speaker,
    /// Plain text.
    pub text: String,
    /// When it was written.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub at: Option<Timestamp>,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Speaker {
    Customer,
    /// A person of the team.
    Agent,
    /// An earlier answer of Deskhand.
    Deskhand,
    /// Another program.
    Bot,
}

/// A customer your server vouches for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Customer {
    pub id: String,
    /// HMAC-SHA256 of the id with the secret of `api.callers.*.identity`, lower-case hex.
    pub signature: String,
}

impl Said {
    /// The conversation a helpdesk would tell, bounded. `on` is where it was written if
    /// nobody says.
    pub(super) fn conversation(&self, limits: &Api, on: Channel) -> Result<Conversation, Refusal> {
        let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_');
        let name = self.conversation.as_deref().unwrap_or_default();
        if MAX_NAME_BYTES < name.len() || !name.chars().all(is_plain) {
            let why = "`conversation` may have letters, digits, - and _, at most 64";
            return Err(Refusal::Invalid(why.to_owned()));
        }
        let skipped = self.messages.len().saturating_sub(limits.max_messages);
        let messages = self.messages.iter().enumerate().skip(skipped);
        let messages: Vec<Message> =
            messages.map(|(place, it)| it.message(place, limits.max_message_chars)).collect();
        if !messages.iter().any(|it| it.author.kind == AuthorKind::Customer) {
            let why = "`messages` has none from the customer; there is nothing to answer";
            return Err(Refusal::Invalid(why.to_owned()));
        }
        let subject = self.subject.as_deref().map(|it| head(it, MAX_SUBJECT_CHARS));
        Ok(Conversation {
            id: name.to_owned(),
            subject: subject.filter(|it| !it.trim().is_empty()),
            channel: self.channel.as_deref().map_or(on, Channel::from_word),
            messages,
            is_cut: self.messages.iter().any(|it| it.is_longer_than(limits.max_message_chars)),
            ..Conversation::default()
        })
    }
}

impl Line {
    fn is_longer_than(&self, max_chars: usize) -> bool {
        self.text.chars().nth(max_chars).is_some()
    }

    fn message(&self, place: usize, max_chars: usize) -> Message {
        let kind = match self.from {
            Speaker::Customer => AuthorKind::Customer,
            Speaker::Agent => AuthorKind::Agent,
            Speaker::Deskhand => AuthorKind::Own,
            Speaker::Bot => AuthorKind::Bot,
        };
        // Pages that tell their last messages only begin to count anew each time.
        let digest = hex::encode(Sha256::digest(&self.text));
        let digest: String = digest.chars().take(NAME_CHARS).collect();
        Message {
            id: format!("{place}-{digest}"),
            at: self.at,
            author: Author { kind, id: None, name: None, email: None },
            public: true,
            body: Body::Text(head(&self.text, max_chars)),
            headers: Vec::new(),
        }
    }
}

fn head(text: &str, max_chars: usize) -> String {
    text.chars().take(max_chars).collect()
}
