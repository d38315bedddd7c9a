//! Calls to a helpdesk: what is sent, and what each kind of answer means.

use std::time::Duration;

use deskhand::helpdesk::Action;
use deskhand::helpdesk::Helpdesk;
use deskhand::helpdesk::HelpdeskError;
use deskhand::ticket::Conversation;
use serde_json::json;

use super::connect;
use super::fake::Fake;
use super::fake::conversation;
use super::fake::reply;
use super::now;
use super::settings;

#[tokio::test]
async fn a_zendesk_reply_is_public_conditional_and_tells_its_id() {
    let audit = json!({"audit": {"events": [{"type": "Change"}, {"type": "Comment", "id": 77}]}});
    let fake = Fake::default().then(200, audit);
    let helpdesk = fake.connected("zendesk").await;
    let written = helpdesk.act(&conversation(), &reply(), "in-1").await.unwrap();
    assert_eq!(written.message_id.as_deref(), Some("77"));
    assert_eq!(fake.calls(), ["PUT /api/v2/tickets/12"]);
    let ticket = json!({"ticket": {
        "comment": {
            "html_body": "<p>It ships <b>tomorrow</b>.</p>", "public": true,
            "author_id": 900_000_000_001_u64,
        },
        "metadata": {"deskhand_ref": "in-1"},
        "safe_update": true, "updated_stamp": "2026-11-20T09:41:07Z",
    }});
    assert_eq!(fake.body(0), ticket);
    // deskhand@acme.example/token:secret
    let basic = "Basic ZGVza2hhbmRAYWNtZS5leGFtcGxlL3Rva2VuOnNlY3JldA==";
    assert_eq!(fake.header(0, "authorization"), basic);
}

#[tokio::test]
async fn a_write_that_may_have_been_done_is_undecided() {
    for status in [500, 502, 504, 0] {
        let fake = Fake::default().then(status, json!({}));
        let helpdesk = fake.connected("intercom").await;
        let err = helpdesk.act(&conversation(), &reply(), "in-1").await.unwrap_err();
        assert!(matches!(err, HelpdeskError::Undecided { .. }), "{status}: {err:?}");
        assert_eq!(fake.calls().len(), 1, "sent once, whatever comes");
    }
}

#[tokio::test]
async fn a_helpdesk_that_cannot_be_reached_has_done_nothing() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut settings = settings("zendesk");
    settings.base_url = Some(base.parse().unwrap());
    let err = connect(&settings).act(&conversation(), &reply(), "in-1").await.unwrap_err();
    assert!(matches!(err, HelpdeskError::Unavailable { .. }), "{err:?}");
}

#[tokio::test]
async fn an_answer_that_never_comes_leaves_a_write_undecided() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut settings = settings("zendesk");
    settings.base_url = Some(format!("http://{}", listener.local_addr().unwrap()).parse().unwrap());
    let text = include_str!("../../../connectors/zendesk.toml");
    let text = text.replace("concurrency = 4", "timeout_s = 1");
    let manifest = deskhand::helpdesk::Manifest::parse("zendesk.toml", &text).unwrap();
    let helpdesk = Helpdesk::connect(manifest.into(), &settings).unwrap();
    let err = helpdesk.act(&conversation(), &reply(), "in-1").await.unwrap_err();
    assert!(matches!(err, HelpdeskError::Undecided { .. }), "{err:?}");
    assert!(err.to_string().contains("no answer in time"), "{err}");
    drop(listener);
}

#[tokio::test]
async fn a_helpdesk_that_asks_for_a_pause_gets_it() {
    let in_a_minute = (now() + jiff::SignedDuration::from_secs(60)).as_second().to_string();
    for (name, header, value, expected) in [
        ("zendesk", "retry-after", "93", Some(93)),
        ("zendesk", "retry-after", "Fri, 20 Nov 2026 09:44:00 GMT", Some(120)),
        ("intercom", "x-ratelimit-reset", &in_a_minute, Some(60)),
        ("chatwoot", "retry-after", "1e30", Some(3600)),
        ("chatwoot", "retry-after", "-5", Some(0)),
        ("chatwoot", "retry-after", "soon", None),
    ] {
        let fake = Fake::default().then_with(429, &[(header, value)], json!({}));
        let helpdesk = fake.connected(name).await;
        let err = helpdesk.act(&conversation(), &reply(), "in-1").await.unwrap_err();
        let HelpdeskError::Unavailable { retry_after, .. } = err else { panic!("{err:?}") };
        assert_eq!(retry_after, expected.map(Duration::from_secs), "{name} {value}");
    }
}

