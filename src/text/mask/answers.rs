//! A paragraph that is nothing but a number, or a name and four digits: somebody was
//! asked for theirs, and what for stands in another message. Nobody else can learn from it.

use super::Kind;
use super::Span;
use super::labels;
use super::labels::Label;
use super::numbers::is_date;

/// Bytes of a longer paragraph than people answer with. (Guessed.)
const MAX_BYTES: usize = 80;

/// Digits that are enough to be told apart by: agents ask for the last four.
const N_DIGITS: std::ops::RangeInclusive<usize> = 4..=19;

/// Of four digits, as agents ask for the last of an account to know who writes.
const N_LAST_DIGITS: usize = 4;

/// Words of a name before them: "and anna maria smith 4587". (A choice.)
const MAX_NAME_WORDS: usize = 4;

/// What people put around a number they were asked for, in the languages help
/// centers are mostly written in. (Collected by hand.)
const COURTESIES: &str = " yes yeah yep yup sure ok okay sorry oh hi hello absolutely certainly of course here you go \
    it its it's it’s that thats that's is are the my number no last digits please thanks thank and \
    ja klar gerne das ist lautet meine die nummer bitte danke hier \
    oui voici c'est mon numéro est le merci sí si es mi número el aquí está gracias \
    sì ecco il mio numero è grazie sim o meu é obrigado het mijn nummer ";

pub(super) fn find(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    let mut start = 0;
    for paragraph in text.split("\n\n") {
        if paragraph.len() <= MAX_BYTES {
            found.extend(number_of(paragraph).map(|(from, to)| Span {
                start: start + from,
                end: start + to,
                kind: Kind::Labelled,
            }));
        }
        start += paragraph.len() + 2;
    }
    found
}

/// Where the number stands in a paragraph that holds nothing else.
fn number_of(paragraph: &str) -> Option<(usize, usize)> {
    let mut groups: Vec<&str> = Vec::new();
    let mut place: Option<(usize, usize)> = None;
    let mut n_name_words = 0;
    let mut start = 0;
    for word in paragraph.split_inclusive(char::is_whitespace) {
        let bare = word.trim_matches(|it: char| !it.is_alphanumeric());
        if bare.starts_with(|it: char| it.is_ascii_digit()) {
            let is_number = |it: char| it.is_ascii_digit() || "-()".contains(it);
            if !bare.chars().all(is_number) || word.contains(['$', '€', '£', '%', '/']) {
                return None;
            }
            let from = start + word.find(bare)?;
            place = Some((place.map_or(from, |it| it.0), from + bare.len()));
            groups.extend(bare.split(['-', '(', ')']).filter(|it| !it.is_empty()));
        } else if !bare.is_empty() && !is_courtesy(bare) && !is_placeholder(word) {
            // "MKR 1400" and "Port: 2525" are of things, and so is what stands after the number.
            let is_name = bare.chars().all(char::is_alphabetic) && !is_shouted(bare);
            if !is_name || word.contains([':', '=']) || place.is_some() {
                return None;
            }
            n_name_words += 1;
        }
        start += word.len();
    }
    let lengths: Vec<usize> = groups.iter().map(|it| it.len()).collect();
    let is_amount = matches!(lengths.as_slice(), [1..=3, 3] | [1..=3, 3, 3]);
    let is_year = groups.len() == 1 && matches!(groups.first()?.parse::<u32>(), Ok(1900..2100));
    let n_digits: usize = lengths.iter().sum();
    let is_long_enough = match n_name_words {
        0 => N_DIGITS.contains(&n_digits),
        1..=MAX_NAME_WORDS => lengths == [N_LAST_DIGITS] && !is_of_thing(paragraph, place?.0),
        _ => false,
    };
    place.filter(|_| is_long_enough && !is_amount && !is_year && !is_date(&groups))
}

/// True behind "error", "version", "order".
fn is_of_thing(paragraph: &str, at: usize) -> bool {
    matches!(labels::before(paragraph, at), Some(Label::Thing | Label::ThingNearby))
}

/// Capitals throughout: an abbreviation, seldom somebody's name.
fn is_shouted(word: &str) -> bool {
    1 < word.chars().count() && word.chars().all(char::is_uppercase)
}

/// What another number of the same answer has become already.
fn is_placeholder(word: &str) -> bool {
    let word = word.trim();
    Kind::ALL.iter().any(|it| it.placeholder() == word)
}

fn is_courtesy(word: &str) -> bool {
    COURTESIES.split_whitespace().any(|it| it == word.to_lowercase())
}
