//! The passages that mean what is asked, whatever words they use: all of them are
//! looked at by a sketch of their meaning, the closest again in full.

use std::cmp::Reverse;

use foldhash::HashMap;
use foldhash::HashMapExt as _;
use foldhash::HashSet;
use foldhash::HashSetExt as _;
use tantivy::SegmentReader;

use super::DocumentKey;
use super::opened::Opened;
use super::opened::Segment;
use super::terms::MEANING;
use super::terms::PARTITION;
use crate::embed::Meaning;
use crate::embed::Sought;

/// Passages whose meaning is looked at in full. (Measured elsewhere with one bit a
/// number: of 500 such, 97 of 100 of the true ten closest were among them.)
const N_LOOKED_AT: usize = 400;

/// Passages all of whose signs are looked at: the closest by a part of them.
const N_SKETCHED: usize = 4 * N_LOOKED_AT;

/// From this many passages on, a sample tells how many lie how far away.
const MIN_SAMPLED: usize = 20_000;
const SAMPLE_STEP: usize = 8;

/// Distances that are compared with the limit at once.
const BLOCK: usize = 64;

/// What is less alike is about something else. (Guessed: most texts about different
/// matters have less than 0.2, most about the same one more than 0.4.)
const ALIKE_FROM: f32 = 0.35;

/// Signs of a meaning of up to this many parts are held in two numbers.
const FEW_PARTS: usize = 128;

/// The sketches of one segment. They never change: what is deleted is skipped.
pub(super) struct Sketches(Vec<Part>);

/// Those of one brand, audience and pool: what a reader may not see costs nothing. And
/// of one length: meanings of different embedders are not compared.
struct Part {
    partition: u64,
    n_parts: usize,
    /// The passages that mean something, ascending, and their sketches.
    docs: Vec<u32>,
    sketches: Signs,
}

/// Signs of the parts of meanings, one bit each.
enum Signs {
    /// Of meanings of [`FEW_PARTS`] at most: the first 64 of each, and the others. What
    /// is gone through for every question is half as long that way.
    Few(Vec<u64>, Vec<u64>),
    /// So many numbers a meaning, one meaning after the other.
    Many(usize, Vec<u64>),
}

impl Sketches {
    pub(super) fn read(reader: &SegmentReader) -> tantivy::Result<Sketches> {
        let meanings = reader.fast_fields().u64(MEANING)?;
        let partitions = reader.fast_fields().u64(PARTITION)?;
        let mut parts: Vec<Part> = Vec::new();
        let mut places: HashMap<(u64, usize), usize> = HashMap::new();
        let mut signs = Vec::new();
        for doc in 0..reader.max_doc() {
            let n_parts = Meaning::signs_in(meanings.values_for_doc(doc), &mut signs);
            let Some(partition) = partitions.first(doc).filter(|_| 0 < n_parts) else { continue };
            let place = *places.entry((partition, n_parts)).or_insert_with(|| {
                let sketches = Signs::new(n_parts);
                parts.push(Part { partition, n_parts, docs: Vec::new(), sketches });
                parts.len() - 1
            });
            if let Some(part) = parts.get_mut(place) {
                part.docs.push(doc);
                part.sketches.push(&signs);
            }
        }
        Ok(Sketches(parts))
    }

    fn parts(&self, allowed: &[u64], n_parts: usize) -> impl Iterator<Item = &Part> {
        self.0.iter().filter(move |it| it.n_parts == n_parts && allowed.contains(&it.partition))
    }
}

impl Signs {
    fn new(n_parts: usize) -> Signs {
        if n_parts <= FEW_PARTS {
            Signs::Few(Vec::new(), Vec::new())
        } else {
            Signs::Many(n_parts.div_ceil(64), Vec::new())
        }
    }

    fn push(&mut self, signs: &[u64]) {
        match self {
            Signs::Few(first, others) => {
                first.push(signs.first().copied().unwrap_or(0));
                others.push(signs.get(1).copied().unwrap_or(0));
            }
            Signs::Many(_, all) => all.extend_from_slice(signs),
        }
    }

    /// How far each passage is from what is asked, as a part of the signs, or a coarse
    /// count of them, tells. So plain that the compiler looks at several at once.
    fn distances(&self, asked: &[u64]) -> Vec<u8> {
        match self {
            Signs::Few(first, _) => {
                let asked = asked.first().copied().unwrap_or(0);
                first.iter().map(|it| (asked ^ it).count_ones() as u8).collect()
            }
            Signs::Many(n, all) => {
                let most = (*n as u32 * u64::BITS).div_ceil(u32::from(u8::MAX));
                all.chunks_exact(*n).map(|it| (differing(asked, it) / most) as u8).collect()
            }
        }
    }

    /// How many of all signs of one passage differ.
    fn distance(&self, idx: usize, asked: &[u64]) -> u32 {
        match self {
            Signs::Few(first, others) => {
                let of = |signs: &[u64], asked: Option<&u64>| {
                    let signs = signs.get(idx).copied().unwrap_or(0);
                    (signs ^ asked.copied().unwrap_or(0)).count_ones()
                };
                of(first, asked.first()) + of(others, asked.get(1))
            }
            Signs::Many(n, all) => {
                differing(asked, all.get(idx * n..(idx + 1) * n).unwrap_or_default())
            }
        }
    }
}

