//! The passages that mean what is asked, whatever words they use: all of them are
//! looked at by a sketch of their meaning, the closest again in full.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::HashSet;

use tantivy::SegmentReader;

use super::DocumentKey;
use super::opened::Opened;
use super::opened::Segment;
use super::terms::MEANING;
use super::terms::PARTITION;
use crate::embed::DIMS;
use crate::embed::Meaning;

/// Passages whose meaning is looked at in full. (Measured elsewhere with one bit a
/// number: of 500 such, 97 of 100 of the true ten closest were among them.)
const N_LOOKED_AT: usize = 400;

/// From this many passages on, a sample tells how many lie how far away.
const MIN_SAMPLED: usize = 20_000;
const SAMPLE_STEP: usize = 8;

/// Distances that are compared with the limit at once.
const BLOCK: usize = 64;

/// What is less alike is about something else. (Guessed: most texts about different
/// matters have less than 0.2, most about the same one more than 0.4.)
const ALIKE_FROM: f32 = 0.35;

/// Signs of the numbers of a meaning, one bit each.
type Sketch = [u64; 2];

/// The sketches of one segment. They never change: what is deleted is skipped.
pub(super) struct Sketches(Vec<Part>);

/// Those of one brand, audience and pool: what a reader may not see costs nothing.
struct Part {
    partition: u64,
    /// The passages that mean something, ascending, and their sketches.
    docs: Vec<u32>,
    sketches: Vec<Sketch>,
}

impl Sketches {
    pub(super) fn read(reader: &SegmentReader) -> tantivy::Result<Sketches> {
        let meanings = reader.fast_fields().u64(MEANING)?;
        let partitions = reader.fast_fields().u64(PARTITION)?;
        let mut parts: Vec<Part> = Vec::new();
        let mut places: HashMap<u64, usize> = HashMap::new();
        for doc in 0..reader.max_doc() {
            let meaning = Meaning::from_words(meanings.values_for_doc(doc));
            let (Some(meaning), Some(partition)) = (meaning, partitions.first(doc)) else {
                continue;
            };
            let place = *places.entry(partition).or_insert_with(|| {
                parts.push(Part { partition, docs: Vec::new(), sketches: Vec::new() });
                parts.len() - 1
            });
            if let Some(part) = parts.get_mut(place) {
                part.docs.push(doc);
                part.sketches.push(meaning.signs());
            }
        }
        Ok(Sketches(parts))
    }

    fn parts(&self, allowed: &[u64]) -> impl Iterator<Item = &Part> {
        self.0.iter().filter(|it| allowed.contains(&it.partition))
    }
}

impl Part {
    /// How many signs differ, of each passage. So plain that the compiler looks at
    /// several at once.
    fn distances(&self, asked: Sketch) -> Vec<u8> {
        let differ =
            |it: &Sketch| ((asked[0] ^ it[0]).count_ones() + (asked[1] ^ it[1]).count_ones()) as u8;
        self.sketches.iter().map(differ).collect()
    }
}

/// The documents with the closest passages, closest first; none that are about
/// something else.
pub(super) fn nearest(
    opened: &Opened,
    asked: &Meaning,
    allowed: &[u64],
    n_documents: usize,
) -> Vec<DocumentKey> {
    let sketch = asked.signs();
    let parts = || {
        let segments = opened.segments.iter();
        segments.flat_map(|it| it.sketches.parts(allowed).map(move |part| (it, part)))
    };
    let distances: Vec<Vec<u8>> = parts().map(|(_, part)| part.distances(sketch)).collect();
    let limit = limit(&distances);
    let mut close: Vec<(u8, &Segment, u32)> = Vec::with_capacity(2 * N_LOOKED_AT);
    for ((segment, part), distances) in parts().zip(&distances) {
        each_within(distances, limit, |idx, distance| {
            let doc = part.docs.get(idx).filter(|it| !segment.reader.is_deleted(**it));
            close.extend(doc.map(|it| (distance, segment, *it)));
        });
    }
    // Stable: of equally distant ones the same are looked at each time.
    close.sort_by_key(|(distance, ..)| *distance);
    let mut found: Vec<(Reverse<Closeness>, DocumentKey)> = close
        .into_iter()
        .take(N_LOOKED_AT)
        .filter_map(|(_, segment, doc)| {
            let likeness = segment.meaning(doc)?.likeness(asked);
            (ALIKE_FROM <= likeness).then(|| (Reverse(Closeness(likeness)), segment.document(doc)))
        })
        .collect();
    found.sort_unstable();
    let mut seen = HashSet::new();
    let documents = found.into_iter().map(|(_, document)| document);
    documents.filter(|it| seen.insert(*it)).take(n_documents).collect()
}

/// The distance within which the passages that are looked at lie, and some more.
/// With many it is told by every eighth.
fn limit(distances: &[Vec<u8>]) -> u8 {
    let n_distances: usize = distances.iter().map(Vec::len).sum();
    let step = if n_distances < MIN_SAMPLED { 1 } else { SAMPLE_STEP };
    let mut n_at = [0_usize; DIMS + 1];
    for distance in distances.iter().flat_map(|it| it.iter().step_by(step)) {
        if let Some(n) = n_at.get_mut(usize::from(*distance)) {
            *n += 1;
        }
    }
    let mut n_closer = 0;
    let too_close = n_at.iter().take_while(|n| {
        n_closer += **n;
        n_closer * step < N_LOOKED_AT
    });
    too_close.count() as u8
}

/// Calls `each` with the place and the distance of every one within `limit`. There
/// are few: most blocks are passed over at one look.
fn each_within(distances: &[u8], limit: u8, mut each: impl FnMut(usize, u8)) {
    for (block_idx, block) in distances.chunks(BLOCK).enumerate() {
        if block.iter().fold(u8::MAX, |least, it| least.min(*it)) <= limit {
            for (idx, distance) in block.iter().enumerate().filter(|(_, it)| **it <= limit) {
                each(block_idx * BLOCK + idx, *distance);
            }
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
