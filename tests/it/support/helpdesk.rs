//! A helpdesk that speaks the generic wire, checks every request it gets, and
//! fails by plan: cut connections, errors after the work, agents who step in.
//! Tests look into its memory; Deskhand sees only HTTP.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::post;
use axum::routing::put;
use deskhand::clock::Clock;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;

use crate::support::desk::By;
use crate::support::desk::Desk;
use crate::support::desk::Happening;
use crate::support::desk::Post;
use crate::support::faults::Fate;
use crate::support::faults::Meanwhile;
use crate::support::faults::Plan;

/// What Deskhand must present.
pub(crate) const TOKEN: &str = "fake-helpdesk-token";

/// No reply is longer than this; helpdesks refuse at 64 KiB (Zendesk).
const MAX_BODY_BYTES: usize = 3 * 64 * 1024;

/// A running fake helpdesk on a port of its own. Ends with the runtime.
#[derive(Clone)]
pub(crate) struct FakeHelpdesk {
    /// `http://127.0.0.1:port`, without a slash at the end.
    pub(crate) url: String,
    shared: Arc<Shared>,
}

type OnRead = Box<dyn FnMut(&str) + Send>;

struct Shared {
    desk: Mutex<Desk>,
    plan: Mutex<Plan>,
    clock: Clock,
    /// Told of every read before it is answered; a test may do anything then.
    on_read: Mutex<Option<OnRead>>,
}

impl FakeHelpdesk {
    pub(crate) async fn start(clock: Clock, plan: Plan) -> FakeHelpdesk {
        let shared = Arc::new(Shared {
            desk: Mutex::new(Desk::default()),
            plan: Mutex::new(plan),
            clock,
            on_read: Mutex::new(None),
        });
        let app = Router::new()
            .route("/conversations", get(changed))
            .route("/conversations/{id}", get(read))
            .route("/conversations/{id}/messages", post(message))
            .route("/conversations/{id}/tags", post(tags))
            .route("/conversations/{id}/fields", put(fields))
            .route("/conversations/{id}/handoff", post(handoff))
            .fallback(unknown)
            .with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        FakeHelpdesk { url, shared }
    }

    /// Its memory. Do not hold it over an await: every request needs it.
    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.shared.desk.lock().unwrap()
    }

    /// From now on things go wrong like this.
    pub(crate) fn follow(&self, plan: Plan) {
        *self.shared.plan.lock().unwrap() = plan;
    }

    /// Calls `told` with the conversation's id at every read.
    pub(crate) fn on_read(&self, told: impl FnMut(&str) + Send + 'static) {
        *self.shared.on_read.lock().unwrap() = Some(Box::new(told));
    }

    /// A customer opens a conversation.
    pub(crate) fn open(&self, id: &str, subject: &str, text: &str) -> String {
        let now = self.shared.clock.now();
        self.desk().open(now, id, subject, text)
    }

    /// The customer's mailbox answers by itself, and says so (RFC 3834).
    pub(crate) fn write_by_machine(&self, id: &str, text: &str) -> String {
        let (now, headers) = (self.shared.clock.now(), [("auto-submitted", "auto-replied")]);
        self.desk().write_with(now, id, By::Customer, text, &headers)
    }

    /// Somebody writes in public.
    pub(crate) fn write(&self, id: &str, by: By, text: &str) -> String {
        let now = self.shared.clock.now();
        self.desk().write(now, id, by, text)
    }
}

