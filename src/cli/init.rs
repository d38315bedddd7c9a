//! `deskhand init`: a starter settings file for the helpdesks named, and what to
//! paste where. Writes nothing over an existing file.

use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::ensure;
use clap::Args;

use crate::config;
use crate::helpdesk::Manifest;
use crate::helpdesk::Manifests;

/// Examples:
///   deskhand init zendesk
///   deskhand init chatwoot intercom --public-url https://support.example.com
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct InitArgs {
    /// Helpdesks to connect; `deskhand connectors list` shows them
    #[arg(required = true, value_name = "HELPDESK")]
    helpdesks: Vec<String>,
    /// Where to write the settings
    #[arg(long, default_value = config::DEFAULT_FILE)]
    out: PathBuf,
    /// The address helpdesks will reach Deskhand at
    #[arg(long, default_value = "https://deskhand.example.com")]
    public_url: String,
    /// Print the file instead of writing it
    #[arg(long)]
    dry_run: bool,
}

/// Writes the file and prints the next steps.
///
/// # Errors
/// If a helpdesk has no manifest, or the file exists.
pub fn run(args: &InitArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let manifests = Manifests::builtin()?;
    let mut text = format!(
        "# Settings of Deskhand. Every key, its default and its meaning: `config/default.toml`.\n\
         # Check this file with `deskhand check`.\n\n\
         [server]\nlisten = \"127.0.0.1:8080\"\npublic_url = {:?}\n\n\
         [answer]\n# Every draft goes to an agent. \"autopilot\" sends what a certificate allows (docs/GUARANTEE.md).\nmode = \"suggest\"\n",
        args.public_url
    );
    let mut steps = String::new();
    for name in &args.helpdesks {
        let manifest = manifests.by_name(name).with_context(|| {
            format!("there is no manifest {name}; `deskhand connectors list` shows what there is")
        })?;
        connection(manifest, &mut text)?;
        let hook = format!("{}/webhooks/{name}", args.public_url.trim_end_matches('/'));
        writeln!(
            steps,
            "\n{}\n{}",
            manifest.title,
            manifest.setup.trim().replace("{hook}", &hook)
        )?;
    }
    // What is written must be readable, whatever the manifests say.
    config::from_text(&text).context("checking what was to be written")?;
    if args.dry_run {
        return Ok(write!(out, "{text}")?);
    }
    ensure!(
        !args.out.exists(),
        "{} exists already; name another file with --out, or look first with --dry-run",
        args.out.display()
    );
    std::fs::write(&args.out, text).with_context(|| format!("writing {}", args.out.display()))?;
    writeln!(out, "wrote {}\n{steps}", args.out.display())?;
    writeln!(
        out,
        "then:\n  deskhand check\n  deskhand ingest FOLDER-OF-ARTICLES --brand {}\n  deskhand serve",
        args.helpdesks.first().map_or("", String::as_str)
    )?;
    Ok(())
}

/// One connection's tables, every key of the manifest with its help.
fn connection(manifest: &Manifest, text: &mut String) -> std::fmt::Result {
    let name = &manifest.name;
    writeln!(text, "\n# {}\n[connections.{name}]\nhelpdesk = {name:?}", manifest.title)?;
    writeln!(text, "\n[connections.{name}.config]")?;
    for (key, setting) in &manifest.config {
        if !setting.help.is_empty() {
            writeln!(text, "# {}", setting.help)?;
        }
        let value = setting.default.as_deref().unwrap_or(&setting.example);
        let mark = if setting.required { "" } else { "# " };
        writeln!(text, "{mark}{key} = {value:?}")?;
    }
    writeln!(text, "\n[connections.{name}.secrets]")?;
    for (key, secret) in &manifest.secrets {
        if !secret.help.is_empty() {
            writeln!(text, "# {}", secret.help)?;
        }
        let variable = format!("{name}_{key}").to_uppercase().replace('-', "_");
        let mark = if secret.required { "" } else { "# " };
        writeln!(text, "{mark}{key} = {{ env = {variable:?} }}")?;
    }
    Ok(())
}
