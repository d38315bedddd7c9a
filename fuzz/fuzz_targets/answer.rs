//! What a model's endpoint sent: its envelope, the object in its text, and the
//! sentences in that object, whole and as a stream.
#![no_main]

use std::sync::LazyLock;

use deskhand::draft::generative::reading;
use deskhand::knowledge::Audience;
use deskhand::knowledge::Passage;
use deskhand::knowledge::Pool;
use deskhand::llm::answer;
use deskhand::llm::events::Lines;
use deskhand::llm::items::Items;
use deskhand::prompt::Fence;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

static GIVEN: LazyLock<[Passage; 2]> = LazyLock::new(|| {
    ["Plans renew every month.\nCancel under Settings > Plan.", "1. Hold the button for 5 s."]
        .map(passage)
});

static FENCE: LazyLock<Fence> = LazyLock::new(|| Fence::new(7));

fn passage(text: &str) -> Passage {
    Passage {
        id: "article:acme:plans#0".to_owned(),
        document_id: "plans".to_owned(),
        pool: Pool::Article,
        brand: "acme".to_owned(),
        audience: Audience::Public,
        title: "Plans".to_owned(),
        headings: Vec::new(),
        anchor: None,
        url: Some("https://help.example/plans".to_owned()),
        language: Some("en".to_owned()),
        ordinal: 0,
        text: text.to_owned(),
        updated_at: None,
    }
}

fn read(said: &str) {
    let Some(object) = answer::object(said) else { return };
    let given: Vec<_> = GIVEN.iter().filter_map(Passage::public).collect();
    let Ok(answer) = reading::read(object, &given, &FENCE) else { return };
    for sentence in &answer.sentences {
        assert!(!sentence.text.is_empty());
        assert!(sentence.cites.iter().all(|it| *it < answer.citations.len()), "cites nothing");
    }
}

/// A stream that is cut at any byte says what it says whole.
fn stream(data: &[u8]) {
    let of = |pieces: &[&[u8]]| {
        let (mut lines, mut items) = (Lines::default(), Items::of("sentences"));
        let mut found = Vec::new();
        for data in pieces.iter().flat_map(|it| lines.push(it)).collect::<Vec<String>>() {
            found.extend(items.push(&data));
        }
        found.extend(items.end().unwrap_or_default());
        found
    };
    let (first, second) = data.split_at(data.first().map_or(0, |it| usize::from(*it)).min(data.len()));
    assert_eq!(of(&[data]), of(&[first, second]), "a cut makes a difference");
}

fuzz_target!(|data: &[u8]| {
    stream(data);
    let said = String::from_utf8_lossy(data);
    read(&said);
    if let Ok(response) = serde_json::from_slice::<Value>(data)
        && let Ok(text) = answer::text(&response)
    {
        read(&text);
    }
});
