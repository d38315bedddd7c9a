//! XML as a stream of pieces: every close has its open, as readers above rely on.
#![no_main]

use deskhand::text::xml;
use deskhand::text::xml::Piece;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut path: Vec<String> = Vec::new();
    let read = xml::read(text, |piece| match piece {
        Piece::Open(element) => path.push(element.name.clone()),
        Piece::Close(name) => assert_eq!(path.pop().as_deref(), Some(name)),
        Piece::Text(text) => assert!(!text.is_empty()),
    });
    if let Err(error) = read {
        assert!(error.position <= text.len() as u64);
    }
});
