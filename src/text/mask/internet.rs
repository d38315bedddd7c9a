//! Addresses of the internet protocol, version 4 and 6. Those that every machine
//! has (`127.0.0.1`, `::1`, masks of networks) are nobody's.

use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::sync::LazyLock;

use regex::Regex;

use super::Kind;
use super::Span;
use super::begins_word;
use super::ends_word;
use super::labels;
use super::letter_after;
use super::letter_before;

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static IPV4: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}(?:\.[0-9]+)*").unwrap()
});

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static IPV6: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}").unwrap());

pub(super) fn find(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let span =
        |it: regex::Match<'_>| Span { start: it.start(), end: it.end(), kind: Kind::IpAddress };
    for it in IPV4.find_iter(text) {
        let is_address = it.as_str().parse().is_ok_and(is_somebodys)
            && stands_alone(text, it.start(), it.end())
            && !labels::is_version(text, it.start());
        found.extend(is_address.then(|| span(it)));
    }
    for it in IPV6.find_iter(text) {
        // A longer chain is the fingerprint of a key.
        let is_address = is_ipv6(it.as_str())
            && begins_word(text, it.start())
            && ends_word(text, it.end())
            && letter_before(text, it.start()) != Some(':')
            && letter_after(text, it.end()) != Some(':');
        found.extend(is_address.then(|| span(it)));
    }
    found
}

/// Resolvers of names that are open to all. (As their operators publish them.)
const OPEN_RESOLVERS: [[u8; 4]; 8] = [
    [1, 1, 1, 1],
    [1, 0, 0, 1],
    [8, 8, 8, 8],
    [8, 8, 4, 4],
    [9, 9, 9, 9],
    [149, 112, 112, 112],
    [208, 67, 222, 222],
    [208, 67, 220, 220],
];

/// False for a whole network, which versions look like as well: `102.10.1.0`.
fn is_somebodys(address: Ipv4Addr) -> bool {
    let octets = address.octets();
    let is_host = !matches!(octets, [0 | 127 | 255, ..] | [.., 0]);
    is_host && !OPEN_RESOLVERS.contains(&octets)
}

fn is_ipv6(text: &str) -> bool {
    let Ok(address) = text.parse::<Ipv6Addr>() else { return false };
    if address.is_loopback() || address.is_unspecified() {
        return false;
    }
    // Times (`10:20:30`) and `::` in code have the shape; five parts do not.
    let n_parts = text.split(':').count() - usize::from(text.contains("::"));
    4 < n_parts || (text.contains("::") && text.len() > 6)
}

/// False inside a longer word or chain, and in a path: `/releases/1.5.0.14/`.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    let is_in_path = before.strip_suffix('/').is_some_and(|it| {
        it.ends_with(|it: char| it.is_ascii_digit())
            || (after.starts_with('/') && !it.ends_with('/'))
    });
    let goes_on = after.strip_prefix('-').is_some_and(|it| it.starts_with(char::is_alphabetic));
    begins_word(text, start)
        && ends_word(text, end)
        && !before.ends_with('.')
        && !is_in_path
        && !goes_on
}
