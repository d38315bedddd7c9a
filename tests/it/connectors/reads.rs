//! Conversations as they are read: pages, order, authors, bounds.

use deskhand::helpdesk::HelpdeskError;
use deskhand::ticket::AuthorKind;
use deskhand::ticket::Body;
use deskhand::ticket::Channel;
use serde_json::json;

use super::connect;
use super::fake::Fake;
use super::fake::conversation;
use super::settings;

#[tokio::test]
async fn a_read_that_fails_may_simply_be_tried_again() {
    for status in [500, 502, 503, 429, 408, 0] {
        let fake = Fake::default().then(status, json!({}));
        let helpdesk = fake.connected("intercom").await;
        let err = helpdesk.read_conversation(&conversation()).await.unwrap_err();
        assert!(matches!(err, HelpdeskError::Unavailable { .. }), "{status}: {err:?}");
    }
}

#[tokio::test]
async fn a_zendesk_conversation_is_read_with_its_stamp_before_its_messages() {
    let ticket = json!({"ticket": {
        "subject": "Late", "status": "open", "tags": ["a"], "requester_id": 42,
        "assignee_id": null, "updated_at": "2026-11-20T09:50:00Z", "via": {"channel": "email"},
    }});
    let comment = |id: u64, author: i64, public: bool| {
        json!({"id": id, "created_at": format!("2026-11-20T09:0{id}:00Z"), "author_id": author,
               "html_body": format!("<p>{id}</p>"), "public": public})
    };
    let users = json!([{"id": 42, "role": "end-user", "name": "Robin"},
                       {"id": 43, "role": "agent"}, {"id": 900_000_000_001_u64, "role": "agent"}]);
    let fake = Fake::default();
    let base = fake.serve().await;
    let next = format!("{base}/api/v2/tickets/12/comments?page[after]=x");
    fake.clone()
        .then(200, ticket)
        .then(
            200,
            json!({"comments": [comment(1, 42, true), comment(2, 43, false)], "users": users,
                          "meta": {"has_more": true}, "links": {"next": next}}),
        )
        .then(
            200,
            json!({"comments": [comment(3, 900_000_000_001, true), comment(4, -1, false)],
                          "users": users, "meta": {"has_more": false}}),
        );
    let mut settings = settings("zendesk");
    settings.base_url = Some(base.parse().unwrap());
    let read = connect(&settings).read_conversation(&conversation()).await.unwrap();
    assert_eq!(read.seen_at.as_deref(), Some("2026-11-20T09:50:00Z"));
    assert_eq!((read.status.as_deref(), read.channel), (Some("open"), Channel::Email));
    let kinds: Vec<_> = read.messages.iter().map(|it| (it.author.kind, it.public)).collect();
    let (customer, agent) = ((AuthorKind::Customer, true), (AuthorKind::Agent, false));
    assert_eq!(kinds, [customer, agent, (AuthorKind::Own, true), (AuthorKind::System, false)]);
    assert_eq!(read.messages[0].body, Body::Html("<p>1</p>".to_owned()));
    assert_eq!(fake.calls()[0], "GET /api/v2/tickets/12");
    assert_eq!(fake.calls()[2], "GET /api/v2/tickets/12/comments?page[after]=x");
}

#[tokio::test]
async fn the_next_page_may_not_lead_to_another_host_or_in_a_circle() {
    let page =
        |next: &str| json!({"comments": [], "meta": {"has_more": true}, "links": {"next": next}});
    let evil = page("https://evil.example/api/v2/tickets/12/comments");
    let fake = Fake::default().then(200, json!({"ticket": {}})).then(200, evil);
    let err = fake.connected("zendesk").await.read_conversation(&conversation()).await.unwrap_err();
    assert!(err.to_string().contains("another host"), "{err}");
    assert_eq!(fake.calls().len(), 2);

    let same = page("/api/v2/tickets/12/comments?page=2");
    let fake = Fake::default().then(200, json!({"ticket": {}}));
    let fake = fake.then(200, same.clone()).then(200, same.clone()).then(200, same);
    let err = fake.connected("zendesk").await.read_conversation(&conversation()).await.unwrap_err();
    assert!(err.to_string().contains("in a circle"), "{err}");
    assert_eq!(fake.calls().len(), 3);
}

#[tokio::test]
async fn chatwoot_pages_come_newest_first_and_are_put_in_order() {
    let message = |id: u64| {
        json!({"id": id, "created_at": 1_795_300_000 + id / 10, "content": id.to_string(),
               "message_type": id % 2, "private": false, "sender": {"id": 5, "type": "user"}})
    };
    let newest: Vec<_> = (31..51).map(message).collect();
    let older: Vec<_> = (25..31).map(message).collect();
    let fake = Fake::default()
        .then(200, json!({"status": "open", "meta": {"sender": {"id": 5}}}))
        .then(200, json!({"payload": newest}))
        .then(200, json!({"payload": older}));
    let read = fake.connected("chatwoot").await.read_conversation(&conversation()).await.unwrap();
    let ids: Vec<u64> = read.messages.iter().map(|it| it.id.parse().unwrap()).collect();
    assert_eq!(ids, (25..51).collect::<Vec<_>>());
    assert!(fake.calls()[2].ends_with("/messages?before=31"), "{}", fake.calls()[2]);
}

#[tokio::test]
async fn a_message_that_is_nothing_but_files_is_a_message() {
    let who = json!({"type": "user", "id": "7"});
    let part = |id: &str, attachments: serde_json::Value| {
        json!({"id": id, "part_type": "comment", "created_at": 1_795_000_000, "body": null,
               "author": who, "attachments": attachments})
    };
    let fake = Fake::default().then(
        200,
        json!({"id": "12", "state": "open", "source": {"id": "1", "type": "conversation",
                   "body": "<p>It is broken</p>", "author": who},
               "conversation_parts": {"conversation_parts": [
                   part("2", json!([])), part("3", json!([{"name": "broken.png"}]))]}}),
    );
    let helpdesk = fake.connected("intercom").await;
    let read = helpdesk.read_conversation(&conversation()).await.unwrap();
    let ids: Vec<&str> = read.messages.iter().map(|it| it.id.as_str()).collect();
    assert_eq!(ids, ["1", "3"]);
    assert_eq!(read.messages[1].body, Body::Text(String::new()));
    assert_eq!(read.attachments, ["broken.png"]);
}

#[tokio::test]
async fn only_the_newest_messages_of_an_endless_conversation_are_kept() {
    let message = |n: u64| {
        json!({"id": n.to_string(), "at": 1_795_300_000 + n, "text": "again", "public": true,
               "author": {"id": "u1", "kind": "customer"}})
    };
    let messages: Vec<_> = (0..1_000).map(message).collect();
    let fake = Fake::default().then(200, json!({"conversation": {}, "messages": messages}));
    let read = fake.connected("generic").await.read_conversation(&conversation()).await.unwrap();
    assert_eq!(read.messages.len(), 400);
    assert_eq!(read.messages[399].id, "999");
}
