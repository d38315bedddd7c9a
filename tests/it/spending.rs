//! What models cost: counted for each reply whatever came of it, kept over restarts,
//! limited a day, and told once.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use deskhand::app::App;
use deskhand::clock::Clock;
use deskhand::config;
use deskhand::llm::Budget;
use deskhand::llm::Price;
use deskhand::llm::Purse;
use deskhand::llm::Spent;
use deskhand::store::decisions;
use deskhand::store::decisions::Decided;
use deskhand::store::spending;
use jiff::Timestamp;
use serde_json::Value;
use serde_json::json;

use crate::generative::MAX_TOKENS;
use crate::generative::QUESTION;
use crate::generative::drafted_by;
use crate::generative::generative_with;
use crate::generative::good_answer;
use crate::generative::hits;
use crate::generative::settings;
use crate::support::articles;
use crate::support::faults::Plan;
use crate::support::model::KEY;
use crate::support::model::Say;
use crate::support::model::ScriptedModel;
use crate::support::model::honest;
use crate::support::program;
use crate::support::program::House;
use crate::support::sender::CONNECTION;
use crate::support::sender::Manners;
use crate::support::traffic::Day;

const TOKEN: &str = "sidebar-token-0123456789";

/// What one reply of the model in these tests costs: 1,000 tokens at 2.5 millionths of a
/// dollar and 100 at 10.
const USD_MICROS: u64 = 3_500;

/// Who is told, and what of. Its first answer is an error.
#[derive(Clone, Default)]
struct Alarm(Arc<Mutex<Vec<Value>>>);

impl Alarm {
    async fn start() -> (Alarm, String) {
        let alarm = Alarm::default();
        let router = Router::new().route("/", post(hear)).with_state(alarm.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (alarm, url)
    }

    /// Levels in the order they were told.
    fn levels(&self) -> Vec<String> {
        let heard = self.0.lock().unwrap();
        heard.iter().map(|it| it["level"].as_str().unwrap().to_owned()).collect()
    }
}

async fn hear(State(alarm): State<Alarm>, body: String) -> StatusCode {
    let mut heard = alarm.0.lock().unwrap();
    heard.push(serde_json::from_str(&body).unwrap());
    if heard.len() == 1 { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK }
}

/// A service with a model that counts its tokens.
struct Shop {
    house: House,
    clock: Clock,
    model: ScriptedModel,
    app: Arc<App>,
    client: reqwest::Client,
    url: String,
}

impl Shop {
    async fn open(max_usd_per_day: f64, alerts_url: &str) -> Shop {
        let counted = |it: &Value| Some(Say::Counted(honest(it), 1_000, 100));
        let model = ScriptedModel::improvise(MAX_TOKENS, counted).await;
        let house = House::copy("http://127.0.0.1:9");
        let folder = house.folder().display().to_string();
        for (file, secret) in [("caller", TOKEN), ("key", KEY)] {
            std::fs::write(format!("{folder}/{file}"), secret).unwrap();
        }
        house.set(&format!(
            "[model]\nbase_url = '{}'\nname = 'counting'\napi_key = {{ file = '{folder}/key' }}\n\
             prompt_usd_per_million = 2.5\nanswer_usd_per_million = 10.0\n\
             max_usd_per_day = {max_usd_per_day}\n[alerts]\nurl = '{alerts_url}'\n\
             [api.callers.app]\ntoken = {{ file = '{folder}/caller' }}\nbrand = '{CONNECTION}'\n\
             may = ['drafts', 'chat']\n",
            model.base_url
        ));
        let clock = Clock::manual("2026-03-01T10:00:00Z".parse::<Timestamp>().unwrap());
        let (app, url) = served(&house, &clock).await;
        let client = deskhand::http::client(Duration::from_secs(20)).unwrap();
        Shop { house, clock, model, app, client, url }
    }

    /// The same house with a new process in it.
    async fn reopen(&mut self) {
        (self.app, self.url) = served(&self.house, &self.clock).await;
    }

    async fn asks(&self, path: &str) -> reqwest::Response {
        let (subject, text) = articles::question(0);
        let body = json!({"subject": subject, "messages": [{"from": "customer", "text": text}]});
        let request = self.client.post(format!("{}{path}", self.url)).json(&body);
        let response = request.bearer_auth(TOKEN).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response
    }

