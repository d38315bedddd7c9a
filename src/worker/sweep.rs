//! Finds what webhooks lost: asks each helpdesk, at start and every minute, for
//! conversations that changed, and lets them wait like any other delivery. What
//! turns out to be handled already ends as such.

use std::sync::Arc;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::helpdesk::Changed;
use crate::helpdesk::Event;
use crate::helpdesk::EventKind;
use crate::store::StoreError;
use crate::store::inbox;
use crate::store::inbox::Arrival;
use crate::store::set_fact;
use crate::ticket::Author;
use crate::ticket::AuthorKind;
use crate::ticket::Conversation;
use crate::worker::Desk;
use crate::worker::Worker;
use crate::worker::sort;

impl Worker {
    pub(super) async fn sweep_until(self: Arc<Self>, stop: CancellationToken) {
        let mut every = tokio::time::interval(self.pace.sweep_every);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = every.tick() => self.sweep().await,
            }
        }
    }

    /// Looks once at every helpdesk that can be asked.
    pub async fn sweep(&self) {
        for (name, desk) in self.desks.iter() {
            if desk.helpdesk.can("changed").is_err() {
                continue;
            }
            if let Err(error) = self.sweep_one(name, desk).await {
                tracing::warn!(connection = name, %error, "could not look for what webhooks lost");
            }
        }
        self.bell.notify_one();
    }

    async fn sweep_one(&self, name: &str, desk: &Desk) -> anyhow::Result<()> {
        let began = self.clock.now();
        let cursor_name = format!("sweep:{name}");
        let cursor = self.cursor(&cursor_name).await?;
        // Without a cursor this is the first start: the past is not answered anew.
        let last = cursor.unwrap_or(began);
        let since = last.checked_sub(self.pace.sweep_overlap).unwrap_or(last);
        let changed = desk.helpdesk.changed_since(since).await?;
        let n_changed = changed.len();
        // Only now: whoever reads a conversation after this reads the change as well.
        let found_ms = self.clock.now_ms();
        let n_found = self.take_in(name, desk, changed, cursor_name, (began, found_ms)).await?;
        if 0 < n_found {
            tracing::info!(
                connection = name,
                n_changed,
                n_found,
                "the sweep found changed conversations"
            );
            metrics::counter!("deskhand_swept_total").increment(n_found);
        }
        Ok(())
    }

    async fn cursor(&self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        let name = name.to_owned();
        let value = self.store.read(move |it| crate::store::fact(it, &name)).await?;
        Ok(value.and_then(|it| it.parse().ok()))
    }

    /// Lets what changed wait, and moves the cursor, in one transaction.
    async fn take_in(
        &self,
        name: &str,
        desk: &Desk,
        changed: Vec<Changed>,
        cursor_name: String,
        (began, now_ms): (Timestamp, i64),
    ) -> Result<u64, StoreError> {
        let name = name.to_owned();
        let places: Vec<_> = changed
            .into_iter()
            .map(|it| {
                // The same change is found by several sweeps and is one row.
                let at = it.at.map_or_else(|| began.to_string(), |at| at.to_string());
                let dedup = format!("sweep:{}:{at}", it.conversation_id);
                (dedup, sort::place(&event_of(it), desk.quiet, now_ms))
            })
            .collect();
        self.store
            .write(move |connection| {
                let mut n_found = 0;
                for (dedup, place) in &places {
                    let arrival = inbox::accept_swept(connection, &name, dedup, place, now_ms)?;
                    n_found += u64::from(arrival == Arrival::First);
                }
                set_fact(connection, &cursor_name, &began.to_string())?;
                Ok(n_found)
            })
            .await
    }
}

/// A change as an event: it tells of no message, only where to look.
fn event_of(changed: Changed) -> Event {
    Event {
        kind: EventKind::TicketUpdated,
        id: None,
        at: changed.at,
        conversation: Conversation { id: changed.conversation_id, ..Conversation::default() },
        complete: false,
        author: Author { kind: AuthorKind::Unknown, id: None, name: None, email: None },
    }
}
