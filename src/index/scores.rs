//! Scores every passage that shares a word with the question, list by list, and
//! keeps the best: the parts of a score come with it and cost nothing more.

use std::cell::Cell;

use tantivy::DocAddress;
use tantivy::fieldnorm::FieldNormReader;
use tantivy::postings::BlockSegmentPostings;
use tantivy::schema::IndexRecordOption;

use super::DocumentKey;
use super::lookup::Word;
use super::lookup::idf;
use super::opened::Averages;
use super::opened::Segment;
use super::terms::N_PLACES;
use crate::knowledge::Pool;

/// Saturation and length normalisation of BM25. (The usual values.)
const K1: f32 = 1.2;
const B: f32 = 0.75;

/// How much a word counts by where it was found: title, headings, body.
/// (Measured on 304 questions; 1.6 and 3.0 for the title were no better.)
const PLACE_BOOSTS: [f32; N_PLACES] = [1.0, 0.7, 1.0];

/// Passages scored at once: what their sums take stays in the second cache.
const WINDOW: u32 = 1 << 14;

/// A passage that shares words with the question.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Match {
    pub(super) address: DocAddress,
    /// The document it is a passage of.
    pub document: DocumentKey,
    /// BM25; comparable within one result only.
    pub score: f32,
    /// What title, headings and body contribute to it.
    pub(super) places: [f32; N_PLACES],
    /// Share of what the question asks about that the passage speaks of,
    /// 0.0–1.0, rare words counting more.
    pub coverage: f32,
}

/// What is known of one passage so far.
#[derive(Clone, Copy, Default)]
struct Sums {
    places: [f32; N_PLACES],
    covered: f32,
    /// One more than the index of the last word that was found in it; 0 for none.
    word: u16,
}

/// One list of passages, read from front to back.
struct Cursor<'a> {
    postings: BlockSegmentPostings,
    /// Within the block.
    next_idx: usize,
    word: u16,
    place_idx: usize,
    weight: f32,
    covered: f32,
    lengths: &'a FieldNormReader,
    norms: &'a [f32; 256],
}

/// One question, ready to be asked of segment after segment.
pub(super) struct Scoring<'a> {
    pool: Pool,
    words: &'a [Word],
    n_passages: u64,
    norms: [[f32; 256]; N_PLACES],
    /// What the whole question would cover.
    total: f32,
    window: Window,
}

/// What is known of the passages of one window; all zero between two.
#[derive(Default)]
struct Window {
    sums: Vec<Sums>,
    /// Which of them are not zero, a bit for each: read out in order without being sorted.
    touched: Vec<u64>,
}

thread_local! {
    /// Cleared memory costs more than what is read into it, so the next question gets
    /// what this one leaves.
    static LEFT: Cell<Window> = const { Cell::new(Window { sums: Vec::new(), touched: Vec::new() }) };
}

impl<'a> Scoring<'a> {
    pub(super) fn new(
        pool: Pool,
        words: &'a [Word],
        n_passages: u64,
        averages: Averages,
    ) -> Scoring<'a> {
        Scoring {
            pool,
            words,
            n_passages,
            norms: averages.map(norms),
            total: words.iter().filter(|it| it.is_written).map(|it| it.idf * it.weight).sum(),
            window: LEFT.try_with(Cell::take).unwrap_or_default(),
        }
    }

    /// Leaves the window to the next question.
    pub(super) fn end(self) {
        LEFT.try_with(|it| it.set(self.window)).ok();
    }

    /// Scores one segment and keeps its best passages, and all of those in `also`,
    /// which ascend, whether or not they share a word with the question.
    pub(super) fn segment(
        &mut self,
        segment_idx: usize,
        segment: &Segment,
        also: &[u32],
        best: &mut Best,
    ) -> tantivy::Result<()> {
        // What ends in an error here is not used again.
        let Window { mut sums, mut touched } = std::mem::take(&mut self.window);
        // A small segment needs no whole window.
        let width = segment.reader.max_doc().min(WINDOW) as usize;
        if sums.len() < width {
            sums.resize(width, Sums::default());
        }
        touched.resize((WINDOW / u64::BITS) as usize, 0);
        let mut cursors = self.cursors(segment_idx, segment)?;
        let mut also = also.iter().copied().peekable();
        // What lies between two windows holds none of the words.
        while let Some(start) = cursors.iter().filter_map(Cursor::doc).min() {
            for cursor in &mut cursors {
                cursor.add(start, &mut sums, &mut touched);
            }
            cursors.retain(|it| it.doc().is_some());
            for offset in offsets(&mut touched) {
                let Some(sum) = sums.get_mut(offset as usize).map(std::mem::take) else { continue };
                let doc = start + offset;
                while let Some(doc) = also.next_if(|it| *it < doc) {
                    best.name(segment_idx, segment, doc);
                }
                let is_named = also.next_if_eq(&doc).is_some();
                let score: f32 = sum.places.iter().sum();
                if (best.threshold <= score || is_named) && !segment.reader.is_deleted(doc) {
                    let address = DocAddress::new(segment_idx as u32, doc);
                    let coverage = self.coverage(sum.covered);
                    let document = segment.document(doc);
                    let found = Match { address, document, score, places: sum.places, coverage };
                    best.push(found, is_named);
                }
            }
        }
        drop(cursors);
        also.for_each(|doc| best.name(segment_idx, segment, doc));
        self.window = Window { sums, touched };
        Ok(())
    }

    /// The share of the question that is covered. A synonym stands in for what was
    /// written: together they cover no more than all of it.
    fn coverage(&self, covered: f32) -> f32 {
        if 0.0 < self.total { (covered / self.total).min(1.0) } else { 0.0 }
    }

    fn cursors<'b>(
        &'b self,
        segment_idx: usize,
        segment: &'b Segment,
    ) -> tantivy::Result<Vec<Cursor<'b>>> {
        let fields = segment.fields(self.pool);
        let mut cursors = Vec::new();
        for (word, it) in (1_u16..).zip(self.words) {
            for term in &it.terms {
                let Some(Some(info)) = term.by_segment.get(segment_idx) else { continue };
                let (Some(field), Some(lengths), Some(norms), Some(boost)) = (
                    fields.words.get(term.place_idx),
                    fields.lengths.get(term.place_idx),
                    self.norms.get(term.place_idx),
                    PLACE_BOOSTS.get(term.place_idx),
                ) else {
                    continue;
                };
                let option = IndexRecordOption::WithFreqs;
                let postings = field.read_block_postings_from_terminfo(info, option)?;
                let n_with_term = term.n_passages.min(self.n_passages);
                cursors.push(Cursor {
                    postings,
                    next_idx: 0,
                    word,
                    place_idx: term.place_idx,
                    weight: boost * it.weight * idf(n_with_term, self.n_passages) * (K1 + 1.0),
                    covered: it.idf * it.weight,
                    lengths,
                    norms,
                });
            }
        }
        Ok(cursors)
    }
}

