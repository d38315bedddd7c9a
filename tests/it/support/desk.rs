//! What the fake helpdesk holds and remembers. A real helpdesk's memory, and a
//! log of everything in the order it happened: the log's index is the clock.
//! It never recognizes a repeated write, because real ones do not.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;

/// The tag by which an agent gives a conversation back, as the settings have it.
const RETURN_TAG: &str = "deskhand-return";

/// Deskhand's own author id in the fake helpdesk.
pub(crate) const OWN_ID: &str = "deskhand";

/// One message as the generic wire has it.
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) id: String,
    pub(crate) at: Timestamp,
    pub(crate) text: String,
    /// As Deskhand set it; empty for what others wrote.
    pub(crate) html: String,
    pub(crate) public: bool,
    pub(crate) by: By,
    pub(crate) headers: Vec<(String, String)>,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    Customer,
    Agent,
    /// An automation that is not Deskhand.
    Bot,
    Deskhand,
}

impl Held {
    fn to_json(&self) -> Value {
        let (id, kind, name) = match self.by {
            By::Customer => ("customer-1", "customer", "Robin"),
            By::Agent => ("agent-7", "agent", "Sam"),
            By::Bot => ("bot-3", "bot", "Router"),
            By::Deskhand => (OWN_ID, "agent", "Deskhand"),
        };
        let headers: serde_json::Map<String, Value> =
            self.headers.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
        json!({
            "id": self.id, "at": self.at.to_string(), "text": self.text, "public": self.public,
            "author": { "id": id, "kind": kind, "name": name, "email": null },
            "headers": headers,
        })
    }
}

/// One conversation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Thread {
    pub(crate) subject: String,
    pub(crate) status: String,
    pub(crate) tags: Vec<String>,
    pub(crate) fields: BTreeMap<String, Value>,
    pub(crate) assignee: Option<String>,
    pub(crate) updated_at: Timestamp,
    pub(crate) messages: Vec<Held>,
    pub(crate) n_handoffs: usize,
}

impl Thread {
    pub(crate) fn by(&self, by: By) -> impl Iterator<Item = &Held> {
        self.messages.iter().filter(move |it| it.by == by)
    }

    pub(crate) fn replies(&self) -> impl Iterator<Item = &Held> {
        self.by(By::Deskhand).filter(|it| it.public)
    }

    pub(crate) fn notes(&self) -> impl Iterator<Item = &Held> {
        self.by(By::Deskhand).filter(|it| !it.public)
    }

    fn to_json(&self, id: &str) -> Value {
        json!({
            "id": id, "subject": self.subject, "status": self.status, "channel": "email",
            "tags": self.tags, "fields": self.fields, "requester": "customer-1", "assignee": self.assignee,
            "updated_at": self.updated_at.to_string(),
        })
    }
}

/// What happened, in the order it happened.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Happening {
    /// Somebody else wrote: the id of the message.
    Wrote {
        by: By,
        message_id: String,
        public: bool,
    },
    /// Deskhand read the conversation as it was at this moment.
    Read,
    /// Deskhand wrote a message. `intent` is its `ref`.
    Posted {
        message_id: String,
        public: bool,
        intent: String,
        text: String,
    },
    Tagged(Vec<String>),
    FieldSet(String),
    HandedOff,
    /// An agent gave it back to Deskhand.
    GivenBack,
    Closed,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) conversation: String,
    pub(crate) what: Happening,
}

/// A webhook that is due: what it says, and about which message.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// The sender's id; a second webhook of the same message has another.
    pub(crate) id: String,
    pub(crate) conversation: String,
    pub(crate) body: Vec<u8>,
}

/// The helpdesk's whole memory.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    pub(crate) threads: BTreeMap<String, Thread>,
    pub(crate) log: Vec<Entry>,
    /// Requests that no helpdesk would have accepted, each with why.
    pub(crate) breaches: Vec<String>,
    /// Webhooks nobody has taken to send yet, oldest first.
    pub(crate) due: Vec<Event>,
    /// Requests that came in, whatever became of them.
    pub(crate) n_calls: usize,
    n_messages: usize,
    n_events: usize,
}

impl Desk {
    /// A customer opens a conversation with its first message.
    pub(crate) fn open(&mut self, at: Timestamp, id: &str, subject: &str, text: &str) -> String {
        let thread = Thread {
            subject: subject.to_owned(),
            status: "new".to_owned(),
            updated_at: at,
            ..Thread::default()
        };
        self.threads.insert(id.to_owned(), thread);
        self.write(at, id, By::Customer, text)
    }

    /// Somebody writes in public; answers the id of the message.
    pub(crate) fn write(&mut self, at: Timestamp, id: &str, by: By, text: &str) -> String {
        self.write_with(at, id, by, text, &[])
    }

