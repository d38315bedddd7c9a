//! Whether a promise still holds, looked at after each judged reply and as often as
//! one likes: looking often makes no false alarm.

use super::binomial::ln_at_most;
use super::binomial::ln_factorial;

/// How far above its limit a broken promise is looked for, on average: the mean of the
/// shares that are weighed is the limit times 2.6. (Chosen so that at 3 % the weights
/// are Beta(1, 12).)
const WEIGHT_AT_LIMIT: f64 = 0.36;

/// The logarithm of the evidence that `k` wrong of `n` are against "at most `limit` are
/// wrong". Before anything is judged it is 0.
///
/// The evidence is an e-process: the likelihood of what was seen, averaged over shares
/// above the limit with the weights of a Beta(1, b), by its likelihood at the limit.
/// Each of those ratios is a bet that on average wins nothing while the promise holds,
/// whatever was seen before, so it ever reaches 1/risk with probability `risk` at most
/// (Ville's inequality; Ramdas and others, Statistical Science 38, 2023; Waudby-Smith
/// and Ramdas, JRSS B 86, 2024). The average has a closed form, so that two numbers are
/// all that is kept.
#[must_use]
pub fn ln_evidence(k: u64, n: u64, limit: f64) -> f64 {
    let k = k.min(n);
    let b = (WEIGHT_AT_LIMIT / limit).round().max(1.0) as u64;
    // ∫ p^k (1-p)^(n-k) · b (1-p)^(b-1) dp from the limit to 1: a Beta function and its
    // upper tail, which is a binomial one.
    let beta = ln_factorial(k) + ln_factorial(n - k + b - 1) - ln_factorial(n + b);
    let above = ln_at_most(k, n + b, limit);
    // The weights above the limit alone add up to (1-limit)^b.
    let at_limit = k as f64 * limit.ln() + (n - k + b) as f64 * (-limit).ln_1p();
    (b as f64).ln() + beta + above - at_limit
}

/// True if a promise is broken, as far as `risk` allows to say so.
#[must_use]
pub fn is_broken(k: u64, n: u64, limit: f64, risk: f64) -> bool {
    -risk.ln() <= ln_evidence(k, n, limit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn before_anything_is_judged_there_is_no_evidence() {
        for limit in [0.01, 0.03, 0.1, 0.5] {
            assert!(ln_evidence(0, 0, limit).abs() < 1e-12);
            assert!(!is_broken(0, 0, limit, 0.05));
        }
    }

    #[test]
    fn it_is_the_integral_it_stands_for() {
        // By Simpson's rule, with the weights Beta(1, 12) at 3 %.
        let (k, n, limit, b) = (4, 60, 0.03, 12.0);
        let ratio = |p: f64| {
            let likelihood = |p: f64| p.powi(k) * (1.0 - p).powi(n - k);
            likelihood(p) / likelihood(limit) * b * (1.0 - p).powf(b - 1.0)
        };
        let n_steps = 20_000;
        let step = (1.0 - limit) / f64::from(n_steps);
        let weighed = (0..=n_steps).map(|it| {
            let weight = match it {
                0 => 1.0,
                it if it == n_steps => 1.0,
                it if it % 2 == 1 => 4.0,
                _ => 2.0,
            };
            weight * ratio(limit + f64::from(it) * step)
        });
        let integral = weighed.sum::<f64>() * step / 3.0 / (1.0 - limit).powf(b);
        let closed = ln_evidence(4, 60, limit).exp();
        assert!((closed / integral - 1.0).abs() < 1e-6, "{closed} {integral}");
    }

    #[test]
    fn one_wrong_after_another_is_noticed_and_all_right_never_is() {
        let n_until_alarm = (1..).find(|n| is_broken(*n, *n, 0.03, 0.05));
        assert_eq!(n_until_alarm, Some(3));
        assert!((0..10_000).step_by(97).all(|n| !is_broken(0, n, 0.01, 0.05)));
        // A number that cannot be is taken for the worst that can.
        assert_eq!(ln_evidence(9, 4, 0.03), ln_evidence(4, 4, 0.03));
    }

    proptest! {
        /// What makes looking at any time allowed: the next reply does not change the
        /// evidence on average where exactly the limit is wrong, and lowers it below.
        #[test]
        fn nothing_is_won_on_average_while_the_promise_holds(
            n in 0_u64..3000, k in 0_u64..3000, limit in 0.005..0.3_f64, share in 0.0..1.0_f64,
        ) {
            let k = (k % (n + 1)).min(n / 4);
            let now = ln_evidence(k, n, limit);
            let wrong = (ln_evidence(k + 1, n + 1, limit) - now).exp();
            let right = (ln_evidence(k, n + 1, limit) - now).exp();
            prop_assert!(right <= 1.0 + 1e-9 && 1.0 - 1e-9 <= wrong, "{right} {wrong}");
            let at_limit = limit * wrong + (1.0 - limit) * right;
            prop_assert!((at_limit - 1.0).abs() < 1e-6, "{at_limit}");
            let held = limit * share;
            prop_assert!(held * wrong + (1.0 - held) * right <= 1.0 + 1e-6);
        }
    }
}
