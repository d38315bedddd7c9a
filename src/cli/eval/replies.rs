//! `deskhand eval reply`: replies or picked sentences, measured and shown for
//! reading.

use std::fs::File;
use std::io::BufWriter;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use anyhow::ensure;
use clap::Args;

use super::say;
use crate::cli::ingest::bar;
use crate::embed::Embedder;
use crate::eval;
use crate::eval::Folder;
use crate::eval::Meanings;
use crate::eval::reply;
use crate::eval::reply::Written;
use crate::eval::support;
use crate::eval::support::Picked;

#[derive(Debug, Args)]
pub(super) struct ReplyArgs {
    /// The folder of labelled files
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print so many replies beside what a right one states
    #[arg(long, value_name = "N", default_value_t = 0)]
    show: usize,
    /// Write what spoke for each sentence, one JSON object a line: what weights are
    /// learned from. Only for questions with `support_sentences`
    #[arg(long, value_name = "FILE")]
    signals: Option<PathBuf>,
    /// One JSON object on standard output
    #[arg(long, conflicts_with = "show")]
    json: bool,
}

/// Measures and prints.
///
/// # Errors
/// If the files cannot be read, or no question of them is labelled.
pub(super) async fn reply(
    args: &ReplyArgs,
    embedder: Embedder,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let folder = eval::read_folder(&args.data, eval::BRAND)?;
    let n_labelled = support::questions(&folder).count();
    if 0 < n_labelled {
        return pick(args, &folder, n_labelled, out);
    }
    ensure!(
        args.signals.is_none(),
        "{} has no questions with `support_sentences` and articles with `sentences`, \
         and --signals is about those",
        args.data.display()
    );
    let n_questions = reply::questions(&folder).count();
    ensure!(
        0 < n_questions,
        "{} has no question that names the articles which answer it (`relevant`)",
        args.data.display()
    );
    let meanings = Meanings::of(&folder, None, &Arc::new(embedder)).await?;
    let bar = bar(n_questions as u64, "{bar:30} {pos}/{len} questions, {per_sec}, {eta} left");
    let data = args.data.display().to_string();
    let mut shown = Vec::new();
    let report = reply::measure(&folder, &data, &meanings, |written| {
        bar.inc(1);
        // Those with facts tell more; the others fill up.
        shown.push(written);
    })?;
    bar.finish_and_clear();
    shown.sort_by_key(|it| it.facts.is_empty());
    for written in shown.iter().take(args.show) {
        show_reply(written, out)?;
    }
    say(&report, args.json, out)
}

fn pick(
    args: &ReplyArgs,
    folder: &Folder,
    n_questions: usize,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let bar = bar(n_questions as u64, "{bar:30} {pos}/{len} questions, {per_sec}, {eta} left");
    let mut signals = match &args.signals {
        Some(path) => Some(BufWriter::new(
            File::create(path).with_context(|| format!("making {}", path.display()))?,
        )),
        None => None,
    };
    let mut written = Ok(());
    let mut n_shown = 0;
    let data = args.data.display().to_string();
    let report = support::measure(folder, &data, |picked| {
        bar.inc(1);
        if n_shown < args.show && written.is_ok() {
            n_shown += 1;
            written = show_picked(&picked, out);
        }
        if let (Some(file), Ok(())) = (&mut signals, &written) {
            let line = serde_json::to_string(&picked).unwrap_or_default();
            written = writeln!(file, "{line}");
        }
    });
    bar.finish_and_clear();
    written
        .and_then(|()| signals.map_or(Ok(()), |mut it| it.flush()))
        .context("writing what was picked")?;
    say(&report, args.json, out)
}

fn show_reply(written: &Written, out: &mut dyn Write) -> std::io::Result<()> {
    let article = if written.right_article { "right article" } else { "WRONG ARTICLE" };
    writeln!(out, "=== {} ({article})\n{}\n", written.question, written.asked.trim())?;
    for (fact, is_stated) in &written.facts {
        let mark = if *is_stated { "stated" } else { "MISSING" };
        writeln!(out, "{mark}: {fact}")?;
    }
    let reply = if written.reply.is_empty() { "(nothing found)" } else { &written.reply };
    writeln!(out, "---\n{reply}\n")
}

/// `+` picked and right, `?` picked only, `!` right and missed.
fn show_picked(picked: &Picked<'_>, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "=== {}\n{}", picked.question, picked.asked.trim())?;
    for (idx, sentence) in picked.sentences.iter().enumerate() {
        let mark = match (picked.chosen.contains(&idx), picked.right.contains(&idx)) {
            (true, true) => '+',
            (true, false) => '?',
            (false, true) => '!',
            (false, false) => ' ',
        };
        writeln!(out, "{mark} {sentence}")?;
    }
    writeln!(out)
}
