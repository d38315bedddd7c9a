//! What is looked for in the index, and how it names documents.

use sha2::Digest as _;
use sha2::Sha256;

use super::passages::key_of;
use crate::knowledge::Pool;
use crate::knowledge::Scope;

/// What is looked for.
#[derive(Debug, Clone)]
pub struct Query {
    /// The customer's words, most important first.
    pub text: String,
    /// The subject. Its words count a little more. Empty if there is none.
    pub title: String,
    /// What was said before. Its words count least. Empty if there is nothing.
    pub context: String,
    pub language: Option<String>,
    pub pool: Pool,
    pub scope: Scope,
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
        let digest = Sha256::digest(key_of(pool, brand, document_id));
        let first = digest.iter().take(8);
        DocumentKey(first.fold(0, |key, byte| (key << 8) | u64::from(*byte)))
    }
}
