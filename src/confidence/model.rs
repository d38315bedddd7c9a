//! What each feature counts: a logistic model, so that every part can be shown.

use super::FEATURES;
use super::N_FEATURES;
use crate::knowledge::Weights;
use crate::text;

/// What the names begin with by which a brand's own numbers are kept, beside those of its
/// ranking.
pub const PREFIX: &str = "confidence.";

const BIAS: &str = "bias";

// Logistic fits, rounded, no weight on the wrong side of zero. Right is a draft that cites
// first an article that answers by the labels, which undercounts. What quotes cannot tell
// (their grounding: they are always grounded) and what the fit gives nothing beside its
// like has a small weight by hand. `docs/BENCHMARKS.md` has what it is worth, on sets left
// out as well. A team's own history is to replace them.

/// On 3,402 questions of five public sets without past tickets, each counting alike.
const WITHOUT_HISTORY: Model = Model {
    bias: -4.1,
    weights: [
        1.55, 0.57, 0.52, 0.28, 0.05, 0.92, 3.41, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.3, -0.19, -0.05,
        -0.19, -1.26,
    ],
};

/// On 11,603 questions with them: a forum's tickets count as much as four sets of short
/// requests together.
const WITH_HISTORY: Model = Model {
    bias: -4.48,
    weights: [
        0.77, 0.57, 0.5, 0.1, 0.05, 1.0, 1.63, 1.82, 0.13, 0.07, 0.94, 0.55, 0.14, 0.3, -0.25,
        -0.1, -0.21, -0.1,
    ],
};

/// What the log-odds of being right are made of.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    /// The log-odds of a draft all of whose features are zero.
    pub bias: f32,
    /// In the order of [`FEATURES`].
    pub weights: [f32; N_FEATURES],
}

impl Model {
    /// What a brand was calibrated to, if it was, and to all of today's features: each
    /// weight holds only beside the others. Else what Deskhand comes with.
    #[must_use]
    pub fn of(calibrated: Option<&Weights>, history: f32) -> Model {
        calibrated.and_then(Model::read).unwrap_or_else(|| Model::shipped(history))
    }

    /// What Deskhand comes with, for a brand from whose past tickets that much was learned
    /// ([`crate::retrieve::history`], 0.0–1.0): what people did before says more than words
    /// do, once it is more than a handful.
    #[must_use]
    pub fn shipped(history: f32) -> Model {
        let between = |without: f32, with: f32| without + history * (with - without);
        Model {
            bias: between(WITHOUT_HISTORY.bias, WITH_HISTORY.bias),
            weights: std::array::from_fn(|it| {
                between(WITHOUT_HISTORY.weights[it], WITH_HISTORY.weights[it])
            }),
        }
    }

    fn read(kept: &Weights) -> Option<Model> {
        let get = |name: &str| kept.get(&format!("{PREFIX}{name}")).copied();
        let mut weights = [0.0; N_FEATURES];
        for (weight, name) in weights.iter_mut().zip(FEATURES) {
            *weight = get(name)?;
        }
        Some(Model { bias: get(BIAS)?, weights })
    }

    /// By the names they are kept by.
    pub fn named(&self) -> impl Iterator<Item = (String, f32)> {
        let weights = FEATURES.into_iter().zip(self.weights);
        let all = std::iter::once((BIAS, self.bias)).chain(weights);
        all.map(|(name, value)| (format!("{PREFIX}{name}"), value))
    }

    /// Of a draft with these features, in the order of [`FEATURES`].
    #[must_use]
    pub fn log_odds(&self, values: &[f32; N_FEATURES]) -> f32 {
        self.bias + self.weights.iter().zip(values).map(|(it, value)| it * value).sum::<f32>()
    }

    /// 0.0–1.0; NaN if a value is.
    #[must_use]
    pub fn probability(&self, values: &[f32; N_FEATURES]) -> f32 {
        1.0 / (1.0 + (-self.log_odds(values)).exp())
    }

    /// Names what a brand's drafts are judged by: the same name, the same probabilities.
    #[must_use]
    pub fn version(calibrated: Option<&Weights>) -> String {
        let models = [Model::of(calibrated, 0.0), Model::of(calibrated, 1.0)];
        text::version_of(format!("{models:?} {FEATURES:?}"))
    }
}
