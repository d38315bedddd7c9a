//! A website, page by page: along its sitemap, else along its links. Asks no
//! other host than the one it was given, nothing the site asks programs not to
//! read, and no address inside one's own network.

mod fetch;
mod frontier;
pub mod robots;
pub mod sitemap;

use std::collections::HashMap;
use std::collections::HashSet;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::bail;
use futures_util::StreamExt as _;
use futures_util::stream;
use url::Url;

use self::fetch::Fetched;
use self::fetch::Fetcher;
use self::fetch::Got;
use self::fetch::Wish;
use self::frontier::Frontier;
use self::frontier::Todo;
use self::robots::Robots;
use super::Batch;
use super::Failure;
use super::Plan;
use super::article;
use crate::http;
use crate::http::Reach;
use crate::knowledge::Document;
use crate::store::Store;
use crate::store::fact;
use crate::store::knowledge;
use crate::store::knowledge::Visit;
use crate::text::html;

/// How a call may take, from connecting to the last byte.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Larger pages are no articles.
const MAX_PAGE_BYTES: usize = 8 * 1024 * 1024;

/// Pages asked for before what they say is stored.
const BATCH: usize = 32;

/// Sitemap files read of one site.
const MAX_SITEMAPS: usize = 100;

/// Pages in a row that fail before the site is taken for down.
const MAX_FAILURES_IN_A_ROW: usize = 20;

/// Whom a site can ask about us.
const USER_AGENT: &str = concat!(
    "Deskhand/",
    env!("CARGO_PKG_VERSION"),
    " (reads a help center for its own support team)"
);

/// How a website is read.
#[derive(Debug, Clone, Copy)]
pub struct SiteRules {
    pub max_pages: usize,
    /// Links followed from the first page, where there is no sitemap.
    pub max_depth: usize,
    pub concurrency: usize,
    pub reach: Reach,
}

/// A website, partly read.
#[derive(Debug)]
pub(super) struct Site {
    rules: SiteRules,
    start: Url,
    fetcher: Fetcher,
    robots: Robots,
    frontier: Frontier,
    /// Pages as they were last read, by address.
    known: HashMap<String, Visit>,
    /// Ids of documents this run gave: two addresses may have one page.
    given: HashSet<String>,
    follows_links: bool,
    /// True if the last run came to its end: only then may pages that did not
    /// change be left unread where links are followed.
    had_finished: bool,
    stage: Stage,
    pub(super) notes: Vec<String>,
    n_forbidden: usize,
    n_failures_in_a_row: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    New,
    Reading,
    /// What is known from before and was not met is asked for as well.
    Checking,
    Done,
    /// A limit was reached, or the site is down.
    CutShort,
}

impl Site {
    pub(super) fn new(address: &str, rules: SiteRules) -> anyhow::Result<Site> {
        let start = Url::parse(address).with_context(|| format!("{address} is no address"))?;
        http::check(&start, rules.reach)?;
        let client = http::public_client(rules.reach, USER_AGENT, TIMEOUT)?;
        Ok(Site {
            rules,
            fetcher: Fetcher { client, reach: rules.reach },
            robots: Robots::default(),
            frontier: Frontier::new(&start),
            start,
            known: HashMap::new(),
            given: HashSet::new(),
            follows_links: false,
            had_finished: false,
            stage: Stage::New,
            notes: Vec::new(),
            n_forbidden: 0,
            n_failures_in_a_row: 0,
        })
    }

    /// What the site's documents carry as their source.
    pub(super) fn name(&self) -> String {
        self.start.to_string()
    }

