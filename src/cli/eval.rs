//! `deskhand eval`: a step measured on labelled files, beside what a user would
//! have without it. Nothing is stored.

use std::fs::File;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use clap::Subcommand;
use clap::ValueEnum;

use super::ingest::bar;
use crate::app;
use crate::config;
use crate::embed::Embedder;
use crate::eval;
use crate::eval::Interval;
use crate::eval::Meanings;
use crate::eval::Report;
use crate::eval::mask;
use crate::eval::retrieval;
use crate::eval::retrieval::Weighed;

/// Examples:
///   deskhand eval retrieval --data ./history
///   deskhand eval retrieval --data ./history --articles-only --json
///   deskhand eval retrieval --data ./history --embedder none
///   deskhand eval mask --data ./labelled
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct EvalArgs {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    /// Whether the right article is found, and whether it is known that none is
    Retrieval(RetrievalArgs),
    /// Whether what identifies people is masked, and nothing else
    ///
    /// Reads sentences.jsonl of a folder, or every .jsonl of a folder without one. A line
    /// is a text with spans, or a conversation whose turns have entities. `all` are
    /// identifiers with a form: cards, e-mail, IBANs, IP addresses, telephone and social
    /// security numbers, secrets. A label is found if each letter and digit of it is
    /// masked. What is masked is a false alarm if it overlaps no label of any type.
    Mask(MaskArgs),
}

/// Reads corpus.jsonl, past_tickets.jsonl, past_links.jsonl, queries.jsonl and
/// queries_other_product.jsonl of a folder. A past ticket counts only for
/// questions that were asked after it.
#[derive(Debug, Args)]
struct RetrievalArgs {
    /// The folder of labelled files
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Leave past tickets out: what a team without a history would have
    #[arg(long)]
    articles_only: bool,
    /// What compares meanings, instead of what the settings say: `table` or `none`
    #[arg(long, value_name = "EMBEDDER")]
    embedder: Option<Builtin>,
    /// Write what spoke for each candidate of each question, one JSON object a
    /// line: what weights are learned from
    #[arg(long, value_name = "FILE")]
    signals: Option<PathBuf>,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// Embedders that need no settings.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Builtin {
    Table,
    None,
}

#[derive(Debug, Args)]
struct MaskArgs {
    /// The folder of labelled texts
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// Measures and prints.
///
/// # Errors
/// If the files cannot be read.
pub async fn run(args: &EvalArgs, file: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    match &args.step {
        Step::Retrieval(args) => retrieve(args, file, out).await,
        Step::Mask(args) => {
            let sentences = eval::read_sentences(&args.data)?;
            let report = mask::measure(&sentences, &args.data.display().to_string());
            say(&report, args.json, out)
        }
    }
}

fn embedder(chosen: Option<Builtin>, file: Option<&Path>) -> anyhow::Result<Embedder> {
    match chosen {
        Some(Builtin::Table) => Ok(Embedder::Table),
        Some(Builtin::None) => Ok(Embedder::Off),
        None => app::embedder(&config::load(file)?.settings),
    }
}

async fn retrieve(
    args: &RetrievalArgs,
    file: Option<&Path>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let embedder = Arc::new(embedder(args.embedder, file)?);
    let folder = eval::read_folder(&args.data, retrieval::BRAND)?;
    let meanings = Meanings::of(&folder, None, &embedder).await?;
    let n_questions = folder.questions.len() + folder.off_topic.len();
    let bar = bar(n_questions as u64, "{bar:30} {pos}/{len} questions, {per_sec}, {eta} left");
    let data = args.data.display().to_string();
    let mut signals = match &args.signals {
        Some(path) => Some(BufWriter::new(
            File::create(path).with_context(|| format!("making {}", path.display()))?,
        )),
        None => None,
    };
    let mut written = Ok(());
    let (with_past_tickets, with_signals) = (!args.articles_only, signals.is_some());
    let told = |done: usize, weighed: Option<Weighed>| {
        bar.set_position(done as u64);
        if let (Some(file), Some(weighed), Ok(())) = (&mut signals, weighed, &written) {
            let line = serde_json::to_string(&weighed).unwrap_or_default();
            written = writeln!(file, "{line}");
        }
    };
    let report =
        retrieval::measure(&folder, &data, &meanings, with_past_tickets, with_signals, told)?;
    bar.finish_and_clear();
    written
        .and_then(|()| signals.map_or(Ok(()), |mut it| it.flush()))
        .context("writing the signals")?;
    say(&report, args.json, out)
}

fn say(report: &Report, as_json: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    if as_json {
        writeln!(out, "{}", serde_json::to_string(report)?)?;
        return Ok(());
    }
    Ok(show(report, out)?)
}

fn show(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    let (many, one) = match report.step.as_str() {
        "mask" => ("sentences", "sentence"),
        _ => ("questions with labels", "question"),
    };
    writeln!(out, "{} on {}, {} {many}", report.step, report.data, report.n)?;
    let width = report.metrics.keys().map(String::len).max().unwrap_or(0).max(12);
    for (slice, figures) in &report.metrics {
        writeln!(out, "\n{slice:<width$} {:>8} {:>19}   baselines", "deskhand", "95 % interval")?;
        for (name, value) in figures {
            let interval = report.ci95.get(slice).and_then(|it| it.get(name));
            // What has no interval is a number of things.
            let digits = if interval.is_some() { 3 } else { 0 };
            let interval =
                interval.map_or(String::new(), |Interval(low, high)| format!("{low:.3}–{high:.3}"));
            let baselines = report.baseline.iter().filter_map(|(baseline, slices)| {
                Some(format!("{baseline} {:.digits$}", slices.get(slice)?.get(name)?))
            });
            let baselines = baselines.collect::<Vec<_>>().join("  ");
            let name_width = width - 2;
            writeln!(out, "  {name:<name_width$} {value:>8.digits$} {interval:>19}   {baselines}")?;
        }
    }
    let ms = |name: &str| report.latency_ms.get(name).copied().unwrap_or(f64::NAN);
    writeln!(out, "\none {one}: p50 {:.2} ms, p99 {:.2} ms", ms("p50"), ms("p99"))
}
