//! Threads for what computes: one a core, the same for all tickets. What a thread
//! remembers (stems, the tables of patterns) is made once a core that way, not once for
//! each of the many threads that blocking work may land on.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::mpsc;

use tokio::sync::oneshot;

/// A queue that one thread a core works off, first come, first served.
///
/// The queue is as long as callers let it be: the worker and the API bound how many
/// tickets are under way. Its threads end with it, once what was queued is done.
#[derive(Debug)]
pub struct Cpu {
    jobs: mpsc::Sender<Job>,
}

type Job = Box<dyn FnOnce() + Send>;

/// The work panicked: a defect. Its place is in the log.
#[derive(Debug, thiserror::Error)]
#[error("work on the processor panicked")]
pub struct Panicked;

impl Cpu {
    /// As many threads as the machine has cores.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn one_a_core() -> std::io::Result<Cpu> {
        Cpu::new(std::thread::available_parallelism().map_or(1, |it| it.get()))
    }

    /// `n` threads, at least one.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn new(n: usize) -> std::io::Result<Cpu> {
        let (jobs, queue) = mpsc::channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        for at in 0..n.max(1) {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new().name(format!("cpu-{at}")).spawn(move || {
                while let Some(job) = next(&queue) {
                    job();
                }
            })?;
        }
        Ok(Cpu { jobs })
    }

    /// Runs work on one of the threads. Work nobody waits for any more when its turn
    /// comes is not begun.
    ///
    /// # Errors
    /// If the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Panicked> {
        let (done, result) = oneshot::channel();
        let span = tracing::Span::current();
        let job = move || {
            if !done.is_closed()
                && let Ok(result) = catch_unwind(AssertUnwindSafe(|| span.in_scope(work)))
            {
                // Whoever waited may have gone meanwhile.
                done.send(result).ok();
            }
        };
        self.jobs.send(Box::new(job)).map_err(|_| Panicked)?;
        result.await.map_err(|_| Panicked)
    }
}

/// The next job; `None` when no more can come. Only one thread waits at the queue, the
/// others for it.
fn next(queue: &Mutex<mpsc::Receiver<Job>>) -> Option<Job> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_panics_is_told_and_the_thread_works_on() {
        let cpu = Cpu::new(1).unwrap();
        let broken = cpu.run(|| assert_eq!(1, 2, "a defect")).await;
        assert!(broken.is_err());
        assert_eq!(cpu.run(|| 3).await.unwrap(), 3);
    }

    #[tokio::test]
    async fn what_a_thread_remembers_is_there_for_the_next_ticket() {
        let cpu = Cpu::new(1).unwrap();
        let first = cpu.run(|| std::thread::current().id()).await.unwrap();
        let second = cpu.run(|| std::thread::current().id()).await.unwrap();
        assert_eq!(first, second);
    }

    #[tokio::test]
    async fn work_nobody_waits_for_is_not_begun() {
        let cpu = Arc::new(Cpu::new(1).unwrap());
        let (let_go, held) = mpsc::channel::<()>();
        let blocking = cpu.run(move || held.recv().is_ok());
        let (begun, has_begun) = mpsc::channel::<()>();
        tokio::pin!(blocking);
        // Queued behind the other, then given up.
        let outcome = {
            let given_up = cpu.run(move || begun.send(()).is_ok());
            tokio::pin!(given_up);
            tokio::select! {
                biased;
                it = &mut blocking => Some(it.is_ok()),
                it = &mut given_up => Some(it.is_ok()),
                () = std::future::ready(()) => None,
            }
        };
        assert_eq!(outcome, None);
        let_go.send(()).unwrap();
        assert!(blocking.await.unwrap());
        cpu.run(|| ()).await.unwrap();
        assert!(has_begun.try_recv().is_err());
    }
}
