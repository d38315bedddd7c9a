//! The numbers of a text in one spelling, with their units.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;

/// A number as a sentence states it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Number {
    /// Digits in one spelling: `1,000` and `1000` are `1000`, `3,50` is `3.5`,
    /// `two` is `2`. Versions, dates and times keep their separators.
    pub value: String,
    /// `day`, `%`, `usd`, `mb` …; `None` where none of the known ones stands there.
    pub unit: Option<&'static str>,
}

impl Number {
    /// True if `other` can stand for this number: same value, and no other unit.
    pub fn agrees_with(&self, other: &Number) -> bool {
        self.value == other.value
            && match (self.unit, other.unit) {
                (Some(one), Some(two)) => one == two,
                (None, _) | (_, None) => true,
            }
    }

    /// The number as an agent is shown it.
    pub fn spelled(&self) -> String {
        match self.unit {
            Some(unit) => format!("{} {unit}", self.value),
            None => self.value.clone(),
        }
    }
}

/// Spellings of one unit. Guessed from what support texts count.
const UNITS: &[(&str, &str)] = &[
    ("%", "% percent prozent pourcent porcento"),
    ("usd", "$ usd dollar dollars"),
    ("eur", "€ eur euro euros"),
    ("gbp", "£ gbp pound pounds"),
    ("jpy", "¥ jpy yen 円"),
    ("inr", "₹ inr rs rupee rupees"),
    ("second", "s sec secs second seconds sekunde sekunden secondes segundos secondi 秒"),
    ("minute", "min mins minute minutes minuten minutos minuti minuter 分"),
    ("hour", "h hr hrs hour hours stunde stunden heure heures hora horas ore uur timmar 時間 小时"),
    ("day", "d day days tag tage tagen jour jours dia dias giorni giorno dag dagen dagar 日 天"),
    (
        "week",
        "week weeks woche wochen semaine semaines semana semanas settimana settimane weken veckor 週間 周",
    ),
    (
        "month",
        "month months monat monate monaten mois mes meses mese mesi maand maanden månader か月 个月",
    ),
    ("year", "year years yr yrs jahr jahre jahren an ans año años ano anos anno anni jaar år 年"),
    ("kb", "kb kib kilobytes"),
    ("mb", "mb mib megabyte megabytes"),
    ("gb", "gb gib gigabyte gigabytes"),
    ("tb", "tb tib terabyte terabytes"),
    ("mm", "mm"),
    ("cm", "cm"),
    ("km", "km kilometers kilometres"),
    ("kg", "kg kilogram kilograms"),
    ("g", "g gram grams"),
    ("v", "v volt volts"),
    ("ma", "ma"),
    ("w", "w watt watts"),
    ("c", "°c celsius"),
    ("f", "°f fahrenheit"),
    ("px", "px pixel pixels"),
    ("user", "user users seat seats"),
    ("time", "times mal fois veces volte vezes"),
];

/// Number words, by value, the English one first. Small ones only: larger numbers
/// are written in digits. Italian "due" is left out: in English a bill is due.
const WORDS: &[(&str, &str)] = &[
    ("2", "two zwei deux dos twee dois duas"),
    ("3", "three drei trois tres tre drie três"),
    ("4", "four vier quatre cuatro quattro quatro"),
    ("5", "five fünf cinq cinco vijf"),
    ("6", "six sechs"),
    ("7", "seven"),
    ("8", "eight"),
    ("9", "nine"),
    ("10", "ten zehn dix diez"),
    ("11", "eleven"),
    ("12", "twelve"),
    ("15", "fifteen"),
    ("20", "twenty"),
    ("30", "thirty"),
    ("60", "sixty"),
    ("90", "ninety"),
];

static NUMBER: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (?P<before>[$€£¥₹]\s?)?
        (?P<digits>\d+(?:[.,:/\-\u{2019}'\u{a0}\u{202f}]\d+)*)
        (?P<ordinal>st|nd|rd|th)?
        \s?-?(?P<after>%|[$€£¥₹]|°[CcFf]|\p{Alphabetic}+)?",
    )
    .ok()
});

/// The numbers of a text. A step number at the start of a line is none.
pub fn numbers(text: &str) -> BTreeSet<Number> {
    let mut numbers = BTreeSet::new();
    if text.bytes().any(|it| it.is_ascii_digit()) {
        for line in text.lines() {
            let (_, line) = crate::text::sentences::line_kind(line);
            numbers_of_line(line, &mut numbers);
        }
    }
    let mut words =
        text.split(|it: char| !it.is_alphabetic()).filter(|it| !it.is_empty()).peekable();
    while let Some(word) = words.next() {
        let word = word.to_lowercase();
        let known = WORDS.iter().find(|(_, words)| words.split(' ').any(|it| it == word));
        if let Some((value, _)) = known {
            let unit = words.peek().and_then(|it| unit(it));
            numbers.insert(Number { value: (*value).to_owned(), unit });
        }
    }
    numbers
}

