//! `deskhand connectors`: what each helpdesk can do, whether a manifest is in
//! order, and what a payload would lead to. Nothing is sent anywhere.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use anyhow::bail;
use clap::Args;
use clap::Subcommand;
use secrecy::SecretString;
use serde_json::json;

use crate::clock::Clock;
use crate::helpdesk::Action;
use crate::helpdesk::ConnectionSettings;
use crate::helpdesk::Event;
use crate::helpdesk::Helpdesk;
use crate::helpdesk::Manifest;
use crate::helpdesk::Manifests;
use crate::helpdesk::PlannedCall;
use crate::helpdesk::Wording;
use crate::ticket::Conversation;

#[derive(Debug, Args)]
#[command(after_help = "Examples:
  deskhand connectors list
  deskhand connectors check connectors/mydesk.toml
  deskhand connectors try zendesk --payload ticket.json --set agent_id=42
  deskhand connectors try chatwoot --payload p.json --header x-chatwoot-delivery:d1 --json")]
pub struct ConnectorsArgs {
    /// A directory of manifests of your own, as in the settings
    #[arg(long, global = true, value_name = "DIR")]
    pub drop_in: Option<PathBuf>,
    /// One JSON object on standard output
    #[arg(long, global = true)]
    pub json: bool,
    #[command(subcommand)]
    pub command: ConnectorsCommand,
}

#[derive(Debug, Subcommand)]
pub enum ConnectorsCommand {
    /// Shows each helpdesk, what it can do and why not
    List,
    /// Checks manifests; those compiled in and the drop-in directory without PATH
    Check { paths: Vec<PathBuf> },
    /// Runs a payload through a manifest: the events, and the calls Deskhand would make
    Try {
        /// A helpdesk's name, or the path of a manifest
        name: String,
        /// The body of a delivery, as the helpdesk sent it
        #[arg(long, value_name = "FILE")]
        payload: PathBuf,
        /// A header of the delivery
        #[arg(long = "header", value_name = "NAME:VALUE")]
        headers: Vec<String>,
        /// A setting of the connection; the manifest's examples stand in for the rest
        #[arg(long = "set", value_name = "KEY=VALUE")]
        settings: Vec<String>,
    },
}

/// Runs the command. An error is a manifest that is not in order or a payload
/// that cannot be mapped.
pub fn run(args: &ConnectorsArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    match &args.command {
        ConnectorsCommand::List => {
            let manifests = Manifests::load(args.drop_in.as_deref())?;
            if args.json { list_json(&manifests, out) } else { list(&manifests, out) }
        }
        ConnectorsCommand::Check { paths } => check(args, paths, out),
        ConnectorsCommand::Try { name, payload, headers, settings } => {
            let manifest = named(args, name)?;
            let helpdesk = stand_in(manifest, settings)?;
            let body = fs::read(payload)
                .with_context(|| format!("reading the payload {}", payload.display()))?;
            let mut headers = pairs(headers, ':')?;
            headers.iter_mut().for_each(|(name, _)| name.make_ascii_lowercase());
            let trial = trial(&helpdesk, &body, &headers)?;
            if args.json { trial_json(&trial, out) } else { trial_text(&trial, out) }
        }
    }
}

fn list(manifests: &Manifests, out: &mut dyn Write) -> anyhow::Result<()> {
    for manifest in manifests.iter() {
        writeln!(out, "{} ({})", manifest.name, manifest.title)?;
        let (can, cannot): (Vec<_>, Vec<_>) =
            Manifest::ABILITIES.into_iter().partition(|it| manifest.can(it).is_ok());
        writeln!(out, "  can     {}", can.join(", "))?;
        for what in cannot {
            if let Err(why) = manifest.can(what) {
                writeln!(out, "  cannot  {what}: {why}")?;
            }
        }
        for (name, key) in manifest.config.iter().filter(|(_, key)| key.required) {
            writeln!(out, "  config.{name}: {}", key.help)?;
        }
        for (name, key) in manifest.secrets.iter().filter(|(_, key)| key.required) {
            writeln!(out, "  secrets.{name}: {}", key.help)?;
        }
    }
    Ok(())
}