    pub(super) fn is_complete(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Pages that were asked for, and that wait.
    pub(super) fn progress(&self) -> (usize, usize) {
        (self.frontier.n_taken, self.frontier.n_waiting())
    }

    pub(super) async fn prepare(&mut self, store: &Store, plan: &Plan) -> anyhow::Result<()> {
        let (name, manner, progress) = (self.name(), plan.manner(), self.progress_name());
        let read = move |connection: &rusqlite::Connection| {
            Ok((knowledge::visits(connection, &name, &manner)?, fact(connection, &progress)?))
        };
        let (known, finished) = store.read(read).await?;
        self.known = known;
        self.had_finished = finished.as_deref() == Some("finished");
        Ok(())
    }

    fn progress_name(&self) -> String {
        format!("website {}", self.start)
    }

    /// The next pages. `None` at the end.
    pub(super) async fn next_batch(&mut self, plan: &Plan) -> anyhow::Result<Option<Batch>> {
        if self.stage == Stage::New {
            self.begin().await?;
            self.stage = Stage::Reading;
            let cursor = Some((self.progress_name(), "begun".to_owned()));
            return Ok(Some(Batch { cursor, ..Batch::default() }));
        }
        let room = self.rules.max_pages.saturating_sub(self.frontier.n_taken);
        if self.frontier.is_empty() && self.stage == Stage::Reading {
            self.stage = Stage::Checking;
            let known = self.known.keys().cloned().collect();
            self.frontier.add_known(known);
        }
        if self.frontier.is_empty() {
            return Ok(self.end());
        }
        if room == 0 && self.stage == Stage::Reading {
            self.notes.push(format!(
                "{} has more than {} pages; raise website.max_pages, or give the address of a part of it",
                self.start, self.rules.max_pages
            ));
            self.stage = Stage::CutShort;
        }
        if self.stage == Stage::CutShort {
            return Ok(None);
        }
        // What is known from before was within the limit then.
        let n_pages = if self.stage == Stage::Checking { BATCH } else { BATCH.min(room) };
        let todo = self.frontier.take(n_pages);
        let fetched = self.fetch(&todo).await;
        let mut batch = Batch::default();
        for (todo, fetched) in todo.into_iter().zip(fetched) {
            self.take(todo, fetched, plan, &mut batch);
        }
        if MAX_FAILURES_IN_A_ROW <= self.n_failures_in_a_row {
            self.notes.push(format!("{} seems to be down; run this again later", self.start));
            self.stage = Stage::CutShort;
        }
        Ok(Some(batch))
    }

    fn end(&mut self) -> Option<Batch> {
        if self.stage == Stage::Done {
            return None;
        }
        self.stage = Stage::Done;
        if 0 < self.n_forbidden {
            self.notes.push(format!(
                "robots.txt of {} keeps {} pages from programs; allow the user agent `Deskhand` if they are to be read",
                self.start, self.n_forbidden
            ));
        }
        let cursor = Some((self.progress_name(), "finished".to_owned()));
        Some(Batch { cursor, ..Batch::default() })
    }

    /// Finds out where the site really is, what it asks of us, and its pages.
    async fn begin(&mut self) -> anyhow::Result<()> {
        let first = self.plain(self.start.clone(), None, MAX_PAGE_BYTES).await;
        match first {
            Fetched::Page(got) => self.frontier.settle(&self.start, &got.url),
            Fetched::Gone => bail!("there is nothing at {}; check the address", self.start),
            Fetched::Failed(why) => bail!("could not read {}: {why}", self.start),
            Fetched::Same | Fetched::Elsewhere | Fetched::Forbidden => {}
        }
        let host = self.frontier.host.clone();
        let robots = self.frontier.root.join("/robots.txt")?;
        match self.plain(robots, Some(&host), robots::MAX_BYTES).await {
            Fetched::Page(got) => self.robots = Robots::parse(&got.text()),
            // Nothing is asked of us.
            Fetched::Gone | Fetched::Elsewhere | Fetched::Same | Fetched::Forbidden => {}
            Fetched::Failed(why) if why.contains("answers 4") => {}
            Fetched::Failed(why) => {
                bail!("could not read robots.txt of {host}, so nothing may be read: {why}")
            }
        }
        self.read_sitemaps().await?;
        self.follows_links = self.frontier.is_empty();
        if self.follows_links {
            let root = self.frontier.root.clone();
            self.frontier.add(root, 0, None);
        }
        Ok(())
    }

    async fn plain(&self, url: Url, host: Option<&str>, max_bytes: usize) -> Fetched {
        let wish = Wish { url, known: None, robots: None, host, max_bytes };
        self.fetcher.get(&wish).await
    }

    async fn read_sitemaps(&mut self) -> anyhow::Result<()> {
        let mut files: Vec<Url> =
            self.robots.sitemaps.iter().filter_map(|it| self.frontier.root.join(it).ok()).collect();
        if files.is_empty() {
            files.push(self.frontier.root.join("/sitemap.xml")?);
        }
        let host = self.frontier.host.clone();
        let mut seen: HashSet<Url> = HashSet::new();
        let max_bytes = usize::try_from(sitemap::MAX_BYTES).unwrap_or(usize::MAX);
        while let Some(file) = files.pop() {
            if MAX_SITEMAPS <= seen.len() || !seen.insert(file.clone()) {
                continue;
            }
            let read = match self.plain(file.clone(), Some(&host), max_bytes).await {
                Fetched::Page(got) => sitemap::parse(&got.bytes),
                Fetched::Failed(why) => {
                    self.notes.push(format!("could not read the sitemap {file}: {why}"));
                    None
                }
                Fetched::Gone | Fetched::Elsewhere | Fetched::Same | Fetched::Forbidden => None,
            };
            let Some(read) = read else { continue };
            files.extend(read.files.iter().filter_map(|it| file.join(it).ok()));
            for listed in read.pages {
                if let Ok(url) = file.join(&listed.url) {
                    self.frontier.add(url, 0, listed.updated_at);
                }
            }
        }
        Ok(())
    }

    async fn fetch(&self, todo: &[Todo]) -> Vec<Fetched> {
        let host = self.frontier.host.as_str();
        let may_skip = !self.follows_links || self.had_finished;
        let one = |it: &Todo| {
            let known = self.known.get(it.url.as_str()).filter(|_| may_skip);
            let (url, robots) = (it.url.clone(), Some(&self.robots));
            let wish = Wish { url, known, robots, host: Some(host), max_bytes: MAX_PAGE_BYTES };
            async move { self.fetcher.get(&wish).await }
        };
        match self.robots.delay {
            Some(delay) => {
                let mut fetched = Vec::new();
                for it in todo {
                    tokio::time::sleep(delay).await;
                    fetched.push(one(it).await);
                }
                fetched
            }
            None => {
                // Futures are made before they are run: the stream must own them.
                let futures: Vec<_> = todo.iter().map(one).collect();
                stream::iter(futures).buffered(self.rules.concurrency.max(1)).collect().await
            }
        }
    }

    fn take(&mut self, todo: Todo, fetched: Fetched, plan: &Plan, batch: &mut Batch) {
        let known = self.known.get(todo.url.as_str()).map(|it| it.document_id.clone());
        let id = known.unwrap_or_else(|| id_of(&todo.url));
        let is_failure = matches!(fetched, Fetched::Failed(_));
        self.n_failures_in_a_row = if is_failure { self.n_failures_in_a_row + 1 } else { 0 };
        match fetched {
            Fetched::Page(got) => self.take_page(&todo, *got, plan, batch),
            Fetched::Same => {
                if self.given.insert(id.clone()) {
                    batch.kept.push(id);
                }
            }
            Fetched::Gone => batch.gone.push(id),
            // Behind a login now, or moved: it is not this site's page any more.
            Fetched::Elsewhere => batch.n_skipped += 1,
            Fetched::Forbidden => {
                self.n_forbidden += 1;
                batch.n_skipped += 1;
            }
            Fetched::Failed(reason) => {
                let place = todo.url.to_string();
                batch.failed.push(Failure { place, reason, document_id: Some(id) });
            }
        }
    }

    fn take_page(&mut self, todo: &Todo, got: Got, plan: &Plan, batch: &mut Batch) {
        let is_html =
            ["text/html", "application/xhtml"].iter().any(|it| got.content_type.starts_with(it));
        if !is_html {
            batch.n_skipped += 1;
            return;
        }
        let text = got.text();
        let mut links = html::links(&text);
        links.obey(&got.robots);
        if self.follows_links && !links.nofollow && todo.depth < self.rules.max_depth {
            let base = links.base.as_deref().and_then(|it| got.url.join(it).ok());
            let base = base.unwrap_or_else(|| got.url.clone());
            for link in &links.links {
                if let Ok(url) = base.join(link) {
                    self.frontier.add(url, todo.depth + 1, None);
                }
            }
        }
        if links.noindex {
            batch.n_skipped += 1;
            return;
        }
        let page = html::page(&text);
        let canonical = page.url.as_deref().and_then(|it| got.url.join(it).ok());
        let url = canonical.filter(|it| it.host_str() == got.url.host_str()).unwrap_or(got.url);
        let url = frontier::normal(url);
        let id = id_of(&url);
        if page.markdown.trim().is_empty() {
            let reason = "it shows no text; if it needs JavaScript to, export it to a file instead";
            let (place, reason) = (todo.url.to_string(), reason.to_owned());
            batch.failed.push(Failure { place, reason, document_id: Some(id) });
            return;
        }
        batch.visits.push(Visit {
            url: todo.url.to_string(),
            document_id: id.clone(),
            etag: got.etag,
            modified: got.modified,
        });
        if !self.given.insert(id.clone()) {
            return;
        }
        let mut document = Document {
            id,
            brand: plan.brand.clone().unwrap_or_else(|| super::DEFAULT_BRAND.to_owned()),
            title: if page.title.is_empty() { url.path().to_owned() } else { page.title },
            body: page.markdown,
            summary: page.summary,
            url: Some(url.to_string()),
            language: page.language,
            audience: plan.audience.clone().unwrap_or_default(),
            updated_at: todo.updated_at,
            source: self.name(),
            ..article::empty()
        };
        article::settle_language(&mut document);
        batch.documents.push(document);
    }
}

/// Host, path and query: stable where a site moves from http to https.
fn id_of(url: &Url) -> String {
    let address = url.as_str();
    let bare = address.split_once("://").map_or(address, |(_, it)| it);
    bare.trim_end_matches('/').to_owned()
}
