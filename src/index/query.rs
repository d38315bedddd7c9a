//! What is looked for in the index, and how it names documents.

use std::collections::HashMap;

use sha2::Digest as _;
use sha2::Sha256;

use super::passages::key_of;
use super::words::question_stems;
use crate::knowledge::Pool;
use crate::knowledge::Scope;

/// Words looked at before the best are chosen. (Guessed: a long mail.)
const MAX_CANDIDATES: usize = 400;

/// How much a word counts by where it was asked. (Measured on 304 questions of
/// one forum, beside 0.3 and 0.7; the weight of the context is guessed.)
const TITLE_WEIGHT: f32 = 1.2;
const CONTEXT_WEIGHT: f32 = 0.4;

/// What is asked, as it was written. Parts there are none of are empty.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wording<'a> {
    /// The customer's words, most important first.
    pub text: &'a str,
    /// The subject. Its words count a little more.
    pub title: &'a str,
    /// What was said before. Its words count least.
    pub context: &'a str,
    pub language: Option<&'a str>,
}

/// The words of a question, stemmed once for every pool it is looked up in: that
/// takes about as long as the search itself.
#[derive(Debug, Clone)]
pub struct Question {
    /// In the order of the question.
    pub(super) words: Vec<QuestionWord>,
}

#[derive(Debug, Clone)]
pub(super) struct QuestionWord {
    /// In the languages passages are written in; one at least.
    pub(super) stems: Vec<String>,
    /// Where it was asked, 0.4–2.0.
    pub(super) weight: f32,
}

impl Question {
    /// `written` are the languages of the passages.
    pub(super) fn new(wording: Wording<'_>, written: &[&'static str]) -> Question {
        let mut words: Vec<QuestionWord> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for (text, weight) in
            [(wording.text, 1.0), (wording.title, TITLE_WEIGHT), (wording.context, CONTEXT_WEIGHT)]
        {
            for stems in question_stems(text, wording.language, written) {
                let Some(first) = stems.first() else { continue };
                if let Some(word) = places.get(first).and_then(|it| words.get_mut(*it)) {
                    // Said again counts a little more, not twice as much.
                    word.weight = (word.weight + 0.25 * weight).min(2.0);
                } else if words.len() < MAX_CANDIDATES {
                    places.insert(first.clone(), words.len());
                    words.push(QuestionWord { stems, weight });
                }
            }
        }
        Question { words }
    }
}

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Query<'a> {
    pub question: &'a Question,
    pub pool: Pool,
    pub scope: &'a Scope,
    /// How many passages at most, besides those of `also`.
    pub limit: usize,
    /// Documents whose passages are scored and answered wherever they rank.
    pub also: Vec<DocumentKey>,
}

/// Names a document within one index. Equal for equal pool, brand and id, on any
/// machine; two of a million documents share one once in forty million times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentKey(pub(super) u64);

impl DocumentKey {
    pub fn new(pool: Pool, brand: &str, document_id: &str) -> DocumentKey {
        DocumentKey(first_bytes(&key_of(pool, brand, document_id)))
    }
}

/// A number for a name: the first bytes of its hash.
pub(super) fn first_bytes(name: &str) -> u64 {
    let digest = Sha256::digest(name);
    digest.iter().take(8).fold(0, |key, byte| (key << 8) | u64::from(*byte))
}
