//! A chat whose replies a model words while the customer reads: what is told is quotes
//! that may be told, written down before, and ends in time whatever the model does.

mod failing;
mod keeping;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use deskhand::act::Record;
use deskhand::app::App;
use deskhand::clock::Clock;
use deskhand::config;
use deskhand::store::decisions;
use deskhand::store::decisions::Decided;
use deskhand::store::outbox;
use futures_util::StreamExt as _;
use reqwest::StatusCode;
use serde_json::Value;
use serde_json::json;
use tokio::sync::Semaphore;

use crate::generative::MAX_TOKENS;
use crate::support::model::KEY;
use crate::support::model::Say;
use crate::support::model::ScriptedModel;
use crate::support::model::Step;
use crate::support::program;
use crate::support::program::House;
use crate::support::sender::CONNECTION;

const PAGE: &str = "page-token-0123456789abc";

/// What customers ask here.
const QUESTION: &str = "How do I calibrate the barometer of the weather station?";

/// The only article that answers it, in parts.
const LEAD: &str = "You can calibrate the barometer of the weather station at any time.";
const SECOND: &str = "Calibrate the barometer again after you move the station.";
const ANNOUNCES: &str = "To calibrate the barometer of the weather station:";
const STEPS: [&str; 3] = [
    "Open the panel below the display.",
    "Hold the blue button for six seconds.",
    "Enter the pressure of the nearest airport.",
];
/// A statement that stands in no article.
const LIE: &str = "Calibration is free of charge on Sundays.";

/// A running service with a model, for one page.
struct Chat {
    app: Arc<App>,
    address: SocketAddr,
    client: reqwest::Client,
    model: ScriptedModel,
    house: House,
}

impl Chat {
    /// With a model that answers each request with the next of `says`.
    async fn start(says: Vec<Say>) -> Chat {
        Chat::start_with(ScriptedModel::start(MAX_TOKENS, says).await, "").await
    }

    async fn start_with(model: ScriptedModel, extra: &str) -> Chat {
        Chat::start_at(Clock::System, model, extra).await
    }

    async fn start_at(clock: Clock, model: ScriptedModel, extra: &str) -> Chat {
        let house = furnish(&model, extra);
        let text = std::fs::read_to_string(house.settings_file()).unwrap();
        let settings = config::from_text(&text).unwrap().settings;
        let app = Arc::new(App::build(settings, clock).unwrap());
        let address = program::serve(&app).await;
        let client = deskhand::http::client(Duration::from_secs(60)).unwrap();
        Chat { app, address, client, model, house }
    }

    /// Asks, and reads while the reply is told.
    async fn ask(&self, body: &Value) -> Reading {
        Reading::begin(&self.client, self.address, body).await
    }

    /// Asks and reads to the end.
    async fn told(&self, body: &Value) -> Vec<Value> {
        self.ask(body).await.rest().await
    }

    /// What is written down about a decision: its row, its record, its reply.
    async fn kept(&self, id: &str) -> (Decided, Record, Option<String>) {
        let id = id.to_owned();
        let (decided, writes) = self
            .app
            .store
            .read(move |it| Ok((decisions::find(it, &id)?, outbox::of_decision(it, &id)?)))
            .await
            .unwrap();
        let decided = decided.unwrap();
        let record = serde_json::from_str(&decided.record).unwrap();
        (decided, record, writes.first().map(|it| text_of(&it.action)))
    }
}

/// A house whose help center knows about barometers, with this model and a page.
fn furnish(model: &ScriptedModel, extra: &str) -> House {
    let house = House::copy("http://127.0.0.1:9");
    let steps: Vec<String> = (1..).zip(STEPS).map(|(n, it)| format!("{n}. {it}")).collect();
    let body = format!("{LEAD} {SECOND}\n\n{ANNOUNCES}\n\n{}", steps.join("\n"));
    let article = json!({"id": "b1", "title": "Calibrate the barometer", "body": body,
        "url": "https://help.acme.test/barometer"});
    std::fs::write(house.folder().join("barometer.jsonl"), article.to_string()).unwrap();
    house.command(&["ingest", "--brand", CONNECTION, "barometer.jsonl"]);
    for (file, secret) in [("page", PAGE), ("key", KEY)] {
        std::fs::write(house.folder().join(file), secret).unwrap();
    }
    let folder = house.folder().display();
    let (model_extra, extra) = match extra.strip_prefix("model.") {
        Some(of_model) => (of_model, ""),
        None => ("", extra),
    };
    house.set(&format!(
        "answer.grounded_from = 0.9\napi.requests_per_minute = 100000\n\
         api.customer_requests_per_minute = 100000\n{extra}\n\
         [model]\n{model_extra}\nbase_url = '{}'\nname = 'scripted'\n\
         prompt_usd_per_million = 1.0\nanswer_usd_per_million = 2.0\n\
         api_key = {{ file = '{folder}/key' }}\n\
         [api.callers.page]\ntoken = {{ file = '{folder}/page' }}\nmay = ['chat']\n\
         brand = '{CONNECTION}'\nmode = 'autopilot'\n",
        model.base_url
    ));
    house
}

