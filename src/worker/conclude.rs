//! How work on a conversation ends: outcomes of its deliveries, another try, or
//! the dead letters, of which a person is always told.

use std::time::Duration;

use rand::RngExt as _;

use crate::act;
use crate::act::Finished;
use crate::act::Record;
use crate::act::SupersededBy;
use crate::decide::Decision;
use crate::decide::Retry;
use crate::decide::Silence;
use crate::handover::Custody;
use crate::handover::State;
use crate::helpdesk::Event;
use crate::store::StoreError;
use crate::store::custody;
use crate::store::decisions;
use crate::store::decisions::Decided;
use crate::store::decisions::Ending;
use crate::store::inbox;
use crate::store::inbox::Outcome;
use crate::store::inbox::Waiting;
use crate::store::leases;
use crate::store::leases::Lease;
use crate::store::outbox;
use crate::store::outbox::Entry;
use crate::store::outbox::Settled;
use crate::worker::Desk;
use crate::worker::People;
use crate::worker::Worker;
use crate::worker::handle::MAX_READS_AFTER_WEBHOOK;
use crate::worker::handle::WorkError;
use crate::worker::millis;

/// The first pause between attempts; it doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(2);

/// The longest pause between attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// Pause between attempts to tell a person of a dead delivery.
const ALERT_PAUSE: Duration = Duration::from_secs(120);

impl Worker {
    /// Ends a decision and the deliveries it answers. False if nothing further is
    /// to be done under this lease.
    pub(super) async fn conclude(
        &self,
        desk: &Desk,
        lease: &Lease,
        waiting: &[Waiting],
        decided: &Decided,
        finished: Finished,
    ) -> Result<bool, StoreError> {
        let id = decided.id.clone();
        let entries = self.store.read(move |it| outbox::of_decision(it, &id)).await?;
        let ending = match finished {
            Finished::LostLease => return Ok(false),
            Finished::Done if desk.manner.is_shadow => in_shadow(decided, waiting),
            Finished::Done => {
                if let Some(why) = unheard(&entries) {
                    self.bury(lease, waiting, &why).await?;
                    return Ok(false);
                }
                ending(decided, &entries, waiting)
            }
            Finished::Superseded(SupersededBy::Person(what)) => {
                let outcome = Outcome::Superseded(format!("a person acted first: {what}"));
                answered(decided, waiting, "superseded", &outcome)
            }
            // What waits goes on waiting, now for the newer message.
            Finished::Superseded(SupersededBy::Customer(_)) => Ending {
                decision_id: decided.id.clone(),
                decision_outcome: "superseded",
                deliveries: Vec::new(),
            },
        };
        let wait = if ending.deliveries.is_empty() { desk.quiet.chat } else { Duration::ZERO };
        metrics::counter!("deskhand_outcomes_total", "outcome" => ending.decision_outcome)
            .increment(1);
        let (held, now_ms) = (lease.clone(), self.clock.now_ms());
        let superseded = ending.decision_outcome == "superseded";
        let people = desk.people.clone();
        let closing = move |it: &rusqlite::Connection| {
            let closed = decisions::close(it, &held, &ending, now_ms)?;
            if closed && ending.decision_outcome == "escalated" {
                people.told(it, &held, now_ms)?;
            }
            Ok(closed)
        };
        let closed = self.store.write(closing).await?;
        if closed && superseded {
            self.release(lease, wait).await?;
            return Ok(false);
        }
        Ok(closed)
    }

    /// Ends everything that waits for a conversation in the same way, and keeps who has it.
    pub(super) async fn end_all(
        &self,
        lease: &Lease,
        waiting: &[Waiting],
        custody: Custody,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let seqs: Vec<i64> = waiting.iter().map(|it| it.seq).collect();
        let (held, now_ms) = (lease.clone(), self.clock.now_ms());
        self.store
            .write(move |connection| {
                if leases::holds(connection, &held)? {
                    for seq in seqs {
                        inbox::finish(connection, seq, &outcome, now_ms)?;
                    }
                    custody::set(connection, &held, &custody)?;
                    leases::release(connection, &held, now_ms)?;
                }
                Ok(())
            })
            .await
    }

    /// Gives a conversation back; what still waits for it is due after `wait`.
    pub(super) async fn release(&self, lease: &Lease, wait: Duration) -> Result<(), StoreError> {
        let held = lease.clone();
        let due_ms = self.clock.now_ms().saturating_add(millis(wait));
        self.store.write(move |it| leases::release(it, &held, due_ms)).await
    }

