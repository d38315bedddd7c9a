//! Brings knowledge into the store and keeps the index in step with it. Runs
//! beside the flow: nothing in it waits for this. Reads files, never the network.

mod article;
mod mask;
mod record;
mod source;

pub use self::mask::mask;
pub use self::source::Batch;
pub use self::source::Source;
pub use self::source::open;

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::index::Index;
use crate::index::IndexError;
use crate::knowledge::Audience;
use crate::knowledge::Document;
use crate::knowledge::Pool;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::knowledge;

/// The brand of knowledge that does not name one.
pub const DEFAULT_BRAND: &str = "default";

/// How a source is taken in.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Everything goes to this brand; `None` leaves it to the documents.
    pub brand: Option<String>,
    /// Everything is for this audience; `None` leaves it to the documents.
    pub audience: Option<Audience>,
    /// Look, but change nothing.
    pub dry_run: bool,
}

/// Reads one line of a file of articles or past tickets. `None` for a past
/// ticket that teaches nothing.
///
/// # Errors
/// If it is no JSON object, or lacks what every article or ticket has.
pub fn read_record(line: &str, source: &str, brand: &str) -> anyhow::Result<Option<Document>> {
    let plan = Plan { brand: Some(brand.to_owned()), ..Plan::default() };
    Ok(match record::read_line(line, source, &plan)? {
        record::Record::Document(document) => Some(*document),
        record::Record::Unanswered => None,
    })
}

/// What taking in a source did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
    pub removed: usize,
    /// Drafts, and past tickets nobody answered.
    pub skipped: usize,
    /// What could not be read. Its earlier version stays.
    pub failed: Vec<Failure>,
}

/// One document that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// File, or file and line.
    pub place: String,
    pub reason: String,
    /// `None` where the document could not even be told apart.
    pub document_id: Option<String>,
}

impl Summary {
    pub fn add(&mut self, other: Summary) {
        self.added += other.added;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.removed += other.removed;
        self.skipped += other.skipped;
        self.failed.extend(other.failed);
    }
}

/// Takes in one source: puts what is new or changed, removes what the source no
/// longer has. `progress` is told after each batch.
///
/// Nothing is removed if the source gave no document at all, or a line that
/// could not be told apart: that looks like damage, not like a decision.
///
/// # Errors
/// If the source or the store fails. Batches before that are kept.
pub async fn ingest(
    store: &Store,
    mut source: Source,
    plan: &Plan,
    mut progress: impl FnMut(&Source, &Summary),
) -> anyhow::Result<Summary> {
    let mut summary = Summary::default();
    let mut kept: HashMap<(String, Pool), HashSet<String>> = HashMap::new();
    let mut kept_anywhere: HashSet<String> = HashSet::new();
    while let Some(batch) = source.next_batch(plan)? {
        for document in &batch.documents {
            let scope = (document.brand.clone(), document.pool);
            kept.entry(scope).or_default().insert(document.id.clone());
        }
        kept_anywhere.extend(batch.failed.iter().filter_map(|it| it.document_id.clone()));
        summary.skipped += batch.n_skipped;
        summary.failed.extend(batch.failed);
        let documents = batch.documents;
        let put = if plan.dry_run {
            store.read(move |connection| knowledge::compare(connection, &documents)).await?
        } else {
            store.write(move |connection| knowledge::put(connection, &documents)).await?
        };
        summary.added += put.added;
        summary.changed += put.changed;
        summary.unchanged += put.unchanged;
        progress(&source, &summary);
    }
    let complete = summary.failed.iter().all(|it| it.document_id.is_some());
    if complete && !kept.is_empty() {
        for ids in kept.values_mut() {
            ids.extend(kept_anywhere.iter().cloned());
        }
        summary.removed = remove_missing(store, source.name, kept, kept_anywhere, plan).await?;
    }
    Ok(summary)
}

