//! What holds of a word wherever it stands: its stem, what it weighs, whether it is a
//! number, a negation, a name. Found out once a thread for each word of a language.

use std::cell::RefCell;
use std::rc::Rc;

use crate::kept::Kept;
use crate::text::facts;
use crate::text::is_cjk;
use crate::text::terms::Terms;
use crate::text::terms::fold;
use crate::verify::tables::tables;
use crate::verify::words::is_sign;

// What a word weighs in the shares below. Guessed, then left alone.
const WEIGHT: f32 = 1.0;
/// Of "the", "you", "can": they stand in every passage.
const EMPTY_WEIGHT: f32 = 0.3;
const NUMBER_WEIGHT: f32 = 1.5;
/// Of one letter of a script without spaces: some two make a word.
const LETTER_WEIGHT: f32 = 0.5;

/// The words of one language that were met so far.
#[derive(Debug)]
pub(super) struct Vocabulary {
    language: Option<String>,
    terms: Terms,
    /// By word as it was written.
    known: Kept<String, Rc<[Known]>>,
}

/// Words, and languages, that are kept, or up to twice as many. (A choice: some 2 MB.)
const N_WORDS: usize = 5_000;
const N_LANGUAGES: usize = 10;

thread_local! {
    static KEPT: RefCell<Kept<Option<String>, Rc<RefCell<Vocabulary>>>> =
        RefCell::new(Kept::new(N_LANGUAGES));
}

/// What holds of a word wherever it stands.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub key: Rc<str>,
    pub stem: Rc<str>,
    pub weight: f32,
    pub is_number: bool,
    pub is_negation: bool,
    pub is_empty: bool,
    pub is_first_person: bool,
    pub synonyms: &'static [u16],
    /// A name with a capital that nothing explains, and one in any place.
    pub has_capital: bool,
    pub is_mixed: bool,
}

impl Vocabulary {
    fn new(language: Option<&str>) -> Vocabulary {
        Vocabulary {
            language: language.map(str::to_owned),
            terms: Terms::new(language),
            known: Kept::new(N_WORDS),
        }
    }

    /// What this thread knows of a language's words.
    pub(super) fn kept(language: Option<&str>) -> Rc<RefCell<Vocabulary>> {
        let key = language.map(str::to_owned);
        let known = KEPT.try_with(|it| it.borrow_mut().get(&key)).ok().flatten();
        known.unwrap_or_else(|| {
            let vocabulary = Rc::new(RefCell::new(Vocabulary::new(language)));
            // A thread that ends keeps nothing.
            KEPT.try_with(|it| it.borrow_mut().put(key, Rc::clone(&vocabulary))).ok();
            vocabulary
        })
    }

    /// What holds of one written word, or of the two that "can't" stands for.
    pub(super) fn of(&mut self, written: &str) -> Rc<[Known]> {
        if let Some(known) = self.known.get(written) {
            return known;
        }
        let known = self.look_at(written);
        self.known.put_word(written, Rc::clone(&known));
        known
    }

    /// True if every noun has a capital.
    pub(super) fn is_german(&self) -> bool {
        self.language.as_deref() == Some("de")
    }

    fn look_at(&self, written: &str) -> Rc<[Known]> {
        let lower = fold(written).replace('’', "'");
        let splits = matches!(self.language.as_deref(), Some("fr" | "it" | "ca"));
        let parts: Vec<&str> =
            if splits { lower.split('\'').collect() } else { apart(&lower).to_vec() };
        // Of a letter that is a mark upon another, folding leaves nothing.
        let parts = parts.into_iter().map(|it| it.replace('\'', "")).filter(|it| !it.is_empty());
        parts.map(|it| self.look_at_part(&it, written)).collect()
    }

    fn look_at_part(&self, part: &str, written: &str) -> Known {
        let value = facts::value(part);
        let is_number = value.is_some();
        let sign = if written.starts_with(is_sign) { facts::unit(part) } else { None };
        let key: Rc<str> = match (&value, sign) {
            (Some(value), _) => Rc::from(value.as_str()),
            (None, Some(sign)) => Rc::from(sign),
            (None, None) => Rc::from(part),
        };
        let term = if is_number { None } else { self.terms.of_word(&key) };
        let is_letter = written.starts_with(is_cjk);
        let is_empty = term.is_none() && !is_number && !is_letter;
        let mut letters = written.chars();
        let capital = letters.next().is_some_and(char::is_uppercase) && letters.next().is_some();
        let inner = |it: char| it.is_uppercase() || it.is_ascii_digit();
        let stem = term.filter(|_| !is_letter).unwrap_or_else(|| Rc::clone(&key));
        let language = self.language.as_deref();
        Known {
            synonyms: if is_number { &[] } else { tables().synonyms(&stem, language) },
            is_first_person: tables().is_first_person(&key),
            stem,
            weight: match (is_number, is_letter, is_empty) {
                (true, _, _) => NUMBER_WEIGHT,
                (_, true, _) => LETTER_WEIGHT,
                (_, _, true) => EMPTY_WEIGHT,
                (_, _, false) => WEIGHT,
            },
            is_number,
            is_negation: facts::is_negation(&key),
            is_empty,
            has_capital: !is_number && capital,
            is_mixed: !is_number && written.chars().skip(1).any(inner),
            key,
        }
    }
}

/// The words an English short form stands for; the word itself if it is none. `word`
/// is folded.
fn apart(word: &str) -> [&str; 2] {
    match word {
        "cannot" | "can't" | "cant" => return ["can", "not"],
        "won't" => return ["will", "not"],
        "shan't" => return ["shall", "not"],
        "dont" | "don't" => return ["do", "not"],
        "doesnt" => return ["does", "not"],
        "i'm" => return ["i", "am"],
        _ => {}
    }
    let endings =
        [("n't", "not"), ("'ll", "will"), ("'re", "are"), ("'ve", "have"), ("'d", "would")];
    for (ending, whole) in endings {
        if let Some(stem) = word.strip_suffix(ending) {
            return [stem, whole];
        }
    }
    [word.strip_suffix("'s").unwrap_or(word), ""]
}
