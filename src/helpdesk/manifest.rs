//! A manifest: one helpdesk in one file. Everything in it is checked when it is
//! read, so that a running service meets no mistake of a manifest that could
//! have been found before. What jq means here is in `jq.rs`.

use std::collections::BTreeMap;
use std::time::Duration;

use regex::Regex;

use super::jq::Filter;
use super::shape::ManifestShape;
use super::shape::Order;
use super::shape::SecretShape;
use super::signature::Scheme;
use super::source::Source;
use super::template::Template;

/// The version of the manifest format this engine reads.
const FORMAT: u32 = 1;

/// A manifest that cannot be used, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    #[error("{file}:{line}: {problem}")]
    Invalid { file: String, line: usize, problem: String },
    #[error("could not read {file}: {problem}")]
    Unreadable { file: String, problem: String },
}

/// A checked manifest.
#[derive(Debug)]
pub struct Manifest {
    pub name: String,
    pub title: String,
    /// Names the text this was read from: `zendesk-` and the start of its hash.
    pub version: String,
    pub docs: String,
    /// What a person has to do in the helpdesk; `{hook}` stands for the address
    /// that deliveries are sent to. Empty if the manifest does not say.
    pub setup: String,
    pub config: BTreeMap<String, ConfigKey>,
    pub secrets: BTreeMap<String, SecretKey>,
    pub(super) api: Api,
    pub(super) webhook: Webhook,
    pub(super) own: Filter,
    actions: BTreeMap<&'static str, Ability<Vec<Step>>>,
    reads: BTreeMap<&'static str, Ability<Read>>,
}

/// One setting a connection may have.
#[derive(Debug)]
pub struct ConfigKey {
    pub required: bool,
    pub default: Option<String>,
    pub help: String,
    pub example: String,
    pub one_of: Vec<String>,
    pub(super) pattern: Option<Regex>,
    pub(super) is_url: bool,
}

/// One secret a connection may have.
#[derive(Debug)]
pub struct SecretKey {
    pub required: bool,
    pub help: String,
}

/// What a helpdesk can do, or why it cannot.
#[derive(Debug)]
pub(super) enum Ability<T> {
    Can(T),
    Cannot(String),
}

#[derive(Debug)]
pub(super) struct Api {
    pub(super) base: Template,
    pub(super) auth: Option<Auth>,
    pub(super) headers: BTreeMap<String, Template>,
    pub(super) retry_after: String,
    pub(super) retry_reset: Option<String>,
    pub(super) retry_on: Vec<u16>,
    pub(super) conflict: u16,
    pub(super) concurrency: usize,
    pub(super) timeout: Duration,
}

#[derive(Debug)]
pub(super) enum Auth {
    Basic { user: Template, password: Template },
    Header { name: String, value: Template },
}

#[derive(Debug)]
pub(super) struct Webhook {
    pub(super) schemes: Vec<Scheme>,
    pub(super) dedup: Filter,
    pub(super) events: Filter,
    pub(super) handshake: Option<Filter>,
    pub(super) probe_methods: Vec<String>,
}

/// One request, as filters that make it and filters that read its answer.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) method: http::Method,
    pub(super) path: Filter,
    pub(super) body: Option<Filter>,
    pub(super) headers: Option<Filter>,
    pub(super) for_each: Option<Filter>,
    /// What a value of `for_each`, or the gathered `items`, is called.
    pub(super) name: String,
    pub(super) when: Option<Filter>,
    pub(super) items: Option<Filter>,
    pub(super) next: Option<Filter>,
    pub(super) keep: Option<Filter>,
    pub(super) result: Option<Filter>,
    /// Gives the reason if an answer with a good status means no.
    pub(super) refused: Option<Filter>,
}

impl Step {
    fn mentions(&self, path: &str) -> bool {
        let filters = [Some(&self.path), self.body.as_ref(), self.headers.as_ref()];
        filters.into_iter().flatten().any(|it| it.text().contains(path))
    }

    /// True if the helpdesk is told what we had seen, so that it can refuse.
    pub(super) fn sends_seen_at(&self) -> bool {
        self.mentions(".seen_at")
    }

    /// True if the request's path names the conversation.
    pub(super) fn names_conversation(&self) -> bool {
        self.path.text().contains(".ticket.id")
    }

    pub(super) fn is_write(&self) -> bool {
        self.method != http::Method::GET
    }
}

