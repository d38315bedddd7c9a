//! Writes to the index: one writer a process, one commit a call, and what was
//! committed is visible afterwards.

use std::sync::MutexGuard;
use std::sync::atomic::Ordering;

use tantivy::IndexWriter;
use tantivy::TantivyDocument;
use tantivy::TantivyError;

use super::Index;
use super::IndexError;
use super::guarded;
use super::passages::cut;
use super::sound::payload;
use super::sound::read_watermark;
use crate::embed::Known;
use crate::knowledge::Document;
use crate::knowledge::Passage;

/// Memory for words not written yet. The least tantivy allows is 15 MB; more
/// makes bigger segments, not a faster index of this size.
const WRITER_BYTES: usize = 20_000_000;

/// Changes that are cut and stemmed by one thread; more go to all cores.
const MIN_PARALLEL_CHANGES: usize = 32;

impl Index {
    /// Writes something and commits it with the watermark it answers.
    pub(super) fn write(
        &self,
        work: impl FnOnce(&mut IndexWriter) -> tantivy::Result<u64>,
    ) -> Result<(), IndexError> {
        let mut slot = self.lock_writer();
        let result = guarded(&self.path, || {
            if slot.is_none() {
                // Whoever wrote before may have come further than we know.
                *slot = Some(self.new_writer()?);
                self.refresh()?;
            }
            let Some(writer) = slot.as_mut() else { return Err(TantivyError::Poisoned) };
            let watermark = work(writer)?;
            let mut commit = writer.prepare_commit()?;
            commit.set_payload(&payload(watermark, &self.space));
            commit.commit()?;
            self.refresh()
        });
        match &result {
            Err(IndexError::Locked { .. }) => {
                // Somebody else follows the store here; see what they have.
                drop(guarded(&self.path, || self.refresh()));
            }
            // What was not committed must not slip into the next commit.
            Err(IndexError::Damaged { .. } | IndexError::Unwritable { .. }) => *slot = None,
            Ok(()) => {}
        }
        result
    }

    fn lock_writer(&self) -> MutexGuard<'_, Option<IndexWriter>> {
        self.writer.lock().unwrap_or_else(|it| it.into_inner())
    }

    fn new_writer(&self) -> tantivy::Result<IndexWriter> {
        let options = tantivy::indexer::IndexWriterOptions::builder()
            .num_worker_threads(1)
            .memory_budget_per_thread(WRITER_BYTES)
            .num_merge_threads(1)
            .build();
        self.index.writer_with_options(options)
    }

    /// Makes the last commit visible. The watermark is read first: it may be
    /// behind what is visible, never ahead.
    pub(super) fn refresh(&self) -> tantivy::Result<()> {
        let watermark = read_watermark(&self.index, &self.space)?;
        self.reader.reload()?;
        self.opened.renew(&self.reader, &self.layout)?;
        self.watermark.store(watermark, Ordering::SeqCst);
        Ok(())
    }

    pub(super) fn entries_of(
        &self,
        documents: &[&Document],
        known: &Known,
    ) -> Vec<TantivyDocument> {
        let entries = |part: &[&Document]| -> Vec<TantivyDocument> {
            part.iter().flat_map(|it| self.entries_of_one(it, known)).collect()
        };
        if documents.len() < MIN_PARALLEL_CHANGES {
            return entries(documents);
        }
        on_all_cores(documents, entries).into_iter().flatten().collect()
    }

    fn entries_of_one(&self, document: &Document, known: &Known) -> Vec<TantivyDocument> {
        let entry = |passage: Passage| {
            let stored = serde_json::to_string(&passage).unwrap_or_default();
            self.layout.entry(document, &passage, &stored, known)
        };
        cut(document).into_iter().map(entry).collect()
    }
}

/// Gives each core its share of some things and answers what it made of it, in the
/// order of the things.
pub(super) fn on_all_cores<T: Sync, R: Send>(
    things: &[T],
    work: impl Fn(&[T]) -> R + Sync,
) -> Vec<R> {
    let n_threads = std::thread::available_parallelism().map_or(1, |it| it.get());
    let share = things.len().div_ceil(n_threads).max(1);
    let work = &work;
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            things.chunks(share).map(|part| scope.spawn(move || work(part))).collect();
        // A panic goes on here: a document must not be lost in silence.
        let join = |it: std::thread::ScopedJoinHandle<'_, R>| {
            it.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        threads.into_iter().map(join).collect()
    })
}
