//! What happens to a delivery before and after it is stored: proof of its
//! sender, a receipt cheap enough to come before the 2xx, and later its events.
//! No call to anyone is made here.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jaq_json::Val;
use jiff::Timestamp;
use serde_json::value::RawValue;
use sha2::Digest;
use sha2::Sha256;

use super::Event;
use super::connection::Helpdesk;
use super::delivery::Authentic;
use super::delivery::Delivery;
use super::delivery::Raw;
use super::delivery::Refused;
use super::jq;
use super::jq::Globals;
use super::mapping;
use crate::ticket::Author;
use crate::ticket::AuthorKind;
use crate::ticket::Conversation;

/// How deeply a payload may be nested. Guessed: the deepest known has 9 levels,
/// and 64 frames of recursion are far from any stack's end.
const MAX_DEPTH: usize = 64;

/// What is needed to answer a delivery before anything is done with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// Equal for two deliveries of the same thing, within one connection.
    pub dedup: String,
    /// The answer a helpdesk waits for when it checks the hook's address.
    pub handshake: Option<HandshakeReply>,
}

/// An answer that a manifest makes from a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandshakeReply {
    pub status: u16,
    pub content_type: String,
    pub body: String,
}

/// An authentic payload that is no JSON or too deeply nested.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("could not read the delivery: {0}")]
pub struct Malformed(String);

/// A payload that the manifest could not turn into events: a defect of the
/// manifest, or a payload nobody has seen before. Quotes nothing of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the manifest of {helpdesk} could not map a delivery: {problem}; try it with `deskhand connectors try`"
)]
pub struct MapError {
    pub helpdesk: String,
    pub problem: String,
}

impl Helpdesk {
    /// Proves who sent a delivery, over its raw bytes. Any scheme of the
    /// manifest and any of several secrets will do.
    pub fn authenticate(
        &self,
        delivery: Delivery<Raw>,
        now: Timestamp,
    ) -> Result<Delivery<Authentic>, Refused> {
        let schemes = &self.manifest.webhook.schemes;
        let mut most_telling = Refused::NotConfigured;
        for scheme in schemes {
            match scheme.check(delivery.arrival(), &self.secrets, now) {
                Ok(()) => {
                    let secret_names: Vec<_> =
                        schemes.iter().filter_map(|it| it.secret_name()).collect();
                    return Ok(delivery.into_authentic(&secret_names));
                }
                Err(refused) => most_telling = most_telling.max(refused),
            }
        }
        Err(most_telling)
    }

    /// True if a request of this method is a check of the address that is to be
    /// answered 200 without a look at it.
    pub fn probe(&self, method: &str) -> bool {
        self.manifest.webhook.probe_methods.iter().any(|it| it == method)
    }

    /// What to answer and how to know the delivery again. A payload that gives
    /// no key of its own is known by its bytes.
    pub fn receipt(&self, delivery: &Delivery<Authentic>) -> Result<Receipt, Malformed> {
        self.receipt_of(delivery.body(), delivery.headers())
    }

    /// The same for a payload at hand, whoever it is from.
    pub fn receipt_of(
        &self,
        body: &[u8],
        headers: &[(String, String)],
    ) -> Result<Receipt, Malformed> {
        let webhook = &self.manifest.webhook;
        let filters = [Some(&webhook.dedup), webhook.handshake.as_ref()];
        let names = |name: &str| filters.into_iter().flatten().any(|it| it.text().contains(name));
        let context = context(body, headers, |body| members(body, names)).map_err(Malformed)?;
        let globals = self.globals(Val::Null);
        let key = webhook.dedup.first(context.clone(), &globals).ok();
        let dedup = key
            .as_ref()
            .and_then(jq::as_word)
            .unwrap_or_else(|| format!("sha256:{}", hex::encode(Sha256::digest(body))));
        let handshake = match &webhook.handshake {
            Some(filter) => filter.first(context, &globals).ok().as_ref().and_then(handshake),
            None => None,
        };
        Ok(Receipt { dedup, handshake })
    }

