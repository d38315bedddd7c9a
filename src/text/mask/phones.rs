//! Telephone numbers: by a country code, by the words beside them, by how they are
//! grouped. What may be an order, an amount or a date is none.

use super::labels;
use super::labels::Label;
use super::letter_after;
use super::letter_before;
use super::numbers::Number;
use super::numbers::begins_with_short_date;
use super::numbers::is_date;

/// Digits of a telephone number (ITU-T E.164 allows fifteen; seven are a local one).
const N_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// Digits of a number written with the zero of its own country. (The longest are
/// German ones, with eleven and the zero.)
const MAX_NATIONAL_DIGITS: usize = 12;

pub(super) fn is_phone(number: &Number<'_>) -> bool {
    let n_digits = number.digits.len();
    if !N_DIGITS.contains(&n_digits) {
        return false;
    }
    let abroad = number.written.trim_start_matches('(');
    if abroad.starts_with('+') && !abroad.starts_with("+0") {
        return true;
    }
    if is_date(&number.groups) || begins_with_short_date(number.written) {
        return false;
    }
    let before = labels::before(number.text, number.start);
    let behind = labels::after(number.text, number.end);
    match (before, behind) {
        (Some(Label::Thing), _) | (_, Some(Label::Thing)) => return false,
        (Some(Label::Call), _) | (_, Some(Label::Call)) => return true,
        (Some(Label::Card | Label::ThingNearby) | None, _) => {}
    }
    // `#…` counts, `=…` is a value.
    if matches!(letter_before(number.text, number.start), Some('#' | '=' | '&' | '?' | '*')) {
        return false;
    }
    if number.groups.len() == 1 {
        return before.is_none() && !is_value(number) && is_bare(number);
    }
    is_grouped(number)
}

/// True in a list of a program's numbers, and behind a name that a program gave:
/// `|3412199025|`, `TotalPageFile: 3964059648`.
fn is_value(number: &Number<'_>) -> bool {
    let apart = |it: Option<char>| {
        it.is_none_or(|it| it.is_whitespace() || "()\"'“”„‘’:,;.!?<>-–/*_".contains(it))
    };
    let before = number.text.get(..number.start).unwrap_or_default();
    let name = before.trim_end().strip_suffix([':', '=']).unwrap_or_default();
    let name = name.rsplit(|it: char| !it.is_alphanumeric() && it != '_').next();
    let name = name.unwrap_or_default();
    let n_capitals = name.chars().filter(|it| it.is_uppercase()).count();
    let is_given = name.contains(char::is_lowercase) && (2 <= n_capitals || name.contains('_'));
    is_given
        || !apart(letter_before(number.text, number.start))
        || !apart(letter_after(number.text, number.end))
}

/// Ten digits in a row that are a number in North America or a mobile in India; eleven
/// with the `1` before the first, or with the zero that Europe dials. Ten digits
/// that begin with a one are a moment in time as a rule.
fn is_bare(number: &Number<'_>) -> bool {
    let north_american = |digits: &[u32]| {
        digits.len() == 10 && [0, 3].iter().all(|it| digits.get(*it).is_some_and(|it| 2 <= *it))
    };
    match number.digits.as_slice() {
        [0, second, ..] => *second != 0 && (10..=11).contains(&number.digits.len()),
        [1, rest @ ..] => north_american(rest),
        digits @ [6..=9, ..] => digits.len() == 10,
        digits => north_american(digits),
    }
}

/// True for the ways numbers are grouped that people call.
fn is_grouped(number: &Number<'_>) -> bool {
    let (lengths, n_digits) = (number.lengths.as_slice(), number.digits.len());
    let is_written_with = |signs: &[char]| number.written.contains(signs);
    // From a foreign country, or from anywhere in this one.
    if number.written.starts_with("00") && number.digits.get(2) != Some(&0) && 10 <= n_digits {
        return true;
    }
    // `(102.12.0 (64-bit)` and `0.17.0` are versions.
    let bracketed = number.written.split_once(')').is_some_and(|(area, _)| {
        area.strip_prefix('(').is_some_and(|it| it.chars().all(|it| it.is_ascii_digit()))
    });
    let zero = number.written.starts_with('0') && !number.written.starts_with("00");
    let is_version = is_written_with(&['.']) && lengths.first() == Some(&1);
    let national = (bracketed || zero) && !is_version;
    let slim = lengths.iter().all(|it| (1..=8).contains(it));
    if national && slim && (8..=MAX_NATIONAL_DIGITS).contains(&n_digits) {
        return true;
    }
    let north_american = lengths == [3, 3, 4] || lengths == [1, 3, 3, 4];
    if north_american || !number.is_alone {
        return north_american;
    }
    let even = lengths.iter().all(|it| (2..=4).contains(it));
    // `1 234 567` is an amount as a rule, and `1024 - 2048` a range.
    let amount = lengths.iter().skip(1).all(|it| *it == 3) && lengths.first() <= Some(&3);
    // Two groups are a house and a postcode as often.
    let local = lengths == [3, 4] || 2 < lengths.len();
    let range = number.written.contains(" -") || number.written.contains("- ");
    local && even && !is_written_with(&['.', '/']) && !amount && !range && lengths != [4, 4, 4]
}
