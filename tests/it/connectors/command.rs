//! `deskhand connectors`, as a person types it.

use clap::Parser;
use deskhand::cli::connectors;
use serde_json::Value;

#[derive(Parser)]
struct Typed {
    #[command(flatten)]
    args: connectors::ConnectorsArgs,
}

/// What the command prints, and its error if it fails.
fn typed(words: &[&str]) -> (String, Option<String>) {
    let words = ["connectors"].iter().chain(words);
    let typed = Typed::try_parse_from(words).unwrap();
    let mut out = Vec::new();
    let result = connectors::run(&typed.args, &mut out);
    (String::from_utf8(out).unwrap(), result.err().map(|it| format!("{it:#}")))
}

fn payload(path: &str) -> String {
    format!("{}/tests/it/connectors/payloads/{path}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_tried_payload_shows_the_event_and_the_exact_calls() {
    let payload = payload("chatwoot/incoming.json");
    let (printed, err) = typed(&[
        "try",
        "chatwoot",
        "--payload",
        &payload,
        "--json",
        "--set",
        "account_id=9",
        "--header",
        "X-Chatwoot-Delivery: d-1",
    ]);
    assert_eq!(err, None);
    let shown: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(shown["dedup"], "d-1");
    assert_eq!(shown["events"][0]["kind"], "message_created");
    let reply = &shown["calls"]["reply"][0];
    assert_eq!(reply["method"], "POST");
    assert_eq!(reply["path"], "/api/v1/accounts/9/conversations/254752/messages");
    assert_eq!(reply["body"]["private"], false);
    assert_eq!(shown["calls"]["note"][0]["body"]["private"], true);
    for action in ["tag", "field", "handoff"] {
        assert!(shown["calls"][action].is_array(), "{action}");
    }
}

#[test]
fn every_helpdesk_is_listed_with_what_it_cannot_do_and_why() {
    let (printed, err) = typed(&["list", "--json"]);
    assert_eq!(err, None);
    let shown: Value = serde_json::from_str(&printed).unwrap();
    let connectors = shown["connectors"].as_array().unwrap();
    assert_eq!(connectors.len(), 5);
    let generic = connectors.iter().find(|it| it["name"] == "generic").unwrap();
    assert_eq!(generic["abilities"]["reply"]["can"], true);
    assert!(generic["abilities"]["articles"]["why"].is_string());
    let (printed, _) = typed(&["list"]);
    assert!(printed.contains("zendesk (Zendesk Support)"), "{printed}");
}

#[test]
fn a_broken_manifest_fails_the_check_beside_good_ones() {
    let directory = tempfile::tempdir().unwrap();
    let broken = directory.path().join("broken.toml");
    std::fs::write(&broken, "manifest = 1\nname = \"Broken\"\n").unwrap();
    let (printed, err) =
        typed(&["check", "connectors/zendesk.toml", broken.to_str().unwrap(), "/none.toml"]);
    assert!(printed.contains("connectors/zendesk.toml: in order"), "{printed}");
    assert!(printed.contains("broken.toml:1: "), "{printed}");
    assert!(printed.contains("could not read /none.toml"), "{printed}");
    assert_eq!(err.as_deref(), Some("2 of 3 manifests cannot be used"));
    assert_eq!(typed(&["check"]).1, None);
}

#[test]
fn what_cannot_be_tried_says_why() {
    let payload = payload("chatwoot/incoming.json");
    let (_, err) = typed(&["try", "chatwood", "--payload", &payload]);
    assert!(err.unwrap().contains("no manifest is called `chatwood`; known are chatwoot,"));
    let (_, err) = typed(&["try", "chatwoot", "--payload", "/none.json"]);
    assert!(err.unwrap().contains("reading the payload /none.json"));
    let (_, err) = typed(&["try", "zendesk", "--payload", &payload, "--set", "agent_id=me"]);
    assert!(err.unwrap().contains("`config.agent_id` is \"me\""));
}
