//! How far a passage bears a sentence out, as one number with named parts: a small
//! logistic model whose weights are shipped.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::verify::align::Walk;
use crate::verify::evidence::Evidence;
use crate::verify::tables::tables;
use crate::verify::words::Word;

/// What the support of a sentence is made of, each 0.0–1.0. Words are counted by
/// weight where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Signs {
    /// Share of the sentence that one walk through the passage covers.
    pub walked: f32,
    /// Share of neighboring words that are neighbors in the passage too, by number.
    pub pairs: f32,
    /// Share of the words with a content that stand anywhere in the passage, or words
    /// that may stand for them.
    pub content_words: f32,
    /// Share of all words that stand anywhere in the passage, by number.
    pub all_words: f32,
    /// Share of all words that stand there in the same form, by number.
    pub same_words: f32,
    /// Share of the words with a content that the walk left out.
    pub gaps: f32,
    /// Jumps of the walk; 1.0 for five and more.
    pub jumps: f32,
    /// 1.0 if the sentence speaks of "me" and the passage does not.
    pub first_person: f32,
}

// Fitted by `tools/verify/fit.py`.
const BIAS: f32 = -4.38;
const WALKED: f32 = 2.01;
const PAIRS: f32 = 1.46;
const CONTENT_WORDS: f32 = 0.74;
const ALL_WORDS: f32 = 1.98;
const SAME_WORDS: f32 = 0.95;
const GAPS: f32 = -1.38;
const JUMPS: f32 = -0.41;
const FIRST_PERSON: f32 = -0.94;

/// Jumps that count as many.
const MANY_JUMPS: f32 = 5.0;

impl Signs {
    /// Reads the signs off a walk. All 0.0 for a sentence without words.
    pub(super) fn of(words: &[Word], walk: &Walk, passage: &Evidence) -> Signs {
        let share = |part: f32, of: f32| if 0.0 < of { part / of } else { 0.0 };
        let n_words = words.len() as f32;
        let weight: f32 = words.iter().map(|it| it.weight).sum();
        let told: Vec<(&Word, bool)> =
            words.iter().zip(&walk.at).map(|(it, at)| (it, at.is_some())).collect();
        let walked = told.iter().filter(|it| it.1).map(|it| it.0.weight).sum::<f32>();
        let content = || told.iter().filter(|it| !it.0.is_empty);
        let content_weight: f32 = content().map(|it| it.0.weight).sum();
        let found: f32 = content().filter(|it| passage.has_like(it.0)).map(|it| it.0.weight).sum();
        let left_out: f32 = content().filter(|it| !it.1).map(|it| it.0.weight).sum();
        let n_pairs = walk.at.windows(2).filter(|it| is_pair(it)).count() as f32;
        let keys: HashSet<&str> = passage.words.iter().map(|it| it.key.as_ref()).collect();
        let n_same = words.iter().filter(|it| keys.contains(it.key.as_ref())).count() as f32;
        let speaks = |words: &[Word]| words.iter().any(|it| tables().is_first_person(&it.key));
        let first_person = speaks(words) && !speaks(&passage.words);
        Signs {
            walked: share(walked, weight),
            pairs: share(n_pairs, (n_words - 1.0).max(1.0)),
            content_words: if content_weight <= 0.0 { 1.0 } else { found / content_weight },
            all_words: share(words.iter().filter(|it| passage.has(it)).count() as f32, n_words),
            same_words: share(n_same, n_words),
            gaps: share(left_out, content_weight),
            jumps: (walk.n_jumps() as f32 / MANY_JUMPS).min(1.0),
            first_person: f32::from(u8::from(first_person)),
        }
    }

    /// The parts by name: value, and what it adds to the log-odds.
    pub(super) fn named(&self) -> [(&'static str, f32, f32); 8] {
        [
            ("walked", self.walked, WALKED),
            ("pairs", self.pairs, PAIRS),
            ("content_words", self.content_words, CONTENT_WORDS),
            ("all_words", self.all_words, ALL_WORDS),
            ("same_words", self.same_words, SAME_WORDS),
            ("gaps", self.gaps, GAPS),
            ("jumps", self.jumps, JUMPS),
            ("first_person", self.first_person, FIRST_PERSON),
        ]
    }

    /// Probability that people would call the sentence backed, 0.0–1.0.
    pub fn support(&self) -> f32 {
        let log_odds =
            BIAS + self.named().iter().map(|(_, value, weight)| value * weight).sum::<f32>();
        1.0 / (1.0 + (-log_odds).exp())
    }
}

fn is_pair(two: &[Option<usize>]) -> bool {
    matches!(two, [Some(one), Some(next)] if one + 1 == *next)
}