#[tokio::test]
async fn a_conversation_that_changed_meanwhile_is_a_conflict_only_if_we_said_what_we_saw() {
    let fake = Fake::default().then(409, json!({"error": "UpdateConflict"}));
    let helpdesk = fake.connected("zendesk").await;
    let err = helpdesk.act(&conversation(), &reply(), "in-1").await.unwrap_err();
    assert!(matches!(err, HelpdeskError::Conflict { .. }), "{err:?}");

    let fake = Fake::default().then(409, json!({"error": "DatabaseConflict"}));
    let helpdesk = fake.connected("zendesk").await;
    let blind = Conversation { seen_at: None, ..conversation() };
    let err = helpdesk.act(&blind, &reply(), "in-1").await.unwrap_err();
    assert!(matches!(err, HelpdeskError::Unavailable { .. }), "{err:?}");
}

#[tokio::test]
async fn a_conversation_that_does_not_exist_is_gone() {
    let fake = Fake::default().then(404, json!({})).then(404, json!({}));
    let helpdesk = fake.connected("zendesk").await;
    for err in [
        helpdesk.act(&conversation(), &reply(), "in-1").await.map(drop).unwrap_err(),
        helpdesk.read_conversation(&conversation()).await.map(drop).unwrap_err(),
    ] {
        let HelpdeskError::Gone { conversation_id, .. } = err else { panic!("{err:?}") };
        assert_eq!(conversation_id, "12");
    }
    // A list that is not there is no conversation that is gone.
    let fake = Fake::default().then(404, json!({"error": "InvalidEndpoint"}));
    let err = fake.connected("zendesk").await.read_articles().await.unwrap_err();
    assert!(matches!(err, HelpdeskError::Refused { status: 404, .. }), "{err:?}");
}

