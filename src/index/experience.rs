//! What past tickets taught: which article answers a question worded so, and
//! which articles an answer resembles. Learned from the whole history at once, now
//! and then, not at each commit.

mod file;
mod fit;
mod likened;
mod pieces;

use std::path::Path;
use std::time::SystemTime;

use foldhash::HashMap;
use foldhash::HashMapExt as _;

use super::DocumentKey;
use super::Index;
use super::IndexError;
use crate::knowledge::Document;
use crate::knowledge::Pool;

/// Days after which a ticket counts half for what is learned of it: articles are
/// replaced, and old questions are answered by what is no more.
const HALF_LIFE_DAYS: f64 = 365.0;

/// With fewer tickets that link an article, nothing is learned.
const MIN_TICKETS: usize = 20;

/// It is learned anew when the history has changed by this part of it.
const OUTDATED_BY: usize = 20;

const SECONDS_A_DAY: f64 = 86_400.0;

/// What was learned.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Experience {
    /// Past tickets there were.
    n_seen: usize,
    brands: HashMap<String, Wording>,
    /// By past ticket: articles that say what its answer says.
    likened: HashMap<DocumentKey, Vec<(DocumentKey, f32)>>,
}

/// What one brand's tickets taught.
#[derive(Debug, Clone, PartialEq)]
struct Wording {
    n_tickets: usize,
    pieces: HashMap<pieces::Piece, (u32, f32)>,
    articles: Vec<DocumentKey>,
    biases: Vec<f32>,
    /// One row a piece, one column an article, each row with its unit.
    weights: Vec<i8>,
    units: Vec<f32>,
}

impl Experience {
    /// Learns from past tickets about the articles of an index.
    ///
    /// # Errors
    /// If the index cannot be read.
    pub fn learn(index: &Index, tickets: &[&Document]) -> Result<Experience, IndexError> {
        let mut by_brand: HashMap<&str, Vec<&Document>> = HashMap::new();
        for ticket in tickets {
            if ticket.pool == Pool::PastTicket && !ticket.linked_articles.is_empty() {
                by_brand.entry(&ticket.brand).or_default().push(ticket);
            }
        }
        let learned = by_brand.into_iter().filter(|(_, tickets)| MIN_TICKETS <= tickets.len());
        let learned = learned.filter_map(|(brand, tickets)| {
            let fitted = fit::fit(&examples(brand, &tickets))?;
            Some((brand.to_owned(), Wording::pack(fitted, tickets.len())))
        });
        Ok(Experience {
            n_seen: tickets.len(),
            brands: learned.collect(),
            likened: likened::likened(index, tickets)?,
        })
    }

    /// True if a history of so many past tickets has changed by more than a
    /// twentieth since this was learned.
    #[must_use]
    pub fn is_outdated(&self, n_tickets: usize) -> bool {
        self.n_seen / OUTDATED_BY < self.n_seen.abs_diff(n_tickets)
    }

    /// What is kept in the folder of an index. `None` if there is none, or it is
    /// damaged: it is learned again then.
    #[must_use]
    pub fn load(folder: &Path) -> Option<Experience> {
        file::load(folder)
    }

    /// When what is kept was written. `None` if there is none.
    pub(super) fn changed(folder: &Path) -> Option<SystemTime> {
        std::fs::metadata(folder.join(file::NAME)).and_then(|it| it.modified()).ok()
    }

    /// Keeps it in the folder of an index.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn save(&self, folder: &Path) -> std::io::Result<()> {
        file::save(self, folder)
    }

    /// How many tickets of a brand it learned from that link an article.
    #[must_use]
    pub fn n_tickets(&self, brand: &str) -> usize {
        self.brands.get(brand).map_or(0, |it| it.n_tickets)
    }

    /// The articles that say what the answer of a past ticket says, with
    /// strengths of 0.0–1.0. Empty for a ticket that links some, or was not
    /// learned from.
    #[must_use]
    pub fn likened(&self, ticket: DocumentKey) -> &[(DocumentKey, f32)] {
        self.likened.get(&ticket).map_or(&[], Vec::as_slice)
    }

    /// How likely each article of a brand is the answer, by nothing but how the
    /// question is worded; likeliest first, adding up to 1.0. Empty where nothing
    /// was learned.
    #[must_use]
    pub fn of(&self, brand: &str, subject: &str, text: &str) -> Vec<(DocumentKey, f32)> {
        let Some(wording) = self.brands.get(brand) else { return Vec::new() };
        wording.chances(subject, text)
    }
}

fn examples(brand: &str, tickets: &[&Document]) -> Vec<fit::Example> {
    let second = |it: &&Document| it.updated_at.map(|at| at.as_second() as f64);
    let newest = tickets.iter().filter_map(second).fold(f64::NEG_INFINITY, f64::max);
    let mut sorted: Vec<&Document> = tickets.to_vec();
    // One order, however they were read: what is learned depends on it.
    sorted.sort_by(|left, right| (left.updated_at, &left.id).cmp(&(right.updated_at, &right.id)));
    let examples = sorted.iter().map(|ticket| {
        let age_days = second(ticket).map_or(0.0, |it| (newest - it) / SECONDS_A_DAY);
        let share = 1.0 / ticket.linked_articles.len() as f32;
        let key = |id: &String| DocumentKey::new(Pool::Article, brand, id).0;
        fit::Example {
            pieces: pieces::pieces(&ticket.title, &ticket.body),
            answers: ticket.linked_articles.iter().map(|id| (key(id), share)).collect(),
            weight: (-age_days / HALF_LIFE_DAYS).exp2() as f32,
        }
    });
    examples.collect()
}

impl Wording {
    /// A byte a weight: an eighth of a percent of the largest of its piece.
    fn pack(fitted: fit::Fitted, n_tickets: usize) -> Wording {
        let n = fitted.classes.len();
        let mut weights = Vec::with_capacity(fitted.weights.len());
        let mut units = Vec::with_capacity(fitted.pieces.len());
        for row in fitted.weights.chunks(n) {
            let most = row.iter().map(|it| it.abs()).fold(f32::MIN_POSITIVE, f32::max);
            let unit = most / f32::from(i8::MAX);
            weights.extend(row.iter().map(|it| (it / unit).round() as i8));
            units.push(unit);
        }
        let articles = fitted.classes.into_iter().map(DocumentKey).collect();
        Wording {
            n_tickets,
            pieces: fitted.pieces,
            articles,
            biases: fitted.biases,
            weights,
            units,
        }
    }

    fn chances(&self, subject: &str, text: &str) -> Vec<(DocumentKey, f32)> {
        let n = self.articles.len();
        let mut scores = self.biases.clone();
        for (place, value) in fit::vector(&pieces::pieces(subject, text), &self.pieces) {
            let (start, unit) = (place as usize * n, self.units.get(place as usize));
            let factor = value * unit.copied().unwrap_or(0.0);
            let row = self.weights.get(start..start + n).unwrap_or_default();
            scores.iter_mut().zip(row).for_each(|(it, weight)| *it += factor * f32::from(*weight));
        }
        fit::softmax(&mut scores);
        let mut chances: Vec<(DocumentKey, f32)> =
            self.articles.iter().copied().zip(scores).collect();
        chances.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
        chances
    }
}
