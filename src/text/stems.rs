//! The stems of words, each made only once a thread: the passages about one matter say
//! the same words, and so do those of the next ticket. A stem is the same whoever asks
//! for it, so that they are kept changes no result, only how long it takes.

use std::cell::RefCell;
use std::rc::Rc;

use foldhash::HashMap;
use foldhash::HashMapExt as _;
use tantivy::tokenizer::TextAnalyzer;
use tantivy::tokenizer::TokenStream as _;

use crate::kept::Kept;

/// Words that are kept, or up to twice as many: those of a large help center, some 2 MB.
/// (A choice.)
const N_KEPT: usize = 10_000;

/// By who asks and by language: both are few.
type ByLanguage = HashMap<(&'static str, &'static str), Rc<RefCell<Stems>>>;

thread_local! {
    static KEPT: RefCell<ByLanguage> = RefCell::new(HashMap::new());
}

/// The stems this thread has made for `asker` in a language; `open` begins anew.
pub(crate) fn kept(
    asker: &'static str,
    code: &'static str,
    open: impl Fn() -> Stems,
) -> Rc<RefCell<Stems>> {
    let open = || Rc::new(RefCell::new(open()));
    let entry = |it: &RefCell<ByLanguage>| {
        Rc::clone(it.borrow_mut().entry((asker, code)).or_insert_with(open))
    };
    // A thread that ends keeps nothing.
    KEPT.try_with(entry).unwrap_or_else(|_| open())
}

/// The words of one language that were met, with their stems.
pub(crate) struct Stems {
    /// Takes a word as a whole and gives one token, or none.
    rules: TextAnalyzer,
    /// What is done to a stem before it is kept.
    finish: fn(&str) -> String,
    known: Kept<String, Option<Rc<str>>>,
}

impl Stems {
    pub(crate) fn new(rules: TextAnalyzer, finish: fn(&str) -> String) -> Stems {
        Stems { rules, finish, known: Kept::new(N_KEPT) }
    }

    /// The stem of one lower-case word; `None` for one that says nothing.
    pub(crate) fn of(&mut self, word: &str) -> Option<Rc<str>> {
        if let Some(known) = self.known.get(word) {
            return known;
        }
        let stem = self.made(word);
        self.known.put_word(word, stem.clone());
        stem
    }

    fn made(&mut self, word: &str) -> Option<Rc<str>> {
        let mut stream = self.rules.token_stream(word);
        let stem = stream.advance().then(|| (self.finish)(&stream.token().text))?;
        (!stem.is_empty()).then(|| Rc::from(stem))
    }
}
