//! What a customer was told is what is written down, whoever goes away, dies or steps in
//! while it is told.

use deskhand::clock::Stopwatch;
use deskhand::store::custody;
use deskhand::store::decisions;
use deskhand::store::outbox;
use rusqlite::Connection;
use serde_json::Value;
use serde_json::json;

use super::Chat;
use super::LEAD;
use super::QUESTION;
use super::Reading;
use super::SECOND;
use super::answer;
use super::asks;
use super::furnish;
use super::gated;
use super::names;
use super::quotes;
use super::text_of;
use crate::generative::MAX_TOKENS;
use crate::support::model::Say;
use crate::support::model::ScriptedModel;

/// The last decision and the reply that belongs to it, as another process reads them.
fn last_kept(house: &crate::support::program::House) -> (decisions::Decided, String) {
    let file = house.store_folder().join("deskhand.db");
    let connection = Connection::open(file).unwrap();
    let decided = decisions::latest(&connection, 1).unwrap().pop().unwrap();
    let reply = outbox::of_decision(&connection, &decided.id).unwrap().pop().unwrap();
    assert_eq!(reply.state, "sent");
    (decided, text_of(&reply.action))
}

fn check_first_only(decided: &decisions::Decided, reply: &str) {
    assert_eq!((decided.decision.as_str(), decided.outcome.as_str()), ("send", "sent"));
    assert!(reply.contains(LEAD) && !reply.contains(SECOND), "{reply}");
    let record: deskhand::act::Record = serde_json::from_str(&decided.record).unwrap();
    let texts: Vec<&str> =
        record.proposal.draft.sentences.iter().map(|it| it.text.as_str()).collect();
    assert!(texts.contains(&LEAD) && !texts.contains(&SECOND), "{texts:?}");
}

