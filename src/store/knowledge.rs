//! Articles and past tickets as the store keeps them: the truth of which every
//! index is a copy. Each change has a number in one sequence, which indexes follow.

mod meanings;
mod visits;
mod weights;

pub use self::meanings::DocumentName;
pub use self::meanings::Kept;
pub use self::meanings::again;
pub use self::meanings::clear_meanings;
pub use self::meanings::keep_meanings;
pub use self::meanings::meanings;
pub use self::meanings::n_unembedded;
pub use self::meanings::note_unembedded;
pub use self::meanings::unembedded;
pub use self::visits::Visit;
pub use self::visits::save_visits;
pub use self::visits::visits;
pub use self::weights::calibrated;
pub use self::weights::forget_weights;
pub use self::weights::learned_to_ms;
pub use self::weights::weights;

use std::collections::HashSet;

use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::Row;
use rusqlite::params;
use sha2::Digest;
use sha2::Sha256;

use crate::index::Change;
use crate::knowledge::Document;
use crate::knowledge::Pool;

/// What putting documents into the store changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PutSummary {
    /// New, or back after they had been deleted.
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
}

/// Number of documents that are not deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentCount {
    pub brand: String,
    pub pool: Pool,
    pub n_documents: u64,
}

/// What becomes of a document that is put into the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// New, or back after it had been deleted.
    Added,
    Changed,
    /// It says what it said before, or the store has a better one.
    Unchanged,
}

/// Puts documents into the store, replacing earlier ones with the same brand,
/// pool and id. One that says what it said before gets no new number, and a
/// past ticket without an answer does not take the place of one with an answer.
pub fn put(connection: &Connection, documents: &[Document]) -> rusqlite::Result<PutSummary> {
    let mut summary = PutSummary::default();
    let mut sequence = last_given(connection)?;
    let mut write = connection.prepare_cached(
        "INSERT INTO documents (brand, pool, id, version, source, content, sequence)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
         ON CONFLICT (brand, pool, id) DO UPDATE SET version = excluded.version,
             source = excluded.source, content = excluded.content, sequence = excluded.sequence",
    )?;
    for document in documents {
        let (content, version) = content_of(document)?;
        match fate(connection, document, version)? {
            Fate::Added => summary.added += 1,
            Fate::Changed => summary.changed += 1,
            Fate::Unchanged => {
                summary.unchanged += 1;
                continue;
            }
        }
        sequence += 1;
        let key = (&document.brand, document.pool.as_str(), &document.id);
        write.execute(params![key.0, key.1, key.2, version, document.source, content, sequence])?;
    }
    give_out(connection, sequence)?;
    Ok(summary)
}

/// What [`put`] would do with each document. Writes nothing.
pub fn compare(connection: &Connection, documents: &[Document]) -> rusqlite::Result<Vec<Fate>> {
    documents.iter().map(|it| fate(connection, it, content_of(it)?.1)).collect()
}

