//! HTML of mails and pages: to Markdown, to text, to a page with its links.
#![no_main]

use deskhand::text::html;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|html: &str| {
    html::to_markdown(html);
    html::to_text(html);
    html::page(html);
    html::links(html);
    html::strip_invisible(html);
});
