//! Questions a well-backed draft does not answer, and those it does.

use super::*;
use crate::draft::Citation;
use crate::draft::Layout;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::draft::Writer;
use crate::index::cut;
use crate::knowledge::Document;
use crate::ticket::AuthorKind;

/// The doubts about a draft that quotes an article whole.
fn doubts_of(question: &str, title: &str, text: &str) -> Vec<Hold> {
    let document = serde_json::json!({
        "id": "1", "pool": "article", "brand": "lumora", "title": title, "body": text,
        "source": "test", "language": "en",
    });
    let document: Document = serde_json::from_value(document).unwrap();
    let hit = |passage| Hit { passage, score: 1.0, signals: Vec::new(), stale: None };
    let hits: Vec<Hit> = cut(&document).into_iter().map(hit).collect();
    let citation = |it: &Hit| Citation {
        passage_id: it.passage.id.clone(),
        title: title.to_owned(),
        url: None,
    };
    let sentence = |text: &str| Sentence {
        text: text.to_owned(),
        cites: vec![0],
        kind: SentenceKind::Quote,
        layout: Layout::Running,
    };
    let draft = Draft {
        sentences: sentences(text).into_iter().map(sentence).collect(),
        citations: hits.iter().map(citation).collect(),
        written_by: Writer::Extractive,
        asks_back: false,
        language: Some("en".to_owned()),
    };
    let ticket = Ticket {
        question: question.to_owned(),
        language: Some("en".to_owned()),
        ..Ticket::of_turns(&[(AuthorKind::Customer, question)])
    };
    doubts(&ticket, &draft, &hits, "lumora")
}

const DELETE: (&str, &str) =
    ("Delete your account", "Click Delete account. Enter your password and confirm.");
const WIFI: (&str, &str) = (
    "Connect the Lumo Cam to Wi-Fi",
    "Open the app and add the Lumo Cam. Choose your Wi-Fi network and enter its password.",
);
const NOTICES: (&str, &str) =
    ("Notifications on Android", "Open Notifications and turn them on for the app.");
const EXPORT: (&str, &str) =
    ("Export your data", "Click Request export. You can download your data within a day.");

#[track_caller]
fn assert_doubted(question: &str, article: (&str, &str), hold: Hold) {
    let doubts = doubts_of(question, article.0, article.1);
    assert!(doubts.contains(&hold), "{question}: {doubts:?}");
}

#[track_caller]
fn assert_clear(question: &str, article: (&str, &str)) {
    assert_eq!(doubts_of(question, article.0, article.1), [], "{question}");
}

#[test]
fn what_an_article_answers_is_not_doubted() {
    assert_clear("How do I delete my account?", DELETE);
    assert_clear("I want to remove my Lumora account please", DELETE);
    assert_clear("How can I connect my Lumo Cam to the wifi?", WIFI);
    assert_clear("How do I turn on notifications on Android?", NOTICES);
    assert_clear("Where do I download my data?", EXPORT);
    assert_clear("I'd like to get a copy of my data. How does that work?", EXPORT);
}

#[test]
fn a_thing_no_cited_article_speaks_of_is_doubted() {
    assert_doubted("How do I delete my Facebook account?", DELETE, Hold::OtherThing);
    assert_doubted("How do I connect the Lumo Plug to Wi-Fi?", WIFI, Hold::OtherThing);
    assert_clear("HOW DO I DELETE MY ACCOUNT", DELETE);
    let signed =
        "Hello,\nhow do I delete my account?\n\nKind regards,\nIlse Vermeer\n\nSent from my iPhone";
    assert_clear(signed, DELETE);
}

#[test]
fn the_opposite_of_what_is_asked_is_doubted() {
    assert_doubted("How do I turn off notifications on Android?", NOTICES, Hold::OtherAction);
    assert_doubted("I get too many, how do I turn them off?", NOTICES, Hold::OtherAction);
    assert_doubted("How do I disconnect the Lumo Cam from Wi-Fi?", WIFI, Hold::OtherAction);
    assert_doubted("How do I keep my account instead of deleting it?", DELETE, Hold::OtherAction);
    assert_doubted("How do I cancel the data export?", EXPORT, Hold::OtherAction);
    assert_doubted("How can I restore my account?", DELETE, Hold::OtherAction);
    assert_doubted("How do I delete a camera from my account?", DELETE, Hold::OtherAction);
}

#[test]
fn trouble_is_answered_by_what_deals_with_it() {
    assert_doubted("I clicked Request export and nothing happens", EXPORT, Hold::Trouble);
    assert_doubted("The Lumo Cam does not connect to Wi-Fi", WIFI, Hold::Trouble);
    let fixed = (WIFI.0, "If the Lumo Cam does not connect to Wi-Fi, restart the router.");
    assert_clear("The Lumo Cam does not connect to Wi-Fi", fixed);
}

#[test]
fn a_second_question_that_is_not_touched_is_doubted() {
    let both = "How do I export my data? And do you ship to Canada?";
    assert_doubted(both, EXPORT, Hold::Incomplete);
    assert_doubted("How do I export my data, and do you ship parcels?", EXPORT, Hold::Incomplete);
    assert_clear("How do I export my data? Can I download it?", EXPORT);
}

#[test]
fn a_reply_that_sends_to_people_needs_one() {
    let article = ("Export your data", "To get your data our support team will send it.");
    assert_doubted("How do I get my data?", article, Hold::NeedsPeople);
    let case = (DELETE.0, "Click Delete account. If you lost the password, contact us.");
    assert_clear("How do I delete my account?", case);
    let lost = "I lost the password, how do I delete my account?";
    assert_doubted(lost, case, Hold::NeedsPeople);
    assert_doubted("Can you delete my account?", DELETE, Hold::NeedsPeople);
}
