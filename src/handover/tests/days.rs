//! Random days. The world tells what really happened; the machine sees only what a
//! read shows. However they interleave: nothing public after people have it, one
//! hand-over a stay, and every hand-over reaches people.

use proptest::prelude::*;

use super::CALLING;
use super::message;
use super::signs;
use crate::handover::Custody;
use crate::handover::Event;
use crate::handover::Leave;
use crate::handover::State;
use crate::handover::Then;
use crate::hours::Hours;
use crate::ticket::AuthorKind;
use crate::ticket::Conversation;

/// Days in a normal run; `PROPTEST_CASES=100000` makes it the long one.
const N_CASES: u32 = 3_000;

/// Longest day, in steps.
const N_STEPS: usize = 60;

#[derive(Debug, Clone, Copy)]
enum Step {
    CustomerWrites,
    AgentWrites,
    AgentNotes,
    AgentTakes,
    AgentLetsGo,
    SignAppears,
    SignGoes,
    Close,
    Reopen,
    /// The bot reads and thinks, and writes down what it would do: send, or hand over.
    Think(Wish),
    /// The same, and the process dies before anything is written down.
    ThinkAndCrash,
    /// The oldest or the newest thing that was planned is done.
    Act,
    ActLate,
    /// It is begun, and the process dies before it knows how it went.
    ActAndCrash,
    Tick,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Send,
    HandOver,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => Just(Step::CustomerWrites),
        2 => Just(Step::AgentWrites),
        1 => Just(Step::AgentNotes),
        1 => Just(Step::AgentTakes),
        1 => Just(Step::AgentLetsGo),
        1 => Just(Step::SignAppears),
        1 => Just(Step::SignGoes),
        1 => Just(Step::Close),
        1 => Just(Step::Reopen),
        5 => prop_oneof![2 => Just(Wish::Send), 1 => Just(Wish::HandOver)].prop_map(Step::Think),
        1 => Just(Step::ThinkAndCrash),
        5 => Just(Step::Act),
        2 => Just(Step::ActLate),
        1 => Just(Step::ActAndCrash),
        2 => Just(Step::Tick),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: N_CASES,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_day_has_a_message_after_takeover_a_loop_or_a_lost_hand_over(
        steps in prop::collection::vec(step(), 1..N_STEPS),
    ) {
        let mut world = World::default();
        for step in steps {
            world.take(step)?;
        }
        world.finish()?;
    }
}

/// Something the bot has written down that it will do.
#[derive(Debug, Clone)]
struct Planned {
    wish: Wish,
    /// What the bot saw when it decided.
    n_seen: usize,
    assignee: Option<String>,
    was_closed: bool,
    /// True if it is in the helpdesk already, and nobody knows.
    is_done: bool,
}

/// A helpdesk, a bot and its store, and beside them the truth.
#[derive(Debug, Default)]
struct World {
    thread: Conversation,
    stored: Custody,
    outbox: Vec<Planned>,
    now_ms: i64,
    /// The customer message that was decided about last, as the store knows it.
    decided: Option<String>,
    /// The truth: people have it.
    is_theirs: bool,
    /// Given back and not read since: what people then write looks as if it came before.
    is_unread: bool,
    /// People closed it, and no read has shown it open since: whether they or the customer
    /// opened it again cannot be told.
    was_closed: bool,
    /// The customer wrote into what people had closed.
    begun_anew: bool,
    looked_at_assignee: Option<String>,
    /// Hand-over notes and calls of one stay with people.
    n_notes: u32,
    n_calls: u32,
}

