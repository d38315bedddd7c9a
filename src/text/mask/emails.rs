//! E-mail addresses: as they should be, with a sign missing or a blank too many, without
//! any sign as speech is written down, and spelled out against robots or into a microphone.

use std::sync::LazyLock;

use regex::Captures;
use regex::Regex;

use super::Kind;
use super::Span;

/// Characters on each side of an `@` that may belong to an address (RFC 5321
/// allows 64 before it and 255 after it).
const MAX_ADDRESS_CHARS: usize = 255;

/// Characters on each side of a spelled-out sign that are looked at. (Guessed: nobody
/// spells out a longer name.)
const MAX_SPELLED_CHARS: usize = 80;

/// Where most people have their mail: an address of theirs is one even if a sign
/// is missing. (A choice, not a measurement.)
const PROVIDERS: [&str; 14] = [
    "gmail",
    "googlemail",
    "hotmail",
    "outlook",
    "yahoo",
    "icloud",
    "protonmail",
    "aol",
    "gmx",
    "ymail",
    "rediffmail",
    "qq",
    "mail.ru",
    "yandex",
];

/// What stands for an `@` where an address is spelled out: `jane (at) mail [dot] example`,
/// `jane at mail dot example`, `jane @ gmail.com`.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static SPELLED_SIGN: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)(?<bracket>\s?[(\[{<]\s?(?:at|@)\s?[)\]}>]\s?)|(?<word>\sat\s)|\s?@\s";
    Regex::new(pattern).unwrap()
});

/// What stands for its dots.
const SPELLED_DOT: &str = r"(?:\.|\s?[(\[{<]\s?(?:dot|\.)\s?[)\]}>]\s?|\sdot\s)";

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static SPELLED_NAME: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&format!(r"(?i)[\w%+-]+(?:{SPELLED_DOT}[\w%+-]+)*$")).unwrap());

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static SPELLED_HOST: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(&format!(
        r"(?i)^[a-z0-9-]+(?:{SPELLED_DOT}[a-z0-9-]+)*{SPELLED_DOT}[a-z]{{2,}}(?-u:\b)"
    ))
    .unwrap()
});

/// `jane.doegmail.com`: the sign was forgotten.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static WITHOUT_SIGN: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)[a-z0-9_.%+-]*[a-z0-9_](?:gmail|googlemail|hotmail|yahoo|icloud|protonmail)\.com(?-u:\b)";
    Regex::new(pattern).unwrap()
});

/// `jane doe 78 gmailcom`, `janedoegmailcom`: what is left of an address where signs are
/// lost, in transcripts of calls and some exports. A provider's name that runs on into
/// "com" is in no other word; hurried people swap its letters.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static WITHOUT_SIGNS: LazyLock<Regex> = LazyLock::new(|| {
    let known = r"(?:g(?:a?m+s?a?il?|amil|mial|ail)|google(?:mail)?|[yp]ahoo|yoho+|outlook|icloud|aol|gmx|yandex|msn|mac|comcast|att|sbcglobal|verizon|(?:hot|y|rediff|proton|u|e)?mail)";
    let end = r"(?:com|con|cpm|xom|net|org|couk|coin|de|fr|ru)";
    let pattern = format!(
        r"(?i)(?-u:\b)(?:(?<name>[a-z]{{2,40}} (?:[0-9]{{1,9}} )?)?(?<host>{known}{end})|(?:(?:[a-z]{{2,40}} )?[0-9]{{1,9}} )?[a-z0-9_%+-]{{1,40}}{known}{end})(?-u:\b)"
    );
    Regex::new(&pattern).unwrap()
});

/// What an address without signs is told by, wherever its mail is: "my email is janeexamplecom".
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static NAMED_ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)(?-u:\b)e-?mail(?: (?:address|id))?(?: is)? (?<address>[a-z0-9_-]{3,60}(?:com|org|gov|edu))(?-u:\b)";
    Regex::new(pattern).unwrap()
});

/// Words that end like an address and are none.
const ENDING_ALIKE: [&str; 4] = ["telecom", "intercom", "dotcom", "sitcom"];

