//! What customers would read: the share of the facts of a right answer that a reply
//! states, beside what is copied from the passage that was found first.

use std::collections::BTreeMap;

use super::BRAND;
use super::Figures;
use super::Folder;
use super::Meanings;
use super::Question;
use super::Report;
use super::metrics::latency;
use super::metrics::of_slices;
use super::shelf::Shelf;
use crate::clock::Stopwatch;
use crate::draft;
use crate::index::IndexError;
use crate::knowledge::Hit;
use crate::knowledge::Scope;
use crate::knowledge::public_hits;
use crate::retrieve::retrieve;
use crate::text::sentences::sentences;
use crate::text::terms::fold;
use crate::verify::verify;

/// Sentences of the found passage that the shorter baseline takes.
const N_TAKEN: usize = 3;

/// One reply, to be read by people.
#[derive(Debug, Clone)]
pub struct Written {
    pub question: String,
    pub asked: String,
    /// As plain text. Empty if nothing was found.
    pub reply: String,
    /// What a right reply states, and whether this one does.
    pub facts: Vec<(String, bool)>,
    /// True if it cites an article that answers.
    pub right_article: bool,
}

/// The questions of a folder that are to be answered.
pub fn questions(folder: &Folder) -> impl Iterator<Item = &Question> {
    folder.questions.iter().filter(|it| {
        let is_answer = it.expect.as_deref().is_none_or(|it| it == "answer");
        is_answer && !it.relevant.is_empty()
    })
}

/// Answers every question of [`questions`] from the passages' own sentences.
/// `progress` is told what was written.
///
/// # Errors
/// If the index cannot be written or read.
pub fn measure(
    folder: &Folder,
    data: &str,
    meanings: &Meanings,
    mut progress: impl FnMut(Written),
) -> Result<Report, IndexError> {
    let mut shelf = Shelf::new(folder, meanings, true)?;
    let mut tally = Tally::default();
    let mut took_ms = Vec::new();
    for question in questions(folder) {
        shelf.advance(question.asked_at())?;
        let ticket = question.ticket();
        let watch = Stopwatch::start();
        let meant = meanings.of_ticket(&ticket);
        let found = retrieve(&shelf.index, &ticket, &meant, &Scope::public(BRAND))?;
        let draft = draft::extractive(&ticket, &public_hits(&found.articles), &found.past_tickets);
        let verdict = verify(&draft, &found.articles);
        took_ms.push(watch.elapsed_ms());
        let stated = draft.stated();
        let stated: Vec<&str> = stated.map(|it| it.text.as_str()).collect();
        let cited = draft.citations.iter().filter_map(|citation| {
            found.articles.iter().find(|it| it.passage.id == citation.passage_id)
        });
        let cited: Vec<&str> = cited.map(|it| it.passage.document_id.as_str()).collect();
        let mut figures = of_reply(question, &stated.join("\n"), &cited);
        let is_backed = !stated.is_empty() && verdict.claims.iter().all(|it| it.faults.is_empty());
        figures.insert("backed".to_owned(), f64::from(u8::from(is_backed)));
        progress(Written {
            question: question.id.clone(),
            asked: ticket.question.clone(),
            reply: if stated.is_empty() { String::new() } else { draft::wording(&draft).text },
            facts: question
                .facts
                .iter()
                .map(|it| (it.clone(), states(&stated.join("\n"), it)))
                .collect(),
            right_article: cited.iter().any(|it| question.relevant.iter().any(|id| id == it)),
        });
        tally.add(question, figures, found.articles.first());
    }
    Ok(tally.report(data, took_ms))
}

/// Figures of each question, by slice; a question with facts is in two.
#[derive(Default)]
struct Tally {
    ours: BTreeMap<String, Vec<Figures>>,
    first: BTreeMap<String, Vec<Figures>>,
    whole: BTreeMap<String, Vec<Figures>>,
}

impl Tally {
    fn add(&mut self, question: &Question, figures: Figures, best: Option<&Hit>) {
        let text = best.map_or("", |it| it.passage.text.as_str());
        let start = sentences(text).into_iter().take(N_TAKEN).collect::<Vec<_>>().join("\n");
        let cited: Vec<&str> = best.iter().map(|it| it.passage.document_id.as_str()).collect();
        let first = of_reply(question, &start, &cited);
        let whole = of_reply(question, text, &cited);
        let slice = if question.facts.is_empty() { None } else { Some("with facts") };
        for slice in ["all"].into_iter().chain(slice) {
            for (rows, mut figures) in [
                (&mut self.ours, figures.clone()),
                (&mut self.first, first.clone()),
                (&mut self.whole, whole.clone()),
            ] {
                if slice == "all" {
                    figures.remove("facts");
                }
                rows.entry(slice.to_owned()).or_default().push(figures);
            }
        }
    }

    fn report(self, data: &str, took_ms: Vec<f64>) -> Report {
        let (metrics, ci95) = of_slices(&self.ours);
        let baselines = [("first three", &self.first), ("whole passage", &self.whole)];
        let baselines = baselines.map(|(name, rows)| (name.to_owned(), of_slices(rows).0));
        Report {
            step: "reply".to_owned(),
            data: data.to_owned(),
            n: took_ms.len(),
            metrics,
            baseline: BTreeMap::from(baselines),
            ci95,
            latency_ms: latency(took_ms),
            versions: BTreeMap::from([(
                "deskhand".to_owned(),
                env!("CARGO_PKG_VERSION").to_owned(),
            )]),
        }
    }
}

/// How one reply fared, by what it states and which articles it cites.
fn of_reply(question: &Question, stated: &str, cited: &[&str]) -> Figures {
    let is_right = cited.iter().any(|it| question.relevant.iter().any(|id| id == it));
    let mut figures = Figures::from([
        ("cites_right".to_owned(), f64::from(u8::from(is_right))),
        ("words".to_owned(), stated.split_whitespace().count() as f64),
    ]);
    if !question.facts.is_empty() {
        let n_stated = question.facts.iter().filter(|it| states(stated, it)).count();
        figures.insert("facts".to_owned(), n_stated as f64 / question.facts.len() as f64);
    }
    figures
}

/// True if a text holds a fact, whatever the case, accents and spacing.
fn states(text: &str, fact: &str) -> bool {
    let plain = |it: &str| fold(&it.split_whitespace().collect::<Vec<_>>().join(" "));
    plain(text).contains(&plain(fact))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_stated_however_it_is_set() {
        assert!(states("Within\n 30  Days you may", "30 days"));
        assert!(!states("Within 30 hours", "30 days"));
    }
}
