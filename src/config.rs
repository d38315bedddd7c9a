//! Settings: the defaults that are compiled in, a file, the environment. The
//! only place that reads the environment and files of secrets. Checked whole at
//! start, so that a running service never meets a bad setting.

mod answer;
mod api;
mod connection;
mod guard;
mod model;
mod people;
mod ranges;
mod secret;

pub use self::answer::Answer;
pub use self::answer::Guarantee;
pub use self::answer::Mode;
pub use self::answer::Threshold;
pub use self::api::Api;
pub use self::api::ApiCaller;
pub use self::api::Endpoint;
pub use self::connection::Connection;
pub use self::connection::Plain;
pub use self::guard::Guard;
pub use self::model::Model;
pub use self::model::ModelEndpoint;
pub use self::people::Handover;
pub use self::people::Hours;
pub use self::people::Policy;
pub use self::people::SendWhen;
pub use self::secret::SecretSource;
pub use self::secret::SecretSources;

use std::collections::BTreeMap;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::ensure;
use config::Config;
use config::Environment;
use config::File;
use config::FileFormat;
use config::Value;
use config::ValueKind;
use secrecy::ExposeSecret as _;
use secrecy::SecretString;
use serde::Deserialize;

/// Every setting, with its default and meaning.
pub const DEFAULTS: &str = include_str!("../config/default.toml");

/// The least letters of a secret between a helpdesk and us. (Guessed: theirs have twenty
/// and more.)
const MIN_SECRET_CHARS: usize = 8;

