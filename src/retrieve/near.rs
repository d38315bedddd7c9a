//! What means the same as the question, whatever its words. In a large index that is
//! looked up on another thread, beside the words: each takes a third of the time.

use std::thread;
use std::thread::ScopedJoinHandle;

use crate::embed::Sought;
use crate::index::DocumentKey;
use crate::index::Index;
use crate::index::IndexError;
use crate::knowledge::Pool;
use crate::knowledge::Scope;

/// Passages of an index from which on another thread is worth its start, which takes
/// some 0.05 ms: so many are looked through in 0.1. (Measured.)
const MANY: u64 = 100_000;

/// The documents of a pool closest in meaning, found or being looked for.
pub(super) enum Near<'scope> {
    Found(Result<Vec<DocumentKey>, IndexError>),
    Elsewhere(ScopedJoinHandle<'scope, Result<Vec<DocumentKey>, IndexError>>),
}

/// Who asks, and what.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) index: &'a Index,
    /// `None` finds nothing.
    pub(super) meaning: Option<&'a Sought>,
    pub(super) scope: &'a Scope,
}

impl<'a> Asking<'a> {
    /// Looks for `n_documents` of a pool, on a thread of its own if there is much to
    /// look through.
    pub(super) fn nearest<'scope>(
        self,
        threads: &'scope thread::Scope<'scope, 'a>,
        pool: Pool,
        n_documents: usize,
    ) -> Near<'scope> {
        let Asking { index, meaning, scope } = self;
        let Some(meaning) = meaning else { return Near::Found(Ok(Vec::new())) };
        let look = move || index.nearest(meaning, pool, scope, n_documents);
        if index.n_entries() < MANY {
            return Near::Found(look());
        }
        // A system that gives no thread is not asked twice.
        match thread::Builder::new().spawn_scoped(threads, look) {
            Ok(elsewhere) => Near::Elsewhere(elsewhere),
            Err(_) => Near::Found(look()),
        }
    }
}

impl Near<'_> {
    /// Closest first; waits for them if need be.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub(super) fn documents(self) -> Result<Vec<DocumentKey>, IndexError> {
        match self {
            Near::Found(found) => found,
            // What panics inside the index is an error of it.
            Near::Elsewhere(elsewhere) => {
                elsewhere.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
        }
    }
}
