//! The passages that were found, by the document they are of.

use std::cmp::Ordering;

use foldhash::HashMap;
use foldhash::HashMapExt as _;

use crate::embed::Sought;
use crate::index::DocumentKey;
use crate::index::Match;
use crate::index::Scored;

/// Weight of an article's second passage beside its best one. (Measured: 0.5 is
/// no better.)
const SECOND_PASSAGE: f32 = 0.2;

/// The passages found of one document, best first.
pub(super) struct Group {
    pub(super) document: DocumentKey,
    pub(super) found: Vec<Match>,
    /// Of the document: its best passage and a share of the second.
    pub(super) score: f32,
}

impl Group {
    /// The largest share of the question one passage speaks of.
    pub(super) fn coverage(&self) -> f32 {
        self.found.iter().map(|it| it.coverage).fold(0.0, f32::max)
    }
}

/// Best document first.
pub(super) fn by_document(scored: &Scored) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<DocumentKey, usize> = HashMap::new();
    for it in scored.matches() {
        match places.get(&it.document).and_then(|idx| groups.get_mut(*idx)) {
            Some(group) => group.found.push(*it),
            None => {
                places.insert(it.document, groups.len());
                groups.push(Group { document: it.document, found: vec![*it], score: 0.0 });
            }
        }
    }
    for group in &mut groups {
        let mut scores = group.found.iter().map(|it| it.score);
        group.score = scores.next().unwrap_or(0.0) + SECOND_PASSAGE * scores.next().unwrap_or(0.0);
    }
    groups.sort_by(better_first);
    groups
}

/// How close the closest passage of a document is to what is asked. 0.0 where nobody
/// knows what any of them means.
pub(super) fn meaning(group: &Group, scored: &Scored, asked: &Sought) -> f32 {
    group.found.iter().filter_map(|it| scored.likeness(it, asked)).fold(0.0, f32::max)
}

fn better_first(left: &Group, right: &Group) -> Ordering {
    right.score.total_cmp(&left.score).then(left.document.cmp(&right.document))
}