impl Cursor<'_> {
    /// The next passage; `None` at the end of the list.
    fn doc(&self) -> Option<u32> {
        self.postings.docs().get(self.next_idx).copied()
    }

    /// Adds what this list says of the passages from `start` on, one window.
    fn add(&mut self, start: u32, sums: &mut [Sums], touched: &mut [u64]) {
        loop {
            let docs = self.postings.docs().get(self.next_idx..).unwrap_or_default();
            let freqs = self.postings.freqs().get(self.next_idx..).unwrap_or_default();
            let mut n_added = 0;
            for (doc, freq) in docs.iter().zip(freqs) {
                let offset = doc - start;
                let Some(sum) = sums.get_mut(offset as usize) else { break };
                let freq = *freq as f32;
                let norm = self.norms[usize::from(self.lengths.fieldnorm_id(*doc))];
                sum.places[self.place_idx] += self.weight * freq / (freq + norm);
                if sum.word != self.word {
                    if let Some(bits) = touched.get_mut((offset / u64::BITS) as usize) {
                        *bits |= 1 << (offset % u64::BITS);
                    }
                    sum.word = self.word;
                    sum.covered += self.covered;
                }
                n_added += 1;
            }
            self.next_idx += n_added;
            if n_added < docs.len() || docs.is_empty() {
                return;
            }
            self.postings.advance();
            self.next_idx = 0;
        }
    }
}

/// The bits that are set, in ascending order; none is afterwards.
fn offsets(touched: &mut [u64]) -> impl Iterator<Item = u32> {
    (0..).step_by(u64::BITS as usize).zip(touched).flat_map(|(start, bits)| {
        let mut left = std::mem::take(bits);
        std::iter::from_fn(move || {
            let next = (left != 0).then(|| start + left.trailing_zeros());
            left &= left.wrapping_sub(1);
            next
        })
    })
}

/// The lengths of an index are kept as one byte each; this is BM25's
/// denominator for each of them.
fn norms(average_length: f32) -> [f32; 256] {
    std::array::from_fn(|id| {
        let length = FieldNormReader::id_to_fieldnorm(u8::try_from(id).unwrap_or(u8::MAX)) as f32;
        K1 * (1.0 - B + B * length / average_length)
    })
}

/// The best passages seen so far, and those that were asked for by name.
pub(super) struct Best {
    limit: usize,
    /// What a passage must reach; rises as better ones are found.
    threshold: f32,
    best: Vec<Match>,
    named: Vec<Match>,
}

impl Best {
    pub(super) fn new(limit: usize) -> Best {
        Best { limit, threshold: 0.0, best: Vec::new(), named: Vec::new() }
    }

    /// Keeps a passage that was asked for and shares no word with the question.
    fn name(&mut self, segment_idx: usize, segment: &Segment, doc: u32) {
        if !segment.reader.is_deleted(doc) {
            let address = DocAddress::new(segment_idx as u32, doc);
            let (document, places) = (segment.document(doc), [0.0; N_PLACES]);
            self.named.push(Match { address, document, score: 0.0, places, coverage: 0.0 });
        }
    }

    fn push(&mut self, found: Match, is_named: bool) {
        if found.score < self.threshold {
            self.named.push(found);
            return;
        }
        if is_named {
            self.named.push(found);
        }
        self.best.push(found);
        if 4 * self.limit + 64 <= self.best.len() {
            self.shrink();
        }
    }

    fn shrink(&mut self) {
        if self.limit < self.best.len() {
            let (_, last, _) = self.best.select_nth_unstable_by(self.limit, better_first);
            self.threshold = last.score;
            self.best.truncate(self.limit);
        }
    }

    /// All of them once, best first.
    pub(super) fn into_matches(mut self) -> Vec<Match> {
        self.shrink();
        self.best.append(&mut self.named);
        self.best.sort_unstable_by(better_first);
        self.best.dedup_by_key(|it| it.address);
        self.best
    }
}

/// Equal scores are told apart by the document, not by where it lies on disk.
fn better_first(left: &Match, right: &Match) -> std::cmp::Ordering {
    let by_score = right.score.total_cmp(&left.score);
    by_score.then(left.document.cmp(&right.document)).then(left.address.cmp(&right.address))
}
