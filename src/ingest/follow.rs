//! Keeps the index in step with the store: once, from nothing, or for as long as a
//! service runs. Words never wait for meanings while somebody may be asking.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::learn_if_outdated;
use super::meanings::Missing;
use super::meanings::embed_unembedded;
use super::meanings::measure;
use super::meanings::of_changes;
use super::meanings::take_again;
use crate::embed::EmbedError;
use crate::embed::Embedder;
use crate::index::Index;
use crate::index::IndexError;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::knowledge;
use crate::store::knowledge::DocumentName;

/// Changes the index takes in with one commit. (Guessed: a second of work.)
const CHANGES_PER_COMMIT: usize = 4_000;

/// The same where passages may have to be embedded first: what was paid for is kept
/// soon, and whoever watches sees it move.
const COSTLY_CHANGES_PER_COMMIT: usize = 200;

/// How often the store is asked for changes: they are to be found within a
/// second of their commit.
const POLL_EVERY: Duration = Duration::from_millis(300);

/// How long to wait after a failure, before it is tried again.
const POLL_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// How often it is looked whether documents lack meanings, and how long an embedder
/// that failed is left alone at most; the pause doubles. (Guessed.)
const MEND_EVERY: Duration = Duration::from_secs(1);
const MEND_AFTER_FAILURES: Duration = Duration::from_secs(300);

/// The index could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    #[error("could not read what changed")]
    Store(#[from] StoreError),
    #[error("could not take in what changed")]
    Index(#[from] IndexError),
    /// A passage made the work on it panic: a defect. Its place is in the log.
    #[error("indexing panicked")]
    Panicked,
}

/// Brings the index up to the store's last change, and to the weights it was
/// calibrated to, and says how many changes that took. `progress` is told the index's and the store's place in the sequence
/// after each commit. `missing` says what becomes of passages whose meaning is not
/// known yet; if the embedder fails, they are indexed by their words, which is logged
/// once, and [`super::mend`] gives them their meaning later.
///
/// An index that is ahead of the store belongs to another store, or the store
/// was restored from a backup: it is emptied and built anew.
///
/// # Errors
/// If the store cannot be read or the index not be written.
pub async fn catch_up(
    index: &Arc<Index>,
    store: &Store,
    embedder: &Arc<Embedder>,
    mut missing: Missing,
    mut progress: impl FnMut(u64, u64),
) -> Result<usize, CatchUpError> {
    index.weigh(store.read(knowledge::weights).await?);
    if let Some(error) = measure(Some(store), embedder, Missing::Leave).await? {
        tracing::warn!(%error, "what the embedder told before does not fit what it tells now");
    }
    let last = store.read(knowledge::last_sequence).await?;
    if last < index.watermark() {
        on_index(index, Index::clear).await?;
    }
    let limit = if embedder.is_costly() { COSTLY_CHANGES_PER_COMMIT } else { CHANGES_PER_COMMIT };
    let mut n_changes = 0;
    while index.watermark() < last {
        let from = index.watermark();
        let changes = store.read(move |it| knowledge::changes_since(it, from, limit)).await?;
        if changes.is_empty() {
            break;
        }
        let changes = Arc::new(changes);
        n_changes += changes.len();
        let (known, notes) = of_changes(&changes, store, embedder, &mut missing).await?;
        // Before the commit: whatever happens then, they are asked for again.
        notes.keep(store, embedder).await?;
        on_index(index, move |index| index.apply(&changes, &known)).await?;
        progress(index.watermark(), last);
    }
    Ok(n_changes)
}

/// Empties the index and builds it from the store; then clears meanings nobody uses any
/// more.
///
/// # Errors
/// As [`catch_up`].
pub async fn rebuild(
    index: &Arc<Index>,
    store: &Store,
    embedder: &Arc<Embedder>,
    progress: impl FnMut(u64, u64),
) -> Result<usize, CatchUpError> {
    on_index(index, Index::clear).await?;
    let n_changes = catch_up(index, store, embedder, Missing::Embed, progress).await?;
    super::meanings::clear_unused(store, embedder).await?;
    Ok(n_changes)
}

/// Works on the index off the async threads.
pub(super) async fn on_index(
    index: &Arc<Index>,
    work: impl FnOnce(&Index) -> Result<(), IndexError> + Send + 'static,
) -> Result<(), CatchUpError> {
    let index = Arc::clone(index);
    let working = tokio::task::spawn_blocking(move || work(&index));
    Ok(working.await.map_err(|_| CatchUpError::Panicked)??)
}

/// Documents whose passages have all got their meanings, to be indexed again. Only
/// [`keep_up`] writes the index, so that an older version never follows a newer one.
#[derive(Default)]
struct Mended(Mutex<HashSet<DocumentName>>);

impl Mended {
    fn add(&self, names: Vec<DocumentName>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend(names);
    }

    fn take(&self) -> Vec<DocumentName> {
        let mut names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.drain().collect()
    }
}

/// Keeps the index in step with the store until cancelled. A failure is logged
/// and tried again; searches go on with what there is.
pub async fn follow(
    index: Arc<Index>,
    store: Store,
    embedder: Arc<Embedder>,
    cancel: CancellationToken,
) {
    let mended = Mended::default();
    tokio::join!(
        keep_up(&index, &store, &embedder, &mended, &cancel),
        keep_mending(&store, &embedder, &mended, &cancel)
    );
}

async fn keep_up(
    index: &Arc<Index>,
    store: &Store,
    embedder: &Arc<Embedder>,
    mended: &Mended,
    cancel: &CancellationToken,
) {
    let mut wait = POLL_EVERY;
    let mut failing = false;
    let mut learner = Learner::default();
    while cancel.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
        let result = step(index, store, embedder, mended).await;
        learner.look(index, store, matches!(&result, Ok(n_changes) if 0 < *n_changes));
        wait = match result {
            Ok(n_changes) => {
                if 0 < n_changes {
                    tracing::info!(n_changes, "the index took in {n_changes} changes");
                }
                failing = false;
                POLL_EVERY
            }
            // Another process follows the store here; this one reads along.
            Err(CatchUpError::Index(IndexError::Locked { .. })) => POLL_EVERY,
            Err(error) => {
                if !failing {
                    let error = anyhow::Error::new(error);
                    tracing::error!("the index does not follow the store: {error:#}");
                }
                failing = true;
                POLL_AFTER_FAILURE
            }
        };
    }
}

