//! Brings knowledge into the store and keeps the index in step with it: files,
//! websites, a helpdesk's own articles and solved tickets. Runs beside the flow:
//! nothing in it waits for this.

mod article;
mod change;
mod desk;
mod learn;
mod record;
pub mod site;
mod source;
mod table;

pub use self::change::Change;
pub use self::change::Failure;
pub use self::change::Plan;
pub use self::change::Summary;
pub use self::change::What;
pub(crate) use self::learn::documents;
pub use self::learn::learn_if_outdated;
pub use self::site::SiteRules;
pub use self::source::Batch;
pub use self::source::Source;
pub use self::source::open;
pub use self::source::open_connection;
pub use self::source::open_site;

use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::index::Index;
use crate::index::IndexError;
use crate::knowledge::Document;
use crate::knowledge::Pool;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::knowledge;
use crate::store::set_fact;

/// The brand of knowledge that does not name one.
pub const DEFAULT_BRAND: &str = "default";

/// Reads one line of a file of articles or past tickets. `None` for a past
/// ticket that teaches nothing.
///
/// # Errors
/// If it is no JSON object, or lacks what every article or ticket has.
pub fn read_record(line: &str, source: &str, brand: &str) -> anyhow::Result<Option<Document>> {
    let plan = Plan { brand: Some(brand.to_owned()), ..Plan::default() };
    Ok(match record::read_line(line, source, &plan)? {
        record::Record::Document(document) => Some(*document),
        record::Record::Skipped => None,
    })
}

/// What a source gave so far, as far as removing depends on it.
#[derive(Default)]
struct Seen {
    kept: HashMap<(String, Pool), HashSet<String>>,
    /// Ids that stay whatever brand and pool they are in: their new version
    /// could not be read, or was not sent because nothing changed.
    kept_anywhere: HashSet<String>,
    /// Ids the source says are no more.
    gone: HashSet<String>,
}

/// Takes in one source: puts what is new or changed, removes what the source no
/// longer has. `progress` is told after each batch.
///
/// Nothing is removed if the source was not read to its end, gave no document at
/// all, or a record that could not be told apart: that looks like damage, not
/// like a decision.
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
    let mut seen = Seen::default();
    source.prepare(store, plan).await?;
    loop {
        let next = plan.stop.run_until_cancelled(source.next_batch(plan)).await;
        let Some(next) = next else {
            summary.interrupted = true;
            break;
        };
        let Some(mut batch) = next? else { break };
        if source.has_paths_for_ids() {
            refuse_twins(store, &mut batch).await?;
        }
        for document in &batch.documents {
            let scope = (document.brand.clone(), document.pool);
            seen.kept.entry(scope).or_default().insert(document.id.clone());
        }
        summary.unchanged += batch.kept.len();
        seen.kept_anywhere.extend(batch.failed.iter().filter_map(|it| it.document_id.clone()));
        seen.kept_anywhere.extend(batch.kept.iter().cloned());
        seen.gone.extend(batch.gone.iter().cloned());
        summary.skipped += batch.n_skipped;
        summary.failed.append(&mut batch.failed);
        take_in(store, &source, plan, batch, &mut summary).await?;
        progress(&source, &summary);
    }
    summary.notes = source.notes();
    let told_apart = summary.failed.iter().all(|it| it.document_id.is_some());
    let complete = told_apart && source.is_complete() && !summary.interrupted;
    let gave_any = !seen.kept.is_empty() || !seen.kept_anywhere.is_empty();
    remove_missing(store, &source.name, seen, complete && gave_any, plan, &mut summary).await?;
    Ok(summary)
}

/// Removes everything a source ever gave, and says how many documents that were.
///
/// # Errors
/// If the store fails.
pub async fn forget(store: &Store, source: String) -> Result<usize, StoreError> {
    let remove = move |connection: &rusqlite::Connection| {
        let mut n_removed = 0;
        for (brand, pool) in knowledge::scopes_of(connection, &source)? {
            let none = HashSet::new();
            n_removed += knowledge::remove_missing(connection, &source, &brand, pool, &none)?;
        }
        Ok(n_removed)
    };
    store.write(remove).await
}

