//! `deskhand ingest`: reads articles and past tickets into the store, then
//! brings the index up to date, unless a running service does that already.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::bail;
use clap::Args;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use serde_json::json;

use super::Library;
use crate::app;
use crate::clock::Clock;
use crate::config::Settings;
use crate::http::Reach;
use crate::index::Index;
use crate::index::IndexError;
use crate::ingest;
use crate::ingest::CatchUpError;
use crate::ingest::Missing;
use crate::ingest::Plan;
use crate::ingest::SiteRules;
use crate::ingest::Source;
use crate::ingest::Summary;
use crate::ingest::What;
use crate::knowledge::Audience;
use crate::store::Store;
use crate::store::knowledge;
use crate::text::markdown;

/// Examples:
///   deskhand ingest docs/                         a folder: Markdown, MDX, HTML, PDF, Word
///   deskhand ingest articles.jsonl tickets.csv    exports: an object a line, or a table
///   deskhand ingest https://help.example.com      a website, by its sitemap or its links
///   deskhand ingest connection:acme               a helpdesk's articles and solved tickets
///   deskhand ingest handbook/ --audience internal for agents only, never quoted
///   deskhand ingest docs/ --dry-run               what would change
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct IngestArgs {
    /// Files, folders, websites, connection:NAME. What a source no longer has is removed
    #[arg(
        required_unless_present_any = ["connection", "forget"],
        value_name = "SOURCE"
    )]
    pub sources: Vec<String>,
    /// The same as connection:NAME
    #[arg(long, value_name = "NAME")]
    pub connection: Vec<String>,
    /// Solved tickets of a connection from this date on; by default from where the last
    /// look ended, and of the last 12 months the first time
    #[arg(long, value_name = "DATE")]
    pub since: Option<String>,
    /// Removes everything that came from this source
    #[arg(long, value_name = "SOURCE", conflicts_with_all = ["sources", "connection", "dry_run"])]
    pub forget: Option<String>,
    /// Whose knowledge it is; by default what the documents say
    #[arg(long)]
    pub brand: Option<String>,
    /// Who may read it: public, internal or the name of a segment
    #[arg(long)]
    pub audience: Option<String>,
    /// Look, but change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// One JSON object on standard output
    #[arg(long)]
    pub json: bool,
}

/// Documents named in the report; of the others only the number is told.
const MAX_SHOWN: usize = 20;

/// Takes the sources in. Interrupted (Ctrl-C), what was read is kept.
///
/// # Errors
/// If a source cannot be opened, the store fails, or a document could not be
/// read; what could be read is kept then.
pub async fn run(
    args: &IngestArgs,
    settings: &Settings,
    library: &Library,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Library { store, index, .. } = library;
    let plan = Plan {
        brand: args.brand.clone(),
        audience: args.audience.as_deref().map(Audience::parse),
        dry_run: args.dry_run,
        ..Plan::default()
    };
    let total = {
        let work = take_in_all(args, settings, store, &plan, out);
        tokio::pin!(work);
        tokio::select! {
            total = &mut work => total?,
            // Without a signal to wait for, nothing can interrupt.
            Ok(()) = tokio::signal::ctrl_c() => {
                plan.stop.cancel();
                work.await?
            }
        }
    };
    let n_indexed = if plan.dry_run { None } else { bring_up_to_date(library).await? };
    let n_learned = n_indexed.map(|_| learn(index, store)).transpose()?.flatten();
    if args.json {
        let object = json!({ "dry_run": plan.dry_run, "indexed_changes": n_indexed, "learned_from": n_learned, "summary": total });
        writeln!(out, "{object}")?;
    } else if n_indexed.is_none() && !plan.dry_run {
        writeln!(out, "The running service takes the changes into its index by itself.")?;
    }
    if total.interrupted {
        bail!("stopped; what was read is kept, and nothing was removed: run it again to go on");
    }
    if !total.failed.is_empty() {
        bail!("{} documents could not be read; their earlier versions stay", total.failed.len());
    }
    Ok(())
}

