//! A helpdesk that gives the answers it was told to and remembers what it was
//! sent.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::Method;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::response::IntoResponse;
use axum::response::Response;
use deskhand::helpdesk::Action;
use deskhand::helpdesk::Helpdesk;
use deskhand::helpdesk::Wording;
use deskhand::ticket::Channel;
use deskhand::ticket::Conversation;
use serde_json::Value;

use super::connect;
use super::settings;

/// An answer a fake gives: status, headers, body. Status 0 cuts the connection.
type Answer = (u16, Vec<(&'static str, String)>, String);

/// A helpdesk that gives the answers it was told to, in order, and remembers
/// what it was sent.
#[derive(Clone, Default)]
pub(super) struct Fake {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

#[derive(Debug, Clone, PartialEq)]
struct Seen {
    call: String,
    body: Value,
    headers: HeaderMap,
}

impl Fake {
    pub(super) fn then(self, status: u16, body: Value) -> Fake {
        self.then_with(status, &[], body)
    }

    pub(super) fn then_with(
        self,
        status: u16,
        headers: &[(&'static str, &str)],
        body: Value,
    ) -> Fake {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        self.answers.lock().unwrap().push_back((status, headers, body.to_string()));
        self
    }

    /// Serves on a free port; ends with the test's runtime.
    pub(super) async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(self.clone());
        let tracker = tokio_util::task::TaskTracker::new();
        tracker.spawn(async move { axum::serve(listener, router).await });
        format!("http://{address}")
    }

    pub(super) async fn connected(&self, name: &str) -> Helpdesk {
        let mut settings = settings(name);
        settings.base_url = Some(self.serve().await.parse().unwrap());
        connect(&settings)
    }

    pub(super) fn calls(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|it| it.call.clone()).collect()
    }

    pub(super) fn body(&self, idx: usize) -> Value {
        self.seen.lock().unwrap()[idx].body.clone()
    }

    pub(super) fn header(&self, idx: usize, name: &str) -> String {
        let seen = self.seen.lock().unwrap();
        seen[idx].headers.get(name).unwrap().to_str().unwrap().to_owned()
    }
}

async fn answer(
    State(fake): State<Fake>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    fake.seen.lock().unwrap().push(Seen { call: format!("{method} {uri}"), body, headers });
    let next = fake.answers.lock().unwrap().pop_front();
    let Some((status, headers, body)) = next else {
        return StatusCode::IM_A_TEAPOT.into_response();
    };
    if status == 0 {
        // A promised length that never comes: the connection is cut mid-answer.
        let stream = futures_util::stream::iter([Err::<Bytes, _>(std::io::Error::other("cut"))]);
        return Response::new(axum::body::Body::from_stream(stream));
    }
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(axum::body::Body::from(body)).unwrap()
}

pub(super) fn conversation() -> Conversation {
    Conversation {
        id: "12".to_owned(),
        subject: None,
        status: Some("pending".to_owned()),
        channel: Channel::Email,
        tags: Vec::new(),
        requester: Some("42".to_owned()),
        assignee: None,
        fields: Default::default(),
        seen_at: Some("2026-11-20T09:41:07Z".to_owned()),
        messages: Vec::new(),
        is_cut: false,
        attachments: Vec::new(),
    }
}

pub(super) fn reply() -> Action {
    Action::Reply(Wording {
        text: "It ships tomorrow.".to_owned(),
        markdown: "It ships **tomorrow**.".to_owned(),
        html: "<p>It ships <b>tomorrow</b>.</p>".to_owned(),
    })
}
