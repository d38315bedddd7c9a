//! Who has a conversation, Deskhand or people: one state a conversation, moved by
//! what was seen of it and by what was decided. Pure and total. The first person who
//! acts has it; from then on nothing public is said until it is given back.

mod observed;

use serde::{Deserialize, Serialize};

use crate::hours::Hours;

pub use observed::GivenBack;
pub use observed::Marks;

/// Who has a conversation.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Deskhand's to answer.
    #[default]
    Bot,
    /// It is being handed over: the note is planned, people may not have it yet.
    Offered,
    /// The note is written, and nobody has picked it up.
    Waiting,
    /// A person of the team has it.
    Human,
    /// A person gave it back: Deskhand's to answer again.
    Returned,
    /// People or the helpdesk closed it.
    Closed,
}

impl State {
    pub const ALL: [State; 6] =
        [State::Bot, State::Offered, State::Waiting, State::Human, State::Returned, State::Closed];

    /// As it is stored and told to programs.
    pub fn word(self) -> &'static str {
        match self {
            State::Bot => "bot",
            State::Offered => "offered",
            State::Waiting => "waiting",
            State::Human => "human",
            State::Returned => "returned",
            State::Closed => "closed",
        }
    }

    /// The state of a word; `None` for a word no version of this knows.
    pub fn from_word(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|it| it.word() == word)
    }

    /// True if people have it or are about to: nothing public may be said.
    pub fn is_with_people(self) -> bool {
        match self {
            State::Offered | State::Waiting | State::Human => true,
            State::Bot | State::Returned | State::Closed => false,
        }
    }
}

/// Something that bears on who has a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The customer wrote something new.
    CustomerWrote,
    /// A person of the team, or whoever might be one, wrote to the customer.
    PersonWrote,
    /// A person left a note that no customer sees.
    PersonNoted,
    /// Somebody else was made responsible for it.
    PersonTook,
    /// A person gave it back, in the way the settings name.
    GivenBack,
    Closed,
    /// It is open again, though the customer wrote nothing.
    Reopened,
    /// Deskhand decided that people take over, and planned the note.
    HandedOver,
    /// All of that is written.
    Delivered,
    /// So long has nobody picked it up that they are to be called again.
    Unanswered,
}

/// What is to happen beside the change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    Nothing,
    /// Begin to wait for somebody to pick it up.
    Wait,
    /// Call people once more, and wait again.
    CallAgain,
}

/// What Deskhand may do in a conversation, the least first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leave {
    /// Neither a reply nor a note.
    Nothing,
    /// A note with a suggestion; people have a hand-over note already.
    Suggest,
    /// A note with a suggestion or a first hand-over note; nothing public.
    Note,
    /// All of it.
    #[default]
    Reply,
}

/// Where a conversation stands between Deskhand and people. The default is one that
/// was never looked at: Deskhand's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Custody {
    pub state: State,
    /// Since when, milliseconds since the epoch.
    pub since_ms: i64,
    /// True if people have a hand-over note of ours for this stay with them.
    pub told: bool,
    /// How often people were called again during this stay.
    pub n_calls: u32,
    /// When they are to be called (again). `None` if nobody is waited for.
    pub call_ms: Option<i64>,
    /// When it was last handed over. `None` if it never was.
    pub handed_over_ms: Option<i64>,
    /// Who had it when it was closed.
    pub closed_from: State,
    /// The last message of what people have, or have dealt with: what is asked begins
    /// after it. `None` if there is none.
    pub settled: Option<String>,
    /// What of the conversation has been taken into account.
    pub marks: Marks,
}

impl Custody {
    /// What Deskhand may do.
    #[must_use]
    pub fn leave(&self) -> Leave {
        match (self.state, self.told) {
            (State::Bot | State::Returned, _) => Leave::Reply,
            (State::Offered | State::Waiting | State::Human, false) => Leave::Note,
            (State::Offered | State::Waiting | State::Human, true) => Leave::Suggest,
            (State::Closed, _) => Leave::Nothing,
        }
    }