fn fate(connection: &Connection, document: &Document, version: [u8; 32]) -> rusqlite::Result<Fate> {
    let mut kept = connection.prepare_cached(
        "SELECT version, content IS NULL, source, json_extract(content, '$.answer') IS NOT NULL
         FROM documents WHERE brand = ?1 AND pool = ?2 AND id = ?3",
    )?;
    let key = params![document.brand, document.pool.as_str(), document.id];
    let known: Option<(Vec<u8>, bool, String, bool)> = kept
        .query_row(key, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
        .optional()?;
    Ok(match known {
        Some((before, false, ..)) if before == version => Fate::Unchanged,
        Some((_, false, source, true))
            if document.pool == Pool::PastTicket
                && document.answer.is_none()
                && source != document.source =>
        {
            Fate::Unchanged
        }
        Some((_, false, ..)) => Fate::Changed,
        Some((_, true, ..)) | None => Fate::Added,
    })
}

fn content_of(document: &Document) -> rusqlite::Result<(String, [u8; 32])> {
    let content = serde_json::to_string(document)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    let version = Sha256::digest(content.as_bytes()).into();
    Ok((content, version))
}

/// The source of each document that is in the store with another source.
pub fn other_owners(
    connection: &Connection,
    documents: &[Document],
) -> rusqlite::Result<Vec<Option<String>>> {
    let mut owner = connection.prepare_cached(
        "SELECT source FROM documents
         WHERE brand = ?1 AND pool = ?2 AND id = ?3 AND source <> ?4 AND content IS NOT NULL",
    )?;
    let of = |it: &Document| {
        let key = params![it.brand, it.pool.as_str(), it.id, it.source];
        owner.query_row(key, |row| row.get(0)).optional()
    };
    documents.iter().map(of).collect()
}

/// (address, id) of the articles of a brand that have an address.
pub fn addresses(connection: &Connection, brand: &str) -> rusqlite::Result<Vec<(String, String)>> {
    let mut statement = connection.prepare_cached(
        "SELECT json_extract(content, '$.url'), id FROM documents
         WHERE brand = ?1 AND pool = 'article' AND json_extract(content, '$.url') IS NOT NULL",
    )?;
    let addresses = statement.query_map([brand], |row| Ok((row.get(0)?, row.get(1)?)))?;
    addresses.collect()
}

/// Everything knowledge was read from and is still there, by name.
pub fn sources(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT source FROM documents WHERE content IS NOT NULL ORDER BY source",
    )?;
    let sources = statement.query_map([], |row| row.get(0))?;
    sources.collect()
}

/// Ids of the documents of one source that are not among the kept ones.
pub fn missing(
    connection: &Connection,
    source: &str,
    brand: &str,
    pool: Pool,
    kept: &HashSet<String>,
) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT id FROM documents
         WHERE source = ?1 AND brand = ?2 AND pool = ?3 AND content IS NOT NULL ORDER BY id",
    )?;
    let ids = statement.query_map(params![source, brand, pool.as_str()], |row| row.get(0))?;
    ids.filter(|id| !matches!(id, Ok(id) if kept.contains::<String>(id))).collect()
}

/// The brands that have documents, by name.
pub fn brands(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT brand FROM documents WHERE content IS NOT NULL ORDER BY brand",
    )?;
    let brands = statement.query_map([], |row| row.get(0))?;
    brands.collect()
}

/// The brands and pools in which a source has documents.
pub fn scopes_of(connection: &Connection, source: &str) -> rusqlite::Result<Vec<(String, Pool)>> {
    let mut statement = connection.prepare_cached(
        "SELECT DISTINCT brand, pool FROM documents
         WHERE source = ?1 AND content IS NOT NULL ORDER BY brand, pool",
    )?;
    let scopes = statement.query_map([source], |row| Ok((row.get(0)?, pool_of(row, 1)?)))?;
    scopes.collect()
}

/// Deletes the documents of one source that are not among the kept ones, and
/// says how many there were. Documents of other sources stay.
pub fn remove_missing(
    connection: &Connection,
    source: &str,
    brand: &str,
    pool: Pool,
    kept: &HashSet<String>,
) -> rusqlite::Result<usize> {
    let ids = missing(connection, source, brand, pool, kept)?;
    remove(connection, brand, pool, &ids)
}

/// Deletes documents and says how many there were. Their content is gone; that
/// they existed stays on record until every index has heard of it.
pub fn remove(
    connection: &Connection,
    brand: &str,
    pool: Pool,
    ids: &[String],
) -> rusqlite::Result<usize> {
    let mut sequence = last_given(connection)?;
    let mut statement = connection.prepare_cached(
        "UPDATE documents SET content = NULL, version = x'', sequence = ?4
         WHERE brand = ?1 AND pool = ?2 AND id = ?3 AND content IS NOT NULL",
    )?;
    let mut n_removed = 0;
    for id in ids {
        let n_rows = statement.execute(params![brand, pool.as_str(), id, sequence + 1])?;
        if 0 < n_rows {
            sequence += 1;
            n_removed += 1;
        }
    }
    give_out(connection, sequence)?;
    Ok(n_removed)
}

