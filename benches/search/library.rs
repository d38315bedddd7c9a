//! The knowledge that is searched, in the index and in the others' form: how fast
//! it goes in, and how much room it takes.

use std::fs::File;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

use deskhand::clock::Stopwatch;
use deskhand::embed::Known;
use deskhand::embed::TABLE;
use deskhand::index;
use deskhand::index::Change;
use deskhand::index::Index;
use deskhand::knowledge::Passage;
use deskhand::knowledge::Pool;

use crate::corpus::BRAND;
use crate::corpus::PASSAGES_AN_ARTICLE;
use crate::corpus::Size;
use crate::corpus::Words;
use crate::corpus::added;
use crate::figures::size_mb;
use crate::rivals::Fts5;
use crate::rivals::TopK;
use crate::rivals::text_of;

/// Changes of one commit, as `deskhand ingest` has it.
const CHANGES_PER_COMMIT: usize = 4_000;

/// The index joins its parts in the background; it has when nothing changes for
/// this long.
const SETTLED: Duration = Duration::from_secs(3);

pub(crate) struct Library {
    pub(crate) folder: PathBuf,
    pub(crate) words: Words,
    /// Of the whole; what is there so far is `filled`.
    pub(crate) size: Size,
    pub(crate) filled: Size,
    /// Of the last change.
    pub(crate) sequence: u64,
    pub(crate) fts5: Fts5,
    /// What bm25s is given.
    passages: BufWriter<File>,
    apply_s: f64,
    settle_s: f64,
}

impl Library {
    pub(crate) fn new(folder: &Path, size: Size) -> Library {
        Library {
            folder: folder.to_owned(),
            words: Words::new(),
            size,
            filled: Size { n_passages: 0, n_tickets: 0 },
            sequence: 0,
            fts5: Fts5::create(&folder.join("fts5.sqlite")),
            passages: BufWriter::new(File::create(folder.join("passages.tsv")).unwrap()),
            apply_s: 0.0,
            settle_s: 0.0,
        }
    }

    pub(crate) fn index_folder(&self) -> PathBuf {
        self.folder.join("index")
    }

    /// Adds articles until there are as many passages, and their share of the past
    /// tickets. The others get the articles only.
    pub(crate) fn grow(&mut self, n_passages: u64) {
        let n_tickets = self.size.n_tickets * n_passages / self.size.n_passages.max(1);
        let target = Size { n_passages, n_tickets };
        // Made up before anything is timed.
        let changes = self.changes(target);
        let index = Index::open(&self.index_folder(), TABLE).unwrap();
        let applying = Stopwatch::start();
        for part in changes.chunks(CHANGES_PER_COMMIT) {
            index.apply(part, &Known::ByTable).unwrap();
        }
        self.apply_s += applying.elapsed().as_secs_f64();
        self.settle_s += settle(&self.index_folder()).as_secs_f64();
        let n_indexed = index.n_passages(BRAND, Pool::Article);
        assert_eq!(n_indexed, target.n_articles() * PASSAGES_AN_ARTICLE, "passages are missing");
        let articles = changes.iter().filter(|it| it.pool == Pool::Article);
        let articles = articles.filter_map(|it| it.document.as_ref());
        let passages: Vec<Passage> = articles.flat_map(index::cut).collect();
        for it in &passages {
            writeln!(self.passages, "{}\t{} {}", it.document_id, it.title, text_of(it)).unwrap();
        }
        self.fts5.add(&passages);
        self.fts5.settle();
        self.passages.flush().unwrap();
        self.filled = target;
    }

    fn changes(&mut self, target: Size) -> Vec<Change> {
        let articles = self.filled.n_articles()..target.n_articles();
        let tickets = self.filled.n_tickets..target.n_tickets;
        let documents = articles
            .map(|it| self.words.article(it))
            .chain(tickets.map(|it| self.words.ticket(it, self.size)));
        let first = self.sequence + 1;
        let changes: Vec<Change> = (first..).zip(documents).map(|(n, it)| added(n, it)).collect();
        self.sequence += changes.len() as u64;
        changes
    }

    /// How fast it went in and how much room it takes.
    pub(crate) fn tell(&self, out: &mut impl Write) {
        let index = Index::open(&self.index_folder(), TABLE).unwrap();
        let [articles, tickets] =
            [Pool::Article, Pool::PastTicket].map(|it| index.n_passages(BRAND, it));
        let n_segments = TopK::open(&self.index_folder(), articles).n_segments();
        let n_all = (articles + tickets) as f64;
        let Library { apply_s, settle_s, fts5, .. } = self;
        writeln!(
            out,
            "index: {articles} passages of articles and {tickets} of {} past tickets, \
             {n_segments} segments, {:.0} MB on disk; {:.0} passages/s to the last commit, \
             {:.0} with the joining of parts that follows ({settle_s:.1} s)",
            self.filled.n_tickets,
            size_mb(&self.index_folder()),
            n_all / apply_s,
            n_all / (apply_s + settle_s)
        )
        .unwrap();
        let file = self.folder.join("fts5.sqlite").metadata().unwrap().len();
        let (rate, mb) = (articles as f64 / fts5.added_s, file as f64 / 1e6);
        writeln!(out, "FTS5: {articles} passages, {mb:.0} MB on disk, {rate:.0} passages/s")
            .unwrap();
    }
}

/// Waits until nothing has changed in a folder for a while, and says how long
/// until the last change.
fn settle(folder: &Path) -> Duration {
    let names = || {
        let files = std::fs::read_dir(folder).unwrap().flatten();
        let mut names: Vec<_> = files.map(|it| it.file_name()).collect();
        names.sort();
        names
    };
    let all = Stopwatch::start();
    let (mut before, mut quiet, mut last) = (names(), Stopwatch::start(), Duration::ZERO);
    while quiet.elapsed() < SETTLED {
        std::thread::sleep(Duration::from_millis(20));
        let now = names();
        if now != before {
            (before, quiet, last) = (now, Stopwatch::start(), all.elapsed());
        }
    }
    last
}
