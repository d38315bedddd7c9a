//! Turns a question into terms and terms into hits: BM25 over title, headings
//! and body, statistics of the reader's own scope. No query language anywhere.

use std::collections::HashMap;

use tantivy::DocAddress;
use tantivy::Searcher;
use tantivy::Term;
use tantivy::collector::Count;
use tantivy::collector::TopDocs;
use tantivy::query::BooleanQuery;
use tantivy::query::BoostQuery;
use tantivy::query::ConstScoreQuery;
use tantivy::query::EnableScoring;
use tantivy::query::Occur;
use tantivy::query::Query as TantivyQuery;
use tantivy::query::TermQuery;
use tantivy::schema::IndexRecordOption;

use super::Found;
use super::Query;
use super::reading::read_hits;
use super::reading::voter;
use super::reading::whole;
use super::statistics::Statistics;
use super::terms::Layout;
use super::terms::partitions;
use super::words::codes;
use super::words::question_stems;
use crate::knowledge::Pool;

/// More words make a query slow and not better. (Specified by our limits.)
const MAX_TERMS: usize = 64;

/// Words looked at before the best are chosen. (Guessed: a long mail.)
const MAX_CANDIDATES: usize = 400;

/// Words in a larger share of the passages than this tell nothing; leaving them
/// out is four to six times faster with the same hits. (Measured at 200,000.)
const COMMON_SHARE: f32 = 0.28;

/// Below this many passages no word is left out for being common: a help center
/// of ten articles is about ten things. (Guessed.)
const MIN_PASSAGES_FOR_COMMON: u64 = 300;

/// Hits that are read whole and whose score is taken apart. Of past tickets only
/// the best are shown; those behind them only vote.
fn n_read_whole(pool: Pool) -> usize {
    match pool {
        Pool::Article => 48,
        Pool::PastTicket => 12,
    }
}

/// How much a word counts by where it was asked. (Measured on 304 questions of
/// one forum, beside 0.3 and 0.7; the weight of the context is guessed.)
const TITLE_WEIGHT: f32 = 1.2;
const CONTEXT_WEIGHT: f32 = 0.4;

/// How much a word counts by where it was found, in the order of `Places::all`.
/// (Measured like the weights above; 1.6 and 3.0 for the title were no better.)
const PLACE_BOOSTS: [f32; 3] = [1.0, 0.7, 1.0];

/// One word of the question and how much it says.
#[derive(Debug, Clone)]
struct Word {
    /// Its stems in the languages of the passages.
    stems: Vec<String>,
    weight: f32,
    idf: f32,
}

/// Finds passages that share words with the query, best first. Empty if none do.
pub(super) fn search(
    searcher: &Searcher,
    layout: &Layout,
    query: &Query,
) -> tantivy::Result<Vec<Found>> {
    let partitions = partitions(&query.scope);
    let statistics = Statistics::new(searcher, layout, query, &partitions)?;
    if statistics.n_passages == 0 || query.limit == 0 {
        return Ok(Vec::new());
    }
    let words = words_of(searcher, layout, query, &partitions, &statistics)?;
    let mut clauses = clauses_of(layout, query.pool, &partitions, &words);
    let statistics = statistics.with_terms(searcher, clauses.iter().map(|it| &it.term))?;
    // Most stems of the other languages occur nowhere; each would cost a scorer.
    clauses.retain(|it| statistics.occurs(&it.term));
    let matching = clauses
        .iter()
        .map(|it| (Occur::Should, it.query(it.boost)))
        .collect::<Vec<(Occur, Box<dyn TantivyQuery>)>>();
    if matching.is_empty() {
        return Ok(Vec::new());
    }
    let mut tree: Box<dyn TantivyQuery> = Box::new(BooleanQuery::new(matching));
    if !query.within.is_empty() {
        let documents = query.within.iter().map(|it| {
            let term = layout.document_term(query.pool, &query.scope.brand, it);
            let named: Box<dyn TantivyQuery> =
                Box::new(TermQuery::new(term, IndexRecordOption::Basic));
            (Occur::Should, named)
        });
        let named =
            Box::new(ConstScoreQuery::new(Box::new(BooleanQuery::new(documents.collect())), 0.0));
        tree = Box::new(BooleanQuery::new(vec![(Occur::Must, tree), (Occur::Must, named)]));
    }
    // A few more than asked, so that equal scores are cut off by id and not by
    // where a passage happens to lie on disk.
    let collector = TopDocs::with_limit(query.limit + 8).order_by_score();
    let top = searcher.search_with_statistics_provider(&*tree, &collector, &statistics)?;
    let (best, rest) = top.split_at(top.len().min(n_read_whole(query.pool)));
    let mut found = read_hits(searcher, layout, best, whole)?;
    explain(searcher, &statistics, &clauses, &words, &mut found)?;
    found.extend(read_hits(searcher, layout, rest, voter)?);
    let mut found: Vec<Found> = found.into_iter().map(|(_, it)| it).collect();
    found.sort_by(|left, right| {
        let by_score = right.hit.score.total_cmp(&left.hit.score);
        by_score.then_with(|| left.hit.passage.id.cmp(&right.hit.passage.id))
    });
    found.truncate(query.limit);
    Ok(found)
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
    query: &Query,
) -> tantivy::Result<Vec<Found>> {
    let allowed = partitions(&query.scope).into_iter().map(|it| {
        let term = layout.audience_term(query.pool, &it);
        let named: Box<dyn TantivyQuery> = Box::new(TermQuery::new(term, IndexRecordOption::Basic));
        (Occur::Should, named)
    });
    let documents = query.within.iter().map(|it| {
        let term = layout.document_term(query.pool, &query.scope.brand, it);
        let named: Box<dyn TantivyQuery> = Box::new(TermQuery::new(term, IndexRecordOption::Basic));
        (Occur::Should, named)
    });
    let tree = BooleanQuery::new(vec![
        (Occur::Must, Box::new(BooleanQuery::new(documents.collect())) as Box<dyn TantivyQuery>),
        (Occur::Must, Box::new(BooleanQuery::new(allowed.collect()))),
    ]);
    let top = searcher.search(&tree, &TopDocs::with_limit(query.limit.max(1)).order_by_score())?;
    let mut found: Vec<Found> =
        read_hits(searcher, layout, &top, whole)?.into_iter().map(|(_, it)| it).collect();
    found.sort_by(|left, right| {
        let by_document = left.hit.passage.document_id.cmp(&right.hit.passage.document_id);
        by_document.then(left.hit.passage.ordinal.cmp(&right.hit.passage.ordinal))
    });
    Ok(found)
}

