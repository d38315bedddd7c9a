//! Numbers of payment cards: by network and check digit, and sixteen digits that
//! are called a card even if one of them was mistyped.

use super::labels;
use super::numbers::Number;

/// How cards are embossed, and so how they are copied.
const LAYOUTS: [&[usize]; 6] =
    [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 3], &[4, 4, 4, 1], &[4, 4, 4]];

/// Digits of the shortest cards (Maestro; ISO/IEC 7812-1 allows fewer, nobody has them).
pub(super) const MIN_DIGITS: usize = 12;

pub(super) fn is_card(number: &Number<'_>) -> bool {
    let plain = |it: char| it.is_ascii_digit() || it.is_whitespace() || is_hyphen(it);
    let n_digits = number.digits.len();
    if n_digits < MIN_DIGITS || !number.written.chars().all(plain) {
        return false;
    }
    let is_copied = number.groups.len() == 1 || LAYOUTS.contains(&number.lengths.as_slice());
    if !is_copied && !number.is_alone {
        return false;
    }
    let varied = number.digits.iter().any(|it| Some(it) != number.digits.first());
    let checks = varied && has_check_digit(&number.digits);
    if checks && MIN_DIGITS < n_digits && is_of_network(number) {
        return true;
    }
    // Twelve digits are as often an article's number, and mistyped ones anything.
    let is_called_so = || labels::speaks_of_card(number.text, number.start, number.end);
    (checks || (n_digits == 16 && is_copied)) && is_called_so()
}

fn is_hyphen(letter: char) -> bool {
    letter == '-' || ('\u{2010}'..='\u{2013}').contains(&letter)
}

/// Beginnings and lengths that the networks give out: Visa, Diners, American Express
/// and JCB, then all with sixteen digits and more. (Their own lists, ISO/IEC 7812-1;
/// Maestro's shorter ones are left to the words beside them.)
fn is_of_network(number: &Number<'_>) -> bool {
    let head = number.digits.iter().take(4).fold(0, |head, it| head * 10 + it);
    match number.digits.len() {
        13 => matches!(head, 4000..5000),
        14 => matches!(head, 3000..3060 | 3095 | 3600..3700 | 3800..4000),
        15 => matches!(head, 3400..3500 | 3700..3800 | 1800 | 2131),
        16..=19 => matches!(head, 2200..2205 | 2221..2721 | 3000..7000 | 8100..8200),
        _ => false,
    }
}

/// The check digit of ISO/IEC 7812-1.
fn has_check_digit(digits: &[u32]) -> bool {
    let doubled = |digit: u32| if 4 < digit { 2 * digit - 9 } else { 2 * digit };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(idx, digit)| if idx % 2 == 1 { doubled(*digit) } else { *digit })
        .sum();
    sum.is_multiple_of(10)
}
