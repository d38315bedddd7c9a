//! How many of some tickets, and how sure that is.

use serde::Serialize;

use crate::eval::Interval;

/// The middle 95 % of a normal distribution lies within so many deviations.
const Z95: f64 = 1.959_963_984_540_054;

/// A part of a whole. Told to programs with its value and the interval's `low` and `high`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(into = "Told")]
pub struct Share {
    pub n: usize,
    pub of: usize,
}

#[derive(Serialize)]
struct Told {
    n: usize,
    of: usize,
    value: Option<f64>,
    low: f64,
    high: f64,
}

impl From<Share> for Told {
    fn from(share: Share) -> Told {
        let Interval(low, high) = share.interval();
        Told { n: share.n, of: share.of, value: share.value(), low, high }
    }
}

impl Share {
    /// How many of some items are so.
    pub fn count<T>(items: impl Iterator<Item = T>, mut is_so: impl FnMut(&T) -> bool) -> Share {
        let mut share = Share::default();
        for it in items {
            share.of += 1;
            share.n += usize::from(is_so(&it));
        }
        share
    }

    /// 0.0–1.0; `None` of nothing.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        (0 < self.of).then(|| self.n as f64 / self.of as f64)
    }

    /// 95 % interval (Wilson's score interval, 1927): 0.0–1.0 of nothing.
    #[must_use]
    pub fn interval(self) -> Interval {
        if self.of == 0 {
            return Interval(0.0, 1.0);
        }
        let (n, p) = (self.of as f64, self.n as f64 / self.of as f64);
        let z2 = Z95 * Z95;
        let middle = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = Z95 / (1.0 + z2 / n) * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
        Interval((middle - half).max(0.0), (middle + half).min(1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_the_known_one_and_never_empty() {
        // Newcombe 1998, table I: 81 of 263, and 0 of 20.
        let Interval(low, high) = Share { n: 81, of: 263 }.interval();
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        let Interval(low, high) = Share { n: 0, of: 20 }.interval();
        assert!(low == 0.0 && (high - 0.1611).abs() < 5e-5, "{low} {high}");
        assert_eq!(Share::default().interval(), Interval(0.0, 1.0));
    }
}
