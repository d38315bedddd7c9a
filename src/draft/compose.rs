//! From the blocks that answer to what a customer reads: the sentences of a
//! paragraph that matter, a procedure whole and in order or not at all, and what
//! else the same article says to the point, within a length.

use crate::draft::Layout;
use crate::draft::answering;
use crate::draft::blocks::Block;
use crate::draft::blocks::Line;
use crate::draft::choice::Candidate;
use crate::draft::pages::announces;
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

/// Words of the section that answers which are quoted around its best block: a
/// short section is quoted whole. (Guessed.)
const SECTION_WORDS: usize = 120;

/// Nothing is added to a reply that has so many words. (Guessed: a screen of a phone
/// shows about 100.)
const ENOUGH_WORDS: usize = 150;

/// A reply never grows beyond this by what is added. (Guessed.)
const MAX_WORDS: usize = 230;

/// A paragraph of no more words is quoted whole. (Guessed.)
const SHORT_WORDS: usize = 60;

/// How much less another block of the article may score than the best. (Guessed.)
const SCORE_DROP: f32 = 0.3;

/// How much less the best block of another article may score, and how many such
/// articles are quoted beside the best. (Guessed.)
const RIVAL_DROP: f32 = 0.8;
const MAX_RIVALS: usize = 2;

/// Words that are quoted around the best block of such an article. (Guessed.)
const RIVAL_WORDS: usize = 30;

/// Blocks of one reply.
const MAX_BLOCKS: usize = 9;

/// A quoted sentence and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Piece<'a> {
    pub text: String,
    pub layout: Layout,
    pub passage: &'a Passage,
}

/// What is quoted in a reply.
#[derive(Debug, Clone, Default)]
pub(super) struct Body<'a> {
    /// In reading order. Empty if nothing can be quoted.
    pub pieces: Vec<Piece<'a>>,
    /// True if what answers best is too long for a reply and was left out.
    pub is_cut: bool,
}

/// The body of a reply, from candidates with the best first.
pub(super) fn compose<'a>(question: &Question, candidates: &[Candidate<'a>]) -> Body<'a> {
    let quotable = |it: &&Candidate| part(question, it).is_some();
    let Some(best) = candidates.iter().find(quotable) else { return Body::default() };
    let mut reply = Reply { question, parts: Vec::new() };
    reply.add(best);
    reply.grow_around(best, SECTION_WORDS);
    if question.asks.way && !reply.has_steps() {
        reply.add_steps(best, candidates);
    }
    let of_article = |it: &&Candidate| it.passage.document_id == best.passage.document_id;
    for candidate in candidates.iter().skip(1).filter(of_article) {
        if best.score - SCORE_DROP <= candidate.score && reply.has_room() {
            reply.add_within(candidate, MAX_WORDS);
        }
    }
    reply.add_rivals(best, candidates);
    let first = candidates.first().filter(|it| !std::ptr::eq(*it, best));
    let is_cut = first.and_then(Candidate::block).is_some_and(Block::is_steps);
    Body { pieces: reply.into_pieces(), is_cut }
}

/// What is quoted of one block.
struct Part<'a> {
    passage: &'a Passage,
    block_idx: usize,
    lines: Vec<(String, Layout)>,
}

impl Part<'_> {
    fn n_words(&self) -> usize {
        self.lines.iter().map(|(text, _)| text.split_whitespace().count()).sum()
    }

    fn is_list(&self) -> bool {
        self.lines.iter().any(|(_, layout)| layout.is_item())
    }

    /// True for a list that nothing introduces.
    fn is_bare(&self) -> bool {
        self.lines.first().is_some_and(|(_, layout)| layout.is_item())
    }
}

/// The reply as it grows.
struct Reply<'a, 'q> {
    question: &'q Question,
    /// In the order they were chosen.
    parts: Vec<Part<'a>>,
}

