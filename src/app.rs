//! Builds everything once, from settings to a worker that can run. Steps never
//! see this: they take what they need.

mod callers;
mod context;
mod limits;
mod metrics;
mod models;
mod spending;
mod teams;

pub use self::callers::Caller;
pub use self::callers::Callers;
pub use self::context::answering;
pub use self::context::context;
pub use self::context::settings_version;
pub use self::context::synonyms;
pub use self::context::treated;
pub use self::models::drafter;
pub use self::models::embedder;
pub use self::spending::Spending;
pub use self::teams::forget_teams;
pub use self::teams::keep_team;
pub use self::teams::teams;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::ensure;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::clock::Clock;
use crate::config;
use crate::config::Settings;
use crate::draft::Drafter;
use crate::embed::Embedder;
use crate::helpdesk::ConnectionSettings;
use crate::helpdesk::Helpdesk;
use crate::helpdesk::Manifests;
use crate::http;
use crate::index::Index;
use crate::index::IndexError;
use crate::ingest;
use crate::journey::StageModel;
use crate::pipeline::Cpu;
use crate::pipeline::Pipeline;
use crate::store::Store;
use crate::store::knowledge;
use crate::store::outbox::Limits;
use crate::worker::Desk;
use crate::worker::Pace;
use crate::worker::Parts;
use crate::worker::Quiet;
use crate::worker::Worker;

/// How long a call to a helpdesk may take. Guessed: slow ones answer in seconds,
/// and what takes longer is looked for rather than waited for.
const HELPDESK_TIMEOUT: Duration = Duration::from_secs(20);

/// The service, ready to run.
pub struct App {
    pub settings: Settings,
    pub store: Store,
    pub index: Arc<Index>,
    pub embedder: Arc<Embedder>,
    pub pipeline: Arc<Pipeline>,
    pub desks: Arc<BTreeMap<String, Desk>>,
    pub worker: Arc<Worker>,
    pub callers: Callers,
    pub spending: Spending,
    pub clock: Clock,
    pub metrics: PrometheusHandle,
    /// Rung when something was accepted.
    pub bell: Arc<Notify>,
    /// Deliveries that have not ended; counted anew every few seconds.
    pub n_unfinished: Arc<AtomicU64>,
}

impl App {
    /// Opens the store and the index, connects every helpdesk, checks all data
    /// files. Nothing runs yet.
    ///
    /// # Errors
    /// Whatever an operator has to mend, in one sentence with its cause.
    pub fn build(settings: Settings, clock: Clock) -> anyhow::Result<App> {
        // First: whatever is built may have something to show.
        let metrics = metrics::handle()?;
        let store = open_store(&settings)?;
        let embedder = Arc::new(embedder(&settings)?);
        let index = Arc::new(open_index(&settings, &embedder)?);
        let spending = Spending::open(&settings, &store, &clock)?;
        let drafter = drafter(&settings, spending.purse(), &clock)?;
        let pipeline = pipeline(&settings, Arc::clone(&index), Arc::clone(&embedder), drafter)?;
        let pipeline = Arc::new(pipeline.taught(teams(&store)?));
        let desks = Arc::new(desks(&settings, &clock)?);
        let parts = Parts {
            store: store.clone(),
            pipeline: Arc::clone(&pipeline),
            desks: Arc::clone(&desks),
            clock: clock.clone(),
            pace: pace(&settings)?,
            http: http::client(HELPDESK_TIMEOUT)?,
        };
        let worker = Arc::new(Worker::new(parts)?);
        let callers = Callers::new(&settings)?;
        let (bell, n_unfinished) = (worker.bell(), worker.n_unfinished());
        pipeline.warm_up();
        Ok(App {
            settings,
            store,
            index,
            embedder,
            pipeline,
            desks,
            worker,
            callers,
            spending,
            clock,
            metrics,
            bell,
            n_unfinished,
        })
    }

    /// Keeps the index up with the store until told to stop.
    pub async fn follow_knowledge(self: Arc<Self>, stop: CancellationToken) {
        let (index, embedder) = (Arc::clone(&self.index), Arc::clone(&self.embedder));
        ingest::follow(index, self.store.clone(), embedder, stop).await;
    }

    /// Changes of the store the index has not taken in yet.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub async fn knowledge_behind(&self) -> anyhow::Result<u64> {
        let last = self.store.read(knowledge::last_sequence).await?;
        Ok(last.saturating_sub(self.index.watermark()))
    }
}

