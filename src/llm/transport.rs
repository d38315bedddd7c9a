//! One request to a model's endpoint over HTTP. Stands where the client library
//! would read a body of any length and log what it cannot parse; here a body has
//! a limit, and what fails is told without its text.

use std::time::Duration;

use async_openai::error::OpenAIError;
use async_openai::middleware::HttpRequestFactory;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use http::header::RETRY_AFTER;
use serde_json::Value;

use super::ModelError;
use crate::http::root_cause;

/// The longest answer that is read. Guessed: an answer of 900 tokens takes some
/// 8 KB; reasoning models send their thoughts along.
const MAX_BODY_BYTES: usize = 512 * 1024;

/// The longest pause an endpoint may ask for in seconds; the call's own time
/// limit ends most of them sooner. Guessed.
const MAX_RETRY_AFTER_S: u64 = 3600;

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
    let mut response = client.execute(request).await.map_err(unreachable)?;
    let status = response.status();
    if !status.is_success() {
        return Err(turned_down(status, retry_after(&response)));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(ModelError::Unusable { why: "it is too long" });
        }
        body.extend_from_slice(&chunk);
    }
    // The client library logs a body that it cannot parse: look before it does.
    if serde_json::from_slice::<Value>(&body).is_err() {
        return Err(ModelError::Unusable { why: "the endpoint did not answer in JSON" });
    }
    let response = http::Response::builder()
        .status(StatusCode::OK)
        .header(CONTENT_TYPE, "application/json")
        .body(body)
        .map_err(|_| ModelError::Unusable { why: "the endpoint did not answer in HTTP" })?;
    Ok(response.into())
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds: u64 = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(MAX_RETRY_AFTER_S)))
}

fn turned_down(status: StatusCode, retry_after: Option<Duration>) -> ModelError {
    let status = status.as_u16();
    let refused = |advice| ModelError::Refused { status, advice };
    match status {
        408 | 425 | 429 | 500.. => {
            ModelError::Unavailable { what: format!("status {status}"), retry_after }
        }
        401 | 403 => refused("check model.api_key"),
        404 | 405 => refused("check model.base_url and model.name"),
        413 => refused("lower model.max_tokens"),
        300..=399 => refused("it redirects; set model.base_url to where it leads"),
        _ => refused("check model.name, and model.max_tokens against what the model can take"),
    }
}

/// What went wrong on the way, without the address: it may hold a key.
fn unreachable(err: reqwest::Error) -> ModelError {
    let err = err.without_url();
    ModelError::Unavailable { what: root_cause(&err), retry_after: None }
}

/// Our own error out of the client library's, or the nearest to it.
pub(super) fn failure(err: OpenAIError) -> ModelError {
    match err {
        OpenAIError::Boxed(err) => match err.downcast::<ModelError>() {
            Ok(err) => *err,
            Err(_) => ModelError::Unusable { why: "the call broke off" },
        },
        OpenAIError::Reqwest(err) => unreachable(err),
        OpenAIError::InvalidArgument(_) => {
            ModelError::Misconfigured("model.base_url and model.name make no request")
        }
        OpenAIError::ApiError(_)
        | OpenAIError::JSONDeserialize(..)
        | OpenAIError::FileSaveError(_)
        | OpenAIError::FileReadError(_)
        | OpenAIError::StreamError(_) => ModelError::Unusable { why: "the call broke off" },
    }
}
