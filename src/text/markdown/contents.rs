//! Leaves out what only leads about a page: tables of contents, links back to
//! its top. Sentences that send the reader elsewhere, and steps, stay.

use super::Block;
use super::BlockKind;
use super::Section;

/// Takes the links to other places of the same page out of a section's blocks,
/// where they stand alone, with the words that announce them. What else stands
/// under the heading of a table of contents belongs to the heading above.
pub(super) fn leave_out(section: &mut Section) {
    if !section.blocks.iter().any(|it| it.jumps) {
        return;
    }
    let heads_contents = section.headings.last().is_some_and(|it| CONTENTS.contains(&&*plain(it)));
    let mut kept: Vec<Block> = Vec::with_capacity(section.blocks.len());
    let mut rest = std::mem::take(&mut section.blocks).into_iter().peekable();
    while let Some(block) = rest.next() {
        let mut run = vec![block];
        let group = run.first().and_then(|it| it.group);
        while group.is_some()
            && let Some(next) = rest.next_if(|it| it.group == group)
        {
            run.push(next);
        }
        let before = kept.last().and_then(|it| without_announcement(&it.text)).map(str::to_owned);
        let is_contents = run.iter().all(|it| it.jumps) && (heads_contents || before.is_some());
        if !is_contents && !leads_about(&run, &kept) {
            kept.append(&mut run);
            continue;
        }
        if let Some(text) = before
            && let Some(announcement) = kept.pop()
            && !text.is_empty()
        {
            kept.push(Block { text, ..announcement });
        }
    }
    section.blocks = kept;
    if heads_contents {
        section.headings.pop();
        section.anchor = None;
    }
}

/// True for a link that stands alone, and for a list of nothing else that is
/// neither steps nor what the sentence before it promises.
fn leads_about(run: &[Block], before: &[Block]) -> bool {
    let promised = before.last().is_some_and(|it| it.text.ends_with([':', '：']));
    let is_text = run.iter().all(|it| matches!(it.kind, BlockKind::Bullet | BlockKind::Paragraph));
    let alone = run.iter().all(|it| it.group.is_none());
    run.iter().all(|it| it.jumps) && is_text && (alone || (1 < run.len() && !promised))
}

/// How help centers head their tables of contents.
const CONTENTS: [&str; 18] = [
    "contents",
    "table of contents",
    "in this article",
    "in this section",
    "on this page",
    "article contents",
    "page contents",
    "quick links",
    "jump to",
    "inhalt",
    "inhaltsverzeichnis",
    "in diesem artikel",
    "dans cet article",
    "sommaire",
    "en este artículo",
    "contenido",
    "neste artigo",
    "in questo articolo",
];

/// Longer sentences announce no table of contents.
const MAX_ANNOUNCEMENT_BYTES: usize = 64;

/// What is left of a text whose last sentence announces a table of contents.
/// `None` if it announces none.
fn without_announcement(text: &str) -> Option<&str> {
    let tail = text.floor_char_boundary(text.len().saturating_sub(MAX_ANNOUNCEMENT_BYTES));
    let end_before = text.get(tail..)?.rfind(['.', '!', '?', '\n']);
    let start = end_before.map_or(tail, |it| tail + it + 1);
    let (before, sentence) = text.split_at_checked(start)?;
    CONTENTS.contains(&&*plain(sentence)).then(|| before.trim_end())
}

fn plain(text: &str) -> String {
    text.trim().trim_end_matches([':', '：']).trim_end().to_lowercase()
}
