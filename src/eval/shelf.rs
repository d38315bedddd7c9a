//! The knowledge a team had when a question was asked: its articles, and the
//! past tickets from before.

use std::collections::BTreeMap;
use std::sync::Arc;

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
use crate::knowledge::Pool;

/// Changes that are written to the index at once.
const BATCH: usize = 512;

/// An index that grows with time: it never holds a ticket that did not exist yet.
pub(crate) struct Shelf<'a> {
    pub index: Arc<Index>,
    pub meanings: &'a Meanings,
    /// The id of each article.
    pub ids: BTreeMap<DocumentKey, String>,
    /// What comes with time, oldest first.
    arrivals: Vec<&'a Document>,
    n_arrived: usize,
    sequence: u64,
}

impl<'a> Shelf<'a> {
    /// All articles from the beginning, the tickets with time.
    pub(super) fn new(
        folder: &'a Folder,
        meanings: &'a Meanings,
        with_past_tickets: bool,
    ) -> Result<Shelf<'a>, IndexError> {
        let tickets: &[Document] = if with_past_tickets { &folder.past_tickets } else { &[] };
        Shelf::with(folder, meanings, folder.articles.iter().collect(), tickets.iter().collect())
    }

    /// Articles come with their dates too; those without one are there from the
    /// beginning.
    pub(crate) fn as_it_was(
        folder: &'a Folder,
        meanings: &'a Meanings,
    ) -> Result<Shelf<'a>, IndexError> {
        let (dated, undated): (Vec<&Document>, Vec<&Document>) =
            folder.articles.iter().partition(|it| it.updated_at.is_some());
        let mut arrivals = dated;
        arrivals.extend(&folder.past_tickets);
        // Stable, and `None` before all others.
        arrivals.sort_by_key(|it| it.updated_at);
        Shelf::with(folder, meanings, undated, arrivals)
    }

    fn with(
        folder: &Folder,
        meanings: &'a Meanings,
        from_the_beginning: Vec<&'a Document>,
        arrivals: Vec<&'a Document>,
    ) -> Result<Shelf<'a>, IndexError> {
        let synonyms = Arc::clone(meanings.synonyms());
        let index = Index::in_memory(meanings.embedder())?.with_synonyms(synonyms);
        let name = |it: &Document| (DocumentKey::new(it.pool, BRAND, &it.id), it.id.clone());
        let ids = folder.articles.iter().map(name).collect();
        let index = Arc::new(index);
        let mut shelf = Shelf { index, meanings, ids, arrivals, n_arrived: 0, sequence: 0 };
        shelf.put(&from_the_beginning)?;
        Ok(shelf)
    }

    /// Adds what is from before `now`; everything if no date is known.
    pub(crate) fn advance(&mut self, now: Option<Timestamp>) -> Result<(), IndexError> {
        let is_known = |it: &&&Document| match (it.updated_at, now) {
            (Some(at), Some(now)) => at < now,
            (None, _) | (_, None) => true,
        };
        let later = self.arrivals.get(self.n_arrived..).unwrap_or_default();
        let more: Vec<&Document> = later.iter().take_while(is_known).copied().collect();
        self.put(&more)?;
        self.n_arrived += more.len();
        let arrived = self.arrivals.get(..self.n_arrived).unwrap_or_default();
        let tickets = || arrived.iter().filter(|it| it.pool == Pool::PastTicket);
        // As a team would: not after each ticket.
        if self.index.experience().is_outdated(tickets().count()) {
            let known: Vec<&Document> = tickets().copied().collect();
            self.index.teach(Experience::learn(&self.index, &known)?)?;
        }
        Ok(())
    }

    fn put(&mut self, documents: &[&Document]) -> Result<(), IndexError> {
        for batch in documents.chunks(BATCH) {
            let mut changes = Vec::with_capacity(batch.len());
            for document in batch {
                self.sequence += 1;
                changes.push(Change {
                    sequence: self.sequence,
                    brand: document.brand.clone(),
                    pool: document.pool,
                    document_id: document.id.clone(),
                    document: Some((*document).clone()),
                });
            }
            self.index.apply(&changes, self.meanings.of_passages())?;
        }
        Ok(())
    }
}
