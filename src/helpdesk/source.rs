//! Turns the shape of a manifest into a checked one. Knows where everything
//! stands in the file, so that every error names a line.

use std::collections::BTreeMap;
use std::time::Duration;

use regex::Regex;
use toml::Spanned;

use super::jq::Filter;
use super::jq::FilterError;
use super::manifest::Ability;
use super::manifest::Api;
use super::manifest::Auth;
use super::manifest::ConfigKey;
use super::manifest::ManifestError;
use super::manifest::Read;
use super::manifest::Step;
use super::shape::ActionShape;
use super::shape::ApiShape;
use super::shape::AuthShape;
use super::shape::ConfigKind;
use super::shape::ConfigShape;
use super::shape::ReadShape;
use super::shape::StepShape;
use super::shape::Text;
use super::template::Template;

/// Calls at a time to one connection unless the manifest says otherwise.
/// Guessed: a person's browser makes about as many.
const DEFAULT_CONCURRENCY: usize = 4;

/// How long a call may take unless the manifest says otherwise. Guessed: longer
/// than any answer seen, shorter than a worker's lease.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(20);

/// The header most services use. Specified: RFC 9110, section 10.2.3.
const DEFAULT_RETRY_AFTER: &str = "retry-after";

/// Specified: RFC 9110, section 15.5.10.
const DEFAULT_CONFLICT: u16 = 409;

/// A manifest's text and what errors call its file.
#[derive(Clone, Copy)]
pub(super) struct Source<'t> {
    pub(super) file: &'t str,
    pub(super) text: &'t str,
}

