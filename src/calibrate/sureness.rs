//! Learns what each feature of the confidence counts for one team, on the older of its
//! drafts of which it is known whether they were right, and judges it on the newer. Pure.

use serde::Serialize;

use super::FITTED_SHARE;
use crate::confidence::Example;
use crate::confidence::FEATURES;
use crate::confidence::Model;
use crate::confidence::learn;
use crate::eval::Figures;
use crate::eval::Interval;
use crate::eval::confidence::figures;
use crate::eval::confidence::interval_of_mean;

/// Fewer drafts tell nothing, not even about two numbers.
pub const MIN_EXAMPLES: usize = 100;

/// From so many on every weight is fitted, not two numbers alone. (With 500 labels the
/// refit of seven weights had a calibration error of 0.06, with 1,000 of 0.045, where two
/// numbers had 0.03 from 200 on.)
const MIN_FOR_WEIGHTS: usize = 1_000;

/// Where it was learned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// What people said of drafts.
    Labels,
    /// What people linked when they answered: a sign, and a stricter one.
    History,
}

/// What learning found.
#[derive(Debug, Clone, Serialize)]
pub struct Learned {
    pub from: Source,
    pub n_fitted: usize,
    pub n_judged: usize,
    /// True if every weight was fitted; false if the probabilities were only stretched
    /// and moved.
    pub all_weights: bool,
    /// What each feature counts: its name, before, and now; the bias first.
    pub weights: Vec<(String, f32, f32)>,
    /// On the drafts judged on: `before`, `yours`, each with `auroc`, `ece`, `brier`.
    pub figures: Vec<(String, Figures)>,
    /// How much the mean square error is smaller, and the 95 % interval of that.
    pub gain: f64,
    pub gain_ci95: Interval,
    /// Whether it is the better choice: better on average, and not clearly worse.
    pub better: bool,
    #[serde(skip)]
    pub model: Model,
}

/// How much larger the mean square error may be at the lower end of the interval.
/// (Guessed: a probability of 0.5 that is off by 0.03.)
const NOT_WORSE: f64 = 0.001;

/// How many of so many examples are fitted on; the newer rest judges.
#[must_use]
pub fn n_fitted(n_examples: usize) -> usize {
    (n_examples as f64 * FITTED_SHARE) as usize
}

/// Learns from what people linked, and then, from where that led, from what they said of
/// drafts; each oldest first. Starts with what Deskhand comes with. Nothing of what holds
/// too few.
#[must_use]
pub fn sure(shipped: &Model, history: &[Example], labels: &[Example]) -> Vec<Learned> {
    let from_history = learned(shipped, history, Source::History);
    let better = from_history.as_ref().filter(|it| it.better).map(|it| it.model);
    let from_labels = learned(better.as_ref().unwrap_or(shipped), labels, Source::Labels);
    from_history.into_iter().chain(from_labels).collect()
}

fn learned(start: &Model, examples: &[Example], from: Source) -> Option<Learned> {
    if examples.len() < MIN_EXAMPLES {
        return None;
    }
    let n_fitted = n_fitted(examples.len());
    let (older, newer) = examples.split_at_checked(n_fitted)?;
    let all_weights = MIN_FOR_WEIGHTS <= older.len();
    let model = if all_weights {
        learn::scaled(&learn::refitted(start, older), older)
    } else {
        learn::scaled(start, older)
    };
    let squares = |model: &Model| -> Vec<f64> {
        let square = |it: &Example| {
            let right = f64::from(u8::from(it.right));
            (f64::from(model.probability(&it.values)) - right).powi(2)
        };
        newer.iter().map(square).collect()
    };
    let told = |model: &Model| {
        let rows = newer.iter().map(|it| (f64::from(model.probability(&it.values)), it.right));
        figures(&rows.collect::<Vec<_>>())
    };
    let gains: Vec<f64> =
        squares(start).iter().zip(squares(&model)).map(|(before, now)| before - now).collect();
    let gain = gains.iter().sum::<f64>() / gains.len().max(1) as f64;
    let gain_ci95 = interval_of_mean(&gains);
    let names = std::iter::once("bias").chain(FEATURES);
    let before = std::iter::once(start.bias).chain(start.weights);
    let now = std::iter::once(model.bias).chain(model.weights);
    Some(Learned {
        from,
        n_fitted,
        n_judged: newer.len(),
        all_weights,
        weights: names.zip(before.zip(now)).map(|(it, (a, b))| (it.to_owned(), a, b)).collect(),
        figures: vec![("before".to_owned(), told(start)), ("yours".to_owned(), told(&model))],
        gain,
        gain_ci95,
        better: 0.0 < gain && -NOT_WORSE < gain_ci95.0,
        model,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Drafts of which every fifth is right, though all look good.
    fn a_fifth(n: usize) -> Vec<Example> {
        let mut values = [0.5; crate::confidence::N_FEATURES];
        let right = |place: usize| place.is_multiple_of(5);
        (0..n)
            .map(|place| {
                values[1] = (place % 10) as f32 / 10.0;
                Example { values, right: right(place) }
            })
            .collect()
    }

    #[test]
    fn what_means_what_it_says_on_newer_drafts_is_kept() {
        let learned = sure(&Model::shipped(1.0), &a_fifth(400), &[]);
        assert_eq!((learned.len(), learned[0].n_fitted, learned[0].n_judged), (1, 280, 120));
        assert!(learned[0].better && !learned[0].all_weights, "{learned:?}");
        let (before, yours) = (&learned[0].figures[0].1, &learned[0].figures[1].1);
        assert!(yours["ece"] < before["ece"], "{learned:?}");
    }

    #[test]
    fn what_was_right_of_old_drafts_only_is_not() {
        let mut examples = a_fifth(400);
        for (place, example) in examples.iter_mut().enumerate() {
            example.right = 280 <= place;
        }
        assert!(!sure(&Model::shipped(1.0), &examples, &[])[0].better);
    }

    #[test]
    fn a_few_drafts_tell_nothing_and_labels_go_on_from_what_was_linked() {
        assert!(sure(&Model::shipped(1.0), &a_fifth(MIN_EXAMPLES - 1), &[]).is_empty());
        let both = sure(&Model::shipped(1.0), &a_fifth(400), &a_fifth(200));
        assert_eq!((both[0].from, both[1].from), (Source::History, Source::Labels));
        let kept = both[0].weights.iter().map(|(_, _, now)| *now);
        assert!(kept.eq(both[1].weights.iter().map(|(_, before, _)| *before)));
    }
}
