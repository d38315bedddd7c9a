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
struct Table(HashMap<DocumentKey, Title>);

#[derive(Debug, Default)]
struct Title {
    /// Each with how rare it is among titles.
    keys: Vec<(Key, f32)>,
    /// What saying all of them is worth.
    total: f32,
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
        titles.words.weigh();
        titles.letters.weigh();
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
        let title = self.0.entry(document).or_default();
        title.keys.extend(keys.iter().map(|it| (*it, 0.0)));
    }

    /// Finds out how rare each key is, once all titles are known.
    fn weigh(&mut self) {
        let mut n_titles: HashMap<Key, u64> = HashMap::new();
        for (key, _) in self.0.values().flat_map(|it| &it.keys) {
            *n_titles.entry(*key).or_default() += 1;
        }
        let n_all = self.0.len() as u64;
        for title in self.0.values_mut() {
            for (key, weight) in &mut title.keys {
                *weight = idf(n_titles.get(key).copied().unwrap_or(0), n_all);
            }
            title.total = title.keys.iter().map(|(_, weight)| weight).sum();
        }
    }

    fn share(&self, article: DocumentKey, said: &HashSet<Key>) -> f32 {
        let Some(Title { keys, total }) = self.0.get(&article) else { return 0.0 };
        let named = keys.iter().filter(|(key, _)| said.contains(key));
        let named: f32 = named.map(|(_, weight)| weight).sum();
        if 0.0 < *total { named / total } else { 0.0 }
    }
}

impl Said {
    /// What a question says in the knowledge of a scope.
    #[must_use]
    pub fn new(question: &Question, scope: &Scope) -> Said {
        let mut said = Said::default();
        let mut term = String::new();
        for partition in partitions(scope) {
            for word in &question.words {
                for (stem_idx, stem) in word.stems.iter().enumerate() {
                    term.clear();
                    term.push_str(&partition);
                    term.push_str(stem);
                    said.words.insert(key(term.as_bytes()));
                    // The stems of a word share most of their letters.
                    if stem_idx == 0 {
                        said.letters.extend(letters(term.as_bytes()));
                    }
                }
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
    let mut before = DefaultHasher::new();
    before.write(partition.as_bytes());
    let marked = format!("^{stem}$");
    let starts: Vec<usize> = marked.char_indices().map(|(at, _)| at).collect();
    let run = |start: usize, end: usize| {
        let mut hasher = before.clone();
        hasher.write(marked.as_bytes().get(start..end).unwrap_or_default());
        hasher.finish()
    };
    if starts.len() <= N_LETTERS {
        return vec![run(0, marked.len())];
    }
    let ends = starts.iter().skip(N_LETTERS).copied().chain([marked.len()]);
    starts.iter().zip(ends).map(|(start, end)| run(*start, end)).collect()
}

/// The same for the same word in every process.
fn key(word: &[u8]) -> Key {
    let mut hasher = DefaultHasher::new();
    hasher.write(word);
    hasher.finish()
}