    /// Moves on by one event. Total: every event has an answer in every state.
    pub fn step(&mut self, event: Event, now_ms: i64) -> Then {
        let before = self.state;
        self.state = self.next(event);
        match event {
            Event::HandedOver => {
                self.told = true;
                self.handed_over_ms = Some(now_ms);
                // People have the question: what comes after it is another.
                self.settle();
            }
            Event::Closed if before != State::Closed => {
                self.closed_from = before;
                self.settle();
            }
            Event::GivenBack => self.settle(),
            Event::Unanswered if self.state == State::Waiting => {
                self.n_calls = self.n_calls.saturating_add(1);
                return Then::CallAgain;
            }
            Event::CustomerWrote
            | Event::PersonWrote
            | Event::PersonNoted
            | Event::PersonTook
            | Event::Closed
            | Event::Reopened
            | Event::Delivered
            | Event::Unanswered => {}
        }
        if self.state == before {
            return Then::Nothing;
        }
        self.since_ms = now_ms;
        if !self.state.is_with_people() {
            self.told = false;
            self.n_calls = 0;
        }
        if self.state == State::Waiting {
            return Then::Wait;
        }
        self.call_ms = None;
        Then::Nothing
    }

    /// Sets when people are called, if they are to be: while they are there.
    pub fn wait(&mut self, then: Then, calling: &Calling, hours: &Hours, now_ms: i64) {
        match then {
            Then::Nothing => {}
            Then::Wait | Then::CallAgain => {
                let wait_ms = calling.wait_ms(self.n_calls);
                self.call_ms = wait_ms.map(|it| hours.next_open_ms(now_ms.saturating_add(it)));
            }
        }
    }

    fn next(&self, event: Event) -> State {
        use State::{Bot, Closed, Human, Offered, Returned, Waiting};
        match (event, self.state) {
            // A person who writes or takes it has it, whatever else there was.
            (Event::PersonWrote | Event::PersonTook, _) => Human,
            // Notes are written about conversations Deskhand has; who was called and
            // writes one has heard.
            (Event::PersonNoted, Offered | Waiting) => Human,
            (Event::PersonNoted, state) => state,
            (Event::GivenBack, _) => Returned,
            (Event::Closed, _) => Closed,
            (Event::CustomerWrote | Event::Reopened, Closed)
                if !self.closed_from.is_with_people() =>
            {
                self.closed_from
            }
            // People were done with it. Whoever still has it by name goes on; with
            // nobody the customer begins anew.
            (Event::CustomerWrote, Closed) if self.marks.assignee.is_none() => Bot,
            (Event::CustomerWrote | Event::Reopened, Closed) => Human,
            (Event::CustomerWrote | Event::Reopened, state) => state,
            (Event::HandedOver, Bot | Returned | Closed) => Offered,
            (Event::HandedOver, Offered | Waiting | Human) => self.state,
            (Event::Delivered, Offered) => Waiting,
            (Event::Delivered, state) => state,
            (Event::Unanswered, state) => state,
        }
    }

    /// What was written so far is dealt with.
    fn settle(&mut self) {
        self.settled.clone_from(&self.marks.dealt);
    }
}

/// When people are called who do not pick a hand-over up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calling {
    /// After the hand-over; it doubles each time. 0: never.
    pub first_ms: i64,
    /// Between two calls, at most.
    pub longest_ms: i64,
    /// Calls of one hand-over, at most.
    pub most: u32,
}

impl Calling {
    /// How long to wait before the next call after so many. `None` if there is none.
    #[must_use]
    pub fn wait_ms(&self, n_calls: u32) -> Option<i64> {
        if self.first_ms <= 0 || self.most <= n_calls {
            return None;
        }
        let doubled = self.first_ms.saturating_mul(1_i64 << n_calls.min(30));
        Some(doubled.min(self.longest_ms.max(self.first_ms)))
    }
}

#[cfg(test)]
mod tests;
