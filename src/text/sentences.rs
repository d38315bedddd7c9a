//! Cuts text into sentences that can be quoted and checked one by one. Line
//! breaks and list items always cut; abbreviations, numbers, addresses and step
//! numbers never do.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// Shortened words whose full stop ends no sentence, lower case, without the
/// stop. Guessed from support texts in the languages we answer in.
const ABBREVIATIONS: &[&str] = &[
    "e.g", "i.e", "eg", "ie", "etc", "vs", "cf", "approx", "no", "nr", "fig", "dr", "mr", "mrs",
    "ms", "st", "prof", "inc", "ltd", "co", "corp", "dept", "est", "max", "min", "tel", "vol",
    "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "z.b",
    "bzw", "ca", "usw", "d.h", "ggf", "evtl", "inkl", "zzgl", "abs", "str", "p.ex", "par ex",
    "env", "p.ej", "ej", "sr", "sra", "aprox", "núm", "pág", "es", "ecc", "bijv", "t.a.v", "np",
    "m.in", "tzn", "bl.a", "t.ex", "f.eks", "a.m", "p.m", "u.s", "ver",
];

/// The sentences of a text in order, trimmed, none empty.
pub fn sentences(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for line in text.lines() {
        sentences_of_line(line.trim(), &mut found);
    }
    found
}

fn sentences_of_line<'a>(line: &'a str, found: &mut Vec<&'a str>) {
    if line.chars().all(|it| class(it).is_some()) {
        by_marks(line, found);
    } else {
        by_unicode(line, found);
    }
}

/// What a character is to the rules of sentences (UAX #29, SB8 to SB11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Lower,
    Upper,
    Stop,
    Close,
    Space,
    GoesOn,
    Other,
}

/// `None` for what is seldom met in text with spaces: all the rules are asked then.
fn class(letter: char) -> Option<Class> {
    Some(match letter {
        'a'..='z' => Class::Lower,
        'A'..='Z' => Class::Upper,
        ' ' | '\u{a0}' => Class::Space,
        '.' | '!' | '?' => Class::Stop,
        ',' | '-' | ':' | ';' | '–' | '—' => Class::GoesOn,
        '"' | '\'' | '(' | ')' | '[' | ']' | '{' | '}' => Class::Close,
        '“' | '”' | '‘' | '’' | '„' | '«' | '»' | '‹' | '›' => Class::Close,
        '!'..='~' | '•' | '→' | '€' | '…' | '×' | '÷' => Class::Other,
        'À'..='ſ' if letter.is_lowercase() => Class::Lower,
        'À'..='ſ' => Class::Upper,
        _ => return None,
    })
}

/// As [`by_unicode`] of a line whose characters all have a class, in a tenth of the time:
/// a sentence ends behind a mark and a space, unless what follows goes on with it.
fn by_marks<'a>(line: &'a str, found: &mut Vec<&'a str>) {
    let is = |wanted: Class| move |it: char| class(it) == Some(wanted);
    let mut start = 0;
    for (at, mark) in line.match_indices(['.', '!', '?']) {
        let after = line.get(at + mark.len()..).unwrap_or_default();
        let closed = after.trim_start_matches(is(Class::Close));
        let rest = closed.trim_start_matches(is(Class::Space));
        let end = line.len() - rest.len();
        let is_spaced = rest.len() < closed.len();
        if !is_spaced || rest.is_empty() || goes_on(mark, rest) {
            continue;
        }
        let so_far = line.get(start..end).unwrap_or_default();
        if ends_sentence(so_far) {
            push_trimmed(so_far, found);
            start = end;
        }
    }
    push_trimmed(line.get(start..).unwrap_or_default(), found);
}

/// True if the sentence does not end at the mark, though a space follows it.
fn goes_on(mark: &str, rest: &str) -> bool {
    let mut classes = rest.chars().filter_map(class);
    let first = classes.clone().next();
    if matches!(first, Some(Class::GoesOn | Class::Stop)) {
        return true;
    }
    let tells = |it: &Class| matches!(it, Class::Lower | Class::Upper | Class::Stop);
    // "approx. (about) 5 days": a stop before a small letter abbreviates.
    mark == "." && classes.find(tells) == Some(Class::Lower)
}

fn by_unicode<'a>(line: &'a str, found: &mut Vec<&'a str>) {
    let mut start = 0;
    let mut end = 0;
    for piece in line.split_sentence_bounds() {
        end += piece.len();
        let so_far = line.get(start..end).unwrap_or_default();
        if ends_sentence(so_far) || end == line.len() {
            push_trimmed(so_far, found);
            start = end;
        }
    }
    push_trimmed(line.get(start..end).unwrap_or_default(), found);
}

fn push_trimmed<'a>(piece: &'a str, found: &mut Vec<&'a str>) {
    let piece = piece.trim();
    if !piece.is_empty() {
        found.push(piece);
    }
}

