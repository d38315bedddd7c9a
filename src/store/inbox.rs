//! Deliveries: accepted, sorted to their conversations, ended with exactly one
//! outcome each. Every function works inside the caller's transaction.

mod rows;
mod swept;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;
use serde::Serialize;

pub use crate::store::inbox::rows::Row;
pub use crate::store::inbox::rows::Which;
pub use crate::store::inbox::rows::counts;
pub use crate::store::inbox::rows::n_unfinished;
pub use crate::store::inbox::rows::rows;
pub use crate::store::inbox::swept::accept_swept;

/// What a helpdesk sent, after it was authenticated.
#[derive(Debug, Clone)]
pub struct Accepted {
    pub connection: String,
    /// The sender's id of the delivery, or a hash of the body.
    pub dedup: String,
    pub received_ms: i64,
    /// Lower-case names; credentials left out.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Whether a delivery was new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    First,
    /// The same delivery came before: nothing was added.
    Repeat,
}

/// A delivery that nobody has looked into yet.
#[derive(Debug, Clone)]
pub struct Unsorted {
    pub seq: i64,
    pub connection: String,
    pub received_ms: i64,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// A delivery of a leased conversation.
#[derive(Debug, Clone)]
pub struct Waiting {
    pub seq: i64,
    /// The event as JSON, as it was sorted.
    pub event: String,
    pub received_ms: i64,
    /// This lease included.
    pub attempts: u32,
}

/// How a delivery ended. There is no other way to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", content = "detail", rename_all = "snake_case")]
pub enum Outcome {
    Replied,
    Suggested,
    Escalated(String),
    /// Nothing was to be done, and why.
    Ignored(String),
    /// Somebody wrote something newer: the id of that message.
    Superseded(String),
    /// It could not be handled, and why. A person is told.
    Dead(String),
}

impl Outcome {
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Replied => "replied",
            Outcome::Suggested => "suggested",
            Outcome::Escalated(_) => "escalated",
            Outcome::Ignored(_) => "ignored",
            Outcome::Superseded(_) => "superseded",
            Outcome::Dead(_) => "dead",
        }
    }

    pub fn detail(&self) -> Option<&str> {
        match self {
            Outcome::Replied | Outcome::Suggested => None,
            Outcome::Escalated(why)
            | Outcome::Ignored(why)
            | Outcome::Superseded(why)
            | Outcome::Dead(why) => Some(why),
        }
    }
}

/// Where a sorted delivery goes.
#[derive(Debug, Clone)]
pub enum Sorted {
    /// It waits for its conversation.
    Waits(Place),
    /// It ends here; with the conversation and event it belongs to, if it has one.
    Ends { outcome: Outcome, place: Option<Place> },
}

/// The conversation a delivery belongs to.
#[derive(Debug, Clone)]
pub struct Place {
    pub conversation_id: String,
    /// The event as JSON.
    pub event: String,
    /// When the conversation may be worked on at the earliest.
    pub due_ms: i64,
    /// When it must be worked on at the latest, however often somebody writes.
    pub due_at_most_ms: i64,
}

/// The store's name of a conversation: unique over all connections.
pub fn conversation_key(connection: &str, conversation_id: &str) -> String {
    format!("{connection}/{conversation_id}")
}

/// Takes a delivery in. The same one twice is one row.
pub fn accept(connection: &Connection, delivery: &Accepted) -> rusqlite::Result<Arrival> {
    let headers = serde_json::to_string(&delivery.headers).unwrap_or_else(|_| "[]".to_owned());
    let n_added = connection
        .prepare_cached(
            "INSERT INTO deliveries (connection, dedup, origin, received_ms, headers, body, state)
             VALUES (?1, ?2, 'webhook', ?3, ?4, ?5, 'new') ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            delivery.connection,
            delivery.dedup,
            delivery.received_ms,
            headers,
            delivery.body
        ])?;
    if n_added == 1 {
        return Ok(Arrival::First);
    }
    connection
        .prepare_cached(
            "UPDATE deliveries SET repeats = repeats + 1
             WHERE connection = ?1 AND dedup = ?2 AND part = 0",
        )?
        .execute([&delivery.connection, &delivery.dedup])?;
    Ok(Arrival::Repeat)
}

