//! `deskhand replay --certify`: a certificate for what answers now, of what people said
//! of the same words before.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use anyhow::Context as _;
use anyhow::bail;
use anyhow::ensure;
use serde_json::json;

use super::ReplayArgs;
use crate::app;
use crate::app::Spending;
use crate::calibrate;
use crate::certify::Certificate;
use crate::certify::Promise;
use crate::cli::calibrate::History;
use crate::cli::calibrate::history;
use crate::cli::certificate;
use crate::cli::ingest::bar;
use crate::clock::Clock;
use crate::config::Mode;
use crate::config::Settings;
use crate::eval::BRAND;
use crate::eval::Folder;
use crate::eval::Meanings;
use crate::guarantee;
use crate::guarantee::RISK;
use crate::guarantee::Renewed;
use crate::guarantee::Terms;
use crate::index::Index;
use crate::replay;
use crate::store::Store;
use crate::store::certificates;
use crate::store::knowledge;

/// Asks again and makes it.
///
/// # Errors
/// If nobody has judged anything, nothing can be promised, or a step fails.
pub(super) async fn run(
    args: &ReplayArgs,
    mut settings: Settings,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    if args.no_model {
        settings.model.base_url.clear();
    }
    let names = certificate::connections(&settings, args.connection.as_deref())?;
    let [name] = names.as_slice() else {
        bail!("there are {} connections; name one with --connection", names.len());
    };
    let store = app::open_store(&settings)?;
    let spending = Spending::open(&settings, &store, &Clock::System)?;
    let renewed = renewed(name, &settings, &store, &spending).await;
    spending.settle().await;
    let renewed = renewed?;
    let promise =
        Promise { of: settings.guarantee.of, limit: settings.guarantee.limit, risk: RISK };
    let terms = Terms {
        connection: name.clone(),
        promise,
        share: settings.guarantee.sample,
        by_stage: settings.guarantee.by_stage,
    };
    let (sample, now_ms) = (renewed.sample.clone(), Clock::System.now_ms());
    let made = store.read(move |it| guarantee::make(it, &terms, &sample, now_ms)).await?;
    let kept = made.allows_any() && !args.dry_run;
    if kept {
        let made = made.clone();
        store.write(move |it| certificates::keep(it, &made)).await?;
    }
    say(args, &renewed, &made, kept, out)?;
    ensure!(
        made.allows_any(),
        "no promise of {:.1} % can be made for what answers now; nothing was kept",
        promise.limit * 100.0
    );
    Ok(())
}

/// The judged tickets of a connection asked again, as it is treated now.
async fn renewed(
    name: &str,
    settings: &Settings,
    store: &Store,
    spending: &Spending,
) -> anyhow::Result<Renewed> {
    let (brand, manifest) = app::treated(settings, name)?;
    let (connection, share, of) = (name.to_owned(), settings.guarantee.sample, brand.clone());
    let remembered = store
        .read(move |it| {
            // What was learned from a label cannot be judged by it.
            let since_ms = knowledge::learned_to_ms(it, &of)?.saturating_add(1);
            guarantee::remembered(it, &connection, share, since_ms)
        })
        .await?;
    ensure!(
        !remembered.is_empty(),
        "nobody has judged a draft of {name} that could count; `deskhand label` shows the next"
    );
    let History { articles, tickets, .. } = history(store, Some(&brand))?;
    let mut past_tickets = calibrate::rebranded(tickets);
    past_tickets.sort_by_key(|it| it.updated_at);
    let articles = calibrate::rebranded(articles);
    let folder = Folder { articles, past_tickets, ..Folder::default() };
    let weights = store.read(knowledge::weights).await?.remove(&brand).unwrap_or_default();
    let embedder = Arc::new(app::embedder(settings)?);
    let meanings =
        Meanings::of(&folder, None, &embedder).await?.with_synonyms(app::synonyms(settings)?);
    let context = app::context(settings, Mode::Suggest, BRAND, &manifest);
    let drafter = app::drafter(settings, spending.purse(), &Clock::System)?;
    // Under the brand everything is measured under.
    let own = app::teams(store)?.remove(&brand).map(|it| (BRAND.to_owned(), it));
    let teams = own.into_iter().collect();
    let pipeline = |index: Arc<Index>| {
        index.weigh(HashMap::from([(BRAND.to_owned(), weights)]));
        Ok(app::pipeline(settings, index, embedder, drafter)?.taught(teams))
    };
    let bar = bar(remembered.len() as u64, "{msg} {bar:30} {pos}/{len}, {per_sec}, {eta} left");
    bar.set_message("asking judged tickets again");
    let asked = replay::again(remembered, folder, &meanings, &context, pipeline, |n| {
        bar.set_position(n as u64);
    });
    let asked = asked.await.context("asking the judged tickets again")?;
    bar.finish_and_clear();
    Ok(guarantee::renewed(&asked))
}

fn say(
    args: &ReplayArgs,
    renewed: &Renewed,
    made: &Certificate,
    kept: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Renewed { sample, n_same, n_unknown } = renewed;
    if args.json {
        let told = json!({ "kept": kept, "n": sample.judged.len(), "same": n_same,
            "counted_as_wrong": n_unknown, "certificate": made });
        writeln!(out, "{told}")?;
        return Ok(());
    }
    writeln!(
        out,
        "{} judged tickets asked again. {n_same} drafts say what people judged; {n_unknown} others \
         could be sent, nobody has judged their words, and they count as wrong.",
        sample.judged.len()
    )?;
    certificate::groups(made, if kept { "line" } else { "possible" }, out)?;
    if kept {
        writeln!(out, "Kept: {} holds for what answers now.", made.id)?;
    }
    Ok(())
}
