//! What so many wrong among so many judged tell of the share behind them: exact at
//! every number, nothing is approximated by a normal curve.

/// Chance of at most `k` in `n` draws of which each is one with probability `p`:
/// the lower tail of the binomial distribution. 1.0 from `n` on.
///
/// `p` is 0.0–1.0; outside of it and for NaN the answer is NaN.
#[must_use]
pub fn at_most(k: u64, n: u64, p: f64) -> f64 {
    if !(0.0..=1.0).contains(&p) {
        return f64::NAN;
    }
    if n <= k || p == 0.0 {
        return 1.0;
    }
    if p == 1.0 {
        return 0.0;
    }
    ln_at_most(k, n, p).exp().min(1.0)
}

/// The logarithm of [`at_most`], also where that is too small for a number. `k` is less
/// than `n`, `p` is neither 0 nor 1.
pub(super) fn ln_at_most(k: u64, n: u64, p: f64) -> f64 {
    let odds = p / (1.0 - p);
    // From k outward to the side on which the terms only get smaller, each told by the one
    // before it.
    if k as f64 <= n as f64 * p {
        let below = |i: u64| i as f64 / ((n - i + 1) as f64 * odds);
        let terms = std::iter::successors(Some((k, 1.0)), |(i, term)| {
            (0 < *i).then(|| (i - 1, term * below(*i)))
        });
        ln_chance_of(k, n, p) + sum(terms).ln()
    } else {
        let above = |i: u64| (n - i) as f64 * odds / (i + 1) as f64;
        let terms = std::iter::successors(Some((k + 1, 1.0)), |(i, term)| {
            (*i < n).then(|| (i + 1, term * above(*i)))
        });
        (-(ln_chance_of(k + 1, n, p).exp() * sum(terms)).min(1.0)).ln_1p()
    }
}

/// Adds shrinking terms up until they add nothing.
fn sum(terms: impl Iterator<Item = (u64, f64)>) -> f64 {
    let mut sum = 0.0;
    for (_, term) in terms {
        let before = sum;
        sum += term;
        if sum == before {
            break;
        }
    }
    sum
}

/// The logarithm of the chance of exactly `k` in `n`; `k` is at most `n`, `p` is neither 0
/// nor 1.
fn ln_chance_of(k: u64, n: u64, p: f64) -> f64 {
    let ways = ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    ways + k as f64 * p.ln() + (n - k) as f64 * (-p).ln_1p()
}

