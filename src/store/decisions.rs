//! Decisions: one a customer message, with the whole proposal it came from, so
//! that it can be shown, and taken again to the same result.

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::params;
use serde::Serialize;

use crate::store::inbox;
use crate::store::inbox::Outcome;
use crate::store::leases;
use crate::store::leases::Lease;
use crate::store::outbox;
use crate::store::outbox::Planned;

/// What was decided about one customer message.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decided {
    pub id: String,
    pub brand: String,
    /// `connection/id`.
    pub conversation: String,
    /// Id of the customer message.
    pub trigger: String,
    pub at_ms: i64,
    /// `send`, `suggest`, `escalate` or `stand_down`.
    pub decision: String,
    pub reason: Option<String>,
    pub stage: String,
    /// `None` if it could not be computed.
    pub confidence: Option<f64>,
    /// What models cost, in millionths of a US dollar.
    pub cost_usd_micros: u64,
    /// The proposal, JSON.
    #[serde(skip)]
    pub record: String,
    /// `open` until everything planned has happened or been given up.
    pub outcome: String,
}

/// What became of an attempt to record a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recorded {
    Now,
    /// This message was decided about before, with this outcome: `open` or closed.
    Before(String),
    /// Somebody else works on the conversation by now: nothing was written.
    LostLease,
}

/// Writes a decision and everything it plans, in one transaction. The slot is
/// (brand, conversation, trigger): the same message is never decided about twice.
pub fn record(
    connection: &Connection,
    lease: &Lease,
    decided: &Decided,
    plan: &[Planned],
) -> rusqlite::Result<Recorded> {
    if !leases::holds(connection, lease)? {
        return Ok(Recorded::LostLease);
    }
    let before = outcome_of(connection, &decided.brand, &decided.conversation, &decided.trigger)?;
    if let Some(outcome) = before {
        return Ok(Recorded::Before(outcome));
    }
    insert(connection, decided, decided.reason.as_deref(), "open")?;
    for planned in plan {
        outbox::plan(connection, lease, decided, planned)?;
    }
    Ok(Recorded::Now)
}

/// Writes a decision with its outcome so far.
pub(super) fn insert(
    connection: &Connection,
    decided: &Decided,
    reason: Option<&str>,
    outcome: &str,
) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO decisions (id, brand, conversation, trigger, at_ms, decision, reason, stage,
                confidence, cost_usd_micros, record, outcome)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        )?
        .execute(params![
            decided.id,
            decided.brand,
            decided.conversation,
            decided.trigger,
            decided.at_ms,
            decided.decision,
            reason,
            decided.stage,
            decided.confidence,
            decided.cost_usd_micros,
            decided.record,
            outcome
        ])?;
    Ok(())
}

/// The outcome of the decision about a message; `None` if there is none yet.
pub fn outcome_of(
    connection: &Connection,
    brand: &str,
    conversation: &str,
    trigger: &str,
) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached(
            "SELECT outcome FROM decisions WHERE brand = ?1 AND conversation = ?2 AND trigger = ?3",
        )?
        .query_row([brand, conversation, trigger], |row| row.get(0))
        .optional()
}

/// A stage a decision was made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tagged {
    pub stage: String,
    /// True if a person had set it.
    pub is_by_person: bool,
}

/// The stages a conversation was tagged with, oldest first. Empty before the first
/// decision.
pub fn stages_of(
    connection: &Connection,
    brand: &str,
    conversation: &str,
) -> rusqlite::Result<Vec<Tagged>> {
    let mut statement = connection.prepare_cached(
        "SELECT stage, CASE WHEN json_valid(record)
                THEN coalesce(json_extract(record, '$.proposal.triage.stage.by'), '') = 'person'
                ELSE 0 END
         FROM decisions WHERE brand = ?1 AND conversation = ?2 ORDER BY at_ms",
    )?;
    let rows = statement.query_map([brand, conversation], |row| {
        Ok(Tagged { stage: row.get(0)?, is_by_person: row.get(1)? })
    })?;
    rows.collect()
}

/// How a decision ends, and with it the deliveries that led to it.
#[derive(Debug, Clone)]
pub struct Ending {
    pub decision_id: String,
    pub decision_outcome: &'static str,
    pub deliveries: Vec<(i64, Outcome)>,
}

/// Closes a decision and ends its deliveries, together or not at all. False if
/// the lease was lost.
pub fn close(
    connection: &Connection,
    lease: &Lease,
    ending: &Ending,
    now_ms: i64,
) -> rusqlite::Result<bool> {
    if !leases::holds(connection, lease)? {
        return Ok(false);
    }
    connection
        .prepare_cached("UPDATE decisions SET outcome = ?2 WHERE id = ?1 AND outcome = 'open'")?
        .execute([ending.decision_id.as_str(), ending.decision_outcome])?;
    for (seq, outcome) in &ending.deliveries {
        inbox::finish(connection, *seq, outcome, now_ms)?;
    }
    Ok(true)
}

/// What stands for a decision where none was taken: a note that tells of a dead
/// delivery, or calls people again, belongs to it. It is not stored.
pub fn stand_in(lease: &Lease, brand: &str, intent: &str, now_ms: i64) -> Decided {
    Decided {
        id: format!("told-{intent}"),
        brand: brand.to_owned(),
        conversation: lease.key.clone(),
        trigger: String::new(),
        at_ms: now_ms,
        decision: "escalate".to_owned(),
        reason: None,
        stage: "unknown".to_owned(),
        confidence: None,
        cost_usd_micros: 0,
        record: String::new(),
        outcome: "dead".to_owned(),
    }
}

/// Open decisions of a conversation, oldest first: what a crash left behind.
pub fn open_of(connection: &Connection, conversation: &str) -> rusqlite::Result<Vec<Decided>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM decisions WHERE conversation = ?1 AND outcome = 'open' ORDER BY at_ms, id"
    ))?;
    let rows = statement.query_map([conversation], decided)?;
    rows.collect()
}

/// One decision by its id, or by the conversation's key (the latest one).
pub fn find(connection: &Connection, id: &str) -> rusqlite::Result<Option<Decided>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM decisions WHERE id = ?1 OR conversation = ?1
             ORDER BY at_ms DESC, id DESC LIMIT 1"
        ))?
        .query_row([id], decided)
        .optional()
}

/// The latest decisions, newest first.
pub fn latest(connection: &Connection, limit: usize) -> rusqlite::Result<Vec<Decided>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM decisions ORDER BY at_ms DESC, id DESC LIMIT ?1"
    ))?;
    let rows = statement.query_map([limit], decided)?;
    rows.collect()
}

const COLUMNS: &str = "id, brand, conversation, trigger, at_ms, decision, reason, stage, confidence, \
    cost_usd_micros, record, outcome";

fn decided(row: &Row<'_>) -> rusqlite::Result<Decided> {
    Ok(Decided {
        id: row.get(0)?,
        brand: row.get(1)?,
        conversation: row.get(2)?,
        trigger: row.get(3)?,
        at_ms: row.get(4)?,
        decision: row.get(5)?,
        reason: row.get(6)?,
        stage: row.get(7)?,
        confidence: row.get(8)?,
        cost_usd_micros: row.get(9)?,
        record: row.get(10)?,
        outcome: row.get(11)?,
    })
}