impl Source<'_> {
    /// An error at a byte of the file.
    pub(super) fn error(&self, at: usize, problem: String) -> ManifestError {
        let (line, _) = place(self.text, at);
        ManifestError::Invalid { file: self.file.to_owned(), line, problem }
    }

    pub(super) fn name(&self, name: &Text) -> Result<String, ManifestError> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let text = name.get_ref();
        if !text.is_empty() && text.chars().all(fits) {
            return Ok(text.clone());
        }
        let problem = format!("name: `{text}` must be lower-case letters, digits and hyphens");
        Err(self.error(name.span().start, problem))
    }

    /// Compiles the filter that stands under `key`.
    pub(super) fn filter(&self, key: &str, text: &Text) -> Result<Filter, ManifestError> {
        Filter::compile(text.get_ref()).map_err(|err| self.filter_error(key, text, &err))
    }

    pub(super) fn optional(
        &self,
        key: &str,
        text: Option<&Text>,
    ) -> Result<Option<Filter>, ManifestError> {
        text.map(|it| self.filter(key, it)).transpose()
    }

    fn filter_error(&self, key: &str, text: &Text, err: &FilterError) -> ManifestError {
        let start = text.span().start;
        let raw = self.text.get(text.span()).unwrap_or_default();
        let quotes = if raw.starts_with("'''") || raw.starts_with("\"\"\"") { 3 } else { 1 };
        let after = raw.get(quotes..).unwrap_or_default();
        // TOML drops a line break right after the three quotes.
        let dropped = match quotes {
            3 if after.starts_with("\r\n") => 2,
            3 if after.starts_with('\n') => 1,
            _ => 0,
        };
        let (line, column) = place(text.get_ref(), err.offset);
        let problem =
            format!("{key}: {} (line {line}, column {column} of the filter)", err.problem);
        self.error(start + quotes + dropped + err.offset, problem)
    }

    pub(super) fn config(
        &self,
        shapes: &BTreeMap<String, ConfigShape>,
    ) -> Result<BTreeMap<String, ConfigKey>, ManifestError> {
        let key = |(name, shape): (&String, &ConfigShape)| {
            let pattern = shape.pattern.as_ref().map(|it| {
                Regex::new(it.get_ref()).map_err(|err| {
                    self.error(it.span().start, format!("config.{name}.pattern: {err}"))
                })
            });
            let key = ConfigKey {
                required: shape.required,
                default: shape.default.clone(),
                help: shape.help.clone(),
                example: shape.example.clone(),
                one_of: shape.one_of.clone().unwrap_or_default(),
                pattern: pattern.transpose()?,
                is_url: shape.kind == Some(ConfigKind::Url),
            };
            Ok((name.clone(), key))
        };
        shapes.iter().map(key).collect()
    }

    pub(super) fn api(
        &self,
        shape: &ApiShape,
        known: impl Fn(&str) -> bool + Copy,
    ) -> Result<Api, ManifestError> {
        let at = shape.base.span().start;
        let template = |key: &str, text: &str, at: usize| {
            Template::parse(text, known).map_err(|it| self.error(at, format!("api.{key}: {it}")))
        };
        let auth = match &shape.auth {
            None => None,
            Some(AuthShape::Basic { user, password }) => Some(Auth::Basic {
                user: template("auth", user, at)?,
                password: template("auth", password, at)?,
            }),
            Some(AuthShape::Bearer { token }) => Some(Auth::Header {
                name: "authorization".to_owned(),
                value: template("auth", &format!("Bearer {token}"), at)?,
            }),
            Some(AuthShape::Header { name, value }) => {
                Some(Auth::Header { name: name.clone(), value: template("auth", value, at)? })
            }
        };
        let header = |(name, text): (&String, &Text)| {
            Ok((name.clone(), template("headers", text.get_ref(), text.span().start)?))
        };
        Ok(Api {
            base: template("base", shape.base.get_ref(), at)?,
            auth,
            headers: shape.headers.iter().map(header).collect::<Result<_, _>>()?,
            retry_after: shape.retry.after.clone().unwrap_or(DEFAULT_RETRY_AFTER.to_owned()),
            retry_reset: shape.retry.reset.clone(),
            retry_on: shape.retry.on.clone(),
            conflict: shape.retry.conflict.unwrap_or(DEFAULT_CONFLICT),
            concurrency: shape.concurrency.unwrap_or(DEFAULT_CONCURRENCY).max(1),
            timeout: shape.timeout_s.map_or(DEFAULT_TIMEOUT, Duration::from_secs),
        })
    }

    /// Reads the sections of one kind; `unsupported` takes the place of all else.
    pub(super) fn abilities<S: Unsupported, T, const N: usize>(
        &self,
        kind: &str,
        shapes: [(&'static str, &Option<Spanned<S>>); N],
        read: impl Fn(&Self, &str, &Spanned<S>) -> Result<T, ManifestError>,
    ) -> Result<BTreeMap<&'static str, Ability<T>>, ManifestError> {
        let mut abilities = BTreeMap::new();
        for (name, shape) in shapes {
            let Some(shape) = shape else { continue };
            let key = format!("{kind}.{name}");
            let ability = match shape.get_ref().unsupported() {
                Some(_) if shape.get_ref().says_more() => {
                    let problem = format!("{key}: `unsupported` stands alone");
                    return Err(self.error(shape.span().start, problem));
                }
                Some(why) => Ability::Cannot(why.to_owned()),
                None => Ability::Can(read(self, &key, shape)?),
            };
            abilities.insert(name, ability);
        }
        Ok(abilities)
    }

    pub(super) fn action(
        &self,
        key: &str,
        shape: &Spanned<ActionShape>,
    ) -> Result<Vec<Step>, ManifestError> {
        let (at, shape) = (shape.span().start, shape.get_ref());
        let Some(path) = &shape.path else {
            if shape.steps.is_empty() || shape.says_more_than_steps() {
                let problem = format!("{key}: needs a `path`, or `steps` and nothing else");
                return Err(self.error(at, problem));
            }
            return shape.steps.iter().map(|it| self.step(key, it)).collect();
        };
        if !shape.steps.is_empty() {
            return Err(self.error(at, format!("{key}: has both a `path` and `steps`")));
        }
        let mut step = self.bare_step(key, shape.method.as_deref(), path, at)?;
        step.body = self.optional(&format!("{key}.body"), shape.body.as_ref())?;
        step.headers = self.optional(&format!("{key}.headers"), shape.headers.as_ref())?;
        step.result = self.optional(&format!("{key}.result"), shape.result.as_ref())?;
        step.refused = self.optional(&format!("{key}.refused"), shape.refused.as_ref())?;
        Ok(vec![step])
    }

    pub(super) fn read(
        &self,
        key: &str,
        shape: &Spanned<ReadShape>,
    ) -> Result<Read, ManifestError> {
        let (at, shape) = (shape.span().start, shape.get_ref());
        let Some(path) = &shape.path else {
            return Err(self.error(at, format!("{key}: needs a `path`, or says `unsupported`")));
        };
        let mut page = self.bare_step(key, shape.method.as_deref(), path, at)?;
        page.body = self.optional(&format!("{key}.body"), shape.body.as_ref())?;
        page.headers = self.optional(&format!("{key}.headers"), shape.headers.as_ref())?;
        page.items = self.optional(&format!("{key}.items"), shape.items.as_ref())?;
        page.next = self.optional(&format!("{key}.next"), shape.next.as_ref())?;
        Ok(Read {
            steps: shape.steps.iter().map(|it| self.step(key, it)).collect::<Result<_, _>>()?,
            page,
            map: self.optional(&format!("{key}.map"), shape.map.as_ref())?,
            ticket: self.optional(&format!("{key}.ticket"), shape.ticket.as_ref())?,
            order: shape.order.unwrap_or_default(),
        })
    }

    fn step(&self, key: &str, shape: &Spanned<StepShape>) -> Result<Step, ManifestError> {
        let (at, shape) = (shape.span().start, shape.get_ref());
        let key = format!("{key}.steps");
        let named = shape.for_each.is_some() || shape.items.is_some();
        if named != shape.name.is_some() {
            let problem = format!("{key}: `for_each` or `items`, and `as`, need each other");
            return Err(self.error(at, problem));
        }
        let filter = |name: &str, text: &Option<Text>| {
            self.optional(&format!("{key}.{name}"), text.as_ref())
        };
        let mut step = self.bare_step(&key, shape.method.as_deref(), &shape.path, at)?;
        step.name = shape.name.clone().unwrap_or_default();
        step.body = filter("body", &shape.body)?;
        step.headers = filter("headers", &shape.headers)?;
        step.for_each = filter("for_each", &shape.for_each)?;
        step.when = filter("when", &shape.when)?;
        step.items = filter("items", &shape.items)?;
        step.next = filter("next", &shape.next)?;
        step.keep = filter("keep", &shape.keep)?;
        step.result = filter("result", &shape.result)?;
        step.refused = filter("refused", &shape.refused)?;
        Ok(step)
    }

    fn bare_step(
        &self,
        key: &str,
        method: Option<&str>,
        path: &Text,
        at: usize,
    ) -> Result<Step, ManifestError> {
        let method = match method.unwrap_or("GET") {
            "GET" => http::Method::GET,
            "POST" => http::Method::POST,
            "PUT" => http::Method::PUT,
            "PATCH" => http::Method::PATCH,
            "DELETE" => http::Method::DELETE,
            other => return Err(self.error(at, format!("{key}: unknown method `{other}`"))),
        };
        Ok(Step {
            method,
            path: self.filter(&format!("{key}.path"), path)?,
            body: None,
            headers: None,
            for_each: None,
            name: String::new(),
            when: None,
            items: None,
            next: None,
            keep: None,
            result: None,
            refused: None,
        })
    }
}

/// A section that may say why there is nothing to say.
pub(super) trait Unsupported {
    fn unsupported(&self) -> Option<&str>;
    fn says_more(&self) -> bool;
}

impl Unsupported for ActionShape {
    fn unsupported(&self) -> Option<&str> {
        self.unsupported.as_deref()
    }

    fn says_more(&self) -> bool {
        self.path.is_some() || !self.steps.is_empty() || self.says_more_than_steps()
    }
}

impl ActionShape {
    fn says_more_than_steps(&self) -> bool {
        let filters = [&self.body, &self.headers, &self.result, &self.refused];
        self.method.is_some() || filters.into_iter().any(Option::is_some)
    }
}

impl Unsupported for ReadShape {
    fn unsupported(&self) -> Option<&str> {
        self.unsupported.as_deref()
    }

    fn says_more(&self) -> bool {
        self.path.is_some() || !self.steps.is_empty()
    }
}

/// The line and column of a byte, both counted from 1.
fn place(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at.min(text.len())).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
