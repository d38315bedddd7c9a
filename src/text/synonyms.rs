//! What customers call otherwise than a help center does: a list that is shipped
//! (`config/synonyms.tsv`, English) and the one a team writes for its own products.

use std::sync::Arc;
use std::sync::LazyLock;

use foldhash::HashMap;

use super::lexicon::MAX_PHRASE_WORDS;
use super::lexicon::add_new;
use super::lexicon::each_phrase;
use super::lexicon::words;
use super::version_of;

/// One group of phrases that mean the same a row, behind their language.
const SHIPPED: &str = include_str!("../../config/synonyms.tsv");

/// Groups of one file at most, and phrases of one group: beyond that a question would be
/// drowned in words nobody wrote.
const MAX_GROUPS: usize = 5000;
const MAX_PHRASES: usize = 20;

static ONLY_SHIPPED: LazyLock<Arc<Synonyms>> = LazyLock::new(|| {
    let mut synonyms = Synonyms::default();
    for (language, group) in SHIPPED.lines().filter_map(|it| it.split_once('\t')) {
        synonyms.add(language, &phrases(group));
    }
    Arc::new(synonyms)
});

/// Why a team's list cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct SynonymsError {
    /// From 1.
    pub line: usize,
    pub what: String,
}

/// What things are called otherwise, by language. [`Synonyms::shipped`] for a team that
/// wrote none of its own.
#[derive(Debug, Clone, Default)]
pub struct Synonyms {
    /// By language, empty for any, then by phrase: what else it is called.
    by_language: HashMap<String, HashMap<String, Vec<String>>>,
    /// Names a team's own list; empty without one.
    version: String,
}

impl Synonyms {
    /// Those that come with Deskhand.
    #[must_use]
    pub fn shipped() -> Arc<Synonyms> {
        Arc::clone(&ONLY_SHIPPED)
    }

    /// Those that come with Deskhand and a team's own: one group a line, its phrases
    /// behind commas, before them a language and a tab if it holds in that one alone
    /// (`de<TAB>Konto, Account`). Lines that are empty or begin with `#` say nothing.
    ///
    /// # Errors
    /// The first line that is no group: fewer than two phrases, or a phrase of more than
    /// three words.
    pub fn with_own(text: &str) -> Result<Synonyms, SynonymsError> {
        let mut synonyms = Synonyms::clone(&ONLY_SHIPPED);
        let text = text.trim_start_matches('\u{feff}');
        let written = text.lines().enumerate().map(|(at, line)| (at + 1, line.trim()));
        let groups = written.filter(|(_, it)| !it.is_empty() && !it.starts_with('#'));
        for (n_before, (line, group)) in groups.enumerate() {
            let refused = |what: String| SynonymsError { line, what };
            let (language, group) = group.split_once('\t').unwrap_or(("", group));
            let phrases = phrases(group);
            check(language.trim(), &phrases).map_err(refused)?;
            if n_before == MAX_GROUPS {
                return Err(refused(format!("more than {MAX_GROUPS} groups")));
            }
            synonyms.add(&language.trim().to_lowercase(), &phrases);
        }
        synonyms.version = version_of(text);
        Ok(synonyms)
    }

    /// Names the team's own list: the same name, the same list. Empty without one.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What else the things a text speaks of are called in its own language, in reading
    /// order, each once. Empty if nothing is known of any. `language` is a tag such as
    /// `en-GB`, or empty.
    #[must_use]
    pub fn of(&self, text: &str, language: &str) -> Vec<&str> {
        let code = language.split(['-', '_']).next().unwrap_or_default();
        let codes: &[&str] = if code.is_empty() { &[""] } else { &[code, ""] };
        let spoken: Vec<_> = codes.iter().filter_map(|it| self.by_language.get(*it)).collect();
        if spoken.is_empty() {
            return Vec::new();
        }
        let mut found: Vec<&str> = Vec::new();
        each_phrase(text, |phrase| {
            let others = spoken.iter().filter_map(|it| it.get(phrase)).flatten();
            add_new(&mut found, others.map(String::as_str));
        });
        found
    }

    fn add(&mut self, language: &str, phrases: &[String]) {
        let by_phrase = self.by_language.entry(language.to_owned()).or_default();
        for phrase in phrases {
            let others = phrases.iter().filter(|it| *it != phrase).cloned();
            by_phrase.entry(words(phrase).join(" ")).or_default().extend(others);
        }
    }
}

fn phrases(group: &str) -> Vec<String> {
    let phrases = group.split(',').map(str::trim).filter(|it| !it.is_empty());
    phrases.map(str::to_owned).collect()
}

fn check(language: &str, phrases: &[String]) -> Result<(), String> {
    if !language.is_empty() && !(2..=3).contains(&language.chars().count()) {
        return Err(format!("{language} is not the code of a language, such as en"));
    }
    if !(2..=MAX_PHRASES).contains(&phrases.len()) {
        let n_phrases = phrases.len();
        return Err(format!(
            "{n_phrases} phrases; write 2 to {MAX_PHRASES} that mean the same, with commas between"
        ));
    }
    let unusable = phrases.iter().find(|it| !(1..=MAX_PHRASE_WORDS).contains(&words(it).len()));
    match unusable {
        Some(it) => Err(format!("“{it}” must have one to {MAX_PHRASE_WORDS} words")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thing_is_found_by_what_else_customers_call_it() {
        let shipped = Synonyms::shipped();
        assert!(shipped.of("Can I get my money back?", "en-GB").contains(&"refund"));
        assert!(shipped.of("how do i switch on 2FA", "en").contains(&"two step"));
        assert!(shipped.of("Can I get my money back?", "de").is_empty());
        assert!(shipped.of("", "en").is_empty());
        assert_eq!(shipped.version(), "");
    }

    #[test]
    fn every_group_that_is_shipped_would_be_taken_from_a_team() {
        let groups = Synonyms::with_own(SHIPPED).unwrap();
        assert!(!groups.version().is_empty());
    }

    #[test]
    fn a_team_adds_its_own_words_in_one_language_or_in_all() {
        let own =
            "# what the machine is called\nHub, Base Station, white box\n\nDE\tKonto, Account\n";
        let own = Synonyms::with_own(own).unwrap();
        assert_eq!(own.of("the White Box blinks", "fr"), ["Hub", "Base Station"]);
        assert_eq!(own.of("the white box blinks", ""), ["Hub", "Base Station"]);
        assert_eq!(own.of("Mein Account ist weg", "de-AT"), ["Konto"]);
        assert!(own.of("my account is gone", "fr").is_empty());
        assert!(own.of("money back", "en").contains(&"refund"));
    }

    #[test]
    fn a_line_that_is_no_group_is_named() {
        let refused = |text: &str| Synonyms::with_own(text).unwrap_err();
        assert_eq!(refused("hub, box\nhub").line, 2);
        assert!(refused("hub, the box in the hall").what.contains("the box in the hall"));
        assert!(refused("german\thub, box").what.contains("german"));
        assert_eq!(Synonyms::with_own("\u{feff}hub, box\r\n").unwrap().of("box", "en"), ["hub"]);
    }
}
