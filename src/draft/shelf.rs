//! Passages as the drafter reads them: cut into blocks, each with its words and what it
//! means. The same articles answer ticket after ticket, so each thread keeps those it
//! read last; that changes no draft.

use std::cell::OnceCell;
use std::cell::RefCell;
use std::rc::Rc;

use crate::draft::blocks::Block;
use crate::draft::blocks::blocks;
use crate::draft::question::Source;
use crate::embed::Meaning;
use crate::embed::by_table;
use crate::kept::Kept;
use crate::knowledge::Passage;
use crate::text::terms::Terms;

/// Passages that are kept, or up to twice as many: some 5 MB a thread. (A choice.)
const N_KEPT: usize = 400;

/// A passage's id, and how its words were read.
type Key = (String, (&'static str, bool));

thread_local! {
    static KEPT: RefCell<Kept<Key, Rc<Shelved>>> = RefCell::new(Kept::new(N_KEPT));
}

/// A passage that was read.
#[derive(Debug)]
pub(super) struct Shelved {
    /// What it was read from.
    title: String,
    headings: Vec<String>,
    text: String,
    pub source: Source,
    /// The words of its headings.
    pub above: Vec<Rc<str>>,
    pub blocks: Rc<[Block]>,
    /// Of each block, in order.
    pub said: Vec<Said>,
}

/// What a block says.
#[derive(Debug)]
pub(super) struct Said {
    pub terms: Vec<Rc<str>>,
    text: String,
    meaning: OnceCell<Option<Meaning>>,
}

/// Reads a passage, or finds it as it was read before.
pub(super) fn read(passage: &Passage, terms: &Terms) -> Rc<Shelved> {
    let key = (passage.id.clone(), terms.manner());
    let kept = KEPT.try_with(|it| it.borrow_mut().get(&key)).ok().flatten();
    if let Some(kept) = kept.filter(|it| it.is_of(passage)) {
        return kept;
    }
    let shelved = Rc::new(Shelved::read(passage, terms));
    // A thread that ends keeps nothing.
    KEPT.try_with(|it| it.borrow_mut().put(key, Rc::clone(&shelved))).ok();
    shelved
}

impl Shelved {
    fn read(passage: &Passage, terms: &Terms) -> Shelved {
        let blocks: Rc<[Block]> = blocks(&passage.text).into();
        let said = blocks.iter().map(|it| {
            let text = it.text();
            Said { terms: terms.of(&text), text, meaning: OnceCell::new() }
        });
        Shelved {
            title: passage.title.clone(),
            headings: passage.headings.clone(),
            text: passage.text.clone(),
            source: Source::read(&passage.title, &passage.text, terms),
            above: terms.of(&passage.headings.join("\n")),
            said: said.collect(),
            blocks,
        }
    }

    /// False if the passage was written anew since.
    fn is_of(&self, passage: &Passage) -> bool {
        self.text == passage.text
            && self.title == passage.title
            && self.headings == passage.headings
    }

    /// What a block means below its headings. `None` if nobody knows.
    pub(super) fn meaning<'a>(&self, said: &'a Said) -> Option<&'a Meaning> {
        let meaning = || by_table(&[&self.headings.join("\n"), &said.text]);
        said.meaning.get_or_init(meaning).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::Audience;
    use crate::knowledge::Pool;

    fn passage(title: &str, text: &str) -> Passage {
        Passage {
            id: "article:b:returns#0".to_owned(),
            document_id: "returns".to_owned(),
            pool: Pool::Article,
            brand: "b".to_owned(),
            audience: Audience::Public,
            title: title.to_owned(),
            headings: vec!["By mail".to_owned()],
            anchor: None,
            url: None,
            language: Some("en".to_owned()),
            ordinal: 0,
            text: text.to_owned(),
            updated_at: None,
        }
    }

    #[test]
    fn what_was_read_is_not_read_again_until_it_is_written_anew() {
        let english = Terms::new(Some("en"));
        let old = read(&passage("Returns", "Returns take 14 days."), &english);
        let again = read(&passage("Returns", "Returns take 14 days."), &english);
        assert!(Rc::ptr_eq(&old, &again));
        let new = read(&passage("Returns", "Returns take 30 days."), &english);
        assert_eq!(new.blocks[0].text(), "Returns take 30 days.");
        let renamed = read(&passage("Sent back", "Returns take 30 days."), &english);
        assert_ne!(new.source.title, renamed.source.title);
    }

    #[test]
    fn words_of_another_language_are_read_apart() {
        let text = "Rücksendungen dauern 14 Tage.";
        let german = read(&passage("Zurück", text), &Terms::new(Some("de")));
        let english = read(&passage("Zurück", text), &Terms::new(Some("en")));
        assert_ne!(german.source.text, english.source.text);
    }
}
