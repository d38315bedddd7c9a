//! What only makes sense on the page it stands on: navigation, captions, words that
//! point at a place the reader of a reply does not see.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Words that only make sense on the page: they point at it or around it.
const PAGE_WORDS: &[&str] = &[
    "this article",
    "this page",
    "this guide",
    "this document",
    "this section",
    "this topic",
    "this tutorial",
    "in this post",
    "see also",
    "table of contents",
    "click here",
    "read more",
    "related articles",
    "was this article helpful",
    "was this helpful",
    "back to top",
    "see below",
    "shown below",
    "listed below",
    "described below",
    "instructions below",
    "steps below",
    "table below",
    "screenshot",
    "as shown",
    "pictured",
    "image above",
    "see above",
    "described above",
    "explained above",
    "mentioned above",
    "shown above",
    "as above",
    "last updated",
    "min read",
    "skip to",
    "sign up for our newsletter",
    "dieser artikel",
    "diesem artikel",
    "dieser seite",
    "siehe auch",
    "siehe unten",
    "siehe oben",
    "cet article",
    "cette page",
    "voir aussi",
    "ci-dessous",
    "ci-dessus",
    "este artículo",
    "esta página",
    "ver también",
    "a continuación se muestra",
    "questo articolo",
    "questa pagina",
    "vedi anche",
    "este artigo",
    "esta página",
    "veja também",
    "dit artikel",
    "deze pagina",
    "zie ook",
    "この記事",
    "このページ",
    "本文",
    "此页面",
];

/// True if lower-case words speak of the page they stand on.
fn names_page(lower: &str) -> bool {
    // Building fails only beyond two billion states.
    static FOUND: LazyLock<Option<AhoCorasick>> =
        LazyLock::new(|| AhoCorasick::new(PAGE_WORDS).ok());
    match &*FOUND {
        Some(found) => found.is_match(lower),
        None => PAGE_WORDS.iter().any(|it| lower.contains(it)),
    }
}

/// True for what a picture, a separator or an empty line left behind.
pub(super) fn is_scrap(line: &str) -> bool {
    line.chars().filter(|it| it.is_alphanumeric()).nth(2).is_none() || line.starts_with("[[")
}

/// What of a sentence can be quoted: without a clause at its start or end that
/// points at another place of the page. `None` for navigation, captions and page
/// furniture, and for a sentence that points there in its middle.
pub(super) fn quotable(line: &str) -> Option<&str> {
    let line = without_pointers(line);
    let lower = line.to_lowercase();
    let elsewhere = (lower.contains("for more") || lower.contains("to learn"))
        && lower.contains("see ")
        || PROMISING.iter().any(|it| lower.starts_with(it))
        || lower.starts_with("see ") && lower.len() < 80;
    let table_of_contents = lower.starts_with("contents") && line.len() < 20;
    (!is_scrap(line) && !elsewhere && !table_of_contents && !names_page(&lower)).then_some(line)
}

/// Words after "see" that are the title of another page. (Guessed.)
const TITLE_WORDS: usize = 12;

/// True for a sentence that says no more than where else to read: "If it fails, see
/// Restore a backup."
pub(super) fn only_points(sentence: &str) -> bool {
    let lower = sentence.to_lowercase();
    let Some((before, title)) = lower.rsplit_once("see ") else { return false };
    let ends_clause =
        before.is_empty() || before.trim_end().ends_with(',') || before.ends_with("please ");
    let is_title = title.split_whitespace().count() <= TITLE_WORDS && !title.contains(", ");
    ends_clause && is_title && !before.contains(". ")
}

/// How a page begins that says what it is about, and a link to another.
const PROMISING: &[&str] = &[
    "learn more",
    "learn how",
    "learn about",
    "learn what",
    "learn to ",
    "find out more",
    "find out how",
];

/// Words that point at another place of the page, in a clause that begins with one
/// of `POINTING`.
const PLACES: &[&str] = &[
    "above",
    "below",
    "previous",
    "earlier",
    "preceding",
    "next section",
    "oben",
    "unten",
    "vorherig",
    "vorigen",
    "ci-dessus",
    "ci-dessous",
    "précédent",
    "anterior",
    "arriba",
    "abajo",
    "sopra",
    "sotto",
    "precedente",
    "acima",
    "abaixo",
    "hierboven",
    "hieronder",
    "vorige",
];

