//! What passages mean, where that costs a call or a while: looked up in the store,
//! embedded and kept if it is not there. What could not be had is noted, and asked for
//! again later.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;

use super::follow::CatchUpError;
use super::follow::on_index;
use crate::embed::EmbedError;
use crate::embed::Embedder;
use crate::embed::Known;
use crate::embed::Meaning;
use crate::embed::PassageText;
use crate::embed::TextHash;
use crate::embed::UNLIKE;
use crate::embed::hash_of;
use crate::embed::with_title;
use crate::index::Change;
use crate::index::Index;
use crate::index::cut;
use crate::knowledge::Document;
use crate::knowledge::Pool;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::knowledge;
use crate::store::knowledge::DocumentName;
use crate::store::knowledge::Kept;

/// Documents that are given their meaning at once: some hundred passages.
const DOCUMENTS_MENDED: usize = 50;

/// Documents that are cut at once while looking for what is still in use.
const DOCUMENTS_LOOKED_AT: usize = 2_000;

/// What becomes of passages whose meaning is not known yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// They are embedded first: for whoever waits for the whole.
    Embed,
    /// They are indexed by their words at once, and [`mend`] is left the rest: for
    /// whoever may be asked meanwhile.
    Leave,
}

/// The passages of some documents, before anything is known of them.
#[derive(Default)]
struct Wanted {
    texts: HashMap<TextHash, PassageText>,
    documents: Vec<(DocumentName, Vec<TextHash>)>,
}

impl Wanted {
    /// Cuts documents as the index does. Work for the threads that may work.
    fn of_changes(changes: &[Change]) -> Wanted {
        let mut wanted = Wanted::default();
        for change in changes {
            let (brand, id) = (change.brand.clone(), change.document_id.clone());
            let name = DocumentName { brand, pool: change.pool, id };
            // Of what was deleted there is nothing to be known.
            let hashes = change.document.as_ref().map(|it| wanted.add(it)).unwrap_or_default();
            wanted.documents.push((name, hashes));
        }
        wanted
    }

    fn add(&mut self, document: &Document) -> Vec<TextHash> {
        let mut hashes = Vec::new();
        for passage in cut(document) {
            let text = with_title(&document.title, &passage.text);
            let hash = hash_of(&text);
            let private = document.pool == Pool::PastTicket;
            self.texts.entry(hash).or_insert(PassageText { text, private });
            hashes.push(hash);
        }
        hashes
    }

    fn notes(&self, kept: &Kept) -> Notes {
        let mut notes = Notes::default();
        for (name, hashes) in &self.documents {
            let is_with = hashes.iter().all(|it| kept.contains_key(it));
            let list = if is_with { &mut notes.with } else { &mut notes.without };
            list.push(name.clone());
        }
        notes
    }
}

/// Which documents have a passage whose meaning is not known, and which have none.
#[derive(Default)]
pub(super) struct Notes {
    without: Vec<DocumentName>,
    with: Vec<DocumentName>,
}

impl Notes {
    /// Notes the first, and takes the others off the list.
    pub(super) async fn keep(self, store: &Store, embedder: &Embedder) -> Result<(), StoreError> {
        let Notes { without, with } = self;
        if without.is_empty() && with.is_empty() {
            return Ok(());
        }
        let name = embedder.name().to_owned();
        store.write(move |it| knowledge::note_unembedded(it, &name, &without, &with)).await
    }
}

/// What the passages of some changes mean. After a failure of the embedder `missing`
/// becomes [`Missing::Leave`]: whoever waits does not wait for it again.
pub(super) async fn of_changes(
    changes: &Arc<Vec<Change>>,
    store: &Store,
    embedder: &Arc<Embedder>,
    missing: &mut Missing,
) -> Result<(Known, Notes), CatchUpError> {
    if let Some(known) = at_once(embedder) {
        return Ok((known, Notes::default()));
    }
    let wanted = wanted(Arc::clone(changes)).await?;
    let mut kept = kept_of(&wanted, store, embedder).await?;
    if *missing == Missing::Embed
        && let Some(error) = embed(&wanted, &mut kept, Some(store), embedder).await?
    {
        tracing::warn!(
            %error,
            "passages are found by their words alone until the embedder answers"
        );
        *missing = Missing::Leave;
    }
    let notes = wanted.notes(&kept);
    Ok((known(kept), notes))
}

