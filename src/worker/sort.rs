//! Where a delivery goes: to its conversation, or to its end. Pure; the mapping
//! itself is the manifest's.

use std::collections::BTreeMap;

use crate::helpdesk::Event;
use crate::helpdesk::EventKind;
use crate::store::inbox::Outcome;
use crate::store::inbox::Place;
use crate::store::inbox::Sorted;
use crate::store::inbox::Unsorted;
use crate::store::inbox::conversation_key;
use crate::ticket::AuthorKind;
use crate::ticket::Channel;
use crate::worker::Desk;
use crate::worker::Quiet;
use crate::worker::millis;

/// Where one delivery goes, and the further conversations its payload told of.
pub(super) struct Sorting {
    pub(super) seq: i64,
    connection: String,
    pub(super) first: Sorted,
    pub(super) others: Vec<Sorted>,
    /// Conversations, as the store names them, in which somebody other than the customer
    /// or Deskhand did something: it may have been picked up.
    pub(super) woken: Vec<String>,
}

impl Sorting {
    /// The connection and the reason, if the delivery could not be sorted.
    pub(super) fn death(&self) -> Option<(String, String)> {
        match &self.first {
            Sorted::Ends { outcome: Outcome::Dead(why), .. } => {
                Some((self.connection.clone(), why.clone()))
            }
            Sorted::Ends { .. } | Sorted::Waits(_) => None,
        }
    }
}

/// Sorts one delivery.
pub(super) fn sort(desks: &BTreeMap<String, Desk>, unsorted: &Unsorted, now_ms: i64) -> Sorting {
    let mut woken = Vec::new();
    let (first, others) = places(desks, unsorted, now_ms, &mut woken);
    let connection = unsorted.connection.clone();
    Sorting { seq: unsorted.seq, connection, first, others, woken }
}

fn places(
    desks: &BTreeMap<String, Desk>,
    unsorted: &Unsorted,
    now_ms: i64,
    woken: &mut Vec<String>,
) -> (Sorted, Vec<Sorted>) {
    let ends = |outcome| (Sorted::Ends { outcome, place: None }, Vec::new());
    let Some(desk) = desks.get(&unsorted.connection) else {
        let why = format!(
            "connection {} is not in the settings any more; put it back and run `deskhand inbox retry {}`",
            unsorted.connection, unsorted.seq
        );
        return ends(Outcome::Dead(why));
    };
    let events = match desk.helpdesk.events(&unsorted.body, &unsorted.headers) {
        Ok(events) => events,
        Err(error) => {
            return ends(Outcome::Dead(format!("its payload could not be mapped: {error}")));
        }
    };
    let by_others = events.iter().filter(|it| is_by_others(it));
    woken.extend(by_others.map(|it| conversation_key(&unsorted.connection, &it.conversation.id)));
    let mut sorted = events.iter().map(|it| sort_event(it, desk.quiet, now_ms));
    match sorted.next() {
        Some(first) => (first, sorted.collect()),
        None => ends(Outcome::Ignored("tells nothing we act on".to_owned())),
    }
}

fn is_by_others(event: &Event) -> bool {
    match event.author.kind {
        AuthorKind::Agent | AuthorKind::Bot | AuthorKind::System | AuthorKind::Unknown => true,
        AuthorKind::Customer | AuthorKind::Own => false,
    }
}

fn sort_event(event: &Event, quiet: Quiet, now_ms: i64) -> Sorted {
    let place = place(event, quiet, now_ms);
    let ends = |why: &str| Sorted::Ends {
        outcome: Outcome::Ignored(why.to_owned()),
        place: Some(place.clone()),
    };
    if event.conversation.id.is_empty() {
        return Sorted::Ends {
            outcome: Outcome::Ignored("names no conversation".to_owned()),
            place: None,
        };
    }
    match event.kind {
        EventKind::TicketUpdated => return ends("nobody wrote anything"),
        EventKind::Rated => return ends("a rating"),
        EventKind::TicketCreated | EventKind::MessageCreated => {}
    }
    match event.author.kind {
        AuthorKind::Own => ends("written by Deskhand"),
        AuthorKind::Agent => ends("written by a person of the team"),
        AuthorKind::Bot => ends("written by another bot"),
        AuthorKind::System => ends("written by the helpdesk"),
        // Unknown authors wait: the conversation, once read, says who it was.
        AuthorKind::Customer | AuthorKind::Unknown => Sorted::Waits(place),
    }
}

/// The conversation of an event, due when its writer has been quiet for a while.
pub(super) fn place(event: &Event, quiet: Quiet, now_ms: i64) -> Place {
    let (wait, cap) = match event.conversation.channel {
        Channel::Chat | Channel::Social => (quiet.chat, quiet.chat_cap),
        Channel::Email | Channel::Form | Channel::Api | Channel::Unknown => {
            (quiet.mail, quiet.mail_cap)
        }
    };
    Place {
        conversation_id: event.conversation.id.clone(),
        event: serde_json::to_string(event).unwrap_or_default(),
        due_ms: now_ms.saturating_add(millis(wait)),
        due_at_most_ms: now_ms.saturating_add(millis(cap.max(wait))),
    }
}
