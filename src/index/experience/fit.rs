//! Learns which article answers tickets worded so: a multinomial logistic model
//! over pieces of words, fitted by stochastic gradient descent. Deterministic.

use foldhash::HashMap;
use foldhash::HashMapExt as _;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom as _;

use super::pieces::Piece;

/// Pieces and articles that are learned at most: 40,000 × 400 bytes.
const MAX_PIECES: usize = 40_000;
const MAX_CLASSES: usize = 400;

/// A piece of fewer tickets tells nothing that would hold for the next one.
const MIN_TICKETS_WITH_PIECE: u32 = 4;

/// With fewer tickets than this, pieces of two count.
const FEW_TICKETS: usize = 600;

/// Times all tickets are gone through. The weights of the later half are
/// averaged, which the order of the tickets sways less. (12 and 25 are alike.)
const N_ROUNDS: usize = 12;

/// First step of a piece's weights; it shrinks as the piece is met (AdaGrad, one
/// sum of squares a piece). (Of 0.25, 0.5, 1 and 2 on the second half of a year
/// of one forum, 1 ranked best; pulling weights to zero ranked worse.)
const STEP: f32 = 1.0;

/// Fixed, so that the same history teaches the same.
const SEED: u64 = 20_26;

/// A ticket people answered with articles.
pub(super) struct Example {
    pub(super) pieces: HashMap<Piece, f32>,
    /// Articles and their shares, which add up to 1.0.
    pub(super) answers: Vec<(u64, f32)>,
    /// What it counts, 0.0–1.0.
    pub(super) weight: f32,
}

/// What was learned, before it is packed.
pub(super) struct Fitted {
    /// Each piece's place and how rare it is.
    pub(super) pieces: HashMap<Piece, (u32, f32)>,
    pub(super) classes: Vec<u64>,
    pub(super) biases: Vec<f32>,
    /// One row a piece, one column a class.
    pub(super) weights: Vec<f32>,
}

/// Fits the model. `None` if there is nothing to tell apart.
pub(super) fn fit(examples: &[Example]) -> Option<Fitted> {
    let classes = classes(examples);
    if classes.len() < 2 {
        return None;
    }
    let pieces = known_pieces(examples);
    let n_classes = classes.len();
    let places: HashMap<u64, usize> =
        classes.iter().enumerate().map(|(place, (class, _))| (*class, place)).collect();
    let rows: Vec<Row> = examples.iter().filter_map(|it| Row::new(it, &pieces, &places)).collect();
    let mut model = Model {
        biases: classes.iter().map(|(_, count)| (count + 0.5).ln()).collect(),
        weights: vec![0.0; pieces.len() * n_classes],
        squares: vec![1e-6; pieces.len()],
        n_classes,
    };
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut random = SmallRng::seed_from_u64(SEED);
    let mut chances = vec![0.0; n_classes];
    let mut sums = vec![0.0_f32; model.weights.len()];
    for round in 0..N_ROUNDS {
        order.shuffle(&mut random);
        for row in order.iter().filter_map(|it| rows.get(*it)) {
            model.learn(row, &mut chances);
        }
        if N_ROUNDS / 2 <= round {
            sums.iter_mut().zip(&model.weights).for_each(|(sum, weight)| *sum += weight);
        }
    }
    let n_summed = N_ROUNDS - N_ROUNDS / 2;
    Some(Fitted {
        pieces,
        classes: classes.into_iter().map(|(class, _)| class).collect(),
        biases: model.biases,
        weights: sums.into_iter().map(|it| it / n_summed as f32).collect(),
    })
}

/// The articles that were answers, with the tickets they answered; the commonest
/// where there are too many.
fn classes(examples: &[Example]) -> Vec<(u64, f32)> {
    let mut counts: HashMap<u64, f32> = HashMap::new();
    for example in examples {
        for (article, share) in &example.answers {
            *counts.entry(*article).or_default() += share * example.weight;
        }
    }
    let mut classes: Vec<(u64, f32)> = counts.into_iter().collect();
    classes.sort_by(|left, right| right.1.total_cmp(&left.1).then(left.0.cmp(&right.0)));
    classes.truncate(MAX_CLASSES);
    classes
}

