//! A sentence as its words in order, each made comparable, with what stands before
//! it. Everything a sentence can be told apart by is a word: "not" is one in "can't",
//! a number in any spelling is one, and so is a currency's sign.

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;

use foldhash::HashMap;
use unicode_normalization::char::is_combining_mark;

use crate::text::is_cjk;
use crate::verify::vocabulary::Vocabulary;

/// What stands between a word and the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seam {
    /// Nothing but a space or a hyphen.
    None,
    /// A comma, a colon, a bracket, a quotation mark, an arrow.
    Clause,
    /// The word is the first of its sentence.
    Sentence,
}

#[derive(Debug, Clone)]
pub(super) struct Word {
    /// Folded; of a number its value.
    pub key: Rc<str>,
    /// The key without its ending; the key of a number and of an empty word.
    pub stem: Rc<str>,
    /// Bytes of its sentence. Both words of "can't" have the same.
    pub place: Range<usize>,
    pub weight: f32,
    pub before: Seam,
    /// True if an arrow stands before it: the word begins a step of a menu path.
    pub is_step: bool,
    /// True if a bracket opens before it.
    pub in_brackets: bool,
    pub is_number: bool,
    pub is_negation: bool,
    /// Capitals that no sentence start explains, or letters mixed with digits.
    pub is_name: bool,
    /// Says nothing by itself: "the", "you", "can".
    pub is_empty: bool,
    /// "I", "my".
    pub is_first_person: bool,
    /// Rows of words that may stand for it. Empty for most.
    pub synonyms: &'static [u16],
}

/// Reads sentences; each word is made comparable only once a thread.
#[derive(Debug, Default)]
pub(super) struct Reader {
    languages: HashMap<Option<String>, Rc<RefCell<Vocabulary>>>,
}

impl Reader {
    /// The words of one sentence. Empty for one of marks alone.
    pub(super) fn words(&mut self, sentence: &str, language: Option<&str>) -> Vec<Word> {
        let vocabulary = self
            .languages
            .entry(language.map(str::to_owned))
            .or_insert_with(|| Vocabulary::kept(language));
        let mut vocabulary = vocabulary.borrow_mut();
        let mut words = Vec::new();
        let mut seam = Between::new();
        let mut letters = sentence.char_indices().peekable();
        while let Some((at, letter)) = letters.next() {
            if is_sign(letter) {
                push(&mut words, &mut vocabulary, sentence, at..at + letter.len_utf8(), &mut seam);
                continue;
            }
            if !letter.is_alphanumeric() {
                seam.pass(letter);
                continue;
            }
            let mut end = at + letter.len_utf8();
            if !is_cjk(letter) {
                let mut last = letter;
                while let Some((next_at, next)) = letters.peek().copied() {
                    let after = sentence.get(next_at + next.len_utf8()..);
                    let after = after.and_then(|it| it.chars().next());
                    if !goes_on(letter, last, next, after) {
                        break;
                    }
                    last = next;
                    end = next_at + next.len_utf8();
                    letters.next();
                }
            }
            push(&mut words, &mut vocabulary, sentence, at..end, &mut seam);
        }
        words
    }
}

/// True for the signs that stand for a unit.
pub(super) fn is_sign(letter: char) -> bool {
    matches!(letter, '%' | '$' | '€' | '£' | '¥' | '₹')
}

/// True if `next` belongs to the word that began with `first` and has come to `last`.
fn goes_on(first: char, last: char, next: char, after: Option<char>) -> bool {
    if is_combining_mark(next) || matches!(next, '\u{ad}' | '\u{200b}'..='\u{200d}') {
        return true;
    }
    let digits = |it: Option<char>| it.is_some_and(|it| it.is_ascii_digit());
    match next {
        '\'' | '’' => after.is_some_and(|it| it.is_alphanumeric() && !is_cjk(it)),
        '.' | ',' | ':' | '/' | '-' => last.is_ascii_digit() && digits(after),
        // "30GB" is a number and its unit, "OAuth2" one name.
        _ if first.is_ascii_digit() && last.is_ascii_digit() => next.is_ascii_digit(),
        _ => next.is_alphanumeric() && !is_cjk(next),
    }
}

/// What has been passed since the last word.
struct Between {
    seam: Seam,
    is_step: bool,
    in_brackets: bool,
    last: char,
}

impl Between {
    fn new() -> Between {
        Between { seam: Seam::Sentence, is_step: false, in_brackets: false, last: ' ' }
    }

