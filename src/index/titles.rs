//! What the title of each article says, and how much of it a text has named.

use std::collections::HashMap;
use std::collections::HashSet;
use std::hash::DefaultHasher;
use std::hash::Hasher as _;

use tantivy::DocSet as _;
use tantivy::TERMINATED;
use tantivy::schema::IndexRecordOption;

use super::DocumentKey;
use super::Question;
use super::lookup::idf;
use super::opened::Segment;
use super::terms::BETWEEN;
use super::terms::partitions;
use crate::knowledge::Pool;
use crate::knowledge::Scope;

/// A word, or four letters of one, with its partition. Two of a million share a
/// number once in forty million times.
type Key = u64;

/// Letters looked at together: "reinstall" and "install" have four in common.
const N_LETTERS: usize = 4;

/// The titles of all articles of one commit.
#[derive(Debug, Default)]
pub struct Titles {
    words: Table,
    letters: Table,
}

/// The words of a text, and their letters, as titles know them.
#[derive(Debug, Default)]
pub struct Said {
    words: HashSet<Key>,
    letters: HashSet<Key>,
}

#[derive(Debug, Default)]
struct Table {
    keys: HashMap<DocumentKey, Vec<Key>>,
    /// In how many titles each stands; then how rare it is.
    n_titles: HashMap<Key, u64>,
}

impl Titles {
    pub(super) fn read(segments: &[Segment]) -> tantivy::Result<Titles> {
        let mut titles = Titles::default();
        for segment in segments {
            let [field, ..] = &segment.fields(Pool::Article).words;
            let mut terms = field.terms().stream()?;
            while let Some((term, info)) = terms.next() {
                let (word, letters) = (key(term), letters(term));
                let option = IndexRecordOption::Basic;
                let mut postings = field.read_postings_from_terminfo(info, option)?;
                // The passages of an article lie side by side: it is counted once.
                let mut last = None;
                while postings.doc() != TERMINATED {
                    let doc = postings.doc();
                    postings.advance();
                    let document = segment.document(doc);
                    if last == Some(document) || segment.reader.is_deleted(doc) {
                        continue;
                    }
                    last = Some(document);
                    titles.words.add(document, &[word]);
                    titles.letters.add(document, &letters);
                }
            }
        }
        Ok(titles)
    }

    /// Share of an article's title that was said, 0.0–1.0, rare words counting
    /// more. 0.0 for an article that is not known.
    #[must_use]
    pub fn share(&self, article: DocumentKey, said: &Said) -> f32 {
        self.words.share(article, &said.words)
    }

    /// The same by the letters of the words: parts of words count too.
    #[must_use]
    pub fn share_of_letters(&self, article: DocumentKey, said: &Said) -> f32 {
        self.letters.share(article, &said.letters)
    }
}

impl Table {
    fn add(&mut self, document: DocumentKey, keys: &[Key]) {
        self.keys.entry(document).or_default().extend_from_slice(keys);
        for key in keys {
            *self.n_titles.entry(*key).or_default() += 1;
        }
    }

    fn share(&self, article: DocumentKey, said: &HashSet<Key>) -> f32 {
        let Some(keys) = self.keys.get(&article) else { return 0.0 };
        let n_titles = self.keys.len() as u64;
        let (mut named, mut total) = (0.0, 0.0);
        for key in keys {
            let weight = idf(self.n_titles.get(key).copied().unwrap_or(0), n_titles);
            total += weight;
            if said.contains(key) {
                named += weight;
            }
        }
        if 0.0 < total { named / total } else { 0.0 }
    }
}

impl Said {
    /// What a question says in the knowledge of a scope.
    #[must_use]
    pub fn new(question: &Question, scope: &Scope) -> Said {
        let mut said = Said::default();
        for partition in partitions(scope) {
            for stem in question.words.iter().flat_map(|it| &it.stems) {
                let term = format!("{partition}{stem}");
                said.words.insert(key(term.as_bytes()));
                said.letters.extend(letters(term.as_bytes()));
            }
        }
        said
    }
}

/// The runs of four letters of a word that stands behind its partition, its ends
/// marked. Empty for what is no text.
fn letters(term: &[u8]) -> Vec<Key> {
    let Ok(term) = std::str::from_utf8(term) else { return Vec::new() };
    let (partition, stem) = term.rsplit_once(BETWEEN).unwrap_or(("", term));
    let marked: Vec<char> = std::iter::once('^').chain(stem.chars()).chain(['$']).collect();
    let run = |letters: &[char]| {
        let letters: String = letters.iter().collect();
        key(format!("{partition}{BETWEEN}{letters}").as_bytes())
    };
    if marked.len() <= N_LETTERS {
        return vec![run(&marked)];
    }
    marked.windows(N_LETTERS).map(run).collect()
}

/// The same for the same word in every process.
fn key(word: &[u8]) -> Key {
    let mut hasher = DefaultHasher::new();
    hasher.write(word);
    hasher.finish()
}
