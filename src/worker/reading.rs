//! The conversation as it is now: read from the helpdesk where it can be read,
//! put together from its deliveries and our own replies where it cannot.

use crate::act::ActError;
use crate::act::Fresh;
use crate::helpdesk::Action;
use crate::helpdesk::Event;
use crate::helpdesk::HelpdeskError;
use crate::store::Store;
use crate::store::inbox;
use crate::store::leases::Lease;
use crate::store::outbox;
use crate::store::outbox::Entry;
use crate::ticket::Author;
use crate::ticket::AuthorKind;
use crate::ticket::Body;
use crate::ticket::Conversation;
use crate::ticket::Message;
use crate::worker::Desk;

/// Reads one leased conversation.
pub(super) struct Reading<'a> {
    pub(super) store: &'a Store,
    pub(super) desk: &'a Desk,
    pub(super) lease: &'a Lease,
    /// The latest event that waits; tells the helpdesk's own facts of the
    /// conversation where nothing else does. `None` after a crash that left only
    /// writes to finish.
    pub(super) latest: Option<&'a Event>,
}

impl Fresh for Reading<'_> {
    async fn read(&self) -> Result<Conversation, ActError> {
        if self.desk.helpdesk.can("messages").is_ok() {
            let known = self.known();
            return Ok(self.desk.helpdesk.read_conversation(&known).await?);
        }
        self.assemble().await
    }
}

impl Reading<'_> {
    /// What is known without asking: at least the id.
    fn known(&self) -> Conversation {
        match self.latest {
            Some(event) => event.conversation.clone(),
            None => empty(&self.lease.conversation_id),
        }
    }

    /// A conversation of a helpdesk that cannot be read: the thread of the last
    /// delivery that carried all of it, or every message that ever came, and
    /// what we wrote ourselves.
    async fn assemble(&self) -> Result<Conversation, ActError> {
        let (key, same_key) = (self.lease.key.clone(), self.lease.key.clone());
        let events = self.store.read(move |it| inbox::events(it, &key)).await?;
        let events: Vec<Event> =
            events.iter().filter_map(|it| serde_json::from_str(it).ok()).collect();
        let Some(latest) = events.last() else {
            return Err(ActError::Helpdesk(HelpdeskError::Gone {
                helpdesk: self.lease.connection.clone(),
                conversation_id: self.lease.conversation_id.clone(),
            }));
        };
        let mut conversation = latest.conversation.clone();
        if !latest.complete {
            let whole = events.iter().rposition(|it| it.complete).unwrap_or(0);
            conversation.messages.clear();
            conversation.attachments.clear();
            for event in events.iter().skip(whole) {
                conversation.attachments.extend(event.conversation.attachments.iter().cloned());
                for message in &event.conversation.messages {
                    add_once(&mut conversation.messages, message.clone());
                }
            }
        }
        let entries = self.store.read(move |it| outbox::sent_of(it, &same_key)).await?;
        for message in entries.iter().filter_map(own_message) {
            add_once(&mut conversation.messages, message);
        }
        // Stable: messages without a time keep the order they came in.
        conversation.messages.sort_by_key(|it| it.at);
        Ok(conversation)
    }
}

fn add_once(messages: &mut Vec<Message>, message: Message) {
    if !messages.iter().any(|it| it.id == message.id) {
        messages.push(message);
    }
}

/// One of our own writes as a message of the conversation.
fn own_message(entry: &Entry) -> Option<Message> {
    let (wording, public) = match serde_json::from_str(&entry.action).ok()? {
        Action::Reply(wording) => (wording, true),
        Action::Note(wording) => (wording, false),
        Action::Tag { .. } | Action::Field { .. } | Action::Handoff | Action::Open => return None,
    };
    Some(Message {
        id: entry.remote_id.clone().unwrap_or_else(|| entry.intent.clone()),
        at: jiff::Timestamp::from_millisecond(entry.sending_ms.unwrap_or(0)).ok(),
        author: Author { kind: AuthorKind::Own, id: None, name: None, email: None },
        public,
        body: Body::Text(wording.text),
        headers: Vec::new(),
    })
}

fn empty(id: &str) -> Conversation {
    Conversation { id: id.to_owned(), ..Conversation::default() }
}
