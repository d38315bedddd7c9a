//! The figures of each slice, their intervals, and the same of what one would go by
//! without a confidence.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;
use rand::seq::index::sample;

use super::Answered;
use super::Figures;
use super::Interval;
use super::Slices;
use super::outcomes;
use super::risk;
use super::risk::Scored;
use crate::confidence::Model;
use crate::confidence::learn;
use crate::eval::auroc;
use crate::eval::metrics::average;
use crate::eval::metrics::interval_of_mean;
use crate::eval::metrics::middle;

/// Resamples of the questions behind one interval: each sorts them all.
const N_RESAMPLES: usize = 200;

/// Fixed, so that the same data gives the same figures.
const SEED: u64 = 20_26;

/// Labels after which a probability is to mean what it says, and how often they are drawn.
const N_LABELS: usize = 100;
const N_DRAWS: usize = 200;

/// Everything that is told, by slice.
#[derive(Default)]
pub(super) struct Table {
    pub(super) metrics: Slices,
    pub(super) baseline: BTreeMap<String, Slices>,
    pub(super) ci95: BTreeMap<String, BTreeMap<String, Interval>>,
}

/// What a question is judged by.
type Score = fn(&Answered) -> f64;

/// What one would go by without a confidence.
const BASELINES: [(&str, Score); 2] =
    [("bm25", |it| f64::from(it.bm25)), ("margin", |it| f64::from(it.lead))];

impl Table {
    /// Adds a team: its questions, and the same by their language, scope and time.
    pub(super) fn add(&mut self, name: &str, answered: &[Answered]) {
        let all: Vec<&Answered> = answered.iter().collect();
        self.of_order(name, &all);
        self.of_scope(name, &all);
        self.of_later(name, &all);
        self.of_outcomes(name, &all);
    }

    fn put(&mut self, slice: &str, figures: Figures) {
        self.metrics.entry(slice.to_owned()).or_default().extend(figures);
    }

    fn put_intervals(&mut self, slice: &str, intervals: BTreeMap<String, Interval>) {
        self.ci95.entry(slice.to_owned()).or_default().extend(intervals);
    }

    fn put_mean(&mut self, slice: &str, figure: &str, values: &[f64]) {
        let interval = BTreeMap::from([(figure.to_owned(), interval_of_mean(values))]);
        self.put(slice, Figures::from([(figure.to_owned(), average(values))]));
        self.put_intervals(slice, interval);
    }

    fn put_baseline(&mut self, name: &str, slice: &str, figures: Figures) {
        let slices = self.baseline.entry(name.to_owned()).or_default();
        slices.entry(slice.to_owned()).or_default().extend(figures);
    }

    /// Right against wrong.
    fn of_order(&mut self, slice: &str, all: &[&Answered]) {
        let right: Vec<f64> = all.iter().map(|it| f64::from(u8::from(it.right))).collect();
        let figures = |rows: &[Scored]| {
            let mut figures = risk::of_order(rows);
            figures.extend(risk::of_probability(rows));
            figures
        };
        let rows = scored(all, Answered::probability);
        self.put(slice, figures(&rows));
        self.put_intervals(slice, intervals(&rows, figures));
        self.put_mean(slice, "right", &right);
        for (name, score) in BASELINES {
            self.put_baseline(name, slice, risk::of_order(&scored(all, score)));
        }
    }

    /// What the knowledge answers against what it does not, where both are asked.
    fn of_scope(&mut self, name: &str, all: &[&Answered]) {
        let told = |it: &&&Answered| it.answerable.is_some();
        let told: Vec<&Answered> = all.iter().filter(told).copied().collect();
        let n_answerable = told.iter().filter(|it| it.answerable == Some(true)).count();
        if n_answerable == 0 || n_answerable == told.len() {
            return;
        }
        let slice = format!("{name}: in scope");
        let rows = |score: Score| -> Vec<Scored> {
            told.iter().map(|it| (score(it), it.answerable == Some(true))).collect()
        };
        let figures = |rows: &[Scored]| Figures::from([("auroc".to_owned(), auroc_of(rows))]);
        self.put(&slice, figures(&rows(Answered::in_scope)));
        self.put_intervals(&slice, intervals(&rows(Answered::in_scope), figures));
        let confidence: (&str, Score) = ("confidence", Answered::probability);
        for (name, score) in BASELINES.into_iter().chain([confidence]) {
            self.put_baseline(name, &slice, figures(&rows(score)));
        }
    }

