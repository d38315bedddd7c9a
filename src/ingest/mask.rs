//! Takes what identifies a person out of past tickets before they are stored:
//! addresses, telephone numbers, cards, accounts. Names are not recognized.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Captures;
use regex::Regex;

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b[a-z0-9._%+'-]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,8}\b").unwrap()
});

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static IBAN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b").unwrap()
});

/// Runs of digits with the separators people write into cards and telephone
/// numbers; which of the two it is, if any, is decided by its digits.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\+?\(?\d(?:[ ().\-/\u{a0}]{0,2}\d){8,18}").unwrap());

/// The text with `[email]`, `[iban]`, `[card]` and `[phone]` where those stood.
pub fn mask(text: &str) -> String {
    let text = EMAIL.replace_all(text, "[email]");
    let text = IBAN.replace_all(&text, "[iban]");
    let text: Cow<'_, str> = NUMBER.replace_all(&text, |found: &Captures<'_>| {
        let number = found.get(0).map_or("", |it| it.as_str());
        mask_number(number).unwrap_or(number).to_owned()
    });
    text.into_owned()
}

/// What stands for a number that belongs to a person; `None` for other numbers:
/// orders, versions, dates.
fn mask_number(number: &str) -> Option<&'static str> {
    let digits: Vec<u32> = number.chars().filter_map(|it| it.to_digit(10)).collect();
    if (13..=19).contains(&digits.len()) && passes_luhn(&digits) && !number.contains('.') {
        return Some("[card]");
    }
    let grouped = number.contains([' ', '-', '(', '/', '.']);
    let international = number.starts_with('+') || number.starts_with("00");
    let national = number.starts_with(['0', '(']) || is_north_american(number);
    let is_phone = (9..=15).contains(&digits.len())
        && !is_date(number)
        && (international || (national && grouped));
    is_phone.then_some("[phone]")
}

/// 555-123-4567 and the like: ten digits in groups of three, three and four.
fn is_north_american(number: &str) -> bool {
    let groups: Vec<usize> =
        number.split(|it: char| !it.is_ascii_digit()).map(str::len).filter(|it| *it != 0).collect();
    groups == [3, 3, 4] || groups == [1, 3, 3, 4]
}

/// `2024-05-01 10:00`-like beginnings: four digits of a year, then a month.
fn is_date(number: &str) -> bool {
    let groups: Vec<&str> = number.split(|it: char| !it.is_ascii_digit()).collect();
    match groups.as_slice() {
        [year, month, day, ..] => {
            (year.len() == 4 && month.len() == 2 && day.len() == 2)
                || (year.len() <= 2 && month.len() <= 2 && day.len() == 4)
        }
        _ => false,
    }
}

/// The check digit every payment card carries (ISO/IEC 7812-1).
fn passes_luhn(digits: &[u32]) -> bool {
    let doubled = |digit: u32| if 4 < digit { 2 * digit - 9 } else { 2 * digit };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(idx, digit)| if idx % 2 == 1 { doubled(*digit) } else { *digit })
        .sum();
    sum.is_multiple_of(10) && digits.iter().any(|it| *it != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_identifies_a_person_is_taken_out() {
        for (text, masked) in [
            ("write to jane.doe+x@mail.example.co.uk now", "write to [email] now"),
            ("my card 4111 1111 1111 1111 was charged", "my card [card] was charged"),
            ("call +49 (0)30 1234 5678", "call [phone]"),
            ("call 555-123-4567", "call [phone]"),
            ("call (555) 123-4567 today", "call [phone] today"),
            ("IBAN DE89 3704 0044 0532 0130 00.", "IBAN [iban]."),
        ] {
            assert_eq!(mask(text), masked);
        }
    }

    #[test]
    fn orders_versions_and_dates_stay() {
        for text in [
            "order 1234567890 of 2024-05-01 10:00",
            "version 128.3.1 build 20240501103000",
            "from 01.05.2024 to 02.05.2024",
            "port 993, 1024 x 768",
            "error 0x80070057",
        ] {
            assert_eq!(mask(text), text);
        }
    }
}