fn text_of(action: &str) -> String {
    let action: Value = serde_json::from_str(action).unwrap();
    fn text(value: &Value) -> Option<&str> {
        match value {
            Value::Object(fields) => {
                let own = fields.get("text").and_then(Value::as_str);
                own.or_else(|| fields.values().find_map(text))
            }
            _ => None,
        }
    }
    text(&action).unwrap().to_owned()
}

/// A page that reads events as they come.
struct Reading {
    bytes: futures_util::stream::BoxStream<'static, reqwest::Result<bytes::Bytes>>,
    buffer: String,
    told: Vec<Value>,
}

impl Reading {
    async fn begin(client: &reqwest::Client, address: SocketAddr, body: &Value) -> Reading {
        let request = client.post(format!("http://{address}/v1/chat")).json(body);
        let response = request.bearer_auth(PAGE).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let bytes = response.bytes_stream().boxed();
        Reading { bytes, buffer: String::new(), told: Vec::new() }
    }

    /// The next event; `None` at the end, or where the connection breaks.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.buffer.split_once("\n\n") {
                let data = event.lines().find_map(|it| it.strip_prefix("data: "));
                let event: Option<Value> = data.map(|it| serde_json::from_str(it).unwrap());
                self.buffer = rest.to_owned();
                if let Some(event) = event {
                    self.told.push(event.clone());
                    return Some(event);
                }
                continue;
            }
            let bytes = self.bytes.next().await?.ok()?;
            self.buffer.push_str(std::str::from_utf8(&bytes).unwrap());
        }
    }

    /// Reads on to a sentence of an article.
    async fn next_quote(&mut self) -> String {
        while let Some(event) = self.next().await {
            if event["cites"].as_array().is_some_and(|it| !it.is_empty()) {
                return event["text"].as_str().unwrap().to_owned();
            }
        }
        panic!("no quote in {:?}", self.told);
    }

    /// Everything that was told, read to the end.
    async fn rest(mut self) -> Vec<Value> {
        while self.next().await.is_some() {}
        self.told
    }
}

fn asks(text: &str) -> Value {
    json!({"conversation": "visit-7", "messages": [{"from": "customer", "text": text}]})
}

fn sentence(text: &str, layout: &str) -> Value {
    json!({"cites": [1], "layout": layout, "text": text})
}

/// A model's whole answer, of paragraphs.
fn answer(texts: &[&str]) -> String {
    let sentences: Vec<Value> = texts.iter().map(|it| sentence(it, "paragraph")).collect();
    json!({ "sentences": sentences }).to_string()
}

/// A model's answer in two parts: up to the end of its nth sentence, and what follows.
fn cut_behind(answer: &str, n: usize) -> (String, String) {
    let end = answer.match_indices('}').nth(n - 1).unwrap().0 + 1;
    (answer[..end].to_owned(), answer[end..].to_owned())
}

/// A model that writes the first n sentences and waits at a gate before the rest.
fn gated(answer: &str, n: usize) -> (Say, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let (first, rest) = cut_behind(answer, n);
    let steps = vec![Step::Write(first), Step::Wait(Arc::clone(&gate)), Step::Write(rest)];
    (Say::Piecewise(steps), gate)
}

/// What a customer reads of the articles.
fn quotes(events: &[Value]) -> Vec<&str> {
    let is_quote = |it: &&Value| it["cites"].as_array().is_some_and(|it| !it.is_empty());
    events.iter().filter(is_quote).map(|it| it["text"].as_str().unwrap()).collect()
}

/// The names of events, in order, each run once.
fn names(events: &[Value]) -> Vec<&str> {
    let mut names: Vec<&str> = events.iter().map(|it| it["event"].as_str().unwrap()).collect();
    names.dedup();
    names
}

#[tokio::test]
async fn a_quote_is_told_while_the_model_still_writes() {
    let (say, gate) = gated(&answer(&[LEAD, SECOND]), 1);
    let chat = Chat::start(vec![say]).await;
    let mut reading = chat.ask(&asks(QUESTION)).await;
    // The model goes on only when this was read.
    assert_eq!(reading.next_quote().await, LEAD);
    gate.add_permits(1);
    let events = reading.rest().await;
    assert_eq!(quotes(&events), [LEAD, SECOND]);
    assert_eq!(names(&events), ["sentence", "sources", "done"]);
    assert_eq!(events[events.len() - 2]["sources"][0]["url"], "https://help.acme.test/barometer");
    let done = events.last().unwrap();
    assert_eq!(done["answered"], true);
    let (decided, record, reply) = chat.kept(done["id"].as_str().unwrap()).await;
    assert_eq!((decided.decision.as_str(), decided.outcome.as_str()), ("send", "sent"));
    let proposal = &record.proposal;
    let texts: Vec<&str> = proposal.draft.sentences.iter().map(|it| it.text.as_str()).collect();
    let told: Vec<&str> = events.iter().filter_map(|it| it["text"].as_str()).collect();
    assert_eq!(texts, told);
    let reply = reply.unwrap();
    assert!(told.iter().all(|it| reply.contains(it)), "{reply}");
    assert!(
        0 < proposal.spent.answer_tokens && 0 < decided.cost_usd_micros,
        "{:?}",
        proposal.spent
    );
    assert!(proposal.versions.prompt.ends_with("streamed"), "{:?}", proposal.versions);
    assert_eq!(chat.model.single_request()["stream"], true);
}