impl Shared {
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap()
    }

    fn breach(&self, why: String) -> Response {
        self.desk().breaches.push(why.clone());
        (StatusCode::UNPROCESSABLE_ENTITY, why).into_response()
    }

    /// Counts the call and checks what every call must have.
    #[expect(clippy::result_large_err, reason = "a refusal is a whole response")]
    fn admit(&self, headers: &HeaderMap, what: &str) -> Result<(), Response> {
        self.desk().n_calls += 1;
        let bearer = headers.get("authorization").and_then(|it| it.to_str().ok());
        if bearer == Some(format!("Bearer {TOKEN}").as_str()) {
            return Ok(());
        }
        self.desk().breaches.push(format!("{what}: wrong authorization"));
        Err(StatusCode::UNAUTHORIZED.into_response())
    }

    #[expect(clippy::result_large_err, reason = "a refusal is a whole response")]
    fn parse<T: for<'de> Deserialize<'de>>(
        &self,
        headers: &HeaderMap,
        body: &Bytes,
        what: &str,
    ) -> Result<T, Response> {
        self.admit(headers, what)?;
        let is_json = headers
            .get("content-type")
            .is_some_and(|it| it.to_str().unwrap_or_default().starts_with("application/json"));
        if !is_json || MAX_BODY_BYTES < body.len() {
            return Err(self.breach(format!("{what}: not JSON, or {} bytes", body.len())));
        }
        serde_json::from_slice(body).map_err(|error| self.breach(format!("{what}: {error}")))
    }

    /// Does a write as its fate has it.
    async fn write(&self, id: &str, kind: Kind, work: impl FnOnce(&mut Desk) -> Value) -> Response {
        let (fate, delay) = {
            let mut plan = self.plan.lock().unwrap();
            if plan.may_only_read {
                return (StatusCode::FORBIDDEN, "this token may only read").into_response();
            }
            // What may be done twice is disturbed less: it proves less, and every
            // failure costs a pause.
            let is_spared = kind == Kind::Repeatable && plan.pick(5) != 0;
            let fate = plan.fate_of_write();
            (if is_spared { Fate::Fine } else { fate }, plan.delay())
        };
        tokio::time::sleep(delay).await;
        match fate {
            Fate::Proxy502 => return (StatusCode::BAD_GATEWAY, "proxy").into_response(),
            Fate::TooMany => {
                let head = [("retry-after", "1")];
                return (StatusCode::TOO_MANY_REQUESTS, head, "slow down").into_response();
            }
            Fate::Fine | Fate::DoneThenCut | Fate::DoneThen500 => {}
        }
        let answer = {
            let mut desk = self.desk();
            if !desk.threads.contains_key(id) {
                return StatusCode::NOT_FOUND.into_response();
            }
            work(&mut desk)
        };
        match fate {
            Fate::DoneThenCut => cut(),
            Fate::DoneThen500 => (StatusCode::INTERNAL_SERVER_ERROR, "boom").into_response(),
            Fate::Fine | Fate::Proxy502 | Fate::TooMany => axum::Json(answer).into_response(),
        }
    }
}

/// Whether a write shows when it is done twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Message,
    Repeatable,
}

/// Ends the connection's task without an answer: the peer sees it cut. (No
/// panic message: the hook is not called.)
fn cut() -> Response {
    std::panic::resume_unwind(Box::new("cut by plan"))
}

type Held = State<Arc<Shared>>;

async fn unknown(State(it): Held, request: axum::extract::Request) -> Response {
    it.breach(format!("no such call: {} {}", request.method(), request.uri()))
}

