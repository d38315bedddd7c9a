//! Where knowledge is read from: a folder, a file, lines of JSON, a table. Read
//! in batches, so that a source may be larger than memory.

mod open;

pub use self::open::open;
pub use self::open::open_connection;
pub use self::open::open_site;
pub use self::open::passed_over;

use std::fs::File;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::Map;
use serde_json::Value;

use super::Failure;
use super::Plan;
use super::article::read_file;
use super::desk::Articles;
use super::desk::Tickets;
use super::record::Record;
use super::record::id_of;
use super::record::read_line;
use super::record::read_record;
use super::site::Site;
use super::table::Table;
use crate::knowledge::Document;
use crate::store::Store;
use crate::store::knowledge;
use crate::store::knowledge::Visit;

/// Documents in one batch: few enough to hold, enough for one commit.
const BATCH: usize = 250;

/// Longer lines are reported and left out.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// One source, partly read.
#[derive(Debug)]
pub struct Source {
    /// What its documents carry as their source: the full path or address.
    pub name: String,
    /// How much there is to read, and how much was read: for a progress bar.
    pub n_total: u64,
    pub n_done: u64,
    items: Items,
}

#[derive(Debug)]
enum Items {
    Files { root: PathBuf, files: std::vec::IntoIter<PathBuf>, whole: bool },
    Lines { file: BufReader<File>, number: usize },
    Rows(Box<Table>),
    Site(Box<Site>),
    Articles(Box<Articles>),
    Tickets(Box<Tickets>),
}

/// Some documents of a source, and what went wrong meanwhile.
#[derive(Debug, Default)]
pub struct Batch {
    pub documents: Vec<Document>,
    pub failed: Vec<Failure>,
    /// What was taken in although something in it could not be read.
    pub notes: Vec<String>,
    /// Drafts, and past tickets nobody answered.
    pub n_skipped: usize,
    /// Ids of documents that were not sent because nothing changed.
    pub kept: Vec<String>,
    /// Ids of documents the source says are no more.
    pub gone: Vec<String>,
    /// Pages of a website as they were read.
    pub visits: Vec<Visit>,
    /// A fact to remember once the batch is stored: how far we have come.
    pub cursor: Option<(String, String)>,
}

fn size_of(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |it| it.len())
}

impl Source {
    /// Looks up what the store knows of this source. Called once, before the
    /// first batch.
    ///
    /// # Errors
    /// If the store fails.
    pub async fn prepare(&mut self, store: &Store, plan: &Plan) -> anyhow::Result<()> {
        match &mut self.items {
            Items::Site(site) => return site.prepare(store, plan).await,
            Items::Tickets(tickets) => return tickets.prepare(store, plan).await,
            Items::Files { .. } | Items::Lines { .. } | Items::Rows(_) | Items::Articles(_) => {}
        }
        if let Items::Files { root, files, whole } = &mut self.items
            && let [only] = files.as_slice()
            && only.display().to_string() == self.name
        {
            // A page of a folder that was read before stays a page of it.
            let sources = store.read(knowledge::sources).await?;
            let above = sources.into_iter().filter(|it| {
                let it = Path::new(it);
                it.is_dir() && only.starts_with(it)
            });
            if let Some(folder) = above.max_by_key(String::len) {
                *root = PathBuf::from(&folder);
                *whole = false;
                self.name = folder;
            }
        }
        Ok(())
    }

    /// True if the ids of its documents are paths, which other sources may have too.
    pub fn has_paths_for_ids(&self) -> bool {
        matches!(self.items, Items::Files { .. })
    }

    /// True if what was not met is no more.
    pub fn is_complete(&self) -> bool {
        match &self.items {
            Items::Files { whole, .. } => *whole,
            Items::Lines { .. } | Items::Rows(_) => true,
            Items::Site(site) => site.is_complete(),
            Items::Articles(articles) => articles.complete,
            // Only what changed since the last look is listed.
            Items::Tickets(_) => false,
        }
    }

    /// True if `n_total` counts bytes, not pages.
    pub fn counts_bytes(&self) -> bool {
        match &self.items {
            Items::Files { .. } | Items::Lines { .. } | Items::Rows(_) => true,
            Items::Site(_) | Items::Articles(_) | Items::Tickets(_) => false,
        }
    }

    /// What a person should know once it was read: limits that were reached.
    pub fn notes(&mut self) -> Vec<String> {
        match &mut self.items {
            Items::Files { .. } | Items::Lines { .. } | Items::Rows(_) => Vec::new(),
            Items::Articles(_) | Items::Tickets(_) => Vec::new(),
            Items::Site(site) => std::mem::take(&mut site.notes),
        }
    }

    /// The next documents. `None` at the end.
    ///
    /// # Errors
    /// If the source itself fails; what is wrong with one document is in the batch.
    pub async fn next_batch(&mut self, plan: &Plan) -> anyhow::Result<Option<Batch>> {
        match &mut self.items {
            Items::Files { .. } => Ok(self.next_files(plan)),
            Items::Lines { .. } => self.next_lines(plan),
            Items::Rows(_) => Ok(self.next_rows(plan)),
            Items::Site(site) => {
                let batch = site.next_batch(plan).await;
                let (n_done, n_waiting) = site.progress();
                self.n_done = n_done as u64;
                self.n_total = (n_done + n_waiting) as u64;
                batch
            }
            Items::Articles(articles) => {
                let batch = articles.next_batch(plan).await?;
                self.n_done += batch.as_ref().map_or(0, |it| it.documents.len()) as u64;
                self.n_total = self.n_done + articles.n_waiting() as u64;
                Ok(batch)
            }
            Items::Tickets(tickets) => {
                let batch = tickets.next_batch(plan).await?;
                self.n_done += batch.as_ref().map_or(0, Batch::n_seen) as u64;
                self.n_total = self.n_done + tickets.n_waiting() as u64;
                Ok(batch)
            }
        }
    }