const POINTING: &[&str] = &[
    "as ",
    "see ",
    "refer to",
    "like ",
    "wie ",
    "siehe ",
    "comme ",
    "voir ",
    "como ",
    "véase ",
    "ver ",
    "come ",
    "vedi ",
    "conforme ",
    "zoals ",
    "zie ",
];

/// A clause of more words says something itself. (Guessed.)
const MAX_POINTER_WORDS: usize = 9;

/// The sentence without "As explained above, …", "… (see below)" and the like. What
/// is left stands word for word in the passage.
pub(super) fn without_pointers(sentence: &str) -> &str {
    let mut rest = sentence.trim();
    // The mark of a box, where a page shows an icon.
    if let Some(after) = rest.strip_prefix("[!").and_then(|it| it.split_once(']')) {
        rest = after.1.trim_start();
    }
    if let Some((clause, after)) = rest.split_once(", ")
        && points(clause)
    {
        rest = after.trim_start();
    }
    let end = rest.trim_end_matches(['.', ')', '!']);
    for mark in [" (", ", "] {
        if let Some((before, clause)) = end.rsplit_once(mark)
            && points(clause)
            && before.split_whitespace().nth(2).is_some()
        {
            return before.trim_end();
        }
    }
    rest
}

fn points(clause: &str) -> bool {
    if clause.split_whitespace().nth(MAX_POINTER_WORDS).is_some() {
        return false;
    }
    let lower = clause.trim().to_lowercase();
    POINTING.iter().any(|it| lower.starts_with(it)) && PLACES.iter().any(|it| lower.contains(it))
}

/// True if a sentence promises what stands after it: without that it says nothing.
pub(super) fn announces(sentence: &str) -> bool {
    let lower = sentence.trim_end().to_lowercase();
    let promises =
        ["following", "folgende", "suivant", "siguiente", "seguent", "seguinte", "volgende"];
    lower.ends_with([':', '：']) || promises.iter().any(|it| lower.contains(it))
}

/// First words that lean on the sentence before.
const LEANING: &[&str] = &[
    "this ",
    "that ",
    "these ",
    "those ",
    "it ",
    "they ",
    "he ",
    "she ",
    "however",
    "also ",
    "also,",
    "otherwise",
    "therefore",
    "then ",
    "then,",
    "in this case",
    "in that case",
    "but ",
    "and ",
    "or ",
    "so ",
    "instead",
    "additionally",
    "furthermore",
    "alternatively",
    "in addition",
    "finally",
    "afterwards",
    "next,",
    "similarly",
    "dies ",
    "diese",
    "dann ",
    "danach",
    "jedoch",
    "außerdem",
    "cela ",
    "cette ",
    "ensuite",
    "cependant",
    "esto ",
    "luego",
    "además",
    "questo ",
    "quindi",
    "inoltre",
    "isso ",
    "então",
    "além disso",
    "dit ",
    "daarna",
];

/// True if a sentence cannot be understood without the one before it.
pub(super) fn leans_back(sentence: &str) -> bool {
    let lower = sentence.trim_start().to_lowercase();
    LEANING.iter().any(|it| lower.starts_with(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clause_that_points_elsewhere_is_left_out_and_the_rest_stays_word_for_word() {
        for (sentence, kept) in [
            ("As explained above, close the window.", "close the window."),
            ("As described in the previous section, open it, then wait.", "open it, then wait."),
            ("Choose a server (see below).", "Choose a server"),
            ("[!NOTE] The lamp is hot.", "The lamp is hot."),
            ("Enter the code, as shown above.", "Enter the code"),
            ("As long as it blinks, wait.", "As long as it blinks, wait."),
            ("Press the button above the lamp.", "Press the button above the lamp."),
        ] {
            assert_eq!(without_pointers(sentence), kept);
            assert!(sentence.contains(kept));
        }
    }

    #[test]
    fn what_points_at_the_page_cannot_be_quoted() {
        assert_eq!(quotable("This article explains returns."), None);
        assert_eq!(quotable("Learn more about returns"), None);
        assert_eq!(quotable("Returns take 30 days."), Some("Returns take 30 days."));
    }

    #[test]
    fn what_only_names_another_page_says_nothing() {
        assert!(only_points("If you have problems receiving, see Cannot receive messages."));
        assert!(only_points("See Restore a backup."));
        assert!(!only_points("Press the button until you see the light."));
        assert!(!only_points("If the lamp is dark, see whether it is plugged in, then call us."));
    }

    #[test]
    fn a_promise_needs_what_it_promises() {
        assert!(announces("Do the following:") && announces("Use one of the following codes."));
        assert!(!announces("Do it at once."));
    }
}
