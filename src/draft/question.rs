//! What a ticket asks, as weighted terms: rare words of the candidates count
//! more, the subject and sentences that ask count more than the story around.

use std::borrow::Borrow;
use std::rc::Rc;
use std::sync::LazyLock;

use foldhash::HashMap;
use foldhash::HashMapExt as _;
use foldhash::fast::FixedState;

use crate::embed::Embedder;
use crate::embed::Meaning;
use crate::embed::by_table;
use crate::text::cues::Cues;
use crate::text::cues::plain;
use crate::text::facts;
use crate::text::language;
use crate::text::lexicon;
use crate::text::sentences::sentences;
use crate::text::terms::Terms;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;

/// How many characters of a question are read. Longer ones are logs and quoted mail.
const READ_CHARS: usize = 4_000;

/// Weights of the places a word can stand in. Guessed, and tried on a public
/// support forum, where subjects are written with care and bodies are stories.
const SUBJECT: f32 = 1.5;
const ASKING: f32 = 1.3;
const FIRST: f32 = 1.0;
const LATER: f32 = 0.5;

/// A question of fewer words leans on what was said before. (As where it is looked up.)
const SHORT_WORDS: usize = 12;

/// What a word of the turn before counts, how much less one of each earlier turn, and
/// turns that are read. (Of 0, 0.3, 0.6 and 0.8 on 164 questions in conversations.)
const EARLIER: f32 = 0.6;
const TURN_FADES: f32 = 0.7;
const MAX_TURNS: usize = 4;

/// What each term counts. Gone through in the same order each time: sums of fractions
/// depend on it, and the same ticket is to get the same draft.
pub(super) type Shares = std::collections::HashMap<Rc<str>, f32, FixedState>;

/// The open question of a ticket, measured against candidate passages.
#[derive(Debug)]
pub(super) struct Question {
    /// Share of each term in the question; they sum up to 1.0, or there are none.
    weights: Shares,
    terms: Terms,
    sources: Sources,
    /// Share of each term in what people answered to alike tickets; empty if nobody did.
    answers: Shares,
    /// What is asked, as a direction. `None` if the table knows none of its words.
    meaning: Option<Meaning>,
    pub asks: Asks,
    pub language: Option<String>,
    /// True if the sources are in another language: no word tells whether they answer.
    pub is_foreign: bool,
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

/// The words of a text that may answer: a passage with the title of its article.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub title: Rc<[Rc<str>]>,
    pub text: Rc<[Rc<str>]>,
}

impl Source {
    pub(super) fn read(title: &str, text: &str, terms: &Terms) -> Source {
        Source { title: terms.of(title).into(), text: terms.of(text).into() }
    }
}

/// What the lexicon knows of a question, in the language of the sources. `None` if nothing.
fn translated(ticket: &Ticket, language: Option<&str>) -> Option<String> {
    let text = [ticket.subject.as_str(), "\n", &open_text(ticket)].concat();
    let words = lexicon::translate(&text, ticket.language.as_deref()?, language?);
    (!words.is_empty()).then(|| words.join(" "))
}

impl Question {
    /// Reads a ticket's question in the language of the sources. `terms` are those the
    /// sources were read with, so that the words of both are made alike.
    pub(super) fn read(
        ticket: &Ticket,
        language: Option<String>,
        terms: Terms,
        sources: &[Source],
    ) -> Question {
        let mut weights = Shares::default();
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
        let earlier = ticket.turns.iter().rev().map(|it| it.text.as_str());
        let earlier = earlier.filter(|it| !ticket.question.contains(*it)).take(MAX_TURNS);
        for (turn, age) in earlier.zip(0_i16..) {
            add(head(turn), EARLIER * TURN_FADES.powi(age.into()));
        }
        let is_foreign = !language::may_be_same(ticket.language.as_deref(), language.as_deref());
        let translated = if is_foreign { translated(ticket, language.as_deref()) } else { None };
        if let Some(words) = &translated {
            add(words, ASKING);
        }
        let sources = Sources::read(sources);
        sources.weigh_by_rarity(&mut weights);
        let asks = Asks::read(&format!("{}\n{text}", ticket.subject));
        let speaks = |language: &Option<String>| Embedder::Table.speaks(language.as_deref());
        let meaning = match &translated {
            _ if !speaks(&language) => None,
            Some(words) => by_table(&[words]),
            None if speaks(&ticket.language) => by_table(&[&ticket.subject, &text]),
            None => None,
        };
        let answers = Shares::default();
        Question { weights, terms, sources, answers, meaning, asks, language, is_foreign }
    }

    /// Listens to what people answered to alike tickets. Only words that the sources
    /// say too count: what was said to one customer tells nothing about another.
    pub(super) fn with_answers(mut self, answers: &[&str]) -> Question {
        if answers.is_empty() {
            return self;
        }
        let mut said = Shares::default();
        for answer in answers {
            for term in self.distinct_terms_of(answer) {
                *said.entry(term).or_insert(0.0) += 1.0;
            }
        }
        said.retain(|term, _| 0 < self.sources.n_texts_with(term));
        for (term, weight) in &mut said {
            *weight *= rarity(self.sources.n_texts_with(term), self.sources.n);
        }
        let total: f32 = said.values().sum();
        said.values_mut().for_each(|it| *it /= total);
        self.answers = said;
        self
    }

    /// The share of what people answered that a text's terms say, 0.0–1.0.
    pub(super) fn answered_by(&self, terms: &[Rc<str>]) -> f32 {
        share(&self.answers, terms)
    }

