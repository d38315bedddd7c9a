//! What the words of a message, the cues in it and its meaning say about the stage of
//! the journey: weights of `config/stage_words.tsv`, made by `tools/triage/fit.py` from
//! messages of no one business. English; the cues speak for other languages.

use std::sync::LazyLock;

use foldhash::HashMap;
use foldhash::HashMapExt as _;

use super::RulesError;
use crate::embed;
use crate::embed::Meaning;
use crate::journey::Cued;
use crate::journey::N_KINDS;
use crate::text::cues::plain;
use crate::text::terms::terms;
use crate::text::unpacked;

const FILE: &str = "stage_words.tsv";
static SHIPPED: LazyLock<String> =
    LazyLock::new(|| unpacked(include_bytes!(concat!(env!("OUT_DIR"), "/stage_words.tsv.z"))));

/// Parts of a meaning that have weights.
const N_PARTS: usize = 96;

/// What a meaning of length 1 counts beside a word: `MEANING` of the tool.
const MEANING: f32 = 3.0;

/// Length of a [`Meaning`]: its parts go from −127 to 127.
const LENGTH: f32 = 127.0;

/// A cue table counts no more than so often, however many of its cues are found.
const MOST_CUES: usize = 2;

/// Words a message is read for; longer ones are logs and quoted mail. (Guessed: a page.)
const MAX_WORDS: usize = 400;

/// The share of its words a message without a known language must have in common with
/// the table to be taken for English. (Guessed.)
const ENGLISH_SHARE: f32 = 0.5;

type Row = [f32; N_KINDS];

/// The compiled-in weights, read when first used.
pub(super) fn shipped() -> Result<&'static Words, &'static RulesError> {
    static WORDS: LazyLock<Result<Words, RulesError>> = LazyLock::new(|| Words::parse(&SHIPPED));
    WORDS.as_ref()
}

#[derive(Debug)]
pub(super) struct Words {
    bias: Row,
    /// By folded word, or two with a space between; true for those that are about
    /// something, unlike "is the".
    words: HashMap<&'static str, (Row, bool)>,
    /// By cue table and how clearly it speaks, as `support:strong`.
    cues: HashMap<&'static str, Row>,
    meaning: Vec<Row>,
}

/// How likely each kind of stage is, and which words said so.
#[derive(Debug, Clone)]
pub(super) struct Spoken {
    /// Probabilities in the order of `journey::KINDS`; they sum up to 1.
    pub(super) kinds: Row,
    /// What each word or cue added for each kind, in the order of the text; true for those
    /// that are about something.
    said: Vec<(String, Row, bool)>,
}

impl Words {
    fn parse(text: &'static str) -> Result<Words, RulesError> {
        let mut words = Words {
            bias: [0.0; N_KINDS],
            words: HashMap::new(),
            cues: HashMap::new(),
            meaning: vec![[0.0; N_KINDS]; N_PARTS],
        };
        for (place, line) in text.lines().enumerate() {
            words.read(line).ok_or_else(|| RulesError::Unreadable {
                file: FILE,
                detail: format!("line {} is not a name and eight weights", place + 1),
            })?;
        }
        Ok(words)
    }

    fn read(&mut self, line: &'static str) -> Option<()> {
        let (name, values) = line.split_once('\t')?;
        let mut row = [0.0; N_KINDS];
        let mut values = values.split(' ');
        for value in &mut row {
            *value = values.next()?.parse::<f32>().ok()? / 100.0;
        }
        if values.next().is_some() {
            return None;
        }
        match name.split_once(' ') {
            None if name == "bias" => self.bias = row,
            Some(("w", word)) => {
                let is_about = !terms(word, Some("en")).is_empty();
                self.words.insert(word, (row, is_about));
            }
            Some(("c", cue)) => drop(self.cues.insert(cue, row)),
            Some(("m", part)) => *self.meaning.get_mut(part.parse::<usize>().ok()?)? = row,
            _ => return None,
        }
        Some(())
    }

