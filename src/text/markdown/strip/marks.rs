//! Marks that tell a site generator about the text beside them: attribute lists,
//! places for a table of contents, fences of boxes. A reader never sees them.

/// Longest attribute list and longest line start that is looked at, so that a
/// long line costs the same at each of its marks. (Guessed.)
const MAX_BYTES: usize = 512;

/// What becomes of an attribute list, `{.class key=value}` or `{: .class}`.
pub(super) struct Attributes {
    /// Its length, braces included.
    pub(super) length: usize,
    /// True for the mark at which the generator puts the table of contents.
    pub(super) is_contents: bool,
    /// The anchor it declares, with `#`.
    pub(super) anchor: Option<String>,
}

/// Reads the attribute list at the start of `text`, if there is one.
pub(super) fn attributes(text: &str) -> Option<Attributes> {
    let window = text.get(..text.floor_char_boundary(MAX_BYTES))?;
    let end = window.find('}')?;
    let inside = window.get(1..end).filter(|it| !it.contains(['{', '\n', '<']))?;
    let (has_colon, list) = match inside.strip_prefix(':') {
        Some(list) => (true, list),
        None => (false, inside),
    };
    let mut words = list.split_whitespace();
    let first = words.next()?;
    let starts_low = |it: &str| it.starts_with(|it: char| it.is_ascii_lowercase());
    let is_name =
        |it: &str| it.chars().all(|it| it.is_alphanumeric() || matches!(it, '-' | '_' | ':'));
    let is_setting = first
        .split_once('=')
        .is_some_and(|(key, value)| starts_low(key) && is_name(key) && !value.is_empty());
    let is_class = first.strip_prefix('.').is_some_and(|it| starts_low(it) && is_name(it));
    let is_anchor = first.strip_prefix('#').is_some_and(|it| !it.is_empty() && is_name(it));
    if !(is_setting || is_class || is_anchor || has_colon && is_name(first)) {
        return None;
    }
    let anchor = list.split_whitespace().find(|it| it.starts_with('#')).map(str::to_owned);
    Some(Attributes { length: end + 1, is_contents: first == "toc", anchor })
}

/// The line as it is to be read: a fence of a box (`::: tip Title`) gives its
/// title, a place for the table of contents nothing. `None` for any other line.
pub(super) fn line(line: &str) -> Option<String> {
    let line = line.trim();
    if matches!(line.to_ascii_lowercase().as_str(), "[[toc]]" | "[toc]" | "[[_toc_]]") {
        return Some("\n".to_owned());
    }
    let rest = line.strip_prefix(":::")?.trim_start_matches(':').trim();
    let title = match (rest.split_once('['), rest.split_once(' ')) {
        (Some((_, title)), _) => title.trim_end_matches(']'),
        (None, Some((_, title))) if !title.contains(['{', '=']) => title.trim(),
        (None, _) => "",
    };
    Some(if title.is_empty() { "\n".to_owned() } else { format!("\n**{title}**\n\n") })
}

/// What stands on the last line of a text.
pub(super) fn last_line(text: &str) -> &str {
    let tail = text.get(text.floor_char_boundary(text.len().saturating_sub(MAX_BYTES))..);
    tail.unwrap_or_default().rsplit('\n').next().unwrap_or_default()
}

/// The mark of emphasis on both sides of a template, if there is one.
pub(super) fn emphasis(before: &str, after: &str) -> Option<&'static str> {
    let marks = ["**", "__", "*", "_"];
    marks.into_iter().find(|it| before.ends_with(it) && after.starts_with(it))
}

/// True if what stands between these two is a term that is being explained: it
/// starts a line or an item, and a dash or a colon follows.
pub(super) fn is_term(before: &str, after: &str) -> bool {
    let start = last_line(before).trim();
    let at_start = start.is_empty()
        || matches!(start, "-" | "*" | "+")
        || start.trim_end_matches(['.', ')']).chars().all(|it| it.is_ascii_digit());
    at_start && after.trim_start_matches(' ').starts_with(['-', '–', '—', ':'])
}
