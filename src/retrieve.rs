//! Step 3 of 9: find the passages that may answer the open question, best
//! first. Articles and past tickets are ranked apart. What a reader may not see
//! is not searched at all. Fails only if the index does.

mod answerable;
mod asked;
mod before;
mod fresh;
mod groups;
mod meant;
mod near;
mod neighbours;
mod past;
mod signals;
mod tongue;
mod votes;

pub use self::answerable::SIGNS;
pub use self::answerable::Signs;
pub use self::meant::Meant;
pub use self::meant::ToAsk;
pub use self::neighbours::Neighbour;
pub use self::signals::N_SIGNALS;
pub use self::signals::NAMES;
pub use self::signals::Signals;
pub use self::signals::default_weights;
pub use self::signals::history;
pub use self::signals::score;
pub use self::signals::shares;

use self::answerable::NEUTRAL;
use self::asked::asked;
use self::before::Before;
use self::groups::Group;
use self::groups::by_document;
use self::near::Asking;
use self::past::Past;
use crate::embed::Sought;
use crate::index::DocumentKey;
use crate::index::Index;
use crate::index::IndexError;
use crate::index::Match;
use crate::index::Query;
use crate::index::Said;
use crate::index::Scored;
use crate::knowledge::Hit;
use crate::knowledge::Pool;
use crate::knowledge::Scope;
use crate::ticket::Ticket;

/// What was found for one ticket. All empty if nothing shares words with it:
/// that is an answer, not an error, and the ticket goes to a person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Retrieved {
    /// Passages of articles, best first; several may be of one article.
    pub articles: Vec<Hit>,
    /// One passage of each past ticket's answer, best ticket first.
    pub past_tickets: Vec<Hit>,
    /// What tells whether any of them answers the question.
    pub signs: Signs,
    /// The past tickets closest to the question that people answered with an article,
    /// closest first.
    pub neighbours: Vec<Neighbour>,
}

/// How many documents of each pool are kept. (Guessed: an agent reads no more.)
const MAX_ARTICLES: usize = 10;
const MAX_PAST_TICKETS: usize = 6;

/// Passages looked at to find the best documents.
const N_PASSAGES: usize = 150;

/// Passages of one past ticket that are read to find its answer: the first is
/// the question.
const MAX_READ: usize = 8;

/// How many passages of the best articles are kept, of the others one: the answer may
/// stand in the section beside the one that shares the question's words, and a short
/// article is read as a whole.
const PASSAGES_BY_RANK: [usize; 3] = [8, 6, 4];

/// What the likeness of a passage counts beside its words, which count 1.0 for the
/// passage of the article that shares most. (Of 0, 0.5, 1, 2 and 4 best on 99 questions
/// to a help center, but all within 3 of them.)
const MEANING_OF_PASSAGE: f32 = 2.0;

/// Articles the conversation is about that are looked at even if they share few
/// words with the question.
const N_NAMED: usize = 60;

/// Articles that are looked at because they mean what is asked.
const N_NEAR: usize = 20;

/// Finds the passages that may answer the customer's open question.
///
/// # Errors
/// If the index cannot be read.
pub fn retrieve(
    index: &Index,
    ticket: &Ticket,
    meant: &Meant,
    scope: &Scope,
) -> Result<Retrieved, IndexError> {
    let Some(found) = candidates(index, ticket, meant, scope)? else {
        return Ok(Retrieved::default());
    };
    let signs = found.signs();
    let mut articles = hits(index, &found)?;
    tongue::own_first(&mut articles, ticket.language.as_deref());
    let neighbours = found.past.neighbours();
    let past_tickets = answers(index, scope, &found.past.scored, found.past.tickets)?;
    fresh::mark(&mut articles, &past_tickets);
    Ok(Retrieved { articles, past_tickets, signs, neighbours })
}

/// What speaks for each article that might answer, and for there being one: what
/// weights are learned from.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Evidence {
    /// Best first.
    pub articles: Vec<(DocumentKey, Signals)>,
    pub signs: Signs,
}

/// As [`retrieve`], without reading a passage.
///
/// # Errors
/// If the index cannot be read.
pub fn evidence(
    index: &Index,
    ticket: &Ticket,
    meant: &Meant,
    scope: &Scope,
) -> Result<Evidence, IndexError> {
    let Some(found) = candidates(index, ticket, meant, scope)? else {
        return Ok(Evidence::default());
    };
    let signs = found.signs();
    let articles = found.articles.into_iter().map(|it| (it.group.document, it.signals));
    Ok(Evidence { articles: articles.collect(), signs })
}

/// Everything that was found for one ticket.
struct Found {
    past: Past,
    passages: Scored,
    /// What is asked; `None` if nobody can tell.
    meaning: Option<Sought>,
    /// Best first.
    articles: Vec<Candidate>,
}

struct Candidate {
    group: Group,
    signals: Signals,
    score: f32,
}

/// Best first, by everything that speaks for them.
fn ranked(mut articles: Vec<Candidate>, weights: &[f32; N_SIGNALS]) -> Vec<Candidate> {
    let weighed: Vec<_> = articles.iter().map(|it| it.signals.weighed()).collect();
    for (article, shares) in articles.iter_mut().zip(shares(&weighed)) {
        article.score = score(&shares, weights);
    }
    articles.sort_by(|left, right| {
        let by_score = right.score.total_cmp(&left.score);
        by_score.then(left.group.document.cmp(&right.group.document))
    });
    articles
}

