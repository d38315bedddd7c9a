//! Masking: the spans are of the text, in order, none over another, and a second
//! look at what was masked does not fail either.
#![no_main]

use deskhand::text::mask::mask;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let masked = mask(text);
    let mut end = 0;
    for span in &masked.spans {
        assert!(end <= span.start && span.start < span.end, "spans in a heap");
        assert!(text.get(span.start..span.end).is_some(), "a span cuts a letter in two");
        end = span.end;
    }
    assert!(!masked.spans.is_empty() || masked.text == text, "changed without a span");
    mask(&masked.text);
});
