//! Answers of the chat. No other worker can have the conversation, so there is no lease:
//! a decision and its reply are written before the customer reads a word of it, and what
//! is told piece by piece is written piece by piece.

use rusqlite::Connection;
use rusqlite::params;

use crate::store::certificates;
use crate::store::custody;
use crate::store::decisions;
use crate::store::decisions::Decided;
use crate::store::fact;
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
            let held = custody::held(connection, &decided.conversation, &decided.id)?;
            match held {
                Some(why) => Some(why),
                None => outbox::held(connection, slot, &reply.fingerprint, limits, decided.at_ms)?,
            }
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

/// Writes the beginning of a reply that is told piece by piece: a decision, and what is
/// told of it now. `opening` is the fingerprint of its first statement. If it is held back,
/// the reason; then the decision is written alone.
pub fn begin(
    connection: &Connection,
    decided: &Decided,
    caller: &str,
    (reply, opening): (&Planned, &str),
    limits: Limits,
) -> rusqlite::Result<Option<String>> {
    // A reply that begins with what was told before is likely the same again.
    let n_like_it: u64 = connection
        .prepare_cached(
            "SELECT count(*) FROM outbox WHERE conversation = ?1 AND kind = 'reply'
             AND state = 'sent' AND instr(fingerprint, ?2) > 0",
        )?
        .query_row([decided.conversation.as_str(), opening], |row| row.get(0))?;
    if 0 < n_like_it {
        let why = "the same words were told in this conversation before".to_owned();
        decisions::insert(connection, decided, Some(&why), "escalated")?;
        return Ok(Some(why));
    }
    record(connection, decided, caller, Some(reply), limits)
}

/// Goes on with a reply that was begun: all that is told of it, this time included. If it
/// may not go on, why; then what was told before stands.
pub fn go_on(
    connection: &Connection,
    decided: &Decided,
    reply: &Planned,
) -> rusqlite::Result<Option<String>> {
    let why = match custody::held(connection, &decided.conversation, &decided.id)? {
        Some(why) => Some(why),
        None => certificates::ended(connection, &decided.id)?,
    };
    let is_off = fact(connection, outbox::SEND_SWITCH)?.as_deref() == Some("off");
    let why = why.or_else(|| is_off.then(|| "sending is switched off".to_owned()));
    if why.is_some() {
        return Ok(why);
    }
    keep(connection, decided, Some(reply))?;
    Ok(None)
}

/// Keeps what is known of a reply at its end.
pub fn end(connection: &Connection, decided: &Decided) -> rusqlite::Result<()> {
    keep(connection, decided, None)
}

fn keep(
    connection: &Connection,
    decided: &Decided,
    reply: Option<&Planned>,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE decisions SET record = ?2, cost_usd_micros = ?3 WHERE id = ?1")?
        .execute(params![decided.id, decided.record, decided.cost_usd_micros])?;
    if let Some(reply) = reply {
        connection
            .prepare_cached(
                "UPDATE outbox SET action = ?2, fingerprint = ?3
                 WHERE decision = ?1 AND kind = 'reply'",
            )?
            .execute([&decided.id, &reply.action, &reply.fingerprint])?;
    }
    Ok(())
}
