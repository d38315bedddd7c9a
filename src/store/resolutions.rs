//! What happened in the conversations that were decided about, put together from the
//! deliveries, the decisions, the outbox and what people said: what
//! [`crate::resolution`] is told from. Nothing is kept for it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::params;

/// One conversation as it went.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Course {
    /// `connection/id`.
    pub conversation: String,
    /// Stage of the last decision.
    pub stage: String,
    /// Events as they were sorted, JSON, oldest first.
    pub events: Vec<String>,
    pub decided: Vec<Decided>,
    /// When a person judged a sent reply wrong.
    pub wrong_ms: Vec<i64>,
}

/// One decision of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// Id of the customer message.
    pub trigger: String,
    pub at_ms: i64,
    pub reason: Option<String>,
    /// As of [`crate::store::decisions::Decided`].
    pub outcome: String,
    /// When the automatic reply was in the helpdesk; `None` if none was.
    pub replied_ms: Option<i64>,
    /// The proposal with what it rests on, JSON; empty unless the customer asked nothing.
    pub record: String,
}

/// All conversations that were decided about since then, with what they hold from before.
pub fn courses(connection: &Connection, since_ms: i64) -> rusqlite::Result<Vec<Course>> {
    let mut courses = decided(connection, since_ms)?;
    let keys: BTreeSet<String> = courses.keys().cloned().collect();
    let mut events = connection.prepare_cached(
        "SELECT event FROM deliveries WHERE conversation = ?1 AND event IS NOT NULL ORDER BY seq",
    )?;
    let mut wrong = connection.prepare_cached(
        "SELECT max(labels.at_ms) FROM labels JOIN decisions ON decisions.id = labels.decision
         WHERE decisions.conversation = ?1 AND decisions.outcome = 'sent' AND labels.wrong
         GROUP BY decisions.id",
    )?;
    for key in keys {
        let Some(course) = courses.get_mut(&key) else { continue };
        course.events = events.query_map([&key], |row| row.get(0))?.collect::<Result<_, _>>()?;
        course.wrong_ms = wrong.query_map([&key], |row| row.get(0))?.collect::<Result<_, _>>()?;
    }
    Ok(courses.into_values().collect())
}

fn decided(connection: &Connection, since_ms: i64) -> rusqlite::Result<BTreeMap<String, Course>> {
    let mut statement = connection.prepare_cached(
        "SELECT d.conversation, d.trigger, d.at_ms, d.reason, d.outcome, d.stage,
            (SELECT min(done_ms) FROM outbox
             WHERE decision = d.id AND kind = 'reply' AND state = 'sent'),
            CASE WHEN d.reason = 'nothing_asked' THEN d.record ELSE '' END
         FROM decisions d
         WHERE d.conversation IN (SELECT conversation FROM decisions WHERE ?1 <= at_ms)
         ORDER BY d.conversation, d.at_ms, d.id",
    )?;
    let mut rows = statement.query(params![since_ms])?;
    let mut courses = BTreeMap::<String, Course>::new();
    while let Some(row) = rows.next()? {
        let conversation: String = row.get(0)?;
        let course = courses.entry(conversation.clone()).or_default();
        course.conversation = conversation;
        course.stage = row.get(5)?;
        course.decided.push(Decided {
            trigger: row.get(1)?,
            at_ms: row.get(2)?,
            reason: row.get(3)?,
            outcome: row.get(4)?,
            replied_ms: row.get(6)?,
            record: row.get(7)?,
        });
    }
    Ok(courses)
}
