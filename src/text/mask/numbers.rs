//! Runs of digits, cut into numbers at blanks: cards, social security numbers and
//! telephone numbers. Several may stand in one run, or a card and its date.

use std::sync::LazyLock;

use regex::Regex;

use super::Kind;
use super::Span;
use super::begins_word;
use super::cards;
use super::ends_word;
use super::letter_after;
use super::letter_before;
use super::phones;

/// Digits with the separators people write into numbers; phones and word
/// processors make the longer hyphens.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static RUN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[+(]{0,2}[0-9](?:[ ().\-/\u{a0}\u{202f}\u{2010}-\u{2013}]{0,3}[0-9])*").unwrap()
});

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static GROUP: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[+(]{0,2}[0-9]+").unwrap());

/// Groups of digits that may make up one number. (The longest are written in
/// pairs: fifteen digits of ITU-T E.164 and a bracketed zero.)
const MAX_GROUPS: usize = 9;

/// Digits of the longest number looked for (a card: ISO/IEC 7812-1).
const MAX_DIGITS: usize = 19;

/// Groups behind a card, of up to four digits each, that go with it: month, year,
/// security code.
const MAX_BEHIND_CARD: usize = 3;

/// Some groups of a run, looked at as one number.
pub(super) struct Number<'a> {
    pub(super) text: &'a str,
    pub(super) start: usize,
    pub(super) end: usize,
    /// As written, signs and separators included: `+41 (0)69`.
    pub(super) written: &'a str,
    pub(super) groups: Vec<&'a str>,
    pub(super) lengths: Vec<usize>,
    pub(super) digits: Vec<u32>,
    /// False if other digits stand before or behind it in the run.
    pub(super) is_alone: bool,
}

/// Where a group stands, its sign or bracket included.
type Place = (usize, usize);

pub(super) fn find(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    for run in RUN.find_iter(text) {
        let mut places: Vec<Place> = GROUP
            .find_iter(run.as_str())
            .map(|it| (run.start() + it.start(), run.start() + it.end()))
            .collect();
        // A digit that is part of a word or of a longer number is none of ours.
        let starts_inside = run.as_str().starts_with(|it: char| it.is_ascii_digit())
            && !begins_word(text, run.start());
        let ends_inside = !ends_word(text, run.end());
        let n_groups = places.len();
        places.truncate(n_groups - usize::from(ends_inside));
        let skipped = usize::from(starts_inside).min(places.len());
        find_in_run(text, &places, skipped, n_groups, &mut found);
    }
    found
}

fn find_in_run(
    text: &str,
    places: &[Place],
    skipped: usize,
    n_groups: usize,
    found: &mut Vec<Span>,
) {
    let mut first = skipped;
    while first < places.len() {
        let last = places.len().min(first + MAX_GROUPS);
        let hit = (first..last).rev().find_map(|last| {
            let number = number(text, places, first, last, n_groups)?;
            Some((last, number.start, number.end, kind_of(&number)?))
        });
        let Some((mut last, start, mut end, kind)) = hit else {
            first += 1;
            continue;
        };
        if kind == Kind::Card {
            let behind = places.iter().skip(last + 1).take(MAX_BEHIND_CARD);
            let n_behind = behind.take_while(|it| it.1 - it.0 <= 4).count();
            last += n_behind;
            end = places.get(last).map_or(end, |it| it.1);
        }
        found.push(Span { start, end, kind });
        first = last + 1;
    }
}

/// The groups `first..=last` as one number; `None` if they are cut out of the
/// middle of something, or too long.
fn number<'a>(
    text: &'a str,
    places: &[Place],
    first: usize,
    last: usize,
    n_groups: usize,
) -> Option<Number<'a>> {
    let (mut start, end) = (places.get(first)?.0, places.get(last)?.1);
    // A bracket that is not closed in the number is around it.
    let is_open = text.get(start..end).is_some_and(|it| it.starts_with('(') && !it.contains(')'));
    start += usize::from(is_open);
    let is_cut = |from: usize, to: usize| {
        let between = text.get(from..to).unwrap_or_default();
        !between.contains(char::is_whitespace) || between.contains(['.', '/'])
    };
    let before = first.checked_sub(1).and_then(|it| places.get(it));
    let is_cut_before = before.is_some_and(|it| is_cut(it.1, start));
    let written = text.get(start..end)?;
    let digits: Vec<u32> = written.chars().filter_map(|it| it.to_digit(10)).collect();
    // The month is written right behind a card: `4111111111111111/12/26`.
    let may_have_month = first == last && cards::MIN_DIGITS <= digits.len();
    let is_cut_behind = places.get(last + 1).is_some_and(|it| {
        is_cut(end, it.0) && !(may_have_month && text.get(end..it.0) == Some("/"))
    });
    if is_cut_before || is_cut_behind || MAX_DIGITS < digits.len() {
        return None;
    }
    let groups: Vec<&str> =
        written.split(|it: char| !it.is_ascii_digit()).filter(|it| !it.is_empty()).collect();
    let lengths = groups.iter().map(|it| it.len()).collect();
    let is_alone = first == 0 && last + 1 == n_groups;
    Some(Number { text, start, end, written, groups, lengths, digits, is_alone })
}

