//! Every address in a sentence must stand in a cited passage, letter for letter.

use crate::verify::Fault;
use crate::verify::evidence::Evidence;

const STARTS: [&str; 6] = ["http://", "https://", "www.", "mailto:", "data:", "javascript:"];

/// The addresses of a sentence that none of the passages has.
pub(super) fn foreign(sentence: &str, cited: &[(usize, &Evidence)]) -> Vec<Fault> {
    let mut faults = Vec::new();
    let ends_word =
        |it: char| it.is_whitespace() || matches!(it, '(' | ')' | '<' | '>' | '"' | '[' | ']');
    for word in sentence.split(ends_word) {
        let word = word.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        let lower = word.to_lowercase();
        let is_link = STARTS.iter().any(|it| lower.starts_with(it)) || lower.contains("://");
        if is_link && !cited.iter().any(|(_, it)| it.holds_address(word)) {
            faults.push(Fault::Link(word.to_owned()));
        }
    }
    faults
}
