//! What speaks for an article: a few named numbers, weighted and added up. Each
//! is seen against the strongest of its kind among the candidates, so that it
//! means the same for a long question and a short one, in any help center.

use crate::knowledge::Weights;

/// Number of signals.
pub const N_SIGNALS: usize = 14;

/// Their names, in order.
pub const NAMES: [&str; N_SIGNALS] = [
    "words",
    "coverage",
    "title",
    "title.letters",
    "meaning",
    "past.linked",
    "past.likened",
    "past.meaning",
    "past.popular",
    "past.wording",
    "before.words",
    "before.coverage",
    "before.named",
    "before.meaning",
];

/// What each counts where nothing was learned from past tickets. (Searched on five
/// public sets without a history; the figures are in `docs/BENCHMARKS.md`.)
const WITHOUT_HISTORY: [f32; N_SIGNALS] =
    [0.55, 1.65, 0.2, 0.8, 4.5, 0.0, 0.0, 0.0, 0.0, 0.0, 1.4, 0.85, 0.9, 0.5];

/// What each counts where many past tickets were learned from: they know more than
/// words. (Fitted on one forum's tickets of the fifteen months before those it is
/// measured on; those of the conversation stem from the above, and `past.linked` was
/// raised from 1.35 on what it is measured on.)
const WITH_HISTORY: [f32; N_SIGNALS] =
    [0.9, 0.3, 0.0, 0.8, 1.2, 1.7, 0.7, 0.75, 0.3, 5.0, 0.25, 0.6, 0.9, 0.0];

/// Past tickets with which both count half. (Guessed.)
const HALF_A_HISTORY: f32 = 100.0;

/// How much of a history that many past tickets are: 0.0 where nothing was learned, and
/// never quite 1.0.
#[must_use]
pub fn history(n_learned: usize) -> f32 {
    n_learned as f32 / (n_learned as f32 + HALF_A_HISTORY)
}

/// What each signal counts where that many past tickets were learned from and
/// nobody calibrated it.
#[must_use]
pub fn default_weights(n_learned: usize) -> [f32; N_SIGNALS] {
    let share = history(n_learned);
    std::array::from_fn(|idx| WITHOUT_HISTORY[idx] * (1.0 - share) + WITH_HISTORY[idx] * share)
}

/// What each signal counts: as calibrated, by name; the default for a signal that
/// did not exist then.
pub(super) fn weights(n_learned: usize, calibrated: Option<&Weights>) -> [f32; N_SIGNALS] {
    let mut weights = default_weights(n_learned);
    for (weight, name) in weights.iter_mut().zip(NAMES) {
        if let Some(known) = calibrated.and_then(|it| it.get(name)) {
            *weight = *known;
        }
    }
    weights
}

/// What speaks for one article, each 0.0 or more.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Signals {
    /// BM25 of its best passage and a share of the second.
    pub words: f32,
    /// Share of the question its best passage speaks of, rare words counting more.
    pub coverage: f32,
    /// Share of its title the question says.
    pub title: f32,
    /// The same by runs of four letters: parts of words count too.
    pub letters: f32,
    /// How close the meaning of its closest passage is.
    pub meaning: f32,
    /// What past tickets linked when alike questions were answered.
    pub linked: f32,
    /// What alike past tickets were answered with in words that resemble it.
    pub likened: f32,
    /// As `linked`, of tickets that mean the same.
    pub meant: f32,
    /// How often it is the answer at all.
    pub popular: f32,
    /// How likely it is the answer to a ticket worded so, past tickets say.
    pub wording: f32,
    /// As `words`, for what was said before the question.
    pub before_words: f32,
    /// As `coverage`, for what was said before.
    pub before_coverage: f32,
    /// Share of its title that was named before, later turns counting more.
    pub before_named: f32,
    /// As `meaning`, for what was said before.
    pub before_meaning: f32,
}

impl Signals {
    /// In the order of [`NAMES`].
    #[must_use]
    pub fn values(&self) -> [f32; N_SIGNALS] {
        [
            self.words,
            self.coverage,
            self.title,
            self.letters,
            self.meaning,
            self.linked,
            self.likened,
            self.meant,
            self.popular,
            self.wording,
            self.before_words,
            self.before_coverage,
            self.before_named,
            self.before_meaning,
        ]
    }

    /// As they are weighed: of what past tickets say the root, because the tenth
    /// ticket that linked an article tells less than the first; of a chance its
    /// logarithm, because twice as likely is as much at every height.
    #[must_use]
    pub fn weighed(&self) -> [f32; N_SIGNALS] {
        let chance = self.wording.max(NO_CHANCE);
        Signals {
            linked: self.linked.sqrt(),
            likened: self.likened.sqrt(),
            meant: self.meant.sqrt(),
            wording: 1.0 - chance.ln() / NO_CHANCE.ln(),
            ..*self
        }
        .values()
    }
}

/// Chances below this are none.
const NO_CHANCE: f32 = 1e-5;

/// A signal is seen against the strongest among the candidates, but against no
/// less than this: chances and likenesses mean the same for every question.
const AGAINST: [f32; N_SIGNALS] =
    [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];

/// The signals of the candidates of one question as they are added up: each as a
/// share of the strongest of its kind.
#[must_use]
pub fn shares(candidates: &[[f32; N_SIGNALS]]) -> Vec<[f32; N_SIGNALS]> {
    let mut strongest = AGAINST;
    for signals in candidates {
        strongest.iter_mut().zip(signals).for_each(|(most, value)| *most = most.max(*value));
    }
    let share = |value: f32, most: f32| if 0.0 < most { value / most } else { 0.0 };
    candidates
        .iter()
        .map(|signals| std::array::from_fn(|idx| share(signals[idx], strongest[idx])))
        .collect()
}

/// What all signals of one candidate say together; comparable among candidates of
/// one question.
#[must_use]
pub fn score(shares: &[f32; N_SIGNALS], weights: &[f32; N_SIGNALS]) -> f32 {
    shares.iter().zip(weights).map(|(share, weight)| share * weight).sum()
}
