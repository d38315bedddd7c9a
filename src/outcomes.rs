//! What became of customers' cases, counted from what is stored: confirmed, assumed,
//! reopened, corrected, handed over, suggested, abandoned and open, never mixed. The
//! headline counts what was confirmed and not reopened, of all cases.

use std::collections::BTreeMap;
use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;

use crate::helpdesk::Event;
use crate::replay::Share;
use crate::resolution::Case;
use crate::resolution::Happening;
use crate::resolution::Moment;
use crate::resolution::Patience;
use crate::resolution::Resolution;
use crate::resolution::cases;
use crate::store::resolutions::Course;
use crate::store::resolutions::Decided;
use crate::ticket::AuthorKind;
use crate::triage;

/// One case, with where to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// `connection/id`.
    pub conversation: String,
    pub stage: String,
    pub began_ms: i64,
    pub resolution: Resolution,
}

/// Cases by how they ended. Told to programs with every kind, also those of none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    pub cases: usize,
    pub by_resolution: BTreeMap<&'static str, usize>,
    /// Confirmed and not reopened, of all cases.
    pub resolved: Share,
    /// Assumed: nobody said anything. Beside the headline, never in it.
    pub assumed: Share,
    /// Reopened or corrected, of the cases an automatic reply was to settle.
    pub taken_back: Share,
    /// No person was needed: confirmed and assumed, of all cases.
    pub contained: Share,
}

impl Tally {
    /// Counts. All zeros of nothing.
    pub fn of<'a>(rows: impl Iterator<Item = &'a Row> + Clone) -> Tally {
        let is = |kinds: &'static [Resolution]| {
            Share::count(rows.clone(), move |it| kinds.contains(&it.resolution))
        };
        let by_resolution = Resolution::ALL
            .map(|kind| (kind.word(), rows.clone().filter(|it| it.resolution == kind).count()));
        let settled = |it: &&Row| {
            matches!(
                it.resolution,
                Resolution::Confirmed
                    | Resolution::Assumed
                    | Resolution::Reopened
                    | Resolution::Corrected
            )
        };
        Tally {
            cases: rows.clone().count(),
            by_resolution: by_resolution.into_iter().collect(),
            resolved: is(&[Resolution::Confirmed]),
            assumed: is(&[Resolution::Assumed]),
            taken_back: Share::count(rows.clone().filter(settled), |it| {
                matches!(it.resolution, Resolution::Reopened | Resolution::Corrected)
            }),
            contained: is(&[Resolution::Confirmed, Resolution::Assumed]),
        }
    }
}

/// The cases that began at `since_ms` or later, oldest first.
pub fn rows(courses: &[Course], patience: Patience, since_ms: i64, now_ms: i64) -> Vec<Row> {
    let mut rows = Vec::new();
    for course in courses {
        let began = cases(&moments(course), patience, now_ms);
        let row = |Case { began_ms, resolution }| Row {
            conversation: course.conversation.clone(),
            stage: course.stage.clone(),
            began_ms,
            resolution,
        };
        rows.extend(began.into_iter().map(row).filter(|it| since_ms <= it.began_ms));
    }
    rows.sort_by(|one, other| {
        (one.began_ms, &one.conversation).cmp(&(other.began_ms, &other.conversation))
    });
    rows
}

/// What happened in a conversation, in order of time.
fn moments(course: &Course) -> Vec<Moment> {
    let mut moments = Vec::new();
    let written = told(&course.events, &mut moments);
    for decided in &course.decided {
        let at = written.get(&decided.trigger).copied().unwrap_or(decided.at_ms);
        let mut put = |at_ms, what| moments.push(Moment { at_ms, what });
        let asked = asked(decided);
        if let Some(what) = asked {
            put(at.min(decided.at_ms), what);
        }
        if let Some(replied_ms) = decided.replied_ms {
            put(replied_ms, Happening::Answered);
        }
        match decided.outcome.as_str() {
            "suggested" => put(decided.at_ms, Happening::Suggested),
            // Of a dead one people are told by a note.
            "escalated" | "dead" => put(decided.at_ms, Happening::HandedOver),
            _ => {}
        }
    }
    let wrong = |at_ms: &i64| Moment { at_ms: *at_ms, what: Happening::JudgedWrong };
    moments.extend(course.wrong_ms.iter().map(wrong));
    // Stable: of one moment, what a person wrote comes before what was asked after it.
    moments.sort_by_key(|it| it.at_ms);
    moments
}

/// What a customer's message says of the case. `None` where nobody asked anything.
fn asked(decided: &Decided) -> Option<Happening> {
    match decided.reason.as_deref() {
        Some("auto_reply" | "spam" | "no_customer_message") => None,
        Some("nothing_asked") => {
            let record: Value = serde_json::from_str(&decided.record).unwrap_or_default();
            let said = record.pointer("/proposal/ticket/question").and_then(Value::as_str);
            let confirms = said.is_some_and(triage::confirms);
            Some(if confirms { Happening::Confirmed } else { Happening::Thanked })
        }
        _ => Some(Happening::Asked),
    }
}

/// What the deliveries tell of people and of closing; answers when each message was
/// written, by its id.
fn told(events: &[String], moments: &mut Vec<Moment>) -> HashMap<String, i64> {
    let mut written = HashMap::new();
    let mut was_closed = false;
    for event in events {
        let Ok(event) = serde_json::from_str::<Event>(event) else { continue };
        let event_ms = event.at.map(|it| it.as_millisecond());
        for message in &event.conversation.messages {
            let at_ms = message.at.map(|it| it.as_millisecond()).or(event_ms);
            let Some(at_ms) = at_ms.filter(|_| !written.contains_key(&message.id)) else {
                continue;
            };
            written.insert(message.id.clone(), at_ms);
            if message.public && message.author.kind == AuthorKind::Agent {
                moments.push(Moment { at_ms, what: Happening::PersonWrote });
            }
        }
        let is_closed = event.conversation.is_closed();
        if let Some(at_ms) = event_ms.filter(|_| is_closed && !was_closed) {
            moments.push(Moment { at_ms, what: Happening::Closed });
        }
        was_closed = is_closed;
    }
    written
}
