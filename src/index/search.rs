//! Runs a question against the index: BM25 over title, headings and body, with
//! the statistics of the reader's own scope. No query language anywhere.

use std::sync::Arc;

use tantivy::DocAddress;
use tantivy::Searcher;
use tantivy::TantivyDocument;
use tantivy::Term;
use tantivy::collector::Count;
use tantivy::collector::TopDocs;
use tantivy::query::BooleanQuery;
use tantivy::query::Occur;
use tantivy::query::Query as TantivyQuery;
use tantivy::query::TermQuery;
use tantivy::schema::Field;
use tantivy::schema::IndexRecordOption;
use tantivy::schema::Value;

use super::DocumentKey;
use super::Query;
use super::lookup::Lookup;
use super::opened::Opened;
use super::opened::Segment;
use super::scores::Best;
use super::scores::Match;
use super::scores::Scoring;
use super::terms::Layout;
use super::terms::N_PLACES;
use super::terms::partition_key;
use super::terms::partitions;
use super::words::code_of;
use super::words::codes;
use crate::embed::Sought;
use crate::knowledge::Hit;
use crate::knowledge::Passage;
use crate::knowledge::Pool;
use crate::knowledge::Scope;

/// Each language adds its stems to a query, so only the commonest ones do.
const MAX_LANGUAGES: usize = 4;

/// The signals of the places a word can stand in.
const SIGNALS: [&str; N_PLACES] = ["bm25.title", "bm25.headings", "bm25.body"];

/// What one query found. It stays readable however the index changes meanwhile.
pub struct Scored {
    opened: Arc<Opened>,
    stored: Field,
    matches: Vec<Match>,
}

impl std::fmt::Debug for Scored {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scored").field("matches", &self.matches).finish_non_exhaustive()
    }
}

impl Scored {
    /// Best first.
    pub fn matches(&self) -> &[Match] {
        &self.matches
    }

    /// The other passages of the document these are of: those that share no word with
    /// the question. Whoever may read one of them may read all.
    pub fn others(&self, found: &[Match]) -> Vec<Match> {
        let Some(first) = found.first() else { return Vec::new() };
        let segment_ord = first.address.segment_ord;
        let Some(segment) = self.opened.segments.get(segment_ord as usize) else {
            return Vec::new();
        };
        let is_alive = |doc: &u32| segment.reader.alive_bitset().is_none_or(|it| it.is_alive(*doc));
        let is_found = |doc: &u32| found.iter().any(|it| it.address.doc_id == *doc);
        let passages = segment.passages.passages(first.document).iter().copied();
        let others = passages.filter(|it| is_alive(it) && !is_found(it));
        let silent = |doc_id| Match {
            address: DocAddress { segment_ord, doc_id },
            document: first.document,
            score: 0.0,
            places: [0.0; N_PLACES],
            coverage: 0.0,
        };
        others.map(silent).collect()
    }

    /// The articles people linked in the past ticket this is a passage of.
    pub fn links(&self, found: &Match) -> Vec<DocumentKey> {
        let segment = self.opened.segments.get(found.address.segment_ord as usize);
        segment.into_iter().flat_map(|it| it.links(found.address.doc_id)).collect()
    }

    /// How alike a passage and a meaning are, −1.0 to 1.0. `None` if nobody knows what
    /// the passage means.
    pub fn likeness(&self, found: &Match, asked: &Sought) -> Option<f32> {
        let segment = self.opened.segments.get(found.address.segment_ord as usize)?;
        segment.likeness(found.address.doc_id, asked)
    }

    pub(super) fn read(&self, found: &Match) -> tantivy::Result<Hit> {
        let passage = read(&self.opened.searcher, self.stored, found.address)?;
        let places = SIGNALS.into_iter().zip(found.places);
        let mut signals: Vec<(String, f32)> =
            places.map(|(name, sum)| (name.to_owned(), sum)).collect();
        signals.push(("coverage".to_owned(), found.coverage));
        Ok(Hit { passage, score: found.score, signals, stale: None })
    }
}

