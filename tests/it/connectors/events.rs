//! Payloads in the shapes helpdesks send them, and the events they become.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use deskhand::helpdesk::EventKind;
use deskhand::ticket::AuthorKind;
use expect_test::expect_file;
use proptest::prelude::*;

use super::connect;
use super::settings;

fn payloads() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/connectors/payloads")
}

fn payload(path: &str) -> Vec<u8> {
    fs::read(payloads().join(path)).unwrap()
}

#[test]
fn every_payload_becomes_its_golden_events() {
    let mut n_payloads = 0;
    for folder in fs::read_dir(payloads()).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let helpdesk = connect(&settings(&name));
        let mut files: Vec<_> =
            fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path()).collect();
        files.sort();
        let mut golden = String::new();
        for file in files {
            let body = fs::read(&file).unwrap();
            let events = helpdesk.events(&body, &[]).unwrap();
            let receipt = helpdesk.receipt_of(&body, &[]).unwrap();
            golden.push_str(&format!(
                "=== {}\nknown by {}\n{}\n",
                file.file_stem().unwrap().to_str().unwrap(),
                receipt.dedup,
                serde_json::to_string_pretty(&events).unwrap()
            ));
            n_payloads += 1;
        }
        expect_file![payloads().with_file_name(format!("golden/{name}.txt"))].assert_eq(&golden);
    }
    assert!(n_payloads >= 40, "{n_payloads} payloads found");
}

#[test]
fn our_own_note_is_known_as_ours() {
    for (helpdesk, path) in [
        ("zendesk", "zendesk/own_internal_note.json"),
        ("intercom", "intercom/own_note_api2.json"),
        ("chatwoot", "chatwoot/own_reply.json"),
        ("request-tracker", "request-tracker/comment_by_ourselves.json"),
    ] {
        let events = connect(&settings(helpdesk)).events(&payload(path), &[]).unwrap();
        assert_eq!(events[0].author.kind, AuthorKind::Own, "{path}");
        assert_eq!(events[0].conversation.messages[0].author.kind, AuthorKind::Own, "{path}");
    }
}

#[test]
fn an_internal_note_is_never_taken_for_a_reply() {
    for (helpdesk, path) in [
        ("zendesk", "zendesk/own_internal_note.json"),
        ("intercom", "intercom/own_note_api2.json"),
        ("chatwoot", "chatwoot/private_note_by_an_agent.json"),
        ("request-tracker", "request-tracker/comment_by_ourselves.json"),
        ("generic", "generic/agent_note.json"),
    ] {
        let events = connect(&settings(helpdesk)).events(&payload(path), &[]).unwrap();
        assert!(!events[0].conversation.messages[0].public, "{path}");
    }
}

#[test]
fn what_is_none_of_our_business_gives_no_event() {
    for (helpdesk, path) in [
        ("zendesk", "zendesk/user_changed.json"),
        ("intercom", "intercom/ping.json"),
        ("chatwoot", "chatwoot/webwidget_triggered.json"),
        ("chatwoot", "chatwoot/template_greeting.json"),
        ("chatwoot", "chatwoot/activity_by_number.json"),
        ("generic", "generic/unknown_type.json"),
    ] {
        let events = connect(&settings(helpdesk)).events(&payload(path), &[]).unwrap();
        assert_eq!(events, [], "{path}");
    }
    for helpdesk in ["zendesk", "intercom", "chatwoot", "request-tracker", "generic"] {
        for body in ["{}", "[]", "null", "7", r#""text""#, r#"{"type": 7}"#] {
            let events = connect(&settings(helpdesk)).events(body.as_bytes(), &[]).unwrap();
            assert_eq!(events, [], "{helpdesk} {body}");
        }
    }
}

#[test]
fn a_payload_with_the_whole_thread_need_not_be_read_again() {
    let helpdesk = connect(&settings("generic"));
    let events = helpdesk.events(&payload("generic/complete_thread.json"), &[]).unwrap();
    assert!(events[0].complete);
    let kinds: Vec<_> = events[0].conversation.messages.iter().map(|it| it.author.kind).collect();
    assert_eq!(kinds, [AuthorKind::Customer, AuthorKind::Own, AuthorKind::Customer]);
    let events = helpdesk.events(&payload("generic/ticket_created.json"), &[]).unwrap();
    assert!(!events[0].complete);
    assert_eq!(events[0].kind, EventKind::TicketCreated);
}

