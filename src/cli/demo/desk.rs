//! The helpdesk the demo plays: conversations in memory behind the plain JSON
//! protocol of `connectors/generic.toml`, on loopback. Like a real one it tells
//! of everything that is written, Deskhand's own words included.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;

use anyhow::Context as _;
use axum::Router;
use hmac::KeyInit;
use hmac::Mac;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;

mod api;

/// Deskhand's own account in the played helpdesk.
pub(super) const OWN_ID: &str = "deskhand";

/// The played helpdesk. Cheap to clone.
#[derive(Clone)]
pub(super) struct Desk {
    inner: Arc<Inner>,
}

struct Inner {
    held: Mutex<Shelf>,
    clock: Clock,
    client: reqwest::Client,
    /// What Deskhand shows to be let in.
    token: String,
    /// What webhooks are signed with.
    secret: String,
    /// Where webhooks go; empty until Deskhand listens.
    door: Mutex<String>,
    tasks: TaskTracker,
    base_url: String,
}

/// Everything the helpdesk holds.
#[derive(Default)]
struct Shelf {
    conversations: BTreeMap<String, Held>,
    n_events: u64,
    n_messages: u64,
}

/// One conversation as the helpdesk has it.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Held {
    pub(super) id: String,
    pub(super) subject: String,
    pub(super) channel: String,
    pub(super) status: String,
    pub(super) messages: Vec<Entry>,
    pub(super) tags: BTreeSet<String>,
    pub(super) fields: BTreeMap<String, String>,
    /// True once Deskhand gave it to the team.
    pub(super) handed_over: bool,
    /// Answers to the webhooks that told of this conversation.
    pub(super) deliveries: Vec<Told>,
    /// Webhooks that are on their way.
    #[serde(skip)]
    pub(super) n_untold: usize,
    #[serde(skip)]
    updated_at: Timestamp,
    /// What an agent will write right after Deskhand has read the conversation.
    #[serde(skip)]
    agent_waits: Option<String>,
    #[serde(skip)]
    last_event: Option<String>,
}

/// One message.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Entry {
    pub(super) id: String,
    pub(super) at: Timestamp,
    pub(super) public: bool,
    pub(super) kind: Kind,
    pub(super) author: Person,
    #[serde(flatten)]
    pub(super) body: Written,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) headers: BTreeMap<String, String>,
}

/// Who wrote, as the wire spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Customer,
    Agent,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) email: String,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Written {
    Text(String),
    Html(String),
}

impl Written {
    pub(super) fn raw(&self) -> &str {
        match self {
            Written::Text(text) | Written::Html(text) => text,
        }
    }
}

/// One webhook and what Deskhand said to it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Told {
    pub(super) what: Tale,
    /// HTTP status; 0 if nobody answered.
    pub(super) status: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Tale {
    Customer,
    Agent,
    /// Deskhand's own message, told back to it.
    Echo,
    /// The last delivery once more, byte for byte.
    Duplicate,
    /// Signed with a key that is not ours.
    Forged,
}

/// A message to be put into a conversation.
pub(super) struct Post {
    pub(super) public: bool,
    pub(super) kind: Kind,
    pub(super) author: Person,
    pub(super) body: Written,
    pub(super) headers: BTreeMap<String, String>,
}

impl Entry {
    /// True if Deskhand wrote it.
    pub(super) fn is_own(&self) -> bool {
        self.kind == Kind::Agent && self.author.id == OWN_ID
    }
}

impl Held {
    /// Deskhand's public replies, oldest first.
    pub(super) fn replies(&self) -> impl Iterator<Item = &Entry> {
        self.messages.iter().filter(|it| it.public && it.is_own())
    }
}

