//! What passages mean, as a costly embedder told it, so that none is asked twice for the
//! same text; and the documents that are still without.

use std::collections::HashMap;
use std::collections::HashSet;

use rusqlite::Connection;
use rusqlite::params;

use super::as_stored;
use super::change_of;
use super::pool_of;
use crate::embed::Meaning;
use crate::embed::TextHash;
use crate::index::Change;
use crate::knowledge::Document;
use crate::knowledge::Pool;

/// What a text means to one embedder; `None` if the embedder will not have the text.
pub type Kept = HashMap<TextHash, Option<Meaning>>;

/// Names a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DocumentName {
    pub brand: String,
    pub pool: Pool,
    pub id: String,
}

impl DocumentName {
    pub fn of(document: &Document) -> DocumentName {
        let (brand, id) = (document.brand.clone(), document.id.clone());
        DocumentName { brand, pool: document.pool, id }
    }
}

/// What is kept of some texts. What is not there was never embedded.
pub fn meanings<'a>(
    connection: &Connection,
    embedder: &str,
    hashes: impl IntoIterator<Item = &'a TextHash>,
) -> rusqlite::Result<Kept> {
    let mut statement = connection
        .prepare_cached("SELECT vector FROM meanings WHERE embedder = ?1 AND hash = ?2")?;
    let mut kept = Kept::new();
    for hash in hashes {
        let mut rows = statement.query(params![embedder, hash])?;
        if let Some(row) = rows.next()? {
            let vector: Option<Vec<u8>> = row.get(0)?;
            kept.insert(*hash, vector.and_then(|it| Meaning::from_bytes(&it)));
        }
    }
    Ok(kept)
}

/// Keeps what texts mean.
pub fn keep_meanings(connection: &Connection, embedder: &str, kept: &Kept) -> rusqlite::Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO meanings (embedder, hash, vector) VALUES (?1, ?2, ?3)
         ON CONFLICT (embedder, hash) DO UPDATE SET vector = excluded.vector",
    )?;
    for (hash, meaning) in kept {
        statement.execute(params![embedder, hash, meaning.as_ref().map(Meaning::bytes)])?;
    }
    Ok(())
}

/// Removes what other embedders told, and what this one told of texts that are no more.
/// Says how many rows that were.
pub fn clear_meanings(
    connection: &Connection,
    embedder: &str,
    in_use: &HashSet<TextHash>,
) -> rusqlite::Result<usize> {
    let mut n_removed =
        connection.execute("DELETE FROM meanings WHERE embedder <> ?1", [embedder])?;
    connection.execute("DELETE FROM unembedded WHERE embedder <> ?1", [embedder])?;
    let mut all = connection.prepare_cached("SELECT hash FROM meanings WHERE embedder = ?1")?;
    let all = all.query_map([embedder], |row| row.get(0))?.collect::<Result<Vec<TextHash>, _>>()?;
    let mut remove =
        connection.prepare_cached("DELETE FROM meanings WHERE embedder = ?1 AND hash = ?2")?;
    for hash in all.iter().filter(|it| !in_use.contains(*it)) {
        n_removed += remove.execute(params![embedder, hash])?;
    }
    Ok(n_removed)
}

/// Notes which of some documents are still without the meaning of a passage, and which
/// are no longer.
pub fn note_unembedded(
    connection: &Connection,
    embedder: &str,
    without: &[DocumentName],
    with: &[DocumentName],
) -> rusqlite::Result<()> {
    let mut add = connection.prepare_cached(
        "INSERT OR IGNORE INTO unembedded (embedder, brand, pool, id) VALUES (?1, ?2, ?3, ?4)",
    )?;
    for it in without {
        add.execute(params![embedder, it.brand, it.pool.as_str(), it.id])?;
    }
    let mut remove = connection.prepare_cached(
        "DELETE FROM unembedded WHERE embedder = ?1 AND brand = ?2 AND pool = ?3 AND id = ?4",
    )?;
    for it in with {
        remove.execute(params![embedder, it.brand, it.pool.as_str(), it.id])?;
    }
    Ok(())
}

/// Documents that are still without the meaning of a passage, `limit` at most.
pub fn unembedded(
    connection: &Connection,
    embedder: &str,
    limit: usize,
) -> rusqlite::Result<Vec<DocumentName>> {
    let mut statement = connection
        .prepare_cached("SELECT brand, pool, id FROM unembedded WHERE embedder = ?1 LIMIT ?2")?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let names = statement.query_map(params![embedder, limit], |row| {
        Ok(DocumentName { brand: row.get(0)?, pool: pool_of(row, 1)?, id: row.get(2)? })
    })?;
    names.collect()
}

/// How many documents are still without the meaning of a passage.
pub fn n_unembedded(connection: &Connection, embedder: &str) -> rusqlite::Result<u64> {
    let n: i64 = connection
        .prepare_cached("SELECT count(*) FROM unembedded WHERE embedder = ?1")?
        .query_row([embedder], |row| row.get(0))?;
    Ok(u64::try_from(n).unwrap_or(0))
}

/// Documents as they are now, as changes an index up to `watermark` can take again. One
/// that changed after it is left out: it comes with its own change.
pub fn again(
    connection: &Connection,
    names: &[DocumentName],
    watermark: u64,
) -> rusqlite::Result<Vec<Change>> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, brand, pool, id, content FROM documents
         WHERE brand = ?1 AND pool = ?2 AND id = ?3 AND sequence <= ?4",
    )?;
    let mut changes = Vec::with_capacity(names.len());
    for it in names {
        let key = params![it.brand, it.pool.as_str(), it.id, as_stored(watermark)];
        let mut rows = statement.query(key)?;
        if let Some(row) = rows.next()? {
            changes.push(change_of(row)?);
        }
    }
    Ok(changes)
}
