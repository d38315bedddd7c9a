//! When pages of websites were last read, as their servers name it.

use std::collections::HashMap;

use rusqlite::Connection;
use rusqlite::params;

/// One page as it was last read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    pub url: String,
    /// The document made of it.
    pub document_id: String,
    pub etag: Option<String>,
    /// The server's own words: `Last-Modified`.
    pub modified: Option<String>,
}

/// The pages of a source that were taken in the same manner and whose documents
/// are still there, by address.
pub fn visits(
    connection: &Connection,
    source: &str,
    manner: &str,
) -> rusqlite::Result<HashMap<String, Visit>> {
    let mut statement = connection.prepare_cached(
        "SELECT url, id, etag, modified FROM visits AS v
         WHERE source = ?1 AND manner = ?2 AND EXISTS (
             SELECT 1 FROM documents AS d
             WHERE d.source = v.source AND d.id = v.id AND d.content IS NOT NULL)",
    )?;
    let visits = statement.query_map([source, manner], |row| {
        let visit = Visit {
            url: row.get(0)?,
            document_id: row.get(1)?,
            etag: row.get(2)?,
            modified: row.get(3)?,
        };
        Ok((visit.url.clone(), visit))
    })?;
    visits.collect()
}

/// Remembers how pages were last read.
pub fn save_visits(
    connection: &Connection,
    source: &str,
    manner: &str,
    visits: &[Visit],
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO visits (source, url, id, manner, etag, modified)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (source, url) DO UPDATE SET id = excluded.id, manner = excluded.manner,
             etag = excluded.etag, modified = excluded.modified",
    )?;
    for visit in visits {
        let (url, id) = (&visit.url, &visit.document_id);
        statement.execute(params![source, url, id, manner, visit.etag, visit.modified])?;
    }
    Ok(())
}
