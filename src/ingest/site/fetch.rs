//! One page of a website: asked for politely, read up to a bound, and its fate
//! told apart. Redirects are followed here, so that each hop is checked.

use std::time::Duration;

use reqwest::Response;
use reqwest::StatusCode;
use reqwest::header;
use reqwest::header::HeaderMap;
use url::Url;

use super::robots::Robots;
use crate::http;
use crate::http::Reach;
use crate::http::root_cause;
use crate::store::knowledge::Visit;

/// Redirects followed for one page.
const MAX_HOPS: usize = 5;

/// The longest a site may ask us to wait before a second try.
const MAX_WAIT: Duration = Duration::from_secs(60);

/// How long to wait before a second try if the site does not say.
const PAUSE: Duration = Duration::from_millis(500);

/// What became of a request.
#[derive(Debug)]
pub(super) enum Fetched {
    Page(Box<Got>),
    /// The page is as it was.
    Same,
    /// 404 or 410.
    Gone,
    /// It leads to another site now.
    Elsewhere,
    /// The site asks programs not to read it.
    Forbidden,
    /// What went wrong, and what to do.
    Failed(String),
}

/// A page as it came.
#[derive(Debug)]
pub(super) struct Got {
    /// Where it was in the end.
    pub(super) url: Url,
    pub(super) bytes: Vec<u8>,
    /// In lower case; empty if the site does not say.
    pub(super) content_type: String,
    pub(super) etag: Option<String>,
    pub(super) modified: Option<String>,
    /// Words of `X-Robots-Tag`.
    pub(super) robots: String,
}

/// What to ask for.
pub(super) struct Wish<'w> {
    pub(super) url: Url,
    /// As it was last read: a page that has not changed is not sent again.
    pub(super) known: Option<&'w Visit>,
    /// `None` where the site's wishes are not known yet.
    pub(super) robots: Option<&'w Robots>,
    /// Only this host may answer; `None` for any.
    pub(super) host: Option<&'w str>,
    pub(super) max_bytes: usize,
}

#[derive(Debug, Clone)]
pub(super) struct Fetcher {
    pub(super) client: reqwest::Client,
    pub(super) reach: Reach,
}

impl Fetcher {
    /// Asks for a page; once more if the site was busy.
    pub(super) async fn get(&self, wish: &Wish<'_>) -> Fetched {
        match self.attempt(wish).await {
            Ok(fetched) => fetched,
            Err((_, None)) => {
                self.attempt(wish).await.unwrap_or_else(|(why, _)| Fetched::Failed(why))
            }
            Err((_, Some(wait))) if wait <= MAX_WAIT => {
                tokio::time::sleep(wait).await;
                self.attempt(wish).await.unwrap_or_else(|(why, _)| Fetched::Failed(why))
            }
            Err((why, Some(_))) => Fetched::Failed(why),
        }
    }

    /// The error is worth another try, after a wait.
    async fn attempt(&self, wish: &Wish<'_>) -> Result<Fetched, (String, Option<Duration>)> {
        let mut url = wish.url.clone();
        for _ in 0..=MAX_HOPS {
            if wish.host.is_some_and(|it| url.host_str() != Some(it)) {
                return Ok(Fetched::Elsewhere);
            }
            if wish.robots.is_some_and(|it| !it.allows(&path_of(&url))) {
                return Ok(Fetched::Forbidden);
            }
            if let Err(error) = http::check(&url, self.reach) {
                return Ok(Fetched::Failed(error.to_string()));
            }
            let mut request = self.client.get(url.clone()).header(
                header::ACCEPT,
                "text/html, application/xhtml+xml, application/xml;q=0.8, text/plain;q=0.5",
            );
            if let Some(known) = wish.known {
                if let Some(etag) = &known.etag {
                    request = request.header(header::IF_NONE_MATCH, etag);
                }
                if let Some(modified) = &known.modified {
                    request = request.header(header::IF_MODIFIED_SINCE, modified);
                }
            }
            let response = request.send().await.map_err(|it| (unanswered(&it), Some(PAUSE)))?;
            if response.status().is_redirection() && response.status() != StatusCode::NOT_MODIFIED {
                let target = word(response.headers(), header::LOCATION);
                match target.and_then(|it| url.join(&it).ok()) {
                    Some(target) => url = target,
                    None => return Ok(Fetched::Failed("it leads to no address".to_owned())),
                }
                continue;
            }
            return self.read(response, url, wish.max_bytes).await;
        }
        Ok(Fetched::Failed(format!("it leads on more than {MAX_HOPS} times; mend the redirects")))
    }

    async fn read(
        &self,
        mut response: Response,
        url: Url,
        max_bytes: usize,
    ) -> Result<Fetched, (String, Option<Duration>)> {
        let status = response.status();
        match status.as_u16() {
            200..=299 => {}
            304 => return Ok(Fetched::Same),
            404 | 410 => return Ok(Fetched::Gone),
            401 | 403 => {
                let why = "let the user agent `Deskhand` read it, or leave it out";
                return Ok(Fetched::Failed(format!("the site answers {status}; {why}")));
            }
            429 | 500..=599 => {
                let why = format!("the site answers {status}; try again later");
                let wait = word(response.headers(), header::RETRY_AFTER);
                let wait = wait.and_then(|it| it.trim().parse().ok()).map(Duration::from_secs);
                return Err((why, Some(wait.unwrap_or(PAUSE))));
            }
            _ => return Ok(Fetched::Failed(format!("the site answers {status}"))),
        }
        let headers = response.headers().clone();
        let mut bytes = Vec::new();
        while let Some(part) =
            response.chunk().await.map_err(|it| (unanswered(&it), Some(PAUSE)))?
        {
            if max_bytes < bytes.len() + part.len() {
                let why = format!("it has more than {max_bytes} bytes; split it, or leave it out");
                return Ok(Fetched::Failed(why));
            }
            bytes.extend_from_slice(&part);
        }
        let robots = headers.get_all("x-robots-tag").iter().filter_map(|it| it.to_str().ok());
        Ok(Fetched::Page(Box::new(Got {
            url,
            bytes,
            content_type: word(&headers, header::CONTENT_TYPE).unwrap_or_default().to_lowercase(),
            etag: word(&headers, header::ETAG),
            modified: word(&headers, header::LAST_MODIFIED),
            robots: robots.collect::<Vec<_>>().join(","),
        })))
    }
}

impl Got {
    /// The text, in the character set the site or the page declares.
    pub(super) fn text(&self) -> String {
        let declared = self.content_type.split("charset=").nth(1).map(str::to_owned);
        let declared = declared.or_else(|| {
            let head = self.bytes.get(..self.bytes.len().min(2048)).unwrap_or_default();
            let head = String::from_utf8_lossy(head).to_lowercase();
            head.split("charset=").nth(1).map(str::to_owned)
        });
        let label: String = declared
            .unwrap_or_default()
            .trim_start_matches(['"', '\''])
            .chars()
            .take_while(|it| it.is_ascii_alphanumeric() || matches!(it, '-' | '_'))
            .collect();
        let encoding = encoding_rs::Encoding::for_label(label.as_bytes());
        encoding.unwrap_or(encoding_rs::UTF_8).decode(&self.bytes).0.into_owned()
    }
}

/// Path and query: what robots.txt speaks of.
fn path_of(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn unanswered(error: &reqwest::Error) -> String {
    format!("the site gave no answer ({}); try again later", root_cause(error))
}

fn word(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}
