//! Whose words a sentence has: only what this customer may read.

use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::guard::Rule;
use crate::guard::material::Cited;
use crate::guard::material::Material;

pub(super) fn broken_by(sentence: &Sentence, material: &Material, cited: &[&Cited]) -> Vec<Rule> {
    let mut broken = Vec::new();
    if cited.iter().any(|it| !it.is_public) {
        broken.push(Rule::Audience);
    }
    // A quote stands in the public passage it cites.
    if sentence.kind == SentenceKind::Claim && material.repeats_others(&sentence.text, cited) {
        broken.push(Rule::OthersWords);
    }
    broken
}