/// How far the best is ahead of the mean of the next five.
fn gap(articles: &[Candidate]) -> f32 {
    let Some((first, rest)) = articles.split_first() else { return 0.0 };
    let next: Vec<f32> = rest.iter().take(5).map(|it| it.score).collect();
    first.score - next.iter().sum::<f32>() / next.len().max(1) as f32
}

impl Found {
    fn signs(&self) -> Signs {
        let most = |of: fn(&Candidate) -> f32, n: usize| {
            self.articles.iter().take(n).map(of).fold(0.0, f32::max)
        };
        Signs {
            coverage: most(|it| it.signals.coverage, MAX_ARTICLES),
            title: most(|it| it.signals.title, 3),
            gap: gap(&self.articles),
            meaning: most(|it| it.signals.meaning, MAX_ARTICLES),
            ..self.past.signs()
        }
    }
}

/// `None` if nothing is asked.
fn candidates(
    index: &Index,
    ticket: &Ticket,
    meant: &Meant,
    scope: &Scope,
) -> Result<Option<Found>, IndexError> {
    let asked = asked(ticket);
    if asked.is_empty() {
        return Ok(None);
    }
    let meaning = meant.asked.as_ref();
    std::thread::scope(|threads| {
        let asking = Asking { index, meaning, scope };
        let near_tickets = asking.nearest(threads, Pool::PastTicket, past::N_NEAR);
        let near_articles = asking.nearest(threads, Pool::Article, N_NEAR);
        let question = index.question(asked.wording(), &scope.brand)?;
        let (pool, limit) = (Pool::Article, N_PASSAGES);
        let mut query = Query { question: &question, pool, scope, limit, also: Vec::new() };
        let past = Past::read(index, ticket, &query, meaning, near_tickets)?;
        let before = Before::read(index, ticket, meant.before.as_ref(), scope)?;
        query.also.extend(past.articles());
        query.also.extend(before.groups.iter().map(|it| it.document).take(N_NAMED));
        query.also.extend(near_articles.documents()?);
        weigh(index, &query, past, &before, meaning).map(Some)
    })
}

/// Scores the articles a query finds, by everything that is known.
fn weigh(
    index: &Index,
    query: &Query<'_>,
    past: Past,
    before: &Before,
    meaning: Option<&Sought>,
) -> Result<Found, IndexError> {
    let passages = index.score(query)?;
    let (titles, popularity) = (index.titles()?, index.popularity()?);
    let said = Said::new(query.question, query.scope);
    let weighed = by_document(&passages).into_iter().map(|group| {
        let document = group.document;
        let said_before = before.signals(&group, &passages, &titles);
        let signals = Signals {
            words: group.score,
            coverage: group.coverage(),
            title: titles.share(document, &said),
            letters: titles.share_of_letters(document, &said),
            // The same for all where nobody can tell: it changes no order.
            meaning: match meaning {
                Some(meaning) => groups::meaning(&group, &passages, meaning),
                None => NEUTRAL,
            },
            popular: popularity.of(document),
            ..past.signals(document, said_before)
        };
        Candidate { group, signals, score: 0.0 }
    });
    let articles = ranked(weighed.collect(), &past.weights);
    Ok(Found { past, passages, meaning: meaning.cloned(), articles })
}

/// The best passages of the best articles.
fn hits(index: &Index, found: &Found) -> Result<Vec<Hit>, IndexError> {
    let mut hits = Vec::new();
    for (rank, Candidate { group, signals, score }) in
        found.articles.iter().take(MAX_ARTICLES).enumerate()
    {
        let n_kept = PASSAGES_BY_RANK.get(rank).copied().unwrap_or(1);
        let others = if 1 < n_kept { found.passages.others(&group.found) } else { Vec::new() };
        let ordered = by_closeness(group.found.iter().copied().chain(others), found);
        let closest = ordered.first().map_or(0.0, |(it, _)| *it);
        for (closeness, passage) in ordered.into_iter().take(n_kept) {
            let mut hit = index.read(&found.passages, &passage)?;
            // The passage's own coverage is there already.
            let named = NAMES.into_iter().zip(signals.values()).filter(|(it, _)| *it != "coverage");
            hit.signals.extend(named.map(|(name, value)| (name.to_owned(), value)));
            let share = if closest <= 0.0 { 1.0 } else { closeness / closest };
            hit.score = score * share;
            hits.push(hit);
        }
    }
    hits.sort_by(|left, right| {
        let by_score = right.score.total_cmp(&left.score);
        by_score.then_with(|| left.passage.id.cmp(&right.passage.id))
    });
    Ok(hits)
}

/// The passages of an article by the words they share with the question and by what
/// they mean, the closest first. Those equally close are left in reading order.
fn by_closeness(passages: impl Iterator<Item = Match>, found: &Found) -> Vec<(f32, Match)> {
    let passages: Vec<Match> = passages.collect();
    let most = passages.iter().map(|it| it.score).fold(0.0, f32::max);
    let closeness = |it: &Match| {
        let words = if most <= 0.0 { 0.0 } else { it.score / most };
        let asked = found.meaning.as_ref();
        let likeness = asked.and_then(|asked| found.passages.likeness(it, asked));
        words + MEANING_OF_PASSAGE * likeness.unwrap_or(0.0).max(0.0)
    };
    let mut ordered: Vec<(f32, Match)> =
        passages.into_iter().map(|it| (closeness(&it), it)).collect();
    ordered.sort_by(|one, other| other.0.total_cmp(&one.0));
    ordered
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
