//! What a probability is made of: named numbers, read off what the steps before found.

use std::collections::BTreeSet;
use std::rc::Rc;

use crate::draft::Draft;
use crate::index::DocumentKey;
use crate::knowledge::Hit;
use crate::knowledge::Pool;
use crate::retrieve::Neighbour;
use crate::retrieve::Retrieved;
use crate::text::sentences::sentences;
use crate::text::terms::Terms;
use crate::ticket::Ticket;
use crate::triage::Triage;
use crate::verify::Verdict;

/// Number of features.
pub const N_FEATURES: usize = 18;

/// Their names, in order.
pub const FEATURES: [&str; N_FEATURES] = [
    "match_strength",
    "margin",
    "question_coverage",
    "answer_coverage",
    "completeness",
    "meaning",
    "answerable",
    "wording",
    "wording_lead",
    "past_tickets",
    "precedents",
    "precedent_lead",
    "agreement",
    "grounding",
    "length",
    "asks_back",
    "disputed",
    "flagged",
];

/// What a probability is made of, each 0.0–1.0 where nothing else is said.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Features {
    /// BM25 of the cited article's best passage, squashed.
    pub match_strength: f32,
    /// How far the cited article is ahead of the next one.
    pub margin: f32,
    /// Share of the question the cited passage speaks of, rare words counting more.
    pub question_coverage: f32,
    /// Share of the question's words that stand in the draft itself.
    pub answer_coverage: f32,
    /// The same of that part of the question, a sentence, of which least stands there.
    pub completeness: f32,
    /// How close the cited passage is to the question in meaning.
    pub meaning: f32,
    /// Probability that the knowledge answers the question at all.
    pub answerable: f32,
    /// Chance of the cited article, by how past tickets were worded.
    pub wording: f32,
    /// How much greater that is than the next article's. −1.0–1.0, and 0.0 without a history.
    pub wording_lead: f32,
    /// Share of alike past tickets that people answered with the cited article.
    pub past_tickets: f32,
    /// The same of the few closest, the closer counting more: 1.0 where all were answered
    /// alike.
    pub precedents: f32,
    /// How much closer the closest past ticket is that was answered so than the closest that
    /// was not. −1.0–1.0, and 0.0 without a history.
    pub precedent_lead: f32,
    /// 1.0 if the cited article is first both by its words and by past tickets.
    pub agreement: f32,
    /// Support of the weakest sentence.
    pub grounding: f32,
    /// 1.0 for a question of 40 words and more: a long one asks for more than a
    /// passage answers.
    pub length: f32,
    /// 1.0 if the draft leaves to the customer which of several things is meant.
    pub asks_back: f32,
    /// 1.0 if an article or a newer answer of people says otherwise.
    pub disputed: f32,
    /// 1.0 if the triage has raised anything: a topic for people, a wish for one, …
    pub flagged: f32,
}

/// BM25 at which `match_strength` is 0.63. Guessed from passages of 150 words.
const MATCH_SCALE: f32 = 20.0;

/// Points of the ranking's score by which the best article leads clearly. (Guessed
/// from its scale: the words of a question alone are worth about as much.)
const CLEAR_LEAD: f32 = 3.5;

/// Words from which a question counts as long. Guessed.
const LONG_QUESTION_WORDS: f32 = 40.0;

/// Past tickets that count as the closest few.
const N_CLOSEST: usize = 5;

/// What the steps before found for one ticket.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    pub ticket: &'a Ticket,
    pub triage: &'a Triage,
    pub retrieved: &'a Retrieved,
    pub draft: &'a Draft,
    pub verdict: &'a Verdict,
}

impl Features {
    /// Reads the features off what the steps before found.
    #[must_use]
    pub fn of(found: Found<'_>) -> Features {
        let Found { ticket, triage, retrieved, draft, verdict } = found;
        let articles = &retrieved.articles;
        let cited = cited(articles, draft);
        let rival = cited.and_then(|it| rival(articles, it));
        let signal = |name: &str| cited.map_or(0.0, |it| it.signal(name));
        let n_words = ticket.question.split_whitespace().count() as f32;
        let covered = Covered::of(ticket, draft);
        let precedent = cited.map_or_else(Precedent::default, |it| {
            Precedent::of(&retrieved.neighbours, &it.passage.brand, &it.passage.document_id)
        });
        let is_stale = articles.iter().any(|it| it.stale.is_some() && cites(draft, it));
        Features {
            match_strength: cited.map_or(0.0, |it| 1.0 - (-strength(it) / MATCH_SCALE).exp()),
            margin: cited.map_or(0.0, |it| margin(it.score, rival.map_or(0.0, |it| it.score))),
            question_coverage: signal("coverage"),
            answer_coverage: covered.question,
            completeness: covered.least,
            meaning: signal("meaning"),
            answerable: retrieved.signs.answerable(),
            wording: signal("past.wording"),
            wording_lead: cited.map_or(0.0, |it| lead(articles, it, "past.wording")),
            past_tickets: signal("past.linked"),
            precedents: precedent.share,
            precedent_lead: precedent.lead,
            agreement: holds(cited.is_some_and(|it| is_first(articles, it))),
            grounding: verdict.grounding,
            length: (n_words / LONG_QUESTION_WORDS).min(1.0),
            asks_back: holds(draft.asks_back),
            disputed: holds(verdict.disputed.is_some() || is_stale),
            flagged: holds(!triage.flags.is_empty()),
        }
    }

