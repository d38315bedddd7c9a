//! Calls to language models behind OpenAI-compatible endpoints: one budget of
//! tokens and one of time for a ticket, a second try where it can help, the next
//! model where it cannot, an answer that is read with care. Nothing of a prompt or
//! an answer is logged.

mod address;
pub mod answer;
pub mod breaker;
mod cost;
mod counted;
pub mod events;
pub mod items;
mod models;
mod purse;
mod stream;
mod transport;

pub use self::address::Address;
pub use self::address::AddressError;
pub use self::cost::Price;
pub use self::cost::Spent;
pub use self::cost::Tokens;
pub use self::counted::Counted;
pub use self::models::Answered;
pub use self::models::Asked;
pub use self::models::Budget;
pub use self::models::Models;
pub use self::purse::Level;
pub use self::purse::Purse;
pub use self::stream::Said;

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_openai::Client;
use async_openai::error::OpenAIError;
use secrecy::SecretString;
use serde_json::Value;
use serde_json::json;
use url::Url;

use self::cost::Bill;
use crate::prompt::Prompt;

/// What one message costs besides its text. Specified for OpenAI's chat format
/// (three a message, three to open the answer); other models are close.
const MESSAGE_TOKENS: usize = 3;

/// The pause before a second try where the endpoint does not name one. Guessed:
/// long enough for a load balancer to pick another node.
const PAUSE: Duration = Duration::from_millis(250);

/// Where a model is.
#[derive(Debug, Clone)]
pub struct ModelSettings {
    /// With or without `/v1`.
    pub base_url: Url,
    pub name: String,
    /// `None` for endpoints that ask for none.
    pub api_key: Option<SecretString>,
    /// Calls at the same time.
    pub concurrency: usize,
    /// 0 for a model that costs nothing, or nobody knows what.
    pub price: Price,
}

/// A model that gave no answer. Holds no text of prompts or answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// Another time may do: down, overloaded, unreachable.
    #[error("the model is unavailable: {what}")]
    Unavailable { what: String, retry_after: Option<Duration> },
    #[error("the model gave no answer in {:.1} s; raise model.timeout_s or take a faster model", .after.as_secs_f32())]
    TooSlow { after: Duration },
    /// Nobody was asked: others stood before it for half of its time.
    #[error("too many calls wait for the model; raise model.concurrency if it can take more")]
    Crowded,
    /// Nobody was asked: calls before failed, and it is not yet time to try again.
    #[error("the model did not answer lately and is left alone for some seconds")]
    LeftAlone,
    /// Nobody was asked: the day's money is spent.
    #[error("models may cost no more today (model.max_usd_per_day, from midnight to midnight UTC)")]
    Spent,
    /// The endpoint does not want this call, and will not the next time.
    #[error("the model's endpoint refused the call with status {status}; {advice}")]
    Refused { status: u16, advice: &'static str },
    /// It answered, and not in a form that can be used.
    #[error("the model's answer cannot be used: {why}")]
    Unusable { why: &'static str },
    #[error(
        "the prompt and its answer need {n_tokens} tokens, model.max_tokens allows {max_tokens}"
    )]
    TooLong { n_tokens: usize, max_tokens: usize },
    /// Of several models; each with its failure.
    #[error("no model gave an answer ({0})")]
    NoneAnswered(String),
    /// Found at start.
    #[error("the model {model} cannot be called: {why}")]
    Misconfigured { model: String, why: &'static str },
}

impl ModelError {
    /// True if it says something about the model, and not only about this ticket: what
    /// one customer writes must not keep the model from others.
    fn is_outage(&self) -> bool {
        match self {
            ModelError::Unavailable { .. } | ModelError::TooSlow { .. } => true,
            ModelError::Refused { status, .. } => matches!(status, 300..=399 | 401..=405),
            ModelError::Unusable { .. }
            | ModelError::Crowded
            | ModelError::LeftAlone
            | ModelError::Spent
            | ModelError::TooLong { .. }
            | ModelError::NoneAnswered(_)
            | ModelError::Misconfigured { .. } => false,
        }
    }