/// Puts a batch into the store, or says what that would do.
async fn take_in(
    store: &Store,
    source: &Source,
    plan: &Plan,
    batch: Batch,
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let documents = batch.documents;
    if plan.dry_run {
        let looked_at = documents.clone();
        let fates = store.read(move |it| knowledge::compare(it, &looked_at)).await?;
        for (document, fate) in documents.iter().zip(fates) {
            summary.would(fate, document);
        }
        return Ok(());
    }
    let (name, manner) = (source.name.clone(), plan.manner());
    let put = move |connection: &rusqlite::Connection| {
        let put = knowledge::put(connection, &documents)?;
        knowledge::save_visits(connection, &name, &manner, &batch.visits)?;
        if let Some((name, value)) = &batch.cursor {
            set_fact(connection, name, value)?;
        }
        Ok(put)
    };
    let put = store.write(put).await?;
    summary.added += put.added;
    summary.changed += put.changed;
    summary.unchanged += put.unchanged;
    Ok(())
}

/// Ids of folders are paths within them: two folders of one brand with a page of
/// the same path would take turns at overwriting each other.
async fn refuse_twins(store: &Store, batch: &mut Batch) -> anyhow::Result<()> {
    let documents = batch.documents.clone();
    let owners = store.read(move |it| knowledge::other_owners(it, &documents)).await?;
    let mut owners = owners.into_iter();
    let failed = &mut batch.failed;
    batch.documents.retain(|document: &Document| {
        let owner = owners.next().flatten().filter(|it| Path::new(it).is_dir());
        let Some(owner) = owner else { return true };
        failed.push(Failure {
            place: format!("{}/{}", document.source, document.id),
            reason: format!(
                "{owner} has a page of the same path and brand; give one of the folders another \
                 --brand, or say `deskhand ingest --forget {owner}` if this one takes its place"
            ),
            document_id: Some(document.id.clone()),
        });
        false
    });
    Ok(())
}

async fn remove_missing(
    store: &Store,
    source: &str,
    seen: Seen,
    complete: bool,
    plan: &Plan,
    summary: &mut Summary,
) -> Result<(), StoreError> {
    if !complete && seen.gone.is_empty() {
        return Ok(());
    }
    let (dry_run, source) = (plan.dry_run, source.to_owned());
    let remove = move |connection: &rusqlite::Connection| {
        let mut removed = Vec::new();
        for (brand, pool) in knowledge::scopes_of(connection, &source)? {
            let scope = (brand, pool);
            let mut kept = seen.kept.get(&scope).cloned().unwrap_or_default();
            kept.extend(seen.kept_anywhere.iter().cloned());
            let mut ids = knowledge::missing(connection, &source, &scope.0, pool, &kept)?;
            ids.retain(|it| complete || seen.gone.contains(it));
            if !dry_run {
                knowledge::remove(connection, &scope.0, pool, &ids)?;
            }
            removed.append(&mut ids);
        }
        Ok(removed)
    };
    let removed = if dry_run { store.read(remove).await } else { store.write(remove).await }?;
    summary.removed += removed.len();
    if dry_run {
        summary.would_remove(removed);
    }
    Ok(())
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

/// Brings the index up to the store's last change, and to the weights it was
/// calibrated to, and says how many changes that took. Blocks; call it off the async threads. `progress` is told the
/// index's and the store's place in the sequence after each commit.
///
/// An index that is ahead of the store belongs to another store, or the store
/// was restored from a backup: it is emptied and built anew.
pub fn catch_up(
    index: &Index,
    store: &Store,
    mut progress: impl FnMut(u64, u64),
) -> Result<usize, CatchUpError> {
    index.weigh(store.read_now(knowledge::weights)?);
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
    let mut learner = Learner::default();
    while cancel.run_until_cancelled(tokio::time::sleep(wait)).await.is_some() {
        let (following, changed) = (Arc::clone(&index), store.clone());
        let step = tokio::task::spawn_blocking(move || catch_up(&following, &changed, |_, _| {}));
        let result = step.await;
        learner.look(&index, &store, matches!(&result, Ok(Ok(n_changes)) if 0 < *n_changes));
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
