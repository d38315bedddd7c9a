//! "At most so many of all tickets get a wrong automatic reply."

use super::Judged;
use super::Line;
use super::above;
use super::binomial::allowed_wrong;
use super::binomial::labels_needed;
use super::binomial::upper_bound;

/// Draws the line for a promise about all tickets. `sample` is a random sample of them,
/// also of those that are never answered automatically.
///
/// A higher line never sends more wrong replies, so that the lowest line with few
/// enough wrong ones above it can be taken without paying for having tried them all:
/// risk-controlling prediction sets (Bates and others, Journal of the ACM 68, 2021) with
/// the exact binomial tail in the place of their bound.
#[must_use]
pub fn of_tickets(sample: &[Judged], limit: f64, risk: f64) -> Line {
    let n = sample.len() as u64;
    let no_line = |n_needed: u64| Line {
        send_from: None,
        n,
        n_sent: 0,
        n_wrong: 0,
        bound: upper_bound(0, n, risk),
        n_missing: (n_needed != u64::MAX).then(|| n_needed.saturating_sub(n)),
    };
    let Some(n_allowed) = allowed_wrong(n, limit, risk) else {
        return no_line(labels_needed(0, limit, risk));
    };
    let sendable = || sample.iter().filter(|it| !it.confidence.is_nan());
    let mut wrong: Vec<f32> = sendable().filter(|it| it.wrong).map(|it| it.confidence).collect();
    wrong.sort_by(|left, right| right.total_cmp(left));
    // The first wrong one that is too many, and whatever is as sure, stays below.
    let too_many = usize::try_from(n_allowed).ok().and_then(|it| wrong.get(it).copied());
    let above_it = sendable().map(|it| it.confidence);
    let above_it = above_it.filter(|it| too_many.is_none_or(|too_many| too_many < *it));
    let Some(send_from) = above_it.min_by(f32::total_cmp) else {
        return no_line(labels_needed(n_allowed + 1, limit, risk));
    };
    let (n_sent, n_wrong) = above(sample, send_from);
    let bound = upper_bound(n_wrong, n, risk);
    Line { send_from: Some(send_from), n, n_sent, n_wrong, bound, n_missing: Some(0) }
}