    pub(super) async fn retry_or_bury(
        &self,
        lease: &Lease,
        waiting: &[Waiting],
        error: &WorkError,
    ) -> Result<(), StoreError> {
        let n_attempts = waiting.iter().map(|it| it.attempts).max().unwrap_or(0);
        let at_least = match error.retry() {
            Retry::Never => return self.bury(lease, waiting, &error.to_string()).await,
            Retry::After(_) if self.pace.max_attempts <= n_attempts => {
                let why = format!("it did not work out in {n_attempts} attempts: {error}");
                return self.bury(lease, waiting, &why).await;
            }
            Retry::After(at_least) => at_least,
        };
        let wait = if waiting.is_empty() {
            at_least.max(ALERT_PAUSE)
        } else if error.is_foreseen() {
            at_least
        } else {
            at_least.max(pause(n_attempts))
        };
        tracing::warn!(n_attempts, wait_ms = millis(wait), %error, "a conversation is tried again later");
        metrics::counter!("deskhand_retries_total").increment(1);
        self.release(lease, wait).await
    }

    pub(super) async fn after_panic(
        &self,
        lease: &Lease,
        waiting: &[Waiting],
    ) -> Result<(), StoreError> {
        let n_attempts = waiting.iter().map(|it| it.attempts).max().unwrap_or(0);
        if waiting.is_empty() || n_attempts < self.pace.max_panics {
            tracing::error!(n_attempts, "handling a conversation panicked; it is tried again");
            return self.release(lease, pause(n_attempts)).await;
        }
        self.bury(lease, waiting, "handling it panicked").await
    }

    /// Puts what waits for a conversation among the dead letters, withdraws what
    /// was planned for it, and plans the note that tells the team: all at once.
    async fn bury(&self, lease: &Lease, waiting: &[Waiting], why: &str) -> Result<(), StoreError> {
        let now_ms = self.clock.now_ms();
        let desk = self.desks.get(&lease.connection);
        let can_note = desk.is_some_and(Desk::can_note);
        let grave = Grave {
            lease: lease.clone(),
            seqs: waiting.iter().map(|it| it.seq).collect(),
            why: why.to_owned(),
            brand: desk.map(|it| it.manner.brand.clone()),
            people: desk.map(|it| it.people.clone()),
            can_note,
            can_open: desk.is_some_and(Desk::can_open),
        };
        let buried = self.store.write(move |it| grave.fill(it, now_ms)).await;
        self.announce_death(&lease.connection, Some(&lease.conversation_id), why);
        buried
    }

    /// Tells the log, the metric and the address in the settings, if there is
    /// one. The note in the helpdesk is the one that is kept until it is delivered.
    pub(super) fn announce_death(&self, connection: &str, conversation: Option<&str>, why: &str) {
        tracing::error!(connection, why, "a delivery is dead; see `deskhand inbox dead`");
        metrics::counter!("deskhand_dead_total").increment(1);
        self.post_alert(serde_json::json!({
            "kind": "dead_delivery",
            "connection": connection,
            "conversation": conversation,
            "why": why,
        }));
    }
}

/// Everything that is written when a delivery dies.
struct Grave {
    lease: Lease,
    seqs: Vec<i64>,
    why: String,
    brand: Option<String>,
    people: Option<People>,
    can_note: bool,
    can_open: bool,
}

impl Grave {
    fn fill(self, connection: &rusqlite::Connection, now_ms: i64) -> rusqlite::Result<()> {
        if !leases::holds(connection, &self.lease)? {
            return Ok(());
        }
        for seq in &self.seqs {
            inbox::finish(connection, *seq, &Outcome::Dead(self.why.clone()), now_ms)?;
        }
        for entry in outbox::open_of(connection, &self.lease.key)? {
            let settled = match (entry.kind.as_str(), entry.state.as_str()) {
                ("alert", _) => continue,
                // It may have arrived: the slot stays taken.
                ("reply", "sending") => Settled::Unknown(self.why.clone()),
                _ => Settled::Withdrawn(self.why.clone()),
            };
            outbox::settle(connection, &self.lease, entry.seq, &settled, now_ms)?;
        }
        for decided in decisions::open_of(connection, &self.lease.key)? {
            let ending = Ending {
                decision_id: decided.id,
                decision_outcome: "dead",
                deliveries: Vec::new(),
            };
            decisions::close(connection, &self.lease, &ending, now_ms)?;
        }
        // A hand-over that died on its way is with people all the same: the note below says so.
        let was_offered = custody::of(connection, &self.lease.key)?.state == State::Offered;
        if let Some(people) = self.people.filter(|_| was_offered) {
            people.told(connection, &self.lease, now_ms)?;
        }
        if let Some(brand) = self.brand.filter(|_| self.can_note && !self.seqs.is_empty()) {
            let note = act::planned_alert(&self.why, now_ms);
            let dead = decisions::stand_in(&self.lease, &brand, &note.intent, now_ms);
            outbox::plan(connection, &self.lease, &dead, &note)?;
            if self.can_open {
                outbox::plan(connection, &self.lease, &dead, &act::planned_opening(now_ms))?;
            }
        }
        leases::release(connection, &self.lease, now_ms)
    }
}

