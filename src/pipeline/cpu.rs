//! Threads for what computes: one a core, the same for all tickets. What a thread
//! remembers (stems, the tables of patterns) is made once a core that way, not once for
//! each of the many threads that blocking work may land on.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::panic::resume_unwind;
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

    /// Runs two pieces of work of one job side by side: `other` on another thread, or
    /// here behind `own` if no thread took it until then. To be called by a job.
    ///
    /// # Panics
    /// If one of the two does.
    pub fn both<A, B: Send + 'static>(
        &self,
        own: impl FnOnce() -> A,
        other: impl FnOnce() -> B + Send + 'static,
    ) -> (A, B) {
        let offered = Arc::new(Mutex::new(Some(other)));
        let taken = Arc::clone(&offered);
        let (done, result) = mpsc::channel();
        let span = tracing::Span::current();
        let job = move || {
            if let Some(other) = take(&taken) {
                // What comes of a panic is told to whoever waits for the result.
                done.send(catch_unwind(AssertUnwindSafe(|| span.in_scope(other)))).ok();
            }
        };
        // If no thread is left, it is done here.
        self.jobs.send(Box::new(job)).ok();
        let own = own();
        if let Some(other) = take(&offered) {
            return (own, other());
        }
        // Begun elsewhere, by a thread that waits for nobody.
        match result.recv() {
            Ok(Ok(other)) => (own, other),
            Ok(Err(panic)) => resume_unwind(panic),
            Err(gone) => resume_unwind(Box::new(gone)),
        }
    }
}

fn take<T>(offered: &Mutex<Option<T>>) -> Option<T> {
    offered.lock().unwrap_or_else(PoisonError::into_inner).take()
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
    async fn two_pieces_of_one_job_are_done_with_one_thread_and_with_two() {
        for n in [1, 2] {
            let cpu = Arc::new(Cpu::new(n).unwrap());
            for round in 0..200 {
                let both = Arc::clone(&cpu);
                let job = cpu.run(move || both.both(|| round, move || round + 1));
                assert_eq!(job.await.unwrap(), (round, round + 1));
                let both = Arc::clone(&cpu);
                let broken = cpu.run(move || both.both(|| 1, || panic!("a defect")));
                assert!(broken.await.is_err());
            }
        }
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
