//! Addresses and markup: a link must stand in a cited passage with all it has, and
//! lead to a host that is allowed; nothing in a sentence may be more than words.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use regex::Regex;
use unicode_normalization::UnicodeNormalization as _;

use crate::guard::Rule;
use crate::guard::material::Cited;

/// Addresses in a text that was made plain: with a scheme, with two slashes, or a host
/// that ends as hosts do. Two letters at the end only with a path or "www.": many words
/// with a stop inside end so.
const ADDRESS: &str = concat!(
    r"(?i)\b(?:h(?:tt|xx)ps?\s?:\s?/|mailto\s?:|javascript\s?:|vbscript\s?:|file\s?:\s?/|data\s?:\s?[a-z]+/|data:[;,]|(?:tel|sms)\s?:\s?\+?\d)[^\s\x22<>\])]*",
    r"|[a-z][a-z0-9+.-]{1,15}://[^\s\x22<>\])]+",
    r"|(?:^|[\s(\[\x22'<=])//[\p{L}\p{N}-]+(?:\.[\p{L}\p{N}-]+)+[^\s\x22<>\])]*",
    r"|\bwww\d?\.[^\s\x22<>\])]+",
    r"|(?:[\w.+-]+@)?[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.(?:com|net|org|info|biz|xyz|online|site|shop|store|top|club|live|link|click|example|test|invalid|local|dev|app|cloud|tech|icu|page|ru|cn|tk|ml|ga|cf|cc|ws|su|ly|gg|рф|中国)\b(?:[/?#:][^\s\x22<>\])]*)?",
    r"|(?:[\w.+-]+@)?[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.\p{L}{2,12}(?::\d{2,5})?[/?#][^\s\x22<>\])]*",
    r"|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{2,5})?[/?#][^\s\x22<>\])]*",
);

/// HTML, entities, Markdown images and links, footnotes and definitions, templates.
const MARKUP: &str = concat!(
    r"(?i)<[/!?a-z]|&#x?[0-9a-f]+|&[a-z]{2,8};|!\[|\]\s?\(|\]\s?\[|\[\^",
    r"|(?:^|\s)\[[^\]]{1,60}\]\s?:|\{\{|\{%|```|@import\b|url\s?\(|expression\s?\(",
);

/// One of them stands in all markup.
const MARKUP_SIGNS: [char; 8] = ['<', '&', '[', ']', '{', '`', '@', '('];

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static ADDRESSES: LazyLock<Regex> = LazyLock::new(|| Regex::new(ADDRESS).unwrap());

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static JOINED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\p{L}[\p{L}\p{N}_-]*(?:\.[\p{L}\p{N}_-]+)*\.\p{L}[\p{L}\p{N}_-]+").unwrap()
});

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static MARKUPS: LazyLock<Regex> = LazyLock::new(|| Regex::new(MARKUP).unwrap());

pub(super) fn broken_by(text: &str, cited: &[&Cited], allowed: &[String]) -> Vec<Rule> {
    let mut broken = Vec::new();
    if has_unseen(text) {
        broken.push(Rule::Unseen);
    }
    // Copied as it stands, a sentence leads where its article leads.
    if cited.iter().any(|it| it.text.contains(text)) {
        let leads_away = !allowed.is_empty() && addresses(text).any(|it| !is_allowed(it, allowed));
        broken.extend(leads_away.then_some(Rule::Address));
        return broken;
    }
    if text.contains(MARKUP_SIGNS)
        && let Some(found) = MARKUPS.find(text)
    {
        // An article about HTML may be quoted.
        let around = line_around(text, found.start());
        if !cited.iter().any(|it| it.text.contains(around)) {
            broken.push(Rule::Markup);
        }
    }
    let is_right = |address: &str, as_read: bool| {
        let stands = |it: &&&Cited| {
            stands_in(address, &it.text) || as_read && stands_in(address, &plain(&it.text))
        };
        cited.iter().find(stands).is_some() && is_allowed(address, allowed)
    };
    // A host with an end nobody has listed; or a word that was hung onto another one.
    let is_foreign = |it: &str| !cited.iter().any(|cited| stands_in(it, &cited.text));
    let is_joined = joined(text).any(is_foreign);
    // Once as it is and once as a browser or a helpful reader would have it.
    let read = plain(text);
    if is_joined
        || addresses(text).any(|it| !is_right(it, false))
        || addresses(&read).any(|it| !is_right(it, true))
    {
        broken.push(Rule::Address);
    }
    broken
}

