//! The played helpdesk's API: read a conversation, find changed ones, write
//! messages, tags, fields and hand-overs. Refuses whoever has no token.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::Request;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::middleware;
use axum::middleware::Next;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use axum::routing::put;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use crate::cli::demo::desk::Desk;
use crate::cli::demo::desk::Entry;
use crate::cli::demo::desk::Held;
use crate::cli::demo::desk::Kind;
use crate::cli::demo::desk::OWN_ID;
use crate::cli::demo::desk::Person;
use crate::cli::demo::desk::Post;
use crate::cli::demo::desk::Tale;
use crate::cli::demo::desk::Written;
use crate::clock::Stopwatch;

type Answer = Result<Json<Value>, StatusCode>;

pub(super) fn router(desk: Desk) -> Router {
    Router::new()
        .route("/conversations", get(changed))
        .route("/conversations/{id}", get(read))
        .route("/conversations/{id}/messages", post(write))
        .route("/conversations/{id}/tags", post(tag))
        .route("/conversations/{id}/fields", put(set_fields))
        .route("/conversations/{id}/handoff", post(hand_over))
        .layer(middleware::from_fn_with_state(desk.clone(), only_with_token))
        // The one door for people: whoever plays the customer needs no token.
        .route("/customer", post(customer_writes))
        .with_state(desk)
}

/// A conversation without its messages, as the wire has it.
pub(super) fn head(held: &Held) -> Value {
    let requester = held.messages.iter().find(|it| it.kind == Kind::Customer);
    json!({
        "id": held.id, "subject": held.subject, "status": held.status, "channel": held.channel,
        "tags": held.tags, "requester": requester.map(|it| &it.author.id), "assignee": null,
        "updated_at": held.updated_at,
    })
}

/// A message as the wire has it.
pub(super) fn message(entry: &Entry) -> Value {
    let mut value = json!({
        "id": entry.id, "at": entry.at, "public": entry.public, "headers": entry.headers,
        "author": {"id": entry.author.id, "kind": entry.kind,
                   "name": entry.author.name, "email": entry.author.email},
    });
    match &entry.body {
        Written::Text(text) => value["text"] = json!(text),
        Written::Html(html) => value["html"] = json!(html),
    }
    value
}

async fn only_with_token(
    State(desk): State<Desk>,
    request: Request,
    next: Next,
) -> Result<Response, StatusCode> {
    let shown = request.headers().get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    if shown != Some(&format!("Bearer {}", desk.token())) {
        return Err(StatusCode::UNAUTHORIZED);
    }
    Ok(next.run(request).await)
}

async fn read(State(desk): State<Desk>, Path(id): Path<String>) -> Answer {
    let held = desk.conversation(&id).ok_or(StatusCode::NOT_FOUND)?;
    let answer = json!({
        "conversation": head(&held),
        "messages": held.messages.iter().map(message).collect::<Vec<_>>(),
    });
    // The agent was quicker: their answer lands after this read and before
    // whatever Deskhand makes of it.
    let waiting = desk.shelf().conversations.get_mut(&id).and_then(|it| it.agent_waits.take());
    if let Some(text) = waiting {
        let post = Post {
            public: true,
            kind: Kind::Agent,
            author: person("agent-7", "Noor de Wit"),
            body: Written::Text(text),
            headers: BTreeMap::new(),
        };
        desk.put(&id, post);
        desk.tell_later(&id, Tale::Agent);
    }
    Ok(Json(answer))
}

/// How long a customer at the demo's door waits to see an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Somebody plays the customer: the body is the message. Answers with what
/// Deskhand wrote, once it has, and with the conversation's id.
async fn customer_writes(State(desk): State<Desk>, text: String) -> Json<Value> {
    let id = format!("customer-{}", uuid::Uuid::now_v7().simple());
    desk.start(&id, "", "chat");
    let post = Post {
        public: true,
        kind: Kind::Customer,
        author: person("customer-0", "you"),
        body: Written::Text(text),
        headers: BTreeMap::new(),
    };
    desk.write(&id, post, Tale::Customer).await;
    let watch = Stopwatch::start();
    let mut own = Vec::new();
    while own.is_empty() && watch.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let held = desk.conversation(&id).unwrap_or_default();
        own = held.messages.iter().filter(|it| it.is_own()).map(message).collect();
    }
    Json(json!({"conversation": id, "deskhand": own}))
}

#[derive(Deserialize)]
struct Since {
    changed_since: Timestamp,
}

async fn changed(State(desk): State<Desk>, Query(since): Query<Since>) -> Json<Value> {
    let shelf = desk.shelf();
    let items: Vec<Value> = shelf
        .conversations
        .values()
        .filter(|it| since.changed_since <= it.updated_at)
        .map(|it| json!({"id": it.id, "at": it.updated_at}))
        .collect();
    Json(json!({"items": items, "next": null}))
}

/// What Deskhand writes. Unknown keys are refused, so that a change of the
/// manifest that this helpdesk would not understand is seen.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMessage {
    public: bool,
    text: String,
    #[serde(rename = "markdown")]
    _markdown: String,
    #[serde(rename = "html")]
    _html: String,
    #[serde(rename = "ref")]
    _intent: Option<String>,
    /// The `updated_at` Deskhand has seen: a reply to an older state is refused.
    seen_at: Option<String>,
}

async fn write(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    Json(new): Json<NewMessage>,
) -> Answer {
    let held = desk.conversation(&id).ok_or(StatusCode::NOT_FOUND)?;
    if new.seen_at.is_some_and(|it| it != held.updated_at.to_string()) {
        return Err(StatusCode::CONFLICT);
    }
    let post = Post {
        public: new.public,
        kind: Kind::Agent,
        author: person(OWN_ID, "Deskhand"),
        body: Written::Text(new.text),
        headers: BTreeMap::new(),
    };
    let message_id = desk.put(&id, post).ok_or(StatusCode::NOT_FOUND)?;
    if new.public
        && let Some(held) = desk.shelf().conversations.get_mut(&id)
    {
        "pending".clone_into(&mut held.status);
    }
    desk.tell_later(&id, Tale::Echo);
    Ok(Json(json!({"id": message_id})))
}

#[derive(Deserialize)]
struct NewTags {
    tags: Vec<String>,
}

async fn tag(State(desk): State<Desk>, Path(id): Path<String>, Json(new): Json<NewTags>) -> Answer {
    change(&desk, &id, |held| held.tags.extend(new.tags))
}

async fn set_fields(
    State(desk): State<Desk>,
    Path(id): Path<String>,
    Json(new): Json<BTreeMap<String, Value>>,
) -> Answer {
    change(&desk, &id, |held| {
        for (name, value) in new {
            let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            held.fields.insert(name, value);
        }
    })
}

async fn hand_over(State(desk): State<Desk>, Path(id): Path<String>) -> Answer {
    change(&desk, &id, |held| {
        held.handed_over = true;
        "open".clone_into(&mut held.status);
    })
}

fn change(desk: &Desk, id: &str, how: impl FnOnce(&mut Held)) -> Answer {
    let now = desk.inner.clock.now();
    let mut shelf = desk.shelf();
    let held = shelf.conversations.get_mut(id).ok_or(StatusCode::NOT_FOUND)?;
    how(held);
    held.updated_at = now;
    Ok(Json(json!({})))
}

fn person(id: &str, name: &str) -> Person {
    let email = format!("{id}@verdholm.example");
    Person { id: id.to_owned(), name: name.to_owned(), email }
}
