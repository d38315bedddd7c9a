//! How well the sentences of a passage that answer are told from the others,
//! beside its first three and those that share most words with the question.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use serde::Serialize;

use super::Figures;
use super::Folder;
use super::Question;
use super::Report;
use super::metrics::latency;
use super::metrics::of_slices;
use crate::clock::Stopwatch;
use crate::draft;
use crate::text::terms::terms;

/// Sentences a baseline takes.
const N_TAKEN: usize = 3;

/// One question, its passage and which sentences were picked.
#[derive(Debug, Serialize)]
pub struct Picked<'a> {
    pub question: &'a str,
    pub asked: String,
    pub sentences: &'a [String],
    /// Indices into the sentences, ascending.
    pub right: &'a [usize],
    pub chosen: Vec<usize>,
    /// What speaks for each sentence, in the order of [`draft::SIGNS`].
    pub signs: Vec<Vec<f32>>,
}

/// The questions of a folder whose answering sentences are known, with all
/// sentences of the passage.
pub fn questions(folder: &Folder) -> impl Iterator<Item = (&Question, &[String])> {
    let labelled = folder.questions.iter().filter(|it| !it.support_sentences.is_empty());
    labelled.filter_map(|question| {
        let passage = question.passage.as_ref().or(question.relevant.first())?;
        Some((question, folder.sentences.get(passage)?.as_slice()))
    })
}

/// Picks the sentences for every question of [`questions`]. `progress` is told what
/// was picked.
pub fn measure(folder: &Folder, data: &str, mut progress: impl FnMut(Picked<'_>)) -> Report {
    let (mut ours, mut first, mut alike) = (Vec::new(), Vec::new(), Vec::new());
    let mut took_ms = Vec::new();
    for (question, sentences) in questions(folder) {
        let passage = question.passage.as_ref().or(question.relevant.first());
        let article = folder.articles.iter().find(|it| Some(&it.id) == passage);
        let title = article.map_or("", |it| it.title.as_str());
        let ticket = question.ticket();
        let lines: Vec<&str> = sentences.iter().map(String::as_str).collect();
        let watch = Stopwatch::start();
        let support = draft::support(&ticket, title, &lines);
        took_ms.push(watch.elapsed_ms());
        let right = &question.support_sentences;
        ours.push(of_picked(&support.chosen, right));
        first.push(of_picked(&(0..lines.len().min(N_TAKEN)).collect::<Vec<_>>(), right));
        alike.push(of_picked(&most_shared(&ticket.question, &lines), right));
        progress(Picked {
            question: &question.id,
            asked: ticket.question,
            sentences,
            right,
            chosen: support.chosen,
            signs: support.signs.iter().map(|it| it.to_vec()).collect(),
        });
    }
    let n = ours.len();
    let all = |rows: Vec<Figures>| BTreeMap::from([("support sentences".to_owned(), rows)]);
    let (metrics, ci95) = of_slices(&all(ours));
    let baselines = [("first three", first), ("shared words", alike)];
    Report {
        step: "reply".to_owned(),
        data: data.to_owned(),
        n,
        metrics,
        baseline: baselines
            .into_iter()
            .map(|(name, rows)| (name.to_owned(), of_slices(&all(rows)).0))
            .collect(),
        ci95,
        latency_ms: latency(took_ms),
        versions: BTreeMap::from([("deskhand".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]),
    }
}

/// How the picked sentences fared against those people marked. `right` is not empty.
fn of_picked(picked: &[usize], right: &[usize]) -> Figures {
    let right: BTreeSet<&usize> = right.iter().collect();
    let n_hit = picked.iter().filter(|it| right.contains(it)).count() as f64;
    let share = |all: usize| if all == 0 { 0.0 } else { n_hit / all as f64 };
    let f1 = 2.0 * n_hit / (picked.len() + right.len()) as f64;
    [
        ("f1", f1),
        ("precision", share(picked.len())),
        ("recall", share(right.len())),
        ("sentences", picked.len() as f64),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// The sentences that share most words with the question, the earlier of equals.
fn most_shared(asked: &str, sentences: &[&str]) -> Vec<usize> {
    let asked: BTreeSet<String> = terms(asked, Some("en")).into_iter().collect();
    let n_shared = |text: &str| {
        let own: BTreeSet<String> = terms(text, Some("en")).into_iter().collect();
        own.intersection(&asked).count()
    };
    let mut order: Vec<(usize, usize)> =
        sentences.iter().map(|it| n_shared(it)).enumerate().collect();
    order.sort_by(|one, other| other.1.cmp(&one.1).then(one.0.cmp(&other.0)));
    order.truncate(N_TAKEN);
    order.into_iter().map(|(idx, _)| idx).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pick_counts_what_is_found_and_what_is_superfluous() {
        let figures = of_picked(&[0, 2, 3], &[2, 5]);
        assert_eq!((figures["precision"], figures["recall"]), (1.0 / 3.0, 0.5));
        assert_eq!(figures["f1"], 0.4);
        assert_eq!(of_picked(&[], &[1])["f1"], 0.0);
    }

    #[test]
    fn the_baseline_takes_what_shares_words_and_the_first_of_the_rest() {
        let sentences = ["It is old.", "Cats sleep.", "A cat eats.", "Nothing more."];
        assert_eq!(most_shared("what does a cat eat", &sentences), [2, 1, 0]);
    }
}
