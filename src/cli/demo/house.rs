//! Deskhand as the demo runs it: the real service on a free port, connected to
//! the played helpdesk, with a data folder that is gone afterwards.

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::cli::demo::desk::Desk;
use crate::cli::demo::desk::OWN_ID;
use crate::clock::Clock;
use crate::clock::Stopwatch;
use crate::config;
use crate::config::Settings;
use crate::http;
use crate::ingest;
use crate::ingest::Missing;
use crate::knowledge::Pool;
use crate::server;
use crate::store::Store;

/// Name of the one connection.
pub(super) const CONNECTION: &str = "demo";

/// How long the played helpdesk waits for an answer to a webhook. As long as
/// Zendesk does.
const WEBHOOK_TIMEOUT: Duration = Duration::from_secs(12);

/// The service and the helpdesk beside it, up and running.
pub(super) struct House {
    pub(super) store: Store,
    pub(super) desk: Desk,
    /// Where the service listens.
    pub(super) url: String,
    pub(super) learned: Learned,
    /// From this confidence on replies are sent, 0.0–1.0.
    pub(super) send_from: f32,
    stop: CancellationToken,
    tasks: TaskTracker,
    serving: JoinHandle<anyhow::Result<()>>,
}

/// What was read before the service started.
#[derive(Debug, Clone, Default)]
pub(super) struct Learned {
    /// Documents that could not be read: place and reason.
    pub(super) failed: Vec<String>,
    pub(super) n_article_passages: u64,
    pub(super) n_ticket_passages: u64,
    pub(super) seconds: f64,
}

/// What a house is built from.
pub(super) struct Plot<'a> {
    /// Everything is kept below it.
    pub(super) folder: &'a Path,
    /// Files and folders of articles and past tickets.
    pub(super) sources: &'a [PathBuf],
    pub(super) brand: &'a str,
    /// How long to wait for a customer to finish writing.
    pub(super) quiet_s: f64,
    /// The least confidence to send a reply, 0.0–1.0; `None` leaves the default.
    pub(super) send_from: Option<f32>,
}

impl House {
    /// Opens the helpdesk, reads the sources, starts the service.
    ///
    /// # Errors
    /// If a port, the store or a source cannot be used.
    pub(super) async fn open(plot: &Plot<'_>) -> anyhow::Result<House> {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let client = http::client(WEBHOOK_TIMEOUT)?;
        let desk = Desk::open(Clock::System, client, &tasks, stop.clone()).await?;
        let settings = settings(plot, &desk)?;
        let send_from = settings.answer.send_from;
        let app = App::build(settings, Clock::System)?;
        let learned = learn(&app, plot).await?;
        let store = app.store.clone();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("opening a port")?;
        let url = format!("http://{}", listener.local_addr()?);
        let serving = tasks.spawn(server::run(app, listener, stop.clone()));
        desk.send_webhooks_to(&format!("{url}/webhooks/{CONNECTION}"));
        Ok(House { store, desk, url, learned, send_from, stop, tasks, serving })
    }

    /// Stops both, and waits until they have.
    ///
    /// # Errors
    /// Whatever ended the service.
    pub(super) async fn close(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        self.serving.await.context("stopping the service")?
    }
}

/// Takes in the sources as `deskhand ingest` does, and brings the index up to them.
async fn learn(app: &App, plot: &Plot<'_>) -> anyhow::Result<Learned> {
    let watch = Stopwatch::start();
    let plan = ingest::Plan { brand: Some(plot.brand.to_owned()), ..ingest::Plan::default() };
    let mut failed = Vec::new();
    for path in plot.sources {
        for source in ingest::open(path)? {
            let bar = bar(source.n_total);
            let summary = ingest::ingest(&app.store, source, &plan, |it, _| {
                bar.set_position(it.n_done);
            });
            let summary = summary.await?;
            bar.finish_and_clear();
            failed.extend(summary.failed.iter().map(|it| format!("{}: {}", it.place, it.reason)));
        }
    }
    let (index, store) = (Arc::clone(&app.index), app.store.clone());
    ingest::catch_up(&index, &store, &app.embedder, Missing::Embed, |_, _| {}).await?;
    let indexing = tokio::task::spawn_blocking(move || ingest::learn_if_outdated(&index, &store));
    indexing.await.context("indexing")??;
    Ok(Learned {
        failed,
        n_article_passages: app.index.n_passages(plot.brand, Pool::Article),
        n_ticket_passages: app.index.n_passages(plot.brand, Pool::PastTicket),
        seconds: watch.elapsed().as_secs_f64(),
    })
}

/// A progress bar on standard error; hidden where that is not a terminal.
fn bar(n_bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(n_bytes);
    let style = ProgressStyle::with_template("   reading {bar:32} {bytes}/{total_bytes}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

/// A folder of our own below the system's one for temporary files; removed when
/// this is dropped.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn make() -> anyhow::Result<Folder> {
        let path =
            std::env::temp_dir().join(format!("deskhand-demo-{}", uuid::Uuid::now_v7().simple()));
        fs::create_dir_all(&path)
            .with_context(|| format!("making the folder {}", path.display()))?;
        Ok(Folder(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nobody is left to tell, and the system clears such folders by itself.
        drop(fs::remove_dir_all(&self.0));
    }
}

/// Settings of the demo: the defaults, autopilot by a number nobody certified, as nobody
/// has judged its drafts, and one connection whose
/// secrets stand in files as they would in production.
fn settings(plot: &Plot<'_>, desk: &Desk) -> anyhow::Result<Settings> {
    let secret_file = |name: &str, secret: &str| -> anyhow::Result<PathBuf> {
        let file = plot.folder.join(name);
        fs::write(&file, secret).with_context(|| format!("writing {}", file.display()))?;
        Ok(file)
    };
    let token = secret_file("api_token", desk.token())?;
    let secret = secret_file("webhook_secret", desk.secret())?;
    let mut answer = json!({"mode": "autopilot", "threshold": "uncertified"});
    if let Some(send_from) = plot.send_from {
        // As text and back: 0.7 as f32 is not 0.7 as f64.
        answer["send_from"] = json!(send_from.to_string().parse::<f64>()?);
    }
    let text = toml::to_string(&json!({
        "server": {"drain_s": 1},
        "store": {"folder": plot.folder.join("data"), "ballast_bytes": 0},
        "answer": answer,
        "journey": {"field": "journey_stage"},
        "connections": {CONNECTION: {
            "helpdesk": "generic",
            "brand": plot.brand,
            "quiet_s": plot.quiet_s,
            "config": {"url": desk.base_url(), "agent_id": OWN_ID},
            "secrets": {"api_token": {"file": token}, "webhook_secret": {"file": secret}},
        }},
    }))?;
    Ok(config::from_text(&text)?.settings)
}
