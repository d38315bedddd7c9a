//! The words of a text as the index knows them: lower case, folded, stemmed by
//! language, without words every question has. The same for passages and queries.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::LazyLock;

use tantivy::tokenizer::AsciiFoldingFilter;
use tantivy::tokenizer::Language;
use tantivy::tokenizer::RawTokenizer;
use tantivy::tokenizer::Stemmer;
use tantivy::tokenizer::StopWordFilter;
use tantivy::tokenizer::TextAnalyzer;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::text::stems::Stems;
use crate::text::stems::kept;

/// Longer words are no words: keys, hashes, base64. (Guessed.)
const MAX_WORD_LETTERS: usize = 40;

/// Longer pairs of words around a hyphen are not one word. (Guessed.)
const MAX_JOINED_LETTERS: usize = 20;

/// Used for texts whose language is not known or has no stemmer of its own.
const FALLBACK: &str = "en";

/// Words of English questions and greetings that say nothing about the matter,
/// beside the usual stop words.
const ENGLISH_FILLERS: &str = "\
    i me my mine we us our you your yours he she him her his its them am been being were do \
    does did doing done have has had having can could cannot would should shall may might must \
    how what when where which who whom why whose from about so than too very just also any \
    some all both each more most other own same only again now here out up down over under off \
    don didn doesn isn wasn aren weren won couldn wouldn shouldn hasn haven hadn ain ll ve re \
    hi hello hey dear please thanks thank regards sincerely anyone anybody someone something \
    anything everything because while since though although however really im ive dont cant \
    get got want wants need know like way";

/// By language; for one word that is cut and in lower case already.
static RULES: LazyLock<HashMap<&'static str, TextAnalyzer>> = LazyLock::new(|| {
    let languages = [
        ("ar", Language::Arabic),
        ("da", Language::Danish),
        ("de", Language::German),
        ("el", Language::Greek),
        ("en", Language::English),
        ("es", Language::Spanish),
        ("fi", Language::Finnish),
        ("fr", Language::French),
        ("hu", Language::Hungarian),
        ("it", Language::Italian),
        ("nl", Language::Dutch),
        ("no", Language::Norwegian),
        ("pt", Language::Portuguese),
        ("ro", Language::Romanian),
        ("ru", Language::Russian),
        ("sv", Language::Swedish),
        ("ta", Language::Tamil),
        ("tr", Language::Turkish),
    ];
    languages.into_iter().map(|(code, language)| (code, analyzer(language))).collect()
});

fn analyzer(language: Language) -> TextAnalyzer {
    let mut builder = TextAnalyzer::builder(RawTokenizer::default()).dynamic();
    if let Some(stop_words) = StopWordFilter::new(language) {
        builder = builder.filter_dynamic(stop_words);
    }
    if language == Language::English {
        let fillers = ENGLISH_FILLERS.split_whitespace().map(str::to_owned);
        builder = builder.filter_dynamic(StopWordFilter::remove(fillers));
    }
    // Folded before stemming: who writes "activé" without its accent must find it.
    builder.filter_dynamic(AsciiFoldingFilter).filter_dynamic(Stemmer::new(language)).build()
}

/// The language whose rules a text is stemmed by: its own, or English where it
/// has none or its language is not known.
pub(super) fn code_of(language: Option<&str>) -> &'static str {
    let code = language.unwrap_or(FALLBACK).split(['-', '_']).next().unwrap_or(FALLBACK);
    RULES.get_key_value(code).map_or(FALLBACK, |(code, _)| *code)
}

/// Every language with rules of its own.
pub(super) fn codes() -> impl Iterator<Item = &'static str> {
    RULES.keys().copied()
}

/// The stems of a text in reading order, repeats included. Linear in its length.
pub(super) fn stems(text: &str, language: Option<&str>) -> Vec<String> {
    let Some(known) = stems_in(code_of(language)) else { return Vec::new() };
    let mut known = known.borrow_mut();
    let stems = split(text).into_iter().filter_map(|it| known.of(&it));
    stems.map(|it| it.as_ref().to_owned()).collect()
}

/// The stems of a language's words.
fn stems_in(code: &'static str) -> Option<Rc<RefCell<Stems>>> {
    let rules = RULES.get(code)?;
    Some(kept("index", code, || Stems::new(rules.clone(), str::to_owned)))
}

