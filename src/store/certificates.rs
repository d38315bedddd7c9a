//! Certificates, the newest of each connection counting; and what has happened to them
//! since: broken for good, or paused until somebody does something.

use rusqlite::Connection;
use rusqlite::OptionalExtension as _;
use rusqlite::Row;
use rusqlite::params;

use crate::certify::Certificate;
use crate::certify::Lapse;

/// A certificate as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    pub certificate: Certificate,
    /// Why the monitor ended it; `None` while it has not.
    pub broken: Option<String>,
    /// Why nothing is sent for now.
    pub paused: Option<String>,
}

impl Kept {
    /// The certificate, if it is neither broken nor paused.
    ///
    /// # Errors
    /// Why it does not hold now.
    pub fn in_force(self) -> Result<Certificate, Lapse> {
        match (self.broken, self.paused) {
            (Some(why), _) => Err(Lapse::Broken(why)),
            (None, Some(why)) => Err(Lapse::Paused(why)),
            (None, None) => Ok(self.certificate),
        }
    }
}

/// Keeps a certificate: from now on it is its connection's.
pub fn keep(connection: &Connection, certificate: &Certificate) -> rusqlite::Result<()> {
    let content = serde_json::to_string(certificate).unwrap_or_default();
    connection
        .prepare_cached("INSERT INTO certificates (id, connection, content) VALUES (?1, ?2, ?3)")?
        .execute(params![certificate.id, certificate.connection, content])?;
    Ok(())
}

const COLUMNS: &str = "content, broken, paused";

/// The newest of a connection; `None` if there is none. One that cannot be read is no
/// certificate, and does not make an older one count again.
pub fn newest(
    connection: &Connection,
    name: &str,
) -> rusqlite::Result<Option<Result<Kept, Lapse>>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM certificates WHERE connection = ?1 ORDER BY seq DESC LIMIT 1"
    );
    connection.prepare_cached(&sql)?.query_row([name], kept).optional()
}

/// The newest of every connection that has one and can be read.
pub fn all(connection: &Connection) -> rusqlite::Result<Vec<Kept>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM certificates WHERE seq IN
            (SELECT max(seq) FROM certificates GROUP BY connection) ORDER BY connection"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([], kept)?;
    let readable = rows.filter_map(|row| row.map(Result::ok).transpose());
    readable.collect()
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Result<Kept, Lapse>> {
    let content: String = row.get(0)?;
    let (broken, paused) = (row.get(1)?, row.get(2)?);
    let certificate = serde_json::from_str(&content).map_err(|_| Lapse::Unreadable);
    Ok(certificate.map(|certificate| Kept { certificate, broken, paused }))
}

/// Ends a certificate for good. The first reason stays.
pub fn end(connection: &Connection, id: &str, why: &str) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE certificates SET broken = ?2 WHERE id = ?1 AND broken IS NULL")?
        .execute([id, why])?;
    Ok(())
}

/// Pauses a certificate, or lets it go on.
pub fn pause(connection: &Connection, id: &str, why: Option<&str>) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE certificates SET paused = ?2 WHERE id = ?1 AND paused IS NOT ?2")?
        .execute(params![id, why])?;
    Ok(())
}

/// From when on tickets of a connection count for a new certificate: since the last one
/// that was broken was made, 0 if none was.
pub fn counted_since(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection
        .prepare_cached(
            "SELECT coalesce(max(json_extract(content, '$.made_ms')), 0) FROM certificates
             WHERE connection = ?1 AND broken IS NOT NULL AND json_valid(content)",
        )?
        .query_row([name], |row| row.get(0))
}

/// True if the operator has not been told yet of one that has ended.
pub fn has_untold(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM certificates WHERE broken IS NOT NULL AND told = 0)",
        )?
        .query_row([], |row| row.get(0))
}

/// Connections whose certificate was ended since the operator was last told, and why;
/// from now on they count as told.
pub fn to_tell(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare_cached(
        "UPDATE certificates SET told = 1 WHERE broken IS NOT NULL AND told = 0
         RETURNING connection, broken",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.collect()
}

/// Why a reply that was decided under a certificate must not go out any more; `None` if
/// it may, or no certificate was asked.
pub fn ended(connection: &Connection, decision: &str) -> rusqlite::Result<Option<String>> {
    let why: Option<Option<String>> = connection
        .prepare_cached(
            "SELECT c.broken FROM decisions d JOIN certificates c
                ON c.id = json_extract(d.record, '$.proposal.license.certificate')
             WHERE d.id = ?1 AND json_valid(d.record)",
        )?
        .query_row([decision], |row| row.get(0))
        .optional()?;
    Ok(why.flatten())
}