/// The pieces that occur often enough, with how rare they are.
fn known_pieces(examples: &[Example]) -> HashMap<Piece, (u32, f32)> {
    let mut counts: HashMap<Piece, u32> = HashMap::new();
    for piece in examples.iter().flat_map(|it| it.pieces.keys()) {
        *counts.entry(*piece).or_default() += 1;
    }
    let at_least = if examples.len() < FEW_TICKETS { 2 } else { MIN_TICKETS_WITH_PIECE };
    let mut common: Vec<(Piece, u32)> =
        counts.into_iter().filter(|(_, count)| at_least <= *count).collect();
    common.sort_unstable_by_key(|(piece, count)| (std::cmp::Reverse(*count), *piece));
    common.truncate(MAX_PIECES);
    let n_all = examples.len() as f32;
    let rarity = |count: u32| ((1.0 + n_all) / (1.0 + count as f32)).ln() + 1.0;
    (0_u32..).zip(common).map(|(place, (piece, count))| (piece, (place, rarity(count)))).collect()
}

/// A text as the model sees it: known pieces, rare ones counting more, of length
/// one. Ascending by place.
pub(super) fn vector(
    counts: &HashMap<Piece, f32>,
    pieces: &HashMap<Piece, (u32, f32)>,
) -> Vec<(u32, f32)> {
    let known = counts.iter().filter_map(|(piece, count)| {
        let (place, rarity) = pieces.get(piece)?;
        Some((*place, (1.0 + count.ln()) * rarity))
    });
    let mut vector: Vec<(u32, f32)> = known.collect();
    vector.sort_unstable_by_key(|(place, _)| *place);
    let length = vector.iter().map(|(_, value)| value * value).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|(_, value)| *value /= length.max(f32::MIN_POSITIVE));
    vector
}

/// Scores to shares that add up to 1.0.
pub(super) fn softmax(scores: &mut [f32]) {
    let most = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in scores.iter_mut() {
        *score = (*score - most).exp();
        sum += *score;
    }
    scores.iter_mut().for_each(|it| *it /= sum);
}

struct Row {
    vector: Vec<(u32, f32)>,
    answers: Vec<(usize, f32)>,
    weight: f32,
}

impl Row {
    fn new(
        example: &Example,
        pieces: &HashMap<Piece, (u32, f32)>,
        places: &HashMap<u64, usize>,
    ) -> Option<Row> {
        let answers = example.answers.iter();
        let mut answers: Vec<(usize, f32)> =
            answers.filter_map(|(it, share)| Some((*places.get(it)?, *share))).collect();
        let total: f32 = answers.iter().map(|(_, share)| share).sum();
        answers.iter_mut().for_each(|(_, share)| *share /= total);
        let vector = vector(&example.pieces, pieces);
        (!answers.is_empty()).then_some(Row { vector, answers, weight: example.weight })
    }
}

struct Model {
    biases: Vec<f32>,
    weights: Vec<f32>,
    squares: Vec<f32>,
    n_classes: usize,
}

impl Model {
    /// One step towards the answers of one ticket.
    fn learn(&mut self, row: &Row, chances: &mut [f32]) {
        let n = self.n_classes;
        chances.copy_from_slice(&self.biases);
        for (place, value) in &row.vector {
            let start = *place as usize * n;
            let weights = self.weights.get(start..start + n).unwrap_or_default();
            chances.iter_mut().zip(weights).for_each(|(it, weight)| *it += value * weight);
        }
        softmax(chances);
        for (class, share) in &row.answers {
            if let Some(chance) = chances.get_mut(*class) {
                *chance -= share;
            }
        }
        let error: f32 = chances.iter().map(|it| it * it).sum();
        for (place, value) in &row.vector {
            let Some(square) = self.squares.get_mut(*place as usize) else { continue };
            *square += value * value * error * row.weight;
            let step = STEP / square.sqrt() * value * row.weight;
            let start = *place as usize * n;
            let weights = self.weights.get_mut(start..start + n).unwrap_or_default();
            weights.iter_mut().zip(chances.iter()).for_each(|(it, error)| *it -= step * error);
        }
    }
}
