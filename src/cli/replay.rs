//! `deskhand replay`: the team's past tickets asked again, what would have come of them,
//! and a page to read. Nothing is sent and nothing stored but the journal and the report.

mod certify;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::calibrate::History;
use super::calibrate::history;
use super::ingest::bar;
use crate::app;
use crate::app::Spending;
use crate::calibrate;
use crate::clock::Clock;
use crate::config;
use crate::config::Mode;
use crate::config::Settings;
use crate::config::Threshold;
use crate::eval;
use crate::eval::BRAND;
use crate::eval::Folder;
use crate::eval::Interval;
use crate::eval::Meanings;
use crate::llm::Purse;
use crate::replay;
use crate::replay::Basis;
use crate::replay::Chosen;
use crate::replay::Journal;
use crate::replay::Outcome;
use crate::replay::Plan;
use crate::replay::Report;
use crate::replay::Row;
use crate::store::Store;
use crate::text::markdown;

/// Tickets that two settings decide differently, shown at most.
const MAX_CHANGED: usize = 20;

/// Examples:
///   deskhand replay                              what was ingested, into replay/report.html
///   deskhand replay --since 2026-06-01           only tickets from then on
///   deskhand replay --data ./history             a folder of exports, nothing stored
///   deskhand replay --compare stricter.toml      the same tickets under two settings
///   deskhand replay --certify                    judged tickets, for a new certificate
///
/// Each ticket knows the articles and the past tickets dated before its day. Stopped
/// (Ctrl-C), the same command goes on where it was. The threshold of `answer.send_from`
/// counts as if automatic replies were on.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct ReplayArgs {
    /// A folder with corpus.jsonl and past_tickets.jsonl; its queries.jsonl, if there is
    /// one, is what is asked [default: what was ingested]
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The history of this brand [default: the only one, or the largest]
    #[arg(long, conflicts_with = "data")]
    brand: Option<String>,
    /// Ask only tickets from this date on [default: all but the oldest fifth]
    #[arg(long, value_name = "DATE")]
    since: Option<String>,
    /// Ask only the newest so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Where the journal and the report go
    #[arg(long, value_name = "DIR", default_value = "replay")]
    out: PathBuf,
    /// Forget what an earlier run wrote there
    #[arg(long)]
    fresh: bool,
    /// Ask the same tickets under other settings too, and show what changes
    #[arg(long, value_name = "FILE")]
    compare: Option<PathBuf>,
    /// Ask the judged tickets of a connection again, and make a certificate of what people
    /// said for what answers now
    ///
    /// For after a change (weights, prompt, model, settings). What people said of a draft
    /// holds where it still says the same; any other draft that could be sent counts as
    /// wrong, so that the promise holds whatever people would say of it.
    #[arg(long, conflicts_with_all = ["data", "since", "limit", "compare", "fresh"])]
    certify: bool,
    /// Of this connection [default: the only one]
    #[arg(long, value_name = "NAME", requires = "certify")]
    connection: Option<String>,
    /// Show what could be promised, and keep nothing
    #[arg(long, requires = "certify")]
    dry_run: bool,
    /// Compose replies without the model of the settings: free, and what falls back to
    #[arg(long)]
    no_model: bool,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// What two settings decide, by `one → other`, and some tickets they differ on.
#[derive(Debug, Serialize)]
struct Comparison {
    n_changed: usize,
    changes: BTreeMap<String, usize>,
    examples: Vec<String>,
    other: Row,
}

/// Replays and reports.
///
/// # Errors
/// If there is nothing to ask, or a file, the settings or a step fail.
pub async fn run(
    args: &ReplayArgs,
    mut settings: Settings,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if args.certify {
        return certify::run(args, settings, out).await;
    }
    prepared(args, &mut settings);
    let store = match args.data {
        Some(_) => None,
        None => Some(app::open_store(&settings)?),
    };
    let plan = plan(args, store.as_ref())?;
    // Money counts with the service's where there is a store to count it in.
    let spending = store.as_ref().map(|it| Spending::open(&settings, it, &Clock::System));
    let spending = spending.transpose()?;
    let max_usd = settings.model.max_usd_per_day;
    let alone = || Arc::new(Purse::new(max_usd, Clock::System));
    let purse = spending.as_ref().map_or_else(alone, |it| Arc::clone(it.purse()));
    let told = replayed(args, &settings, &plan, &purse, out).await;
    if let Some(spending) = spending {
        spending.settle().await;
    }
    told
}

