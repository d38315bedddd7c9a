//! The door: a request is authenticated over its raw bytes, committed, and only
//! then answered with a 2xx. What is not authentic leaves no trace but a count.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::Path;
use axum::extract::Query;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Deserialize;
use serde_json::json;

use crate::app::App;
use crate::helpdesk::Arrival as Request;
use crate::helpdesk::Authentic;
use crate::helpdesk::Delivery;
use crate::store::StoreError;
use crate::store::inbox;
use crate::store::inbox::Accepted;
use crate::store::inbox::Arrival;

/// When a helpdesk should come again after a 503. Guessed: a full queue drains,
/// and a person frees disk space, no faster than this.
const RETRY_AFTER_S: u16 = 30;

/// Bodies up to this size are checked where they arrive: hashing and parsing
/// them takes less than handing them to another thread (30 µs at 4 KiB).
const INLINE_BYTES: usize = 32 << 10;

/// Headers of one delivery that are kept, and how much of each. Guessed: mail
/// headers that tell an auto-reply are few and short.
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 1024;

/// The connection's name, and the secret of helpdesks that cannot sign.
#[derive(Debug, Deserialize)]
pub(super) struct Door {
    connection: String,
    secret: Option<String>,
}

/// `POST /webhooks/{connection}`.
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    Path(door): Path<Door>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Query(query): Query<Vec<(String, String)>>,
    method: Method,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let body = match body {
        Ok(body) => body,
        Err(rejection) => return too_large(&app, &rejection),
    };
    let url = format!(
        "{}/webhooks/{}",
        app.settings.server.public_url.trim_end_matches('/'),
        door.connection
    );
    let request = Request {
        method: method.to_string(),
        url,
        path_secret: door.secret,
        query,
        headers: texts(&headers),
        body,
        peer_is_loopback: peer.ip().is_loopback(),
    };
    let checked = if request.body.len() <= INLINE_BYTES {
        check(&app, &door.connection, request)
    } else {
        let (app, name) = (Arc::clone(&app), door.connection.clone());
        let checking = tokio::task::spawn_blocking(move || check(&app, &name, request));
        checking.await.unwrap_or(Err(Answer::Unauthorized("panicked")))
    };
    match checked {
        Ok(accepted) => commit(&app, accepted).await,
        Err(answer) => answer.into_response(),
    }
}

/// `GET` and `HEAD` on a webhook's address: some helpdesks look before they send.
/// Says the same whether or not the connection exists.
pub(super) async fn probe() -> StatusCode {
    StatusCode::OK
}

/// What a request is answered with before anything is stored.
enum Answer {
    /// For the metric only; the sender learns nothing.
    Unauthorized(&'static str),
    Malformed(String),
    /// Boxed: a response is large, and this is the rare case.
    Handshake(Box<Response>),
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        match self {
            Answer::Unauthorized(reason) => {
                count("refused", reason);
                (StatusCode::UNAUTHORIZED, Json(json!({ "error": "unauthorized" }))).into_response()
            }
            Answer::Malformed(detail) => {
                count("malformed", "json");
                let error = json!({ "error": "malformed", "message": detail });
                (StatusCode::BAD_REQUEST, Json(error)).into_response()
            }
            Answer::Handshake(response) => {
                count("handshake", "");
                *response
            }
        }
    }
}

/// Authenticates a request and reads as much of it as its receipt needs.
fn check(app: &App, name: &str, request: Request) -> Result<Accepted, Answer> {
    // An unknown connection answers as a forged signature does: nobody can list
    // the connections from outside.
    let desk = app.desks.get(name).ok_or(Answer::Unauthorized("no_connection"))?;
    let now = app.clock.now();
    let delivery = desk
        .helpdesk
        .authenticate(Delivery::arrived(request), now)
        .map_err(|it| Answer::Unauthorized(it.reason()))?;
    let receipt =
        desk.helpdesk.receipt(&delivery).map_err(|it| Answer::Malformed(it.to_string()))?;
    if let Some(reply) = receipt.handshake {
        let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
        let content_type = HeaderValue::from_str(&reply.content_type)
            .unwrap_or(HeaderValue::from_static("text/plain"));
        let headers = [(header::CONTENT_TYPE, content_type)];
        let response = (status, headers, reply.body).into_response();
        return Err(Answer::Handshake(Box::new(response)));
    }
    Ok(accepted(name, receipt.dedup, &delivery, now.as_millisecond()))
}

fn accepted(
    name: &str,
    dedup: String,
    delivery: &Delivery<Authentic>,
    received_ms: i64,
) -> Accepted {
    let kept = delivery.headers().iter().filter(|(_, value)| value.len() <= MAX_HEADER_BYTES);
    Accepted {
        connection: name.to_owned(),
        dedup,
        received_ms,
        headers: kept.take(MAX_HEADERS).cloned().collect(),
        body: delivery.body().to_vec(),
    }
}

/// Commits a delivery and says so.
async fn commit(app: &App, delivery: Accepted) -> Response {
    if !app.store.ballast().in_place() {
        return busy("disk_full", "the disk is full");
    }
    if app.settings.inbox.max_waiting <= app.n_unfinished.load(Ordering::Relaxed) {
        return busy("queue_full", "too many deliveries are waiting");
    }
    let stored = app.store.write_or_shed(move |it| inbox::accept(it, &delivery)).await;
    match stored {
        Ok(Arrival::First) => {
            app.n_unfinished.fetch_add(1, Ordering::Relaxed);
            app.bell.notify_one();
            count("accepted", "");
            Json(json!({ "status": "accepted" })).into_response()
        }
        Ok(Arrival::Repeat) => {
            count("repeated", "");
            Json(json!({ "status": "repeated" })).into_response()
        }
        Err(StoreError::Full) => busy("disk_full", "the disk is full"),
        Err(StoreError::Busy) => busy("store_busy", "the store is busy"),
        Err(
            StoreError::Disk(_)
            | StoreError::Unusable { .. }
            | StoreError::Defect(_)
            | StoreError::Closed,
        ) => busy("store_failed", "the delivery could not be stored"),
    }
}

/// The helpdesk sends again; nothing was stored.
fn busy(reason: &'static str, message: &str) -> Response {
    count("shed", reason);
    let headers = [(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER_S))];
    let error = json!({ "error": reason, "message": message });
    (StatusCode::SERVICE_UNAVAILABLE, headers, Json(error)).into_response()
}

fn too_large(app: &App, rejection: &BytesRejection) -> Response {
    count("malformed", "body");
    let message = format!(
        "the body could not be read; at most {} bytes are accepted",
        app.settings.server.max_body_bytes
    );
    let error = json!({ "error": "unreadable_body", "message": message });
    (rejection.status(), Json(error)).into_response()
}

/// Header values as text. Bytes that are no text cannot be a signature.
fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn count(result: &'static str, reason: &'static str) {
    metrics::counter!("deskhand_deliveries_total", "result" => result, "reason" => reason)
        .increment(1);
}
