//! A connected helpdesk as a source: its articles, and the tickets its team has
//! solved, from a server that answers like Zendesk.

use std::sync::Arc;
use std::sync::Mutex;

use axum::Json;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::IntoResponse as _;
use axum::response::Response;
use deskhand::app;
use deskhand::clock::Clock;
use deskhand::config;
use deskhand::ingest;
use deskhand::ingest::Plan;
use deskhand::knowledge::Audience;
use deskhand::knowledge::Document;
use deskhand::knowledge::Pool;
use deskhand::store::knowledge;
use serde_json::Value;
use serde_json::json;
use tokio_util::task::TaskTracker;

use super::Shelf;

/// A Zendesk with two pages of articles and one solved ticket.
#[derive(Clone, Default)]
struct Desk {
    address: String,
    articles: Arc<Mutex<Vec<Value>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Desk {
    async fn serve() -> Desk {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let desk = Desk { address, ..Desk::default() };
        let router = Router::new().fallback(answer).with_state(desk.clone());
        TaskTracker::new().spawn(async move { axum::serve(listener, router).await });
        desk
    }

    fn has(&self, articles: &[(&str, &str)]) {
        let article = |(id, body): &(&str, &str)| {
            json!({ "id": id.parse::<u64>().unwrap(), "title": format!("Article {id}"), "body": format!("<p>{body}</p>"),
                    "html_url": format!("https://acme.zendesk.com/hc/en-us/articles/{id}-Slug"),
                    "updated_at": "2024-05-01T00:00:00Z", "locale": "en-us", "draft": body.contains("draft"),
                    "user_segment_id": if body.contains("gold") { json!(77) } else { Value::Null } })
        };
        *self.articles.lock().unwrap() = articles.iter().map(article).collect();
    }

    async fn read(&self, shelf: &Shelf) -> ingest::Summary {
        let text = format!(
            "[connections.acme]\nhelpdesk = \"zendesk\"\nbase_url = \"{}\"\n\
             [connections.acme.config]\nsubdomain = \"acme\"\nemail = \"a@b.example\"\nagent_id = \"9\"\n\
             [connections.acme.secrets]\napi_token = {{ file = {:?} }}\nwebhook_secret = {{ file = {:?} }}\n",
            self.address,
            secret(shelf),
            secret(shelf)
        );
        let settings = config::from_text(&text).unwrap().settings;
        let helpdesk = Arc::new(app::helpdesk(&settings, "acme", &Clock::System).unwrap());
        let mut total = ingest::Summary::default();
        for source in ingest::open_connection(helpdesk, Clock::System, None).unwrap() {
            total.add(shelf.take(source, &Plan::default()).await);
        }
        total
    }
}

fn secret(shelf: &Shelf) -> String {
    let path = shelf.folder.path().join("secret");
    std::fs::write(&path, "secret-of-tests").unwrap();
    path.display().to_string()
}

async fn answer(State(desk): State<Desk>, uri: Uri) -> Response {
    let call = uri.to_string();
    let n_before = desk.asked.lock().unwrap().iter().filter(|it| **it == call).count();
    desk.asked.lock().unwrap().push(call.clone());
    let articles = desk.articles.lock().unwrap().clone();
    if call.contains("/articles") {
        let (first, second) = articles.split_at(articles.len().div_ceil(2));
        let is_second = call.contains("after");
        if is_second && n_before == 0 {
            return (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "0")]).into_response();
        }
        let next = format!("{}/api/v2/help_center/en-us/articles?page[after]=x", desk.address);
        let page = if is_second { second } else { first };
        return Json(json!({ "articles": page, "meta": { "has_more": !is_second }, "links": { "next": next } }))
            .into_response();
    }
    if call.contains("/incremental/") {
        let ticket = |id: u64, status: &str| {
            json!({ "id": id, "subject": "Refund for Robin", "status": status, "tags": ["refund"],
                    "requester_id": 42, "updated_at": "2026-10-01T00:00:00Z", "via": { "channel": "email" } })
        };
        let tickets = [ticket(7, "solved"), ticket(8, "open"), ticket(9, "closed")];
        return Json(json!({ "tickets": tickets, "end_of_stream": true })).into_response();
    }
    if call.contains("/7/comments") {
        let comment = |id: u64, author: u64, public: bool, body: &str| {
            json!({ "id": id, "author_id": author, "public": public, "plain_body": body, "html_body": null,
                    "created_at": format!("2026-09-0{id}T00:00:00Z") })
        };
        let comments = [
            comment(1, 42, true, "Where is my money? Write to Robin@x.example.\n\nRobin Gray"),
            comment(2, 5, false, "Internal: customer is difficult."),
            comment(
                3,
                5,
                true,
                "Hello Robin, see https://acme.zendesk.com/hc/de/articles/360001-Anders. It takes five days.",
            ),
            comment(4, 9, true, "Deskhand's own words."),
        ];
        let users = json!([{ "id": 42, "name": "Robin Gray", "role": "end-user" }, { "id": 5, "name": "Sam Hill", "role": "agent" },
                           { "id": 9, "name": "Deskhand", "role": "agent" }]);
        return Json(
            json!({ "comments": comments, "users": users, "meta": { "has_more": false } }),
        )
        .into_response();
    }
    if call.contains("/9") {
        return StatusCode::NOT_FOUND.into_response();
    }
    let ticket = json!({ "id": 7, "subject": "Refund for Robin", "status": "solved", "requester_id": 42, "tags": ["refund"] });
    Json(json!({ "ticket": ticket })).into_response()
}

