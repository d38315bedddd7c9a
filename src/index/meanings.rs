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
use crate::embed::Meaning;
use crate::embed::Sought;

/// Passages whose meaning is looked at in full. (Measured elsewhere with one bit a
/// number: of 500 such, 97 of 100 of the true ten closest were among them.)
const N_LOOKED_AT: usize = 300;

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
    /// Of meanings of [`FEW_PARTS`] at most.
    Few(Vec<[u64; 2]>),
    /// So many numbers a meaning, one meaning after the other.
    Many(usize, Vec<u64>),
}

/// How many signs differ, of each passage.
enum Distances {
    Few(Vec<u8>),
    Many(Vec<u16>),
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
            Signs::Few(Vec::new())
        } else {
            Signs::Many(n_parts.div_ceil(64), Vec::new())
        }
    }

    fn push(&mut self, signs: &[u64]) {
        match self {
            Signs::Few(all) => all.push(in_two(signs)),
            Signs::Many(_, all) => all.extend_from_slice(signs),
        }
    }

    fn distances(&self, asked: &[u64]) -> Distances {
        match self {
            Signs::Few(all) => {
                let asked = in_two(asked);
                // So plain that the compiler looks at several at once.
                let differ = |it: &[u64; 2]| {
                    ((asked[0] ^ it[0]).count_ones() + (asked[1] ^ it[1]).count_ones()) as u8
                };
                Distances::Few(all.iter().map(differ).collect())
            }
            Signs::Many(n, all) => {
                let differ = |it: &[u64]| {
                    let pairs = asked.iter().zip(it);
                    pairs.map(|(it, other)| (it ^ other).count_ones() as u16).sum()
                };
                Distances::Many(all.chunks_exact(*n).map(differ).collect())
            }
        }
    }
}

fn in_two(signs: &[u64]) -> [u64; 2] {
    let mut signs = signs.iter().copied();
    std::array::from_fn(|_| signs.next().unwrap_or(0))
}

impl Distances {
    fn each(&self, mut look: impl FnMut(usize, usize)) {
        match self {
            Distances::Few(all) => {
                all.iter().enumerate().for_each(|(idx, it)| look(idx, usize::from(*it)));
            }
            Distances::Many(all) => {
                all.iter().enumerate().for_each(|(idx, it)| look(idx, usize::from(*it)));
            }
        }
    }
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
    let distances: Vec<Distances> =
        parts().map(|(_, part)| part.sketches.distances(&signs)).collect();
    let limit = limit(&distances, n_parts);
    let mut close: Vec<(&Segment, u32)> = Vec::new();
    for ((segment, part), distances) in parts().zip(&distances) {
        distances.each(|idx, distance| {
            if distance <= limit
                && close.len() < 2 * N_LOOKED_AT
                && let Some(doc) = part.docs.get(idx)
                && !segment.reader.is_deleted(*doc)
            {
                close.push((segment, *doc));
            }
        });
    }
    let mut found: Vec<(Reverse<Closeness>, DocumentKey)> = close
        .into_iter()
        .filter_map(|(segment, doc)| {
            let likeness = segment.likeness(doc, asked)?;
            (ALIKE_FROM <= likeness).then(|| (Reverse(Closeness(likeness)), segment.document(doc)))
        })
        .collect();
    found.sort_unstable();
    let mut seen = HashSet::new();
    let documents = found.into_iter().map(|(_, document)| document);
    documents.filter(|it| seen.insert(*it)).take(n_documents).collect()
}

/// The distance up to which passages are looked at in full.
fn limit(distances: &[Distances], n_parts: usize) -> usize {
    // Two passes: how many there are at each distance, then those close enough.
    let mut n_at = vec![0_usize; n_parts + 1];
    for it in distances {
        it.each(|_, distance| {
            if let Some(n) = n_at.get_mut(distance) {
                *n += 1;
            }
        });
    }
    let mut n_closer = 0;
    let within = n_at.iter().take_while(|n| {
        n_closer += **n;
        n_closer < N_LOOKED_AT
    });
    within.count()
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
