//! The one way out to other services: a client with timeouts that trusts no
//! redirect to another origin. Deliberately absent: retries (the caller knows
//! whether a call may be repeated), cookies, proxies from a page.

mod call;
mod public;

pub use self::call::CallError;
pub use self::call::answer_of;
pub use self::call::begun;
pub use self::call::body_of;
pub use self::public::Reach;
pub use self::public::Unreachable;
pub use self::public::check;
pub use self::public::is_public;
pub use self::public::public_client;

use std::time::Duration;

use reqwest::redirect::Attempt;
use reqwest::redirect::Policy;

/// How long a connection may take to open. Guessed: three SYN retransmissions
/// (1 s, 2 s, 4 s) fit in, a dead host does not hold a worker for long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(8);

/// Redirects followed within one origin. Guessed: trailing slash plus a rename.
const MAX_REDIRECTS: usize = 3;

/// A client that could not be built: no TLS roots, no resolver.
#[derive(Debug, Clone, thiserror::Error)]
#[error("could not build the HTTP client: {0}; is the system's certificate store readable?")]
pub struct ClientError(String);

/// A client for calls to one or many services. `timeout` bounds a whole call,
/// from connecting to the last byte of the answer.
pub fn client(timeout: Duration) -> Result<reqwest::Client, ClientError> {
    // An error means that a provider is installed already, which is all we want.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .user_agent(concat!("Deskhand/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .redirect(Policy::custom(follow_within_origin))
        .build()
        .map_err(|err| ClientError(root_cause(&err)))
}

/// Follows a redirect only to the same origin and only where the method stays
/// (307, 308): a POST that 301 turns into a GET would look done and is not.
fn follow_within_origin(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let keeps_method = matches!(attempt.status().as_u16(), 307 | 308);
    let same_origin =
        attempt.previous().last().is_some_and(|from| from.origin() == attempt.url().origin());
    if keeps_method && same_origin && attempt.previous().len() <= MAX_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}

/// The innermost cause of an error, without the URL that outer layers repeat.
pub fn root_cause(err: &dyn std::error::Error) -> String {
    let mut cause = err;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