    /// Who wrote the draft an agent gets.
    async fn writer(&self) -> String {
        let drafted: Value = self.asks("/v1/drafts").await.json().await.unwrap();
        self.app.spending.settle().await;
        drafted["draft"]["written_by"].as_str().unwrap().to_owned()
    }

    async fn decision(&self) -> Decided {
        let told = self.asks("/v1/chat").await.text().await.unwrap();
        assert!(told.contains("\"done\""), "{told}");
        let latest = self.app.store.read(|it| decisions::latest(it, 1)).await.unwrap();
        latest.into_iter().next().unwrap()
    }

    fn spent_today(&self) -> u64 {
        self.app.spending.purse().spent_today()
    }
}

async fn served(house: &House, clock: &Clock) -> (Arc<App>, String) {
    let text = std::fs::read_to_string(house.settings_file()).unwrap();
    let settings = config::from_text(&text).unwrap().settings;
    let app = Arc::new(App::build(settings, clock.clone()).unwrap());
    let address = program::serve(&app).await;
    (app, format!("http://{address}"))
}

#[tokio::test]
async fn what_a_reply_cost_stands_with_its_decision() {
    let shop = Shop::open(0.0, "").await;
    let decided = shop.decision().await;
    assert_eq!(decided.cost_usd_micros, USD_MICROS);
    let record: Value = serde_json::from_str(&decided.record).unwrap();
    let spent = json!({
        "n_calls": 1, "prompt_tokens": 1_000, "answer_tokens": 100, "usd_micros": USD_MICROS
    });
    assert_eq!(record["proposal"]["spent"], spent);

    let shown = shop.house.command(&["decisions", "show", &decided.id]);
    let line = "cost        $0.003500 for 1 call: 1000 tokens read, 100 written";
    assert!(shown.lines().any(|it| it == line), "{shown}");
    let shown = shop.house.command(&["decisions", "show", &decided.id, "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["decision"]["cost_usd_micros"], USD_MICROS);
    assert_eq!(shown["proposal"]["spent"], spent);
    shop.app.spending.settle().await;
    let metrics = shop.app.metrics.render();
    for name in ["circuit", "asked_total", "usd_micros_total", "usd_today"] {
        assert!(metrics.contains(&format!("deskhand_model_{name}")), "{name}: {metrics}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drafts_and_commands_cost_too_and_a_restart_forgets_nothing() {
    let mut shop = Shop::open(0.0, "").await;
    shop.writer().await;
    shop.decision().await;
    shop.app.spending.settle().await;
    assert_eq!(shop.spent_today(), 2 * USD_MICROS);
    let (_, question) = articles::question(0);
    let asked = shop.house.command(&["ask", "--brand", CONNECTION, question]);
    assert!(asked.contains("cost        $0.003500"), "{asked}");
    shop.reopen().await;
    assert_eq!(shop.spent_today(), 2 * USD_MICROS);
    // The command lives in real time.
    let today = Purse::new(0.0, Clock::System).today().to_string();
    let of_today = shop.app.store.read(move |it| spending::of(it, &today)).await.unwrap();
    assert_eq!(of_today, USD_MICROS);
}

#[tokio::test]
async fn the_days_money_is_told_of_once_and_then_drafts_need_no_model() {
    let (alarm, alerts_url) = Alarm::start().await;
    // Three replies come near it, the fourth reaches it.
    let mut shop = Shop::open(0.013, &alerts_url).await;
    for _ in 0..2 {
        assert_eq!(shop.writer().await, "counting");
    }
    assert!(alarm.levels().is_empty());
    assert_eq!(shop.writer().await, "counting");
    assert_eq!(alarm.levels(), ["near"]);
    shop.app.spending.settle().await;
    assert_eq!(alarm.levels(), ["near"], "it did not arrive, but is not tried all the time");
    shop.clock.advance(Duration::from_secs(60));
    shop.app.spending.settle().await;
    assert_eq!(alarm.levels(), ["near", "near"]);

    assert_eq!(shop.writer().await, "counting");
    assert_eq!(shop.writer().await, "extractive");
    let decided = shop.decision().await;
    // In a chat the composed reply is what was decided about.
    assert_eq!((decided.decision.as_str(), decided.cost_usd_micros), ("send", 0));
    shop.reopen().await;
    assert_eq!(shop.writer().await, "extractive", "a restart fills no purse");
    assert_eq!(shop.model.requests().len(), 4);
    assert_eq!(alarm.levels(), ["near", "near", "reached"]);

    shop.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(shop.writer().await, "counting", "a new day");
    assert_eq!(alarm.levels().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_after_a_reply_the_program_still_knows_what_the_day_cost() {
    let counted = |it: &Value| Some(Say::Counted(honest(it), 1_000, 100));
    let model = ScriptedModel::improvise(MAX_TOKENS, counted).await;
    let mut day = Day::begin(700, Plan::calm(), Manners::default()).await;
    let house = House::copy(&day.helpdesk.url);
    let key_file = house.folder().join("key");
    std::fs::write(&key_file, KEY).unwrap();
    // One reply takes all there is for a day.
    house.set(&format!(
        "[model]\nbase_url = '{}'\nname = 'counting'\napi_key = {{ file = '{}' }}\n\
         prompt_usd_per_million = 2.5\nanswer_usd_per_million = 10.0\nmax_usd_per_day = 0.0035\n",
        model.base_url,
        key_file.display()
    ));
    let mut running = house.start();
    let (subject, text) = articles::question(0);
    day.helpdesk.open("c1", subject, text);
    day.finish(&house, &mut running).await;
    assert!(day.helpdesk.desk().threads["c1"].replies().next().is_some());
    running.kill();

    let mut running = house.start();
    let metrics = running.says("/metrics").unwrap();
    assert!(metrics.lines().any(|it| it == "deskhand_model_usd_today 0.0035"), "{metrics}");
    let (subject, text) = articles::question(1);
    day.helpdesk.open("c2", subject, text);
    day.finish(&house, &mut running).await;
    let n_replies = day.helpdesk.desk().threads["c2"].replies().count();
    assert_eq!((n_replies, model.requests().len()), (0, 1), "suggested, and nobody was asked");
}

/// One standard ticket that a model answers like this: what it was charged for, and what
/// was taken out of the purse.
async fn charged(says: Vec<Say>, gives_up: bool) -> (Spent, u64) {
    let model = ScriptedModel::start(MAX_TOKENS, says).await;
    let price = Price { prompt_usd: 1.0, answer_usd: 100.0 };
    let models = vec![deskhand::llm::ModelSettings { price, ..settings(&model, 2) }];
    let purse = Arc::new(Purse::new(0.0, Clock::System));
    let time = Duration::from_millis(if gives_up { 20_000 } else { 600 });
    let budget = Budget { time, max_tokens: MAX_TOKENS };
    let generative = generative_with(models, budget, &purse, Clock::System);
    let hits = hits();
    let drafting = drafted_by(&generative, QUESTION, &hits);
    let drafted = tokio::time::timeout(Duration::from_secs(2), drafting).await;
    let spent = drafted.map_or(Spent::default(), |it| it.spent);
    (spent, purse.spent_today())
}

#[tokio::test]
async fn every_call_a_model_worked_on_is_charged_for_and_no_other() {
    let down = || Say::Status(503, "maintenance");
    let (spent, taken) = charged(vec![down(), down()], false).await;
    assert_eq!((spent, taken), (Spent::default(), 0), "turned down");

    let prose = || Say::Counted("I would rather talk.".to_owned(), 50, 2);
    let (spent, taken) = charged(vec![prose(), prose()], false).await;
    assert_eq!((spent.n_calls, spent.usd_micros, taken), (2, 500, 500), "of no use, but written");

    let (spent, _) = charged(vec![down(), good_answer()], false).await;
    assert_eq!(spent.n_calls, 1);
    assert!(300 < spent.prompt_tokens && 10 < spent.answer_tokens, "counted by us: {spent:?}");

    let (spent, taken) = charged(vec![Say::Hang], false).await;
    assert_eq!((spent.n_calls, spent.answer_tokens), (1, 0), "given up for its time");
    assert!(300 < spent.prompt_tokens && taken == spent.usd_micros, "{spent:?}");

    let (_, taken) = charged(vec![Say::Hang], true).await;
    assert!(300 < taken, "whoever asked went away: {taken}");
}
