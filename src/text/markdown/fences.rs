//! Fences of code within HTML. Markdown proper takes them for text; those who
//! write them there mean code, and their site shows it so.

use crate::text::escape_html;

/// The HTML with fenced code as `<pre>`; in the cell of a table, which is one
/// line, as `<code>`. A fence without an end is text.
pub(super) fn as_html(html: &str) -> String {
    if !html.contains("```") {
        return html.to_owned();
    }
    let mut kept = String::with_capacity(html.len());
    let mut in_cell = false;
    let mut rest = html;
    while let Some((before, code, after)) = next_fence(rest) {
        kept.push_str(before);
        in_cell = ends_in_cell(before).unwrap_or(in_cell);
        let name = if in_cell { "code" } else { "pre" };
        kept.push_str(&format!("<{name}>{}</{name}>", escape_html(code)));
        rest = after;
    }
    kept.push_str(rest);
    kept
}

/// Whether the end of a piece is within a cell. `None` if no cell begins or ends
/// in it.
fn ends_in_cell(html: &str) -> Option<bool> {
    let (opened, closed) = (html.rfind("<td"), html.rfind("</td"));
    (opened.is_some() || closed.is_some()).then_some(closed < opened)
}

/// What stands before the first fence, the code in it, and what stands behind.
fn next_fence(html: &str) -> Option<(&str, &str, &str)> {
    let (mut opened, mut at) = (None, 0);
    for line in html.split_inclusive('\n') {
        let is_mark = line.trim_start().starts_with("```");
        match opened {
            // A line such as ```x``` is code within a sentence.
            None if is_mark && line.matches("```").count() == 1 => {
                opened = Some((at, at + line.len()));
            }
            Some((start, code)) if is_mark => {
                let end = at + line.len();
                return Some((html.get(..start)?, html.get(code..at)?, html.get(end..)?));
            }
            _ => {}
        }
        at += line.len();
    }
    None
}
