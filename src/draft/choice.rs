//! Which blocks of the found passages answer, best first: by the question's words
//! and meaning, by what stands above them, by how well their article was found.

use std::rc::Rc;

use crate::draft::blocks::Block;
use crate::draft::question::Question;
use crate::draft::shelf::Shelved;
use crate::knowledge::Hit;
use crate::knowledge::Passage;

/// What each sign adds to a block's score; the covered share of the question
/// counts 1.0. The rank weighs most: at 0.5 the cited article was a right one for
/// 0.25 of 207 forum questions, at 1.5 and 2.5 for 0.30, as often as the first
/// article found; the others are guessed.
const HEADING: f32 = 0.5;
const TITLE: f32 = 0.6;
const RANK: f32 = 2.5;
const MEANING: f32 = 1.2;
const ANSWERED: f32 = 0.4;
const STEPS_FOR_HOW: f32 = 0.12;
const BARE: f32 = 0.2;

/// A block of a passage that may answer.
#[derive(Debug, Clone)]
pub(super) struct Candidate<'a> {
    pub passage: &'a Passage,
    /// All blocks of the passage.
    pub blocks: Rc<[Block]>,
    pub block_idx: usize,
    /// Comparable within one question only.
    pub score: f32,
    /// True if it or what stands above it shares a word with the question; of sources in
    /// another language for all.
    pub is_related: bool,
}

impl<'a> Candidate<'a> {
    /// The block so many places further in the same passage; without one beyond its ends.
    pub(super) fn neighbor(&self, step: isize) -> Candidate<'a> {
        let block_idx = self.block_idx.checked_add_signed(step).unwrap_or(usize::MAX);
        Candidate { block_idx, ..self.clone() }
    }

    pub(super) fn block(&self) -> Option<&Block> {
        self.blocks.get(self.block_idx)
    }
}

/// Every block of the found passages, best first; the earlier of equals. Empty if none
/// has anything to do with the question.
pub(super) fn ranked<'a>(
    question: &Question,
    found: &[(&'a Hit, Rc<Shelved>)],
) -> Vec<Candidate<'a>> {
    let top_score = found.iter().map(|(it, _)| it.score).fold(f32::MIN_POSITIVE, f32::max);
    let mut candidates = Vec::new();
    for (hit, shelved) in found {
        let passage = &hit.passage;
        let around = HEADING * question.covered_by(&shelved.above)
            + TITLE * question.covered_by(&shelved.source.title)
            + RANK * (hit.score / top_score).clamp(0.0, 1.0);
        let said = shelved.blocks.iter().zip(&shelved.said);
        for (block_idx, (block, said)) in said.enumerate() {
            let own = question.covered_by(&said.terms);
            let is_related = 0.0 < own || RANK < around;
            let meant = question.likeness_to(|| shelved.meaning(said)).max(0.0);
            let said_before = question.answered_by(&said.terms);
            let score =
                own + around + MEANING * meant + ANSWERED * said_before + shape(question, block);
            let blocks = Rc::clone(&shelved.blocks);
            candidates.push(Candidate { passage, blocks, block_idx, score, is_related });
        }
    }
    if !candidates.iter().any(|it| it.is_related) {
        return Vec::new();
    }
    candidates.iter_mut().for_each(|it| it.is_related |= question.is_foreign);
    candidates.sort_by(|one, other| other.score.total_cmp(&one.score));
    candidates
}

/// What a block's form says about its use as an answer.
fn shape(question: &Question, block: &Block) -> f32 {
    let n_words = block.n_words();
    let bare = if n_words < 8 { -BARE } else { 0.0 };
    let steps = if block.is_steps() && question.asks.way { STEPS_FOR_HOW } else { 0.0 };
    // A list of a word or two each is navigation.
    let n_lines = block.lines.len().max(1);
    let menu = if block.is_list() && n_words < 4 * n_lines { -BARE } else { 0.0 };
    bare + steps + menu
}
