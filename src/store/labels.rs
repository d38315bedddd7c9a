//! What people said of drafts, and apart from it what only hints at it. Who said it and
//! when is kept; nothing is ever changed.

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::params;
use serde::Deserialize;
use serde::Serialize;

/// A person's judgement of a draft as it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// An agent sent it without a change.
    AsIs,
    /// An agent changed its wording and nothing it says.
    Edited,
    /// An agent wrote something else.
    Rewritten,
    /// Thumbs, given by somebody of the team who has read question and draft.
    Up,
    Down,
    /// Somebody read question and draft without knowing how sure Deskhand was.
    Right,
    Wrong,
}

impl Judgement {
    /// As it is stored and told to programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Judgement::AsIs => "as_is",
            Judgement::Edited => "edited",
            Judgement::Rewritten => "rewritten",
            Judgement::Up => "up",
            Judgement::Down => "down",
            Judgement::Right => "right",
            Judgement::Wrong => "wrong",
        }
    }

    /// True if a competent colleague would not have sent the draft as it stood.
    #[must_use]
    pub fn is_wrong(self) -> bool {
        match self {
            Judgement::AsIs | Judgement::Edited | Judgement::Up | Judgement::Right => false,
            Judgement::Rewritten | Judgement::Down | Judgement::Wrong => true,
        }
    }
}

/// Keeps what a person said of a decision's draft. False if there is no such decision.
pub fn judge(
    connection: &Connection,
    decision: &str,
    judgement: Judgement,
    person: &str,
    at_ms: i64,
) -> rusqlite::Result<bool> {
    if connection_of(connection, decision)?.is_none() {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "INSERT INTO labels (decision, kind, wrong, person, at_ms) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![decision, judgement.word(), judgement.is_wrong(), person, at_ms])?;
    Ok(true)
}

/// Keeps that a customer came back after a reply: it shows where to look, and counts for
/// nothing. False if there is no such decision.
pub fn reopened(connection: &Connection, decision: &str, at_ms: i64) -> rusqlite::Result<bool> {
    if connection_of(connection, decision)?.is_none() {
        return Ok(false);
    }
    connection
        .prepare_cached("INSERT INTO hints (decision, kind, at_ms) VALUES (?1, 'reopened', ?2)")?
        .execute(params![decision, at_ms])?;
    Ok(true)
}

/// Whose ticket a decision was about; `None` if there is no such decision.
pub fn connection_of(connection: &Connection, decision: &str) -> rusqlite::Result<Option<String>> {
    let key: Option<String> = connection
        .prepare_cached("SELECT conversation FROM decisions WHERE id = ?1")?
        .query_row([decision], |row| row.get(0))
        .optional()?;
    Ok(key.map(|it| it.split_once('/').map_or(it.as_str(), |(name, _)| name).to_owned()))
}

/// A decision with what people said of its draft.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    pub id: String,
    pub brand: String,
    pub at_ms: i64,
    /// `send`, `suggest` or `escalate`.
    pub decision: String,
    /// As of [`crate::store::decisions::Decided`].
    pub outcome: String,
    pub stage: String,
    pub confidence: Option<f64>,
    /// True if anybody's last word is that it was wrong; `None` if nobody has judged it.
    pub wrong: Option<bool>,
    /// The proposal, JSON. Empty where it was not asked for.
    pub record: String,
}

/// Which decisions are looked at, and whether with their proposals.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub connection: &'a str,
    pub since_ms: i64,
    pub with_records: bool,
}

/// Goes through the decisions of a connection about tickets somebody was to answer, the
/// oldest first. `is_wanted` picks by id, before a proposal is read; `each` ends it by
/// answering false.
pub fn walk(
    connection: &Connection,
    asked: Asked<'_>,
    is_wanted: impl Fn(&str) -> bool,
    mut each: impl FnMut(Decided) -> bool,
) -> rusqlite::Result<()> {
    // Between the name with its slash and what sorts right after it.
    let mut statement = connection.prepare_cached(
        "SELECT d.id, d.at_ms, d.decision, d.outcome, d.stage, d.confidence,
            (SELECT max(l.wrong) FROM labels l WHERE l.decision = d.id AND l.seq =
                (SELECT max(m.seq) FROM labels m WHERE m.decision = d.id AND m.person = l.person)),
            d.record, d.brand
         FROM decisions d
         WHERE ?2 <= d.at_ms AND d.decision <> 'stand_down'
            AND ?1 || '/' <= d.conversation AND d.conversation < ?1 || '0'
         ORDER BY d.at_ms, d.id",
    )?;
    let mut rows = statement.query(params![asked.connection, asked.since_ms])?;
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        if !is_wanted(&id) {
            continue;
        }
        let decided = Decided {
            id,
            brand: row.get(8)?,
            at_ms: row.get(1)?,
            decision: row.get(2)?,
            outcome: row.get(3)?,
            stage: row.get(4)?,
            confidence: row.get(5)?,
            wrong: row.get(6)?,
            record: if asked.with_records { row.get(7)? } else { String::new() },
        };
        if !each(decided) {
            break;
        }
    }
    Ok(())
}

/// Replies of a connection since a time that a customer came back after.
pub fn n_reopened(connection: &Connection, name: &str, since_ms: i64) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(
            "SELECT count(DISTINCT h.decision) FROM hints h JOIN decisions d ON d.id = h.decision
             WHERE ?2 <= d.at_ms AND ?1 || '/' <= d.conversation AND d.conversation < ?1 || '0'",
        )?
        .query_row(params![name, since_ms], |row| row.get(0))
}
