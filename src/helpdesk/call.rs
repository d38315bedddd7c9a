//! One request to a helpdesk: made from a manifest's step, sent, and its fate
//! told apart. Whether a write that got no good answer may have been done is
//! the question everything here is about.

use std::collections::BTreeMap;
use std::time::Duration;

use jaq_json::Val;
use jiff::Timestamp;
use reqwest::header::HeaderMap;
use url::Url;

use super::HelpdeskError;
use super::connection::Helpdesk;
use super::jq;
use super::jq::Globals;
use super::manifest::Step;
use super::mapping;
use crate::http::root_cause;

/// Bytes an answer may have. Guessed: ten times the largest page seen (1.3 MB
/// for 100 comments with signatures), small enough for a few at a time.
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// The longest wait a helpdesk may ask for. Guessed: beyond an hour the sweep
/// is as good, and a wrong clock may not stop a connection for a day.
const MAX_WAIT: Duration = Duration::from_secs(3600);

/// Characters of a helpdesk's own words in an error. Specified: enough for a
/// sentence, too few for a ticket.
const MAX_DETAIL_CHARS: usize = 200;

/// A request as it would be sent, without what proves who we are.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct PlannedCall {
    pub method: String,
    /// Path and query, from the root of the host.
    pub path: String,
    pub headers: BTreeMap<String, String>,
    /// JSON text; `None` for a request without a body.
    pub body: Option<String>,
    #[serde(skip)]
    pub(super) url: Option<Url>,
}

/// What a helpdesk answered with a status below 300.
pub(super) struct Answer {
    /// Null for an empty body or one that is not JSON.
    pub(super) body: Val,
    /// `{status, headers, link}`, as filters see it under `$response`.
    pub(super) response: Val,
}

/// What errors say about a call.
#[derive(Clone, Copy)]
pub(super) struct About<'c> {
    /// An ability's name: `reply`, `messages` …
    pub(super) call: &'c str,
    pub(super) conversation_id: &'c str,
}

impl Helpdesk {
    /// Makes the request of a step. The error is what the manifest did wrong.
    pub(super) fn plan(&self, step: &Step, globals: &Globals) -> Result<PlannedCall, String> {
        let path = step.path.first(globals.input.clone(), globals)?;
        let path = jq::as_word(&path).ok_or("`path` gives no text")?;
        let url = self.base.as_ref().ok().map(|base| join(base, &path)).transpose()?;
        self.plan_to(step, globals, url, path)
    }

    /// The same request at another address: the next page of a list.
    pub(super) fn plan_at(
        &self,
        step: &Step,
        globals: &Globals,
        url: Url,
    ) -> Result<PlannedCall, String> {
        let path = url.path().to_owned();
        self.plan_to(step, globals, Some(url), path)
    }

