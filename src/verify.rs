//! Step 5 of 9: whether each sentence of a draft is backed by the passage it
//! cites (`docs/VERIFICATION.md`). The same for whoever wrote the draft. Total: what
//! cannot be scored is NaN, and NaN is a person.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::draft::Draft;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::knowledge::Hit;

mod align;
mod differences;
mod disputes;
mod evidence;
mod fault;
mod links;
mod support;
mod tables;
mod vocabulary;
mod words;

pub use disputes::Dispute;
pub use fault::Fault;
pub use support::Signs;

use differences::Claim;
use evidence::Evidence;
use tables::tables;
use words::Reader;

/// What holds of a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// One for each sentence that states something, in order.
    pub claims: Vec<ClaimVerdict>,
    /// The weakest claim's support, 0.0–1.0. NaN if the draft states nothing.
    /// (JSON has no NaN: stored as null.)
    #[serde(with = "crate::text::nan_as_null")]
    pub grounding: f32,
    /// True if a cited passage says the opposite of the draft, or another number.
    pub contradicted: bool,
    /// Set if an article that is not cited says otherwise.
    #[serde(default)]
    pub disputed: Option<Dispute>,
    /// Sentences that were taken out of the draft because nothing backs them.
    #[serde(default)]
    pub removed: Vec<Removed>,
}

/// A sentence that was taken out of a draft, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Removed {
    pub text: String,
    pub faults: Vec<Fault>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimVerdict {
    /// Index into the draft's sentences.
    pub sentence_idx: usize,
    /// 0.0–1.0: 1.0 for a quote, else the probability that people would call it
    /// backed, less for each fault.
    pub support: f32,
    /// What the passage does not bear out. Empty if nothing was found.
    pub faults: Vec<Fault>,
    /// Index into the draft's citations: the passage that backs it best. `None` if
    /// none was given.
    #[serde(default)]
    pub backed_by: Option<usize>,
    /// What the support is made of. `None` for quotes, and without a passage.
    #[serde(default)]
    pub signs: Option<Signs>,
}

impl ClaimVerdict {
    /// True if a customer may read the sentence: nothing in it is at fault.
    pub fn is_backed(&self) -> bool {
        // Written so that NaN fails.
        self.faults.is_empty() && BACKED_FROM <= self.support
    }
}

/// Support below which a claim counts as unbacked: more likely wrong than right.
pub const BACKED_FROM: f32 = 0.5;

/// Checks each sentence of a draft against the passages it cites.
#[must_use]
pub fn verify(draft: &Draft, hits: &[Hit]) -> Verdict {
    let mut reader = Reader::default();
    let mut sources: Vec<Option<Evidence>> = Vec::with_capacity(draft.citations.len());
    for citation in &draft.citations {
        let hit = hits.iter().find(|it| it.passage.id == citation.passage_id);
        sources.push(hit.map(|it| Evidence::read(&it.passage, &mut reader)));
    }
    let stating = draft.sentences.iter().enumerate().filter(|(_, it)| states(it));
    let claims: Vec<ClaimVerdict> =
        stating.map(|(sentence_idx, it)| judge(sentence_idx, it, &sources, &mut reader)).collect();
    // `f32::min` ignores NaN, so an empty draft stays NaN only by the guard.
    let weakest = claims.iter().map(|it| it.support).fold(1.0_f32, f32::min);
    Verdict {
        grounding: if claims.is_empty() { f32::NAN } else { weakest },
        contradicted: claims.iter().any(|it| it.faults.iter().any(Fault::contradicts)),
        disputed: disputes::find(draft, &claims, hits),
        removed: Vec::new(),
        claims,
    }
}

impl Verdict {
    /// The claims a customer must not read, in order.
    pub fn unbacked(&self) -> impl Iterator<Item = &ClaimVerdict> {
        self.claims.iter().filter(|it| !it.is_backed())
    }
}