/// One term to look for.
struct Clause {
    term: Term,
    /// Index into the words, and into `Places::all`.
    word_idx: usize,
    place_idx: usize,
    boost: f32,
}

impl Clause {
    fn query(&self, boost: f32) -> Box<dyn TantivyQuery> {
        let term = TermQuery::new(self.term.clone(), IndexRecordOption::WithFreqs);
        Box::new(BoostQuery::new(Box::new(term), boost))
    }
}

fn clauses_of(layout: &Layout, pool: Pool, partitions: &[String], words: &[Word]) -> Vec<Clause> {
    let mut clauses = Vec::new();
    for (word_idx, word) in words.iter().enumerate() {
        for stem in &word.stems {
            for partition in partitions {
                let places = layout.places(pool).all();
                for (place_idx, ((_, field), boost)) in
                    places.into_iter().zip(PLACE_BOOSTS).enumerate()
                {
                    clauses.push(Clause {
                        term: layout.word_term(field, partition, stem),
                        word_idx,
                        place_idx,
                        boost: boost * word.weight,
                    });
                }
            }
        }
    }
    clauses
}

/// The words of the query worth looking for: weighted by where they were asked,
/// rare ones first where there are too many.
fn words_of(
    searcher: &Searcher,
    layout: &Layout,
    query: &Query,
    partitions: &[String],
    statistics: &Statistics,
) -> tantivy::Result<Vec<Word>> {
    let written = languages_of(searcher, layout, query)?;
    let language = query.language.as_deref();
    let mut words: Vec<Word> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let asked =
        [(&query.text, 1.0), (&query.title, TITLE_WEIGHT), (&query.context, CONTEXT_WEIGHT)];
    for (text, weight) in asked {
        for stems in question_stems(text, language, &written) {
            let Some(first) = stems.first() else { continue };
            if let Some(word) = places.get(first).and_then(|it| words.get_mut(*it)) {
                // Said again counts a little more, not twice as much.
                word.weight = (word.weight + 0.25 * weight).min(2.0);
            } else if words.len() < MAX_CANDIDATES {
                places.insert(first.clone(), words.len());
                words.push(Word { stems, weight, idf: 0.0 });
            }
        }
    }
    let body = layout.places(query.pool).body;
    let title = layout.places(query.pool).title;
    let n_passages = statistics.n_passages;
    let mut n_found: Vec<u64> = Vec::with_capacity(words.len());
    for word in &mut words {
        let mut n_with_word = 0;
        for stem in &word.stems {
            for partition in partitions {
                let in_body = searcher.doc_freq(&layout.word_term(body, partition, stem))?;
                // Few words stand in a title and not in what is below it.
                n_with_word += match in_body {
                    0 => searcher.doc_freq(&layout.word_term(title, partition, stem))?,
                    n => n,
                };
            }
        }
        word.idf = idf(n_with_word, n_passages);
        n_found.push(n_with_word);
    }
    Ok(choose(words, &n_found, n_passages))
}

