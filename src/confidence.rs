//! Step 7 of 9: one probability that the draft is right as it stands, with each
//! feature's share in it. Total.

mod features;
pub mod learn;
mod model;

pub use self::features::FEATURES;
pub use self::features::Features;
pub use self::features::Found;
pub use self::features::N_FEATURES;
pub use self::learn::Example;
pub use self::model::Model;
pub use self::model::PREFIX;

use serde::{Deserialize, Serialize};

/// How sure we are, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Confidence {
    /// Probability that the draft is right as it stands, 0.0–1.0. NaN if a
    /// feature could not be computed. (Stored as null.)
    #[serde(with = "crate::text::nan_as_null")]
    pub probability: f32,
    /// Largest contribution first, in either direction.
    pub parts: Vec<Part>,
}

/// One feature's contribution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Part {
    pub feature: String,
    /// As of [`Features`].
    #[serde(with = "crate::text::nan_as_null")]
    pub value: f32,
    pub weight: f32,
    /// What it adds to the log-odds: weight × value.
    #[serde(with = "crate::text::nan_as_null")]
    pub contribution: f32,
}

/// Adds the features up by what each counts.
#[must_use]
pub fn confidence(features: &Features, model: &Model) -> Confidence {
    let values = features.values();
    let named = FEATURES.into_iter().zip(values.into_iter().zip(model.weights));
    let mut parts: Vec<Part> = named
        .map(|(feature, (value, weight))| Part {
            feature: feature.to_owned(),
            value,
            weight,
            contribution: weight * value,
        })
        .collect();
    parts.sort_by(|left, right| right.contribution.abs().total_cmp(&left.contribution.abs()));
    Confidence { probability: model.probability(&values), parts }
}

impl Confidence {
    /// What the features were, in the order of [`FEATURES`]. `None` if one is not known,
    /// or was not then.
    #[must_use]
    pub fn values(&self) -> Option<[f32; N_FEATURES]> {
        let mut values = [0.0; N_FEATURES];
        for (value, name) in values.iter_mut().zip(FEATURES) {
            let part = self.parts.iter().find(|it| it.feature == name)?;
            *value = Some(part.value).filter(|it| !it.is_nan())?;
        }
        Some(values)
    }
}

#[cfg(test)]
mod tests;
