//! Figures of a ranking and of a score, and how sure they are.

use std::collections::BTreeMap;

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use serde::Serialize;

use super::Figures;
use super::Slices;

/// Resamples of the questions behind one interval.
pub(super) const N_RESAMPLES: usize = 1_000;

/// Fixed, so that the same data gives the same interval.
pub(super) const SEED: u64 = 20_26;

/// The middle 95 % of what a figure would be on other questions like these.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval(pub f64, pub f64);

/// How one ranking of documents fared. `relevant` is not empty.
pub(super) fn of_ranking(ranked: &[String], relevant: &[(String, f64)]) -> Figures {
    let is_relevant = |id: &String| relevant.iter().any(|(it, _)| it == id);
    let first = ranked.iter().position(is_relevant);
    let mut figures = Figures::new();
    for k in [1, 3, 5, 10] {
        let hit = first.is_some_and(|it| it < k);
        figures.insert(format!("hit@{k}"), f64::from(u8::from(hit)));
    }
    let n_found = ranked.iter().take(5).filter(|it| is_relevant(it)).count();
    figures.insert("recall@5".to_owned(), n_found as f64 / relevant.len() as f64);
    let reciprocal = first.filter(|it| *it < 10).map_or(0.0, |it| 1.0 / (it as f64 + 1.0));
    figures.insert("mrr@10".to_owned(), reciprocal);
    figures.insert("ndcg@10".to_owned(), ndcg(ranked, relevant, 10));
    figures
}

/// Normalised discounted cumulative gain with gains of 2^grade − 1
/// (Järvelin and Kekäläinen; Burges).
fn ndcg(ranked: &[String], relevant: &[(String, f64)], k: usize) -> f64 {
    let discount = |rank: usize| (rank as f64 + 2.0).log2();
    let gain = |grade: f64| grade.exp2() - 1.0;
    let gained: f64 = ranked
        .iter()
        .take(k)
        .enumerate()
        .filter_map(|(rank, id)| {
            let (_, grade) = relevant.iter().find(|(it, _)| it == id)?;
            Some(gain(*grade) / discount(rank))
        })
        // An empty sum is -0.0, and would be shown so.
        .fold(0.0, |sum, it| sum + it);
    let mut grades: Vec<f64> = relevant.iter().map(|(_, grade)| *grade).collect();
    grades.sort_by(|left, right| right.total_cmp(left));
    let ideal: f64 =
        grades.iter().take(k).enumerate().map(|(rank, it)| gain(*it) / discount(rank)).sum();
    if 0.0 < ideal { gained / ideal } else { 0.0 }
}

/// The mean of each figure, and its interval by resampling the questions.
pub(super) fn mean(rows: &[&Figures]) -> (Figures, Vec<(String, Interval)>) {
    let Some(first) = rows.first() else { return (Figures::new(), Vec::new()) };
    let mut means = Figures::new();
    let mut intervals = Vec::new();
    for name in first.keys() {
        let values: Vec<f64> = rows.iter().filter_map(|it| it.get(name).copied()).collect();
        means.insert(name.clone(), average(&values));
        intervals.push((name.clone(), interval_of_mean(&values)));
    }
    (means, intervals)
}

/// The mean of each figure of each slice, and their intervals. What counts things
/// (`words`, `sentences`) has none.
pub(super) fn of_slices(
    slices: &BTreeMap<String, Vec<Figures>>,
) -> (Slices, BTreeMap<String, BTreeMap<String, Interval>>) {
    let (mut means, mut ci95) = (Slices::new(), BTreeMap::new());
    for (slice, rows) in slices {
        let (figures, intervals) = mean(&rows.iter().collect::<Vec<_>>());
        let counts = |it: &str| matches!(it, "words" | "sentences");
        let intervals = intervals.into_iter().filter(|(name, _)| !counts(name));
        means.insert(slice.clone(), figures);
        ci95.insert(slice.clone(), intervals.collect());
    }
    (means, ci95)
}

/// The interval of the mean of some values, of which there is one at least, by
/// resampling them.
pub(crate) fn interval_of_mean(values: &[f64]) -> Interval {
    let mut random = SmallRng::seed_from_u64(SEED);
    let resampled = (0..N_RESAMPLES).map(|_| {
        let drawn = (0..values.len()).map(|_| values[random.random_range(0..values.len())]);
        drawn.sum::<f64>() / values.len() as f64
    });
    middle(resampled.collect())
}

/// What part of something the rows hold together, as (of it, all), and the interval
/// by resampling the rows that hold any. `None` if none does.
pub(super) fn share(rows: &[(u32, u32)]) -> Option<(f64, Interval)> {
    let rows: Vec<(f64, f64)> = rows
        .iter()
        .filter(|(_, all)| 0 < *all)
        .map(|(part, all)| (f64::from(*part), f64::from(*all)))
        .collect();
    if rows.is_empty() {
        return None;
    }
    let of = |drawn: &mut dyn Iterator<Item = (f64, f64)>| {
        let (part, all) = drawn.fold((0.0, 0.0), |sum, it| (sum.0 + it.0, sum.1 + it.1));
        part / all
    };
    let mut random = SmallRng::seed_from_u64(SEED);
    let resampled = (0..N_RESAMPLES)
        .map(|_| of(&mut (0..rows.len()).map(|_| rows[random.random_range(0..rows.len())])));
    let interval = middle(resampled.collect());
    Some((of(&mut rows.iter().copied()), interval))
}

