//! The words verification reads in a special way (`config/wording.toml`): openings
//! that state nothing, limits, synonyms. A table that cannot be read is empty, and
//! an empty one makes verification stricter.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use foldhash::HashMap;
use foldhash::HashMapExt as _;
use foldhash::HashSet;
use serde::Deserialize;

use crate::text::terms::Terms;
use crate::text::terms::fold;

const SHIPPED: &str = include_str!("../../config/wording.toml");

static TABLES: LazyLock<Tables> =
    LazyLock::new(|| toml::from_str(SHIPPED).map_or_else(|_| Tables::default(), Tables::compile));

/// Characters an opening may have before its colon. Guessed: seven words.
const MAX_OPENING_CHARS: usize = 48;

/// Words an opening may have before a comma: more of them are a clause. Guessed.
const MAX_WORDS_BEFORE_COMMA: usize = 6;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    lead_in: String,
    courtesies: Vec<String>,
    first_person: String,
    limits: String,
    exceptions: String,
    synonyms: BTreeMap<String, Vec<String>>,
}

/// The compiled tables. Words are folded.
#[derive(Debug, Default)]
pub(super) struct Tables {
    lead_in: HashSet<String>,
    courtesies: HashSet<String>,
    first_person: HashSet<String>,
    limits: HashSet<String>,
    exceptions: HashSet<String>,
    /// By language, then by stem: the rows it stands in, each its own number.
    synonyms: HashMap<String, HashMap<String, Vec<u16>>>,
}

/// The compiled-in tables, compiled when first used.
pub(super) fn tables() -> &'static Tables {
    &TABLES
}

impl Tables {
    fn compile(written: Written) -> Tables {
        let words = |text: &str| text.split_whitespace().map(fold).collect();
        let mut synonyms: HashMap<String, HashMap<String, Vec<u16>>> = HashMap::new();
        let mut row = 0;
        for (language, rows) in written.synonyms {
            let terms = Terms::new(Some(&language));
            let by_stem = synonyms.entry(language).or_default();
            for words in rows {
                for word in words.split_whitespace() {
                    // A word that says nothing by itself has no stem, and stands for itself.
                    let stem = terms.of_word(word);
                    let stem = stem.map_or_else(|| word.to_owned(), |it| it.as_ref().to_owned());
                    by_stem.entry(stem).or_default().push(row);
                }
                row += 1;
            }
        }
        Tables {
            lead_in: words(&written.lead_in),
            courtesies: written.courtesies.iter().map(|it| fold(it)).collect(),
            first_person: words(&written.first_person),
            limits: words(&written.limits),
            exceptions: words(&written.exceptions),
            synonyms,
        }
    }

    /// The rows of words that may stand for this one. Empty for most.
    pub(super) fn synonyms(&self, stem: &str, language: Option<&str>) -> &[u16] {
        let language = language.map_or("en", |it| it.get(..2).unwrap_or(it));
        self.synonyms.get(language).and_then(|it| it.get(stem)).map_or(&[], Vec::as_slice)
    }

    pub(super) fn is_first_person(&self, word: &str) -> bool {
        self.first_person.contains(word)
    }

    /// True for "only", "unless", "always": put in, it makes another statement.
    pub(super) fn is_limit(&self, word: &str) -> bool {
        self.limits.contains(word)
    }

    /// True for "only", "unless": left out, it makes a wider statement.
    pub(super) fn is_exception(&self, word: &str) -> bool {
        self.exceptions.contains(word)
    }

    /// True for a sentence that states nothing: "Happy to help!"
    pub(super) fn is_courtesy(&self, sentence: &str) -> bool {
        let words = plain_words(sentence);
        !words.is_empty()
            && (self.all_lead_in(&words) || self.courtesies.contains(&words.join(" ")))
    }

    fn all_lead_in(&self, words: &[String]) -> bool {
        words.iter().all(|it| self.lead_in.contains(it))
    }

    /// The sentence without openings that state nothing: "In short: …", "Sure, …".
    pub(super) fn without_opening<'a>(&self, sentence: &'a str) -> &'a str {
        let mut rest = sentence.trim_start();
        while let Some((opening, mark, after)) = split_opening(rest) {
            let words = plain_words(opening);
            let fits = mark != ',' || words.len() <= MAX_WORDS_BEFORE_COMMA;
            if words.is_empty() || !fits || !self.all_lead_in(&words) {
                break;
            }
            rest = after;
        }
        rest
    }
}

/// What stands before the first mark that ends an opening, the mark, and what follows.
/// `None` if there is none near the beginning, or nothing follows.
fn split_opening(sentence: &str) -> Option<(&str, char, &str)> {
    let is_end = |it: char| matches!(it, ':' | '!' | ',' | '–' | '—' | '：' | '！');
    let (at, mark) = sentence.char_indices().take(MAX_OPENING_CHARS).find(|(_, it)| is_end(*it))?;
    let after = sentence.get(at + mark.len_utf8()..)?;
    // "9:30" and "https://" are no openings.
    if !after.starts_with(char::is_whitespace) && mark.is_ascii() {
        return None;
    }
    let after = after.trim_start();
    (!after.is_empty()).then_some((sentence.get(..at)?, mark, after))
}

/// Folded words; an apostrophe within a word is dropped.
fn plain_words(text: &str) -> Vec<String> {
    let kept = text.replace(['\'', '’'], "");
    let words = kept.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty());
    words.map(fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_tables_can_be_read() {
        let tables = Tables::compile(toml::from_str(SHIPPED).unwrap());
        let [click, choose] =
            ["click", "choos"].map(|it| tables.synonyms(it, Some("en-US")).to_vec());
        assert!(click.iter().any(|it| choose.contains(it)), "{click:?} {choose:?}");
        assert!(tables.is_limit("only") && tables.is_exception("unless"));
    }

    #[test]
    fn an_opening_states_nothing_and_a_condition_is_none() {
        for (said, left) in [
            ("Sure! You can.", "You can."),
            ("Good news: it works.", "it works."),
            ("Sure, of course: Open Settings.", "Open Settings."),
            ("As described in the article: Open it.", "Open it."),
            ("If you need help, open it.", "If you need help, open it."),
            ("Windows: open it.", "Windows: open it."),
            ("Note 9:30 is late.", "Note 9:30 is late."),
            ("Please note:", "Please note:"),
        ] {
            assert_eq!(tables().without_opening(said), left);
        }
    }

    #[test]
    fn a_courtesy_promises_and_denies_nothing() {
        for said in ["Happy to help.", "Thanks for reaching out!", "I hope this helps!"] {
            assert!(tables().is_courtesy(said), "{said}");
        }
        for said in ["Yes.", "No.", "You can.", "It is free.", "We have refunded you.", "", "…"] {
            assert!(!tables().is_courtesy(said), "{said}");
        }
    }
}
