//! The statistics a score rests on, of what the reader may see and nothing else:
//! the words of other brands and audiences neither raise nor lower it.

use std::collections::HashMap;

use tantivy::Searcher;
use tantivy::Term;
use tantivy::query::Bm25StatisticsProvider;
use tantivy::schema::Field;

use super::Query;
use super::terms::Layout;

/// Statistics of one scope of one pool.
pub(super) struct Statistics {
    pub(super) n_passages: u64,
    n_with_term: HashMap<Term, u64>,
    /// Average number of words by field, over the whole pool.
    lengths: HashMap<Field, f32>,
}

impl Statistics {
    pub(super) fn new(
        searcher: &Searcher,
        layout: &Layout,
        query: &Query,
        partitions: &[String],
    ) -> tantivy::Result<Statistics> {
        let mut n_passages = 0;
        for partition in partitions {
            n_passages += searcher.doc_freq(&layout.audience_term(query.pool, partition))?;
        }
        let n_in_pool = searcher.doc_freq(&layout.pool_term(query.pool))?.max(1);
        let mut lengths = HashMap::new();
        for (_, field) in layout.places(query.pool).all() {
            let n_tokens = searcher.total_num_tokens(field)?;
            lengths.insert(field, (n_tokens as f32 / n_in_pool as f32).max(1.0));
        }
        Ok(Statistics { n_passages, n_with_term: HashMap::new(), lengths })
    }

    /// Looks up how many passages hold each term.
    pub(super) fn with_terms<'a>(
        mut self,
        searcher: &Searcher,
        terms: impl Iterator<Item = &'a Term>,
    ) -> tantivy::Result<Statistics> {
        for term in terms {
            let n = searcher.doc_freq(term)?.min(self.n_passages);
            self.n_with_term.insert(term.clone(), n);
        }
        Ok(self)
    }

    /// True if some passage the reader may see holds the term.
    pub(super) fn occurs(&self, term: &Term) -> bool {
        self.n_with_term.get(term).is_some_and(|it| 0 < *it)
    }
}

impl Bm25StatisticsProvider for Statistics {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let average = self.lengths.get(&field).copied().unwrap_or(1.0);
        Ok((f64::from(average) * self.n_passages as f64).ceil() as u64)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        Ok(self.n_passages)
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        Ok(self.n_with_term.get(term).copied().unwrap_or(0))
    }
}