/// The largest share that `k` wrong of `n` still speak for: with probability
/// `1 - risk` the true share is not above it. 1.0 where nothing was judged.
///
/// One-sided Clopper–Pearson (Biometrika 26, 1934): the share at which `k` or fewer
/// have probability `risk`.
#[must_use]
pub fn upper_bound(k: u64, n: u64, risk: f64) -> f64 {
    if n <= k {
        return 1.0;
    }
    let (mut low, mut high) = (k as f64 / n as f64, 1.0);
    // Each step halves it: after 60 there is no number between.
    for _ in 0..60 {
        let middle = low + (high - low) / 2.0;
        if risk < at_most(k, n, middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// How many of `n` may be wrong so that a share above `limit` is ruled out with
/// probability `1 - risk`. `None` if not even none is few enough.
#[must_use]
pub fn allowed_wrong(n: u64, limit: f64, risk: f64) -> Option<u64> {
    let is_few = |k: u64| at_most(k, n, limit) <= risk;
    if !is_few(0) {
        return None;
    }
    let (mut few, mut many) = (0, n);
    while 1 < many - few {
        let middle = few + (many - few) / 2;
        if is_few(middle) {
            few = middle;
        } else {
            many = middle;
        }
    }
    Some(few)
}

/// How many have to be judged so that `k` wrong ones of them rule out a share above
/// `limit` with probability `1 - risk`. `limit` is above 0.0; at or below it no number
/// is enough, and the answer is the largest there is.
#[must_use]
pub fn labels_needed(k: u64, limit: f64, risk: f64) -> u64 {
    let is_enough = |n: u64| at_most(k, n, limit) <= risk;
    let (mut few, mut enough) = (k, k + 1);
    while !is_enough(enough) {
        if enough == MOST_LABELS {
            return u64::MAX;
        }
        (few, enough) = (enough, enough.saturating_mul(2).min(MOST_LABELS));
    }
    while 1 < enough - few {
        let middle = few + (enough - few) / 2;
        if is_enough(middle) {
            enough = middle;
        } else {
            few = middle;
        }
    }
    enough
}

/// Nobody judges more; it keeps the search from running on.
const MOST_LABELS: u64 = 1 << 40;

/// Factorials below this are added up; from it on Stirling's series with two terms is
/// exact to the last digit.
const ADDED_UP: u64 = 256;

/// The logarithm of `n!`.
pub(super) fn ln_factorial(n: u64) -> f64 {
    if n < ADDED_UP {
        return (2..=n).map(|it| (it as f64).ln()).sum();
    }
    let n = n as f64;
    let series = 1.0 / (12.0 * n) - 1.0 / (360.0 * n.powi(3));
    (n + 0.5) * n.ln() - n + 0.5 * (2.0 * std::f64::consts::PI).ln() + series
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(value: f64, known: f64) {
        assert!((value - known).abs() < 1e-9 * known.abs().max(1.0), "{value} is not {known}");
    }

    #[test]
    fn the_tail_is_what_counting_gives() {
        // Fractions: what can be counted on paper.
        close(at_most(5, 10, 0.5), 638.0 / 1024.0);
        close(at_most(0, 3, 0.1), 0.729);
        close(at_most(1, 3, 0.1), 0.729 + 3.0 * 0.081);
        close(at_most(2, 3, 0.1), 0.999);
        close(at_most(8, 10, 0.5), 1013.0 / 1024.0);
        assert_eq!(at_most(3, 3, 0.1), 1.0);
        assert_eq!((at_most(0, 5, 0.0), at_most(0, 5, 1.0)), (1.0, 0.0));
        assert!(at_most(1, 5, f64::NAN).is_nan() && at_most(1, 5, 1.5).is_nan());
    }

    #[test]
    fn a_million_draws_are_counted_as_well_as_ten() {
        // None of a million: nothing but a power.
        close(at_most(0, 1_000_000, 1e-6), (1_000_000.0 * (-1e-6_f64).ln_1p()).exp());
        // Symmetric: half of the mass and half of the middle term.
        let middle = at_most(500_000, 1_000_000, 0.5) - at_most(499_999, 1_000_000, 0.5);
        close(at_most(500_000, 1_000_000, 0.5), 0.5 + middle / 2.0);
    }

    #[test]
    fn bounds_are_those_in_the_tables() {
        // Nothing wrong of n: a root, near three divided by n.
        close(upper_bound(0, 299, 0.05), 1.0 - 0.05_f64.powf(1.0 / 299.0));
        // Clopper and Pearson's own table, two-sided 95 %: 5 of 10 are 0.187 to 0.813.
        assert!((upper_bound(5, 10, 0.025) - 0.812_914).abs() < 1e-6);
        assert!((upper_bound(1, 10, 0.05) - 0.394_163).abs() < 1e-6);
        assert_eq!((upper_bound(0, 0, 0.05), upper_bound(4, 4, 0.05)), (1.0, 1.0));
    }

    #[test]
    fn as_many_labels_are_needed_as_the_published_table_says() {
        let table = [
            (0.01, [299, 473, 628, 773, 913, 1049, 1182]),
            (0.02, [149, 236, 313, 386, 456, 523, 590]),
            (0.03, [99, 157, 208, 257, 303, 348, 392]),
            (0.05, [59, 93, 124, 153, 181, 208, 234]),
            (0.10, [29, 46, 61, 76, 89, 103, 116]),
        ];
        for (limit, row) in table {
            for (k, known) in (0..).zip(row) {
                assert_eq!(labels_needed(k, limit, 0.05), known, "{k} wrong at {limit}");
                assert_eq!(allowed_wrong(known, limit, 0.05), Some(k));
                assert_eq!(allowed_wrong(known - 1, limit, 0.05), k.checked_sub(1));
            }
        }
        assert_eq!(labels_needed(8, 0.01, 0.05), 1441);
        assert_eq!(labels_needed(0, 0.0, 0.05), u64::MAX);
        assert_eq!(allowed_wrong(0, 0.05, 0.05), None);
    }

    proptest! {
        #[test]
        fn the_bound_is_where_the_tail_is_the_risk(n in 1_u64..5000, k in 0_u64..5000, risk in 0.001..0.5_f64) {
            let k = k % n;
            let bound = upper_bound(k, n, risk);
            prop_assert!(k as f64 / n as f64 <= bound && bound <= 1.0);
            prop_assert!((at_most(k, n, bound) - risk).abs() < 1e-6, "{}", at_most(k, n, bound));
            prop_assert!(bound <= upper_bound(k + 1, n, risk));
            prop_assert!(upper_bound(k, n + 1, risk) <= bound);
        }

        #[test]
        fn the_tail_grows_with_what_is_allowed_and_shrinks_with_the_share(
            n in 1_u64..3000, k in 0_u64..3000, p in 0.0..1.0_f64, more in 0.0..0.2_f64,
        ) {
            let k = k % n;
            let tail = at_most(k, n, p);
            prop_assert!((0.0..=1.0).contains(&tail));
            prop_assert!(tail <= at_most(k + 1, n, p) + 1e-12);
            prop_assert!(at_most(k, n, (p + more).min(1.0)) <= tail + 1e-12);
            // The same seen from the other side.
            let other = 1.0 - at_most(n - k - 1, n, 1.0 - p);
            prop_assert!((tail - other).abs() < 1e-9, "{tail} {other}");
        }

        #[test]
        fn what_is_allowed_is_the_most_that_is(n in 1_u64..4000, limit in 0.001..0.4_f64) {
            match allowed_wrong(n, limit, 0.05) {
                None => prop_assert!(0.05 < at_most(0, n, limit)),
                Some(k) => {
                    prop_assert!(at_most(k, n, limit) <= 0.05);
                    prop_assert!(0.05 < at_most(k + 1, n, limit));
                    prop_assert!(upper_bound(k, n, 0.05) <= limit + 1e-9);
                    prop_assert!(labels_needed(k, limit, 0.05) <= n);
                }
            }
        }
    }
}
