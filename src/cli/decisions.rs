//! `deskhand decisions`: what was decided, why, and the same decision again from
//! what was stored.

use std::io::Write;

use anyhow::Context as _;
use anyhow::bail;
use clap::Args;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use crate::act::Record;
use crate::decide;
use crate::decide::Because;
use crate::proposal;
use crate::store::Store;
use crate::store::decisions;
use crate::store::decisions::Decided;
use crate::store::outbox;
use crate::store::outbox::Entry;

/// Examples:
///   deskhand decisions                    the latest ones
///   deskhand decisions show ID            one, with everything behind it
///   deskhand decisions show acme/4711     the latest of a conversation
///   deskhand decisions again ID           decide once more from what was stored
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct DecisionsArgs {
    #[command(subcommand)]
    command: Option<DecisionsCommand>,
    /// One JSON object on standard output
    #[arg(long, global = true)]
    json: bool,
    /// Rows at most
    #[arg(long, global = true, default_value_t = 20)]
    limit: usize,
}

#[derive(Debug, Subcommand)]
enum DecisionsCommand {
    /// The latest decisions
    List,
    /// One decision with its evidence and what was written
    Show {
        /// A decision's id, or connection/conversation
        id: String,
    },
    /// Decides again from the stored signals; exit code 1 if it comes out differently
    Again {
        /// A decision's id, or connection/conversation
        id: String,
    },
}

/// Shows or repeats.
///
/// # Errors
/// If the store cannot be read, nothing has the id, or a repeated decision
/// differs.
pub async fn run(args: &DecisionsArgs, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
    match args.command.as_ref().unwrap_or(&DecisionsCommand::List) {
        DecisionsCommand::List => list(args, store, out).await,
        DecisionsCommand::Show { id } => show(args, store, find(store, id).await?, out).await,
        DecisionsCommand::Again { id } => again(args, &find(store, id).await?, out),
    }
}

async fn find(store: &Store, id: &str) -> anyhow::Result<(Decided, Record)> {
    let wanted = id.to_owned();
    let found = store.read(move |it| decisions::find(it, &wanted)).await?;
    let decided = found
        .with_context(|| format!("there is no decision {id}; `deskhand decisions` lists them"))?;
    let record = serde_json::from_str(&decided.record).context("reading the stored proposal")?;
    Ok((decided, record))
}

async fn list(args: &DecisionsArgs, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
    let limit = args.limit;
    let rows = store.read(move |it| decisions::latest(it, limit)).await?;
    if args.json {
        writeln!(out, "{}", json!({ "decisions": rows }))?;
        return Ok(());
    }
    for row in rows {
        let at = jiff::Timestamp::from_millisecond(row.at_ms).unwrap_or_default();
        let confidence = row.confidence.map_or("  - ".to_owned(), |it| format!("{it:.2}"));
        let reason = row.reason.as_deref().unwrap_or("");
        writeln!(
            out,
            "{}  {at:.0}  {:<22} {:<10} {:<10} {confidence}  {:<14} {reason}",
            row.id, row.conversation, row.decision, row.outcome, row.stage
        )?;
    }
    Ok(())
}

async fn show(
    args: &DecisionsArgs,
    store: &Store,
    (decided, record): (Decided, Record),
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let wanted = decided.id.clone();
    let entries = store.read(move |it| outbox::of_decision(it, &wanted)).await?;
    if args.json {
        let report = json!({ "decision": decided, "proposal": record.proposal, "writes": entries });
        writeln!(out, "{report}")?;
        return Ok(());
    }
    writeln!(out, "{} — {} — {}", decided.id, decided.conversation, decided.outcome)?;
    writeln!(out, "decision    {} {}", decided.decision, decided.reason.unwrap_or_default())?;
    write_because(&record.proposal.because, out)?;
    let stage = &record.proposal.triage.stage;
    writeln!(out, "stage       {} ({})", stage.id, stage.reason)?;
    writeln!(out, "confidence  {:.2}", record.proposal.confidence.probability)?;
    for part in &record.proposal.confidence.parts {
        let (name, value, adds) = (&part.feature, part.value, part.contribution);
        writeln!(out, "            {adds:+.2}  {name} = {value:.2}")?;
    }
    writeln!(out, "grounding   {:.2}", record.proposal.verdict.grounding)?;
    writeln!(out, "allowed by  {}", record.proposal.license)?;
    if 0 < record.proposal.spent.n_calls {
        writeln!(out, "cost        {}", record.proposal.spent)?;
    }
    for (name, value) in proposal::blocked(&record.proposal) {
        writeln!(out, "{:<11} {value}", name.to_lowercase())?;
    }
    for citation in &record.proposal.draft.citations {
        let url = citation.url.as_deref().unwrap_or("-");
        writeln!(out, "cites       {} — {url}", citation.title)?;
    }
    for entry in &entries {
        write_entry(entry, out)?;
    }
    let versions = serde_json::to_value(&record.proposal.versions)?;
    for (name, value) in versions.as_object().into_iter().flatten() {
        writeln!(
            out,
            "version     {name} {}",
            value.as_str().map_or(value.to_string(), str::to_owned)
        )?;
    }
    Ok(())
}

/// All that spoke for a person, in the order it was looked at.
fn write_because(because: &Because, out: &mut dyn Write) -> anyhow::Result<()> {
    for reason in &because.reasons {
        writeln!(out, "for people  {}", plain(&serde_json::to_value(reason)?))?;
    }
    for hold in &because.holds {
        writeln!(out, "not sent    {}", hold.word())?;
    }
    Ok(())
}

fn write_entry(entry: &Entry, out: &mut dyn Write) -> std::io::Result<()> {
    let remote = entry.remote_id.as_deref().unwrap_or("");
    let detail = entry.detail.as_deref().unwrap_or("");
    writeln!(out, "write       {:<8} {:<10} {remote} {detail}", entry.kind, entry.state)
}

fn again(
    args: &DecisionsArgs,
    (decided, record): &(Decided, Record),
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let proposal = &record.proposal;
    let now = decide::decide(&proposal.signals, proposal.thresholds);
    let (then, now) = (serde_json::to_value(proposal.decision)?, serde_json::to_value(now)?);
    let same = then == now;
    if args.json {
        writeln!(out, "{}", json!({ "id": decided.id, "then": then, "now": now, "same": same }))?;
    } else {
        let verdict = if same { "the same" } else { "different" };
        writeln!(out, "then {}, now {}: {verdict}", plain(&then), plain(&now))?;
    }
    if !same {
        bail!("the decision comes out differently: the rules have changed since");
    }
    Ok(())
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
