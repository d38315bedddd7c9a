//! Step 3 of 8: find the passages that may answer the open question, best
//! first. Articles and past tickets are ranked apart. What a reader may not see
//! is not searched at all. Fails only if the index does.

mod signals;

pub use self::signals::NAMES;
pub use self::signals::Signals;

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::index::DocumentKey;
use crate::index::Index;
use crate::index::IndexError;
use crate::index::Match;
use crate::index::Query;
use crate::index::Said;
use crate::index::Scored;
use crate::index::Titles;
use crate::index::Wording;
use crate::knowledge::Hit;
use crate::knowledge::Pool;
use crate::knowledge::Scope;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;

/// What was found for one ticket. All empty if nothing shares words with it:
/// that is an answer, not an error, and the ticket goes to a person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Retrieved {
    /// Passages of articles, best first; several may be of one article.
    pub articles: Vec<Hit>,
    /// One passage of each past ticket's answer, best ticket first.
    pub past_tickets: Vec<Hit>,
    /// Share of what the question asks about that the best article passage
    /// speaks of, 0.0–1.0, rare words counting more. 0.0 if none was found.
    pub question_coverage: f32,
}

/// How many documents of each pool are kept. (Guessed: an agent reads no more.)
const MAX_ARTICLES: usize = 10;
const MAX_PAST_TICKETS: usize = 6;

/// Passages looked at to find the best documents.
const N_PASSAGES: usize = 150;

/// Past tickets that may speak for an article they link, and passages looked at
/// to find them. (Measured on 304 questions of one forum, where one ticket in
/// seven links an article: the right one is among the first five in 56 of 100
/// cases, in about 48 with 40 voters of 80 passages, in about 40 without.)
const N_VOTERS: usize = 100;
const N_VOTING_PASSAGES: usize = 120;

/// Passages of one past ticket that are read to find its answer: the first is
/// the question.
const MAX_READ: usize = 8;

/// How much further passages of the best articles are kept: the answer may
/// stand in the section beside the one that shares the question's words.
const PASSAGES_BY_RANK: [usize; 3] = [3, 2, 2];

/// Weight of an article's second passage beside its best one. (Measured: 0.5 is
/// no better.)
const SECOND_PASSAGE: f32 = 0.2;

/// How much less each earlier turn counts than the one after it.
const TURN_FADES: f32 = 0.7;

/// Turns before the question that count, and passages looked at for them.
const MAX_TURNS: usize = 12;
const N_CONVERSATION_PASSAGES: usize = 200;

/// Articles the conversation is about that are looked at even if they share few
/// words with the question.
const N_NAMED: usize = 60;

/// Questions of fewer words lean on what was said before. (Guessed.)
const SHORT_QUESTION_WORDS: usize = 12;

/// Finds the passages that may answer the customer's open question.
///
/// # Errors
/// If the index cannot be read.
pub fn retrieve(index: &Index, ticket: &Ticket, scope: &Scope) -> Result<Retrieved, IndexError> {
    let Some(found) = candidates(index, ticket, scope)? else { return Ok(Retrieved::default()) };
    let articles = rank_articles(index, &found)?;
    let past_tickets = answers(index, scope, &found.past, found.tickets)?;
    let question_coverage = articles.iter().map(|it| it.signal("coverage")).fold(0.0, f32::max);
    Ok(Retrieved { articles, past_tickets, question_coverage })
}

/// What speaks for each article that might answer, in no order: what the weights
/// of the signals are learned from.
///
/// # Errors
/// If the index cannot be read.
pub fn signals(
    index: &Index,
    ticket: &Ticket,
    scope: &Scope,
) -> Result<Vec<(DocumentKey, Signals)>, IndexError> {
    let found = candidates(index, ticket, scope)?;
    let articles = found.map(|it| it.articles).unwrap_or_default();
    Ok(articles.into_iter().map(|it| (it.group.document, it.signals)).collect())
}

/// Everything that was found for one ticket.
struct Found {
    past: Scored,
    /// Best first.
    tickets: Vec<Group>,
    passages: Scored,
    articles: Vec<Candidate>,
}

struct Candidate {
    group: Group,
    signals: Signals,
}