pub(super) fn find(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let email = |(start, end)| Span { start, end, kind: Kind::Email };
    found.extend(text.match_indices('@').filter_map(|(at, _)| around(text, at)).map(email));
    found.extend(SPELLED_SIGN.captures_iter(text).filter_map(|it| spelled(text, &it)).map(email));
    for it in WITHOUT_SIGN.find_iter(text) {
        // `www.hotmail.com` is a website.
        found.extend((!it.as_str().contains("www.")).then(|| email((it.start(), it.end()))));
    }
    for it in WITHOUT_SIGNS.captures_iter(text) {
        let is_host_alone = it.name("host").is_some() && it.name("name").is_none();
        let whole = it.get(0).filter(|_| !is_host_alone);
        found.extend(whole.map(|it| email((it.start(), it.end()))));
    }
    for it in NAMED_ADDRESS.captures_iter(text).filter_map(|it| it.name("address")) {
        let is_word = ENDING_ALIKE.contains(&it.as_str().to_lowercase().as_str());
        found.extend((!is_word).then(|| email((it.start(), it.end()))));
    }
    found
}

/// Looks around what may stand for an `@`.
fn spelled(text: &str, sign: &Captures<'_>) -> Option<(usize, usize)> {
    let whole = sign.get(0)?;
    let after = text.get(whole.end()..)?;
    let cut = after.char_indices().nth(MAX_SPELLED_CHARS).map_or(after.len(), |(at, _)| at);
    let host = SPELLED_HOST.find(after.get(..cut)?)?;
    let written = host.as_str().to_lowercase();
    // "Look at example.com" and "the FAQ @ example.com" are no addresses.
    let is_address = if sign.name("bracket").is_some() {
        true
    } else if sign.name("word").is_some() {
        written.contains("dot")
    } else {
        is_provider(&written)
    };
    let before = text.get(..whole.start()).filter(|_| is_address)?;
    let tail = before.char_indices().rev().take(MAX_SPELLED_CHARS).last().map_or(0, |(at, _)| at);
    let name = SPELLED_NAME.find(before.get(tail..)?)?;
    Some((tail + name.start(), whole.end() + host.end()))
}

/// Looks around an `@`: letters of any script, as addresses have them now.
fn around(text: &str, at: usize) -> Option<(usize, usize)> {
    let (before, after) = (text.get(..at)?, text.get(at + 1..)?);
    let in_name = |it: char| it.is_alphanumeric() || "._%+'-".contains(it);
    let in_host = |it: char| it.is_alphanumeric() || ".-".contains(it);
    let name = before.chars().rev().take(MAX_ADDRESS_CHARS).take_while(|it| in_name(*it));
    let name_bytes: usize = name.map(char::len_utf8).sum();
    let host = after.chars().take(MAX_ADDRESS_CHARS).take_while(|it| in_host(*it));
    let host_bytes: usize = host.map(char::len_utf8).sum();
    // The full stop of a sentence and a quotation mark are not part of it.
    let name = before.get(at - name_bytes..)?.trim_start_matches(['.', '-', '\'', '%', '+']);
    let mut host = after.get(..host_bytes)?.trim_end_matches(['.', '-']);
    // `pack@1.2.3` is a version; what follows a full stop without a blank is the next sentence.
    while let Some((rest, _)) = host.rsplit_once('.').filter(|(_, last)| !is_top_level(last)) {
        host = rest.trim_end_matches(['.', '-']);
    }
    let is_host = match host.split_once('.') {
        Some(_) => host.split('.').all(|it| !it.is_empty()),
        None => is_provider(&host.to_lowercase()),
    };
    (!name.is_empty() && is_host).then(|| (at - name.len(), at + 1 + host.len()))
}

fn is_top_level(label: &str) -> bool {
    let n_letters = label.chars().count();
    label.starts_with("xn--") || (2 <= n_letters && label.chars().all(char::is_alphabetic))
}

fn is_provider(host: &str) -> bool {
    PROVIDERS.iter().any(|it| host.starts_with(it))
}