    fn next_files(&mut self, plan: &Plan) -> Option<Batch> {
        let Items::Files { root, files, .. } = &mut self.items else { return None };
        let paths: Vec<PathBuf> = files.by_ref().take(BATCH).collect();
        self.n_done += paths.iter().map(|it| size_of(it)).sum::<u64>();
        let (root, name) = (&*root, self.name.as_str());
        let n_threads = std::thread::available_parallelism().map_or(1, |it| it.get());
        let share = paths.len().div_ceil(n_threads).max(1);
        let read = |file: &PathBuf| {
            let id = id_of_file(root, file);
            (read_file(file, &id, name, plan), id)
        };
        let read: Vec<_> = std::thread::scope(|scope| {
            let part = |part: &'_ [PathBuf]| part.iter().map(read).collect::<Vec<_>>();
            let threads: Vec<_> =
                paths.chunks(share).map(|it| scope.spawn(move || part(it))).collect();
            let join = |it: std::thread::ScopedJoinHandle<'_, Vec<_>>| {
                it.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            threads.into_iter().flat_map(join).collect()
        });
        let mut batch = Batch::default();
        for (file, (read, id)) in paths.iter().zip(read) {
            match read {
                Ok(Some(document)) => batch.documents.push(document),
                Ok(None) => batch.n_skipped += 1,
                Err(error) => batch.failed.push(Failure {
                    place: file.display().to_string(),
                    reason: format!("{error:#}"),
                    document_id: Some(id),
                }),
            }
        }
        (!paths.is_empty()).then_some(batch)
    }

    fn next_lines(&mut self, plan: &Plan) -> anyhow::Result<Option<Batch>> {
        let mut batch = Batch::default();
        let mut n_seen = 0;
        while n_seen < BATCH && self.next_line(plan, &mut batch)? {
            n_seen += 1;
        }
        Ok((0 < n_seen).then_some(batch))
    }

    fn next_line(&mut self, plan: &Plan, batch: &mut Batch) -> anyhow::Result<bool> {
        let Items::Lines { file, number } = &mut self.items else { return Ok(false) };
        let mut bytes = Vec::new();
        let n_read = file.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut bytes);
        let n_read = n_read.with_context(|| format!("could not read {}", self.name))?;
        if n_read == 0 {
            return Ok(false);
        }
        *number += 1;
        self.n_done += n_read as u64;
        let place = format!("{}:{number}", self.name);
        if n_read as u64 == MAX_LINE_BYTES && !bytes.ends_with(b"\n") {
            self.n_done += skip_line(file).unwrap_or(0);
            let reason = format!("the line is longer than {MAX_LINE_BYTES} bytes; split it");
            batch.failed.push(Failure { place, reason, document_id: None });
            return Ok(true);
        }
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_start_matches('\u{feff}').trim();
        if !line.is_empty() {
            batch.take(read_line(line, &self.name, plan), place, || id_of(line));
        }
        Ok(true)
    }

    fn next_rows(&mut self, plan: &Plan) -> Option<Batch> {
        let Items::Rows(table) = &mut self.items else { return None };
        let mut batch = Batch::default();
        let mut n_seen = 0;
        while n_seen < BATCH
            && let Some(row) = table.next_row()
        {
            n_seen += 1;
            self.n_done = row.n_bytes_read;
            let place = format!("{}:{}", self.name, row.line);
            let read = |it: Map<String, Value>| read_record(&it, &self.name, plan);
            batch.take(row.record.and_then(read), place, || row.id);
        }
        (0 < n_seen).then_some(batch)
    }
}

impl Batch {
    fn n_seen(&self) -> usize {
        self.documents.len() + self.failed.len() + self.n_skipped + self.gone.len()
    }

    fn take(
        &mut self,
        record: anyhow::Result<Record>,
        place: String,
        id: impl FnOnce() -> Option<String>,
    ) {
        match record {
            Ok(Record::Document(document, remark)) => {
                self.documents.push(*document);
                self.notes.extend(remark.map(|it| format!("{place}: {it}")));
            }
            Ok(Record::Skipped) => self.n_skipped += 1,
            Err(error) => {
                let reason = format!("{error:#}");
                self.failed.push(Failure { place, reason, document_id: id() });
            }
        }
    }
}

/// Reads up to the end of the line without keeping it.
fn skip_line(file: &mut BufReader<File>) -> std::io::Result<u64> {
    let mut n_skipped = 0;
    loop {
        let buffer = file.fill_buf()?;
        if buffer.is_empty() {
            return Ok(n_skipped);
        }
        let end = buffer.iter().position(|it| *it == b'\n');
        let n_used = end.map_or(buffer.len(), |it| it + 1);
        file.consume(n_used);
        n_skipped += n_used as u64;
        if end.is_some() {
            return Ok(n_skipped);
        }
    }
}

/// The path below the root, with `/` and without the extension: stable wherever
/// the folder lies.
fn id_of_file(root: &Path, file: &Path) -> String {
    let below = file.strip_prefix(root).unwrap_or(file).with_extension("");
    let parts: Vec<_> = below.iter().map(|it| it.to_string_lossy().into_owned()).collect();
    parts.join("/")
}