fn list_json(manifests: &Manifests, out: &mut dyn Write) -> anyhow::Result<()> {
    let ability = |manifest: &Manifest, what: &str| match manifest.can(what) {
        Ok(()) => json!({ "can": true }),
        Err(why) => json!({ "can": false, "why": why }),
    };
    let entry = |manifest: &Arc<Manifest>| {
        let abilities: BTreeMap<_, _> =
            Manifest::ABILITIES.iter().map(|it| (*it, ability(manifest, it))).collect();
        let config: BTreeMap<_, _> = manifest
            .config
            .iter()
            .map(|(name, key)| {
                (
                    name,
                    json!({ "required": key.required, "default": key.default, "help": key.help }),
                )
            })
            .collect();
        let secrets: BTreeMap<_, _> = manifest
            .secrets
            .iter()
            .map(|(name, key)| (name, json!({ "required": key.required, "help": key.help })))
            .collect();
        json!({
            "name": manifest.name, "title": manifest.title, "docs": manifest.docs,
            "abilities": abilities, "config": config, "secrets": secrets,
        })
    };
    let connectors: Vec<_> = manifests.iter().map(entry).collect();
    Ok(writeln!(out, "{}", json!({ "connectors": connectors }))?)
}

/// Reports every file, good or bad, and fails at the end if one was bad.
fn check(args: &ConnectorsArgs, paths: &[PathBuf], out: &mut dyn Write) -> anyhow::Result<()> {
    let mut results: Vec<(String, Option<String>)> = Vec::new();
    for path in paths {
        let file = path.display().to_string();
        let problem = match fs::read_to_string(path) {
            Ok(text) => Manifest::parse(&file, &text).err().map(|it| it.to_string()),
            Err(err) => Some(format!("could not read {file}: {err}")),
        };
        results.push((file, problem));
    }
    if paths.is_empty() {
        match Manifests::load(args.drop_in.as_deref()) {
            Ok(all) => results.extend(all.iter().map(|it| (it.name.clone(), None))),
            Err(err) => results.push(("manifests".to_owned(), Some(err.to_string()))),
        }
    }
    let n_bad = results.iter().filter(|(_, problem)| problem.is_some()).count();
    if args.json {
        let files: Vec<_> = results
            .iter()
            .map(|(file, problem)| json!({ "file": file, "ok": problem.is_none(), "problem": problem }))
            .collect();
        writeln!(out, "{}", json!({ "ok": n_bad == 0, "manifests": files }))?;
    } else {
        for (file, problem) in &results {
            match problem {
                None => writeln!(out, "{file}: in order")?,
                Some(problem) => writeln!(out, "{problem}")?,
            }
        }
    }
    if n_bad > 0 {
        bail!("{n_bad} of {} manifests cannot be used", results.len());
    }
    Ok(())
}

/// A manifest by its name, or by the path of its file.
fn named(args: &ConnectorsArgs, name: &str) -> anyhow::Result<Arc<Manifest>> {
    if name.ends_with(".toml") {
        let text = fs::read_to_string(name).with_context(|| format!("reading {name}"))?;
        return Ok(Arc::new(Manifest::parse(name, &text)?));
    }
    let manifests = Manifests::load(args.drop_in.as_deref())?;
    match manifests.by_name(name) {
        Some(manifest) => Ok(Arc::clone(manifest)),
        None => {
            let known: Vec<_> = manifests.iter().map(|it| it.name.clone()).collect();
            bail!("no manifest is called `{name}`; known are {}", known.join(", "))
        }
    }
}

/// A connection that exists only to be tried: examples for what is not set.
fn stand_in(manifest: Arc<Manifest>, settings: &[String]) -> anyhow::Result<Helpdesk> {
    let mut config = BTreeMap::new();
    for (name, key) in &manifest.config {
        if key.required && key.default.is_none() {
            config.insert(name.clone(), key.example.clone());
        }
    }
    config.extend(pairs(settings, '=')?);
    let stand_in = || vec![SecretString::from("stand-in".to_owned())];
    let settings = ConnectionSettings {
        name: "try".to_owned(),
        helpdesk: manifest.name.clone(),
        brand: "default".to_owned(),
        base_url: None,
        config,
        secrets: manifest.secrets.keys().map(|it| (it.clone(), stand_in())).collect(),
        clock: Clock::System,
    };
    Ok(Helpdesk::connect(manifest, &settings)?)
}

