//! Past tickets speak for articles: for those people linked when they answered
//! alike questions, and for those that say what their answers say.

use foldhash::HashMap;
use foldhash::HashMapExt as _;

use super::groups::Group;
use crate::index::DocumentKey;
use crate::index::Experience;
use crate::index::Scored;

/// Past tickets that may speak for an article. (Measured on 304 questions of one
/// forum, where one ticket in seven links an article: the right one is among the
/// first five in 56 of 100 cases, in about 48 with 40 voters of 80 passages, in
/// about 40 without.)
const N_VOTERS: usize = 100;

/// Which articles people linked when they answered alike questions, strongest
/// first; the strengths add up to 1.0 at most.
pub(super) fn linked(past: &Scored, tickets: &[Group]) -> Vec<(DocumentKey, f32)> {
    count(tickets.iter().take(N_VOTERS).map(|it| (strength(it), links(past, it))))
}

/// The same of the tickets that mean what is asked, whatever words they share with
/// it: by the fourth power of how close they are, in their order; none where nobody can
/// tell.
pub(super) fn meant(
    past: &Scored,
    tickets: &[Group],
    closeness: &[f32],
) -> Vec<(DocumentKey, f32)> {
    let voters = tickets.iter().zip(closeness);
    count(voters.map(|(ticket, closeness)| (closeness.powi(4), links(past, ticket))))
}

/// The same for tickets whose answer links none: articles that say what it says.
pub(super) fn likened(experience: &Experience, tickets: &[Group]) -> Vec<(DocumentKey, f32)> {
    let voters = tickets.iter().take(N_VOTERS);
    count(voters.map(|ticket| (strength(ticket), experience.likened(ticket.document).to_vec())))
}

/// The articles people linked in a ticket, in equal shares.
fn links(past: &Scored, ticket: &Group) -> Vec<(DocumentKey, f32)> {
    let links = ticket.found.first().map(|it| past.links(it)).unwrap_or_default();
    let share = 1.0 / links.len() as f32;
    links.into_iter().map(|it| (it, share)).collect()
}

/// A ticket's vote.
fn strength(ticket: &Group) -> f32 {
    ticket.score * ticket.score
}

/// Strengths of tickets, and how much each speaks for which article.
fn count(voters: impl Iterator<Item = (f32, Vec<(DocumentKey, f32)>)>) -> Vec<(DocumentKey, f32)> {
    let mut votes: HashMap<DocumentKey, f32> = HashMap::new();
    let mut total = 0.0;
    for (strength, articles) in voters.filter(|(it, articles)| 0.0 < *it && !articles.is_empty()) {
        total += strength;
        for (article, share) in articles {
            *votes.entry(article).or_default() += strength * share;
        }
    }
    let mut votes: Vec<(DocumentKey, f32)> =
        votes.into_iter().map(|(article, strength)| (article, strength / total)).collect();
    votes.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    votes
}
