//! Lines of a PDF file as Markdown: what is a heading, an item, the next
//! paragraph, or the same line on every page.

use std::collections::HashMap;

use crate::text::escape_markdown;
use crate::text::html::strip_invisible;

/// One line as it is drawn. Points; `y` grows upward.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Line {
    pub(super) page: u32,
    pub(super) x: f64,
    pub(super) y: f64,
    /// The largest of its letters.
    pub(super) size: f64,
    pub(super) text: String,
}

/// How much larger than the text around it a heading is. (Guessed: word
/// processors set 13 over 11.)
const HEADING_FROM: f64 = 1.12;

/// A longer line is no heading.
const MAX_HEADING_CHARS: usize = 120;

/// Pages a line has to come on to be taken for a header or footer.
const MIN_REPEATS: usize = 3;

/// The lines as Markdown. Empty if there are none.
pub(super) fn markdown_of(lines: Vec<Line>) -> String {
    let lines = without_repeats(lines);
    let body = body_size(&lines);
    let levels = heading_sizes(&lines, body);
    let mut out = Written::default();
    let mut before: Option<&Line> = None;
    for line in &lines {
        let text = strip_invisible(&line.text);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if text.is_empty() {
            continue;
        }
        let level = levels.iter().position(|it| (it - line.size).abs() < 0.25).map(|it| it + 1);
        let next_block = before.is_none_or(|it| begins_block(it, line, body, out.in_item));
        match (level, item(&text)) {
            (Some(level), _) if text.chars().count() <= MAX_HEADING_CHARS => {
                out.heading(level, &text, before.is_some_and(|it| runs_on(it, line)));
            }
            (_, Some(item)) => out.item(&item),
            (_, None) if next_block => out.paragraph(&text),
            (_, None) => out.more(&text),
        }
        before = Some(line);
    }
    out.text
}

/// Leaves out headers and footers: lines that come on half of the pages, page
/// numbers aside, at the same height.
fn without_repeats(lines: Vec<Line>) -> Vec<Line> {
    let n_pages = lines.last().map_or(0, |it| it.page) as usize;
    let key = |line: &Line| {
        let text: String = line.text.chars().filter(|it| !it.is_ascii_digit()).collect();
        (text.trim().to_owned(), (line.y / 4.0).round() as i64)
    };
    let mut counts: HashMap<(String, i64), usize> = HashMap::new();
    for line in &lines {
        *counts.entry(key(line)).or_default() += 1;
    }
    let repeats = |line: &Line| {
        let n_pages_with = counts.get(&key(line)).copied().unwrap_or(0);
        MIN_REPEATS <= n_pages_with && n_pages <= 2 * n_pages_with
    };
    lines.into_iter().filter(|it| !repeats(it)).collect()
}

/// The size most letters have.
fn body_size(lines: &[Line]) -> f64 {
    let mut counts: HashMap<i64, usize> = HashMap::new();
    for line in lines {
        *counts.entry((line.size * 2.0).round() as i64).or_default() += line.text.len();
    }
    let most = counts.into_iter().max_by_key(|(size, n_letters)| (*n_letters, *size));
    most.map_or(0.0, |(size, _)| size as f64 / 2.0)
}

/// The sizes of headings, largest first; three levels at most.
fn heading_sizes(lines: &[Line], body: f64) -> Vec<f64> {
    let mut sizes: Vec<f64> = lines
        .iter()
        .filter(|it| body * HEADING_FROM <= it.size && it.text.chars().any(char::is_alphabetic))
        .map(|it| it.size)
        .collect();
    sizes.sort_by(|left, right| right.total_cmp(left));
    sizes.dedup_by(|left, right| (*left - *right).abs() < 0.25);
    sizes.truncate(3);
    sizes
}

fn runs_on(before: &Line, line: &Line) -> bool {
    before.page == line.page
        && (before.size - line.size).abs() < 0.25
        && (before.y - line.y).abs() < line.size * 1.6
}

/// True if a line begins a paragraph: there is room above it, or it is set in.
/// The lines of an item are set in as well.
fn begins_block(before: &Line, line: &Line, body: f64, in_item: bool) -> bool {
    if before.page != line.page {
        let ends = before.text.trim_end().ends_with(['.', '!', '?', ':']);
        return ends || body * HEADING_FROM <= before.size;
    }
    let is_heading = body * HEADING_FROM <= before.size;
    is_heading
        || line.size * 1.75 < (before.y - line.y).abs()
        || (!in_item && before.x + body < line.x)
}

/// The line as an item of a list, if it begins like one.
fn item(text: &str) -> Option<String> {
    let rest = text.strip_prefix(['•', '●', '▪', '◦', '‣', '·', '–', '\u{f0b7}']);
    if let Some(rest) = rest.filter(|it| it.starts_with(' ')) {
        return Some(format!("- {}", escape_markdown(rest.trim())));
    }
    let n_digits = text.chars().take_while(char::is_ascii_digit).count();
    let rest = text.get(n_digits..).and_then(|it| it.strip_prefix(['.', ')']));
    let rest = rest.filter(|it| it.starts_with(' ') && (1..=3).contains(&n_digits))?;
    Some(format!("{}. {}", text.get(..n_digits)?, escape_markdown(rest.trim())))
}

#[derive(Debug, Default)]
struct Written {
    text: String,
    in_heading: bool,
    in_item: bool,
}

impl Written {
    fn heading(&mut self, level: usize, text: &str, runs_on: bool) {
        if self.in_heading && runs_on {
            self.text.push(' ');
            self.text.push_str(&escape_markdown(text));
            return;
        }
        self.block(&format!("{} {}", "#".repeat(level), escape_markdown(text)));
        (self.in_heading, self.in_item) = (true, false);
    }

    fn item(&mut self, item: &str) {
        if self.in_item {
            self.text.push('\n');
            self.text.push_str(item);
        } else {
            self.block(item);
        }
        (self.in_heading, self.in_item) = (false, true);
    }

    fn paragraph(&mut self, text: &str) {
        self.block(&guarded(&escape_markdown(text)));
        (self.in_heading, self.in_item) = (false, false);
    }

    /// Goes on with what was begun on the line before.
    fn more(&mut self, text: &str) {
        if self.text.is_empty() || self.in_heading {
            self.paragraph(text);
            return;
        }
        let splits_word = self.text.ends_with('-')
            && self.text.chars().rev().nth(1).is_some_and(char::is_lowercase)
            && text.starts_with(char::is_lowercase);
        if splits_word {
            self.text.pop();
        } else {
            self.text.push(' ');
        }
        self.text.push_str(&escape_markdown(text));
    }

    fn block(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.text.push_str(text);
    }
}

/// A paragraph that begins like an item stays a paragraph.
fn guarded(text: &str) -> String {
    if text.starts_with(['-', '+', '=']) { format!("\\{text}") } else { text.to_owned() }
}
