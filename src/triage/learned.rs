//! What a team's labels teach: multinomial logistic regression over words, pairs of
//! words and parts of words, learned from its own past tickets. Stages where they are labelled with stages,
//! topics where they bear tags. Explainable: each word has a weight for each label.

use std::collections::BTreeMap;

use foldhash::HashMap;
use foldhash::HashMapExt as _;
use serde::{Deserialize, Serialize};

use crate::text::cues::plain;

/// Words a text is read for. (Guessed: a page.)
const MAX_WORDS: usize = 400;

/// Texts that must hold a part of a word for it to be learned from.
const MIN_TEXTS: u32 = 2;

/// Letters of a part of a word, the space around the word counting as one.
const PART_LETTERS: std::ops::RangeInclusive<usize> = 3..=5;

/// Before the name of a part of a word.
const PART: char = '~';

/// Words, pairs and parts that are kept, the most frequent first.
const MAX_TERMS: usize = 30_000;

/// Rounds over the texts, and AdaGrad's step (Duchi, Hazan and Singer 2011). Set by hand.
const ROUNDS: usize = 12;
const STEP: f32 = 0.5;

/// What each round takes off a weight, so that rare words do not shout.
const DECAY: f32 = 1e-5;

/// Labels with fewer texts are not learned.
pub const MIN_OF_LABEL: usize = 5;

/// A learned model. Empty if there was nothing to learn.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Learned {
    /// In alphabetical order.
    labels: Vec<String>,
    /// By word or pair: how rare it is, and what it weighs for each label.
    terms: BTreeMap<String, Term>,
    bias: Vec<f32>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Term {
    rarity: f32,
    weights: Vec<f32>,
}

/// What a text is taken for.
#[derive(Debug, Clone, PartialEq)]
pub struct Guess {
    pub label: String,
    /// 0.0–1.0, as the model has it.
    pub probability: f32,
    /// The words that said most for it, strongest first.
    said: Vec<String>,
}

impl Guess {
    pub fn words(&self) -> Vec<&str> {
        self.said.iter().map(String::as_str).collect()
    }
}

/// A text in numbers: place of a term and its weight.
type Vector = Vec<(usize, f32)>;

impl Learned {
    /// Learns from (text, label) pairs; the same pairs give the same model. Labels with
    /// fewer than [`MIN_OF_LABEL`] texts are left out.
    pub fn learn(pairs: &[(&str, &str)]) -> Learned {
        let mut n_of: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, label) in pairs {
            *n_of.entry(label).or_default() += 1;
        }
        n_of.retain(|_, n| MIN_OF_LABEL <= *n);
        let labels: Vec<&str> = n_of.into_keys().collect();
        if labels.len() < 2 {
            return Learned::default();
        }
        let place = |label: &str| labels.binary_search(&label).ok();
        let pairs: Vec<(&str, usize)> =
            pairs.iter().filter_map(|(text, label)| Some((*text, place(label)?))).collect();
        let rarities = rarities(pairs.iter().map(|it| it.0));
        let names: Vec<&String> = rarities.keys().collect();
        let places: HashMap<&str, usize> =
            names.iter().zip(0..).map(|(name, place)| (name.as_str(), place)).collect();
        let vectors: Vec<(Vector, usize)> = pairs
            .iter()
            .map(|(text, label)| (vector(text, |it| known(&places, &rarities, it)), *label))
            .collect();
        let (weights, bias) = fit(&vectors, names.len(), labels.len());
        let n_labels = labels.len();
        let terms = rarities.iter().zip(weights.chunks(n_labels)).map(|((name, rarity), row)| {
            let weights = row.iter().map(|it| (it * 1000.0).round() / 1000.0).collect();
            (name.clone(), Term { rarity: *rarity, weights })
        });
        Learned {
            terms: terms.collect(),
            bias,
            labels: labels.into_iter().map(str::to_owned).collect(),
        }
    }

    /// The labels it tells apart. Empty if there was nothing to learn.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// What a text is taken for. `None` if none of its words is known.
    pub fn guess(&self, text: &str) -> Option<Guess> {
        let terms = terms(text);
        let found = terms.iter().filter_map(|it| Some((it, self.terms.get(it)?)));
        let mut found: Vec<(&String, &Term, f32)> =
            found.map(|(name, term)| (name, term, term.rarity)).collect();
        if found.iter().all(|it| it.0.starts_with(PART)) {
            return None;
        }
        let lengths = lengths(found.iter().map(|it| (it.0.as_str(), it.2)));
        found.iter_mut().for_each(|it| it.2 /= length_of(it.0, lengths));
        let mut scores = self.bias.clone();
        for (_, term, value) in &found {
            for (score, weight) in scores.iter_mut().zip(&term.weights) {
                *score += weight * value;
            }
        }
        softmax(&mut scores);
        let best = scores.iter().enumerate().max_by(|one, other| one.1.total_cmp(other.1))?;
        let (label, probability) = (best.0, *best.1);
        let weight = |term: &Term| {
            let mean = term.weights.iter().sum::<f32>() / term.weights.len().max(1) as f32;
            (term.weights.get(label).copied().unwrap_or(0.0) - mean) * term.rarity
        };
        let mut said: Vec<(&String, f32)> =
            found.iter().map(|(name, term, _)| (*name, weight(term))).collect();
        said.retain(|it| 0.0 < it.1 && !it.0.starts_with(PART));
        said.sort_by(|one, other| other.1.total_cmp(&one.1));
        let said = said.into_iter().take(3).map(|it| it.0.clone()).collect();
        Some(Guess { label: self.labels.get(label)?.clone(), probability, said })
    }
}

