//! The drafts of a brand of which it is known whether they were right, and what was
//! learned from them about how sure to be.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use serde::Deserialize;

use crate::app;
use crate::calibrate;
use crate::calibrate::Learned;
use crate::calibrate::Source;
use crate::cli::ingest::bar;
use crate::confidence::Confidence;
use crate::confidence::Example;
use crate::config::Mode;
use crate::config::Settings;
use crate::draft::Drafter;
use crate::embed::Embedder;
use crate::eval;
use crate::eval::BRAND;
use crate::eval::Folder;
use crate::eval::Interval;
use crate::eval::Meanings;
use crate::guarantee;
use crate::knowledge::Weights;
use crate::store::Store;
use crate::store::labels;
use crate::store::labels::Asked;

/// What people said of the drafts that were drawn for it, oldest first.
#[derive(Debug, Default)]
pub(super) struct Labelled {
    pub(super) examples: Vec<Example>,
    /// When the last of those came that are fitted on, milliseconds.
    pub(super) fitted_to_ms: i64,
}

/// The part of a stored proposal that counts here.
#[derive(Deserialize)]
struct Slim {
    proposal: SlimProposal,
}

#[derive(Deserialize)]
struct SlimProposal {
    confidence: Confidence,
}

/// Reads the judged drafts of a brand, of every connection and caller. Only the drawn
/// ones: of the others people choose which they judge.
pub(super) async fn labelled(
    settings: &Settings,
    store: &Store,
    brand: &str,
) -> anyhow::Result<Labelled> {
    let names = settings.connections.keys().chain(settings.api.callers.keys());
    let names: Vec<String> = names.cloned().collect();
    let (brand, share) = (brand.to_owned(), settings.guarantee.sample);
    let mut all: Vec<(i64, Example)> = store
        .read(move |connection| {
            let mut all = Vec::new();
            for name in &names {
                let asked = Asked { connection: name, since_ms: 0, with_records: true };
                labels::walk(
                    connection,
                    asked,
                    |id| guarantee::is_drawn(id, share),
                    |it| {
                        let example = || {
                            let slim: Slim = serde_json::from_str(&it.record).ok()?;
                            let values = slim.proposal.confidence.values()?;
                            Some(Example { values, right: !it.wrong? })
                        };
                        if it.brand == brand {
                            all.extend(example().map(|example| (it.at_ms, example)));
                        }
                        true
                    },
                )?;
            }
            Ok(all)
        })
        .await?;
    all.sort_by_key(|(at_ms, _)| *at_ms);
    let last = calibrate::n_fitted(all.len()).checked_sub(1).and_then(|it| all.get(it));
    let fitted_to_ms = last.map_or(0, |(at_ms, _)| *at_ms);
    Ok(Labelled { examples: all.into_iter().map(|(_, it)| it).collect(), fitted_to_ms })
}

/// Asks the past tickets again, all the way: right is what cites an article people linked.
pub(super) async fn asked(
    settings: &Settings,
    embedder: &Arc<Embedder>,
    folder: &Folder,
    meanings: &Meanings,
    weights: &Weights,
) -> anyhow::Result<Vec<Example>> {
    let context = app::context(settings, Mode::Suggest, BRAND, "");
    let pipeline = |index: Arc<crate::index::Index>| {
        index.weigh(HashMap::from([(BRAND.to_owned(), weights.clone())]));
        app::pipeline(settings, index, Arc::clone(embedder), Drafter::Extractive)
    };
    let n_questions = folder.questions.len() as u64;
    let bar = bar(n_questions, "{msg} {bar:30} {pos}/{len} questions, {per_sec}, {eta} left");
    bar.set_message("answering past tickets again");
    let answered = eval::answered(folder, meanings, &context, pipeline, |_| bar.inc(1)).await?;
    bar.finish_and_clear();
    Ok(answered.iter().filter_map(eval::Answered::example).collect())
}

/// Tells what was learned; `kept` is what is used from now on.
pub(super) fn show(
    learned: &[Learned],
    kept: Option<&Learned>,
    dry_run: bool,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    for it in learned {
        let (what, whose) = match it.from {
            Source::Labels => ("drafts people judged", "what people said of drafts"),
            Source::History => ("past tickets", "what people linked"),
        };
        let how = if it.all_weights { "every weight" } else { "two numbers" };
        writeln!(
            out,
            "\nHow sure to be, by {whose}: {how} learned on {} {what}, judged on the {} after them.\n",
            it.n_fitted, it.n_judged
        )?;
        writeln!(out, "{:<20} {:>8} {:>8}", "what it counts", "before", "yours")?;
        for (name, before, now) in &it.weights {
            writeln!(out, "  {:<18} {before:>8.2} {now:>8.2}", name.replace('_', " "))?;
        }
        writeln!(out)?;
        for (name, figures) in &it.figures {
            let of = |it: &str| figures.get(it).copied().unwrap_or(f64::NAN);
            let (auroc, ece, brier) = (of("auroc"), of("ece"), of("brier"));
            writeln!(
                out,
                "{name:<8} AUROC {auroc:.3}, calibration error {ece:.3}, Brier {brier:.3}"
            )?;
        }
        let Interval(low, high) = it.gain_ci95;
        writeln!(out, "gain     Brier {:+.3} (95 %: {low:+.3} to {high:+.3})", it.gain)?;
    }
    let told = match (kept, dry_run, learned.is_empty()) {
        (Some(_), ..) => {
            "Kept: how sure Deskhand is comes from your own from now on. Certificates made before \
             do not hold for it: `deskhand replay --certify` asks their tickets again, \
             `deskhand certificate` says what is missing."
        }
        (None, true, _) => "Nothing was kept (--dry-run).",
        (None, false, true) => "How sure to be: too few drafts to learn from.",
        (None, false, false) => "Not kept: the confidence Deskhand comes with does as well.",
    };
    writeln!(out, "\n{told}")
}
