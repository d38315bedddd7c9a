//! The one thread that writes. It takes what waits, does it in one transaction
//! and commits once: the cost of a sync is shared by the whole group.

use std::sync::Arc;
use std::thread::JoinHandle;

use rusqlite::Connection;
use rusqlite::Savepoint;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use crate::store::StoreError;
use crate::store::ballast::Ballast;

/// Jobs that may wait at once; beyond it the door sheds. At the measured
/// 20,000 rows/s this is a tenth of a second of work.
const QUEUE_BOUND: usize = 2048;

/// Jobs in one commit. Larger groups gained nothing in `benches/door.rs`.
const GROUP_BOUND: usize = 256;

/// Told once the group's fate is known.
type Settle = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// Does its work within the savepoint; an error means that it is to be undone.
type Job = Box<dyn FnOnce(&Savepoint<'_>) -> (Result<(), StoreError>, Settle) + Send>;

pub(super) struct Writer {
    /// `None` only while dropping.
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

impl Writer {
    pub(super) fn start(connection: Connection, ballast: Arc<Ballast>) -> Writer {
        let (queue, jobs) = mpsc::channel(QUEUE_BOUND);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(connection, jobs, &ballast))
            .ok();
        Writer { queue: Some(queue), thread }
    }

    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (job, answer) = job(work);
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.send(job).await.map_err(|_| StoreError::Closed)?;
        answer.await.map_err(|_| StoreError::Closed)?
    }

    pub(super) async fn write_or_shed<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (job, answer) = job(work);
        let queue = self.queue.as_ref().ok_or(StoreError::Closed)?;
        queue.try_send(job).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => StoreError::Busy,
            mpsc::error::TrySendError::Closed(_) => StoreError::Closed,
        })?;
        answer.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    /// Waits for what was already handed in, so that nothing accepted is lost.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the writer has been reported by its own hook.
            drop(thread.join());
        }
    }
}

fn job<T, W>(work: W) -> (Job, oneshot::Receiver<Result<T, StoreError>>)
where
    T: Send + 'static,
    W: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
{
    let (answer, receiver) = oneshot::channel();
    let job: Job = Box::new(move |savepoint| {
        let result = work(savepoint).map_err(StoreError::from);
        let done = result.as_ref().map(|_| ()).map_err(StoreError::clone);
        let settle: Settle = Box::new(move |committed| {
            let result = result.and_then(|it| committed.map(|()| it));
            // Nobody may wait any more: the work stands all the same.
            drop(answer.send(result));
        });
        (done, settle)
    });
    (job, receiver)
}

fn run(mut connection: Connection, mut jobs: mpsc::Receiver<Job>, ballast: &Ballast) {
    let mut group = Vec::with_capacity(GROUP_BOUND);
    while jobs.blocking_recv_many(&mut group, GROUP_BOUND) != 0 {
        let mut settles = Vec::with_capacity(group.len());
        let committed = commit_group(&mut connection, &mut group, &mut settles);
        // Jobs that were not reached answer `Closed` by being dropped; that is
        // only possible if the transaction could not be begun.
        let n_unreached = group.drain(..).len();
        if let Err(error) = &committed {
            tracing::error!(%error, n_unreached, "could not commit a group of writes");
        }
        if matches!(committed, Err(StoreError::Full)) {
            ballast.release();
        }
        for settle in settles {
            settle(committed.clone());
        }
    }
}

fn commit_group(
    connection: &mut Connection,
    group: &mut Vec<Job>,
    settles: &mut Vec<Settle>,
) -> Result<(), StoreError> {
    // IMMEDIATE: another process may write too, and an upgrade in mid-way fails.
    let mut transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for job in group.drain(..) {
        let mut savepoint = transaction.savepoint()?;
        savepoint.set_drop_behavior(rusqlite::DropBehavior::Rollback);
        let (done, settle) = job(&savepoint);
        settles.push(settle);
        match done {
            Ok(()) => savepoint.commit()?,
            // SQLite undoes the whole transaction when the disk is full.
            Err(StoreError::Full) => return Err(StoreError::Full),
            Err(_) => savepoint.finish()?,
        }
    }
    transaction.commit()?;
    Ok(())
}
