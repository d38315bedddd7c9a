//! Marks of emphasis that have no partner. A page shows them by mistake; nobody reads
//! them, and a quote with them looks broken. Where they may be meant, they stay: powers,
//! patterns of paths, arguments of programs.

use std::ops::Range;

/// Places in a text of marks that found no partner, while it is read.
#[derive(Debug, Default)]
pub(super) struct Strays {
    places: Vec<Range<usize>>,
    /// Where the last one ends in the source.
    source_end: usize,
}

impl Strays {
    /// Takes note of such marks in a piece that is put at `at`. Parsers tell each letter by
    /// itself of one that might have had a partner, and leave one between blanks in its
    /// text. `source` is the piece's place in the Markdown.
    pub(super) fn note(&mut self, piece: &str, at: usize, markdown: &str, source: &Range<usize>) {
        let is_mark = matches!(piece, "*" | "_" | "**" | "__");
        if !is_mark {
            self.places.extend(between_blanks(piece).map(|it| at + it.start..at + it.end));
            return;
        }
        let before = markdown.get(..source.start).unwrap_or_default();
        if before.ends_with('\\') {
            return;
        }
        let end = at + piece.len();
        match self.places.last_mut().filter(|it| it.end == at) {
            Some(last) if self.source_end == source.start => last.end = end,
            Some(_) | None => self.places.push(at..end),
        }
        self.source_end = source.end;
    }

    /// The text without those that are there by mistake; none are noted any more.
    pub(super) fn taken_out_of(&mut self, text: String) -> String {
        let mut places = std::mem::take(&mut self.places);
        // A single star may be a footnote's.
        places.retain(|it| 1 < it.len());
        if places.is_empty() { text } else { without(&text, &places) }
    }
}

/// Two stars between blanks. Longer rows of stars or lines are for something.
fn between_blanks(text: &str) -> impl Iterator<Item = Range<usize>> {
    let is_edge = |it: Option<char>| it.is_none_or(char::is_whitespace);
    let places = text.match_indices("**").map(|(at, mark)| at..at + mark.len());
    places.filter(move |it| {
        let before = text.get(..it.start).and_then(|it| it.chars().next_back());
        let after = text.get(it.end..).and_then(|it| it.chars().next());
        is_edge(before) && is_edge(after)
    })
}

/// A text without those of the marks at these places that are there by mistake. The places
/// are in order, apart, and each is a mark's.
fn without(text: &str, strays: &[Range<usize>]) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    for stray in strays {
        let (Some(before), Some(after)) = (text.get(..stray.start), text.get(stray.end..)) else {
            continue;
        };
        kept.push_str(text.get(from..stray.start).unwrap_or_default());
        if is_meant(before, after, 1 < strays.len()) {
            kept.push_str(text.get(stray.clone()).unwrap_or_default());
        }
        from = stray.end;
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

/// `has_others` is true if there are more of them in the block: then they are likely
/// emphasis that was set wrongly.
fn is_meant(before: &str, after: &str, has_others: bool) -> bool {
    let last = before.chars().next_back().filter(|it| *it != '\n');
    let next = after.chars().next().filter(|it| *it != '\n');
    let is_gap = |it: Option<char>| it.is_none_or(char::is_whitespace);
    match (is_gap(last), is_gap(next)) {
        // `2**3`, `src/**/main`.
        (false, false) => next.is_some_and(|it| it.is_alphanumeric() || matches!(it, '/' | '*')),
        // `x ** 2`, unless it is the first or the last thing there is.
        (true, true) => last.is_some() && next.is_some() && !has_others,
        (false, true) => false,
        (true, false) => !has_others && is_argument(after),
    }
}

/// `**kwargs)`, and not the beginning of a sentence.
fn is_argument(after: &str) -> bool {
    let is_name = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
    let rest = after.trim_start_matches(is_name);
    let is_named = rest.len() < after.len();
    is_named && (rest.is_empty() || rest.starts_with([')', ',', '=', ';', '[', '(']))
}

#[cfg(test)]
mod tests {
    use crate::text::markdown::sections;

    fn read(markdown: &str) -> String {
        let sections = sections(markdown);
        let blocks = sections.iter().flat_map(|it| &it.blocks);
        blocks.map(|it| it.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_mark_without_a_partner_is_not_read() {
        for (markdown, shown) in [
            (
                "**This article is about Windows. Before you begin:",
                "This article is about Windows. Before you begin:",
            ),
            ("Take care not to overwrite any\n\n**", "Take care not to overwrite any"),
            ("- [A list of themes](http://a.example) **", "A list of themes"),
            ("Press **OK **to go on.", "Press OK to go on."),
            ("Open ** Settings** and press OK.", "Open  Settings and press OK."),
            ("__Never do this.", "Never do this."),
        ] {
            let shown: Vec<&str> = shown.split_whitespace().collect();
            assert_eq!(read(markdown).split_whitespace().collect::<Vec<_>>(), shown, "{markdown}");
        }
    }

    #[test]
    fn a_mark_that_is_meant_stays() {
        for text in
            ["2**3 is 8.", "Set x ** 2 there.", "Look in src/**/main.", "Call f(a, **kwargs)."]
        {
            assert_eq!(read(text), text);
        }
        assert_eq!(read("Type `**` there."), "Type ** there.");
        assert_eq!(read(r"Type \*\* there."), "Type ** there.");
        assert_eq!(read("Bold **OK** is bold."), "Bold OK is bold.");
    }
}