/// What the passages of some documents mean, all of them or an error: for measuring.
/// Nothing is noted; what is told is kept if there is a store.
///
/// # Errors
/// If the embedder or the store fails.
pub async fn of_documents(
    documents: Vec<Document>,
    store: Option<&Store>,
    embedder: &Arc<Embedder>,
) -> anyhow::Result<Known> {
    if let Some(known) = at_once(embedder) {
        return Ok(known);
    }
    let cutting = tokio::task::spawn_blocking(move || {
        let mut wanted = Wanted::default();
        documents.iter().for_each(|it| drop(wanted.add(it)));
        wanted
    });
    let wanted = cutting.await?;
    let mut kept = match store {
        Some(store) => kept_of(&wanted, store, embedder).await?,
        None => Kept::new(),
    };
    if let Some(error) = measure(store, embedder, Missing::Embed).await? {
        return Err(error.into());
    }
    match embed(&wanted, &mut kept, store, embedder).await? {
        Some(error) => Err(error.into()),
        None => Ok(known(kept)),
    }
}

/// Gives documents their meaning that were indexed without, and says how many those
/// were. The embedder's failure, if it failed.
///
/// # Errors
/// If the store cannot be read or the index not be written.
pub async fn mend(
    index: &Arc<Index>,
    store: &Store,
    embedder: &Arc<Embedder>,
) -> Result<(usize, Option<EmbedError>), CatchUpError> {
    let mut n_mended = 0;
    if !embedder.is_costly() {
        return Ok((n_mended, None));
    }
    let mut before = Vec::new();
    loop {
        let (names, failure) = embed_unembedded(store, embedder).await?;
        // A document that has changed since the last commit comes again and again.
        let is_stuck = names.is_empty() || names == before;
        if !is_stuck {
            n_mended += names.len();
            take_again(index, store, embedder, names.clone()).await?;
        }
        if is_stuck || failure.is_some() {
            return Ok((n_mended, failure));
        }
        before = names;
    }
}

/// Embeds passages of documents that are without, and keeps what was told. Answers the
/// documents that are to be indexed again.
pub(super) async fn embed_unembedded(
    store: &Store,
    embedder: &Arc<Embedder>,
) -> Result<(Vec<DocumentName>, Option<EmbedError>), CatchUpError> {
    let name = embedder.name().to_owned();
    let read = move |connection: &rusqlite::Connection| {
        let names = knowledge::unembedded(connection, &name, DOCUMENTS_MENDED)?;
        let changes = knowledge::again(connection, &names, u64::MAX)?;
        Ok((names, changes))
    };
    let (names, changes) = store.read(read).await?;
    if names.is_empty() {
        return Ok((names, None));
    }
    let wanted = wanted(Arc::new(changes)).await?;
    let mut kept = kept_of(&wanted, store, embedder).await?;
    let failure = embed(&wanted, &mut kept, Some(store), embedder).await?;
    let without: HashSet<DocumentName> = wanted.notes(&kept).without.into_iter().collect();
    Ok((names.into_iter().filter(|it| !without.contains(it)).collect(), failure))
}

/// Indexes documents again, with what is kept of their passages by now.
pub(super) async fn take_again(
    index: &Arc<Index>,
    store: &Store,
    embedder: &Arc<Embedder>,
    names: Vec<DocumentName>,
) -> Result<(), CatchUpError> {
    let watermark = index.watermark();
    let changes = store.read(move |it| knowledge::again(it, &names, watermark)).await?;
    let changes = Arc::new(changes);
    let (known, notes) = of_changes(&changes, store, embedder, &mut Missing::Leave).await?;
    on_index(index, move |index| index.apply(&changes, &known)).await?;
    // After the commit: until then they are without. One may have changed meanwhile.
    Ok(notes.keep(store, embedder).await?)
}

/// Clears what is kept for other embedders or of passages that are no more.
pub(super) async fn clear_unused(
    store: &Store,
    embedder: &Arc<Embedder>,
) -> Result<(), CatchUpError> {
    let mut in_use: HashSet<TextHash> = UNLIKE.into_iter().map(hash_of).collect();
    let mut sequence = 0;
    while embedder.is_costly() {
        let read = move |connection: &rusqlite::Connection| {
            knowledge::changes_since(connection, sequence, DOCUMENTS_LOOKED_AT)
        };
        let changes = store.read(read).await?;
        let Some(last) = changes.last() else { break };
        sequence = last.sequence;
        in_use.extend(wanted(Arc::new(changes)).await?.texts.into_keys());
    }
    let name = embedder.name().to_owned();
    store.write(move |it| knowledge::clear_meanings(it, &name, &in_use)).await?;
    Ok(())
}

/// What an embedder knows without asking anybody. `None` if it is costly.
fn at_once(embedder: &Embedder) -> Option<Known> {
    match embedder {
        Embedder::Table => Some(Known::ByTable),
        Embedder::Off => Some(Known::nothing()),
        Embedder::Endpoint(_) => None,
        #[cfg(feature = "transformer")]
        Embedder::Transformer(_) => None,
    }
}

