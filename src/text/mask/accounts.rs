//! What leads to an account: IBANs by country and check digits, and numbers that
//! are somebody's because of the words before them. Orders are not: they name a
//! purchase, and what helped with one helps with the next.

use std::sync::LazyLock;

use regex::Regex;

use super::Kind;
use super::Span;
use super::begins_word;
use super::ends_word;
use super::labels;
use super::labels::Label;
use super::numbers;

/// Characters of an IBAN by country (the registry of ISO 13616, release 99).
const IBAN_LENGTHS: &str = "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 \
    DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 \
    IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 \
    MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 \
    ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30";

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static IBAN_START: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)[A-Z]{2}[0-9]{2}").unwrap());

/// What a number belongs to, in the languages help centers are mostly written
/// in, the words between, and the number: five digits at least.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static LABELLED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?-u:\b)(?:accounts?|acct|customer|client|invoice|booking|reservation|confirmation|tracking|shipment|parcel|member(?:ship)?|",
        r"policy|claim|contract|passport|driver'?s licen[cs]e|licen[cs]e|tax|vat|iban|transaction|payment|subscription|case|reference|ref|imei|",
        r"kunden\w*|konto\w*|rechnungs?\w*|vertrags?\w*|sendungs?\w*|buchungs?\w*|ausweis\w*|steuer\w*|",
        r"compte|facture|dossier|contrat|cuenta|cliente|factura|contrato|conto|fattura|",
        r"conta|fatura|klant\w*|rekening\w*|factuur\w*)",
        r"[ -]{0,2}(?:(?:(?:number|numbers|no|nr|num|id|code|nummer|numéro|numero|número|is|was|ist|lautet|es|est|key|ref)(?-u:\b)|nº|n°)[.:]?\s{0,3}){0,3}[\s:#(=]{0,4}",
        r"((?:[A-Z]{1,6}[-/]?)?[0-9][A-Z0-9/-]{2,40}(?:[ -][0-9]{2,8}(?-u:\b)){0,5})",
    ))
    .unwrap()
});

/// Codes of letters and digits that open a booking; the word for it and the word
/// for a code have to stand there, so that "booking for 4 people" does not.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static BOOKING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?-u:\b)(?:(?:booking|reservation|confirmation|itinerary|e-?ticket)[ -](?:code|number|no|nr|reference|ref|id)|pnr|",
        r"record locator|locator|(?:buchungs|reservierungs|bestätigungs)(?:code|nummer|nr))(?-u:\b)",
        r"[.:]?(?:\s(?:is|was|ist|lautet))?[\s:#(=]{1,4}([A-Z0-9][A-Z0-9-]{4,14})",
    ))
    .unwrap()
});

/// Numbers of social security, whole or the last four digits that agents ask for.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static SOCIAL_SECURITY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?:(?-u:\b)ssn|(?-u:\b)social security|(?-u:\b)itin)(?:[\s.:#(-]|number|num|no|nr|id|is|was|are|the|of|last|four|4|digits?|card)*?",
        r"([0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}|[0-9]{4})(?-u:\b)",
    ))
    .unwrap()
});

/// "The last four digits of my card are 4242."
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static LAST_DIGITS: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)(?-u:\b)last\s(?:four|five|[45])\s?(?:digits?|numbers?)?(?:\s[a-z']{1,12}){0,6}[\s:]{1,3}([0-9]{4,5})(?-u:\b)";
    Regex::new(pattern).unwrap()
});

/// The code on the back of a card.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static CARD_CODE: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?i)(?-u:\b)(?:cvv2?|cvc2?|cvn|prüfziffer|kartenprüfnummer)(?:\s(?:number|code|no))?(?:\s(?:is|ist))?[\s:#=(]{1,3}([0-9]{3,4})(?-u:\b)";
    Regex::new(pattern).unwrap()
});

