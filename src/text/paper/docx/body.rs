//! The body of a Word file as Markdown: paragraphs, headings, lists, tables.

use std::collections::HashMap;

use super::Sheet;
use crate::text::escape_markdown;
use crate::text::html::strip_invisible;
use crate::text::xml::Element;
use crate::text::xml::Piece;

/// More text than this is cut off: no article is as long. (Guessed.)
const MAX_OUT_BYTES: usize = 4 * 1024 * 1024;

/// Rows of a table within a table are text of the cell around them.
#[derive(Debug, Default)]
struct Table {
    rows: Vec<Vec<String>>,
}

/// What is known of the paragraph that is being read.
#[derive(Debug, Default)]
struct Paragraph {
    text: String,
    style: String,
    /// (`numId`, level)
    list: Option<(String, usize)>,
    outline: Option<usize>,
}

#[derive(Debug)]
pub(super) struct Body<'s> {
    sheet: &'s Sheet,
    out: String,
    title: Option<String>,
    paragraph: Paragraph,
    /// Paragraphs in text boxes stand inside other paragraphs.
    outer: Vec<Paragraph>,
    table: Table,
    table_depth: usize,
    /// Open elements whose text is not shown.
    n_unseen: usize,
    run: Run,
    in_text: bool,
    /// True where the properties read are those of a paragraph, not of a run.
    in_paragraph_mark: bool,
    list_before: bool,
    /// The last number given in each numbered list, by level.
    numbers: HashMap<(String, usize), u64>,
}

/// What the run that is being read says of its letters.
#[derive(Debug, Default)]
struct Run {
    hidden: bool,
    white: bool,
    shaded: bool,
}

impl<'s> Body<'s> {
    pub(super) fn new(sheet: &'s Sheet) -> Body<'s> {
        Body {
            sheet,
            out: String::new(),
            title: None,
            paragraph: Paragraph::default(),
            outer: Vec::new(),
            table: Table::default(),
            table_depth: 0,
            n_unseen: 0,
            run: Run::default(),
            in_text: false,
            in_paragraph_mark: false,
            list_before: false,
            numbers: HashMap::new(),
        }
    }

    /// The title set as such, and the Markdown.
    pub(super) fn finish(mut self) -> (Option<String>, String) {
        self.end_paragraph();
        (self.title, self.out.trim().to_owned())
    }

    pub(super) fn take(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Open(element) => self.open(element),
            Piece::Close(name) => self.close(name),
            Piece::Text(text) if self.in_text => self.push(text),
            Piece::Text(_) => {}
        }
    }