/// A list that is read page by page.
#[derive(Debug)]
pub(super) struct Read {
    /// Made first; what they keep can be used by everything after.
    pub(super) steps: Vec<Step>,
    /// The page; its `items` and `next` are of the list itself.
    pub(super) page: Step,
    pub(super) map: Option<Filter>,
    /// Gives the conversation from the first page's answer.
    pub(super) ticket: Option<Filter>,
    pub(super) order: Order,
}

impl Manifest {
    /// Reads and checks a manifest. `file` is what errors call it.
    pub fn parse(file: &str, text: &str) -> Result<Manifest, ManifestError> {
        let source = Source { file, text };
        let shape: ManifestShape = toml::from_str(text).map_err(|err| {
            let at = err.span().map_or(0, |it| it.start);
            source.error(at, err.message().to_owned())
        })?;
        if *shape.manifest.get_ref() != FORMAT {
            let problem = format!("this Deskhand reads `manifest = {FORMAT}`");
            return Err(source.error(shape.manifest.span().start, problem));
        }
        let known =
            |name: &str| shape.config.contains_key(name) || shape.secrets.contains_key(name);
        let schemes = Scheme::alternatives(shape.webhook.verify.get_ref(), |it| {
            shape.secrets.contains_key(it)
        })
        .map_err(|it| {
            let at = shape.webhook.verify.span().start;
            source.error(at, format!("webhook.verify: {it}"))
        })?;
        let api = source.api(&shape.api, known)?;
        let own = source.filter("webhook.own", &shape.webhook.own)?;
        let webhook = Webhook {
            schemes,
            dedup: source.filter("webhook.dedup", &shape.webhook.dedup)?,
            events: source.filter("webhook.events", &shape.webhook.events)?,
            handshake: source.optional("webhook.handshake", shape.webhook.handshake.as_ref())?,
            probe_methods: shape.webhook.probe.methods,
        };
        let (action, read) = (&shape.action, &shape.read);
        let actions = [
            ("reply", &action.reply),
            ("note", &action.note),
            ("tag", &action.tag),
            ("field", &action.field),
            ("handoff", &action.handoff),
            ("open", &action.open),
        ];
        let reads = [
            ("ticket", &read.ticket),
            ("messages", &read.messages),
            ("changed", &read.changed),
            ("solved", &read.solved),
            ("articles", &read.articles),
        ];
        Ok(Manifest {
            version: format!("{}-{}", shape.name.get_ref(), crate::text::version_of(text)),
            name: source.name(&shape.name)?,
            title: shape.title,
            docs: shape.docs,
            setup: shape.setup,
            config: source.config(&shape.config)?,
            secrets: shape.secrets.into_iter().map(secret_key).collect(),
            api,
            webhook,
            own,
            actions: source.abilities("action", actions, Source::action)?,
            reads: source.abilities("read", reads, Source::read)?,
        })
    }

    /// The steps of an action, or why there are none.
    pub(super) fn action(&self, name: &str) -> Result<&[Step], String> {
        match self.actions.get(name) {
            Some(Ability::Can(steps)) => Ok(steps),
            Some(Ability::Cannot(why)) => Err(why.clone()),
            None => Err(format!("the manifest has no [action.{name}]")),
        }
    }

    /// A list, or why it cannot be read.
    pub(super) fn read(&self, name: &str) -> Result<&Read, String> {
        match self.reads.get(name) {
            Some(Ability::Can(read)) => Ok(read),
            Some(Ability::Cannot(why)) => Err(why.clone()),
            None => Err(format!("the manifest has no [read.{name}]")),
        }
    }

    /// Whether the helpdesk can do something, and why not. `what` is one of
    /// [`Manifest::ABILITIES`].
    pub fn can(&self, what: &str) -> Result<(), String> {
        if self.reads.contains_key(what) || Self::READS.contains(&what) {
            self.read(what).map(drop)
        } else {
            self.action(what).map(drop)
        }
    }

    /// Everything that [`Manifest::can`] may be asked for: actions, then reads.
    pub const ABILITIES: [&'static str; 11] = [
        "reply", "note", "tag", "field", "handoff", "open", "ticket", "messages", "changed",
        "solved", "articles",
    ];

    const READS: [&'static str; 5] = ["ticket", "messages", "changed", "solved", "articles"];
}

fn secret_key((name, shape): (String, SecretShape)) -> (String, SecretKey) {
    (name, SecretKey { required: shape.required, help: shape.help })
}
