//! What a replay found: how often Deskhand would have answered, how often people had
//! answered with the same article, and where the knowledge ends.

use std::collections::BTreeMap;

use serde::Serialize;

use super::gaps::Gap;
use super::gaps::gaps;
use super::journal::Basis;
use super::months::Month;
use super::months::months;
use super::outcome::Outcome;
use super::shares::Share;
use crate::decide::Decision;
use crate::eval::auroc;

/// Tickets behind each figure of a topic or a stage, at least. (Guessed: with fewer, the
/// intervals are wider than what they tell.)
const MIN_TICKETS: usize = 20;

/// Drafts worth reading that cite another article than people linked.
const MAX_DISAGREEMENTS: usize = 15;

/// Points of the curve of risk over coverage.
const N_POINTS: usize = 100;

/// Bins of equal width for the calibration.
const N_BINS: usize = 10;

/// Everything a replay found.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub basis: Basis,
    /// Tickets that were asked again, and those left out because they have no date.
    pub n: usize,
    pub n_undated: usize,
    pub all: Row,
    /// Largest first; only those with enough tickets.
    pub topics: Vec<Row>,
    pub stages: Vec<Row>,
    /// How many were handed over, or left alone, for each reason; most frequent first.
    pub reasons: Vec<(String, usize)>,
    pub months: Vec<Month>,
    /// How far the forecasts of the months were off, in points of a hundred, on average;
    /// `None` without any.
    pub forecast_error_points: Option<f64>,
    /// How often a higher confidence goes with the same article; `None` if all or none
    /// are the same.
    pub auroc: Option<f64>,
    /// Expected calibration error over ten bins of equal width; `None` without labels.
    pub ece: Option<f64>,
    pub bins: Vec<Bin>,
    pub curve: Vec<Point>,
    pub gaps: Vec<Gap>,
    /// Drafts that would have been sent, or nearly, and cite another article than people
    /// linked; the surest first.
    pub disagreements: Vec<Outcome>,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

/// The tickets of one topic or stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub name: String,
    pub n: usize,
    pub would_send: Share,
    pub would_suggest: Share,
    pub would_hand_over: Share,
    /// Of what would be sent and people linked an article for: that the reply cites
    /// another one. Signs, not judgements.
    pub sent_other_article: Share,
    /// The same of everything that has a draft.
    pub drafted_other_article: Share,
    /// Mean share of words that drafts have in common with people's answers; `None`
    /// without answers.
    pub overlap: Option<f64>,
}

/// The drafts of one range of confidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    pub from: f64,
    pub to: f64,
    pub mean_confidence: f64,
    /// That cite an article people linked.
    pub same_article: Share,
}

/// What sending the surest drafts would have meant.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Point {
    /// Share of the tickets that are answered, 0.0–1.0.
    pub coverage: f64,
    /// Share of those whose reply cites another article than people linked.
    pub risk: f64,
    pub confidence: f32,
}

impl Report {
    /// `outcomes` in any order.
    #[must_use]
    pub fn new(basis: Basis, mut outcomes: Vec<Outcome>, n_undated: usize) -> Report {
        outcomes.sort_by(|left, right| (left.at, &left.id).cmp(&(right.at, &right.id)));
        let months = months(&outcomes);
        let errors: Vec<f64> = months.iter().filter_map(Month::error_points).collect();
        let labelled = labelled(&outcomes);
        let bins = bins(&labelled);
        let split = |is_same: bool| -> Vec<f64> {
            let those = labelled.iter().filter(|(_, same)| *same == is_same);
            those.map(|(it, _)| f64::from(it.confidence)).collect()
        };
        let (same, other) = (split(true), split(false));
        let mut took: Vec<f64> = outcomes.iter().map(|it| it.took_ms).collect();
        took.sort_by(f64::total_cmp);
        let at = |share: f64| took.get((took.len() as f64 * share) as usize).copied();
        Report {
            n: outcomes.len(),
            n_undated,
            all: row("all", outcomes.iter()),
            topics: rows(&outcomes, |it| &it.topic),
            stages: rows(&outcomes, |it| &it.stage),
            reasons: reasons(&outcomes),
            forecast_error_points: mean(&errors),
            months,
            auroc: (!same.is_empty() && !other.is_empty()).then(|| auroc(&same, &other)),
            ece: ece(&bins),
            bins,
            curve: curve(labelled.clone()),
            gaps: gaps(&outcomes),
            disagreements: disagreements(&labelled),
            p50_ms: at(0.5).unwrap_or(0.0),
            p99_ms: at(0.99).unwrap_or(0.0),
            basis,
        }
    }
}

/// Outcomes with a draft for tickets that people linked an article for, and whether it
/// is the same one.
fn labelled(outcomes: &[Outcome]) -> Vec<(&Outcome, bool)> {
    let drafted = outcomes.iter().filter(|it| !it.cited.is_empty());
    drafted.filter_map(|it| Some((it, it.same_article()?))).collect()
}

