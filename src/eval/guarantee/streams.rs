//! How soon the monitor notices that a promise is broken, and how often it says so of
//! one that is kept.

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;

use super::super::Figures;
use super::resampled::RISK;
use crate::certify;
use crate::certify::Judged;
use crate::certify::Of;
use crate::certify::Promise;
use crate::certify::is_broken;

/// The limit of the made-up replies, and the shares of them that are wrong.
const LIMIT: f64 = 0.03;
const SHARES: [f64; 5] = [0.01, 0.03, 0.06, 0.10, 0.20];

/// Replies that are audited in one run.
const N_AUDITED: u64 = 1_000;

/// The promise that is watched on the questions, and its labels.
const WATCHED: Promise = Promise { of: Of::Tickets, limit: 0.02, risk: RISK };
const N_LABELS: usize = 500;

/// Share of the right replies that go wrong, where something does.
const GONE_WRONG: f64 = 0.25;

/// Fixed, so that the same data gives the same figures.
const SEED: u64 = 20_26;

/// Alarms over many runs: on made-up replies, then on the questions, as they are and
/// once a quarter of the right replies is wrong.
pub(super) fn watched(judged: &[Judged], n_runs: usize) -> Vec<(String, Figures)> {
    let mut random = SmallRng::seed_from_u64(SEED);
    let mut slices = Vec::new();
    for share in SHARES {
        let runs =
            (0..n_runs).map(|_| alarm((0..N_AUDITED).map(|_| random.random_bool(share)), LIMIT));
        let name = format!("monitor of 3 % of replies, {:>2.0} % wrong", share * 100.0);
        slices.push((name, figures(runs.collect())));
    }
    if judged.len() < 2 * N_LABELS {
        return slices;
    }
    let mut shuffled = judged.to_vec();
    let (mut kept, mut gone) = (Vec::new(), Vec::new());
    for _ in 0..n_runs {
        shuffled.shuffle(&mut random);
        let (labels, rest) = shuffled.split_at(N_LABELS);
        let Some(line) = certify::line(WATCHED, labels).send_from else { continue };
        let is_wrong = |it: &Judged| line <= it.confidence && it.wrong;
        let (_, n_wrong) = certify::above(rest, line);
        // A promise that is broken already is rightly complained of.
        if n_wrong as f64 <= WATCHED.limit * rest.len() as f64 {
            kept.push(alarm(rest.iter().map(is_wrong), WATCHED.limit));
        }
        let worse =
            |it: &Judged| line <= it.confidence && (it.wrong || random.random_bool(GONE_WRONG));
        gone.push(alarm(rest.iter().map(worse), WATCHED.limit));
    }
    slices.push(("monitor of 2 % of tickets, kept".to_owned(), figures(kept)));
    slices.push(("monitor of 2 % of tickets, a quarter gone wrong".to_owned(), figures(gone)));
    slices
}

/// After how many it is said that more than the limit are wrong; `None` if never.
fn alarm(wrong: impl Iterator<Item = bool>, limit: f64) -> Option<u64> {
    let mut n_wrong = 0;
    for (wrong, n) in wrong.zip(1..) {
        n_wrong += u64::from(wrong);
        if is_broken(n_wrong, n, limit, RISK) {
            return Some(n);
        }
    }
    None
}

fn figures(mut alarms: Vec<Option<u64>>) -> Figures {
    let n_alarms = alarms.iter().filter(|it| it.is_some()).count();
    // Those without an alarm come last: the median is of all runs.
    alarms.sort_by_key(|it| it.unwrap_or(u64::MAX));
    let median = alarms.get(alarms.len() / 2).copied().flatten();
    let mut figures =
        Figures::from([("alarms".to_owned(), n_alarms as f64 / alarms.len().max(1) as f64)]);
    if let Some(median) = median {
        figures.insert("median".to_owned(), median as f64);
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_that_is_kept_is_left_alone_and_a_broken_one_noticed() {
        let judged: Vec<Judged> = (0..2_000)
            .map(|it| Judged {
                confidence: 1.0 - it as f32 / 2_000.0,
                wrong: it % 9 == 8 && 600 < it,
            })
            .collect();
        let slices = watched(&judged, 200);
        let of = |name: &str| slices.iter().find(|(it, _)| it.ends_with(name)).map(|(_, it)| it);
        let (good, limit, worst) =
            (of(",  1 % wrong").unwrap(), of(",  3 % wrong").unwrap(), of("20 % wrong").unwrap());
        assert_eq!(good["alarms"], 0.0);
        assert!(limit["alarms"] <= 0.05 && !limit.contains_key("median"), "{limit:?}");
        assert!(worst["alarms"] == 1.0 && worst["median"] < 40.0, "{worst:?}");
        assert!(of("kept").unwrap()["alarms"] <= 0.05);
        assert!(0.9 < of("gone wrong").unwrap()["alarms"]);
    }
}
