//! An answer while a model still writes it: each item of its list as soon as it is
//! whole. One budget of time as for whole answers; another model is asked only as long
//! as none has said anything.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use serde_json::Value;
use serde_json::json;
use tokio::sync::mpsc;

use super::Allowed;
use super::Answered;
use super::Asked;
use super::Model;
use super::ModelError;
use super::Models;
use super::PAUSE;
use super::Spent;
use super::answer;
use super::breaker::Admission;
use super::cost::Bill;
use super::cost::OpenCall;
use super::count_tokens;
use super::counted::Counted;
use super::events::Lines;
use super::full;
use super::items::Items;
use super::models::Line;
use super::models::told;
use super::plain;
use super::transport;
use crate::clock::Stopwatch;
use crate::http::begun;
use crate::http::body_of;
use crate::prompt::Prompt;

/// The list whose items are told one by one.
const LIST: &str = "sentences";

/// One item of a model's list.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The model's name.
    pub by: Arc<str>,
    /// A JSON object, whole.
    pub item: Value,
}

/// How long a model may be waited for.
#[derive(Debug, Clone, Copy)]
struct Patience {
    /// Until its first item: others stand behind it.
    first: Duration,
    /// Until its end.
    whole: Duration,
}

/// One answer under way.
struct Writing<'a> {
    said: &'a mpsc::Sender<Said>,
    by: Arc<str>,
    n_said: usize,
    watch: Stopwatch,
    patience: Patience,
}

impl Models {
    /// Asks one model after the other until one begins to answer, and tells each item of
    /// its list `sentences` as soon as it is whole. Ends early, without a failure, once
    /// nobody listens.
    ///
    /// A model that fails after its first item is the last that is asked: what it said may
    /// have been read.
    pub async fn stream(&self, counted: &Counted, said: mpsc::Sender<Said>) -> Asked<()> {
        let (prompt, n_tokens) = (counted.prompt(), counted.n_tokens());
        let max_tokens = self.budget.max_tokens;
        let mut spent = Spent::default();
        if max_tokens < n_tokens {
            return Asked { answered: Err(ModelError::TooLong { n_tokens, max_tokens }), spent };
        }
        let watch = Stopwatch::start();
        let mut failures = Vec::new();
        for (idx, line) in self.lines.iter().enumerate() {
            let left = self.budget.time.saturating_sub(watch.elapsed());
            let bill = Bill::new(&self.purse, line.model.price, counted.n_asked());
            let allowed = self.allowed(idx, left, &bill);
            let mut writing = Writing {
                said: &said,
                by: line.model.name().into(),
                n_said: 0,
                watch: Stopwatch::start(),
                patience: Patience { first: allowed.within, whole: left },
            };
            let streamed = self.stream_from(line, prompt, &mut writing, allowed).await;
            spent = spent.and(bill.spent());
            line.count(streamed.as_ref().err(), bill.spent());
            match streamed {
                Ok(()) => {
                    let by = line.model.name().to_owned();
                    return Asked { answered: Ok(Answered { answer: (), by }), spent };
                }
                Err(failure) => failures.push((line, failure)),
            }
            if 0 < writing.n_said {
                break;
            }
        }
        Asked { answered: Err(told(failures)), spent }
    }

    async fn stream_from(
        &self,
        line: &Line,
        prompt: &Prompt,
        writing: &mut Writing<'_>,
        allowed: Allowed<'_>,
    ) -> Result<(), ModelError> {
        let (_place, admission, began_ms) = line.enter(allowed, &self.clock).await?;
        let allowed = Allowed { repeats: admission == Admission::Ordinary, ..allowed };
        let streamed = line.model.stream(prompt, writing, allowed).await;
        line.learn(began_ms, self.clock.now_ms(), streamed.as_ref().err());
        streamed
    }
}

impl Model {
    /// Streams once, and once more if the endpoint stumbled before it said anything.
    async fn stream(
        &self,
        prompt: &Prompt,
        writing: &mut Writing<'_>,
        allowed: Allowed<'_>,
    ) -> Result<(), ModelError> {
        let first = self.stream_once(prompt, writing, allowed.bill).await;
        let Err(ModelError::Unavailable { retry_after, .. }) = &first else { return first };
        let pause = retry_after.unwrap_or(PAUSE);
        let is_over = 0 < writing.n_said || writing.left() <= pause;
        if is_over || !allowed.repeats || allowed.max_pause < pause {
            return first;
        }
        tokio::time::sleep(pause).await;
        self.stream_once(prompt, writing, allowed.bill).await
    }

    async fn stream_once(
        &self,
        prompt: &Prompt,
        writing: &mut Writing<'_>,
        bill: &Bill<'_>,
    ) -> Result<(), ModelError> {
        let bare = streaming(plain(&self.name, prompt, &prompt.user));
        if !self.plain.load(Ordering::Relaxed) {
            let mut whole = full(&bare, prompt);
            if let Some(fields) = whole.as_object_mut() {
                fields.insert("stream_options".to_owned(), json!({"include_usage": true}));
            }
            match self.stream_post(&whole, writing, bill).await {
                Err(ModelError::Refused { status: 400 | 422, .. }) => {}
                streamed => return streamed,
            }
        }
        let streamed = self.stream_post(&bare, writing, bill).await;
        self.plain.fetch_or(streamed.is_ok(), Ordering::Relaxed);
        streamed
    }