/// The addresses of a text. An e-mail address leads to a person, and is for
/// `identifiers`.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    let text = if may_hold_address(text) { text } else { "" };
    let trimmed = |it: regex::Match<'_>| -> (usize, usize) {
        let address = it.as_str().trim_end_matches(is_stop);
        let start = address.len() - address.trim_start_matches(is_before).len();
        (it.start() + start, it.start() + address.len())
    };
    let found = ADDRESSES.find_iter(text).map(trimmed);
    let found = found.filter_map(move |(start, end)| text.get(start..end));
    found.filter(|it| !it.contains('@') || it.contains([':', '/']))
}

/// False for most sentences: every address has a slash, a stop with something behind it,
/// or a scheme with a colon.
fn may_hold_address(text: &str) -> bool {
    static SCHEMES: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
        let schemes = ["http", "hxxp", "mailto", "script", "file", "data", "tel", "sms"];
        AhoCorasick::builder().ascii_case_insensitive(true).build(schemes).ok()
    });
    // The long s and the sign of Kelvin are the only other cases of ASCII letters.
    let has_scheme = |it: &str| {
        it.contains(['ſ', '\u{212a}'])
            || SCHEMES.as_ref().is_none_or(|schemes| schemes.is_match(it))
    };
    text.contains('/') || has_stop_inside(text) || text.contains(':') && has_scheme(text)
}

fn has_stop_inside(text: &str) -> bool {
    let goes_on = |after: &str| after.chars().next().is_some_and(|it| !it.is_whitespace());
    text.match_indices('.').any(|(at, _)| text.get(at + 1..).is_some_and(goes_on))
}

/// Words with a stop inside, other than those of an e-mail address or a longer one.
fn joined(text: &str) -> impl Iterator<Item = &str> {
    let text = if has_stop_inside(text) { text } else { "" };
    let is_part = |it: &regex::Match<'_>| {
        let before = text.get(..it.start()).unwrap_or_default();
        let before = before.rsplit(char::is_whitespace).next().unwrap_or_default();
        let after = text.get(it.end()..).unwrap_or_default();
        let after = after.split(char::is_whitespace).next().unwrap_or_default();
        before.contains(['@', '/']) || after.contains(['@', '/'])
    };
    JOINED.find_iter(text).filter(move |it| !is_part(it)).map(|it| it.as_str())
}

