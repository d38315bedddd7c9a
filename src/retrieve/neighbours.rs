//! The past tickets closest to a question: whether those who asked so were answered
//! alike says more of an answer than how well its words fit.

use super::groups::Group;
use crate::index::DocumentKey;
use crate::index::Scored;

/// Past tickets that are looked at. (Guessed.)
const N_NEIGHBOURS: usize = 15;

/// A past ticket close to the question.
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbour {
    /// How close it is in meaning, 0.0–1.0; `None` where nobody can tell.
    pub likeness: Option<f32>,
    /// Share of the question it speaks of, rare words counting more, 0.0–1.0.
    pub coverage: f32,
    /// The articles people answered it with, one at least.
    pub articles: Vec<DocumentKey>,
}

/// The closest of the tickets people answered with an article, by meaning and by the words
/// they share in equal parts: what nobody linked anything to says nothing of an article.
pub(super) fn closest(
    past: &Scored,
    tickets: &[Group],
    closeness: Option<&[f32]>,
) -> Vec<Neighbour> {
    let all = tickets.iter().enumerate().map(|(idx, ticket)| {
        let likeness = closeness.and_then(|it| it.get(idx)).copied();
        (likeness, ticket.coverage(), ticket)
    });
    let mut placed: Vec<(Option<f32>, f32, &Group)> = all.collect();
    let near = |it: &(Option<f32>, f32, &Group)| it.0.unwrap_or(0.0) + it.1;
    placed.sort_by(|left, right| near(right).total_cmp(&near(left)));
    let linked = placed.into_iter().filter_map(|(likeness, coverage, ticket)| {
        let articles = past.links(ticket.found.first()?);
        (!articles.is_empty()).then_some(Neighbour { likeness, coverage, articles })
    });
    linked.take(N_NEIGHBOURS).collect()
}