/// The changes after a sequence number, in order, `limit` at most. Of a document
/// that changed several times only the last change is there.
pub fn changes_since(
    connection: &Connection,
    sequence: u64,
    limit: usize,
) -> rusqlite::Result<Vec<Change>> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, brand, pool, id, content FROM documents
         WHERE sequence > ?1 ORDER BY sequence LIMIT ?2",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let changes = statement.query_map(params![as_stored(sequence), limit], change_of)?;
    changes.collect()
}

/// The number of the last change; 0 if there never was one.
pub fn last_sequence(connection: &Connection) -> rusqlite::Result<u64> {
    Ok(u64::try_from(last_given(connection)?).unwrap_or(0))
}

/// Articles of a brand there are.
pub fn n_articles(connection: &Connection, brand: &str) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(
            "SELECT count(*) FROM documents
             WHERE brand = ?1 AND pool = 'article' AND content IS NOT NULL",
        )?
        .query_row([brand], |row| row.get(0))
}

/// Articles of a brand that are new, changed or gone since a number of the sequence.
pub fn n_articles_changed(
    connection: &Connection,
    brand: &str,
    since: u64,
) -> rusqlite::Result<u64> {
    connection
        .prepare_cached(
            "SELECT count(*) FROM documents WHERE ?2 < sequence AND brand = ?1 AND pool = 'article'",
        )?
        .query_row(params![brand, since], |row| row.get(0))
}

/// Number of documents by brand and pool, in the order of their names.
pub fn counts(connection: &Connection) -> rusqlite::Result<Vec<DocumentCount>> {
    let mut statement = connection.prepare_cached(
        "SELECT brand, pool, count(*) FROM documents WHERE content IS NOT NULL
         GROUP BY brand, pool ORDER BY brand, pool",
    )?;
    let counts = statement.query_map([], |row| {
        let n_documents = u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0);
        Ok(DocumentCount { brand: row.get(0)?, pool: pool_of(row, 1)?, n_documents })
    })?;
    counts.collect()
}

/// One document. `None` if there is none, or it was deleted.
pub fn document(
    connection: &Connection,
    brand: &str,
    pool: Pool,
    id: &str,
) -> rusqlite::Result<Option<Document>> {
    let mut statement = connection.prepare_cached(
        "SELECT sequence, brand, pool, id, content FROM documents
         WHERE brand = ?1 AND pool = ?2 AND id = ?3",
    )?;
    let change = statement.query_row(params![brand, pool.as_str(), id], change_of).optional()?;
    Ok(change.and_then(|it| it.document))
}

fn change_of(row: &Row<'_>) -> rusqlite::Result<Change> {
    let content: Option<String> = row.get(4)?;
    let document = match content {
        Some(content) => Some(serde_json::from_str(&content).map_err(|error| {
            rusqlite::Error::FromSqlConversionFailure(
                4,
                rusqlite::types::Type::Text,
                Box::new(error),
            )
        })?),
        None => None,
    };
    Ok(Change {
        sequence: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
        brand: row.get(1)?,
        pool: pool_of(row, 2)?,
        document_id: row.get(3)?,
        document,
    })
}

fn pool_of(row: &Row<'_>, idx: usize) -> rusqlite::Result<Pool> {
    let word: String = row.get(idx)?;
    [Pool::Article, Pool::PastTicket]
        .into_iter()
        .find(|it| it.as_str() == word)
        .ok_or(rusqlite::Error::InvalidColumnType(idx, word, rusqlite::types::Type::Text))
}

fn last_given(connection: &Connection) -> rusqlite::Result<i64> {
    connection
        .prepare_cached("SELECT last FROM document_sequence WHERE one = 1")?
        .query_row([], |row| row.get(0))
}

fn give_out(connection: &Connection, sequence: i64) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE document_sequence SET last = ?1 WHERE one = 1 AND last < ?1")?
        .execute([sequence])?;
    Ok(())
}

fn as_stored(sequence: u64) -> i64 {
    i64::try_from(sequence).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
