//! From the words asked to the lists of passages that hold them: each term is
//! looked up once, and what its words are worth is read off the same lists.

use tantivy::postings::TermInfo;

use super::Query;
use super::opened::Opened;
use super::terms::Layout;
use super::terms::N_PLACES;

/// More words make a query slow and not better. (Specified by our limits.)
const MAX_TERMS: usize = 64;

/// Words in a larger share of the passages than this tell nothing; leaving them
/// out is four to six times faster with the same hits. (Measured at 200,000.)
const COMMON_SHARE: f32 = 0.28;

/// Below this many passages no word is left out for being common: a help center
/// of ten articles is about ten things. (Guessed.)
const MIN_PASSAGES_FOR_COMMON: u64 = 300;

/// One word of the question, and where it stands.
#[derive(Debug)]
pub(super) struct Word {
    /// Where it was asked, 0.3–2.0.
    pub(super) weight: f32,
    /// False for a synonym.
    pub(super) is_written: bool,
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

/// One query over one commit.
pub(super) struct Lookup<'a> {
    opened: &'a Opened,
    layout: &'a Layout,
    query: &'a Query<'a>,
    partitions: Vec<String>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(opened: &'a Opened, layout: &'a Layout, query: &'a Query<'a>) -> Lookup<'a> {
        let partitions = super::terms::partitions(query.scope);
        Lookup { opened, layout, query, partitions }
    }

    /// Number of passages the reader may see.
    pub(super) fn n_passages(&self) -> tantivy::Result<u64> {
        let mut n_passages = 0;
        for partition in &self.partitions {
            let term = self.layout.audience_term(self.query.pool, partition);
            n_passages += self.opened.searcher.doc_freq(&term)?;
        }
        Ok(n_passages)
    }

    /// The words of the query worth looking for, weighted by where they were
    /// asked, rare ones first.
    pub(super) fn words(&self, n_passages: u64) -> tantivy::Result<Vec<Word>> {
        let [title, _, body] = [0, 1, 2];
        let mut found = Vec::with_capacity(self.query.question.words.len());
        for asked in &self.query.question.words {
            let stems = asked.stems.as_slice();
            let (weight, is_written) = (asked.weight, asked.is_written);
            let mut word = Word { weight, is_written, idf: 0.0, terms: self.terms(stems, body)? };
            let mut n_with_word = word.n_passages();
            // Few words stand in a title and not in what is below it.
            if n_with_word == 0 {
                word.terms = self.terms(stems, title)?;
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
                let more = self.terms(stems, place_idx)?;
                word.terms.extend(more);
            }
            words.push(word);
        }
        Ok(words)
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
                let segments = self.opened.segments.iter();
                let fields =
                    segments.filter_map(|it| it.fields(self.query.pool).words.get(place_idx));
                let by_segment = fields
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
fn choose(found: Vec<(&[String], Word, u64)>, n_passages: u64) -> Vec<(&[String], Word)> {
    let limit = (n_passages as f32 * COMMON_SHARE) as u64;
    let is_common = |n: u64| MIN_PASSAGES_FOR_COMMON <= n_passages && limit < n;
    let any_rare = found.iter().any(|(_, _, n)| 0 < *n && !is_common(*n));
    let mut chosen: Vec<(&[String], Word)> = found
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