    /// The share of each term in the question.
    pub(super) fn weights(&self) -> &Shares {
        &self.weights
    }

    /// How close a text is to what is asked, −1.0 to 1.0; 0.0 if nobody can
    /// tell.
    pub(super) fn likeness(&self, text: &str) -> f32 {
        self.likeness_to(|| by_table(&[text]))
    }

    /// The same to what `said` tells, which is only asked if somebody can tell.
    pub(super) fn likeness_to<M: Borrow<Meaning>>(&self, said: impl FnOnce() -> Option<M>) -> f32 {
        let Some(asked) = &self.meaning else { return 0.0 };
        said().map_or(0.0, |said| asked.likeness(said.borrow()))
    }

    /// The share of the question that a text's terms cover, 0.0–1.0.
    pub(super) fn covered_by(&self, terms: &[Rc<str>]) -> f32 {
        share(&self.weights, terms)
    }

    /// The terms of a text in the order of the alphabet, each once.
    pub(super) fn distinct_terms_of(&self, text: &str) -> Vec<Rc<str>> {
        let mut terms = self.terms_of(text);
        terms.sort_unstable();
        terms.dedup();
        terms
    }

    /// The terms of a text, made as the question's own.
    pub(super) fn terms_of(&self, text: &str) -> Vec<Rc<str>> {
        self.terms.of(text)
    }
}

/// What the terms that occur count, each once.
fn share(counts: &Shares, terms: &[Rc<str>]) -> f32 {
    let mut seen: Vec<&str> = Vec::new();
    let mut share = 0.0;
    for term in terms {
        if let Some(count) = counts.get(term)
            && !seen.contains(&term.as_ref())
        {
            seen.push(term);
            share += count;
        }
    }
    share
}

/// What is to be answered; a short follow-up ("and on the phone?") is read with
/// the customer's message before it.
fn open_text(ticket: &Ticket) -> String {
    let mut text = head(&ticket.question).to_owned();
    if text.split_whitespace().count() < SHORT_WORDS {
        let mut earlier = ticket.turns.iter().rev().filter(|it| it.author == AuthorKind::Customer);
        if let Some(turn) = earlier.find(|it| !ticket.question.contains(&it.text)) {
            text.push('\n');
            text.push_str(head(&turn.text));
        }
    }
    text
}

/// As much of a text as is read.
fn head(text: &str) -> &str {
    text.char_indices().nth(READ_CHARS).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
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

/// How common each term is among the sources.
#[derive(Debug)]
struct Sources {
    n: usize,
    of_term: HashMap<Rc<str>, Seen>,
}

/// Where a term was seen.
#[derive(Debug, Default)]
struct Seen {
    /// Sources that have it, in the text or in the title too, and the last of them,
    /// counted from 1.
    n_texts: usize,
    n: usize,
    last: usize,
}

impl Sources {
    fn read(sources: &[Source]) -> Sources {
        let mut of_term: HashMap<Rc<str>, Seen> = HashMap::new();
        for (source, place) in sources.iter().zip(1..) {
            for (terms, is_title) in [(&source.text, false), (&source.title, true)] {
                for term in terms.iter() {
                    let seen = match of_term.get_mut(term) {
                        Some(seen) => seen,
                        None => of_term.entry(Rc::clone(term)).or_default(),
                    };
                    if seen.last < place {
                        seen.last = place;
                        seen.n += 1;
                        seen.n_texts += usize::from(!is_title);
                    }
                }
            }
        }
        Sources { n: sources.len(), of_term }
    }

    /// How many have a term in their text.
    fn n_texts_with(&self, term: &str) -> usize {
        self.of_term.get(term).map_or(0, |it| it.n_texts)
    }

    fn weigh_by_rarity(&self, weights: &mut Shares) {
        for (term, weight) in weights.iter_mut() {
            *weight *= rarity(self.of_term.get(term).map_or(0, |it| it.n), self.n);
        }
        let total: f32 = weights.values().sum();
        if total > 0.0 {
            weights.values_mut().for_each(|it| *it /= total);
        }
    }
}

/// How questions for a fact begin, divided by commas.
const ASKS_FACT: &str = "how long, how much, how many, how often, when, which, what is, what are, what does, \
    who, why, do you, do i have to, does, is there, are there, is it, am i, will, price*, \
    cost*, where is, where are, where does, where can i find, where do i find, wo ist, wo sind, wo finde ich, \
    où est, où sont, où se trouve*, dónde está, dónde están, dov è, dove trovo, onde está, onde ficam, waar is, \
    waar vind ik, gdzie jest, どこですか, wie lange, wie viel, wann, welche*, was ist, warum, combien, quand, quel, \
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

impl Asks {
    fn read(text: &str) -> Asks {
        static AMOUNTS: LazyLock<Cues> = LazyLock::new(|| Cues::listed(ASKS_AMOUNT));
        static MEANINGS: LazyLock<Cues> = LazyLock::new(|| Cues::listed(ASKS_MEANING));
        static PLACES: LazyLock<Cues> = LazyLock::new(|| Cues::listed(ASKS_PLACE));
        let plain = plain(text);
        let holds = |cues: &Cues| cues.occur_in(&plain);
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
    static FACTS: LazyLock<Cues> = LazyLock::new(|| Cues::listed(ASKS_FACT));
    static WAYS: LazyLock<Cues> = LazyLock::new(|| Cues::listed(ASKS_WAY));
    !FACTS.occur_in(plain) || WAYS.occur_in(plain) || facts::negated(text)
}
