//! Stored passages read back: whole, or only as much as a vote needs.

use serde::Deserialize;
use tantivy::DocAddress;
use tantivy::Searcher;
use tantivy::TantivyDocument;
use tantivy::schema::Value;

use super::Found;
use super::Stored;
use super::terms::Layout;
use crate::knowledge::Audience;
use crate::knowledge::Hit;
use crate::knowledge::Passage;
use crate::knowledge::Pool;

/// How much of a stored passage is read.
pub(super) type Reading = fn(&[u8]) -> serde_json::Result<Stored>;

/// All of it.
pub(super) fn whole(stored: &[u8]) -> serde_json::Result<Stored> {
    serde_json::from_slice(stored)
}

/// What a vote needs: whose passage it is and what it links. Its text stays
/// empty; reading the text of two hundred passages costs more than finding them.
pub(super) fn voter(stored: &[u8]) -> serde_json::Result<Stored> {
    #[derive(Deserialize)]
    struct Voter {
        passage: Of,
        #[serde(default)]
        linked_articles: Vec<String>,
    }
    #[derive(Deserialize)]
    struct Of {
        id: String,
        document_id: String,
        pool: Pool,
        brand: String,
        audience: Audience,
        ordinal: u32,
    }
    let Voter { passage, linked_articles } = serde_json::from_slice(stored)?;
    let passage = Passage {
        id: passage.id,
        document_id: passage.document_id,
        pool: passage.pool,
        brand: passage.brand,
        audience: passage.audience,
        title: String::new(),
        headings: Vec::new(),
        anchor: None,
        url: None,
        language: None,
        ordinal: passage.ordinal,
        text: String::new(),
        n_tokens: 0,
        updated_at: None,
    };
    Ok(Stored { passage, linked_articles })
}

/// Hits in the order of their addresses.
pub(super) fn read_hits(
    searcher: &Searcher,
    layout: &Layout,
    top: &[(f32, DocAddress)],
    reading: Reading,
) -> tantivy::Result<Vec<(DocAddress, Found)>> {
    let mut found = Vec::with_capacity(top.len());
    for (score, address) in top {
        let entry: TantivyDocument = searcher.doc(*address)?;
        let stored = entry.get_first(layout.stored).and_then(|it| it.as_bytes());
        let stored = reading(stored.unwrap_or_default())
            .map_err(|error| tantivy::TantivyError::InternalError(error.to_string()))?;
        let hit = Hit { passage: stored.passage, score: *score, signals: Vec::new() };
        found.push((*address, Found { hit, linked_articles: stored.linked_articles }));
    }
    found.sort_by_key(|(address, _)| *address);
    Ok(found)
}
