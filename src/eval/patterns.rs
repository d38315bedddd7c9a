//! What a team has that masks by hand: the four regular expressions that are
//! passed around for e-mail, cards, telephone and social security numbers.

use std::sync::LazyLock;

use regex::Regex;

/// Names as the labels have them, and the pattern; earlier ones win.
#[expect(clippy::unwrap_used, reason = "the patterns are constants that a test compiles")]
static PATTERNS: LazyLock<[(&str, Regex); 4]> = LazyLock::new(|| {
    [
        ("EMAIL_ADDRESS", r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"),
        ("CREDIT_CARD", r"\b(?:\d[ -]?){13,16}\b"),
        ("US_SSN", r"\b\d{3}-\d{2}-\d{4}\b"),
        ("PHONE_NUMBER", r"(?:\+?1[-. ]?)?\(?\d{3}\)?[-. ]?\d{3}[-. ]?\d{4}\b"),
    ]
    .map(|(name, pattern)| (name, Regex::new(pattern).unwrap()))
});

/// What the patterns find, in no order; none overlap.
pub(super) fn find(text: &str) -> Vec<(&'static str, usize, usize)> {
    let mut found: Vec<(&str, usize, usize)> = Vec::new();
    for (name, pattern) in PATTERNS.iter() {
        for it in pattern.find_iter(text) {
            let is_free =
                found.iter().all(|(_, start, end)| it.end() <= *start || *end <= it.start());
            found.extend(is_free.then(|| (*name, it.start(), it.end())));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_patterns_find_the_usual_things() {
        let found = |text| find(text).into_iter().map(|it| it.0).collect::<Vec<_>>();
        assert_eq!(found("a@b.co or (555) 123-4567"), ["EMAIL_ADDRESS", "PHONE_NUMBER"]);
        assert_eq!(found("4111 1111 1111 1111, 856-45-6789"), ["CREDIT_CARD", "US_SSN"]);
        assert_eq!(found("+49 30 1234 5678"), [""; 0]);
    }
}