    fn pass(&mut self, mark: char) {
        let spaced_dash = mark.is_whitespace() && self.last == '-' && self.seam == Seam::None;
        let clause = matches!(
            mark,
            ',' | ':'
                | ';'
                | '.'
                | '!'
                | '?'
                | '('
                | ')'
                | '['
                | ']'
                | '"'
                | '“'
                | '”'
                | '„'
                | '«'
                | '»'
                | '–'
                | '—'
                | '>'
                | '→'
                | '›'
                | '|'
                | '、'
                | '，'
                | '：'
                | '「'
                | '」'
                | '（'
                | '）'
        );
        if clause || spaced_dash {
            self.seam = self.seam.max(Seam::Clause);
        }
        self.is_step |= matches!(mark, '>' | '→' | '›');
        self.in_brackets |= matches!(mark, '(' | '（' | '[');
        self.last = mark;
    }
}

/// Puts one written word in, or the two that "can't" stands for.
fn push(
    words: &mut Vec<Word>,
    vocabulary: &mut Vocabulary,
    sentence: &str,
    place: Range<usize>,
    between: &mut Between,
) {
    let written = sentence.get(place.clone()).unwrap_or_default();
    let german = vocabulary.is_german();
    for known in vocabulary.of(written).iter() {
        let before = std::mem::replace(between, Between { seam: Seam::None, ..Between::new() });
        let explained = german || before.seam == Seam::Sentence;
        words.push(Word {
            key: Rc::clone(&known.key),
            stem: Rc::clone(&known.stem),
            place: place.clone(),
            weight: known.weight,
            before: before.seam,
            is_step: before.is_step,
            in_brackets: before.in_brackets,
            is_number: known.is_number,
            is_negation: known.is_negation,
            is_name: known.is_mixed || (known.has_capital && !explained),
            is_empty: known.is_empty,
            is_first_person: known.is_first_person,
            synonyms: known.synonyms,
        });
    }
}

/// True if one word may stand for the other, and how well: 1.0 for the same word,
/// 0.0 for another one.
pub(super) fn likeness(one: &Word, other: &Word) -> f32 {
    if one.key == other.key {
        return 1.0;
    }
    if one.is_number || other.is_number {
        return 0.0;
    }
    if one.stem == other.stem {
        return SAME_STEM;
    }
    let shared = one.synonyms.iter().any(|it| other.synonyms.contains(it));
    if shared { SYNONYM } else { 0.0 }
}

// Guessed: a little less than the word itself, so that it is preferred.
const SAME_STEM: f32 = 0.95;
const SYNONYM: f32 = 0.8;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn keys(text: &str) -> Vec<String> {
        let words = Reader::default().words(text, Some("en"));
        words.iter().map(|it| it.key.as_ref().to_owned()).collect()
    }

    #[test]
    fn what_short_forms_numbers_and_signs_stand_for_are_words() {
        assert_eq!(keys("You can't."), keys("You cannot."));
        assert_eq!(keys("It doesn’t and won't"), ["it", "does", "not", "and", "will", "not"]);
        assert_eq!(keys("within two days"), keys("within 2 days"));
        assert_eq!(keys("30GB, 1,000 users"), ["30", "gb", "1000", "users"]);
        assert_eq!(keys("$20 or 5 %"), ["usd", "20", "or", "5", "%"]);
        assert_eq!(keys("v60.9.1 of OAuth2"), ["v60.9.1", "of", "oauth2"]);
        assert_eq!(keys("设置 OK"), ["设", "置", "ok"]);
    }

    #[test]
    fn marks_that_stand_upon_no_letter_are_no_word() {
        assert_eq!(keys("\u{1e01b}'\u{c62} 5"), ["5"]);
    }

    #[test]
    fn seams_steps_and_names_are_seen() {
        let words = Reader::default().words("Go to Settings > Privacy (beta).", Some("en"));
        let at = |key: &str| words.iter().find(|it| it.key.as_ref() == key).unwrap();
        assert_eq!(at("go").before, Seam::Sentence);
        assert!(at("settings").is_name && !at("settings").is_step && !at("go").is_name);
        assert!(at("privacy").is_step && at("beta").in_brackets);
        assert_eq!(at("beta").before, Seam::Clause);
    }

    proptest! {
        #[test]
        fn any_text_has_words_that_stand_in_it(text in "\\PC{0,200}|[0-9.,:/'’ €$a-zA-Z>-]{0,80}") {
            for language in [None, Some("en"), Some("fr"), Some("zh")] {
                for word in Reader::default().words(&text, language) {
                    prop_assert!(text.get(word.place.clone()).is_some_and(|it| !it.is_empty()));
                    prop_assert!(!word.key.is_empty() && !word.stem.is_empty());
                }
            }
        }
    }
}
