//! Whether the process lives, whether it can take deliveries, and its numbers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde_json::json;

use crate::app::App;

/// `GET /healthz`: 200 while the process runs at all. Asks nothing of the disk,
/// so that a full one does not get the process killed.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: 200 if deliveries can be accepted and questions answered; 503
/// with what is missing otherwise.
pub(super) async fn readyz(State(app): State<Arc<App>>) -> Response {
    let store = app.store.fact("send").await;
    let behind = app.knowledge_behind().await;
    let is_ready = store.is_ok() && app.store.ballast().in_place() && behind.is_ok();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let report = json!({
        "ready": is_ready,
        "store": store.as_ref().map_or_else(|error| error.to_string(), |_| "ok".to_owned()),
        "disk": if app.store.ballast().in_place() { "ok" } else { "full" },
        "send": store.ok().flatten().unwrap_or_else(|| "on".to_owned()),
        "knowledge_changes_not_indexed": behind.ok(),
    });
    (status, Json(report)).into_response()
}

/// `GET /metrics`: Prometheus text.
pub(super) async fn metrics(State(app): State<Arc<App>>) -> Response {
    let content_type = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    (content_type, app.metrics.render()).into_response()
}
