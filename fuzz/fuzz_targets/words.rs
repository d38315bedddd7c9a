//! Sentences, terms, facts, languages and cues of any text.
#![no_main]

use deskhand::text;
use deskhand::text::cues;
use deskhand::text::facts;
use deskhand::text::language;
use deskhand::text::sentences;
use deskhand::text::terms;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|words: &str| {
    let mut rest = words;
    for sentence in sentences::sentences(words) {
        // Sentences stand in the text, in order: citations are found by that.
        let at = rest.find(sentence);
        assert!(at.is_some(), "a sentence that is not in the text");
        rest = &rest[at.unwrap_or_default() + sentence.len()..];
    }
    for line in words.lines() {
        sentences::line_kind(line);
    }
    sentences::without_pictures(words);
    let language = language::detect(words);
    terms::terms(words, language);
    terms::terms(words, Some("de"));
    terms::fold(words);
    facts::negated(words);
    facts::directions(words);
    facts::names(words, language);
    for number in facts::numbers(words) {
        assert!(number.agrees_with(&number), "{} is not itself", number.spelled());
    }
    cues::plain(words);
    assert!(text::shorten(words, 40).chars().count() <= 41);
    text::fingerprint(words);
    text::escape_html(words);
    text::escape_markdown(words);
});