fn known(
    places: &HashMap<&str, usize>,
    rarities: &BTreeMap<String, f32>,
    term: &str,
) -> Option<(usize, f32)> {
    Some((*places.get(term)?, *rarities.get(term)?))
}

/// Words, pairs of words and parts of words of a text, each once.
fn terms(text: &str) -> Vec<String> {
    let plain = plain(text);
    let words: Vec<&str> =
        plain.split_whitespace().filter(|it| *it != ".").take(MAX_WORDS).collect();
    let pairs = words.iter().zip(words.iter().skip(1)).map(|(one, next)| format!("{one} {next}"));
    let mut terms: Vec<String> = words.iter().map(|it| (*it).to_owned()).chain(pairs).collect();
    for word in &words {
        let letters: Vec<char> = format!(" {word} ").chars().collect();
        for n in PART_LETTERS {
            let parts = letters.windows(n).map(|it| it.iter().collect::<String>());
            terms.extend(parts.map(|it| format!("{PART}{it}")));
        }
    }
    terms.sort_unstable();
    terms.dedup();
    terms
}

fn vector(text: &str, known: impl Fn(&str) -> Option<(usize, f32)>) -> Vector {
    let terms = terms(text);
    let found = terms.iter().filter_map(|it| Some((it.as_str(), known(it)?)));
    let found: Vec<(&str, (usize, f32))> = found.collect();
    let lengths = lengths(found.iter().map(|it| (it.0, it.1.1)));
    found.iter().map(|(name, (term, value))| (*term, value / length_of(name, lengths))).collect()
}

/// How long the words of a text are together, and the parts of words: each is brought to
/// length 1 alone, since there are far more parts than words.
fn lengths<'a>(values: impl Iterator<Item = (&'a str, f32)>) -> (f32, f32) {
    let (words, parts) = values.fold((0.0_f32, 0.0_f32), |(words, parts), (name, value)| {
        if name.starts_with(PART) {
            (words, parts + value * value)
        } else {
            (words + value * value, parts)
        }
    });
    (words.sqrt(), parts.sqrt())
}

fn length_of(name: &str, (words, parts): (f32, f32)) -> f32 {
    if name.starts_with(PART) { parts } else { words }
}

/// How rare each term is (inverse document frequency) that enough texts hold.
fn rarities<'a>(texts: impl Iterator<Item = &'a str>) -> BTreeMap<String, f32> {
    let mut n_with: HashMap<String, u32> = HashMap::new();
    let mut n_texts = 0_u32;
    for text in texts {
        n_texts += 1;
        for term in terms(text) {
            *n_with.entry(term).or_default() += 1;
        }
    }
    let mut counted: Vec<(String, u32)> =
        n_with.into_iter().filter(|it| MIN_TEXTS <= it.1 || !it.0.starts_with(PART)).collect();
    counted.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    counted.truncate(MAX_TERMS);
    let rarity = |n: u32| ((1.0 + n_texts as f32) / (1.0 + n as f32)).ln() + 1.0;
    counted.into_iter().map(|(term, n)| (term, rarity(n))).collect()
}

