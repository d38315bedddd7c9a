//! Whether the knowledge answers a question at all: a few named signs, and a
//! probability made of them. Pure and total.

use serde::Deserialize;
use serde::Serialize;

/// Number of signs.
const N_SIGNS: usize = 8;

/// Their names, in order.
pub const SIGNS: [&str; N_SIGNS] = [
    "coverage",
    "title",
    "gap",
    "meaning",
    "past.coverage",
    "past.meaning",
    "past.votes",
    "past.wording",
];

/// How close a question is to what it is compared with where nobody can tell: the
/// middle between what is answered (0.76 and 0.82 on one forum) and what is not (0.60
/// and 0.67).
pub(super) const NEUTRAL: f32 = 0.7;

// Both fits are logistic, with as much weight on what is answered as on what is not; in
// between, where past tickets are few, the log-odds are. A team's own history is to
// replace them.

/// Without past tickets. (Fitted on four public sets; each keeps its AUROC within
/// 0.04 when it is left out.)
const WITHOUT_HISTORY: [f32; N_SIGNS] = [1.81, 0.0, 0.38, 3.78, 0.0, 0.0, 0.0, 0.0];
const BIAS_WITHOUT_HISTORY: f32 = -3.9;

/// With them: customers of this brand have asked such things before. How close something
/// is in meaning counts by its fourth power, as in votes: half as close is nothing. (Fitted
/// on five public sets, none below zero: a forum with another product's questions counts as
/// much as five of short requests, some of them out of scope; four of the five sets keep
/// their AUROC within 0.01 when they are left out, the forum loses 0.08.)
const WITH_HISTORY: [f32; N_SIGNS] = [0.0, 0.67, 0.11, 2.03, 0.06, 4.95, 0.96, 1.49];
const BIAS_WITH_HISTORY: f32 = -3.62;

/// What tells whether a question is answered; 0.0 where nothing is said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Signs {
    /// Share of the question the best passage speaks of, rare words counting more,
    /// 0.0–1.0.
    pub coverage: f32,
    /// The largest share of a title that was said, among the best three, 0.0–1.0.
    pub title: f32,
    /// How far the best article is ahead of the mean of the next five, in points of
    /// the score.
    pub gap: f32,
    /// How close the closest of the best ten is in meaning, 0.0–1.0.
    pub meaning: f32,
    /// Share of the question the most alike past ticket speaks of, 0.0–1.0.
    pub past_coverage: f32,
    /// How close the five closest past tickets are in meaning, 0.0–1.0.
    pub past_meaning: f32,
    /// Share of the votes for the article past tickets linked most, 0.0–1.0.
    pub past_votes: f32,
    /// Chance of the article tickets worded so were answered with most, 0.0–1.0;
    /// 0.0 where nothing was learned from past tickets.
    pub past_wording: f32,
    /// How much of a history past tickets are, 0.0–1.0: nothing of its own, but what the
    /// others count depends on it.
    #[serde(default)]
    pub history: f32,
}

impl Signs {
    /// In the order of [`SIGNS`].
    #[must_use]
    pub fn values(&self) -> [f32; N_SIGNS] {
        [
            self.coverage,
            self.title,
            self.gap,
            self.meaning,
            self.past_coverage,
            self.past_meaning,
            self.past_votes,
            self.past_wording,
        ]
    }

    /// Probability that the knowledge answers the question, 0.0–1.0, if one in two
    /// questions is answered.
    #[must_use]
    pub fn answerable(&self) -> f32 {
        let sum = |signs: &Signs, weights: [f32; N_SIGNS]| -> f32 {
            signs.values().iter().zip(weights).map(|(it, by)| it * by).sum()
        };
        let close = Signs {
            meaning: self.meaning.powi(4),
            past_meaning: self.past_meaning.powi(4),
            ..*self
        };
        let without = BIAS_WITHOUT_HISTORY + sum(self, WITHOUT_HISTORY);
        let with = BIAS_WITH_HISTORY + sum(&close, WITH_HISTORY);
        let log_odds = without + self.history * (with - without);
        1.0 / (1.0 + (-log_odds).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_nothing_speaks_of_is_not_answered() {
        let nothing = Signs::default().answerable();
        let clear = Signs { coverage: 0.9, gap: 3.0, meaning: 0.8, ..Signs::default() };
        assert!(nothing < 0.05 && 0.7 < clear.answerable(), "{nothing} {}", clear.answerable());
    }

    #[test]
    fn a_question_like_those_customers_ask_is_likelier_to_be_answered() {
        let foreign = Signs {
            coverage: 0.5,
            meaning: 0.4,
            past_coverage: 0.4,
            past_meaning: 0.5,
            past_wording: 0.1,
            history: 0.9,
            ..Signs::default()
        };
        let known = Signs { past_meaning: 0.8, past_coverage: 0.6, ..foreign };
        assert!(foreign.answerable() < known.answerable());
    }

    #[test]
    fn a_handful_of_past_tickets_counts_as_a_handful() {
        let clear = Signs { coverage: 0.9, gap: 3.0, meaning: 0.8, ..Signs::default() };
        let of = |history: f32| Signs { history, ..clear }.answerable();
        // Not one of them is like it: that says more, the more there are.
        assert!(of(0.9) < of(0.3) && of(0.3) < of(0.0));
        assert!(of(0.05) > 0.6, "{}", of(0.05));
    }
}