    fn open(&mut self, element: &Element) {
        let value = element.attribute("val").unwrap_or_default();
        let is_on = !matches!(value, "0" | "false" | "none");
        match element.name.as_str() {
            // Deleted or moved away in a tracked change; the older twin of a drawing.
            "del" | "moveFrom" | "Fallback" => self.n_unseen += 1,
            "p" => self.start_paragraph(),
            "rPr" => self.in_paragraph_mark = false,
            "pPr" => self.in_paragraph_mark = true,
            "pStyle" => self.paragraph.style = value.to_owned(),
            "outlineLvl" => {
                self.paragraph.outline = value.parse().ok().filter(|it: &usize| *it < 9);
            }
            "ilvl" => {
                let number = self.paragraph.list.take().map(|it| it.0).unwrap_or_default();
                self.paragraph.list = Some((number, value.parse().unwrap_or(0).min(8)));
            }
            "numId" => {
                let level = self.paragraph.list.take().map_or(0, |it| it.1);
                self.paragraph.list = Some((value.to_owned(), level));
            }
            "r" => self.run = Run::default(),
            "vanish" | "webHidden" | "strike" | "dstrike" => self.run.hidden |= is_on,
            "color" => self.run.white = value.eq_ignore_ascii_case("ffffff"),
            "highlight" | "shd" => self.run.shaded = true,
            // Half points: letters of one point are read by nobody.
            "sz" => self.run.hidden |= value.parse::<f32>().is_ok_and(|it| it <= 2.0),
            "t" => self.in_text = true,
            "tab" if !self.in_paragraph_mark => self.push(" "),
            "br" | "cr" => self.push(" "),
            "noBreakHyphen" => self.push("-"),
            "tbl" => self.start_table(),
            "tr" if self.table_depth == 1 => self.table.rows.push(Vec::new()),
            "tc" if self.table_depth == 1 => {
                if let Some(row) = self.table.rows.last_mut() {
                    row.push(String::new());
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "del" | "moveFrom" | "Fallback" => self.n_unseen = self.n_unseen.saturating_sub(1),
            "p" => {
                self.end_paragraph();
                self.paragraph = self.outer.pop().unwrap_or_default();
            }
            "pPr" => {
                // What is set for the mark at the end is not set for the letters.
                self.in_paragraph_mark = false;
                self.run = Run::default();
            }
            "r" => self.run = Run::default(),
            "t" => self.in_text = false,
            "tbl" => self.end_table(),
            _ => {}
        }
    }

    fn push(&mut self, text: &str) {
        // White letters in a table stand on a dark cell as a rule.
        let white_on_white = self.run.white && !self.run.shaded && self.table_depth == 0;
        if self.n_unseen == 0 && !self.run.hidden && !white_on_white {
            self.paragraph.text.push_str(text);
        }
    }

    fn start_paragraph(&mut self) {
        self.outer.push(std::mem::take(&mut self.paragraph));
        self.run = Run::default();
        self.in_paragraph_mark = false;
    }

    fn end_paragraph(&mut self) {
        let paragraph = std::mem::take(&mut self.paragraph);
        let text = strip_invisible(&paragraph.text);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() || MAX_OUT_BYTES < self.out.len() {
            return;
        }
        if 0 < self.table_depth {
            let cell = self.table.rows.last_mut().and_then(|it| it.last_mut());
            if let Some(cell) = cell {
                if !cell.is_empty() {
                    cell.push(' ');
                }
                cell.push_str(&escape_markdown(&text));
            }
            return;
        }
        let styled = self.sheet.headings.get(&paragraph.style).copied();
        let level = styled.or_else(|| paragraph.outline.map(|it| (it + 1).min(6)));
        if level == Some(0) && self.title.is_none() {
            self.title = Some(text);
            return;
        }
        let by_style = || self.sheet.style_lists.get(&paragraph.style).cloned();
        // List 0 takes a paragraph out of the list its style makes.
        let list = paragraph.list.or_else(by_style).filter(|it| it.0 != "0" && !it.0.is_empty());
        let text = escape_markdown(&text);
        if let Some(level) = level {
            self.block(&format!("{} {text}", "#".repeat(level.max(1))), false);
        } else if let Some(list) = list {
            let indent = "    ".repeat(list.1);
            let mark = self.mark(list);
            self.block(&format!("{indent}{mark} {text}"), true);
        } else {
            self.block(&guarded(&text), false);
        }
    }

    /// What stands before an item. Numbers go on where the list was interrupted.
    fn mark(&mut self, list: (String, usize)) -> String {
        if !self.sheet.numbered.get(&list).copied().unwrap_or(false) {
            return "-".to_owned();
        }
        self.numbers.retain(|(number, level), _| *number != list.0 || *level <= list.1);
        let number = self.numbers.entry(list).or_default();
        *number += 1;
        format!("{number}.")
    }

    fn block(&mut self, text: &str, is_item: bool) {
        if !self.out.is_empty() {
            self.out.push_str(if is_item && self.list_before { "\n" } else { "\n\n" });
        }
        self.out.push_str(text);
        self.list_before = is_item;
    }

    fn start_table(&mut self) {
        self.table_depth += 1;
        if self.table_depth == 1 {
            self.table = Table::default();
        }
    }

    fn end_table(&mut self) {
        self.table_depth = self.table_depth.saturating_sub(1);
        if self.table_depth != 0 {
            return;
        }
        let table = std::mem::take(&mut self.table);
        let n_columns = table.rows.iter().map(Vec::len).max().unwrap_or(0);
        let rows = table.rows.iter().filter(|row| row.iter().any(|it| !it.is_empty()));
        if n_columns < 2 {
            for cell in rows.flatten() {
                self.block(&guarded(cell), false);
            }
            return;
        }
        let mut written = String::new();
        for (idx, row) in rows.enumerate() {
            let missing = n_columns.saturating_sub(row.len());
            written.push_str(&format!("| {}{} |\n", row.join(" | "), " |".repeat(missing)));
            if idx == 0 {
                written.push_str(&format!("|{}\n", " --- |".repeat(n_columns)));
            }
        }
        if !written.is_empty() {
            self.block(written.trim_end(), false);
        }
    }
}

/// A paragraph that begins like an item stays a paragraph.
fn guarded(text: &str) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let after = text.get(digits..).unwrap_or_default();
    if 0 < digits && after.starts_with(['.', ')']) {
        // Steps that were typed by hand are steps.
        return text.to_owned();
    }
    match text.chars().next() {
        Some('-' | '+' | '=') => format!("\\{text}"),
        Some('•' | '·' | '▪' | '–') => {
            let rest = text.trim_start_matches(['•', '·', '▪', '–']);
            if rest.starts_with(' ') { format!("-{rest}") } else { text.to_owned() }
        }
        Some(_) | None => text.to_owned(),
    }
}
