//! Takes deliveries from the inbox to their outcome: sorts them to their
//! conversations, leases one conversation at a time, reads it as it is now,
//! prepares, acts. Whatever happens to the process, what is unfinished goes on.

mod conclude;
mod corrected;
mod handle;
mod people;
mod promises;
mod reading;
mod sort;
mod start;
mod sweep;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::Notify;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::act::Manner;
use crate::clock::Clock;
use crate::helpdesk::Helpdesk;
use crate::pipeline::Context;
use crate::pipeline::Pipeline;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::custody;
use crate::store::inbox;
use crate::store::leases;
use crate::store::leases::Lease;
use crate::store::leases::Life;
use crate::store::outbox::Limits;
use crate::worker::sort::Sorting;

pub use crate::worker::people::People;

/// Deliveries sorted in one transaction, about.
const SORT_BATCH: usize = 32;

/// The longest the worker sleeps without looking: another process may have
/// accepted something, and a lease may have run out.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How often housekeeping runs: leases of the dead, room on the disk, counts.
const TIDY_EVERY: Duration = Duration::from_secs(2);

/// One connected helpdesk and how its tickets are treated.
pub struct Desk {
    pub helpdesk: Helpdesk,
    pub context: Context,
    pub manner: Manner,
    pub limits: Limits,
    pub quiet: Quiet,
    pub people: People,
}

impl Desk {
    /// True if notes can and may be written into this helpdesk.
    fn can_note(&self) -> bool {
        !self.manner.is_shadow && self.helpdesk.can("note").is_ok()
    }

    /// The same of putting a conversation where people see it.
    fn can_open(&self) -> bool {
        !self.manner.is_shadow && self.helpdesk.can("open").is_ok()
    }
}

/// How long to wait for a customer to finish writing.
#[derive(Debug, Clone, Copy)]
pub struct Quiet {
    pub chat: Duration,
    pub mail: Duration,
    /// After the first message, at most.
    pub chat_cap: Duration,
    pub mail_cap: Duration,
}

/// Bounds and pauses of the worker.
#[derive(Debug, Clone)]
pub struct Pace {
    pub concurrency: usize,
    pub lease: Duration,
    pub max_attempts: u32,
    pub max_panics: u32,
    pub settle: Duration,
    pub sweep_every: Duration,
    pub sweep_overlap: Duration,
    /// Where dead deliveries are posted to; `None`: only the note tells.
    pub alert_url: Option<url::Url>,
}

/// Everything the worker works with.
pub struct Parts {
    pub store: Store,
    pub pipeline: Arc<Pipeline>,
    pub desks: Arc<BTreeMap<String, Desk>>,
    pub clock: Clock,
    pub pace: Pace,
    pub http: reqwest::Client,
}

/// The worker. Shared by its tasks.
pub struct Worker {
    store: Store,
    pipeline: Arc<Pipeline>,
    desks: Arc<BTreeMap<String, Desk>>,
    clock: Clock,
    pace: Pace,
    http: reqwest::Client,
    life: Life,
    /// Rung when something was accepted.
    bell: Arc<Notify>,
    permits: Arc<Semaphore>,
    /// By connection: how many of the permits it may hold at once.
    shares: BTreeMap<String, Arc<Semaphore>>,
    tasks: TaskTracker,
    n_unfinished: Arc<AtomicU64>,
    /// Where the round of connections goes on, so that none starves.
    turn: AtomicU64,
    /// When it was last looked whether certificates have to pause.
    promises_looked_ms: AtomicI64,
}

impl Worker {
    /// # Errors
    /// If the sign of life cannot be written into the store's folder.
    pub fn new(parts: Parts) -> Result<Worker, StoreError> {
        let life = Life::begin(parts.store.folder()).map_err(|error| StoreError::Unusable {
            path: parts.store.folder().display().to_string(),
            detail: format!("the sign of life could not be written: {error}"),
        })?;
        Ok(Worker {
            permits: Arc::new(Semaphore::new(parts.pace.concurrency)),
            shares: start::shares(parts.desks.keys(), parts.pace.concurrency),
            store: parts.store,
            pipeline: parts.pipeline,
            desks: parts.desks,
            clock: parts.clock,
            pace: parts.pace,
            http: parts.http,
            life,
            bell: Arc::new(Notify::new()),
            tasks: TaskTracker::new(),
            n_unfinished: Arc::new(AtomicU64::new(0)),
            turn: AtomicU64::new(0),
            promises_looked_ms: AtomicI64::new(0),
        })
    }

    /// Rung by whoever accepts a delivery.
    pub fn bell(&self) -> Arc<Notify> {
        Arc::clone(&self.bell)
    }

