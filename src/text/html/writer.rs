//! Writes the visible text of a token stream, as Markdown or as plain text.

use html5ever::tokenizer::Tag;

use super::Page;
use super::elements::Elements;
use super::elements::Place;
use super::elements::is_block;
use super::strip_invisible;
use super::tables::Table;
use super::variants::Variants;

/// What is written, and which parts of the input count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flavor {
    /// A message: quotes are marked, signatures left out.
    Text,
    /// All of it.
    Markdown,
    /// The same, with Markdown written in it: code and links are read as such.
    Piece,
    /// Without what surrounds the content.
    Page,
    /// Only what the page marks as its main content.
    MainOfPage,
}

/// More text than this is cut off: no article is as long. (Guessed.)
const MAX_OUT_BYTES: usize = 4 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Writer {
    flavor: Flavor,
    pub(super) elements: Elements,
    pub(super) page: Page,
    pub(super) out: String,
    /// Line breaks owed before the next letter: 0, 1 or 2.
    pub(super) breaks: usize,
    pub(super) space: bool,
    /// Next number of each open list; `None` for bullets.
    lists: Vec<Option<u64>>,
    /// What stands at the start of the next line, an item's mark.
    pub(super) mark: Option<String>,
    heading_anchor: Option<String>,
    /// Where the text of the open link starts, once it does, and where it leads.
    pub(super) link: Option<(Option<usize>, String)>,
    pub(super) tables: Vec<Table>,
    /// Tables too deep to be kept apart: their cells are text.
    pub(super) n_flat_tables: usize,
    /// Code whose end has not come yet, as it stands.
    preformatted: Option<String>,
    pub(super) variants: Variants,
    /// The name an empty link gave this place, until a word follows.
    pub(super) place: Option<String>,
    /// True between the marks of code written as Markdown.
    in_marks: bool,
}

impl Writer {
    pub(super) fn new(flavor: Flavor) -> Writer {
        Writer {
            flavor,
            elements: Elements::default(),
            page: Page::default(),
            out: String::new(),
            breaks: 0,
            space: false,
            lists: Vec::new(),
            mark: None,
            heading_anchor: None,
            link: None,
            tables: Vec::new(),
            n_flat_tables: 0,
            preformatted: None,
            variants: Variants::default(),
            place: None,
            in_marks: false,
        }
    }

    pub(super) fn is_blank(&self) -> bool {
        self.out.trim().is_empty()
    }

    pub(super) fn finish(mut self) -> String {
        self.n_flat_tables = 0;
        while !self.tables.is_empty() {
            self.end_table();
        }
        self.end_preformatted();
        self.out.trim().to_owned()
    }

    pub(super) fn is_markdown(&self) -> bool {
        self.flavor != Flavor::Text
    }

