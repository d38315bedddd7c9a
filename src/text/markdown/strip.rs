//! Takes out what a site generator would have replaced: imports, components,
//! template expressions and shortcodes. Code is left as it stands.

mod marks;

/// Longest component tag or template expression; longer ones are text. (Guessed.)
const MAX_TAG_BYTES: usize = 4 * 1024;

/// The Markdown without MDX imports and exports, JSX component tags (their
/// content stays), Liquid and Jinja expressions and comments, Hugo shortcodes,
/// attribute lists and marks of boxes. Fenced and inline code is untouched.
pub fn strip_templates(markdown: &str) -> String {
    strip(markdown, Source::Site)
}

/// The Markdown of an export without attribute lists. A template in it is no template
/// any more: what stands there in braces is meant to be read.
pub fn strip_attributes(markdown: &str) -> String {
    strip(markdown, Source::Export)
}

/// Where a text comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// From the sources of a site, before a generator saw them.
    Site,
    Export,
}

fn strip(markdown: &str, source: Source) -> String {
    let mut kept = String::with_capacity(markdown.len());
    // Text between fences is stripped in one go: tags span lines.
    let mut prose = String::new();
    let mut fence: Option<String> = None;
    let mut in_import = false;
    for line in markdown.split_inclusive('\n') {
        let trimmed = line.trim();
        if let Some(open) = &fence {
            kept.push_str(line);
            if trimmed.starts_with(open.as_str()) && trimmed.chars().all(|it| open.starts_with(it))
            {
                fence = None;
            }
            continue;
        }
        if let Some(open) = fence_of(trimmed) {
            kept.push_str(&strip_prose(&prose, source));
            prose.clear();
            kept.push_str(line);
            fence = Some(open);
            continue;
        }
        if source == Source::Export {
            prose.push_str(line);
            continue;
        }
        in_import = if in_import { !trimmed.is_empty() } else { is_import(line) };
        if !in_import {
            prose.push_str(marks::line(line).as_deref().unwrap_or(line));
        }
    }
    kept.push_str(&strip_prose(&prose, source));
    kept
}

fn fence_of(line: &str) -> Option<String> {
    let mark = line.chars().next().filter(|it| matches!(it, '`' | '~'))?;
    let length = line.chars().take_while(|it| *it == mark).count();
    (3 <= length).then(|| mark.to_string().repeat(length))
}

fn is_import(line: &str) -> bool {
    let import = line.starts_with("import ")
        && (line.contains(" from '")
            || line.contains(" from \"")
            || line.contains("import '")
            || line.contains("import \"")
            || line.trim_end().ends_with('{'));
    let export = ["const ", "default ", "function ", "let ", "var ", "async ", "{", "* from"]
        .iter()
        .any(|it| line.strip_prefix("export ").is_some_and(|rest| rest.starts_with(it)));
    import || export
}

fn strip_prose(text: &str, source: Source) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '<', '`']) {
        let (before, tail) = rest.split_at(at);
        kept.push_str(before);
        if let Some(length) = code_length(tail) {
            let (code, after) = tail.split_at(length);
            kept.push_str(code);
            rest = after;
            continue;
        }
        if let Some(length) = attributes_length(tail, &mut kept) {
            rest = tail.get(length..).unwrap_or_default();
            continue;
        }
        let template = || template_length(tail).or_else(|| component_length(tail));
        match (source == Source::Site).then(template).flatten() {
            Some(length) => {
                let (template, after) = tail.split_at_checked(length).unwrap_or_default();
                rest = push_said(template, after, &mut kept);
            }
            None => {
                let mut letters = tail.chars();
                kept.extend(letters.next());
                rest = letters.as_str();
            }
        }
    }
    kept.push_str(rest);
    kept
}

/// Length of an attribute list at the start of `text`. A heading keeps the anchor
/// the list declares; the item that gives way to a table of contents goes.
fn attributes_length(text: &str, kept: &mut String) -> Option<usize> {
    let found = marks::attributes(text)?;
    let line = marks::last_line(kept);
    if line.trim_start().starts_with('#') {
        if let Some(anchor) = found.anchor {
            kept.push_str(&format!("{{{anchor}}}"));
        }
    } else if found.is_contents && line.trim().is_empty() {
        let above = kept.len() - line.len();
        let above = kept.get(..above).and_then(|it| it.strip_suffix('\n')).unwrap_or_default();
        let item = marks::last_line(above);
        // The item is a word such as `* TOC`, there for the list to stand at.
        if item.starts_with(['*', '-', '1']) && item.len() < 16 {
            kept.truncate(above.len() - item.len());
        }
    }
    Some(found.length)
}