    /// What a stored delivery tells; empty for what is none of our business.
    /// An author whom the manifest's `own` recognizes is of kind `Own`.
    pub fn events(
        &self,
        body: &[u8],
        headers: &[(String, String)],
    ) -> Result<Vec<Event>, MapError> {
        let failed = |problem| MapError { helpdesk: self.manifest.name.clone(), problem };
        let context = context(body, headers, jq::parse).map_err(failed)?;
        let globals = self.globals(Val::Null);
        let values = self
            .manifest
            .webhook
            .events
            .run(context, &globals, jq::MAX_EVENTS)
            .map_err(|it| failed(format!("webhook.events: {it}")))?;
        let mut events = Vec::new();
        for value in &values {
            if let Some(mut event) = mapping::event(value).map_err(failed)? {
                self.claim(&mut event.author, &event.conversation);
                self.claim_messages(&mut event.conversation);
                events.push(event);
            }
        }
        Ok(events)
    }

    /// Marks the messages that are our own.
    pub(super) fn claim_messages(&self, conversation: &mut Conversation) {
        let mut messages = std::mem::take(&mut conversation.messages);
        for message in &mut messages {
            self.claim(&mut message.author, conversation);
        }
        conversation.messages = messages;
    }

    fn claim(&self, author: &mut Author, conversation: &Conversation) {
        let input = jq::object([
            ("author", mapping::author_value(author)),
            ("ticket", mapping::ticket_value(conversation)),
        ]);
        // A filter that fails cannot tell: then it is not ours, and whoever it
        // was keeps their kind. `own` of an unknown author must not be true.
        if self.manifest.own.holds(input, &self.globals(Val::Null)).unwrap_or(false) {
            author.kind = AuthorKind::Own;
        }
    }

    pub(super) fn globals(&self, input: Val) -> Globals {
        Globals { config: self.config.clone(), input, response: Val::Null }
    }
}

/// What the filters of `[webhook]` see.
fn context(
    body: &[u8],
    headers: &[(String, String)],
    parse: impl Fn(&[u8]) -> Result<Val, String>,
) -> Result<Val, String> {
    if nested_deeper_than(MAX_DEPTH, body) {
        return Err(format!("nested deeper than {MAX_DEPTH} levels"));
    }
    let body = parse(body)?;
    let headers = headers.iter().map(|(name, value)| (name.as_str(), jq::text(value)));
    Ok(jq::object([("body", body), ("headers", jq::object(headers))]))
}

/// The members of an object that are `wanted`; all of it if it is no object. A
/// receipt needs one or two of thirty, and making values of the others takes
/// ten times as long as skipping them (75 against 7 µs for 3 KB, two-core machine).
fn members(body: &[u8], wanted: impl Fn(&str) -> bool) -> Result<Val, String> {
    let object: Result<BTreeMap<Cow<'_, str>, &RawValue>, _> = serde_json::from_slice(body);
    let Ok(object) = object else { return jq::parse(body) };
    let wanted = object.into_iter().filter(|(name, _)| wanted(name));
    let member = |(name, value): (Cow<'_, str>, &RawValue)| {
        Ok((jq::text(name), jq::parse(value.get().as_bytes())?))
    };
    Ok(Val::obj(wanted.map(member).collect::<Result<_, String>>()?))
}

fn handshake(value: &Val) -> Option<HandshakeReply> {
    let body = jq::member(value, "body")?;
    let status = mapping::word(value, "status").and_then(|it| it.parse().ok()).unwrap_or(200);
    let (default_type, body) = match body {
        Val::TStr(_) | Val::BStr(_) => ("text/plain", jq::as_word(body).unwrap_or_default()),
        Val::Null | Val::Bool(_) | Val::Num(_) | Val::Arr(_) | Val::Obj(_) => {
            ("application/json", jq::to_json(body))
        }
    };
    let content_type =
        mapping::word(value, "content_type").unwrap_or_else(|| default_type.to_owned());
    Some(HandshakeReply { status, content_type, body })
}

/// Counts brackets outside of strings; what is not JSON is found later.
fn nested_deeper_than(limit: usize, json: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                if depth > limit {
                    return true;
                }
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}
