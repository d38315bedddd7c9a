//! Whether the promises of [`crate::certify`] are kept: on labelled questions drawn
//! again and again, beside the threshold people would pick and the best there is.

mod resampled;
mod streams;

pub use self::resampled::Found;
pub use self::resampled::Setting;

use std::collections::BTreeMap;

use super::Figures;
use super::Report;
use super::Slices;
use super::auroc;
use super::metrics::latency;
use crate::certify::Judged;

/// Measures the promises on questions that were answered and judged: `pairs` with how
/// long each took, in milliseconds; `n_runs` times each. `progress` is told how many of how many settings
/// are done.
#[must_use]
pub fn measure(
    pairs: &[(Judged, f64)],
    data: &str,
    versions: BTreeMap<String, String>,
    n_runs: usize,
    mut progress: impl FnMut(usize, usize),
) -> (Report, Vec<(Setting, Found)>) {
    let judged: Vec<Judged> = pairs.iter().map(|(it, _)| *it).collect();
    let settings = resampled::settings();
    let mut rows = Vec::new();
    for setting in &settings {
        rows.push((*setting, resampled::resample(&judged, *setting, n_runs)));
        progress(rows.len(), settings.len());
    }
    let (mut metrics, mut naive, mut oracle) = (Slices::new(), Slices::new(), Slices::new());
    let mut ci95 = BTreeMap::new();
    metrics.insert("all".to_owned(), of_scores(&judged));
    for (setting, found) in &rows {
        let name = setting.to_string();
        let intervals = [("broken", Some(found.broken)), ("broken_rest", found.broken_rest)];
        let intervals = intervals
            .into_iter()
            .filter_map(|(name, share)| Some((name.to_owned(), found.interval(share?))));
        ci95.insert(name.clone(), intervals.collect());
        metrics.insert(name.clone(), found.figures());
        naive.insert(name.clone(), found.naive_figures());
        oracle.insert(name, Figures::from([("coverage".to_owned(), found.oracle_coverage)]));
    }
    for (name, figures) in streams::watched(&judged, n_runs) {
        metrics.insert(name, figures);
    }
    let report = Report {
        step: "guarantee".to_owned(),
        data: data.to_owned(),
        n: judged.len(),
        metrics,
        baseline: BTreeMap::from([("naive".to_owned(), naive), ("oracle".to_owned(), oracle)]),
        ci95,
        latency_ms: latency(pairs.iter().map(|(_, ms)| *ms).collect()),
        versions,
    };
    (report, rows)
}

/// How good the confidence is that the lines are drawn by.
fn of_scores(judged: &[Judged]) -> Figures {
    let scores = |wrong: bool| -> Vec<f64> {
        let those = judged.iter().filter(|it| it.wrong == wrong);
        those
            .map(|it| f64::from(if it.confidence.is_nan() { 0.0 } else { it.confidence }))
            .collect()
    };
    let (right, wrong) = (scores(false), scores(true));
    let share = right.len() as f64 / judged.len().max(1) as f64;
    Figures::from([("auroc".to_owned(), auroc(&right, &wrong)), ("right".to_owned(), share)])
}
