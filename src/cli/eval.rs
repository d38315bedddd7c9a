//! `deskhand eval`: a step measured on labelled files, beside what a user would
//! have without it. Nothing is stored.

use std::fs::File;
use std::io::BufWriter;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use clap::Subcommand;

use super::ingest::bar;
use crate::eval;
use crate::eval::Interval;
use crate::eval::Report;
use crate::eval::retrieval;

/// Examples:
///   deskhand eval retrieval --data ./history
///   deskhand eval retrieval --data ./history --articles-only --json
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
    /// Write what spoke for each candidate of each question, one JSON object a
    /// line: what weights are learned from
    #[arg(long, value_name = "FILE")]
    signals: Option<PathBuf>,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// Measures and prints.
///
/// # Errors
/// If the files cannot be read.
pub fn run(args: &EvalArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let Step::Retrieval(args) = &args.step;
    let folder = eval::read_folder(&args.data, retrieval::BRAND)?;
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
    let report =
        retrieval::measure(&folder, &data, with_past_tickets, with_signals, |done, weighed| {
            bar.set_position(done as u64);
            if let (Some(file), Some(weighed), Ok(())) = (&mut signals, weighed, &written) {
                let line = serde_json::to_string(&weighed).unwrap_or_default();
                written = writeln!(file, "{line}");
            }
        })?;
    bar.finish_and_clear();
    written
        .and_then(|()| signals.map_or(Ok(()), |mut it| it.flush()))
        .context("writing the signals")?;
    if args.json {
        writeln!(out, "{}", serde_json::to_string(&report)?)?;
        return Ok(());
    }
    Ok(show(&report, out)?)
}

fn show(report: &Report, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "{} on {}, {} questions with labels", report.step, report.data, report.n)?;
    for (slice, figures) in &report.metrics {
        writeln!(out, "\n{slice:<12} {:>8} {:>19}   baselines", "deskhand", "95 % interval")?;
        for (name, value) in figures {
            let interval = report.ci95.get(slice).and_then(|it| it.get(name));
            let interval =
                interval.map_or(String::new(), |Interval(low, high)| format!("{low:.3}–{high:.3}"));
            let baselines = report.baseline.iter().filter_map(|(baseline, slices)| {
                Some(format!("{baseline} {:.3}", slices.get(slice)?.get(name)?))
            });
            let baselines = baselines.collect::<Vec<_>>().join("  ");
            writeln!(out, "  {name:<10} {value:>8.3} {interval:>19}   {baselines}")?;
        }
    }
    let ms = |name: &str| report.latency_ms.get(name).copied().unwrap_or(f64::NAN);
    writeln!(out, "\none question: p50 {:.2} ms, p99 {:.2} ms", ms("p50"), ms("p99"))
}
