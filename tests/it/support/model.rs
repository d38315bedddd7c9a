//! A model that says what a test wrote for it, over HTTP. It also checks what it
//! is sent: the key in its place and nowhere else, the token budget, whole
//! fences with one code.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header::AUTHORIZATION;
use axum::http::header::CONTENT_TYPE;
use axum::http::header::RETRY_AFTER;
use axum::response::IntoResponse;
use axum::response::Response;
use deskhand::llm;
use futures_util::StreamExt as _;
use futures_util::stream;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// The key a test gives its model. Must turn up in one header only.
pub(crate) const KEY: &str = "sk-canary-6b1f0c";

/// What the model answers to one request.
#[derive(Debug, Clone)]
pub(crate) enum Say {
    /// A completion with this text.
    Text(String),
    /// The same with what the endpoint counts: tokens of the prompt and of the answer.
    Counted(String, u64, u64),
    /// A completion cut off at the token limit.
    CutOff(String),
    /// An error status with this body.
    Status(u16, &'static str),
    /// Status 429 that names a pause in seconds.
    Busy(u64),
    /// Success with a body that is no completion.
    Body(String),
    /// A completion with this text whose connection is cut in the middle.
    CutMidway(String),
    /// The same after a while.
    Slowly(Duration, Box<Say>),
    /// Nothing, ever.
    Hang,
    /// A text written piece by piece, as these steps have it.
    Piecewise(Vec<Step>),
}

/// A step of a text that is written piece by piece.
#[derive(Clone)]
pub(crate) enum Step {
    Write(String),
    /// Until somebody adds a permit.
    Wait(Arc<Semaphore>),
    Pause(Duration),
    /// Writes nothing more, and does not end.
    Hang,
    /// The connection ends.
    Cut,
    /// Calls something, such as a stop-watch.
    Note(Arc<dyn Fn() + Send + Sync>),
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Write(text) => write!(f, "{text:?}"),
            Step::Wait(_) => write!(f, "wait"),
            Step::Pause(pause) => write!(f, "{pause:?}"),
            Step::Hang => write!(f, "hang"),
            Step::Cut => write!(f, "cut"),
            Step::Note(_) => write!(f, "note"),
        }
    }
}

impl Say {
    /// A completion whose text is this object.
    pub(crate) fn object(object: &Value) -> Say {
        Say::Text(object.to_string())
    }
}

/// Chooses what to answer to a request; `None`: 503.
type Play = Box<dyn FnMut(&Value) -> Option<Say> + Send>;

struct Script {
    max_tokens: usize,
    play: Play,
    requests: Vec<Value>,
    breaches: Vec<String>,
}

/// A running model. Dropping it fails the test if a request broke a rule.
pub(crate) struct ScriptedModel {
    pub(crate) base_url: String,
    script: Arc<Mutex<Script>>,
}

impl ScriptedModel {
    /// Answers the first request with the first of `says` and so on; 503 when
    /// there are none left. Requests may need at most `max_tokens`.
    pub(crate) async fn start(max_tokens: usize, says: Vec<Say>) -> ScriptedModel {
        let mut says = VecDeque::from(says);
        ScriptedModel::improvise(max_tokens, move |_| says.pop_front()).await
    }

    /// Answers each request as `play` has it; 503 for `None`.
    pub(crate) async fn improvise(
        max_tokens: usize,
        play: impl FnMut(&Value) -> Option<Say> + Send + 'static,
    ) -> ScriptedModel {
        let (requests, breaches) = (Vec::new(), Vec::new());
        let script = Script { max_tokens, play: Box::new(play), requests, breaches };
        let script = Arc::new(Mutex::new(script));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&script));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        ScriptedModel { base_url, script }
    }

    /// From now on it answers each request like this.
    pub(crate) fn recover(&self, say: Say) {
        self.script.lock().unwrap().play = Box::new(move |_| Some(say.clone()));
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
    let (mut say, is_streamed) = {
        let mut script = script.lock().unwrap();
        let breaches = check(&uri, &headers, &body, script.max_tokens);
        script.breaches.extend(breaches);
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let is_streamed = request["stream"] == json!(true);
        let say = (script.play)(&request);
        script.requests.push(request);
        (say, is_streamed)
    };
    while let Some(Say::Slowly(pause, then)) = say {
        tokio::time::sleep(pause).await;
        say = Some(*then);
    }
    if is_streamed && let Some(response) = say.as_ref().and_then(streamed) {
        return response;
    }
    match say {
        Some(Say::Text(text)) => axum::Json(completion(&text, "stop")).into_response(),
        Some(Say::Counted(text, prompt, answer)) => {
            let mut whole = completion(&text, "stop");
            whole["usage"] = json!({"prompt_tokens": prompt, "completion_tokens": answer});
            axum::Json(whole).into_response()
        }
        Some(Say::CutOff(text)) => axum::Json(completion(&text, "length")).into_response(),
        Some(Say::Status(status, body)) => {
            (StatusCode::from_u16(status).unwrap(), body).into_response()
        }
        Some(Say::Busy(seconds)) => {
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds.to_string())]).into_response()
        }
        Some(Say::Body(body)) => body.into_response(),
        Some(Say::CutMidway(text)) => cut_midway(&completion(&text, "stop")),
        Some(Say::Hang | Say::Slowly(..) | Say::Piecewise(_)) => std::future::pending().await,
        None => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn completion(text: &str, finish: &str) -> Value {
    let choice = json!({
        "index": 0,
        "message": {"role": "assistant", "content": text},
        "finish_reason": finish,
    });
    json!({"object": "chat.completion", "choices": [choice]})
}