    /// One word, for metrics.
    fn word(&self) -> &'static str {
        match self {
            ModelError::Unavailable { .. } => "unavailable",
            ModelError::TooSlow { .. } => "too_slow",
            ModelError::Crowded => "crowded",
            ModelError::LeftAlone => "left_alone",
            ModelError::Spent => "spent",
            ModelError::Refused { .. } => "refused",
            ModelError::Unusable { .. } => "unusable",
            ModelError::TooLong { .. } => "too_long",
            ModelError::NoneAnswered(_) => "none_answered",
            ModelError::Misconfigured { .. } => "misconfigured",
        }
    }
}

/// What one call may take.
#[derive(Debug, Clone, Copy)]
struct Allowed<'a> {
    /// Both tries and the pause between.
    within: Duration,
    /// A longer pause is not waited for.
    max_pause: Duration,
    /// False if one try is all.
    repeats: bool,
    /// What it costs goes here.
    bill: &'a Bill<'a>,
}

/// A model that can be asked.
struct Model {
    client: Client<Address>,
    /// The same place and the same connections, for what is read while it is written.
    address: Address,
    http: reqwest::Client,
    name: String,
    price: Price,
    /// True once the endpoint turned out to know only the plainest request.
    plain: AtomicBool,
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Model {
    /// A model as the settings say. Calls nobody yet.
    ///
    /// # Errors
    /// If the address or the key cannot be used in a request.
    fn new(settings: ModelSettings, client: reqwest::Client) -> Result<Model, ModelError> {
        let address = Address::new(&settings.base_url, settings.api_key).map_err(|error| {
            let why = match error {
                AddressError::NotHttp => "its base_url must be an http(s) address",
                AddressError::BadKey => "its api_key has characters no header may have",
            };
            ModelError::Misconfigured { model: settings.name.clone(), why }
        })?;
        // The tables take a moment to unpack: now rather than in the first ticket.
        count_tokens("");
        let sender = client.clone();
        let service = tower::service_fn(move |request| transport::send(sender.clone(), request));
        Ok(Model {
            address: address.clone(),
            http: client.clone(),
            client: Client::build(client, address).with_http_service(service),
            name: settings.name,
            price: settings.price,
            plain: AtomicBool::new(false),
        })
    }

    /// As the endpoint calls it.
    fn name(&self) -> &str {
        &self.name
    }

    /// Asks once, and once more if the endpoint stumbled or `read` could not use
    /// the answer.
    ///
    /// # Errors
    /// If there is no usable answer in time. See [`ModelError`].
    async fn ask<T>(
        &self,
        prompt: &Prompt,
        read: &impl Fn(Value) -> Result<T, &'static str>,
        allowed: Allowed<'_>,
    ) -> Result<T, ModelError> {
        let call = self.ask_twice(prompt, read, allowed);
        let answer = tokio::time::timeout(allowed.within, call).await;
        answer.unwrap_or(Err(ModelError::TooSlow { after: allowed.within }))
    }

    async fn ask_twice<T>(
        &self,
        prompt: &Prompt,
        read: &impl Fn(Value) -> Result<T, &'static str>,
        allowed: Allowed<'_>,
    ) -> Result<T, ModelError> {
        let first = match self.ask_once(prompt, &prompt.user, read, allowed.bill).await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        let user = match first {
            ModelError::Unavailable { retry_after, .. } => {
                let pause = retry_after.unwrap_or(PAUSE);
                if !allowed.repeats || allowed.max_pause < pause {
                    return Err(first);
                }
                tokio::time::sleep(pause).await;
                prompt.user.clone()
            }
            // Whoever answers is there, so that this is no further try of one that is not.
            ModelError::Unusable { why } => {
                format!(
                    "{}\n\nYour last answer could not be used: {why}. Answer again, with one \
                     JSON object of the form above and nothing else.",
                    prompt.user
                )
            }
            ModelError::TooSlow { .. }
            | ModelError::Crowded
            | ModelError::LeftAlone
            | ModelError::Spent
            | ModelError::Refused { .. }
            | ModelError::TooLong { .. }
            | ModelError::NoneAnswered(_)
            | ModelError::Misconfigured { .. } => return Err(first),
        };
        self.ask_once(prompt, &user, read, allowed.bill).await
    }

    async fn ask_once<T>(
        &self,
        prompt: &Prompt,
        user: &str,
        read: &impl Fn(Value) -> Result<T, &'static str>,
        bill: &Bill<'_>,
    ) -> Result<T, ModelError> {
        let response = self.send(prompt, user, bill).await?;
        let text = answer::text(&response)?;
        let object =
            answer::object(&text).ok_or(ModelError::Unusable { why: "it is not a JSON object" })?;
        read(object).map_err(|why| ModelError::Unusable { why })
    }

    /// Sends the full request, or the plain one to an endpoint that refuses what
    /// compatible servers often lack: schemas, a temperature, `max_tokens`.
    async fn send(
        &self,
        prompt: &Prompt,
        user: &str,
        bill: &Bill<'_>,
    ) -> Result<Value, ModelError> {
        let plain = plain(&self.name, prompt, user);
        if !self.plain.load(Ordering::Relaxed) {
            match self.post(full(&plain, prompt), bill).await {
                Err(ModelError::Refused { status: 400 | 422, .. }) => {}
                answered => return answered,
            }
        }
        let response = self.post(plain, bill).await?;
        self.plain.store(true, Ordering::Relaxed);
        Ok(response)
    }

    async fn post(&self, request: Value, bill: &Bill<'_>) -> Result<Value, ModelError> {
        let call = bill.begin();
        let answered: Result<Value, OpenAIError> = self.client.chat().create_byot(request).await;
        match answered {
            Ok(response) => {
                let estimated = || {
                    let text = answer::text(&response).unwrap_or_default();
                    bill.of_answer(count_tokens(&text))
                };
                call.answered(answer::usage(&response).unwrap_or_else(estimated));
                Ok(response)
            }
            Err(error) => {
                call.failed();
                Err(transport::failure(error))
            }
        }
    }
}

/// What every compatible endpoint understands.
fn plain(model: &str, prompt: &Prompt, user: &str) -> Value {
    json!({
        "model": model,
        "stream": false,
        "messages": [
            {"role": "system", "content": prompt.system},
            {"role": "user", "content": user},
        ],
    })
}

fn full(plain: &Value, prompt: &Prompt) -> Value {
    let mut request = plain.clone();
    if let Some(fields) = request.as_object_mut() {
        let settings = &prompt.settings;
        fields.insert("temperature".to_owned(), json!(settings.temperature));
        fields.insert("max_tokens".to_owned(), json!(settings.max_tokens));
        let schema = json!({"name": prompt.name, "strict": true, "schema": settings.schema});
        let format = json!({"type": "json_schema", "json_schema": schema});
        fields.insert("response_format".to_owned(), format);
    }
    request
}

/// Tokens of a text as one vocabulary of OpenAI's counts them; an estimate for
/// others. The one before the latest: half as large, and what it counts too much in
/// other languages keeps the budget. Takes about 0.1 ms for 1 KB: of passages, only
/// those a model is shown are counted.
pub fn count_tokens(text: &str) -> usize {
    tiktoken_rs::cl100k_base_singleton().count_ordinary(text)
}

/// A beginning of a text with at most this many tokens, not much shorter than it
/// must be. The whole text if that fits; empty for 0.
pub fn clip(text: &str, max_tokens: usize) -> &str {
    // No token of ordinary text is longer than this on average, so that a text
    // of megabytes is cut before anything counts it. Guessed, on the high side.
    const MAX_BYTES_A_TOKEN: usize = 8;
    let mut clipped = head(text, max_tokens.saturating_mul(MAX_BYTES_A_TOKEN));
    loop {
        let n_tokens = count_tokens(clipped);
        if n_tokens <= max_tokens {
            return clipped;
        }
        // A little less than the share that fits: few rounds, and each shrinks.
        let share = clipped.len().saturating_mul(max_tokens) / n_tokens;
        clipped = head(clipped, share.saturating_mul(15) / 16);
    }
}

fn head(text: &str, max_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(max_bytes)).unwrap_or_default()
}
