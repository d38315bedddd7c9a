//! A sentence, read for what it asserts, and whether two of them speak of one matter
//! and cannot both be right.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::hash::BuildHasher as _;
use std::rc::Rc;
use std::sync::LazyLock;

use foldhash::quality::FixedState;
use foldhash::quality::RandomState;

use crate::kept::Kept;
use crate::text::facts;
use crate::text::facts::Number;
use crate::text::terms::Terms;

#[derive(Debug, Clone)]
pub struct Statement<'a> {
    pub text: &'a str,
    /// Its words that say something, numbers left out: a hash of each, ascending.
    terms: Rc<[u64]>,
}

/// Texts whose statements are kept, or up to twice as many: some 1 MB a thread. (A choice.)
const N_KEPT: usize = 400;

/// Another in each process: nobody can write a text that is taken for an article.
static SEED: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// A text's hash, who cut it into lines, and how its words were read.
type Key = (u64, &'static str, (&'static str, bool));

/// The words of each line, as [`Statement`] has them.
type Lines = Rc<[Rc<[u64]>]>;

thread_local! {
    static KEPT: RefCell<Kept<Key, Lines>> = RefCell::new(Kept::new(N_KEPT));
}

/// What each line of a text asserts. The same articles are read for ticket after ticket,
/// so the words of their lines are kept, which changes nothing but how long it takes.
/// `cut` names a way of cutting a text into lines that is always the same.
pub fn statements<'a>(
    text: &'a str,
    cut: (&'static str, fn(&'a str) -> Vec<&'a str>),
    terms: &Terms,
) -> Vec<Statement<'a>> {
    let (name, lines) = (cut.0, (cut.1)(text));
    let key = (SEED.hash_one(text), name, terms.manner());
    let kept = KEPT.try_with(|it| it.borrow_mut().get(&key)).ok().flatten();
    if let Some(kept) = kept {
        let lines = lines.into_iter().zip(kept.iter());
        return lines.map(|(text, terms)| Statement { text, terms: Rc::clone(terms) }).collect();
    }
    let read: Vec<Statement> = lines.into_iter().map(|it| Statement::read(it, terms)).collect();
    let words = read.iter().map(|it| Rc::clone(&it.terms)).collect();
    // A thread that ends keeps nothing.
    KEPT.try_with(|it| it.borrow_mut().put(key, words)).ok();
    read
}

impl<'a> Statement<'a> {
    /// Compare only statements read with the same `terms`.
    pub fn read(text: &'a str, terms: &Terms) -> Statement<'a> {
        let is_number = |it: &Rc<str>| it.starts_with(|it: char| it.is_ascii_digit());
        let terms = terms.of(text).into_iter().filter(|it| !is_number(it));
        let hashes = FixedState::default();
        let mut terms: Vec<u64> = terms.map(|it| hashes.hash_one(it.as_ref())).collect();
        terms.sort_unstable();
        terms.dedup();
        Statement { text, terms: terms.into() }
    }

    /// Words that say something.
    pub fn n_terms(&self) -> usize {
        self.terms.len()
    }

    /// Words that both have.
    pub fn n_shared(&self, other: &Statement) -> usize {
        let (mut one, mut other) = (&*self.terms, &*other.terms);
        let mut n_shared = 0;
        while let ([first, rest @ ..], [second, rest_of_other @ ..]) = (one, other) {
            n_shared += usize::from(first == second);
            (one, other) = match first.cmp(second) {
                Ordering::Less => (rest, other),
                Ordering::Equal => (rest, rest_of_other),
                Ordering::Greater => (one, rest_of_other),
            };
        }
        n_shared
    }

    /// True if both count the same thing and none of the amounts agree. A number
    /// without a unit may be anything: a version, a step, a year.
    pub fn has_other_amount(&self, other: &Statement) -> bool {
        let (one, other) = (&facts::numbers(self.text), &facts::numbers(other.text));
        let pairs = || one.iter().flat_map(|it| other.iter().map(move |other| (it, other)));
        let same_unit = |it: &Number, other: &Number| it.unit.is_some() && it.unit == other.unit;
        pairs().any(|(it, other)| same_unit(it, other))
            && !pairs().any(|(it, other)| it.agrees_with(other))
    }

    /// True if one of the two says "not".
    pub fn is_denied_by(&self, other: &Statement) -> bool {
        facts::negated(self.text) != facts::negated(other.text)
    }

    /// True if the two name opposites: on and off, before and after.
    pub fn is_opposite_of(&self, other: &Statement) -> bool {
        let (one, other) = (facts::directions(self.text), facts::directions(other.text));
        // The opposite's number differs in the last bit only.
        one.iter().any(|it| other.contains(&(it ^ 1)) && !other.contains(it))
    }

    /// True if both name the same names.
    pub fn has_names_of(&self, other: &Statement, language: Option<&str>) -> bool {
        facts::names(self.text, language) == facts::names(other.text, language)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_read_before_is_what_is_read_anew(text in "([a-c ]{0,6}[.\n]){0,6}") {
            let cut: (_, fn(&str) -> Vec<&str>) = ("test", |it| it.split('.').collect());
            let english = Terms::new(Some("en"));
            for _ in 0..2 {
                let kept = statements(&text, cut, &english);
                prop_assert_eq!(kept.len(), text.split('.').count());
                for (line, kept) in text.split('.').zip(&kept) {
                    let anew = Statement::read(line, &english);
                    prop_assert_eq!(kept.text, line);
                    prop_assert_eq!(&kept.terms, &anew.terms);
                }
            }
        }
    }
}
