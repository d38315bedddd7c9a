//! Tells a message that closes a conversation ("thanks, it works") from one that
//! asks: every word must belong to a listed phrase (`config/closing.toml`). What
//! is not listed is not understood, and not understood is not a closing.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;
use unicode_normalization::char::is_combining_mark;

use super::rules::RulesError;
use super::rules::pattern;
use crate::text::cues::plain;
use crate::text::sentences::sentences;
use crate::text::terms::fold;
use crate::text::unpacked;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;

const SHIPPED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/closing.toml.z"));

/// Longer messages tell something. Guessed: five lines of a mail.
const MAX_CHARS: usize = 500;

/// Marks every message may hold; of the others only glad ones.
const PUNCTUATION: &str = "!\"'()*+,-.:;=&@_~…‘’“”„«»–—。！，、；：・،؛¡";

/// The compiled-in table, compiled when first used.
pub(super) fn shipped() -> Result<&'static Closing, &'static RulesError> {
    static CLOSING: LazyLock<Result<Closing, RulesError>> =
        LazyLock::new(|| Closing::parse(&unpacked(SHIPPED)));
    CLOSING.as_ref()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    gratitude: Vec<String>,
    solved: Vec<String>,
    let_be: Vec<String>,
    taken_back: Vec<String>,
    will_try: Vec<String>,
    beside: Vec<String>,
    addressing: String,
    no_names: String,
    glad: String,
    offers: Vec<String>,
    words: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(super) struct Closing {
    /// A whole text of listed phrases.
    whole: Regex,
    /// The phrases of which one at least must be there.
    says: Regex,
    /// The phrases that say it works.
    works: Regex,
    /// A whole text of listed phrases or of those that take a question back, and the
    /// phrases of which one must be there then.
    whole_or_back: Regex,
    back: Regex,
    /// A word of thanks or greeting, then a name.
    addressed: Regex,
    no_names: BTreeSet<String>,
    glad: String,
    offers: Regex,
}

/// A capitalized word or two: how names are written where letters have cases.
const NAME: &str = r"\p{Lu}\p{Ll}[\p{L}'’-]*(?: \p{Lu}\p{Ll}[\p{L}'’-]*)?";

impl Closing {
    fn parse(text: &str) -> Result<Closing, RulesError> {
        let table: Table = toml::from_str(text).map_err(|it| RulesError::Unreadable {
            file: "closing.toml",
            detail: it.to_string(),
        })?;
        let any = |lists: &[&Vec<String>]| -> String {
            let phrases = lists.iter().flat_map(|it| it.iter()).map(|it| table.filled(it));
            phrases.collect::<Vec<_>>().join("|")
        };
        let compile = |section, source: &str| pattern("closing.toml", section, source);
        let lists =
            [&table.gratitude, &table.solved, &table.will_try, &table.let_be, &table.beside];
        let addressed = format!(
            r"(?i:(?:^|[^\p{{L}}])(?:{}))\s*,?\s*@?(?P<name>{NAME})|^(?P<first>{NAME})\s*[,!-]|\n[\s–—-]*(?P<last>{NAME})[.! ]*$",
            table.addressing
        );
        let back = any(&[&table.taken_back]);
        let with_back = [any(&lists), back.clone()].join("|");
        Ok(Closing {
            whole_or_back: compile("taken_back", &format!(r"^(?: (?:\.|{with_back}))* $"))?,
            back: compile("taken_back", &format!(" (?:{back}|{}) ", any(&[&table.solved])))?,
            whole: compile("whole", &format!(r"^(?: (?:\.|{}))* $", any(&lists)))?,
            says: compile("says", &format!(" (?:{}) ", any(&lists[..4])))?,
            works: compile("solved", &format!(" (?:{}) ", any(&[&table.solved])))?,
            addressed: compile("addressing", &addressed)?,
            offers: compile("offers", &format!(r"^ \. (?:{}) \. $", any(&[&table.offers])))?,
            no_names: table.no_names.split(',').map(|it| fold(it.trim())).collect(),
            glad: table.glad,
        })
    }

    /// The words that close the conversation. `None` if anything is asked or may
    /// be: no answer came before, a word is not known, or the answer asked for
    /// something, and "great, that works" may be a yes.
    pub(super) fn of(&self, ticket: &Ticket) -> Option<String> {
        let place = ticket.turns.iter().rposition(|it| it.author.answers())?;
        let answer = ticket.turns.get(place)?;
        let open = ticket.turns.get(place + 1..).unwrap_or_default();
        let mut said = open.iter().filter(|it| it.author == AuthorKind::Customer);
        // A message without words may be a picture, and a picture may be a question.
        if said.any(|it| it.text.trim().is_empty()) || self.asks(&answer.text) {
            return None;
        }
        self.read(&ticket.question)
    }

    /// The words with which a customer takes a question back before anybody answers it:
    /// all that the latest of several messages says. `None` where anything else is said.
    pub(super) fn taken_back(&self, ticket: &Ticket) -> Option<String> {
        let open = ticket.turns.iter().rev().take_while(|it| !it.author.answers());
        let mut said = open.filter(|it| it.author == AuthorKind::Customer);
        let latest = said.next().filter(|it| !it.text.trim().is_empty())?;
        // The first message of a conversation has nothing to take back.
        said.next()?;
        if latest.text.chars().nth(MAX_CHARS).is_some() || latest.text.contains(['?', '？', '؟'])
        {
            return None;
        }
        let plain = plain(&self.without_names(&latest.text));
        let found = self.back.find(&plain).filter(|_| self.whole_or_back.is_match(&plain))?;
        Some(format!("taken back: \"{}\"", found.as_str().trim()))
    }

    /// True if a text asks nothing and says that it works, is solved or understood.
    pub(super) fn confirms(&self, text: &str) -> bool {
        self.read(text).is_some() && self.works.is_match(&plain(&self.without_names(text)))
    }

    /// The words of a text that say it asks nothing.
    fn read(&self, text: &str) -> Option<String> {
        let known = |it: char| {
            it.is_alphanumeric()
                || it.is_whitespace()
                || PUNCTUATION.contains(it)
                || self.is_glad(it)
        };
        if text.chars().nth(MAX_CHARS).is_some() || !text.chars().all(known) || is_sad(text) {
            return None;
        }
        let plain = plain(&self.without_names(text));
        if !self.whole.is_match(&plain) {
            return None;
        }
        let said = self.says.find(&plain).map(|it| format!("\"{}\"", it.as_str().trim()));
        said.or_else(|| text.chars().find(|it| self.glad.contains(*it)).map(String::from))
    }

    fn is_glad(&self, mark: char) -> bool {
        // Skin tones, and what joins and colors marks, say nothing by themselves.
        self.glad.contains(mark)
            || matches!(mark, '\u{1f3fb}'..='\u{1f3ff}' | '\u{fe0f}' | '\u{200d}')
            || is_combining_mark(mark)
    }

    /// The text without the names of whoever is thanked and whoever signs.
    fn without_names(&self, text: &str) -> String {
        let mut kept = String::with_capacity(text.len());
        let mut from = 0;
        for found in self.addressed.captures_iter(text) {
            let groups = ["name", "first", "last"];
            let Some(name) = groups.iter().find_map(|it| found.name(it)) else { continue };
            let is_word =
                |it: &str| self.no_names.contains(&fold(it)) || self.whole.is_match(&plain(it));
            let next =
                text.get(name.end()..).and_then(|it| it.trim_start_matches(' ').chars().next());
            let is_end = next.is_none_or(|it| !it.is_alphanumeric());
            if is_end && !name.as_str().split([' ', '-']).any(is_word) {
                kept.push_str(text.get(from..name.start()).unwrap_or_default());
                from = name.end();
            }
        }
        kept.push_str(text.get(from..).unwrap_or_default());
        kept
    }

    /// True if an answer asks for something: then thanks may mean yes.
    fn asks(&self, answer: &str) -> bool {
        let mut asked = sentences(answer).into_iter().filter(|it| it.ends_with(['?', '？', '؟']));
        asked.any(|it| !self.offers.is_match(&plain(it)))
    }
}

impl Table {
    /// A phrase with the lists it names; lists may name lists.
    fn filled(&self, phrase: &str) -> String {
        const DEPTH: usize = 4;
        let mut phrase = phrase.to_owned();
        for _ in 0..DEPTH {
            for (name, list) in &self.words {
                phrase = phrase.replace(&format!("{{{name}}}"), list);
            }
        }
        fold(&phrase)
    }
}

/// True if a text holds a sad face made of letters.
fn is_sad(text: &str) -> bool {
    let mut faces = text.as_bytes().windows(2).chain(text.as_bytes().windows(3));
    faces.any(|it| {
        matches!(it, [b':' | b'=' | b';', b'(' | b'/' | b'|' | b'\\' | b'['])
            || matches!(it, [b':' | b'=' | b';', b'-' | b'\'', b'(' | b'/' | b'|' | b'\\' | b'['])
    })
}

#[cfg(test)]
mod tests;
