//! What a caller is answered that gets nothing: a status, a word for programs, a
//! sentence for people. Never what somebody else wrote.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::IntoResponse;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::pipeline::PrepareError;
use crate::store::StoreError;

/// The body of every answer that is not a success.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Error {
    /// A word that stays the same: `unauthorized`, `invalid`, `too_many_requests` …
    #[schema(examples("invalid"))]
    pub error: &'static str,
    /// A sentence for whoever builds the app.
    pub message: String,
}

#[derive(Debug, PartialEq)]
pub(super) enum Refusal {
    /// No token, or one nobody has.
    Unauthorized,
    /// The caller is known and may not do this.
    Forbidden(&'static str),
    Invalid(String),
    Unreadable(StatusCode, String),
    TooMany(Duration),
    /// Another time may do.
    Unavailable,
}

impl From<JsonRejection> for Refusal {
    fn from(rejection: JsonRejection) -> Refusal {
        Refusal::Unreadable(rejection.status(), rejection.body_text())
    }
}

impl From<PrepareError> for Refusal {
    fn from(error: PrepareError) -> Refusal {
        tracing::error!(%error, "could not prepare an answer for the API");
        Refusal::Unavailable
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Refusal {
        tracing::error!(%error, "the store did not answer the API");
        Refusal::Unavailable
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut wait = None;
        let (status, error, message) = match self {
            Refusal::Unauthorized => {
                let message = "send `Authorization: Bearer TOKEN` with a token of api.callers";
                (StatusCode::UNAUTHORIZED, "unauthorized", message.to_owned())
            }
            Refusal::Forbidden(why) => (StatusCode::FORBIDDEN, "forbidden", why.to_owned()),
            Refusal::Invalid(why) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", why),
            Refusal::Unreadable(status, why) => (status, "unreadable", why),
            Refusal::TooMany(pause) => {
                wait = Some(pause.as_secs() + 1);
                let message = "too many requests; come again when Retry-After is over";
                (StatusCode::TOO_MANY_REQUESTS, "too_many_requests", message.to_owned())
            }
            Refusal::Unavailable => {
                wait = Some(5);
                let message = "the answer could not be prepared; try again";
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", message.to_owned())
            }
        };
        let mut response = (status, Json(Error { error, message })).into_response();
        if let Some(seconds) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