async fn replayed(
    args: &ReplayArgs,
    settings: &Settings,
    plan: &Plan,
    purse: &Arc<Purse>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    std::fs::create_dir_all(&args.out)
        .with_context(|| format!("making the folder {}", args.out.display()))?;
    let (basis, outcomes) = asked(args, settings, plan, purse, "tickets.jsonl").await?;
    let comparison = match &args.compare {
        Some(file) => Some(compared(args, file, plan, purse, &outcomes).await?),
        None => None,
    };
    let report = Report::new(basis, outcomes, plan.n_undated);
    let told = json!({ "report": report, "comparison": comparison });
    write(&args.out.join("report.json"), &serde_json::to_vec_pretty(&told)?)?;
    let made = Clock::System.now().strftime("Made on %Y-%m-%d %H:%M UTC").to_string();
    let page_file = args.out.join("report.html");
    write(&page_file, replay::page(&report, &made)?.as_bytes())?;
    if args.json {
        writeln!(out, "{told}")?;
        return Ok(());
    }
    show(&report, comparison.as_ref(), out)?;
    writeln!(out, "\nThe whole report: {}", page_file.display())?;
    Ok(())
}

fn plan(args: &ReplayArgs, store: Option<&Store>) -> anyhow::Result<Plan> {
    let since = match &args.since {
        Some(date) => Some(
            markdown::parse_date(date)
                .with_context(|| format!("--since {date} is not a date such as 2026-06-01"))?,
        ),
        None => None,
    };
    let folder = match (&args.data, store) {
        (Some(folder), _) => {
            anyhow::ensure!(folder.is_dir(), "{} is not a folder", folder.display());
            eval::read_history(folder, BRAND)?
        }
        (None, None) => Folder::default(),
        (None, Some(store)) => {
            let History { articles, tickets, .. } = history(store, args.brand.as_deref())?;
            let mut tickets = calibrate::rebranded(tickets);
            tickets.sort_by_key(|it| it.updated_at);
            let articles = calibrate::rebranded(articles);
            Folder { articles, past_tickets: tickets, ..Folder::default() }
        }
    };
    Ok(Plan::new(folder, Chosen { since, at_most: args.limit })?)
}

/// The settings as they are asked of: what the threshold would let through, certified or
/// not, and without the model if that is wanted.
fn prepared(args: &ReplayArgs, settings: &mut Settings) {
    settings.answer.threshold = Threshold::Uncertified;
    if args.no_model {
        settings.model.base_url.clear();
    }
}

/// Every ticket of the plan asked under some settings, those of the journal not again.
async fn asked(
    args: &ReplayArgs,
    settings: &Settings,
    plan: &Plan,
    purse: &Arc<Purse>,
    journal: &str,
) -> anyhow::Result<(Basis, Vec<Outcome>)> {
    // As if automatic replies were on: that is what is asked.
    let context = app::context(settings, Mode::Autopilot, BRAND, "");
    let embedder = Arc::new(app::embedder(settings)?);
    let synonyms = app::synonyms(settings)?;
    let basis = Basis {
        deskhand: env!("CARGO_PKG_VERSION").to_owned(),
        settings: app::settings_version(settings),
        synonyms: synonyms.version().to_owned(),
        stages: settings.journey.stages.clone(),
        embedder: embedder.name().to_owned(),
        model: {
            let models = settings.model.in_order().into_iter().map(|(_, it)| it.name);
            models.collect::<Vec<_>>().join(", ")
        },
        history: plan.history(),
    };
    let path = args.out.join(journal);
    if args.fresh && path.exists() {
        std::fs::remove_file(&path).with_context(|| format!("removing {}", path.display()))?;
    }
    let (mut file, known) = Journal::open(&path, &basis)?;
    let meanings = Meanings::of(&plan.folder, None, &embedder).await?.with_synonyms(synonyms);
    let bar = bar(plan.questions.len() as u64, "{msg} {bar:30} {pos}/{len}, {per_sec}, {eta} left");
    bar.set_message("asking past tickets again");
    let drafter = app::drafter(settings, purse, &Clock::System)?;
    let pipeline = |index| app::pipeline(settings, index, embedder, drafter);
    let outcomes = replay::replay(plan, &meanings, &context, pipeline, (&mut file, known), |n| {
        bar.set_position(n as u64);
    });
    let outcomes = outcomes.await;
    bar.finish_and_clear();
    Ok((basis, outcomes?))
}

