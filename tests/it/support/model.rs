//! A model that says what a test wrote for it, over HTTP. It also checks what it
//! is sent: the key in its place and nowhere else, the token budget, whole
//! fences with one code.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header::AUTHORIZATION;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse;
use axum::response::Response;
use deskhand::llm;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;

/// The key a test gives its model. Must turn up in one header only.
pub(crate) const KEY: &str = "sk-canary-6b1f0c";

/// What the model answers to one request.
#[derive(Debug, Clone)]
pub(crate) enum Say {
    /// A completion with this text.
    Text(String),
    /// A completion cut off at the token limit.
    CutOff(String),
    /// An error status with this body.
    Status(u16, &'static str),
    /// Status 429 that names a pause in seconds.
    Busy(u64),
    /// Success with a body that is no completion.
    Body(String),
    /// Nothing, ever.
    Hang,
}

impl Say {
    /// A completion whose text is this object.
    pub(crate) fn object(object: &Value) -> Say {
        Say::Text(object.to_string())
    }
}

#[derive(Debug)]
struct Script {
    max_tokens: usize,
    says: VecDeque<Say>,
    requests: Vec<Value>,
    breaches: Vec<String>,
}

/// A running model. Dropping it fails the test if a request broke a rule.
#[derive(Debug)]
pub(crate) struct ScriptedModel {
    pub(crate) base_url: String,
    script: Arc<Mutex<Script>>,
}

impl ScriptedModel {
    /// Answers the first request with the first of `says` and so on; 503 when
    /// there are none left. Requests may need at most `max_tokens`.
    pub(crate) async fn start(max_tokens: usize, says: Vec<Say>) -> ScriptedModel {
        let script =
            Script { max_tokens, says: says.into(), requests: Vec::new(), breaches: Vec::new() };
        let script = Arc::new(Mutex::new(script));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        ScriptedModel { base_url, script }
    }

    /// Every request so far, oldest first.
    pub(crate) fn requests(&self) -> Vec<Value> {
        self.script.lock().unwrap().requests.clone()
    }

    /// The only request there was.
    pub(crate) fn single_request(&self) -> Value {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "expected one request, got {}", requests.len());
        requests[0].clone()
    }
}

impl Drop for ScriptedModel {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let breaches = &self.script.lock().unwrap().breaches;
            assert!(breaches.is_empty(), "the model was sent what it must not be: {breaches:#?}");
        }
    }
}

async fn answer(
    State(script): State<Arc<Mutex<Script>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let say = {
        let mut script = script.lock().unwrap();
        let breaches = check(&uri, &headers, &body, script.max_tokens);
        script.breaches.extend(breaches);
        script.requests.push(serde_json::from_slice(&body).unwrap_or_default());
        script.says.pop_front()
    };
    let completion = |text: String, finish: &str| {
        let choice = json!({
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": finish,
        });
        axum::Json(json!({"object": "chat.completion", "choices": [choice]})).into_response()
    };
    match say {
        Some(Say::Text(text)) => completion(text, "stop"),
        Some(Say::CutOff(text)) => completion(text, "length"),
        Some(Say::Status(status, body)) => {
            (StatusCode::from_u16(status).unwrap(), body).into_response()
        }
        Some(Say::Busy(seconds)) => {
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds.to_string())]).into_response()
        }
        Some(Say::Body(body)) => body.into_response(),
        Some(Say::Hang) => std::future::pending().await,
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

/// What a request must never be, in words.
fn check(uri: &Uri, headers: &HeaderMap, body: &[u8], max_tokens: usize) -> Vec<String> {
    let mut breaches = Vec::new();
    let mut hold = |holds: bool, rule: &str| {
        if !holds {
            breaches.push(rule.to_owned());
        }
    };
    hold(uri.path() == "/v1/chat/completions", "called at /v1/chat/completions");
    let bearer = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    hold(bearer == Some(&format!("Bearer {KEY}")), "carries the key as a bearer token");
    let text = String::from_utf8_lossy(body);
    hold(!text.contains(KEY) && !uri.to_string().contains(KEY), "has the key in a header only");
    let request: Value = serde_json::from_slice(body).unwrap_or_default();
    hold(request["stream"] == json!(false), "asks for a whole answer");
    let roles: Vec<&str> = request["messages"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|it| it["role"].as_str())
        .collect();
    hold(roles == ["system", "user"], "has one system and one user message");
    let n_tokens = llm::count_tokens(system_of(&request)) + llm::count_tokens(user_of(&request));
    let n_answer = request["max_tokens"].as_u64().unwrap_or(0) as usize;
    hold(n_tokens + n_answer <= max_tokens, "keeps to the token budget");
    hold(outside_fences(&request).is_some(), "has whole fences with one code");
    breaches
}

pub(crate) fn system_of(request: &Value) -> &str {
    request["messages"][0]["content"].as_str().unwrap_or_default()
}

pub(crate) fn user_of(request: &Value) -> &str {
    request["messages"][1]["content"].as_str().unwrap_or_default()
}

/// The code of a request's fences. Empty if it tells none.
pub(crate) fn code_of(request: &Value) -> &str {
    let after = system_of(request).split_once("[begin … ").map_or("", |(_, after)| after);
    after.split_once(']').map_or("", |(code, _)| code)
}

/// The lines of both messages that are not between fences: our own words. `None`
/// if a fence is left open, ends twice, or the code is not one.
pub(crate) fn outside_fences(request: &Value) -> Option<String> {
    let code = code_of(request);
    if code.len() != 16 || !code.bytes().all(|it| it.is_ascii_hexdigit()) {
        return None;
    }
    let mut outside = system_of(request).to_owned();
    let mut open: Option<String> = None;
    for line in user_of(request).lines() {
        let name_in = |mark: &str| {
            Some(line.strip_prefix(mark)?.strip_suffix(&format!(" {code}]"))?.to_owned())
        };
        match (name_in("[begin "), name_in("[end "), &open) {
            (Some(name), None, None) => open = Some(name),
            (None, Some(name), Some(begun)) if name == *begun => open = None,
            (None, None, Some(_)) => {}
            (None, None, None) => {
                outside.push('\n');
                outside.push_str(line);
            }
            _ => return None,
        }
    }
    open.is_none().then_some(outside)
}
