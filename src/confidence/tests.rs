//! What is shown adds up, evidence never makes less sure, and what is learned stays honest.

use super::*;
use crate::knowledge::Weights;

const SURE: Features = Features {
    match_strength: 0.9,
    margin: 0.8,
    question_coverage: 0.9,
    answer_coverage: 0.8,
    completeness: 0.7,
    meaning: 0.7,
    answerable: 0.8,
    wording: 0.5,
    wording_lead: 0.3,
    past_tickets: 0.6,
    precedents: 0.6,
    precedent_lead: 0.1,
    agreement: 1.0,
    grounding: 1.0,
    length: 0.2,
    asks_back: 0.0,
    disputed: 0.0,
    flagged: 0.0,
};

fn models() -> [Model; 3] {
    [0.0, 0.3, 1.0].map(Model::shipped)
}

#[test]
fn the_probability_is_the_sum_of_what_is_shown() {
    for model in models() {
        let confidence = confidence(&SURE, &model);
        let log_odds = model.bias + confidence.parts.iter().map(|it| it.contribution).sum::<f32>();
        assert!((confidence.probability - 1.0 / (1.0 + (-log_odds).exp())).abs() < 1e-6);
        assert_eq!(confidence.parts.len(), N_FEATURES);
        assert_eq!(confidence.values(), Some(SURE.values()));
    }
}

#[test]
fn more_evidence_never_makes_less_sure() {
    for model in models() {
        let before = confidence(&SURE, &model).probability;
        for bend in [
            Features { question_coverage: 1.0, ..SURE },
            Features { answer_coverage: 1.0, ..SURE },
            Features { completeness: 1.0, ..SURE },
            Features { past_tickets: 1.0, ..SURE },
            Features { precedents: 1.0, ..SURE },
            Features { precedent_lead: 0.5, ..SURE },
            Features { margin: 1.0, ..SURE },
        ] {
            assert!(before <= confidence(&bend, &model).probability, "{bend:?}");
        }
        for doubt in [
            Features { asks_back: 1.0, ..SURE },
            Features { disputed: 1.0, ..SURE },
            Features { flagged: 1.0, ..SURE },
            Features { length: 1.0, ..SURE },
        ] {
            assert!(confidence(&doubt, &model).probability < before, "{doubt:?}");
        }
    }
}

#[test]
fn what_cannot_be_computed_makes_the_whole_unknown() {
    let unscored = Features { grounding: f32::NAN, ..SURE };
    let confidence = confidence(&unscored, &Model::shipped(1.0));
    assert!(confidence.probability.is_nan() && confidence.values().is_none());
}

#[test]
fn what_was_learned_for_fewer_features_is_not_used() {
    let model = Model { bias: -1.0, ..Model::shipped(1.0) };
    let mut kept: Weights = model.named().collect();
    assert_eq!(Model::of(Some(&kept), 0.0), model);
    assert_ne!(Model::version(Some(&kept)), Model::version(None));
    kept.remove("confidence.margin");
    assert_eq!(Model::of(Some(&kept), 0.0), Model::shipped(0.0));
    assert_eq!(Model::version(Some(&kept)), Model::version(None));
}

/// Drafts of which every third is right, whatever speaks for it.
fn a_third(n: usize) -> Vec<Example> {
    let of = |place: usize| Features {
        margin: place as f32 / n as f32,
        precedents: (place % 7) as f32 / 7.0,
        ..SURE
    };
    (0..n).map(|it| Example { values: of(it).values(), right: it % 3 == 0 }).collect()
}

#[test]
fn two_numbers_make_a_boasting_model_honest_and_none_makes_it_turn_round() {
    let start = Model::shipped(1.0);
    let examples = a_third(600);
    let learned = learn::scaled(&start, &examples);
    let mean = |model: &Model| {
        let sum: f32 = examples.iter().map(|it| model.probability(&it.values)).sum();
        sum / examples.len() as f32
    };
    assert!(0.6 < mean(&start) && (mean(&learned) - 1.0 / 3.0).abs() < 0.05, "{}", mean(&learned));
    assert!(learned.weights.iter().zip(start.weights).all(|(it, before)| 0.0 <= it * before));
    // Few drafts hardly move it.
    let few = learn::scaled(&start, &a_third(3));
    assert!((mean(&few) - mean(&start)).abs() < 0.1, "{}", mean(&few));
    assert_eq!(learn::scaled(&start, &[]), start);
}

#[test]
fn a_feature_that_tells_right_from_wrong_counts_more_where_every_weight_is_fitted() {
    let start = Model::shipped(1.0);
    let told = |it: Example| Example { right: 0.5 < it.values[10], ..it };
    let examples: Vec<Example> = a_third(2_000).into_iter().map(told).collect();
    let learned = learn::refitted(&start, &examples);
    assert_eq!(FEATURES[10], "precedents");
    assert!(start.weights[10] < learned.weights[10], "{learned:?}");
    // Nothing crosses zero.
    assert!(learned.weights.iter().zip(start.weights).all(|(it, before)| 0.0 <= it * before));
}
