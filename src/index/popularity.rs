//! How often people answered with each article, recent tickets counting more:
//! products change, and so do the questions about them.

use std::collections::HashMap;

use tantivy::Searcher;

use super::DocumentKey;
use super::terms::CREATED;
use super::terms::LINKS;
use super::titles::AsItIs;

/// Days after which a ticket counts half, seen from the newest one. (Of 120 and
/// 365 days, 120 ranked better on one forum's second half of a year.)
const HALF_LIFE_DAYS: f32 = 120.0;

/// One ticket in the whole numbers that are added up: sums of floats would depend
/// on the segments the tickets lie in.
const ONE_TICKET: f64 = (1_u64 << 32) as f64;

/// How often each article was the answer. Empty without past tickets.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Popularity {
    /// Tickets by article, each counting [`ONE_TICKET`] when new.
    counts: HashMap<DocumentKey, u64, AsItIs>,
    most: u64,
}

impl Popularity {
    pub(super) fn count(searcher: &Searcher) -> tantivy::Result<Popularity> {
        let mut tickets = Vec::new();
        let mut columns = Vec::new();
        for (segment_idx, reader) in searcher.segment_readers().iter().enumerate() {
            let created = reader.fast_fields().i64(CREATED)?;
            columns.push(reader.fast_fields().u64(LINKS)?);
            let days = reader.doc_ids_alive().filter_map(|it| Some((it, created.first(it)?)));
            tickets.extend(days.map(|(doc, day)| (segment_idx, doc, day)));
        }
        let newest = tickets.iter().map(|(.., day)| *day).max().unwrap_or(0);
        let mut counts: HashMap<DocumentKey, u64, AsItIs> = HashMap::default();
        for (segment_idx, doc, day) in tickets {
            let Some(links) = columns.get(segment_idx) else { continue };
            let n_links = links.values_for_doc(doc).count();
            let age_days = (newest - day) as f32;
            let weight = f64::from((-age_days / HALF_LIFE_DAYS).exp2()) / n_links as f64;
            for link in links.values_for_doc(doc) {
                *counts.entry(DocumentKey(link)).or_default() += (weight * ONE_TICKET) as u64;
            }
        }
        let most = counts.values().copied().max().unwrap_or(0);
        Ok(Popularity { counts, most })
    }

    /// 0.0 for an article nobody answered with, 1.0 for the one most used; on a
    /// logarithmic scale between.
    #[must_use]
    pub fn of(&self, article: DocumentKey) -> f32 {
        let tickets = |count: u64| (count as f64 / ONE_TICKET) as f32;
        let count = self.counts.get(&article).copied().unwrap_or(0);
        if 0 < self.most { tickets(count).ln_1p() / tickets(self.most).ln_1p() } else { 0.0 }
    }
}