async fn read(State(it): Held, Path(id): Path<String>, headers: HeaderMap) -> Response {
    if let Err(refusal) = it.admit(&headers, "read") {
        return refusal;
    }
    if let Some(told) = it.on_read.lock().unwrap().as_mut() {
        told(&id);
    }
    let (fails, meanwhile, delay) = {
        let mut plan = it.plan.lock().unwrap();
        (plan.read_fails(), plan.meanwhile(), plan.delay())
    };
    tokio::time::sleep(delay).await;
    if fails {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let now = it.clock.now();
    let mut desk = it.desk();
    let Some(answer) = desk.read(&id) else { return StatusCode::NOT_FOUND.into_response() };
    match meanwhile {
        Meanwhile::Nobody => {}
        Meanwhile::Agent => drop(desk.write(now, &id, By::Agent, "I will look into this.")),
        Meanwhile::Customer => drop(desk.write(now, &id, By::Customer, "Any news on this?")),
    }
    axum::Json(answer).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Since {
    changed_since: Timestamp,
}

async fn changed(State(it): Held, since: Query<Since>, headers: HeaderMap) -> Response {
    if let Err(refusal) = it.admit(&headers, "changed") {
        return refusal;
    }
    let changed = it.desk().changed_since(since.changed_since);
    let items: Vec<Value> =
        changed.iter().map(|(id, at)| json!({ "id": id, "at": at.to_string() })).collect();
    axum::Json(json!({ "items": items, "next": null })).into_response()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewMessage {
    public: bool,
    text: String,
    markdown: String,
    html: String,
    r#ref: String,
    /// The `updated_at` the writer had read, to be refused if it is older.
    seen_at: Option<Timestamp>,
}

async fn message(
    State(it): Held,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let new: NewMessage = match it.parse(&headers, &body, "message") {
        Ok(new) => new,
        Err(refusal) => return refusal,
    };
    let blank = [&new.text, &new.markdown, &new.html, &new.r#ref].iter().any(|it| it.is_empty());
    let html = new.html.to_ascii_lowercase();
    if blank || html.contains("<script") || html.contains("javascript:") || html.contains("onerror")
    {
        return it.breach(format!("message: blank or dangerous: {}", new.html));
    }
    let compares = it.plan.lock().unwrap().compares_stamps;
    let updated_at = it.desk().threads.get(&id).map(|it| it.updated_at);
    if compares && new.public && new.seen_at.is_some() && new.seen_at != updated_at {
        return StatusCode::CONFLICT.into_response();
    }
    let now = it.clock.now();
    let NewMessage { public, text, html, r#ref, .. } = new;
    let new = Post { public, text, html, intent: r#ref };
    it.write(&id, Kind::Message, |desk| json!({ "id": desk.post(now, &id, new) })).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTags {
    tags: Vec<String>,
}

async fn tags(
    State(it): Held,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let new: NewTags = match it.parse(&headers, &body, "tags") {
        Ok(new) => new,
        Err(refusal) => return refusal,
    };
    if new.tags.is_empty() || new.tags.iter().any(|it| it.is_empty() || 64 < it.len()) {
        return it.breach(format!("tags: {:?}", new.tags));
    }
    let work = |desk: &mut Desk| {
        let thread = desk.threads.entry(id.clone()).or_default();
        for tag in &new.tags {
            if !thread.tags.contains(tag) {
                thread.tags.push(tag.clone());
            }
        }
        desk.log(&id, Happening::Tagged(new.tags.clone()));
        json!({})
    };
    it.write(&id, Kind::Repeatable, work).await
}

async fn fields(
    State(it): Held,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let new: serde_json::Map<String, Value> = match it.parse(&headers, &body, "fields") {
        Ok(new) => new,
        Err(refusal) => return refusal,
    };
    if new.is_empty() || new.values().any(|it| it.is_object() || it.is_array()) {
        return it.breach(format!("fields: {new:?}"));
    }
    let work = |desk: &mut Desk| {
        for (name, value) in &new {
            let thread = desk.threads.entry(id.clone()).or_default();
            thread.fields.insert(name.clone(), value.clone());
            desk.log(&id, Happening::FieldSet(name.clone()));
        }
        json!({})
    };
    it.write(&id, Kind::Repeatable, work).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewHandoff {}

async fn handoff(
    State(it): Held,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Err(refusal) = it.parse::<NewHandoff>(&headers, &body, "handoff") {
        return refusal;
    }
    let work = |desk: &mut Desk| {
        desk.threads.entry(id.clone()).or_default().n_handoffs += 1;
        desk.log(&id, Happening::HandedOff);
        json!({})
    };
    it.write(&id, Kind::Repeatable, work).await
}