#[test]
fn mail_headers_reach_the_message_in_lower_case() {
    let helpdesk = connect(&settings("generic"));
    let events = helpdesk.events(&payload("generic/ticket_created.json"), &[]).unwrap();
    let headers = &events[0].conversation.messages[0].headers;
    assert_eq!(headers[0], ("message-id".to_owned(), "<1@customers.example>".to_owned()));
    let helpdesk = connect(&settings("chatwoot"));
    let events = helpdesk.events(&payload("chatwoot/incoming_auto_reply.json"), &[]).unwrap();
    let headers = &events[0].conversation.messages[0].headers;
    assert_eq!(headers[0], ("auto-submitted".to_owned(), "auto-replied".to_owned()));
}

#[test]
fn an_error_of_mapping_quotes_nothing_of_the_ticket() {
    let helpdesk = connect(&settings("generic"));
    let body = br#"{"type": "ticket.created", "conversation": {"subject": "my card 4111"}}"#;
    let err = helpdesk.events(body, &[]).unwrap_err().to_string();
    assert!(!err.contains("4111"), "{err}");
    assert!(err.contains("generic"), "{err}");
}

/// JSON of any shape, with the keys manifests look at, three levels deep.
fn anything() -> impl Strategy<Value = serde_json::Value> {
    let word = prop_oneof![
        "[a-z.:_]{0,12}",
        Just("zen:event-type:ticket.comment_added".to_owned()),
        Just("message_created".to_owned()),
        Just("conversation".to_owned()),
        Just("incoming".to_owned()),
        Just("conversation.user.replied".to_owned()),
        Just("2026-11-20T09:41:07Z".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(|it| serde_json::json!(it)),
        word.prop_map(Into::into),
    ];
    let key = prop_oneof![
        Just("type"),
        Just("event"),
        Just("topic"),
        Just("id"),
        Just("data"),
        Just("item"),
        Just("detail"),
        Just("conversation"),
        Just("message"),
        Just("messages"),
        Just("author"),
        Just("sender"),
        Just("meta"),
        Just("ticket"),
        Just("transaction"),
        Just("requestors"),
        Just("created"),
        Just("labels"),
        Just("tags"),
        Just("at"),
        Just("source"),
        Just("body"),
        Just("conversation_parts"),
        Just("message_type"),
        Just("comment"),
        Just("headers"),
    ];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|it| it.into_iter().collect::<serde_json::Map<_, _>>().into()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn no_payload_makes_a_mapping_panic(value in anything()) {
        let body = serde_json::to_vec(&value).unwrap();
        HELPDESKS.with(|helpdesks| for helpdesk in helpdesks {
            // An error is an answer; a panic is not.
            drop(helpdesk.events(&body, &[]));
            drop(helpdesk.receipt_of(&body, &[]));
        });
    }

    #[test]
    fn no_bytes_make_a_receipt_panic(body in prop::collection::vec(any::<u8>(), 0..256)) {
        HELPDESKS.with(|helpdesks| for helpdesk in helpdesks {
            drop(helpdesk.receipt_of(&body, &[]));
            drop(helpdesk.events(&body, &[]));
        });
    }
}

thread_local! {
    static HELPDESKS: Vec<deskhand::helpdesk::Helpdesk> =
        ["zendesk", "intercom", "chatwoot", "request-tracker", "generic"]
            .map(|it| connect(&settings(it)))
            .into();
}

#[test]
fn a_deeply_nested_payload_is_malformed_and_harms_nobody() {
    let helpdesk = connect(&settings("generic"));
    for n in [65, 100_000, 1_000_000] {
        let body = "[".repeat(n);
        assert!(helpdesk.receipt_of(body.as_bytes(), &[]).is_err());
        assert!(helpdesk.events(body.as_bytes(), &[]).is_err());
    }
    let quoted = format!("{:?}", "[".repeat(100));
    assert!(helpdesk.receipt_of(quoted.as_bytes(), &[]).is_ok());
}

#[test]
fn ids_beyond_floating_point_stay_exact() {
    let helpdesk = connect(&settings("generic"));
    let body = br#"{"id": 1, "type": "ticket.updated", "conversation": {"id": 9007199254740993}}"#;
    let events = helpdesk.events(body, &[]).unwrap();
    assert_eq!(events[0].conversation.id, "9007199254740993");
}
