//! `deskhand send`: the kill switch. Off turns every automatic reply into a
//! suggestion, in every process on this store, from the next reply on.

use std::io::Write;

use clap::Args;
use clap::ValueEnum;
use serde_json::json;

use crate::store::Store;
use crate::store::outbox::SEND_SWITCH;

/// Examples:
///   deskhand send          whether automatic replies are on
///   deskhand send off      from now on every draft is only suggested
///   deskhand send on
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct SendArgs {
    switch: Option<Switch>,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Switch {
    On,
    Off,
}

/// Shows or sets the switch.
///
/// # Errors
/// If the store cannot be read or written.
pub async fn run(args: &SendArgs, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
    if let Some(switch) = args.switch {
        let value = match switch {
            Switch::On => "on",
            Switch::Off => "off",
        };
        store.set_fact(SEND_SWITCH.to_owned(), value.to_owned()).await?;
    }
    let is_off = store.fact(SEND_SWITCH).await?.as_deref() == Some("off");
    if args.json {
        writeln!(out, "{}", json!({ "send": if is_off { "off" } else { "on" } }))?;
    } else if is_off {
        writeln!(out, "off: drafts are suggested to agents, none is sent")?;
    } else {
        writeln!(out, "on: connections on autopilot send what is sure enough")?;
    }
    Ok(())
}
