//! Fits what each signal counts: a listwise logistic model, by gradient descent,
//! held near the weights it starts from. Pure and deterministic.

use crate::eval::retrieval::Weighed;
use crate::retrieve::N_SIGNALS;
use crate::retrieve::shares;

/// Steps of the descent, and the length of the first. (Further ones changed nothing
/// on one forum's history.)
const N_STEPS: usize = 400;
const STEP: f64 = 0.3;

/// How strongly weights are held to where they start, seen from one question.
/// (Guessed: three hundred questions outweigh it.)
const HOLD: f64 = 0.003;

type Weights = [f32; N_SIGNALS];

/// One question: what each candidate's signals are, and its share in being right.
struct Listed {
    candidates: Vec<([f64; N_SIGNALS], f64)>,
}

/// The weights under which right candidates come first, none below zero.
pub(super) fn fit(questions: &[Weighed], start: &Weights) -> Weights {
    let listed: Vec<Listed> = questions.iter().filter_map(Listed::read).collect();
    let first: [f64; N_SIGNALS] = start.map(f64::from);
    let mut weights = first;
    let mut squares = [1e-9; N_SIGNALS];
    for _ in 0..N_STEPS {
        let slope = slope(&listed, &weights);
        for idx in 0..N_SIGNALS {
            let pull = HOLD * (weights[idx] - first[idx]);
            let slope = slope[idx] + pull;
            squares[idx] += slope * slope;
            weights[idx] = (weights[idx] - STEP * slope / squares[idx].sqrt()).max(0.0);
        }
    }
    weights.map(|it| it as f32)
}

impl Listed {
    /// `None` where no candidate is right: nothing can be learned from that.
    fn read(question: &Weighed) -> Option<Listed> {
        let total: f64 = question.candidates.iter().map(|(_, right, _)| right).sum();
        let signals: Vec<_> = question.candidates.iter().map(|(.., signals)| *signals).collect();
        let shares = shares(&signals);
        let right = question.candidates.iter().map(|(_, right, _)| right / total);
        let candidates = shares.into_iter().map(|it| it.map(f64::from)).zip(right).collect();
        (0.0 < total).then_some(Listed { candidates })
    }
}

/// Of the mean loss: the cross-entropy of the shares of being right with the
/// softmax of the scores.
fn slope(listed: &[Listed], weights: &[f64; N_SIGNALS]) -> [f64; N_SIGNALS] {
    let mut slope = [0.0; N_SIGNALS];
    for question in listed {
        let score = |signals: &[f64; N_SIGNALS]| -> f64 {
            signals.iter().zip(weights).map(|(it, weight)| it * weight).sum()
        };
        let scores: Vec<f64> = question.candidates.iter().map(|(it, _)| score(it)).collect();
        let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = scores.iter().map(|it| (it - most).exp()).sum();
        for (score, (signals, right)) in scores.iter().zip(&question.candidates) {
            let error = (score - most).exp() / total - right;
            slope.iter_mut().zip(signals).for_each(|(it, signal)| *it += error * signal);
        }
    }
    slope.map(|it| it / listed.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(right_idx: usize, signals: [[f32; N_SIGNALS]; 2]) -> Weighed {
        let candidates = signals.into_iter().enumerate().map(|(idx, signals)| {
            (idx.to_string(), f64::from(u8::from(idx == right_idx)), signals)
        });
        Weighed {
            question: String::new(),
            lang: None,
            n_relevant: 1,
            answerable: Some(true),
            signs: Vec::new(),
            candidates: candidates.collect(),
        }
    }

    #[test]
    fn a_signal_that_speaks_for_the_right_article_counts_more_afterwards() {
        let (mut first, mut second) = ([0.0; N_SIGNALS], [0.0; N_SIGNALS]);
        (first[0], second[1]) = (1.0, 1.0);
        let questions: Vec<Weighed> = (0..50).map(|_| question(1, [first, second])).collect();
        let start = [1.0; N_SIGNALS];
        let fitted = fit(&questions, &start);
        assert!(start[1] < fitted[1] && fitted[0] < start[0], "{fitted:?}");
        assert!(fitted.iter().all(|it| 0.0 <= *it));
        // What nobody speaks of stays as it was.
        assert!((fitted[2] - start[2]).abs() < 1e-3);
    }

    #[test]
    fn without_questions_the_weights_stay() {
        let start = [0.7; N_SIGNALS];
        assert_eq!(fit(&[], &start), start);
    }
}