#[tokio::test]
async fn what_no_article_says_is_dropped_and_the_rest_is_told() {
    let worded = "The barometer of the station is easily calibrated at any time you like.";
    let said = answer(&[LEAD, worded, SECOND, LIE]);
    let chat = Chat::start(vec![Say::Text(said)]).await;
    let events = chat.told(&asks(QUESTION)).await;
    assert_eq!(quotes(&events)[..2], [LEAD, SECOND]);
    assert!(!format!("{events:?}").contains(LIE));
    assert!(!format!("{events:?}").contains("easily"));
}

#[tokio::test]
async fn where_most_of_it_may_not_be_told_the_composed_reply_is_told_to_its_end() {
    let chat = Chat::start(vec![Say::Text(answer(&[SECOND, LIE, LIE]))]).await;
    let events = chat.told(&asks(QUESTION)).await;
    let quotes = quotes(&events);
    assert_eq!(quotes[0], SECOND);
    assert!(quotes.contains(&LEAD) || quotes.contains(&STEPS[0]), "{quotes:?}");
    assert_eq!(quotes.iter().filter(|it| **it == SECOND).count(), 1, "told twice: {quotes:?}");
    assert_eq!(events.last().unwrap()["answered"], true);
}

#[tokio::test]
async fn a_procedure_is_told_whole_or_not_at_all() {
    let list = |last: &str| {
        let mut all = vec![sentence(LEAD, "paragraph"), sentence(ANNOUNCES, "paragraph")];
        all.extend(STEPS[..2].iter().map(|it| sentence(it, "step")));
        all.push(sentence(last, "step"));
        all.push(sentence(SECOND, "paragraph"));
        json!({ "sentences": all }).to_string()
    };
    let (whole, gate) = gated(&list(STEPS[2]), 4);
    let chat = Chat::start(vec![whole, Say::Text(list("Enter the pressure of any town."))]).await;
    let mut reading = chat.ask(&asks(QUESTION)).await;
    assert_eq!(reading.next_quote().await, LEAD);
    gate.add_permits(1);
    let events = reading.rest().await;
    let all = [vec![LEAD, ANNOUNCES], STEPS.to_vec(), vec![SECOND]].concat();
    assert_eq!(quotes(&events), all);
    let torn =
        json!({"conversation": "visit-8", "messages": [{"from": "customer", "text": QUESTION}]});
    let events = chat.told(&torn).await;
    assert!(!format!("{events:?}").contains("any town"));
    // What was dropped is told as the article has it, whole, or not at all.
    let told = quotes(&events);
    let n_steps = STEPS.iter().filter(|it| told.contains(*it)).count();
    assert!(n_steps == 0 || n_steps == STEPS.len(), "a procedure with a hole: {told:?}");
}

#[tokio::test]
async fn a_model_that_finds_no_answer_is_believed() {
    let chat = Chat::start(vec![Say::Text("{\"sentences\": []}".to_owned())]).await;
    let events = chat.told(&asks(QUESTION)).await;
    assert_eq!(names(&events), ["handoff", "done"]);
    assert_eq!(events[0]["reason"], "nothing_found");
}

#[tokio::test]
async fn where_nothing_may_be_said_no_model_is_asked() {
    let chat = Chat::start(Vec::new()).await;
    for text in ["I want to talk to a human being", "Xyzzy plugh frobnicate?"] {
        let events = chat.told(&asks(text)).await;
        assert_eq!(names(&events), ["handoff", "done"], "{text}");
    }
    assert!(chat.model.requests().is_empty());
}

#[tokio::test]
async fn without_a_certificate_nothing_is_told_and_the_draft_is_kept_for_people() {
    let model = ScriptedModel::start(MAX_TOKENS, vec![Say::Text(answer(&[LEAD, SECOND]))]).await;
    let chat = Chat::start_with(model, "answer.threshold = 'certified'").await;
    let events = chat.told(&asks(QUESTION)).await;
    assert_eq!(names(&events), ["handoff", "done"], "{events:?}");
    assert_eq!(events[0]["reason"], "not_sure");
    let (decided, record, reply) = chat.kept(events[1]["id"].as_str().unwrap()).await;
    assert_eq!(decided.decision, "suggest");
    assert_eq!(reply, None);
    let draft = &record.proposal.draft;
    assert!(draft.sentences.iter().any(|it| it.text == SECOND), "{draft:?}");
    assert!(record.proposal.versions.prompt.ends_with("streamed"));
}
