//! Words made comparable: lower case, stemmed, folded, without those that say
//! nothing. Scripts without spaces become pairs of characters.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::LazyLock;

use tantivy::tokenizer::Language;
use tantivy::tokenizer::RawTokenizer;
use tantivy::tokenizer::Stemmer;
use tantivy::tokenizer::StopWordFilter;
use tantivy::tokenizer::TextAnalyzer;
use unicode_normalization::char::decompose_compatible;
use unicode_normalization::char::is_combining_mark;

use crate::text::is_cjk;
use crate::text::stems::Stems;
use crate::text::stems::kept;

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

/// Makes the terms of many texts of one language.
pub struct Terms {
    /// True where the apostrophe stands between two words, as in French and Italian; in
    /// English it stands within one.
    splits: bool,
    /// The language whose rules words are read by.
    code: &'static str,
    stems: Rc<RefCell<Stems>>,
}

impl std::fmt::Debug for Terms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Terms").field("splits", &self.splits).finish_non_exhaustive()
    }
}

impl Terms {
    pub fn new(language: Option<&str>) -> Terms {
        let (code, rules) = rules_of(language);
        let stems = kept("terms", code, || Stems::new(rules.clone(), finished));
        Terms { splits: matches!(language, Some("fr" | "it" | "ca")), code, stems }
    }

    /// How texts are read: those that are read alike have the same terms.
    pub fn manner(&self) -> (&'static str, bool) {
        (self.code, self.splits)
    }

    /// As [`terms`] in the language of these.
    pub fn of(&self, text: &str) -> Vec<Rc<str>> {
        let mut stems = self.stems.borrow_mut();
        let mut terms = Vec::new();
        if text.is_ascii() {
            // Nothing to take apart and no pairs: most texts.
            each_ascii_word(text, self.splits, |word| terms.extend(stems.of(word)));
            return terms;
        }
        let (spaced, pairs) = split_scripts(text, if self.splits { " " } else { "" });
        for word in spaced.split(' ').filter(|it| !it.is_empty()) {
            terms.extend(stems.of(word));
        }
        terms.extend(pairs.into_iter().map(Rc::from));
        terms
    }

    /// The term of one lower-case word; `None` for one that says nothing.
    pub fn of_word(&self, word: &str) -> Option<Rc<str>> {
        self.stems.borrow_mut().of(word)
    }
}

/// A stem as a term.
fn finished(stem: &str) -> String {
    let mut term = fold(stem);
    // Folding takes some presentation forms apart into a space and a mark.
    term.retain(|it| !it.is_whitespace());
    term
}

/// The language whose rules a text is read by, and those.
fn rules_of(language: Option<&str>) -> (&'static str, &'static TextAnalyzer) {
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
    let listed = ALL.iter().find(|(it, _)| *it == code);
    listed.map_or_else(|| ("en", &*DEFAULT), |(code, it)| (*code, it))
}

fn analyzer(stop_words: StopWordFilter, language: Language) -> TextAnalyzer {
    let words = TextAnalyzer::builder(RawTokenizer::default());
    words.filter(stop_words).filter(Stemmer::new(language)).build()
}

/// As [`split_scripts`] of a text that is all ASCII.
fn each_ascii_word(text: &str, splits: bool, mut each: impl FnMut(&str)) {
    let lower = text.to_ascii_lowercase();
    let is_within = |it: char| it.is_ascii_alphanumeric() || it == '\'' && !splits;
    for word in lower.split(|it| !is_within(it)) {
        if !word.contains('\'') {
            if !word.is_empty() {
                each(word);
            }
            continue;
        }
        let bare = word.replace('\'', "");
        if !bare.is_empty() {
            each(&bare);
        }
    }
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
        if letter.is_alphanumeric() || !letter.is_ascii() && is_combining_mark(letter) {
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
    let mut folded = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            folded.push(letter.to_ascii_lowercase());
            continue;
        }
        // One by one: the only thing that order would change is the marks, which go.
        decompose_compatible(letter, |part| {
            if !is_combining_mark(part) {
                folded.extend(part.to_lowercase().map(|it| if it == 'ı' { 'i' } else { it }));
            }
        });
    }
    folded
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
        fn letters_folded_one_by_one_are_the_text_folded_as_a_whole(text in "\\PC{0,40}") {
            use unicode_normalization::UnicodeNormalization as _;
            let whole = text.nfkd().filter(|it| !is_combining_mark(*it));
            let whole: String = whole.flat_map(char::to_lowercase).collect();
            prop_assert_eq!(fold(&text), whole.replace('ı', "i"));
        }

        #[test]
        fn any_text_has_terms_without_space_and_upper_case(text in "\\PC{0,100}", language in "[a-z]{0,3}") {
            for term in terms(&text, Some(&language)) {
                prop_assert!(!term.is_empty());
                prop_assert!(!term.contains(char::is_whitespace));
            }
        }

        #[test]
        fn plain_letters_are_cut_as_all_others(text in "[ -~]{0,60}", splits: bool) {
            let (spaced, pairs) = split_scripts(&text, if splits { " " } else { "" });
            let mut words = Vec::new();
            each_ascii_word(&text, splits, |it| words.push(it.to_owned()));
            let expected: Vec<&str> = spaced.split(' ').filter(|it| !it.is_empty()).collect();
            prop_assert_eq!(words, expected);
            prop_assert!(pairs.is_empty());
        }
    }
}
