//! The inbox as people and metrics look at it. Reads only.

use rusqlite::Connection;
use serde::Serialize;

/// A row of the inbox as people see it.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub seq: i64,
    pub connection: String,
    pub conversation: Option<String>,
    pub origin: String,
    pub state: String,
    pub outcome: Option<String>,
    pub detail: Option<String>,
    pub received_ms: i64,
    pub attempts: u32,
    pub repeats: u32,
}

/// Deliveries that have not ended.
pub fn n_unfinished(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(
            "SELECT (SELECT count(*) FROM deliveries WHERE state = 'new')
                  + (SELECT count(*) FROM deliveries WHERE state = 'waiting')",
        )?
        .query_row([], |row| row.get(0))
}

/// Which rows of the inbox are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    Unfinished,
    Dead,
    All,
}

/// Rows of the inbox, newest first.
pub fn rows(connection: &Connection, which: Which, limit: usize) -> rusqlite::Result<Vec<Row>> {
    let condition = match which {
        Which::Unfinished => "state IN ('new', 'waiting')",
        Which::Dead => "outcome = 'dead'",
        Which::All => "true",
    };
    let mut statement = connection.prepare(&format!(
        "SELECT seq, connection, conversation, origin, state, outcome, detail, received_ms, attempts, repeats
         FROM deliveries WHERE {condition} ORDER BY seq DESC LIMIT ?1"
    ))?;
    let rows = statement.query_map([limit], |row| {
        Ok(Row {
            seq: row.get(0)?,
            connection: row.get(1)?,
            conversation: row.get(2)?,
            origin: row.get(3)?,
            state: row.get(4)?,
            outcome: row.get(5)?,
            detail: row.get(6)?,
            received_ms: row.get(7)?,
            attempts: row.get(8)?,
            repeats: row.get(9)?,
        })
    })?;
    rows.collect()
}

/// How many deliveries there are of each outcome; `new` and `waiting` count the
/// ones that have none yet.
pub fn counts(connection: &Connection) -> rusqlite::Result<Vec<(String, u64)>> {
    let mut statement = connection.prepare_cached(
        "SELECT coalesce(outcome, state), count(*) FROM deliveries GROUP BY 1 ORDER BY 1",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}