impl World {
    fn take(&mut self, step: Step) -> Result<(), TestCaseError> {
        self.now_ms += 100;
        match step {
            Step::CustomerWrites => self.customer_writes(),
            Step::AgentWrites => {
                self.write(AuthorKind::Agent, true);
                self.is_theirs |= !self.is_unread;
                self.begun_anew = false;
            }
            Step::AgentNotes => self.write(AuthorKind::Agent, false),
            Step::AgentTakes => {
                self.thread.assignee = Some(format!("agent {}", self.now_ms));
            }
            Step::AgentLetsGo => {
                self.thread.assignee = None;
                self.ends_if_begun_anew();
            }
            Step::SignAppears => self.sign_appears(),
            Step::SignGoes => self.thread.tags.clear(),
            Step::Close => {
                self.thread.status = Some("closed".to_owned());
                self.was_closed = true;
                (self.n_notes, self.n_calls) = (0, 0);
            }
            Step::Reopen => self.thread.status = Some("open".to_owned()),
            Step::Think(wish) => self.think(wish)?,
            Step::ThinkAndCrash => {
                // Nothing was written down, so nothing was seen.
                let stored = self.stored.clone();
                let known = (self.is_theirs, self.is_unread, self.was_closed, self.begun_anew);
                self.look()?;
                self.stored = stored;
                (self.is_theirs, self.is_unread, self.was_closed, self.begun_anew) = known;
            }
            Step::Act => self.act(0)?,
            Step::ActLate => self.act(self.outbox.len().saturating_sub(1))?,
            Step::ActAndCrash => self.act_and_crash()?,
            Step::Tick => self.tick()?,
        }
        Ok(())
    }

    fn write(&mut self, kind: AuthorKind, public: bool) {
        let id = self.thread.messages.len();
        self.thread.messages.push(message(id, kind, public));
    }

    fn customer_writes(&mut self) {
        self.write(AuthorKind::Customer, true);
        self.begun_anew |= self.was_closed;
        self.thread.status = Some("open".to_owned());
        self.ends_if_begun_anew();
    }

    /// Who writes into what people have closed and nobody holds by name begins anew.
    fn ends_if_begun_anew(&mut self) {
        if self.begun_anew && self.thread.assignee.is_none() {
            self.is_theirs = false;
        }
    }

    fn sign_appears(&mut self) {
        if self.thread.tags.is_empty() && self.stored.marks.looked {
            self.thread.tags.push("bot-again".to_owned());
            self.is_theirs = false;
            self.is_unread = true;
            (self.n_notes, self.n_calls) = (0, 0);
        }
    }

    /// The bot reads the conversation.
    fn look(&mut self) -> Result<Then, TestCaseError> {
        let has_looked = self.stored.marks.looked;
        let then = self.stored.observe(&self.thread, &signs(), self.now_ms);
        let seen = self.stored.clone();
        self.stored.observe(&self.thread, &signs(), self.now_ms);
        prop_assert_eq!(&self.stored, &seen, "looking twice changes something");
        let Conversation { assignee, .. } = &self.thread;
        let was_taken = assignee.is_some() && *assignee != self.looked_at_assignee;
        if was_taken && has_looked && !self.is_unread {
            self.is_theirs = true;
            self.begun_anew = false;
        }
        self.is_unread = false;
        self.was_closed &= self.thread.is_closed();
        prop_assert!(
            !self.is_theirs || self.stored.leave() < Leave::Reply,
            "people have it, and the bot thinks it may reply: {:?}",
            self.stored
        );
        Ok(then)
    }

    fn think(&mut self, wish: Wish) -> Result<(), TestCaseError> {
        let then = self.look()?;
        self.stored.wait(then, &CALLING, &Hours::default(), self.now_ms);
        self.looked_at_assignee.clone_from(&self.thread.assignee);
        let trigger = self.thread.last_customer_message().map(|it| it.id.clone());
        if trigger.is_none() || trigger == self.decided {
            return Ok(());
        }
        self.decided = trigger;
        let may = match wish {
            Wish::Send => Leave::Reply,
            Wish::HandOver => Leave::Note,
        };
        if self.stored.leave() < may {
            return Ok(());
        }
        if wish == Wish::HandOver {
            self.stored.step(Event::HandedOver, self.now_ms);
            self.is_theirs = true;
            self.begun_anew = false;
            self.n_notes += 1;
            prop_assert!(self.n_notes <= 1, "handed over twice in one stay with people");
        }
        self.outbox.push(Planned {
            wish,
            n_seen: self.thread.messages.len(),
            assignee: self.thread.assignee.clone(),
            was_closed: self.thread.is_closed(),
            is_done: false,
        });
        Ok(())
    }

