//! Which document each passage of a segment is of, and which passages a document has:
//! held in memory, because every question asks some thousand times. Never changes.

use std::collections::HashMap;
use std::ops::Range;

use tantivy::SegmentReader;

use super::DocumentKey;
use super::terms::DOCUMENT_KEY;
use super::titles::AsItIs;

pub(super) struct Members {
    /// By passage.
    keys: Vec<u64>,
    /// Passages by document, then in the order of the segment.
    by_document: Vec<u32>,
    /// Where a document's passages are among these.
    places: HashMap<u64, Range<u32>, AsItIs>,
}

impl Members {
    pub(super) fn read(reader: &SegmentReader) -> tantivy::Result<Members> {
        let column = reader.fast_fields().u64(DOCUMENT_KEY)?;
        let passages = 0..reader.max_doc();
        let keys: Vec<u64> =
            passages.clone().map(|it| column.first(it).unwrap_or_default()).collect();
        let mut by_document: Vec<u32> = passages.collect();
        by_document.sort_by_key(|it| key_of(&keys, *it));
        let mut places: HashMap<u64, Range<u32>, AsItIs> = HashMap::default();
        for (place, passage) in (0..).zip(&by_document) {
            let of = places.entry(key_of(&keys, *passage)).or_insert(place..place);
            of.end = place + 1;
        }
        Ok(Members { keys, by_document, places })
    }

    /// The document a passage is of.
    pub(super) fn document(&self, passage: u32) -> DocumentKey {
        DocumentKey(key_of(&self.keys, passage))
    }

    /// The passages of a document, ascending, deleted ones included that still take room.
    pub(super) fn passages(&self, DocumentKey(key): DocumentKey) -> &[u32] {
        let place = self.places.get(&key).cloned().unwrap_or_default();
        self.by_document.get(place.start as usize..place.end as usize).unwrap_or_default()
    }
}

fn key_of(keys: &[u64], passage: u32) -> u64 {
    keys.get(passage as usize).copied().unwrap_or_default()
}