/// Keeps the words that tell passages apart. Words that occur nowhere stay, with
/// their weight: that a question is about something unknown must be seen.
fn choose(words: Vec<Word>, n_found: &[u64], n_passages: u64) -> Vec<Word> {
    let limit = (n_passages as f32 * COMMON_SHARE) as u64;
    let is_common = |n: u64| MIN_PASSAGES_FOR_COMMON <= n_passages && limit < n;
    let any_rare = n_found.iter().any(|it| 0 < *it && !is_common(*it));
    let mut chosen: Vec<(usize, Word)> = words
        .into_iter()
        .zip(n_found)
        .filter(|(_, n)| !any_rare || !is_common(**n))
        .map(|(word, _)| word)
        .enumerate()
        .collect();
    chosen.sort_by(|(left_idx, left), (right_idx, right)| {
        let by_value = (right.idf * right.weight).total_cmp(&(left.idf * left.weight));
        by_value.then(left_idx.cmp(right_idx))
    });
    chosen.truncate(MAX_TERMS);
    chosen.into_iter().map(|(_, word)| word).collect()
}

/// Languages the passages of this brand are written in, the commonest first.
fn languages_of(
    searcher: &Searcher,
    layout: &Layout,
    query: &Query,
) -> tantivy::Result<Vec<&'static str>> {
    let mut counted = Vec::new();
    for code in codes() {
        let n = searcher.doc_freq(&layout.language_term(query.pool, &query.scope.brand, code))?;
        if 0 < n {
            counted.push((n, code));
        }
    }
    counted.sort_by(|left, right| right.cmp(left));
    // Each language adds its stems to the query, so only the main ones do.
    Ok(counted.into_iter().take(4).map(|(_, code)| code).collect())
}

fn idf(n_with_word: u64, n_passages: u64) -> f32 {
    let (n, total) = (n_with_word as f32, n_passages.max(n_with_word) as f32);
    (1.0 + (total - n + 0.5) / (n + 0.5)).ln()
}

/// Says of each hit what its score is made of, and which share of what the
/// question asks its passage speaks of. Hits are in the order of addresses.
fn explain(
    searcher: &Searcher,
    statistics: &Statistics,
    clauses: &[Clause],
    words: &[Word],
    found: &mut [(DocAddress, Found)],
) -> tantivy::Result<()> {
    let total: f32 = words.iter().map(|it| it.idf * it.weight).sum();
    let mut sums = vec![[0.0_f32; 3]; found.len()];
    let mut seen = vec![vec![false; words.len()]; found.len()];
    for clause in clauses {
        let scoring = EnableScoring::enabled_from_statistics_provider(statistics, searcher);
        let weight = clause.query(clause.boost).weight(scoring)?;
        let mut open: Option<(u32, Box<dyn tantivy::query::Scorer>)> = None;
        for (idx, (address, _)) in found.iter().enumerate() {
            let reader = searcher.segment_reader(address.segment_ord);
            let mut scorer = match open.take() {
                Some((segment, scorer)) if segment == address.segment_ord => scorer,
                Some(_) | None => weight.scorer(reader, 1.0)?,
            };
            if scorer.doc() < address.doc_id {
                scorer.seek(address.doc_id);
            }
            if scorer.doc() == address.doc_id {
                if let Some(sum) = sums.get_mut(idx).and_then(|it| it.get_mut(clause.place_idx)) {
                    *sum += scorer.score();
                }
                if let Some(flag) = seen.get_mut(idx).and_then(|it| it.get_mut(clause.word_idx)) {
                    *flag = true;
                }
            }
            open = Some((address.segment_ord, scorer));
        }
    }
    for (((_, found), sums), seen) in found.iter_mut().zip(sums).zip(seen) {
        let shared: f32 =
            words.iter().zip(seen).filter(|(_, it)| *it).map(|(it, _)| it.idf * it.weight).sum();
        let names = ["bm25.title", "bm25.headings", "bm25.body"];
        found.hit.signals =
            names.into_iter().zip(sums).map(|(name, sum)| (name.to_owned(), sum)).collect();
        let coverage = if 0.0 < total { shared / total } else { 0.0 };
        found.hit.signals.push(("coverage".to_owned(), coverage));
        // Summed in one order, so that the same index gives the same bits.
        found.hit.score = sums.iter().sum();
    }
    Ok(())
}