    pub(super) fn start(&mut self, tag: &Tag) {
        let name: &str = &tag.name;
        self.read_head(tag);
        if is_block(name) {
            self.end_block(if matches!(name, "li" | "tr" | "div" | "dd" | "dt") { 1 } else { 2 });
        }
        self.elements.start(tag);
        self.end_variants();
        if self.skips() {
            return;
        }
        self.start_variant(tag);
        match name {
            "br" if self.preformatted.is_none() => self.breaks = (self.breaks + 1).clamp(1, 2),
            "ul" | "menu" if self.lists.len() < 16 => self.lists.push(None),
            "ol" if self.lists.len() < 16 => self.lists.push(Some(first_number(tag))),
            "li" => self.mark = Some(self.item_mark()),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                let level = name.chars().last().and_then(|it| it.to_digit(10)).unwrap_or(2);
                if self.is_markdown() {
                    self.mark = Some(format!("{} ", "#".repeat(level as usize)));
                    let anchor = attribute(tag, "id").map(str::to_owned);
                    self.heading_anchor = anchor.or(self.place.take()).or(Some(String::new()));
                }
            }
            "pre" if self.is_markdown() && self.preformatted.is_none() => {
                self.preformatted = Some(String::new());
            }
            "a" if self.is_markdown() => self.start_link(tag),
            "table" if self.is_markdown() => self.start_table(),
            "tr" => self.start_row(),
            "td" | "th" => self.start_cell(tag),
            "dt" => self.end_block(2),
            _ => {}
        }
    }

    pub(super) fn end(&mut self, tag: &Tag) {
        let name: &str = &tag.name;
        let skipped = self.skips();
        match name {
            "a" => self.end_link(),
            "pre" => self.end_preformatted(),
            "td" | "th" if !skipped && self.n_flat_tables == 0 => self.end_cell(),
            "table" if !skipped => self.end_table(),
            "ul" | "ol" | "menu" if !skipped => {
                self.lists.pop();
                self.mark = None;
            }
            "li" => self.mark = None,
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.end_heading(),
            _ => {}
        }
        self.elements.end(tag);
        self.end_variants();
        if is_block(name) {
            self.end_block(if matches!(name, "li" | "tr" | "td" | "th" | "div") { 1 } else { 2 });
        }
    }

    pub(super) fn text(&mut self, text: &str) {
        if self.elements.is_within(Place::Title) && self.page.title.len() < 1024 {
            self.page.title.push_str(text);
        }
        if self.skips() || MAX_OUT_BYTES <= self.out.len() {
            return;
        }
        let text = strip_invisible(text);
        if let Some(code) = &mut self.preformatted {
            code.push_str(&text);
            return;
        }
        if self.elements.is_within(Place::Preformatted) {
            for line in text.split_inclusive('\n') {
                self.owe();
                self.out.push_str(line.trim_end_matches('\n'));
                self.breaks = usize::from(line.ends_with('\n'));
            }
            return;
        }
        if text.starts_with(char::is_whitespace) {
            self.space = true;
        }
        for (idx, word) in text.split_whitespace().enumerate() {
            self.space |= idx != 0;
            self.announce_variant();
            self.owe();
            if let Some((from, _)) = &mut self.link {
                from.get_or_insert(self.out.len());
            }
            self.push_word(word);
        }
        if text.ends_with(char::is_whitespace) {
            self.space = true;
        }
    }

    /// Pays the line breaks and the space that are owed before the next letter.
    pub(super) fn owe(&mut self) {
        // A heading is one line, whatever stands in it.
        let in_heading = self.heading_anchor.is_some() && self.mark.is_none();
        if self.mark.is_some() && self.breaks == 0 {
            self.breaks = 1;
        }
        let n_before = self.out.bytes().rev().take(2).take_while(|it| *it == b'\n').count();
        if self.out.is_empty() {
            // Nothing is owed at the start.
        } else if self.breaks != 0 && !in_heading {
            for _ in n_before..self.breaks {
                self.out.push('\n');
            }
        } else if (self.space || self.breaks != 0) && n_before == 0 && !self.out.ends_with(' ') {
            self.out.push(' ');
        }
        if self.out.is_empty() || self.out.ends_with('\n') {
            self.start_line();
        }
        (self.breaks, self.space) = (0, false);
    }

    fn start_line(&mut self) {
        if !self.is_markdown() {
            for _ in 0..self.elements.quote_depth().min(8) {
                self.out.push_str("> ");
            }
        }
        let mark = self.mark.take();
        if self.is_markdown() && !self.lists.is_empty() {
            // Text that goes on under an item stands one step further in.
            let depth = self.lists.len() - usize::from(mark.is_some());
            for _ in 0..depth {
                self.out.push_str("    ");
            }
        }
        if let Some(mark) = mark {
            self.out.push_str(&mark);
        }
    }

    fn push_word(&mut self, word: &str) {
        if !self.is_markdown() {
            self.out.push_str(word);
            return;
        }
        self.place = None;
        self.note_weight();
        let at_line_start = self.out.is_empty() || self.out.ends_with(['\n', ' ']);
        for (idx, letter) in word.chars().enumerate() {
            let reads_marks = self.flavor == Flavor::Piece && !self.elements.is_within(Place::Code);
            if reads_marks && (letter == '`' || matches!(letter, '[' | ']') || self.in_marks) {
                self.in_marks ^= letter == '`';
                self.out.push(letter);
                continue;
            }
            let special =
                matches!(letter, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '&' | '|' | '~')
                    || (idx == 0
                        && at_line_start
                        && matches!(letter, '#' | '>' | '+' | '-' | '=' | ':'))
                    || (matches!(letter, '.' | ')')
                        && at_line_start
                        && is_number_before(word, idx));
            if special {
                self.out.push('\\');
            }
            self.out.push(letter);
        }
    }

    /// True if text at this point is left out.
    fn skips(&self) -> bool {
        let left_out = match self.flavor {
            Flavor::Text => self.elements.is_signature(),
            Flavor::Markdown | Flavor::Piece => false,
            Flavor::Page => {
                self.elements.is_within(Place::Around) || self.elements.is_within(Place::Header)
            }
            Flavor::MainOfPage => {
                !self.elements.is_within(Place::Main) || self.elements.is_within(Place::Around)
            }
        };
        left_out || self.elements.hides_text()
    }

    fn end_block(&mut self, breaks: usize) {
        // Inside an item or a cell, blocks stand close together.
        let breaks = if self.lists.is_empty() { breaks } else { 1 };
        self.breaks = self.breaks.max(breaks);
        self.space = false;
        self.in_marks = false;
    }

    fn item_mark(&mut self) -> String {
        match self.lists.last_mut() {
            Some(Some(number)) => {
                *number = number.saturating_add(1);
                format!("{}. ", number.saturating_sub(1))
            }
            Some(None) | None => "- ".to_owned(),
        }
    }

    fn end_heading(&mut self) {
        if let Some(anchor) = self.heading_anchor.take() {
            let usable = anchor.chars().all(|it| it.is_alphanumeric() || "-_.:".contains(it));
            if usable && !anchor.is_empty() && !self.out.is_empty() && self.mark.is_none() {
                self.out.push_str(&format!(" {{#{anchor}}}"));
            }
        }
        self.mark = None;
    }

    pub(super) fn in_list(&self) -> bool {
        !self.lists.is_empty()
    }

    fn start_link(&mut self, tag: &Tag) {
        self.link = attribute(tag, "href").map(|it| (None, it.to_owned()));
        if self.link.is_none() {
            let place = attribute(tag, "id").or_else(|| attribute(tag, "name"));
            self.place = place.map(str::to_owned).or(self.place.take());
            // In a heading it names that heading.
            if let Some(anchor) = self.heading_anchor.as_mut().filter(|it| it.is_empty()) {
                *anchor = self.place.take().unwrap_or_default();
            }
        }
    }

    fn end_link(&mut self) {
        let Some((Some(from), href)) = self.link.take() else { return };
        let Some(text) = self.out.get(from..) else { return };
        let plain = !href.chars().any(|it| it.is_whitespace() || "<>()".contains(it));
        if text.trim().is_empty() || text.contains('\n') || !plain || href.len() > 2048 {
            return;
        }
        if !self.out.ends_with("](") {
            self.out.insert(from, '[');
            self.out.push_str(&format!("]({href})"));
        }
    }

    fn end_preformatted(&mut self) {
        let Some(code) = self.preformatted.take() else { return };
        if code.trim().is_empty() {
            return;
        }
        let longest = code.split(|it| it != '`').map(str::len).max().unwrap_or(0);
        let fence = "`".repeat(longest.max(2) + 1);
        self.breaks = 2;
        self.owe();
        // Each line stands as deep as the item it belongs to: a line further out
        // would end the item, and the code with it.
        let indent = format!("\n{}", "    ".repeat(self.lists.len()));
        self.out.push_str(&fence);
        for line in code.trim_matches('\n').lines() {
            self.out.push_str(&indent);
            self.out.push_str(line);
        }
        self.out.push_str(&indent);
        self.out.push_str(&fence);
        self.breaks = 2;
    }

    fn read_head(&mut self, tag: &Tag) {
        match &*tag.name {
            "html" => self.page.language = attribute(tag, "lang").map(str::to_owned),
            "meta"
                if attribute(tag, "name")
                    .is_some_and(|it| it.eq_ignore_ascii_case("description")) =>
            {
                let text =
                    attribute(tag, "content").map(|it| strip_invisible(it).trim().to_owned());
                self.page.summary = text.filter(|it| !it.is_empty());
            }
            "link"
                if attribute(tag, "rel").is_some_and(|it| it.eq_ignore_ascii_case("canonical")) =>
            {
                self.page.url = attribute(tag, "href").map(str::to_owned);
            }
            _ => {}
        }
    }
}

fn first_number(tag: &Tag) -> u64 {
    attribute(tag, "start").and_then(|it| it.trim().parse().ok()).unwrap_or(1)
}

pub(super) fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attrs.iter().find(|it| &*it.name.local == name).map(|it| &*it.value)
}

fn is_number_before(word: &str, idx: usize) -> bool {
    0 < idx && idx < 10 && word.chars().take(idx).all(|it| it.is_ascii_digit())
}
