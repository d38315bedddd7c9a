//! `deskhand calibrate`: learns from the team's own history and labels what speaks for an
//! article and for a reply being right, and what tells stages and topics; shows what that is
//! worth on newer tickets, and keeps it if it is.

mod sureness;
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
use crate::calibrate::CalibrateError;
use crate::calibrate::Calibration;
use crate::calibrate::MIN_EXAMPLES;
use crate::calibrate::Source;
use crate::confidence::Model;
use crate::config::Settings;
use crate::eval::Folder;
use crate::eval::Interval;
use crate::eval::Meanings;
use crate::ingest;
use crate::knowledge::Document;
use crate::knowledge::Pool;
use crate::retrieve;
use crate::store::Store;
use crate::store::knowledge;

/// Examples:
///   deskhand calibrate              learn, show, and keep what is better
///   deskhand calibrate --dry-run    learn and show only
///   deskhand calibrate --reset      back to the weights Deskhand comes with
///
/// Each brand has weights of its own. What the confidence is made of is learned from what
/// people linked in past tickets, then from what they said of drafts, if that is enough
/// (100 of the drawn ones). A certificate holds for what it was made with: where anything
/// is kept, drafts are suggested until there is a new one (`deskhand certificate`).
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
    settings: &Settings,
    library: &Library,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Library { store, embedder, .. } = library;
    if args.reset {
        return reset(args.brand.as_deref(), store, out).await;
    }
    let history = history(store, args.brand.as_deref())?;
    let prefix = &settings.journey.tag_prefix;
    let taught = taught::learn(&history, prefix, store, args.dry_run).await?;
    if !args.json {
        taught::show(&taught, args.dry_run, out)?;
    }
    let History { brand, articles, tickets } = history;
    let mut weights = store.read(knowledge::weights).await?.remove(&brand).unwrap_or_default();
    let labelled = sureness::labelled(settings, store, &brand).await?;
    let asked = match calibrate::asked_again(articles, tickets) {
        Ok(asked) => Some(asked),
        // What people said of drafts is enough to learn how sure to be.
        Err(CalibrateError::TooFew { .. }) if MIN_EXAMPLES <= labelled.examples.len() => None,
        Err(error) => return Err(error.into()),
    };
    let meanings = match &asked {
        Some(asked) => Some(meant(asked, library).await?),
        None => None,
    };
    let history = asked.as_ref().zip(meanings.as_ref());
    let ranking = history.map(|(asked, meanings)| ranked(asked, meanings)).transpose()?;
    let kept = !args.dry_run && ranking.as_ref().is_some_and(|it| it.better);
    if let (Some(calibration), true) = (&ranking, kept) {
        weights.extend(calibration.weights.iter().map(|(name, _, now)| (name.clone(), *now)));
    }
    let examples = match history {
        Some((asked, meanings)) => {
            sureness::asked(settings, embedder, asked, meanings, &weights).await?
        }
        None => Vec::new(),
    };
    let learned = calibrate::sure(&shipped(library, &brand), &examples, &labelled.examples);
    let model = learned.iter().rfind(|it| it.better).filter(|_| !args.dry_run);
    if let Some(learned) = model {
        weights.extend(learned.model.named());
    }
    let until_ms = model.filter(|it| it.from == Source::Labels).map(|_| labelled.fitted_to_ms);
    if kept || model.is_some() {
        store.write(move |it| knowledge::calibrated(it, &brand, &weights, until_ms)).await?;
    }
    if args.json {
        let kept_confidence = model.is_some();
        let told = json!({ "kept": kept, "calibration": ranking,
            "kept_confidence": kept_confidence, "confidence": learned, "triage": taught });
        return Ok(writeln!(out, "{told}")?);
    }
    if let Some(ranking) = &ranking {
        show(ranking, kept, args.dry_run, out)?;
    }
    Ok(sureness::show(&learned, model, args.dry_run, out)?)
}

/// What makes sure of a brand's drafts where nothing was learned about it.
fn shipped(library: &Library, brand: &str) -> Model {
    Model::shipped(retrieve::history(library.index.experience().n_tickets(brand)))
}

/// What a history means to whatever finds in it.
async fn meant(asked: &Folder, library: &Library) -> anyhow::Result<Meanings> {
    let Library { store, embedder, index } = library;
    let meanings = Meanings::of(asked, Some(store), embedder).await?;
    Ok(meanings.with_synonyms(Arc::clone(index.synonyms())))
}

/// What each signal of the ranking counts for a history.
fn ranked(asked: &Folder, meanings: &Meanings) -> anyhow::Result<Calibration> {
    let bar = bar(0, "{msg} {bar:30} {pos}/{len} questions, {per_sec}, {eta} left");
    bar.set_message("asking past tickets again");
    let calibration = calibrate::calibrate(asked, meanings, |done, n_questions| {
        bar.set_length(n_questions as u64);
        bar.set_position(done as u64);
    });
    bar.finish_and_clear();
    Ok(calibration?)
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
