//! The search index: a cache of the store's knowledge that can be thrown away
//! and rebuilt at any time. Two pools, filtered by brand and audience before
//! ranking. It never knows more than what was committed.

mod error;
mod experience;
mod lookup;
mod meanings;
mod members;
mod opened;
mod passages;
mod popularity;
mod query;
mod scores;
mod search;
mod sound;
mod terms;
mod titles;
mod words;
mod writing;

pub use self::error::IndexError;
pub use self::experience::Experience;
pub use self::passages::cut;
pub use self::popularity::Popularity;
pub use self::query::DocumentKey;
pub use self::query::Query;
pub use self::query::Question;
pub use self::query::Wording;
pub use self::scores::Match;
pub use self::search::Scored;
pub use self::titles::Said;
pub use self::titles::Titles;

use std::collections::HashMap;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use tantivy::IndexReader;
use tantivy::IndexSettings;
use tantivy::IndexWriter;
use tantivy::ReloadPolicy;
use tantivy::directory::Directory as _;
use tantivy::directory::INDEX_WRITER_LOCK;
use tantivy::directory::MmapDirectory;
use tantivy::directory::error::LockError;

use self::error::guarded;
use self::opened::Opened;
use self::opened::Slot;
use self::terms::Layout;
use crate::embed::Known;
use crate::embed::Sought;
use crate::knowledge::Document;
use crate::knowledge::Hit;
use crate::knowledge::Pool;
use crate::knowledge::Scope;
use crate::knowledge::Weights;
use crate::text::synonyms::Synonyms;

/// One change of the store's change sequence.
#[derive(Debug, Clone)]
pub struct Change {
    pub sequence: u64,
    pub brand: String,
    pub pool: Pool,
    pub document_id: String,
    /// `None` if the document was deleted.
    pub document: Option<Document>,
}

/// Bytes of a block of stored passages: a passage is read by unpacking its block. Of 16 KB,
/// the default, nine tenths would be unpacked in vain; smaller ones pack worse.
const BLOCK_BYTES: usize = 4 << 10;

/// Blocks kept unpacked in each segment: 2 MB. A ticket reads some thirty passages.
const STORE_CACHE_BLOCKS: usize = 512;

/// Documents that are held as words in memory at once: about 15 MB of them.
const MAX_DOCUMENTS_AT_ONCE: usize = 256;

/// The index. Searching and writing go on side by side.
pub struct Index {
    /// The folder, for messages.
    path: String,
    /// The name of the embedder its meanings are of.
    space: String,
    index: tantivy::Index,
    reader: IndexReader,
    layout: Layout,
    /// `None` until this process first writes: only one process may.
    writer: Mutex<Option<IndexWriter>>,
    watermark: AtomicU64,
    opened: Slot,
    experience: RwLock<Arc<Experience>>,
    /// What customers call things otherwise.
    synonyms: Arc<Synonyms>,
    /// By brand.
    weights: RwLock<Arc<HashMap<String, Weights>>>,
    /// Where what was learned is kept; `None` for one in memory.
    folder: Option<PathBuf>,
    /// Of the file that was read last.
    recalled: Mutex<Option<SystemTime>>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("path", &self.path)
            .field("watermark", &self.watermark())
            .finish_non_exhaustive()
    }
}

impl Index {
    /// Opens the index in `folder`, making an empty one if there is none. `space` is the
    /// name of the embedder its meanings are of.
    ///
    /// # Errors
    /// `Damaged` if it does not read, or was written by another version of Deskhand or
    /// with another embedder; `Unwritable` if the folder cannot be made.
    pub fn open(folder: &Path, space: &str) -> Result<Index, IndexError> {
        let path = folder.display().to_string();
        std::fs::create_dir_all(folder).map_err(|error| IndexError::Unwritable {
            path: path.clone(),
            detail: error.to_string(),
        })?;
        guarded(&path, || {
            let layout = Layout::new();
            let directory = MmapDirectory::open(folder)?;
            let settings = IndexSettings { docstore_blocksize: BLOCK_BYTES, ..Default::default() };
            let builder = tantivy::Index::builder().schema(layout.schema.clone());
            let index = builder.settings(settings).open_or_create(directory)?;
            sound::check_sums(&index, folder)?;
            let mut index = Index::over(path.clone(), space, index, layout)?;
            index.folder = Some(folder.to_owned());
            index.recall();
            Ok(index)
        })
    }

