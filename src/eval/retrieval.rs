//! How well the right article is found, and how well it is known that there is
//! none. Past tickets count only for questions asked after them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::BRAND;
use super::Figures;
use super::Folder;
use super::Meanings;
use super::Question;
use super::Report;
use super::Slices;
use super::auroc;
use super::baseline::PlainBm25;
use super::metrics::auroc_interval;
use super::metrics::latency;
use super::metrics::mean;
use super::metrics::of_ranking;
use super::shelf::Shelf;
use crate::clock::Stopwatch;
use crate::index::DocumentKey;
use crate::index::IndexError;
use crate::knowledge::Pool;
use crate::knowledge::Scope;
use crate::retrieve::N_SIGNALS;
use crate::retrieve::evidence;
use crate::retrieve::retrieve;

/// One question answered: its figures if it has labels, and how much was found.
struct Answered {
    lang: Option<String>,
    ours: Option<Figures>,
    plain: Option<Figures>,
    /// Whether the knowledge answers it; `None` if nobody said.
    answerable: Option<bool>,
    /// What tells whether it does, ours and the baseline's.
    score: f64,
    plain_score: f64,
    took_ms: f64,
}

/// What spoke for each candidate of one question: what weights are learned from.
#[derive(Debug, Serialize)]
pub struct Weighed {
    pub question: String,
    pub lang: Option<String>,
    pub n_relevant: usize,
    /// Whether the knowledge answers it; `None` if nobody said.
    pub answerable: Option<bool>,
    /// In the order of [`crate::retrieve::SIGNS`].
    pub signs: Vec<f32>,
    /// Each candidate's id, how right it is (0.0 for a wrong one), and its signals
    /// in the order of [`crate::retrieve::NAMES`].
    pub candidates: Vec<(String, f64, [f32; N_SIGNALS])>,
}

/// Asks every question of a folder. `progress` is told how many are done and, with
/// `with_signals`, what spoke for the candidates of the last one: that takes a
/// second search.
///
/// # Errors
/// If the index cannot be written or read.
pub fn measure(
    folder: &Folder,
    data: &str,
    meanings: &Meanings,
    with_past_tickets: bool,
    with_signals: bool,
    mut progress: impl FnMut(usize, Option<Weighed>),
) -> Result<Report, IndexError> {
    let mut shelf = Shelf::new(folder, meanings, with_past_tickets)?;
    let plain = PlainBm25::new(&folder.articles);
    let mut answered = Vec::new();
    for question in &folder.questions {
        shelf.advance(question.asked_at())?;
        answered.push(ask(&shelf, &plain, question, true)?);
        let weighed = with_signals.then(|| weighed(&shelf, question, true)).transpose()?;
        progress(answered.len(), weighed);
    }
    for question in &folder.off_topic {
        answered.push(ask(&shelf, &plain, question, false)?);
        let weighed = with_signals.then(|| weighed(&shelf, question, false)).transpose()?;
        progress(answered.len(), weighed);
    }
    Ok(report(data, meanings.embedder(), &answered))
}

/// What speaks for the candidates of every question of a folder, without ranking a
/// baseline beside it. `progress` is told how many are done.
///
/// # Errors
/// If the index cannot be written or read.
pub fn weigh(
    folder: &Folder,
    meanings: &Meanings,
    mut progress: impl FnMut(usize),
) -> Result<Vec<Weighed>, IndexError> {
    let mut shelf = Shelf::new(folder, meanings, true)?;
    let mut all = Vec::with_capacity(folder.questions.len());
    for question in &folder.questions {
        shelf.advance(question.asked_at())?;
        all.push(weighed(&shelf, question, true)?);
        progress(all.len());
    }
    Ok(all)
}

fn ask(
    shelf: &Shelf<'_>,
    plain: &PlainBm25,
    question: &Question,
    on_topic: bool,
) -> Result<Answered, IndexError> {
    let ticket = question.ticket();
    let watch = Stopwatch::start();
    let meant = shelf.meanings.of_ticket(&ticket);
    let found = retrieve(&shelf.index, &ticket, &meant, &Scope::public(BRAND))?;
    let took_ms = watch.elapsed_ms();
    let mut ranked: Vec<String> = Vec::new();
    for hit in &found.articles {
        if !ranked.contains(&hit.passage.document_id) {
            ranked.push(hit.passage.document_id.clone());
        }
    }
    let asked = [ticket.subject.as_str(), ticket.question.as_str()].join("\n");
    let (plain_ranked, plain_score) = plain.search(&asked);
    let relevant: Vec<(String, f64)> = question
        .relevant
        .iter()
        .map(|id| (id.clone(), question.grades.get(id).copied().unwrap_or(1.0)))
        .collect();
    let scored = |ranked: &[String]| (!relevant.is_empty()).then(|| of_ranking(ranked, &relevant));
    Ok(Answered {
        lang: question.lang.clone(),
        ours: scored(&ranked),
        plain: scored(&plain_ranked),
        answerable: answerable(question, on_topic),
        score: f64::from(found.signs.answerable()),
        plain_score,
        took_ms,
    })
}

