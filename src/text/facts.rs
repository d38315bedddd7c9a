//! What a sentence asserts beyond its words: numbers with units, names, "not",
//! and which of two opposites. Two sentences that differ in one of these say
//! different things however many words they share.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use foldhash::HashSet;

use crate::text::cues::Cues;
use crate::text::cues::Found;
use crate::text::cues::plain;
use crate::text::terms::fold;

mod numbers;
mod opposites;

pub use numbers::Number;
pub use numbers::numbers;
pub use numbers::unit;
pub use numbers::value;
use opposites::CONTRASTS;
use opposites::OPPOSITES;

/// Folded words that say "not".
const NEGATIONS: &str = "not no never cannot cant dont doesnt didnt wont isnt arent wasnt werent wouldnt shouldnt couldnt hasnt \
         havent hadnt mustnt neither nor without unable none nothing nobody nicht kein keine keinen keiner keinem \
         keines nie niemals ohne ne pas jamais sans aucun aucune nunca sin ningun ninguna jamas non mai senza \
         nessun nessuna nao sem nenhum nenhuma niet geen nooit zonder inte ej aldrig utan ikke aldri uden uten \
         ei eivat ala ilman nie bez не нет без никогда нельзя degil yok 不 没 无 未 勿 ない ません ず 않 못 없 لا لم لن ليس بدون";

static NEGATION_CUES: LazyLock<Cues> =
    LazyLock::new(|| Cues::compile(NEGATIONS.split_whitespace().map(|it| (it, 0))));

static NEGATION_WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| NEGATIONS.split_whitespace().collect());

/// True if one folded word says "not" by itself.
pub fn is_negation(word: &str) -> bool {
    NEGATION_WORDS.contains(word)
}

/// True if the text says "not" in one of its forms.
pub fn negated(text: &str) -> bool {
    NEGATION_CUES.occur_in(&plain(text))
}

static DIRECTIONS: LazyLock<Cues> = LazyLock::new(|| sides(OPPOSITES.iter()));

static ALL_DIRECTIONS: LazyLock<Cues> = LazyLock::new(|| sides(OPPOSITES.iter().chain(CONTRASTS)));

/// The table's words; a word's row is twice its pair's, and one more on the other side.
fn sides<'a>(pairs: impl Iterator<Item = &'a (&'a [&'a str], &'a [&'a str])>) -> Cues {
    Cues::compile(pairs.enumerate().flat_map(|(pair, (one, other))| {
        let one = one.iter().map(move |it| (*it, pair * 2));
        one.chain(other.iter().map(move |it| (*it, pair * 2 + 1)))
    }))
}

/// The word of `said` whose opposite `given` names in its stead, as the table spells
/// it. For two short pieces that stand in the same place of two sentences.
pub fn opposed(said: &str, given: &str) -> Option<&'static str> {
    let (said, given) = (ALL_DIRECTIONS.find(&plain(said)), ALL_DIRECTIONS.find(&plain(given)));
    let names = |found: &[Found], row| found.iter().any(|it| it.row == row);
    let opposed = said.iter().find(|it| {
        names(&given, it.row ^ 1) && !names(&given, it.row) && !names(&said, it.row ^ 1)
    });
    opposed.map(|it| it.cue)
}

/// Which sides of which opposites a text names: the same number stands for the
/// same side, and the numbers of two opposites differ in the last bit only.
pub fn directions(text: &str) -> BTreeSet<usize> {
    DIRECTIONS.find(&plain(text)).into_iter().map(|it| it.row).collect()
}

/// The first word of the side a number from [`directions`] stands for.
pub fn direction_word(side: usize) -> &'static str {
    let pair = OPPOSITES.get(side / 2);
    let words = pair.map(|(one, other)| if side.is_multiple_of(2) { one } else { other });
    words.and_then(|it| it.first()).map_or("", |it| it.trim_end_matches('*'))
}

/// The names of a text, folded: words with capitals inside a sentence, words
/// mixed of letters and digits, abbreviations. In German, where every noun has
/// a capital, only the latter two.
pub fn names(text: &str, language: Option<&str>) -> BTreeSet<String> {
    let capitals_tell = language != Some("de");
    let mut names = BTreeSet::new();
    for sentence in crate::text::sentences::sentences(text) {
        let (_, sentence) = crate::text::sentences::line_kind(sentence);
        let words = sentence.split(|it: char| !(it.is_alphanumeric() || it == '\'' || it == '’'));
        let words = words.map(|it| it.trim_matches(['\'', '’'])).filter(|it| !it.is_empty());
        for (idx, word) in words.enumerate() {
            let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
            let capital = word.chars().next().is_some_and(char::is_uppercase);
            let long = word.chars().nth(1).is_some();
            if long && (is_special(word) || (capitals_tell && capital && idx > 0)) {
                names.insert(fold(word));
            }
        }
    }
    names
}

/// Abbreviations (`IMAP`), inner capitals (`iPhone`), letters with digits (`OAuth2`).
fn is_special(word: &str) -> bool {
    let inner_capital = word.chars().skip(1).any(char::is_uppercase);
    let digit = word.chars().any(|it| it.is_ascii_digit());
    let number = word.chars().next().is_some_and(|it| it.is_ascii_digit());
    !number && (inner_capital || digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_words_with_capitals_that_no_sentence_start_explains() {
        let names = |text: &str, it| names(text, Some(it)).into_iter().collect::<Vec<_>>();
        let english = names("Open Account Settings and choose an IMAP server.", "en");
        assert_eq!(english, ["account", "imap", "settings"]);
        assert_eq!(names("Das Konto im Menü der Einstellungen mit OAuth2", "de"), ["oauth2"]);
    }

    #[test]
    fn not_and_opposites_are_seen() {
        assert!(
            negated("You can't undo this.") && negated("Das geht nicht.") && negated("できません")
        );
        assert!(!negated("You can undo this. Notes are kept."));
        let one = directions("Turn on sync before you start");
        let other = directions("Turn off sync after you start");
        assert!(one.iter().any(|it| other.contains(&(it ^ 1))));
        assert_eq!(direction_word(1), "disable");
        assert_eq!(opposed("an older version", "a newer version"), Some("older"));
        assert_eq!(opposed("an older version", "a later version"), None);
        assert!(is_negation("nicht") && !is_negation("note"));
    }

    proptest! {
        #[test]
        fn any_text_has_facts(text in "\\PC{0,200}|[0-9.,:/ €$a-z-]{0,80}") {
            numbers(&text);
            names(&text, None);
            negated(&text);
            directions(&text);
        }
    }
}
