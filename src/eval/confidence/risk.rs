//! Figures of a score that is to tell right from wrong, and of a probability that is to
//! mean what it says. Pure; every order of equals counts alike.

use super::super::Figures;
use super::super::auroc;

/// Pieces of equal size in which a probability is held against what came of it. (Guo and
/// others, On Calibration of Modern Neural Networks, 2017, use fifteen of equal width; of
/// equal size none is empty.)
const N_BINS: usize = 15;

/// Shares of the questions at which the risk is told, in percent.
const COVERAGES: [usize; 10] = [10, 20, 30, 40, 50, 60, 70, 80, 90, 100];

/// Shares of wrong ones at which the coverage is told, in percent.
const RISKS: [usize; 3] = [1, 3, 5];

/// A score and whether it was right to be high.
pub(super) type Scored = (f64, bool);

/// The share of wrong ones among the surest `n`, for each `n` from 1: of equals each
/// counts as their mean.
fn risks(scored: &[Scored]) -> Vec<f64> {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|left, right| right.0.total_cmp(&left.0));
    let (mut risks, mut n_wrong) = (Vec::with_capacity(sorted.len()), 0.0);
    for equals in sorted.chunk_by(|one, other| one.0 == other.0) {
        let wrong = equals.iter().filter(|(_, right)| !right).count();
        let each = wrong as f64 / equals.len() as f64;
        for _ in equals {
            n_wrong += each;
            risks.push(n_wrong / (risks.len() + 1) as f64);
        }
    }
    risks
}

/// How well a score orders: `auroc`, `aurc` and `e_aurc` (Geifman and others, Bias-Reduced
/// Uncertainty Estimation, 2019), `risk@…` of so many percent of the questions, `coverage@…`
/// at so many percent of wrong ones.
pub(super) fn of_order(scored: &[Scored]) -> Figures {
    let scores = |right: bool| -> Vec<f64> {
        scored.iter().filter(|it| it.1 == right).map(|it| it.0).collect()
    };
    let (right, wrong) = (scores(true), scores(false));
    let risks = risks(scored);
    let n = risks.len().max(1) as f64;
    let aurc = risks.iter().sum::<f64>() / n;
    // The best order there is: all right ones first.
    let best: f64 = (1..=wrong.len()).map(|it| it as f64 / (right.len() + it) as f64).sum();
    let mut figures = Figures::from([
        ("auroc".to_owned(), auroc(&right, &wrong)),
        ("aurc".to_owned(), aurc),
        ("e_aurc".to_owned(), aurc - best / n),
    ]);
    for percent in COVERAGES {
        let place = (risks.len() * percent / 100).saturating_sub(1);
        let risk = risks.get(place).copied().unwrap_or(f64::NAN);
        figures.insert(format!("risk@{percent}"), risk);
    }
    for percent in RISKS {
        let limit = percent as f64 / 100.0;
        let n_within = risks.iter().rposition(|it| *it <= limit).map_or(0, |it| it + 1);
        figures.insert(format!("coverage@{percent}"), n_within as f64 / n);
    }
    figures
}

/// How far a probability is from what came of it: `ece`, the mean distance over pieces of
/// equal size, and `brier`, the mean square.
pub(super) fn of_probability(scored: &[Scored]) -> Figures {
    let square =
        |(probability, right): &Scored| (probability - f64::from(u8::from(*right))).powi(2);
    let brier = scored.iter().map(square).sum::<f64>() / scored.len().max(1) as f64;
    Figures::from([("ece".to_owned(), ece(scored)), ("brier".to_owned(), brier)])
}

/// Expected calibration error over pieces of equal size.
pub(super) fn ece(scored: &[Scored]) -> f64 {
    let mut sorted = scored.to_vec();
    sorted.sort_by(|left, right| left.0.total_cmp(&right.0));
    let n = sorted.len();
    let pieces = (0..N_BINS).filter_map(|it| sorted.get(n * it / N_BINS..n * (it + 1) / N_BINS));
    let gap = |piece: &[Scored]| {
        let sum: f64 = piece.iter().map(|it| it.0 - f64::from(u8::from(it.1))).sum();
        sum.abs()
    };
    pieces.map(gap).sum::<f64>() / n.max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_order_has_no_excess_and_the_worst_the_most() {
        let best = of_order(&[(0.9, true), (0.8, true), (0.2, false), (0.1, false)]);
        assert_eq!((best["auroc"], best["risk@50"], best["coverage@1"]), (1.0, 0.0, 0.5));
        assert!(best["e_aurc"].abs() < 1e-12);
        let worst = of_order(&[(0.1, true), (0.2, true), (0.8, false), (0.9, false)]);
        assert_eq!((worst["auroc"], worst["risk@50"], worst["coverage@5"]), (0.0, 1.0, 0.0));
        assert!(best["aurc"] < worst["aurc"]);
    }

    #[test]
    fn equals_count_alike_in_whatever_order_they_stand() {
        let one = of_order(&[(0.5, true), (0.5, false), (0.5, true), (0.5, false)]);
        let other = of_order(&[(0.5, false), (0.5, false), (0.5, true), (0.5, true)]);
        assert_eq!(one, other);
        assert_eq!(one["aurc"], 0.5);
    }

    #[test]
    fn a_probability_that_means_what_it_says_has_no_error() {
        let honest: Vec<Scored> = (0..1_500).map(|it| (0.75, it % 4 != 0)).collect();
        assert!(ece(&honest) < 1e-9);
        let boasting: Vec<Scored> = honest.iter().map(|it| (0.95, it.1)).collect();
        assert!((ece(&boasting) - 0.2).abs() < 1e-9);
        let brier = of_probability(&honest)["brier"];
        assert!((brier - 0.1875).abs() < 1e-9);
    }
}
