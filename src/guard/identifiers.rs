//! What points at a person, an account or a door, from nowhere in this conversation
//! or the cited passages.

use std::sync::LazyLock;

use regex::Regex;
use unicode_normalization::UnicodeNormalization as _;

use crate::guard::Rule;
use crate::guard::material::Cited;
use crate::guard::material::Material;
use crate::guard::material::letters;
use crate::text::mask::mask;

/// Digits from which a number is somebody's: a telephone, an order, an account. A
/// shorter one is for verification. (A choice: seven are the shortest telephone number.)
const LONG: usize = 7;

/// Letters from which a word can be a code (`docs/SECURITY.md`).
const TOKEN_CHARS: usize = 20;

/// Bits a character from which it is one.
const TOKEN_BITS: f32 = 3.5;

pub(super) fn broken_by(text: &str, material: &Material, cited: &[&Cited]) -> Vec<Rule> {
    let text: String = text.nfkc().collect();
    let is_known = |piece: &str| {
        let piece = letters(piece);
        piece.is_empty()
            || material.said.letters.contains(&piece)
            || cited.iter().any(|it| it.letters.contains(&piece))
    };
    let mut broken = Vec::new();
    let masked = mask(&text).spans;
    let mut pieces = masked.iter().filter_map(|it| text.get(it.start..it.end));
    if pieces.any(|it| !is_known(it)) || numbers(&text).any(|it| !is_known(it)) {
        broken.push(Rule::Identifier);
    }
    if words(&text).any(|it| is_token(it) && !is_known(it)) {
        broken.push(Rule::Token);
    }
    broken
}

/// Runs of digits with what people put between them.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    static NUMBER: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"\d(?:[\s./()–-]{0,2}\d){5,}").ok());
    let found = NUMBER.iter().flat_map(move |it| it.find_iter(text));
    let long = |it: &&str| LONG <= it.chars().filter(|it| it.is_numeric()).count();
    found.map(|it| it.as_str()).filter(long)
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|it: char| !it.is_ascii_alphanumeric() && !matches!(it, '-' | '_' | '+' | '='))
}

/// True for what a machine made: long, of letters and digits or of both cases, and
/// each character a surprise.
fn is_token(word: &str) -> bool {
    if word.len() < TOKEN_CHARS {
        return false;
    }
    let has = |is: fn(&char) -> bool| word.chars().skip(1).any(|it| is(&it));
    let is_mixed =
        has(char::is_ascii_digit) || has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase);
    is_mixed && TOKEN_BITS <= bits(word)
}

/// Shannon entropy of a word's characters, in bits a character.
fn bits(word: &str) -> f32 {
    let n = word.len() as f32;
    let mut counts = [0_u32; 256];
    for byte in word.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let shares = counts.iter().filter(|it| 0 < **it).map(|it| *it as f32 / n);
    shares.map(|it| -it * it.log2()).sum()
}
