//! Writes a reply from the passages' own sentences: the one block that answers,
//! quoted whole and in order. No model, no key; every sentence is a quote.

use std::rc::Rc;

use crate::draft::Citation;
use crate::draft::Draft;
use crate::draft::Layout;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::draft::Writer;
use crate::draft::blocks::Block;
use crate::draft::blocks::Line;
use crate::draft::blocks::blocks;
use crate::draft::blocks::leans_back;
use crate::draft::joints;
use crate::draft::question::Question;
use crate::knowledge::Hit;
use crate::knowledge::Passage;
use crate::knowledge::Pool;
use crate::text::sentences::LineKind;
use crate::ticket::Ticket;

/// Passages that are looked into, best first. Further ones were never chosen in
/// trials on a public help center.
const N_CANDIDATES: usize = 8;

/// The most prose a customer reads in a reply. (STYLE of the trade, not measured.)
const MAX_SENTENCES: usize = 5;

/// Before a procedure a customer wants to know why, and then to begin.
const SENTENCES_BEFORE_STEPS: usize = 2;

/// A longer procedure is better read in the article itself.
const MAX_STEPS: usize = 12;
const MAX_LIST_LINES: usize = 24;

/// What each sign adds to a block's score; the covered share of the question
/// counts 1.0. The rank weighs most: at 0.5 the cited article was a right one for
/// 0.25 of 207 forum questions, at 1.5 and 2.5 for 0.30, as often as the first
/// article found; the others are guessed.
const HEADING: f32 = 0.5;
const TITLE: f32 = 0.6;
const RANK: f32 = 2.5;
const STEPS_FOR_HOW: f32 = 0.12;
const BARE: f32 = 0.2;

/// The best answer the passages hold in their own words. No sentences if none
/// of them shares a word with the question.
///
/// Past tickets are not among them: they hold other customers' words, and have
/// done their part in ranking the articles.
pub fn extractive(ticket: &Ticket, articles: &[Hit]) -> Draft {
    let hits: Vec<&Hit> =
        articles.iter().filter(|it| it.passage.pool == Pool::Article).take(N_CANDIDATES).collect();
    let question = Question::read(ticket, &hits);
    let mut draft = Draft {
        sentences: Vec::new(),
        citations: Vec::new(),
        written_by: Writer::Extractive,
        language: question.language.clone(),
    };
    let Some(choice) = choose(&question, &hits) else { return draft };
    let body = compose(&question, &choice, &hits);
    if body.is_empty() {
        return draft;
    }
    let joints = joints::joints(draft.language.as_deref());
    draft.sentences.push(joint(joints.greeting));
    draft.sentences.push(joint(&joints::opening(joints, &topic(choice.passage))));
    for piece in body {
        let cites = vec![cite(&mut draft.citations, piece.passage)];
        let kind = SentenceKind::Quote;
        draft.sentences.push(Sentence { text: piece.text, cites, kind, layout: piece.layout });
    }
    draft.sentences.push(joint(joints.closing));
    draft
}

/// The index of a passage among the citations, where it is put if it is new.
fn cite(citations: &mut Vec<Citation>, passage: &Passage) -> usize {
    let known = citations.iter().position(|it| it.passage_id == passage.id);
    known.unwrap_or_else(|| {
        citations.push(Citation {
            passage_id: passage.id.clone(),
            title: cited_title(passage),
            url: passage.link(),
        });
        citations.len() - 1
    })
}

fn joint(text: &str) -> Sentence {
    let layout = Layout::Paragraph;
    Sentence { text: text.to_owned(), cites: Vec::new(), kind: SentenceKind::Joint, layout }
}

/// What the reply says it is about: the nearest heading with the title, unless
/// the heading says it all.
fn topic(passage: &Passage) -> String {
    match passage.headings.last() {
        Some(heading) if passage.title.chars().count() < 60 && heading.chars().count() < 60 => {
            format!("{}: {heading}", passage.title)
        }
        Some(_) | None => crate::text::shorten(&passage.title, 120),
    }
}

