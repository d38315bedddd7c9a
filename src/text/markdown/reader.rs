//! Reads Markdown events into sections and blocks.

use std::collections::HashMap;

use pulldown_cmark::Event;
use pulldown_cmark::HeadingLevel;
use pulldown_cmark::Options;
use pulldown_cmark::Parser;
use pulldown_cmark::Tag;
use pulldown_cmark::TagEnd;

use super::Block;
use super::BlockKind;
use super::Section;
use super::contents;
use super::fences;
use super::strays::Strays;
use crate::text::html::Pieces;
use crate::text::html::strip_invisible;

/// Cuts Markdown into sections along its headings. Empty if nothing is visible.
/// HTML inside is read as a browser shows it; images, their texts included, and
/// struck-out text are left out; of links only the text stays.
pub fn sections(markdown: &str) -> Vec<Section> {
    let mut reader = Reader::default();
    reader.read(markdown);
    reader.flush();
    reader.end_section();
    reader.sections
}

#[derive(Debug, Default)]
struct Reader {
    sections: Vec<Section>,
    current: Section,
    /// Level and title of the headings above this point.
    path: Vec<(HeadingLevel, String)>,
    n_slugs: HashMap<String, usize>,
    /// Text of the block that is being read.
    text: String,
    /// Marks in it without a partner.
    strays: Strays,
    /// Open lists: the next number, or `None` for bullets.
    lists: Vec<Option<u64>>,
    /// What the next block in an item becomes; `None` once it has come.
    item: Option<BlockKind>,
    n_groups: usize,
    table_head: Vec<String>,
    row: Option<Vec<String>>,
    in_head: bool,
    in_code: bool,
    /// Open images and struck-out spans: their text does not count.
    n_unseen: usize,
    html: String,
    in_html: bool,
    /// True while Markdown made from HTML is read: it holds no HTML itself.
    inner: bool,
    pieces: Pieces,
    anchor: Option<String>,
    /// The name an empty link gave to what follows it.
    place: Option<String>,
    /// True within a link to another place of the same page.
    in_jump: bool,
    /// Letters and digits of the current block within such links, and outside.
    n_jumping: usize,
    n_staying: usize,
}

