//! One promise at one number of labels, made anew a thousand times: on labels drawn
//! from the questions, looked at on the questions that were not drawn.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;

use super::super::Figures;
use super::super::Interval;
use crate::certify;
use crate::certify::Judged;
use crate::certify::Of;
use crate::certify::Promise;
use crate::certify::upper_bound;

/// The limits that are tried.
const LIMITS: [(Of, f64); 5] = [
    (Of::Tickets, 0.01),
    (Of::Tickets, 0.02),
    (Of::Tickets, 0.03),
    (Of::Replies, 0.05),
    (Of::Replies, 0.10),
];

/// Numbers of labels that are tried.
const SIZES: [usize; 5] = [200, 300, 500, 1_000, 2_000];

/// Questions that must be left so that they are looked at; with fewer their own luck
/// says more than the promise. (Guessed.)
const MIN_REST: usize = 300;

/// "With 95 % confidence".
pub(super) const RISK: f64 = 0.05;

/// Fixed, so that the same data gives the same figures.
const SEED: u64 = 20_26;

/// A promise, and on how many labels it is made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    pub promise: Promise,
    pub n_labels: usize,
}

impl std::fmt::Display for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = match self.promise.of {
            Of::Tickets => "tickets",
            Of::Replies => "replies",
        };
        write!(f, "{:.0} % of {of}, {} labels", self.promise.limit * 100.0, self.n_labels)
    }
}

/// Every setting.
pub(super) fn settings() -> Vec<Setting> {
    let of_limit = |(of, limit)| {
        let promise = Promise { of, limit, risk: RISK };
        SIZES.into_iter().map(move |n_labels| Setting { promise, n_labels })
    };
    LIMITS.into_iter().flat_map(of_limit).collect()
}

/// What became of a promise over all runs; shares of the runs, coverages as means.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Found {
    pub n_runs: usize,
    /// The promise was made at all.
    pub made: f64,
    /// It was broken. Labels were drawn with replacement, so that the truth is that of all
    /// questions, and known.
    pub broken: f64,
    /// It was broken on the questions that were not drawn. What is left holds the more
    /// wrong ones the fewer were drawn: where it is not many times the labels, this is
    /// above what was promised of the tickets to come. `None` where too few are left.
    pub broken_rest: Option<f64>,
    /// Share of the questions that are answered automatically.
    pub coverage: f64,
    /// The lowest line that keeps the limit on the labels, without a bound.
    pub naive_broken: f64,
    pub naive_broken_rest: Option<f64>,
    pub naive_coverage: f64,
    /// The lowest line that keeps the limit on all questions.
    pub oracle_coverage: f64,
}

impl Found {
    /// Two-sided 95 % interval of a share of the runs (Clopper–Pearson).
    pub(super) fn interval(&self, share: f64) -> Interval {
        let n = self.n_runs as u64;
        let k = (share * n as f64).round() as u64;
        let risk = RISK / 2.0;
        Interval(1.0 - upper_bound(n.saturating_sub(k), n, risk), upper_bound(k, n, risk))
    }

    /// What is answered, of what could be at best.
    #[must_use]
    pub fn of_oracle(&self) -> f64 {
        if self.oracle_coverage == 0.0 { f64::NAN } else { self.coverage / self.oracle_coverage }
    }

    /// The share of runs that may break a promise of which 5 % may: that, and two
    /// standard errors.
    #[must_use]
    pub fn allowed(&self) -> f64 {
        RISK + 2.0 * (RISK * (1.0 - RISK) / self.n_runs.max(1) as f64).sqrt()
    }

    pub(super) fn figures(&self) -> Figures {
        let figures = [
            ("made", Some(self.made)),
            ("broken", Some(self.broken)),
            ("broken_rest", self.broken_rest),
            ("allowed", Some(self.allowed())),
            ("coverage", Some(self.coverage)),
            ("of_oracle", Some(self.of_oracle()).filter(|it| !it.is_nan())),
        ];
        named(&figures)
    }

    pub(super) fn naive_figures(&self) -> Figures {
        let figures = [
            ("broken", Some(self.naive_broken)),
            ("broken_rest", self.naive_broken_rest),
            ("coverage", Some(self.naive_coverage)),
        ];
        named(&figures)
    }
}

fn named(figures: &[(&str, Option<f64>)]) -> Figures {
    figures.iter().filter_map(|(name, value)| Some(((*name).to_owned(), (*value)?))).collect()
}

/// Counts of a set of questions above a line.
struct Counted {
    n: u64,
    n_sent: u64,
    n_wrong: u64,
}

impl Counted {
    fn of(judged: &[Judged], line: Option<f32>) -> Counted {
        let (n_sent, n_wrong) = line.map_or((0, 0), |it| certify::above(judged, it));
        Counted { n: judged.len() as u64, n_sent, n_wrong }
    }

    /// What a promise is about.
    fn share(&self, of: Of) -> f64 {
        let whole = match of {
            Of::Tickets => self.n,
            Of::Replies => self.n_sent,
        };
        self.n_wrong as f64 / whole.max(1) as f64
    }

    fn coverage(&self) -> f64 {
        self.n_sent as f64 / self.n.max(1) as f64
    }
}

