//! Opens what a person named: a path, a website, a connected helpdesk.

use std::fs::File;
use std::io::BufReader;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use anyhow::bail;
use jiff::Timestamp;
use walkdir::DirEntry;
use walkdir::WalkDir;

use super::Items;
use super::Source;
use super::size_of;
use crate::clock::Clock;
use crate::helpdesk::Helpdesk;
use crate::ingest::article::is_readable;
use crate::ingest::desk::Articles;
use crate::ingest::desk::Tickets;
use crate::ingest::site::Site;
use crate::ingest::site::SiteRules;
use crate::ingest::table::Table;

/// The files of a folder that holds data rather than pages. Past tickets come
/// before mere links, which never take their place.
const DATA_FILES: [&str; 3] = ["corpus.jsonl", "past_tickets.jsonl", "past_links.jsonl"];

/// Opens a path. A folder that holds `corpus.jsonl`, `past_tickets.jsonl` or
/// `past_links.jsonl` is one source for each of them; any other folder is one
/// source with its files.
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
    if matches!(extension, "csv" | "tsv") {
        return Ok(vec![source(&full, Items::Rows(Box::new(Table::open(&full)?)))]);
    }
    if !is_readable(&full) {
        bail!("{} is none of {READABLE}", path.display());
    }
    let root = full.parent().unwrap_or(&full).to_owned();
    let files = vec![full.clone()].into_iter();
    Ok(vec![source(&full, Items::Files { root, files, whole: true })])
}

/// The files of a folder that [`open`] passes over although each could be opened by
/// itself: tables beside pages, and whatever lies beside data. Empty for anything else.
pub fn passed_over(path: &Path) -> Vec<String> {
    let is_data = DATA_FILES.iter().any(|it| path.join(it).is_file());
    let beside = WalkDir::new(path).min_depth(1).max_depth(1).sort_by_file_name();
    let passed_over = beside.into_iter().flatten().filter(|it| {
        let name = it.file_name().to_str().unwrap_or_default();
        let extension = it.path().extension().and_then(|it| it.to_str()).unwrap_or_default();
        let is_table = matches!(extension, "csv" | "tsv" | "jsonl" | "ndjson");
        let is_left = is_table && !DATA_FILES.contains(&name) || is_data && is_page(it);
        it.file_type().is_file() && is_left
    });
    passed_over.map(|it| it.file_name().to_string_lossy().into_owned()).collect()
}

/// Opens a website. Nothing is asked of it yet.
///
/// # Errors
/// If it is no address, or one that is not to be connected to.
pub fn open_site(address: &str, rules: SiteRules) -> anyhow::Result<Source> {
    let site = Site::new(address, rules)?;
    let name = site.name();
    Ok(Source { name, n_total: 0, n_done: 0, items: Items::Site(Box::new(site)) })
}

/// Opens a connected helpdesk: its articles and its solved tickets, as far as it
/// has a way to list them. Tickets are read from `since` on; without it from
/// where the last look ended. Nothing is asked of it yet.
///
/// # Errors
/// If it has a list of neither.
pub fn open_connection(
    helpdesk: Arc<Helpdesk>,
    clock: Clock,
    since: Option<Timestamp>,
) -> anyhow::Result<Vec<Source>> {
    let mut sources = Vec::new();
    let source = |name, items| Source { name, n_total: 0, n_done: 0, items };
    let (articles, tickets) = (helpdesk.can("articles"), helpdesk.can("solved"));
    if articles.is_ok() {
        let articles = Articles::new(Arc::clone(&helpdesk));
        sources.push(source(articles.name(), Items::Articles(Box::new(articles))));
    }
    if tickets.is_ok() {
        let tickets = Tickets::new(Arc::clone(&helpdesk), clock, since);
        sources.push(source(tickets.name(), Items::Tickets(Box::new(tickets))));
    }
    match (articles, tickets) {
        (Err(no_articles), Err(no_tickets)) => bail!(
            "nothing can be read from connection {}: {no_articles}; {no_tickets}",
            helpdesk.name()
        ),
        (_, _) => Ok(sources),
    }
}

const READABLE: &str = ".md, .mdx, .html, .pdf, .docx, .csv, .jsonl";

fn source(path: &Path, items: Items) -> Source {
    Source { name: path.display().to_string(), n_total: size_of(path), n_done: 0, items }
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
        bail!("{} holds no .md, .mdx, .html, .pdf or .docx files", root.display());
    }
    let n_total = files.iter().map(|it| size_of(it)).sum();
    let items = Items::Files { root: root.to_owned(), files: files.into_iter(), whole: true };
    Ok(Source { n_total, ..source(root, items) })
}

fn lines(path: &Path) -> anyhow::Result<Source> {
    let file = File::open(path).with_context(|| format!("could not open {}", path.display()))?;
    Ok(source(path, Items::Lines { file: BufReader::new(file), number: 0 }))
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
