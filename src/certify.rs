//! From which confidence on replies may go out by themselves, so that a promise about
//! wrong ones holds: mathematics alone, exact at every number of labels. Nothing here
//! knows where labels come from.

mod binomial;
mod certificate;
mod groups;
mod monitor;
mod replies;
mod tickets;

pub use self::binomial::allowed_wrong;
pub use self::binomial::at_most;
pub use self::binomial::labels_needed;
pub use self::binomial::upper_bound;
pub use self::certificate::Basis;
pub use self::certificate::Certificate;
pub use self::certificate::Lapse;
pub use self::groups::Group;
pub use self::groups::certify;
pub use self::monitor::is_broken;
pub use self::monitor::ln_evidence;
pub use self::replies::of_replies;
pub use self::tickets::of_tickets;

use serde::Deserialize;
use serde::Serialize;

/// What a share of wrong replies is a share of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// Of all tickets: so many get a wrong automatic reply.
    Tickets,
    /// Of the automatic replies: so many are wrong.
    Replies,
}

/// A promise: "at most this share is wrong".
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Promise {
    pub of: Of,
    /// Between 0.0 and 1.0, neither of them.
    pub limit: f64,
    /// Probability that the promise is given and does not hold, because the tickets that
    /// were judged were kinder than the rest. 0.05: "with 95 % confidence".
    pub risk: f64,
}

/// One ticket of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Judged {
    /// 0.0–1.0; NaN for a ticket that is not answered automatically at any threshold:
    /// nobody has to judge its draft.
    pub confidence: f32,
    /// True if a competent colleague would not have sent the draft as it stood. What
    /// nobody could judge counts as wrong.
    pub wrong: bool,
}

/// From where on replies may be sent, and what was counted to say so.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// The least confidence that is sent. `None` if no promise can be made yet.
    pub send_from: Option<f32>,
    /// What was judged to test it: tickets, for [`Of::Replies`] those of the tested part.
    pub n: u64,
    /// Of them, those on or above the line.
    pub n_sent: u64,
    /// Of those, the wrong ones.
    pub n_wrong: u64,
    /// What the promise's share is at most, as counted; not above the limit where there
    /// is a line. It holds for a line drawn beforehand: what is promised is the limit.
    pub bound: f64,
    /// Labels that are missing before a promise is possible, if those to come are no
    /// worse than those there are; 0 where there is a line. `None` if more labels do not
    /// help.
    pub n_missing: Option<u64>,
}

/// Draws the line for one group of tickets.
#[must_use]
pub fn line(promise: Promise, sample: &[Judged]) -> Line {
    match promise.of {
        Of::Tickets => of_tickets(sample, promise.limit, promise.risk),
        Of::Replies => of_replies(sample, promise.limit, promise.risk),
    }
}

/// The judged ones on or above a line: how many, and how many of them are wrong.
#[must_use]
pub fn above(sample: &[Judged], send_from: f32) -> (u64, u64) {
    let sent = sample.iter().filter(|it| send_from <= it.confidence);
    sent.fold((0, 0), |(n, n_wrong), it| (n + 1, n_wrong + u64::from(it.wrong)))
}

#[cfg(test)]
mod tests;
