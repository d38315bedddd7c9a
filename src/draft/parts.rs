//! What is quoted of one block: the sentences of a paragraph that answer, a procedure
//! whole and in order or not at all.

use crate::draft::Layout;
use crate::draft::answering;
use crate::draft::blocks::Block;
use crate::draft::blocks::Line;
use crate::draft::blocks::n_words;
use crate::draft::choice::Candidate;
use crate::draft::pages::leans_back;
use crate::draft::question::Question;
use crate::knowledge::Passage;
use crate::text::sentences::LineKind;

/// The most prose a customer reads in one paragraph. (STYLE of the trade, not measured.)
const MAX_SENTENCES: usize = 5;

/// A longer procedure is better read in the article itself. (Guessed.)
const MAX_STEPS: usize = 15;
const MAX_LIST_LINES: usize = 28;

/// Of a list of more items that is no procedure only those that answer are quoted;
/// what is to be checked is quoted in full for longer. (Guessed.)
const FEW_ITEMS: usize = 4;
const FEW_CHECKS: usize = 7;

/// A paragraph of no more words is quoted whole. (Guessed.)
const SHORT_WORDS: usize = 60;

/// What is quoted of one block.
pub(super) struct Part<'a> {
    pub passage: &'a Passage,
    pub block_idx: usize,
    pub lines: Vec<(String, Layout)>,
}

impl Part<'_> {
    pub(super) fn n_words(&self) -> usize {
        self.lines.iter().map(|(text, _)| n_words(text)).sum()
    }

    pub(super) fn is_list(&self) -> bool {
        self.lines.iter().any(|(_, layout)| layout.is_item())
    }

    /// Where it stands in its article.
    pub(super) fn place(&self) -> (u32, usize) {
        (self.passage.ordinal, self.block_idx)
    }

    pub(super) fn is_of_section(&self, other: &Part) -> bool {
        self.passage.document_id == other.passage.document_id
            && self.passage.headings == other.passage.headings
    }

    /// True for a list that nothing introduces.
    pub(super) fn is_bare(&self) -> bool {
        self.lines.first().is_some_and(|(_, layout)| layout.is_item())
    }
}

/// What is quoted of a block. `None` if nothing of it can be.
pub(super) fn part<'a>(question: &Question, candidate: &Candidate<'a>) -> Option<Part<'a>> {
    let block = candidate.block()?;
    let passage = candidate.passage;
    let about = format!("{}\n{}", passage.title, passage.headings.join("\n"));
    let lines = if block.is_list() {
        listed(question, &about, block)?
    } else {
        prose(question, &about, block)
    };
    let part = Part { passage, block_idx: candidate.block_idx, lines };
    (!part.lines.is_empty()).then_some(part)
}

/// A procedure whole and in order; of a long list of anything else the items that
/// answer. `None` if it is longer than anyone would read in a reply: half a
/// procedure is worse than none.
fn listed(question: &Question, about: &str, block: &Block) -> Option<Vec<(String, Layout)>> {
    let mut items: Vec<&[Line]> = block.items();
    let is_long = if question.asks.way { FEW_CHECKS } else { FEW_ITEMS } < items.len();
    if is_long && !block.is_steps() {
        let texts: Vec<String> = items.iter().map(|it| joined(it)).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let chosen = answering::chosen(&answering::chances(question, about, &texts));
        items = chosen.into_iter().filter_map(|it| items.get(it).copied()).collect();
    }
    let lines: Vec<&Line> = items.iter().copied().flatten().collect();
    if is_too_long(items.len(), lines.len()) {
        return None;
    }
    let lead = block.lead.iter().map(|it| (it.clone(), Layout::Paragraph));
    let items = lines.into_iter().map(|it| (it.text.clone(), layout(it)));
    Some(lead.chain(items).collect())
}

pub(super) fn is_too_long(n_items: usize, n_lines: usize) -> bool {
    MAX_STEPS < n_items || MAX_LIST_LINES < n_lines
}

fn joined(lines: &[Line]) -> String {
    lines.iter().map(|it| it.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn layout(line: &Line) -> Layout {
    match (line.kind, line.depth) {
        (LineKind::Step(_), 0) => Layout::Step,
        (LineKind::Step(_) | LineKind::Bullet | LineKind::Plain, _) => Layout::Bullet,
    }
}

/// The sentences of a paragraph that answer, with those they lean on; all of a
/// short one.
fn prose(question: &Question, about: &str, block: &Block) -> Vec<(String, Layout)> {
    let lines: Vec<&str> = block.lines.iter().map(|it| it.text.as_str()).collect();
    let mut kept: Vec<usize> = (0..lines.len()).collect();
    if SHORT_WORDS < block.n_words() {
        let chances = answering::chances(question, about, &lines);
        kept = with_leant_on(&answering::chosen(&chances), &lines);
        kept.truncate(MAX_SENTENCES);
    }
    let quoted = kept.iter().filter_map(|it| lines.get(*it)).enumerate();
    let layout = |idx: usize| if idx == 0 { Layout::Paragraph } else { Layout::Running };
    quoted.map(|(idx, text)| ((*text).to_owned(), layout(idx))).collect()
}

/// The chosen sentences, each after those without which it cannot be understood.
fn with_leant_on(chosen: &[usize], lines: &[&str]) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for idx in chosen {
        let mut start = *idx;
        while 0 < start && lines.get(start).is_some_and(|it| leans_back(it)) {
            start -= 1;
        }
        for it in start..=*idx {
            if !kept.contains(&it) {
                kept.push(it);
            }
        }
    }
    kept
}
