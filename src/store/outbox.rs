//! What is to be written to a helpdesk. A public reply goes planned → sending →
//! sent, or unknown where nobody can tell; it is never sent twice. Every change
//! asks for the lease first, in the same transaction.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::params;
use serde::Serialize;

use crate::store::certificates;
use crate::store::custody;
use crate::store::decisions::Decided;
use crate::store::fact;
use crate::store::leases;
use crate::store::leases::Lease;

/// Name of the fact that holds the kill switch: `off` turns every reply into a
/// suggestion.
pub const SEND_SWITCH: &str = "send";

/// One write that a decision asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Names the intent at the helpdesk; unique.
    pub intent: String,
    /// `reply`, `note`, `tag`, `field`, `handoff` or `alert`.
    pub kind: &'static str,
    /// Order within the decision.
    pub place: u32,
    /// The action, JSON.
    pub action: String,
    /// Letters and digits of its text, by which it is found again in the
    /// helpdesk. Empty where there is no text.
    pub fingerprint: String,
    /// Not before this time.
    pub due_ms: i64,
}

/// A write and how far it got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub seq: i64,
    pub intent: String,
    pub decision: String,
    pub brand: String,
    pub connection: String,
    pub conversation: String,
    pub trigger: String,
    pub kind: String,
    #[serde(skip)]
    pub action: String,
    #[serde(skip)]
    pub fingerprint: String,
    /// `planned`, `sending`, `sent`, `unknown`, `withdrawn` or `refused`.
    pub state: String,
    /// How often it was begun.
    pub attempts: u32,
    pub due_ms: i64,
    pub sending_ms: Option<i64>,
    pub remote_id: Option<String>,
    pub detail: Option<String>,
}

/// Bounds on automatic replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Public replies of a brand within 24 hours.
    pub daily: u64,
    /// Public replies in one conversation within 24 hours.
    pub per_conversation: u64,
}

/// Whether a write may begin now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// It is `sending` from now on.
    Go,
    LostLease,
    /// It is not planned any more: another worker did it.
    Gone,
    /// A reply that must not go out, and why: people have the conversation, the kill
    /// switch, a cap, the same words as before.
    Held(String),
}

/// Where a write goes from `sending`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    Sent {
        remote_id: Option<String>,
    },
    /// Nothing was done: to be tried again, not before this time. The attempt does
    /// not count.
    Planned {
        due_ms: i64,
    },
    /// Nobody can tell whether it was done, and it will not be tried again.
    Unknown(String),
    Withdrawn(String),
    Refused(String),
}

/// Plans one write. A second reply to the same message is not planned: the slot
/// is unique, and the first one stands.
pub fn plan(
    connection: &Connection,
    lease: &Lease,
    decided: &Decided,
    planned: &Planned,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO outbox (intent, decision, brand, connection, conversation, trigger, kind, place,
                action, fingerprint, state, due_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 'planned', ?11) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            planned.intent,
            decided.id,
            decided.brand,
            lease.connection,
            lease.key,
            decided.trigger,
            planned.kind,
            planned.place,
            planned.action,
            planned.fingerprint,
            planned.due_ms
        ])?;
    Ok(())
}

/// Writes of a conversation that are not over, in the order they were planned.
pub fn open_of(connection: &Connection, conversation: &str) -> rusqlite::Result<Vec<Entry>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox
         WHERE conversation = ?1 AND state IN ('planned', 'sending') ORDER BY seq"
    ))?;
    let rows = statement.query_map([conversation], entry)?;
    rows.collect()
}

/// Everything a decision planned, in order.
pub fn of_decision(connection: &Connection, decision: &str) -> rusqlite::Result<Vec<Entry>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox WHERE decision = ?1 ORDER BY seq"
    ))?;
    let rows = statement.query_map([decision], entry)?;
    rows.collect()
}

/// Begins a write: planned → sending. The fence, who has the conversation, the kill
/// switch and the caps are asked in the same transaction, so nothing slips between.
pub fn claim(
    connection: &Connection,
    lease: &Lease,
    entry: &Entry,
    limits: Limits,
    now_ms: i64,
) -> rusqlite::Result<Claim> {
    if !leases::holds(connection, lease)? {
        return Ok(Claim::LostLease);
    }
    if entry.kind == "reply" {
        let slot = (entry.brand.as_str(), entry.conversation.as_str());
        let why = match custody::held(connection, &entry.conversation, &entry.decision)? {
            Some(why) => Some(why),
            None => certificates::ended(connection, &entry.decision)?,
        };
        let why = match why {
            Some(why) => Some(why),
            None => held(connection, slot, &entry.fingerprint, limits, now_ms)?,
        };
        if let Some(why) = why {
            return Ok(Claim::Held(why));
        }
    }
    let n_claimed = connection
        .prepare_cached(
            "UPDATE outbox SET state = 'sending', attempts = attempts + 1, sending_ms = ?2
             WHERE seq = ?1 AND state IN ('planned', 'sending') AND attempts = ?3",
        )?
        .execute(params![entry.seq, now_ms, entry.attempts])?;
    Ok(if n_claimed == 1 { Claim::Go } else { Claim::Gone })
}

