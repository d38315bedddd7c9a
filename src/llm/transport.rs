//! One request to a model's endpoint over HTTP. Stands where the client library
//! would read a body of any length and log what it cannot parse; here a body has
//! a limit, and what fails is told without its text.

use std::time::Duration;

use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::Value;

use super::ModelError;
use crate::http::CallError;
use crate::http::answer_of;

/// The longest answer that is read. Guessed: an answer of 900 tokens takes some
/// 8 KB; reasoning models send their thoughts along.
pub(super) const MAX_BODY_BYTES: usize = 512 * 1024;

/// Sends a request and hands on a successful response whose body is JSON and
/// within the limit. Everything else is an error of ours, wrapped for the
/// client library to carry.
pub(super) async fn send(
    client: reqwest::Client,
    request: HttpRequestFactory,
) -> Result<reqwest::Response, OpenAIError> {
    let request = request.build().await?;
    exchange(client, request).await.map_err(|err| OpenAIError::Boxed(Box::new(err)))
}

async fn exchange(
    client: reqwest::Client,
    request: reqwest::Request,
) -> Result<reqwest::Response, ModelError> {
    let body = answer_of(&client, request, MAX_BODY_BYTES).await.map_err(refusal)?;
    // The client library logs a body that it cannot parse: look before it does.
    if serde_json::from_slice::<Value>(&body).is_err() {
        return Err(broken("its endpoint did not answer in JSON"));
    }
    let response = http::Response::builder()
        .status(StatusCode::OK)
        .header(CONTENT_TYPE, "application/json")
        .body(body)
        .map_err(|_| broken("its endpoint did not answer in HTTP"))?;
    Ok(response.into())
}

/// An answer of something that stands before the model, or of one that is not well.
pub(super) fn broken(what: &str) -> ModelError {
    ModelError::Unavailable { what: what.to_owned(), retry_after: None }
}

pub(super) fn refusal(error: CallError) -> ModelError {
    match error {
        CallError::Unreachable(what) => ModelError::Unavailable { what, retry_after: None },
        CallError::Status { status, retry_after } => turned_down(status, retry_after),
        CallError::TooLong => ModelError::Unusable { why: "it is too long" },
    }
}

fn turned_down(status: u16, retry_after: Option<Duration>) -> ModelError {
    let refused = |advice| ModelError::Refused { status, advice };
    match status {
        408 | 425 | 429 | 500.. => {
            ModelError::Unavailable { what: format!("status {status}"), retry_after }
        }
        401 | 403 => refused("check its api_key"),
        404 | 405 => refused("check its base_url and name"),
        413 => refused("lower model.max_tokens"),
        300..=399 => refused("it redirects; set its base_url to where it leads"),
        _ => refused("check its name, and model.max_tokens against what it can take"),
    }
}

/// Our own error out of the client library's, or the nearest to it.
pub(super) fn failure(err: OpenAIError) -> ModelError {
    match err {
        OpenAIError::Boxed(err) => match err.downcast::<ModelError>() {
            Ok(err) => *err,
            Err(_) => broken("the call broke off"),
        },
        OpenAIError::Reqwest(err) => refusal(err.into()),
        OpenAIError::InvalidArgument(_) => broken("its base_url and name make no request"),
        OpenAIError::ApiError(_)
        | OpenAIError::JSONDeserialize(..)
        | OpenAIError::FileSaveError(_)
        | OpenAIError::FileReadError(_)
        | OpenAIError::StreamError(_) => broken("the call broke off"),
    }
}
