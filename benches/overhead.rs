//! What Deskhand adds to a model: time from question to decision beside a scripted model,
//! less what the model took; the same for a bare call with the same prompt, and for a
//! pipeline in Python with BM25 and the same prompt, if Haystack is installed.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has no figure to show")]

// As the program has it, so that the figures are the program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Json;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use deskhand::app;
use deskhand::app::App;
use deskhand::clock::Clock;
use deskhand::clock::Stopwatch;
use deskhand::config;
use deskhand::config::Mode;
use deskhand::config::Settings;
use deskhand::http;
use deskhand::pipeline::Circumstances;
use deskhand::ticket::Author;
use deskhand::ticket::AuthorKind;
use deskhand::ticket::Body;
use deskhand::ticket::Conversation;
use deskhand::ticket::Message;
use serde::Deserialize;
use serde_json::Value;
use serde_json::json;
use tokio::net::TcpListener;

const BINARY: &str = env!("CARGO_BIN_EXE_deskhand");

/// Questions asked at most, and those that only warm up.
const N_QUESTIONS: usize = 1000;
const N_WARM_UP: usize = 20;

/// What the model thinks for. Less than any does, so that nothing hides behind it.
const THINKS: Duration = Duration::from_millis(20);

/// One line of `queries.jsonl`, as far as it is asked here.
#[derive(Deserialize)]
struct Question {
    id: Value,
    #[serde(default)]
    subject: Option<String>,
    text: String,
}

/// A model that answers with the last line of the first passage, and notes what it was
/// asked and how long it took, in milliseconds.
#[derive(Clone, Default)]
struct Model {
    calls: Arc<Mutex<Vec<(Bytes, f64)>>>,
}

impl Model {
    fn take(&self) -> Vec<(Bytes, f64)> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }
}

async fn answer(State(model): State<Model>, body: Bytes) -> Json<Value> {
    let watch = Stopwatch::start();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let user = request.pointer("/messages/1/content").and_then(Value::as_str).unwrap_or_default();
    let passage = user.split_once("Passage 1").map_or("", |(_, it)| it);
    let lines = passage.lines().take_while(|it| !it.starts_with("[end"));
    let text = lines.last().unwrap_or_default().trim();
    let said = json!({"sentences": [{"text": text, "cites": [1], "layout": "paragraph"}]});
    let choice = json!({"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": said.to_string()}});
    let completion = json!({"id": "c", "object": "chat.completion", "created": 0, "model": "m",
        "choices": [choice], "usage": {"prompt_tokens": 9, "completion_tokens": 9, "total_tokens": 18}});
    tokio::time::sleep(THINKS).await;
    model.calls.lock().unwrap().push((body, watch.elapsed_ms()));
    Json(completion)
}

