//! Brings knowledge into the store and keeps the index in step with it: files,
//! websites, a helpdesk's own articles and solved tickets. Runs beside the flow:
//! nothing in it waits for this.

mod article;
mod change;
mod desk;
mod follow;
mod learn;
mod meanings;
mod record;
pub mod site;
mod source;
mod table;

pub use self::change::Change;
pub use self::change::Failure;
pub use self::change::Plan;
pub use self::change::Summary;
pub use self::change::What;
pub use self::follow::CatchUpError;
pub use self::follow::catch_up;
pub use self::follow::follow;
pub use self::follow::rebuild;
pub(crate) use self::learn::documents;
pub use self::learn::learn_if_outdated;
pub use self::meanings::Missing;
pub use self::meanings::mend;
pub use self::meanings::of_documents;
pub use self::site::SiteRules;
pub use self::source::Batch;
pub use self::source::Source;
pub use self::source::open;
pub use self::source::open_connection;
pub use self::source::open_site;
pub use self::source::passed_over;

use std::collections::HashMap;
use std::collections::HashSet;
use std::path::Path;

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
        record::Record::Document(document, _) => Some(*document),
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
    /// Ids that were given again: the later one is kept.
    twice: Vec<String>,
}

/// Ids named in a note. Guessed: enough to find out why.
const N_NAMED: usize = 5;

impl Seen {
    fn keep(&mut self, document: &Document) {
        let scope = (document.brand.clone(), document.pool);
        if !self.kept.entry(scope).or_default().insert(document.id.clone()) {
            self.twice.push(document.id.clone());
        }
    }

    /// What a person should know of ids that were given more than once.
    fn twins(&self) -> Option<String> {
        let named: Vec<&str> = self.twice.iter().take(N_NAMED).map(String::as_str).collect();
        let (n_twice, named) = (self.twice.len(), named.join(", "));
        (0 < n_twice).then(|| {
            format!(
                "{n_twice} documents have the id of an earlier one and took its place: {named}{}",
                if N_NAMED < n_twice { ", …" } else { "" }
            )
        })
    }
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
            seen.keep(document);
        }
        summary.unchanged += batch.kept.len();
        seen.kept_anywhere.extend(batch.failed.iter().filter_map(|it| it.document_id.clone()));
        seen.kept_anywhere.extend(batch.kept.iter().cloned());
        seen.gone.extend(batch.gone.iter().cloned());
        summary.skipped += batch.n_skipped;
        summary.failed.append(&mut batch.failed);
        summary.notes.append(&mut batch.notes);
        take_in(store, &source, plan, batch, &mut summary).await?;
        progress(&source, &summary);
    }
    summary.notes.extend(source.notes());
    // Lists that are read page by page may show one twice; a file should not.
    if source.counts_bytes() {
        summary.notes.extend(seen.twins());
    }
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
    // One folder may be the knowledge of two brands: what was taken in for one says nothing
    // of the other.
    let only = plan.brand.clone();
    let remove = move |connection: &rusqlite::Connection| {
        let mut removed = Vec::new();
        for (brand, pool) in knowledge::scopes_of(connection, &source)? {
            if only.as_ref().is_some_and(|it| *it != brand) {
                continue;
            }
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
