//! The words of support: in seven languages (`config/lexicon.tsv`), enough for a question
//! to find an article in another language, and what else customers call the same
//! (`config/synonyms.tsv`). Not a translation.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::terms::fold;

/// One row a meaning, one column a language, alternatives behind commas.
const SHIPPED: &str = include_str!("../../config/lexicon.tsv");

/// One group of phrases that mean the same a row, behind their language.
const SHIPPED_SYNONYMS: &str = include_str!("../../config/synonyms.tsv");

/// Words of the longest phrase.
const MAX_PHRASE_WORDS: usize = 3;

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
    let lexicon = &*LEXICON;
    let (Some(from), Some(to)) = (lexicon.column(from), lexicon.column(to)) else {
        return Vec::new();
    };
    let Some(phrases) = lexicon.phrases.get(from).filter(|_| from != to) else {
        return Vec::new();
    };
    let mut found: Vec<&'static str> = Vec::new();
    each_phrase(text, |phrase| {
        let rows = phrases.get(phrase).into_iter().flatten();
        let cells = rows.filter_map(|it| lexicon.rows.get(*it)?.get(to));
        add_new(&mut found, cells.flat_map(|it| it.split(',')));
    });
    found
}

/// By language, then by phrase: what else it is called.
type Synonyms = HashMap<&'static str, HashMap<String, Vec<&'static str>>>;

static SYNONYMS: LazyLock<Synonyms> = LazyLock::new(|| {
    let mut synonyms = Synonyms::new();
    for (language, group) in SHIPPED_SYNONYMS.lines().filter_map(|it| it.split_once('\t')) {
        let by_phrase = synonyms.entry(language).or_default();
        for phrase in group.split(',') {
            let others = group.split(',').filter(|it| *it != phrase);
            by_phrase.entry(words(phrase).join(" ")).or_default().extend(others);
        }
    }
    synonyms
});

/// What else the things a text speaks of are called in its own language, in reading
/// order, each once. Empty for a language nothing is shipped for.
#[must_use]
pub fn synonyms(text: &str, language: &str) -> Vec<&'static str> {
    let code = language.split(['-', '_']).next().unwrap_or_default();
    let Some(by_phrase) = SYNONYMS.get(code) else { return Vec::new() };
    let mut found: Vec<&'static str> = Vec::new();
    each_phrase(text, |phrase| {
        add_new(&mut found, by_phrase.get(phrase).into_iter().flatten().copied());
    });
    found
}

fn add_new(found: &mut Vec<&'static str>, others: impl Iterator<Item = &'static str>) {
    for other in others {
        if !found.contains(&other) {
            found.push(other);
        }
    }
}

/// Calls `each` with every run of words that may be a phrase, in reading order.
fn each_phrase(text: &str, mut each: impl FnMut(&str)) {
    let words = words(text);
    for start in 0..words.len() {
        for n_words in 1..=MAX_PHRASE_WORDS {
            let Some(phrase) = words.get(start..start + n_words) else { break };
            each(&phrase.join(" "));
        }
    }
}

fn words(text: &str) -> Vec<String> {
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

    #[test]
    fn a_thing_is_found_by_what_else_customers_call_it() {
        assert!(synonyms("Can I get my money back?", "en-GB").contains(&"refund"));
        assert!(synonyms("how do i switch on 2FA", "en").contains(&"two step"));
        assert!(synonyms("Can I get my money back?", "de").is_empty());
        assert!(synonyms("", "en").is_empty());
    }

    #[test]
    fn every_group_of_synonyms_has_phrases_a_question_can_hold() {
        for line in SHIPPED_SYNONYMS.lines() {
            let (language, group) = line.split_once('\t').unwrap();
            assert_eq!(language.len(), 2, "{line}");
            assert!(1 < group.split(',').count(), "{line}");
            for phrase in group.split(',') {
                assert!((1..=MAX_PHRASE_WORDS).contains(&words(phrase).len()), "{line}");
            }
        }
    }
}
