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
use crate::prompt::Prompts;

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
pub fn run(args: &CheckArgs, file: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let loaded = config::load(file)?;
    let faults = faults(&loaded.settings);
    if args.json {
        let settings: Vec<_> = loaded
            .lines()
            .into_iter()
            .map(|(key, value, origin)| json!({ "key": key, "value": value, "from": origin }))
            .collect();
        let ok = faults.is_empty();
        writeln!(out, "{}", json!({ "ok": ok, "settings": settings, "faults": faults }))?;
    } else {
        for (key, value, origin) in loaded.lines() {
            writeln!(out, "{key:<44} {value:<34} {origin}")?;
        }
        writeln!(out)?;
        for fault in &faults {
            writeln!(out, "✗ {fault}")?;
        }
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

/// Everything that would keep the service from starting, one sentence each.
fn faults(settings: &Settings) -> Vec<String> {
    let mut faults = Vec::new();
    let mut note = |fault: anyhow::Error| faults.push(format!("{fault:#}"));
    if let Err(fault) = app::stages(settings) {
        note(fault);
    }
    if let Err(fault) = Prompts::load(app::prompt_folder(settings)) {
        note(fault.into());
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
