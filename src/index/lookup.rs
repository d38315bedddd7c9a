//! From the words asked to the lists of passages that hold them: each term is
//! looked up once, and what its words are worth is read off the same lists.

use std::collections::HashMap;
use std::sync::Arc;

use tantivy::InvertedIndexReader;
use tantivy::Searcher;
use tantivy::postings::TermInfo;
use tantivy::schema::Field;

use super::Query;
use super::terms::Layout;
use super::terms::N_PLACES;
use super::words::code_of;
use super::words::codes;
use super::words::question_stems;

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

/// Each language adds its stems to a query, so only the commonest ones do.
const MAX_LANGUAGES: usize = 4;

/// How much a word counts by where it was asked. (Measured on 304 questions of
/// one forum, beside 0.3 and 0.7; the weight of the context is guessed.)
const TITLE_WEIGHT: f32 = 1.2;
const CONTEXT_WEIGHT: f32 = 0.4;

/// One word of the question, and where it stands.
#[derive(Debug)]
pub(super) struct Word {
    /// Where it was asked, 0.4–2.0.
    pub(super) weight: f32,
    /// How rare it is among the passages the reader may see.
    pub(super) idf: f32,
    /// Empty if it occurs nowhere.
    pub(super) terms: Vec<TermLists>,
}

/// One stem of a word in one place of the passages of one partition.
#[derive(Debug)]
pub(super) struct TermLists {
    pub(super) place_idx: usize,
    pub(super) n_passages: u64,
    /// By segment; `None` where the segment does not hold it.
    pub(super) by_segment: Vec<Option<TermInfo>>,
}

/// The fields of one pool, opened in every segment.
pub(super) struct Lookup<'a> {
    searcher: &'a Searcher,
    layout: &'a Layout,
    query: &'a Query,
    partitions: Vec<String>,
    /// By place, then by segment.
    fields: Vec<Vec<Arc<InvertedIndexReader>>>,
}