async fn compared(
    args: &ReplayArgs,
    file: &Path,
    plan: &Plan,
    purse: &Arc<Purse>,
    outcomes: &[Outcome],
) -> anyhow::Result<Comparison> {
    let mut settings = config::load(Some(file))?.settings;
    prepared(args, &mut settings);
    let (basis, others) = asked(args, &settings, plan, purse, "compared.jsonl").await?;
    let by_id: BTreeMap<&str, &Outcome> = others.iter().map(|it| (it.id.as_str(), it)).collect();
    let mut comparison = Comparison {
        n_changed: 0,
        changes: BTreeMap::new(),
        examples: Vec::new(),
        other: Report::new(basis, others.clone(), 0).all,
    };
    for one in outcomes {
        let Some(other) = by_id.get(one.id.as_str()) else { continue };
        let (before, after) = (one.decision.word(), other.decision.word());
        if before != after {
            comparison.n_changed += 1;
            *comparison.changes.entry(format!("{before} → {after}")).or_default() += 1;
            if comparison.examples.len() < MAX_CHANGED {
                comparison.examples.push(format!("{}: {before} → {after}", one.id));
            }
        }
    }
    Ok(comparison)
}

fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))
}

fn show(
    report: &Report,
    comparison: Option<&Comparison>,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    writeln!(out, "{} past tickets asked again\n", report.n)?;
    writeln!(
        out,
        "{:<28} {:>7} {:>7} {:>9} {:>8}  sent, other article",
        "", "tickets", "sent", "suggested", "handed"
    )?;
    row(&report.all, out)?;
    for it in report.topics.iter().take(10) {
        row(it, out)?;
    }
    writeln!(out, "\nwhy people are needed")?;
    for (reason, n) in &report.reasons {
        writeln!(out, "  {:<26} {n:>7}", reason.replace('_', " "))?;
    }
    if !report.gaps.is_empty() {
        writeln!(out, "\nwhat the knowledge does not answer")?;
    }
    for gap in report.gaps.iter().take(5) {
        let example = gap.examples.first().map_or("", |it| it.question.as_str());
        let example: String = example.chars().take(60).collect();
        writeln!(out, "  {:>4}  {}: {example}", gap.n, gap.about.join(", "))?;
    }
    if let Some(comparison) = comparison {
        writeln!(out, "\nunder the other settings {} tickets differ", comparison.n_changed)?;
        row(&Row { name: "the other settings".to_owned(), ..comparison.other.clone() }, out)?;
        for (change, n) in &comparison.changes {
            writeln!(out, "  {change:<26} {n:>7}")?;
        }
    }
    Ok(())
}

fn row(row: &Row, out: &mut dyn Write) -> std::io::Result<()> {
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "–".to_owned(), |it| format!("{:.1} %", 100.0 * it))
    };
    let other = row.sent_other_article;
    let Interval(low, high) = other.interval();
    let interval = if other.of == 0 {
        String::new()
    } else {
        format!(" ({:.1}–{:.1} %, of {})", 100.0 * low, 100.0 * high, other.of)
    };
    let name: String = row.name.chars().take(28).collect();
    writeln!(
        out,
        "{name:<28} {:>7} {:>7} {:>9} {:>8}  {}{interval}",
        row.n,
        percent(row.would_send.value()),
        percent(row.would_suggest.value()),
        percent(row.would_hand_over.value()),
        percent(other.value()),
    )
}
