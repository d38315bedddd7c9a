//! A passage as a writer sees it: paragraphs and lists, each with the line that
//! introduces it, without what only makes sense on the page it came from.

use crate::draft::pages::is_scrap;
use crate::draft::pages::only_points;
use crate::draft::pages::quotable;
use crate::draft::pages::without_pointers;
use crate::text::sentences::LineKind;
use crate::text::sentences::line_kind;
use crate::text::sentences::sentences;
use crate::text::sentences::without_pictures;

/// A paragraph or a list that can be quoted on its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// The line before a list that introduces it. `None` for paragraphs.
    pub lead: Option<String>,
    /// Sentences of a paragraph, or the items of a list, in order.
    pub lines: Vec<Line>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub text: String,
    pub kind: LineKind,
    /// 0 for items of the list itself, more for what hangs below one.
    pub depth: usize,
}

impl Block {
    /// True for a list of numbered steps.
    pub(super) fn is_steps(&self) -> bool {
        self.n_steps() >= 2
    }

    pub(super) fn is_list(&self) -> bool {
        self.lines.first().is_some_and(|it| it.kind != LineKind::Plain)
    }

    /// True for a few words without an end, as links and cells of tables are.
    fn is_label(&self) -> bool {
        let [line] = self.lines.as_slice() else { return false };
        let ends =
            |it: char| matches!(it, '.' | '!' | '?' | ':' | '。' | '！' | '？' | '：' | '؟' | '।');
        let n_words = line.text.split_whitespace().count();
        let is_short = (2..=LABEL_WORDS).contains(&n_words) || line.text.is_ascii();
        !self.is_list() && is_short && n_words <= LABEL_WORDS && !line.text.contains(ends)
    }

    /// True for a paragraph that only names another page.
    fn is_pointer(&self) -> bool {
        matches!(self.lines.as_slice(), [line] if !self.is_list() && only_points(&line.text))
    }

    /// The items of a list, each with what hangs below it.
    pub(super) fn items(&self) -> Vec<&[Line]> {
        self.lines.chunk_by(|_, next| 0 < next.depth).collect()
    }

    /// Number of steps at the top level.
    pub(super) fn n_steps(&self) -> usize {
        let top = self.lines.iter().filter(|it| it.depth == 0);
        top.filter(|it| matches!(it.kind, LineKind::Step(_))).count()
    }

    pub(super) fn n_words(&self) -> usize {
        let lines = self.lead.iter().chain(self.lines.iter().map(|it| &it.text));
        lines.map(|it| n_words(it)).sum()
    }

