//! `deskhand serve`: the service, until it is told to stop.

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::SignalKind;
use tokio::signal::unix::signal;
use tokio_util::sync::CancellationToken;

use crate::app::App;
use crate::server;
use crate::store::knowledge;

/// Examples:
///   deskhand serve
///   deskhand --config /etc/deskhand.toml serve --listen 0.0.0.0:8080
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ServeArgs {
    /// Address to listen on, instead of server.listen
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
}

/// Serves until SIGTERM or Ctrl-C, then drains and returns.
pub async fn run(args: ServeArgs, app: App) -> anyhow::Result<()> {
    let address = args.listen.unwrap_or_else(|| app.settings.server.listen.clone());
    let listener =
        TcpListener::bind(&address).await.with_context(|| format!("listening on {address}"))?;
    warn_of_brands_without_knowledge(&app).await?;
    let stop = CancellationToken::new();
    let told = stop.clone();
    let mut terminated = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let listening = async move {
        tokio::select! {
            _ = terminated.recv() => tracing::info!("told to stop; finishing what was begun"),
            _ = tokio::signal::ctrl_c() => tracing::info!("interrupted; finishing what was begun"),
        }
        told.cancel();
        // Served ends the join below; this half only ever ends first.
        anyhow::Ok(())
    };
    tokio::try_join!(listening, server::run(app, listener, stop)).map(|_| ())
}

/// A brand that is spelled otherwise than what was ingested would hand every ticket over,
/// and nobody would know why.
async fn warn_of_brands_without_knowledge(app: &App) -> anyhow::Result<()> {
    let known = app.store.read(knowledge::brands).await?;
    for (connection, desk) in app.desks.iter() {
        let brand = &desk.manner.brand;
        if !known.contains(brand) {
            let known = known.join(", ");
            tracing::warn!(connection, brand, known, "nothing was ingested for this brand yet");
        }
    }
    Ok(())
}
