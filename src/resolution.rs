//! What became of a customer's case in the end, told apart so that no figure flatters:
//! only what a customer confirmed, and did not come back for, counts as resolved. Pure
//! and total.

use serde::{Deserialize, Serialize};

/// The end of one case, the worst that happened first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// A person wrote after an automatic reply that was to be the answer, or judged it wrong.
    Corrected,
    /// The customer came back with it after an automatic reply had seemed to settle it.
    Reopened,
    /// People answered, or were asked to and still have time.
    HandedOver,
    /// People had a suggestion of Deskhand's, and nothing went out by itself.
    Suggested,
    /// The customer was left without an answer of anyone.
    Abandoned,
    /// Answered automatically, and the customer said that it works.
    Confirmed,
    /// Answered automatically, and nobody has said anything since.
    Assumed,
    /// Too early to tell.
    Open,
}

impl Resolution {
    pub const ALL: [Resolution; 8] = [
        Resolution::Confirmed,
        Resolution::Assumed,
        Resolution::Reopened,
        Resolution::Corrected,
        Resolution::HandedOver,
        Resolution::Suggested,
        Resolution::Abandoned,
        Resolution::Open,
    ];

    /// As it is told to programs.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Resolution::Corrected => "corrected",
            Resolution::Reopened => "reopened",
            Resolution::HandedOver => "handed_over",
            Resolution::Suggested => "suggested",
            Resolution::Abandoned => "abandoned",
            Resolution::Confirmed => "confirmed",
            Resolution::Assumed => "assumed",
            Resolution::Open => "open",
        }
    }
}

/// Something that bears on how a case ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happening {
    /// The customer asked something, or said that it does not help.
    Asked,
    /// The customer said that it works.
    Confirmed,
    /// The customer thanked or will try: nothing is asked, and nothing is proved.
    Thanked,
    /// An automatic reply went out.
    Answered,
    /// People got a draft.
    Suggested,
    /// People were asked to take over.
    HandedOver,
    /// A person wrote to the customer.
    PersonWrote,
    /// A person judged the automatic reply wrong.
    JudgedWrong,
    /// The helpdesk calls it closed.
    Closed,
}

/// When something happened, milliseconds since the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub at_ms: i64,
    pub what: Happening,
}

/// How long to wait before a silence means something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Silence after an automatic reply that counts as an answer that did, and after a
    /// question as one that was left alone.
    pub silent_ms: i64,
    /// Who writes again within so long comes back with the same case; later it is another.
    pub same_case_ms: i64,
}

impl Default for Patience {
    /// One day and seven days, as the trade reports them.
    fn default() -> Patience {
        const DAY_MS: i64 = 24 * 60 * 60 * 1000;
        Patience { silent_ms: DAY_MS, same_case_ms: 7 * DAY_MS }
    }
}

/// One case of a conversation and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    /// When the customer first asked.
    pub began_ms: i64,
    pub resolution: Resolution,
}

/// The cases of one conversation, oldest first, by what happened in it in order of time.
/// A case begins with a question; what comes before the first is not looked at. Empty for
/// a conversation in which nobody asked anything.
#[must_use]
pub fn cases(moments: &[Moment], patience: Patience, now_ms: i64) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut current: Option<Course> = None;
    for moment in moments.iter().filter(|it| it.at_ms <= now_ms) {
        let is_asked = moment.what == Happening::Asked;
        if let Some(course) = &mut current
            && !(is_asked && patience.same_case_ms < moment.at_ms.saturating_sub(course.last_ms))
        {
            course.take(*moment, patience);
            continue;
        }
        if is_asked {
            cases.extend(current.replace(Course::new(moment.at_ms)));
        }
    }
    cases.extend(current);
    let ended =
        |it: Course| Case { began_ms: it.began_ms, resolution: it.resolution(patience, now_ms) };
    cases.into_iter().map(ended).collect()
}

/// A case on its way.
#[derive(Debug, Clone, Copy)]
struct Course {
    began_ms: i64,
    last_ms: i64,
    /// Since when a question waits for an answer of anyone.
    waits_ms: Option<i64>,
    answered_ms: Option<i64>,
    closed: bool,
    confirmed: bool,
    reopened: bool,
    corrected: bool,
    handed_over: bool,
    suggested: bool,
}

impl Course {
    fn new(began_ms: i64) -> Course {
        Course {
            began_ms,
            last_ms: began_ms,
            waits_ms: Some(began_ms),
            answered_ms: None,
            closed: false,
            confirmed: false,
            reopened: false,
            corrected: false,
            handed_over: false,
            suggested: false,
        }
    }

    fn take(&mut self, moment: Moment, patience: Patience) {
        match moment.what {
            Happening::Asked => {
                let seemed_settled = self.answered_ms.is_some_and(|answered_ms| {
                    let silent_ms = moment.at_ms.saturating_sub(answered_ms);
                    self.confirmed || self.closed || patience.silent_ms <= silent_ms
                });
                self.reopened |= self.waits_ms.is_none() && seemed_settled;
                self.confirmed = false;
                self.closed = false;
                self.waits_ms = self.waits_ms.or(Some(moment.at_ms));
            }
            Happening::Confirmed => {
                self.confirmed = self.answered_ms.is_some();
                self.waits_ms = None;
            }
            Happening::Thanked => self.waits_ms = None,
            Happening::Answered => {
                self.answered_ms = Some(moment.at_ms);
                self.waits_ms = None;
                self.confirmed = false;
            }
            Happening::Suggested => self.suggested = true,
            Happening::HandedOver => self.handed_over = true,
            Happening::PersonWrote => {
                // Who was called, or answers a further question, corrects nothing.
                let is_called = self.handed_over || self.suggested || self.waits_ms.is_some();
                self.corrected |= self.answered_ms.is_some() && !is_called;
                self.handed_over |= !self.suggested && !self.corrected;
                self.waits_ms = None;
            }
            Happening::JudgedWrong => self.corrected |= self.answered_ms.is_some(),
            Happening::Closed => self.closed = true,
        }
        self.last_ms = moment.at_ms;
    }

    fn resolution(self, patience: Patience, now_ms: i64) -> Resolution {
        let is_over = |since_ms: i64| patience.silent_ms <= now_ms.saturating_sub(since_ms);
        let left_alone = self.waits_ms.is_some_and(is_over);
        match self {
            Course { corrected: true, .. } => Resolution::Corrected,
            Course { reopened: true, .. } => Resolution::Reopened,
            // Called, and in a week nobody came.
            Course { waits_ms: Some(since_ms), .. }
                if patience.same_case_ms <= now_ms.saturating_sub(since_ms) =>
            {
                Resolution::Abandoned
            }
            Course { handed_over: true, .. } => Resolution::HandedOver,
            Course { suggested: true, .. } => Resolution::Suggested,
            _ if left_alone => Resolution::Abandoned,
            Course { waits_ms: Some(_), .. } => Resolution::Open,
            Course { confirmed: true, .. } => Resolution::Confirmed,
            Course { answered_ms: Some(at_ms), .. } if is_over(at_ms) => Resolution::Assumed,
            Course { answered_ms: Some(_), .. } => Resolution::Open,
            // Thanked before anybody answered.
            _ => Resolution::Abandoned,
        }
    }
}

#[cfg(test)]
mod tests;
