//! Learns from the past tickets of the store which articles answer what, and
//! keeps it beside the index. Takes seconds, so it is done when the history has
//! grown by a twentieth, not after each ticket.

use crate::index::Experience;
use crate::index::Index;
use crate::knowledge::Document;
use crate::knowledge::Pool;
use crate::store::Store;
use crate::store::knowledge;

use super::CatchUpError;

/// Documents read from the store at once.
const BATCH: usize = 2_000;

/// Learns anew if the history has changed enough. Answers how many past tickets it
/// learned from; `None` if what is known will do. Blocks.
///
/// # Errors
/// If the store or the index cannot be read, or what was learned not be kept.
pub fn learn_if_outdated(index: &Index, store: &Store) -> Result<Option<usize>, CatchUpError> {
    let counts = store.read_now(knowledge::counts)?;
    let past = counts.iter().filter(|it| it.pool == Pool::PastTicket);
    let n_tickets = past.map(|it| it.n_documents).sum::<u64>();
    if !index.experience().is_outdated(usize::try_from(n_tickets).unwrap_or(usize::MAX)) {
        return Ok(None);
    }
    let documents = documents(store)?;
    let tickets: Vec<&Document> =
        documents.iter().filter(|it| it.pool == Pool::PastTicket).collect();
    index.teach(Experience::learn(index, &tickets)?)?;
    Ok(Some(tickets.len()))
}

/// All documents of the store. Blocks.
pub(crate) fn documents(store: &Store) -> Result<Vec<Document>, CatchUpError> {
    let mut documents = Vec::new();
    let mut sequence = 0;
    loop {
        let read = |connection: &rusqlite::Connection| {
            knowledge::changes_since(connection, sequence, BATCH)
        };
        let changes = store.read_now(read)?;
        let Some(last) = changes.last() else { return Ok(documents) };
        sequence = last.sequence;
        documents.extend(changes.into_iter().filter_map(|it| it.document));
    }
}