    /// As [`Desk::write`], with mail headers.
    pub(crate) fn write_with(
        &mut self,
        at: Timestamp,
        id: &str,
        by: By,
        text: &str,
        headers: &[(&str, &str)],
    ) -> String {
        let headers = headers.iter().map(|(key, it)| ((*key).to_owned(), (*it).to_owned()));
        let held = self.held(at, by, text, headers.collect());
        let message_id = held.id.clone();
        let what = Happening::Wrote { by, message_id: message_id.clone(), public: true };
        self.keep(id, held, what);
        message_id
    }

    /// Somebody of the team leaves a note that no customer sees.
    pub(crate) fn note(&mut self, at: Timestamp, id: &str, text: &str) {
        let mut held = self.held(at, By::Agent, text, Vec::new());
        held.public = false;
        let what = Happening::Wrote { by: By::Agent, message_id: held.id.clone(), public: false };
        self.keep(id, held, what);
    }

    /// Deskhand writes. Called twice, it is written twice.
    pub(crate) fn post(&mut self, at: Timestamp, id: &str, post: Post) -> String {
        let mut held = self.held(at, By::Deskhand, &post.text, Vec::new());
        held.public = post.public;
        held.html = post.html;
        let message_id = held.id.clone();
        let what = Happening::Posted {
            message_id: message_id.clone(),
            public: post.public,
            intent: post.intent,
            text: post.text,
        };
        self.keep(id, held, what);
        message_id
    }

    /// An agent takes a conversation.
    pub(crate) fn assign(&mut self, id: &str, agent: &str) {
        if let Some(thread) = self.threads.get_mut(id) {
            thread.assignee = Some(agent.to_owned());
        }
    }

    /// An agent sets the tag that gives it back, or takes it off where it is.
    pub(crate) fn give_back(&mut self, id: &str) {
        let Some(thread) = self.threads.get_mut(id) else { return };
        if thread.tags.iter().any(|it| it == RETURN_TAG) {
            thread.tags.retain(|it| it != RETURN_TAG);
            return;
        }
        thread.tags.push(RETURN_TAG.to_owned());
        self.log(id, Happening::GivenBack);
    }

    /// An agent closes it.
    pub(crate) fn close(&mut self, id: &str) {
        if let Some(thread) = self.threads.get_mut(id) {
            thread.status = "closed".to_owned();
        }
        self.log(id, Happening::Closed);
    }

    fn held(&mut self, at: Timestamp, by: By, text: &str, headers: Vec<(String, String)>) -> Held {
        self.n_messages += 1;
        let id = format!("m{:06}", self.n_messages);
        let html = String::new();
        Held { id, at, text: text.to_owned(), html, public: true, by, headers }
    }

    fn keep(&mut self, id: &str, held: Held, what: Happening) {
        let Some(thread) = self.threads.get_mut(id) else { return };
        let kind = if thread.messages.is_empty() { "ticket.created" } else { "message.created" };
        thread.updated_at = held.at;
        if held.by == By::Customer {
            thread.status = "open".to_owned();
        }
        thread.messages.push(held);
        self.log(id, what);
        let event = self.event(id, kind);
        self.due.push(event);
    }

    /// A webhook about the newest message of a conversation, under a new id.
    pub(crate) fn event(&mut self, id: &str, kind: &str) -> Event {
        self.n_events += 1;
        let event_id = format!("evt_{:06}", self.n_events);
        let thread = &self.threads[id];
        let body = json!({
            "id": event_id, "type": kind, "at": thread.updated_at.to_string(),
            "conversation": thread.to_json(id),
            "message": thread.messages.last().map(Held::to_json),
        });
        let body = body.to_string().into_bytes();
        Event { id: event_id, conversation: id.to_owned(), body }
    }

    /// What a read answers. `None` if there is no such conversation.
    pub(crate) fn read(&mut self, id: &str) -> Option<Value> {
        let thread = self.threads.get(id)?;
        let messages: Vec<Value> = thread.messages.iter().map(Held::to_json).collect();
        let answer = json!({ "conversation": thread.to_json(id), "messages": messages });
        self.log(id, Happening::Read);
        Some(answer)
    }

    /// Conversations that changed at or after `since`, oldest change first.
    pub(crate) fn changed_since(&self, since: Timestamp) -> Vec<(String, Timestamp)> {
        let changed = self.threads.iter().filter(|(_, it)| since <= it.updated_at);
        let mut changed: Vec<_> = changed.map(|(id, it)| (id.clone(), it.updated_at)).collect();
        changed.sort_by_key(|(_, at)| *at);
        changed
    }

    pub(crate) fn log(&mut self, id: &str, what: Happening) {
        self.log.push(Entry { conversation: id.to_owned(), what });
    }

    /// Number of public replies of ours over all conversations.
    pub(crate) fn n_replies(&self) -> usize {
        self.threads.values().map(|it| it.replies().count()).sum()
    }
}

/// What Deskhand asked to have written.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    pub(crate) public: bool,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) intent: String,
}