fn known(kept: Kept) -> Known {
    Known::Kept(kept.into_iter().filter_map(|(hash, it)| Some((hash, it?))).collect())
}

async fn wanted(changes: Arc<Vec<Change>>) -> Result<Wanted, CatchUpError> {
    let cutting = tokio::task::spawn_blocking(move || Wanted::of_changes(&changes));
    cutting.await.map_err(|_| CatchUpError::Panicked)
}

async fn kept_of(
    wanted: &Wanted,
    store: &Store,
    embedder: &Arc<Embedder>,
) -> Result<Kept, StoreError> {
    let hashes: Vec<TextHash> = wanted.texts.keys().copied().collect();
    let name = embedder.name().to_owned();
    store.read(move |it| knowledge::meanings(it, &name, &hashes)).await
}

/// Learns how alike an embedder calls texts about different matters, and how long its
/// meanings are, from what is kept of such texts; asks for them if nothing is and there
/// is somebody to ask. Once a process.
pub(super) async fn measure(
    store: Option<&Store>,
    embedder: &Arc<Embedder>,
    missing: Missing,
) -> Result<Option<EmbedError>, StoreError> {
    let Some(scale) = embedder.scale().filter(|it| it.unlike().is_none()) else { return Ok(None) };
    let texts = UNLIKE.map(|it| PassageText { text: it.to_owned(), private: false });
    let hashes = UNLIKE.map(hash_of);
    let name = embedder.name().to_owned();
    let mut kept = match store {
        Some(store) => store.read(move |it| knowledge::meanings(it, &name, &hashes)).await?,
        None => Kept::new(),
    };
    if kept.is_empty() && missing == Missing::Embed {
        match Arc::clone(embedder).passages(texts.into()).await {
            Ok(meanings) => kept = hashes.into_iter().zip(meanings).collect(),
            Err(error) => return Ok(Some(error)),
        }
        if let Some(store) = store {
            let (name, fresh) = (embedder.name().to_owned(), kept.clone());
            store.write(move |it| knowledge::keep_meanings(it, &name, &fresh)).await?;
        }
    }
    let meanings: Vec<&Meaning> = kept.values().flatten().collect();
    scale.measure(&meanings);
    let held = embedder.endpoint().zip(meanings.first());
    Ok(held.and_then(|(endpoint, meaning)| endpoint.expect(meaning).err()))
}

/// Embeds the passages nothing is kept of, a few calls at once, and keeps what each call
/// tells. Answers the first failure; what came before it is kept.
async fn embed(
    wanted: &Wanted,
    kept: &mut Kept,
    store: Option<&Store>,
    embedder: &Arc<Embedder>,
) -> Result<Option<EmbedError>, StoreError> {
    let unknown = wanted.texts.iter().filter(|(hash, _)| !kept.contains_key(*hash));
    let mut unknown: Vec<(TextHash, PassageText)> =
        unknown.map(|(hash, text)| (*hash, text.clone())).collect();
    if unknown.is_empty() {
        return Ok(None);
    }
    if let Some(error) = measure(store, embedder, Missing::Embed).await? {
        return Ok(Some(error));
    }
    // By length: a model on this machine fills each text of a call up to the longest.
    unknown.sort_by_key(|(hash, it)| (it.text.len(), *hash));
    let (n_at_once, n_calls) = embedder.batch();
    // Owned, because the compiler cannot tell that borrowed ones may change threads.
    let batches: Vec<Vec<(TextHash, PassageText)>> =
        unknown.chunks(n_at_once).map(<[_]>::to_vec).collect();
    let calls = batches.into_iter().map(|batch| {
        let (hashes, texts): (Vec<TextHash>, Vec<PassageText>) = batch.into_iter().unzip();
        let call = Arc::clone(embedder).passages(texts);
        async move { (hashes, call.await) }
    });
    let mut answers = stream::iter(calls).buffer_unordered(n_calls);
    while let Some((hashes, answer)) = answers.next().await {
        let meanings = match answer {
            Ok(meanings) => meanings,
            Err(error) => return Ok(Some(error)),
        };
        let fresh: Kept = hashes.into_iter().zip(meanings).collect();
        kept.extend(fresh.iter().map(|(hash, meaning)| (*hash, meaning.clone())));
        if let Some(store) = store {
            let name = embedder.name().to_owned();
            store.write(move |it| knowledge::keep_meanings(it, &name, &fresh)).await?;
        }
    }
    Ok(None)
}
