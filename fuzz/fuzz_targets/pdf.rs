//! PDF files. The reader may stop with a panic where `paper::pdf` catches it: that
//! is its word for damage. What is looked for is time, memory and the stack.
#![no_main]

use deskhand::text::paper;
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: {
        // The fuzzer's own hook would end the process before the panic is caught.
        std::panic::set_hook(Box::new(|_| {}));
    },
    |data: &[u8]| {
        if let Ok(paper) = paper::pdf(data) {
            assert!(!paper.markdown.trim().is_empty());
        }
    }
);
