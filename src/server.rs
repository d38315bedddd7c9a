//! The HTTP edge: webhooks in, health and metrics out. Bounded bodies, bounded
//! time, no panic reaches a client. Business lives elsewhere.

mod api;
mod health;
mod webhook;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::routing::post;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

use crate::app::App;
use crate::ingest;
use crate::ingest::Missing;

/// Serves until told to stop; then answers what it has begun, lets the worker
/// finish, and returns.
///
/// # Errors
/// If the listener fails.
pub async fn run(app: App, listener: TcpListener, stop: CancellationToken) -> anyhow::Result<()> {
    let app = Arc::new(app);
    let drain = Duration::from_secs(app.settings.server.drain_s);
    let address = listener.local_addr().context("asking the listener for its address")?;
    tracing::info!(%address, connections = app.desks.len(), "deskhand listens");
    let routes = routes(Arc::clone(&app)).into_make_service_with_connect_info::<SocketAddr>();
    // The door closes first, so that nothing is accepted that the worker would
    // not see any more.
    let worker = work(Arc::clone(&app), stop.clone(), drain);
    let follower = Arc::clone(&app).follow_knowledge(stop.clone());
    let keeper = app.spending.follow(stop.clone());
    let door = axum::serve(listener, routes).with_graceful_shutdown(stop.clone().cancelled_owned());
    let served = drained(door.into_future(), stop, drain);
    let ((), (), (), served) = tokio::join!(worker, follower, keeper, served);
    // What was begun before the end has cost something too.
    app.spending.settle().await;
    tracing::info!("deskhand stopped");
    served.context("serving HTTP")
}

/// Brings the index up to the store, then works: a ticket must not be told that
/// nothing was found because nothing was indexed yet.
async fn work(app: Arc<App>, stop: CancellationToken, drain: Duration) {
    let App { index, store, embedder, .. } = &*app;
    // By words at once: what an embedder does not know yet must not keep tickets waiting.
    match ingest::catch_up(index, store, embedder, Missing::Leave, |_, _| {}).await {
        Ok(n_changes) => tracing::info!(n_changes, "the index is up to date"),
        // Another process may write it; `follow_knowledge` tries again.
        Err(error) => tracing::warn!(%error, "the index could not be brought up to date"),
    }
    Arc::clone(&app.worker).run(stop, drain).await;
}

/// Waits for the door, but once told to stop no longer than `drain`: a client
/// that keeps its connection open does not keep the process.
async fn drained(
    door: impl Future<Output = std::io::Result<()>>,
    stop: CancellationToken,
    drain: Duration,
) -> std::io::Result<()> {
    let cut_off = async {
        stop.cancelled().await;
        tokio::time::sleep(drain).await;
    };
    tokio::select! {
        served = door => served,
        () = cut_off => Ok(()),
    }
}

/// What nobody listens to is told in the same form as what went wrong.
fn refused(status: StatusCode, error: &str) -> impl IntoResponse + use<> {
    let message = "nothing is served here by this method; docs/API.md and docs/CONNECTORS.md \
        list what is";
    (status, Json(json!({ "error": error, "message": message })))
}

/// Every route, for serving and for benchmarks that drive the door alone.
pub fn routes(app: Arc<App>) -> Router {
    let timeout = Duration::from_secs(app.settings.server.request_timeout_s);
    let webhooks = Router::new()
        .route("/webhooks/{connection}", post(webhook::accept).get(webhook::probe))
        .route("/webhooks/{connection}/{secret}", post(webhook::accept).get(webhook::probe))
        .layer(DefaultBodyLimit::max(app.settings.server.max_body_bytes))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .route("/metrics", get(health::metrics))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, timeout));
    let api_routes = api::routes(&app);
    let nosniff = HeaderValue::from_static("nosniff");
    let no_store = HeaderValue::from_static("no-store");
    Router::new()
        .merge(webhooks)
        .merge(api_routes)
        .fallback(async || refused(StatusCode::NOT_FOUND, "not_found"))
        .method_not_allowed_fallback(async || {
            refused(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed")
        })
        .layer(SetResponseHeaderLayer::overriding(header::X_CONTENT_TYPE_OPTIONS, nosniff))
        .layer(SetResponseHeaderLayer::overriding(header::CACHE_CONTROL, no_store))
        .layer(CatchPanicLayer::new())
        .with_state(app)
}
