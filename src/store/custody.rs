//! Who has which conversation, as it was last seen or decided. Written by whoever
//! holds the lease, in the same transaction as what follows from it.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;
use serde::Serialize;

use crate::handover::Custody;
use crate::handover::Event;
use crate::handover::State;
use crate::store::leases;
use crate::store::leases::Lease;

/// Why nothing is said in a conversation that people have.
pub const WITH_PEOPLE: &str = "people have this conversation";

/// One conversation that people have, or are called for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `connection/id`.
    pub conversation: String,
    #[serde(flatten)]
    pub custody: Custody,
}

/// Who has a conversation. One that was never looked at is Deskhand's; one whose row
/// cannot be read is a person's.
pub fn of(connection: &Connection, key: &str) -> rusqlite::Result<Custody> {
    let stored: Option<String> = connection
        .prepare_cached("SELECT custody FROM custody WHERE conversation = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    Ok(stored.map_or_else(Custody::default, |it| read(&it)))
}

fn read(stored: &str) -> Custody {
    let unreadable = || Custody { state: State::Human, ..Custody::default() };
    serde_json::from_str(stored).unwrap_or_else(|_| unreadable())
}

/// Keeps who has a conversation. False if the lease was lost: then nothing changed.
pub fn set(connection: &Connection, lease: &Lease, custody: &Custody) -> rusqlite::Result<bool> {
    if !leases::holds(connection, lease)? {
        return Ok(false);
    }
    put(connection, &lease.key, custody)?;
    Ok(true)
}

/// Keeps who has a conversation that no worker leases: a chat's. One that is Deskhand's as
/// any other is at first is not kept.
pub fn keep(connection: &Connection, key: &str, custody: &Custody) -> rusqlite::Result<()> {
    if custody.state == State::Bot && of(connection, key)?.state == State::Bot {
        return Ok(());
    }
    put(connection, key, custody)
}

fn put(connection: &Connection, key: &str, custody: &Custody) -> rusqlite::Result<()> {
    let stored = serde_json::to_string(custody).unwrap_or_default();
    connection
        .prepare_cached(
            "INSERT INTO custody (conversation, state, since_ms, call_ms, custody)
             VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (conversation) DO UPDATE SET state = excluded.state,
                since_ms = excluded.since_ms, call_ms = excluded.call_ms, custody = excluded.custody",
        )?
        .execute(params![key, custody.state.word(), custody.since_ms, custody.call_ms, stored])?;
    Ok(())
}

/// Why no public reply may begin in a conversation that people have; `None` if it may.
/// `decision` is the one it belongs to: what a hand-over itself tells the customer goes
/// out while it is under way.
pub(super) fn held(
    connection: &Connection,
    key: &str,
    decision: &str,
) -> rusqlite::Result<Option<String>> {
    let state: Option<String> = connection
        .prepare_cached("SELECT state FROM custody WHERE conversation = ?1")?
        .query_row([key], |row| row.get(0))
        .optional()?;
    // A word nobody knows was written by another version: people have it.
    let state = state.map_or(State::Bot, |it| State::from_word(&it).unwrap_or(State::Human));
    if !state.is_with_people() {
        return Ok(None);
    }
    let hands_over: Option<bool> = connection
        .prepare_cached("SELECT decision = 'escalate' FROM decisions WHERE id = ?1")?
        .query_row([decision], |row| row.get(0))
        .optional()?;
    let is_its_own = state == State::Offered && hands_over == Some(true);
    Ok((!is_its_own).then(|| WITH_PEOPLE.to_owned()))
}

/// Makes a conversation due that people are waited for in: somebody may have picked it
/// up. Without effect on any other.
pub fn wake(connection: &Connection, key: &str, due_ms: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "UPDATE conversations SET due_ms = min(coalesce(due_ms, ?2), ?2)
             WHERE key = ?1 AND EXISTS (SELECT 1 FROM custody
                WHERE conversation = ?1 AND state IN ('offered', 'waiting'))",
        )?
        .execute(params![key, due_ms])?;
    Ok(())
}

/// Gives a conversation back to Deskhand, whoever works on it: their lease is lost with
/// it. False if people do not have it.
pub fn give_back(connection: &Connection, key: &str, now_ms: i64) -> rusqlite::Result<bool> {
    let mut custody = of(connection, key)?;
    if !custody.state.is_with_people() {
        return Ok(false);
    }
    custody.step(Event::GivenBack, now_ms);
    put(connection, key, &custody)?;
    connection
        .prepare_cached(
            "UPDATE conversations SET fence = fence + 1, lease_owner = NULL, lease_until_ms = NULL
             WHERE key = ?1",
        )?
        .execute([key])?;
    Ok(true)
}

/// Conversations that people have, those that wait for them first, longest first.
pub fn with_people(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(
        "SELECT conversation, custody FROM custody WHERE state IN ('offered', 'waiting', 'human')
         ORDER BY state = 'human', since_ms, conversation LIMIT ?1",
    )?;
    let rows = statement.query_map([limit], |row| {
        let stored: String = row.get(1)?;
        Ok(Row { conversation: row.get(0)?, custody: read(&stored) })
    })?;
    rows.collect()
}