fn differing(one: &[u64], other: &[u64]) -> u32 {
    one.iter().zip(other).map(|(it, other)| (it ^ other).count_ones()).sum()
}

/// The documents with the closest passages, closest first; none that are about
/// something else.
pub(super) fn nearest(
    opened: &Opened,
    asked: &Sought,
    allowed: &[u64],
    n_documents: usize,
) -> Vec<DocumentKey> {
    let (signs, n_parts) = (asked.meaning().signs(), asked.meaning().n_parts());
    let parts = || {
        let segments = opened.segments.iter();
        segments.flat_map(|it| it.sketches.parts(allowed, n_parts).map(move |part| (it, part)))
    };
    let distances: Vec<Vec<u8>> =
        parts().map(|(_, part)| part.sketches.distances(&signs)).collect();
    let limit = limit(&distances);
    let mut close: Vec<Close> = Vec::with_capacity(N_SKETCHED);
    let mut sieve = Sieve::new(n_parts);
    for ((segment, part), distances) in parts().zip(&distances) {
        each_within(distances, limit, |idx| {
            let distance = part.sketches.distance(idx, &signs) as usize;
            let Some(doc) = part.docs.get(idx).filter(|_| distance <= sieve.last) else { return };
            if !segment.reader.is_deleted(*doc) {
                sieve.add(distance);
                close.push(Close { distance, segment, doc: *doc });
            }
        });
    }
    let mut found: Vec<(Reverse<Closeness>, DocumentKey)> = sieve
        .closest(&close)
        .filter_map(|Close { segment, doc, .. }| {
            let likeness = segment.likeness(*doc, asked)?;
            (ALIKE_FROM <= likeness).then(|| (Reverse(Closeness(likeness)), segment.document(*doc)))
        })
        .collect();
    found.sort_unstable();
    let mut seen = HashSet::new();
    let documents = found.into_iter().map(|(_, document)| document);
    documents.filter(|it| seen.insert(*it)).take(n_documents).collect()
}

/// A passage, and how many of its signs differ.
struct Close<'a> {
    distance: usize,
    segment: &'a Segment,
    doc: u32,
}

/// Tells from which distance on there are enough that are closer. Counted, because
/// there are some thousands of passages and few distances.
struct Sieve {
    /// By distance.
    n_at: Vec<usize>,
    /// Of those up to `last`.
    n: usize,
    /// What is further away is not looked at.
    last: usize,
}

impl Sieve {
    fn new(n_parts: usize) -> Sieve {
        Sieve { n_at: vec![0; n_parts + 1], n: 0, last: n_parts }
    }

    /// Counts one that is no further away than the last.
    fn add(&mut self, distance: usize) {
        if let Some(n) = self.n_at.get_mut(distance) {
            *n += 1;
            self.n += 1;
        }
        while let Some(n_last) = self.n_at.get(self.last)
            && N_LOOKED_AT <= self.n - n_last
        {
            self.n -= n_last;
            self.last -= 1;
        }
    }

    /// Those to be looked at: the closest, and of equally distant ones the first.
    fn closest<'a>(&self, close: &'a [Close<'a>]) -> impl Iterator<Item = &'a Close<'a>> {
        let last = self.last;
        let n_closer = self.n - self.n_at.get(last).copied().unwrap_or(0);
        let mut left = N_LOOKED_AT.saturating_sub(n_closer);
        close.iter().filter(move |it| {
            let is_last = it.distance == last && 0 < left;
            left -= usize::from(is_last);
            it.distance < last || is_last
        })
    }
}

/// The distance within which the passages to be sketched lie. With many it is told by
/// every eighth.
fn limit(distances: &[Vec<u8>]) -> u8 {
    let n_distances: usize = distances.iter().map(Vec::len).sum();
    let step = if n_distances < MIN_SAMPLED { 1 } else { SAMPLE_STEP };
    let mut n_at = [0_usize; u8::MAX as usize + 1];
    for distance in distances.iter().flat_map(|it| it.iter().step_by(step)) {
        n_at[usize::from(*distance)] += 1;
    }
    let mut n_closer = 0;
    let too_close = n_at.iter().take_while(|n| {
        n_closer += **n;
        n_closer * step < N_SKETCHED
    });
    u8::try_from(too_close.count()).unwrap_or(u8::MAX)
}

/// Calls `each` with the place of every distance within `limit`. There are few: most
/// blocks are passed over at one look.
fn each_within(distances: &[u8], limit: u8, mut each: impl FnMut(usize)) {
    for (block_idx, block) in distances.chunks(BLOCK).enumerate() {
        if block.iter().fold(u8::MAX, |least, it| least.min(*it)) <= limit {
            let within = block.iter().enumerate().filter(|(_, it)| **it <= limit);
            within.for_each(|(idx, _)| each(block_idx * BLOCK + idx));
        }
    }
}

#[derive(PartialEq)]
struct Closeness(f32);

impl Eq for Closeness {}

impl Ord for Closeness {
    fn cmp(&self, other: &Closeness) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Closeness {
    fn partial_cmp(&self, other: &Closeness) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
