//! Step 3 of 8: find the passages that may answer the open question, best
//! first. Articles and past tickets are ranked apart. What a reader may not see
//! is not searched at all. Fails only if the index does.

mod answerable;
mod before;
mod fresh;
mod groups;
mod signals;
mod votes;

pub use self::answerable::SIGNS;
pub use self::answerable::Signs;
pub use self::signals::N_SIGNALS;
pub use self::signals::NAMES;
pub use self::signals::Signals;
pub use self::signals::default_weights;
pub use self::signals::score;
pub use self::signals::shares;

use std::collections::HashMap;

use self::answerable::NEUTRAL;
use self::before::Before;
use self::groups::Group;
use self::groups::by_document;
use crate::embed::Meaning;
use crate::index::DocumentKey;
use crate::index::Index;
use crate::index::IndexError;
use crate::index::Query;
use crate::index::Said;
use crate::index::Scored;
use crate::index::Wording;
use crate::knowledge::Hit;
use crate::knowledge::Pool;
use crate::knowledge::Scope;
use crate::text::lexicon;
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
    /// What tells whether any of them answers the question.
    pub signs: Signs,
}

/// How many documents of each pool are kept. (Guessed: an agent reads no more.)
const MAX_ARTICLES: usize = 10;
const MAX_PAST_TICKETS: usize = 6;

/// Passages looked at to find the best documents.
const N_PASSAGES: usize = 150;

/// Passages looked at to find alike past tickets.
const N_VOTING_PASSAGES: usize = 120;

/// Passages of one past ticket that are read to find its answer: the first is
/// the question.
const MAX_READ: usize = 8;

/// How much further passages of the best articles are kept: the answer may
/// stand in the section beside the one that shares the question's words.
const PASSAGES_BY_RANK: [usize; 3] = [3, 2, 2];

/// Articles the conversation is about that are looked at even if they share few
/// words with the question.
const N_NAMED: usize = 60;

/// Articles and past tickets that are looked at because they mean what is asked.
const N_NEAR: usize = 20;
const N_NEAR_TICKETS: usize = 40;

/// Articles that are looked at because past tickets worded so were answered with
/// them.
const N_WORDED: usize = 20;

/// Questions of fewer words lean on what was said before. (Guessed.)
const SHORT_QUESTION_WORDS: usize = 12;

/// Finds the passages that may answer the customer's open question.
///
/// # Errors
/// If the index cannot be read.
pub fn retrieve(index: &Index, ticket: &Ticket, scope: &Scope) -> Result<Retrieved, IndexError> {
    let Some(found) = candidates(index, ticket, scope)? else { return Ok(Retrieved::default()) };
    let signs = found.signs();
    let mut articles = hits(index, &found)?;
    let past_tickets = answers(index, scope, &found.past, found.tickets)?;
    fresh::mark(&mut articles, &past_tickets);
    Ok(Retrieved { articles, past_tickets, signs })
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
pub fn evidence(index: &Index, ticket: &Ticket, scope: &Scope) -> Result<Evidence, IndexError> {
    let Some(found) = candidates(index, ticket, scope)? else { return Ok(Evidence::default()) };
    let signs = found.signs();
    let articles = found.articles.into_iter().map(|it| (it.group.document, it.signals));
    Ok(Evidence { articles: articles.collect(), signs })
}

/// Everything that was found for one ticket.
struct Found {
    past: Scored,
    /// Best first.
    tickets: Vec<Group>,
    passages: Scored,
    /// Best first.
    articles: Vec<Candidate>,
    /// Whether what is asked means anything the table knows.
    means: bool,
    /// How close the closest past tickets are in meaning; [`NEUTRAL`] where what is
    /// asked means nothing the table knows.
    past_meaning: f32,
    /// The strongest vote for any article, and the likeliest one by wording.
    past_votes: f32,
    past_wording: f32,
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

/// Past tickets that tell whether customers of this brand ask such things.
const N_CLOSEST: usize = 5;

/// How close the few closest past tickets are in meaning, on average. 0.0 without
/// any.
fn closest(past: &Scored, tickets: &[Group], asked: Option<&Meaning>) -> f32 {
    if asked.is_none() && !tickets.is_empty() {
        return NEUTRAL;
    }
    let mut all: Vec<f32> = tickets.iter().map(|it| groups::meaning(it, past, asked)).collect();
    all.sort_by(|left, right| right.total_cmp(left));
    let best = all.iter().take(N_CLOSEST);
    best.sum::<f32>() / N_CLOSEST as f32
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
            meaning: if self.means { most(|it| it.signals.meaning, MAX_ARTICLES) } else { NEUTRAL },
            past_coverage: self.tickets.first().map_or(0.0, Group::coverage),
            past_meaning: self.past_meaning,
            past_votes: self.past_votes,
            past_wording: self.past_wording,
        }
    }
}