/// The file that is read if none is named and it exists.
pub const DEFAULT_FILE: &str = "deskhand.toml";

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub server: Server,
    pub store: Store,
    pub inbox: Inbox,
    pub worker: Worker,
    pub sweep: Sweep,
    pub answer: Answer,
    pub guarantee: Guarantee,
    pub guard: Guard,
    pub hours: Hours,
    pub handover: Handover,
    pub policy: Policy,
    pub journey: Journey,
    pub model: Model,
    pub embedder: Embedder,
    pub website: Website,
    pub alerts: Alerts,
    pub files: Files,
    pub log: Log,
    pub api: Api,
    #[serde(default)]
    pub connections: BTreeMap<String, Connection>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    pub listen: String,
    pub public_url: String,
    pub max_body_bytes: usize,
    pub request_timeout_s: u64,
    pub drain_s: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    pub folder: PathBuf,
    pub ballast_bytes: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inbox {
    pub max_waiting: u64,
    pub quiet_chat_s: f64,
    pub quiet_mail_s: f64,
    pub quiet_chat_cap_s: f64,
    pub quiet_mail_cap_s: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worker {
    pub concurrency: usize,
    pub lease_s: u64,
    pub max_attempts: u32,
    pub max_panics: u32,
    pub settle_s: u64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    pub every_s: u64,
    pub overlap_s: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journey {
    pub stages: String,
    pub tag_prefix: String,
    pub field: String,
    pub more_tags: bool,
    pub topic_field: String,
    pub mood_field: String,
    pub urgency_field: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Embedder {
    pub kind: EmbedderKind,
    pub base_url: String,
    pub model: String,
    #[serde(default)]
    pub api_key: Option<SecretSource>,
    /// 0: as many as the model gives.
    pub dimensions: usize,
    pub query_prefix: String,
    pub passage_prefix: String,
    pub languages: Vec<String>,
    pub batch: usize,
    pub concurrency: usize,
    pub max_tokens: usize,
    pub timeout_s: u64,
    pub question_timeout_ms: u64,
    /// Of a model on this machine; empty for the others.
    pub folder: PathBuf,
}

/// What gives texts their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmbedderKind {
    Table,
    Endpoint,
    Transformer,
    None,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Website {
    pub max_pages: usize,
    pub max_depth: usize,
    pub concurrency: usize,
    pub allow_private: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alerts {
    pub url: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Files {
    pub connectors: String,
    pub prompts: String,
    pub synonyms: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

impl SecretSource {
    /// Fetches the secret.
    ///
    /// # Errors
    /// If the variable is not set, the file cannot be read, or either is empty.
    #[expect(clippy::disallowed_methods, reason = "config.rs is where the environment is read")]
    pub fn fetch(&self) -> anyhow::Result<SecretString> {
        let secret = match self {
            SecretSource::Env(name) => std::env::var(name)
                .with_context(|| format!("the environment variable {name} is not set"))?,
            SecretSource::File(path) => std::fs::read_to_string(path)
                .with_context(|| format!("the secret file {} cannot be read", path.display()))?,
        };
        let secret = secret.trim();
        ensure!(!secret.is_empty(), "the secret {self} is empty");
        Ok(SecretString::from(secret))
    }
}

impl SecretSource {
    /// As [`SecretSource::fetch`], of a secret that is not to be guessed.
    ///
    /// # Errors
    /// As there, and if it is so short that somebody may guess it.
    pub fn fetch_long(&self) -> anyhow::Result<SecretString> {
        let secret = self.fetch()?;
        ensure!(
            MIN_SECRET_CHARS <= secret.expose_secret().chars().count(),
            "the secret {self} has fewer than {MIN_SECRET_CHARS} letters; anybody could guess it"
        );
        Ok(secret)
    }
}

impl std::fmt::Display for SecretSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SecretSource::Env(name) => write!(f, "env {name}"),
            SecretSource::File(path) => write!(f, "file {}", path.display()),
        }
    }
}

/// Settings with where each value came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    pub settings: Settings,
    merged: Value,
}

/// Reads settings from the defaults, then `file` (or [`DEFAULT_FILE`] if it
/// exists), then the environment.
///
/// # Errors
/// A file that cannot be read, an unknown key, a value out of its range: each
/// named with the key and where it stands.
pub fn load(file: Option<&Path>) -> anyhow::Result<Loaded> {
    let mut builder = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    match file {
        Some(path) => {
            ensure!(
                path.is_file(),
                "the settings file {} does not exist; `deskhand init` writes one",
                path.display()
            );
            builder = builder.add_source(File::from(path).format(FileFormat::Toml));
        }
        None => {
            let path = Path::new(DEFAULT_FILE);
            builder = builder.add_source(File::from(path).format(FileFormat::Toml).required(false));
        }
    }
    // Only keys with two underscores: DESKHAND_MODEL_KEY may be a secret's name.
    let environment = Environment::with_prefix("DESKHAND")
        .prefix_separator("__")
        .separator("__")
        .try_parsing(true)
        .list_separator(",");
    let lists = lists_of_defaults()?;
    let environment = lists.iter().fold(environment, |it, key| it.with_list_parse_key(key));
    let config = builder.add_source(environment).build().context("reading the settings")?;
    loaded(config)
}

/// Settings from text alone: what `init` writes is checked this way, and tests
/// need no file.
pub fn from_text(text: &str) -> anyhow::Result<Loaded> {
    let config = Config::builder()
        .add_source(File::from_str(DEFAULTS, FileFormat::Toml))
        .add_source(File::from_str(text, FileFormat::Toml))
        .build()
        .context("reading the settings")?;
    loaded(config)
}

fn loaded(config: Config) -> anyhow::Result<Loaded> {
    let merged = config.cache.clone();
    let read = config.try_deserialize::<Settings>();
    let settings = read.map_err(|error| {
        let hint = words_allowed(&merged).map(|it| format!(": it must be {it}"));
        anyhow::anyhow!("reading the settings: {error}{}", hint.unwrap_or_default())
    })?;
    settings.check()?;
    Ok(Loaded { settings, merged })
}

/// Where a setting is a word that is none of those it may be: these. The settings' own
/// reader does not say, another does, in a sentence that repeats the word; which may be a
/// secret, so only its end is taken.
fn words_allowed(merged: &Value) -> Option<String> {
    let plain: serde_json::Value = merged.clone().try_deserialize().ok()?;
    let error = serde_json::from_value::<Settings>(plain).err()?.to_string();
    let (told, allowed) = error.split_once(", expected ")?;
    told.starts_with("unknown variant").then(|| allowed.to_owned())
}

/// The keys whose values are lists: in the environment, parts between commas.
fn lists_of_defaults() -> anyhow::Result<Vec<String>> {
    let defaults = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    let defaults = defaults.build().context("reading the default settings")?.cache;
    let mut keys = Vec::new();
    lists_below("", &defaults, &mut keys);
    Ok(keys)
}

fn lists_below(key: &str, value: &Value, keys: &mut Vec<String>) {
    if let ValueKind::Table(table) = &value.kind {
        for (name, value) in table {
            lists_below(&below(key, name), value, keys);
        }
    } else if matches!(value.kind, ValueKind::Array(_)) {
        keys.push(key.to_owned());
    }
}

/// The key of a part of what another key names.
fn below(key: &str, name: &str) -> String {
    if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") }
}

impl Loaded {
    /// Every value with its key and origin, sorted by key. Secrets appear as the
    /// name of the place they are kept in.
    pub fn lines(&self) -> Vec<(String, String, String)> {
        let mut lines = Vec::new();
        flatten("", &self.merged, &mut lines);
        lines.sort();
        lines
    }
}

/// Values with their dotted keys. Depth is bounded by what a TOML parser accepts.
fn flatten(key: &str, value: &Value, lines: &mut Vec<(String, String, String)>) {
    match &value.kind {
        ValueKind::Table(table) => {
            for (name, value) in table {
                flatten(&below(key, name), value, lines);
            }
        }
        ValueKind::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                flatten(&below(key, &place.to_string()), value, lines);
            }
        }
        ValueKind::Nil
        | ValueKind::Boolean(_)
        | ValueKind::I64(_)
        | ValueKind::I128(_)
        | ValueKind::U64(_)
        | ValueKind::U128(_)
        | ValueKind::Float(_)
        | ValueKind::String(_) => {
            let origin = value.origin().unwrap_or("default").to_owned();
            lines.push((key.to_owned(), value.to_string(), origin));
        }
    }
}

#[cfg(test)]
mod tests;
