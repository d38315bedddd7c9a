//! What customers ask that the knowledge does not answer: tickets that got no draft
//! worth a look, put together by what they are about, the largest heap first.

use std::collections::HashMap;

use serde::Serialize;

use super::outcome::Outcome;
use crate::decide::Decision;
use crate::decide::Reason;
use crate::text::terms::terms;

/// A ticket is about what a heap is about from this cosine of their words' weights on.
/// (Read on 797 tickets of a forum: at 0.2 three in four stay alone, at 0.12 matters mix.)
const ALIKE_FROM: f32 = 0.15;

/// The newest tickets that are looked at: each is compared with every heap.
const MAX_TICKETS: usize = 3_000;

/// Heaps shown, and examples of each.
const MAX_GAPS: usize = 20;
const MAX_EXAMPLES: usize = 3;

/// Words a heap is named by.
const N_NAMING: usize = 4;

/// A matter the knowledge says too little about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Gap {
    /// The words that tell it from others, the most telling first.
    pub about: Vec<String>,
    pub n: usize,
    /// What was asked, the newest first.
    pub examples: Vec<Example>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Example {
    pub id: String,
    pub question: String,
    /// What people answered; empty if nobody said. What an article could be made from.
    pub answer: String,
}

/// Weights of words; of length 1.
type Words = HashMap<String, f32>;

struct Heap<'a> {
    sum: Words,
    tickets: Vec<&'a Outcome>,
}

/// True if nothing that was found was worth showing.
fn is_unanswered(outcome: &Outcome) -> bool {
    match outcome.decision {
        Decision::Escalate(reason) => {
            matches!(reason, Reason::NothingFound | Reason::LowConfidence | Reason::WeakGrounding)
        }
        Decision::Send | Decision::Suggest | Decision::StandDown(_) => false,
    }
}

/// The largest first; heaps of one ticket are none.
pub(super) fn gaps(outcomes: &[Outcome]) -> Vec<Gap> {
    let mut unanswered: Vec<&Outcome> = outcomes.iter().filter(|it| is_unanswered(it)).collect();
    unanswered.sort_by(|left, right| (right.at, &right.id).cmp(&(left.at, &left.id)));
    unanswered.truncate(MAX_TICKETS);
    let said: Vec<Vec<String>> = unanswered.iter().map(|it| words_of(it)).collect();
    let rarity = rarity(&said);
    let mut heaps: Vec<Heap<'_>> = Vec::new();
    for (ticket, words) in unanswered.iter().zip(&said) {
        let weights = weighed(words, &rarity);
        let closest = heaps
            .iter_mut()
            .map(|it| (alike(&weights, &it.sum), it))
            .max_by(|left, right| left.0.total_cmp(&right.0));
        match closest {
            Some((likeness, heap)) if ALIKE_FROM <= likeness => {
                for (word, weight) in weights {
                    *heap.sum.entry(word).or_default() += weight;
                }
                heap.tickets.push(ticket);
            }
            Some(_) | None => heaps.push(Heap { sum: weights, tickets: vec![ticket] }),
        }
    }
    heaps.retain(|it| 1 < it.tickets.len());
    // Stable: of equal heaps the one with the newest ticket first.
    heaps.sort_by_key(|it| std::cmp::Reverse(it.tickets.len()));
    heaps.iter().take(MAX_GAPS).map(gap).collect()
}

fn gap(heap: &Heap<'_>) -> Gap {
    let mut about: Vec<(&String, &f32)> = heap.sum.iter().collect();
    about.sort_by(|left, right| right.1.total_cmp(left.1).then(left.0.cmp(right.0)));
    let examples = heap.tickets.iter().take(MAX_EXAMPLES).map(|it| Example {
        id: it.id.clone(),
        question: if it.subject.is_empty() { it.question.clone() } else { it.subject.clone() },
        answer: it.answer.clone(),
    });
    Gap {
        about: about.into_iter().take(N_NAMING).map(|(word, _)| word.clone()).collect(),
        n: heap.tickets.len(),
        examples: examples.collect(),
    }
}

/// Each word once: a mail that says "invoice" ten times is about it no more than one that
/// says it twice. Those of the subject count twice.
fn words_of(outcome: &Outcome) -> Vec<String> {
    let language = outcome.language.as_deref();
    let mut words = terms(&outcome.question, language);
    words.sort_unstable();
    words.dedup();
    words.extend(terms(&outcome.subject, language));
    words
}

/// How rare each word is among the tickets (idf).
fn rarity(said: &[Vec<String>]) -> HashMap<&str, f32> {
    let mut n_with: HashMap<&str, usize> = HashMap::new();
    for words in said {
        let mut once: Vec<&str> = words.iter().map(String::as_str).collect();
        once.sort_unstable();
        once.dedup();
        for word in once {
            *n_with.entry(word).or_default() += 1;
        }
    }
    let all = said.len() as f32;
    n_with.into_iter().map(|(word, n)| (word, (1.0 + all / n as f32).ln())).collect()
}

fn weighed(words: &[String], rarity: &HashMap<&str, f32>) -> Words {
    let mut weights = Words::new();
    for word in words {
        *weights.entry(word.clone()).or_default() +=
            rarity.get(word.as_str()).copied().unwrap_or(0.0);
    }
    let length = weights.values().map(|it| it * it).sum::<f32>().sqrt();
    weights.values_mut().for_each(|it| *it /= length.max(f32::MIN_POSITIVE));
    weights
}

/// Cosine of a ticket, which has length 1, and a heap.
fn alike(ticket: &Words, heap: &Words) -> f32 {
    let length = heap.values().map(|it| it * it).sum::<f32>().sqrt();
    let product: f32 =
        ticket.iter().filter_map(|(word, weight)| Some(weight * heap.get(word)?)).sum();
    product / length.max(f32::MIN_POSITIVE)
}
