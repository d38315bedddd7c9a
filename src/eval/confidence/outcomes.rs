//! Whether a question came to what its label says should come of it: an answer, none
//! because nothing answers, or a person.

use super::Answered;
use super::Figures;
use crate::decide::Decision;
use crate::decide::Reason;

/// What became of a question, in the words of the labels.
fn outcome(decision: Decision) -> &'static str {
    match decision {
        Decision::Send | Decision::Suggest => "answer",
        // It is for people whatever is known.
        Decision::Escalate(
            Reason::AskedForPerson
            | Reason::SensitiveTopic
            | Reason::ReplyLimit
            | Reason::SaidBefore,
        ) => "escalate",
        // A person has to answer because Deskhand cannot.
        Decision::Escalate(
            Reason::EmptyQuestion
            | Reason::NothingFound
            | Reason::Contradicted
            | Reason::Guarded
            | Reason::Language
            | Reason::WeakGrounding
            | Reason::LowConfidence,
        )
        | Decision::StandDown(_) => "abstain",
    }
}

/// `accuracy`, `answer`, `abstain` and `escalate` (the share of those labelled so that
/// came to it), `cited_refusal` (1.0 if a reply nobody is to get cites something), of one
/// question. `None` if nobody said what should come of it.
pub(super) fn of(answered: &Answered) -> Option<Figures> {
    let expected = answered.expect.as_deref()?;
    let became = outcome(answered.decision);
    let hit = f64::from(u8::from(became == expected));
    let mut figures =
        Figures::from([("accuracy".to_owned(), hit), (format!("{expected}.recall"), hit)]);
    if became != "answer" {
        let is_cited = 0 < answered.n_told;
        figures.insert("cited_refusal".to_owned(), f64::from(u8::from(is_cited)));
    }
    Some(figures)
}
