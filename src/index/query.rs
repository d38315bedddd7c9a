//! What is looked for in the index, and how it names documents.

use foldhash::HashMap;
use sha2::Digest as _;
use sha2::Sha256;

use super::passages::key_of;
use super::words::code_of;
use super::words::question_stems;
use super::words::stems;
use crate::knowledge::Pool;
use crate::knowledge::Scope;
use crate::text::lexicon;
use crate::text::synonyms::Synonyms;

/// Words looked at before the best are chosen. (Guessed: a long mail.)
const MAX_CANDIDATES: usize = 400;

/// How much a word counts by where it was asked. (Measured on 304 questions of
/// one forum, beside 0.3 and 0.7; the weight of the context is guessed.)
const TITLE_WEIGHT: f32 = 1.2;
const CONTEXT_WEIGHT: f32 = 0.4;

/// How much a word of the lexicon counts beside one the customer wrote. (Guessed:
/// of its alternatives only some are meant.)
const TRANSLATED_WEIGHT: f32 = 0.7;

/// How much a word counts that the customer might have used instead of one they wrote.
/// (Of 0.3, 0.5 and 0.7, all better than none, best on three of six sets and worst on none.)
const SYNONYM_WEIGHT: f32 = 0.3;

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
    /// Where it was asked, 0.3–2.0.
    pub(super) weight: f32,
    /// False for a synonym: a passage that does without it lacks nothing.
    pub(super) is_written: bool,
}

impl Question {
    /// `written` are the languages of the passages.
    pub(super) fn new(
        wording: Wording<'_>,
        written: &[&'static str],
        synonyms: &Synonyms,
    ) -> Question {
        let mut words = Words::default();
        for (text, weight) in
            [(wording.text, 1.0), (wording.title, TITLE_WEIGHT), (wording.context, CONTEXT_WEIGHT)]
        {
            for stems in question_stems(text, wording.language, written) {
                words.add(stems, weight);
            }
        }
        // Only the customer's own words: of what was said before too much is found.
        let asked = [wording.title, wording.text].join("\n");
        let own = wording.language.unwrap_or_default();
        let others = written.iter().copied().filter(|it| code_of(wording.language) != *it);
        let others: Vec<&str> = others.collect();
        let translated = lexicon::translate_into(&asked, own, &others);
        for (language, said) in others.into_iter().zip(translated) {
            for stem in said.iter().flat_map(|it| stems(it, Some(language))) {
                words.add(vec![stem], TRANSLATED_WEIGHT);
            }
        }
        if written.contains(&code_of(wording.language)) {
            for other in synonyms.of(&asked, code_of(wording.language)) {
                words.add_others(stems(other, wording.language));
            }
        }
        Question { words: words.in_order }
    }
}

#[derive(Default)]
struct Words {
    in_order: Vec<QuestionWord>,
    /// By first stem.
    places: HashMap<String, usize>,
}

impl Words {
    fn add(&mut self, stems: Vec<String>, weight: f32) {
        self.put(QuestionWord { stems, weight, is_written: true });
    }

    fn put(&mut self, word: QuestionWord) {
        let weight = word.weight;
        let Some(first) = word.stems.first() else { return };
        if let Some(word) = self.places.get(first).and_then(|it| self.in_order.get_mut(*it)) {
            // Said again counts a little more, not twice as much.
            word.weight = (word.weight + 0.25 * weight).min(2.0);
        } else if self.in_order.len() < MAX_CANDIDATES {
            self.places.insert(first.clone(), self.in_order.len());
            self.in_order.push(word);
        }
    }

    /// Words that were not written. One that was stays as it is.
    fn add_others(&mut self, stems: Vec<String>) {
        for stem in stems {
            if !self.places.contains_key(&stem) {
                let (stems, weight) = (vec![stem], SYNONYM_WEIGHT);
                self.put(QuestionWord { stems, weight, is_written: false });
            }
        }
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
