//! One leased conversation, from what waits for it to its outcome.

use std::time::Duration;

use crate::act;
use crate::act::ActError;
use crate::act::Acting;
use crate::act::Fresh as _;
use crate::act::Record;
use crate::act::Seen;
use crate::decide::Decision;
use crate::decide::Retry;
use crate::guarantee;
use crate::handover;
use crate::handover::Custody;
use crate::helpdesk::Event;
use crate::helpdesk::HelpdeskError;
use crate::pipeline::Circumstances;
use crate::pipeline::PrepareError;
use crate::proposal::Proposal;
use crate::store::StoreError;
use crate::store::custody;
use crate::store::decisions;
use crate::store::decisions::Decided;
use crate::store::decisions::Recorded;
use crate::store::inbox::Outcome;
use crate::store::inbox::Waiting;
use crate::store::leases;
use crate::store::leases::Lease;
use crate::store::outbox;
use crate::store::outbox::Planned;
use crate::ticket::Conversation;
use crate::worker::Desk;
use crate::worker::Worker;
use crate::worker::reading::Reading;

/// How long to wait for a message that its webhook has announced, and how often.
/// Guessed: replicas of a helpdesk lag by a second or two.
const READ_AFTER_WEBHOOK: Duration = Duration::from_secs(2);
pub(super) const MAX_READS_AFTER_WEBHOOK: u32 = 3;

/// Pause after a store error: a full disk or a busy file, both of which pass.
const AFTER_STORE_ERROR: Duration = Duration::from_secs(2);

/// Why a conversation could not be brought to its outcome now.
#[derive(Debug, thiserror::Error)]
pub(super) enum WorkError {
    #[error("could not prepare an answer: {0}")]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Act(#[from] ActError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the helpdesk does not show the announced message yet")]
    NotYetReadable,
    /// The process died while working on it, more than once.
    #[error(
        "the process died {0} times while handling this conversation; `deskhand inbox retry` tries again"
    )]
    KillsTheProcess(u32),
    #[error("connection {0} is not in the settings any more")]
    NoConnection(String),
}

impl WorkError {
    /// Whether trying again helps, and how soon at the earliest.
    pub(super) fn retry(&self) -> Retry {
        match self {
            WorkError::Prepare(error) => error.retry(),
            WorkError::Act(ActError::Helpdesk(error)) => retry_helpdesk(error),
            WorkError::Act(ActError::Wait(wait)) => Retry::After(*wait),
            WorkError::Act(ActError::Store(_)) | WorkError::Store(_) => {
                Retry::After(AFTER_STORE_ERROR)
            }
            WorkError::NotYetReadable => Retry::After(READ_AFTER_WEBHOOK),
            WorkError::Act(ActError::Unreadable(_))
            | WorkError::KillsTheProcess(_)
            | WorkError::NoConnection(_) => Retry::Never,
        }
    }

    /// True for a pause that was foreseen: it is as long as it says, and does not
    /// grow with the number of attempts.
    pub(super) fn is_foreseen(&self) -> bool {
        matches!(self, WorkError::Act(ActError::Wait(_)) | WorkError::NotYetReadable)
    }
}

fn retry_helpdesk(error: &HelpdeskError) -> Retry {
    match error {
        HelpdeskError::Unavailable { retry_after, .. }
        | HelpdeskError::Undecided { retry_after, .. } => {
            Retry::After(retry_after.unwrap_or(Duration::from_secs(2)))
        }
        HelpdeskError::Conflict { .. } => Retry::After(Duration::from_secs(1)),
        HelpdeskError::Refused { .. }
        | HelpdeskError::Gone { .. }
        | HelpdeskError::Unsupported { .. }
        | HelpdeskError::Unreadable { .. } => Retry::Never,
    }
}

impl Worker {
    /// # Errors
    /// If it has to be tried again or buried; the error says which.
    pub(super) async fn handle(&self, lease: &Lease, waiting: &[Waiting]) -> Result<(), WorkError> {
        // With nothing waiting, only the note that tells of it may be left to write.
        if leases::MAX_CRASHES <= lease.n_crashes && !waiting.is_empty() {
            return Err(WorkError::KillsTheProcess(lease.n_crashes));
        }
        let desk = self
            .desks
            .get(&lease.connection)
            .ok_or_else(|| WorkError::NoConnection(lease.connection.clone()))?;
        let events: Vec<(&Waiting, Event)> = waiting
            .iter()
            .filter_map(|it| Some((it, serde_json::from_str(&it.event).ok()?)))
            .collect();
        let reading = Reading {
            store: &self.store,
            desk,
            lease,
            latest: events.last().map(|(_, event)| event),
        };
        if !self.finish_what_was_begun(desk, lease, waiting, &reading).await? {
            return Ok(());
        }
        let key = lease.key.clone();
        let waiting = self.store.read(move |it| leases::waiting(it, &key)).await?;
        if waiting.is_empty() {
            return self.look_after(desk, lease, &reading).await;
        }
        let read_ms = self.clock.now_ms();
        let conversation = reading.read().await?;
        if is_behind(&conversation, &events) && desk.helpdesk.can("messages").is_ok() {
            return Err(WorkError::NotYetReadable);
        }
        self.answer(desk, lease, &waiting, (&conversation, read_ms), &reading).await
    }