    /// Carries out one thing that was planned, as `act` does: looked for if it was begun,
    /// withdrawn if anybody acted, held back by what the store knows.
    fn act(&mut self, place: usize) -> Result<(), TestCaseError> {
        if self.outbox.is_empty() {
            return Ok(());
        }
        let planned = self.outbox.remove(place);
        match planned.wish {
            Wish::Send if planned.is_done || self.is_superseded(&planned) => {}
            Wish::Send if self.stored.state.is_with_people() => {}
            Wish::Send => self.send()?,
            Wish::HandOver => {
                if !planned.is_done {
                    self.write(AuthorKind::Own, false);
                }
                let then = self.stored.step(Event::Delivered, self.now_ms);
                self.stored.wait(then, &CALLING, &Hours::default(), self.now_ms);
            }
        }
        Ok(())
    }

    fn send(&mut self) -> Result<(), TestCaseError> {
        prop_assert!(!self.is_theirs, "a message after takeover: {:?}", self.thread);
        self.write(AuthorKind::Own, true);
        Ok(())
    }

    fn act_and_crash(&mut self) -> Result<(), TestCaseError> {
        let Some(mut planned) = self.outbox.pop() else { return Ok(()) };
        if !planned.is_done {
            match planned.wish {
                Wish::Send if self.is_superseded(&planned) => {}
                Wish::Send if self.stored.state.is_with_people() => {}
                Wish::Send => {
                    self.send()?;
                    planned.is_done = true;
                }
                Wish::HandOver => {
                    self.write(AuthorKind::Own, false);
                    planned.is_done = true;
                }
            }
        }
        self.outbox.push(planned);
        Ok(())
    }

    fn is_superseded(&self, planned: &Planned) -> bool {
        let new = self.thread.messages.iter().skip(planned.n_seen);
        let mut new = new.filter(|it| it.public && it.author.kind != AuthorKind::Own);
        let taken = self.thread.assignee.is_some() && self.thread.assignee != planned.assignee;
        new.next().is_some() || taken || (self.thread.is_closed() && !planned.was_closed)
    }

    /// Time passes; people who were waited for too long are called.
    fn tick(&mut self) -> Result<(), TestCaseError> {
        self.now_ms += 700;
        if self.stored.call_ms.is_none_or(|it| self.now_ms < it) {
            return Ok(());
        }
        let then = self.look()?;
        self.stored.wait(then, &CALLING, &Hours::default(), self.now_ms);
        self.looked_at_assignee.clone_from(&self.thread.assignee);
        if self.stored.call_ms.is_some_and(|it| it <= self.now_ms) {
            let then = self.stored.step(Event::Unanswered, self.now_ms);
            prop_assert_eq!(then, Then::CallAgain);
            self.stored.wait(then, &CALLING, &Hours::default(), self.now_ms);
            self.n_calls += 1;
            prop_assert!(self.n_calls <= CALLING.most, "people are called without end");
        }
        Ok(())
    }

    /// Everything that was begun comes to its end.
    fn finish(mut self) -> Result<(), TestCaseError> {
        while !self.outbox.is_empty() {
            self.act(0)?;
        }
        let then = self.look()?;
        self.stored.wait(then, &CALLING, &Hours::default(), self.now_ms);
        let Custody { state, call_ms, n_calls, .. } = self.stored;
        prop_assert_ne!(state, State::Offered, "a hand-over that people never get");
        let is_waited_for = call_ms.is_some() || n_calls == CALLING.most;
        prop_assert!(state != State::Waiting || is_waited_for, "nobody is called");
        Ok(())
    }
}