/// For each word of a question its stems in several languages, without repeats:
/// a passage is found whichever of them it is written in. Words that say nothing
/// in the question's own language are left out.
pub(super) fn question_stems(
    text: &str,
    language: Option<&str>,
    written: &[&'static str],
) -> Vec<Vec<String>> {
    let code = code_of(language);
    let Some(own) = stems_in(code) else { return Vec::new() };
    let is_written = written.contains(&code);
    let others = written.iter().filter(|it| **it != code);
    let others: Vec<_> = others.filter_map(|it| stems_in(it)).collect();
    let stems_of = |word: &String| {
        let stem = own.borrow_mut().of(word)?;
        let mut stems: Vec<String> = Vec::with_capacity(1 + others.len());
        if is_written {
            stems.push(stem.as_ref().to_owned());
        }
        for other in &others {
            let stem = other.borrow_mut().of(word);
            stems.extend(
                stem.filter(|it| !stems.iter().any(|known| known == it.as_ref()))
                    .map(|it| it.as_ref().to_owned()),
            );
        }
        (!stems.is_empty()).then_some(stems)
    };
    split(text).iter().filter_map(stems_of).collect()
}

fn split(text: &str) -> Vec<String> {
    let mut cutter = Cutter::default();
    if text.is_ascii() {
        // Nothing to compose: most texts.
        text.bytes().for_each(|it| cutter.push(char::from(it.to_ascii_lowercase())));
        cutter.end_word();
        return cutter.words;
    }
    for letter in text.nfkc() {
        for lower in letter.to_lowercase() {
            cutter.push(lower);
        }
    }
    cutter.end_word();
    cutter.words
}

#[derive(Default)]
struct Cutter {
    words: Vec<String>,
    word: String,
    n_letters: usize,
    /// The word before the hyphen that was just read.
    before_hyphen: Option<String>,
    /// The last letter of a script without spaces, and if it stands in a pair.
    lone: Option<(char, bool)>,
}

impl Cutter {
    fn push(&mut self, letter: char) {
        if is_unspaced(letter) {
            self.end_spaced_word();
            if let Some((before, _)) = self.lone {
                self.words.push(String::from_iter([before, letter]));
            }
            self.lone = Some((letter, self.lone.is_some()));
            return;
        }
        self.end_unspaced_word();
        if letter.is_alphanumeric() || !letter.is_ascii() && is_combining_mark(letter) {
            self.n_letters += 1;
            if self.n_letters <= MAX_WORD_LETTERS {
                self.word.push(letter);
            }
        } else if letter == '-' && !self.word.is_empty() {
            // "e-mail" is "email", and "wi-fi" is found as "wifi" as well.
            let word = std::mem::take(&mut self.word);
            self.push_word(&word);
            self.before_hyphen = Some(word);
            self.n_letters = 0;
        } else {
            self.end_spaced_word();
        }
    }

    fn end_word(&mut self) {
        self.end_spaced_word();
        self.end_unspaced_word();
    }

    fn end_spaced_word(&mut self) {
        let before = self.before_hyphen.take();
        let word = std::mem::take(&mut self.word);
        if self.n_letters <= MAX_WORD_LETTERS && !word.is_empty() {
            let is_prefix = before.as_ref().is_some_and(|it| it.len() == 1);
            if !is_prefix {
                self.push_word(&word);
            }
            if let Some(joined) = before.map(|it| it + &word)
                && (is_prefix || joined.chars().count() <= MAX_JOINED_LETTERS)
            {
                self.words.push(joined);
            }
        }
        self.n_letters = 0;
    }

    fn end_unspaced_word(&mut self) {
        if let Some((letter, paired)) = self.lone.take()
            && !paired
        {
            self.words.push(letter.to_string());
        }
    }

    fn push_word(&mut self, word: &str) {
        // One Latin letter is what an apostrophe or a hyphen left over.
        let mut letters = word.chars();
        let first = letters.next();
        if letters.next().is_none() && first.is_some_and(|it| it.is_ascii_alphabetic()) {
            return;
        }
        self.words.push(word.to_owned());
    }
}

/// Scripts that write words without spaces between them.
fn is_unspaced(letter: char) -> bool {
    matches!(letter,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{ff66}'..='\u{ff9f}' | '\u{20000}'..='\u{2fa1f}'
        | '\u{0e00}'..='\u{0e7f}' | '\u{0e80}'..='\u{0eff}' | '\u{1780}'..='\u{17ff}'
        | '\u{1000}'..='\u{109f}')
}

#[cfg(test)]
mod tests;