async fn step(
    index: &Arc<Index>,
    store: &Store,
    embedder: &Arc<Embedder>,
    mended: &Mended,
) -> Result<usize, CatchUpError> {
    let n_changes = catch_up(index, store, embedder, Missing::Leave, |_, _| {}).await?;
    let names = mended.take();
    if !names.is_empty() {
        take_again(index, store, embedder, names).await?;
    }
    Ok(n_changes)
}

/// Embeds what has no meaning yet. Beside everything else: an embedder may be slow, or
/// away for hours.
async fn keep_mending(
    store: &Store,
    embedder: &Arc<Embedder>,
    mended: &Mended,
    cancel: &CancellationToken,
) {
    if !embedder.is_costly() {
        return;
    }
    let mut wait = MEND_EVERY;
    let mut failing = false;
    while cancel.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
        let embedding = embed_unembedded(store, embedder);
        let Some(result) = cancel.run_until_cancelled(embedding).await else { return };
        wait = match result {
            Ok((names, None)) => {
                if failing && !names.is_empty() {
                    tracing::info!("the embedder answers again");
                    failing = false;
                }
                mended.add(names);
                MEND_EVERY
            }
            Ok((names, Some(error))) => {
                mended.add(names);
                tell(&error, &mut failing);
                (wait * 2).min(MEND_AFTER_FAILURES)
            }
            Err(error) => {
                let error = anyhow::Error::new(error);
                tracing::warn!("could not look for what has no meaning yet: {error:#}");
                (wait * 2).min(MEND_AFTER_FAILURES)
            }
        };
    }
}

fn tell(error: &EmbedError, failing: &mut bool) {
    if !*failing {
        tracing::warn!(%error, "passages are found by their words alone until the embedder answers");
    }
    *failing = true;
}

/// How often it is looked whether another process has learned anything.
const LOOKS_BETWEEN_RECALLS: u32 = 100;

/// Learns beside everything else, one lesson at a time.
#[derive(Default)]
struct Learner {
    lesson: Option<tokio::task::JoinHandle<()>>,
    n_looks: u32,
}

impl Learner {
    fn look(&mut self, index: &Arc<Index>, store: &Store, changed: bool) {
        let is_busy = self.lesson.as_ref().is_some_and(|it| !it.is_finished());
        self.n_looks += 1;
        let recalls = self.n_looks.is_multiple_of(LOOKS_BETWEEN_RECALLS);
        // The first look finds what was ingested while nothing ran.
        if is_busy || !(changed || recalls || self.n_looks == 1) {
            return;
        }
        let (index, store) = (Arc::clone(index), store.clone());
        self.lesson = Some(tokio::task::spawn_blocking(move || {
            index.recall();
            match learn_if_outdated(&index, &store) {
                Ok(Some(n_tickets)) => tracing::info!(n_tickets, "learned from the past tickets"),
                Ok(None) => {}
                Err(error) => {
                    let error = anyhow::Error::new(error);
                    tracing::warn!("could not learn from the past tickets: {error:#}");
                }
            }
        }));
    }
}
