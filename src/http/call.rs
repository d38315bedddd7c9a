//! One call whose answer has a limit. What fails is told without its text and without
//! the address, which may hold a key.

use std::time::Duration;

use http::header::RETRY_AFTER;

use super::root_cause;

/// The longest pause a service may ask for in seconds; the caller's own time limit
/// ends most of them sooner. Guessed.
const MAX_RETRY_AFTER_S: u64 = 3600;

/// A call that got no answer of use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallError {
    /// The connection failed; the cause in words.
    Unreachable(String),
    /// It was turned down.
    Status { status: u16, retry_after: Option<Duration> },
    /// The body is longer than the limit.
    TooLong,
}

impl From<reqwest::Error> for CallError {
    fn from(error: reqwest::Error) -> CallError {
        CallError::Unreachable(root_cause(&error.without_url()))
    }
}

/// Sends a request and answers the body of a success, whole.
///
/// # Errors
/// See [`CallError`].
pub async fn answer_of(
    client: &reqwest::Client,
    request: reqwest::Request,
    max_body_bytes: usize,
) -> Result<Vec<u8>, CallError> {
    body_of(begun(client, request).await?, max_body_bytes).await
}

/// Sends a request and answers a success whose body is still to be read.
///
/// # Errors
/// See [`CallError`].
pub async fn begun(
    client: &reqwest::Client,
    request: reqwest::Request,
) -> Result<reqwest::Response, CallError> {
    let response = client.execute(request).await?;
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let retry_after = retry_after(&response);
    Err(CallError::Status { status: status.as_u16(), retry_after })
}

/// The rest of a body, whole.
///
/// # Errors
/// See [`CallError`].
pub async fn body_of(
    mut response: reqwest::Response,
    max_body_bytes: usize,
) -> Result<Vec<u8>, CallError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > max_body_bytes {
            return Err(CallError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn retry_after(response: &reqwest::Response) -> Option<Duration> {
    let seconds: u64 = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds.min(MAX_RETRY_AFTER_S)))
}
