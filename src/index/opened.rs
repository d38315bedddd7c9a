//! One commit of the index, opened once for all queries: what each of them needs
//! of every segment, and what it is worth counting only once.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;

use foldhash::HashMap;
use foldhash::HashMapExt as _;
use tantivy::DocId;
use tantivy::IndexReader;
use tantivy::InvertedIndexReader;
use tantivy::Searcher;
use tantivy::SegmentReader;
use tantivy::Term;
use tantivy::fastfield::Column;
use tantivy::fieldnorm::FieldNormReader;

use super::DocumentKey;
use super::meanings::Sketches;
use super::members::Members;
use super::popularity::Popularity;
use super::terms::LINKS;
use super::terms::Layout;
use super::terms::MEANING;
use super::terms::N_PLACES;
use super::terms::PARTITION;
use super::titles::Titles;
use crate::embed::Sought;
use crate::knowledge::Pool;

/// A commit as queries see it. It stays readable however the index changes.
pub(super) struct Opened {
    pub(super) searcher: Searcher,
    pub(super) segments: Vec<Segment>,
    pub(super) popularity: Arc<Popularity>,
    pub(super) titles: Arc<Titles>,
    /// Passages by scope: a pool, a brand, an audience or a language.
    n_in_scope: HashMap<Vec<u8>, u64>,
    articles: Averages,
    past_tickets: Averages,
}

/// Numbers of a column that are read at one go: meanings of the built-in table have
/// twelve.
const WORDS_AT_ONCE: usize = 16;

/// Average number of words by place, over a whole pool; 1.0 at least.
pub(super) type Averages = [f32; N_PLACES];

/// One segment with its columns and fields.
pub(super) struct Segment {
    pub(super) reader: SegmentReader,
    links: Column<u64>,
    meanings: Column<u64>,
    partitions: Column<u64>,
    pub(super) sketches: Arc<Sketches>,
    pub(super) passages: Arc<Members>,
    articles: Fields,
    past_tickets: Fields,
}

/// The places of one pool in one segment.
pub(super) struct Fields {
    pub(super) words: [Arc<InvertedIndexReader>; N_PLACES],
    pub(super) lengths: [FieldNormReader; N_PLACES],
}

/// The commit that is searched; none before the first search.
#[derive(Default)]
pub(super) struct Slot(Mutex<Option<Arc<Opened>>>);

impl Slot {
    /// What is searched. The first to ask opens it.
    pub(super) fn get(
        &self,
        reader: &IndexReader,
        layout: &Layout,
    ) -> tantivy::Result<Arc<Opened>> {
        let mut slot = self.lock();
        if let Some(opened) = slot.as_ref() {
            return Ok(Arc::clone(opened));
        }
        let opened = Arc::new(Opened::new(reader.searcher(), layout, &[])?);
        *slot = Some(Arc::clone(&opened));
        Ok(opened)
    }

    /// Searches what `reader` has come to. Whoever asks meanwhile gets the commit
    /// before: opening one takes a while, and nobody waits for it.
    pub(super) fn renew(&self, reader: &IndexReader, layout: &Layout) -> tantivy::Result<()> {
        let Some(known) = self.lock().clone() else { return Ok(()) };
        let opened = Arc::new(Opened::new(reader.searcher(), layout, &known.segments)?);
        *self.lock() = Some(opened);
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Opened>>> {
        self.0.lock().unwrap_or_else(|it| it.into_inner())
    }
}

impl Opened {
    /// What `known` segments hold in memory is taken from them.
    fn new(searcher: Searcher, layout: &Layout, known: &[Segment]) -> tantivy::Result<Opened> {
        let readers = searcher.segment_readers().iter();
        let segments = readers.map(|it| Segment::open(it, layout, known));
        let segments = segments.collect::<tantivy::Result<Vec<Segment>>>()?;
        let popularity = Arc::new(Popularity::count(&searcher)?);
        let titles = Arc::new(Titles::read(&segments)?);
        let n_in_scope = n_in_scope(&searcher, layout)?;
        let averages = |pool| averages(&searcher, &segments, layout, pool);
        let (articles, past_tickets) = (averages(Pool::Article)?, averages(Pool::PastTicket)?);
        Ok(Opened { searcher, segments, popularity, titles, n_in_scope, articles, past_tickets })
    }