/// `None` if nothing is asked.
fn candidates(index: &Index, ticket: &Ticket, scope: &Scope) -> Result<Option<Found>, IndexError> {
    let asked = asked(ticket);
    if asked.text.is_empty() && asked.title.is_empty() {
        return Ok(None);
    }
    let question = index.question(asked.wording(), &scope.brand)?;
    let look = |pool, limit| Query { question: &question, pool, scope, limit, also: Vec::new() };
    let past = index.score(&look(Pool::PastTicket, N_VOTING_PASSAGES))?;
    let tickets = by_document(&past);
    let votes = votes(&past, &tickets);
    let before = Before::read(index, ticket, scope)?;
    // What people linked is looked at even if it shares few words.
    let mut query = look(Pool::Article, N_PASSAGES);
    query.also = votes.iter().map(|(article, _)| *article).take(MAX_ARTICLES).collect();
    query.also.extend(before.groups.iter().map(|it| it.document).take(N_NAMED));
    let passages = index.score(&query)?;
    let votes: HashMap<DocumentKey, f32> = votes.into_iter().collect();
    let (titles, popularity) = (index.titles()?, index.popularity()?);
    let said = Said::new(&question, scope);
    let weighed = by_document(&passages).into_iter().map(|group| {
        let document = group.document;
        let signals = Signals {
            words: group.score,
            letters: titles.share_of_letters(document, &said),
            coverage: group.coverage(),
            title: titles.share(document, &said),
            linked: votes.get(&document).copied().unwrap_or(0.0),
            popular: popularity.of(document),
            ..before.signals(document, &titles)
        };
        Candidate { group, signals }
    });
    let articles = weighed.collect();
    Ok(Some(Found { past, tickets, passages, articles }))
}

/// The words a ticket is looked up by.
struct Asked<'a> {
    text: &'a str,
    title: &'a str,
    context: String,
    language: Option<&'a str>,
}

impl Asked<'_> {
    fn wording(&self) -> Wording<'_> {
        let Asked { text, title, context, language } = self;
        Wording { text, title, context, language: *language }
    }
}

fn asked(ticket: &Ticket) -> Asked<'_> {
    // Only the customer's own words make the query. Agents paste macros, and a
    // macro finds the article it was copied from, whatever was asked.
    let earlier = ticket
        .turns
        .iter()
        .rev()
        .filter(|it| it.author == AuthorKind::Customer && !ticket.question.contains(&it.text));
    let short = ticket.question.split_whitespace().count() < SHORT_QUESTION_WORDS;
    let n_earlier = if short { 3 } else { 1 };
    let mut context: Vec<&str> = earlier.take(n_earlier).map(|it| it.text.as_str()).collect();
    // A subject names what the first message asks. Once that was answered, the
    // next question may be about something else.
    let was_answered =
        ticket.turns.iter().any(|it| it.author.is_staff() || it.author == AuthorKind::Own);
    if was_answered {
        context.push(&ticket.subject);
    }
    Asked {
        text: &ticket.question,
        title: if was_answered { "" } else { &ticket.subject },
        context: context.join("\n"),
        language: ticket.language.as_deref(),
    }
}

/// The passages found of one document, best first.
struct Group {
    document: DocumentKey,
    found: Vec<Match>,
    /// Of the document: its best passage and a share of the second.
    score: f32,
}

impl Group {
    /// The largest share of the question one passage speaks of.
    fn coverage(&self) -> f32 {
        self.found.iter().map(|it| it.coverage).fold(0.0, f32::max)
    }
}

fn by_document(scored: &Scored) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: HashMap<DocumentKey, usize> = HashMap::new();
    for it in scored.matches() {
        match places.get(&it.document).and_then(|idx| groups.get_mut(*idx)) {
            Some(group) => group.found.push(*it),
            None => {
                places.insert(it.document, groups.len());
                groups.push(Group { document: it.document, found: vec![*it], score: 0.0 });
            }
        }
    }
    for group in &mut groups {
        let mut scores = group.found.iter().map(|it| it.score);
        group.score = scores.next().unwrap_or(0.0) + SECOND_PASSAGE * scores.next().unwrap_or(0.0);
    }
    groups.sort_by(better_first);
    groups
}

fn better_first(left: &Group, right: &Group) -> Ordering {
    right.score.total_cmp(&left.score).then(left.document.cmp(&right.document))
}

/// Which articles people linked when they answered alike questions, strongest
/// first; the strengths add up to 1.0 at most.
fn votes(past: &Scored, tickets: &[Group]) -> Vec<(DocumentKey, f32)> {
    let mut votes: HashMap<DocumentKey, f32> = HashMap::new();
    let mut total = 0.0;
    for group in tickets.iter().take(N_VOTERS) {
        let links = group.found.first().map(|it| past.links(it)).unwrap_or_default();
        if links.is_empty() {
            continue;
        }
        let strength = group.score * group.score;
        total += strength;
        for link in &links {
            *votes.entry(*link).or_default() += strength / links.len() as f32;
        }
    }
    let mut votes: Vec<(DocumentKey, f32)> =
        votes.into_iter().map(|(article, strength)| (article, strength / total)).collect();
    votes.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    votes
}

