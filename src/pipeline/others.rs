//! Replies beside the one that is proposed: each from another article, checked like
//! any other.

use crate::draft::Draft;
use crate::draft::extractive;
use crate::guard;
use crate::guard::Limits;
use crate::knowledge::public_hits;
use crate::proposal::Proposal;
use crate::verify;

/// Replies from articles that no draft before them cites, at most `n`.
pub(super) fn others(proposal: &Proposal, limits: &Limits, n: usize) -> Vec<Draft> {
    let Proposal { ticket, past_tickets, .. } = proposal;
    let mut articles = proposal.articles.clone();
    let mut others = Vec::new();
    let mut last = proposal.draft.clone();
    while others.len() < n && !last.citations.is_empty() {
        let cited = articles
            .iter()
            .filter(|hit| last.citations.iter().any(|cited| cited.passage_id == hit.passage.id));
        let cited: Vec<String> = cited.map(|it| it.passage.document_id.clone()).collect();
        articles.retain(|it| !cited.contains(&it.passage.document_id));
        last = extractive(ticket, &public_hits(&articles), past_tickets);
        let (draft, verdict) = verify::verify_and_trim(last.clone(), &articles);
        let is_backed = verdict.unbacked().next().is_none();
        let (draft, guarded) = guard::guard(draft, ticket, &articles, past_tickets, limits);
        if is_backed && !guarded.torn && !draft.sentences.is_empty() {
            others.push(draft);
        }
    }
    others
}