impl Reader {
    fn read(&mut self, markdown: &str) {
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_HEADING_ATTRIBUTES
            | Options::ENABLE_GFM;
        for (event, source) in Parser::new_ext(markdown, options).into_offset_iter() {
            match event {
                Event::Start(tag) => self.start(tag),
                Event::End(tag) => self.end(tag),
                Event::Text(text) if !self.in_code => {
                    let at = self.text.len();
                    self.push(&text);
                    if at < self.text.len() {
                        self.strays.note(&text, at, markdown, &source);
                    }
                }
                Event::Text(text) | Event::Code(text) => self.push(&text),
                Event::InlineMath(text) | Event::DisplayMath(text) => self.push(&text),
                Event::Html(html) if self.in_html => self.html.push_str(&html),
                Event::Html(html) | Event::InlineHtml(html) => self.inline_html(&html),
                Event::SoftBreak => self.push(" "),
                Event::HardBreak => self.push("\n"),
                Event::Rule => self.flush(),
                Event::FootnoteReference(_) | Event::TaskListMarker(_) => {}
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Heading { id, .. } => {
                self.flush();
                self.anchor = id.map(|it| it.to_string());
            }
            Tag::List(first) => {
                self.flush();
                if self.lists.is_empty() {
                    self.n_groups += 1;
                }
                self.lists.push(first);
            }
            Tag::Item => {
                self.flush();
                self.item = Some(match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number = number.saturating_add(1);
                        BlockKind::Step(number.saturating_sub(1))
                    }
                    Some(None) | None => BlockKind::Bullet,
                });
            }
            Tag::CodeBlock(_) => {
                self.flush();
                self.in_code = true;
            }
            Tag::HtmlBlock => {
                self.flush();
                self.in_html = true;
            }
            Tag::Table(_) => {
                self.flush();
                self.n_groups += 1;
                self.table_head.clear();
            }
            Tag::TableHead => self.in_head = true,
            Tag::TableRow => self.row = Some(Vec::new()),
            Tag::TableCell => drop(self.take_text()),
            Tag::Image { .. } | Tag::Strikethrough => self.n_unseen += 1,
            Tag::Paragraph | Tag::BlockQuote(_) | Tag::FootnoteDefinition(_) => self.flush(),
            Tag::DefinitionList
            | Tag::DefinitionListTitle
            | Tag::DefinitionListDefinition
            | Tag::Emphasis
            | Tag::Strong
            | Tag::Superscript
            | Tag::Subscript
            | Tag::MetadataBlock(_) => {}
            Tag::Link { dest_url, .. } => self.in_jump = dest_url.starts_with('#'),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(level) => self.end_heading(level),
            TagEnd::List(_) => {
                self.flush();
                self.lists.pop();
                self.item = None;
            }
            TagEnd::Item => {
                self.flush();
                self.item = None;
            }
            TagEnd::CodeBlock => {
                self.in_code = false;
                let code = std::mem::take(&mut self.text);
                self.push_block(BlockKind::Code, code.trim_matches('\n'));
            }
            TagEnd::HtmlBlock => self.end_html(),
            TagEnd::TableHead => self.in_head = false,
            TagEnd::TableRow => self.end_row(),
            TagEnd::TableCell => {
                let cell = collapse(&self.take_text()).replace('\n', " ");
                match &mut self.row {
                    _ if self.in_head => self.table_head.push(cell),
                    Some(row) => row.push(cell),
                    None => {}
                }
            }
            TagEnd::Image | TagEnd::Strikethrough => {
                self.n_unseen = self.n_unseen.saturating_sub(1)
            }
            TagEnd::Paragraph | TagEnd::BlockQuote(_) | TagEnd::FootnoteDefinition => self.flush(),
            TagEnd::Table
            | TagEnd::DefinitionList
            | TagEnd::DefinitionListTitle
            | TagEnd::DefinitionListDefinition
            | TagEnd::Emphasis
            | TagEnd::Strong
            | TagEnd::Superscript
            | TagEnd::Subscript
            | TagEnd::MetadataBlock(_) => {}
            TagEnd::Link => self.in_jump = false,
        }
    }

    /// The text that was being read, without stray marks.
    fn take_text(&mut self) -> String {
        let text = std::mem::take(&mut self.text);
        self.strays.taken_out_of(text)
    }

    fn push(&mut self, text: &str) {
        if self.n_unseen == 0 && !self.pieces.hides_text() {
            let n_letters = text.chars().filter(|it| it.is_alphanumeric()).count();
            let sum = if self.in_jump { &mut self.n_jumping } else { &mut self.n_staying };
            *sum += n_letters;
            self.text.push_str(text);
        }
    }

    fn inline_html(&mut self, html: &str) {
        if self.inner {
            return;
        }
        let text = self.pieces.feed(html);
        self.push(&text);
        self.place = self.pieces.take_place().or(self.place.take());
        let name: String = html.chars().skip(1).take_while(char::is_ascii_alphabetic).collect();
        if name.eq_ignore_ascii_case("br") {
            self.push("\n");
        }
    }

    fn end_html(&mut self) {
        self.in_html = false;
        let html = std::mem::take(&mut self.html);
        if self.inner {
            return;
        }
        let markdown = self.pieces.feed(&fences::as_html(&html));
        self.place = self.pieces.take_place().or(self.place.take());
        if !markdown.is_empty() {
            // What a block of HTML hides was judged when it was turned to Markdown.
            let pieces = std::mem::take(&mut self.pieces);
            self.inner = true;
            self.read(&markdown);
            self.flush();
            self.inner = false;
            self.pieces = pieces;
        }
    }

    fn end_heading(&mut self, level: HeadingLevel) {
        let text = collapse(&self.take_text()).replace('\n', " ");
        let (title, declared) = split_anchor(&text);
        let declared = self.anchor.take().or(declared).or(self.place.take());
        (self.n_jumping, self.n_staying) = (0, 0);
        if title.is_empty() {
            return;
        }
        self.end_section();
        while self.path.last().is_some_and(|(above, _)| level <= *above) {
            self.path.pop();
        }
        self.path.push((level, title.clone()));
        self.current.headings = self.path.iter().map(|(_, it)| it.clone()).collect();
        self.current.anchor = declared.or_else(|| self.slug(&title));
    }

    /// The fragment GitHub makes of a heading; the second of a name gets `-1`.
    fn slug(&mut self, title: &str) -> Option<String> {
        let slug: String = title
            .chars()
            .flat_map(char::to_lowercase)
            .filter(|it| it.is_alphanumeric() || matches!(it, ' ' | '-' | '_'))
            .map(|it| if it == ' ' { '-' } else { it })
            .collect();
        if slug.is_empty() {
            return None;
        }
        let n_before = self.n_slugs.entry(slug.clone()).or_default();
        *n_before += 1;
        Some(if *n_before == 1 { slug } else { format!("{slug}-{}", *n_before - 1) })
    }

    fn end_section(&mut self) {
        let mut section = std::mem::take(&mut self.current);
        contents::leave_out(&mut section);
        if !section.blocks.is_empty() {
            self.sections.push(section);
        }
    }

    fn end_row(&mut self) {
        let Some(row) = self.row.take() else { return };
        let cells: Vec<String> = row
            .iter()
            .enumerate()
            .filter(|(_, cell)| !cell.is_empty())
            .map(|(idx, cell)| match self.table_head.get(idx) {
                Some(head) if !head.is_empty() => format!("{head}: {cell}"),
                Some(_) | None => cell.clone(),
            })
            .collect();
        self.push_block(BlockKind::Row, &cells.join("; "));
    }

    /// Ends the block whose text was being read, if there is any.
    fn flush(&mut self) {
        if self.in_code || self.row.is_some() || self.in_head {
            return;
        }
        let text = collapse(&self.take_text());
        if text.is_empty() {
            return;
        }
        self.place = None;
        let depth = self.lists.len();
        if let Some(kind) = self.item.take() {
            self.push_block(kind, &text);
            return;
        }
        // A second paragraph of an item goes on where the first ended.
        if let Some(last) = self.current.blocks.last_mut()
            && 0 < depth
            && last.depth == depth
            && last.group == Some(self.n_groups)
            && matches!(last.kind, BlockKind::Bullet | BlockKind::Step(_) | BlockKind::Paragraph)
        {
            last.text.push(' ');
            last.text.push_str(&text);
            last.jumps &= self.n_staying == 0;
            (self.n_jumping, self.n_staying) = (0, 0);
            return;
        }
        self.push_block(BlockKind::Paragraph, &text);
    }

    fn push_block(&mut self, kind: BlockKind, text: &str) {
        let text = strip_invisible(text);
        let jumps = 0 < self.n_jumping && self.n_staying == 0;
        (self.n_jumping, self.n_staying) = (0, 0);
        if text.trim().is_empty() {
            return;
        }
        self.place = None;
        let group = (kind == BlockKind::Row || !self.lists.is_empty()).then_some(self.n_groups);
        self.current.blocks.push(Block { kind, text, depth: self.lists.len(), group, jumps });
    }
}

/// White space within a line becomes one space; line breaks stay.
fn collapse(text: &str) -> String {
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|it| !it.is_empty())
        .collect();
    lines.join("\n")
}

/// Splits `Title{#anchor}`, which is common although the standard wants a space.
fn split_anchor(title: &str) -> (String, Option<String>) {
    let split = title.strip_suffix('}').and_then(|it| it.rsplit_once("{#"));
    match split {
        Some((title, anchor)) if !anchor.contains(char::is_whitespace) => {
            (title.trim_end().to_owned(), Some(anchor.to_owned()))
        }
        Some(_) | None => (title.to_owned(), None),
    }
}