/// What the conversation before the question is about. Everybody's words count
/// here: a customer says "that one", an agent says which.
struct Before {
    /// Best first; empty for a first message.
    groups: Vec<Group>,
    by_document: HashMap<DocumentKey, (f32, f32)>,
    /// Latest turn first.
    turns: Vec<Said>,
}

impl Before {
    fn read(index: &Index, ticket: &Ticket, scope: &Scope) -> Result<Before, IndexError> {
        let texts = ticket.turns.iter().rev().map(|it| it.text.as_str());
        let texts: Vec<&str> =
            texts.filter(|it| !ticket.question.contains(it)).take(MAX_TURNS).collect();
        let language = ticket.language.as_deref();
        let mut turns = Vec::with_capacity(texts.len());
        for text in &texts {
            let wording = Wording { text, language, ..Wording::default() };
            turns.push(Said::new(&index.question(wording, &scope.brand)?, scope));
        }
        let mut groups = Vec::new();
        if let Some((text, earlier)) = texts.split_first() {
            let context = earlier.join("\n");
            let wording = Wording { text, title: "", context: &context, language };
            let question = index.question(wording, &scope.brand)?;
            let (pool, limit) = (Pool::Article, N_CONVERSATION_PASSAGES);
            let query = Query { question: &question, pool, scope, limit, also: Vec::new() };
            groups = by_document(&index.score(&query)?);
        }
        let by_document = groups.iter().map(|it| (it.document, (it.score, it.coverage())));
        Ok(Before { by_document: by_document.collect(), groups, turns })
    }

    fn signals(&self, article: DocumentKey, titles: &Titles) -> Signals {
        let (words, coverage) = self.by_document.get(&article).copied().unwrap_or_default();
        let shares = self.turns.iter().map(|it| titles.share(article, it));
        let faded = shares.zip(0_i16..).map(|(share, age)| share * TURN_FADES.powi(age.into()));
        Signals {
            before_words: words,
            before_coverage: coverage,
            before_named: faded.sum(),
            ..Signals::default()
        }
    }
}

fn rank_articles(index: &Index, found: &Found) -> Result<Vec<Hit>, IndexError> {
    let strongest = signals::strongest(found.articles.iter().map(|it| &it.signals));
    let mut ranked: Vec<(f32, &Candidate)> =
        found.articles.iter().map(|it| (signals::score(&it.signals, &strongest), it)).collect();
    ranked.sort_by(|(left, one), (right, other)| {
        right.total_cmp(left).then(one.group.document.cmp(&other.group.document))
    });
    let mut hits = Vec::new();
    for (rank, (score, Candidate { group, signals })) in
        ranked.iter().take(MAX_ARTICLES).enumerate()
    {
        let n_kept = PASSAGES_BY_RANK.get(rank).copied().unwrap_or(1);
        let first = group.found.first().map_or(0.0, |it| it.score);
        for passage in group.found.iter().take(n_kept) {
            let mut hit = index.read(&found.passages, passage)?;
            // The passage's own coverage is there already.
            let named = NAMES.into_iter().zip(signals.values()).filter(|(it, _)| *it != "coverage");
            hit.signals.extend(named.map(|(name, value)| (name.to_owned(), value)));
            hit.score = score * (passage.score / first.max(f32::MIN_POSITIVE)).min(1.0);
            hits.push(hit);
        }
    }
    hits.sort_by(|left, right| {
        let by_score = right.score.total_cmp(&left.score);
        by_score.then_with(|| left.passage.id.cmp(&right.passage.id))
    });
    Ok(hits)
}

/// For each past ticket the passage of its answer that fits best: a ticket is
/// found by its question, but only its answer is worth showing.
fn answers(
    index: &Index,
    scope: &Scope,
    past: &Scored,
    tickets: Vec<Group>,
) -> Result<Vec<Hit>, IndexError> {
    let is_answer = |it: &Hit| it.passage.ordinal != 0;
    let mut hits = Vec::new();
    for group in tickets.into_iter().take(MAX_PAST_TICKETS) {
        let mut found = Vec::new();
        for it in group.found.iter().take(MAX_READ) {
            found.push(index.read(past, it)?);
            if found.last().is_some_and(is_answer) {
                break;
            }
        }
        let Some(first) = found.first() else { continue };
        let (signals, id) = (first.signals.clone(), first.passage.document_id.clone());
        let answer = match found.into_iter().find(is_answer) {
            Some(hit) => Some(hit),
            None => {
                let all = index.passages_of(Pool::PastTicket, scope, &[id], MAX_READ)?;
                all.into_iter().find(is_answer)
            }
        };
        let Some(hit) = answer else { continue };
        hits.push(Hit { score: group.score, signals, ..hit });
    }
    Ok(hits)
}
