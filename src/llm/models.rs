//! The models that can be asked, in order: the next one where one does not answer,
//! all of them within the one time a ticket has. A model that stays silent is left
//! alone for a while ([`Breaker`]).

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::sync::SemaphorePermit;

use super::Allowed;
use super::Model;
use super::ModelError;
use super::ModelSettings;
use super::PAUSE;
use super::Purse;
use super::Spent;
use super::breaker::Admission;
use super::breaker::Breaker;
use super::breaker::Circuit;
use super::cost::Bill;
use super::counted::Counted;
use crate::clock::Clock;
use crate::clock::Stopwatch;
use crate::prompt::Prompt;

/// What a ticket may use of models, however many are asked.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// For everything: waiting for a place, every try, every pause between.
    pub time: Duration,
    /// Prompt and answer together.
    pub max_tokens: usize,
}

impl Budget {
    /// For the HTTP client calls are made with: it must not be the first to end one. What
    /// runs out of `time` is told from what breaks off.
    pub fn client_timeout(&self) -> Duration {
        self.time.saturating_mul(2)
    }
}

/// An answer, and the name of the model that gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered<T> {
    pub answer: T,
    pub by: String,
}

/// What came of asking, and what it cost, which it does without an answer too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<T> {
    /// # Errors
    /// Without a usable answer in time: of the only model its failure, of several the
    /// failure of each.
    pub answered: Result<Answered<T>, ModelError>,
    pub spent: Spent,
}

/// Models in the order in which they are asked.
#[derive(Debug)]
pub struct Models {
    pub(super) lines: Vec<Line>,
    pub(super) budget: Budget,
    pub(super) purse: Arc<Purse>,
    pub(super) clock: Clock,
}

/// One model with what stands before it: places, and a circuit.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) model: Model,
    /// From 1, as metrics name it.
    place: String,
    places: Semaphore,
    breaker: Mutex<Breaker>,
}

impl Models {
    /// Models as the settings have them, the preferred one first, called with a client that
    /// has [`Budget::client_timeout`]. Calls nobody yet.
    ///
    /// # Errors
    /// If an address or a key cannot be used in a request.
    pub fn new(
        settings: Vec<ModelSettings>,
        budget: Budget,
        client: &reqwest::Client,
        purse: Arc<Purse>,
        clock: Clock,
    ) -> Result<Models, ModelError> {
        let lines = settings.into_iter().zip(1..).map(|(settings, place): (_, usize)| {
            let places = Semaphore::new(settings.concurrency.max(1));
            let model = Model::new(settings, client.clone())?;
            let line = Line { model, place: place.to_string(), places, breaker: Mutex::default() };
            line.show(Circuit::Closed);
            Ok(line)
        });
        Ok(Models { lines: lines.collect::<Result<_, ModelError>>()?, budget, purse, clock })
    }

    /// Prompt and answer together, at most.
    pub fn max_tokens(&self) -> usize {
        self.budget.max_tokens
    }

    /// Asks one model after the other until one gives an answer that `read` can use.
    /// `read` gets a JSON object and says in our own words what is wrong with it.
    ///
    /// Each model has an even share of the time that is left, among those that may be
    /// asked now; what one does not use is the next one's.
    pub async fn ask<T>(
        &self,
        counted: &Counted,
        read: impl Fn(Value) -> Result<T, &'static str>,
    ) -> Asked<T> {
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
            let asked = line.ask(prompt, &read, allowed, &self.clock).await;
            spent = spent.and(bill.spent());
            line.count(asked.as_ref().err(), bill.spent());
            match asked {
                Ok(answer) => {
                    let by = line.model.name().to_owned();
                    if !failures.is_empty() {
                        tracing::info!(by, failure = %told(failures), "another model answered");
                    }
                    return Asked { answered: Ok(Answered { answer, by }), spent };
                }
                Err(failure) => failures.push((line, failure)),
            }
        }
        Asked { answered: Err(told(failures)), spent }
    }

    /// What the model at a place may take of the time that is left: an even share of it.
    pub(super) fn allowed<'a>(
        &self,
        idx: usize,
        left: Duration,
        bill: &'a Bill<'a>,
    ) -> Allowed<'a> {
        let n_further = self.n_admitted(idx + 1);
        Allowed {
            within: left / u32::try_from(n_further + 1).unwrap_or(u32::MAX),
            // Whoever has nobody behind it may be waited for.
            max_pause: if n_further == 0 { left / 2 } else { PAUSE },
            repeats: true,
            bill,
        }
    }

    /// Models from this place on that may be asked now.
    fn n_admitted(&self, from_idx: usize) -> usize {
        let now_ms = self.clock.now_ms();
        let lines = self.lines.iter().skip(from_idx);
        lines.filter(|it| it.breaker().admits(now_ms)).count()
    }
}

