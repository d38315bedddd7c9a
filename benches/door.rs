//! How fast the door is: authenticate, commit, answer 2xx, for signed payloads
//! of 4 KiB over keep-alive connections. Beside it two ceilings of the same run:
//! the same server without storage, and commits of the same rows without HTTP.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark that cannot go on has no figure to show"
)]

#[path = "../tests/it/support/wire.rs"]
mod wire;

// As the program has it, so that the figures are the program's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ConnectInfo;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::http::StatusCode;
use axum::routing::post;
use deskhand::app::App;
use deskhand::clock::Clock;
use deskhand::clock::Stopwatch;
use deskhand::config;
use deskhand::helpdesk::Arrival;
use deskhand::helpdesk::Delivery;
use deskhand::store::Store;
use deskhand::store::inbox;
use deskhand::store::inbox::Accepted;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::wire::Caller;

const SECRET: &str = "bench-webhook-secret";
const PATH: &str = "/webhooks/bench";

/// What the figures are stated for.
const PAYLOAD_BYTES: usize = 4096;

/// How long each row of the table is measured.
const MEASURE: Duration = Duration::from_secs(4);

/// Rate and connections of the open loop: what the latency is promised for.
const RATE_PER_S: u64 = 1000;
const OPEN_CONNECTIONS: u64 = 32;

/// Numbers every payload of the whole run.
static NEXT_ID: AtomicU64 = AtomicU64::new(0);

/// One measured row.
struct Figure {
    per_s: f64,
    p50_ms: f64,
    p99_ms: f64,
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    for (file, secret) in [("secret", SECRET), ("token", "unused")] {
        std::fs::write(folder.path().join(file), secret).unwrap();
    }
    let app = Arc::new(app(folder.path()));
    let door = serve(deskhand::server::routes(Arc::clone(&app))).await;
    let bare = serve(without_storage(Arc::clone(&app))).await;
    let mut out = std::io::stdout();
    writeln!(out, "\n{PAYLOAD_BYTES} bytes a payload, {} s a row", MEASURE.as_secs()).unwrap();
    writeln!(out, "| | c | per second | p50 ms | p99 ms | of the slower ceiling |").unwrap();
    writeln!(out, "|---|---|---|---|---|---|").unwrap();
    for n_connections in [1, 16, 64] {
        // A little of each first: caches, the first pages of the log.
        closed_loop(door, n_connections, Duration::from_millis(500)).await;
        let bare = closed_loop(bare, n_connections, MEASURE).await;
        let raw = raw_commits(&app.store, n_connections, MEASURE).await;
        let whole = closed_loop(door, n_connections, MEASURE).await;
        let share = whole.per_s / bare.per_s.min(raw.per_s);
        row(&mut out, "without storage", n_connections, &bare, "");
        row(&mut out, "commits without HTTP", n_connections, &raw, "");
        row(&mut out, "**the door**", n_connections, &whole, &format!("{:.0} %", share * 100.0));
    }
    let open = open_loop(door).await;
    row(&mut out, &format!("the door at {RATE_PER_S}/s"), OPEN_CONNECTIONS, &open, "");
    let n_rows: u64 = app
        .store
        .read(|it| it.query_row("SELECT count(*) FROM deliveries", [], |row| row.get(0)))
        .await
        .unwrap();
    writeln!(out, "{n_rows} deliveries stored").unwrap();
}

fn row(out: &mut impl Write, what: &str, c: u64, figure: &Figure, share: &str) {
    let Figure { per_s, p50_ms, p99_ms } = figure;
    writeln!(out, "| {what} | {c} | {per_s:.0} | {p50_ms:.2} | {p99_ms:.2} | {share} |").unwrap();
}

/// The real service with one connection; its worker does not run, so that the
/// door is measured alone.
fn app(folder: &std::path::Path) -> App {
    let folder = folder.display();
    let settings = format!(
        "[store]\nfolder = '{folder}/data'\n[inbox]\nmax_waiting = 10000000\n\
         [connections.bench]\nhelpdesk = 'generic'\n\
         [connections.bench.config]\nurl = 'http://127.0.0.1:9'\nagent_id = 'deskhand'\n\
         [connections.bench.secrets]\napi_token = {{ file = '{folder}/token' }}\n\
         webhook_secret = {{ file = '{folder}/secret' }}\n"
    );
    App::build(config::from_text(&settings).unwrap().settings, Clock::System).unwrap()
}

/// The same authentication and the same look at the JSON, and nothing stored.
fn without_storage(app: Arc<App>) -> Router {
    async fn accept(
        State(app): State<Arc<App>>,
        ConnectInfo(peer): ConnectInfo<SocketAddr>,
        headers: HeaderMap,
        body: Bytes,
    ) -> StatusCode {
        let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or("").to_owned();
        let request = Arrival {
            method: "POST".to_owned(),
            url: PATH.to_owned(),
            path_secret: None,
            query: Vec::new(),
            headers: headers.iter().map(|(key, it)| (key.to_string(), text(it))).collect(),
            body,
            peer_is_loopback: peer.ip().is_loopback(),
        };
        let desk = app.desks.get("bench").unwrap();
        let delivery = Delivery::arrived(request);
        let Ok(delivery) = desk.helpdesk.authenticate(delivery, app.clock.now()) else {
            return StatusCode::UNAUTHORIZED;
        };
        match desk.helpdesk.receipt(&delivery) {
            Ok(_) => StatusCode::OK,
            Err(_) => StatusCode::BAD_REQUEST,
        }
    }
    Router::new().route(PATH, post(accept)).with_state(app)
}