#[tokio::test]
async fn a_refusal_tells_the_reason_but_neither_secrets_nor_what_we_sent() {
    let long = "x".repeat(500);
    for (answer, says) in [
        (json!({"error": "RecordInvalid", "description": "status is closed"}), "status is closed"),
        (json!({"errors": [{"code": "not_found", "message": "no admin"}]}), "no admin"),
        (
            json!({"error": {"title": "Forbidden", "message": "key secret is dead"}}),
            "key … is dead",
        ),
        (json!({"message": long}), "xxx"),
        (json!({"echo": "<p>It ships tomorrow.</p>"}), ""),
    ] {
        let fake = Fake::default().then(422, answer);
        let helpdesk = fake.connected("zendesk").await;
        let err = helpdesk.act(&conversation(), &reply(), "in-1").await.unwrap_err();
        let HelpdeskError::Refused { status, detail, call, .. } = err else { panic!("{err:?}") };
        assert_eq!((status, call.as_str()), (422, "reply"));
        assert!(detail.contains(says) && detail.chars().count() <= 200, "{detail}");
        assert!(!detail.contains("secret") && !detail.contains("ships"), "{detail}");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_into_a_lost_write() {
    let fake = Fake::default().then_with(302, &[("location", "/elsewhere")], json!({}));
    let helpdesk = fake.connected("zendesk").await;
    let err = helpdesk.act(&conversation(), &reply(), "in-1").await.unwrap_err();
    assert!(matches!(err, HelpdeskError::Refused { status: 302, .. }), "{err:?}");
    assert_eq!(fake.calls().len(), 1);
}

#[tokio::test]
async fn a_good_status_that_names_no_message_leaves_a_write_undecided() {
    for answer in [json!("<html>Sign in</html>"), json!({"foo": [1, 2]}), json!(null)] {
        let fake = Fake::default().then(200, answer);
        let helpdesk = fake.connected("generic").await;
        let err = helpdesk.act(&conversation(), &reply(), "in-1").await.unwrap_err();
        assert!(matches!(err, HelpdeskError::Undecided { .. }), "{err:?}");
    }
    // What makes no message has none to name.
    let fake = Fake::default().then(200, json!({}));
    fake.connected("generic").await.act(&conversation(), &Action::Handoff, "in-1").await.unwrap();
}

#[tokio::test]
async fn chatwoot_labels_are_added_to_those_it_has() {
    let fake = Fake::default().then(200, json!({"payload": ["vip"]})).then(200, json!({}));
    let helpdesk = fake.connected("chatwoot").await;
    let tags = vec!["Stage: support".to_owned(), "vip".to_owned()];
    helpdesk.act(&conversation(), &Action::Tag { tags }, "in-1").await.unwrap();
    let path = "/api/v1/accounts/2/conversations/12/labels";
    assert_eq!(fake.calls(), [format!("GET {path}"), format!("POST {path}")]);
    assert_eq!(fake.body(1), json!({"labels": ["stage-support", "vip"]}));
    assert_eq!(fake.header(0, "api_access_token"), "secret");
}

#[tokio::test]
async fn a_suggestion_in_a_conversation_of_a_chatwoot_bot_is_put_where_people_see_it() {
    let fake = Fake::default().then(200, json!({}));
    let helpdesk = fake.connected("chatwoot").await;
    helpdesk.act(&conversation(), &Action::Open, "in-1").await.unwrap();
    assert_eq!(fake.calls(), ["POST /api/v1/accounts/2/conversations/12/toggle_status"]);
    assert_eq!(fake.body(0), json!({"status": "open"}));
    for helpdesk in ["zendesk", "intercom", "request-tracker", "generic"] {
        assert!(Fake::default().connected(helpdesk).await.can("open").is_err(), "{helpdesk}");
    }
}

#[tokio::test]
async fn intercom_tags_are_made_by_name_and_attached_by_id() {
    let fake = Fake::default()
        .then(200, json!({"id": "t1"}))
        .then(200, json!({"id": "t2"}))
        .then(200, json!({}))
        .then(200, json!({}));
    let helpdesk = fake.connected("intercom").await;
    let tags = vec!["one".to_owned(), "two".to_owned()];
    helpdesk.act(&conversation(), &Action::Tag { tags }, "in-1").await.unwrap();
    let attach = "POST /conversations/12/tags";
    assert_eq!(fake.calls(), ["POST /tags", "POST /tags", attach, attach]);
    assert_eq!(fake.body(1), json!({"name": "two"}));
    assert_eq!(fake.body(3), json!({"id": "t2", "admin_id": "8055717"}));
    assert_eq!(fake.header(0, "intercom-version"), "2.15");
}

#[tokio::test]
async fn request_tracker_says_no_with_a_good_status_and_is_understood() {
    let ticket = json!({"CustomFields": [{"name": "Tags", "values": ["a"]}]});
    let fake = Fake::default()
        .then(200, ticket.clone())
        .then(200, json!(["Tags: Permission Denied"]))
        .then(200, ticket)
        .then(201, json!(["Permission Denied"]));
    let helpdesk = fake.connected("request-tracker").await;
    let tag = Action::Tag { tags: vec!["b".to_owned()] };
    let field = Action::Field { field: "Stage".to_owned(), value: "x".to_owned() };
    for (action, says) in [
        (tag, "Permission Denied"),
        (field, "no custom field Stage"),
        (reply(), "Permission Denied"),
    ] {
        let err = helpdesk.act(&conversation(), &action, "in-1").await.unwrap_err();
        let HelpdeskError::Refused { detail, .. } = err else { panic!("{err:?}") };
        assert!(detail.contains(says), "{detail}");
    }
    assert_eq!(fake.body(1), json!({"CustomFields": {"Tags": ["a", "b"]}}));
}

#[tokio::test]
async fn the_generic_wire_is_as_documented() {
    let whole = json!({
        "conversation": {"id": "12", "status": "open", "tags": [], "updated_at": "2026-11-20T10:00:00Z"},
        "messages": [{"id": "m1", "at": "2026-11-20T09:00:00Z", "text": "Hi", "public": true,
                      "author": {"id": "u1", "kind": "customer"}, "ref": "in-0"}],
    });
    let fake = Fake::default()
        .then(200, whole)
        .then(200, json!({"items": [{"id": "12", "at": "2026-11-20T09:41:30Z"}], "next": "/conversations?p=2"}))
        .then(200, json!({"items": [{"id": "13", "at": "2026-11-20T09:41:10Z"}], "next": null}))
        .then(201, json!({"id": "m9"}))
        .then(200, json!({}))
        .then(200, json!({}))
        .then(200, json!({}));
    let helpdesk = fake.connected("generic").await;
    let read = helpdesk.read_conversation(&conversation()).await.unwrap();
    assert_eq!(read.seen_at.as_deref(), Some("2026-11-20T10:00:00Z"));
    assert_eq!(read.messages[0].headers, [("x-deskhand-ref".to_owned(), "in-0".to_owned())]);
    let since = "2026-11-20T09:41:00.5Z".parse().unwrap();
    let changed = helpdesk.changed_since(since).await.unwrap();
    let ids: Vec<_> = changed.iter().map(|it| it.conversation_id.as_str()).collect();
    assert_eq!(ids, ["13", "12"], "oldest change first");
    let written = helpdesk.act(&read, &reply(), "in-1").await.unwrap();
    assert_eq!(written.message_id.as_deref(), Some("m9"));
    for action in [
        Action::Tag { tags: vec!["a".to_owned()] },
        Action::Field { field: "stage".to_owned(), value: "support".to_owned() },
        Action::Handoff,
    ] {
        helpdesk.act(&read, &action, "in-2").await.unwrap();
    }
    assert_eq!(
        fake.calls(),
        [
            "GET /conversations/12",
            "GET /conversations?changed_since=2026-11-20T09%3A41%3A00Z",
            "GET /conversations?p=2",
            "POST /conversations/12/messages",
            "POST /conversations/12/tags",
            "PUT /conversations/12/fields",
            "POST /conversations/12/handoff",
        ]
    );
    let sent = json!({"public": true, "text": "It ships tomorrow.", "ref": "in-1",
                      "markdown": "It ships **tomorrow**.", "seen_at": "2026-11-20T10:00:00Z",
                      "html": "<p>It ships <b>tomorrow</b>.</p>"});
    assert_eq!(fake.body(3), sent);
    assert_eq!(fake.body(4), json!({"tags": ["a"]}));
    assert_eq!(fake.body(5), json!({"stage": "support"}));
    assert_eq!(fake.header(3, "authorization"), "Bearer secret");
}

#[tokio::test]
async fn an_id_from_a_payload_cannot_climb_out_of_its_path() {
    for id in ["..", "."] {
        let fake = Fake::default().then(200, json!({}));
        let helpdesk = fake.connected("generic").await;
        let climber = Conversation { id: id.to_owned(), ..conversation() };
        let err = helpdesk.act(&climber, &reply(), "in-1").await.unwrap_err();
        assert!(matches!(err, HelpdeskError::Unreadable { .. }), "{err:?}");
        assert_eq!(fake.calls(), [""; 0]);
    }
    let fake = Fake::default().then(200, json!({"id": "m1"}));
    let helpdesk = fake.connected("generic").await;
    let odd = Conversation { id: "../x?y=1#z".to_owned(), ..conversation() };
    helpdesk.act(&odd, &reply(), "in-1").await.unwrap();
    assert_eq!(fake.calls(), ["POST /conversations/..%2Fx%3Fy%3D1%23z/messages"]);
}

#[tokio::test]
async fn calls_to_one_helpdesk_are_limited_in_number() {
    let mut settings = settings("request-tracker");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    settings.base_url = Some(format!("http://{}", listener.local_addr().unwrap()).parse().unwrap());
    let helpdesk = connect(&settings);
    let conversation = conversation();
    let calls = (0..10).map(|_| helpdesk.read_conversation(&conversation));
    let mut accepted = Vec::new();
    let accepting = async {
        // Two come, and no third as long as they are not answered.
        accepted.push(listener.accept().await.unwrap());
        accepted.push(listener.accept().await.unwrap());
        tokio::time::timeout(Duration::from_millis(200), listener.accept()).await.is_err()
    };
    let all = futures_util::future::join_all(calls);
    tokio::select! {
        _ = all => panic!("no call is answered"),
        no_third = accepting => assert!(no_third),
    }
}
