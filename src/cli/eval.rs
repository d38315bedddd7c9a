//! `deskhand eval`: a step measured on labelled files, beside what a user would
//! have without it. Nothing is stored.

mod answers;
mod promises;
mod replies;
mod stages;
mod sureness;

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
use serde::Serialize;

use self::promises::GuaranteeArgs;
use self::replies::ReplyArgs;
use self::stages::TriageArgs;
use self::sureness::ConfidenceArgs;
use super::ingest::bar;
use crate::app;
use crate::config;
use crate::embed::Embedder;
use crate::eval;
use crate::eval::Interval;
use crate::eval::Meanings;
use crate::eval::Report;
use crate::eval::guard;
use crate::eval::mask;
use crate::eval::retrieval;
use crate::eval::retrieval::Weighed;
use crate::eval::verify;

/// Examples:
///   deskhand eval retrieval --data ./history
///   deskhand eval retrieval --data ./history --articles-only --json
///   deskhand eval retrieval --data ./history --embedder none
///   deskhand eval mask --data ./labelled
///   deskhand eval verify --data ./replies
///   deskhand eval guard --data ./attacks
///   deskhand eval reply --data ./history --show 5
///   deskhand eval guarantee --data ./history
///   deskhand eval triage --data ./labelled
///   deskhand eval confidence --data ./history
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct EvalArgs {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, Subcommand)]
enum Step {
    /// Whether messages get the right stage of the journey, and whoever asks for a person
    /// is heard
    ///
    /// Reads every .jsonl of a folder, or of the folders in it. A line is a text with
    /// `stage` (`none`: of no stage) and `wants_human`, or a conversation whose turns have
    /// them. `all` and `domain:` are by what Deskhand comes with, which has seen no label of
    /// theirs; `own labels:` is learned from four fifths of a file and judged on the rest.
    Triage(TriageArgs),
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
    /// Whether replies are told apart that their evidence bears out, and that it does not
    ///
    /// Reads claims.jsonl of a folder: a line is an `evidence`, a `response` and a `label`,
    /// supported or unsupported, with an `edit` and a `source` where they are known. A
    /// response is cut into sentences, and its weakest one counts. It passes where it may
    /// be sent by the shipped settings.
    Verify(VerifyArgs),
    /// Whether texts that talk to a model are told from those that talk to a team
    ///
    /// Reads direct.jsonl (a `text`, a `label` 1 for attacks, a `kind`) and indirect.jsonl
    /// (a `context` with a `label`, the `attack` in it, its `form`) of a folder. Pages are
    /// read in first, as `ingest` does; whether the words of a hidden attack are then still
    /// there is counted too. The baseline are phrases any of which is enough. What people
    /// answered in past_tickets.jsonl is held against the rules of what may not go out.
    Guard(GuardArgs),
    /// Whether a reply states what a right answer states, from the right article
    ///
    /// Reads corpus.jsonl and queries.jsonl of a folder. Questions with `facts` are
    /// answered as a customer would be, without a model, and the facts looked for in what
    /// the reply quotes. Where the articles come with `sentences` and the questions with
    /// `support_sentences`, the sentences a reply would quote are compared with those.
    Reply(ReplyArgs),
    /// Whether promises about wrong automatic replies are kept
    ///
    /// Reads the files `eval retrieval` reads, or questions with an `intent` each (then what
    /// was asked before, `split` train or every second one, stands in for articles and
    /// past tickets). Every question is answered without a model; right is a reply that
    /// cites an article that answers. Then labels are drawn from them a thousand times for
    /// each promise and number of labels, the threshold is drawn as for a certificate, and
    /// the promise looked at on the questions that were not drawn. Beside it the threshold
    /// one would pick by counting, and the best one there is.
    Guarantee(GuaranteeArgs),
    /// Whether the confidence tells right replies from wrong ones, and means what it says
    ///
    /// Reads the files `eval guarantee` reads. Every question goes through everything a
    /// ticket does, without a model; right is a reply that cites first an article that
    /// answers, and no reply to what the knowledge does not answer ever is. Beside it what
    /// one would go by without: BM25 of the best passage, and how far the best article is
    /// ahead. `risk@20` is the share of wrong ones among the surest 20 %, `coverage@3` how
    /// many can be answered before 3 % are wrong. Where questions say what should come of
    /// them (`expect`: answer, abstain, escalate) that is held against what did.
    Confidence(ConfidenceArgs),
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

#[derive(Debug, Args)]
struct GuardArgs {
    /// The folder of labelled texts
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct VerifyArgs {
    /// The folder of labelled replies
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Write what spoke for each reply, one JSON object a line: what weights are
    /// learned from
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
pub async fn run(args: &EvalArgs, file: Option<&Path>, out: &mut dyn Write) -> anyhow::Result<()> {
    match &args.step {
        Step::Retrieval(args) => retrieve(args, file, out).await,
        Step::Mask(args) => {
            let sentences = eval::read_sentences(&args.data)?;
            let report = mask::measure(&sentences, &args.data.display().to_string());
            say(&report, args.json, out)
        }
        Step::Guard(args) => {
            let attacks = eval::read_attacks(&args.data)?;
            let report = guard::measure(&attacks, &args.data.display().to_string());
            say(&report, args.json, out)
        }
        Step::Verify(args) => check_replies(args, out),
        Step::Reply(args) => replies::reply(args, embedder(None, file)?, out).await,
        Step::Triage(args) => stages::triage(args, out),
        Step::Guarantee(args) => promises::guarantee(args, file, out).await,
        Step::Confidence(args) => sureness::confidence(args, file, out).await,
    }
}

fn embedder(chosen: Option<Builtin>, file: Option<&Path>) -> anyhow::Result<Embedder> {
    match chosen {
        Some(Builtin::Table) => Ok(Embedder::Table),
        Some(Builtin::None) => Ok(Embedder::Off),
        None => app::embedder(&config::load(file)?.settings),
    }
}

fn check_replies(args: &VerifyArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let claims = eval::read_claims(&args.data)?;
    let grounded_from = config::from_text("")?.settings.answer.grounded_from;
    let bar = bar(claims.len() as u64, "{bar:30} {pos}/{len} replies, {per_sec}, {eta} left");
    let mut signals = Lines::open(args.signals.as_deref())?;
    let data = args.data.display().to_string();
    let report = verify::measure(&claims, &data, grounded_from, |done, judged| {
        bar.set_position(done as u64);
        signals.push(judged);
    });
    bar.finish_and_clear();
    signals.close()?;
    say(&report, args.json, out)
}

async fn retrieve(
    args: &RetrievalArgs,
    file: Option<&Path>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let embedder = Arc::new(embedder(args.embedder, file)?);
    let folder = eval::read_folder(&args.data, eval::BRAND)?;
    let synonyms = app::synonyms(&config::load(file)?.settings)?;
    let meanings = Meanings::of(&folder, None, &embedder).await?.with_synonyms(synonyms);
    let n_questions = folder.questions.len() + folder.off_topic.len();
    let bar = bar(n_questions as u64, "{bar:30} {pos}/{len} questions, {per_sec}, {eta} left");
    let data = args.data.display().to_string();
    let mut signals = Lines::open(args.signals.as_deref())?;
    let (with_past_tickets, with_signals) = (!args.articles_only, args.signals.is_some());
    let told = |done: usize, weighed: Option<Weighed>| {
        bar.set_position(done as u64);
        if let Some(weighed) = weighed {
            signals.push(&weighed);
        }
    };
    let report =
        retrieval::measure(&folder, &data, &meanings, with_past_tickets, with_signals, told)?;
    bar.finish_and_clear();
    signals.close()?;
    say(&report, args.json, out)
}

/// A file of JSON objects, one a line; nothing if none was asked for.
struct Lines {
    file: Option<BufWriter<File>>,
    /// The first failure; nothing is written after it.
    written: std::io::Result<()>,
}

impl Lines {
    fn open(path: Option<&Path>) -> anyhow::Result<Lines> {
        let make =
            |path: &Path| File::create(path).with_context(|| format!("making {}", path.display()));
        let file = path.map(make).transpose()?.map(BufWriter::new);
        Ok(Lines { file, written: Ok(()) })
    }

    fn push(&mut self, object: &impl Serialize) {
        if let (Some(file), Ok(())) = (&mut self.file, &self.written) {
            let line = serde_json::to_string(object).unwrap_or_default();
            self.written = writeln!(file, "{line}");
        }
    }

    fn close(self) -> anyhow::Result<()> {
        let flushed = |()| self.file.map_or(Ok(()), |mut it| it.flush());
        self.written.and_then(flushed).context("writing the signals")
    }
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
        "guard" => ("texts", "text"),
        "verify" => ("replies", "sentence"),
        "triage" => ("messages", "message"),
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