    /// True if a process, this one included, writes the index in `folder`.
    pub fn is_written(folder: &Path) -> bool {
        let lock = MmapDirectory::open(folder).map(|it| it.acquire_lock(&INDEX_WRITER_LOCK));
        matches!(lock, Ok(Err(LockError::LockBusy)))
    }

    /// An index that lives and dies with the process.
    pub fn in_memory(space: &str) -> Result<Index, IndexError> {
        let path = "memory".to_owned();
        guarded(&path, || {
            let layout = Layout::new();
            let index = tantivy::Index::create_in_ram(layout.schema.clone());
            Index::over(path.clone(), space, index, layout)
        })
    }

    /// The same index, with what customers call things otherwise.
    #[must_use]
    pub fn with_synonyms(mut self, synonyms: Arc<Synonyms>) -> Index {
        self.synonyms = synonyms;
        self
    }

    /// What customers call things otherwise.
    pub fn synonyms(&self) -> &Arc<Synonyms> {
        &self.synonyms
    }

    fn over(
        path: String,
        space: &str,
        index: tantivy::Index,
        layout: Layout,
    ) -> tantivy::Result<Index> {
        let watermark = sound::read_watermark(&index, space)?;
        let reader = index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .doc_store_cache_num_blocks(STORE_CACHE_BLOCKS)
            .try_into()?;
        let (writer, watermark) = (Mutex::new(None), AtomicU64::new(watermark));
        let (opened, experience, weights) = (Slot::default(), RwLock::default(), RwLock::default());
        let (folder, recalled) = (None, Mutex::new(None));
        Ok(Index {
            path,
            space: space.to_owned(),
            index,
            reader,
            layout,
            writer,
            watermark,
            opened,
            experience,
            synonyms: Synonyms::shipped(),
            weights,
            folder,
            recalled,
        })
    }

    /// The sequence number up to which the store's changes are committed here.
    pub fn watermark(&self) -> u64 {
        self.watermark.load(Ordering::SeqCst)
    }

    /// Applies changes in order and commits them with the last one's sequence
    /// as the new watermark. Visible to searches when this returns. Applying a
    /// change twice does no harm. `known` tells what the passages mean.
    ///
    /// # Errors
    /// `Locked` if another process writes this index; what it has written is
    /// visible then, and the watermark is where it has come to.
    pub fn apply(&self, changes: &[Change], known: &Known) -> Result<(), IndexError> {
        let Some(last) = changes.last() else { return Ok(()) };
        self.write(|writer| {
            for change in changes {
                writer.delete_term(self.layout.document_term(
                    change.pool,
                    &change.brand,
                    &change.document_id,
                ));
            }
            // Of two changes of one document only the later one may be added.
            let mut latest = HashMap::new();
            for change in changes {
                latest.insert((change.pool, &change.brand, &change.document_id), change);
            }
            let documents: Vec<&Document> = changes
                .iter()
                .filter(|it| {
                    let key = (it.pool, &it.brand, &it.document_id);
                    latest.get(&key).is_some_and(|last| std::ptr::eq(*last, *it))
                })
                .filter_map(|it| it.document.as_ref())
                .collect();
            for part in documents.chunks(MAX_DOCUMENTS_AT_ONCE) {
                for entry in self.entries_of(part, known) {
                    writer.add_document(entry)?;
                }
            }
            Ok(last.sequence.max(self.watermark()))
        })
    }

    /// Forgets everything, watermark included.
    pub fn clear(&self) -> Result<(), IndexError> {
        self.write(|writer| {
            writer.delete_all_documents()?;
            Ok(0)
        })
    }

    /// Stems the words of a question by the languages a brand's knowledge is
    /// written in.
    pub fn question(&self, wording: Wording<'_>, brand: &str) -> Result<Question, IndexError> {
        guarded(&self.path, || {
            let opened = self.opened()?;
            let written = search::languages(&opened, &self.layout, brand, wording.language);
            Ok(Question::new(wording, &written, &self.synonyms))
        })
    }

    /// Scores the passages that share words with the query. Empty if none do.
    pub fn score(&self, query: &Query<'_>) -> Result<Scored, IndexError> {
        guarded(&self.path, || search::score(self.opened()?, &self.layout, query))
    }

