//! A replay month by month, and what the months before a month let expect of it.

use jiff::tz::TimeZone;
use serde::Serialize;

use super::outcome::Outcome;
use super::shares::Share;
use crate::decide::Decision;

/// Months before one that its forecast is made of: new articles change the rate.
const N_BEFORE: usize = 3;

/// Tickets a forecast is made of, and tickets of a month it is compared with, at least.
/// (With fewer, chance alone moves a rate of a tenth by more than four points.)
const MIN_TICKETS: usize = 50;

/// One month (UTC) of tickets.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Month {
    /// `2025-03`.
    pub month: String,
    pub n: usize,
    pub would_send: Share,
    pub would_suggest: Share,
    pub would_hand_over: Share,
    /// The rate of sending in the three months before; `None` with too few tickets.
    pub forecast: Option<f64>,
}

impl Month {
    /// How far the forecast was off, in points of a hundred. `None` without one, and where
    /// the month has too few tickets to tell.
    pub(super) fn error_points(&self) -> Option<f64> {
        let actual = self.would_send.value().filter(|_| MIN_TICKETS <= self.n)?;
        Some(100.0 * (self.forecast? - actual).abs())
    }
}

/// `outcomes` oldest first.
pub(super) fn months(outcomes: &[Outcome]) -> Vec<Month> {
    let name = |it: &Outcome| it.at.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string();
    let mut months: Vec<Month> = Vec::new();
    for those in outcomes.chunk_by(|one, other| name(one) == name(other)) {
        let decided =
            |is_so: fn(&Decision) -> bool| Share::count(those.iter(), |it| is_so(&it.decision));
        let month = Month {
            month: those.first().map(name).unwrap_or_default(),
            n: those.len(),
            would_send: decided(|it| matches!(it, Decision::Send)),
            would_suggest: decided(|it| matches!(it, Decision::Suggest)),
            would_hand_over: decided(|it| matches!(it, Decision::Escalate(_))),
            forecast: forecast(&months),
        };
        months.push(month);
    }
    months
}

/// What the last months let expect of the next one.
pub(super) fn forecast(months: &[Month]) -> Option<f64> {
    let last = months.iter().rev().take(N_BEFORE);
    let sum = last.fold(Share::default(), |sum, it| Share {
        n: sum.n + it.would_send.n,
        of: sum.of + it.would_send.of,
    });
    sum.value().filter(|_| MIN_TICKETS <= sum.of)
}
