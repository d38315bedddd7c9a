//! `deskhand ingest`: reads articles and past tickets into the store, then
//! brings the index up to date, unless a running service does that already.

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use anyhow::bail;
use clap::Args;
use indicatif::ProgressBar;
use indicatif::ProgressStyle;
use serde_json::json;

use crate::index::Index;
use crate::index::IndexError;
use crate::ingest;
use crate::ingest::CatchUpError;
use crate::ingest::Plan;
use crate::ingest::Source;
use crate::ingest::Summary;
use crate::knowledge::Audience;
use crate::store::Store;

/// Examples:
///   deskhand ingest docs/                         a folder of Markdown, MDX or HTML
///   deskhand ingest articles.jsonl tickets.jsonl  exports, one JSON object a line
///   deskhand ingest handbook/ --audience internal for agents only, never quoted
///   deskhand ingest docs/ --dry-run               what would change
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct IngestArgs {
    /// Files and folders. What a source no longer has is removed
    #[arg(required = true, value_name = "SOURCE")]
    pub sources: Vec<PathBuf>,
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
const MAX_FAILURES_SHOWN: usize = 20;

/// Takes the sources in.
///
/// # Errors
/// If a source cannot be opened, the store fails, or a document could not be
/// read; what could be read is kept then.
pub async fn run(
    args: &IngestArgs,
    store: &Store,
    index: &Index,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let plan = Plan {
        brand: args.brand.clone(),
        audience: args.audience.as_deref().map(Audience::parse),
        dry_run: args.dry_run,
    };
    let mut total = Summary::default();
    for path in &args.sources {
        for source in ingest::open(path)? {
            let name = source.name.clone();
            let summary = take_in(store, source, &plan).await?;
            if !args.json {
                report(Path::new(&name), &summary, &plan, out)?;
            }
            total.add(summary);
        }
    }
    let n_indexed = if plan.dry_run { None } else { bring_up_to_date(index, store)? };
    if args.json {
        let object =
            json!({ "dry_run": plan.dry_run, "indexed_changes": n_indexed, "summary": total });
        writeln!(out, "{object}")?;
    } else if n_indexed.is_none() && !plan.dry_run {
        writeln!(out, "The running service takes the changes into its index by itself.")?;
    }
    if !total.failed.is_empty() {
        bail!("{} documents could not be read; their earlier versions stay", total.failed.len());
    }
    Ok(())
}

async fn take_in(store: &Store, source: Source, plan: &Plan) -> anyhow::Result<Summary> {
    let bar = bar(source.n_bytes, "{msg} {bar:30} {bytes}/{total_bytes} {bytes_per_sec} eta {eta}");
    bar.set_message("reading");
    let told = |source: &Source, _: &Summary| bar.set_position(source.n_bytes_read);
    let summary = ingest::ingest(store, source, plan, told).await;
    bar.finish_and_clear();
    summary
}

/// How many changes the index took in; `None` if another process has it.
fn bring_up_to_date(index: &Index, store: &Store) -> anyhow::Result<Option<usize>> {
    let bar = bar(0, "{msg} {bar:30} {pos}/{len} {per_sec} eta {eta}");
    bar.set_message("indexing");
    let result = ingest::catch_up(index, store, |position, last| {
        bar.set_length(last);
        bar.set_position(position);
    });
    bar.finish_and_clear();
    match result {
        Ok(n_changes) => Ok(Some(n_changes)),
        Err(CatchUpError::Index(IndexError::Locked { .. })) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// A bar on standard error; it shows nothing where that is no terminal.
pub(super) fn bar(length: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

fn report(path: &Path, summary: &Summary, plan: &Plan, out: &mut dyn Write) -> anyhow::Result<()> {
    let would = if plan.dry_run { " (nothing was changed)" } else { "" };
    writeln!(
        out,
        "{}: {} added, {} changed, {} unchanged, {} removed, {} skipped, {} failed{would}",
        path.display(),
        summary.added,
        summary.changed,
        summary.unchanged,
        summary.removed,
        summary.skipped,
        summary.failed.len(),
    )?;
    for failure in summary.failed.iter().take(MAX_FAILURES_SHOWN) {
        writeln!(out, "  {}: {}", failure.place, failure.reason)?;
    }
    let n_more = summary.failed.len().saturating_sub(MAX_FAILURES_SHOWN);
    if 0 < n_more {
        writeln!(out, "  and {n_more} more")?;
    }
    Ok(())
}