async fn serve(routes: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    address
}

/// A payload nobody has sent before.
fn payload() -> (String, Vec<u8>) {
    let id = format!("evt_{:012}", NEXT_ID.fetch_add(1, Ordering::Relaxed));
    let head = format!(
        r#"{{"id":"{id}","type":"message.created","at":"2026-01-01T00:00:00Z","conversation":{{"id":"c1","subject":"Export","status":"open","channel":"email","tags":["a"],"requester":"u1","assignee":null,"updated_at":"2026-01-01T00:00:00Z"}},"message":{{"id":"m1","at":"2026-01-01T00:00:00Z","public":true,"author":{{"id":"u1","kind":"customer","name":"Robin","email":"robin@example.com"}},"headers":{{}},"text":""#
    );
    let tail = r#""}}"#;
    let words = "How do I export the invoices of a whole year as one file? ";
    let filler: String =
        words.chars().cycle().take(PAYLOAD_BYTES - head.len() - tail.len()).collect();
    (id, format!("{head}{filler}{tail}").into_bytes())
}

async fn send(caller: &mut Caller) {
    let now_s = Clock::System.now().as_second();
    let request = wire::webhook(PATH, SECRET, now_s, &payload().1);
    let answer = caller.call(&request).await.unwrap();
    let body = String::from_utf8_lossy(&answer.body);
    assert!(answer.is_ack(), "{} {:?} {body}", answer.status, answer.retry_after);
}

/// As many as fit: each connection sends the next as soon as it has its answer.
async fn closed_loop(to: SocketAddr, n_connections: u64, measure: Duration) -> Figure {
    let mut tasks = JoinSet::new();
    let began = Stopwatch::start();
    for _ in 0..n_connections {
        tasks.spawn(async move {
            let mut caller = Caller::new(to);
            let mut latencies_ms = Vec::new();
            while began.elapsed() < measure {
                let one = Stopwatch::start();
                send(&mut caller).await;
                latencies_ms.push(one.elapsed_ms());
            }
            latencies_ms
        });
    }
    let latencies_ms = tasks.join_all().await.concat();
    figure(latencies_ms, began.elapsed())
}

/// The same rows through the store's own queue, by as many writers.
async fn raw_commits(store: &Store, n_writers: u64, measure: Duration) -> Figure {
    let mut tasks = JoinSet::new();
    let began = Stopwatch::start();
    for _ in 0..n_writers {
        let store = store.clone();
        tasks.spawn(async move {
            let mut latencies_ms = Vec::new();
            while began.elapsed() < measure {
                let (dedup, body) = payload();
                let headers = [("content-type", "application/json"), ("host", "deskhand")]
                    .map(|(key, value)| (key.to_owned(), value.to_owned()));
                let accepted = Accepted {
                    connection: "raw".to_owned(),
                    dedup,
                    received_ms: Clock::System.now_ms(),
                    headers: headers.to_vec(),
                    body,
                };
                let one = Stopwatch::start();
                store.write(move |it| inbox::accept(it, &accepted)).await.unwrap();
                latencies_ms.push(one.elapsed_ms());
            }
            latencies_ms
        });
    }
    let latencies_ms = tasks.join_all().await.concat();
    figure(latencies_ms, began.elapsed())
}

/// A fixed rate, whatever the answers do. Latency counts from when a request
/// was due, so a stall is felt by all that should have been sent meanwhile.
async fn open_loop(to: SocketAddr) -> Figure {
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for connection in 0..OPEN_CONNECTIONS {
        tasks.spawn(async move {
            let mut caller = Caller::new(to);
            let mut latencies_ms = Vec::new();
            for turn in 0.. {
                let micros = (turn * OPEN_CONNECTIONS + connection) * 1_000_000 / RATE_PER_S;
                let due = began + Duration::from_micros(micros);
                if began + MEASURE * 2 <= due {
                    break;
                }
                tokio::time::sleep_until(due).await;
                send(&mut caller).await;
                latencies_ms.push(due.elapsed().as_secs_f64() * 1000.0);
            }
            latencies_ms
        });
    }
    let latencies_ms = tasks.join_all().await.concat();
    figure(latencies_ms, began.elapsed())
}

fn figure(mut latencies_ms: Vec<f64>, took: Duration) -> Figure {
    latencies_ms.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let place = (latencies_ms.len() as f64 * share) as usize;
        latencies_ms.get(place.min(latencies_ms.len() - 1)).copied().unwrap_or(f64::NAN)
    };
    let per_s = latencies_ms.len() as f64 / took.as_secs_f64();
    Figure { per_s, p50_ms: at(0.5), p99_ms: at(0.99) }
}