    /// Goes on with writes that a crash or an error left behind. False if nothing
    /// further is to be done under this lease.
    async fn finish_what_was_begun(
        &self,
        desk: &Desk,
        lease: &Lease,
        waiting: &[Waiting],
        reading: &Reading<'_>,
    ) -> Result<bool, WorkError> {
        let acting = self.acting(desk, lease);
        let key = lease.key.clone();
        for decided in self.store.read(move |it| decisions::open_of(it, &key)).await? {
            let finished = act::finish(&acting, &decided, reading).await?;
            if !self.conclude(desk, lease, waiting, &decided, finished).await? {
                return Ok(false);
            }
        }
        let key = lease.key.clone();
        let readable = (lease.n_crashes < leases::MAX_CRASHES).then_some(reading);
        for entry in self.store.read(move |it| outbox::open_of(it, &key)).await? {
            if entry.kind == "alert" && act::alert(&acting, &entry, readable).await?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Thinks about a conversation, as it was at a time, and does what comes of it.
    async fn answer(
        &self,
        desk: &Desk,
        lease: &Lease,
        waiting: &[Waiting],
        (conversation, read_ms): (&Conversation, i64),
        reading: &Reading<'_>,
    ) -> Result<(), WorkError> {
        let mut custody = self.custody(desk, lease, conversation).await?;
        let Some(trigger) = conversation.last_customer_message().map(|it| it.id.clone()) else {
            let nothing = Outcome::Ignored("there is no customer message to answer".to_owned());
            return Ok(self.end_all(lease, waiting, custody, nothing).await?);
        };
        let (brand, key) = (desk.manner.brand.clone(), lease.key.clone());
        let slot = trigger.clone();
        let before = self.store.read(move |it| decisions::outcome_of(it, &brand, &key, &slot));
        if let Some(outcome) = before.await? {
            let handled = format!("the message was handled before: {outcome}");
            return Ok(self.end_all(lease, waiting, custody, Outcome::Ignored(handled)).await?);
        }
        let context = guarantee::licensed(&self.store, &desk.context, &lease.connection).await?;
        let stage_set = self.stage_set(desk, lease, conversation).await?;
        let circumstances =
            Circumstances { now: self.clock.now(), custody: custody.clone(), stage_set };
        let proposal = self.pipeline.prepare(conversation, &context, &circumstances).await?;
        count(&proposal);
        let record = Record { proposal, seen: Seen::of(conversation, read_ms) };
        let now_ms = self.clock.now_ms();
        let hands_over = matches!(record.proposal.decision, Decision::Escalate(_));
        if hands_over && !desk.manner.is_shadow {
            desk.people.step(&mut custody, handover::Event::HandedOver, now_ms);
        }
        let decided = act::decided(&record, &desk.manner, &lease.key, &trigger, now_ms);
        let plan = act::plan(&record.proposal, &desk.manner, &desk.helpdesk, now_ms);
        match self.record(lease, &decided, plan, custody.clone()).await? {
            Recorded::Now => {}
            Recorded::LostLease => return Ok(()),
            Recorded::Before(outcome) => {
                let handled = format!("the message was handled before: {outcome}");
                return Ok(self
                    .end_all(lease, waiting, custody, Outcome::Ignored(handled))
                    .await?);
            }
        }
        let finished = act::finish(&self.acting(desk, lease), &decided, reading).await?;
        if self.conclude(desk, lease, waiting, &decided, finished).await? {
            self.release(lease, Duration::ZERO).await?;
        }
        Ok(())
    }

    /// Stores a decision, what it plans and who has the conversation with it: all at once.
    async fn record(
        &self,
        lease: &Lease,
        decided: &Decided,
        plan: Vec<Planned>,
        custody: Custody,
    ) -> Result<Recorded, StoreError> {
        let (held, decided) = (lease.clone(), decided.clone());
        self.store
            .write(move |connection| {
                let recorded = decisions::record(connection, &held, &decided, &plan)?;
                if recorded == Recorded::Now {
                    custody::set(connection, &held, &custody)?;
                }
                Ok(recorded)
            })
            .await
    }

    fn acting<'a>(&'a self, desk: &'a Desk, lease: &'a Lease) -> Acting<'a> {
        Acting {
            store: &self.store,
            helpdesk: &desk.helpdesk,
            lease,
            clock: &self.clock,
            limits: desk.limits,
            settle: self.pace.settle,
        }
    }
}

/// True if a waiting event announces a message the conversation does not show,
/// and it has not been waited for often enough.
fn is_behind(conversation: &Conversation, events: &[(&Waiting, Event)]) -> bool {
    events.iter().any(|(waiting, event)| {
        let is_shown = |id: &str| conversation.messages.iter().any(|it| it.id == id);
        waiting.attempts <= MAX_READS_AFTER_WEBHOOK && !event.message_ids().all(is_shown)
    })
}

/// Counts a decision and how long each step took.
fn count(proposal: &Proposal) {
    let decision = proposal.decision.word();
    metrics::counter!("deskhand_decisions_total", "decision" => decision).increment(1);
    for (step, ms) in &proposal.timings {
        metrics::histogram!("deskhand_step_seconds", "step" => step.clone()).record(ms / 1000.0);
    }
}
