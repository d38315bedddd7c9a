//! Words made comparable: lower case, stemmed, folded, without those that say
//! nothing. Scripts without spaces become pairs of characters.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::LazyLock;

use foldhash::HashMap;
use foldhash::HashMapExt as _;
use tantivy::tokenizer::Language;
use tantivy::tokenizer::RawTokenizer;
use tantivy::tokenizer::Stemmer;
use tantivy::tokenizer::StopWordFilter;
use tantivy::tokenizer::TextAnalyzer;
use tantivy::tokenizer::TokenStream as _;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::text::is_cjk;

/// English words that say nothing about what a support question is about. Other
/// languages use tantivy's lists; its English one is too short for questions.
const ENGLISH: &str = "a an and are as at be been being but by can cannot could did do does doing done for from \
had has have having he her hers him his how i if in into is it its just me my mine no nor not of off on or our \
ours out over she so some such than that the their theirs them then there these they this those through to too \
under until up us very was we were what when where which while who whom why will with would you your yours am \
also any anyone anything please thanks thank hi hello hey dear regards help need want like get got getting \
know don doesn didn isn aren wasn weren won wouldn couldn shouldn can't hasn haven hadn ll ve re im ive dont \
doesnt didnt cant wont isnt t s d m o should may might must shall let lets think going go make way thing things \
something now still even really much many more most here there well one ok okay yes every again tell could";

/// The words of a text that carry meaning, in order, repeats kept.
///
/// `language` is an ISO 639-1 code and picks stemmer and stop words; `None` is
/// read as English. Compare only lists made with the same language.
pub fn terms(text: &str, language: Option<&str>) -> Vec<String> {
    Terms::new(language).of(text).iter().map(|it| it.as_ref().to_owned()).collect()
}

/// Makes the terms of many texts of one language. Each word is stemmed only once:
/// the passages about one matter say the same words, and so do those of the next ticket.
pub struct Terms {
    language: Option<String>,
    stem: TextAnalyzer,
    known: Known,
}

/// The term of each word that was met; `None` for one that says nothing.
type Known = HashMap<String, Option<Rc<str>>>;

/// Words of one language that a thread keeps: those of a large help center, some 2 MB.
/// (A choice.)
const MAX_KEPT: usize = 20_000;

/// Languages a thread keeps words of. (A choice.)
const MAX_LANGUAGES: usize = 12;

/// Longer words are keys and addresses, and come once. (A choice.)
const MAX_KEPT_BYTES: usize = 40;

thread_local! {
    /// What the last [`Terms`] of each language had met. A stem is the same whoever asks
    /// for it, so this changes no result, only how long it takes.
    static KEPT: RefCell<HashMap<Option<String>, Known>> = RefCell::new(HashMap::new());
}

impl std::fmt::Debug for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terms").field("language", &self.language).finish_non_exhaustive()
    }
}

impl Terms {
    pub fn new(language: Option<&str>) -> Terms {
        let (language, stem) = (language.map(str::to_owned), analyzer_for(language).clone());
        let kept = KEPT.try_with(|it| it.borrow_mut().remove(&language));
        Terms { language, stem, known: kept.ok().flatten().unwrap_or_default() }
    }

    /// As [`terms`] in the language of these.
    pub fn of(&mut self, text: &str) -> Vec<Rc<str>> {
        // French and Italian put the apostrophe between two words, English within one.
        let splits = matches!(self.language.as_deref(), Some("fr" | "it" | "ca"));
        let (spaced, pairs) = split_scripts(text, if splits { " " } else { "" });
        let mut terms = Vec::new();
        for word in spaced.split(' ').filter(|it| !it.is_empty()) {
            terms.extend(self.of_word(word));
        }
        terms.extend(pairs.into_iter().map(Rc::from));
        terms
    }

    /// The term of one lower-case word; `None` for one that says nothing.
    pub fn of_word(&mut self, word: &str) -> Option<Rc<str>> {
        if let Some(known) = self.known.get(word) {
            return known.clone();
        }
        let term = self.term(word);
        if word.len() <= MAX_KEPT_BYTES {
            self.known.insert(word.to_owned(), term.clone());
        }
        term
    }

    fn term(&mut self, word: &str) -> Option<Rc<str>> {
        let mut stream = self.stem.token_stream(word);
        if !stream.advance() {
            return None;
        }
        let mut term = fold(&stream.token().text);
        // Folding takes some presentation forms apart into a space and a mark.
        term.retain(|it| !it.is_whitespace());
        (!term.is_empty()).then(|| Rc::from(term))
    }
}

impl Drop for Terms {
    fn drop(&mut self) {
        let (language, known) = (self.language.take(), std::mem::take(&mut self.known));
        if MAX_KEPT < known.len() {
            return;
        }
        // A thread that ends keeps nothing.
        let keep = |it: &RefCell<HashMap<Option<String>, Known>>| {
            let mut kept = it.borrow_mut();
            let has_room = kept.len() < MAX_LANGUAGES || kept.contains_key(&language);
            if has_room && kept.get(&language).is_none_or(|it| it.len() < known.len()) {
                kept.insert(language, known);
            }
        };
        KEPT.try_with(keep).ok();
    }
}

