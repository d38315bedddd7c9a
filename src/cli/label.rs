//! `deskhand label`: what people say of drafts. The next to judge is shown without how
//! sure Deskhand is of it.

use std::io::Write;

use anyhow::Context as _;
use anyhow::bail;
use anyhow::ensure;
use clap::Args;
use clap::Subcommand;
use serde_json::json;

use super::certificate::connections;
use crate::act::Record;
use crate::clock::Clock;
use crate::config::Settings;
use crate::draft;
use crate::guarantee;
use crate::store::Store;
use crate::store::certificates;
use crate::store::decisions;
use crate::store::labels;
use crate::store::labels::Judgement;

/// Examples:
///   deskhand label                          the next draft to judge: question and reply
///   deskhand label add ID right --by ana    it could have gone out as it stood
///   deskhand label add ID wrong --by ana    a competent colleague would not have sent it
///   deskhand label add ID as-is --by ana    an agent sent it without a change
///   deskhand label reopened ID              the customer came back: a hint, no judgement
///
/// Only what people say counts, and nobody chooses which drafts are asked for. What nobody
/// can judge is `wrong`.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct LabelArgs {
    #[command(subcommand)]
    command: Option<LabelCommand>,
    /// One JSON object on standard output
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum LabelCommand {
    /// The next drafts to judge, the oldest first
    Next {
        /// Of this connection alone
        #[arg(long)]
        connection: Option<String>,
    },
    /// Keeps what a person said of a draft
    Add {
        /// A decision's id
        id: String,
        /// as-is, edited (only its wording), rewritten, up, down (thumbs), right, wrong
        /// (judged blind)
        #[arg(value_parser = judgement)]
        judgement: Judgement,
        /// Who says so
        #[arg(long, value_name = "NAME")]
        by: String,
    },
    /// Keeps that a customer came back after a reply; it never counts for a certificate
    Reopened {
        /// A decision's id
        id: String,
    },
}

/// What is said of a draft, in the words of the store, with - or _.
fn judgement(word: &str) -> Result<Judgement, String> {
    let known = serde_json::from_value(json!(word.replace('-', "_")));
    let words = "as-is, edited, rewritten, up, down, right, wrong";
    known.map_err(|_| format!("it must be one of {words}"))
}

/// Shows or keeps.
///
/// # Errors
/// If the store cannot be read or written, or nothing has the id.
pub async fn run(
    args: &LabelArgs,
    settings: &Settings,
    store: &Store,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let now_ms = Clock::System.now_ms();
    match &args.command {
        None => next(args, None, settings, store, out).await,
        Some(LabelCommand::Next { connection }) => {
            next(args, connection.as_deref(), settings, store, out).await
        }
        Some(LabelCommand::Add { id, judgement, by }) => {
            ensure!(!by.trim().is_empty(), "--by is empty; name who judged");
            let (decision, judgement) = (id.clone(), *judgement);
            let by = by.trim().to_owned();
            let kept =
                store.write(move |it| guarantee::judge(it, &decision, judgement, &by, now_ms));
            let Some(broken) = kept.await? else { bail!("{}", no_decision(id)) };
            if args.json {
                let label = json!({ "decision": id, "judgement": judgement, "broken": broken });
                writeln!(out, "{label}")?;
            } else {
                writeln!(out, "kept: {} is {}", id, judgement.word())?;
                if let Some(why) = broken {
                    writeln!(
                        out,
                        "Automatic replies are off until there is a new certificate: {why}."
                    )?;
                }
            }
            Ok(())
        }
        Some(LabelCommand::Reopened { id }) => {
            let decision = id.clone();
            let kept = store.write(move |it| labels::reopened(it, &decision, now_ms)).await?;
            ensure!(kept, "{}", no_decision(id));
            if args.json {
                writeln!(out, "{}", json!({ "decision": id, "hint": "reopened" }))?;
            } else {
                writeln!(out, "kept as a hint: the customer came back after {id}")?;
            }
            Ok(())
        }
    }
}

fn no_decision(id: &str) -> String {
    format!("there is no decision {id}; `deskhand decisions` lists them")
}

async fn next(
    args: &LabelArgs,
    only: Option<&str>,
    settings: &Settings,
    store: &Store,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let share = settings.guarantee.sample;
    let mut waiting = Vec::new();
    for name in connections(settings, only)? {
        let reading = store.read(move |it| {
            // A certificate goes on asking for the share it was made with.
            let newest = certificates::newest(it, &name)?.and_then(Result::ok);
            let share = newest.map_or(share, |it| it.certificate.share.max(share));
            Ok(guarantee::sample(it, &name, share)?.waiting)
        });
        waiting.extend(reading.await?);
    }
    let Some(id) = waiting.first().cloned() else {
        if args.json {
            writeln!(out, "{}", json!({ "waiting": 0, "next": null }))?;
        } else {
            writeln!(out, "Nothing waits: every draft that was drawn has been judged.")?;
        }
        return Ok(());
    };
    let found = store.read(move |it| decisions::find(it, &id)).await?;
    let decided = found.context("the decision was removed meanwhile")?;
    let record: Record = serde_json::from_str(&decided.record).context("reading the proposal")?;
    let proposal = record.proposal;
    let reply = draft::wording(&proposal.draft).text;
    if args.json {
        let next = json!({
            "id": decided.id,
            "conversation": decided.conversation,
            "subject": proposal.ticket.subject,
            "question": proposal.ticket.question,
            "reply": reply,
        });
        writeln!(out, "{}", json!({ "waiting": waiting.len(), "next": next }))?;
        return Ok(());
    }
    writeln!(out, "{} wait; the next is of {}\n", waiting.len(), decided.conversation)?;
    writeln!(out, "— asked —\n{}\n{}\n", proposal.ticket.subject, proposal.ticket.question)?;
    writeln!(out, "— the draft —\n{reply}\n")?;
    writeln!(out, "deskhand label add {} right|wrong --by NAME", decided.id)?;
    Ok(())
}
