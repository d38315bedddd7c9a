//! The words a request for a person is made of (`config/asking_words.toml`), and which
//! of them a text holds: by language and class, with what is misspelt put right.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use foldhash::HashMap;
use foldhash::HashMapExt as _;
use foldhash::HashSet;
use foldhash::HashSetExt as _;

use super::Class;
use crate::embed;
use crate::text::cues::plain;
use crate::text::is_cjk;
use crate::triage::RulesError;

pub(super) const FILE: &str = "asking_words.toml";

/// Words of these classes are recognized with one letter wrong. As in `tools/triage/asking.py`.
const MISSPELT: [&str; 10] =
    ["talk", "reach", "connect", "someone", "human", "staff", "boss", "bot", "wish", "real"];

/// Shorter words are too near to others; English is met most, misspelt and otherwise.
const LEAST_LETTERS: usize = 9;
const LEAST_ENGLISH_LETTERS: usize = 4;

/// What is found where in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Bytes of the word as the table has it.
    length: usize,
    /// Place among the languages of the table.
    pub(super) language: usize,
    pub(super) class: Class,
}

impl Found {
    /// Of two that begin at one place the longer is meant, then the one told in more letters.
    pub(super) fn order(&self) -> impl Ord + use<> {
        let longest = |it: usize| std::cmp::Reverse(it);
        (self.start, longest(self.end), longest(self.length), self.class)
    }
}

pub(super) struct Words {
    automaton: AhoCorasick,
    /// By pattern of the automaton.
    entries: Vec<Entry>,
    /// Words that stand in the table, alone or in a phrase, and how words begin there.
    parts: HashSet<String>,
    begins: HashSet<String>,
    /// By a word without one of its letters, or with all: the words of the table.
    near: HashMap<String, BTreeSet<String>>,
    pub(super) n_languages: usize,
}

struct Entry {
    goes_on: bool,
    length: usize,
    meant: Vec<(usize, Class)>,
}

impl Words {
    pub(super) fn parse(text: &str) -> Result<Words, RulesError> {
        let unreadable = |detail: String| RulesError::Unreadable { file: FILE, detail };
        let table: BTreeMap<String, BTreeMap<String, String>> =
            toml::from_str(text).map_err(|it| unreadable(it.to_string()))?;
        if table.is_empty() {
            return Err(unreadable("it holds no language".to_owned()));
        }
        let mut patterns: BTreeMap<String, Entry> = BTreeMap::new();
        let (mut parts, mut begins) = (HashSet::new(), HashSet::new());
        let mut near: HashMap<String, BTreeSet<String>> = HashMap::new();
        for (place, (language, classes)) in table.iter().enumerate() {
            let least = if language == "en" { LEAST_ENGLISH_LETTERS } else { LEAST_LETTERS };
            for (name, terms) in classes {
                let class = Class::named(name)
                    .ok_or_else(|| unreadable(format!("[{language}] has no class `{name}`")))?;
                for term in terms.split(',').filter_map(Term::of) {
                    let pattern = patterns.entry(term.pattern()).or_insert_with(|| term.entry());
                    pattern.meant.push((place, class));
                    parts.extend(term.whole_words().map(str::to_owned));
                    if term.goes_on {
                        begins.insert(term.words.clone());
                    } else if MISSPELT.contains(&name.as_str()) && !term.is_without_spaces() {
                        for word in term.whole_words().filter(|it| least <= it.chars().count()) {
                            for short in shortened(word) {
                                near.entry(short).or_default().insert(word.to_owned());
                            }
                        }
                    }
                }
            }
        }
        let automaton =
            AhoCorasick::new(patterns.keys()).map_err(|it| unreadable(it.to_string()))?;
        let entries = patterns.into_values().collect();
        Ok(Words { automaton, entries, parts, begins, near, n_languages: table.len() })
    }

    /// All that is found in a text made by `plain`; what overlaps, too.
    pub(super) fn find(&self, plain: &str) -> Vec<Found> {
        let mut found = Vec::new();
        for hit in self.automaton.find_overlapping_iter(plain) {
            let Some(entry) = self.entries.get(hit.pattern().as_usize()) else { continue };
            let whole = plain.get(hit.range()).unwrap_or_default();
            let start = hit.start() + usize::from(whole.starts_with(' '));
            let mut end = hit.end() - usize::from(whole.ends_with(' '));
            if entry.goes_on {
                end += plain.get(end..).and_then(|it| it.find(' ')).unwrap_or(0);
            }
            let length = entry.length;
            found.extend(entry.meant.iter().map(|it| Found {
                start,
                end,
                length,
                language: it.0,
                class: it.1,
            }));
        }
        found
    }

