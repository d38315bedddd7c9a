//! What a user would have without Deskhand: plain BM25 over whole articles, the
//! question as it was written.

use std::collections::HashMap;

use crate::knowledge::Document;

const K1: f64 = 1.2;
const B: f64 = 0.75;

/// BM25 over title and body of each article; lower-case words, no stemming.
pub(super) struct PlainBm25 {
    ids: Vec<String>,
    lengths: Vec<f64>,
    average_length: f64,
    /// By word: article and how often it stands there.
    postings: HashMap<String, Vec<(usize, f64)>>,
}

impl PlainBm25 {
    pub(super) fn new(articles: &[Document]) -> PlainBm25 {
        let mut postings: HashMap<String, Vec<(usize, f64)>> = HashMap::new();
        let mut lengths = Vec::with_capacity(articles.len());
        for (place, article) in articles.iter().enumerate() {
            let mut counts: HashMap<String, f64> = HashMap::new();
            for word in words(&article.title).chain(words(&article.body)) {
                *counts.entry(word).or_default() += 1.0;
            }
            lengths.push(counts.values().sum());
            for (word, count) in counts {
                postings.entry(word).or_default().push((place, count));
            }
        }
        let average_length = lengths.iter().sum::<f64>() / lengths.len().max(1) as f64;
        let ids = articles.iter().map(|it| it.id.clone()).collect();
        PlainBm25 { ids, lengths, average_length, postings }
    }

    /// The ten best articles and the score of the best; 0.0 if none was found.
    pub(super) fn search(&self, question: &str) -> (Vec<String>, f64) {
        let mut scores: HashMap<usize, f64> = HashMap::new();
        let n_articles = self.ids.len() as f64;
        for word in words(question) {
            let Some(postings) = self.postings.get(&word) else { continue };
            let n_with_word = postings.len() as f64;
            let idf = (1.0 + (n_articles - n_with_word + 0.5) / (n_with_word + 0.5)).ln();
            for (place, count) in postings {
                let length = self.lengths.get(*place).copied().unwrap_or(0.0);
                let norm = K1 * (1.0 - B + B * length / self.average_length);
                *scores.entry(*place).or_default() += idf * count * (K1 + 1.0) / (count + norm);
            }
        }
        let mut ranked: Vec<(usize, f64)> = scores.into_iter().collect();
        ranked.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        ranked.truncate(10);
        let best = ranked.first().map_or(0.0, |it| it.1);
        (ranked.iter().filter_map(|(place, _)| self.ids.get(*place).cloned()).collect(), best)
    }
}

fn words(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|it: char| !it.is_alphanumeric());
    words.filter(|it| !it.is_empty()).map(str::to_lowercase)
}
