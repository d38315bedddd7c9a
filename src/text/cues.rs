//! Finds words and phrases of a table in a customer's text: whole words, in any
//! case, with or without accents. What a cue means is the table's business.

use aho_corasick::AhoCorasick;

use crate::text::is_cjk;
use crate::text::terms::fold;

/// A text made ready for cues and patterns: folded, words apart by one space,
/// sentence ends as ` . `, with a space at both ends.
pub fn plain(text: &str) -> String {
    let folded = fold(text);
    let mut plain = String::with_capacity(folded.len() + 8);
    plain.push_str(" . ");
    let mut letters = folded.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_alphanumeric() {
            plain.push(letter);
        } else if matches!(letter, '\'' | '’' | '`') {
            // Dropped within a word: "don't" and "dont" are one cue.
            if !letters.peek().is_some_and(|it| it.is_alphanumeric()) {
                push_space(&mut plain);
            }
        } else if ends_clause(letter) && !letters.peek().is_some_and(|it| it.is_alphanumeric()) {
            push_stop(&mut plain);
        } else {
            push_space(&mut plain);
        }
    }
    push_stop(&mut plain);
    plain
}

fn ends_clause(letter: char) -> bool {
    matches!(letter, '.' | '!' | '?' | ';' | ':' | '\n' | '。' | '！' | '？' | '؟' | '।' | '…')
        || matches!(letter, '，' | '、' | '؛')
}

fn push_space(plain: &mut String) {
    if plain.as_bytes().last() != Some(&b' ') {
        plain.push(' ');
    }
}

fn push_stop(plain: &mut String) {
    push_space(plain);
    if !plain.as_bytes().ends_with(b" . ") {
        plain.push_str(". ");
    }
}

/// A compiled table of cues.
#[derive(Debug)]
pub struct Cues {
    automaton: Option<AhoCorasick>,
    /// The cue as the table spells it, and its row.
    spelled: Vec<(String, usize)>,
}

/// A cue that occurs in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found<'a> {
    /// As the table spells it.
    pub cue: &'a str,
    /// The row given to [`Cues::compile`].
    pub row: usize,
}

impl Cues {
    /// Compiles `(cue, row)` pairs. A cue is one or more words; a `*` at its end
    /// lets the last word go on (`cancel*` finds "cancellation"). Cues without
    /// letters are left out.
    pub fn compile<'a>(cues: impl IntoIterator<Item = (&'a str, usize)>) -> Cues {
        let mut spelled = Vec::new();
        let mut patterns = Vec::new();
        for (cue, row) in cues {
            if let Some(pattern) = pattern(cue) {
                patterns.push(pattern);
                spelled.push((cue.trim_end_matches('*').to_owned(), row));
            }
        }
        // Building fails only beyond two billion states, which no table reaches.
        Cues { automaton: AhoCorasick::new(&patterns).ok(), spelled }
    }

    /// Compiles a list divided by commas, for a caller whom it is enough that one of them
    /// occurs: all are of row 0.
    pub fn listed(table: &str) -> Cues {
        Cues::compile(table.split(',').map(|it| (it.trim(), 0)))
    }

    /// True if one of the cues occurs in a text made by [`plain`].
    pub fn occur_in(&self, plain: &str) -> bool {
        self.automaton.as_ref().is_some_and(|it| it.is_match(plain))
    }

    /// The cues that occur in a text made by [`plain`], each once, in the order
    /// in which they first end in it.
    pub fn find(&self, plain: &str) -> Vec<Found<'_>> {
        let Some(automaton) = &self.automaton else { return Vec::new() };
        let mut found = Vec::new();
        let mut seen = vec![false; self.spelled.len()];
        for hit in automaton.find_overlapping_iter(plain) {
            let idx = hit.pattern().as_usize();
            if let Some(seen) = seen.get_mut(idx)
                && !std::mem::replace(seen, true)
                && let Some((cue, row)) = self.spelled.get(idx)
            {
                found.push(Found { cue, row: *row });
            }
        }
        found
    }
}

fn pattern(cue: &str) -> Option<String> {
    let open_end = cue.trim_end().ends_with('*');
    let plain = plain(cue);
    let words = plain.replace(" . ", " ");
    let words = words.trim();
    let first = words.chars().next()?;
    let last = words.chars().next_back()?;
    let before = if is_cjk(first) { "" } else { " " };
    let after = if open_end || is_cjk(last) { "" } else { " " };
    Some(format!("{before}{words}{after}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(cues: &[&str], text: &str) -> Vec<String> {
        let table = Cues::compile(cues.iter().map(|it| (*it, 0)));
        table.find(&plain(text)).into_iter().map(|it| it.cue.to_owned()).collect()
    }

    #[test]
    fn a_cue_is_found_as_a_word_and_not_inside_another() {
        assert_eq!(found(&["renew"], "When do I RENEW?"), ["renew"]);
        assert!(found(&["renew"], "my renewal").is_empty());
        assert_eq!(found(&["renew*"], "my renewal"), ["renew"]);
        assert_eq!(found(&["don't work"], "It dont work"), ["don't work"]);
        assert_eq!(found(&["kündigen"], "Bitte kundigen"), ["kündigen"]);
        assert_eq!(found(&["解約"], "すぐに解約したいです"), ["解約"]);
    }

    #[test]
    fn sentence_ends_stay_visible_and_addresses_do_not_make_any() {
        assert_eq!(
            plain("Human, please!\nSee a.example.com"),
            " . human please . see a example com . "
        );
        assert_eq!(plain(""), " . ");
    }

    proptest! {
        #[test]
        fn cues_occur_where_one_of_them_is_found(text in "[a-c ]{0,20}") {
            let table = Cues::listed("a, b c, ab*");
            let plain = plain(&text);
            prop_assert_eq!(table.occur_in(&plain), !table.find(&plain).is_empty());
        }

        #[test]
        fn a_plain_text_has_single_spaces_and_both_ends(text in "\\PC{0,200}") {
            let plain = plain(&text);
            prop_assert!(plain.starts_with(" . ") && plain.ends_with(" . "));
            prop_assert!(!plain.contains("  "));
        }
    }
}
