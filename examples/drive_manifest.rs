//! Drives every action and read of a manifest against a service that judges
//! the requests, such as a mock made from the vendor's API document, and fails
//! if one of them is refused.
//!
//! ```text
//! cargo run --example drive_manifest -- zendesk http://127.0.0.1:4010 articles
//! cargo run --example drive_manifest -- request-tracker http://127.0.0.1:18081 \
//!     conversation=1 field=Stage config.agent_id=deskhand secrets.api_token=…
//! ```
//!
//! A bare word is a call the document is known not to have.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use anyhow::Context;
use anyhow::bail;
use deskhand::clock::Clock;
use deskhand::helpdesk::Action;
use deskhand::helpdesk::ConnectionSettings;
use deskhand::helpdesk::Helpdesk;
use deskhand::helpdesk::HelpdeskError;
use deskhand::helpdesk::Manifests;
use deskhand::helpdesk::Wording;
use deskhand::ticket::Channel;
use deskhand::ticket::Conversation;
use jiff::Timestamp;
use secrecy::SecretString;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, base, rest @ ..] = arguments.as_slice() else {
        bail!("usage: drive_manifest HELPDESK BASE-URL [KEY=VALUE…] [NOT-IN-THE-DOCUMENT…]");
    };
    let settings: BTreeMap<&str, &str> = rest.iter().filter_map(|it| it.split_once('=')).collect();
    let skipped: Vec<_> = rest.iter().filter(|it| !it.contains('=')).collect();
    let helpdesk = connect(name, base, &settings)?;
    let mut out = std::io::stdout();
    let mut n_refused = 0;
    for (what, result) in drive(&helpdesk, &settings).await {
        let verdict = match result {
            Ok(()) => "accepted".to_owned(),
            Err(HelpdeskError::Unsupported { why, .. }) => format!("not offered: {why}"),
            Err(HelpdeskError::Unreadable { detail, .. }) => {
                format!("accepted, its sample answer is not mapped: {detail}")
            }
            Err(err) if skipped.contains(&&what) => format!("not in the document: {err}"),
            Err(err) => {
                n_refused += 1;
                format!("REFUSED: {err}")
            }
        };
        writeln!(out, "{name:<16} {what:<10} {verdict}")?;
    }
    if n_refused > 0 {
        bail!("{n_refused} calls of {name} were refused");
    }
    Ok(())
}

fn connect(name: &str, base: &str, given: &BTreeMap<&str, &str>) -> anyhow::Result<Helpdesk> {
    let manifests = Manifests::builtin()?;
    let manifest = manifests.by_name(name).with_context(|| format!("no manifest `{name}`"))?;
    let examples = manifest.config.iter().filter(|(_, key)| !key.example.is_empty());
    let mut config: BTreeMap<_, _> =
        examples.map(|(name, key)| (name.clone(), key.example.clone())).collect();
    let own = |prefix: &'static str| {
        given.iter().filter_map(move |(key, value)| Some((key.strip_prefix(prefix)?, *value)))
    };
    config.extend(own("config.").map(|(key, value)| (key.to_owned(), value.to_owned())));
    let secret = |text: &str| vec![SecretString::from(text.to_owned())];
    let mut secrets: BTreeMap<_, _> =
        manifest.secrets.keys().map(|it| (it.clone(), secret("stand-in"))).collect();
    secrets.extend(own("secrets.").map(|(key, value)| (key.to_owned(), secret(value))));
    let settings = ConnectionSettings {
        name: name.to_owned(),
        helpdesk: name.to_owned(),
        brand: "default".to_owned(),
        base_url: Some(base.parse().with_context(|| format!("{base} is no address"))?),
        config,
        secrets,
        clock: Clock::System,
    };
    Ok(Helpdesk::connect(Arc::clone(manifest), &settings)?)
}

async fn drive(
    helpdesk: &Helpdesk,
    given: &BTreeMap<&str, &str>,
) -> Vec<(String, Result<(), HelpdeskError>)> {
    let or = |key: &str, default: &str| (*given.get(key).unwrap_or(&default)).to_owned();
    let known = Conversation {
        id: or("conversation", "123"),
        subject: Some("Where is my order?".to_owned()),
        status: Some("pending".to_owned()),
        channel: Channel::Email,
        tags: vec!["order".to_owned()],
        requester: Some("42".to_owned()),
        assignee: None,
        fields: Default::default(),
        seen_at: Some("2026-11-22T10:00:00Z".to_owned()),
        messages: Vec::new(),
        is_cut: false,
        attachments: Vec::new(),
    };
    let wording = Wording {
        text: "It ships tomorrow.".to_owned(),
        markdown: "It ships **tomorrow**.".to_owned(),
        html: "<p>It ships <b>tomorrow</b>.</p>".to_owned(),
    };
    let actions = [
        Action::Reply(wording.clone()),
        Action::Note(wording),
        Action::Tag { tags: vec!["stage-support".to_owned(), "order".to_owned()] },
        Action::Field { field: or("field", "360000000001"), value: "support".to_owned() },
        Action::Handoff,
    ];
    let since = Timestamp::UNIX_EPOCH;
    let mut results = Vec::new();
    let read = helpdesk.read_conversation(&known).await;
    let conversation = read.as_ref().unwrap_or(&known).clone();
    if given.contains_key("conversation") {
        let text = serde_json::to_string_pretty(&read.as_ref().ok()).unwrap_or_default();
        results.push((text, Ok(())));
    }
    results.push(("messages".to_owned(), read.map(drop)));
    for action in &actions {
        let result = helpdesk.act(&conversation, action, "drive-1").await.map(drop);
        results.push((action.name().to_owned(), result));
    }
    results.push(("changed".to_owned(), helpdesk.changed_since(since).await.map(drop)));
    results.push(("solved".to_owned(), helpdesk.read_solved(since).await.map(drop)));
    results.push(("articles".to_owned(), helpdesk.read_articles().await.map(drop)));
    results
}