/// AdaGrad on the log loss. The texts are taken in a fixed order that mixes labels.
fn fit(texts: &[(Vector, usize)], n_terms: usize, n_labels: usize) -> (Vec<f32>, Vec<f32>) {
    let mut weights = vec![0.0_f32; n_terms * n_labels];
    let mut squares = vec![1e-6_f32; n_terms * n_labels];
    let (mut bias, mut bias_squares) = (vec![0.0_f32; n_labels], vec![1e-6_f32; n_labels]);
    let mut scores = vec![0.0_f32; n_labels];
    // A rare label counts as much as a frequent one.
    let mut n_of = vec![0.0_f32; n_labels];
    texts.iter().for_each(|it| n_of.iter_mut().skip(it.1).take(1).for_each(|n| *n += 1.0));
    for round in 0..ROUNDS {
        for place in mixed(texts.len(), round) {
            let Some((vector, label)) = texts.get(place) else { continue };
            scores.copy_from_slice(&bias);
            for (term, value) in vector {
                let row = weights.iter().skip(term * n_labels);
                scores.iter_mut().zip(row).for_each(|(score, weight)| *score += weight * value);
            }
            softmax(&mut scores);
            if let Some(right) = scores.get_mut(*label) {
                *right -= 1.0;
            }
            let n = n_of.get(*label).copied().unwrap_or(1.0);
            let weight = texts.len() as f32 / (n_labels as f32 * n);
            scores.iter_mut().for_each(|it| *it *= weight);
            for (term, value) in vector {
                let (from, to) = (term * n_labels, (term + 1) * n_labels);
                let row = weights.get_mut(from..to).into_iter().flatten();
                let squares = squares.get_mut(from..to).into_iter().flatten();
                for ((weight, square), miss) in row.zip(squares).zip(&scores) {
                    descend(weight, square, miss * value);
                }
            }
            for ((weight, square), miss) in bias.iter_mut().zip(&mut bias_squares).zip(&scores) {
                descend(weight, square, *miss);
            }
        }
    }
    (weights, bias)
}

fn descend(weight: &mut f32, square: &mut f32, slope: f32) {
    let slope = slope + DECAY * *weight;
    *square += slope * slope;
    *weight -= STEP * slope / square.sqrt();
}

/// All places below `n`, each once, in an order that is another in each round: a step
/// that has no factor in common with `n`.
fn mixed(n: usize, round: usize) -> impl Iterator<Item = usize> {
    let golden = (n as f64 * 0.618) as usize + 1 + round;
    let step = (golden..).find(|it| gcd(*it, n.max(1)) == 1).unwrap_or(1);
    (0..n).map(move |it| (it * step + round) % n)
}

fn gcd(one: usize, other: usize) -> usize {
    if other == 0 { one } else { gcd(other, one % other) }
}

fn softmax(scores: &mut [f32]) {
    let highest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|it| *it = (*it - highest).exp());
    let all: f32 = scores.iter().sum();
    scores.iter_mut().for_each(|it| *it /= all);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_team_labelled_is_told_again_with_the_words_that_say_so() {
        let mut pairs = Vec::new();
        for word in ["today", "now", "please", "again", "soon", "here"] {
            pairs.push((format!("where is my parcel {word}"), "delivery"));
            pairs.push((format!("the invoice is wrong {word}"), "billing"));
        }
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|it| (it.0.as_str(), it.1)).collect();
        let learned = Learned::learn(&pairs);
        let guess = learned.guess("my parcel, where is it?").unwrap();
        assert_eq!(guess.label, "delivery");
        assert!(guess.words().iter().any(|it| it.contains("parcel")), "{guess:?}");
        assert_eq!(learned, Learned::learn(&pairs));
        assert_eq!(learned.guess("quite other words"), None);
    }

    #[test]
    fn nothing_is_learned_of_one_label_or_of_none() {
        assert!(Learned::learn(&[]).labels().is_empty());
        assert_eq!(Learned::learn(&[("a b", "x"); 9]).guess("a b"), None);
    }
}