/// # Errors
/// If the folder cannot be used.
pub fn open_store(settings: &Settings) -> anyhow::Result<Store> {
    Ok(Store::open(&settings.store.folder, settings.store.ballast_bytes)?)
}

/// Opens the index. A damaged one, or one of another embedder, is set aside, beside the
/// new one that is then filled from the store: it is a cache, and nothing is lost with it.
///
/// # Errors
/// If the folder cannot be used.
pub fn open_index(settings: &Settings, embedder: &Embedder) -> anyhow::Result<Index> {
    let folder = settings.store.folder.join("index");
    let synonyms = synonyms(settings)?;
    let index = match Index::open(&folder, embedder.name()) {
        Err(IndexError::Damaged { path, detail }) => {
            // That one would go on writing, into the folder of the new one.
            ensure!(
                !Index::is_written(&folder),
                "the index in {path} cannot be used here ({detail}), and another process writes \
                 it; stop that first"
            );
            let aside = settings.store.folder.join("index.damaged");
            tracing::error!(
                path,
                detail,
                "the index cannot be used; it is set aside and built anew"
            );
            if aside.exists() {
                std::fs::remove_dir_all(&aside).context("removing the last damaged index")?;
            }
            std::fs::rename(&folder, &aside).context("setting the damaged index aside")?;
            Index::open(&folder, embedder.name())?
        }
        opened => opened?,
    };
    Ok(index.with_synonyms(synonyms))
}

/// What prepares answers, without anything that acts.
///
/// # Errors
/// If a stage model or a table of words cannot be used.
pub fn pipeline(
    settings: &Settings,
    index: Arc<Index>,
    embedder: Arc<Embedder>,
    drafter: Drafter,
) -> anyhow::Result<Pipeline> {
    limits::check()?;
    let stages = Arc::new(stages(settings)?);
    let cpu = Arc::new(Cpu::one_a_core().context("starting a thread for each core")?);
    Ok(Pipeline::new(index, embedder, stages, drafter, cpu))
}

/// # Errors
/// If the stage model is unknown or its file unsound, or lacks a stage of the policies.
pub fn stages(settings: &Settings) -> anyhow::Result<StageModel> {
    let name = &settings.journey.stages;
    if let Some(preset) = StageModel::preset(name) {
        return context::known_stages(settings, preset?);
    }
    let text = std::fs::read_to_string(name).with_context(|| {
        format!("journey.stages is {name}: neither a model that comes with Deskhand nor a file that can be read")
    })?;
    context::known_stages(settings, StageModel::parse(name, &text)?)
}

/// Manifests, the ones of the drop-in folder in the place of built-in ones.
///
/// # Errors
/// If one of them is unsound.
pub fn manifests(settings: &Settings) -> anyhow::Result<Manifests> {
    Ok(Manifests::load(folder(&settings.files.connectors))?)
}

fn desks(settings: &Settings, clock: &Clock) -> anyhow::Result<BTreeMap<String, Desk>> {
    let manifests = manifests(settings)?;
    let mut desks = BTreeMap::new();
    for (name, connection) in &settings.connections {
        let desk = desk(settings, &manifests, name, connection, clock)
            .with_context(|| format!("connecting {name}"))?;
        desks.insert(name.clone(), desk);
    }
    Ok(desks)
}

/// One connected helpdesk, without anything that answers.
///
/// # Errors
/// If there is no connection of that name, or its settings are not complete.
pub fn helpdesk(settings: &Settings, name: &str, clock: &Clock) -> anyhow::Result<Helpdesk> {
    let connection = settings.connections.get(name).with_context(|| {
        let known: Vec<&str> = settings.connections.keys().map(String::as_str).collect();
        format!("there is no connection {name}; the settings have: {}", known.join(", "))
    })?;
    connected(&manifests(settings)?, name, connection, clock)
}

fn connected(
    manifests: &Manifests,
    name: &str,
    connection: &config::Connection,
    clock: &Clock,
) -> anyhow::Result<Helpdesk> {
    let manifest = manifests.by_name(&connection.helpdesk).with_context(|| {
        format!(
            "there is no manifest {}; `deskhand connectors list` shows them",
            connection.helpdesk
        )
    })?;
    Ok(Helpdesk::connect(Arc::clone(manifest), &connection_settings(name, connection, clock)?)?)
}

/// The brand of the only connection; `None` if there are none or several.
pub fn only_brand(settings: &Settings) -> Option<String> {
    let mut connections = settings.connections.iter();
    match (connections.next(), connections.next()) {
        (Some((name, only)), None) => Some(brand(name, only)),
        (_, _) => None,
    }
}

