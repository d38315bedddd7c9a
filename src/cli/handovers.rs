//! `deskhand handovers`: conversations that people have, who waits for them how long,
//! and giving one back to Deskhand.

use std::io::Write;

use anyhow::ensure;
use clap::Args;
use clap::Subcommand;
use serde_json::json;

use crate::clock::Clock;
use crate::store::Store;
use crate::store::custody;

/// Examples:
///   deskhand handovers                     what people have, what waits for them first
///   deskhand handovers return acme/4711    Deskhand answers there again
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct HandoversArgs {
    #[command(subcommand)]
    command: Option<HandoversCommand>,
    /// One JSON object on standard output
    #[arg(long, global = true)]
    json: bool,
    /// Rows at most
    #[arg(long, global = true, default_value_t = 50)]
    limit: usize,
}

#[derive(Debug, Subcommand)]
enum HandoversCommand {
    /// Conversations that people have
    List,
    /// Gives one back: the customer's next message is answered again
    Return {
        /// connection/conversation
        conversation: String,
    },
}

/// Shows or gives back.
///
/// # Errors
/// If the store cannot be read or written, or people do not have the conversation.
pub async fn run(
    args: &HandoversArgs,
    store: &Store,
    clock: &Clock,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    match args.command.as_ref().unwrap_or(&HandoversCommand::List) {
        HandoversCommand::List => list(args, store, clock, out).await,
        HandoversCommand::Return { conversation } => {
            let (key, now_ms) = (conversation.clone(), clock.now_ms());
            let given = store.write(move |it| custody::give_back(it, &key, now_ms)).await?;
            ensure!(
                given,
                "people do not have {conversation}; `deskhand handovers` lists what they have"
            );
            if args.json {
                writeln!(out, "{}", json!({ "returned": conversation }))?;
            } else {
                writeln!(out, "{conversation} is Deskhand's again")?;
            }
            Ok(())
        }
    }
}

async fn list(
    args: &HandoversArgs,
    store: &Store,
    clock: &Clock,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let limit = args.limit;
    let rows = store.read(move |it| custody::with_people(it, limit)).await?;
    if args.json {
        writeln!(out, "{}", json!({ "handovers": rows }))?;
        return Ok(());
    }
    if rows.is_empty() {
        writeln!(out, "people have no conversation")?;
    }
    for row in rows {
        let minutes = clock.now_ms().saturating_sub(row.custody.since_ms) / 60_000;
        let state = row.custody.state.word();
        let calls = match row.custody.n_calls {
            0 => String::new(),
            n => format!("called {n} times"),
        };
        writeln!(out, "{:<28} {state:<8} {minutes:>6} min  {calls}", row.conversation)?;
    }
    Ok(())
}