fn cited_title(passage: &Passage) -> String {
    match passage.headings.last() {
        Some(heading) => format!("{} – {heading}", passage.title),
        None => passage.title.clone(),
    }
}

/// The block that answers best, with its passage.
struct Choice<'a> {
    passage: &'a Passage,
    blocks: Vec<Block>,
    block_idx: usize,
}

fn choose<'a>(question: &Question, hits: &[&'a Hit]) -> Option<Choice<'a>> {
    let top_score = hits.iter().map(|it| it.score).fold(f32::MIN_POSITIVE, f32::max);
    let mut best: Option<(f32, Choice<'a>)> = None;
    for hit in hits {
        let passage = &hit.passage;
        let around = HEADING * question.covered_by_text(&passage.headings.join("\n"))
            + TITLE * question.covered_by_text(&passage.title)
            + RANK * (hit.score / top_score).clamp(0.0, 1.0);
        let found = blocks(&passage.text);
        let scored = found.iter().enumerate().filter_map(|(idx, block)| {
            let own = question.covered_by_text(&block.text());
            let relevant = own > 0.0 || around > RANK;
            relevant.then(|| (idx, own + around + shape(question, block)))
        });
        let Some((block_idx, score)) = scored.max_by(|one, other| one.1.total_cmp(&other.1)) else {
            continue;
        };
        if best.as_ref().is_none_or(|(best, _)| *best < score) {
            best = Some((score, Choice { passage, blocks: found, block_idx }));
        }
    }
    best.map(|(_, choice)| choice)
}

/// What a block's form says about its use as an answer.
fn shape(question: &Question, block: &Block) -> f32 {
    let n_words = block.text().split_whitespace().count();
    let bare = if n_words < 8 { -BARE } else { 0.0 };
    let steps = if block.is_steps() && question.seeks_way { STEPS_FOR_HOW } else { 0.0 };
    // A list of a word or two each is navigation.
    let n_lines = block.lines.len().max(1);
    let menu = if block.is_list() && n_words < 4 * n_lines { -BARE } else { 0.0 };
    bare + steps + menu
}

/// A quoted sentence and where it stands.
struct Piece<'a> {
    text: String,
    layout: Layout,
    passage: &'a Passage,
}

