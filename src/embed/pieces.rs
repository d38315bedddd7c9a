//! A text as the pieces of words the table knows: lower case, without accents,
//! the longest piece that fits from the left, as BERT's vocabularies are used.

use foldhash::HashMap;
use foldhash::HashMapExt as _;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longer words are keys and addresses.
const MAX_WORD_LETTERS: usize = 100;

/// Before a piece that goes on with a word.
const CONTINUES: &str = "##";

/// The row of each piece.
pub(super) struct Pieces {
    begins: HashMap<&'static str, usize>,
    continues: HashMap<&'static str, usize>,
}

impl Pieces {
    /// In the order of the rows.
    pub(super) fn new(pieces: impl Iterator<Item = &'static str>) -> Pieces {
        let mut known = Pieces { begins: HashMap::new(), continues: HashMap::new() };
        for (row, piece) in pieces.enumerate() {
            // "##" alone is a piece that begins.
            match piece.strip_prefix(CONTINUES).filter(|it| !it.is_empty()) {
                Some(rest) => known.continues.insert(rest, row),
                None => known.begins.insert(piece, row),
            };
        }
        known
    }

    /// Calls `each` with the row of every piece of a text, `left` times at most. A
    /// word that cannot be cut to its end gives none.
    pub(super) fn each(&self, text: &str, left: &mut usize, mut each: impl FnMut(usize)) {
        let mut rows = Vec::new();
        for_each_word(text, |word| {
            rows.clear();
            if *left == 0 || !self.cut(word, &mut rows) {
                return;
            }
            rows.truncate(*left);
            *left -= rows.len();
            rows.iter().for_each(|row| each(*row));
        });
    }

    /// True if a word is a piece whole.
    pub(super) fn is_word(&self, word: &str) -> bool {
        self.begins.contains_key(word)
    }

    /// False if the word cannot be cut to its end.
    fn cut(&self, word: &str, rows: &mut Vec<usize>) -> bool {
        if MAX_WORD_LETTERS < word.chars().count() {
            return false;
        }
        let mut rest = word;
        while !rest.is_empty() {
            let known = if rest.len() == word.len() { &self.begins } else { &self.continues };
            let ends = rest.char_indices().map(|(at, letter)| at + letter.len_utf8()).rev();
            let longest = ends
                .filter_map(|end| rest.split_at_checked(end))
                .find_map(|(piece, after)| known.get(piece).map(|row| (*row, after)));
            let Some((row, after)) = longest else { return false };
            rows.push(row);
            rest = after;
        }
        true
    }
}

/// Words in reading order; a sign of punctuation and an ideograph is a word alone.
fn for_each_word(text: &str, each: impl FnMut(&str)) {
    if text.is_ascii() {
        // Nothing to take apart: most of the time of most texts.
        for_each_word_of(text.bytes().map(|it| char::from(it.to_ascii_lowercase())), each);
    } else {
        for_each_word_of(text.chars().flat_map(char::to_lowercase).nfd(), each);
    }
}

fn for_each_word_of(letters: impl Iterator<Item = char>, mut each: impl FnMut(&str)) {
    let mut word = String::new();
    let mut end = |word: &mut String| {
        if !word.is_empty() {
            each(word);
            word.clear();
        }
    };
    let mut sign_alone = [0; 4];
    for letter in letters {
        if letter.is_ascii_alphanumeric() {
            word.push(letter);
        } else if letter.is_whitespace() {
            end(&mut word);
        } else if is_combining_mark(letter) || letter.is_control() || is_format(letter) {
        } else if is_punctuation(letter) || is_ideograph(letter) {
            end(&mut word);
            word.push_str(letter.encode_utf8(&mut sign_alone));
            end(&mut word);
        } else {
            word.push(letter);
        }
    }
    end(&mut word);
}

/// Signs that stand alone. Beyond ASCII only what stands in running text: other
/// signs are in no piece, so where they are cut changes nothing.
fn is_punctuation(letter: char) -> bool {
    letter.is_ascii_punctuation()
        || matches!(letter, '¡' | '§' | '«' | '¶' | '·' | '»' | '¿')
        || matches!(letter, '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '\u{3001}'..='\u{3003}')
}

/// Marks of direction, joiners, soft hyphens.
fn is_format(letter: char) -> bool {
    matches!(
        letter,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
            | '\u{feff}' | '\u{fffd}'
    )
}

fn is_ideograph(letter: char) -> bool {
    matches!(
        letter,
        '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{2ceaf}'
            | '\u{f900}'..='\u{faff}' | '\u{2f800}'..='\u{2fa1f}'
    )
}