impl Desk {
    /// Opens the helpdesk on a free port of this machine.
    pub(super) async fn open(
        clock: Clock,
        client: reqwest::Client,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Desk> {
        let listener =
            TcpListener::bind(("127.0.0.1", 0)).await.context("opening the demo helpdesk")?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let inner = Inner {
            held: Mutex::default(),
            clock,
            client,
            token: fresh_secret(),
            secret: fresh_secret(),
            door: Mutex::default(),
            tasks: tasks.clone(),
            base_url,
        };
        let desk = Desk { inner: Arc::new(inner) };
        let router: Router = api::router(desk.clone());
        tasks.spawn(async move {
            axum::serve(listener, router).with_graceful_shutdown(shutdown.cancelled_owned()).await
        });
        Ok(desk)
    }

    /// Where its API is.
    pub(super) fn base_url(&self) -> &str {
        &self.inner.base_url
    }

    pub(super) fn token(&self) -> &str {
        &self.inner.token
    }

    pub(super) fn secret(&self) -> &str {
        &self.inner.secret
    }

    /// Tells the helpdesk where webhooks go from now on.
    pub(super) fn send_webhooks_to(&self, url: &str) {
        url.clone_into(&mut self.inner.door.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Makes an empty conversation.
    pub(super) fn start(&self, id: &str, subject: &str, channel: &str) {
        let held = Held {
            id: id.to_owned(),
            subject: subject.to_owned(),
            channel: channel.to_owned(),
            status: "new".to_owned(),
            updated_at: self.inner.clock.now(),
            ..Held::default()
        };
        self.shelf().conversations.insert(id.to_owned(), held);
    }

    /// A copy of one conversation as it stands; `None` if there is none.
    pub(super) fn conversation(&self, id: &str) -> Option<Held> {
        self.shelf().conversations.get(id).cloned()
    }

    /// Puts a message into a conversation without telling anyone.
    /// Gives the message's id; `None` if the conversation does not exist.
    pub(super) fn put(&self, id: &str, post: Post) -> Option<String> {
        let now = self.inner.clock.now();
        let mut shelf = self.shelf();
        shelf.n_messages += 1;
        let message_id = format!("m{}", shelf.n_messages);
        let held = shelf.conversations.get_mut(id)?;
        held.updated_at = now;
        held.messages.push(Entry {
            id: message_id.clone(),
            at: now,
            public: post.public,
            kind: post.kind,
            author: post.author,
            body: post.body,
            headers: post.headers,
        });
        Some(message_id)
    }

    /// Puts a message and tells Deskhand of it.
    pub(super) async fn write(&self, id: &str, post: Post, what: Tale) {
        let Some(body) = self.put(id, post).and_then(|_| self.event(id)) else { return };
        self.tell(id, body, what, self.secret()).await;
    }

    /// Delivers the last webhook of a conversation again, as helpdesks do when
    /// they missed the answer.
    pub(super) async fn repeat(&self, id: &str) {
        let last = self.conversation(id).and_then(|it| it.last_event);
        if let Some(body) = last {
            self.announce(id);
            self.tell(id, body, Tale::Duplicate, self.secret()).await;
        }
    }

    /// Delivers a message that never was, signed with a wrong key.
    pub(super) async fn forge(&self, id: &str, text: &str) {
        let body = json!({
            "id": "evt_forged", "type": "message.created", "at": self.inner.clock.now(),
            "conversation": {"id": id, "subject": "", "status": "open", "channel": "email"},
            "message": {"id": "m0", "text": text, "public": true,
                        "author": {"id": "somebody", "kind": "customer"}},
        });
        self.announce(id);
        self.tell(id, body.to_string(), Tale::Forged, &fresh_secret()).await;
    }

    /// Lets an agent answer the moment after Deskhand has read the conversation.
    pub(super) fn agent_answers_after_the_next_read(&self, id: &str, text: &str) {
        if let Some(held) = self.shelf().conversations.get_mut(id) {
            held.agent_waits = Some(text.to_owned());
        }
    }

    /// The webhook body that tells of a conversation's last message; it counts as
    /// on its way from here.
    fn event(&self, id: &str) -> Option<String> {
        let mut shelf = self.shelf();
        shelf.n_events += 1;
        let event_id = format!("evt_{}", shelf.n_events);
        let held = shelf.conversations.get_mut(id)?;
        let message = held.messages.last()?;
        let kind = if held.messages.len() == 1 { "ticket.created" } else { "message.created" };
        let body = json!({
            "id": event_id, "type": kind, "at": message.at,
            "conversation": api::head(held), "message": api::message(message),
        });
        let body = body.to_string();
        held.last_event = Some(body.clone());
        held.n_untold += 1;
        Some(body)
    }

    /// One more webhook of this conversation is on its way.
    fn announce(&self, id: &str) {
        if let Some(held) = self.shelf().conversations.get_mut(id) {
            held.n_untold += 1;
        }
    }

    /// Signs and delivers one webhook, and keeps what was answered.
    async fn tell(&self, id: &str, body: String, what: Tale, secret: &str) {
        let door = self.inner.door.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let timestamp = self.inner.clock.now().as_second().to_string();
        let signature = sign(secret, &timestamp, &body);
        let request = self
            .inner
            .client
            .post(door)
            .header("content-type", "application/json")
            .header("x-deskhand-timestamp", timestamp)
            .header("x-deskhand-signature", format!("sha256={signature}"))
            .body(body);
        let status = request.send().await.map_or(0, |it| it.status().as_u16());
        if let Some(held) = self.shelf().conversations.get_mut(id) {
            held.deliveries.push(Told { what, status });
            held.n_untold = held.n_untold.saturating_sub(1);
        }
    }

    /// Tells of a message without making the one who wrote it wait.
    fn tell_later(&self, id: &str, what: Tale) {
        let Some(body) = self.event(id) else { return };
        let desk = self.clone();
        let id = id.to_owned();
        let secret = self.secret().to_owned();
        self.inner.tasks.spawn(async move { desk.tell(&id, body, what, &secret).await });
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.inner.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// 122 random bits as text.
fn fresh_secret() -> String {
    uuid::Uuid::now_v7().simple().to_string()
}

/// Lower-case hex of HMAC-SHA256 over `<timestamp>.<body>`.
fn sign(secret: &str, timestamp: &str, body: &str) -> String {
    // A key of any length is fine for HMAC; there is no other way to fail.
    let Ok(mut mac) = hmac::Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
