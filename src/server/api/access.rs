//! Whether a request may come in: its token, what that token opens, where a page may
//! call from, and how often.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header;

use super::refusal::Refusal;
use crate::app::App;
use crate::app::Caller;
use crate::config::Endpoint;

/// The caller of a request, which is counted.
pub(super) fn enter<'a>(
    app: &'a App,
    headers: &HeaderMap,
    endpoint: Endpoint,
) -> Result<&'a Caller, Refusal> {
    let token = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok());
    let token = token.and_then(|it| it.split_once(' '));
    let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let (_, token) = token.ok_or(Refusal::Unauthorized)?;
    let caller = app.callers.known_by(token.trim()).ok_or(Refusal::Unauthorized)?;
    if !caller.may(endpoint) {
        return Err(Refusal::Forbidden("the token does not open this; see api.callers.*.may"));
    }
    // A browser always says where a page is from; programs say nothing.
    if let Some(origin) = headers.get(header::ORIGIN)
        && !caller.origins.iter().any(|it| it.as_bytes() == origin.as_bytes())
    {
        return Err(Refusal::Forbidden("the page's site is not among api.callers.*.origins"));
    }
    app.callers.count(caller).map_err(Refusal::TooMany)?;
    Ok(caller)
}

/// What tells one visitor from another: the address they connect from, or the one the
/// proxy before us has seen.
pub(super) fn address(app: &App, headers: &HeaderMap, peer: IpAddr) -> String {
    let name = &app.settings.api.address_header;
    let told = headers.get(name).filter(|_| !name.is_empty()).and_then(|it| it.to_str().ok());
    // A list grows at its end, and only its last entry is our own proxy's word.
    let last = told.and_then(|it| it.rsplit(',').next()).and_then(|it| it.trim().parse().ok());
    last.unwrap_or(peer).to_string()
}
