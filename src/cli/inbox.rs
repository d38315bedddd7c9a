//! `deskhand inbox`: deliveries that wait, that died, and bringing them back.

use std::io::Write;

use anyhow::ensure;
use clap::Args;
use clap::Subcommand;
use serde_json::json;

use crate::clock::Clock;
use crate::store::Store;
use crate::store::inbox;
use crate::store::inbox::Row;
use crate::store::inbox::Which;

/// Examples:
///   deskhand inbox                 what is waiting
///   deskhand inbox dead            what could not be handled, and why
///   deskhand inbox retry 17 18     try those again
///   deskhand inbox retry --all     try every dead delivery again
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct InboxArgs {
    #[command(subcommand)]
    command: Option<InboxCommand>,
    /// One JSON object on standard output
    #[arg(long, global = true)]
    json: bool,
    /// Rows at most
    #[arg(long, global = true, default_value_t = 50)]
    limit: usize,
}

#[derive(Debug, Subcommand)]
enum InboxCommand {
    /// Deliveries that have not ended
    Waiting,
    /// Deliveries that could not be handled
    Dead,
    /// Every delivery, newest first
    All,
    /// Puts dead deliveries back
    Retry {
        /// Numbers as `deskhand inbox dead` shows them
        #[arg(required_unless_present = "all")]
        seqs: Vec<i64>,
        /// Every dead delivery
        #[arg(long, conflicts_with = "seqs")]
        all: bool,
    },
}

/// Shows or retries.
///
/// # Errors
/// If the store cannot be read, or a number names no dead delivery.
pub async fn run(args: &InboxArgs, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
    match args.command.as_ref().unwrap_or(&InboxCommand::Waiting) {
        InboxCommand::Waiting => show(args, store, Which::Unfinished, out).await,
        InboxCommand::Dead => show(args, store, Which::Dead, out).await,
        InboxCommand::All => show(args, store, Which::All, out).await,
        InboxCommand::Retry { seqs, all } => {
            let seqs = if *all {
                let dead = store.read(|it| inbox::rows(it, Which::Dead, usize::MAX >> 1)).await?;
                dead.iter().map(|it| it.seq).collect()
            } else {
                seqs.clone()
            };
            retry(args, store, seqs, out).await
        }
    }
}

async fn show(
    args: &InboxArgs,
    store: &Store,
    which: Which,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let limit = args.limit;
    let rows = store.read(move |it| inbox::rows(it, which, limit)).await?;
    let counts = store.read(inbox::counts).await?;
    if args.json {
        let counts: serde_json::Map<_, _> =
            counts.into_iter().map(|(name, n)| (name, json!(n))).collect();
        writeln!(out, "{}", json!({ "counts": counts, "deliveries": rows }))?;
        return Ok(());
    }
    let counts: Vec<String> = counts.iter().map(|(name, n)| format!("{n} {name}")).collect();
    let counts = if counts.is_empty() { "nothing yet".to_owned() } else { counts.join(", ") };
    writeln!(out, "deliveries: {counts}")?;
    for row in &rows {
        write_row(row, out)?;
    }
    if which == Which::Dead && !rows.is_empty() {
        writeln!(out, "\nbring one back with `deskhand inbox retry NUMBER`")?;
    }
    Ok(())
}

fn write_row(row: &Row, out: &mut dyn Write) -> std::io::Result<()> {
    let at = jiff::Timestamp::from_millisecond(row.received_ms).unwrap_or_default();
    let state = row.outcome.as_deref().unwrap_or(&row.state);
    let conversation = row.conversation.as_deref().unwrap_or("-");
    let detail = row.detail.as_deref().unwrap_or("");
    writeln!(
        out,
        "{:>6}  {at:.0}  {:<10} {:<24} attempts {:<2} repeats {:<2} {detail}",
        row.seq, state, conversation, row.attempts, row.repeats
    )
}

async fn retry(
    args: &InboxArgs,
    store: &Store,
    seqs: Vec<i64>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let now_ms = Clock::System.now_ms();
    let n_asked = seqs.len();
    let unknown = store
        .write(move |connection| {
            let mut unknown = Vec::new();
            for seq in seqs {
                if !inbox::revive(connection, seq, now_ms)? {
                    unknown.push(seq);
                }
            }
            Ok(unknown)
        })
        .await?;
    let n_revived = n_asked - unknown.len();
    if args.json {
        writeln!(out, "{}", json!({ "retried": n_revived, "not_dead": unknown }))?;
    } else {
        writeln!(out, "{n_revived} put back; a running `deskhand serve` takes them up at once")?;
    }
    ensure!(
        unknown.is_empty(),
        "no dead delivery has the number {unknown:?}; see `deskhand inbox dead`"
    );
    Ok(())
}