pub(super) fn find(text: &str) -> Vec<Span> {
    let mut found: Vec<Span> = IBAN_START
        .find_iter(text)
        .filter(|it| begins_word(text, it.start()))
        .filter_map(|it| Some((it.start(), iban_end(text, it.start())?)))
        .map(|(start, end)| Span { start, end, kind: Kind::Iban })
        .collect();
    for (pattern, kind) in [
        (&CARD_CODE, Kind::Card),
        (&SOCIAL_SECURITY, Kind::SocialSecurity),
        (&LAST_DIGITS, Kind::Labelled),
    ] {
        let numbers = pattern.captures_iter(text).filter_map(|it| it.get(1));
        found.extend(numbers.map(|it| Span { start: it.start(), end: it.end(), kind }));
    }
    for captures in LABELLED.captures_iter(text) {
        let (Some(whole), Some(it)) = (captures.get(0), captures.get(1)) else { continue };
        let number = it.as_str().trim_end_matches(['-', '/']);
        let n_digits = number.bytes().filter(u8::is_ascii_digit).count();
        let groups: Vec<&str> = number.split(['-', '/', ' ']).collect();
        let end = it.start() + number.len();
        let is_somebodys = 5 <= n_digits
            && !numbers::is_date(&groups)
            && !is_universal(number)
            && !labels::is_of_order(text, whole.start())
            && !is_amount(text, end)
            && ends_word(text, end);
        found.extend(is_somebodys.then(|| Span { start: it.start(), end, kind: Kind::Labelled }));
    }
    for captures in BOOKING.captures_iter(text) {
        let (Some(whole), Some(it)) = (captures.get(0), captures.get(1)) else { continue };
        let is_code = it.as_str().contains(|it: char| it.is_ascii_digit())
            || (it.len() == 6 && it.as_str().chars().all(|it| it.is_ascii_uppercase()));
        let span = Span { start: it.start(), end: it.end(), kind: Kind::Labelled };
        let is_somebodys =
            is_code && !labels::is_of_order(text, whole.start()) && ends_word(text, it.end());
        found.extend(is_somebodys.then_some(span));
    }
    found
}

/// True for an identifier of RFC 9562: it names a program's object.
fn is_universal(number: &str) -> bool {
    let lengths: Vec<usize> = number.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12]
}

/// "Payment 1250000 EUR", "transaction 12500.00".
fn is_amount(text: &str, end: usize) -> bool {
    let behind = text.get(end..).unwrap_or_default();
    let decimals = behind.strip_prefix([',', '.']);
    decimals.is_some_and(|it| it.starts_with(|it: char| it.is_ascii_digit()))
        || labels::after(text, end) == Some(Label::Thing)
}

/// Where an IBAN ends that begins at `start`: as long as its country says, with the
/// right check digits (ISO 7064 mod 97-10).
fn iban_end(text: &str, start: usize) -> Option<usize> {
    let rest = text.get(start..)?;
    let country = rest.get(..2)?.to_ascii_uppercase();
    let mut lengths = IBAN_LENGTHS.split_whitespace().filter_map(|it| it.split_at_checked(2));
    let (_, length) = lengths.find(|(it, _)| *it == country)?;
    let length: usize = length.parse().ok()?;
    let mut bare: Vec<u32> = Vec::with_capacity(length);
    let (mut end, mut was_separator) = (start, false);
    for (at, letter) in rest.char_indices() {
        let is_separator = matches!(letter, ' ' | '-' | '.' | '\u{a0}' | '\u{202f}');
        match letter.to_digit(36) {
            Some(value) => bare.push(value),
            None if is_separator && !was_separator => {}
            None => return None,
        }
        was_separator = is_separator;
        if bare.len() == length {
            end = start + at + 1;
            break;
        }
    }
    let (head, tail) = bare.split_at_checked(4)?;
    let remainder = tail
        .iter()
        .chain(head)
        .fold(0, |remainder, value| (remainder * if *value < 10 { 10 } else { 100 } + value) % 97);
    (bare.len() == length && remainder == 1 && ends_word(text, end)).then_some(end)
}
