//! One connected helpdesk: a manifest with the settings and secrets filled in
//! and checked. Whoever calls learns at start what is missing, not at the first
//! ticket. Nothing here prints a secret.

use std::collections::BTreeMap;
use std::sync::Arc;

use jaq_json::Val;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use secrecy::SecretString;
use tokio::sync::Semaphore;
use url::Url;

use super::jq;
use super::manifest::Auth;
use super::manifest::ConfigKey;
use super::manifest::Manifest;
use super::template::Template;
use super::template::Values;
use crate::clock::Clock;
use crate::http;

/// What a person set for one connection.
#[derive(Debug, Clone)]
pub struct ConnectionSettings {
    /// Names the connection in paths, settings and logs.
    pub name: String,
    /// The name of a manifest.
    pub helpdesk: String,
    pub brand: String,
    /// Takes the place of the manifest's address, for proxies and tests.
    pub base_url: Option<Url>,
    pub config: BTreeMap<String, String>,
    /// Several of one name while a secret is rotated: any may prove a delivery,
    /// the first is used for calls. An empty list counts as not set.
    pub secrets: BTreeMap<String, Vec<SecretString>>,
    /// For waits that a helpdesk gives as a moment.
    pub clock: Clock,
}

/// Settings that do not make a connection. All problems at once, one per line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("connection `{connection}` ({helpdesk}): {}", problems.join("; "))]
pub struct ConnectError {
    pub connection: String,
    pub helpdesk: String,
    pub problems: Vec<String>,
}

/// A connected helpdesk. Share it in an `Arc`.
pub struct Helpdesk {
    pub(super) manifest: Arc<Manifest>,
    pub(super) name: String,
    brand: String,
    /// The settings as filters see them under `$config`.
    pub(super) config: Val,
    pub(super) secrets: BTreeMap<String, Vec<SecretString>>,
    /// `None` where no address is set: then no call can be made, and why.
    pub(super) base: Result<Url, String>,
    pub(super) headers: HeaderMap,
    pub(super) client: reqwest::Client,
    pub(super) permits: Semaphore,
    pub(super) clock: Clock,
}

impl std::fmt::Debug for Helpdesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Helpdesk({}: {})", self.name, self.manifest.name)
    }
}

impl Helpdesk {
    /// Checks the settings against the manifest and fills them in. No call is made.
    pub fn connect(
        manifest: Arc<Manifest>,
        settings: &ConnectionSettings,
    ) -> Result<Helpdesk, ConnectError> {
        let failed = |problems| ConnectError {
            connection: settings.name.clone(),
            helpdesk: settings.helpdesk.clone(),
            problems,
        };
        let config = checked_config(&manifest, settings).map_err(failed)?;
        let secrets = checked_secrets(&manifest, settings).map_err(failed)?;
        let values = Values { config: &config, secrets: &secrets };
        let base = base_of(&manifest, settings, values).map_err(|it| failed(vec![it]))?;
        let headers = headers_of(&manifest, values).map_err(|it| failed(vec![it]))?;
        let client =
            http::client(manifest.api.timeout).map_err(|it| failed(vec![it.to_string()]))?;
        Ok(Helpdesk {
            name: settings.name.clone(),
            brand: settings.brand.clone(),
            config: jq::object(config.iter().map(|(key, value)| (key.as_str(), jq::text(value)))),
            permits: Semaphore::new(manifest.api.concurrency),
            clock: settings.clock.clone(),
            secrets,
            base,
            headers,
            client,
            manifest,
        })
    }

    /// The connection's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn brand(&self) -> &str {
        &self.brand
    }

    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Whether this connection can do something ([`Manifest::ABILITIES`]), and
    /// why it cannot.
    pub fn can(&self, what: &str) -> Result<(), String> {
        self.manifest.can(what)?;
        self.base.as_ref().map(drop).map_err(Clone::clone)
    }
}

/// The settings with defaults, or everything that is wrong with them.
fn checked_config(
    manifest: &Manifest,
    settings: &ConnectionSettings,
) -> Result<BTreeMap<String, String>, Vec<String>> {
    let mut problems = Vec::new();
    for name in settings.config.keys().filter(|it| !manifest.config.contains_key(*it)) {
        let known: Vec<_> = manifest.config.keys().map(String::as_str).collect();
        problems.push(format!("unknown setting `{name}`; known are {}", known.join(", ")));
    }
    let mut config = BTreeMap::new();
    for (name, key) in &manifest.config {
        let given = settings.config.get(name).filter(|it| !it.is_empty());
        match given.or(key.default.as_ref()) {
            Some(value) => {
                problems.extend(misfit(name, key, value));
                config.insert(name.clone(), value.clone());
            }
            None if key.required => {
                problems.push(format!("set `config.{name}`{}", explained(&key.help, &key.example)));
            }
            None => {}
        }
    }
    if problems.is_empty() { Ok(config) } else { Err(problems) }
}