/// Why a public reply with these words must not go out now, by brand and conversation;
/// `None` if it may.
pub(super) fn held(
    connection: &Connection,
    (brand, conversation): (&str, &str),
    fingerprint: &str,
    limits: Limits,
    now_ms: i64,
) -> rusqlite::Result<Option<String>> {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    if fact(connection, SEND_SWITCH)?.as_deref() == Some("off") {
        return Ok(Some("sending is switched off".to_owned()));
    }
    let since_ms = now_ms.saturating_sub(DAY_MS);
    let n_today: u64 = connection
        .prepare_cached(
            "SELECT count(*) FROM outbox WHERE brand = ?1 AND kind = 'reply' AND state IN ('sent', 'unknown')
             AND done_ms > ?2",
        )?
        .query_row(params![brand, since_ms], |row| row.get(0))?;
    if limits.daily <= n_today {
        return Ok(Some(format!("the daily cap of {} automatic replies is reached", limits.daily)));
    }
    let (n_here, n_same): (u64, u64) = connection
        .prepare_cached(
            "SELECT coalesce(sum(done_ms > ?2), 0), coalesce(sum(fingerprint = ?3), 0) FROM outbox
             WHERE conversation = ?1 AND kind = 'reply' AND state IN ('sent', 'unknown')",
        )?
        .query_row(params![conversation, since_ms, fingerprint], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
    if limits.per_conversation <= n_here {
        let limit = limits.per_conversation;
        return Ok(Some(format!("this conversation has had {limit} automatic replies in a day")));
    }
    Ok((0 < n_same).then(|| "the same words were sent in this conversation before".to_owned()))
}

/// Ends or defers a write. False if the lease was lost: then nothing changed,
/// and whoever holds the newer lease finds out by reading the helpdesk.
pub fn settle(
    connection: &Connection,
    lease: &Lease,
    seq: i64,
    settled: &Settled,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    if !leases::holds(connection, lease)? {
        return Ok(false);
    }
    let (state, remote_id, detail, due_ms) = match settled {
        Settled::Sent { remote_id } => ("sent", remote_id.as_deref(), None, now_ms),
        Settled::Planned { due_ms } => ("planned", None, None, *due_ms),
        Settled::Unknown(detail) => ("unknown", None, Some(detail.as_str()), now_ms),
        Settled::Withdrawn(detail) => ("withdrawn", None, Some(detail.as_str()), now_ms),
        Settled::Refused(detail) => ("refused", None, Some(detail.as_str()), now_ms),
    };
    connection
        .prepare_cached(
            "UPDATE outbox SET state = ?2, remote_id = ?3, detail = ?4, due_ms = ?5,
                attempts = attempts - (?2 = 'planned' AND state = 'sending'),
                done_ms = CASE WHEN ?2 = 'planned' THEN NULL ELSE ?6 END
             WHERE seq = ?1 AND state IN ('planned', 'sending')",
        )?
        .execute(params![seq, state, remote_id, detail, due_ms, now_ms])?;
    Ok(true)
}

/// What we wrote into a conversation, in order: what is not in a helpdesk that
/// cannot be read back. A write whose fate is unknown counts as written.
pub fn sent_of(connection: &Connection, conversation: &str) -> rusqlite::Result<Vec<Entry>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM outbox
         WHERE conversation = ?1 AND state IN ('sent', 'unknown') ORDER BY seq"
    ))?;
    let rows = statement.query_map([conversation], entry)?;
    rows.collect()
}

/// One write by its number. `None` if there is none.
pub fn find(connection: &Connection, seq: i64) -> rusqlite::Result<Option<Entry>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM outbox WHERE seq = ?1"))?
        .query_row([seq], entry)
        .optional()
}

const COLUMNS: &str = "seq, intent, decision, brand, connection, conversation, trigger, kind, action, \
    fingerprint, state, attempts, due_ms, sending_ms, remote_id, detail";

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        seq: row.get(0)?,
        intent: row.get(1)?,
        decision: row.get(2)?,
        brand: row.get(3)?,
        connection: row.get(4)?,
        conversation: row.get(5)?,
        trigger: row.get(6)?,
        kind: row.get(7)?,
        action: row.get(8)?,
        fingerprint: row.get(9)?,
        state: row.get(10)?,
        attempts: row.get(11)?,
        due_ms: row.get(12)?,
        sending_ms: row.get(13)?,
        remote_id: row.get(14)?,
        detail: row.get(15)?,
    })
}
