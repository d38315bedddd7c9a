//! A helpdesk that speaks as much of Zendesk's API as the manifest calls: tickets,
//! comments, updates with a stamp, tags, limits. It checks what it is sent, and
//! makes the signed webhooks that tell of what happened.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use axum::routing::get;
use axum::routing::put;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use jiff::Timestamp;
use jiff::ToSpan;
use serde_json::Value;
use serde_json::json;
use sha2::Sha256;

/// Who Deskhand is there.
pub(crate) const AGENT_ID: u64 = 923_619;
pub(crate) const EMAIL: &str = "deskhand@acme.example";
/// A customer and a person of the team.
const CUSTOMER_ID: u64 = 512_110;
const COLLEAGUE_ID: u64 = 923_700;

/// Number of the only ticket.
const TICKET_ID: u64 = 146_963;

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    id: u64,
    author_id: u64,
    at: Timestamp,
    pub(crate) html: String,
    pub(crate) public: bool,
    custom: Value,
}

/// The ticket, and what went on around it.
#[derive(Debug, Default)]
pub(crate) struct Ticket {
    subject: String,
    pub(crate) tags: Vec<String>,
    pub(crate) comments: Vec<Comment>,
    n_updates: i64,
    /// Updates that are refused with 429 before one is let through.
    pub(crate) n_too_many: usize,
    /// Reads of the comments after which a colleague answers.
    pub(crate) colleague_after: Option<usize>,
    n_reads: usize,
    /// Updates refused because somebody was quicker.
    pub(crate) n_conflicts: usize,
    /// Requests Zendesk would not have accepted, each with why.
    pub(crate) breaches: Vec<String>,
}

impl Ticket {
    pub(crate) fn by_deskhand(&self) -> Vec<&Comment> {
        self.comments.iter().filter(|it| it.author_id == AGENT_ID).collect()
    }

    /// Seconds only, as Zendesk has them.
    fn updated_at(&self) -> Timestamp {
        Timestamp::from_second(1_795_000_000).unwrap() + self.n_updates.seconds()
    }

    fn comment(&mut self, author_id: u64, html: &str, public: bool, custom: Value) -> u64 {
        self.n_updates += 1;
        let id = 151_000 + u64::try_from(self.comments.len()).unwrap();
        let html = html.to_owned();
        self.comments.push(Comment { id, author_id, at: self.updated_at(), html, public, custom });
        id
    }

    fn to_json(&self) -> Value {
        json!({
            "id": TICKET_ID, "subject": self.subject, "status": "open", "tags": self.tags,
            "via": { "channel": "email" }, "requester_id": CUSTOMER_ID, "assignee_id": null,
            "updated_at": self.updated_at().to_string(),
        })
    }
}

#[derive(Clone)]
pub(crate) struct Zendesk {
    pub(crate) url: String,
    token: String,
    ticket: Arc<Mutex<Ticket>>,
}

impl Zendesk {
    pub(crate) async fn start(token: &str) -> Zendesk {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let zendesk = Zendesk {
            url: format!("http://{}", listener.local_addr().unwrap()),
            token: token.to_owned(),
            ticket: Arc::default(),
        };
        let app = Router::new()
            .route("/api/v2/tickets/{id}", get(read).put(update))
            .route("/api/v2/tickets/{id}/comments", get(comments))
            .route("/api/v2/tickets/{id}/tags", put(tags))
            .route("/api/v2/incremental/tickets/cursor", get(changed))
            .fallback(unknown)
            .with_state(zendesk.clone());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        zendesk
    }