#[tokio::main]
async fn main() {
    let mut out = std::io::stdout();
    // Cargo adds a flag of its own.
    let Some(data) = std::env::args().skip(1).find(|it| !it.starts_with("--")) else {
        writeln!(out, "usage: cargo bench --bench overhead -- DIR").unwrap();
        return;
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let model = Model::default();
    let routes = Router::new().fallback(answer).with_state(model.clone());
    let serving = async move { axum::serve(listener, routes).await.unwrap() };
    let asking = async {
        let folder = tempfile::tempdir().unwrap();
        let settings = furnish(folder.path(), &data, &url);
        let text = std::fs::read_to_string(Path::new(&data).join("queries.jsonl")).unwrap();
        let questions: Vec<Question> =
            text.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
        let every = questions.len().div_ceil(N_QUESTIONS).max(1);
        let questions: Vec<Question> = questions.into_iter().step_by(every).collect();
        writeln!(out, "{} questions, the model thinks for {THINKS:?}\n", questions.len()).unwrap();
        writeln!(out, "| added to the model, ms | n | p50 | p99 | max |\n|---|---|---|---|---|")
            .unwrap();
        let bodies = deskhand(settings, &questions, &model, &mut out).await;
        bare(&url, bodies, &model, &mut out).await;
        python(&data, folder.path(), &url, &questions, &model, &mut out).await;
    };
    tokio::select! {
        () = serving => {}
        () = asking => {}
    }
}

/// From a question to its decision.
async fn deskhand(
    settings: Settings,
    questions: &[Question],
    model: &Model,
    out: &mut impl Write,
) -> Vec<Bytes> {
    let app = App::build(settings, Clock::System).unwrap();
    let context = app::context(&app.settings, Mode::Autopilot, "bench", "");
    let (mut added, mut bodies) = (Vec::new(), Vec::new());
    let mut steps: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for question in questions {
        let conversation = conversation(question);
        let circumstances = Circumstances::default();
        let watch = Stopwatch::start();
        let proposal = app.pipeline.prepare(&conversation, &context, &circumstances).await.unwrap();
        let took_ms = watch.elapsed_ms();
        // Where nobody may answer no model is asked: there is nothing to compare.
        let Some((body, model_ms)) = model.take().pop() else { continue };
        added.push(took_ms - model_ms);
        bodies.push(body);
        for (step, took_ms) in proposal.timings {
            let took_ms = if step == "model" { took_ms - model_ms } else { took_ms };
            steps.entry(step).or_default().push(took_ms);
        }
    }
    show("Deskhand, question to decision", added, out);
    for (step, took_ms) in steps {
        show(&format!("of it, {step}"), took_ms, out);
    }
    bodies
}

/// A call and nothing else, with the prompts Deskhand sent.
async fn bare(url: &str, bodies: Vec<Bytes>, model: &Model, out: &mut impl Write) {
    let client = http::client(Duration::from_secs(10)).unwrap();
    let mut added = Vec::new();
    for body in bodies {
        let request = client.post(format!("{url}/chat/completions")).body(body);
        let watch = Stopwatch::start();
        let answer = request.header("content-type", "application/json").send().await.unwrap();
        answer.bytes().await.unwrap();
        let took_ms = watch.elapsed_ms();
        added.push(took_ms - model.take().pop().unwrap().1);
    }
    show("the call alone", added, out);
}

/// The pipeline in `overhead_baseline.py`, which says how long each question took.
async fn python(
    data: &str,
    folder: &Path,
    url: &str,
    questions: &[Question],
    model: &Model,
    out: &mut impl Write,
) {
    let lines: Vec<String> = questions
        .iter()
        .map(|it| {
            let subject = it.subject.as_deref().unwrap_or_default();
            json!({"id": it.id, "text": format!("{subject}\n\n{}", it.text)}).to_string()
        })
        .collect();
    let asked = folder.join("questions.jsonl");
    std::fs::write(&asked, lines.join("\n")).unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = std::env::vars().find(|it| it.0 == "PYTHON").map_or("python3".into(), |it| it.1);
    let mut command = Command::new(program);
    command.arg(root.join("benches/overhead_baseline.py")).arg(data).arg(&asked).arg(url);
    command.arg(root.join("prompts/draft.md")).stderr(Stdio::inherit());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let calls = model.take();
    let Ok(output) = output else {
        writeln!(out, "| no Python: set PYTHON | | | | |").unwrap();
        return;
    };
    let took: Vec<f64> = serde_json::from_slice(&output.stdout).unwrap_or_default();
    if took.is_empty() || took.len() != calls.len() {
        writeln!(out, "| no Haystack: `pip install haystack-ai` | | | | |").unwrap();
        return;
    }
    let added = took.iter().zip(&calls).map(|(took_ms, (_, model_ms))| took_ms - model_ms);
    show("Haystack: BM25, prompt, generator", added.collect(), out);
}

fn show(name: &str, mut added_ms: Vec<f64>, out: &mut impl Write) {
    // The first few pay for what everybody else finds ready.
    added_ms.drain(..N_WARM_UP.min(added_ms.len() / 2));
    added_ms.sort_by(f64::total_cmp);
    let at = |share: f64| added_ms[((added_ms.len() - 1) as f64 * share) as usize];
    let (n, p50, p99, max) = (added_ms.len(), at(0.5), at(0.99), at(1.0));
    writeln!(out, "| {name} | {n} | {p50:.2} | {p99:.2} | {max:.2} |").unwrap();
}

/// Writes settings and ingests the data with the program itself.
fn furnish(folder: &Path, data: &str, url: &str) -> Settings {
    let text = format!(
        "[store]\nfolder = '{}/data'\nballast_bytes = 0\n[model]\nbase_url = '{url}'\nname = 'm'\n",
        folder.display()
    );
    std::fs::write(folder.join("deskhand.toml"), &text).unwrap();
    let status = Command::new(BINARY)
        .current_dir(folder)
        .args(["ingest", "--brand", "bench"])
        .arg(std::fs::canonicalize(data).unwrap())
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success(), "the data could not be ingested");
    config::from_text(&text).unwrap().settings
}

fn conversation(question: &Question) -> Conversation {
    let author =
        Author { kind: AuthorKind::Customer, id: Some("c1".to_owned()), name: None, email: None };
    let message = Message {
        id: "m1".to_owned(),
        at: None,
        author,
        public: true,
        body: Body::Text(question.text.clone()),
        headers: Vec::new(),
    };
    Conversation {
        id: question.id.to_string(),
        subject: question.subject.clone(),
        messages: vec![message],
        ..Conversation::default()
    }
}
