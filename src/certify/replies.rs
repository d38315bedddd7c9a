//! "At most so many of the automatic replies are wrong."

use super::Judged;
use super::Line;
use super::above;
use super::binomial::at_most;
use super::binomial::labels_needed;
use super::binomial::upper_bound;

/// Of so many judged one only orders the lines; the others test them. (Of made-up teams a
/// quarter gives lines oftener than a third or a half.)
const ORDERING: usize = 4;

/// Lines that are tried.
const N_LINES: usize = 40;

/// Draws the line for a promise about the automatic replies.
///
/// Here a higher line may be worse, so each line that is tried has to be paid for. Learn
/// then Test (Angelopoulos and others, Annals of Applied Statistics 19, 2025) with a fixed
/// sequence: a part of the sample puts forty lines in the order in which they are most
/// likely to pass, the rest tests them in that order by the exact binomial tail, each
/// at the whole `risk`, and stops at the first that fails. Of those that passed the
/// lowest is taken.
#[must_use]
pub fn of_replies(sample: &[Judged], limit: f64, risk: f64) -> Line {
    let part = |ordering: bool| -> Vec<Judged> {
        let placed = sample.iter().enumerate();
        let those = placed.filter(|(place, _)| place.is_multiple_of(ORDERING) == ordering);
        those.map(|(_, it)| *it).collect()
    };
    let (ordering, testing) = (part(true), part(false));
    let mut line: Option<(f32, u64, u64)> = None;
    for send_from in lines(&ordering, limit, risk) {
        let (n_sent, n_wrong) = above(&testing, send_from);
        if n_sent == 0 || risk < at_most(n_wrong, n_sent, limit) {
            break;
        }
        if line.is_none_or(|(lowest, ..)| send_from < lowest) {
            line = Some((send_from, n_sent, n_wrong));
        }
    }
    let n = testing.len() as u64;
    match line {
        Some((send_from, n_sent, n_wrong)) => Line {
            send_from: Some(send_from),
            n,
            n_sent,
            n_wrong,
            bound: upper_bound(n_wrong, n_sent, risk),
            n_missing: Some(0),
        },
        None => Line {
            send_from: None,
            n,
            n_sent: 0,
            n_wrong: 0,
            bound: 1.0,
            n_missing: n_missing(sample, limit, risk),
        },
    }
}

/// What a line sent in one part of the sample, told for the other.
fn scaled(n: u64) -> u64 {
    n * (ORDERING as u64 - 1)
}

/// The lines worth testing, the likeliest to pass first. None above which too few stand
/// to pass even if none is wrong: the sequence would end there.
fn lines(ordering: &[Judged], limit: f64, risk: f64) -> Vec<f32> {
    let mut sure: Vec<f32> =
        ordering.iter().map(|it| it.confidence).filter(|it| !it.is_nan()).collect();
    sure.sort_by(|left, right| right.total_cmp(left));
    let least = labels_needed(0, limit, risk);
    let places = (1..=N_LINES).map(|it| (sure.len() * it / N_LINES).saturating_sub(1));
    let mut lines: Vec<f32> = places.filter_map(|it| sure.get(it).copied()).collect();
    lines.dedup();
    let mut ranked: Vec<(f64, f32)> = Vec::new();
    for send_from in lines {
        let (n_sent, n_wrong) = above(ordering, send_from);
        let n_expected = scaled(n_sent);
        if least <= n_expected {
            ranked.push((at_most(scaled(n_wrong), n_expected, limit), send_from));
        }
    }
    // Of two as likely the stricter one first.
    ranked.sort_by(|one, other| one.0.total_cmp(&other.0).then(other.1.total_cmp(&one.1)));
    ranked.into_iter().map(|(_, send_from)| send_from).collect()
}

/// Judged tickets that are missing if those to come are like those there are, at the
/// line that needs the fewest. `None` if no line is good enough however many come.
fn n_missing(sample: &[Judged], limit: f64, risk: f64) -> Option<u64> {
    let mut sure: Vec<f32> =
        sample.iter().map(|it| it.confidence).filter(|it| !it.is_nan()).collect();
    sure.sort_by(|left, right| right.total_cmp(left));
    let places = (1..=N_LINES).map(|it| (sure.len() * it / N_LINES).saturating_sub(1));
    let needed = places.filter_map(|place| {
        let (n_sent, n_wrong) = above(sample, *sure.get(place)?);
        let of_a_ticket = n_sent as f64 / sample.len() as f64;
        let n_sent = n_sent_needed(n_wrong as f64 / n_sent as f64, limit, risk)?;
        let tested = 1.0 - 1.0 / ORDERING as f64;
        Some((n_sent / (of_a_ticket * tested)).ceil() as u64)
    });
    let fewest = match needed.min() {
        Some(fewest) => fewest,
        // Nothing is known yet but that as many are needed as for none wrong.
        None if sure.is_empty() => labels_needed(0, limit, risk),
        None => return None,
    };
    // As many again could fail again: it is at least one.
    Some(fewest.saturating_sub(sample.len() as u64).max(1))
}

/// Replies above a line of which `share` are wrong that rule out `limit`.
fn n_sent_needed(share: f64, limit: f64, risk: f64) -> Option<f64> {
    // Nearer than that more are needed than anybody judges. (Guessed.)
    if limit * 0.9 <= share {
        return None;
    }
    let mut n = labels_needed(0, limit, risk) as f64;
    while risk < at_most((share * n).ceil() as u64, n as u64, limit) {
        n *= 1.1;
    }
    Some(n)
}
