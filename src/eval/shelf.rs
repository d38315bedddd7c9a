//! The knowledge a team had when a question was asked: its articles, and the
//! past tickets from before.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::BRAND;
use super::Folder;
use super::Meanings;
use crate::index::Change;
use crate::index::DocumentKey;
use crate::index::Experience;
use crate::index::Index;
use crate::index::IndexError;
use crate::knowledge::Document;

/// Changes that are written to the index at once.
const BATCH: usize = 512;

/// An index that grows with time: it never holds a ticket that did not exist yet.
pub(super) struct Shelf<'a> {
    pub index: Index,
    pub meanings: &'a Meanings,
    /// The id of each article.
    pub ids: BTreeMap<DocumentKey, String>,
    /// All of them, oldest first.
    tickets: &'a [Document],
    n_known: usize,
    sequence: u64,
}

impl<'a> Shelf<'a> {
    pub(super) fn new(
        folder: &'a Folder,
        meanings: &'a Meanings,
        with_past_tickets: bool,
    ) -> Result<Shelf<'a>, IndexError> {
        let tickets: &[Document] = if with_past_tickets { &folder.past_tickets } else { &[] };
        let index = Index::in_memory(meanings.embedder())?;
        let name = |it: &Document| (DocumentKey::new(it.pool, BRAND, &it.id), it.id.clone());
        let ids = folder.articles.iter().map(name).collect();
        let mut shelf = Shelf { index, meanings, ids, tickets, n_known: 0, sequence: 0 };
        shelf.put(&folder.articles)?;
        Ok(shelf)
    }

    /// Adds the tickets from before `now`; all of them if no date is known.
    pub(super) fn advance(&mut self, now: Option<Timestamp>) -> Result<(), IndexError> {
        let is_known = |it: &&Document| match (it.updated_at, now) {
            (Some(at), Some(now)) => at < now,
            (None, _) | (_, None) => true,
        };
        let later = self.tickets.get(self.n_known..).unwrap_or_default();
        let n_more = later.iter().take_while(is_known).count();
        self.put(later.get(..n_more).unwrap_or_default())?;
        self.n_known += n_more;
        // As a team would: not after each ticket.
        if self.index.experience().is_outdated(self.n_known) {
            let known = self.tickets.get(..self.n_known).unwrap_or_default();
            let known: Vec<&Document> = known.iter().collect();
            self.index.teach(Experience::learn(&self.index, &known)?)?;
        }
        Ok(())
    }

    fn put(&mut self, documents: &[Document]) -> Result<(), IndexError> {
        for batch in documents.chunks(BATCH) {
            let mut changes = Vec::with_capacity(batch.len());
            for document in batch {
                self.sequence += 1;
                changes.push(Change {
                    sequence: self.sequence,
                    brand: document.brand.clone(),
                    pool: document.pool,
                    document_id: document.id.clone(),
                    document: Some(document.clone()),
                });
            }
            self.index.apply(&changes, self.meanings.of_passages())?;
        }
        Ok(())
    }
}