    /// What a message says. `None` if it is not English, as far as can be told.
    pub(super) fn of(
        &self,
        text: &str,
        language: Option<&str>,
        cued: &[Cued<'_>],
    ) -> Option<Spoken> {
        let plain = plain(text);
        let words: Vec<&str> = plain.split_whitespace().take(MAX_WORDS).collect();
        if !self.is_english(text, &words, language) {
            return None;
        }
        let mut sum = self.bias;
        let mut said = Vec::new();
        for found in self.found(&words) {
            let Some((row, is_about)) = self.words.get(found.as_str()) else { continue };
            add(&mut sum, row, 1.0);
            said.push((found, *row, *is_about));
        }
        for (table, count, cue) in counted(cued) {
            let Some(row) = self.cues.get(table.as_str()) else { continue };
            add(&mut sum, row, count as f32);
            said.push((cue, row.map(|it| it * count as f32), true));
        }
        if let Some(meaning) = embed::by_table(&[text]) {
            for (part, row) in meaning_parts(&meaning).zip(&self.meaning) {
                add(&mut sum, row, part * MEANING);
            }
        }
        Some(Spoken { kinds: softmax(&sum), said })
    }

    /// Words and pairs of words, each once, in the order of the text.
    fn found(&self, words: &[&str]) -> Vec<String> {
        let pairs = words.iter().zip(words.iter().skip(1).map(Some).chain([None]));
        let both = pairs.flat_map(|(word, next)| {
            let pair = next.map(|next| format!("{word} {next}"));
            [Some((*word).to_owned()), pair].into_iter().flatten()
        });
        let mut seen = foldhash::HashSet::default();
        both.filter(|it| self.words.contains_key(it.as_str()) && seen.insert(it.clone())).collect()
    }

    fn is_english(&self, text: &str, words: &[&str], language: Option<&str>) -> bool {
        if let Some(language) = language {
            return language == "en";
        }
        let words: Vec<&&str> = words.iter().filter(|it| **it != ".").collect();
        let n_known = words.iter().filter(|it| self.words.contains_key(**it)).count();
        text.is_ascii() && ENGLISH_SHARE * words.len() as f32 <= n_known as f32 && 0 < n_known
    }
}

impl Spoken {
    /// What the words that are about something, and the cues, say for these kinds rather
    /// than for the others, in logits. 0.0 where only "it is the one" is said.
    pub(super) fn evidence_for(&self, of: impl Fn(usize) -> bool) -> f32 {
        let about = self.said.iter().filter(|it| it.2);
        about.map(|it| ahead(&it.1, &of)).sum()
    }

    /// The words that said most for these kinds rather than for the others, each as it
    /// was found, strongest first. Sets of words that share one are told once.
    pub(super) fn for_kinds(&self, of: impl Fn(usize) -> bool) -> Vec<&str> {
        let mut said: Vec<(&str, f32)> =
            self.said.iter().map(|(word, row, _)| (word.as_str(), ahead(row, &of))).collect();
        said.retain(|it| 0.0 < it.1 && it.0.chars().any(char::is_alphanumeric));
        said.sort_by(|one, other| other.1.total_cmp(&one.1));
        let mut told: Vec<&str> = Vec::new();
        for (word, _) in said {
            let word = word.trim_matches(['.', ' ']);
            if !told.iter().any(|it| it.contains(word) || word.contains(it)) {
                told.push(word);
            }
        }
        told
    }
}

/// How far a row is for the best of some kinds, seen from its middle.
fn ahead(row: &Row, of: impl Fn(usize) -> bool) -> f32 {
    let mean = row.iter().sum::<f32>() / N_KINDS as f32;
    let best = row.iter().enumerate().filter(|it| of(it.0)).map(|it| *it.1);
    best.fold(f32::NEG_INFINITY, f32::max) - mean
}

/// Tables that cues were found of: their name, how often, and one of the cues.
fn counted(cued: &[Cued<'_>]) -> Vec<(String, usize, String)> {
    let mut tables: Vec<(String, usize, String)> = Vec::new();
    for it in cued {
        let name = format!("{}:{}", it.table, if it.is_strong { "strong" } else { "weak" });
        match tables.iter_mut().find(|table| table.0 == name) {
            Some(table) => table.1 = MOST_CUES.min(table.1 + 1),
            None => tables.push((name, 1, it.cue.to_owned())),
        }
    }
    tables
}

fn meaning_parts(meaning: &Meaning) -> impl Iterator<Item = f32> {
    meaning.bytes().into_iter().map(|it| f32::from(it.cast_signed()) / LENGTH)
}

fn add(sum: &mut Row, row: &Row, times: f32) {
    for (sum, value) in sum.iter_mut().zip(row) {
        *sum += value * times;
    }
}

fn softmax(sum: &Row) -> Row {
    let highest = sum.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let odds = sum.map(|it| (it - highest).exp());
    let all: f32 = odds.iter().sum();
    odds.map(|it| it / all)
}
