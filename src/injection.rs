//! Whether a text talks to a model rather than to a support team: words, pairs of
//! words and turns of phrase of several languages, weighed together. A signal that
//! says what raised it, never the defence. Pure, total, linear in the text.

use std::collections::BTreeSet;

use crate::text::cues::plain;
use crate::text::is_cjk;
use crate::text::shorten;

mod table;

pub use table::InjectionError;

use table::Table;

/// Words read at once. An attack is a sentence or two in a longer letter; half the
/// windows overlap so that none is cut in two. As in `tools/guard/fit.py`.
const SIZE: usize = 48;
const STRIDE: usize = 24;

/// A window with fewer known words weighs each as if it had so many: three words are
/// little evidence. As in `tools/guard/fit.py`.
const FEW: f32 = 12.0;

/// Share of known words below which a window is in a language whose words have no
/// weights: a turn of phrase then weighs more. As in `tools/guard/fit.py`.
const FEW_KNOWN: f32 = 0.4;

/// Longer words are no words. As in `tools/guard/fit.py`.
const WORD_CHARS: usize = 24;

/// How much of a text is read. (A choice: longer ones are logs and quoted mail.)
const READ_CHARS: usize = 20_000;

/// Letters of a turn of phrase that are told. (A choice: it has to fit a note.)
const TOLD_CHARS: usize = 60;

/// Reasons told at most. (A choice.)
const N_REASONS: usize = 3;

/// What a text's most suspicious part comes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Suspicion {
    /// Log-odds above the threshold: from 0.0 a text counts as talking to a model.
    pub log_odds: f32,
    /// What weighs most, first: a kind of phrase with the words, or a word. Empty if
    /// nothing speaks for it.
    pub because: Vec<String>,
}

impl Suspicion {
    pub fn is_raised(&self) -> bool {
        0.0 < self.log_odds
    }

    /// Why, in one line.
    pub fn reason(&self) -> String {
        self.because.join(", ")
    }
}

/// Reads a text. With tables that cannot be used nothing is suspicious: [`check`] has
/// said so at start.
pub fn suspicion(text: &str) -> Suspicion {
    let Ok(table) = table::shipped() else {
        return Suspicion { log_odds: f32::NEG_INFINITY, because: Vec::new() };
    };
    let text: String = text.chars().take(READ_CHARS).collect();
    let read = Read::of(&text, table);
    let last = read.words.len().saturating_sub(STRIDE).max(1);
    let mut best = Suspicion { log_odds: f32::NEG_INFINITY, because: Vec::new() };
    let mut found = None;
    for start in (0..last).step_by(STRIDE) {
        let window = read.window(start, table);
        if best.log_odds < window.log_odds {
            best.log_odds = window.log_odds;
            found = Some(window);
        }
    }
    if let Some(window) = found.filter(|_| best.is_raised()) {
        best.because = window.reasons(table);
    }
    best
}

/// Checks the compiled-in tables.
///
/// # Errors
/// If one of them cannot be read.
pub fn check() -> Result<(), InjectionError> {
    table::shipped().map(|_| ()).map_err(Clone::clone)
}

/// A text made ready, with what was found in it.
struct Read {
    /// The words in order; what is written without spaces is cut into characters.
    words: Vec<String>,
    /// (place among the words, group, the words of the phrase), in order.
    phrases: Vec<(usize, usize, String)>,
    /// Marks of the whole text.
    marks: Vec<usize>,
    /// Of each word, and of it with the next: as the table has it, if it does.
    known: Vec<[Option<&'static str>; 2]>,
}

impl Read {
    fn of(text: &str, table: &'static Table) -> Read {
        let marks = table.marks.iter().enumerate().filter(|(_, it)| it.pattern.is_match(text));
        let marks = marks.map(|(idx, _)| idx).collect();
        let plain = plain(text);
        let (mut words, mut starts) = (Vec::new(), Vec::new());
        let mut at = 0;
        for word in plain.split(' ') {
            if word.chars().any(is_cjk) {
                for (offset, letter) in word.char_indices() {
                    words.push(letter.to_string());
                    starts.push(at + offset);
                }
            } else if !word.is_empty() {
                let is_number = word.chars().all(char::is_numeric);
                words.push(if is_number { "#".to_owned() } else { word.to_owned() });
                starts.push(at);
            }
            at += word.len() + 1;
        }
        let mut phrases = Vec::new();
        for (idx, group) in table.groups.iter().enumerate() {
            for hit in group.pattern.find_iter(&plain) {
                let place = starts.partition_point(|it| *it <= hit.start() + 1);
                let told = hit.as_str().trim_matches([' ', '.']).to_owned();
                phrases.push((place.saturating_sub(1), idx, told));
            }
        }
        phrases.sort_by_key(|(place, idx, _)| (*place, *idx));
        let known = known(&words, table);
        Read { words, phrases, marks, known }
    }