fn row<'a>(name: &str, outcomes: impl Iterator<Item = &'a Outcome> + Clone) -> Row {
    let decided =
        |is_so: fn(&Decision) -> bool| Share::count(outcomes.clone(), |it| is_so(&it.decision));
    let other = |only_sent: bool| {
        let those = outcomes.clone().filter(|it| !it.cited.is_empty());
        let those = those.filter(|it| !only_sent || it.decision == Decision::Send);
        Share::count(those.filter_map(Outcome::same_article), |same| !same)
    };
    let overlaps: Vec<f64> = outcomes.clone().filter_map(|it| it.overlap).collect();
    Row {
        name: name.to_owned(),
        n: outcomes.clone().count(),
        would_send: decided(|it| matches!(it, Decision::Send)),
        would_suggest: decided(|it| matches!(it, Decision::Suggest)),
        would_hand_over: decided(|it| matches!(it, Decision::Escalate(_))),
        sent_other_article: other(true),
        drafted_other_article: other(false),
        overlap: mean(&overlaps),
    }
}

fn rows<'a>(outcomes: &'a [Outcome], name: impl Fn(&'a Outcome) -> &'a str) -> Vec<Row> {
    let mut by_name: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        by_name.entry(name(outcome)).or_default().push(outcome);
    }
    by_name.retain(|name, those| !name.is_empty() && MIN_TICKETS <= those.len());
    let mut rows: Vec<Row> =
        by_name.iter().map(|(name, those)| row(name, those.iter().copied())).collect();
    rows.sort_by_key(|it| std::cmp::Reverse(it.n));
    rows
}

/// The reasons as `decisions` shows them.
fn reasons(outcomes: &[Outcome]) -> Vec<(String, usize)> {
    let mut counted: BTreeMap<String, usize> = BTreeMap::new();
    for reason in outcomes.iter().filter_map(|it| it.decision.reason_word()) {
        *counted.entry(reason).or_default() += 1;
    }
    let mut counted: Vec<(String, usize)> = counted.into_iter().collect();
    counted.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    counted
}

fn bins(labelled: &[(&Outcome, bool)]) -> Vec<Bin> {
    let of = |it: &Outcome| ((it.confidence * N_BINS as f32) as usize).min(N_BINS - 1);
    let bin = |idx: usize| {
        let those = || labelled.iter().filter(move |(it, _)| of(it) == idx);
        let sure: Vec<f64> = those().map(|(it, _)| f64::from(it.confidence)).collect();
        Bin {
            from: idx as f64 / N_BINS as f64,
            to: (idx + 1) as f64 / N_BINS as f64,
            mean_confidence: mean(&sure).unwrap_or(0.0),
            same_article: Share::count(those(), |(_, same)| *same),
        }
    };
    (0..N_BINS).map(bin).collect()
}

/// How far confidence is from what came of it, weighted by tickets (Naeini et al. 2015).
fn ece(bins: &[Bin]) -> Option<f64> {
    let n: usize = bins.iter().map(|it| it.same_article.of).sum();
    let off = bins.iter().filter_map(|it| {
        let share = it.same_article.value()?;
        Some((share - it.mean_confidence).abs() * it.same_article.of as f64)
    });
    (0 < n).then(|| off.sum::<f64>() / n as f64)
}

fn curve(mut labelled: Vec<(&Outcome, bool)>) -> Vec<Point> {
    labelled.sort_by(|left, right| right.0.confidence.total_cmp(&left.0.confidence));
    let n = labelled.len();
    let mut n_wrong = 0;
    let mut points = Vec::new();
    for (idx, (outcome, same)) in labelled.iter().enumerate() {
        n_wrong += usize::from(!same);
        let so_far = idx + 1;
        // Of equally sure drafts all are sent or none.
        let goes_on = labelled.get(so_far).is_some_and(|it| it.0.confidence == outcome.confidence);
        let is_drawn = so_far == n || so_far * N_POINTS / n != idx * N_POINTS / n;
        if is_drawn && !goes_on {
            points.push(Point {
                coverage: so_far as f64 / n as f64,
                risk: f64::from(n_wrong as u32) / so_far as f64,
                confidence: outcome.confidence,
            });
        }
    }
    points
}

fn disagreements(labelled: &[(&Outcome, bool)]) -> Vec<Outcome> {
    let is_shown = |it: &Outcome| matches!(it.decision, Decision::Send | Decision::Suggest);
    let mut wrong: Vec<&Outcome> =
        labelled.iter().filter(|(it, same)| !same && is_shown(it)).map(|(it, _)| *it).collect();
    wrong.sort_by(|left, right| {
        let by_confidence = right.confidence.total_cmp(&left.confidence);
        by_confidence.then(left.id.cmp(&right.id))
    });
    wrong.into_iter().take(MAX_DISAGREEMENTS).cloned().collect()
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}
