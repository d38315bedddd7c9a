//! Explains a sentence as a walk through its passage: word after word, with gaps on
//! either side and few jumps. Where the walk has a gap, the two say different things.
//! The costs make one changed word a gap, and not two jumps to where it also stands.

use foldhash::HashMap;
use foldhash::HashMapExt as _;

use crate::verify::evidence::Evidence;
use crate::verify::words::Seam;
use crate::verify::words::Word;
use crate::verify::words::likeness;

// Costs of a walk, in weights of a word. Guessed; then tried on sentences with one
// changed word, where any set with these proportions finds the same.

/// To leave a word of the sentence out of the walk.
const GAP: f32 = 0.6;
const EMPTY_GAP: f32 = 0.2;
/// To pass words of the passage: once, and for each weight passed.
const SKIP: f32 = 0.25;
const SKIPPED: f32 = 0.06;
/// Words that can be passed at once.
const MAX_SKIP: usize = 15;
/// To begin within a clause.
const BEGIN_WITHIN: f32 = 0.2;
/// To go from the end of a clause to the beginning of another of the same sentence:
/// "If …, do …" and "Do … if …" say the same.
const TURN: f32 = 0.7;
/// The same into another sentence: two halves together may say what neither says.
const SPLICE: f32 = 4.0;
/// To any other place.
const JUMP: f32 = 6.0;
/// A piece of the walk beyond a jump that weighs less than this, and less than half of
/// another piece, says nothing: any two words stand somewhere.
const STRAY: f32 = 2.0;

/// For each word of a sentence, the word of the passage it was taken from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Walk {
    pub at: Vec<Option<usize>>,
}

/// A way to a word of the passage: how good, and from which word. The word is `None`
/// where the walk begins.
#[derive(Debug, Clone, Copy)]
struct Way {
    score: f32,
    from: Option<usize>,
}

const NO_WAY: Way = Way { score: f32::NEG_INFINITY, from: None };

impl Way {
    fn or(self, score: f32, from: Option<usize>) -> Way {
        if self.score < score { Way { score, from } } else { self }
    }
}

/// The best places a walk has come to so far. Scores only grow, because what a gap
/// costs is counted as gained by whoever has none.
struct Reached {
    best: Way,
    clause_end: Way,
    clause_end_of_line: HashMap<usize, Way>,
}

/// Finds the best walk.
pub(super) fn align(sentence: &[Word], passage: &Evidence) -> Walk {
    let mut scores = vec![f32::NEG_INFINITY; passage.words.len()];
    let mut reached =
        Reached { best: NO_WAY, clause_end: NO_WAY, clause_end_of_line: HashMap::new() };
    // For each word of the sentence: the places it was found at, and from where.
    let mut steps: Vec<Vec<(usize, Option<usize>)>> = Vec::with_capacity(sentence.len());
    let passed = weights_before(&passage.words);
    for word in sentence {
        let gap = if word.is_empty { EMPTY_GAP } else { GAP };
        let mut found: Vec<(usize, Way)> = Vec::new();
        for place in passage.places(word) {
            let Some(there) = passage.words.get(place) else { continue };
            let alike = likeness(word, there);
            let way = way_to(place, passage, &scores, &passed, &reached);
            let score = way.score + gap + alike * word.weight;
            if 0.0 < alike && scores.get(place).is_some_and(|it| *it < score) {
                found.push((place, Way { score, ..way }));
            }
        }
        steps.push(found.iter().map(|(place, way)| (*place, way.from)).collect());
        for (place, way) in found {
            if let Some(score) = scores.get_mut(place) {
                *score = way.score;
            }
            reached.come_to(place, way.score, passage);
        }
    }
    let mut walk = traced(&steps, &reached);
    walk.drop_strays(sentence, passage);
    walk
}

impl Reached {
    fn come_to(&mut self, place: usize, score: f32, passage: &Evidence) {
        self.best = self.best.or(score, Some(place));
        if passage.ends_clause(place) {
            self.clause_end = self.clause_end.or(score, Some(place));
            let line = passage.line_of.get(place).copied().unwrap_or(0);
            let of_line = self.clause_end_of_line.entry(line).or_insert(NO_WAY);
            *of_line = of_line.or(score, Some(place));
        }
    }
}

/// The weight of all words before each word, and of all.
fn weights_before(words: &[Word]) -> Vec<f32> {
    let mut sum = 0.0;
    let mut passed = vec![0.0];
    passed.extend(words.iter().map(|it| {
        sum += it.weight;
        sum
    }));
    passed
}

fn way_to(
    place: usize,
    passage: &Evidence,
    scores: &[f32],
    passed: &[f32],
    reached: &Reached,
) -> Way {
    let begins = passage.words.get(place).is_none_or(|it| it.before != Seam::None);
    let line = passage.line_of.get(place).copied().unwrap_or(0);
    let mut way = Way { score: if begins { 0.0 } else { -BEGIN_WITHIN }, from: None };
    if let Some(before) = place.checked_sub(1) {
        way = way.or(score_at(scores, before), Some(before));
    }
    let weight_to = |at: usize| passed.get(at).copied().unwrap_or(0.0);
    for from in place.saturating_sub(MAX_SKIP)..place.saturating_sub(1) {
        if passage.line_of.get(from) == Some(&line) {
            let skipped = weight_to(place) - weight_to(from + 1);
            way = way.or(score_at(scores, from) - SKIP - SKIPPED * skipped, Some(from));
        }
    }
    way = way.or(reached.best.score - JUMP, reached.best.from);
    if begins {
        way = way.or(reached.clause_end.score - SPLICE, reached.clause_end.from);
        if let Some(end) = reached.clause_end_of_line.get(&line) {
            way = way.or(end.score - TURN, end.from);
        }
    }
    way
}

fn score_at(scores: &[f32], at: usize) -> f32 {
    scores.get(at).copied().unwrap_or(f32::NEG_INFINITY)
}

/// Goes the best walk back from its end.
fn traced(steps: &[Vec<(usize, Option<usize>)>], reached: &Reached) -> Walk {
    let mut at = vec![None; steps.len()];
    let mut place = reached.best.from;
    for (word, found) in at.iter_mut().zip(steps).rev() {
        let Some(now) = place else { break };
        if let Some((_, from)) = found.iter().find(|(it, _)| *it == now) {
            *word = Some(now);
            place = *from;
        }
    }
    Walk { at }
}

/// True if a walk that has come to `from` comes to `to` without a jump.
pub(super) fn goes_on(from: usize, to: usize, passage: &Evidence) -> bool {
    let in_line = passage.line_of.get(from) == passage.line_of.get(to);
    from + 1 == to || (in_line && from < to && to - from <= MAX_SKIP)
}

impl Walk {
    fn drop_strays(&mut self, sentence: &[Word], passage: &Evidence) {
        let mut pieces: Vec<(f32, Vec<usize>)> = Vec::new();
        let mut last: Option<usize> = None;
        for (idx, (place, word)) in self.at.iter().zip(sentence).enumerate() {
            let Some(place) = *place else { continue };
            match (last, pieces.last_mut()) {
                (Some(last), Some((weight, piece))) if goes_on(last, place, passage) => {
                    *weight += word.weight;
                    piece.push(idx);
                }
                _ => pieces.push((word.weight, vec![idx])),
            }
            last = Some(place);
        }
        let most = pieces.iter().map(|it| it.0).fold(0.0, f32::max);
        for (weight, piece) in pieces {
            if weight < STRAY && 2.0 * weight <= most {
                for idx in piece {
                    if let Some(place) = self.at.get_mut(idx) {
                        *place = None;
                    }
                }
            }
        }
    }
}