#[tokio::test]
async fn a_page_that_goes_away_leaves_what_it_was_told_and_the_model_is_let_go() {
    let (say, gate) = gated(&answer(&[LEAD, SECOND]), 1);
    let chat = Chat::start(vec![say, Say::Text(answer(&[LEAD]))]).await;
    let mut reading = chat.ask(&asks(QUESTION)).await;
    assert_eq!(reading.next_quote().await, LEAD);
    drop(reading);
    gate.add_permits(1);
    // Another visitor is answered meanwhile.
    let other =
        json!({"conversation": "visit-9", "messages": [{"from": "customer", "text": QUESTION}]});
    assert_eq!(chat.told(&other).await.last().unwrap()["answered"], true);
    let all = chat.app.store.read(|it| decisions::latest(it, 10)).await.unwrap();
    let first = all.iter().find(|it| it.conversation == "page/visit-7").unwrap();
    let id = first.id.clone();
    let (decided, _, reply) = chat.kept(&id).await;
    check_first_only(&decided, &reply.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_the_middle_of_a_reply_what_was_told_is_kept() {
    let (say, _gate) = gated(&answer(&[LEAD, SECOND]), 1);
    let model = ScriptedModel::start(MAX_TOKENS, vec![say]).await;
    let house = furnish(&model, "");
    let running = house.start();
    let client = deskhand::http::client(std::time::Duration::from_secs(20)).unwrap();
    let mut reading = Reading::begin(&client, running.address, &asks(QUESTION)).await;
    assert_eq!(reading.next_quote().await, LEAD);
    running.kill();
    assert_eq!(reading.next().await, None);
    let (decided, reply) = last_kept(&house);
    check_first_only(&decided, &reply);
}

#[tokio::test]
async fn the_switch_stops_a_reply_in_the_middle() {
    let (say, gate) = gated(&answer(&[LEAD, SECOND]), 1);
    let chat = Chat::start(vec![say]).await;
    let mut reading = chat.ask(&asks(QUESTION)).await;
    assert_eq!(reading.next_quote().await, LEAD);
    chat.app.store.set_fact("send".to_owned(), "off".to_owned()).await.unwrap();
    gate.add_permits(1);
    let events = reading.rest().await;
    assert_eq!(names(&events), ["sentence", "sources", "handoff", "done"], "{events:?}");
    assert_eq!(quotes(&events), [LEAD]);
    let (decided, _, reply) = chat.kept(events.last().unwrap()["id"].as_str().unwrap()).await;
    check_first_only(&decided, &reply.unwrap());
}

#[tokio::test]
async fn caps_hold_before_the_first_word() {
    let says = vec![Say::Text(answer(&[LEAD])), Say::Text(answer(&[LEAD]))];
    let model = ScriptedModel::start(MAX_TOKENS, says).await;
    let chat = Chat::start_with(model, "answer.max_per_day = 1").await;
    assert_eq!(chat.told(&asks(QUESTION)).await.last().unwrap()["answered"], true);
    let other =
        json!({"conversation": "visit-9", "messages": [{"from": "customer", "text": QUESTION}]});
    let events = chat.told(&other).await;
    assert_eq!(names(&events), ["handoff", "done"], "{events:?}");
    let (decided, _, reply) = chat.kept(events[1]["id"].as_str().unwrap()).await;
    assert_eq!((decided.outcome.as_str(), reply), ("escalated", None));
    assert!(decided.reason.unwrap().contains("daily cap"));
}

#[tokio::test]
async fn nobody_is_told_the_same_twice_in_one_chat() {
    let says = vec![Say::Text(answer(&[LEAD])), Say::Text(answer(&[LEAD]))];
    let chat = Chat::start(says).await;
    assert_eq!(chat.told(&asks(QUESTION)).await.last().unwrap()["answered"], true);
    let events = chat.told(&asks(QUESTION)).await;
    assert_eq!(names(&events), ["handoff", "done"], "{events:?}");
}

/// A chat that a person of the team has joined, and what the customer wrote since.
fn joined(visit: &str, since: &[&str]) -> Value {
    let mut messages = vec![
        json!({"from": "customer", "text": QUESTION}),
        json!({"from": "agent", "text": "Hello, this is Ana. I will look into it."}),
    ];
    messages.extend(since.iter().map(|it| json!({"from": "customer", "text": it})));
    json!({"conversation": visit, "messages": messages})
}

#[tokio::test]
async fn a_chat_that_a_person_has_is_theirs_until_it_is_given_back() {
    let chat = Chat::start(vec![Say::Text(answer(&[LEAD])), Say::Text(answer(&[LEAD]))]).await;
    assert_eq!(names(&chat.told(&joined("visit-7", &["Thank you, Ana."])).await), ["done"]);
    assert_eq!(names(&chat.told(&joined("visit-8", &[])).await), ["done"]);
    // A page that forgets what the person wrote does not give the chat back.
    let forgetful = |text: &str| json!({"conversation": "visit-8", "messages": [{"from": "customer", "text": text}]});
    assert_eq!(names(&chat.told(&forgetful("It still shows a wrong pressure?")).await), ["done"]);
    assert!(chat.model.requests().is_empty(), "a model was paid for nothing");
    let rows = chat.app.store.read(|it| custody::with_people(it, 9)).await.unwrap();
    let theirs: Vec<&str> = rows.iter().map(|it| it.conversation.as_str()).collect();
    assert_eq!(theirs, ["page/visit-7", "page/visit-8"]);
    for visit in ["page/visit-7", "page/visit-8"] {
        chat.house.command(&["handovers", "return", visit]);
    }
    let events = chat.told(&joined("visit-7", &["Thank you, Ana.", QUESTION])).await;
    assert_eq!(quotes(&events), [LEAD], "{events:?}");
    let events = chat.told(&forgetful(QUESTION)).await;
    assert_eq!(quotes(&events), [LEAD], "{events:?}");
}

#[tokio::test]
async fn a_person_who_steps_in_while_a_reply_is_told_is_not_talked_over() {
    let (say, gate) = gated(&answer(&[LEAD, SECOND]), 1);
    let chat = Chat::start(vec![say]).await;
    let mut reading = chat.ask(&asks(QUESTION)).await;
    assert_eq!(reading.next_quote().await, LEAD);
    let stepped_in = json!({"conversation": "visit-7", "messages": [
        {"from": "customer", "text": QUESTION},
        {"from": "agent", "text": "Hello, this is Ana."},
    ]});
    assert_eq!(names(&chat.told(&stepped_in).await), ["done"]);
    gate.add_permits(1);
    let watch = Stopwatch::start();
    let events = reading.rest().await;
    assert_eq!(quotes(&events), [LEAD], "{events:?} after {:?}", watch.elapsed());
}

#[tokio::test]
async fn who_was_promised_a_person_is_not_answered_by_the_machine_a_moment_later() {
    let chat = Chat::start(vec![Say::Text(answer(&[LEAD]))]).await;
    let first = "My lamp caught fire";
    let events = chat.told(&asks(first)).await;
    assert_eq!(events[0]["reason"], "sensitive_topic", "{events:?}");
    let second = json!({"conversation": "visit-7", "messages": [
        {"from": "customer", "text": first},
        {"from": "deskhand", "text": "A person takes over."},
        {"from": "customer", "text": QUESTION},
    ]});
    let events = chat.told(&second).await;
    assert_eq!(names(&events), ["handoff", "done"], "{events:?}");
    assert_eq!(events[0]["reason"], "with_people");
    assert!(chat.model.requests().is_empty());
}
