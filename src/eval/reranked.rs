//! Candidates in the order other weights would give them, and what that is worth.

use super::Figures;
use super::Interval;
use super::metrics::average;
use super::metrics::interval_of_mean;
use super::metrics::mean;
use super::metrics::of_ranking;
use super::retrieval::Weighed;
use crate::retrieve::N_SIGNALS;
use crate::retrieve::score;
use crate::retrieve::shares;

/// Figures of each question under some weights.
#[derive(Debug, Clone)]
pub struct Reranked(Vec<Figures>);

impl Reranked {
    /// Ranks the candidates of each question anew.
    #[must_use]
    pub fn by(questions: &[Weighed], weights: &[f32; N_SIGNALS]) -> Reranked {
        Reranked(questions.iter().map(|it| figures(it, weights)).collect())
    }

    /// The mean of each figure.
    #[must_use]
    pub fn mean(&self) -> Figures {
        let rows: Vec<&Figures> = self.0.iter().collect();
        mean(&rows).0
    }

    /// By how much a figure is higher than under other weights for the same
    /// questions, and the interval of that by resampling the questions.
    #[must_use]
    pub fn gain_over(&self, other: &Reranked, figure: &str) -> (f64, Interval) {
        let of = |it: &Figures| it.get(figure).copied().unwrap_or(0.0);
        let gains: Vec<f64> =
            self.0.iter().zip(&other.0).map(|(it, other)| of(it) - of(other)).collect();
        if gains.is_empty() {
            return (0.0, Interval(0.0, 0.0));
        }
        (average(&gains), interval_of_mean(&gains))
    }
}

fn figures(question: &Weighed, weights: &[f32; N_SIGNALS]) -> Figures {
    let signals: Vec<_> = question.candidates.iter().map(|(.., signals)| *signals).collect();
    let mut ranked: Vec<(f32, &String)> = shares(&signals)
        .iter()
        .zip(&question.candidates)
        .map(|(shares, (id, ..))| (score(shares, weights), id))
        .collect();
    ranked.sort_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(right.1)));
    let ids: Vec<String> = ranked.into_iter().map(|(_, id)| id.clone()).collect();
    let right = question.candidates.iter().filter(|(_, right, _)| 0.0 < *right);
    let mut relevant: Vec<(String, f64)> =
        right.map(|(id, right, _)| (id.clone(), *right)).collect();
    // What is right and no candidate was not found.
    let n_missed = question.n_relevant.saturating_sub(relevant.len());
    relevant.extend((0..n_missed).map(|it| (format!("\u{0}{it}"), 1.0)));
    of_ranking(&ids, &relevant)
}
