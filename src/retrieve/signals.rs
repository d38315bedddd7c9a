//! What speaks for an article: a few named numbers, weighted and added up. Each
//! is seen against the strongest of its kind among the candidates, so that it
//! means the same for a long question and a short one, in any help center.

/// Number of signals.
pub(super) const N_SIGNALS: usize = 11;

/// Their names, in order.
pub const NAMES: [&str; N_SIGNALS] = [
    "words",
    "coverage",
    "title",
    "title.letters",
    "past.linked",
    "past.likened",
    "past.popular",
    "past.wording",
    "before.words",
    "before.coverage",
    "before.named",
];

/// What each counts. (Searched on five public sets without a history and on one
/// forum with one; the figures are in `docs/BENCHMARKS.md`.)
const WEIGHTS: [f32; N_SIGNALS] = [1.0, 1.25, 0.2, 0.5, 2.5, 0.5, 0.5, 2.5, 0.4, 1.15, 0.85];

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
    /// What past tickets linked when alike questions were answered.
    pub linked: f32,
    /// What alike past tickets were answered with in words that resemble it.
    pub likened: f32,
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
            self.linked,
            self.likened,
            self.popular,
            self.wording,
            self.before_words,
            self.before_coverage,
            self.before_named,
        ]
    }

    /// As they are weighed: of what past tickets linked the root, because the tenth
    /// ticket that linked an article tells less than the first.
    #[must_use]
    pub fn weighed(&self) -> [f32; N_SIGNALS] {
        Signals {
            linked: self.linked.sqrt(),
            likened: self.likened.sqrt(),
            wording: self.wording.sqrt(),
            ..*self
        }
        .values()
    }
}

/// The strongest of each signal among some candidates.
pub(super) fn strongest<'a>(all: impl Iterator<Item = &'a Signals>) -> [f32; N_SIGNALS] {
    let mut strongest = [0.0_f32; N_SIGNALS];
    for signals in all {
        for (most, value) in strongest.iter_mut().zip(signals.weighed()) {
            *most = most.max(value);
        }
    }
    strongest
}

/// What all signals say together; comparable among candidates of one question.
pub(super) fn score(signals: &Signals, strongest: &[f32; N_SIGNALS]) -> f32 {
    let shares = signals.weighed().into_iter().zip(strongest);
    let weighted = shares.zip(WEIGHTS).map(
        |((value, most), weight)| {
            if 0.0 < *most { weight * value / most } else { 0.0 }
        },
    );
    weighted.sum()
}
