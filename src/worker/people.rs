//! People beside the worker: who has a conversation, looked at with each lease, and
//! calling them where nobody picks up what was handed over.

use std::time::Duration;

use rusqlite::Connection;

use crate::act;
use crate::act::Fresh as _;
use crate::decide::Retry;
use crate::handover::Calling;
use crate::handover::Custody;
use crate::handover::Event;
use crate::handover::GivenBack;
use crate::handover::State;
use crate::hours::Hours;
use crate::store::StoreError;
use crate::store::custody;
use crate::store::decisions;
use crate::store::leases;
use crate::store::leases::Lease;
use crate::store::outbox;
use crate::ticket::Conversation;
use crate::worker::Desk;
use crate::worker::Worker;
use crate::worker::handle::WorkError;
use crate::worker::reading::Reading;

/// The people of one desk.
#[derive(Debug, Clone)]
pub struct People {
    pub hours: Hours,
    pub calling: Calling,
    /// How they give a conversation back.
    pub given_back: GivenBack,
}

impl People {
    /// Who has a conversation after one more event.
    pub(super) fn step(&self, custody: &mut Custody, event: Event, now_ms: i64) {
        let then = custody.step(event, now_ms);
        custody.wait(then, &self.calling, &self.hours, now_ms);
    }

    /// Notes that people have been told, inside somebody's transaction.
    pub(super) fn told(
        &self,
        connection: &Connection,
        lease: &Lease,
        now_ms: i64,
    ) -> rusqlite::Result<()> {
        let mut custody = custody::of(connection, &lease.key)?;
        // Where nothing but a lost reply led to it, this is the first that is heard.
        self.step(&mut custody, Event::HandedOver, now_ms);
        self.step(&mut custody, Event::Delivered, now_ms);
        custody::set(connection, lease, &custody)?;
        Ok(())
    }
}

impl Worker {
    /// Who has a leased conversation, by what it shows now. Nothing is stored.
    pub(super) async fn custody(
        &self,
        desk: &Desk,
        lease: &Lease,
        conversation: &Conversation,
    ) -> Result<Custody, StoreError> {
        let key = lease.key.clone();
        let mut custody = self.store.read(move |it| custody::of(it, &key)).await?;
        let now_ms = self.clock.now_ms();
        let then = custody.observe(conversation, &desk.people.given_back, now_ms);
        custody.wait(then, &desk.people.calling, &desk.people.hours, now_ms);
        Ok(custody)
    }

    /// Looks whether somebody has picked up what waits for people, and calls them if it
    /// is time. For a lease under which nothing else is to be done.
    pub(super) async fn look_after(
        &self,
        desk: &Desk,
        lease: &Lease,
        reading: &Reading<'_>,
    ) -> Result<(), WorkError> {
        let key = lease.key.clone();
        let stored = self.store.read(move |it| custody::of(it, &key)).await?;
        let is_waited_for = matches!(stored.state, State::Offered | State::Waiting);
        if !is_waited_for {
            return Ok(self.release(lease, Duration::ZERO).await?);
        }
        let conversation = match self.readable(lease, reading).await {
            Ok(conversation) => conversation,
            Err(error) if error.retry() == Retry::Never => {
                tracing::warn!(%error, "nobody is called any more for a conversation that cannot be read");
                let silent = Custody { call_ms: None, ..stored };
                return Ok(self.keep(lease, silent, None).await?);
            }
            Err(error) => return Err(error),
        };
        let mut custody = self.custody(desk, lease, &conversation).await?;
        let now_ms = self.clock.now_ms();
        if custody.call_ms.is_none_or(|it| now_ms < it) {
            return Ok(self.keep(lease, custody, None).await?);
        }
        desk.people.step(&mut custody, Event::Unanswered, now_ms);
        let since_ms = custody.handed_over_ms.unwrap_or(custody.since_ms);
        let n_minutes = now_ms.saturating_sub(since_ms) / 60_000;
        self.call(lease, custody.n_calls, n_minutes);
        let note = act::planned_call(custody.n_calls, n_minutes, now_ms);
        let call = desk.can_note().then(|| (desk.manner.brand.clone(), note));
        // What is planned makes the conversation due, and is written like anything else.
        Ok(self.keep(lease, custody, call).await?)
    }

    /// The conversation, unless reading it has killed processes.
    async fn readable(
        &self,
        lease: &Lease,
        reading: &Reading<'_>,
    ) -> Result<Conversation, WorkError> {
        if leases::MAX_CRASHES <= lease.n_crashes {
            return Err(WorkError::KillsTheProcess(lease.n_crashes));
        }
        reading.read().await.map_err(WorkError::Act)
    }

    /// Stores who has a conversation with the note that calls people, and gives it back.
    async fn keep(
        &self,
        lease: &Lease,
        custody: Custody,
        call: Option<(String, outbox::Planned)>,
    ) -> Result<(), StoreError> {
        let (held, now_ms) = (lease.clone(), self.clock.now_ms());
        self.store
            .write(move |connection| {
                if !custody::set(connection, &held, &custody)? {
                    return Ok(());
                }
                if let Some((brand, note)) = call {
                    let decided = decisions::stand_in(&held, &brand, &note.intent, now_ms);
                    outbox::plan(connection, &held, &decided, &note)?;
                }
                leases::release(connection, &held, now_ms)
            })
            .await
    }

    /// Tells whoever listens at the address in the settings. The note is kept until it is
    /// delivered; this is not.
    fn call(&self, lease: &Lease, n_calls: u32, n_minutes: i64) {
        tracing::warn!(
            connection = lease.connection,
            n_calls,
            n_minutes,
            "nobody has picked up a hand-over; see `deskhand handovers`"
        );
        metrics::counter!("deskhand_handovers_unanswered_total").increment(1);
        self.post_alert(serde_json::json!({
            "kind": "handover_unanswered",
            "connection": lease.connection,
            "conversation": lease.conversation_id,
            "minutes": n_minutes,
            "calls": n_calls,
        }));
    }
}