/// Whose knowledge answers: the brand that is set, or the connection's name.
fn brand(name: &str, connection: &config::Connection) -> String {
    connection.brand.clone().unwrap_or_else(|| name.to_owned())
}

fn desk(
    settings: &Settings,
    manifests: &Manifests,
    name: &str,
    connection: &config::Connection,
    clock: &Clock,
) -> anyhow::Result<Desk> {
    let brand = brand(name, connection);
    let helpdesk = connected(manifests, name, connection, clock)?;
    if let Err(why) = helpdesk.can("note") {
        tracing::warn!(
            connection = name,
            why,
            "hand-overs cannot be written into this helpdesk; watch `deskhand decisions`"
        );
    }
    let stage_field = connection.stage_field.clone().or_else(|| non_empty(&settings.journey.field));
    let quiet = connection.quiet_s;
    let mode = connection.mode.unwrap_or(settings.answer.mode);
    let context = context(settings, mode, &brand, &helpdesk.manifest().version);
    if let Some(send_from) = context.thresholds.send_from {
        tracing::warn!(
            connection = name,
            send_from,
            "replies go out from a threshold nobody has certified (`answer.threshold`)"
        );
    }
    let seconds = |default: f64| Duration::from_secs_f64(quiet.unwrap_or(default));
    Ok(Desk {
        context,
        helpdesk,
        manner: context::manner(settings, mode, brand, stage_field),
        limits: Limits {
            daily: settings.answer.max_per_day,
            per_conversation: settings.answer.max_per_conversation,
        },
        quiet: Quiet {
            chat: seconds(settings.inbox.quiet_chat_s),
            mail: seconds(settings.inbox.quiet_mail_s),
            chat_cap: Duration::from_secs_f64(settings.inbox.quiet_chat_cap_s),
            mail_cap: Duration::from_secs_f64(settings.inbox.quiet_mail_cap_s),
        },
        people: context::people(settings, connection)?,
    })
}

/// What a connection needs, its secrets fetched.
///
/// # Errors
/// If a secret is not where the settings say.
pub fn connection_settings(
    name: &str,
    connection: &config::Connection,
    clock: &Clock,
) -> anyhow::Result<ConnectionSettings> {
    let base_url = connection.base_url.as_deref().filter(|it| !it.is_empty());
    let base_url = base_url
        .map(Url::parse)
        .transpose()
        .with_context(|| format!("connections.{name}.base_url is not an address"))?;
    let mut secrets = BTreeMap::new();
    for (key, sources) in &connection.secrets {
        let fetched: anyhow::Result<Vec<_>> = sources.iter().map(|it| it.fetch_long()).collect();
        let fetched =
            fetched.with_context(|| format!("fetching connections.{name}.secrets.{key}"))?;
        secrets.insert(key.clone(), fetched);
    }
    let texts = connection.config.iter().map(|(key, value)| (key.clone(), value.to_text()));
    Ok(ConnectionSettings {
        name: name.to_owned(),
        helpdesk: connection.helpdesk.clone(),
        brand: brand(name, connection),
        base_url,
        config: texts.collect(),
        secrets,
        clock: clock.clone(),
    })
}

fn pace(settings: &Settings) -> anyhow::Result<Pace> {
    let worker = &settings.worker;
    Ok(Pace {
        concurrency: worker.concurrency,
        lease: Duration::from_secs(worker.lease_s),
        max_attempts: worker.max_attempts,
        max_panics: worker.max_panics,
        settle: Duration::from_secs(worker.settle_s),
        sweep_every: Duration::from_secs(settings.sweep.every_s),
        sweep_overlap: Duration::from_secs(settings.sweep.overlap_s),
        alert_url: alert_url(settings)?,
    })
}

/// Where alerts go; `None`: nowhere.
///
/// # Errors
/// If alerts.url is no address.
pub fn alert_url(settings: &Settings) -> anyhow::Result<Option<Url>> {
    let url = non_empty(&settings.alerts.url).map(|it| Url::parse(&it));
    url.transpose().context("alerts.url is not an address")
}

fn non_empty(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// Where prompts are replaced from; `None`: the built-in ones.
pub fn prompt_folder(settings: &Settings) -> Option<&Path> {
    folder(&settings.files.prompts)
}

/// A folder or file that may be left empty in the settings.
fn folder(text: &str) -> Option<&Path> {
    (!text.is_empty()).then_some(Path::new(text))
}