async fn remove_missing(
    store: &Store,
    source: String,
    kept: HashMap<(String, Pool), HashSet<String>>,
    kept_anywhere: HashSet<String>,
    plan: &Plan,
) -> Result<usize, StoreError> {
    let dry_run = plan.dry_run;
    let remove = move |connection: &rusqlite::Connection| {
        let mut n_removed = 0;
        for (brand, pool) in knowledge::scopes_of(connection, &source)? {
            let scope = (brand, pool);
            let kept = kept.get(&scope).unwrap_or(&kept_anywhere);
            let ids = knowledge::missing(connection, &source, &scope.0, pool, kept)?;
            n_removed += ids.len();
            if !dry_run {
                knowledge::remove(connection, &scope.0, pool, &ids)?;
            }
        }
        Ok(n_removed)
    };
    if dry_run { store.read(remove).await } else { store.write(remove).await }
}

/// Changes the index takes in with one commit. (Guessed: a second of work.)
const CHANGES_PER_COMMIT: usize = 4_000;

/// How often the store is asked for changes: they are to be found within a
/// second of their commit.
const POLL_EVERY: Duration = Duration::from_millis(300);

/// How long to wait after a failure, before it is tried again.
const POLL_AFTER_FAILURE: Duration = Duration::from_secs(5);

/// The index could not be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum CatchUpError {
    #[error("could not read what changed")]
    Store(#[from] StoreError),
    #[error("could not take in what changed")]
    Index(#[from] IndexError),
}

/// Brings the index up to the store's last change and says how many changes
/// that took. Blocks; call it off the async threads. `progress` is told the
/// index's and the store's place in the sequence after each commit.
///
/// An index that is ahead of the store belongs to another store, or the store
/// was restored from a backup: it is emptied and built anew.
pub fn catch_up(
    index: &Index,
    store: &Store,
    mut progress: impl FnMut(u64, u64),
) -> Result<usize, CatchUpError> {
    let last = store.read_now(knowledge::last_sequence)?;
    if last < index.watermark() {
        index.clear()?;
    }
    let mut n_changes = 0;
    while index.watermark() < last {
        let from = index.watermark();
        let read = |connection: &rusqlite::Connection| {
            knowledge::changes_since(connection, from, CHANGES_PER_COMMIT)
        };
        let changes = store.read_now(read)?;
        if changes.is_empty() {
            break;
        }
        index.apply(&changes)?;
        n_changes += changes.len();
        progress(index.watermark(), last);
    }
    Ok(n_changes)
}

/// Empties the index and builds it from the store. Blocks.
pub fn rebuild(
    index: &Index,
    store: &Store,
    progress: impl FnMut(u64, u64),
) -> Result<usize, CatchUpError> {
    index.clear()?;
    catch_up(index, store, progress)
}

/// Keeps the index in step with the store until cancelled. A failure is logged
/// and tried again; searches go on with what there is.
pub async fn follow(index: Arc<Index>, store: Store, cancel: CancellationToken) {
    let mut wait = POLL_EVERY;
    let mut failing = false;
    while cancel.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
        let (index, store) = (Arc::clone(&index), store.clone());
        let step = tokio::task::spawn_blocking(move || catch_up(&index, &store, |_, _| {}));
        let result = step.await;
        wait = match result {
            Ok(Ok(n_changes)) => {
                if 0 < n_changes {
                    tracing::info!(n_changes, "the index took in {n_changes} changes");
                }
                failing = false;
                POLL_EVERY
            }
            // Another process follows the store here; this one reads along.
            Ok(Err(CatchUpError::Index(IndexError::Locked { .. }))) => POLL_EVERY,
            Ok(Err(error)) => {
                if !failing {
                    let error = anyhow::Error::new(error);
                    tracing::error!("the index does not follow the store: {error:#}");
                }
                failing = true;
                POLL_AFTER_FAILURE
            }
            Err(_) => POLL_AFTER_FAILURE,
        };
    }
}