    async fn stream_post(
        &self,
        request: &Value,
        writing: &mut Writing<'_>,
        bill: &Bill<'_>,
    ) -> Result<(), ModelError> {
        let request = self.address.chat(&self.http, request);
        let request = request.map_err(|_| transport::broken("its address makes no request"))?;
        let mut call = bill.begin();
        let response = writing.in_time(begun(&self.http, request)).await;
        let response = match response? {
            Some(Ok(response)) => response,
            Some(Err(error)) => {
                call.failed();
                return Err(transport::refusal(error));
            }
            None => return Ok(()),
        };
        let kind = response.headers().get(CONTENT_TYPE).and_then(|it| it.to_str().ok());
        if kind.is_some_and(|it| it.starts_with("application/json")) {
            return writing.whole(response, &mut call, bill).await;
        }
        writing.pieces(response, &mut call, bill).await
    }
}

fn streaming(mut request: Value) -> Value {
    if let Some(fields) = request.as_object_mut() {
        fields.insert("stream".to_owned(), json!(true));
    }
    request
}

impl Writing<'_> {
    /// What is left of its time.
    fn left(&self) -> Duration {
        let Patience { first, whole } = self.patience;
        let limit = if self.n_said == 0 { first } else { whole };
        limit.saturating_sub(self.watch.elapsed())
    }

    /// `None` if nobody listens any more.
    async fn in_time<T>(&self, work: impl Future<Output = T>) -> Result<Option<T>, ModelError> {
        tokio::select! {
            biased;
            () = self.said.closed() => Ok(None),
            done = tokio::time::timeout(self.left(), work) => match done {
                Ok(done) => Ok(Some(done)),
                Err(_) => Err(ModelError::TooSlow { after: self.watch.elapsed() }),
            },
        }
    }

    /// Reads a stream to its end, or until nobody listens.
    async fn pieces(
        &mut self,
        mut response: reqwest::Response,
        call: &mut OpenCall<'_>,
        bill: &Bill<'_>,
    ) -> Result<(), ModelError> {
        let (mut lines, mut items) = (Lines::default(), Items::of(LIST));
        let (mut n_bytes, mut n_tokens, mut usage) = (0, 0, None);
        let mut is_over = false;
        while !is_over {
            let Some(chunk) = self.in_time(response.chunk()).await? else { return Ok(()) };
            let chunk = chunk.map_err(|err| transport::refusal(err.into()))?;
            n_bytes += chunk.as_ref().map_or(0, |it| it.len());
            if transport::MAX_BODY_BYTES < n_bytes {
                return Err(ModelError::Unusable { why: "it is too long" });
            }
            let data = match &chunk {
                Some(bytes) => lines.push(bytes),
                None => lines.end().into_iter().collect(),
            };
            is_over = chunk.is_none();
            for event in data {
                let piece = Piece::of(&event)?;
                is_over |= piece.is_last;
                n_tokens += count_tokens(&piece.text);
                usage = piece.usage.or(usage);
                call.so_far(usage.unwrap_or_else(|| bill.of_answer(n_tokens)));
                if !self.tell(items.push(&piece.text)).await {
                    return Ok(());
                }
                let cut = piece.cut.filter(|_| !items.is_done());
                if let Some(why) = items.failure().or(cut) {
                    return Err(ModelError::Unusable { why });
                }
            }
        }
        let rest = items.end().map_err(|why| ModelError::Unusable { why })?;
        self.tell(rest).await;
        Ok(())
    }

    /// Reads an answer of an endpoint that does not stream.
    async fn whole(
        &mut self,
        response: reqwest::Response,
        call: &mut OpenCall<'_>,
        bill: &Bill<'_>,
    ) -> Result<(), ModelError> {
        let body = self.in_time(body_of(response, transport::MAX_BODY_BYTES)).await?;
        let Some(body) = body else { return Ok(()) };
        let body = body.map_err(transport::refusal)?;
        let response: Value = serde_json::from_slice(&body)
            .map_err(|_| transport::broken("its endpoint did not answer in JSON"))?;
        let text = answer::text(&response)?;
        let estimated = || bill.of_answer(count_tokens(&text));
        call.so_far(answer::usage(&response).unwrap_or_else(estimated));
        let mut items = Items::of(LIST);
        let said = items.push(&text);
        let rest = items.end();
        self.tell(said).await;
        self.tell(rest.map_err(|why| ModelError::Unusable { why })?).await;
        Ok(())
    }

    /// False if nobody listens.
    async fn tell(&mut self, items: Vec<Value>) -> bool {
        for item in items {
            let said = Said { by: Arc::clone(&self.by), item };
            if self.said.send(said).await.is_err() {
                return false;
            }
            self.n_said += 1;
        }
        true
    }
}

/// What one event of a stream says.
#[derive(Debug, Default)]
struct Piece {
    text: String,
    usage: Option<super::Tokens>,
    /// Why the answer ends before its end.
    cut: Option<&'static str>,
    is_last: bool,
}

impl Piece {
    fn of(event: &str) -> Result<Piece, ModelError> {
        if event.trim() == "[DONE]" {
            return Ok(Piece { is_last: true, ..Piece::default() });
        }
        let event: Value = serde_json::from_str(event)
            .map_err(|_| transport::broken("its endpoint did not stream JSON"))?;
        if event.get("error").is_some_and(|it| !it.is_null()) {
            return Err(transport::broken("its endpoint told of an error within the answer"));
        }
        let choice = event.pointer("/choices/0").unwrap_or(&Value::Null);
        let text = match choice.pointer("/delta/content") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(parts)) => {
                parts.iter().filter_map(|it| it.get("text")?.as_str()).collect()
            }
            Some(_) | None => String::new(),
        };
        let cut = match choice.get("finish_reason").and_then(Value::as_str) {
            Some("length") => Some("it was cut off at max_tokens"),
            Some("content_filter") => Some("the endpoint's filter held it back"),
            Some(_) | None => None,
        };
        Ok(Piece { text, usage: answer::usage(&event), cut, is_last: false })
    }
}