    /// In the order of [`FEATURES`].
    #[must_use]
    pub fn values(&self) -> [f32; N_FEATURES] {
        [
            self.match_strength,
            self.margin,
            self.question_coverage,
            self.answer_coverage,
            self.completeness,
            self.meaning,
            self.answerable,
            self.wording,
            self.wording_lead,
            self.past_tickets,
            self.precedents,
            self.precedent_lead,
            self.agreement,
            self.grounding,
            self.length,
            self.asks_back,
            self.disputed,
            self.flagged,
        ]
    }
}

fn holds(it: bool) -> f32 {
    f32::from(u8::from(it))
}

fn cites(draft: &Draft, hit: &Hit) -> bool {
    draft.citations.iter().any(|it| it.passage_id == hit.passage.id)
}

/// The best hit of the article the draft cites most.
fn cited<'a>(articles: &'a [Hit], draft: &Draft) -> Option<&'a Hit> {
    let n_cites = |hit: &Hit| {
        let sentences = draft.sentences.iter().flat_map(|it| &it.cites);
        let passages = sentences.filter_map(|it| draft.citations.get(*it));
        let of_article = passages.filter(|it| {
            let passage = articles.iter().find(|hit| hit.passage.id == it.passage_id);
            passage.is_some_and(|it| it.passage.document_id == hit.passage.document_id)
        });
        of_article.count()
    };
    let most = articles.iter().map(n_cites).max().filter(|it| 0 < *it)?;
    articles.iter().find(|it| n_cites(it) == most)
}

fn others<'a>(articles: &'a [Hit], cited: &Hit) -> impl Iterator<Item = &'a Hit> {
    let cited = cited.passage.document_id.clone();
    articles.iter().filter(move |it| it.passage.document_id != cited)
}

/// The best hit of any other article.
fn rival<'a>(articles: &'a [Hit], cited: &Hit) -> Option<&'a Hit> {
    others(articles, cited).next()
}

fn margin(best: f32, next: f32) -> f32 {
    ((best - next) / CLEAR_LEAD).clamp(0.0, 1.0)
}

/// How much more of a signal one article has than any other.
fn lead(articles: &[Hit], cited: &Hit, signal: &str) -> f32 {
    let next = others(articles, cited).map(|it| it.signal(signal)).fold(0.0, f32::max);
    cited.signal(signal) - next
}

fn strength(hit: &Hit) -> f32 {
    ["bm25.title", "bm25.headings", "bm25.body"].iter().map(|it| hit.signal(it)).sum()
}

fn is_first(articles: &[Hit], cited: &Hit) -> bool {
    let most = |name| articles.iter().map(|it| it.signal(name)).fold(0.0, f32::max);
    ["words", "past.linked"].iter().all(|it| most(it) <= cited.signal(it))
}

/// What the closest past tickets say of an article.
#[derive(Default)]
struct Precedent {
    share: f32,
    lead: f32,
}

impl Precedent {
    fn of(neighbours: &[Neighbour], brand: &str, document_id: &str) -> Precedent {
        let key = DocumentKey::new(Pool::Article, brand, document_id);
        let (mut closest_so, mut closest_otherwise) = (0.0_f32, 0.0_f32);
        let (mut so, mut all) = (0.0, 0.0);
        for (place, it) in neighbours.iter().enumerate() {
            let likeness = it.likeness.unwrap_or(0.0);
            // As votes are: the closest counts most.
            let vote = (likeness + it.coverage).powi(4);
            let is_so = it.articles.contains(&key);
            let closest = if is_so { &mut closest_so } else { &mut closest_otherwise };
            *closest = closest.max(likeness);
            if place < N_CLOSEST {
                all += vote;
                so += if is_so { vote } else { 0.0 };
            }
        }
        let share = if 0.0 < all { so / all } else { 0.0 };
        Precedent { share, lead: closest_so - closest_otherwise }
    }
}

/// How much of a question a draft speaks of.
struct Covered {
    /// Of all its words.
    question: f32,
    /// Of the sentence of which it speaks least.
    least: f32,
}

impl Covered {
    fn of(ticket: &Ticket, draft: &Draft) -> Covered {
        let terms = Terms::new(ticket.language.as_deref());
        let said = draft.stated();
        let said: BTreeSet<Rc<str>> = said.flat_map(|it| terms.of(&it.text)).collect();
        let share = |text: &str| -> Option<f32> {
            let asked: BTreeSet<Rc<str>> = terms.of(text).into_iter().collect();
            let n_said = asked.intersection(&said).count();
            (!asked.is_empty()).then(|| n_said as f32 / asked.len() as f32)
        };
        let question = share(&format!("{}\n{}", ticket.subject, ticket.question)).unwrap_or(0.0);
        let asking = sentences(&ticket.question);
        let asking = asking.iter().filter(|it| it.ends_with('?'));
        let least = asking.filter_map(|it| share(it)).reduce(f32::min);
        Covered { question, least: least.unwrap_or(question) }
    }
}
