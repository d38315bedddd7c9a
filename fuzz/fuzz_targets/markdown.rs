//! Markdown of articles: front matter, template marks, sections and their blocks.
#![no_main]

use deskhand::text::markdown;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let body = match markdown::front_matter(text) {
        Ok((_, body)) => body,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            text
        }
    };
    for section in markdown::sections(&markdown::strip_templates(body)) {
        for block in &section.blocks {
            assert!(!block.text.trim().is_empty(), "a blank block");
            block.render();
        }
    }
    markdown::parse_date(text.lines().next().unwrap_or_default());
});
