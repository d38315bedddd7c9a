//! Runs of digits: payment cards by their check digit, telephone numbers and
//! social security numbers by how they are grouped and what stands before them.

use std::sync::LazyLock;

use regex::Regex;

use super::Kind;
use super::Span;
use super::begins_word;
use super::ends_word;
use super::words_before;

/// Digits with the separators people write into cards and telephone numbers;
/// which of the two it is, if any, is decided below.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?:\+|\()?\d(?:[ ().\-/\u{a0}]{0,2}\d){6,18}").unwrap());

/// Words after which a number is a telephone number.
const CALLS: [&str; 26] = [
    "phone",
    "tel",
    "call",
    "mobile",
    "cell",
    "fax",
    "whatsapp",
    "sms",
    "text me",
    "ring",
    "reach me",
    "dial",
    "hotline",
    "telefon",
    "handy",
    "mobil",
    "anrufen",
    "rückruf",
    "téléphone",
    "portable",
    "appel",
    "teléfono",
    "móvil",
    "llam",
    "telefono",
    "cellulare",
];

/// Words after which a number counts or names something else.
const COUNTS: [&str; 16] = [
    "version", "build", "release", "isbn", "issn", "error", "code", "bug", "port", "kb", "ticket",
    "model", "serial", "date", "page", "id",
];

pub(super) fn find(text: &str, found: &mut Vec<Span>) {
    for it in NUMBER.find_iter(text) {
        if !begins_word(text, it.start()) || !ends_word(text, it.end()) || is_in_chain(text, &it) {
            continue;
        }
        if let Some(kind) = kind_of(it.as_str(), &words_before(text, it.start(), 24)) {
            found.push(Span { start: it.start(), end: it.end(), kind });
        }
    }
}

/// True inside a path, a version or an amount: `/2024/…`, `1.2.3`, `$1`.
fn is_in_chain(text: &str, it: &regex::Match<'_>) -> bool {
    let mut before = text.get(..it.start()).unwrap_or_default().chars().rev();
    let (last, second) = (before.next(), before.next());
    let after = text.get(it.end()..).unwrap_or_default();
    let joined = match last {
        Some(',') => second.is_some_and(|it| it.is_ascii_digit()),
        Some('.' | '-') => second.is_some_and(char::is_alphanumeric),
        Some(_) | None => false,
    };
    let is_digit = |it: char| it.is_ascii_digit();
    joined
        || last.is_some_and(|it| "/=$€£#&?%@".contains(it))
        || after.starts_with(['%', '€', '=', '@'])
        || after.strip_prefix([',', '.', '/', '-', ':']).is_some_and(|it| it.starts_with(is_digit))
}

/// What a number is that belongs to a person; `None` for other numbers: orders,
/// versions, dates, amounts.
fn kind_of(number: &str, before: &str) -> Option<Kind> {
    let digits: Vec<u32> = number.chars().filter_map(|it| it.to_digit(10)).collect();
    let groups: Vec<&str> =
        number.split(|it: char| !it.is_ascii_digit()).filter(|it| !it.is_empty()).collect();
    let lengths: Vec<usize> = groups.iter().map(|it| it.len()).collect();
    let dotted = number.contains('.');
    if (12..=19).contains(&digits.len()) && is_card(&digits) && !dotted && !number.starts_with('+')
    {
        return Some(Kind::Card);
    }
    if lengths == [3, 2, 4] && number.matches('-').count() == 2 && !number.starts_with(['0', '9']) {
        return Some(Kind::SocialSecurity);
    }
    is_phone(number, &groups, &lengths, before).then_some(Kind::Phone)
}

fn is_phone(number: &str, groups: &[&str], lengths: &[usize], before: &str) -> bool {
    let n_digits: usize = lengths.iter().sum();
    if !(7..=15).contains(&n_digits) || is_date(groups) {
        return false;
    }
    let word_before = |words: &[&str]| words.iter().any(|it| before.contains(it));
    if number.starts_with('+') || (number.starts_with("00") && 10 <= n_digits) {
        return true;
    }
    if word_before(&CALLS) {
        return true;
    }
    if lengths.len() < 2 || word_before(&COUNTS) {
        return false;
    }
    let national = number.starts_with(['0', '(']);
    let slim = lengths.iter().all(|it| (1..=7).contains(it));
    if national && slim && 8 <= n_digits {
        return true;
    }
    let dotted = number.contains('.') || number.contains('/');
    let even = lengths.iter().all(|it| (2..=4).contains(it));
    // `1 234 567` is an amount as a rule, and `1024 - 2048` a range.
    let amount = lengths.iter().skip(1).all(|it| *it == 3) && lengths.first() <= Some(&3);
    let north_american = lengths == [3, 3, 4] || lengths == [1, 3, 3, 4];
    // Two groups are a house and a postcode as often.
    let local = lengths == [3, 4] || 2 < lengths.len();
    let range = number.contains(" -") || number.contains("- ");
    north_american || (local && even && !dotted && !amount && !range && lengths != [4, 4, 4])
}

/// Beginnings of dates and times: `2024-05-01 10`, `01.05.2024`.
fn is_date(groups: &[&str]) -> bool {
    let year = |it: &str| it.len() == 4 && (it.starts_with("19") || it.starts_with("20"));
    match groups {
        [first, second, third, ..] => {
            (year(first) && second.len() <= 2 && third.len() <= 2)
                || (first.len() <= 2 && second.len() <= 2 && year(third))
                || (year(first) && year(second))
        }
        [first, second] => year(first) && year(second),
        [] | [_] => false,
    }
}

/// The check digit of a payment card (ISO/IEC 7812-1), which begins with a digit
/// that card networks use.
fn is_card(digits: &[u32]) -> bool {
    let doubled = |digit: u32| if 4 < digit { 2 * digit - 9 } else { 2 * digit };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(idx, digit)| if idx % 2 == 1 { doubled(*digit) } else { *digit })
        .sum();
    let varied = digits.iter().any(|it| Some(it) != digits.first());
    sum.is_multiple_of(10) && varied && digits.first().is_some_and(|it| (1..=6).contains(it))
}