fn is_stop(it: char) -> bool {
    matches!(
        it,
        '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '’' | '”' | '“' | '»' | '*' | '`' | '。'
    )
}

fn is_before(it: char) -> bool {
    it.is_whitespace() || matches!(it, '(' | '[' | '"' | '\'' | '<' | '=')
}

/// True if an address stands in a text with nothing added or taken away.
fn stands_in(address: &str, text: &str) -> bool {
    let goes_on = |it: char| {
        it.is_alphanumeric()
            || matches!(it, '/' | '?' | '#' | '&' | '=' | '-' | '_' | '%' | '@' | '~' | '+')
    };
    text.match_indices(address).any(|(at, _)| {
        let before = text.get(..at).and_then(|it| it.chars().next_back());
        let mut after = text.get(at + address.len()..).unwrap_or_default().chars();
        let ends = match after.next() {
            // A stop ends a sentence, unless a word follows.
            Some('.' | ':') => !after.next().is_some_and(goes_on),
            Some(next) => !goes_on(next),
            None => true,
        };
        // `www.` and a host stand within a longer address; that is the same place.
        let begins =
            before.is_none_or(|it| !it.is_alphanumeric() && !matches!(it, '-' | '_' | '@' | '.'));
        begins && ends
    })
}

/// True if no hosts are listed, or the address leads to one of them.
fn is_allowed(address: &str, hosts: &[String]) -> bool {
    if hosts.is_empty() {
        return true;
    }
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.trim_start_matches('/');
    let rest = rest.strip_prefix("mailto:").unwrap_or(rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // What stands before an @ is a name, not a host.
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default().to_lowercase();
    hosts.iter().map(|it| it.to_lowercase()).any(|it| {
        host == it || host.strip_suffix(it.as_str()).is_some_and(|before| before.ends_with('.'))
    })
}

/// A text as a browser or a helpful reader would have it: percent signs decoded,
/// compatible forms made one, other stops made stops, "dot" written out.
fn plain(text: &str) -> String {
    let mut plain: String = decoded(&decoded(text)).nfkc().filter(|it| !is_unseen(*it)).collect();
    for (written, meant) in [
        ("。", "."),
        ("｡", "."),
        ("․", "."),
        ("[.]", "."),
        ("(.)", "."),
        ("[dot]", "."),
        ("(dot)", "."),
        (" dot ", "."),
        (" punkt ", "."),
        (" point ", "."),
        (" punto ", "."),
        ("[:]", ":"),
        (" slash ", "/"),
        ("\\", "/"),
    ] {
        if plain.contains(written) {
            plain = plain.replace(written, meant);
        }
    }
    plain
}

/// Percent signs decoded once; what is not text then stays as it is.
fn decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let hex = |it: u8| char::from(it).to_digit(16).and_then(|it| u8::try_from(it).ok());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.first().copied().and_then(hex).zip(after.get(1).copied().and_then(hex));
        match digits {
            Some((high, low)) if *first == b'%' => {
                bytes.push(high * 16 + low);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// The word with markup, to be looked up as it stands.
fn line_around(text: &str, at: usize) -> &str {
    let start = text.get(..at).and_then(|it| it.rfind(char::is_whitespace)).map_or(0, |it| it + 1);
    let end = text.get(at..).and_then(|it| it.find(char::is_whitespace));
    let around = text.get(start..end.map_or(text.len(), |it| at + it)).unwrap_or(text);
    around.trim_start_matches(is_before).trim_end_matches(is_stop)
}

/// True if a text has characters that hide something or turn it around. Joiners that
/// Persian, Indic scripts and emoji need are words there.
fn has_unseen(text: &str) -> bool {
    if text.is_ascii() {
        // Most sentences: nothing joins, and only control characters are not seen.
        return text.bytes().any(|it| is_unseen(char::from(it)));
    }
    let mut before = ' ';
    text.chars().any(|it| {
        let joins = matches!(it, '\u{200c}' | '\u{200d}' | '\u{fe0f}') && !before.is_ascii();
        before = it;
        is_unseen(it) && !joins
    })
}

fn is_unseen(it: char) -> bool {
    matches!(it,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' | '\u{180e}')
        || (it.is_control() && !it.is_whitespace())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        let pieces = [
            "http",
            "hxxps",
            "mailto",
            "JavaScript",
            "ftp",
            "data",
            "TEL",
            "ſms",
            "www",
            ":",
            "//",
            "/",
            ".",
            " ",
            "com",
            "evil",
            "example",
            "рф",
            "1",
            "@",
            "<b",
            "&amp;",
            "![a]",
            "](",
            "[x]: ",
            "{{",
            "`",
            "url(",
            "K",
            "and so on",
            "\n",
        ];
        prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..12)
            .prop_map(|it| it.concat())
    }

    proptest! {
        #[test]
        fn what_is_passed_over_at_a_glance_holds_no_address_and_no_markup(text in text()) {
            prop_assert!(may_hold_address(&text) || !ADDRESSES.is_match(&text));
            prop_assert!(has_stop_inside(&text) || !JOINED.is_match(&text));
            prop_assert!(text.contains(MARKUP_SIGNS) || !MARKUPS.is_match(&text));
        }
    }
}
