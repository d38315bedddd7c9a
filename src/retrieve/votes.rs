//! Past tickets speak for articles: for those people linked when they answered
//! alike questions, and for those that say what their answers say.

use std::collections::HashMap;

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
    let voters = tickets.iter().take(N_VOTERS).map(|ticket| {
        let links = ticket.found.first().map(|it| past.links(it)).unwrap_or_default();
        let share = 1.0 / links.len() as f32;
        (ticket, links.into_iter().map(|it| (it, share)).collect())
    });
    count(voters)
}

/// The same for tickets whose answer links none: articles that say what it says.
pub(super) fn likened(experience: &Experience, tickets: &[Group]) -> Vec<(DocumentKey, f32)> {
    let voters = tickets.iter().take(N_VOTERS);
    count(voters.map(|ticket| (ticket, experience.likened(ticket.document).to_vec())))
}

/// A ticket's vote is its score squared, by how much it speaks for each article.
fn count<'a>(
    voters: impl Iterator<Item = (&'a Group, Vec<(DocumentKey, f32)>)>,
) -> Vec<(DocumentKey, f32)> {
    let mut votes: HashMap<DocumentKey, f32> = HashMap::new();
    let mut total = 0.0;
    for (ticket, articles) in voters.filter(|(_, articles)| !articles.is_empty()) {
        let strength = ticket.score * ticket.score;
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
