//! Whether messages are tagged with the right stage and whoever asks for a person is heard,
//! for businesses whose labels were never seen and for one that has labelled some of its
//! own; beside the commonest stage, the cue tables alone and words learned elsewhere.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use rand::RngExt as _;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use sha2::Digest as _;
use sha2::Sha256;

use super::Figures;
use super::Interval;
use super::Report;
use super::Slices;
use super::metrics::N_RESAMPLES;
use super::metrics::SEED;
use super::metrics::latency;
use super::metrics::middle;
use super::metrics::share;
use super::triaged::Labelled;
use crate::clock::Stopwatch;
use crate::journey::StageModel;
use crate::journey::UNKNOWN;
use crate::journey::cued;
use crate::text::language;
use crate::ticket::Ticket;
use crate::triage;
use crate::triage::FlagKind;
use crate::triage::Known;
use crate::triage::Learned;

/// The label of messages that are of no stage.
const NO_STAGE: &str = "none";

/// Of a business's labelled messages, one in so many is kept back to judge by what is
/// learned from the others.
const KEPT_BACK: u8 = 5;

/// A stage that is right, and the one that was said. `None`: one this model has not.
type Pair<'a> = (&'a str, &'a str);

/// What was said of one message.
struct Said<'a> {
    message: &'a Labelled,
    ours: String,
    cues: String,
    asks: bool,
}

/// Triages each message as one that opens a conversation, and compares.
#[must_use]
pub fn measure(
    messages: &[Labelled],
    data: &str,
    stages: &StageModel,
    mut progress: impl FnMut(usize),
) -> Report {
    let mut took_ms = Vec::new();
    let mut said = Vec::new();
    for message in messages {
        said.push(look(message, stages, &mut took_ms));
        progress(said.len());
    }
    let mut report = Report {
        step: "triage".to_owned(),
        data: data.to_owned(),
        n: messages.len(),
        metrics: Slices::new(),
        baseline: BTreeMap::new(),
        ci95: BTreeMap::new(),
        latency_ms: latency(took_ms),
        versions: BTreeMap::from([
            ("deskhand".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("stages".to_owned(), stages.id.clone()),
        ]),
    };
    unseen(&said, stages, &mut report);
    in_domain(messages, &mut report);
    persons(&said, &mut report);
    report
}

fn look<'a>(message: &'a Labelled, stages: &StageModel, took_ms: &mut Vec<f64>) -> Said<'a> {
    let language = message.lang.clone();
    let language = language.or_else(|| language::detect(&message.text).map(str::to_owned));
    let ticket = Ticket { question: message.text.clone(), language, ..Ticket::default() };
    let watch = Stopwatch::start();
    let triage = triage::triage(&ticket, stages, Known::default());
    took_ms.push(watch.elapsed_ms());
    Said {
        message,
        ours: triage.stage.id.clone(),
        cues: stages.by_cues(&cued(&message.text)).id,
        asks: triage.has(FlagKind::AskedForPerson),
    }
}

/// The label as the model names it. `None` for a message of no stage, or of one the model
/// does not have.
fn gold<'a>(message: &'a Labelled, stages: &'a StageModel) -> Option<&'a str> {
    let label = message.stage.as_deref().filter(|it| *it != NO_STAGE)?;
    stages.stage(label).map(|it| it.id.as_str())
}