fn read(shelf: &Shelf, pool: Pool, id: &str) -> Option<Document> {
    shelf.store.read_now(|it| knowledge::document(it, "acme", pool, id)).unwrap()
}

#[tokio::test]
async fn articles_and_solved_tickets_of_a_helpdesk_become_knowledge() {
    let (shelf, desk) = (Shelf::new(), Desk::serve().await);
    desk.has(&[
        ("360001", "Refunds take five days."),
        ("360002", "a draft"),
        ("360003", "for gold customers"),
    ]);
    let summary = desk.read(&shelf).await;
    assert_eq!((summary.added, summary.failed.len()), (3, 0), "{summary:?}");
    let refunds = read(&shelf, Pool::Article, "360001").unwrap();
    assert_eq!(
        (refunds.body.as_str(), refunds.language.as_deref()),
        ("Refunds take five days.", Some("en"))
    );
    let gold = read(&shelf, Pool::Article, "360003").unwrap();
    assert_eq!(gold.audience, Audience::Segment("77".to_owned()), "never public");
    let ticket = read(&shelf, Pool::PastTicket, "7").unwrap();
    assert_eq!(ticket.title, "Refund for [name]");
    assert!(ticket.body.starts_with("Where is my money? Write to [email]."), "{}", ticket.body);
    let answer = ticket.answer.unwrap();
    assert!(answer.starts_with("Hello [name], see https://"), "{answer}");
    assert!(!answer.contains("Robin") && !answer.contains("own words"), "{answer}");
    assert_eq!(ticket.linked_articles, ["360001"], "linked in another language");
    assert!(ticket.solved);

    desk.has(&[("360001", "Refunds take six days.")]);
    let again = desk.read(&shelf).await;
    assert_eq!((again.changed, again.removed), (1, 1), "{again:?}");
    let asked = desk.asked.lock().unwrap();
    let since = asked.iter().rfind(|it| it.contains("/incremental/")).unwrap();
    let first = asked.iter().find(|it| it.contains("/incremental/")).unwrap();
    assert_ne!(since, first, "the second look goes on where the first ended");
}

#[tokio::test]
async fn a_connection_nobody_made_is_named() {
    let settings = config::from_text("").unwrap().settings;
    let error = app::helpdesk(&settings, "acme", &Clock::System).unwrap_err();
    assert!(error.to_string().contains("no connection acme"), "{error}");
}
