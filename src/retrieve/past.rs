//! What past tickets say about a question: which articles they speak for, and
//! whether customers of this brand ask such things at all.

use foldhash::HashMap;

use super::N_SIGNALS;
use super::Signals;
use super::Signs;
use super::answerable::NEUTRAL;
use super::groups;
use super::groups::Group;
use super::groups::by_document;
use super::near::Near;
use super::neighbours;
use super::neighbours::Neighbour;
use super::signals;
use super::votes;
use crate::embed::Sought;
use crate::index::DocumentKey;
use crate::index::Index;
use crate::index::IndexError;
use crate::index::Query;
use crate::index::Scored;
use crate::knowledge::Pool;
use crate::ticket::Ticket;

/// Passages looked at to find alike past tickets.
const N_PASSAGES: usize = 120;

/// Past tickets that are looked at because they mean what is asked.
pub(super) const N_NEAR: usize = 40;

/// Articles a kind of vote names to be looked at: the best ten by links and by
/// likeness, the best twenty by wording, which knows most.
const N_VOTED: usize = 10;
const N_WORDED: usize = 20;

/// Past tickets that tell whether customers of this brand ask such things.
const N_CLOSEST: usize = 5;

/// Everything past tickets say about one question.
pub(super) struct Past {
    pub(super) scored: Scored,
    /// Best first.
    pub(super) tickets: Vec<Group>,
    linked: Votes,
    likened: Votes,
    meant: Votes,
    worded: Votes,
    closest: f32,
    /// By place of the ticket; `None` where nobody can tell.
    closeness: Option<Vec<f32>>,
    /// How much of a history was learned from, 0.0–1.0.
    history: f32,
    /// What each signal counts, by what was learned from past tickets.
    pub(super) weights: [f32; N_SIGNALS],
}

/// How strongly tickets speak for articles.
#[derive(Default)]
struct Votes {
    /// Strongest first.
    ranked: Vec<(DocumentKey, f32)>,
    by_article: HashMap<DocumentKey, f32>,
}

impl Votes {
    fn of(ranked: Vec<(DocumentKey, f32)>) -> Votes {
        Votes { by_article: ranked.iter().copied().collect(), ranked }
    }

    fn get(&self, article: DocumentKey) -> f32 {
        self.by_article.get(&article).copied().unwrap_or(0.0)
    }

    fn strongest(&self) -> f32 {
        self.ranked.first().map_or(0.0, |(_, strength)| *strength)
    }

    fn first(&self, n: usize) -> impl Iterator<Item = DocumentKey> {
        self.ranked.iter().take(n).map(|(article, _)| *article)
    }
}

impl Past {
    pub(super) fn read(
        index: &Index,
        ticket: &Ticket,
        query: &Query<'_>,
        asked: Option<&Sought>,
        near: Near<'_>,
    ) -> Result<Past, IndexError> {
        let scope = query.scope;
        let experience = index.experience();
        let worded = experience.of(&scope.brand, &ticket.subject, &ticket.question);
        let also = near.documents()?;
        let query = Query { pool: Pool::PastTicket, limit: N_PASSAGES, also, ..query.clone() };
        let scored = index.score(&query)?;
        let tickets = by_document(&scored);
        let closeness: Option<Vec<f32>> = asked
            .map(|asked| tickets.iter().map(|it| groups::meaning(it, &scored, asked)).collect());
        let n_learned = experience.n_tickets(&scope.brand);
        Ok(Past {
            linked: Votes::of(votes::linked(&scored, &tickets)),
            likened: Votes::of(votes::likened(&experience, &tickets)),
            meant: Votes::of(votes::meant(
                &scored,
                &tickets,
                closeness.as_deref().unwrap_or_default(),
            )),
            worded: Votes::of(worded),
            closest: closest(closeness.clone(), tickets.is_empty()),
            closeness,
            history: signals::history(n_learned),
            weights: signals::weights(n_learned, index.weights().get(&scope.brand)),
            scored,
            tickets,
        })
    }

    /// Articles to be looked at even if they share no word with the question: they
    /// may be in another language.
    pub(super) fn articles(&self) -> impl Iterator<Item = DocumentKey> {
        let voted = self.linked.first(N_VOTED).chain(self.likened.first(N_VOTED));
        voted.chain(self.worded.first(N_WORDED))
    }

    /// Adds what past tickets say of an article to what else is known of it.
    pub(super) fn signals(&self, article: DocumentKey, known: Signals) -> Signals {
        Signals {
            linked: self.linked.get(article),
            likened: self.likened.get(article),
            meant: self.meant.get(article),
            wording: self.worded.get(article),
            ..known
        }
    }

    pub(super) fn neighbours(&self) -> Vec<Neighbour> {
        neighbours::closest(&self.scored, &self.tickets, self.closeness.as_deref())
    }

    pub(super) fn signs(&self) -> Signs {
        Signs {
            past_coverage: self.tickets.first().map_or(0.0, Group::coverage),
            past_meaning: self.closest,
            past_votes: self.linked.strongest(),
            past_wording: self.worded.strongest(),
            history: self.history,
            ..Signs::default()
        }
    }
}

/// How close the few closest past tickets are in meaning, on average. 0.0 without
/// any, [`NEUTRAL`] where nobody can tell.
fn closest(closeness: Option<Vec<f32>>, no_tickets: bool) -> f32 {
    let Some(mut all) = closeness else {
        return if no_tickets { 0.0 } else { NEUTRAL };
    };
    all.sort_by(|left, right| right.total_cmp(left));
    let best = all.iter().take(N_CLOSEST);
    best.sum::<f32>() / N_CLOSEST as f32
}
