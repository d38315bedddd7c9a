//! The demo is the first thing anyone runs: what it promises to show is there,
//! and what it prints comes from the helpdesk and the store.

use std::fs;
use std::process::Command;

use serde_json::Value;

/// Runs `deskhand demo` with these arguments and reads its JSON.
fn demo(arguments: &[&str]) -> Value {
    let program = env!("CARGO_BIN_EXE_deskhand");
    let output = Command::new(program).arg("demo").arg("--json").args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn ticket<'a>(shown: &'a Value, shows: &str) -> &'a Value {
    let tickets = shown["tickets"].as_array().unwrap();
    tickets.iter().find(|it| it["shows"] == shows).unwrap()
}

fn messages<'a>(ticket: &'a Value, author: &'a str, public: bool) -> Vec<&'a Value> {
    let all = ticket["ticket"]["conversation"]["messages"].as_array().unwrap();
    all.iter().filter(|it| it["author"]["id"] == author && it["public"] == public).collect()
}

/// Everything Deskhand wrote into a conversation.
fn written(ticket: &Value) -> String {
    let all = [messages(ticket, "deskhand", true), messages(ticket, "deskhand", false)].concat();
    all.iter().filter_map(|it| it["text"].as_str()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_demo_shows_what_it_promises() {
    let shown = demo(&[]);
    let ending = |shows: &str| ticket(&shown, shows)["ending"].clone();

    assert_eq!(ending("an everyday question")["ending"], "sent");
    assert_eq!(ending("a question that the articles answer only in part")["ending"], "suggested");
    assert_eq!(ending("the customer asks for a person")["detail"], "asked_for_person");
    assert_eq!(ending("nothing in the help center answers it")["detail"], "nothing_found");
    assert_eq!(ending("a topic that is never answered automatically")["detail"], "sensitive_topic");
    assert_eq!(ending("an agent is quicker")["ending"], "superseded");
    assert_eq!(ending("a webhook with a forged signature")["detail"], 401);
    assert_eq!(ending("an out-of-office reply")["ending"], "left_alone");
    assert_eq!(ending("a language no article is written in")["detail"], "nothing_found");

    let burst = ticket(&shown, "two messages in a row, one answer");
    assert_eq!(messages(burst, "deskhand", true).len(), 1);
    let twice = ticket(&shown, "the same webhook twice");
    assert_eq!(messages(twice, "deskhand", true).len(), 1);
    assert_eq!(twice["ticket"]["deliveries"][0]["repeats"], 1);
    let german = ticket(&shown, "another language, with an article in it");
    assert!(written(german).contains("Halten Sie die Taste"), "{german}");
    let inside = ticket(&shown, "what only the team may know stays inside");
    assert!(!written(inside).contains("soft seal") && !written(inside).contains("GW-"), "{inside}");
    let quicker = ticket(&shown, "an agent is quicker");
    assert!(messages(quicker, "deskhand", true).is_empty());

    let summary = &shown["summary"];
    for nothing in ["answered_twice", "internal_sentences", "talked_over"] {
        assert_eq!(summary[nothing], 0, "{nothing}");
    }
}

#[test]
fn a_folder_of_ones_own_is_asked_its_own_questions() {
    let folder = tempfile::tempdir().unwrap();
    let corpus = r#"{"id": "kb/returns", "title": "Return a parcel", "body": "You can return a parcel within 30 days. Print the label from your account and hand the parcel in at any shop.", "lang": "en"}"#;
    let queries = r#"{"id": "q1", "subject": "return", "text": "How can I return a parcel?", "relevant": ["kb/returns"]}
{"id": "q2", "text": "How many days do I have to return a parcel?", "turns": [{"role": "customer", "text": "hello"}, {"role": "agent", "text": "Hello, how can I help?"}, {"role": "customer", "text": "How many days do I have to return a parcel?"}]}"#;
    fs::write(folder.path().join("corpus.jsonl"), corpus).unwrap();
    fs::write(folder.path().join("queries.jsonl"), queries).unwrap();

    let shown = demo(&["--data", folder.path().to_str().unwrap(), "--tickets", "2"]);

    assert_eq!(shown["tickets"].as_array().unwrap().len(), 2);
    assert_eq!(shown["sources"]["labeled"], 1);
    assert_eq!(shown["sources"]["cited_right"], 1);
}

#[test]
fn a_folder_without_questions_is_refused_with_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_deskhand");
    let output =
        Command::new(program).args(["demo", "--data"]).arg(folder.path()).output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("queries.jsonl"));
}
