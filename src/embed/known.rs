//! What passages mean, as the index is told when it writes them down.

use std::collections::HashMap;

use sha2::Digest;
use sha2::Sha256;

use super::meaning::Meaning;
use super::table::by_table;

/// SHA-256 of a text, before anything is put in front of it or taken out.
pub type TextHash = [u8; 32];

/// The hash a text's meaning is kept under.
#[must_use]
pub fn hash_of(text: &str) -> TextHash {
    Sha256::digest(text).into()
}

/// What a passage is embedded as: the title says what it is about where the text does
/// not name it.
#[must_use]
pub fn with_title(title: &str, text: &str) -> String {
    format!("{title}\n{text}")
}

/// What passages mean.
#[derive(Debug, Clone)]
pub enum Known {
    /// The table tells of any text at once.
    ByTable,
    /// By the hash of [`with_title`]. A passage that is not there has no meaning: it
    /// is found by its words alone.
    Kept(HashMap<TextHash, Meaning>),
}

impl Known {
    /// No passage means anything: all are found by their words alone.
    #[must_use]
    pub fn nothing() -> Known {
        Known::Kept(HashMap::new())
    }

    /// What a passage means; `None` if nobody knows.
    #[must_use]
    pub fn of(&self, title: &str, text: &str) -> Option<Meaning> {
        match self {
            Known::ByTable => by_table(&[title, "\n", text]),
            Known::Kept(meanings) if meanings.is_empty() => None,
            Known::Kept(meanings) => meanings.get(&hash_of(&with_title(title, text))).cloned(),
        }
    }
}
