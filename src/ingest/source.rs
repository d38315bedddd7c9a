//! Where knowledge is read from: a folder, a file, lines of JSON. Read in
//! batches, so that a source may be larger than memory. Nothing is fetched.

use std::fs::File;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Read as _;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::bail;
use walkdir::DirEntry;
use walkdir::WalkDir;

use super::Failure;
use super::Plan;
use super::article::is_readable;
use super::article::read_file;
use super::record::Record;
use super::record::id_of;
use super::record::read_line;
use crate::knowledge::Document;

/// Documents in one batch: few enough to hold, enough for one commit.
const BATCH: usize = 250;

/// Longer lines are reported and left out.
const MAX_LINE_BYTES: u64 = 16 * 1024 * 1024;

/// The files of a folder that holds data rather than pages.
const DATA_FILES: [&str; 2] = ["corpus.jsonl", "past_tickets.jsonl"];

/// One source, partly read.
#[derive(Debug)]
pub struct Source {
    /// What its documents carry as their source: the full path.
    pub name: String,
    /// Bytes it has, and bytes of it that were read: for a progress bar.
    pub n_bytes: u64,
    pub n_bytes_read: u64,
    items: Items,
}

#[derive(Debug)]
enum Items {
    Files { root: PathBuf, files: std::vec::IntoIter<PathBuf> },
    Lines { file: BufReader<File>, number: usize },
}

/// Some documents of a source, and what went wrong meanwhile.
#[derive(Debug, Default)]
pub struct Batch {
    pub documents: Vec<Document>,
    pub failed: Vec<Failure>,
    /// Drafts, and past tickets nobody answered.
    pub n_skipped: usize,
}

/// Opens a source. A folder that holds `corpus.jsonl` or `past_tickets.jsonl` is
/// one source for each of them; any other folder is one source with its files.
///
/// # Errors
/// If there is nothing at that path, or nothing that can be read.
pub fn open(path: &Path) -> anyhow::Result<Vec<Source>> {
    let full = path
        .canonicalize()
        .with_context(|| format!("could not open {}; check the path", path.display()))?;
    if full.is_dir() {
        let data: Vec<PathBuf> =
            DATA_FILES.iter().map(|it| full.join(it)).filter(|it| it.is_file()).collect();
        if data.is_empty() {
            return Ok(vec![folder(&full)?]);
        }
        return data.iter().map(|it| lines(it)).collect();
    }
    let extension = full.extension().and_then(|it| it.to_str()).unwrap_or_default();
    if matches!(extension, "jsonl" | "ndjson") {
        return Ok(vec![lines(&full)?]);
    }
    if !is_readable(&full) {
        bail!("{} is none of .md, .mdx, .html, .jsonl", path.display());
    }
    let root = full.parent().unwrap_or(&full).to_owned();
    let n_bytes = size_of(&full);
    let files = vec![full.clone()].into_iter();
    let name = full.display().to_string();
    Ok(vec![Source { name, n_bytes, n_bytes_read: 0, items: Items::Files { root, files } }])
}

fn folder(root: &Path) -> anyhow::Result<Source> {
    let mut files = Vec::new();
    let walk = WalkDir::new(root).follow_links(false).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(|it| it.depth() == 0 || is_wanted(it)) {
        // What cannot be listed cannot be told from what was deleted: stop here
        // rather than remove the articles in it.
        let entry = entry.with_context(|| format!("could not list {}", root.display()))?;
        if entry.file_type().is_file() && is_page(&entry) {
            files.push(entry.into_path());
        }
    }
    if files.is_empty() {
        bail!("{} holds no .md, .mdx or .html files", root.display());
    }
    let n_bytes = files.iter().map(|it| size_of(it)).sum();
    let items = Items::Files { root: root.to_owned(), files: files.into_iter() };
    Ok(Source { name: root.display().to_string(), n_bytes, n_bytes_read: 0, items })
}

fn lines(path: &Path) -> anyhow::Result<Source> {
    let file = File::open(path).with_context(|| format!("could not open {}", path.display()))?;
    let items = Items::Lines { file: BufReader::new(file), number: 0 };
    Ok(Source { name: path.display().to_string(), n_bytes: size_of(path), n_bytes_read: 0, items })
}

fn size_of(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |it| it.len())
}

/// Hidden files and the parts of a site that are no pages are left out.
fn is_wanted(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    let machinery = ["node_modules", "_includes", "_layouts", "_drafts", "_partials"];
    !name.starts_with('.') && !machinery.contains(&&*name)
}

/// Pages, without the papers every repository carries.
fn is_page(entry: &DirEntry) -> bool {
    let stem = entry.path().file_stem().and_then(|it| it.to_str()).unwrap_or_default();
    let stem = stem.to_ascii_uppercase();
    let papers = ["LICENSE", "LICENCE", "CONTRIBUTING", "CODE_OF_CONDUCT", "CHANGELOG"];
    let about_repository = entry.depth() == 1 && stem == "README";
    is_readable(entry.path()) && !papers.contains(&stem.as_str()) && !about_repository
}

impl Source {
    /// The next documents. `None` at the end.
    ///
    /// # Errors
    /// If the source itself fails; what is wrong with one document is in the batch.
    pub fn next_batch(&mut self, plan: &Plan) -> anyhow::Result<Option<Batch>> {
        let mut batch = Batch::default();
        let mut n_seen = 0;
        while n_seen < BATCH {
            let more = match &mut self.items {
                Items::Files { .. } => self.next_file(plan, &mut batch),
                Items::Lines { .. } => self.next_line(plan, &mut batch)?,
            };
            if !more {
                break;
            }
            n_seen += 1;
        }
        Ok((0 < n_seen).then_some(batch))
    }

    fn next_file(&mut self, plan: &Plan, batch: &mut Batch) -> bool {
        let Items::Files { root, files } = &mut self.items else { return false };
        let Some(file) = files.next() else { return false };
        self.n_bytes_read += size_of(&file);
        let id = id_of_file(root, &file);
        match read_file(&file, &id, &self.name, plan) {
            Ok(Some(document)) => batch.documents.push(document),
            Ok(None) => batch.n_skipped += 1,
            Err(error) => batch.failed.push(Failure {
                place: file.display().to_string(),
                reason: format!("{error:#}"),
                document_id: Some(id),
            }),
        }
        true
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
        self.n_bytes_read += n_read as u64;
        let place = format!("{}:{number}", self.name);
        if n_read as u64 == MAX_LINE_BYTES && !bytes.ends_with(b"\n") {
            self.n_bytes_read += skip_line(file).unwrap_or(0);
            let reason = format!("the line is longer than {MAX_LINE_BYTES} bytes");
            batch.failed.push(Failure { place, reason, document_id: None });
            return Ok(true);
        }
        let line = String::from_utf8_lossy(&bytes);
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() {
            return Ok(true);
        }
        match read_line(line, &self.name, plan) {
            Ok(Record::Document(document)) => batch.documents.push(*document),
            Ok(Record::Unanswered) => batch.n_skipped += 1,
            Err(error) => batch.failed.push(Failure {
                place,
                reason: format!("{error:#}"),
                document_id: id_of(line),
            }),
        }
        Ok(true)
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