    fn plan_to(
        &self,
        step: &Step,
        globals: &Globals,
        url: Option<Url>,
        path: String,
    ) -> Result<PlannedCall, String> {
        let body = match &step.body {
            Some(filter) => {
                let json = jq::to_json(&filter.first(globals.input.clone(), globals)?);
                serde_json::from_str::<serde::de::IgnoredAny>(&json)
                    .map_err(|_| "`body` gives no JSON".to_owned())?;
                Some(json)
            }
            None => None,
        };
        let headers = match &step.headers {
            Some(filter) => filter.first(globals.input.clone(), globals)?,
            None => Val::Null,
        };
        let headers = match &headers {
            Val::Obj(map) => map
                .iter()
                .filter_map(|(name, value)| Some((jq::as_word(name)?, jq::as_word(value)?)))
                .collect(),
            Val::Null | Val::Bool(_) | Val::Num(_) | Val::BStr(_) | Val::TStr(_) | Val::Arr(_) => {
                BTreeMap::new()
            }
        };
        let path = url.as_ref().map_or(path, |url| match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        });
        Ok(PlannedCall { method: step.method.to_string(), path, headers, body, url })
    }

    /// Sends a request once and tells its fate.
    pub(super) async fn send(
        &self,
        step: &Step,
        planned: PlannedCall,
        globals: &Globals,
        about: About<'_>,
    ) -> Result<Answer, HelpdeskError> {
        let Some(url) = planned.url else {
            let why = self.base.as_ref().err().cloned().unwrap_or_default();
            return Err(self.unsupported(about.call, why));
        };
        // The permit is given back when this function ends; the semaphore is
        // never closed, so an error cannot happen and would only lift the limit.
        let _permit = self.permits.acquire().await.ok();
        let mut request =
            self.client.request(step.method.clone(), url).headers(self.headers.clone());
        request = request.header(reqwest::header::ACCEPT, "application/json");
        for (name, value) in &planned.headers {
            request = request.header(name, value);
        }
        if let Some(body) = planned.body {
            request = request.header(reqwest::header::CONTENT_TYPE, "application/json").body(body);
        }
        let fate = |err: reqwest::Error| self.lost(step, &err);
        let response = request.send().await.map_err(fate)?;
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        let read = self.read_body(response, step).await;
        if !(200..300).contains(&status) {
            let body = read.unwrap_or_default();
            return Err(self.rejected(step, status, &headers, &body, globals, about));
        }
        let body = jq::parse(&read?).unwrap_or_default();
        let answer = Answer { body, response: response_value(status, &headers) };
        self.check_refused(step, &answer, status, globals, about)?;
        Ok(answer)
    }

    async fn read_body(
        &self,
        mut response: reqwest::Response,
        step: &Step,
    ) -> Result<Vec<u8>, HelpdeskError> {
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|err| self.lost(step, &err))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_ANSWER_BYTES {
                let detail = format!("the answer is longer than {MAX_ANSWER_BYTES} bytes");
                return Err(self.unknown_fate(step, detail, None));
            }
        }
        Ok(body)
    }

    /// No answer came. Only if no connection was made is it sure that nothing
    /// was done.
    fn lost(&self, step: &Step, err: &reqwest::Error) -> HelpdeskError {
        let detail = root_cause(err);
        if err.is_connect() || err.is_builder() {
            return self.unavailable(detail, None);
        }
        let detail = if err.is_timeout() { "no answer in time".to_owned() } else { detail };
        self.unknown_fate(step, detail, None)
    }

    /// A read changes nothing, so its fate does not matter.
    fn unknown_fate(
        &self,
        step: &Step,
        detail: String,
        retry_after: Option<Duration>,
    ) -> HelpdeskError {
        if step.is_write() {
            HelpdeskError::Undecided { helpdesk: self.name.clone(), detail, retry_after }
        } else {
            self.unavailable(detail, retry_after)
        }
    }

    fn unavailable(&self, detail: String, retry_after: Option<Duration>) -> HelpdeskError {
        HelpdeskError::Unavailable { helpdesk: self.name.clone(), detail, retry_after }
    }

    pub(super) fn unsupported(&self, call: &str, why: String) -> HelpdeskError {
        HelpdeskError::Unsupported { helpdesk: self.name.clone(), call: call.to_owned(), why }
    }

    pub(super) fn unreadable(&self, call: &str, detail: String) -> HelpdeskError {
        HelpdeskError::Unreadable { helpdesk: self.name.clone(), call: call.to_owned(), detail }
    }

    /// An answer that says no.
    fn rejected(
        &self,
        step: &Step,
        status: u16,
        headers: &HeaderMap,
        body: &[u8],
        globals: &Globals,
        about: About<'_>,
    ) -> HelpdeskError {
        let api = &self.manifest.api;
        let retry_after = self.retry_after(headers);
        let knows_what_we_saw =
            step.sends_seen_at() && jq::member(&globals.input, "seen_at").is_some();
        if status == api.conflict && knows_what_we_saw {
            return HelpdeskError::Conflict { helpdesk: self.name.clone() };
        }
        // 409 without our stamp is a lock held by someone else, 408 and 425 are
        // answers to requests that were not taken up.
        let not_done = matches!(status, 408 | 409 | 425 | 429) || api.retry_on.contains(&status);
        if not_done {
            return self.unavailable(format!("it answered {status}"), retry_after);
        }
        if status >= 500 {
            return self.unknown_fate(step, format!("it answered {status}"), retry_after);
        }
        if matches!(status, 404 | 410) && step.names_conversation() {
            let (helpdesk, conversation_id) = (self.name.clone(), about.conversation_id.to_owned());
            return HelpdeskError::Gone { helpdesk, conversation_id };
        }
        self.refused(about.call, status, &complaint(headers, body))
    }

    fn refused(&self, call: &str, status: u16, detail: &str) -> HelpdeskError {
        let detail = detail.chars().map(|it| if it.is_control() { ' ' } else { it });
        HelpdeskError::Refused {
            helpdesk: self.name.clone(),
            call: call.to_owned(),
            status,
            detail: self.without_secrets(&detail.take(MAX_DETAIL_CHARS).collect::<String>()),
        }
    }

    /// Some helpdesks say no with a good status; the manifest knows the words.
    fn check_refused(
        &self,
        step: &Step,
        answer: &Answer,
        status: u16,
        globals: &Globals,
        about: About<'_>,
    ) -> Result<(), HelpdeskError> {
        let Some(filter) = &step.refused else { return Ok(()) };
        let globals = Globals { response: answer.response.clone(), ..globals.clone() };
        let reason = filter
            .first(answer.body.clone(), &globals)
            .map_err(|it| self.unreadable(about.call, format!("refused: {it}")))?;
        match jq::as_word(&reason) {
            Some(reason) => Err(self.refused(about.call, status, &reason)),
            None => Ok(()),
        }
    }

    /// How long the helpdesk asks us to wait: seconds, an HTTP date, or a
    /// moment in seconds since the epoch.
    fn retry_after(&self, headers: &HeaderMap) -> Option<Duration> {
        let api = &self.manifest.api;
        let value = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
        let now = self.clock.now();
        let until = |at: Timestamp| Duration::try_from(at.duration_since(now)).unwrap_or_default();
        let after = value(&api.retry_after).and_then(|it| {
            let seconds = it.parse::<f64>().ok().map(|it| it.clamp(0.0, MAX_WAIT.as_secs_f64()));
            let date = || {
                let date = jiff::fmt::rfc2822::parse(it).ok()?;
                Some(until(date.timestamp()))
            };
            seconds.map(Duration::from_secs_f64).or_else(date)
        });
        let reset = || {
            let seconds = value(api.retry_reset.as_deref()?)?.parse::<i64>().ok()?;
            Timestamp::from_second(seconds).ok().map(until)
        };
        after.or_else(reset).map(|it| it.min(MAX_WAIT))
    }

    fn without_secrets(&self, detail: &str) -> String {
        let secrets = self.secrets.values().flatten();
        secrets.fold(detail.to_owned(), |detail, secret| {
            detail.replace(secrecy::ExposeSecret::expose_secret(secret), "…")
        })
    }
}

