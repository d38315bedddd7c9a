//! Whether the confidence tells right replies from wrong ones and means what it says,
//! beside what one would go by without it.

mod outcomes;
mod risk;
mod slices;

use std::collections::BTreeMap;

use self::slices::Table;
use super::Answered;
use super::Figures;
use super::Interval;
use super::Report;
use super::Slices;
use super::auroc;
use super::metrics::latency;

pub(crate) use super::metrics::interval_of_mean;

/// Measures replies by the team that got them, in the order in which they were asked.
#[must_use]
pub fn measure(
    teams: &[(String, Vec<Answered>)],
    data: &str,
    versions: BTreeMap<String, String>,
) -> Report {
    let mut table = Table::default();
    for (name, answered) in teams {
        table.add(name, answered);
    }
    let Table { metrics, baseline, ci95 } = table;
    let all = || teams.iter().flat_map(|(_, it)| it);
    Report {
        step: "confidence".to_owned(),
        data: data.to_owned(),
        n: all().count(),
        metrics,
        baseline,
        ci95,
        latency_ms: latency(all().map(|it| it.took_ms).collect()),
        versions,
    }
}

/// How well probabilities tell right from wrong, and how far they are from what came of it.
pub(crate) fn figures(rows: &[(f64, bool)]) -> Figures {
    let of = |right: bool| -> Vec<f64> {
        rows.iter().filter(|it| it.1 == right).map(|it| it.0).collect()
    };
    let mut figures = risk::of_probability(rows);
    figures.insert("auroc".to_owned(), auroc(&of(true), &of(false)));
    figures
}
