//! Runs a question against the index: BM25 over title, headings and body, with
//! the statistics of the reader's own scope. No query language anywhere.

use tantivy::DocAddress;
use tantivy::DocSet;
use tantivy::Searcher;
use tantivy::SegmentReader;
use tantivy::TERMINATED;
use tantivy::TantivyDocument;
use tantivy::Term;
use tantivy::collector::Count;
use tantivy::collector::TopDocs;
use tantivy::fastfield::Column;
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
use super::scores::Best;
use super::scores::Match;
use super::scores::Scoring;
use super::terms::DOCUMENT_KEY;
use super::terms::LINKS;
use super::terms::Layout;
use super::terms::N_PLACES;
use super::terms::partitions;
use crate::knowledge::Hit;
use crate::knowledge::Passage;
use crate::knowledge::Pool;
use crate::knowledge::Scope;

/// The signals of the places a word can stand in.
const SIGNALS: [&str; N_PLACES] = ["bm25.title", "bm25.headings", "bm25.body"];

/// What one query found. It stays readable however the index changes meanwhile.
pub struct Scored {
    searcher: Searcher,
    stored: Field,
    /// By segment.
    links: Vec<Column<u64>>,
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

    /// The articles people linked in the past ticket this is a passage of.
    pub fn links(&self, found: &Match) -> Vec<DocumentKey> {
        let column = self.links.get(found.address.segment_ord as usize);
        let links = column.into_iter().flat_map(|it| it.values_for_doc(found.address.doc_id));
        links.map(DocumentKey).collect()
    }

    pub(super) fn read(&self, found: &Match) -> tantivy::Result<Hit> {
        let passage = read(&self.searcher, self.stored, found.address)?;
        let places = SIGNALS.into_iter().zip(found.places);
        let mut signals: Vec<(String, f32)> =
            places.map(|(name, sum)| (name.to_owned(), sum)).collect();
        signals.push(("coverage".to_owned(), found.coverage));
        Ok(Hit { passage, score: found.score, signals })
    }
}

/// Scores the passages that share words with the query, best first.
pub(super) fn score(searcher: Searcher, layout: &Layout, query: &Query) -> tantivy::Result<Scored> {
    let mut best = Best::new(query.limit);
    let mut links = Vec::new();
    for reader in searcher.segment_readers() {
        links.push(reader.fast_fields().u64(LINKS)?);
    }
    let lookup = Lookup::open(&searcher, layout, query)?;
    let n_passages = lookup.n_passages()?;
    if 0 < n_passages && 0 < query.limit {
        let words = lookup.words(n_passages)?;
        let average_lengths = average_lengths(&searcher, layout, query.pool)?;
        let scoring = Scoring { lookup: &lookup, words: &words, n_passages, average_lengths };
        for (segment_idx, reader) in searcher.segment_readers().iter().enumerate() {
            let keys = reader.fast_fields().u64(DOCUMENT_KEY)?;
            let also = passages_by_key(reader, layout, &query.also)?;
            let key = |doc| DocumentKey(keys.first(doc).unwrap_or_default());
            scoring.segment(segment_idx, reader, &also, &key, &mut best)?;
        }
    }
    drop(lookup);
    Ok(Scored { searcher, stored: layout.stored, links, matches: best.into_matches() })
}

/// Average number of words by place, over the whole pool.
fn average_lengths(
    searcher: &Searcher,
    layout: &Layout,
    pool: Pool,
) -> tantivy::Result<[f32; N_PLACES]> {
    let n_in_pool = searcher.doc_freq(&layout.pool_term(pool))?.max(1);
    let mut lengths = [1.0; N_PLACES];
    for (length, field) in lengths.iter_mut().zip(layout.places(pool).all()) {
        let mut n_words = 0;
        for reader in searcher.segment_readers() {
            n_words += reader.inverted_index(field)?.total_num_tokens();
        }
        *length = (n_words as f32 / n_in_pool as f32).max(1.0);
    }
    Ok(lengths)
}

/// The passages of some documents in one segment, in ascending order.
fn passages_by_key(
    reader: &SegmentReader,
    layout: &Layout,
    documents: &[DocumentKey],
) -> tantivy::Result<Vec<u32>> {
    let mut docs = Vec::new();
    for key in documents {
        let term = layout.key_term(*key);
        let field = reader.inverted_index(term.field())?;
        let Some(mut postings) = field.read_postings(&term, IndexRecordOption::Basic)? else {
            continue;
        };
        while postings.doc() != TERMINATED {
            docs.push(postings.doc());
            postings.advance();
        }
    }
    docs.sort_unstable();
    docs.dedup();
    Ok(docs)
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
        found.push(Hit { passage, score: 0.0, signals: Vec::new() });
    }
    found.sort_by(|left, right| {
        let by_document = left.passage.document_id.cmp(&right.passage.document_id);
        by_document.then(left.passage.ordinal.cmp(&right.passage.ordinal))
    });
    Ok(found)
}

fn read(searcher: &Searcher, stored: Field, address: DocAddress) -> tantivy::Result<Passage> {
    let entry: TantivyDocument = searcher.doc(address)?;
    let bytes = entry.get_first(stored).and_then(|it| it.as_bytes()).unwrap_or_default();
    serde_json::from_slice(bytes)
        .map_err(|error| tantivy::TantivyError::InternalError(error.to_string()))
}
