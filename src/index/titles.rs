//! What the title of each article says, and how much of it a text has named.

use std::collections::HashMap;
use std::collections::HashSet;
use std::hash::BuildHasherDefault;
use std::hash::DefaultHasher;
use std::hash::Hasher;

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
use crate::text::terms::runs;

/// A word, or four letters of one, with its partition. Two of a million share a
/// number once in forty million times.
type Key = u64;

/// Letters looked at together: "reinstall" and "install" have four in common.
const N_LETTERS: usize = 4;

/// The titles of all articles of one commit. A word is kept once, however many
/// titles have it: a commit is read in a twentieth of the time and the room.
#[derive(Debug, Default)]
pub struct Titles {
    articles: HashMap<DocumentKey, u32, AsItIs>,
    /// Words of the titles, one article after the other.
    words: Vec<u32>,
    /// Where each article's begin; one more than there are articles.
    starts: Vec<u32>,
    known: Vec<TitleWord>,
    letters: Vec<Weighed>,
}

/// The words of a text, and their letters, as titles know them.
#[derive(Debug, Default)]
pub struct Said {
    words: HashSet<Key, AsItIs>,
    letters: HashSet<Key, AsItIs>,
}

#[derive(Debug)]
struct TitleWord {
    word: Weighed,
    letters: Vec<u32>,
}

#[derive(Debug)]
struct Weighed {
    key: Key,
    /// How rare it is among titles.
    weight: f32,
}

/// Keys are well mixed already.
pub(super) type AsItIs = BuildHasherDefault<KeyHasher>;

#[derive(Default)]
pub(super) struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |key, byte| (key << 8) | u64::from(*byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

impl Titles {
    pub(super) fn read(segments: &[Segment]) -> tantivy::Result<Titles> {
        let mut reading = Reading::default();
        for segment in segments {
            reading.segment(segment)?;
        }
        Ok(reading.into_titles())
    }

    /// Share of an article's title that was said, 0.0–1.0, rare words counting
    /// more. 0.0 for an article that is not known.
    #[must_use]
    pub fn share(&self, article: DocumentKey, said: &Said) -> f32 {
        share(self.words_of(article).map(|it| &it.word), &said.words)
    }

    /// The same by the letters of the words: parts of words count too.
    #[must_use]
    pub fn share_of_letters(&self, article: DocumentKey, said: &Said) -> f32 {
        let letters = self.words_of(article).flat_map(|it| &it.letters);
        share(letters.filter_map(|it| self.letters.get(*it as usize)), &said.letters)
    }

    fn words_of(&self, article: DocumentKey) -> impl Iterator<Item = &TitleWord> {
        let place = self.articles.get(&article).map(|it| *it as usize);
        let start_and_end = place.and_then(|it| self.starts.get(it..it + 2));
        let range = start_and_end.map_or(0..0, |it| it[0] as usize..it[1] as usize);
        let words = self.words.get(range).unwrap_or_default();
        words.iter().filter_map(|it| self.known.get(*it as usize))
    }
}

fn share<'a>(all: impl Iterator<Item = &'a Weighed>, said: &HashSet<Key, AsItIs>) -> f32 {
    let (mut named, mut total) = (0.0, 0.0);
    for it in all {
        total += it.weight;
        if said.contains(&it.key) {
            named += it.weight;
        }
    }
    if 0.0 < total { named / total } else { 0.0 }
}

/// Titles as they are read from the lists of their words.
#[derive(Default)]
struct Reading {
    articles: HashMap<DocumentKey, u32, AsItIs>,
    words: HashMap<Key, u32, AsItIs>,
    known: Vec<TitleWord>,
    letters: HashMap<Key, u32, AsItIs>,
    letter_keys: Vec<Key>,
    /// Article and word.
    pairs: Vec<(u32, u32)>,
}

impl Reading {
    fn segment(&mut self, segment: &Segment) -> tantivy::Result<()> {
        let [field, ..] = &segment.fields(Pool::Article).words;
        let mut terms = field.terms().stream()?;
        // Each passage of an article names its words again.
        let mut article_of = vec![u32::MAX; segment.reader.max_doc() as usize];
        while let Some((term, info)) = terms.next() {
            let word = self.word(term);
            let option = IndexRecordOption::Basic;
            let mut postings = field.read_postings_from_terminfo(info, option)?;
            // The passages of an article lie side by side: it is counted once.
            let mut last = u32::MAX;
            while postings.doc() != TERMINATED {
                let doc = postings.doc();
                postings.advance();
                let Some(article) = article_of.get_mut(doc as usize) else { continue };
                if *article == u32::MAX {
                    if segment.reader.is_deleted(doc) {
                        continue;
                    }
                    let next = self.articles.len() as u32;
                    *article = *self.articles.entry(segment.document(doc)).or_insert(next);
                }
                if *article != last {
                    last = *article;
                    self.pairs.push((last, word));
                }
            }
        }
        Ok(())
    }

    fn word(&mut self, term: &[u8]) -> u32 {
        let key = key(term);
        if let Some(known) = self.words.get(&key) {
            return *known;
        }
        let word = self.known.len() as u32;
        self.words.insert(key, word);
        let letters = letters(term).into_iter().map(|key| {
            *self.letters.entry(key).or_insert_with(|| {
                self.letter_keys.push(key);
                self.letter_keys.len() as u32 - 1
            })
        });
        let letters = letters.collect();
        self.known.push(TitleWord { word: Weighed { key, weight: 0.0 }, letters });
        word
    }

    /// Finds out how rare each word is, once all titles are known.
    fn into_titles(self) -> Titles {
        let Reading { articles, mut known, letter_keys, pairs, .. } = self;
        let mut starts = vec![0_u32; articles.len() + 1];
        let mut n_titles = vec![0_u64; known.len()];
        for (article, word) in &pairs {
            starts[*article as usize + 1] += 1;
            n_titles[*word as usize] += 1;
        }
        for article in 1..starts.len() {
            starts[article] += starts[article - 1];
        }
        let mut words = vec![0_u32; pairs.len()];
        let mut next = starts.clone();
        for (article, word) in pairs {
            let place = &mut next[article as usize];
            words[*place as usize] = word;
            *place += 1;
        }
        let n_all = articles.len() as u64;
        let mut n_with_letters = vec![0_u64; letter_keys.len()];
        for (it, n) in known.iter_mut().zip(n_titles) {
            it.word.weight = idf(n, n_all);
            for letters in &it.letters {
                n_with_letters[*letters as usize] += n;
            }
        }
        let letters = letter_keys.into_iter().zip(n_with_letters);
        let letters = letters.map(|(key, n)| Weighed { key, weight: idf(n, n_all) }).collect();
        Titles { articles, words, starts, known, letters }
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
    let key = |run: &str| {
        let mut hasher = before.clone();
        hasher.write(run.as_bytes());
        hasher.finish()
    };
    let keys: Vec<Key> = runs(&marked, N_LETTERS).map(key).collect();
    if keys.is_empty() { vec![key(&marked)] } else { keys }
}

/// The same for the same word in every process.
fn key(word: &[u8]) -> Key {
    let mut hasher = DefaultHasher::new();
    hasher.write(word);
    hasher.finish()
}