/// What is wrong with a value, and what to do.
fn misfit(name: &str, key: &ConfigKey, value: &str) -> Option<String> {
    if value.is_empty() {
        return None;
    }
    let hint = explained(&key.help, &key.example);
    if key.pattern.as_ref().is_some_and(|it| !it.is_match(value)) {
        return Some(format!("`config.{name}` is {value:?}, which is not well-formed{hint}"));
    }
    if !key.one_of.is_empty() && !key.one_of.iter().any(|it| it == value) {
        return Some(format!("`config.{name}` is {value:?}; set one of {}", key.one_of.join(", ")));
    }
    let is_web_address =
        |it: &str| Url::parse(it).is_ok_and(|it| matches!(it.scheme(), "http" | "https"));
    if key.is_url && !is_web_address(value) {
        return Some(format!("`config.{name}` is {value:?}, which is no http(s) address{hint}"));
    }
    None
}

fn explained(help: &str, example: &str) -> String {
    match (help, example) {
        ("", "") => String::new(),
        ("", example) => format!(" (for example {example})"),
        (help, "") => format!(": {help}"),
        (help, example) => format!(": {help} (for example {example})"),
    }
}

/// The secrets that are set, or which are missing or unknown.
fn checked_secrets(
    manifest: &Manifest,
    settings: &ConnectionSettings,
) -> Result<BTreeMap<String, Vec<SecretString>>, Vec<String>> {
    let mut problems = Vec::new();
    for name in settings.secrets.keys().filter(|it| !manifest.secrets.contains_key(*it)) {
        let known: Vec<_> = manifest.secrets.keys().map(String::as_str).collect();
        problems.push(format!("unknown secret `{name}`; known are {}", known.join(", ")));
    }
    let is_empty = |it: &SecretString| secrecy::ExposeSecret::expose_secret(it).is_empty();
    let mut secrets = BTreeMap::new();
    for (name, key) in &manifest.secrets {
        let given = settings.secrets.get(name).map_or(&[][..], Vec::as_slice);
        let given: Vec<_> = given.iter().filter(|it| !is_empty(it)).cloned().collect();
        if given.is_empty() && key.required {
            problems.push(format!("set `secrets.{name}`{}", explained(&key.help, "")));
        }
        if !given.is_empty() {
            secrets.insert(name.clone(), given);
        }
    }
    let keys: Vec<_> = manifest.webhook.schemes.iter().map(|it| it.key()).collect();
    let provable = keys.iter().any(|it| it.is_none_or(|name| secrets.contains_key(name)));
    if !provable && problems.is_empty() {
        let names: Vec<_> = keys.into_iter().flatten().collect();
        problems.push(format!(
            "no delivery could be told from a forged one: set `secrets.{}`",
            names.join("` or `secrets.")
        ));
    }
    if problems.is_empty() { Ok(secrets) } else { Err(problems) }
}

/// The address of the helpdesk's API. `Ok(Err(why))` where none is set and none
/// has to be.
fn base_of(
    manifest: &Manifest,
    settings: &ConnectionSettings,
    values: Values<'_>,
) -> Result<Result<Url, String>, String> {
    if let Some(base) = &settings.base_url {
        return Ok(Ok(base.clone()));
    }
    match manifest.api.base.fill(values) {
        Err(name) => Ok(Err(format!("no `config.{name}` is set: the webhook is all there is"))),
        Ok(text) => match Url::parse(&text) {
            Ok(url) if url.has_host() => Ok(Ok(url)),
            Ok(_) | Err(_) => Err(format!("{text:?} is no address; check the settings in it")),
        },
    }
}

/// The headers of every call. Where the secret of `auth` is not set, none is
/// sent: it would have been missed above if it were required.
fn headers_of(manifest: &Manifest, values: Values<'_>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let mut add = |name: &str, text: &str| {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("the manifest's header name {name:?} is not well-formed"))?;
        let mut value = HeaderValue::from_str(text).map_err(|_| {
            format!("the value for the header `{name}` has characters that no header may have")
        })?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok::<_, String>(())
    };
    let filled = |template: &Template| template.fill(values).ok();
    for (name, template) in &manifest.api.headers {
        if let Some(text) = filled(template) {
            add(name, &text)?;
        }
    }
    match &manifest.api.auth {
        Some(Auth::Header { name, value }) => {
            if let Some(text) = filled(value) {
                add(name, &text)?;
            }
        }
        Some(Auth::Basic { user, password }) => {
            if let (Some(user), Some(password)) = (filled(user), filled(password)) {
                let pair = base64_text(&format!("{user}:{password}"));
                add("authorization", &format!("Basic {pair}"))?;
            }
        }
        None => {}
    }
    Ok(headers)
}

fn base64_text(text: &str) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text)
}