/// Stages of businesses whose labels were not learned from.
fn unseen(said: &[Said<'_>], stages: &StageModel, report: &mut Report) {
    let labelled: Vec<(&Said<'_>, &str)> =
        said.iter().filter_map(|it| Some((it, gold(it.message, stages)?))).collect();
    let elsewhere = elsewhere(&labelled);
    let domains: BTreeSet<&str> = labelled.iter().map(|it| it.0.message.domain.as_str()).collect();
    let mut slices: Vec<(String, Vec<usize>)> =
        vec![("all".to_owned(), (0..labelled.len()).collect())];
    for domain in &domains {
        let of = |it: &usize| labelled.get(*it).is_some_and(|it| it.0.message.domain == **domain);
        slices.push((format!("domain:{domain}"), (0..labelled.len()).filter(of).collect()));
    }
    for (slice, places) in slices {
        let rows: Vec<(&Said<'_>, &str, &str)> = places
            .iter()
            .filter_map(|it| {
                let (said, gold) = labelled.get(*it)?;
                Some((*said, *gold, elsewhere.get(*it).map_or(UNKNOWN, String::as_str)))
            })
            .collect();
        if rows.is_empty() {
            continue;
        }
        let commonest = commonest(rows.iter().map(|it| it.1));
        let ours: Vec<Pair<'_>> = rows.iter().map(|it| (it.1, it.0.ours.as_str())).collect();
        keep(report, &slice, &ours);
        let mut beside = |name: &str, pairs: Vec<Pair<'_>>| {
            let slices = report.baseline.entry(name.to_owned()).or_default();
            slices.insert(slice.clone(), figures(&pairs));
        };
        beside("commonest", rows.iter().map(|it| (it.1, commonest)).collect());
        beside("cues", rows.iter().map(|it| (it.1, it.0.cues.as_str())).collect());
        if !elsewhere.is_empty() {
            beside("learned elsewhere", rows.iter().map(|it| (it.1, it.2)).collect());
        }
        if slice == "all" {
            each_stage(&ours, report);
        }
    }
    let none = said.iter().filter(|it| it.message.stage.as_deref() == Some(NO_STAGE));
    let none: Vec<(u32, u32)> = none.map(|it| (u32::from(it.ours == UNKNOWN), 1)).collect();
    keep_share(report, "of no stage", "unknown", &none);
}

/// What is said by a model learned from the folders a message is not of. Empty if all are
/// of one folder.
fn elsewhere(labelled: &[(&Said<'_>, &str)]) -> Vec<String> {
    let sources: BTreeSet<&str> = labelled.iter().map(|it| it.0.message.source.as_str()).collect();
    if sources.len() < 2 {
        return Vec::new();
    }
    let models: BTreeMap<&str, Learned> = sources
        .into_iter()
        .map(|source| {
            let others = labelled.iter().filter(|it| it.0.message.source != source);
            let pairs: Vec<(&str, &str)> =
                others.map(|it| (it.0.message.text.as_str(), it.1)).collect();
            (source, Learned::learn(&pairs))
        })
        .collect();
    let guess = |it: &(&Said<'_>, &str)| {
        let model = models.get(it.0.message.source.as_str());
        let guess = model.and_then(|model| model.guess(&it.0.message.text));
        guess.map_or(UNKNOWN.to_owned(), |it| it.label)
    };
    labelled.iter().map(guess).collect()
}

/// Stages of a business that has labelled some of its messages: learned from four fifths
/// of them, judged on the rest.
fn in_domain(messages: &[Labelled], report: &mut Report) {
    let mut by_domain: BTreeMap<&str, [Vec<(&str, &str)>; 2]> = BTreeMap::new();
    for it in messages {
        if let Some(stage) = it.stage.as_deref().filter(|it| *it != NO_STAGE) {
            let digest = Sha256::digest(it.text.as_bytes());
            let is_kept_back = digest.first().is_some_and(|it| it % KEPT_BACK == 0);
            let [learned, judged] = by_domain.entry(&it.domain).or_default();
            (if is_kept_back { judged } else { learned }).push((it.text.as_str(), stage));
        }
    }
    for (domain, [learned, judged]) in by_domain {
        let model = Learned::learn(&learned);
        if model.labels().is_empty() || judged.is_empty() {
            continue;
        }
        let said: Vec<(&str, String)> = judged
            .iter()
            .map(|(text, gold)| {
                (*gold, model.guess(text).map_or(UNKNOWN.to_owned(), |it| it.label))
            })
            .collect();
        let pairs: Vec<Pair<'_>> = said.iter().map(|it| (it.0, it.1.as_str())).collect();
        let slice = format!("own labels:{domain}");
        keep(report, &slice, &pairs);
        let commonest = commonest(learned.iter().map(|it| it.1));
        let beside: Vec<Pair<'_>> = judged.iter().map(|it| (it.1, commonest)).collect();
        let slices = report.baseline.entry("commonest".to_owned()).or_default();
        slices.insert(slice, figures(&beside));
    }
}

/// Whether whoever asks for a person is heard, and how often one is heard who does not.
fn persons(said: &[Said<'_>], report: &mut Report) {
    let asks = |it: &Said<'_>| it.message.wants_human == Some(true);
    let row = |it: &Said<'_>| (u32::from(it.asks), 1);
    let heard: Vec<(u32, u32)> = said.iter().filter(|it| asks(it)).map(row).collect();
    let others: Vec<(u32, u32)> = said.iter().filter(|it| !asks(it)).map(row).collect();
    keep_share(report, "asks for a person", "recall", &heard);
    keep_share(report, "asks for a person", "false", &others);
    let domains: BTreeSet<&str> = said.iter().map(|it| it.message.domain.as_str()).collect();
    for domain in domains {
        let of = |it: &&Said<'_>| it.message.domain == domain;
        let heard: Vec<_> = said.iter().filter(of).filter(|it| asks(it)).map(row).collect();
        let others: Vec<_> = said.iter().filter(of).filter(|it| !asks(it)).map(row).collect();
        let slice = format!("asks for a person:{domain}");
        keep_share(report, &slice, "recall", &heard);
        keep_share(report, &slice, "false", &others);
    }
}

fn keep_share(report: &mut Report, slice: &str, name: &str, rows: &[(u32, u32)]) {
    if let Some((value, interval)) = share(rows) {
        report.metrics.entry(slice.to_owned()).or_default().insert(name.to_owned(), value);
        report.ci95.entry(slice.to_owned()).or_default().insert(name.to_owned(), interval);
    }
}

fn keep(report: &mut Report, slice: &str, pairs: &[Pair<'_>]) {
    report.metrics.insert(slice.to_owned(), figures(pairs));
    report.ci95.insert(slice.to_owned(), intervals(pairs));
}

fn each_stage(pairs: &[Pair<'_>], report: &mut Report) {
    let stages: BTreeSet<&str> = pairs.iter().map(|it| it.0).collect();
    for stage in stages {
        let (right, said, gold) = counts(pairs, stage);
        let figures = Figures::from([
            ("f1".to_owned(), f1(right, said, gold)),
            ("precision".to_owned(), f64::from(right) / f64::from(said.max(1))),
            ("recall".to_owned(), f64::from(right) / f64::from(gold.max(1))),
        ]);
        let slice = format!("stage:{stage}");
        let intervals = resampled(pairs, |drawn| {
            let (right, said, gold) = counts(drawn, stage);
            f1(right, said, gold)
        });
        report.metrics.insert(slice.clone(), figures);
        report.ci95.insert(slice, BTreeMap::from([("f1".to_owned(), intervals)]));
    }
}

fn figures(pairs: &[Pair<'_>]) -> Figures {
    Figures::from([
        ("macro_f1".to_owned(), macro_f1(pairs)),
        ("accuracy".to_owned(), part(pairs, |it| it.0 == it.1)),
        ("unknown".to_owned(), part(pairs, |it| it.1 == UNKNOWN)),
    ])
}

fn intervals(pairs: &[Pair<'_>]) -> BTreeMap<String, Interval> {
    BTreeMap::from([
        ("macro_f1".to_owned(), resampled(pairs, macro_f1)),
        ("accuracy".to_owned(), resampled(pairs, |it| part(it, |it| it.0 == it.1))),
        ("unknown".to_owned(), resampled(pairs, |it| part(it, |it| it.1 == UNKNOWN))),
    ])
}

fn resampled(pairs: &[Pair<'_>], figure: impl Fn(&[Pair<'_>]) -> f64) -> Interval {
    let mut random = SmallRng::seed_from_u64(SEED);
    let mut drawn = Vec::with_capacity(pairs.len());
    let values = (0..N_RESAMPLES).map(|_| {
        drawn.clear();
        drawn.extend((0..pairs.len()).map(|_| pairs[random.random_range(0..pairs.len())]));
        figure(&drawn)
    });
    middle(values.collect())
}

fn part(pairs: &[Pair<'_>], is: impl Fn(&Pair<'_>) -> bool) -> f64 {
    pairs.iter().filter(|it| is(it)).count() as f64 / pairs.len().max(1) as f64
}

/// Of one stage: said rightly, said, and there.
fn counts(pairs: &[Pair<'_>], stage: &str) -> (u32, u32, u32) {
    pairs.iter().fold((0, 0, 0), |(right, said, gold), it| {
        let (is_gold, is_said) = (it.0 == stage, it.1 == stage);
        (
            right + u32::from(is_gold && is_said),
            said + u32::from(is_said),
            gold + u32::from(is_gold),
        )
    })
}

/// The mean of F1 over the stages that are there.
pub(crate) fn macro_f1(pairs: &[Pair<'_>]) -> f64 {
    let mut of: BTreeMap<&str, (u32, u32, u32)> = BTreeMap::new();
    for (gold, said) in pairs {
        of.entry(gold).or_default().2 += 1;
        of.entry(said).or_default().1 += 1;
        of.entry(gold).or_default().0 += u32::from(gold == said);
    }
    of.retain(|_, it| 0 < it.2);
    of.values().map(|it| f1(it.0, it.1, it.2)).sum::<f64>() / of.len().max(1) as f64
}

fn f1(right: u32, said: u32, gold: u32) -> f64 {
    2.0 * f64::from(right) / f64::from((said + gold).max(1))
}

fn commonest<'a>(labels: impl Iterator<Item = &'a str>) -> &'a str {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    labels.for_each(|it| *counts.entry(it).or_default() += 1);
    counts.into_iter().max_by_key(|it| it.1).map_or(UNKNOWN, |it| it.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f1_counts_each_stage_alike_however_rare_and_a_silence_as_a_miss() {
        let pairs = [("a", "a"), ("a", "a"), ("b", "a"), ("b", UNKNOWN)];
        // a: two right of three said and two there; b: none.
        assert_eq!(macro_f1(&pairs), 0.8 / 2.0);
        assert_eq!(part(&pairs, |it| it.1 == UNKNOWN), 0.25);
        assert_eq!(macro_f1(&[]), 0.0);
    }
}