/// Checks a draft and takes out what nothing backs, if the reply survives that. What
/// contradicts its source stays in for a person to see: whoever wrote it cannot be
/// trusted with the rest.
#[must_use]
pub fn verify_and_trim(draft: Draft, hits: &[Hit]) -> (Draft, Verdict) {
    let verdict = verify(&draft, hits);
    let unbacked: BTreeSet<usize> = verdict.unbacked().map(|it| it.sentence_idx).collect();
    if verdict.contradicted || unbacked.is_empty() {
        return (draft, verdict);
    }
    let Some(rest) = draft.without(&unbacked) else { return (draft, verdict) };
    let removed = verdict.unbacked().filter_map(|it| {
        let text = draft.sentences.get(it.sentence_idx)?.text.clone();
        Some(Removed { text, faults: it.faults.clone() })
    });
    let verdict = Verdict { removed: removed.collect(), ..verify(&rest, hits) };
    (rest, verdict)
}

/// True if the sentence says something about the matter: "Happy to help!" does not,
/// whoever wrote it.
pub(crate) fn states(sentence: &Sentence) -> bool {
    match sentence.kind {
        SentenceKind::Joint => false,
        SentenceKind::Quote => true,
        SentenceKind::Claim => {
            sentence.text.contains(char::is_alphanumeric) && !tables().is_courtesy(&sentence.text)
        }
    }
}

fn judge(
    sentence_idx: usize,
    sentence: &Sentence,
    sources: &[Option<Evidence>],
    reader: &mut Reader,
) -> ClaimVerdict {
    let source_of = |it: usize| Some((it, sources.get(it)?.as_ref()?));
    let cited: Vec<(usize, &Evidence)> =
        sentence.cites.iter().filter_map(|it| source_of(*it)).collect();
    if cited.is_empty() || cited.len() < sentence.cites.len() {
        let faults = vec![Fault::NoSource];
        return ClaimVerdict { sentence_idx, support: 0.0, faults, backed_by: None, signs: None };
    }
    let links = links::foreign(&sentence.text, &cited);
    let mut best: Option<ClaimVerdict> = None;
    for (citation_idx, passage) in cited {
        let mut claim = compare(&sentence.text, passage, reader);
        claim.faults.extend(links.iter().cloned());
        claim.support *= claim.faults.iter().map(Fault::kept).product::<f32>();
        if claim.support < BACKED_FROM && claim.faults.is_empty() {
            claim.faults.push(Fault::Unbacked);
        }
        let claim = ClaimVerdict { sentence_idx, backed_by: Some(citation_idx), ..claim };
        let is_better = |it: &ClaimVerdict| {
            (claim.faults.len(), -claim.support) < (it.faults.len(), -it.support)
        };
        if best.as_ref().is_none_or(is_better) {
            best = Some(claim);
        }
    }
    best.unwrap_or(ClaimVerdict {
        sentence_idx,
        support: 0.0,
        faults: vec![Fault::NoSource],
        backed_by: None,
        signs: None,
    })
}

/// What one passage makes of a sentence. Its support is that of its words.
fn compare(sentence: &str, passage: &Evidence, reader: &mut Reader) -> ClaimVerdict {
    let language = passage.language.as_deref();
    let text = tables().without_opening(crate::text::sentences::line_kind(sentence).1);
    let claim = Claim { text, words: reader.words(text, language) };
    let verdict = |support, faults, signs| ClaimVerdict {
        sentence_idx: 0,
        support,
        faults,
        backed_by: None,
        signs,
    };
    // With its opening too: an article may open a sentence so.
    let mut is_verbatim = passage.holds_verbatim(&claim.words);
    is_verbatim = is_verbatim || passage.holds_verbatim(&reader.words(sentence, language));
    if is_verbatim {
        return verdict(1.0, Vec::new(), None);
    }
    let walk = align::align(&claim.words, passage);
    let signs = Signs::of(&claim.words, &walk, passage);
    let faults = differences::faults(&claim, &walk, passage, &signs);
    verdict(signs.support(), faults, Some(signs))
}

#[cfg(test)]
mod tests;