/// The same as a stream of events; `None` for what is no answer.
fn streamed(say: &Say) -> Option<Response> {
    let written = |text: &str| letters(text).map(Step::Write).collect::<Vec<Step>>();
    let (steps, last) = match say {
        Say::Text(text) => (written(text), chunk("", Some("stop"))),
        Say::Counted(text, prompt, answer) => {
            let mut last = chunk("", Some("stop"));
            last["usage"] = json!({"prompt_tokens": prompt, "completion_tokens": answer});
            (written(text), last)
        }
        Say::CutOff(text) => (written(text), chunk("", Some("length"))),
        Say::CutMidway(text) => {
            let half = &text[..text.floor_char_boundary(text.len() / 2)];
            ([written(half), vec![Step::Cut]].concat(), Value::Null)
        }
        Say::Piecewise(steps) => (steps.clone(), chunk("", Some("stop"))),
        Say::Status(..) | Say::Busy(_) | Say::Body(_) | Say::Slowly(..) | Say::Hang => return None,
    };
    let ends = [format!("data: {last}\n\n"), "data: [DONE]\n\n".to_owned()];
    let events = stream::iter(steps).filter_map(async |it| match it {
        Step::Write(text) => Some(format!("data: {}\n\n", chunk(&text, None))),
        Step::Wait(gate) => {
            gate.acquire().await.unwrap().forget();
            None
        }
        Step::Pause(pause) => {
            tokio::time::sleep(pause).await;
            None
        }
        Step::Hang => std::future::pending().await,
        Step::Cut => std::panic::resume_unwind(Box::new("cut by plan")),
        Step::Note(note) => {
            note();
            None
        }
    });
    let events = events.chain(stream::iter(ends)).map(Ok::<String, Infallible>);
    Some(([(CONTENT_TYPE, "text/event-stream")], Body::from_stream(events)).into_response())
}

/// A text in pieces of a few letters, as models write.
pub(crate) fn letters(text: &str) -> impl Iterator<Item = String> {
    let letters: Vec<char> = text.chars().collect();
    let pieces: Vec<String> = letters.chunks(7).map(String::from_iter).collect();
    pieces.into_iter()
}

/// One event of a stream.
pub(crate) fn chunk(text: &str, finish: Option<&str>) -> Value {
    let choice = json!({"index": 0, "delta": {"content": text}, "finish_reason": finish});
    json!({"object": "chat.completion.chunk", "choices": [choice]})
}

/// Half of a body, and then the end of the connection.
fn cut_midway(whole: &Value) -> Response {
    let mut half = whole.to_string().into_bytes();
    half.truncate(half.len() / 2);
    let pieces = stream::once(async { Ok::<_, Infallible>(Bytes::from(half)) });
    // The task of the connection ends as if its machine had. (No panic message: the
    // hook is not called.)
    let end = stream::once(async { std::panic::resume_unwind(Box::new("cut by plan")) });
    Body::from_stream(pieces.chain(end)).into_response()
}

/// What an honest model answers to a request: the first passage's last line.
pub(crate) fn honest(request: &Value) -> String {
    let text = truth_of(user_of(request));
    json!({"sentences": [{"text": text, "cites": [1], "layout": "paragraph"}]}).to_string()
}

/// The sentence of the first passage a request gives: what an honest model would say.
pub(crate) fn truth_of(user: &str) -> String {
    let passages = fenced(user, "passage");
    let first = passages.first().map_or("", String::as_str);
    first.lines().last().unwrap_or_default().trim().to_owned()
}

/// What stands between fences of this name.
pub(crate) fn fenced(user: &str, name: &str) -> Vec<String> {
    let begins = format!("[begin {name} ");
    let pieces = user.split(begins.as_str()).skip(1);
    let text = |it: &str| {
        let (_, text) = it.split_once("]\n")?;
        Some(text.split("\n[end ").next()?.to_owned())
    };
    pieces.filter_map(text).collect()
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
    hold(request["stream"].is_boolean(), "says whether it asks for a whole answer");
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
