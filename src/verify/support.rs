//! How far a passage bears a sentence out, as one number with named parts: a small
//! logistic model whose weights are shipped.

use serde::{Deserialize, Serialize};

use crate::verify::align::Walk;
use crate::verify::evidence::Evidence;
use crate::verify::words::Word;

/// What the support of a sentence is made of, each 0.0–1.0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Signs {
    /// Share of the sentence, by weight of words, that one walk through the passage covers.
    pub walked: f32,
    /// Share of neighboring words that are neighbors in the passage too.
    pub pairs: f32,
    /// Words with a content that the walk left out; 1.0 for six and more.
    pub left_out: f32,
    /// Words with a content that stand nowhere in the passage, nor words that may stand
    /// for them: the first tells most. 1.0 for six and more.
    pub foreign: f32,
    /// Words without a content that stand nowhere in the passage; 1.0 for six and more.
    pub foreign_empty: f32,
    /// 1.0 if the sentence speaks of "me" and the passage does not.
    pub first_person: f32,
}

// Fitted by `tools/verify/fit.py` on replies that people have judged; what it is worth
// on others is in `docs/VERIFICATION.md`.

/// The log-odds of a sentence all of whose signs are zero.
const BIAS: f32 = 0.1;
const WALKED: f32 = 0.81;
const PAIRS: f32 = 2.52;
const LEFT_OUT: f32 = -1.72;
const FOREIGN: f32 = -1.88;
const FOREIGN_EMPTY: f32 = -2.47;
const FIRST_PERSON: f32 = -1.22;

/// Words that count as many.
const MANY: f32 = 6.0;

impl Signs {
    /// Reads the signs off a walk.
    pub(super) fn of(words: &[Word], walk: &Walk, passage: &Evidence) -> Signs {
        let share = |part: f32, of: f32| if 0.0 < of { part / of } else { 0.0 };
        let weight: f32 = words.iter().map(|it| it.weight).sum();
        let (mut walked, mut left_out, mut foreign_empty) = (0.0, 0.0, 0.0);
        for (word, place) in words.iter().zip(&walk.at) {
            walked += if place.is_some() { word.weight } else { 0.0 };
            left_out += if place.is_none() && !word.is_empty { word.weight } else { 0.0 };
            foreign_empty += if word.is_empty && !passage.has(word) { 1.0 } else { 0.0 };
        }
        let n_pairs = walk.at.windows(2).filter(|it| is_pair(it)).count() as f32;
        let speaks = |words: &[Word]| words.iter().any(|it| it.is_first_person);
        let first_person = speaks(words) && !speaks(&passage.words);
        let foreign = foreign_weight(words, passage);
        Signs {
            walked: share(walked, weight),
            pairs: share(n_pairs, (words.len() as f32 - 1.0).max(1.0)),
            left_out: (left_out / MANY).min(1.0),
            foreign: (foreign.ln_1p() / MANY.ln_1p()).min(1.0),
            foreign_empty: (foreign_empty / MANY).min(1.0),
            first_person: f32::from(u8::from(first_person)),
        }
    }

    /// Probability that people would call the sentence backed, 0.0–1.0.
    pub fn support(&self) -> f32 {
        let parts = [
            WALKED * self.walked,
            PAIRS * self.pairs,
            LEFT_OUT * self.left_out,
            FOREIGN * self.foreign,
            FOREIGN_EMPTY * self.foreign_empty,
            FIRST_PERSON * self.first_person,
        ];
        let log_odds = BIAS + parts.iter().sum::<f32>();
        1.0 / (1.0 + (-log_odds).exp())
    }
}

/// What the words with a content weigh that the passage has not, nor others for them.
fn foreign_weight(words: &[Word], passage: &Evidence) -> f32 {
    let foreign = words.iter().filter(|it| !it.is_empty && !passage.has_like(it));
    foreign.map(|it| it.weight).sum()
}

/// Share, by weight, of the words with a content that the passage has. 0.0 if there
/// are none.
pub(super) fn content_found(words: &[Word], passage: &Evidence) -> f32 {
    let content: f32 = words.iter().filter(|it| !it.is_empty).map(|it| it.weight).sum();
    if content <= 0.0 { 0.0 } else { 1.0 - foreign_weight(words, passage) / content }
}

fn is_pair(two: &[Option<usize>]) -> bool {
    matches!(two, [Some(one), Some(next)] if one + 1 == *next)
}