/// Base and path as one address. The path may not climb: an id comes from a
/// payload, and `..` in it would be another call.
fn join(base: &Url, path: &str) -> Result<Url, String> {
    let bare = path.split(['?', '#']).next().unwrap_or_default();
    if !path.starts_with('/') || bare.split('/').any(|it| it == "." || it == "..") {
        return Err("`path` gives no path from the root".to_owned());
    }
    let address = format!("{}{path}", base.as_str().trim_end_matches('/'));
    Url::parse(&address).map_err(|_| "`path` gives no well-formed address".to_owned())
}

/// What a helpdesk says is wrong: the members of a JSON answer where such
/// sentences stand, or a short plain text. Not the whole answer, which may
/// repeat what we sent.
fn complaint(headers: &HeaderMap, body: &[u8]) -> String {
    const TELLING: [&str; 8] = [
        "error",
        "title",
        "message",
        "description",
        "detail",
        "code",
        "error_description",
        "reason",
    ];
    let is_plain = headers
        .get(reqwest::header::CONTENT_TYPE)
        .and_then(|it| it.to_str().ok())
        .is_some_and(|it| it.starts_with("text/plain"));
    let Ok(value) = jq::parse(body) else {
        let text = if is_plain { String::from_utf8_lossy(body) } else { "".into() };
        return text.trim().to_owned();
    };
    let listed = jq::member(&value, "errors").map_or_else(Vec::new, jq::elements);
    let nested = jq::member(&value, "error").cloned();
    let mut words = Vec::new();
    for place in [value].iter().chain(&listed).chain(&nested) {
        match place {
            Val::TStr(_) => words.extend(jq::as_word(place)),
            Val::Arr(items) => words.extend(items.iter().filter_map(jq::as_word)),
            Val::Obj(_) => words.extend(TELLING.iter().filter_map(|it| mapping::word(place, it))),
            Val::Null | Val::Bool(_) | Val::Num(_) | Val::BStr(_) => {}
        }
    }
    words.dedup();
    words.join("; ")
}

/// An answer's envelope as filters see it. `link` has the targets of Link
/// headers by their `rel`.
fn response_value(status: u16, headers: &HeaderMap) -> Val {
    let pairs = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), jq::text(value.to_str().ok()?))));
    let links = headers.get_all(reqwest::header::LINK).iter().filter_map(|it| it.to_str().ok());
    let links: Vec<_> = links.flat_map(|it| it.split(',')).filter_map(link).collect();
    let links = links.iter().map(|(rel, target)| (rel.as_str(), jq::text(target)));
    jq::object([
        ("status", Val::from(usize::from(status))),
        ("headers", jq::object(pairs)),
        ("link", jq::object(links)),
    ])
}

/// One link of a Link header, as relation and target (RFC 8288).
fn link(text: &str) -> Option<(String, String)> {
    let (target, params) = text.split_once('>')?;
    let target = target.trim().strip_prefix('<')?;
    let rel = params.split(';').find_map(|it| it.trim().strip_prefix("rel="))?;
    Some((rel.trim_matches('"').to_owned(), target.to_owned()))
}
