//! Whether a piece of a reply may be told: the checks and the decision of a whole reply,
//! on the piece alone, and nothing but quotes.

use crate::decide;
use crate::decide::Decision;
use crate::draft;
use crate::draft::Draft;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::draft::Writer;
use crate::draft::generative::Piece;
use crate::draft::generative::rest_of;
use crate::guard;
use crate::guard::Limits;
use crate::pipeline::signals;
use crate::pipeline::signals::Judged;
use crate::proposal::Proposal;
use crate::verify;

/// What every piece is held against: the composed reply, which may be sent.
#[derive(Debug)]
pub(super) struct Gate {
    pub whole: Proposal,
    pub limits: Limits,
}

impl Gate {
    /// True if a customer may read a unit, whatever else is told.
    pub(super) fn passes(&self, unit: &[Piece]) -> bool {
        let Proposal { ticket, articles, past_tickets, signals, thresholds, .. } = &self.whole;
        let mut draft = Draft {
            sentences: Vec::new(),
            citations: Vec::new(),
            written_by: Writer::Extractive,
            asks_back: false,
            language: self.whole.draft.language.clone(),
        };
        draft.append(unit);
        let verdict = verify::verify(&draft, articles);
        let (draft, guarded) = guard::guard(draft, ticket, articles, past_tickets, &self.limits);
        let probability = signals.confidence;
        let judged = Judged {
            draft: &draft,
            verdict: &verdict,
            guarded: &guarded,
            probability,
            thresholds: *thresholds,
        };
        let signals = signals::of_piece(signals, articles, &judged);
        decide::decide(&signals, *thresholds) == Decision::Send
    }
}

/// Sentences that say something of the matter.
pub(super) fn n_statements(unit: &[Piece]) -> usize {
    unit.iter().filter(|it| verify::states(&it.sentence)).count()
}

/// True if all of it stands in what it cites, word for word.
pub(super) fn is_quoted(unit: &[Piece]) -> bool {
    unit.iter().all(|it| it.sentence.kind == SentenceKind::Quote)
}

pub(super) fn greeting(told: &Draft) -> Sentence {
    let [greeting, _] = draft::around(told.language.as_deref());
    greeting
}

pub(super) fn closing(told: &Draft) -> Sentence {
    let [_, closing] = draft::around(told.language.as_deref());
    closing
}

pub(super) fn rest(composed: &Draft, told: &Draft) -> Vec<Vec<Piece>> {
    rest_of(composed, told)
}

/// With the verdict on what was told.
pub(super) fn verified(proposal: Proposal) -> Proposal {
    let verdict = verify::verify(&proposal.draft, &proposal.articles);
    Proposal { verdict, ..proposal }
}
