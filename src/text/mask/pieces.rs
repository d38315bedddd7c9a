//! Pieces of a text in order, and the way back: what is found in a text that is
//! masked in part stood somewhere in the original.

use std::cmp::Reverse;

use super::Masked;
use super::Span;

/// The text with what was found in `masked.text` masked as well.
pub(super) fn with(original: &str, masked: Masked, found: Vec<Span>) -> Masked {
    let places = places(&masked.spans);
    let stood = |it: Span| Span {
        start: start_of(&places, it.start),
        end: end_of(&places, it.end),
        kind: it.kind,
    };
    let spans = joined(original, masked.spans, found.into_iter().map(stood).collect());
    Masked { text: replaced(original, &spans), spans }
}

/// The text with a placeholder for each span; they are in order, and none overlap.
pub(super) fn replaced(text: &str, spans: &[Span]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for span in spans {
        masked.push_str(text.get(from..span.start).unwrap_or_default());
        masked.push_str(span.kind.placeholder());
        from = span.end;
    }
    masked.push_str(text.get(from..).unwrap_or_default());
    masked
}

/// The text as it is read where Markdown is, and where its backslashes stood: a page
/// that became Markdown has `jane\_doe@…` and `\+49 …`. `None` if it has none.
pub(super) fn without_escapes(text: &str) -> Option<(String, Vec<usize>)> {
    let mut plain = String::with_capacity(text.len());
    let mut escapes = Vec::new();
    let mut letters = text.char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let next = letters.peek().map(|it| it.1).filter(char::is_ascii_punctuation);
        match next.filter(|_| letter == '\\') {
            Some(escaped) => {
                escapes.push(at);
                plain.push(escaped);
                letters.next();
            }
            None => plain.push(letter),
        }
    }
    (!escapes.is_empty()).then_some((plain, escapes))
}

/// Where a place of the plain text is in the other. A backslash belongs to what stands
/// behind it.
pub(super) fn with_escapes(escapes: &[usize], at: usize) -> usize {
    let place = |it: usize| escapes.get(it).map_or(usize::MAX, |escape| escape - it);
    let (mut low, mut high) = (0, escapes.len());
    while low < high {
        let middle = low.midpoint(high);
        if place(middle) < at { low = middle + 1 } else { high = middle }
    }
    at + low
}

/// A placeholder in the masked text, and what it stands for in the original.
struct Place {
    start: usize,
    end: usize,
    span: Span,
}

fn places(spans: &[Span]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::with_capacity(spans.len());
    for span in spans {
        let (end, span_end) = places.last().map_or((0, 0), |it| (it.end, it.span.end));
        let start = end + span.start - span_end;
        places.push(Place { start, end: start + span.kind.placeholder().len(), span: *span });
    }
    places
}

/// Where a piece began that begins at `at` now; a placeholder is taken whole.
fn start_of(places: &[Place], at: usize) -> usize {
    let place = places.partition_point(|it| it.end <= at);
    match places.get(place).filter(|it| it.start <= at) {
        Some(inside) => inside.span.start,
        None => behind(places, place, at),
    }
}

/// Where a piece ended that ends at `at` now.
fn end_of(places: &[Place], at: usize) -> usize {
    let place = places.partition_point(|it| it.end < at);
    match places.get(place).filter(|it| it.start < at) {
        Some(inside) => inside.span.end,
        None => behind(places, place, at),
    }
}

fn behind(places: &[Place], place: usize, at: usize) -> usize {
    let before = place.checked_sub(1).and_then(|it| places.get(it));
    before.map_or(at, |it| it.span.end + at - it.end)
}

/// Both lists in one, in order. What was found later loses what is taken already,
/// and keeps the rest: nothing that anybody found stays readable.
fn joined(text: &str, kept: Vec<Span>, mut found: Vec<Span>) -> Vec<Span> {
    found.sort_by_key(|it| (it.start, Reverse(it.end)));
    let mut fresh = Vec::new();
    let (mut place, mut from) = (0, 0);
    for span in found {
        from = span.start.max(from);
        while from < span.end {
            while kept.get(place).is_some_and(|it| it.end <= from) {
                place += 1;
            }
            let taken = kept.get(place).filter(|it| it.start < span.end);
            let end = taken.map_or(span.end, |it| it.start);
            let piece = text.get(from..end).unwrap_or_default();
            if piece.contains(char::is_alphanumeric) {
                fresh.push(Span { start: from, end, kind: span.kind });
            }
            from = from.max(taken.map_or(span.end, |it| it.end));
        }
    }
    let mut all = kept;
    all.append(&mut fresh);
    all.sort_by_key(|it| it.start);
    all
}

#[cfg(test)]
mod tests {
    use super::super::Kind;
    use super::*;

    fn span(start: usize, end: usize, kind: Kind) -> Span {
        Span { start, end, kind }
    }

    #[test]
    fn what_two_have_found_is_covered_as_a_whole() {
        let kept = vec![span(2, 4, Kind::Token), span(6, 7, Kind::Token)];
        let found = vec![span(5, 9, Kind::Phone), span(0, 6, Kind::Email)];
        let expected = [
            span(0, 2, Kind::Email),
            span(2, 4, Kind::Token),
            span(4, 6, Kind::Email),
            span(6, 7, Kind::Token),
            span(7, 9, Kind::Phone),
        ];
        assert_eq!(joined("abcdefghij", kept, found), expected);
    }

    #[test]
    fn a_backslash_goes_with_what_it_stands_before() {
        let (plain, escapes) = without_escapes("a\\_b \\+1\\\\").unwrap();
        assert_eq!((plain.as_str(), escapes.as_slice()), ("a_b +1\\", [1, 5, 8].as_slice()));
        let back: Vec<usize> = (0..=7).map(|it| with_escapes(&escapes, it)).collect();
        assert_eq!(back, [0, 1, 3, 4, 5, 7, 8, 10]);
        assert_eq!(without_escapes("C:\\temp"), None);
    }

    #[test]
    fn what_is_found_behind_a_placeholder_is_found_in_the_original() {
        let original = "4711 and 55, 66";
        let once = with(
            original,
            Masked { text: original.to_owned(), spans: Vec::new() },
            vec![span(0, 4, Kind::Iban), span(9, 11, Kind::Iban)],
        );
        assert_eq!(once.text, "[iban] and [iban], 66");
        let twice = with(original, once, vec![span(7, 21, Kind::Card)]);
        assert_eq!(twice.text, "[iban] [card][iban][card]");
        assert_eq!(twice.spans[3], span(11, 15, Kind::Card));
    }
}
