//! Which conversations are begun, and when: as many as there are permits, the
//! connections in turn, and alone what a process has died over.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::Semaphore;

use crate::store::StoreError;
use crate::store::inbox::Waiting;
use crate::store::leases;
use crate::store::leases::Lease;
use crate::store::leases::Standing;
use crate::worker::Worker;
use crate::worker::millis;

/// How much of the work each connection may hold. Where there are several, none
/// gets everything: a helpdesk that answers slowly would hold up all others.
pub(super) fn shares<'a>(
    names: impl ExactSizeIterator<Item = &'a String>,
    concurrency: usize,
) -> BTreeMap<String, Arc<Semaphore>> {
    // A quarter is kept free for the others. Guessed.
    let kept = if 1 < names.len() { (concurrency / 4).max(1) } else { 0 };
    let most = concurrency.saturating_sub(kept).max(1);
    names.map(|it| (it.clone(), Arc::new(Semaphore::new(most)))).collect()
}

impl Worker {
    /// Starts work on due conversations while there are permits, the connections
    /// taking turns: one with a backlog does not hold up another. Gives how many
    /// were started.
    pub(super) async fn start_due(self: &Arc<Self>) -> usize {
        let names: Vec<String> = self.desks.keys().cloned().collect();
        if let Some(name) = self.connection_with_suspect(&names).await {
            return self.start_suspect(&name).await;
        }
        let mut n_started = 0;
        let mut n_idle = 0;
        while n_idle < names.len() {
            let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() else {
                break;
            };
            let turn = self.turn.fetch_add(1, Ordering::Relaxed);
            let place = usize::try_from(turn).unwrap_or(0) % names.len().max(1);
            let Some((name, share)) = names.get(place).and_then(|it| self.share(it)) else {
                n_idle += 1;
                continue;
            };
            match self.lease(name, Standing::Ordinary).await {
                Ok(Some((lease, waiting))) => {
                    n_idle = 0;
                    n_started += 1;
                    self.start(lease, waiting, vec![permit, share]);
                }
                Ok(None) => n_idle += 1,
                Err(error) => {
                    tracing::error!(%error, "could not lease a conversation");
                    break;
                }
            }
        }
        n_started
    }

    /// The first connection in which a suspect is due.
    async fn connection_with_suspect(&self, names: &[String]) -> Option<String> {
        let (names, now_ms) = (names.to_vec(), self.clock.now_ms());
        let looking = self.store.read(move |connection| {
            for name in names {
                if leases::is_due(connection, &name, Standing::Suspect, now_ms)? {
                    return Ok(Some(name));
                }
            }
            Ok(None)
        });
        looking.await.unwrap_or(None)
    }

    /// Works on a conversation a process died over, alone: if it kills this one
    /// too, it is the only one that is blamed. Until then nothing else is begun.
    async fn start_suspect(self: &Arc<Self>, name: &str) -> usize {
        let n_permits = u32::try_from(self.pace.concurrency).unwrap_or(u32::MAX);
        let Ok(all) = Arc::clone(&self.permits).try_acquire_many_owned(n_permits) else {
            // The bell rings when what is running has ended.
            return 0;
        };
        match self.lease(name, Standing::Suspect).await {
            Ok(Some((lease, waiting))) => {
                self.start(lease, waiting, vec![all]);
                1
            }
            Ok(None) => 0,
            Err(error) => {
                tracing::error!(%error, "could not lease a conversation");
                0
            }
        }
    }

    /// A place in the share of a connection; `None` if it holds as much as it may.
    fn share<'a>(&self, name: &'a str) -> Option<(&'a str, OwnedSemaphorePermit)> {
        let share = Arc::clone(self.shares.get(name)?).try_acquire_owned().ok()?;
        Some((name, share))
    }

    fn start(
        self: &Arc<Self>,
        lease: Lease,
        waiting: Vec<Waiting>,
        permits: Vec<OwnedSemaphorePermit>,
    ) {
        let worker = Arc::clone(self);
        self.tasks.spawn(async move {
            worker.work(&lease, waiting).await;
            drop(permits);
            worker.bell.notify_one();
        });
    }

    async fn lease(
        &self,
        name: &str,
        standing: Standing,
    ) -> Result<Option<(Lease, Vec<Waiting>)>, StoreError> {
        let now_ms = self.clock.now_ms();
        let (name, owner) = (name.to_owned(), self.life.name().to_owned());
        let until_ms = now_ms.saturating_add(millis(self.pace.lease));
        // A look costs no sync; a lease does.
        let looked_for = name.clone();
        let is_due = move |it: &_| leases::is_due(it, &looked_for, standing, now_ms);
        if !self.store.read(is_due).await? {
            return Ok(None);
        }
        self.store
            .write(move |it| leases::lease(it, &name, standing, &owner, now_ms, until_ms))
            .await
    }
}