    /// Number of passages of a scope, deleted ones included that still take room.
    pub(super) fn n_passages(&self, scope: &Term) -> u64 {
        self.n_in_scope.get(scope.serialized_value_bytes()).copied().unwrap_or(0)
    }

    pub(super) fn averages(&self, pool: Pool) -> Averages {
        match pool {
            Pool::Article => self.articles,
            Pool::PastTicket => self.past_tickets,
        }
    }
}

impl Segment {
    fn open(
        reader: &SegmentReader,
        layout: &Layout,
        known: &[Segment],
    ) -> tantivy::Result<Segment> {
        let fields = |pool| -> tantivy::Result<Fields> {
            let [title, headings, body] = layout.places(pool).all();
            let words = |field| reader.inverted_index(field);
            let lengths = |field| reader.get_fieldnorms_reader(field);
            Ok(Fields {
                words: [words(title)?, words(headings)?, words(body)?],
                lengths: [lengths(title)?, lengths(headings)?, lengths(body)?],
            })
        };
        let known = known.iter().find(|it| it.reader.segment_id() == reader.segment_id());
        let (sketches, passages) = match known {
            Some(known) => (Arc::clone(&known.sketches), Arc::clone(&known.passages)),
            None => (Arc::new(Sketches::read(reader)?), Arc::new(Members::read(reader)?)),
        };
        Ok(Segment {
            sketches,
            passages,
            partitions: reader.fast_fields().u64(PARTITION)?,
            links: reader.fast_fields().u64(LINKS)?,
            meanings: reader.fast_fields().u64(MEANING)?,
            articles: fields(Pool::Article)?,
            past_tickets: fields(Pool::PastTicket)?,
            reader: reader.clone(),
        })
    }

    pub(super) fn fields(&self, pool: Pool) -> &Fields {
        match pool {
            Pool::Article => &self.articles,
            Pool::PastTicket => &self.past_tickets,
        }
    }

    /// The document a passage is of.
    pub(super) fn document(&self, doc: DocId) -> DocumentKey {
        self.passages.document(doc)
    }

    /// True if a passage is of one of some partitions.
    pub(super) fn is_in(&self, doc: DocId, partitions: &[u64]) -> bool {
        self.partitions.first(doc).is_some_and(|it| partitions.contains(&it))
    }

    /// How alike a passage and a meaning are, −1.0 to 1.0. `None` if nobody knows what
    /// the passage means.
    pub(super) fn likeness(&self, doc: DocId, asked: &Sought) -> Option<f32> {
        let rows = self.meanings.index.value_row_ids(doc);
        let mut words = [0; WORDS_AT_ONCE];
        match words.get_mut(..rows.len()) {
            Some(words) => {
                self.meanings.values.get_range(u64::from(rows.start), words);
                asked.likeness_in(words.iter().copied())
            }
            None => asked.likeness_in(self.meanings.values_for_doc(doc)),
        }
    }

    /// The articles people linked in the past ticket a passage is of.
    pub(super) fn links(&self, doc: DocId) -> impl Iterator<Item = DocumentKey> {
        self.links.values_for_doc(doc).map(DocumentKey)
    }
}

/// There are a few scopes, and every question asks about forty of them.
fn n_in_scope(searcher: &Searcher, layout: &Layout) -> tantivy::Result<HashMap<Vec<u8>, u64>> {
    let mut n_in_scope: HashMap<Vec<u8>, u64> = HashMap::new();
    for reader in searcher.segment_readers() {
        let field = reader.inverted_index(layout.scope)?;
        let mut terms = field.terms().stream()?;
        while let Some((term, info)) = terms.next() {
            *n_in_scope.entry(term.to_owned()).or_default() += u64::from(info.doc_freq);
        }
    }
    Ok(n_in_scope)
}

fn averages(
    searcher: &Searcher,
    segments: &[Segment],
    layout: &Layout,
    pool: Pool,
) -> tantivy::Result<Averages> {
    let n_in_pool = searcher.doc_freq(&layout.pool_term(pool))?.max(1);
    let mut averages = [1.0; N_PLACES];
    for (place_idx, average) in averages.iter_mut().enumerate() {
        let fields = segments.iter().filter_map(|it| it.fields(pool).words.get(place_idx));
        let n_words: u64 = fields.map(|it| it.total_num_tokens()).sum();
        *average = (n_words as f32 / n_in_pool as f32).max(1.0);
    }
    Ok(averages)
}
