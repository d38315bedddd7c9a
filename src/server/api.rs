//! The HTTP API: drafts for agents' apps and what people say of them, a chat for
//! customers' pages. Who calls is known by a token, for one brand; what is read is
//! bounded; errors say what to do.

mod access;
mod chat;
mod drafts;
mod labels;
mod openapi;
mod refusal;
mod said;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::HeaderName;
use axum::http::HeaderValue;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::header;
use axum::routing::get;
use axum::routing::post;
use tower_http::cors::AllowOrigin;
use tower_http::cors::CorsLayer;
use tower_http::timeout::TimeoutLayer;

use crate::app::App;

/// The routes of the API. Closed, but for its description, until a caller is named.
pub(super) fn routes(app: &App) -> Router<Arc<App>> {
    let settings = &app.settings;
    // A model may take its whole time, and the steps around it a moment.
    let timeout = Duration::from_secs(settings.model.timeout_s + settings.server.request_timeout_s);
    let origins = app.callers.origins();
    let origins = origins.iter().filter_map(|it| HeaderValue::from_str(it).ok());
    let cors = CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([HeaderName::from_static("retry-after")]);
    Router::new()
        .route("/v1/drafts", post(drafts::draft))
        .route("/v1/chat", post(chat::chat))
        .route("/v1/labels", post(labels::label))
        .route("/openapi.json", get(openapi::document))
        .layer(DefaultBodyLimit::max(settings.server.max_body_bytes))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, timeout))
        .layer(cors)
}