async fn take_in_all(
    args: &IngestArgs,
    settings: &Settings,
    store: &Store,
    plan: &Plan,
    out: &mut dyn Write,
) -> anyhow::Result<Summary> {
    let is_connection = |it: &String| it.starts_with("connection:");
    if args.since.is_some() && args.connection.is_empty() && !args.sources.iter().any(is_connection)
    {
        bail!("--since is for connection:NAME; files and websites are read whole");
    }
    let mut total = Summary::default();
    if let Some(name) = &args.forget {
        let name = full_name(name);
        total.removed = ingest::forget(store, name.clone()).await?;
        if total.removed == 0 {
            let known = store.read(knowledge::sources).await?;
            bail!("nothing came from {name}; there is: {}", known.join(", "));
        }
        if !args.json {
            report(&name, &total, plan, out)?;
        }
        return Ok(total);
    }
    let connections = args.connection.iter().map(|it| format!("connection:{it}"));
    for named in args.sources.iter().cloned().chain(connections) {
        for source in open(&named, args, settings)? {
            if plan.stop.is_cancelled() {
                total.interrupted = true;
                return Ok(total);
            }
            let (name, summary) = take_in(store, source, plan).await?;
            if !args.json {
                report(&name, &summary, plan, out)?;
            }
            total.add(summary);
        }
        for gone in gone_exports(store, &named).await? {
            let why = format!(
                "{gone} is gone; what came from it is kept: `deskhand ingest --forget {gone}` removes it"
            );
            if !args.json {
                writeln!(out, "{why}")?;
            }
            total.notes.push(why);
        }
        let passed_over = ingest::passed_over(Path::new(&named));
        if !args.json && !passed_over.is_empty() {
            writeln!(out, "passed over in {named}; name a file itself to have it read:")?;
            list(passed_over.iter().cloned(), passed_over.len(), out)?;
        }
    }
    Ok(total)
}

/// Files of a folder that knowledge came from and that are no more. A page that is gone is
/// removed; a whole export that is gone may be a mistake.
async fn gone_exports(store: &Store, named: &str) -> anyhow::Result<Vec<String>> {
    let Ok(folder) = Path::new(named).canonicalize() else { return Ok(Vec::new()) };
    let known = store.read(knowledge::sources).await?;
    let is_gone = |it: &String| {
        let file = Path::new(it);
        file.parent() == Some(folder.as_path()) && !file.exists()
    };
    Ok(known.into_iter().filter(is_gone).collect())
}

fn open(named: &str, args: &IngestArgs, settings: &Settings) -> anyhow::Result<Vec<Source>> {
    if let Some(name) = named.strip_prefix("connection:") {
        let since = args.since.as_deref().map(|it| {
            markdown::parse_date(it)
                .with_context(|| format!("--since {it} is no date such as 2025-01-31"))
        });
        let helpdesk = Arc::new(app::helpdesk(settings, name, &Clock::System)?);
        return ingest::open_connection(helpdesk, Clock::System, since.transpose()?);
    }
    if named.starts_with("https://") || named.starts_with("http://") {
        return Ok(vec![ingest::open_site(named, site_rules(settings))?]);
    }
    ingest::open(Path::new(named))
}

fn site_rules(settings: &Settings) -> SiteRules {
    let website = settings.website;
    SiteRules {
        max_pages: website.max_pages,
        max_depth: website.max_depth,
        concurrency: website.concurrency,
        reach: if website.allow_private { Reach::Anywhere } else { Reach::Public },
    }
}

/// A source as documents carry it: the full path, or the whole address.
fn full_name(named: &str) -> String {
    if named.starts_with("http") {
        return url::Url::parse(named).map_or_else(|_| named.to_owned(), |it| it.to_string());
    }
    let path = Path::new(named).canonicalize();
    path.map_or_else(|_| named.to_owned(), |it| it.display().to_string())
}

