//! The words of support in seven languages (`config/lexicon.tsv`): enough for a question
//! to find an article in another language. Not a translation.

use std::sync::LazyLock;

use foldhash::HashMap;
use foldhash::HashMapExt as _;

use super::terms::fold;

/// One row a meaning, one column a language, alternatives behind commas.
const SHIPPED: &str = include_str!("../../config/lexicon.tsv");

/// Words of the longest phrase.
pub(super) const MAX_PHRASE_WORDS: usize = 3;

static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::read);

/// By language, then by phrase: its rows.
struct Lexicon {
    rows: Vec<Vec<&'static str>>,
    columns: Vec<&'static str>,
    phrases: Vec<HashMap<String, Vec<usize>>>,
}

impl Lexicon {
    fn read() -> Lexicon {
        let mut lines = SHIPPED.lines();
        let columns: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
        let rows: Vec<Vec<&str>> = lines.map(|it| it.split('\t').collect()).collect();
        let mut phrases = vec![HashMap::<String, Vec<usize>>::new(); columns.len()];
        for (row_idx, row) in rows.iter().enumerate() {
            for (cell, phrases) in row.iter().zip(&mut phrases) {
                for phrase in cell.split(',') {
                    phrases.entry(words(phrase).join(" ")).or_default().push(row_idx);
                }
            }
        }
        Lexicon { rows, columns, phrases }
    }

    fn column(&self, language: &str) -> Option<usize> {
        let code = language.split(['-', '_']).next()?;
        self.columns.iter().position(|it| *it == code)
    }
}

/// What the words of support in a text are called in another language, in reading
/// order, each once, alternatives behind each other. Empty if one of the languages
/// is not in the lexicon, or they are the same.
#[must_use]
pub fn translate(text: &str, from: &str, to: &str) -> Vec<&'static str> {
    translate_into(text, from, &[to]).pop().unwrap_or_default()
}

/// As [`translate`] into several languages, in their order: the text is read once.
#[must_use]
pub fn translate_into(text: &str, from: &str, to: &[&str]) -> Vec<Vec<&'static str>> {
    let lexicon = &*LEXICON;
    let mut found: Vec<Vec<&'static str>> = vec![Vec::new(); to.len()];
    let Some(from) = lexicon.column(from) else { return found };
    let Some(phrases) = lexicon.phrases.get(from) else { return found };
    let to = to.iter().map(|it| lexicon.column(it).filter(|it| *it != from));
    let to: Vec<Option<usize>> = to.collect();
    if to.iter().all(Option::is_none) {
        return found;
    }
    each_phrase(text, |phrase| {
        for row in phrases.get(phrase).into_iter().flatten() {
            let Some(row) = lexicon.rows.get(*row) else { continue };
            for (found, to) in found.iter_mut().zip(&to) {
                let cell = to.and_then(|it| row.get(it));
                add_new(found, cell.into_iter().flat_map(|it| it.split(',')));
            }
        }
    });
    found
}

/// Adds what is not there yet.
pub(super) fn add_new<'a>(found: &mut Vec<&'a str>, others: impl Iterator<Item = &'a str>) {
    for other in others {
        if !found.contains(&other) {
            found.push(other);
        }
    }
}

/// Calls `each` with every run of words that may be a phrase, in reading order.
pub(super) fn each_phrase(text: &str, mut each: impl FnMut(&str)) {
    let words = words(text);
    let mut phrase = String::new();
    for start in 0..words.len() {
        phrase.clear();
        for word in words.iter().skip(start).take(MAX_PHRASE_WORDS) {
            if !phrase.is_empty() {
                phrase.push(' ');
            }
            phrase.push_str(word);
            each(&phrase);
        }
    }
}

/// The words of a phrase as they are compared: small, without accents.
pub(super) fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let words = folded.split(|it: char| !it.is_alphanumeric());
    words.filter(|it| !it.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_german_question_is_put_into_english_words() {
        let words = translate("Ich möchte meine Bestellung zurückgeben!", "de-AT", "en");
        assert_eq!(words, ["order", "return"]);
        assert!(translate("J'ai oublié mon mot de passe", "fr", "en").contains(&"password"));
    }

    #[test]
    fn a_language_without_a_column_gives_no_words() {
        assert!(translate("Zamówienie", "pl", "en").is_empty());
        assert!(translate("refund", "en", "en").is_empty());
    }

    #[test]
    fn every_row_has_a_word_in_every_language() {
        let lexicon = Lexicon::read();
        for row in &lexicon.rows {
            assert_eq!(row.len(), lexicon.columns.len(), "{row:?}");
            assert!(row.iter().all(|it| !it.is_empty()), "{row:?}");
        }
    }
}
