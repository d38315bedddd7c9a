//! `deskhand check`: everything that is data, validated together, and where each
//! setting came from.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use crate::app;
use crate::clock::Clock;
use crate::config;
use crate::config::Settings;
use crate::helpdesk::Helpdesk;
use crate::llm::Purse;

/// Examples:
///   deskhand check
///   deskhand --config /etc/deskhand.toml check --json
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct CheckArgs {
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// Prints every setting with its origin, then what is wrong. Exit code 1 if
/// anything is.
///
/// # Errors
/// If the settings cannot be read at all.
pub async fn run(
    args: &CheckArgs,
    file: Option<&Path>,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let loaded = config::load(file)?;
    let mut faults = faults(&loaded.settings);
    let embedder = Asked::of(&loaded.settings, &mut faults).await;
    if args.json {
        let settings: Vec<_> = loaded
            .lines()
            .into_iter()
            .map(|(key, value, origin)| json!({ "key": key, "value": value, "from": origin }))
            .collect();
        let ok = faults.is_empty();
        let embedder = embedder.to_json();
        let object =
            json!({ "ok": ok, "settings": settings, "faults": faults, "embedder": embedder });
        writeln!(out, "{object}")?;
    } else {
        for (key, value, origin) in loaded.lines() {
            writeln!(out, "{key:<44} {value:<34} {origin}")?;
        }
        writeln!(out)?;
        for fault in &faults {
            writeln!(out, "✗ {fault}")?;
        }
        embedder.show(out)?;
        if faults.is_empty() {
            let n_connections = loaded.settings.connections.len();
            writeln!(
                out,
                "✓ settings, manifests, stages and prompts are sound; {n_connections} connected"
            )?;
            if n_connections == 0 {
                writeln!(
                    out,
                    "  no helpdesk is connected yet: `deskhand init zendesk` writes the settings"
                )?;
            }
        }
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The embedder that is set, and whether it answers.
struct Asked {
    /// Names its space; `None` if it cannot be made: that is among the faults.
    name: Option<String>,
    /// Why it does not answer now, where that may pass.
    silent: Option<String>,
}

impl Asked {
    /// Asks an endpoint once. What will not pass by itself is a fault.
    async fn of(settings: &Settings, faults: &mut Vec<String>) -> Asked {
        let embedder = match app::embedder(settings) {
            Ok(embedder) => embedder,
            Err(fault) => {
                faults.push(format!("{fault:#}"));
                return Asked { name: None, silent: None };
            }
        };
        let name = Some(embedder.name().to_owned());
        let Some(endpoint) = embedder.endpoint() else { return Asked { name, silent: None } };
        let silent = match endpoint.probe().await {
            Ok(_) => None,
            Err(error) if error.may_pass() => Some(error.to_string()),
            Err(error) => {
                faults.push(error.to_string());
                None
            }
        };
        Asked { name, silent }
    }

    fn to_json(&self) -> serde_json::Value {
        json!({ "name": self.name, "silent": self.silent })
    }

    fn show(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let Some(name) = &self.name else { return Ok(()) };
        match &self.silent {
            None => writeln!(out, "  texts are compared by the embedder {name}"),
            Some(why) => writeln!(
                out,
                "! {why}; until it answers, what {name} does not know yet is found by words alone"
            ),
        }
    }
}

/// Everything that would keep the service from starting, one sentence each.
fn faults(settings: &Settings) -> Vec<String> {
    let mut faults = Vec::new();
    let mut note = |fault: anyhow::Error| faults.push(format!("{fault:#}"));
    let folder = &settings.store.folder;
    if folder.exists() && !folder.is_dir() {
        note(anyhow::anyhow!("store.folder is {}; that is no folder", folder.display()));
    }
    if let Err(fault) = app::stages(settings) {
        note(fault);
    }
    if let Err(fault) = app::synonyms(settings) {
        note(fault);
    }
    // Prompts, and where the models are.
    let purse = Arc::new(Purse::new(settings.model.max_usd_per_day, Clock::System));
    if let Err(fault) = app::drafter(settings, &purse, &Clock::System) {
        note(fault);
    }
    if let Err(fault) = app::alert_url(settings) {
        note(fault);
    }
    if let Err(fault) = app::Callers::new(settings) {
        note(fault);
    }
    match app::manifests(settings) {
        Err(fault) => note(fault),
        Ok(manifests) => {
            for (name, connection) in &settings.connections {
                let Some(manifest) = manifests.by_name(&connection.helpdesk) else {
                    let helpdesk = &connection.helpdesk;
                    note(anyhow::anyhow!(
                        "connections.{name}.helpdesk is {helpdesk}; `deskhand connectors list` shows what there is"
                    ));
                    continue;
                };
                let connected = app::connection_settings(name, connection, &Clock::System)
                    .and_then(|it| Ok(Helpdesk::connect(Arc::clone(manifest), &it)?));
                if let Err(fault) = connected {
                    note(fault.context(format!("connections.{name}")));
                }
            }
        }
    }
    faults
}