/// The oldest deliveries nobody has looked into, in order of arrival. Every
/// connection gets its share, so that one that sends a lot holds up no other:
/// about `limit` in all.
pub fn unsorted(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<Unsorted>> {
    let mut next = connection.prepare_cached(
        "SELECT min(connection) FROM deliveries WHERE state = 'new' AND connection > ?1",
    )?;
    let mut names: Vec<String> = Vec::new();
    while let Some(name) = next.query_row([names.last().map_or("", String::as_str)], |row| {
        row.get::<_, Option<String>>(0)
    })? {
        names.push(name);
    }
    let share = limit.div_ceil(names.len().max(1));
    let mut statement = connection.prepare_cached(
        "SELECT seq, connection, received_ms, headers, body FROM deliveries
         WHERE state = 'new' AND connection = ?1 ORDER BY seq LIMIT ?2",
    )?;
    let mut unsorted: Vec<Unsorted> = Vec::new();
    for name in names {
        let rows = statement.query_map(params![name, share], |row| {
            let headers: String = row.get(3)?;
            Ok(Unsorted {
                seq: row.get(0)?,
                connection: row.get(1)?,
                received_ms: row.get(2)?,
                headers: serde_json::from_str(&headers).unwrap_or_default(),
                body: row.get(4)?,
            })
        })?;
        for row in rows {
            unsorted.push(row?);
        }
    }
    unsorted.sort_by_key(|it| it.seq);
    Ok(unsorted)
}

/// Puts one delivery where it belongs. Several parts (a payload that told of
/// several conversations) become rows of their own; an empty list is refused
/// by the type of its caller: there is always at least one.
pub fn sort(
    connection: &Connection,
    seq: i64,
    first: &Sorted,
    others: &[Sorted],
    now_ms: i64,
) -> rusqlite::Result<()> {
    for (place, sorted) in others.iter().enumerate() {
        let part = i64::try_from(place).unwrap_or(i64::MAX).saturating_add(1);
        // The body stays with the first part.
        let n_added = connection
            .prepare_cached(
                "INSERT INTO deliveries (connection, dedup, part, origin, received_ms, headers, body, state)
                 SELECT connection, dedup, ?2, origin, received_ms, '[]', x'', 'new'
                 FROM deliveries WHERE seq = ?1 ON CONFLICT DO NOTHING",
            )?
            .execute(params![seq, part])?;
        if n_added == 1 {
            sort_one(connection, connection.last_insert_rowid(), sorted, now_ms)?;
        }
    }
    sort_one(connection, seq, first, now_ms)
}

fn sort_one(
    connection: &Connection,
    seq: i64,
    sorted: &Sorted,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let name: String = connection
        .prepare_cached("SELECT connection FROM deliveries WHERE seq = ?1")?
        .query_row([seq], |row| row.get(0))?;
    match sorted {
        Sorted::Waits(place) => {
            set_place(connection, seq, &name, place, "waiting")?;
            await_conversation(connection, &name, place, now_ms)?;
            swept::give_way(connection, &name, place)
        }
        Sorted::Ends { outcome, place } => {
            if let Some(place) = place {
                set_place(connection, seq, &name, place, "new")?;
            }
            finish(connection, seq, outcome, now_ms)
        }
    }
}

fn set_place(
    connection: &Connection,
    seq: i64,
    name: &str,
    place: &Place,
    state: &str,
) -> rusqlite::Result<()> {
    let key = conversation_key(name, &place.conversation_id);
    connection
        .prepare_cached(
            "UPDATE deliveries SET state = ?2, conversation = ?3, event = ?4 WHERE seq = ?1",
        )?
        .execute(params![seq, state, key, place.event])?;
    Ok(())
}

/// Makes a conversation due. A further message moves the time back, so that a
/// burst gets one answer, but never past what the oldest waiting one allows.
fn await_conversation(
    connection: &Connection,
    name: &str,
    place: &Place,
    now_ms: i64,
) -> rusqlite::Result<()> {
    let key = conversation_key(name, &place.conversation_id);
    let cap_ms = place.due_at_most_ms.saturating_sub(now_ms);
    connection
        .prepare_cached(
            "INSERT INTO conversations (key, connection, id, due_ms, waiting_ms)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (key) DO UPDATE SET
                waiting_ms = coalesce(waiting_ms, excluded.waiting_ms),
                due_ms = min(excluded.due_ms, coalesce(waiting_ms, excluded.waiting_ms) + ?6)",
        )?
        .execute(params![key, name, place.conversation_id, place.due_ms, now_ms, cap_ms])?;
    Ok(())
}

/// Ends a delivery. One that has ended stays as it ended.
pub fn finish(
    connection: &Connection,
    seq: i64,
    outcome: &Outcome,
    now_ms: i64,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE deliveries SET state = 'done', outcome = ?2, detail = ?3, done_ms = ?4
             WHERE seq = ?1 AND state <> 'done'",
        )?
        .execute(params![seq, outcome.name(), outcome.detail(), now_ms])?;
    Ok(())
}

