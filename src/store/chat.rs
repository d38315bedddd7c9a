//! Answers of the chat. No other worker can have the conversation, so there is no lease:
//! a decision and its reply are written at once, before the customer reads a word.

use rusqlite::Connection;
use rusqlite::params;

use crate::store::decisions;
use crate::store::decisions::Decided;
use crate::store::outbox;
use crate::store::outbox::Limits;
use crate::store::outbox::Planned;

/// Writes what was decided about a message of a chat, and the reply that goes out with
/// it. The reply counts with all others of its brand; if it is held back, the reason.
pub fn record(
    connection: &Connection,
    decided: &Decided,
    caller: &str,
    reply: Option<&Planned>,
    limits: Limits,
) -> rusqlite::Result<Option<String>> {
    let held = match reply {
        Some(reply) => {
            let slot = (decided.brand.as_str(), decided.conversation.as_str());
            outbox::held(connection, slot, &reply.fingerprint, limits, decided.at_ms)?
        }
        None => None,
    };
    let reply = reply.filter(|_| held.is_none());
    let outcome = match (decided.decision.as_str(), reply) {
        (_, Some(_)) => "sent",
        ("stand_down", None) => "ignored",
        (_, None) => "escalated",
    };
    let reason = held.as_deref().or(decided.reason.as_deref());
    decisions::insert(connection, decided, reason, outcome)?;
    if let Some(reply) = reply {
        connection
            .prepare_cached(
                "INSERT INTO outbox (intent, decision, brand, connection, conversation, trigger, kind,
                    place, action, fingerprint, state, due_ms, sending_ms, done_ms)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'sent', ?11, ?11, ?11)",
            )?
            .execute(params![
                reply.intent,
                decided.id,
                decided.brand,
                caller,
                decided.conversation,
                decided.trigger,
                reply.kind,
                reply.place,
                reply.action,
                reply.fingerprint,
                decided.at_ms
            ])?;
    }
    Ok(held)
}
