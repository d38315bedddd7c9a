//! `deskhand calibrate`: learns from the team's own history what speaks for an
//! article and what tells stages and topics, shows what that is worth on newer tickets, and keeps it if it is.

mod taught;

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use super::Library;
use super::ingest::bar;
use crate::app;
use crate::calibrate;
use crate::calibrate::Calibration;
use crate::eval::Interval;
use crate::eval::Meanings;
use crate::ingest;
use crate::knowledge::Document;
use crate::knowledge::Pool;
use crate::knowledge::Weights;
use crate::store::Store;
use crate::store::knowledge;

/// Examples:
///   deskhand calibrate              learn, show, and keep what is better
///   deskhand calibrate --dry-run    learn and show only
///   deskhand calibrate --reset      back to the weights Deskhand comes with
///
/// Each brand has weights of its own.
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct CalibrateArgs {
    /// Learn from the history of this brand and for it [default: the only one, or the largest]
    #[arg(long)]
    brand: Option<String>,
    /// Show what was learned and keep nothing
    #[arg(long)]
    dry_run: bool,
    /// Forget what earlier runs learned
    #[arg(long, conflicts_with = "dry_run")]
    reset: bool,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// Calibrates. Everything is measured on tickets newer than those learned from.
///
/// # Errors
/// If the history is too small, or the store or the index cannot be read.
pub async fn run(
    args: &CalibrateArgs,
    library: &Library,
    stage_prefix: &str,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Library { store, embedder, index } = library;
    if args.reset {
        return reset(args.brand.as_deref(), store, out).await;
    }
    let history = history(store, args.brand.as_deref())?;
    let taught = taught::learn(&history, stage_prefix, store, args.dry_run).await?;
    if !args.json {
        taught::show(&taught, args.dry_run, out)?;
    }
    let History { brand, articles, tickets } = history;
    let asked = calibrate::asked_again(articles, tickets)?;
    let meanings = Meanings::of(&asked, Some(store), embedder).await?;
    let meanings = meanings.with_synonyms(Arc::clone(index.synonyms()));
    let bar = bar(0, "{msg} {bar:30} {pos}/{len} questions, {per_sec}, {eta} left");
    bar.set_message("asking past tickets again");
    let calibration = calibrate::calibrate(&asked, &meanings, |done, n_questions| {
        bar.set_length(n_questions as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    let calibration = calibration?;
    let kept = calibration.better && !args.dry_run;
    if kept {
        let weights = calibration.weights.iter().map(|(name, _, now)| (name.clone(), *now));
        let weights: Weights = weights.collect();
        store.write(move |it| knowledge::keep_weights(it, &brand, &weights)).await?;
    }
    if args.json {
        writeln!(out, "{}", json!({ "kept": kept, "calibration": calibration, "triage": taught }))?;
        return Ok(());
    }
    Ok(show(&calibration, kept, args.dry_run, out)?)
}

/// Forgets the weights of one brand, or of all.
async fn reset(brand: Option<&str>, store: &Store, out: &mut dyn Write) -> anyhow::Result<()> {
    let known = store.read(knowledge::weights).await?;
    let brands = known.into_keys().filter(|it| brand.is_none_or(|brand| brand == it));
    for brand in brands {
        store.write(move |it| knowledge::forget_weights(it, &brand)).await?;
    }
    app::forget_teams(store, brand).await?;
    writeln!(out, "The weights are those Deskhand comes with.")?;
    Ok(())
}

/// What is learned from.
pub(super) struct History {
    pub(super) brand: String,
    pub(super) articles: Vec<Document>,
    pub(super) tickets: Vec<Document>,
}

/// Articles and past tickets of a brand: the one named, or the one with most past
/// tickets.
pub(super) fn history(store: &Store, brand: Option<&str>) -> anyhow::Result<History> {
    let documents = ingest::documents(store).context("reading the history")?;
    let (mut articles, mut tickets): (Vec<Document>, Vec<Document>) =
        documents.into_iter().partition(|it| it.pool == Pool::Article);
    let brands: BTreeSet<&String> = tickets.iter().map(|it| &it.brand).collect();
    let n_of = |brand: &String| tickets.iter().filter(|it| it.brand == *brand).count();
    let largest = brands.into_iter().max_by_key(|it| n_of(it)).cloned();
    let brand = brand.map(str::to_owned).or(largest).unwrap_or_default();
    articles.retain(|it| it.brand == brand);
    tickets.retain(|it| it.brand == brand);
    Ok(History { brand, articles, tickets })
}

fn show(
    calibration: &Calibration,
    kept: bool,
    dry_run: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let Calibration { n_fitted, n_judged, .. } = calibration;
    writeln!(out, "Learned on {n_fitted} past tickets, judged on the {n_judged} after them.\n")?;
    writeln!(out, "{:<18} {:>8} {:>8}", "what it counts", "shipped", "yours")?;
    for (name, before, now) in &calibration.weights {
        writeln!(out, "  {name:<16} {before:>8.2} {now:>8.2}")?;
    }
    writeln!(out)?;
    for (name, figures) in &calibration.figures {
        let of = |it: &str| figures.get(it).copied().unwrap_or(f64::NAN);
        let (hit, mrr) = (of("hit@5"), of("mrr@10"));
        writeln!(out, "{name:<8} right article among five {hit:.3}, MRR@10 {mrr:.3}")?;
    }
    let Interval(low, high) = calibration.gain_ci95;
    writeln!(
        out,
        "gain     MRR@10 {:+.3} (95 %: {low:+.3} to {high:+.3})\n",
        calibration.gain_mrr
    )?;
    let what = match (kept, dry_run, calibration.better) {
        (true, ..) => {
            "Kept: answers use your weights from now on; a running service within a second."
        }
        (_, true, _) => "Nothing was kept (--dry-run).",
        (_, _, true) => "Nothing was kept.",
        (_, _, false) => "Not kept: the weights Deskhand comes with do as well on your tickets.",
    };
    writeln!(out, "{what}")
}
