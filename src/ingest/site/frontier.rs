//! Which pages of a website are still to be asked for: each once, none outside
//! the part of the site that was named, and no endless calendars.

use std::collections::HashMap;
use std::collections::HashSet;
use std::collections::VecDeque;

use jiff::Timestamp;
use url::Url;

/// Addresses that differ only behind the `?`, asked for of one path. Filters and
/// calendars make any number of them. (Guessed.)
const MAX_QUERIES_OF_A_PATH: usize = 30;

/// Addresses remembered; what is found beyond them is left out.
const MAX_ADDRESSES: usize = 500_000;

/// Longer addresses are made by machines.
const MAX_ADDRESS_CHARS: usize = 2_000;

/// One page to ask for.
#[derive(Debug, Clone)]
pub(super) struct Todo {
    pub(super) url: Url,
    /// Links between it and the first page.
    pub(super) depth: usize,
    pub(super) updated_at: Option<Timestamp>,
}

#[derive(Debug)]
pub(super) struct Frontier {
    pub(super) root: Url,
    pub(super) host: String,
    /// Paths begin with this: the folder of the address that was given.
    folder: String,
    todo: VecDeque<Todo>,
    seen: HashSet<String>,
    n_queries: HashMap<String, usize>,
    pub(super) n_taken: usize,
}

impl Frontier {
    pub(super) fn new(start: &Url) -> Frontier {
        Frontier {
            root: start.clone(),
            host: start.host_str().unwrap_or_default().to_owned(),
            folder: folder_of(start),
            todo: VecDeque::new(),
            seen: HashSet::new(),
            n_queries: HashMap::new(),
            n_taken: 0,
        }
    }

    /// The site answers at another address than was given: that one counts. If it
    /// was a redirect deeper into the same site (to a language), what was asked
    /// for still bounds what is read.
    pub(super) fn settle(&mut self, asked: &Url, answered: &Url) {
        self.host = answered.host_str().unwrap_or_default().to_owned();
        self.root = answered.clone();
        if !answered.path().starts_with(&folder_of(asked)) {
            self.folder = folder_of(answered);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.todo.is_empty()
    }

    pub(super) fn n_waiting(&self) -> usize {
        self.todo.len()
    }

    /// Adds a page unless it was met before or is none of ours.
    pub(super) fn add(&mut self, url: Url, depth: usize, updated_at: Option<Timestamp>) {
        let url = normal(url);
        let fits = matches!(url.scheme(), "http" | "https")
            && url.host_str() == Some(self.host.as_str())
            && url.port() == self.root.port()
            && url.as_str().len() <= MAX_ADDRESS_CHARS
            && (url.path().starts_with(&self.folder)
                || url.path() == self.folder.trim_end_matches('/'))
            && !is_file(url.path());
        if !fits || MAX_ADDRESSES <= self.seen.len() || self.seen.contains(url.as_str()) {
            return;
        }
        if url.query().is_some() {
            let n_queries = self.n_queries.entry(url.path().to_owned()).or_default();
            *n_queries += 1;
            if MAX_QUERIES_OF_A_PATH < *n_queries {
                return;
            }
        }
        self.seen.insert(url.as_str().to_owned());
        self.todo.push_back(Todo { url, depth, updated_at });
    }

    /// Adds pages that were read before and have not been met in this run.
    pub(super) fn add_known(&mut self, mut addresses: Vec<String>) {
        addresses.sort();
        for address in addresses {
            if let Ok(url) = Url::parse(&address)
                && self.seen.insert(address)
            {
                self.todo.push_back(Todo { url, depth: usize::MAX, updated_at: None });
            }
        }
    }

    pub(super) fn take(&mut self, n_pages: usize) -> Vec<Todo> {
        let n_pages = n_pages.min(self.todo.len());
        self.n_taken += n_pages;
        self.todo.drain(..n_pages).collect()
    }
}

/// The address without what does not tell pages apart: fragment, credentials,
/// and the marks of campaigns.
pub(super) fn normal(mut url: Url) -> Url {
    url.set_fragment(None);
    if !url.username().is_empty() || url.password().is_some() {
        // An address that can have no credentials has none.
        url.set_username("").and_then(|()| url.set_password(None)).unwrap_or_default();
    }
    if url.query().is_some() {
        let marks = ["fbclid", "gclid", "msclkid", "mc_cid", "mc_eid", "ref", "source"];
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(key, _)| !key.starts_with("utm_") && !marks.contains(&key.as_ref()))
            .map(|(key, value)| (key.into_owned(), value.into_owned()))
            .collect();
        if kept.is_empty() {
            url.set_query(None);
        } else if kept.len() < url.query_pairs().count() {
            url.query_pairs_mut().clear().extend_pairs(kept);
        }
    }
    url
}

/// The path up to its last folder: `/help/` for `/help/`, `/help` and
/// `/help/index.html`.
fn folder_of(url: &Url) -> String {
    let path = url.path();
    let last = path.rsplit('/').next().unwrap_or_default();
    if last.contains('.') {
        return path.strip_suffix(last).unwrap_or("/").to_owned();
    }
    format!("{}/", path.trim_end_matches('/'))
}

/// Addresses that name a picture, an archive or a script: not asked for.
fn is_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.').map(|(_, it)| it.to_ascii_lowercase());
    let files = [
        "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "avif", "css", "js", "mjs", "json",
        "xml", "rss", "atom", "zip", "gz", "tgz", "bz2", "7z", "rar", "exe", "dmg", "msi", "apk",
        "deb", "rpm", "iso", "mp3", "mp4", "webm", "mov", "avi", "wav", "ogg", "woff", "woff2",
        "ttf", "eot", "pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "csv", "txt", "ics",
        "map", "bin",
    ];
    ending.is_some_and(|it| files.contains(&it.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_page_is_asked_for_once_and_only_in_its_part_of_the_site() {
        let mut frontier = Frontier::new(&url("https://x.example/help"));
        for (address, wanted) in [
            ("https://x.example/help/a#part", true),
            ("https://x.example/help/a", false),
            ("https://x.example/help/a?utm_source=mail", false),
            ("https://x.example/help", true),
            ("https://x.example/helpers", false),
            ("https://x.example/blog", false),
            ("https://other.example/help/b", false),
            ("https://x.example:8443/help/b", false),
            ("https://x.example/help/b.png", false),
            ("mailto:a@x.example", false),
            ("https://x.example/help/b?page=2&utm_source=x", true),
        ] {
            let before = frontier.n_waiting();
            frontier.add(url(address), 0, None);
            assert_eq!(frontier.n_waiting() > before, wanted, "{address}");
        }
        let asked: Vec<_> = frontier.take(9).iter().map(|it| it.url.to_string()).collect();
        assert_eq!(asked.last().unwrap(), "https://x.example/help/b?page=2");
    }

    #[test]
    fn a_calendar_ends() {
        let mut frontier = Frontier::new(&url("https://x.example/"));
        for day in 0..1_000 {
            frontier.add(url(&format!("https://x.example/calendar?day={day}")), 0, None);
        }
        assert_eq!(frontier.n_waiting(), MAX_QUERIES_OF_A_PATH);
    }
}