/// `p50` and `p99` of how long each one took.
pub(super) fn latency(mut took_ms: Vec<f64>) -> Figures {
    took_ms.sort_by(f64::total_cmp);
    let at = |share: f64| took_ms.get((took_ms.len() as f64 * share) as usize).copied();
    let figure = |name: &str, share| (name.to_owned(), at(share).unwrap_or(f64::NAN));
    Figures::from([figure("p50", 0.5), figure("p99", 0.99)])
}

pub(super) fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

pub(super) fn middle(mut values: Vec<f64>) -> Interval {
    values.sort_by(f64::total_cmp);
    let at = |share: f64| values.get((values.len() as f64 * share) as usize).copied();
    Interval(at(0.025).unwrap_or(f64::NAN), at(0.975).unwrap_or(f64::NAN))
}

/// How often a score is higher where the answer is yes than where it is no: area
/// under the ROC curve, ties counting half. 0.5 if either is missing.
#[must_use]
pub fn auroc(yes: &[f64], no: &[f64]) -> f64 {
    if yes.is_empty() || no.is_empty() {
        return 0.5;
    }
    let mut all: Vec<(f64, bool)> = yes.iter().map(|it| (*it, true)).collect();
    all.extend(no.iter().map(|it| (*it, false)));
    all.sort_by(|left, right| left.0.total_cmp(&right.0));
    let mut rank_sum = 0.0;
    let mut start = 0;
    while let Some((value, _)) = all.get(start) {
        let n_tied = all.iter().skip(start).take_while(|it| it.0 == *value).count();
        let n_yes = all.iter().skip(start).take(n_tied).filter(|it| it.1).count();
        rank_sum += n_yes as f64 * (start as f64 + (n_tied as f64 + 1.0) / 2.0);
        start += n_tied;
    }
    let (n_yes, n_no) = (yes.len() as f64, no.len() as f64);
    (rank_sum - n_yes * (n_yes + 1.0) / 2.0) / (n_yes * n_no)
}

/// The interval of [`auroc`], both sides resampled.
pub(super) fn auroc_interval(yes: &[f64], no: &[f64]) -> Interval {
    let mut random = SmallRng::seed_from_u64(SEED);
    let mut draw = |from: &[f64]| -> Vec<f64> {
        (0..from.len()).map(|_| from[random.random_range(0..from.len())]).collect()
    };
    // A tenth of the resamples: each one sorts everything.
    middle((0..N_RESAMPLES / 5).map(|_| auroc(&draw(yes), &draw(no))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn a_right_article_in_second_place_counts_half() {
        let figures = of_ranking(&ids(&["a", "b", "c"]), &[("b".to_owned(), 1.0)]);
        assert_eq!(figures["hit@1"], 0.0);
        assert_eq!(figures["hit@3"], 1.0);
        assert_eq!(figures["mrr@10"], 0.5);
        assert!((figures["ndcg@10"] - 1.0 / 3_f64.log2()).abs() < 1e-9);
    }

    #[test]
    fn the_best_order_is_worth_one() {
        let relevant = [("a".to_owned(), 2.0), ("b".to_owned(), 1.0)];
        assert!((ndcg(&ids(&["a", "b"]), &relevant, 10) - 1.0).abs() < 1e-9);
        assert!(ndcg(&ids(&["b", "a"]), &relevant, 10) < 0.9);
        assert_eq!(ndcg(&ids(&["c"]), &relevant, 10), 0.0);
    }

    #[test]
    fn a_score_that_tells_nothing_is_worth_a_half() {
        assert_eq!(auroc(&[1.0, 1.0], &[1.0]), 0.5);
        assert_eq!(auroc(&[2.0, 3.0], &[1.0]), 1.0);
        assert_eq!(auroc(&[0.0], &[1.0, 2.0]), 0.0);
        assert_eq!(auroc(&[], &[1.0]), 0.5);
    }

    #[test]
    fn an_interval_holds_its_mean() {
        let rows: Vec<Figures> =
            (0..100).map(|it| Figures::from([("x".to_owned(), f64::from(it % 2))])).collect();
        let (means, intervals) = mean(&rows.iter().collect::<Vec<_>>());
        let Interval(low, high) = intervals[0].1;
        assert!(low < means["x"] && means["x"] < high && 0.1 < high - low && high - low < 0.3);
    }

    #[test]
    fn a_share_counts_everything_once_however_rows_are_cut() {
        let (value, Interval(low, high)) = share(&[(1, 1), (0, 3), (0, 0), (4, 4)]).unwrap();
        assert_eq!(value, 5.0 / 8.0);
        assert!(low < value && value < high, "{low} {high}");
        assert_eq!(share(&[(0, 0)]), None);
    }
}
