//! The built-in embedder: a small table of word pieces that is compiled in. A text is
//! the sum of its pieces. No model, no network; English above all.

use std::sync::LazyLock;

use super::meaning::Meaning;
use super::pieces::Pieces;
use crate::text::unpacked;

/// Numbers of a meaning.
const DIMS: usize = 96;

/// The pieces in the order of the rows, and their vectors. Made by
/// `tools/meaning/make_table.py` from all-MiniLM-L6-v2 (Apache-2.0).
static PIECES: LazyLock<String> =
    LazyLock::new(|| unpacked(include_bytes!(concat!(env!("OUT_DIR"), "/pieces.txt.z"))));
const TABLE: &[u8] = include_bytes!("table.bin");

/// Pieces of a text that count: a passage has some 250.
const MAX_PIECES: usize = 512;

/// Bytes before the scales: "DHWP", version, rows, numbers of a row.
const HEAD_BYTES: usize = 16;

static TABLE_READ: LazyLock<Table> = LazyLock::new(Table::read);

/// What several texts mean together, as if they stood one after the other. `None` if
/// the table knows none of their words.
#[must_use]
pub fn by_table(texts: &[&str]) -> Option<Meaning> {
    let table = &*TABLE_READ;
    let mut sum = [0.0_f32; DIMS];
    let mut left = MAX_PIECES;
    for text in texts {
        table.pieces.each(text, &mut left, |row| table.add(row, &mut sum));
    }
    Meaning::from_numbers(&sum).ok()
}

/// True for a common English word in lower case: one that is no misspelling of another.
pub(crate) fn is_word(word: &str) -> bool {
    TABLE_READ.pieces.is_word(word)
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
        by_table(&[one]).unwrap().likeness(&by_table(&[other]).unwrap())
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
        assert_eq!(by_table(&[""]), None);
        assert_eq!(by_table(&["漢字"]), None);
    }

    proptest! {
        #[test]
        fn any_text_has_a_meaning_or_none(text in "\\PC{0,300}") {
            if let Some(meaning) = by_table(&[&text]) {
                prop_assert_eq!(meaning.n_parts(), DIMS);
                prop_assert!(0.95 < meaning.likeness(&meaning));
            }
        }
    }
}