/// How a decision ends whose writes are all over.
fn ending(decided: &Decided, entries: &[Entry], waiting: &[Waiting]) -> Ending {
    let reply = entries.iter().find(|it| it.kind == "reply").map(|it| it.state.as_str());
    let why = || {
        let reply = entries.iter().find(|it| it.kind == "reply");
        reply.and_then(|it| it.detail.clone()).unwrap_or_default()
    };
    let reason = || decided.reason.clone().unwrap_or_default();
    match (decided.decision.as_str(), reply) {
        ("stand_down", _) => {
            let (outcome, delivery) = stood_down(decided);
            answered(decided, waiting, outcome, &delivery)
        }
        // What the customer is told of it bears on nothing.
        ("escalate", _) => answered(decided, waiting, "escalated", &Outcome::Escalated(reason())),
        (_, Some("sent")) => answered(decided, waiting, "sent", &Outcome::Replied),
        (_, Some("withdrawn")) => answered(decided, waiting, "suggested", &Outcome::Suggested),
        // Unknown or refused: a person has the note and decides.
        (_, Some(_)) => answered(decided, waiting, "escalated", &Outcome::Escalated(why())),
        (_, None) => answered(decided, waiting, "suggested", &Outcome::Suggested),
    }
}

/// Why nobody was told anything: the helpdesk took neither reply nor note. `None` if
/// somebody was told, or nothing was to be.
fn unheard(entries: &[Entry]) -> Option<String> {
    let mut told = entries.iter().filter(|it| matches!(it.kind.as_str(), "reply" | "note"));
    let refused = told.clone().find(|it| it.state == "refused")?;
    // Withdrawn: a note took its place, and is among these.
    let is_over = told.all(|it| matches!(it.state.as_str(), "refused" | "withdrawn"));
    let why = refused.detail.as_deref().unwrap_or_default();
    is_over.then(|| format!("the helpdesk took neither reply nor note: {why}"))
}

/// How a decision ends where nothing is written.
fn in_shadow(decided: &Decided, waiting: &[Waiting]) -> Ending {
    let what = format!("shadow mode: decided to {}, nothing was written", decided.decision);
    answered(decided, waiting, "shadow", &Outcome::Ignored(what))
}

fn stood_down(decided: &Decided) -> (&'static str, Outcome) {
    let record: Option<Record> = serde_json::from_str(&decided.record).ok();
    match record.map(|it| it.proposal.decision) {
        Some(Decision::StandDown(Silence::HumanAnswered)) => {
            ("superseded", Outcome::Superseded("a person of the team answered".to_owned()))
        }
        Some(
            Decision::StandDown(_) | Decision::Send | Decision::Suggest | Decision::Escalate(_),
        )
        | None => ("ignored", Outcome::Ignored(decided.reason.clone().unwrap_or_default())),
    }
}

/// Gives the outcome to the delivery of the message that was answered. Earlier
/// ones of the burst were answered with it; later ones go on waiting.
fn answered(
    decided: &Decided,
    waiting: &[Waiting],
    decision_outcome: &'static str,
    outcome: &Outcome,
) -> Ending {
    let record: Option<Record> = serde_json::from_str(&decided.record).ok();
    let seen = record.map(|it| it.seen);
    // What came while the answer was thought of may tell of a message it does not know.
    let read_ms = seen.as_ref().and_then(|it| it.read_ms).unwrap_or(decided.at_ms);
    let seen = seen.map(|it| it.message_ids).unwrap_or_default();
    let message_of = |it: &Waiting| -> Option<String> {
        let event: Event = serde_json::from_str(&it.event).ok()?;
        event.message_ids().last().map(str::to_owned)
    };
    // A message that was waited for and never shown under its id is there under
    // another: it was read with the rest.
    let came_before = |it: &Waiting| it.received_ms <= read_ms;
    let was_waited_for = |it: &Waiting| MAX_READS_AFTER_WEBHOOK < it.attempts;
    let is_covered = |it: &&Waiting| match message_of(it) {
        Some(id) => seen.contains(&id) || (was_waited_for(it) && came_before(it)),
        None => came_before(it),
    };
    let covered: Vec<&Waiting> = waiting.iter().filter(is_covered).collect();
    let main = covered
        .iter()
        .rposition(|it| message_of(it).as_deref() == Some(decided.trigger.as_str()))
        .or_else(|| covered.len().checked_sub(1));
    let deliveries = covered.iter().enumerate().map(|(place, it)| {
        let own = if Some(place) == main {
            outcome.clone()
        } else {
            Outcome::Superseded(format!("answered with message {}", decided.trigger))
        };
        (it.seq, own)
    });
    Ending { decision_id: decided.id.clone(), decision_outcome, deliveries: deliveries.collect() }
}

/// The pause after so many attempts: doubling, with a fifth of jitter either way
/// so that what failed together does not come back together.
fn pause(n_attempts: u32) -> Duration {
    let doubled = FIRST_PAUSE.saturating_mul(1 << n_attempts.saturating_sub(1).min(16));
    let jitter: f64 = rand::rng().random_range(0.8..1.2);
    doubled.min(LONGEST_PAUSE).mul_f64(jitter)
}