/// What a number is that belongs to a person; `None` for other numbers: orders,
/// versions, dates, amounts.
fn kind_of(number: &Number<'_>) -> Option<Kind> {
    if number.digits.len() < 7 || begins_in_chain(number) || goes_on_behind(number, &['.', '-']) {
        return None;
    }
    if cards::is_card(number) {
        return Some(Kind::Card);
    }
    let is_value = matches!(letter_after(number.text, number.end), Some('%' | '=' | '@'));
    if is_value || goes_on_behind(number, &['/', ':']) || is_amount(number) {
        return None;
    }
    if is_social_security(number) {
        return Some(Kind::SocialSecurity);
    }
    phones::is_phone(number).then_some(Kind::Phone)
}

/// True inside a version, a path, or a name with hyphens: `v1.2…`, `ABC-123…`, `/2024…`.
fn begins_in_chain(number: &Number<'_>) -> bool {
    let last = letter_before(number.text, number.start);
    let joined = || {
        let before = number.start - last.map_or(0, char::len_utf8);
        letter_before(number.text, before).is_some_and(char::is_alphanumeric)
    };
    matches!(last, Some('/' | '%' | '@' | '\\')) || (matches!(last, Some('.' | '-')) && joined())
}

/// True if one of these signs and a digit stand right behind the number.
fn goes_on_behind(number: &Number<'_>, signs: &[char]) -> bool {
    let sign = letter_after(number.text, number.end).filter(|it| signs.contains(it));
    let next = sign.and_then(|it| letter_after(number.text, number.end + it.len_utf8()));
    next.is_some_and(|it| it.is_ascii_digit())
}

/// True beside a currency, and for what goes on behind a comma: `1,234 567`, `1234567,89`.
fn is_amount(number: &Number<'_>) -> bool {
    let before = number.text.get(..number.start).unwrap_or_default();
    let after = number.text.get(number.end..).unwrap_or_default();
    let is_digit = |it: char| it.is_ascii_digit();
    let decimals = after.strip_prefix(',').map(|it| it.chars().take_while(char::is_ascii_digit));
    before.trim_end().ends_with(['$', '€', '£', '¥', '₹'])
        || after.trim_start().starts_with(['€', '$', '£', '¥', '₹'])
        || before.strip_suffix(',').is_some_and(|it| it.ends_with(is_digit))
        || decimals.is_some_and(|it| (1..=3).contains(&it.count()))
}

/// `123-45-6789`, as the Social Security Administration has given them out since
/// 2011, and the ITIN of the Internal Revenue Service, which begins with a nine.
fn is_social_security(number: &Number<'_>) -> bool {
    let [area, group, serial] = number.groups.as_slice() else { return false };
    let plain = number.written.chars().all(|it| it.is_ascii_digit() || it == '-' || it == ' ');
    number.lengths == [3, 2, 4]
        && plain
        && !matches!(*area, "000" | "666")
        && *group != "00"
        && *serial != "0000"
        && (!area.starts_with('9') || "50" <= *group)
}

/// Beginnings of dates and times: `2024-05-01 10`, `01.05.2024`, `(May) 1 2024 10`,
/// `20240501 103000`.
pub(super) fn is_date(groups: &[&str]) -> bool {
    let year = |it: &str| it.len() == 4 && (it.starts_with("19") || it.starts_with("20"));
    let day = |it: &str| it.len() <= 2;
    let is_at_most = |it: &str, most: u32| day(it) && it.parse::<u32>().is_ok_and(|it| it <= most);
    // Years of other calendars: `1402-04-15`.
    let any_year = |it: &str| it.len() == 4 && it.starts_with(['1', '2']);
    match groups {
        [first, second, third, ..] => {
            (any_year(first) && is_at_most(second, 12) && is_at_most(third, 31))
                || (any_year(first) && is_at_most(second, 31) && is_at_most(third, 12))
                || (day(first) && year(second) && day(third))
                || (day(first) && day(second) && year(third))
                || (year(first) && year(second))
                || is_stamp(first)
        }
        // `2023 2024`, `0905/2025`.
        [first, second] => (first.len() == 4 && year(second)) || is_stamp(first),
        [first] => is_stamp(first),
        [] => false,
    }
}

/// True for `01.02.24 - 05.02.24`: three short groups before the first blank.
pub(super) fn begins_with_short_date(written: &str) -> bool {
    let first = written.split(char::is_whitespace).next().unwrap_or_default();
    let groups: Vec<&str> = first.split(['.', '/', '-']).collect();
    groups.len() == 3
        && first.len() < written.len()
        && groups.iter().all(|it| (1..=2).contains(&it.len()))
}

/// `20240501`, and with a time behind it.
fn is_stamp(digits: &str) -> bool {
    let part = |from: usize, to: usize| digits.get(from..to).and_then(|it| it.parse::<u32>().ok());
    matches!(digits.len(), 8 | 10 | 12 | 14 | 17)
        && part(0, 4).is_some_and(|it| (1970..2100).contains(&it))
        && part(4, 6).is_some_and(|it| (1..=12).contains(&it))
        && part(6, 8).is_some_and(|it| (1..=31).contains(&it))
        && (digits.len() < 10 || part(8, 10).is_some_and(|it| it < 24))
}
