//! What a text means, as a few numbers: alike texts lie close to each other, also
//! where they share no word. A small table that is compiled in; English above all.

mod pieces;

use std::sync::LazyLock;

use self::pieces::Pieces;

/// Numbers of a meaning.
pub const DIMS: usize = 96;

/// The pieces in the order of the rows, and their vectors. Made by
/// `tools/meaning/make_table.py` from all-MiniLM-L6-v2 (Apache-2.0).
const PIECES: &str = include_str!("embed/pieces.txt");
const TABLE: &[u8] = include_bytes!("embed/table.bin");

/// Pieces of a text that count: a passage has some 250.
const MAX_PIECES: usize = 512;

/// Bytes before the scales: "DHWP", version, rows, numbers of a row.
const HEAD_BYTES: usize = 16;

static TABLE_READ: LazyLock<Table> = LazyLock::new(Table::read);

/// What a text means: a direction, each part −127 to 127.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning([i8; DIMS]);

impl Meaning {
    /// What a text means. `None` if the table knows none of its words.
    #[must_use]
    pub fn of(text: &str) -> Option<Meaning> {
        Meaning::of_all(&[text])
    }

    /// What several texts mean together, as if they stood one after the other.
    #[must_use]
    pub fn of_all(texts: &[&str]) -> Option<Meaning> {
        let table = &*TABLE_READ;
        let mut sum = [0.0_f32; DIMS];
        let mut left = MAX_PIECES;
        for text in texts {
            table.pieces.each(text, &mut left, |row| table.add(row, &mut sum));
        }
        let length = sum.iter().map(|it| it * it).sum::<f32>().sqrt();
        (0.0 < length).then(|| Meaning(sum.map(|it| (it / length * 127.0).round() as i8)))
    }

    /// How alike two meanings are: the cosine of the angle between them, −1.0 to
    /// 1.0. Texts about different matters have about 0.1.
    #[must_use]
    pub fn likeness(&self, other: &Meaning) -> f32 {
        let products =
            self.0.iter().zip(&other.0).map(|(it, other)| i32::from(*it) * i32::from(*other));
        (products.sum::<i32>() as f32 / (127.0 * 127.0)).clamp(-1.0, 1.0)
    }

    /// The signs of its numbers, a bit each: alike meanings share most of them.
    #[must_use]
    pub fn signs(&self) -> [u64; 2] {
        let bits =
            |part: &[i8]| part.iter().fold(0, |bits, it| (bits << 1) | u64::from(it.is_negative()));
        let (first, second) = self.0.split_at(DIMS / 2);
        [bits(first), bits(second)]
    }

    /// As whole numbers of eight parts each, for a column of an index.
    pub fn words(&self) -> impl Iterator<Item = u64> {
        let (parts, _) = self.0.as_chunks::<8>();
        parts.iter().map(|it| u64::from_le_bytes(it.map(i8::cast_unsigned)))
    }

    /// From what [`Meaning::words`] gave. `None` from anything else.
    pub fn from_words(words: impl Iterator<Item = u64>) -> Option<Meaning> {
        let mut parts = [0; DIMS];
        let mut n_words = 0;
        for word in words {
            let part = parts.get_mut(n_words * 8..n_words * 8 + 8)?;
            part.copy_from_slice(&word.to_le_bytes().map(u8::cast_signed));
            n_words += 1;
        }
        (n_words * 8 == DIMS).then_some(Meaning(parts))
    }
}

struct Table {
    pieces: Pieces,
    scales: Vec<f32>,
    rows: &'static [u8],
}

impl Table {
    /// The file is ours: what does not fit is left out, and a test would see it.
    fn read() -> Table {
        let pieces = Pieces::new(PIECES.lines());
        let n_rows = PIECES.lines().count();
        let (scales, rows) = TABLE
            .get(HEAD_BYTES..)
            .unwrap_or_default()
            .split_at_checked(n_rows * 4)
            .unwrap_or_default();
        let (scales, _) = scales.as_chunks::<4>();
        Table { pieces, scales: scales.iter().map(|it| f32::from_le_bytes(*it)).collect(), rows }
    }

    fn add(&self, row: usize, sum: &mut [f32; DIMS]) {
        let values = self.rows.get(row * DIMS..(row + 1) * DIMS).unwrap_or_default();
        let scale = self.scales.get(row).copied().unwrap_or(0.0);
        for (sum, value) in sum.iter_mut().zip(values) {
            *sum += scale * f32::from(value.cast_signed());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn likeness(one: &str, other: &str) -> f32 {
        Meaning::of(one).unwrap().likeness(&Meaning::of(other).unwrap())
    }

    const PAIRS: [(&str, &str, f32); 4] = [
        ("I forgot my password", "Reset the password for your account", 0.852),
        ("How do I get my money back?", "Refunds and returns", 0.4085),
        ("Where is my parcel?", "Track your order", 0.426),
        ("Café à la carte, naïve façade!", "e-mail: can't log-in (error 0x80070005)", -0.0506),
    ];

    #[test]
    fn the_table_fits_its_pieces() {
        let n_rows = PIECES.lines().count();
        assert_eq!(TABLE.get(..4).unwrap(), b"DHWP");
        assert_eq!(TABLE.len(), HEAD_BYTES + n_rows * (4 + DIMS));
    }

    /// The figures are those of `vectors.json`, which the script writes beside the table.
    #[test]
    fn texts_are_as_alike_as_the_script_says() {
        for (one, other, expected) in PAIRS {
            let found = likeness(one, other);
            assert!((found - expected).abs() < 0.02, "{one} / {other}: {found}");
        }
    }

    #[test]
    fn what_means_the_same_is_closer_than_what_shares_a_word() {
        let same = likeness("How do I get my money back?", "Refunds and returns");
        let other = likeness("How do I get my money back?", "Back up your contacts");
        assert!(other < same, "{other} {same}");
    }

    #[test]
    fn a_text_without_known_words_means_nothing() {
        assert_eq!(Meaning::of(""), None);
        assert_eq!(Meaning::of("漢字"), None);
    }

    proptest! {
        #[test]
        fn any_text_has_a_meaning_that_survives_the_index(text in "\\PC{0,300}") {
            if let Some(meaning) = Meaning::of(&text) {
                prop_assert_eq!(Meaning::from_words(meaning.words()), Some(meaning));
                prop_assert!(0.95 < meaning.likeness(&meaning));
            }
        }
    }
}