fn numbers_of_line(line: &str, numbers: &mut BTreeSet<Number>) {
    let Some(pattern) = NUMBER.as_ref() else { return };
    for hit in pattern.captures_iter(line) {
        let Some(digits) = hit.name("digits") else { continue };
        // A digit inside a word (`OAuth2`, `B12`) belongs to a name.
        let inside = line.get(..digits.start()).and_then(|it| it.chars().next_back());
        if inside.is_some_and(char::is_alphabetic) {
            continue;
        }
        let word = |name| hit.name(name).and_then(|it| unit(it.as_str()));
        let unit = word("before").or_else(|| word("after"));
        match digits.as_str().split_once('-').or_else(|| digits.as_str().split_once('/')) {
            // `3-5 days` are two numbers with one unit; `2024-05-01` is one date.
            Some((low, high)) if !high.contains(['-', '/']) && low.len() < 4 => {
                numbers.insert(Number { value: canonical(low), unit });
                numbers.insert(Number { value: canonical(high), unit });
            }
            Some(_) | None => {
                numbers.insert(Number { value: canonical(digits.as_str()), unit });
            }
        }
    }
}

/// The value of one word in the spelling of [`Number::value`]: of digits, or of an
/// English number word. `word` is lower case. `None` for any other word.
pub fn value(word: &str) -> Option<String> {
    if word.starts_with(|it: char| it.is_ascii_digit()) {
        return Some(canonical(word));
    }
    let is_word = |words: &str| words.split(' ').next() == Some(word);
    WORDS.iter().find(|(_, words)| is_word(words)).map(|(value, _)| (*value).to_owned())
}

/// The unit a word or sign stands for, in one spelling; `None` if it is none.
pub fn unit(word: &str) -> Option<&'static str> {
    let word = word.trim().to_lowercase();
    UNITS
        .iter()
        .find(|(_, spellings)| spellings.split(' ').any(|it| it == word))
        .map(|(unit, _)| *unit)
}

/// One spelling for one value. A single `.` or `,` before exactly three digits
/// is read as a thousands mark after `,` only: `1.000` may be a version.
fn canonical(digits: &str) -> String {
    let plain: String =
        digits.chars().filter(|it| !matches!(it, '\'' | '’' | '\u{a0}' | '\u{202f}')).collect();
    let groups: Vec<&str> = plain.split(',').collect();
    if groups.len() > 1 {
        let (head, tail) =
            groups.split_first().map_or(("", [].as_slice()), |(head, tail)| (*head, tail));
        let last = tail.last().copied().unwrap_or_default();
        let whole = |it: &str| it.len() == 3 && it.bytes().all(|c| c.is_ascii_digit());
        let last_whole = last.split('.').next().is_some_and(whole);
        if (1..=3).contains(&head.len())
            && last_whole
            && tail.iter().rev().skip(1).all(|it| whole(it))
        {
            return without_trailing_zeros(&groups.concat());
        }
        if groups.len() == 2 {
            return without_trailing_zeros(&plain.replace('.', "").replace(',', "."));
        }
    }
    without_trailing_zeros(&plain)
}

fn without_trailing_zeros(number: &str) -> String {
    let number = number.trim_start_matches('0');
    let number = if number.is_empty() || number.starts_with('.') {
        format!("0{number}")
    } else {
        number.to_owned()
    };
    if number.matches('.').count() == 1 && !number.contains([':', '/', '-']) {
        return number.trim_end_matches('0').trim_end_matches('.').to_owned();
    }
    number
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(text: &str) -> Vec<String> {
        numbers(text).iter().map(Number::spelled).collect()
    }

    #[test]
    fn one_value_has_one_spelling() {
        assert_eq!(spelled("1,000 users"), spelled("1000 users"));
        assert_eq!(spelled("€3,50"), ["3.5 eur"]);
        assert_eq!(spelled("20.00 $"), spelled("$20"));
        assert_eq!(spelled("within two days"), spelled("within 2 days"));
        assert_eq!(spelled("30-day trial"), ["30 day"]);
        assert_eq!(spelled("3-5 business days"), ["3", "5"]);
        assert_eq!(spelled("1. Press 4 keys of B12"), ["4"]);
        assert_eq!(spelled("since 128.3.0 on 2024-05-01"), ["128.3.0", "2024-05-01"]);
    }

    #[test]
    fn one_word_has_a_value_or_a_unit() {
        assert_eq!(value("1,000").as_deref(), Some("1000"));
        assert_eq!((value("two").as_deref(), value("due")), (Some("2"), None));
        assert_eq!((unit("$"), unit("Days"), unit("cat")), (Some("usd"), Some("day"), None));
    }

    #[test]
    fn another_unit_is_another_number() {
        let one = |text: &str| numbers(text).into_iter().next().unwrap();
        assert!(!one("14 days").agrees_with(&one("14 weeks")));
        assert!(one("14 days").agrees_with(&one("14")));
        assert!(!one("10 MB").agrees_with(&one("10 GB")));
    }
}