/// Whether the knowledge answers a question; `None` if nobody said.
fn answerable(question: &Question, on_topic: bool) -> Option<bool> {
    let labelled = question.answerable.or((!question.relevant.is_empty()).then_some(true));
    if on_topic { labelled } else { Some(false) }
}

fn weighed(shelf: &Shelf<'_>, question: &Question, on_topic: bool) -> Result<Weighed, IndexError> {
    let right: BTreeMap<DocumentKey, f64> = question
        .relevant
        .iter()
        .map(|id| {
            let grade = question.grades.get(id).copied().unwrap_or(1.0);
            (DocumentKey::new(Pool::Article, BRAND, id), grade)
        })
        .collect();
    let ticket = question.ticket();
    let meant = shelf.meanings.of_ticket(&ticket);
    let found = evidence(&shelf.index, &ticket, &meant, &Scope::public(BRAND))?;
    let candidates = found.articles.into_iter().map(|(article, signals)| {
        let id = shelf.ids.get(&article).cloned().unwrap_or_default();
        (id, right.get(&article).copied().unwrap_or(0.0), signals.weighed())
    });
    Ok(Weighed {
        question: question.id.clone(),
        lang: question.lang.clone(),
        n_relevant: right.len(),
        answerable: answerable(question, on_topic),
        signs: found.signs.values().to_vec(),
        candidates: candidates.collect(),
    })
}

fn report(data: &str, embedder: &str, answered: &[Answered]) -> Report {
    let is_english = |it: &Answered| it.lang.as_deref().is_some_and(|it| it.starts_with("en"));
    let (mut metrics, mut plain) = (Slices::new(), Slices::new());
    let mut ci95 = BTreeMap::new();
    for name in ["all", "lang:en", "lang:other"] {
        let holds = |it: &&Answered| match name {
            "lang:en" => is_english(it),
            "lang:other" => it.lang.is_some() && !is_english(it),
            _ => true,
        };
        let part: Vec<&Answered> = answered.iter().filter(holds).collect();
        let ours: Vec<&Figures> = part.iter().filter_map(|it| it.ours.as_ref()).collect();
        let theirs: Vec<&Figures> = part.iter().filter_map(|it| it.plain.as_ref()).collect();
        let (mut figures, intervals) = mean(&ours);
        let (mut plain_figures, _) = mean(&theirs);
        let mut intervals: BTreeMap<_, _> = intervals.into_iter().collect();
        let scores = |is_answerable: bool, score: fn(&Answered) -> f64| -> Vec<f64> {
            let those = part.iter().filter(|it| it.answerable == Some(is_answerable));
            those.map(|it| score(it)).collect()
        };
        let (yes, no) = (scores(true, |it| it.score), scores(false, |it| it.score));
        if !yes.is_empty() && !no.is_empty() {
            figures.insert("auroc".to_owned(), auroc(&yes, &no));
            intervals.insert("auroc".to_owned(), auroc_interval(&yes, &no));
            let theirs =
                auroc(&scores(true, |it| it.plain_score), &scores(false, |it| it.plain_score));
            plain_figures.insert("auroc".to_owned(), theirs);
        }
        if figures.is_empty() {
            continue;
        }
        metrics.insert(name.to_owned(), figures);
        plain.insert(name.to_owned(), plain_figures);
        ci95.insert(name.to_owned(), intervals);
    }
    Report {
        step: "retrieval".to_owned(),
        data: data.to_owned(),
        n: answered.iter().filter(|it| it.ours.is_some()).count(),
        metrics,
        baseline: BTreeMap::from([("bm25".to_owned(), plain)]),
        ci95,
        latency_ms: latency(answered.iter().map(|it| it.took_ms).collect()),
        versions: BTreeMap::from([
            ("deskhand".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            ("embedder".to_owned(), embedder.to_owned()),
        ]),
    }
}