    /// All words of the block.
    pub(super) fn text(&self) -> String {
        let lines = self.lead.iter().chain(self.lines.iter().map(|it| &it.text));
        lines.map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// Cuts a passage's text into blocks, in order. Empty if nothing in it can be
/// quoted.
pub(super) fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut list = Block::default();
    let text = without_pictures(text);
    for raw in text.lines() {
        let depth = raw.chars().take_while(|it| *it == ' ').count() / 2;
        let (kind, line) = line_kind(raw);
        // A step of one letter is a step: "Press A" was a picture of a key.
        let is_step = matches!(kind, LineKind::Step(_)) && line.contains(char::is_alphanumeric);
        if is_scrap(raw) && !is_step {
            continue;
        }
        let in_list = !list.lines.is_empty();
        if kind == LineKind::Plain && (depth == 0 || !in_list) {
            close(&mut list, &mut blocks);
            push_paragraph(line, &mut blocks);
            continue;
        }
        if restarts(kind, depth, &list) {
            close(&mut list, &mut blocks);
        }
        if list.lines.is_empty() {
            list.lead = take_lead(&mut blocks);
        }
        // Whatever a step says, it stays: a procedure with a hole is worse than
        // one that points at the page.
        let text = squeeze(without_pointers(line));
        list.lines.push(Line { text, kind, depth });
    }
    close(&mut list, &mut blocks);
    blocks.retain(|it| !it.lines.is_empty());
    without_labels(blocks)
}

/// Words of a paragraph that names something and says nothing. (Guessed.)
const LABEL_WORDS: usize = 6;

/// The blocks without those that only name or link something, as a page full of links
/// does; all if there are no others. A few words by themselves may be the answer.
fn without_labels(blocks: Vec<Block>) -> Vec<Block> {
    let is_label = |idx: usize| blocks.get(idx).is_some_and(Block::is_label);
    let says = |(idx, it): (usize, &Block)| {
        let leads = blocks.get(idx + 1).is_some_and(Block::is_list);
        let in_row = is_label(idx + 1) || idx.checked_sub(1).is_some_and(is_label);
        leads || !(it.is_pointer() || it.is_label() && in_row)
    };
    let says: Vec<bool> = blocks.iter().enumerate().map(says).collect();
    if !says.contains(&true) {
        return blocks;
    }
    blocks.into_iter().zip(says).filter(|(_, says)| *says).map(|(it, _)| it).collect()
}

fn close(list: &mut Block, blocks: &mut Vec<Block>) {
    let mut closed = std::mem::take(list);
    let least = closed.lines.iter().map(|it| it.depth).min().unwrap_or(0);
    closed.lines.iter_mut().for_each(|it| it.depth -= least);
    blocks.append(&mut split_nested(closed));
}

/// Procedures that hang below an item that is no step become lists of their own,
/// with the item as the lead: "On Windows:", then its steps.
fn split_nested(list: Block) -> Vec<Block> {
    let mut blocks = vec![Block { lead: list.lead, lines: Vec::new() }];
    // Depth of the item whose steps are being collected.
    let mut below: Option<usize> = None;
    let mut lines = list.lines.into_iter().peekable();
    while let Some(line) = lines.next() {
        let leaves = below.is_some_and(|it| line.depth <= it);
        if leaves {
            below = None;
            blocks.push(Block::default());
        }
        let next = lines.peek();
        let leads =
            next.is_some_and(|it| it.depth > line.depth && matches!(it.kind, LineKind::Step(_)));
        if leads && below.is_none() && !matches!(line.kind, LineKind::Step(_)) {
            below = Some(line.depth);
            blocks.push(Block { lead: Some(line.text), lines: Vec::new() });
            continue;
        }
        let depth = line.depth - below.map_or(0, |it| it + 1).min(line.depth);
        if let Some(last) = blocks.last_mut() {
            last.lines.push(Line { depth, ..line });
        }
    }
    blocks
}

/// Words of a line that went through [`squeeze`].
pub(super) fn n_words(line: &str) -> usize {
    let n_spaces = line.bytes().filter(|it| *it == b' ').count();
    if line.is_empty() { 0 } else { n_spaces + 1 }
}

/// Single spaces: where a picture stood there are two.
fn squeeze(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// True if a line cannot go on with the list: a second step 1, or another kind of
/// item at the depth of the list itself.
fn restarts(kind: LineKind, depth: usize, list: &Block) -> bool {
    let Some(first) = list.lines.first() else { return false };
    let last = list.lines.iter().rev().find(|it| it.depth <= depth);
    let same_depth = last.filter(|it| it.depth == depth);
    let counts_anew = kind == LineKind::Step(1)
        && same_depth.is_some_and(|it| matches!(it.kind, LineKind::Step(_)));
    let bullets = |it: LineKind| it == LineKind::Bullet;
    let other_kind = depth <= first.depth && bullets(kind) != bullets(first.kind);
    counts_anew || other_kind
}

/// Takes the paragraph before a list away from the paragraphs if it announces
/// the list.
fn take_lead(blocks: &mut Vec<Block>) -> Option<String> {
    let last = blocks.last_mut()?;
    if last.is_list() || !last.lines.last()?.text.trim_end().ends_with([':', '：']) {
        return None;
    }
    let lead = last.lines.pop()?.text;
    if last.lines.is_empty() {
        blocks.pop();
    }
    Some(lead)
}

fn push_paragraph(line: &str, blocks: &mut Vec<Block>) {
    let lines = sentences(line).into_iter().filter_map(quotable).map(|it| Line {
        text: squeeze(it),
        kind: LineKind::Plain,
        depth: 0,
    });
    blocks.push(Block { lead: None, lines: lines.collect() });
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_list_keeps_its_lead_and_what_hangs_below_its_steps() {
        let text = "It may be broken. Here is how to repair it:\n\n1. Open it:\n  - At the top\n2. Close it.\n\nIt works again.";
        let blocks = blocks(text);
        assert_eq!(blocks.len(), 3);
        assert_eq!(blocks[1].lead.as_deref(), Some("Here is how to repair it:"));
        assert_eq!(blocks[1].n_steps(), 2);
        assert_eq!(blocks[1].lines[1].depth, 1);
        assert_eq!(blocks[2].lines[0].text, "It works again.");
    }

    #[test]
    fn a_procedure_below_an_item_is_led_by_it() {
        let found = blocks(
            "- On Windows:\n  1. Open it.\n  2. Close it.\n- On a Mac:\n  1. Start it.\n  2. Stop it.",
        );
        let leads: Vec<_> = found.iter().map(|it| (it.lead.as_deref(), it.n_steps())).collect();
        assert_eq!(leads, [(Some("On Windows:"), 2), (Some("On a Mac:"), 2)]);
    }

    #[test]
    fn a_picture_between_steps_does_not_end_the_procedure() {
        let found =
            blocks("1. Click ![icon] twice.\n\n![shot]\n\n2. As described above, close it.");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].lines[0].text, "Click twice.");
        assert_eq!(found[0].n_steps(), 2);
    }

    #[test]
    fn two_lists_in_a_row_stay_two() {
        let found = blocks("1. One\n2. Two\n\n1. Uno\n2. Dos");
        assert_eq!(found.iter().map(Block::n_steps).collect::<Vec<_>>(), [2, 2]);
    }

    #[test]
    fn what_points_at_the_page_is_not_quoted() {
        let found = blocks(
            "This article explains returns. Returns take 30 days. See the table below. ![x] /",
        );
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].lines.len(), 1);
        assert_eq!(found[0].lines[0].text, "Returns take 30 days.");
    }

    #[test]
    fn a_row_of_links_is_not_quoted_beside_what_is_said() {
        let found = blocks("Track your order\n\nGet your invoice\n\nAn order can be late.");
        assert_eq!(found.iter().map(Block::text).collect::<Vec<_>>(), ["An order can be late."]);
        assert_eq!(blocks("Free parking").len(), 1);
        // By themselves they may be the answer.
        let found = blocks("Yes, within 30 days\n\nWe send the money back to your card.");
        assert_eq!(found.len(), 2);
    }

    proptest! {
        #[test]
        fn any_passage_has_blocks(text in "([ ]{0,6}(1\\. |2\\. |- |)[a-z:. ]{0,20}\n){0,20}") {
            for block in blocks(&text) {
                prop_assert!(!block.lines.is_empty());
            }
        }
    }
}