impl<'a> Reply<'a, '_> {
    fn n_words(&self) -> usize {
        self.parts.iter().map(Part::n_words).sum()
    }

    fn has_steps(&self) -> bool {
        let mut lines = self.parts.iter().flat_map(|it| &it.lines);
        lines.any(|(_, layout)| *layout == Layout::Step)
    }

    fn holds(&self, candidate: &Candidate) -> bool {
        let same = |it: &Part| {
            it.passage.id == candidate.passage.id && it.block_idx == candidate.block_idx
        };
        self.parts.iter().any(same)
    }

    /// True if all of a part was quoted already: pages repeat themselves.
    fn says(&self, part: &Part) -> bool {
        let said: Vec<&String> =
            self.parts.iter().flat_map(|it| &it.lines).map(|(text, _)| text).collect();
        part.lines.iter().all(|(text, _)| said.contains(&text))
    }

    fn has_room(&self) -> bool {
        self.parts.len() < MAX_BLOCKS && self.n_words() < ENOUGH_WORDS
    }

    /// False for a list that would run into another one: their steps would be counted
    /// as one procedure.
    fn fits(&self, part: &Part) -> bool {
        let lists = self.parts.iter().filter(|it| it.is_list());
        let runs_on = |it: &Part| it.is_bare() || part.is_bare();
        !(part.is_list() && lists.into_iter().any(runs_on))
    }

    /// Adds a block; a paragraph that promises something together with it.
    fn add(&mut self, candidate: &Candidate<'a>) {
        self.add_within(candidate, usize::MAX);
    }

    /// The same, if the reply stays within so many words.
    fn add_within(&mut self, candidate: &Candidate<'a>, max_words: usize) {
        let Some(part) = part(self.question, candidate) else { return };
        let is_too_much = max_words < self.n_words() + part.n_words();
        if self.holds(candidate) || self.says(&part) || is_too_much || !self.fits(&part) {
            return;
        }
        let ends_open = part.lines.last().is_some_and(|(text, _)| announces(text));
        self.parts.push(part);
        if ends_open {
            self.add_within(&candidate.neighbor(1), max_words);
        }
    }

    /// What stands around a block in its passage, first behind it, then before it.
    fn grow_around(&mut self, best: &Candidate<'a>, max_words: usize) {
        for step in [1, -1] {
            let mut next = best.neighbor(step);
            while next.block().is_some() && self.n_words() < max_words {
                // A list is quoted whole, so it may need more room.
                let room =
                    if next.block().is_some_and(Block::is_steps) { MAX_WORDS } else { max_words };
                self.add_within(&next, room);
                if !self.holds(&next) {
                    break;
                }
                next = next.neighbor(step);
            }
        }
    }

    /// The procedure that goes with a paragraph: the best one of the article.
    fn add_steps(&mut self, best: &Candidate<'a>, candidates: &[Candidate<'a>]) {
        let found = candidates.iter().find(|it| {
            let is_short = |it: &Block| !is_too_long(it.items().len(), it.lines.len());
            let is_steps = it.block().is_some_and(|it| it.is_steps() && is_short(it));
            is_steps && it.passage.document_id == best.passage.document_id
        });
        if let Some(found) = found {
            self.add(found);
        }
    }

    /// The best block of other articles that were found nearly as well: which of
    /// them is meant only the customer knows.
    fn add_rivals(&mut self, best: &Candidate<'a>, candidates: &[Candidate<'a>]) {
        let mut articles = vec![best.passage.document_id.as_str()];
        for candidate in candidates {
            let is_near = best.score - RIVAL_DROP <= candidate.score;
            let article = candidate.passage.document_id.as_str();
            if articles.len() <= MAX_RIVALS
                && is_near
                && !articles.contains(&article)
                && self.has_room()
            {
                articles.push(article);
                self.add_within(candidate, MAX_WORDS);
                self.grow_around(candidate, self.n_words() + RIVAL_WORDS);
            }
        }
    }

    /// In reading order within a passage, passages as they were chosen.
    fn into_pieces(self) -> Vec<Piece<'a>> {
        let mut ids: Vec<&str> = Vec::new();
        for part in &self.parts {
            if !ids.contains(&part.passage.id.as_str()) {
                ids.push(&part.passage.id);
            }
        }
        let mut order: Vec<&Part<'a>> = self.parts.iter().collect();
        let place = |it: &Part| ids.iter().position(|id| *id == it.passage.id);
        order.sort_by_key(|it| (place(it), it.block_idx));
        let pieces = order.into_iter().flat_map(|part| {
            let lines = part.lines.iter();
            lines.map(|(text, layout)| Piece {
                text: text.clone(),
                layout: *layout,
                passage: part.passage,
            })
        });
        without_empty_promises(pieces.collect())
    }
}

/// The pieces without sentences that end in a colon and are not followed by what
/// stands after them in their passage.
fn without_empty_promises(pieces: Vec<Piece<'_>>) -> Vec<Piece<'_>> {
    let mut kept: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces.into_iter().rev() {
        let next = kept.last().filter(|next| next.passage.id == piece.passage.id);
        let promises = !piece.layout.is_item() && piece.text.ends_with([':', '：']);
        if next.is_some() || !promises {
            kept.push(piece);
        }
    }
    kept.reverse();
    kept
}

/// What is quoted of a block. `None` if nothing of it can be.
fn part<'a>(question: &Question, candidate: &Candidate<'a>) -> Option<Part<'a>> {
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

fn is_too_long(n_items: usize, n_lines: usize) -> bool {
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