/// `None` if nothing is asked.
fn candidates(index: &Index, ticket: &Ticket, scope: &Scope) -> Result<Option<Found>, IndexError> {
    let asked = asked(ticket);
    if asked.text.is_empty() && asked.title.is_empty() {
        return Ok(None);
    }
    let question = index.question(asked.wording(), &scope.brand)?;
    let look = |pool, limit| Query { question: &question, pool, scope, limit, also: Vec::new() };
    let meaning = asked.meaning();
    let near = |pool, n| match &meaning {
        Some(meaning) => index.nearest(meaning, pool, scope, n),
        None => Ok(Vec::new()),
    };
    let also = near(Pool::PastTicket, N_NEAR_TICKETS)?;
    let past = index.score(&Query { also, ..look(Pool::PastTicket, N_VOTING_PASSAGES) })?;
    let tickets = by_document(&past);
    let linked = votes::linked(&past, &tickets);
    let meant = votes::meant(&past, &tickets, meaning.as_ref());
    let past_meaning = closest(&past, &tickets, meaning.as_ref());
    let before = Before::read(index, ticket, scope)?;
    let (titles, popularity) = (index.titles()?, index.popularity()?);
    let experience = index.experience();
    let worded = experience.of(&scope.brand, &ticket.subject, &ticket.question);
    let likened = votes::likened(&experience, &tickets);
    // What people answered with is looked at even if it shares no word with the
    // question: it may be in another language.
    let mut query = look(Pool::Article, N_PASSAGES);
    query.also = linked.iter().map(|(article, _)| *article).take(MAX_ARTICLES).collect();
    query.also.extend(near(Pool::Article, N_NEAR)?);
    query.also.extend(before.groups.iter().map(|it| it.document).take(N_NAMED));
    query.also.extend(worded.iter().map(|(article, _)| *article).take(N_WORDED));
    query.also.extend(likened.iter().map(|(article, _)| *article).take(MAX_ARTICLES));
    let passages = index.score(&query)?;
    let strongest = |it: &[(DocumentKey, f32)]| it.first().map_or(0.0, |(_, strength)| *strength);
    let (past_votes, past_wording) = (strongest(&linked), strongest(&worded));
    let by_article = |it: Vec<(DocumentKey, f32)>| it.into_iter().collect::<HashMap<_, _>>();
    let (linked, likened, worded) = (by_article(linked), by_article(likened), by_article(worded));
    let meant = by_article(meant);
    let of = |votes: &HashMap<DocumentKey, f32>, it| votes.get(&it).copied().unwrap_or(0.0);
    let said = Said::new(&question, scope);
    let weighed = by_document(&passages).into_iter().map(|group| {
        let document = group.document;
        let signals = Signals {
            words: group.score,
            letters: titles.share_of_letters(document, &said),
            coverage: group.coverage(),
            title: titles.share(document, &said),
            linked: of(&linked, document),
            meaning: groups::meaning(&group, &passages, meaning.as_ref()),
            likened: of(&likened, document),
            meant: of(&meant, document),
            before_meaning: groups::meaning(&group, &passages, before.meaning.as_ref()),
            popular: popularity.of(document),
            wording: of(&worded, document),
            ..before.signals(document, &titles)
        };
        Candidate { group, signals, score: 0.0 }
    });
    let n_learned = experience.n_tickets(&scope.brand);
    let weights = signals::weights(n_learned, experience.weights());
    let articles = ranked(weighed.collect(), &weights);
    let means = meaning.is_some();
    Ok(Some(Found {
        past,
        tickets,
        passages,
        articles,
        means,
        past_meaning,
        past_votes,
        past_wording,
    }))
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

    fn meaning(&self) -> Option<Meaning> {
        if speaks(self.language) {
            return Meaning::of_all(&[self.title, "\n", self.text]);
        }
        // Of a question in another language, what the lexicon knows of it.
        let asked = [self.title, self.text].join("\n");
        let words = lexicon::translate(&asked, self.language.unwrap_or_default(), SPOKEN);
        (MIN_TRANSLATED <= words.len()).then(|| Meaning::of(&words.join(" "))).flatten()
    }
}

/// True if the table of meanings may know a language: it was made for English, and
/// ranks questions in others worse than words alone.
fn speaks(language: Option<&str>) -> bool {
    language.is_none_or(|it| it.starts_with(SPOKEN))
}

/// The language of the table of meanings.
const SPOKEN: &str = "en";

/// Fewer words of the lexicon say nothing about what is asked. (Guessed.)
const MIN_TRANSLATED: usize = 2;

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

/// The best passages of the best articles.
fn hits(index: &Index, found: &Found) -> Result<Vec<Hit>, IndexError> {
    let mut hits = Vec::new();
    for (rank, Candidate { group, signals, score }) in
        found.articles.iter().take(MAX_ARTICLES).enumerate()
    {
        let n_kept = PASSAGES_BY_RANK.get(rank).copied().unwrap_or(1);
        let first = group.found.first().map_or(0.0, |it| it.score);
        for passage in group.found.iter().take(n_kept) {
            let mut hit = index.read(&found.passages, passage)?;
            // The passage's own coverage is there already.
            let named = NAMES.into_iter().zip(signals.values()).filter(|(it, _)| *it != "coverage");
            hit.signals.extend(named.map(|(name, value)| (name.to_owned(), value)));
            // An article that shares no word with the question is shown from its start.
            let share = if first <= 0.0 { 1.0 } else { (passage.score / first).min(1.0) };
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
