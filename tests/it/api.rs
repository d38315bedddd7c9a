//! The HTTP API through its own door: who is let in, what agents' apps and customers'
//! pages are told, and what is written down.

use std::net::SocketAddr;
use std::sync::Arc;

use deskhand::app::App;
use deskhand::clock::Clock;
use deskhand::config;
use deskhand::guarantee;
use deskhand::store::decisions;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Response;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;
use sha2::Sha256;

use crate::support::articles;
use crate::support::program;
use crate::support::program::House;
use crate::support::sender::CONNECTION;

const SIDEBAR: &str = "sidebar-token-0123456789";
const PAGE: &str = "page-token-0123456789abc";
const IDENTITY: &str = "identity-secret";
const SITE: &str = "https://www.example.com";

struct Api {
    app: Arc<App>,
    address: SocketAddr,
    client: reqwest::Client,
    _house: House,
}

impl Api {
    async fn start(extra: &str) -> Api {
        Api::start_with(&[], |_| extra.to_owned()).await
    }

    /// With further secrets, and settings that name the folder they are in.
    async fn start_with(more: &[(&str, &str)], extra: impl Fn(&str) -> String) -> Api {
        let house = House::copy("http://127.0.0.1:9");
        let secrets = house.store_folder().parent().unwrap().display().to_string();
        let known = [("sidebar", SIDEBAR), ("page", PAGE), ("identity", IDENTITY)];
        for (file, secret) in known.iter().chain(more) {
            std::fs::write(format!("{secrets}/{file}"), secret).unwrap();
        }
        house.set(&format!(
            "[api.callers.sidebar]\ntoken = {{ file = '{secrets}/sidebar' }}\nmay = ['drafts']\n\
             brand = '{CONNECTION}'\n\
             [api.callers.page]\ntoken = {{ file = '{secrets}/page' }}\nmay = ['chat']\n\
             brand = '{CONNECTION}'\norigins = ['{SITE}']\n\
             identity = {{ file = '{secrets}/identity' }}\n{}",
            extra(&secrets)
        ));
        let text = std::fs::read_to_string(house.settings_file()).unwrap();
        let settings = config::from_text(&text).unwrap().settings;
        let app = Arc::new(App::build(settings, Clock::System).unwrap());
        let address = program::serve(&app).await;
        let client = deskhand::http::client(std::time::Duration::from_secs(20)).unwrap();
        Api { app, address, client, _house: house }
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> Response {
        self.post_with(path, &[("authorization", &format!("Bearer {token}"))], body).await
    }

    async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Response {
        let mut request = self.client.post(format!("http://{}{path}", self.address)).json(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.send().await.unwrap()
    }

    /// What a page is told of a message.
    async fn told(&self, body: &Value) -> Vec<Value> {
        let response = self.post("/v1/chat", PAGE, body).await;
        assert_eq!(response.status(), StatusCode::OK);
        events(&response.text().await.unwrap())
    }
}

fn events(stream: &str) -> Vec<Value> {
    let data = stream.lines().filter_map(|it| it.strip_prefix("data: "));
    data.map(|it| serde_json::from_str(it).unwrap()).collect()
}

/// The names of events, in order, each run once.
fn names(events: &[Value]) -> Vec<&str> {
    let mut names: Vec<&str> = events.iter().map(|it| it["event"].as_str().unwrap()).collect();
    names.dedup();
    names
}

fn asks(text: &str) -> Value {
    json!({"messages": [{"from": "customer", "text": text}]})
}

fn question(place: usize) -> Value {
    let (subject, text) = articles::question(place);
    json!({"subject": subject, "messages": [{"from": "customer", "text": text}]})
}

#[tokio::test]
async fn an_agents_app_gets_the_draft_with_everything_behind_it() {
    let api = Api::start("").await;
    let response = api.post("/v1/drafts", SIDEBAR, &question(0)).await;
    assert_eq!(response.status(), StatusCode::OK);
    let drafted: Value = response.json().await.unwrap();
    let draft = &drafted["draft"];
    assert!(draft["text"].as_str().unwrap().contains("press Export invoices"), "{drafted}");
    assert!(draft["html"].as_str().unwrap().contains("<p>"));
    let quotes: Vec<&Value> =
        draft["sentences"].as_array().unwrap().iter().filter(|it| it["kind"] == "quote").collect();
    assert!(!quotes.is_empty() && quotes.iter().all(|it| it["cites"] == json!([1])), "{draft}");
    assert_eq!(draft["sources"][0]["number"], 1);
    assert!(0.0 < drafted["confidence"]["probability"].as_f64().unwrap());
    assert!(!drafted["confidence"]["parts"].as_array().unwrap().is_empty());
    assert!(drafted["handoff"]["summary"].as_str().unwrap().contains("invoices"));
    for other in drafted["alternatives"].as_array().unwrap() {
        assert_ne!(other["sources"][0]["title"], draft["sources"][0]["title"]);
    }
    let stored = api.app.store.read(|it| decisions::latest(it, 10)).await.unwrap();
    assert!(stored.is_empty(), "asking for a draft decides nothing");
}

#[tokio::test]
async fn a_draft_of_a_whole_conversation_answers_the_open_question() {
    let api = Api::start("").await;
    let (_, first) = articles::question(1);
    let (_, second) = articles::question(4);
    let body = json!({"messages": [
        {"from": "customer", "text": first, "at": "2026-01-01T10:00:00Z"},
        {"from": "deskhand", "text": "Press Forgot password."},
        {"from": "customer", "text": second},
    ]});
    let drafted: Value = api.post("/v1/drafts", SIDEBAR, &body).await.json().await.unwrap();
    let text = drafted["draft"]["text"].as_str().unwrap();
    assert!(text.contains("press Invite"), "{text}");
    assert_eq!(drafted["handoff"]["tried"], json!(["Press Forgot password."]));
}

#[tokio::test]
async fn nobody_is_let_in_without_a_token_that_opens_the_door() {
    let api = Api::start("").await;
    let body = question(0);
    for headers in [
        &[][..],
        &[("authorization", "Bearer wrong-token-0123456789")],
        &[("authorization", "Bearer ")],
        &[("authorization", SIDEBAR)],
        &[("authorization", "Basic c2lkZWJhcg==")],
    ] {
        let response = api.post_with("/v1/drafts", headers, &body).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{headers:?}");
        let error: Value = response.json().await.unwrap();
        assert_eq!(error["error"], "unauthorized");
    }
    for (path, token) in [("/v1/chat", SIDEBAR), ("/v1/drafts", PAGE)] {
        assert_eq!(api.post(path, token, &body).await.status(), StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn a_page_of_another_site_is_turned_away() {
    let api = Api::start("").await;
    let token = format!("Bearer {PAGE}");
    let from = |site| [("authorization", token.as_str()), ("origin", site)];
    let ours = api.post_with("/v1/chat", &from(SITE), &question(0)).await;
    assert_eq!(ours.status(), StatusCode::OK);
    assert_eq!(ours.headers()["access-control-allow-origin"], SITE);
    let theirs = api.post_with("/v1/chat", &from("https://evil.example"), &question(0)).await;
    assert_eq!(theirs.status(), StatusCode::FORBIDDEN);
    assert!(!theirs.headers().contains_key("access-control-allow-origin"));
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_what_to_do() {
    let api = Api::start("[api]\nmax_messages = 3\n").await;
    for (body, status, about) in [
        (json!({"messages": []}), StatusCode::UNPROCESSABLE_ENTITY, "none from the customer"),
        (
            json!({"messages": [{"from": "agent", "text": "Hello"}]}),
            StatusCode::UNPROCESSABLE_ENTITY,
            "none from the customer",
        ),
        (
            json!({"conversation": "../../etc", "messages": [{"from": "customer", "text": "Hi"}]}),
            StatusCode::UNPROCESSABLE_ENTITY,
            "letters, digits",
        ),
        (json!({"question": "Hi"}), StatusCode::UNPROCESSABLE_ENTITY, "question"),
        (
            json!({"messages": [{"from": "boss", "text": "Hi"}]}),
            StatusCode::UNPROCESSABLE_ENTITY,
            "boss",
        ),
    ] {
        let response = api.post("/v1/drafts", SIDEBAR, &body).await;
        assert_eq!(response.status(), status, "{body}");
        let error: Value = response.json().await.unwrap();
        assert!(error["message"].as_str().unwrap().contains(about), "{error}");
    }
    let url = format!("http://{}/v1/drafts", api.address);
    let request = api.client.post(url).bearer_auth(SIDEBAR);
    let request = request.header("content-type", "application/json");
    let broken = request.try_clone().unwrap().body("{\"messages\": [").send().await.unwrap();
    assert_eq!(broken.status(), StatusCode::BAD_REQUEST);
    let large = request.body(vec![b' '; 2 << 20]).send().await.unwrap();
    assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    for (path, status) in [("/v1/draft", 404), ("/openapi.json", 405)] {
        let nowhere = api.post(path, SIDEBAR, &json!({})).await;
        assert_eq!(nowhere.status(), status, "{path}");
        let told: Value = nowhere.json().await.unwrap();
        assert!(told["error"].is_string() && told["message"].is_string(), "{told}");
    }
    // Of a conversation without end, the end is read.
    let many: Vec<Value> = (0..500).map(|_| json!({"from": "customer", "text": "Hi"})).collect();
    let mut many = json!({ "messages": many });
    many["messages"][499]["text"] = articles::question(0).1.into();
    let drafted: Value = api.post("/v1/drafts", SIDEBAR, &many).await.json().await.unwrap();
    assert!(drafted["draft"]["text"].as_str().unwrap().contains("Export invoices"), "{drafted}");
}

#[tokio::test]
async fn a_customer_is_answered_sentence_by_sentence_and_it_is_written_down_first() {
    let api = Api::start("").await;
    let mut body = question(2);
    body["conversation"] = "visit-7".into();
    let events = api.told(&body).await;
    assert_eq!(names(&events), ["sentence", "sources", "done"], "{events:?}");
    let quote = events.iter().find(|it| it["cites"] == json!([1])).unwrap();
    assert!(quote["text"].as_str().unwrap().contains("five seconds"), "{quote}");
    let done = events.last().unwrap();
    assert_eq!(done["answered"], true);
    let id = done["id"].as_str().unwrap().to_owned();
    let decided = api.app.store.read(move |it| decisions::find(it, &id)).await.unwrap().unwrap();
    assert_eq!((decided.decision.as_str(), decided.outcome.as_str()), ("send", "sent"));
    assert_eq!(decided.conversation, "page/visit-7");
}

#[tokio::test]
async fn whoever_asks_for_a_person_or_for_what_nobody_knows_is_told_that_one_is_needed() {
    let api = Api::start("").await;
    for (text, reason) in [
        ("I want to talk to a human being", "asked_for_person"),
        ("Xyzzy plugh frobnicate?", "nothing_found"),
        ("Ich möchte bitte mit einem Menschen sprechen!", "asked_for_person"),
    ] {
        let events = api.told(&asks(text)).await;
        assert_eq!(names(&events), ["handoff", "done"], "{text}: {events:?}");
        assert_eq!(events[0]["reason"], reason, "{events:?}");
        assert!(!events[0]["message"].as_str().unwrap().is_empty());
        assert_eq!(events[1]["answered"], false);
    }
    let german = api.told(&asks("Ich möchte bitte mit einem Menschen sprechen!")).await;
    assert!(german[0]["message"].as_str().unwrap().contains("unserem Team"), "{german:?}");
    let thanks = json!({"messages": [
        {"from": "customer", "text": articles::question(0).1},
        {"from": "deskhand", "text": "Open Billing and press Export invoices."},
        {"from": "customer", "text": "Thanks, that worked!"},
    ]});
    assert_eq!(names(&api.told(&thanks).await), ["done"]);
}

#[tokio::test]
async fn where_a_person_sends_every_reply_no_customer_is_answered_by_the_chat() {
    let api = Api::start("[answer]\nmode = 'suggest'\n").await;
    let events = api.told(&question(0)).await;
    assert_eq!(names(&events), ["handoff", "done"]);
    assert_eq!(events[0]["reason"], "not_sure");
}

#[tokio::test]
async fn the_switch_and_the_caps_hold_the_chat_too() {
    let api = Api::start("[answer]\nmax_per_day = 1\n").await;
    assert_eq!(names(&api.told(&question(0)).await), ["sentence", "sources", "done"]);
    let capped = api.told(&question(1)).await;
    assert_eq!(names(&capped), ["handoff", "done"], "{capped:?}");
    let id = capped[1]["id"].as_str().unwrap().to_owned();
    let decided = api.app.store.read(move |it| decisions::find(it, &id)).await.unwrap().unwrap();
    assert_eq!(decided.outcome, "escalated");
    assert!(decided.reason.unwrap().contains("daily cap"));

    let api = Api::start("").await;
    api.app.store.set_fact("send".to_owned(), "off".to_owned()).await.unwrap();
    assert_eq!(names(&api.told(&question(0)).await), ["handoff", "done"]);
}

#[tokio::test]
async fn a_customer_is_who_the_teams_server_says_and_nobody_else() {
    let api = Api::start("").await;
    let mut mac = Hmac::<Sha256>::new_from_slice(IDENTITY.as_bytes()).unwrap();
    mac.update(b"customer-7");
    let signature = hex::encode(mac.finalize().into_bytes());
    let mut body = question(0);
    body["customer"] = json!({"id": "customer-7", "signature": signature});
    assert_eq!(api.post("/v1/chat", PAGE, &body).await.status(), StatusCode::OK);
    for (id, signature) in
        [("customer-8", signature.as_str()), ("customer-7", ""), ("customer-7", "zz"), ("", "")]
    {
        body["customer"] = json!({"id": id, "signature": signature});
        let response = api.post("/v1/chat", PAGE, &body).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{id} {signature}");
    }
}

#[tokio::test]
async fn one_visitor_who_asks_without_end_is_stopped_and_others_are_not() {
    let extra = "[api]\ncustomer_requests_per_minute = 2\naddress_header = 'x-real-ip'\n";
    let api = Api::start(extra).await;
    let token = format!("Bearer {PAGE}");
    let from = |address| [("authorization", token.as_str()), ("x-real-ip", address)];
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let response = api.post_with("/v1/chat", &from("203.0.113.7"), &question(0)).await;
        statuses.push(response.status());
        if response.status() == StatusCode::TOO_MANY_REQUESTS {
            let wait: u64 = response.headers()["retry-after"].to_str().unwrap().parse().unwrap();
            assert!((1..=31).contains(&wait), "{wait}");
        }
    }
    assert_eq!(statuses[..2], [StatusCode::OK; 2]);
    assert_eq!(statuses[2..], [StatusCode::TOO_MANY_REQUESTS; 2]);
    let other = api.post_with("/v1/chat", &from("1.2.3.4, 203.0.113.8"), &question(0)).await;
    assert_eq!(other.status(), StatusCode::OK);
}

#[tokio::test]
async fn the_api_describes_itself_to_programs() {
    let api = Api::start("").await;
    let url = format!("http://{}/openapi.json", api.address);
    let document: Value = api.client.get(url).send().await.unwrap().json().await.unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."));
    for path in ["/v1/drafts", "/v1/chat", "/v1/labels"] {
        let post = &document["paths"][path]["post"];
        assert!(post["responses"]["200"].is_object(), "{path}: {document}");
        assert_eq!(post["security"][0]["token"], json!([]));
    }
    assert_eq!(document["components"]["securitySchemes"]["token"]["scheme"], "bearer");
    // Every schema that is named is there.
    let text = document.to_string();
    for name in text.split("\"#/components/schemas/").skip(1).filter_map(|it| it.split('"').next())
    {
        assert!(document["components"]["schemas"][name].is_object(), "{name}");
    }
}

#[test]
fn a_token_that_can_be_guessed_is_refused_at_start() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "short").unwrap();
    let settings = format!(
        "[store]\nfolder = '{}'\n[api.callers.x]\ntoken = {{ file = '{}' }}\nmay = ['chat']\n",
        folder.path().join("data").display(),
        token.display()
    );
    let settings = config::from_text(&settings).unwrap().settings;
    let error = App::build(settings, Clock::System).err().unwrap();
    assert!(format!("{error:#}").contains("openssl rand"), "{error:#}");
    let error = config::from_text("[api.callers.x]\ntoken = { env = 'X' }\nmay = []\n");
    assert!(format!("{:#}", error.err().unwrap()).contains("api.callers.x.may"));
}

#[tokio::test]
async fn what_people_say_of_drafts_is_taken_from_their_own_apps() {
    const OWN: &str = "quality-token-0123456789";
    const OTHER: &str = "foreign-token-0123456789";
    let caller = |folder: &str, name: &str, brand: &str| {
        format!(
            "[api.callers.{name}]\ntoken = {{ file = '{folder}/{name}' }}\nmay = ['labels']\nbrand = '{brand}'\n"
        )
    };
    let api = Api::start_with(&[("qa", OWN), ("qb", OTHER)], |folder| {
        caller(folder, "qa", CONNECTION) + &caller(folder, "qb", "other")
    })
    .await;
    let done = api.told(&question(0)).await.pop().unwrap();
    let label = |judgement: &str, person: &str| json!({"decision": done["id"], "judgement": judgement, "person": person});
    let nobodys = json!({"decision": "nobody", "judgement": "up", "person": "ana"});
    let refused = StatusCode::UNPROCESSABLE_ENTITY;
    for (token, body, status) in [
        (SIDEBAR, label("as_is", "ana"), StatusCode::FORBIDDEN),
        (OTHER, label("wrong", "eve"), refused),
        (OWN, label("as_is", " "), refused),
        (OWN, label("reopened", "ana"), refused),
        (OWN, nobodys, refused),
    ] {
        assert_eq!(api.post("/v1/labels", token, &body).await.status(), status, "{body}");
    }
    let sample = || api.app.store.read(|it| guarantee::sample(it, "page", 1.0));
    assert_eq!(sample().await.unwrap().n_labels, 0, "what was refused was kept");
    let response = api.post("/v1/labels", OWN, &label("rewritten", "ana")).await;
    assert_eq!(response.json::<Value>().await.unwrap(), json!({"broken": null}));
    let sample = sample().await.unwrap();
    assert!(sample.n_labels == 1 && sample.judged[0].1.wrong, "{sample:?}");
}
