//! What leads to an account or a machine: IBAN by its check digits, addresses of
//! the internet protocol, and numbers with a label before them.

use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::sync::LazyLock;

use regex::Regex;

use super::Kind;
use super::Span;
use super::begins_word;
use super::ends_word;
use super::words_before;

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static IBAN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,32}").unwrap());

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static IPV4: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}").unwrap());

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static IPV6: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}").unwrap());

/// What a number belongs to, in the languages help centers are mostly written
/// in, the words between, and the number: five digits at least.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static LABELLED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(?:order|account|acct|customer|client|invoice|booking|reservation|tracking|shipment|parcel|member(?:ship)?|",
        r"policy|contract|passport|licen[cs]e|driver'?s licen[cs]e|tax|vat|iban|transaction|payment|subscription|case|reference|ref|serial|imei|",
        r"bestell\w*|auftrags?\w*|kunden\w*|konto\w*|rechnungs?\w*|vertrags?\w*|sendungs?\w*|buchungs?\w*|ausweis\w*|steuer\w*|",
        r"commande|compte|facture|dossier|contrat|pedido|cuenta|cliente|factura|contrato|ordine|conto|fattura|",
        r"conta|fatura|encomenda|bestel\w*|klant\w*|rekening\w*|factuur\w*)",
        r"[ -]{0,2}(?:(?:number|numbers|no|nr|num|id|code|nummer|numéro|numero|número|nº|n°|is|was|ist|lautet|es|est|key|ref)\b[.:]?\s{0,3}){0,3}[\s:#(=]{0,4}",
        r"((?:[A-Z]{1,6}[-/]?)?\d[A-Z0-9/-]{4,40})",
    ))
    .unwrap()
});

pub(super) fn find(text: &str, found: &mut Vec<Span>) {
    for it in IBAN.find_iter(text) {
        if begins_word(text, it.start())
            && let Some(length) = iban_length(it.as_str())
            && ends_word(text, it.start() + length)
        {
            let end = it.start() + length;
            found.push(Span { start: it.start(), end, kind: Kind::Iban });
        }
    }
    for it in IPV4.find_iter(text).filter(|it| it.as_str().parse::<Ipv4Addr>().is_ok()) {
        if stands_alone(text, it.start(), it.end()) && !is_version(text, it.start()) {
            found.push(Span { start: it.start(), end: it.end(), kind: Kind::IpAddress });
        }
    }
    for it in IPV6.find_iter(text).filter(|it| is_ipv6(it.as_str())) {
        if begins_word(text, it.start()) && ends_word(text, it.end()) {
            found.push(Span { start: it.start(), end: it.end(), kind: Kind::IpAddress });
        }
    }
    for captures in LABELLED.captures_iter(text) {
        let Some(it) = captures.get(1) else { continue };
        let number = it.as_str().trim_end_matches(['-', '/']);
        let n_digits = number.bytes().filter(u8::is_ascii_digit).count();
        if 5 <= n_digits && !is_date(number) && ends_word(text, it.start() + number.len()) {
            let end = it.start() + number.len();
            found.push(Span { start: it.start(), end, kind: Kind::Labelled });
        }
    }
}

/// How much of the text is an IBAN whose check digits are right (ISO 13616,
/// ISO 7064 mod 97-10). The pattern may have taken words behind it along.
fn iban_length(text: &str) -> Option<usize> {
    let ends = text.char_indices().filter(|(_, it)| it.is_ascii_alphanumeric());
    let ends: Vec<usize> = ends.map(|(at, _)| at + 1).collect();
    (15..=34).rev().find_map(|n_chars| {
        let end = *ends.get(n_chars - 1)?;
        let bare: Vec<u8> = text.bytes().take(end).filter(u8::is_ascii_alphanumeric).collect();
        let (head, tail) = bare.split_at_checked(4)?;
        let remainder = tail.iter().chain(head).fold(0_u32, |remainder, letter| {
            let value = char::from(*letter).to_digit(36).unwrap_or(0);
            (remainder * if value < 10 { 10 } else { 100 } + value) % 97
        });
        // A word of letters behind the number is no part of it.
        (remainder == 1 && bare.iter().filter(|it| it.is_ascii_digit()).count() >= 8).then_some(end)
    })
}

fn is_ipv6(text: &str) -> bool {
    // Times (`10:20:30`) and `::` in code have the shape; five parts do not.
    text.parse::<Ipv6Addr>().is_ok()
        && 4 < text.split(':').count() - usize::from(text.contains("::"))
        || (text.contains("::") && text.len() > 6 && text.parse::<Ipv6Addr>().is_ok())
}

/// False inside a longer chain of numbers.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    let digit_follows = |rest: &str| rest.starts_with(|it: char| it.is_ascii_digit());
    let goes_on = after.strip_prefix('.').is_some_and(digit_follows);
    begins_word(text, start) && ends_word(text, end) && !before.ends_with('.') && !goes_on
}

fn is_version(text: &str, start: usize) -> bool {
    let before = words_before(text, start, 14);
    ["version", "ver.", "ver", "build", "release", "firmware", " v", "driver", "update"]
        .iter()
        .any(|it| before.trim_end().trim_end_matches(':').ends_with(it.trim_start()))
        && !before.trim_end().ends_with("server")
}

/// `2024-05-01`, `01/05/2024`.
fn is_date(number: &str) -> bool {
    let parts: Vec<&str> = number.split(['-', '/']).collect();
    let lengths: Vec<usize> = parts.iter().map(|it| it.len()).collect();
    matches!(lengths.as_slice(), [4, 1..=2, 1..=2] | [1..=2, 1..=2, 4] | [1..=2, 1..=2, 2])
}
