//! The passages that mean what is asked, whatever words they use: all of them are
//! looked at by a sketch of their meaning, the closest again in full.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::HashSet;

use tantivy::SegmentReader;

use super::DocumentKey;
use super::opened::Opened;
use super::terms::MEANING;
use super::terms::PARTITION;
use crate::embed::DIMS;
use crate::embed::Meaning;

/// Passages whose meaning is looked at in full. (Measured elsewhere with one bit a
/// number: of 500 such, 97 of 100 of the true ten closest were among them.)
const N_LOOKED_AT: usize = 300;

/// What is less alike is about something else. (Guessed: most texts about different
/// matters have less than 0.2, most about the same one more than 0.4.)
const ALIKE_FROM: f32 = 0.35;

/// Signs of the numbers of a meaning, one bit each.
type Sketch = [u64; 2];

/// The sketches of one segment. They never change: what is deleted is skipped.
pub(super) struct Sketches {
    sketches: Vec<Sketch>,
    /// Which brand, audience and pool each passage is of, as a place in the list
    /// below; [`NOTHING`] for one that means nothing.
    partition_idxs: Vec<u16>,
    partitions: Vec<u64>,
}

const NOTHING: u16 = u16::MAX;

impl Sketches {
    pub(super) fn read(reader: &SegmentReader) -> tantivy::Result<Sketches> {
        let meanings = reader.fast_fields().u64(MEANING)?;
        let partitions = reader.fast_fields().u64(PARTITION)?;
        let mut read = Sketches {
            sketches: Vec::with_capacity(reader.max_doc() as usize),
            partition_idxs: Vec::with_capacity(reader.max_doc() as usize),
            partitions: Vec::new(),
        };
        let mut places: HashMap<u64, u16> = HashMap::new();
        for doc in 0..reader.max_doc() {
            let meaning = Meaning::from_words(meanings.values_for_doc(doc));
            let place = partitions.first(doc).filter(|_| meaning.is_some()).map(|partition| {
                *places.entry(partition).or_insert_with(|| {
                    read.partitions.push(partition);
                    u16::try_from(read.partitions.len() - 1).unwrap_or(NOTHING)
                })
            });
            read.partition_idxs.push(place.unwrap_or(NOTHING));
            read.sketches.push(meaning.map_or([0; 2], |it| it.signs()));
        }
        Ok(read)
    }

    /// How many signs differ, of each passage a reader may see.
    fn distances(&self, asked: Sketch, allowed: &[u64]) -> impl Iterator<Item = (u32, usize)> {
        let allowed: Vec<bool> = self.partitions.iter().map(|it| allowed.contains(it)).collect();
        let all = (0_u32..).zip(self.partition_idxs.iter().zip(&self.sketches));
        all.filter_map(move |(doc, (partition_idx, sketch))| {
            let is_allowed = allowed.get(usize::from(*partition_idx)).copied().unwrap_or(false);
            let [first, second] = [asked[0] ^ sketch[0], asked[1] ^ sketch[1]];
            is_allowed.then(|| (doc, (first.count_ones() + second.count_ones()) as usize))
        })
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
    let each = || {
        opened.segments.iter().flat_map(|segment| {
            let distances = segment.sketches.distances(sketch, allowed);
            distances.map(move |(doc, distance)| (segment, doc, distance))
        })
    };
    // Two passes: how many there are at each distance, then those close enough.
    let mut n_at = [0_usize; DIMS + 1];
    for (.., distance) in each() {
        if let Some(n) = n_at.get_mut(distance) {
            *n += 1;
        }
    }
    let mut n_closer = 0;
    let limit = n_at.iter().take_while(|n| {
        n_closer += **n;
        n_closer < N_LOOKED_AT
    });
    let limit = limit.count();
    let close = each()
        .filter(|(segment, doc, distance)| *distance <= limit && !segment.reader.is_deleted(*doc));
    let mut found: Vec<(Reverse<Closeness>, DocumentKey)> = close
        .take(2 * N_LOOKED_AT)
        .filter_map(|(segment, doc, _)| {
            let likeness = segment.meaning(doc)?.likeness(asked);
            (ALIKE_FROM <= likeness).then(|| (Reverse(Closeness(likeness)), segment.document(doc)))
        })
        .collect();
    found.sort_unstable();
    let mut seen = HashSet::new();
    let documents = found.into_iter().map(|(_, document)| document);
    documents.filter(|it| seen.insert(*it)).take(n_documents).collect()
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