    /// A text with words that nobody knows as the words they are a letter away from.
    pub(super) fn corrected(&self, plain: &str) -> String {
        let mut corrected = String::with_capacity(plain.len() + 8);
        for (place, word) in plain.split(' ').enumerate() {
            if 0 < place {
                corrected.push(' ');
            }
            corrected.push_str(self.meant(word).unwrap_or(word));
        }
        corrected
    }

    fn meant(&self, word: &str) -> Option<&str> {
        let n_letters = word.chars().count();
        if n_letters < LEAST_ENGLISH_LETTERS
            || !word.chars().all(char::is_alphabetic)
            || word.starts_with(is_cjk)
            || self.parts.contains(word)
            || self.goes_on(word)
            || embed::is_word(word)
        {
            return None;
        }
        let near = shortened(word).into_iter().filter_map(|it| self.near.get(&it)).flatten();
        // A short word with another first letter is another word.
        let is_meant = |it: &&String| {
            is_near(word, it)
                && (LEAST_ENGLISH_LETTERS < it.chars().count()
                    || it.chars().next() == word.chars().next())
        };
        near.filter(is_meant).min().map(String::as_str)
    }

    fn goes_on(&self, word: &str) -> bool {
        let ends = word.char_indices().map(|(at, letter)| at + letter.len_utf8()).skip(2);
        ends.filter_map(|end| word.get(..end)).any(|it| self.begins.contains(it))
    }
}

/// A word or phrase of the table, as texts have it.
struct Term {
    words: String,
    goes_on: bool,
}

impl Term {
    fn of(term: &str) -> Option<Term> {
        let words = plain(term).replace(" . ", " ").trim().to_owned();
        (!words.is_empty()).then(|| Term { words, goes_on: term.trim_end().ends_with('*') })
    }

    fn is_without_spaces(&self) -> bool {
        self.words.starts_with(is_cjk)
    }

    fn pattern(&self) -> String {
        let before = if self.is_without_spaces() { "" } else { " " };
        let after = if self.goes_on || self.words.ends_with(is_cjk) { "" } else { " " };
        format!("{before}{}{after}", self.words)
    }

    fn entry(&self) -> Entry {
        let goes_on = self.goes_on && !self.is_without_spaces();
        Entry { goes_on, length: self.words.len(), meant: Vec::new() }
    }

    /// The words that do not go on.
    fn whole_words(&self) -> impl Iterator<Item = &str> {
        let n = self.words.split(' ').count() - usize::from(self.goes_on);
        self.words.split(' ').take(n)
    }
}

/// A word, and what is left of it without one of its letters.
fn shortened(word: &str) -> BTreeSet<String> {
    let without =
        |at: usize| word.chars().enumerate().filter(|it| it.0 != at).map(|it| it.1).collect();
    let shorter = (0..word.chars().count()).map(without);
    shorter.chain([word.to_owned()]).collect()
}

/// True if one letter is wrong, missing or too many, or two neighbours have changed places.
fn is_near(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    if one.len() == other.len() {
        let wrong: Vec<usize> =
            (0..one.len()).filter(|at| one.get(*at) != other.get(*at)).collect();
        return match wrong.as_slice() {
            [] | [_] => true,
            [first, next] => {
                *next == first + 1
                    && one.get(*first) == other.get(*next)
                    && one.get(*next) == other.get(*first)
            }
            _ => false,
        };
    }
    let (short, long) = if one.len() < other.len() { (one, other) } else { (other, one) };
    if short.len() + 1 != long.len() {
        return false;
    }
    let same = short.iter().zip(&long).take_while(|(one, other)| one == other).count();
    short.get(same..) == long.get(same + 1..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_wrong_missing_added_or_moved_is_near_and_two_are_not() {
        for near in ["agent", "agant", "agnt", "aagent", "agnet"] {
            assert!(is_near(near, "agent"), "{near}");
        }
        for far in ["agnts", "gaent s", "tagen", "agentur"] {
            assert!(!is_near(far, "agent"), "{far}");
        }
    }
}
