//! What each feature counts for one team: fitted on drafts of which it is known whether
//! they were right, and held to what Deskhand comes with. Pure and deterministic.

use super::Model;
use super::N_FEATURES;

/// A draft of which it is known whether it was right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Example {
    /// In the order of [`super::FEATURES`]; none of them NaN.
    pub values: [f32; N_FEATURES],
    pub right: bool,
}

/// Made-up drafts, of which the model to start from is right, that count beside those
/// that were seen: with fewer than some fifty it stays as it is. (Twenty of them, as many
/// labels bring the error of the probability below 0.05 on three public sets.)
const HELD_BY: f64 = 20.0;

/// The same where every weight is fitted: each takes as many as both numbers of
/// [`scaled`] together. (Guessed.)
const HELD_BY_EACH: f64 = 20.0;

/// Rounds of Newton's method for two numbers; it is there after some six.
const N_ROUNDS: usize = 25;

/// Steps of the descent for all weights, and the length of the first.
const N_STEPS: usize = 500;
const STEP: f64 = 0.2;

fn logistic(log_odds: f64) -> f64 {
    1.0 / (1.0 + (-log_odds).exp())
}

/// The same model with its log-odds stretched and moved, so that its probabilities mean
/// what they say; it orders drafts as before (Platt, Probabilistic Outputs for Support
/// Vector Machines, 1999, with pseudo-labels in the place of his targets).
#[must_use]
pub fn scaled(start: &Model, examples: &[Example]) -> Model {
    let aimed = aimed(start, examples, HELD_BY);
    let (mut stretch, mut shift) = (1.0, 0.0);
    for _ in 0..N_ROUNDS {
        // Slope and curvature of the loss, by both numbers.
        let (mut by_stretch, mut by_shift) = (0.0, 0.0);
        let (mut both, mut stretches, mut shifts) = (0.0, 1e-9, 1e-9);
        for (log_odds, aim, weight) in &aimed {
            let chance = logistic(stretch * log_odds + shift);
            let (error, curve) = (weight * (chance - aim), weight * chance * (1.0 - chance));
            by_stretch += error * log_odds;
            by_shift += error;
            stretches += curve * log_odds * log_odds;
            both += curve * log_odds;
            shifts += curve;
        }
        let divisor = stretches * shifts - both * both;
        if divisor < 1e-12 {
            break;
        }
        let free = stretch - (shifts * by_stretch - both * by_shift) / divisor;
        // A model that is turned round would be surer of what is worse.
        stretch = free.clamp(MIN_STRETCH, MAX_STRETCH);
        let is_free = (free - stretch).abs() < f64::EPSILON;
        shift -= if is_free {
            (stretches * by_shift - both * by_stretch) / divisor
        } else {
            by_shift / shifts
        };
    }
    Model {
        bias: (stretch * f64::from(start.bias) + shift) as f32,
        weights: start.weights.map(|it| (stretch * f64::from(it)) as f32),
    }
}

/// How far a model may be stretched: further says that something else is the matter.
/// (Guessed.)
const MIN_STRETCH: f64 = 0.2;
const MAX_STRETCH: f64 = 5.0;

/// Log-odds, what they are to become as a probability, and how much that counts: of each
/// example what was seen, and what the model to start from says.
fn aimed(start: &Model, examples: &[Example], held_by: f64) -> Vec<(f64, f64, f64)> {
    let held = held_by / examples.len().max(1) as f64;
    let of = |it: &Example| {
        let log_odds = f64::from(start.log_odds(&it.values));
        let seen = f64::from(u8::from(it.right));
        let aim = (seen + held * logistic(log_odds)) / (1.0 + held);
        (log_odds, aim, 1.0 + held)
    };
    examples.iter().map(of).collect()
}

/// A model fitted anew, each weight on the side of zero where it starts: more evidence
/// never makes less sure.
#[must_use]
pub fn refitted(start: &Model, examples: &[Example]) -> Model {
    let aimed = aimed(start, examples, HELD_BY_EACH * N_FEATURES as f64);
    let total: f64 = aimed.iter().map(|(.., weight)| weight).sum();
    let mut numbers = [0.0; N_FEATURES + 1];
    numbers[0] = f64::from(start.bias);
    for (number, weight) in numbers.iter_mut().skip(1).zip(start.weights) {
        *number = f64::from(weight);
    }
    let mut squares = [1e-9; N_FEATURES + 1];
    for _ in 0..N_STEPS {
        let mut slope = [0.0; N_FEATURES + 1];
        for (example, (_, aim, weight)) in examples.iter().zip(&aimed) {
            let values = || std::iter::once(1.0).chain(example.values.map(f64::from));
            let log_odds: f64 = numbers.iter().zip(values()).map(|(it, value)| it * value).sum();
            let error = weight * (logistic(log_odds) - aim) / total;
            slope.iter_mut().zip(values()).for_each(|(it, value)| *it += error * value);
        }
        for (place, slope) in slope.into_iter().enumerate() {
            squares[place] += slope * slope;
            numbers[place] -= STEP * slope / squares[place].sqrt();
            if let Some(weight) = place.checked_sub(1).map(|it| start.weights[it]) {
                let is_across = numbers[place] * f64::from(weight) < 0.0;
                numbers[place] = if is_across { 0.0 } else { numbers[place] };
            }
        }
    }
    Model { bias: numbers[0] as f32, weights: std::array::from_fn(|it| numbers[it + 1] as f32) }
}