fn analyzer_for(language: Option<&str>) -> &'static TextAnalyzer {
    static ALL: LazyLock<Vec<(&str, TextAnalyzer)>> = LazyLock::new(|| {
        let listed = [
            ("ar", Language::Arabic),
            ("da", Language::Danish),
            ("nl", Language::Dutch),
            ("fi", Language::Finnish),
            ("fr", Language::French),
            ("de", Language::German),
            ("el", Language::Greek),
            ("hu", Language::Hungarian),
            ("it", Language::Italian),
            ("no", Language::Norwegian),
            ("nb", Language::Norwegian),
            ("pt", Language::Portuguese),
            ("ro", Language::Romanian),
            ("ru", Language::Russian),
            ("es", Language::Spanish),
            ("sv", Language::Swedish),
            ("tr", Language::Turkish),
        ];
        let none = || StopWordFilter::remove(Vec::new());
        let analyzer = |it| analyzer(StopWordFilter::new(it).unwrap_or_else(none), it);
        listed.into_iter().map(|(code, it)| (code, analyzer(it))).collect()
    });
    static DEFAULT: LazyLock<TextAnalyzer> = LazyLock::new(|| {
        let words = ENGLISH.split_whitespace().map(str::to_owned);
        analyzer(StopWordFilter::remove(words), Language::English)
    });
    let code = language.map(|it| it.get(..2).unwrap_or(it)).unwrap_or("en");
    ALL.iter().find(|(it, _)| *it == code).map_or(&DEFAULT, |(_, it)| it)
}

fn analyzer(stop_words: StopWordFilter, language: Language) -> TextAnalyzer {
    let words = TextAnalyzer::builder(RawTokenizer::default());
    words.filter(stop_words).filter(Stemmer::new(language)).build()
}

/// Lower-case words joined by spaces, and the character pairs of what is
/// written without spaces.
fn split_scripts(text: &str, apostrophe: &str) -> (String, Vec<String>) {
    let mut spaced = String::with_capacity(text.len());
    let mut pairs = Vec::new();
    let mut run: Vec<char> = Vec::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() && run.is_empty() {
            spaced.push(letter.to_ascii_lowercase());
            continue;
        }
        if is_cjk(letter) && letter.is_alphanumeric() {
            run.push(letter);
            continue;
        }
        flush_pairs(&mut run, &mut pairs);
        if letter.is_alphanumeric() || is_combining_mark(letter) {
            spaced.extend(letter.to_lowercase());
        } else if matches!(letter, '\'' | '’') {
            spaced.push_str(apostrophe);
        } else if !matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200d}') {
            spaced.push(' ');
        }
    }
    flush_pairs(&mut run, &mut pairs);
    (spaced, pairs)
}

fn flush_pairs(run: &mut Vec<char>, pairs: &mut Vec<String>) {
    if run.is_empty() {
        return;
    }
    if let [only] = run.as_slice() {
        pairs.push(only.to_string());
    }
    pairs.extend(run.windows(2).map(|it| it.iter().collect::<String>()));
    run.clear();
}

/// The runs of `n` letters of a word, first to last; none if it has fewer.
pub fn runs(word: &str, n: usize) -> impl Iterator<Item = &str> {
    let starts = word.char_indices().map(|(at, _)| at);
    let ends = starts.clone().chain([word.len()]).skip(n);
    starts.zip(ends).filter_map(|(start, end)| word.get(start..end))
}

/// Lower case without accents: `É` and `e` are one letter to a hurried customer.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let plain = text.nfkd().filter(|it| !is_combining_mark(*it)).flat_map(char::to_lowercase);
    plain.map(|it| if it == 'ı' { 'i' } else { it }).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_question_and_its_article_meet_in_the_same_terms() {
        assert_eq!(terms("How can I forward my messages?", Some("en")), ["forward", "messag"]);
        assert_eq!(terms("Forwarding a Message", Some("en")), ["forward", "messag"]);
        assert_eq!(terms("Häuser", Some("de")), terms("Haus", Some("de")));
        assert_eq!(terms("l'adresse", Some("fr")), terms("adresses", Some("fr")));
    }

    #[test]
    fn a_word_has_runs_of_letters_and_a_short_one_has_none() {
        assert_eq!(runs("^größe$", 5).collect::<Vec<_>>(), ["^größ", "größe", "röße$"]);
        assert_eq!(runs("密码", 2).collect::<Vec<_>>(), ["密码"]);
        assert_eq!(runs("^a$", 4).count(), 0);
    }

    #[test]
    fn what_is_written_without_spaces_becomes_pairs() {
        assert_eq!(terms("重置密码", None), ["重置", "置密", "密码"]);
        assert_eq!(terms("PDF出力", None), ["pdf", "出力"]);
    }

    proptest! {
        #[test]
        fn any_text_has_terms_without_space_and_upper_case(text in "\\PC{0,100}", language in "[a-z]{0,3}") {
            for term in terms(&text, Some(&language)) {
                prop_assert!(!term.is_empty());
                prop_assert!(!term.contains(char::is_whitespace));
            }
        }
    }
}