    /// Whether it means what it says of the later half, as it comes and after a few
    /// labels of the earlier half.
    fn of_later(&mut self, name: &str, all: &[&Answered]) {
        let (earlier, later) = halves(all);
        if earlier.len() < N_LABELS {
            return;
        }
        let mut random = SmallRng::seed_from_u64(SEED);
        let history = all.iter().map(|it| it.history).fold(0.0, f32::max);
        let start = Model::shipped(history);
        let (mut errors, mut squares) = (Vec::new(), Vec::new());
        for _ in 0..N_DRAWS {
            let drawn = sample(&mut random, earlier.len(), N_LABELS);
            let drawn = drawn.into_iter().filter_map(|it| earlier.get(it)?.example());
            let learned = learn::scaled(&start, &drawn.collect::<Vec<_>>());
            let rows: Vec<Scored> = later
                .iter()
                .map(|it| {
                    let values = it.example().map(|it| it.values);
                    (f64::from(values.map_or(0.0, |it| learned.probability(&it))), it.right)
                })
                .collect();
            errors.push(risk::ece(&rows));
            squares.push(risk::of_probability(&rows)["brier"]);
        }
        let slice = format!("{name}: later, after {N_LABELS} labels");
        let figures = [("ece", &errors), ("brier", &squares)];
        let means = figures.map(|(it, values)| (it.to_owned(), average(values)));
        self.put(&slice, Figures::from(means));
        let spread = figures.map(|(it, values)| (it.to_owned(), middle(values.clone())));
        self.put_intervals(&slice, BTreeMap::from(spread));
        let as_it_comes = risk::of_probability(&scored(&later, Answered::probability));
        self.put_baseline("as shipped", &slice, as_it_comes);
    }

    /// What came of the questions of which it is said what should.
    fn of_outcomes(&mut self, name: &str, all: &[&Answered]) {
        let rows: Vec<Figures> = all.iter().filter_map(|it| outcomes::of(it)).collect();
        let slice = format!("{name}: what came of it");
        let names: BTreeSet<&String> = rows.iter().flat_map(|it| it.keys()).collect();
        for figure in names {
            let values: Vec<f64> = rows.iter().filter_map(|it| it.get(figure).copied()).collect();
            self.put_mean(&slice, figure, &values);
        }
    }
}

fn scored(all: &[&Answered], score: Score) -> Vec<Scored> {
    all.iter().map(|it| (score(it), it.right)).collect()
}

/// Those asked first and those asked later: by their dates, or as chance has it where
/// they have none.
fn halves<'a>(all: &[&'a Answered]) -> (Vec<&'a Answered>, Vec<&'a Answered>) {
    let mut ordered = all.to_vec();
    if ordered.iter().any(|it| it.asked_at.is_none()) {
        ordered.shuffle(&mut SmallRng::seed_from_u64(SEED));
    } else {
        ordered.sort_by_key(|it| it.asked_at);
    }
    let later = ordered.split_off(ordered.len() / 2);
    (ordered, later)
}

/// The interval of each figure, by resampling the questions.
fn intervals(
    rows: &[Scored],
    figures: impl Fn(&[Scored]) -> Figures,
) -> BTreeMap<String, Interval> {
    let mut random = SmallRng::seed_from_u64(SEED);
    let mut values: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for _ in 0..N_RESAMPLES {
        let drawn: Vec<Scored> =
            (0..rows.len()).map(|_| rows[random.random_range(0..rows.len())]).collect();
        for (name, value) in figures(&drawn) {
            values.entry(name).or_default().push(value);
        }
    }
    values.into_iter().map(|(name, values)| (name, middle(values))).collect()
}

fn auroc_of(rows: &[Scored]) -> f64 {
    let of =
        |yes: bool| -> Vec<f64> { rows.iter().filter(|it| it.1 == yes).map(|it| it.0).collect() };
    auroc(&of(true), &of(false))
}
