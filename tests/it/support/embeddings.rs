//! An endpoint of embeddings that knows a few things by their synonyms, over HTTP. It also
//! checks what it is sent: the key in its place, small batches, nobody's address, and no
//! passage twice.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::Duration;

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
use deskhand::embed::Embedder;
use deskhand::embed::Endpoint;
use deskhand::embed::EndpointSettings;
use deskhand::embed::Form;
use deskhand::http;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;

/// The key a test gives its endpoint. Must turn up in one header only.
pub(crate) const KEY: &str = "sk-canary-embed-77";

pub(crate) const MODEL: &str = "synonyms";

/// How long its vectors are, unless a test says otherwise.
pub(crate) const N_NUMBERS: usize = 24;

/// What stands before a question and before a passage.
pub(crate) const QUERY: &str = "query: ";
pub(crate) const PASSAGE: &str = "passage: ";

/// Words of a line mean the same; texts with none of them mean what they are about.
const SYNONYMS: [&[&str]; 4] = [
    &["refund", "reimburse", "what i spent"],
    &["password", "locked out"],
    &["parcel", "delivery"],
    &["invoice", "bill"],
];

/// What the endpoint answers.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mood {
    /// Vectors of so many numbers.
    Well(usize),
    Status(u16),
    /// Status 429 that names a pause in seconds.
    Busy(u64),
    /// Nothing, ever.
    Hang,
    /// Success with this body.
    Body(String),
    /// Vectors that call everything alike, what means the same a little more.
    Murky,
    /// 400 to any call with a text that holds this.
    Picky(&'static str),
}

pub(crate) struct Desk {
    /// What comes next; then the last of them for good.
    moods: VecDeque<Mood>,
    /// The texts of every call, oldest first.
    pub(crate) calls: Vec<Vec<String>>,
    embedded: HashSet<String>,
    breaches: Vec<String>,
}

/// A running endpoint. Dropping it fails the test if a call broke a rule.
pub(crate) struct FakeEmbeddings {
    pub(crate) base_url: String,
    desk: Arc<Mutex<Desk>>,
}

impl FakeEmbeddings {
    pub(crate) async fn start() -> FakeEmbeddings {
        let desk = Desk {
            moods: VecDeque::from([Mood::Well(N_NUMBERS)]),
            calls: Vec::new(),
            embedded: HashSet::new(),
            breaches: Vec::new(),
        };
        let desk = Arc::new(Mutex::new(desk));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&desk));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        FakeEmbeddings { base_url, desk }
    }

    pub(crate) fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap()
    }

    /// Answers so from now on; the last of several stays.
    pub(crate) fn will(&self, moods: &[Mood]) {
        self.desk().moods = moods.iter().cloned().collect();
    }

    pub(crate) fn n_calls(&self) -> usize {
        self.desk().calls.len()
    }

    pub(crate) fn settings(&self) -> EndpointSettings {
        EndpointSettings {
            base_url: self.base_url.parse().unwrap(),
            model: MODEL.to_owned(),
            api_key: Some(KEY.into()),
            dimensions: None,
            form: Form {
                query_prefix: QUERY.to_owned(),
                passage_prefix: PASSAGE.to_owned(),
                languages: Vec::new(),
            },
            batch: 64,
            concurrency: 2,
            max_tokens: 512,
            timeout: Duration::from_secs(5),
            question_timeout: Duration::from_millis(400),
        }
    }

    pub(crate) fn embedder(&self) -> Embedder {
        embedder(self.settings())
    }
}

pub(crate) fn embedder(settings: EndpointSettings) -> Embedder {
    Embedder::Endpoint(Box::new(endpoint(settings)))
}

pub(crate) fn endpoint(settings: EndpointSettings) -> Endpoint {
    let client = http::client(settings.timeout).unwrap();
    Endpoint::new(settings, client).unwrap()
}