/// Scores the passages that share words with the query, best first.
pub(super) fn score(
    opened: Arc<Opened>,
    layout: &Layout,
    query: &Query<'_>,
) -> tantivy::Result<Scored> {
    let mut best = Best::new(query.limit);
    let lookup = Lookup::new(&opened, layout, query);
    let n_passages = lookup.n_passages()?;
    if 0 < n_passages && 0 < query.limit {
        let words = lookup.words(n_passages)?;
        let averages = opened.averages(query.pool);
        let mut scoring = Scoring::new(query.pool, &words, n_passages, averages);
        let allowed = allowed(query.pool, query.scope);
        for (segment_idx, segment) in opened.segments.iter().enumerate() {
            let also = passages_of_documents(segment, &query.also, &allowed);
            scoring.segment(segment_idx, segment, &also, &mut best)?;
        }
        scoring.end();
    }
    Ok(Scored { stored: layout.stored, matches: best.into_matches(), opened })
}

/// The partitions of a pool a reader may see.
pub(super) fn allowed(pool: Pool, scope: &Scope) -> Vec<u64> {
    partitions(scope).iter().map(|it| partition_key(pool, it)).collect()
}

/// The passages of some documents in one segment that a reader may see, ascending.
fn passages_of_documents(
    segment: &Segment,
    documents: &[DocumentKey],
    allowed: &[u64],
) -> Vec<u32> {
    let passages = documents.iter().flat_map(|it| segment.passages.passages(*it)).copied();
    let mut passages: Vec<u32> = passages.filter(|it| segment.is_in(*it, allowed)).collect();
    passages.sort_unstable();
    passages.dedup();
    passages
}

/// The languages the passages of a brand are written in, in either pool: the
/// question's own before the commonest.
pub(super) fn languages(
    opened: &Opened,
    layout: &Layout,
    brand: &str,
    own: Option<&str>,
) -> Vec<&'static str> {
    let own = code_of(own);
    let mut counted = Vec::new();
    for code in codes() {
        let pools = [Pool::Article, Pool::PastTicket];
        let terms = pools.map(|pool| layout.language_term(pool, brand, code));
        let n_passages: u64 = terms.iter().map(|it| opened.n_passages(it)).sum();
        if 0 < n_passages {
            counted.push((code == own, n_passages, code));
        }
    }
    counted.sort_by(|left, right| right.cmp(left));
    counted.into_iter().take(MAX_LANGUAGES).map(|(.., code)| code).collect()
}

/// Number of passages in a pool of a brand.
pub(super) fn n_passages(
    searcher: &Searcher,
    layout: &Layout,
    brand: &str,
    pool: Pool,
) -> tantivy::Result<u64> {
    let query = TermQuery::new(layout.brand_term(pool, brand), IndexRecordOption::Basic);
    Ok(searcher.search(&query, &Count)? as u64)
}

/// All passages of the documents a reader may see, in reading order.
pub(super) fn passages_of(
    searcher: &Searcher,
    layout: &Layout,
    pool: Pool,
    scope: &Scope,
    document_ids: &[String],
    limit: usize,
) -> tantivy::Result<Vec<Hit>> {
    let any = |terms: Vec<Term>| -> Box<dyn TantivyQuery> {
        let clauses = terms.into_iter().map(|term| {
            let named = TermQuery::new(term, IndexRecordOption::Basic);
            (Occur::Should, Box::new(named) as Box<dyn TantivyQuery>)
        });
        Box::new(BooleanQuery::new(clauses.collect()))
    };
    let allowed = partitions(scope).into_iter().map(|it| layout.audience_term(pool, &it));
    let named = document_ids.iter().map(|it| layout.document_term(pool, &scope.brand, it));
    let tree = BooleanQuery::new(vec![
        (Occur::Must, any(named.collect())),
        (Occur::Must, any(allowed.collect())),
    ]);
    let mut found = Vec::new();
    for (_, address) in
        searcher.search(&tree, &TopDocs::with_limit(limit.max(1)).order_by_score())?
    {
        let passage = read(searcher, layout.stored, address)?;
        found.push(Hit { passage, score: 0.0, signals: Vec::new(), stale: None });
    }
    found.sort_by(|left, right| {
        let by_document = left.passage.document_id.cmp(&right.passage.document_id);
        by_document.then(left.passage.ordinal.cmp(&right.passage.ordinal))
    });
    Ok(found)
}

fn read(searcher: &Searcher, stored: Field, address: DocAddress) -> tantivy::Result<Passage> {
    let entry: TantivyDocument = searcher.doc(address)?;
    let json = entry.get_first(stored).and_then(|it| it.as_str()).unwrap_or_default();
    serde_json::from_str(json)
        .map_err(|error| tantivy::TantivyError::InternalError(error.to_string()))
}