/// Makes a promise again and again.
pub(super) fn resample(judged: &[Judged], setting: Setting, n_runs: usize) -> Found {
    let Setting { promise, n_labels } = setting;
    let mut random = SmallRng::seed_from_u64(SEED);
    let mut shuffled = judged.to_vec();
    let whole = |line: Option<f32>| Counted::of(judged, line);
    let is_broken = |it: &Counted| promise.limit < it.share(promise.of);
    let counts = |holds: bool| f64::from(u8::from(holds));
    let mut found = Found::default();
    let (mut n_rest, mut n_naive_rest) = (0.0, 0.0);
    let has_rest = n_labels + MIN_REST <= judged.len();
    for _ in 0..n_runs {
        let drawn: Vec<Judged> =
            (0..n_labels).map(|_| judged[random.random_range(0..judged.len())]).collect();
        let line = certify::line(promise, &drawn).send_from;
        let (ours, naive) = (whole(line), whole(lowest(promise, &drawn)));
        found.made += counts(line.is_some());
        found.broken += counts(is_broken(&ours));
        found.coverage += ours.coverage();
        found.naive_broken += counts(is_broken(&naive));
        found.naive_coverage += naive.coverage();
        if has_rest {
            shuffled.shuffle(&mut random);
            let (labels, rest) = shuffled.split_at(n_labels);
            let on_rest = |line: Option<f32>| counts(is_broken(&Counted::of(rest, line)));
            n_rest += on_rest(certify::line(promise, labels).send_from);
            n_naive_rest += on_rest(lowest(promise, labels));
        }
    }
    let mean = |sum: f64| sum / n_runs as f64;
    Found {
        n_runs,
        made: mean(found.made),
        broken: mean(found.broken),
        broken_rest: has_rest.then(|| mean(n_rest)),
        coverage: mean(found.coverage),
        naive_broken: mean(found.naive_broken),
        naive_broken_rest: has_rest.then(|| mean(n_naive_rest)),
        naive_coverage: mean(found.naive_coverage),
        oracle_coverage: whole(lowest(promise, judged)).coverage(),
    }
}

/// The lowest line above which no more than the limit are wrong, as counted: what is
/// picked from labels without a bound, and on all questions the best there is.
fn lowest(promise: Promise, judged: &[Judged]) -> Option<f32> {
    let mut sure: Vec<Judged> =
        judged.iter().copied().filter(|it| !it.confidence.is_nan()).collect();
    sure.sort_by(|left, right| right.confidence.total_cmp(&left.confidence));
    let mut counted = Counted { n: judged.len() as u64, n_sent: 0, n_wrong: 0 };
    let mut line = None;
    for (place, it) in sure.iter().enumerate() {
        counted.n_sent += 1;
        counted.n_wrong += u64::from(it.wrong);
        // Between equally sure ones there is no line.
        let is_last = sure.get(place + 1).is_none_or(|next| next.confidence < it.confidence);
        if is_last && counted.share(promise.of) <= promise.limit {
            line = Some(it.confidence);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMISE: Promise = Promise { of: Of::Tickets, limit: 0.02, risk: RISK };

    fn team() -> Vec<Judged> {
        let mut random = SmallRng::seed_from_u64(1);
        let ticket = |_| {
            let confidence: f32 = random.random_range(0.0..1.0);
            Judged { confidence, wrong: random.random_bool(f64::from(1.0 - confidence)) }
        };
        (0..3_000).map(ticket).collect()
    }

    #[test]
    fn a_bound_keeps_the_promise_that_counting_alone_breaks() {
        let found = resample(&team(), Setting { promise: PROMISE, n_labels: 500 }, 300);
        assert!(found.broken <= found.allowed() + 0.02, "{found:?}");
        assert!(
            0.3 < found.naive_broken && found.naive_broken_rest.is_some_and(|it| 0.3 < it),
            "{found:?}"
        );
        assert!(found.coverage < found.oracle_coverage && 0.5 < found.of_oracle(), "{found:?}");
        assert_eq!(found.made, 1.0);
    }

    #[test]
    fn the_best_line_is_the_lowest_that_keeps_the_limit() {
        let it = |confidence: f32, wrong: bool| Judged { confidence, wrong };
        let judged =
            [it(0.9, true), it(0.8, false), it(0.8, false), it(0.7, true), it(f32::NAN, true)];
        let replies = Promise { of: Of::Replies, limit: 0.34, risk: RISK };
        assert_eq!(lowest(replies, &judged), Some(0.8));
        assert_eq!(lowest(Promise { limit: 0.5, ..replies }, &judged), Some(0.7));
        assert_eq!(lowest(Promise { of: Of::Tickets, ..replies }, &judged), Some(0.8));
        assert_eq!(lowest(Promise { limit: 0.1, ..replies }, &judged), None);
    }

    #[test]
    fn where_too_few_are_left_they_are_not_looked_at() {
        let few: Vec<Judged> = team().into_iter().take(700).collect();
        let at = |n_labels| resample(&few, Setting { promise: PROMISE, n_labels }, 20);
        assert!(at(300).broken_rest.is_some() && at(500).broken_rest.is_none());
        assert_eq!(settings().len(), 25);
        assert_eq!(settings()[0].to_string(), "1 % of tickets, 200 labels");
    }
}