impl Drop for FakeEmbeddings {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let breaches = &self.desk().breaches;
            assert!(breaches.is_empty(), "the endpoint was sent what it must not: {breaches:#?}");
        }
    }
}

async fn answer(
    State(desk): State<Arc<Mutex<Desk>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let (mood, texts) = {
        let mut desk = desk.lock().unwrap();
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let texts: Vec<String> = serde_json::from_value(request["input"].clone()).unwrap();
        let breaches = check(&uri, &headers, &request, &texts);
        desk.breaches.extend(breaches);
        desk.calls.push(texts.clone());
        let mood = desk.moods.front().cloned().unwrap();
        if 1 < desk.moods.len() {
            desk.moods.pop_front();
        }
        if mood == Mood::Well(N_NUMBERS) {
            desk.remember(&texts);
        }
        (mood, texts)
    };
    match mood {
        Mood::Well(n) => vectors(&texts, n),
        Mood::Murky => answer_with(&texts, murky),
        Mood::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Mood::Busy(seconds) => {
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, seconds.to_string())]).into_response()
        }
        Mood::Hang => std::future::pending().await,
        Mood::Body(body) => body.into_response(),
        Mood::Picky(word) if texts.iter().any(|it| it.contains(word)) => {
            StatusCode::BAD_REQUEST.into_response()
        }
        Mood::Picky(_) => vectors(&texts, N_NUMBERS),
    }
}

impl Desk {
    fn remember(&mut self, texts: &[String]) {
        for text in texts.iter().filter(|it| it.starts_with(PASSAGE)) {
            if !self.embedded.insert(text.clone()) {
                self.breaches.push(format!("a passage was paid for twice: {text}"));
            }
        }
    }
}

fn vectors(texts: &[String], n: usize) -> Response {
    answer_with(texts, |it| vector(it, n))
}

/// The last text first: places are to be read, not guessed.
fn answer_with(texts: &[String], vector: impl Fn(&str) -> Vec<f32>) -> Response {
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .rev()
        .map(|(idx, text)| json!({"object": "embedding", "index": idx, "embedding": vector(text)}))
        .collect();
    axum::Json(json!({"object": "list", "data": data, "model": MODEL})).into_response()
}

/// A number for each line of synonyms, and one for what is on none.
fn vector(text: &str, n: usize) -> Vec<f32> {
    let text = text.to_lowercase();
    let mut vector = vec![0.01; n];
    let mut is_known = false;
    for (number, words) in vector.iter_mut().zip(SYNONYMS) {
        if words.iter().any(|it| text.contains(it)) {
            *number = 1.0;
            is_known = true;
        }
    }
    if let (false, Some(last)) = (is_known, vector.last_mut()) {
        *last = 1.0;
    }
    vector
}

fn murky(text: &str) -> Vec<f32> {
    let mut vector = vector(text, N_NUMBERS);
    vector.push(2.0);
    vector
}

/// What a call must never be, in words.
fn check(uri: &Uri, headers: &HeaderMap, request: &Value, texts: &[String]) -> Vec<String> {
    let mut breaches = Vec::new();
    let mut hold = |holds: bool, rule: &str| {
        if !holds {
            breaches.push(rule.to_owned());
        }
    };
    hold(uri.path() == "/v1/embeddings", "called at /v1/embeddings");
    let bearer = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    hold(bearer == Some(&format!("Bearer {KEY}")), "carries the key as a bearer token");
    let all = request.to_string();
    hold(!all.contains(KEY) && !uri.to_string().contains(KEY), "has the key in a header only");
    hold(request["model"] == json!(MODEL), "names the model");
    hold((1..=64).contains(&texts.len()), "has 1 to 64 texts");
    hold(!all.contains('@'), "holds nobody's address");
    let is_marked = |it: &String| it.starts_with(QUERY) || it.starts_with(PASSAGE);
    hold(texts.iter().all(is_marked), "says which are questions and which passages");
    hold(texts.iter().all(|it| it.len() < 8_000), "has no endless text");
    breaches
}
