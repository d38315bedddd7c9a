//! `deskhand demo`: the real service, a helpdesk played on loopback, customers
//! who write. Prints what that helpdesk holds afterwards and what the store says
//! about it; nothing that is printed is scripted.

use std::io;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::ensure;
use clap::Args;
use futures_util::StreamExt as _;
use futures_util::stream;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use serde_json::json;

use crate::cli::demo::house::House;
use crate::cli::demo::house::Plot;
use crate::cli::demo::ledger::Settled;
use crate::cli::demo::scenes::Scene;
use crate::cli::demo::summary::Summary;
use crate::cli::demo::summary::Times;
use crate::clock::Stopwatch;
use crate::eval::Question;
use crate::eval::read_questions;

mod content;
mod desk;
mod house;
mod ledger;
mod questions;
mod scenes;
mod show;
mod summary;

/// How long the demo waits for a second message. Short, so that it ends in
/// seconds; the real defaults are in `config/default.toml`.
const QUIET_S: f64 = 0.3;

/// The confidence from which the bundled tickets are answered without a person.
/// Guessed: below the default, as whoever wrote this help center wrote the
/// tickets too. A data folder is asked at the default.
const SEND_FROM: f32 = 0.7;

/// Questions of a data folder that are shown in full.
const N_IN_FULL: usize = 12;

/// Tickets that are under way at once. Few, so that what is measured is answering
/// and not waiting for each other.
const IN_FLIGHT: usize = 3;

/// Examples:
///   deskhand demo                             a bundled help center and its tickets
///   deskhand demo --serve                     the same, and stay up
///   deskhand demo --data export --tickets 200 your own articles and questions
///   deskhand demo --json | jq .summary
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct DemoArgs {
    /// Stay up afterwards, until interrupted
    #[arg(long, conflicts_with = "json")]
    serve: bool,
    /// Print one JSON object instead of text
    #[arg(long)]
    json: bool,
    /// A folder with corpus.jsonl, past_tickets.jsonl, queries.jsonl, queries_other_product.jsonl; each may be missing
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How many questions of the folder are asked
    #[arg(long, value_name = "N", default_value_t = 50, requires = "data")]
    tickets: usize,
}

/// One ticket to be played.
struct Case {
    id: String,
    title: String,
    part: Part,
}

enum Part {
    Scene(Scene),
    Question(Question),
    /// A question about something else: nothing in the folder answers it.
    OffTopic(Question),
}

/// Plays everything and prints it to `out`.
///
/// # Errors
/// If the service cannot be started, a ticket reaches no outcome, a file of the
/// data folder cannot be read, or `out` cannot be written.
pub async fn run(args: &DemoArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let watch = Stopwatch::start();
    let mut unseen = io::sink();
    let shown: &mut dyn Write = if args.json { &mut unseen } else { &mut *out };
    let folder = house::Folder::make()?;
    let (sources, brand, quiet_s, cases) = match &args.data {
        None => (content::write(folder.path())?, content::BRAND, QUIET_S, bundled_cases()?),
        Some(data) => (data_sources(data)?, "demo", 0.0, data_cases(data, args.tickets)?),
    };
    let send_from = args.data.is_none().then_some(SEND_FROM);
    let plot = Plot { folder: folder.path(), sources: &sources, brand, quiet_s, send_from };
    let house = House::open(&plot).await?;
    introduce(&house, shown)?;
    let played = play(&house, &cases, args, shown).await?;
    let times = Times { ingest_s: house.learned.seconds, total_s: watch.elapsed().as_secs_f64() };
    let tickets: Vec<Settled> = played.iter().map(|it| it.1.clone()).collect();
    let internal = if args.data.is_none() { content::internal_text() } else { String::new() };
    let summary = Summary::of(&tickets, &internal, times);
    summary.print(shown)?;
    let sources = args.data.is_some().then(|| summary::sources(&graded(&played)));
    if let Some(sources) = &sources {
        sources.print(shown)?;
    }
    if args.json {
        let tickets: Vec<_> = played
            .iter()
            .map(|(case, settled)| json!({"id": case.id, "shows": case.title, "ending": settled.ending(), "ticket": settled}))
            .collect();
        let whole =
            json!({"brand": brand, "tickets": tickets, "summary": summary, "sources": sources});
        writeln!(out, "{whole}")?;
    }
    if args.serve {
        stay(&house, out).await?;
    }
    house.close().await
}

/// Says what runs, before anybody writes.
fn introduce(house: &House, out: &mut dyn Write) -> io::Result<()> {
    let learned = &house.learned;
    writeln!(
        out,
        "Deskhand has read {} passages of articles and {} of past tickets in {:.1} s. It listens on {}\n\
         and is connected to a helpdesk on {}. Nothing leaves this machine.\n\
         Autopilot is on for the demo: replies go out from a confidence of {:.2}. As shipped, every reply is a suggestion.",
        learned.n_article_passages,
        learned.n_ticket_passages,
        learned.seconds,
        house.url,
        house.desk.base_url(),
        house.send_from,
    )?;
    for failed in learned.failed.iter().take(3) {
        writeln!(out, "   could not read {failed}")?;
    }
    if 3 < learned.failed.len() {
        writeln!(out, "   … and {} more", learned.failed.len() - 3)?;
    }
    Ok(())
}

