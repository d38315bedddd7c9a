//! What a ticket asks, as weighted terms: rare words of the candidates count
//! more, the subject and sentences that ask count more than the story around.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::LazyLock;

use crate::embed::Embedder;
use crate::embed::Meaning;
use crate::embed::by_table;
use crate::text::cues::Cues;
use crate::text::cues::plain;
use crate::text::facts;
use crate::text::sentences::sentences;
use crate::text::terms::Terms;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;

/// How many words of a question are read. Longer ones are logs and quoted mail.
const READ_CHARS: usize = 4_000;

/// Weights of the places a word can stand in. Guessed, and tried on a public
/// support forum, where subjects are written with care and bodies are stories.
const SUBJECT: f32 = 1.5;
const ASKING: f32 = 1.3;
const FIRST: f32 = 1.0;
const LATER: f32 = 0.5;

/// The open question of a ticket, measured against candidate passages.
#[derive(Debug)]
pub(super) struct Question {
    /// Share of each term in the question; they sum up to 1.0, or there are none.
    weights: BTreeMap<Rc<str>, f32>,
    terms: RefCell<Terms>,
    /// Share of each term in what people answered to alike tickets; empty if nobody did.
    answers: BTreeMap<Rc<str>, f32>,
    /// What is asked, as a direction. `None` if the table knows none of its words.
    meaning: Option<Meaning>,
    pub asks: Asks,
    pub language: Option<String>,
}

/// What kind of answer a question wants.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Asks {
    /// The customer wants to do something or get something to work.
    pub way: bool,
    /// When, how long, how many, how much.
    pub amount: bool,
    /// What something is.
    pub meaning: bool,
    pub place: bool,
}

/// A text that may answer: a passage with the title of its article.
pub(super) struct Source<'a> {
    pub title: &'a str,
    pub text: &'a str,
    pub language: Option<&'a str>,
}

impl Question {
    /// Reads a ticket's question in the language of the sources, so that the terms
    /// of both are made alike.
    pub(super) fn read(ticket: &Ticket, sources: &[Source]) -> Question {
        let language = sources.first().and_then(|it| it.language.map(str::to_owned));
        let language = language.or_else(|| ticket.language.clone());
        let mut terms = Terms::new(language.as_deref());
        let mut weights: BTreeMap<Rc<str>, f32> = BTreeMap::new();
        let mut add = |text: &str, weight: f32| {
            for term in terms.of(text) {
                let known = weights.entry(term).or_insert(0.0);
                *known = known.max(weight);
            }
        };
        add(&ticket.subject, SUBJECT);
        let text = open_text(ticket);
        for (idx, sentence) in sentences(&text).into_iter().enumerate() {
            let weight = match (sentence.ends_with(['?', '？', '؟']), idx < 3) {
                (true, _) => ASKING,
                (false, true) => FIRST,
                (false, false) => LATER,
            };
            add(sentence, weight);
        }
        weigh_by_rarity(&mut weights, sources, &mut terms);
        let asks = Asks::read(&format!("{}\n{text}", ticket.subject));
        let speaks = |language: &Option<String>| Embedder::Table.speaks(language.as_deref());
        let spoken = speaks(&ticket.language) && speaks(&language);
        let meaning = spoken.then(|| by_table(&[&ticket.subject, &text])).flatten();
        let (terms, answers) = (RefCell::new(terms), BTreeMap::new());
        Question { weights, terms, answers, meaning, asks, language }
    }

    /// Listens to what people answered to alike tickets. Only words that the sources
    /// say too count: what was said to one customer tells nothing about another.
    pub(super) fn with_answers(mut self, answers: &[&str], sources: &[Source]) -> Question {
        if answers.is_empty() {
            return self;
        }
        let mut said: BTreeMap<Rc<str>, f32> = BTreeMap::new();
        for answer in answers {
            for term in self.terms_of(answer).into_iter().collect::<BTreeSet<_>>() {
                *said.entry(term).or_insert(0.0) += 1.0;
            }
        }
        let known: Vec<HashSet<Rc<str>>> =
            sources.iter().map(|it| self.terms_of(it.text).into_iter().collect()).collect();
        said.retain(|term, _| known.iter().any(|it| it.contains(term)));
        for (term, weight) in &mut said {
            let n_seen = known.iter().filter(|it| it.contains(term)).count();
            *weight *= rarity(n_seen, known.len());
        }
        let total: f32 = said.values().sum();
        said.values_mut().for_each(|it| *it /= total);
        self.answers = said;
        self
    }

    /// The share of what people answered that a text says, 0.0–1.0.
    pub(super) fn answered_by_text(&self, text: &str) -> f32 {
        let distinct: BTreeSet<Rc<str>> = self.terms_of(text).into_iter().collect();
        distinct.iter().filter_map(|it| self.answers.get(it)).sum()
    }

    /// The share of each term in the question.
    pub(super) fn weights(&self) -> &BTreeMap<Rc<str>, f32> {
        &self.weights
    }

    /// How close a text is to what is asked, −1.0 to 1.0; 0.0 if nobody can tell.
    pub(super) fn likeness(&self, text: &str) -> f32 {
        let (Some(asked), Some(said)) = (&self.meaning, by_table(&[text])) else { return 0.0 };
        asked.likeness(&said)
    }