/// Its name, which may turn out to be that of a folder it belongs to, and what
/// taking it in did.
async fn take_in(store: &Store, source: Source, plan: &Plan) -> anyhow::Result<(String, Summary)> {
    let template = if source.counts_bytes() {
        "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} eta {eta}"
    } else {
        "{msg} {bar:30} {pos}/{len} {per_sec} eta {eta}"
    };
    let bar = bar(source.n_total, template);
    bar.set_message("reading");
    let mut name = source.name.clone();
    let told = |source: &Source, _: &Summary| {
        bar.set_length(source.n_total);
        bar.set_position(source.n_done);
        name.clone_from(&source.name);
    };
    let summary = ingest::ingest(store, source, plan, told).await;
    bar.finish_and_clear();
    Ok((name, summary?))
}

/// How many changes the index took in; `None` if another process has it.
pub(super) async fn bring_up_to_date(library: &Library) -> anyhow::Result<Option<usize>> {
    match try_to_bring_up_to_date(library).await {
        Ok(n_changes) => Ok(Some(n_changes)),
        Err(CatchUpError::Index(IndexError::Locked { .. })) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

async fn try_to_bring_up_to_date(library: &Library) -> Result<usize, CatchUpError> {
    let Library { store, index, embedder } = library;
    // What earlier runs could not embed comes first: it tells whether to try at all.
    let (_, failure) = ingest::mend(index, store, embedder).await?;
    let missing = match failure {
        Some(error) => {
            tracing::warn!(%error, "passages are found by their words alone until it answers");
            Missing::Leave
        }
        None => Missing::Embed,
    };
    let bar = bar(0, "{msg} {bar:30} {pos}/{len} {per_sec} eta {eta}");
    bar.set_message("indexing");
    let result = ingest::catch_up(index, store, embedder, missing, |position, last| {
        bar.set_length(last);
        bar.set_position(position);
    });
    let result = result.await;
    bar.finish_and_clear();
    result
}

/// How many past tickets were learned from; `None` if what is known will do.
fn learn(index: &Index, store: &Store) -> anyhow::Result<Option<usize>> {
    let spinner = bar(0, "{spinner} {msg} {elapsed}");
    spinner.set_message("learning from past tickets");
    spinner.enable_steady_tick(TICK);
    let result = ingest::learn_if_outdated(index, store);
    spinner.finish_and_clear();
    Ok(result?)
}

/// How often a spinner moves.
const TICK: Duration = Duration::from_millis(120);

/// A bar on standard error; it shows nothing where that is no terminal.
pub(super) fn bar(length: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn report(name: &str, summary: &Summary, plan: &Plan, out: &mut dyn Write) -> anyhow::Result<()> {
    let would = if plan.dry_run { " (nothing was changed)" } else { "" };
    writeln!(
        out,
        "{name}: {} added, {} changed, {} unchanged, {} removed, {} skipped, {} failed{would}",
        summary.added,
        summary.changed,
        summary.unchanged,
        summary.removed,
        summary.skipped,
        summary.failed.len(),
    )?;
    let changes = summary.changes.iter().map(|it| {
        let what = match it.what {
            What::Add => "add",
            What::Change => "change",
            What::Remove => "remove",
        };
        format!("{what} {} {}", it.id, it.title).trim_end().to_owned()
    });
    list(changes, summary.changes.len(), out)?;
    let failed = summary.failed.iter().map(|it| format!("{}: {}", it.place, it.reason));
    list(failed, summary.failed.len(), out)?;
    list(summary.notes.iter().cloned(), summary.notes.len(), out)
}

fn list(
    lines: impl Iterator<Item = String>,
    n_lines: usize,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    for line in lines.take(MAX_SHOWN) {
        writeln!(out, "  {line}")?;
    }
    let n_more = n_lines.saturating_sub(MAX_SHOWN);
    if 0 < n_more {
        writeln!(out, "  and {n_more} more; --json has all of them")?;
    }
    Ok(())
}