    /// Its memory. Do not hold it over an await: every request needs it.
    pub(crate) fn ticket(&self) -> MutexGuard<'_, Ticket> {
        self.ticket.lock().unwrap()
    }

    /// The customer opens the ticket; answers the webhook that tells of it.
    pub(crate) fn opened(&self, subject: &str, text: &str) -> Vec<u8> {
        let mut ticket = self.ticket();
        ticket.subject = subject.to_owned();
        ticket.comment(CUSTOMER_ID, &format!("<p>{text}</p>"), true, json!({}));
        let event = json!({
            "type": "zen:event-type:ticket.created", "id": "ev-created", "account_id": 274_378,
            "time": ticket.updated_at().to_string(), "zendesk_event_version": "2022-11-06",
            "subject": format!("zen:ticket:{TICKET_ID}"), "event": {},
            "detail": detail(&ticket, text),
        });
        event.to_string().into_bytes()
    }

    /// The webhook that tells of the latest comment, whoever wrote it.
    pub(crate) fn commented(&self) -> Vec<u8> {
        let ticket = self.ticket();
        let comment = ticket.comments.last().unwrap();
        let event = json!({
            "type": "zen:event-type:ticket.comment_added", "id": format!("ev-{}", comment.id),
            "account_id": 274_378, "time": comment.at.to_string(),
            "zendesk_event_version": "2022-11-06", "subject": format!("zen:ticket:{TICKET_ID}"),
            "detail": detail(&ticket, ""),
            "event": { "comment": {
                "id": comment.id.to_string(), "body": comment.html, "is_public": comment.public,
                "author": { "id": comment.author_id.to_string(), "name": "Sam",
                            "is_staff": comment.author_id != CUSTOMER_ID },
            } },
        });
        event.to_string().into_bytes()
    }

    /// The customer writes again; answers the webhook that tells of it.
    pub(crate) fn customer_writes(&self, text: &str) -> Vec<u8> {
        self.ticket().comment(CUSTOMER_ID, &format!("<p>{text}</p>"), true, json!({}));
        self.commented()
    }

    /// A colleague answers in public.
    pub(crate) fn answered_by_a_colleague(&self, text: &str) {
        self.ticket().comment(COLLEAGUE_ID, text, true, json!({}));
    }

    /// Counts against the limits and checks who calls.
    #[expect(clippy::result_large_err, reason = "a refusal is a whole response")]
    fn admit(&self, id: u64, headers: &HeaderMap) -> Result<MutexGuard<'_, Ticket>, Response> {
        let mut ticket = self.ticket();
        let basic = STANDARD.encode(format!("{EMAIL}/token:{}", self.token));
        let given = headers.get("authorization").and_then(|it| it.to_str().ok());
        if given != Some(format!("Basic {basic}").as_str()) {
            ticket.breaches.push("wrong authorization".to_owned());
            return Err(StatusCode::UNAUTHORIZED.into_response());
        }
        if id != TICKET_ID {
            return Err(StatusCode::NOT_FOUND.into_response());
        }
        Ok(ticket)
    }
}

fn detail(ticket: &Ticket, description: &str) -> Value {
    json!({
        "id": TICKET_ID.to_string(), "subject": ticket.subject, "status": "NEW", "tags": ticket.tags,
        "via": { "channel": "email" }, "requester_id": CUSTOMER_ID.to_string(),
        "submitter_id": CUSTOMER_ID.to_string(), "assignee_id": null, "is_public": true,
        "description": description, "created_at": ticket.updated_at().to_string(),
    })
}

/// A webhook as Zendesk signs it: base64 over the time and the body.
pub(crate) fn webhook(path: &str, secret: &str, at: Timestamp, body: &[u8]) -> Vec<u8> {
    let at = at.to_string();
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(at.as_bytes());
    mac.update(body);
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: deskhand\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nx-zendesk-webhook-signature-timestamp: {at}\r\n\
         x-zendesk-webhook-signature: {}\r\n\r\n",
        body.len(),
        STANDARD.encode(mac.finalize().into_bytes())
    );
    [head.as_bytes(), body].concat()
}

async fn unknown(State(it): State<Zendesk>, request: axum::extract::Request) -> StatusCode {
    let why = format!("no such call: {} {}", request.method(), request.uri());
    it.ticket().breaches.push(why);
    StatusCode::NOT_FOUND
}

