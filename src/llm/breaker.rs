//! Whether a model that failed is asked again: a circuit that opens when nothing
//! comes back, and then lets one call through now and again until one is answered.
//! Pure: the time comes from outside, in milliseconds of a clock that may be set back.

/// Failures in a row that open the circuit. Guessed: two in a row may be chance.
const MAX_FAILURES: u32 = 3;

/// A failure opens the circuit by itself if nothing was answered for so long while
/// it was waited for, so that calls that hang need no company. Guessed: half of the
/// time a call has by default.
const MAX_SILENCE_MS: i64 = 10_000;

/// From one call that tries an open circuit to the next. Specified: not more often,
/// so that a model that comes back is not run down at once.
const PROBE_EVERY_MS: i64 = 10_000;

/// How a circuit stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Circuit {
    /// Every call goes through.
    Closed,
    /// None does, until it is time to try.
    Open,
    /// One is out to try.
    HalfOpen,
}

/// A call that may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    Ordinary,
    /// It tries an open circuit: one request and no more.
    Probe,
}

/// The circuit of one model.
#[derive(Debug, Clone, Copy)]
pub struct Breaker(State);

#[derive(Debug, Clone, Copy)]
enum State {
    Closed {
        n_failures: u32,
        /// `None` before the first answer.
        answered_ms: Option<i64>,
        /// Since when calls are out of which none was answered; `None` without failures.
        silent_since_ms: Option<i64>,
    },
    Open {
        since_ms: i64,
    },
    HalfOpen {
        probe_ms: i64,
    },
}

impl Default for Breaker {
    fn default() -> Breaker {
        Breaker(State::Closed { n_failures: 0, answered_ms: None, silent_since_ms: None })
    }
}

impl Breaker {
    pub fn circuit(&self) -> Circuit {
        match self.0 {
            State::Closed { .. } => Circuit::Closed,
            State::Open { .. } => Circuit::Open,
            State::HalfOpen { .. } => Circuit::HalfOpen,
        }
    }

    /// True if a call may be made now. Changes nothing: several may ask.
    pub fn admits(&self, now_ms: i64) -> bool {
        match self.0 {
            State::Closed { .. } => true,
            State::Open { since_ms } => is_time(since_ms, now_ms),
            // A call that tries and never comes back keeps nobody out for good.
            State::HalfOpen { probe_ms } => is_time(probe_ms, now_ms),
        }
    }

    /// Lets a call through, or not. Whoever is let through makes the call now, and
    /// says what came of it if anything did.
    pub fn admit(&mut self, now_ms: i64) -> Option<Admission> {
        if !self.admits(now_ms) {
            return None;
        }
        if self.circuit() == Circuit::Closed {
            return Some(Admission::Ordinary);
        }
        self.0 = State::HalfOpen { probe_ms: now_ms };
        Some(Admission::Probe)
    }

    /// A call was answered, however old it is: the model is there.
    pub fn answered(&mut self, now_ms: i64) {
        self.0 = State::Closed { n_failures: 0, answered_ms: Some(now_ms), silent_since_ms: None };
    }

    /// A call that began then has failed now.
    pub fn failed(&mut self, began_ms: i64, now_ms: i64) {
        match self.0 {
            State::Closed { n_failures, answered_ms, silent_since_ms } => {
                let n_failures = n_failures + 1;
                let began_ms = answered_ms.map_or(began_ms, |it| it.max(began_ms));
                let since_ms = silent_since_ms.map_or(began_ms, |it| it.min(began_ms));
                let is_silent = MAX_SILENCE_MS <= now_ms.saturating_sub(since_ms);
                self.0 = if is_silent || MAX_FAILURES <= n_failures {
                    State::Open { since_ms: now_ms }
                } else {
                    State::Closed { n_failures, answered_ms, silent_since_ms: Some(since_ms) }
                };
            }
            // One from before says nothing of the one that tries.
            State::HalfOpen { probe_ms } if began_ms < probe_ms => {}
            State::HalfOpen { .. } => self.0 = State::Open { since_ms: now_ms },
            State::Open { .. } => {}
        }
    }
}

