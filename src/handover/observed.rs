//! What a conversation shows since it was last looked at, as events in the order
//! they happened, as far as that can be told. Where it cannot, people have it.

use serde::{Deserialize, Serialize};

use crate::handover::Custody;
use crate::handover::Event;
use crate::handover::Then;
use crate::ticket::AuthorKind;
use crate::ticket::Conversation;
use crate::ticket::Message;

/// What of a conversation has been taken into account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// False before the first look: then a holder and a sign are no change.
    pub looked: bool,
    /// Ids of the last message and the last note of a person, and of the customer's last.
    pub person: Option<String>,
    pub noted: Option<String>,
    pub customer: Option<String>,
    /// The last message that people have dealt with, if they are done with it now.
    pub dealt: Option<String>,
    pub assignee: Option<String>,
    pub closed: bool,
    /// True if it bears a sign that a person gave it back.
    pub given_back: bool,
}

/// How people give a conversation back. Both count from the moment they appear, so
/// that a sign that stays on a conversation gives it back once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GivenBack {
    /// A tag. Empty: none does.
    pub tag: String,
    /// A status of the helpdesk, in lower case. Empty: none does.
    pub status: String,
}

impl GivenBack {
    fn is_shown(&self, conversation: &Conversation) -> bool {
        let by_tag = |it: &String| !self.tag.is_empty() && it.eq_ignore_ascii_case(&self.tag);
        let by_status =
            !self.status.is_empty() && conversation.status.as_deref() == Some(self.status.as_str());
        by_status || conversation.tags.iter().any(by_tag)
    }
}

impl Custody {
    /// Takes into account what a conversation shows now. Looking twice at the same
    /// changes nothing.
    pub fn observe(
        &mut self,
        conversation: &Conversation,
        given_back: &GivenBack,
        now_ms: i64,
    ) -> Then {
        let messages = &conversation.messages;
        let id_at = |place: Option<usize>| Some(messages.get(place?)?.id.clone());
        let person = messages.iter().rposition(|it| it.public && it.author.kind.is_staff());
        let customer = messages.iter().rposition(is_by_customer);
        let now = Marks {
            looked: true,
            person: id_at(person),
            noted: id_at(messages.iter().rposition(is_note)),
            customer: id_at(customer),
            dealt: id_at(person.max(customer)),
            assignee: conversation.assignee.clone(),
            closed: conversation.is_closed(),
            given_back: given_back.is_shown(conversation),
        };
        let events = self.news(&now, person < customer);
        self.marks = Marks { dealt: self.marks.dealt.take(), ..now.clone() };
        let mut then = Then::Nothing;
        for event in events {
            match event {
                Event::CustomerWrote => self.marks.dealt.clone_from(&now.customer),
                Event::PersonWrote => self.marks.dealt.clone_from(&now.person),
                Event::PersonNoted
                | Event::PersonTook
                | Event::GivenBack
                | Event::Closed
                | Event::Reopened
                | Event::HandedOver
                | Event::Delivered
                | Event::Unanswered => {}
            }
            match self.step(event, now_ms) {
                Then::Nothing => {}
                more => then = more,
            }
        }
        self.marks = now;
        then
    }

    /// What happened since the last look, oldest first. `asked_last` is true if the
    /// customer's last message is newer than a person's.
    ///
    /// Closing and giving back are no messages, and have no place among them. They are
    /// taken to have come with what a person wrote, before the customer's last words.
    fn news(&self, now: &Marks, asked_last: bool) -> Vec<Event> {
        let Marks { looked, person, noted, customer, assignee, closed, given_back, .. } =
            &self.marks;
        let asked = now.customer.is_some() && now.customer != *customer;
        let took = *looked && now.assignee.is_some() && now.assignee != *assignee;
        let wrote = now.person.is_some() && now.person != *person;
        let is_theirs = self.state.is_with_people() || took || wrote;
        // Nobody can tell whether people closed before or after the customer wrote: what
        // they have is theirs to close. At first sight it is theirs, closed or not.
        let closes_last = is_theirs && asked_last;
        let closes = now.closed && !closed && (*looked || !closes_last);
        let reopens = *closed && !now.closed && !(asked && asked_last);
        [
            (took, Event::PersonTook),
            (asked && !asked_last, Event::CustomerWrote),
            (wrote, Event::PersonWrote),
            (now.noted.is_some() && now.noted != *noted, Event::PersonNoted),
            (*looked && now.given_back && !given_back, Event::GivenBack),
            (closes && !closes_last, Event::Closed),
            (reopens, Event::Reopened),
            (asked && asked_last, Event::CustomerWrote),
            (closes && closes_last, Event::Closed),
        ]
        .into_iter()
        .filter_map(|(holds, event)| holds.then_some(event))
        .collect()
    }
}

/// A note that is a person's for sure: our own are not recognized in every helpdesk.
fn is_note(message: &Message) -> bool {
    !message.public && message.author.kind == AuthorKind::Agent
}

fn is_by_customer(message: &Message) -> bool {
    message.public && message.author.kind == AuthorKind::Customer
}
