//! How often people answered with each article, recent tickets counting more:
//! products change, and so do the questions about them.

use std::collections::HashMap;

use tantivy::Searcher;

use super::DocumentKey;
use super::terms::CREATED;
use super::terms::LINKS;

/// Days after which a ticket counts half, seen from the newest one. (Of 120 and
/// 365 days, 120 ranked better on one forum's second half of a year.)
const HALF_LIFE_DAYS: f32 = 120.0;

/// How often each article was the answer. Empty without past tickets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Popularity {
    /// Tickets by article, each counting 1.0 when new.
    counts: HashMap<DocumentKey, f32>,
    most: f32,
}

impl Popularity {
    pub(super) fn count(searcher: &Searcher) -> tantivy::Result<Popularity> {
        let mut tickets = Vec::new();
        let mut newest = i64::MIN;
        for reader in searcher.segment_readers() {
            let (created, links) =
                (reader.fast_fields().i64(CREATED)?, reader.fast_fields().u64(LINKS)?);
            for doc in reader.doc_ids_alive() {
                let Some(day) = created.first(doc) else { continue };
                newest = newest.max(day);
                let links: Vec<u64> = links.values_for_doc(doc).collect();
                if !links.is_empty() {
                    tickets.push((day, links));
                }
            }
        }
        // One order, whatever segments they lie in: sums of floats depend on it.
        tickets.sort_unstable();
        let mut counts: HashMap<DocumentKey, f32> = HashMap::new();
        for (day, links) in &tickets {
            let age_days = (newest - day) as f32;
            let weight = (-age_days / HALF_LIFE_DAYS).exp2() / links.len() as f32;
            for link in links {
                *counts.entry(DocumentKey(*link)).or_default() += weight;
            }
        }
        let most = counts.values().copied().fold(0.0, f32::max);
        Ok(Popularity { counts, most })
    }

    /// 0.0 for an article nobody answered with, 1.0 for the one most used; on a
    /// logarithmic scale between.
    #[must_use]
    pub fn of(&self, article: DocumentKey) -> f32 {
        let count = self.counts.get(&article).copied().unwrap_or(0.0);
        if 0.0 < self.most { count.ln_1p() / self.most.ln_1p() } else { 0.0 }
    }
}