impl Line {
    async fn ask<T>(
        &self,
        prompt: &Prompt,
        read: &impl Fn(Value) -> Result<T, &'static str>,
        allowed: Allowed<'_>,
        clock: &Clock,
    ) -> Result<T, ModelError> {
        let watch = Stopwatch::start();
        let (_place, admission, began_ms) = self.enter(allowed, clock).await?;
        let within = allowed.within.saturating_sub(watch.elapsed());
        let repeats = admission == Admission::Ordinary;
        let allowed = Allowed { within, repeats, ..allowed };
        let answer = self.model.ask(prompt, read, allowed).await;
        self.learn(began_ms, clock.now_ms(), answer.as_ref().err());
        answer
    }

    /// A place before the model, how its circuit lets this call in, and when.
    pub(super) async fn enter(
        &self,
        allowed: Allowed<'_>,
        clock: &Clock,
    ) -> Result<(SemaphorePermit<'_>, Admission, i64), ModelError> {
        if allowed.bill.is_out_of_money() {
            return Err(ModelError::Spent);
        }
        if !self.breaker().admits(clock.now_ms()) {
            return Err(ModelError::LeftAlone);
        }
        // A queue says nothing of the model behind it, and a call that begins too late
        // to be answered would say something wrong.
        let place = tokio::time::timeout(allowed.within / 2, self.places.acquire()).await;
        let place = place.map_err(|_| ModelError::Crowded)?.map_err(|_| ModelError::Crowded)?;
        let began_ms = clock.now_ms();
        // It may have fallen silent while others stood before us.
        let admission = self.breaker().admit(began_ms).ok_or(ModelError::LeftAlone)?;
        if admission == Admission::Probe {
            self.show(Circuit::HalfOpen);
        }
        Ok((place, admission, began_ms))
    }

    /// Takes what came of a call into the circuit.
    pub(super) fn learn(&self, began_ms: i64, now_ms: i64, failure: Option<&ModelError>) {
        let (before, after) = {
            let mut breaker = self.breaker();
            let before = breaker.circuit();
            match failure {
                Some(failure) if failure.is_outage() => breaker.failed(began_ms, now_ms),
                Some(_) | None => breaker.answered(now_ms),
            }
            (before, breaker.circuit())
        };
        if before == after {
            return;
        }
        self.show(after);
        let model = self.model.name();
        match (before, after) {
            (Circuit::Closed, _) => {
                tracing::warn!(
                    model,
                    "the model does not answer; it is left alone but for a try every 10 s"
                );
            }
            (_, Circuit::Closed) => tracing::info!(model, "the model answers again"),
            (_, _) => {}
        }
    }

    fn breaker(&self) -> MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(|it| it.into_inner())
    }

    pub(super) fn show(&self, circuit: Circuit) {
        let state = match circuit {
            Circuit::Closed => 0.0,
            Circuit::HalfOpen => 1.0,
            Circuit::Open => 2.0,
        };
        let (place, model) = (self.place.clone(), self.model.name().to_owned());
        metrics::gauge!("deskhand_model_circuit", "place" => place, "model" => model).set(state);
    }

    pub(super) fn count(&self, failure: Option<&ModelError>, spent: Spent) {
        let result = failure.map_or("answered", ModelError::word);
        let (place, model) = (self.place.clone(), self.model.name().to_owned());
        metrics::counter!(
            "deskhand_model_usd_micros_total",
            "place" => place.clone(), "model" => model.clone()
        )
        .increment(spent.usd_micros);
        metrics::counter!(
            "deskhand_model_asked_total",
            "place" => place, "model" => model, "result" => result
        )
        .increment(1);
    }
}

/// One failure for all of them.
pub(super) fn told(mut failures: Vec<(&Line, ModelError)>) -> ModelError {
    if failures.len() == 1
        && let Some((_, failure)) = failures.pop()
    {
        return failure;
    }
    let each: Vec<String> =
        failures.iter().map(|(line, it)| format!("{}: {it}", line.model.name())).collect();
    ModelError::NoneAnswered(each.join("; "))
}
