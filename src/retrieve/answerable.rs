//! Whether the knowledge answers a question at all: a few named numbers, and a
//! probability made of them. Pure; not a number where nothing was found means 0.

use serde::Deserialize;
use serde::Serialize;

/// Number of signs.
const N_SIGNS: usize = 14;

/// Their names, in order.
pub const SIGNS: [&str; N_SIGNS] = [
    "coverage",
    "known",
    "common",
    "entropy",
    "title",
    "margin",
    "gap",
    "meaning",
    "past.known",
    "past.common",
    "past.coverage",
    "past.meaning",
    "past.votes",
    "past.wording",
];

/// What tells whether a question is answered; 0.0–1.0 where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Signs {
    /// Share of the question the best passage speaks of, rare words counting more.
    pub coverage: f32,
    /// Share of the question that occurs in the articles at all.
    pub known: f32,
    /// How common its words are in the articles.
    pub common: f32,
    /// How evenly the best ten articles share what was found: 1.0 for all alike.
    pub entropy: f32,
    /// The largest share of a title that was said, among the best three.
    pub title: f32,
    /// How far the best article is ahead of the next.
    pub margin: f32,
    /// How far it is ahead of the mean of the next five, in points of the score.
    pub gap: f32,
    /// How close the closest of the best ten is in meaning.
    pub meaning: f32,
    /// As `known`, in past questions and answers.
    pub past_known: f32,
    pub past_common: f32,
    /// Share of the question the most alike past ticket speaks of.
    pub past_coverage: f32,
    /// How close the five closest past tickets are in meaning.
    pub past_meaning: f32,
    /// Share of the votes for the article past tickets linked most.
    pub past_votes: f32,
    /// Chance of the article tickets worded so were answered with most.
    pub past_wording: f32,
}

impl Signs {
    /// In the order of [`SIGNS`].
    #[must_use]
    pub fn values(&self) -> [f32; N_SIGNS] {
        [
            self.coverage,
            self.known,
            self.common,
            self.entropy,
            self.title,
            self.margin,
            self.gap,
            self.meaning,
            self.past_known,
            self.past_common,
            self.past_coverage,
            self.past_meaning,
            self.past_votes,
            self.past_wording,
        ]
    }
}

/// How evenly some scores are spread: the entropy of their shares, 1.0 if all are
/// alike, 0.0 for one or none.
pub(super) fn entropy(scores: &[f32]) -> f32 {
    let most = scores.iter().copied().fold(0.0, f32::max);
    if scores.len() < 2 || most <= 0.0 {
        return 0.0;
    }
    let shares = scores.iter().map(|it| (it / most * SHARPNESS).exp());
    let total: f32 = shares.clone().sum();
    let entropy: f32 = shares.map(|it| it / total).map(|it| -it * it.ln()).sum();
    entropy / (scores.len() as f32).ln()
}

/// What a score twice as high counts more: e^(this/2). (Guessed.)
const SHARPNESS: f32 = 6.0;
