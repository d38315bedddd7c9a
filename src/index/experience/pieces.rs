//! A text as the wordings it is made of: words, and runs of five letters of
//! them. The same in every language, so that one history teaches about all.

use foldhash::HashMap;
use foldhash::HashMapExt as _;

use crate::text::is_cjk;
use crate::text::terms::fold;
use crate::text::terms::runs;

/// Names a word or a run of letters, in every process and version. Two of a
/// hundred thousand share a number once in four billion times.
pub(super) type Piece = u64;

/// Letters looked at together. (Of 4, 5 and 6 letters, 5 told one forum's
/// questions apart best.)
const N_LETTERS: usize = 5;

/// Words of a text that count: what comes later in a long mail says less about
/// the matter and costs the same.
const MAX_WORDS: usize = 400;

/// Words this long are keys and addresses, not words.
const MAX_WORD_LETTERS: usize = 40;

/// How often each piece of a ticket occurs. Words of the subject count twice.
pub(super) fn pieces(subject: &str, text: &str) -> HashMap<Piece, f32> {
    let mut counts = HashMap::new();
    let mut n_words = 0;
    for (part, weight) in [(subject, 2.0), (text, 1.0)] {
        for word in fold(part).split(|it: char| !it.is_alphanumeric()) {
            if word.is_empty() || MAX_WORDS <= n_words {
                continue;
            }
            n_words += 1;
            add(word, weight, &mut counts);
        }
    }
    counts
}

fn add(word: &str, weight: f32, counts: &mut HashMap<Piece, f32>) {
    let mut count = |bytes: &[u8]| *counts.entry(hash(bytes)).or_default() += weight;
    if word.chars().any(is_cjk) {
        // Written without spaces: pairs of signs are what words are elsewhere.
        runs(word, 2).for_each(|pair| count(pair.as_bytes()));
        return;
    }
    if MAX_WORD_LETTERS <= word.chars().count() {
        return;
    }
    count(word.as_bytes());
    runs(&format!("^{word}$"), N_LETTERS).for_each(|run| count(run.as_bytes()));
}

/// FNV-1a, 64 bits: what is learned is kept on disk, so the hash must never
/// change.
fn hash(bytes: &[u8]) -> Piece {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