    /// Deliveries that have not ended, as last counted.
    pub fn n_unfinished(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.n_unfinished)
    }

    /// Works until told to stop; then finishes what it has begun, for at most
    /// `drain`, and gives back the rest.
    pub async fn run(self: Arc<Self>, stop: CancellationToken, drain: Duration) {
        self.tidy().await;
        let sweeping = Arc::clone(&self).sweep_until(stop.clone());
        let sweeping = self.tasks.spawn(sweeping);
        let mut tidying = tokio::time::interval(TIDY_EVERY);
        while !stop.is_cancelled() {
            let pause = self.round().await;
            tokio::select! {
                () = stop.cancelled() => break,
                _ = tidying.tick() => self.tidy().await,
                () = self.bell.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.tasks.close();
        if tokio::time::timeout(drain, self.tasks.wait()).await.is_err() {
            // Their leases run out, or are freed by the next start.
            tracing::warn!(
                "stopped before everything begun was finished; it goes on after the next start"
            );
        }
        sweeping.abort();
    }

    /// Sorts and handles everything that is due now, and what that makes due,
    /// until nothing is. For the demo and for tests that advance a clock.
    pub async fn settle_everything_due(self: &Arc<Self>) {
        loop {
            let n_sorted = self.sort_batch().await.unwrap_or(0);
            let n_started = self.start_due().await;
            if n_started == 0 && n_sorted == 0 {
                break;
            }
            self.idle().await;
        }
    }

    /// Waits until no conversation is being worked on.
    async fn idle(&self) {
        let n_permits = u32::try_from(self.pace.concurrency).unwrap_or(u32::MAX);
        // Closed never: the semaphore lives as long as the worker.
        drop(self.permits.acquire_many(n_permits).await);
    }

    /// One round: sort what came, start what is due. Gives how long to sleep.
    async fn round(self: &Arc<Self>) -> Duration {
        let n_sorted = match self.sort_batch().await {
            Ok(n_sorted) => n_sorted,
            Err(error) => {
                tracing::error!(%error, "could not sort deliveries");
                0
            }
        };
        self.start_due().await;
        if 0 < n_sorted {
            // There may be more.
            return Duration::ZERO;
        }
        let next = self.store.read(leases::next_due_ms).await.unwrap_or(None);
        let wait_ms = next.map_or(i64::MAX, |it| it.saturating_sub(self.clock.now_ms()));
        // At least a moment: what is due may be waiting for a permit.
        let wait_ms = u64::try_from(wait_ms.max(5)).unwrap_or(0);
        LOOK_EVERY.min(Duration::from_millis(wait_ms))
    }

    async fn sort_batch(&self) -> Result<usize, StoreError> {
        let unsorted = self.store.read(|it| inbox::unsorted(it, SORT_BATCH)).await?;
        let n_unsorted = unsorted.len();
        if n_unsorted == 0 {
            return Ok(0);
        }
        let (desks, now_ms) = (Arc::clone(&self.desks), self.clock.now_ms());
        let sorting = tokio::task::spawn_blocking(move || {
            unsorted.iter().map(|it| sort::sort(&desks, it, now_ms)).collect::<Vec<_>>()
        });
        let Ok(sorted) = sorting.await else {
            return Err(StoreError::Defect("sorting panicked".to_owned()));
        };
        let dead: Vec<(String, String)> = sorted.iter().filter_map(Sorting::death).collect();
        self.store
            .write(move |connection| {
                for it in &sorted {
                    inbox::sort(connection, it.seq, &it.first, &it.others, now_ms)?;
                    for key in &it.woken {
                        custody::wake(connection, key, now_ms)?;
                    }
                }
                Ok(())
            })
            .await?;
        for (connection, why) in &dead {
            self.announce_death(connection, None, why);
        }
        Ok(n_unsorted)
    }

    /// Works on one leased conversation and renews the lease meanwhile. If the
    /// lease is lost the work is dropped where it stands: the fence keeps the
    /// rest from happening.
    async fn work(&self, lease: &Lease, waiting: Vec<inbox::Waiting>) {
        let handling = AssertUnwindSafe(self.handle(lease, &waiting)).catch_unwind();
        let handling = Box::pin(handling);
        let result = tokio::select! {
            result = handling => result,
            () = self.renew(lease) => {
                tracing::warn!(fence = lease.fence, "lost a lease; another worker has the conversation");
                return;
            }
        };
        let ended = match result {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => self.retry_or_bury(lease, &waiting, &error).await,
            Err(_) => self.after_panic(lease, &waiting).await,
        };
        if let Err(error) = ended {
            // The lease runs out and the conversation is taken up again.
            tracing::error!(%error, "could not record how a conversation ended");
        }
    }

    /// Returns only when the lease is lost.
    async fn renew(&self, lease: &Lease) {
        loop {
            tokio::time::sleep(self.pace.lease / 3).await;
            let until_ms = self.clock.now_ms().saturating_add(millis(self.pace.lease));
            let held = lease.clone();
            match self.store.write(move |it| leases::renew(it, &held, until_ms)).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => tracing::warn!(%error, "could not renew a lease"),
            }
        }
    }

    /// Frees what dead processes held, looks for room on the disk, counts.
    async fn tidy(&self) {
        let (folder, me) = (self.store.folder().to_owned(), self.life.name().to_owned());
        let is_alive = move |name: &str| name == me || Life::is_alive(&folder, name);
        let looked = self.store.read(leases::owners).await.unwrap_or_default();
        if looked.iter().any(|it| !is_alive(it)) {
            match self.store.write(move |it| leases::free_orphans(it, is_alive)).await {
                Ok(n_freed) => tracing::info!(n_freed, "took over the work of a process that died"),
                Err(error) => tracing::error!(%error, "could not free leases of a dead process"),
            }
        }
        let store = self.store.clone();
        if !store.ballast().in_place() {
            drop(tokio::task::spawn_blocking(move || store.ballast().restore()).await);
        }
        if let Ok(n) = self.store.read(inbox::n_unfinished).await {
            self.n_unfinished.store(n, Ordering::Relaxed);
            metrics::gauge!("deskhand_deliveries_waiting").set(n as f64);
        }
        self.watch_promises().await;
    }
}

/// Milliseconds as the store keeps them.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