/// Plays the cases, several at once, and prints each in its turn.
async fn play<'a>(
    house: &House,
    cases: &'a [Case],
    args: &DemoArgs,
    out: &mut dyn Write,
) -> anyhow::Result<Vec<(&'a Case, Settled)>> {
    let progress = bar(cases.len());
    let mut under_way = stream::iter(cases).map(|it| one(house, it)).buffered(IN_FLIGHT);
    let mut played = Vec::with_capacity(cases.len());
    while let Some(next) = under_way.next().await {
        let (case, settled) = next?;
        let place = played.len() + 1;
        let title = format!("{place}/{}  {}", cases.len(), case.title);
        progress.suspend(|| {
            if args.data.is_none() || place <= N_IN_FULL {
                show::ticket(out, &title, &settled)
            } else {
                show::line(out, &format!("{place}/{}", cases.len()), &settled)
            }
        })?;
        progress.inc(1);
        played.push((case, settled));
    }
    progress.finish_and_clear();
    Ok(played)
}

async fn one<'a>(house: &House, case: &'a Case) -> anyhow::Result<(&'a Case, Settled)> {
    let watch = Stopwatch::start();
    match &case.part {
        Part::Scene(scene) => scene.play(&house.desk, &case.id).await,
        Part::Question(question) | Part::OffTopic(question) => {
            questions::play(question, &house.desk, &case.id).await;
        }
    }
    let settled = ledger::settled(&house.store, &house.desk, house::CONNECTION, &case.id, watch);
    Ok((case, settled.await?))
}

fn bundled_cases() -> anyhow::Result<Vec<Case>> {
    let scenes = scenes::bundled()?;
    let case = |(place, scene): (usize, Scene)| Case {
        id: (1001 + place).to_string(),
        title: scene.shows.clone(),
        part: Part::Scene(scene),
    };
    Ok(scenes.into_iter().enumerate().map(case).collect())
}

/// The files of a data folder that hold knowledge.
fn data_sources(data: &Path) -> anyhow::Result<Vec<PathBuf>> {
    ensure!(data.is_dir(), "{} is not a folder", data.display());
    let files = ["corpus.jsonl", "past_tickets.jsonl"].map(|it| data.join(it));
    Ok(files.into_iter().filter(|it| it.is_file()).collect())
}

/// `n` questions spread over the folder's, and a tenth as many about something else.
fn data_cases(data: &Path, n: usize) -> anyhow::Result<Vec<Case>> {
    let questions = read_questions(&data.join("queries.jsonl"))?;
    let off_topic = read_questions(&data.join("queries_other_product.jsonl"))?;
    ensure!(
        !questions.is_empty() || !off_topic.is_empty(),
        "{} holds no queries.jsonl with questions to ask",
        data.display()
    );
    let on = questions::spread(&questions, n).into_iter().map(Part::Question);
    let off = questions::spread(&off_topic, n.div_ceil(10)).into_iter().map(Part::OffTopic);
    let case = |part: Part| match &part {
        Part::Question(it) => Case { id: it.id.clone(), title: it.id.clone(), part },
        Part::OffTopic(it) => {
            Case { id: it.id.clone(), title: format!("{}, off topic", it.id), part }
        }
        Part::Scene(it) => Case { id: it.subject.clone(), title: it.shows.clone(), part },
    };
    Ok(on.chain(off).map(case).collect())
}

/// What each question's sources should have been, beside the ticket.
fn graded<'a>(played: &'a [(&Case, Settled)]) -> Vec<(summary::Expected<'a>, &'a Settled)> {
    let expected = |case: &'a Case| match &case.part {
        Part::Question(it) if it.relevant.is_empty() => summary::Expected::Unknown,
        Part::Question(it) => summary::Expected::OneOf(&it.relevant),
        Part::OffTopic(_) => summary::Expected::Nothing,
        Part::Scene(_) => summary::Expected::Unknown,
    };
    played.iter().map(|(case, settled)| (expected(case), settled)).collect()
}

/// Keeps everything up until the process is asked to stop.
async fn stay(house: &House, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "\nDeskhand stays up on {} until you press Ctrl-C:", house.url)?;
    writeln!(
        out,
        "   {0}/healthz  {0}/metrics  (webhooks: {0}/webhooks/{1})",
        house.url,
        house::CONNECTION
    )?;
    writeln!(
        out,
        "   write as a customer: curl -d 'How do I …?' {}/customer",
        house.desk.base_url()
    )?;
    out.flush()?;
    tokio::signal::ctrl_c().await.context("waiting for Ctrl-C")
}

/// A progress bar on standard error; hidden where that is not a terminal.
fn bar(n: usize) -> ProgressBar {
    let bar = ProgressBar::new(n as u64);
    let style = ProgressStyle::with_template("   {bar:32} {pos}/{len} tickets, {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}