async fn read(State(it): State<Zendesk>, Path(id): Path<u64>, headers: HeaderMap) -> Response {
    match it.admit(id, &headers) {
        Ok(ticket) => Json(json!({ "ticket": ticket.to_json() })).into_response(),
        Err(refusal) => refusal,
    }
}

async fn comments(State(it): State<Zendesk>, Path(id): Path<u64>, headers: HeaderMap) -> Response {
    let mut ticket = match it.admit(id, &headers) {
        Ok(ticket) => ticket,
        Err(refusal) => return refusal,
    };
    let comments: Vec<Value> = ticket
        .comments
        .iter()
        .map(|it| {
            json!({
                "id": it.id, "author_id": it.author_id, "created_at": it.at.to_string(),
                "html_body": it.html, "body": it.html, "public": it.public,
                "metadata": { "custom": it.custom },
            })
        })
        .collect();
    ticket.n_reads += 1;
    if ticket.colleague_after == Some(ticket.n_reads) {
        ticket.comment(COLLEAGUE_ID, "<p>I have sent you a new one.</p>", true, json!({}));
    }
    let user = |id: u64, role: &str| json!({ "id": id, "name": "Sam", "role": role });
    let users = json!([
        user(CUSTOMER_ID, "end-user"),
        user(COLLEAGUE_ID, "agent"),
        user(AGENT_ID, "agent")
    ]);
    let page = json!({
        "comments": comments, "users": users, "meta": { "has_more": false }, "links": { "next": null },
    });
    Json(page).into_response()
}

async fn update(
    State(it): State<Zendesk>,
    Path(id): Path<u64>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut ticket = match it.admit(id, &headers) {
        Ok(ticket) => ticket,
        Err(refusal) => return refusal,
    };
    if 0 < ticket.n_too_many {
        ticket.n_too_many -= 1;
        return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "1")], "slow down")
            .into_response();
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let change = &body["ticket"];
    if change["safe_update"] == true {
        if change["updated_stamp"] != ticket.updated_at().to_string() {
            ticket.n_conflicts += 1;
            let error = json!({ "error": "UpdateConflict", "description": "Safe Update prevented the update" });
            return (StatusCode::CONFLICT, Json(error)).into_response();
        }
    } else if change["comment"]["public"] == true {
        ticket.breaches.push("a public comment that no stamp protects".to_owned());
    }
    let mut events = Vec::new();
    if let Some(comment) = change["comment"].as_object() {
        let html = comment["html_body"].as_str().unwrap_or_default().to_owned();
        let author_id = comment["author_id"].as_u64();
        if html.is_empty() || author_id != Some(AGENT_ID) {
            ticket.breaches.push(format!("an empty comment, or by {author_id:?}"));
        }
        let public = comment["public"] != false;
        let id = ticket.comment(AGENT_ID, &html, public, change["metadata"].clone());
        events.push(json!({ "type": "Comment", "id": id, "public": public }));
    } else {
        ticket.n_updates += 1;
    }
    Json(json!({ "ticket": ticket.to_json(), "audit": { "id": 1, "events": events } }))
        .into_response()
}

async fn tags(
    State(it): State<Zendesk>,
    Path(id): Path<u64>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let mut ticket = match it.admit(id, &headers) {
        Ok(ticket) => ticket,
        Err(refusal) => return refusal,
    };
    for tag in body["tags"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if tag.contains(' ') {
            ticket.breaches.push(format!("a tag of two words: {tag}"));
        }
        if !ticket.tags.iter().any(|it| it == tag) {
            ticket.tags.push(tag.to_owned());
        }
    }
    ticket.n_updates += 1;
    Json(json!({ "tags": ticket.tags })).into_response()
}

async fn changed(State(it): State<Zendesk>, headers: HeaderMap) -> Response {
    match it.admit(TICKET_ID, &headers) {
        Ok(_) => {
            Json(json!({ "tickets": [], "end_of_stream": true, "after_url": null })).into_response()
        }
        Err(refusal) => refusal,
    }
}
