//! How long one ticket takes from question to decision without a model, on a
//! folder of real articles and questions; how long the index takes to open, the
//! service to become ready, and how much memory that needs.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on has no figure to show")]

// As the program has it, so that the figures are the program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::collections::BTreeMap;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::process::Stdio;

use deskhand::app;
use deskhand::app::App;
use deskhand::clock::Clock;
use deskhand::clock::Stopwatch;
use deskhand::config;
use deskhand::config::Mode;
use deskhand::config::Settings;
use deskhand::embed::Embedder;
use deskhand::pipeline::Circumstances;
use deskhand::ticket::Author;
use deskhand::ticket::AuthorKind;
use deskhand::ticket::Body;
use deskhand::ticket::Conversation;
use deskhand::ticket::Message;
use serde::Deserialize;

const BINARY: &str = env!("CARGO_BIN_EXE_deskhand");

/// Questions asked at most: enough for a stable 99th percentile.
const N_QUESTIONS: usize = 1000;

/// One line of `queries.jsonl`, as far as it is asked here.
#[derive(Deserialize)]
struct Question {
    id: serde_json::Value,
    #[serde(default)]
    subject: Option<String>,
    text: String,
}

#[tokio::main]
async fn main() {
    let mut out = std::io::stdout();
    // Cargo adds a flag of its own.
    let Some(data) = std::env::args().skip(1).find(|it| !it.starts_with("--")) else {
        writeln!(out, "usage: cargo bench --bench prepare -- DIR").unwrap();
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let settings = furnish(folder.path(), &data, &mut out);
    become_ready(folder.path(), &mut out);

    let opening = Stopwatch::start();
    drop(app::open_index(&settings, &Embedder::Table).unwrap());
    writeln!(out, "index opened in {:.1} ms", opening.elapsed_ms()).unwrap();

    let app = App::build(settings, Clock::System).unwrap();
    let context = app::context(&app.settings, Mode::Autopilot, "bench", "");
    let questions = std::fs::read_to_string(Path::new(&data).join("queries.jsonl")).unwrap();
    let questions: Vec<Question> =
        questions.lines().map(|it| serde_json::from_str(it).unwrap()).collect();
    let every = questions.len().div_ceil(N_QUESTIONS).max(1);
    let mut latencies_ms = Vec::new();
    let mut steps: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for (turn, question) in questions.iter().step_by(every).enumerate() {
        let conversation = conversation(question);
        let one = Stopwatch::start();
        let proposal =
            app.pipeline.prepare(&conversation, &context, &Circumstances::default()).await.unwrap();
        let took_ms = one.elapsed_ms();
        // The first few pay for caches everybody else uses.
        if 10 <= turn {
            latencies_ms.push(took_ms);
            for (step, ms) in proposal.timings {
                steps.entry(step).or_default().push(ms);
            }
        }
    }
    for (step, mut ms) in steps {
        ms.sort_by(f64::total_cmp);
        writeln!(out, "  {step}: p50 {:.2} ms", ms[ms.len() / 2]).unwrap();
    }
    latencies_ms.sort_by(f64::total_cmp);
    let at = |share: f64| latencies_ms[(latencies_ms.len() as f64 * share) as usize];
    writeln!(
        out,
        "prepare, {} questions one after the other: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        latencies_ms.len(),
        at(0.5),
        at(0.99),
        latencies_ms.last().unwrap()
    )
    .unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory = status.lines().filter(|it| it.starts_with("VmRSS") || it.starts_with("VmHWM"));
    writeln!(out, "memory: {}", memory.collect::<Vec<_>>().join(", ")).unwrap();
    let size = std::fs::metadata(BINARY).unwrap().len();
    writeln!(out, "binary: {:.1} MB", size as f64 / 1e6).unwrap();
}

/// Writes settings and ingests the data with the program itself.
fn furnish(folder: &Path, data: &str, out: &mut impl Write) -> Settings {
    let text = format!(
        "[server]\nlisten = '127.0.0.1:18765'\n[store]\nfolder = '{}/data'\nballast_bytes = 0\n",
        folder.display()
    );
    std::fs::write(folder.join("deskhand.toml"), &text).unwrap();
    let ingesting = Stopwatch::start();
    let status = Command::new(BINARY)
        .current_dir(folder)
        .args(["ingest", "--brand", "bench"])
        .arg(std::fs::canonicalize(data).unwrap())
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success(), "the data could not be ingested");
    writeln!(out, "ingested in {:.1} s", ingesting.elapsed().as_secs_f64()).unwrap();
    config::from_text(&text).unwrap().settings
}

/// Starts the service on the index that exists, until it says it is ready.
fn become_ready(folder: &Path, out: &mut impl Write) {
    let starting = Stopwatch::start();
    let mut service = Command::new(BINARY)
        .current_dir(folder)
        .arg("serve")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !is_ready() {
        assert!(starting.elapsed().as_secs() < 60, "the service did not become ready");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    writeln!(out, "service ready in {:.0} ms", starting.elapsed_ms()).unwrap();
    service.kill().unwrap();
    service.wait().unwrap();
}

fn is_ready() -> bool {
    let Ok(mut stream) = TcpStream::connect("127.0.0.1:18765") else { return false };
    let request = b"GET /readyz HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n";
    let mut answer = String::new();
    stream.write_all(request).is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
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