    /// What the words from `start` on weigh.
    fn window<'a>(&'a self, start: usize, table: &'a Table) -> Window<'a> {
        let end = (start + SIZE).min(self.words.len());
        let words = self.words.get(start..end).unwrap_or_default();
        let known = self.known.get(start..end).unwrap_or_default();
        let singles = known.iter().filter_map(|[word, _]| *word);
        // The last word's pair reaches beyond.
        let pairs = known.iter().take(words.len().saturating_sub(1)).filter_map(|[_, pair]| *pair);
        let known: BTreeSet<&'a str> = singles.chain(pairs).collect();
        let scale = 1.0 / (known.len() as f32).max(FEW).sqrt();
        let mut groups: Vec<(usize, &'a str)> = Vec::new();
        for (place, idx, told) in &self.phrases {
            let is_new = !groups.iter().any(|(it, _)| it == idx);
            if (start..end).contains(place) && is_new {
                groups.push((*idx, told));
            }
        }
        let of_words: f32 =
            known.iter().map(|it| table.words.get(*it).copied().unwrap_or(0.0)).sum();
        let groups_found = groups.iter().filter_map(|(it, _)| table.groups.get(*it));
        let marks_found = self.marks.iter().filter_map(|it| table.marks.get(*it));
        let of_phrases: f32 = groups_found.chain(marks_found).map(|it| it.weight).sum();
        let speaks_for =
            |(it, _): &(usize, &str)| table.groups.get(*it).is_some_and(|it| !it.is_against);
        let has_phrase = !self.marks.is_empty() || groups.iter().any(speaks_for);
        let foreign = if has_phrase && is_foreign(words, table) { table.foreign } else { 0.0 };
        let log_odds = table.bias + of_words * scale + of_phrases + foreign;
        Window { log_odds, known, scale, groups, marks: &self.marks }
    }
}

fn known(words: &[String], table: &'static Table) -> Vec<[Option<&'static str>; 2]> {
    let known = |it: &str| table.words.get_key_value(it).map(|(it, _)| it.as_str());
    let mut pair = String::new();
    let nexts = words.iter().skip(1).map(Some).chain([None]);
    let of = words.iter().zip(nexts).map(|(word, next)| {
        pair.clear();
        pair.extend(next.map(|next| [word.as_str(), " ", next.as_str()]).into_iter().flatten());
        [known(word), known(&pair)]
    });
    of.collect()
}

/// True if few of the words have a weight.
fn is_foreign(words: &[String], table: &Table) -> bool {
    let is_word = |it: &&String| *it != "." && it.chars().count() <= WORD_CHARS;
    let words: BTreeSet<&String> = words.iter().filter(is_word).collect();
    let n_known = words.iter().filter(|it| table.words.contains_key(it.as_str())).count();
    (n_known as f32) < FEW_KNOWN * words.len() as f32
}

/// Some words of a text, weighed.
struct Window<'a> {
    log_odds: f32,
    known: BTreeSet<&'a str>,
    scale: f32,
    groups: Vec<(usize, &'a str)>,
    marks: &'a [usize],
}

impl Window<'_> {
    fn reasons(&self, table: &Table) -> Vec<String> {
        let mut parts: Vec<(f32, String)> = Vec::new();
        for (idx, told) in &self.groups {
            let Some(group) = table.groups.get(*idx) else { continue };
            parts.push((group.weight, format!("{} “{}”", group.name, shorten(told, TOLD_CHARS))));
        }
        let marks = self.marks.iter().filter_map(|it| table.marks.get(*it));
        parts.extend(marks.map(|it| (it.weight, format!("{} mark", it.name))));
        for word in &self.known {
            let weight = table.words.get(*word).copied().unwrap_or(0.0) * self.scale;
            let is_word = word.chars().any(char::is_alphabetic);
            parts.extend(
                is_word.then(|| (weight, format!("“{}”", word.trim_matches([' ', '.', '#'])))),
            );
        }
        parts.retain(|(weight, _)| 0.0 < *weight);
        parts.sort_by(|left, right| right.0.total_cmp(&left.0));
        parts.into_iter().take(N_REASONS).map(|(_, told)| told).collect()
    }
}

#[cfg(test)]
mod tests;