/// Whether a break of the Unicode rules after `so_far` is one for us.
fn ends_sentence(so_far: &str) -> bool {
    let trimmed = so_far.trim_end();
    let spaced = trimmed.len() < so_far.len();
    // Without a space the stop belongs to an address, a version or a file
    // name, unless the script writes none.
    if !spaced {
        return trimmed.ends_with(['。', '！', '？', '｡', '।']);
    }
    if is_marker(trimmed) {
        return false;
    }
    let Some(stopped) = trimmed.strip_suffix('.') else { return true };
    let mut words = stopped.split_whitespace().rev();
    let word = words.next().unwrap_or_default();
    // `File > New > Msg.` is a shortened menu entry.
    if word.len() <= 4 && words.next().is_some_and(|it| matches!(it, ">" | "→" | "»")) {
        return false;
    }
    let word = word.trim_start_matches(['(', '[', '"', '“', '„', '«']).to_lowercase();
    let initial = word.chars().count() == 1 && word.chars().all(char::is_alphabetic);
    !initial && !ABBREVIATIONS.contains(&word.as_str())
}

/// True for `1.`, `2)`, `a.`, `-`, `*`, `•`: what stands before a list item.
fn is_marker(piece: &str) -> bool {
    !piece.is_empty()
        && piece.chars().count() <= 4
        && (piece.chars().all(|it| it.is_ascii_digit() || !it.is_alphanumeric())
            && !piece.ends_with(['!', '?', '…']))
}

/// What a line is, judged by its first characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineKind {
    /// `1. …`, `2) …`, with the number.
    Step(u32),
    Bullet,
    Plain,
}

/// Splits a line into its kind and the text after the list marker, trimmed.
pub fn line_kind(line: &str) -> (LineKind, &str) {
    let line = line.trim();
    for marker in ["- ", "* ", "• ", "– ", "· ", "+ "] {
        if let Some(rest) = line.strip_prefix(marker) {
            return (LineKind::Bullet, rest.trim());
        }
    }
    let digits = line.chars().take_while(char::is_ascii_digit).count();
    if (1..=3).contains(&digits)
        && let Some((number, rest)) = line.split_at_checked(digits)
        && let Some(rest) = rest.strip_prefix(['.', ')'])
        && rest.starts_with(char::is_whitespace)
    {
        return (LineKind::Step(number.parse().unwrap_or(1)), rest.trim());
    }
    (LineKind::Plain, line)
}

/// The text without `![label]`, which a page shows as a picture or an icon and a
/// reply cannot show at all. Spaces are left as they are.
pub fn without_pictures(text: &str) -> Cow<'_, str> {
    if !text.contains("![") {
        return Cow::Borrowed(text);
    }
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("![") {
        kept.push_str(before);
        // A label ends in its line; what is not closed there is no picture.
        let line = after.split('\n').next().unwrap_or_default();
        rest = match line.split_once(']') {
            Some((label, _)) => after.get(label.len() + 1..).unwrap_or_default(),
            None => {
                kept.push_str("![");
                after
            }
        };
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn abbreviations_numbers_addresses_and_menu_paths_stay_whole() {
        for whole in [
            "Use a browser, e.g. Firefox, and open it.",
            "Version 128.3.0 is out since Jan. 2025.",
            "Go to https://example.com/?q=Foo and sign in.",
            "Choose File > New > Msg. Folder to go on.",
            "1. Open the app.",
            "Dr. Smith answers at 5 p.m. on weekdays.",
        ] {
            assert_eq!(sentences(whole), [whole]);
        }
    }

    #[test]
    fn sentences_lines_and_items_are_cut_apart() {
        assert_eq!(
            sentences("First one. Second one! Third?"),
            ["First one.", "Second one!", "Third?"]
        );
        assert_eq!(sentences("Title\n- one\n- two. Three"), ["Title", "- one", "- two.", "Three"]);
        assert_eq!(sentences("设置打开。然后保存。"), ["设置打开。", "然后保存。"]);
        assert!(sentences(" \n\n ").is_empty());
    }

    #[test]
    fn pictures_leave_no_trace() {
        assert_eq!(
            without_pictures("click ![Menu button] and ![x]\n![open"),
            "click  and \n![open"
        );
        assert_eq!(without_pictures("plain"), "plain");
    }

    #[test]
    fn a_line_tells_a_step_from_a_bullet_and_from_prose() {
        assert_eq!(line_kind(" 12. Open it"), (LineKind::Step(12), "Open it"));
        assert_eq!(line_kind("2) Open it"), (LineKind::Step(2), "Open it"));
        assert_eq!(line_kind("- Open it"), (LineKind::Bullet, "Open it"));
        assert_eq!(line_kind("3.5 inches"), (LineKind::Plain, "3.5 inches"));
        assert_eq!(line_kind("2024 was good"), (LineKind::Plain, "2024 was good"));
    }

    proptest! {
        #[test]
        fn no_letter_is_lost_or_doubled(text in "\\PC{0,200}|([a-zA-Z0-9.!?。 \n]{0,200})") {
            let joined: String = sentences(&text).concat();
            let squeeze = |it: &str| it.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(squeeze(&joined), squeeze(&text));
        }

        #[test]
        fn what_the_marks_tell_is_what_the_rules_say(
            line in "[a-zA-Z0-9.!?,:;()\\[\\]\"'> éÉß“”’«–…•→€\u{a0}-]{0,60}|([a-zA-Z]{1,3}[.!?][)\"’]? {0,2}){0,12}"
        ) {
            let line = line.trim();
            let (mut by_the_marks, mut by_the_rules) = (Vec::new(), Vec::new());
            by_marks(line, &mut by_the_marks);
            by_unicode(line, &mut by_the_rules);
            prop_assert_eq!(by_the_marks, by_the_rules);
        }
    }
}