fn compose<'a>(question: &Question, choice: &Choice<'a>, hits: &[&'a Hit]) -> Vec<Piece<'a>> {
    let Some(block) = choice.blocks.get(choice.block_idx) else { return Vec::new() };
    let mut body = Body { passage: choice.passage, pieces: Vec::new() };
    if block.is_list() {
        if let Some(before) = before_list(question, choice) {
            body.push(&before, Layout::Paragraph);
        }
        body.push_list(block);
        return body.pieces;
    }
    if question.seeks_way
        && let Some((passage, steps)) = steps_near(question, choice, hits)
    {
        body.push_prose(question, block, SENTENCES_BEFORE_STEPS);
        body.passage = passage;
        body.push_list(&steps);
        return body.pieces;
    }
    body.push_prose(question, block, MAX_SENTENCES);
    // A short paragraph often only names the way; the way itself stands next.
    let room = MAX_SENTENCES.saturating_sub(body.pieces.len());
    let next = choice.blocks.get(choice.block_idx + 1).filter(|_| room > 2);
    match next {
        Some(next) if next.is_list() => body.push_list(next),
        Some(next) => body.push_prose(question, next, room),
        None => {}
    }
    body.pieces
}

/// The procedure that goes with a paragraph: further down in its passage, or in
/// another passage of the same article. `None` if the article has none that
/// was found.
fn steps_near<'a>(
    question: &Question,
    choice: &Choice<'a>,
    hits: &[&'a Hit],
) -> Option<(&'a Passage, Block)> {
    let below = choice.blocks.iter().skip(choice.block_idx + 1).find(|it| it.is_steps());
    if let Some(below) = below {
        return Some((choice.passage, below.clone()));
    }
    let same_article = |it: &&&Hit| it.passage.document_id == choice.passage.document_id;
    let passages = hits.iter().filter(same_article).map(|it| &it.passage);
    let candidates = passages.flat_map(|passage| {
        let steps = blocks(&passage.text).into_iter().filter(Block::is_steps);
        steps.map(move |it| (passage, it))
    });
    let scored = candidates.map(|(passage, block)| {
        let around = HEADING * question.covered_by_text(&passage.headings.join("\n"));
        (around + question.covered_by_text(&block.text()), passage, block)
    });
    let best = scored.max_by(|one, other| {
        // The earlier of equals: articles give the main way first.
        one.0.total_cmp(&other.0).then(other.1.ordinal.cmp(&one.1.ordinal))
    });
    best.map(|(_, passage, block)| (passage, block))
}

/// The sentence before a list that says why one would follow it. `None` if the
/// paragraph before is about something else.
fn before_list(question: &Question, choice: &Choice) -> Option<String> {
    let before = choice.blocks.get(choice.block_idx.checked_sub(1)?)?;
    if before.is_list() {
        return None;
    }
    let last = before.lines.last()?;
    let told = question.covered_by_text(&last.text);
    let lead = choice.blocks.get(choice.block_idx)?.lead.as_deref().unwrap_or_default();
    // 0.1: guessed; a sentence with one common word of the question stays out.
    let telling = told > question.covered_by_text(lead).max(0.1);
    (telling && !leans_back(&last.text)).then(|| last.text.clone())
}

fn layout(line: &Line) -> Layout {
    match (line.kind, line.depth) {
        (LineKind::Step(_), 0) => Layout::Step,
        (LineKind::Step(_) | LineKind::Bullet | LineKind::Plain, _) => Layout::Bullet,
    }
}

/// The reply as it grows, and the passage that is being quoted.
struct Body<'a> {
    passage: &'a Passage,
    pieces: Vec<Piece<'a>>,
}

impl Body<'_> {
    fn push(&mut self, text: &str, layout: Layout) {
        self.pieces.push(Piece { text: text.to_owned(), layout, passage: self.passage });
    }

    /// A list whole and in order, up to what anyone would read in a reply.
    fn push_list(&mut self, block: &Block) {
        if let Some(lead) = &block.lead {
            self.push(lead, Layout::Paragraph);
        }
        let mut n_items = 0;
        for line in block.lines.iter().take(MAX_LIST_LINES) {
            n_items += usize::from(line.depth == 0);
            if n_items > MAX_STEPS {
                break;
            }
            self.push(&line.text, layout(line));
        }
    }

    /// The run of neighboring sentences that covers most of the question.
    fn push_prose(&mut self, question: &Question, block: &Block, room: usize) {
        let lines: Vec<&str> = block.lines.iter().map(|it| it.text.as_str()).collect();
        let cut: Vec<Vec<Rc<str>>> = lines.iter().map(|it| question.terms_of(it)).collect();
        let width = lines.len().min(room);
        let run = |start: usize| cut.iter().skip(start).take(width).flatten();
        let best = (0..=lines.len() - width).max_by(|one, other| {
            let score = |start: usize| question.covered_by(run(start));
            // The earlier of equals: a paragraph says the main thing first.
            score(*one).total_cmp(&score(*other)).then(other.cmp(one))
        });
        let mut start = best.unwrap_or(0);
        while start > 0 && lines.get(start).is_some_and(|it| leans_back(it)) {
            start -= 1;
        }
        for (idx, line) in lines.iter().skip(start).take(width).enumerate() {
            self.push(line, if idx == 0 { Layout::Paragraph } else { Layout::Running });
        }
    }
}

#[cfg(test)]
mod tests;