    /// The share of the question that a text's terms cover, 0.0–1.0.
    pub(super) fn covered_by<'a>(&self, terms: impl IntoIterator<Item = &'a Rc<str>>) -> f32 {
        let distinct: BTreeSet<&Rc<str>> = terms.into_iter().collect();
        distinct.into_iter().filter_map(|it| self.weights.get(it)).sum()
    }

    pub(super) fn covered_by_text(&self, text: &str) -> f32 {
        self.covered_by(&self.terms_of(text))
    }

    /// The terms of a text, made as the question's own.
    pub(super) fn terms_of(&self, text: &str) -> Vec<Rc<str>> {
        self.terms.borrow_mut().of(text)
    }
}

/// What is to be answered; a short follow-up ("and on the phone?") is read with
/// the customer's message before it.
fn open_text(ticket: &Ticket) -> String {
    let mut text: String = ticket.question.chars().take(READ_CHARS).collect();
    if text.split_whitespace().count() < 8 {
        let mut earlier = ticket.turns.iter().rev().filter(|it| it.author == AuthorKind::Customer);
        if let Some(turn) = earlier.find(|it| !ticket.question.contains(&it.text)) {
            text.push('\n');
            text.extend(turn.text.chars().take(READ_CHARS));
        }
    }
    text
}

/// What a term weighs that so many of `n` texts have.
pub(super) fn rarity(n_seen: usize, n: usize) -> f32 {
    if n_seen == 0 {
        // A word none of them has cannot tell them apart; it must not drown the
        // others, but it does say that something was not answered.
        return 0.4;
    }
    (1.0 + (n as f32 + 1.0) / (n_seen as f32 + 0.5)).ln()
}

fn weigh_by_rarity(weights: &mut BTreeMap<Rc<str>, f32>, sources: &[Source], terms: &mut Terms) {
    let mut passages: Vec<HashSet<Rc<str>>> = Vec::with_capacity(sources.len());
    for it in sources {
        let (title, text) = (terms.of(it.title), terms.of(it.text));
        passages.push(title.into_iter().chain(text).collect());
    }
    for (term, weight) in weights.iter_mut() {
        let n_seen = passages.iter().filter(|it| it.contains(term)).count();
        *weight *= rarity(n_seen, passages.len());
    }
    let total: f32 = weights.values().sum();
    if total > 0.0 {
        weights.values_mut().for_each(|it| *it /= total);
    }
}

/// How questions for a fact begin, divided by commas.
const ASKS_FACT: &str = "how long, how much, how many, how often, when, which, what is, what are, what does, \
    who, why, do you, do i have to, does, is there, are there, is it, am i, will, price*, \
    cost*, wie lange, wie viel, wann, welche*, was ist, warum, combien, quand, quel, \
    quels, quelle, quelles, pourquoi, cuánto*, cuándo, cuál*, por qué, quanto, quando, \
    quale, quali, perché, qual, quais, hoeveel, wanneer, welke, waarom, ile, kiedy, \
    który*, dlaczego, いつ, いくら, なぜ, 什么时候, 多少, 为什么, 언제, 얼마, 왜, متى, كم, لماذا";

/// What speaks of a way or a trouble, divided by commas.
const ASKS_WAY: &str = "how do, how can, how to, how should, how would, way to, steps, set up, setup, fix, \
    solve, restore, recover, error*, problem*, issue*, fail*, missing, lost, stuck, \
    wie kann, fehler*, comment, erreur*, como, problema*, errore, erro, hoe kan, fout*, \
    błąd, nasıl, ошибка, 方法, どうすれば, エラー, 怎么, 如何, 错误, 어떻게, 오류, كيف, خطأ";

/// How questions for a number, a meaning and a place begin, divided by commas.
const ASKS_AMOUNT: &str = "when, how long, how much, how many, how often, how old, how far, how soon, how fast, \
    what year, what date, price*, cost*, wie lange, wie viel*, wann, wie oft, combien, quand, cuánto*, cuándo, \
    quanto, quanti, quando, quantos, hoeveel, wanneer, ile, kiedy, いつ, いくら, 什么时候, 多少, 언제, 얼마";
const ASKS_MEANING: &str = "what is, what are, what was, what were, whats, what does, who is, who was, meaning, means, \
    mean, define, definition, was ist, was sind, qu est ce, qué es, che cos, cos è, o que é, wat is";
const ASKS_PLACE: &str = "where, wo, où, dónde, dove, onde, waar, gdzie, どこ, 哪里, 어디";

fn listed(cues: &str) -> Cues {
    Cues::compile(cues.split(',').map(|it| (it.trim(), 0)))
}

impl Asks {
    fn read(text: &str) -> Asks {
        static AMOUNTS: LazyLock<Cues> = LazyLock::new(|| listed(ASKS_AMOUNT));
        static MEANINGS: LazyLock<Cues> = LazyLock::new(|| listed(ASKS_MEANING));
        static PLACES: LazyLock<Cues> = LazyLock::new(|| listed(ASKS_PLACE));
        let plain = plain(text);
        let holds = |cues: &Cues| !cues.find(&plain).is_empty();
        Asks {
            way: seeks_way(text, &plain),
            amount: holds(&AMOUNTS),
            meaning: holds(&MEANINGS),
            place: holds(&PLACES),
        }
    }
}

/// True unless the customer asks for a plain fact: how-to questions and troubles
/// are answered by steps where there are any, and whoever just names a thing
/// most often has a trouble with it.
fn seeks_way(text: &str, plain: &str) -> bool {
    static FACTS: LazyLock<Cues> = LazyLock::new(|| listed(ASKS_FACT));
    static WAYS: LazyLock<Cues> = LazyLock::new(|| listed(ASKS_WAY));
    FACTS.find(plain).is_empty() || !WAYS.find(plain).is_empty() || facts::negated(text)
}