    /// The documents with the passages closest to a meaning, closest first. Only
    /// what the reader may see is looked at.
    pub fn nearest(
        &self,
        asked: &Sought,
        pool: Pool,
        scope: &Scope,
        n_documents: usize,
    ) -> Result<Vec<DocumentKey>, IndexError> {
        let allowed = search::allowed(pool, scope);
        guarded(&self.path, || {
            let opened = self.opened()?;
            Ok(meanings::nearest(&opened, asked, &allowed, n_documents))
        })
    }

    /// As [`Index::score`], with the passages read. Each hit carries the signals
    /// `bm25.title`, `bm25.headings` and `bm25.body` (they add up to its score)
    /// and `coverage`: the share, 0.0–1.0, of what the question asks about that
    /// the passage speaks of.
    pub fn find(&self, query: &Query<'_>) -> Result<Vec<Hit>, IndexError> {
        let scored = self.score(query)?;
        scored.matches().iter().map(|it| self.read(&scored, it)).collect()
    }

    /// How often people answered with each article.
    pub fn popularity(&self) -> Result<Arc<Popularity>, IndexError> {
        guarded(&self.path, || Ok(Arc::clone(&self.opened()?.popularity)))
    }

    /// The titles of all articles.
    pub fn titles(&self) -> Result<Arc<Titles>, IndexError> {
        guarded(&self.path, || Ok(Arc::clone(&self.opened()?.titles)))
    }

    /// What past tickets taught. Empty where nothing was learned yet.
    pub fn experience(&self) -> Arc<Experience> {
        Arc::clone(&self.experience.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What each signal of a ranking counts, by brand. Empty where nobody
    /// calibrated.
    pub fn weights(&self) -> Arc<HashMap<String, Weights>> {
        Arc::clone(&self.weights.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// From now on signals count as calibrated.
    pub fn weigh(&self, weights: HashMap<String, Weights>) {
        let mut slot = self.weights.write().unwrap_or_else(PoisonError::into_inner);
        if **slot != weights {
            *slot = Arc::new(weights);
        }
    }

    /// Puts what was learned anew in the place of what was known, and keeps it.
    ///
    /// # Errors
    /// `Unwritable` if it cannot be kept; it is used all the same.
    pub fn teach(&self, experience: Experience) -> Result<(), IndexError> {
        let mut recalled = self.recalled.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = self.folder.as_ref().map_or(Ok(()), |it| experience.save(it));
        // What this process has written it need not read again.
        *recalled = self.folder.as_deref().and_then(Experience::changed);
        self.know(experience);
        kept.map_err(|error| IndexError::Unwritable {
            path: self.path.clone(),
            detail: error.to_string(),
        })
    }

    /// Takes over what another process has learned and kept since the last time.
    pub fn recall(&self) {
        let Some(folder) = &self.folder else { return };
        let changed = Experience::changed(folder);
        let mut recalled = self.recalled.lock().unwrap_or_else(PoisonError::into_inner);
        if changed.is_none() || *recalled == changed {
            return;
        }
        *recalled = changed;
        if let Some(experience) = Experience::load(folder) {
            self.know(experience);
        }
    }

    fn know(&self, experience: Experience) {
        *self.experience.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(experience);
    }

    /// Reads one of the passages that were found.
    pub fn read(&self, scored: &Scored, found: &Match) -> Result<Hit, IndexError> {
        guarded(&self.path, || scored.read(found))
    }

    /// All passages of some documents that the scope allows, in reading order,
    /// whatever words they hold; `limit` at most. Scores are 0.0.
    pub fn passages_of(
        &self,
        pool: Pool,
        scope: &Scope,
        document_ids: &[String],
        limit: usize,
    ) -> Result<Vec<Hit>, IndexError> {
        guarded(&self.path, || {
            let searcher = self.reader.searcher();
            search::passages_of(&searcher, &self.layout, pool, scope, document_ids, limit)
        })
    }

    /// Number of passages in a pool of a brand. 0 if it cannot be read.
    pub fn n_passages(&self, brand: &str, pool: Pool) -> u64 {
        let count = || search::n_passages(&self.reader.searcher(), &self.layout, brand, pool);
        guarded(&self.path, count).unwrap_or(0)
    }

    /// Number of passages of all brands and pools, deleted ones that are still in the
    /// files included: what there is to go through.
    pub fn n_entries(&self) -> u64 {
        self.reader.searcher().segment_readers().iter().map(|it| u64::from(it.max_doc())).sum()
    }

    fn opened(&self) -> tantivy::Result<Arc<Opened>> {
        self.opened.get(&self.reader, &self.layout)
    }
}
