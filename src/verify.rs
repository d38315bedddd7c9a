//! Step 5 of 8: whether each sentence of a draft is backed by the passage it
//! cites. Total: what cannot be scored is NaN, and NaN is a person.

use serde::{Deserialize, Serialize};

use crate::draft::Draft;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::knowledge::Hit;

mod evidence;

use evidence::Evidence;

/// What holds of a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// One for each sentence that is not a joint, in order.
    pub claims: Vec<ClaimVerdict>,
    /// The weakest claim's support, 0.0–1.0. NaN if the draft states nothing.
    /// (JSON has no NaN: stored as null.)
    #[serde(with = "crate::text::nan_as_null")]
    pub grounding: f32,
    /// True if a cited passage says the opposite of the draft, or another number.
    pub contradicted: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimVerdict {
    /// Index into the draft's sentences.
    pub sentence_idx: usize,
    /// 0.0–1.0.
    pub support: f32,
    pub faults: Vec<Fault>,
}

/// What a cited passage does not bear out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Cites nothing, or a passage that was not given.
    NoSource,
    /// A number, unit, date or version the passage does not have.
    Number(String),
    Name(String),
    /// One of the two says "not".
    Negation,
    /// The passage names the opposite: on for off, before for after.
    Direction(String),
    /// Too few of its words are in the passage.
    Unbacked,
    /// A link that stands in no passage.
    Link(String),
}

/// Support below which a claim counts as unbacked. Guessed between what free
/// paraphrase reaches (about 0.6) and what unrelated sentences of one article
/// share (about 0.3).
const BACKED_FROM: f32 = 0.5;

/// What a claim keeps of its support for each fault. A claim with a wrong number
/// shares nearly all words with the truth, so words alone must not carry it.
const KEPT_PER_FAULT: f32 = 0.4;

/// Checks each sentence of a draft against the passages it cites.
#[must_use]
pub fn verify(draft: &Draft, hits: &[Hit]) -> Verdict {
    let sources: Vec<Option<Evidence>> = draft
        .citations
        .iter()
        .map(|citation| hits.iter().find(|it| it.passage.id == citation.passage_id))
        .map(|hit| hit.map(|it| Evidence::read(&it.passage)))
        .collect();
    let claims: Vec<ClaimVerdict> = draft
        .sentences
        .iter()
        .enumerate()
        .filter(|(_, it)| it.kind != SentenceKind::Joint)
        .map(|(sentence_idx, sentence)| judge(sentence_idx, sentence, &sources))
        .collect();
    // `f32::min` ignores NaN, so an empty draft stays NaN only by the guard.
    let weakest = claims.iter().map(|it| it.support).fold(1.0_f32, f32::min);
    Verdict {
        grounding: if claims.is_empty() { f32::NAN } else { weakest },
        contradicted: claims.iter().any(contradicts),
        claims,
    }
}

/// True if a fault of the claim is a different statement rather than a missing one.
fn contradicts(claim: &ClaimVerdict) -> bool {
    claim.faults.iter().any(|it| match it {
        Fault::Number(_) | Fault::Negation | Fault::Direction(_) => true,
        Fault::NoSource | Fault::Name(_) | Fault::Unbacked | Fault::Link(_) => false,
    })
}

fn judge(sentence_idx: usize, sentence: &Sentence, sources: &[Option<Evidence>]) -> ClaimVerdict {
    let cited: Vec<&Evidence> =
        sentence.cites.iter().filter_map(|it| sources.get(*it)?.as_ref()).collect();
    let unknown_source = cited.len() < sentence.cites.len();
    if cited.is_empty() || unknown_source {
        return ClaimVerdict { sentence_idx, support: 0.0, faults: vec![Fault::NoSource] };
    }
    if cited.iter().any(|it| it.holds_verbatim(&sentence.text)) {
        let mut faults = Vec::new();
        evidence::check_links(&sentence.text, &cited, &mut faults);
        let support = if faults.is_empty() { 1.0 } else { 0.0 };
        return ClaimVerdict { sentence_idx, support, faults };
    }
    let (support, mut faults) = evidence::compare(&sentence.text, &cited);
    let support = support * KEPT_PER_FAULT.powi(i32::try_from(faults.len()).unwrap_or(i32::MAX));
    if support < BACKED_FROM && faults.is_empty() {
        faults.push(Fault::Unbacked);
    }
    ClaimVerdict { sentence_idx, support, faults }
}

#[cfg(test)]
mod tests;
