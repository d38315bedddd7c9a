//! Words, sentences and markup as plain data. No I/O; total on any input.

pub mod html;
pub mod language;
pub mod lexicon;
pub mod synonyms;
pub mod markdown;
pub mod sentences;
pub(crate) mod stems;
pub mod terms;
pub mod cues;
pub mod facts;
pub mod statement;
pub mod mask;
pub mod xml;
pub mod paper;

use std::io::Read as _;

use flate2::read::DeflateDecoder;
use sha2::Digest as _;
use sha2::Sha256;

/// The letters and digits of a text, lower case, nothing else. Two texts with
/// one fingerprint say the same whatever a helpdesk did to markup and spacing:
/// so we recognize our own reply when we read it back. Empty for a text
/// without letters and digits.
pub fn fingerprint(text: &str) -> String {
    text.chars().filter(|it| it.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Hex digits of a hash that name a version: as many as git shows.
const VERSION_CHARS: usize = 12;

/// Names a content: the same name, the same content. Twelve hex digits of its SHA-256.
pub fn version_of(content: impl AsRef<[u8]>) -> String {
    hex::encode(Sha256::digest(content)).chars().take(VERSION_CHARS).collect()
}

/// A table that the build script has packed. Empty if it is not one: the tests of each
/// table see that.
pub(crate) fn unpacked(packed: &[u8]) -> String {
    let mut text = String::new();
    match DeflateDecoder::new(packed).read_to_string(&mut text) {
        Ok(_) => text,
        Err(_) => String::new(),
    }
}

/// Makes text safe to stand between tags and inside quoted attributes.
pub fn escape_html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// Backslashes before what Markdown would read as markup: text of others stays text.
pub fn escape_markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if matches!(letter, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '!')
        {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// The first `n_chars` characters, cut at a word if one ends in the last
/// quarter, with an ellipsis if anything was cut.
pub fn shorten(text: &str, n_chars: usize) -> String {
    let text = text.trim();
    let Some((cut, _)) = text.char_indices().nth(n_chars) else { return text.to_owned() };
    let head = text.get(..cut).unwrap_or_default();
    let at_word = head.rfind(char::is_whitespace).filter(|it| *it > cut / 4 * 3);
    let head = at_word.and_then(|it| head.get(..it)).unwrap_or(head);
    format!("{}…", head.trim_end())
}

/// True for scripts written without spaces between words, and for Hangul, whose
/// words carry so many endings that pieces of them match better.
pub fn is_cjk(letter: char) -> bool {
    matches!(u32::from(letter),
        0x0E00..=0x0E7F      // Thai
        | 0x1100..=0x11FF    // Hangul Jamo
        | 0x3040..=0x30FF    // Hiragana, Katakana
        | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF // Han
        | 0xAC00..=0xD7AF    // Hangul syllables
        | 0xFF66..=0xFF9F    // half-width Katakana
        | 0x20000..=0x2FA1F  // Han, rare
    )
}

/// Serializes NaN as null and reads null as NaN: JSON has no NaN.
pub mod nan_as_null {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
        if value.is_nan() { serializer.serialize_none() } else { serializer.serialize_f32(*value) }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f32, D::Error> {
        Ok(Option::<f32>::deserialize(deserializer)?.unwrap_or(f32::NAN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_spacing_do_not_change_a_fingerprint() {
        let ours = "Open **Settings** > Accounts.\n\n1. Choose Ärger!";
        let theirs = "open settings &gt; accounts. 1 choose ärger";
        assert_eq!(fingerprint(ours), fingerprint(&theirs.replace("&gt;", "")));
        assert_eq!(fingerprint(" \n—…"), "");
    }

    #[test]
    fn nothing_in_a_text_can_open_a_tag_or_leave_an_attribute() {
        assert_eq!(
            escape_html("<a href='x' on=\"y\">&"),
            "&lt;a href=&#39;x&#39; on=&quot;y&quot;&gt;&amp;"
        );
    }

    #[test]
    fn a_shortened_text_ends_at_a_word() {
        assert_eq!(shorten("one two three four", 15), "one two three…");
        assert_eq!(shorten("short", 15), "short");
        assert_eq!(shorten("äöüäöüäöü", 3), "äöü…");
    }
}
