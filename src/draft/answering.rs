//! Which sentences of a text answer a question: a small logistic model of what
//! speaks for each, and as many of them as are worth more than they cost.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::draft::question::Question;
use crate::draft::question::Source;
use crate::draft::question::rarity;
use crate::text::facts;
use crate::text::terms::Terms;
use crate::ticket::Ticket;

/// What speaks for a sentence, in the order of the weights.
pub const SIGNS: [&str; N_SIGNS] = [
    "first",
    "few",
    "overlap",
    "news",
    "meaning",
    "meaning_lead",
    "next_overlap",
    "number",
    "definition",
    "place",
];

const N_SIGNS: usize = 10;

/// Logistic weights, fitted by `tools/draft/fit_weights.py`.
const BIAS: f32 = -1.92;
const WEIGHTS: [f32; N_SIGNS] = [1.0, 5.29, 0.8, 0.54, 1.3, 0.82, -0.53, 0.28, 0.59, 0.45];

/// A sentence of a text, read once.
struct Read<'a> {
    text: &'a str,
    terms: BTreeSet<Rc<str>>,
    /// How close it is to the question, −1.0 to 1.0; 0.0 if nobody can tell.
    likeness: f32,
}

/// What speaks for each of some neighboring sentences as an answer, each sign
/// −1.0 to 1.0. `about` is the title and what headings stand above them.
pub(super) fn signs(question: &Question, about: &str, texts: &[&str]) -> Vec<[f32; N_SIGNS]> {
    let read: Vec<Read> = texts
        .iter()
        .map(|text| Read {
            text,
            terms: question.terms_of(text).into_iter().collect(),
            likeness: question.likeness(text),
        })
        .collect();
    let known: BTreeSet<Rc<str>> = question.terms_of(about).into_iter().collect();
    let rarity = weights_among(question, &read);
    let share = |of: &Read, counts: &dyn Fn(&Rc<str>) -> bool| {
        let total: f32 = rarity.iter().filter(|(it, _)| counts(it)).map(|(_, weight)| weight).sum();
        let shared = rarity.iter().filter(|(it, _)| counts(it) && of.terms.contains(*it));
        let shared: f32 = shared.map(|(_, weight)| weight).sum();
        if 0.0 < total { shared / total } else { 0.0 }
    };
    let overlaps: Vec<f32> = read.iter().map(|it| share(it, &|_| true)).collect();
    let closest = read.iter().map(|it| it.likeness).fold(0.0, f32::max);
    let asks = question.asks;
    let yes = |holds: bool| f32::from(u8::from(holds));
    let signs_of = |(idx, it): (usize, &Read)| {
        [
            yes(idx == 0),
            1.0 / read.len() as f32,
            overlaps.get(idx).copied().unwrap_or(0.0),
            share(it, &|term| !known.contains(term)),
            it.likeness,
            it.likeness - closest,
            overlaps.get(idx + 1).copied().unwrap_or(0.0),
            yes(asks.amount && it.text.contains(|letter: char| letter.is_ascii_digit())),
            yes(asks.meaning && defines(it.text)),
            if asks.place { n_names(it.text).min(4) as f32 / 4.0 } else { 0.0 },
        ]
    };
    read.iter().enumerate().map(signs_of).collect()
}

/// What each term of the question weighs among some sentences: one that stands in
/// all of them tells none apart.
fn weights_among(question: &Question, read: &[Read]) -> BTreeMap<Rc<str>, f32> {
    let weights = question.weights().iter().map(|(term, weight)| {
        let n_seen = read.iter().filter(|it| it.terms.contains(term)).count();
        (Rc::clone(term), weight * rarity(n_seen, read.len()))
    });
    weights.collect()
}

/// True for "X is a Y": what is told who asks what something is.
fn defines(text: &str) -> bool {
    let lower = text.to_lowercase();
    let copulas = [" is ", " are ", " was ", " were ", " means ", " refers to "];
    let articles = ["a ", "an ", "the ", "one "];
    copulas.iter().any(|it| {
        let after = lower.split_once(it).map(|(_, after)| after);
        let told = after.is_some_and(|after| articles.iter().any(|it| after.starts_with(it)));
        told || (it.len() > 5 && after.is_some())
    })
}

fn n_names(text: &str) -> usize {
    facts::names(text, None).len()
}

/// How likely each sentence is part of an answer, 0.0–1.0.
pub(super) fn chances(question: &Question, about: &str, texts: &[&str]) -> Vec<f32> {
    chances_of(&signs(question, about, texts))
}

fn chances_of(signs: &[[f32; N_SIGNS]]) -> Vec<f32> {
    let log_odds = signs.iter().map(|signs| {
        BIAS + signs.iter().zip(&WEIGHTS).map(|(sign, weight)| sign * weight).sum::<f32>()
    });
    log_odds.map(|it| 1.0 / (1.0 + (-it).exp())).collect()
}

/// The sentences worth quoting, in reading order: as many of the likeliest as make
/// the best balance of what is found and what is superfluous (expected F1). Empty
/// only if there are none.
pub(super) fn chosen(chances: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..chances.len()).collect();
    let chance = |idx: usize| chances.get(idx).copied().unwrap_or(0.0);
    order.sort_by(|one, other| chance(*other).total_cmp(&chance(*one)).then(one.cmp(other)));
    let total: f32 = chances.iter().sum();
    let mut best = (0.0, 0);
    let mut taken = 0.0;
    for (place, idx) in order.iter().enumerate() {
        taken += chance(*idx);
        let expected = 2.0 * taken / ((place + 1) as f32 + total);
        if best.0 < expected {
            best = (expected, place + 1);
        }
    }
    order.truncate(best.1.max(1));
    order.sort_unstable();
    order
}

/// Which of a text's sentences answer a ticket's question.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Support {
    /// In reading order.
    pub chosen: Vec<usize>,
    /// How likely each sentence is part of an answer, 0.0–1.0.
    pub chances: Vec<f32>,
    /// What speaks for each, in the order of [`SIGNS`].
    pub signs: Vec<[f32; N_SIGNS]>,
}

/// Picks the sentences of one text that answer, as a reply would quote them.
#[must_use]
pub fn support(ticket: &Ticket, title: &str, sentences: &[&str]) -> Support {
    let text = sentences.join("\n");
    let language = ticket.language.clone();
    let terms = Terms::new(language.as_deref());
    let source = Source::read(title, &text, &terms);
    let question = Question::read(ticket, language, terms, &[source]);
    let signs = signs(&question, title, sentences);
    let chances = chances_of(&signs);
    Support { chosen: chosen(&chances), chances, signs }
}