impl<'a> Lookup<'a> {
    pub(super) fn open(
        searcher: &'a Searcher,
        layout: &'a Layout,
        query: &'a Query,
    ) -> tantivy::Result<Lookup<'a>> {
        let mut fields = Vec::with_capacity(N_PLACES);
        for field in layout.places(query.pool).all() {
            let segments = searcher.segment_readers().iter();
            let opened = segments.map(|it| it.inverted_index(field));
            fields.push(opened.collect::<tantivy::Result<Vec<_>>>()?);
        }
        let partitions = super::terms::partitions(&query.scope);
        Ok(Lookup { searcher, layout, query, partitions, fields })
    }

    /// The fields of the pool.
    pub(super) fn places(&self) -> [Field; N_PLACES] {
        self.layout.places(self.query.pool).all()
    }

    /// The field of a place in one segment.
    pub(super) fn field(
        &self,
        place_idx: usize,
        segment_idx: usize,
    ) -> Option<&InvertedIndexReader> {
        Some(self.fields.get(place_idx)?.get(segment_idx)?)
    }

    /// Number of passages the reader may see.
    pub(super) fn n_passages(&self) -> tantivy::Result<u64> {
        let mut n_passages = 0;
        for partition in &self.partitions {
            let term = self.layout.audience_term(self.query.pool, partition);
            n_passages += self.searcher.doc_freq(&term)?;
        }
        Ok(n_passages)
    }

    /// The words of the query worth looking for: weighted by where they were
    /// asked, rare ones first.
    pub(super) fn words(&self, n_passages: u64) -> tantivy::Result<Vec<Word>> {
        let [title, _, body] = [0, 1, 2];
        let mut found = Vec::new();
        for (stems, weight) in self.asked()? {
            let mut word = Word { weight, idf: 0.0, terms: self.terms(&stems, body)? };
            let mut n_with_word = word.n_passages();
            // Few words stand in a title and not in what is below it.
            if n_with_word == 0 {
                word.terms = self.terms(&stems, title)?;
                n_with_word = word.n_passages();
                word.terms.clear();
            }
            word.idf = idf(n_with_word, n_passages);
            found.push((stems, word, n_with_word));
        }
        let chosen = choose(found, n_passages);
        let mut words = Vec::with_capacity(chosen.len());
        for (stems, mut word) in chosen {
            for place_idx in (0..N_PLACES).filter(|it| *it != body) {
                let more = self.terms(&stems, place_idx)?;
                word.terms.extend(more);
            }
            words.push(word);
        }
        Ok(words)
    }

    /// The stems of each word asked and its weight, in the order of the question.
    fn asked(&self) -> tantivy::Result<Vec<(Vec<String>, f32)>> {
        let query = self.query;
        let written = self.languages()?;
        let language = query.language.as_deref();
        let mut words: Vec<(Vec<String>, f32)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let asked =
            [(&query.text, 1.0), (&query.title, TITLE_WEIGHT), (&query.context, CONTEXT_WEIGHT)];
        for (text, weight) in asked {
            for stems in question_stems(text, language, &written) {
                let Some(first) = stems.first() else { continue };
                if let Some(word) = places.get(first).and_then(|it| words.get_mut(*it)) {
                    // Said again counts a little more, not twice as much.
                    word.1 = (word.1 + 0.25 * weight).min(2.0);
                } else if words.len() < MAX_CANDIDATES {
                    places.insert(first.clone(), words.len());
                    words.push((stems, weight));
                }
            }
        }
        Ok(words)
    }

    /// Languages the passages of this brand are written in: the question's own
    /// before the commonest.
    fn languages(&self) -> tantivy::Result<Vec<&'static str>> {
        let own = code_of(self.query.language.as_deref());
        let mut counted = Vec::new();
        for code in codes() {
            let brand = &self.query.scope.brand;
            let term = self.layout.language_term(self.query.pool, brand, code);
            let n_passages = self.searcher.doc_freq(&term)?;
            if 0 < n_passages {
                counted.push((code == own, n_passages, code));
            }
        }
        counted.sort_by(|left, right| right.cmp(left));
        Ok(counted.into_iter().take(MAX_LANGUAGES).map(|(.., code)| code).collect())
    }

    /// Where the stems of one word stand, in one place of the passages. A stem
    /// that no passage has is left out: most stems of other languages.
    fn terms(&self, stems: &[String], place_idx: usize) -> tantivy::Result<Vec<TermLists>> {
        let mut terms = Vec::new();
        let mut key = String::new();
        for stem in stems {
            for partition in &self.partitions {
                key.clear();
                key.push_str(partition);
                key.push_str(stem);
                let segments = self.fields.get(place_idx).into_iter().flatten();
                let by_segment = segments
                    .map(|it| it.terms().get(key.as_bytes()))
                    .collect::<std::io::Result<Vec<Option<TermInfo>>>>()?;
                let n_passages = by_segment.iter().flatten().map(|it| u64::from(it.doc_freq)).sum();
                if 0 < n_passages {
                    terms.push(TermLists { place_idx, n_passages, by_segment });
                }
            }
        }
        Ok(terms)
    }
}

impl Word {
    fn n_passages(&self) -> u64 {
        self.terms.iter().map(|it| it.n_passages).sum()
    }
}

/// Keeps the words that tell passages apart. Words that occur nowhere stay, with
/// their weight: that a question is about something unknown must be seen.
fn choose(found: Vec<(Vec<String>, Word, u64)>, n_passages: u64) -> Vec<(Vec<String>, Word)> {
    let limit = (n_passages as f32 * COMMON_SHARE) as u64;
    let is_common = |n: u64| MIN_PASSAGES_FOR_COMMON <= n_passages && limit < n;
    let any_rare = found.iter().any(|(_, _, n)| 0 < *n && !is_common(*n));
    let mut chosen: Vec<(Vec<String>, Word)> = found
        .into_iter()
        .filter(|(_, _, n)| !any_rare || !is_common(*n))
        .map(|(stems, word, _)| (stems, word))
        .collect();
    // Stable: equal words stay in the order of the question.
    chosen.sort_by(|(_, left), (_, right)| {
        (right.idf * right.weight).total_cmp(&(left.idf * left.weight))
    });
    chosen.truncate(MAX_TERMS);
    chosen
}

/// How much a word tells that `n_with_word` of `n_passages` hold.
/// (Robertson and Spärck Jones, as Lucene computes it.)
pub(super) fn idf(n_with_word: u64, n_passages: u64) -> f32 {
    let (n, total) = (n_with_word as f32, n_passages.max(n_with_word) as f32);
    (1.0 + (total - n + 0.5) / (n + 0.5)).ln()
}