/// What one payload would lead to.
struct Trial {
    dedup: String,
    events: Vec<Event>,
    /// Action and its calls, or why there are none; for the first event.
    calls: Vec<(&'static str, Result<Vec<PlannedCall>, String>)>,
}

fn trial(helpdesk: &Helpdesk, body: &[u8], headers: &[(String, String)]) -> anyhow::Result<Trial> {
    let receipt = helpdesk.receipt_of(body, headers)?;
    let events = helpdesk.events(body, headers)?;
    let calls = match events.first() {
        Some(event) => calls(helpdesk, &event.conversation),
        None => Vec::new(),
    };
    Ok(Trial { dedup: receipt.dedup, events, calls })
}

fn calls(
    helpdesk: &Helpdesk,
    conversation: &Conversation,
) -> Vec<(&'static str, Result<Vec<PlannedCall>, String>)> {
    let wording = Wording {
        text: "Thank you for your message.".to_owned(),
        markdown: "Thank you for your message.".to_owned(),
        html: "<p>Thank you for your message.</p>".to_owned(),
    };
    let actions = [
        Action::Reply(wording.clone()),
        Action::Note(wording),
        Action::Tag { tags: vec!["stage-support".to_owned()] },
        // Zendesk knows fields by number; elsewhere it is a name like any other.
        Action::Field { field: "360000000001".to_owned(), value: "support".to_owned() },
        Action::Handoff,
        Action::Open,
    ];
    let rehearsed = |action: &Action| {
        let calls = helpdesk.rehearse(conversation, action, "try-1");
        (action.name(), calls.map_err(|it| it.to_string()))
    };
    actions.iter().map(rehearsed).collect()
}

fn trial_text(trial: &Trial, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "known again by  {}", trial.dedup)?;
    if trial.events.is_empty() {
        writeln!(out, "no event: the delivery is answered 200 and nothing is done")?;
    }
    for event in &trial.events {
        writeln!(out, "event\n{}", serde_json::to_string_pretty(event)?)?;
    }
    for (name, calls) in &trial.calls {
        match calls {
            Err(why) => writeln!(out, "{name}: {why}")?,
            Ok(calls) if calls.is_empty() => writeln!(out, "{name}: nothing to do")?,
            Ok(_) => writeln!(out, "{name}")?,
        }
        for call in calls.as_ref().map_or(&[][..], Vec::as_slice) {
            let body = call.body.as_deref().unwrap_or_default();
            writeln!(out, "  {} {} {body}", call.method, call.path)?;
        }
    }
    Ok(())
}

fn trial_json(trial: &Trial, out: &mut dyn Write) -> anyhow::Result<()> {
    let calls: BTreeMap<_, _> = trial
        .calls
        .iter()
        .map(|(name, calls)| match calls {
            Ok(calls) => (*name, json!(calls.iter().map(call_json).collect::<Vec<_>>())),
            Err(why) => (*name, json!({ "error": why })),
        })
        .collect();
    let object = json!({ "dedup": trial.dedup, "events": trial.events, "calls": calls });
    Ok(writeln!(out, "{object}")?)
}

fn call_json(call: &PlannedCall) -> serde_json::Value {
    let body: Option<serde_json::Value> =
        call.body.as_deref().and_then(|it| serde_json::from_str(it).ok());
    json!({ "method": call.method, "path": call.path, "headers": call.headers, "body": body })
}

fn pairs(texts: &[String], separator: char) -> anyhow::Result<Vec<(String, String)>> {
    let pair = |text: &String| match text.split_once(separator) {
        Some((name, value)) => Ok((name.trim().to_owned(), value.trim().to_owned())),
        None => bail!("`{text}` has no `{separator}` between name and value"),
    };
    texts.iter().map(pair).collect()
}