/// True if a probe is due. A clock that was set back must not keep the circuit open
/// until it has caught up.
fn is_time(since_ms: i64, now_ms: i64) -> bool {
    now_ms < since_ms || PROBE_EVERY_MS <= now_ms.saturating_sub(since_ms)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_quick_failures_are_chance_and_three_are_not() {
        let mut breaker = Breaker::default();
        breaker.failed(0, 10);
        breaker.failed(20, 30);
        assert_eq!(breaker.circuit(), Circuit::Closed);
        breaker.failed(40, 50);
        assert_eq!(breaker.circuit(), Circuit::Open);
    }

    #[test]
    fn an_answer_between_failures_begins_the_count_anew() {
        let mut breaker = Breaker::default();
        for round in 0..10 {
            let at_ms = round * 9_000;
            breaker.failed(at_ms, at_ms + 1);
            breaker.failed(at_ms, at_ms + 2);
            breaker.answered(at_ms + 3);
        }
        assert_eq!(breaker.circuit(), Circuit::Closed);
    }

    #[test]
    fn one_call_that_hangs_is_enough_where_nothing_else_is_answered() {
        let mut alone = Breaker::default();
        alone.failed(0, 20_000);
        assert_eq!(alone.circuit(), Circuit::Open);
        let mut in_company = Breaker::default();
        in_company.answered(15_000);
        in_company.failed(0, 20_000);
        assert_eq!(in_company.circuit(), Circuit::Closed, "others were answered meanwhile");
    }

    #[test]
    fn an_open_circuit_is_tried_by_one_call_at_a_time() {
        let mut breaker = open_at(0);
        assert_eq!(breaker.admit(9_999), None);
        assert_eq!(breaker.admit(10_000), Some(Admission::Probe));
        assert_eq!(breaker.circuit(), Circuit::HalfOpen);
        assert_eq!(breaker.admit(10_001), None);
        breaker.failed(10_000, 12_000);
        assert_eq!(breaker.admit(21_999), None);
        assert_eq!(breaker.admit(22_000), Some(Admission::Probe));
        breaker.answered(22_500);
        assert_eq!(breaker.admit(22_501), Some(Admission::Ordinary));
    }

    #[test]
    fn a_call_from_before_does_not_speak_for_the_one_that_tries() {
        let mut breaker = open_at(0);
        assert_eq!(breaker.admit(10_000), Some(Admission::Probe));
        breaker.failed(0, 11_000);
        assert_eq!(breaker.circuit(), Circuit::HalfOpen);
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_out() {
        assert_eq!(open_at(3_600_000).admit(0), Some(Admission::Probe));
    }

    fn open_at(now_ms: i64) -> Breaker {
        let mut breaker = Breaker::default();
        (0..3).for_each(|_| breaker.failed(now_ms, now_ms));
        assert_eq!(breaker.circuit(), Circuit::Open);
        breaker
    }

    #[derive(Debug, Clone, Copy)]
    enum Event {
        Passes(i64),
        Begins,
        /// Of the calls that are out, one by its place is answered, fails, is forgotten.
        Answered(usize),
        Fails(usize),
        Forgotten(usize),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            3 => (0_i64..12_000).prop_map(Event::Passes),
            4 => Just(Event::Begins),
            1 => (0_usize..8).prop_map(Event::Answered),
            3 => (0_usize..8).prop_map(Event::Fails),
            1 => (0_usize..8).prop_map(Event::Forgotten),
        ]
    }

    proptest! {
        #[test]
        fn whatever_happens_it_opens_for_a_reason_and_is_tried_now_and_again(
            events in prop::collection::vec(event(), 1..120),
        ) {
            let mut breaker = Breaker::default();
            let (mut now_ms, mut out, mut probes) = (0_i64, Vec::new(), Vec::new());
            // What an onlooker remembers: failures, and the last answer.
            let (mut n_failures, mut answered_ms, mut first_ms) = (0, 0, i64::MAX);
            for event in events {
                let before = breaker.circuit();
                match event {
                    Event::Passes(ms) => now_ms += ms,
                    Event::Begins => match breaker.admit(now_ms) {
                        Some(admission) => {
                            prop_assert_eq!(
                                admission == Admission::Ordinary,
                                before == Circuit::Closed
                            );
                            if admission == Admission::Probe {
                                probes.push(now_ms);
                            }
                            out.push(now_ms);
                        }
                        None => prop_assert_ne!(before, Circuit::Closed),
                    },
                    Event::Answered(place) if place < out.len() => {
                        out.remove(place);
                        breaker.answered(now_ms);
                        (n_failures, answered_ms, first_ms) = (0, now_ms, i64::MAX);
                        prop_assert_eq!(breaker.circuit(), Circuit::Closed);
                    }
                    Event::Fails(place) if place < out.len() => {
                        let began_ms: i64 = out.remove(place);
                        breaker.failed(began_ms, now_ms);
                        n_failures += 1;
                        first_ms = first_ms.min(began_ms.max(answered_ms));
                        if before == Circuit::Closed {
                            let is_due = 3 <= n_failures || 10_000 <= now_ms - first_ms;
                            prop_assert_eq!(breaker.circuit() == Circuit::Open, is_due);
                        }
                    }
                    Event::Forgotten(place) if place < out.len() => drop(out.remove(place)),
                    Event::Answered(_) | Event::Fails(_) | Event::Forgotten(_) => {}
                }
            }
            let apart = probes.windows(2).all(|it| 10_000 <= it[1] - it[0]);
            prop_assert!(apart, "probes at {:?}", probes);
            prop_assert!(breaker.admits(now_ms + 10_000), "nobody is kept out for good");
        }

        /// At a ticket every six seconds; what hangs longer has a test above.
        #[test]
        fn a_dead_model_is_left_alone_within_twenty_seconds(
            calls in prop::collection::vec((0_i64..6_000, 0_i64..8_000), 20),
        ) {
            let mut breaker = Breaker::default();
            let mut now_ms = 0;
            let mut failures: Vec<(i64, i64)> = Vec::new();
            for (pause_ms, took_ms) in calls {
                failures.push((now_ms + took_ms, now_ms));
                now_ms += pause_ms;
            }
            failures.sort_unstable();
            for (ended_ms, began_ms) in failures.into_iter().filter(|it| it.0 <= 20_000) {
                breaker.failed(began_ms, ended_ms);
            }
            prop_assert_eq!(breaker.circuit(), Circuit::Open);
        }
    }
}