/// Writes what a template would have shown, and says what is left to read. Marks
/// of emphasis around nothing go; a template that is explained is shown as code.
fn push_said<'a>(template: &str, after: &'a str, kept: &mut String) -> &'a str {
    let said = said(template);
    let marks = marks::emphasis(kept, after).filter(|_| said.is_empty());
    let Some((marks, behind)) = marks.and_then(|it| Some((it, after.strip_prefix(it)?))) else {
        kept.push_str(&said);
        return after;
    };
    kept.truncate(kept.len() - marks.len());
    if template.starts_with("{{") && marks::is_term(kept, behind) {
        kept.push_str(&format!("`{template}`"));
    }
    behind
}

/// What a template would have shown of its own settings: the text handed to an
/// include or a shortcode, the heading of a tab or a box.
fn said(template: &str) -> String {
    let is_call =
        ["{% include", "{%- include", "{{<", "{{%"].iter().any(|it| template.starts_with(it));
    let keys: &[&str] = if is_call {
        &["title", "heading", "content", "text", "message", "body"]
    } else if template.starts_with('<') {
        &["label", "title", "heading", "header", "summary"]
    } else {
        return String::new();
    };
    let said = keys.iter().filter_map(|key| setting(template, key));
    let mut shown = said.collect::<Vec<_>>().join(": ");
    // A heading stands on a line of its own.
    if !shown.is_empty() && template.starts_with('<') {
        shown = format!("\n\n**{shown}**\n\n");
    }
    shown
}

/// The quoted value of a setting, if it is words: no path, no expression.
fn setting<'a>(template: &'a str, key: &str) -> Option<&'a str> {
    let mut rest = template;
    loop {
        let at = rest.find(key)?;
        let is_word = rest.get(..at)?.ends_with(char::is_whitespace);
        rest = rest.get(at + key.len()..)?;
        let value = rest.strip_prefix('=').filter(|_| is_word);
        let Some(value) = value else { continue };
        let quote = value.chars().next().filter(|it| matches!(it, '"' | '\''))?;
        let value = value.get(1..)?.split(quote).next()?.trim();
        let is_words = !value.is_empty()
            && !value.contains(['{', '}', '<', '>', '\n', '*', '`'])
            && (value.contains(' ') || !value.contains(['/', '.', '_']));
        return is_words.then_some(value);
    }
}

/// Length of the inline code at the start of `text`, marks included. An opening
/// without an end in its paragraph counts as the marks alone.
fn code_length(text: &str) -> Option<usize> {
    let n_marks = text.bytes().take_while(|it| *it == b'`').count();
    if n_marks == 0 {
        return None;
    }
    let (marks, tail) = text.split_at(n_marks);
    let window = head(tail);
    let paragraph = window.find("\n\n").and_then(|it| window.get(..it)).unwrap_or(window);
    Some(paragraph.find(marks).map_or(n_marks, |it| it + 2 * n_marks))
}

/// Length of `{{ … }}`, `{% … %}`, `{# … #}` or `{/* … */}` at the start; of
/// everything up to the end of a Liquid comment.
fn template_length(text: &str) -> Option<usize> {
    let pairs = [("{{", "}}"), ("{%", "%}"), ("{#", "#}"), ("{/*", "*/}")];
    let (open, close) = pairs.into_iter().find(|(open, _)| text.starts_with(open))?;
    let window = head(text);
    let inside = window.get(open.len()..)?;
    let end = open.len() + inside.find(close)? + close.len();
    // `{#id}` behind a heading declares its anchor.
    if open == "{#" && inside.split(close).next().is_some_and(|it| it.contains(['}', '\n'])) {
        return None;
    }
    let tag = window.get(..end)?;
    if open == "{%" && tag.contains("comment") && !tag.contains("endcomment") {
        let after = text.get(end..)?;
        let close_at = after.find("endcomment")?;
        return Some(end + close_at + after.get(close_at..)?.find("%}")? + 2);
    }
    Some(end)
}

/// Length of a JSX tag (`<Tabs items={[…]}>`, `</Tabs>`, `<>`) at the start.
fn component_length(text: &str) -> Option<usize> {
    let body = text.strip_prefix("</").or_else(|| text.strip_prefix('<'))?;
    if !body.starts_with(|it: char| it.is_ascii_uppercase() || it == '>') {
        return None;
    }
    let name_end = body.find(|it: char| !(it.is_ascii_alphanumeric() || it == '.'))?;
    if body.get(name_end..)?.starts_with([':', '@', '-']) {
        return None;
    }
    let (mut depth, mut quote) = (0_usize, None);
    for (at, letter) in head(text).char_indices() {
        match (letter, quote) {
            (_, Some(open)) if letter == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(letter),
            ('{', None) => depth += 1,
            ('}', None) => depth = depth.saturating_sub(1),
            ('>', None) if depth == 0 => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// The beginning of a text that is looked at for an end mark.
fn head(text: &str) -> &str {
    let mut end = text.len().min(MAX_TAG_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or(text)
}
