//! How a source is to be taken in, and what that did or would do.

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::knowledge::Audience;
use crate::knowledge::Document;
use crate::store::knowledge::Fate;

/// Changes a dry run names; of others only the number is told.
const MAX_CHANGES: usize = 10_000;

/// Grows when pages are read differently, so that pages that have not changed
/// are read anew once.
const READING: u32 = 1;

/// How a source is taken in.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    /// Everything goes to this brand; `None` leaves it to the documents.
    pub brand: Option<String>,
    /// Everything is for this audience; `None` leaves it to the documents.
    pub audience: Option<Audience>,
    /// Look, but change nothing.
    pub dry_run: bool,
    /// Cancelled where a person wants to stop: what was read is kept.
    pub stop: CancellationToken,
}

impl Plan {
    /// Names how documents come out of pages: the same name, the same documents.
    pub(super) fn manner(&self) -> String {
        let audience = self.audience.as_ref().map_or("", |it| it.as_str());
        format!("{READING}|{}|{audience}", self.brand.as_deref().unwrap_or_default())
    }
}

/// What taking in a source did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub added: usize,
    pub changed: usize,
    pub unchanged: usize,
    pub removed: usize,
    /// Drafts, pages that are not to be listed, past tickets nobody answered.
    pub skipped: usize,
    /// What could not be read. Its earlier version stays.
    pub failed: Vec<Failure>,
    /// What else a person should know: a limit that was reached.
    pub notes: Vec<String>,
    /// True if somebody stopped it: what was read is kept, nothing was removed.
    pub interrupted: bool,
    /// Of a dry run only: what would change, in the order it was met.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

/// One document that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Failure {
    /// File, file and line, or address.
    pub place: String,
    /// Why, and what to do about it.
    pub reason: String,
    /// `None` where the document could not even be told apart.
    pub document_id: Option<String>,
}

/// What a dry run found about one document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    pub what: What,
    pub id: String,
    /// Empty for a document that would be removed.
    pub title: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Add,
    Change,
    Remove,
}

impl Summary {
    pub fn add(&mut self, other: Summary) {
        self.added += other.added;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.removed += other.removed;
        self.skipped += other.skipped;
        self.failed.extend(other.failed);
        self.notes.extend(other.notes);
        self.interrupted |= other.interrupted;
        self.changes.extend(other.changes);
    }

    pub(super) fn would(&mut self, fate: Fate, document: &Document) {
        let what = match fate {
            Fate::Added => {
                self.added += 1;
                What::Add
            }
            Fate::Changed => {
                self.changed += 1;
                What::Change
            }
            Fate::Unchanged => {
                self.unchanged += 1;
                return;
            }
        };
        if self.changes.len() < MAX_CHANGES {
            let (id, title) = (document.id.clone(), document.title.clone());
            self.changes.push(Change { what, id, title });
        }
    }

    pub(super) fn would_remove(&mut self, ids: Vec<String>) {
        let room = MAX_CHANGES.saturating_sub(self.changes.len());
        let gone = |id| Change { what: What::Remove, id, title: String::new() };
        self.changes.extend(ids.into_iter().take(room).map(gone));
    }
}
