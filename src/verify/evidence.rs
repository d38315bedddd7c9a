//! A cited passage as verify sees it: its sentences, all its words in a row, and
//! where each word stands.

use std::collections::BTreeSet;
use std::ops::Range;
use std::rc::Rc;

use foldhash::HashMap;
use foldhash::HashMapExt as _;

use crate::knowledge::Passage;
use crate::text::sentences::line_kind;
use crate::text::sentences::sentences;
use crate::text::sentences::without_pictures;
use crate::text::terms::fold;
use crate::verify::words::Reader;
use crate::verify::words::Seam;
use crate::verify::words::Word;

#[derive(Debug)]
pub(super) struct Evidence {
    pub language: Option<String>,
    pub lines: Vec<Line>,
    /// Of all lines, in order.
    pub words: Vec<Word>,
    /// For each word, the line it stands in.
    pub line_of: Vec<usize>,
    /// Folded words of title and headings: everything below is about them.
    pub about: BTreeSet<String>,
    text: String,
    by_stem: HashMap<Rc<str>, Vec<usize>>,
    /// By row of synonyms.
    by_row: HashMap<u16, Vec<usize>>,
}

/// A sentence, step or table row of a passage.
#[derive(Debug)]
pub(super) struct Line {
    pub text: String,
    /// Its words among [`Evidence::words`].
    pub words: Range<usize>,
}

impl Evidence {
    pub(super) fn read(passage: &Passage, reader: &mut Reader) -> Evidence {
        let language = passage.language.as_deref();
        let text = without_pictures(&passage.text);
        let (mut lines, mut words, mut line_of) = (Vec::new(), Vec::new(), Vec::new());
        for line in sentences(&text) {
            let line = line_kind(line).1;
            let start = words.len();
            words.extend(reader.words(line, language));
            line_of.resize(words.len(), lines.len());
            lines.push(Line { text: line.to_owned(), words: start..words.len() });
        }
        let mut by_stem: HashMap<Rc<str>, Vec<usize>> = HashMap::new();
        let mut by_row: HashMap<u16, Vec<usize>> = HashMap::new();
        for (at, word) in words.iter().enumerate() {
            by_stem.entry(Rc::clone(&word.stem)).or_default().push(at);
            for row in word.synonyms {
                by_row.entry(*row).or_default().push(at);
            }
        }
        let about = format!("{} . {}", passage.title, passage.headings.join(" . "));
        Evidence {
            about: about.split(|it: char| !it.is_alphanumeric()).map(fold).collect(),
            language: passage.language.clone(),
            text: text.into_owned(),
            lines,
            words,
            line_of,
            by_stem,
            by_row,
        }
    }

    /// Where the passage has this word or one that may stand for it, in order, each
    /// place once.
    pub(super) fn places(&self, word: &Word) -> Vec<usize> {
        let mut places = self.by_stem.get(&word.stem).cloned().unwrap_or_default();
        for row in word.synonyms {
            places.extend(self.by_row.get(row).into_iter().flatten());
        }
        if !word.synonyms.is_empty() {
            places.sort_unstable();
            places.dedup();
        }
        places
    }

    /// True if the passage has this very word, or one of the same stem.
    pub(super) fn has(&self, word: &Word) -> bool {
        self.by_stem.contains_key(&word.stem)
    }

    /// True if the passage has the word, or one that may stand for it.
    pub(super) fn has_like(&self, word: &Word) -> bool {
        self.has(word) || word.synonyms.iter().any(|it| self.by_row.contains_key(it))
    }

    /// True if the passage holds the words of the sentence one after the other, and
    /// nothing just before them turns them round.
    pub(super) fn holds_verbatim(&self, sentence: &[Word]) -> bool {
        let Some(first) = sentence.first() else { return false };
        let starts = self.by_stem.get(&first.stem).into_iter().flatten();
        starts.into_iter().any(|start| {
            let there = self.words.get(*start..*start + sentence.len()).unwrap_or_default();
            there.len() == sentence.len()
                && there.iter().zip(sentence).all(|(it, other)| it.key == other.key)
                && !self.is_denied(*start)
        })
    }

    /// True if the word at `start` follows a "not" of its own clause.
    pub(super) fn is_denied(&self, start: usize) -> bool {
        let begins = self.words.get(start).is_none_or(|it| it.before != Seam::None);
        let before = start.checked_sub(1).and_then(|it| self.words.get(it));
        !begins && before.is_some_and(|it| it.is_negation)
    }

    /// True if the clause ends with this word.
    pub(super) fn ends_clause(&self, at: usize) -> bool {
        self.words.get(at + 1).is_none_or(|it| it.before != Seam::None)
    }

    /// True if an address stands in the passage, letter for letter.
    pub(super) fn holds_address(&self, address: &str) -> bool {
        self.text.contains(address)
    }
}
