//! How a reply opens: with the customer's problem in their own words, where these
//! can be repeated without harm, and with what our article calls it.

use crate::draft::question::Question;
use crate::knowledge::Passage;
use crate::text::mask::mask;
use crate::text::sentences::sentences;
use crate::text::shorten;
use crate::ticket::Ticket;

/// Characters of a problem that is repeated; longer ones are stories. (Guessed.)
const MAX_CHARS: usize = 110;

/// How much more a word of the subject says than one of a sentence: whoever writes one
/// names the problem in it, and a sentence has more words. (Guessed.)
const SUBJECT: f32 = 2.0;

/// Fewer words name no problem: "Help!".
const MIN_WORDS: usize = 3;

/// Sentences of a question that are looked at: the problem is told first.
const MAX_SENTENCES: usize = 12;

/// The sentence of the customer that names the problem best. `None` if none is
/// about what the passage speaks of, or none can be repeated.
///
/// A ticket can be written in somebody else's name, and the reply goes to that
/// person: no link, address, number or name of a site is ever repeated.
pub(super) fn problem(ticket: &Ticket, question: &Question, passage: &Passage) -> Option<String> {
    let known = question.distinct_terms_of(&format!("{}\n{}", passage.title, passage.text));
    let told = [ticket.subject.as_str()].into_iter().chain(sentences(&ticket.question));
    let candidates = told.take(MAX_SENTENCES).enumerate().filter_map(|(place, sentence)| {
        let sentence = without_greeting(sentence);
        let sentence = sentence.trim_end_matches(['.', ',', ':', ';', '!']).trim();
        let n_words = sentence.split_whitespace().count();
        let terms = question.distinct_terms_of(sentence);
        let is_about = terms.iter().any(|it| known.binary_search(it).is_ok());
        let says = question.covered_by(&terms) * if place == 0 { SUBJECT } else { 1.0 };
        (MIN_WORDS <= n_words && is_about).then_some((says, sentence))
    });
    let mut candidates: Vec<(f32, &str)> = candidates.collect();
    // Stable, so the earlier of equals: the problem is told first.
    candidates.sort_by(|one, other| other.0.total_cmp(&one.0));
    let (_, best) = candidates.into_iter().find(|(_, sentence)| is_harmless(sentence))?;
    Some(shorten(&best.split_whitespace().collect::<Vec<_>>().join(" "), MAX_CHARS))
}

/// How messages begin before they say anything.
const GREETINGS: &[&str] = &[
    "hello",
    "sir",
    "madam",
    "hi",
    "hey",
    "dear",
    "good",
    "hallo",
    "guten",
    "liebe",
    "sehr",
    "bonjour",
    "salut",
    "hola",
    "buenos",
    "buenas",
    "buongiorno",
    "salve",
    "ciao",
    "gentile",
    "olá",
    "bom",
    "boa",
    "beste",
    "geachte",
    "goedemorgen",
    "goedemiddag",
    "goedendag",
];

/// A sentence without "Hello," or "Dear Sir, Madam," before it.
fn without_greeting(sentence: &str) -> &str {
    let sentence = sentence.trim();
    let Some((before, after)) = sentence.split_once([',', '!']) else { return sentence };
    let mut words = before.split_whitespace();
    let first = words.next().unwrap_or_default().to_lowercase();
    let greets = GREETINGS.contains(&first.as_str()) && words.count() < 4;
    if greets { without_greeting(after) } else { sentence }
}

/// True for words alone: nothing to click, to call or to write to.
fn is_harmless(sentence: &str) -> bool {
    let letters: Vec<char> = sentence.chars().collect();
    let is_dotted = letters.windows(3).any(|it| {
        matches!(it, [before, '.' | '．' | '。', after]
            if before.is_alphanumeric() && after.is_alphabetic())
    });
    let mut n_digits = 0;
    let has_number = letters.iter().any(|it| {
        // Telephone numbers are written in groups.
        let is_between = matches!(it, ' ' | '-' | '.' | '/' | '(' | ')' | '+' | '\u{a0}');
        n_digits = if it.is_numeric() { n_digits + 1 } else { n_digits * usize::from(is_between) };
        5 < n_digits
    });
    let odd = ['@', '*', '<', '>', '[', ']', '{', '}', '|', '`', '\\', '“', '”', '„', '«', '»'];
    let has_odd = letters.iter().any(|it| odd.contains(it) || it.is_control());
    let lower = sentence.to_lowercase();
    let is_link = sentence.contains("//") || lower.contains("www");
    let is_spelt = [" dot ", " at gmail", " at hotmail", " at outlook", " at yahoo", " at icloud"];
    let is_spelt = is_spelt.iter().any(|it| lower.contains(it));
    !is_dotted
        && !is_spelt
        && !has_number
        && !has_odd
        && !is_link
        && mask(sentence).spans.is_empty()
}

/// What the reply says it is about: the nearest heading with the title, unless
/// the heading says it all.
pub(super) fn topic(passage: &Passage) -> String {
    match passage.headings.last() {
        Some(heading) if passage.title.chars().count() < 60 && heading.chars().count() < 60 => {
            format!("{}: {heading}", passage.title)
        }
        Some(_) | None => shorten(&passage.title, 120),
    }
}

/// The line above what another section of the same article says.
pub(super) fn section(heading: &str) -> String {
    let heading = heading.trim();
    let ends = heading.ends_with([':', '：', '?', '？', '!', '.']);
    if ends { heading.to_owned() } else { format!("{heading}:") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_is_not_the_problem() {
        for (sentence, problem) in [
            ("Hello, this error appears", "this error appears"),
            ("Dear support team, it is late", "it is late"),
            ("Dear Sir, Madam, it is late", "it is late"),
            ("Since Monday, nothing works", "Since Monday, nothing works"),
            ("Good", "Good"),
        ] {
            assert_eq!(without_greeting(sentence), problem);
        }
    }

    #[test]
    fn nothing_that_leads_elsewhere_is_repeated() {
        for harmful in [
            "Visit https://evil.example now",
            "Visit evil.example now",
            "Write to me@mail.example please",
            "Call 0049301234567 for your refund",
            "See www evil example",
            "Call 0800 555 now",
            "Write to bob at gmail please",
            "A <b>bold</b> claim",
        ] {
            assert!(!is_harmless(harmful), "{harmful}");
        }
        for harmless in ["My order has not arrived.", "Does 2.5 V do, and/or 3 V?", "Où est-il ?"]
        {
            assert!(is_harmless(harmless), "{harmless}");
        }
    }
}
