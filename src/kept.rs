//! What a thread remembers of work it has done, so that it is not done again for the
//! next ticket. Bounded: what nobody asked for lately is forgotten.

use std::borrow::Borrow;
use std::hash::Hash;

use foldhash::HashMap;
use foldhash::HashMapExt as _;

/// Results by what they were made from. Between `max` and twice as many are kept: those
/// asked for since the last `max` new ones stay.
#[derive(Debug)]
pub struct Kept<K, V> {
    lately: HashMap<K, V>,
    before: HashMap<K, V>,
    max: usize,
}

impl<K: Eq + Hash, V: Clone> Kept<K, V> {
    pub fn new(max: usize) -> Kept<K, V> {
        Kept { lately: HashMap::new(), before: HashMap::new(), max }
    }

    /// `None` if it was never put there or is forgotten.
    pub fn get<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        if let Some(known) = self.lately.get(key) {
            return Some(known.clone());
        }
        let (key, known) = self.before.remove_entry(key)?;
        self.put(key, known.clone());
        Some(known)
    }

    pub fn put(&mut self, key: K, value: V) {
        if self.max <= self.lately.len() {
            self.before = std::mem::take(&mut self.lately);
        }
        self.lately.insert(key, value);
    }
}

/// Longer words are keys and addresses, and come once. (A choice.)
const MAX_WORD_BYTES: usize = 40;

impl<V: Clone> Kept<String, V> {
    /// What holds of a word. One too long to come again is not kept.
    pub fn put_word(&mut self, word: &str, value: V) {
        if word.len() <= MAX_WORD_BYTES {
            self.put(word.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_asked_for_stays_and_the_rest_is_forgotten() {
        let mut kept = Kept::new(2);
        for key in 0..9 {
            kept.put(key, key * key);
            assert_eq!(kept.get(&0), Some(0));
        }
        assert_eq!(kept.get(&1), None);
        assert_eq!(kept.get(&8), Some(64));
    }

    proptest! {
        #[test]
        fn what_is_remembered_is_what_was_put_there_last(
            puts in prop::collection::vec((0_u8..40, 0_u8..4), 0..200), max in 1_usize..8,
        ) {
            let (mut kept, mut all) = (Kept::new(max), std::collections::HashMap::new());
            for (key, value) in puts {
                let known = kept.get(&key);
                prop_assert!(known.is_none() || known.as_ref() == all.get(&key));
                kept.put(key, value);
                all.insert(key, value);
                prop_assert!(kept.lately.len() + kept.before.len() <= 2 * max);
            }
        }
    }
}