/// Events of a conversation in order of arrival, for helpdesks that cannot be
/// read. At most the last 400.
pub fn events(connection: &Connection, key: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT event FROM (
            SELECT seq, event FROM deliveries
            WHERE conversation = ?1 AND event IS NOT NULL AND origin = 'webhook'
            ORDER BY seq DESC LIMIT 400) ORDER BY seq",
    )?;
    let rows = statement.query_map([key], |row| row.get(0))?;
    rows.collect()
}

/// Brings a dead delivery back: its counters start anew. False if there is no
/// dead delivery of this number.
pub fn revive(connection: &Connection, seq: i64, now_ms: i64) -> rusqlite::Result<bool> {
    let place: Option<(String, Option<String>)> = connection
        .prepare_cached(
            "SELECT connection, conversation FROM deliveries WHERE seq = ?1 AND outcome = 'dead'",
        )?
        .query_row([seq], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((name, key)) = place else {
        return Ok(false);
    };
    let state = if key.is_some() { "waiting" } else { "new" };
    connection
        .prepare_cached(
            "UPDATE deliveries SET state = ?2, outcome = NULL, detail = NULL, done_ms = NULL,
                attempts = 0 WHERE seq = ?1",
        )?
        .execute(params![seq, state])?;
    let Some(key) = key else {
        return Ok(true);
    };
    forget_dead_decisions(connection, &key)?;
    let id = key.strip_prefix(&format!("{name}/")).unwrap_or(&key).to_owned();
    connection
        .prepare_cached(
            "INSERT INTO conversations (key, connection, id, due_ms, waiting_ms)
             VALUES (?1, ?2, ?3, ?4, ?4)
             ON CONFLICT (key) DO UPDATE SET due_ms = excluded.due_ms, crashes = 0,
                waiting_ms = coalesce(waiting_ms, excluded.waiting_ms)",
        )?
        .execute(params![key, name, id, now_ms])?;
    Ok(true)
}

/// Makes room for a new decision about what was dead. One whose reply went out,
/// or may have, stays: its slot is taken for good.
fn forget_dead_decisions(connection: &Connection, key: &str) -> rusqlite::Result<()> {
    const DEAD: &str = "SELECT id FROM decisions WHERE conversation = ?1 AND outcome = 'dead'
        AND NOT EXISTS (SELECT 1 FROM outbox WHERE decision = decisions.id AND kind = 'reply'
            AND state IN ('sent', 'unknown', 'sending'))";
    connection.execute(&format!("DELETE FROM outbox WHERE decision IN ({DEAD})"), [key])?;
    connection.execute(&format!("DELETE FROM decisions WHERE id IN ({DEAD})"), [key])?;
    Ok(())
}
