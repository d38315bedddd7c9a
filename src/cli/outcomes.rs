//! `deskhand outcomes`: what became of customers' cases, every kind apart, each number
//! with the conversations behind it.

use std::collections::BTreeMap;
use std::io::Write;

use clap::Args;
use clap::ValueEnum;
use serde_json::json;

use crate::clock::Clock;
use crate::outcomes;
use crate::outcomes::Row;
use crate::outcomes::Tally;
use crate::replay::Share;
use crate::resolution::Patience;
use crate::resolution::Resolution;
use crate::store::Store;
use crate::store::resolutions;

const HOUR_MS: i64 = 60 * 60 * 1000;

/// Examples:
///   deskhand outcomes                        the last 30 days
///   deskhand outcomes --days 7 --by stage    a week, stage by stage
///   deskhand outcomes --list reopened        the conversations behind a number
///   deskhand outcomes --csv > outcomes.csv   one line a case
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct OutcomesArgs {
    /// Cases that began in so many days
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// Also apart by stage, connection or month
    #[arg(long)]
    by: Option<By>,
    /// The conversations of one kind, such as reopened
    #[arg(long, value_parser = kind)]
    list: Option<Resolution>,
    /// Hours of silence after an automatic reply that count as an answer that did
    #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=720))]
    silent_h: u32,
    /// Days within which who writes again comes back with the same case
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=90))]
    same_case_days: u32,
    /// One line a case, comma-separated
    #[arg(long, conflicts_with_all = ["json", "by"])]
    csv: bool,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum By {
    Stage,
    Connection,
    Month,
}

fn kind(word: &str) -> Result<Resolution, String> {
    let known = Resolution::ALL.map(Resolution::word).join(", ");
    let found = Resolution::ALL.into_iter().find(|it| it.word() == word.replace('-', "_"));
    found.ok_or(format!("{word} is none of {known}"))
}

impl By {
    fn key(self, row: &Row) -> String {
        match self {
            By::Stage => row.stage.clone(),
            By::Connection => row.conversation.split('/').next().unwrap_or_default().to_owned(),
            By::Month => day(row.began_ms).chars().take(7).collect(),
        }
    }
}

/// The day (UTC) of a time, 2026-11-27.
fn day(at_ms: i64) -> String {
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or_default();
    at.to_string().chars().take(10).collect()
}

/// Counts and shows.
///
/// # Errors
/// If the store cannot be read.
pub async fn run(
    args: &OutcomesArgs,
    store: &Store,
    clock: &Clock,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let now_ms = clock.now_ms();
    let since_ms = now_ms.saturating_sub(i64::from(args.days) * 24 * HOUR_MS);
    let patience = Patience {
        silent_ms: i64::from(args.silent_h) * HOUR_MS,
        same_case_ms: i64::from(args.same_case_days) * 24 * HOUR_MS,
    };
    let courses = store.read(move |it| resolutions::courses(it, since_ms)).await?;
    let mut rows = outcomes::rows(&courses, patience, since_ms, now_ms);
    let all = Tally::of(rows.iter());
    let groups = groups(args.by, &rows);
    if let Some(kind) = args.list {
        rows.retain(|it| it.resolution == kind);
    }
    if args.json {
        let listed = args.list.map(|_| &rows);
        let groups: BTreeMap<_, _> = groups.into_iter().collect();
        let report = json!({ "days": args.days, "all": all, "by": groups, "listed": listed });
        return Ok(writeln!(out, "{report}")?);
    }
    if args.csv {
        return table(&rows, out);
    }
    if args.list.is_some() {
        return list(&rows, out);
    }
    if all.cases == 0 {
        return Ok(writeln!(out, "no customer asked anything in {} days", args.days)?);
    }
    show(&format!("{} days", args.days), &all, out)?;
    groups.iter().try_for_each(|(name, tally)| show(name, tally, out))
}

fn groups(by: Option<By>, rows: &[Row]) -> Vec<(String, Tally)> {
    let Some(by) = by else { return Vec::new() };
    let mut groups = BTreeMap::<String, Vec<&Row>>::new();
    for row in rows {
        groups.entry(by.key(row)).or_default().push(row);
    }
    groups.into_iter().map(|(name, rows)| (name, Tally::of(rows.iter().copied()))).collect()
}

fn table(rows: &[Row], out: &mut dyn Write) -> anyhow::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(["began", "conversation", "stage", "resolution"])?;
    for Row { began_ms, conversation, stage, resolution } in rows {
        table.write_record([&day(*began_ms), conversation, stage, resolution.word()])?;
    }
    Ok(table.flush()?)
}

fn list(rows: &[Row], out: &mut dyn Write) -> anyhow::Result<()> {
    for Row { began_ms, conversation, stage, resolution } in rows {
        writeln!(out, "{}  {conversation}  {stage}  {}", day(*began_ms), resolution.word())?;
    }
    Ok(())
}

fn show(name: &str, tally: &Tally, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "{name}: {} cases", tally.cases)?;
    writeln!(out, "  resolved         {}", shown(tally.resolved))?;
    writeln!(
        out,
        "  reopened or corrected, of what was answered automatically  {}",
        shown(tally.taken_back)
    )?;
    for kind in Resolution::ALL {
        let n = tally.by_resolution.get(kind.word()).copied().unwrap_or(0);
        let means = match kind {
            Resolution::Confirmed => "the customer said that it works",
            Resolution::Assumed => "answered automatically, then silence",
            Resolution::Reopened => "the customer came back with it",
            Resolution::Corrected => "a person had to put it right",
            Resolution::HandedOver => "with people",
            Resolution::Suggested => "people had a draft",
            Resolution::Abandoned => "nobody answered",
            Resolution::Open => "too early to tell",
        };
        writeln!(out, "  {:<12} {n:>6}  {means}", kind.word().replace('_', " "))?;
    }
    Ok(())
}

fn shown(share: Share) -> String {
    let crate::eval::Interval(low, high) = share.interval();
    match share.value() {
        Some(value) => format!(
            "{:.1} % ({} of {}; 95 % interval {:.1}–{:.1} %)",
            100.0 * value,
            share.n,
            share.of,
            100.0 * low,
            100.0 * high
        ),
        None => "none".to_owned(),
    }
}
