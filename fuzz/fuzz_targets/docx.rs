//! Word files: as they come, and packed here from parts, because a changed byte
//! in a packed file seldom gets past its checksum.
#![no_main]

use std::io::Cursor;
use std::io::Write as _;

use deskhand::text::paper;
use libfuzzer_sys::fuzz_target;
use zip::CompressionMethod;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const PARTS: [&str; 4] =
    ["word/document.xml", "word/numbering.xml", "word/styles.xml", "docProps/core.xml"];

/// Parts with a NUL between them.
fn packed(data: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for (name, part) in PARTS.iter().zip(data.split(|it| *it == 0)) {
        archive.start_file(*name, options).unwrap();
        archive.write_all(part).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fuzz_target!(|data: &[u8]| {
    let read = match data.starts_with(b"<") {
        true => paper::docx(&packed(data)),
        false => paper::docx(data),
    };
    if let Ok(paper) = read {
        assert!(!paper.markdown.trim().is_empty());
    }
});
