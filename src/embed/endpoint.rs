//! Meanings from any OpenAI-compatible `/v1/embeddings`. Only what is masked or public
//! can be sent; vectors are looked at before they are used. Nothing of a text, a vector
//! or the key is logged.

use std::fmt;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::EmbedError;
use super::Form;
use super::meaning::Meaning;
use super::scale::Scale;
use super::scale::Sought;
use crate::http::CallError;
use crate::http::answer_of;
use crate::llm;
use crate::llm::Address;
use crate::llm::AddressError;
use crate::text::mask::mask;

/// The longest answer that is read: 64 vectors of 4,096 numbers of twenty letters are
/// 5 MB.
const MAX_BODY_BYTES: usize = 16 << 20;

/// Tries of one batch of passages, and the pause after the first where the endpoint
/// names none; it doubles. Guessed: most limits are counted by the second.
const MAX_TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_millis(500);

/// A longer pause is not waited for: the passages are asked for again later.
const MAX_PAUSE: Duration = Duration::from_secs(60);

/// Asked where a call was refused, to tell a bad text from a bad call.
const PROBE: &str = "How do I reset my password?";

/// Where the model is, and how it is asked.
#[derive(Debug, Clone)]
pub struct EndpointSettings {
    /// With or without `/v1`.
    pub base_url: Url,
    pub model: String,
    /// `None` for endpoints that ask for none.
    pub api_key: Option<SecretString>,
    /// Numbers of a vector that are asked for; `None`: as many as the model gives.
    pub dimensions: Option<usize>,
    pub form: Form,
    /// Texts in one call.
    pub batch: usize,
    /// Calls at once.
    pub concurrency: usize,
    /// Tokens of a text that are sent; the rest is left out.
    pub max_tokens: usize,
    /// For one call with passages.
    pub timeout: Duration,
    /// For one call with a question, while a ticket waits.
    pub question_timeout: Duration,
}

/// A text as it may leave this machine: masked, or public anyway.
#[derive(Clone)]
pub struct Outgoing(String);

/// A model behind an endpoint.
pub struct Endpoint {
    name: String,
    address: Address,
    client: reqwest::Client,
    settings: EndpointSettings,
    scale: Scale,
    /// Parts of its meanings; 0 until the first is known.
    n_parts: AtomicUsize,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint").field("name", &self.name).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    /// The place of its text in the request; not all servers tell.
    #[serde(default)]
    index: Option<usize>,
    embedding: Vec<f32>,
}

impl Endpoint {
    /// An endpoint as the settings say. Calls nobody yet.
    ///
    /// # Errors
    /// If the address or the key cannot be used in a request.
    pub fn new(
        settings: EndpointSettings,
        client: reqwest::Client,
    ) -> Result<Endpoint, EmbedError> {
        let key = settings.api_key.clone();
        let address = Address::new(&settings.base_url, key).map_err(|error| match error {
            AddressError::NotHttp => {
                EmbedError::Misconfigured("embedder.base_url must be an http(s) address".into())
            }
            AddressError::BadKey => EmbedError::Misconfigured(
                "embedder.api_key has characters no header may have".into(),
            ),
        })?;
        let n_numbers = settings.dimensions.map_or("full".to_owned(), |it| it.to_string());
        let name = format!("endpoint:{}:{n_numbers}{}", settings.model, settings.form.mark());
        let (scale, n_parts) = (Scale::default(), AtomicUsize::new(0));
        Ok(Endpoint { name, address, client, settings, scale, n_parts })
    }

    /// Names the space its meanings are of.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn form(&self) -> &Form {
        &self.settings.form
    }

    /// How alike it calls texts about different matters.
    pub fn scale(&self) -> &Scale {
        &self.scale
    }

    /// Calls that may go on at once.
    pub fn concurrency(&self) -> usize {
        self.settings.concurrency
    }

    /// Texts in one call.
    pub fn batch(&self) -> usize {
        self.settings.batch
    }

    /// What a customer asks, ready to be sent.
    pub fn question(&self, text: &str) -> Outgoing {
        self.outgoing(&self.settings.form.query_prefix, &mask(text).text)
    }

    /// A passage that anybody may read, ready to be sent.
    pub fn public_passage(&self, text: &str) -> Outgoing {
        self.outgoing(&self.settings.form.passage_prefix, text)
    }

    /// A passage that somebody wrote in confidence, ready to be sent.
    pub fn private_passage(&self, text: &str) -> Outgoing {
        self.outgoing(&self.settings.form.passage_prefix, &mask(text).text)
    }

    fn outgoing(&self, prefix: &str, text: &str) -> Outgoing {
        let text = llm::clip(text.trim(), self.settings.max_tokens);
        // Servers refuse an empty text, and with it the whole batch.
        Outgoing(format!("{prefix}{}", if text.is_empty() { "-" } else { text }))
    }

    /// What texts mean, in their order. Asked once and not for long: a ticket waits for
    /// it.
    ///
    /// # Errors
    /// See [`EmbedError`].
    pub async fn ask_once(&self, texts: &[Outgoing]) -> Result<Vec<Sought>, EmbedError> {
        let meanings = self.ask(texts, self.settings.question_timeout).await?;
        Ok(meanings.into_iter().map(|it| self.sought(it)).collect())
    }

    /// What others are compared with, on this model's scale.
    pub fn sought(&self, meaning: Meaning) -> Sought {
        Sought::new(meaning, self.scale.unlike())
    }

    /// What texts mean, in their order. `None` for one the endpoint refuses while it
    /// takes others. Asked again where that can help.
    ///
    /// # Errors
    /// See [`EmbedError`].
    pub async fn ask_patiently(
        &self,
        texts: &[Outgoing],
    ) -> Result<Vec<Option<Meaning>>, EmbedError> {
        let refusal = match self.ask_again(texts).await {
            Ok(meanings) => return Ok(meanings.into_iter().map(Some).collect()),
            Err(error) if error.is_about_a_text() => error,
            Err(error) => return Err(error),
        };
        // Either every call is refused, or one text is what the model cannot take.
        if self.ask_again(&[self.public_passage(PROBE)]).await.is_err() {
            return Err(refusal);
        }
        let mut meanings = Vec::with_capacity(texts.len());
        for text in texts {
            match self.ask_again(std::slice::from_ref(text)).await {
                Ok(one) => meanings.extend(one.into_iter().map(Some)),
                Err(error) if error.is_about_a_text() => meanings.push(None),
                Err(error) => return Err(error),
            }
        }
        Ok(meanings)
    }

    /// Whether it answers, and in a form that can be used.
    ///
    /// # Errors
    /// See [`EmbedError`].
    pub async fn probe(&self) -> Result<Meaning, EmbedError> {
        let mut meanings = self.ask(&[self.question(PROBE)], self.settings.timeout).await?;
        meanings.pop().ok_or_else(|| EmbedError::Unusable { why: "it is empty".to_owned() })
    }

    async fn ask_again(&self, texts: &[Outgoing]) -> Result<Vec<Meaning>, EmbedError> {
        let mut pause = PAUSE;
        let mut n_tries = 1;
        loop {
            let error = match self.ask(texts, self.settings.timeout).await {
                Ok(meanings) => return Ok(meanings),
                Err(error) => error,
            };
            let EmbedError::Unavailable { retry_after, .. } = &error else { return Err(error) };
            let wait = retry_after.unwrap_or(pause);
            if n_tries == MAX_TRIES || MAX_PAUSE < wait {
                return Err(error);
            }
            tokio::time::sleep(wait).await;
            n_tries += 1;
            pause *= 2;
        }
    }

    async fn ask(&self, texts: &[Outgoing], limit: Duration) -> Result<Vec<Meaning>, EmbedError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        let texts: Vec<&str> = texts.iter().map(|it| it.0.as_str()).collect();
        let mut body = json!({ "model": self.settings.model, "input": texts });
        if let (Some(n), Some(fields)) = (self.settings.dimensions, body.as_object_mut()) {
            fields.insert("dimensions".to_owned(), json!(n));
        }
        let request = self.address.embeddings(&self.client, &body).map_err(|_| {
            EmbedError::Misconfigured("embedder.base_url makes no request".to_owned())
        })?;
        let call = answer_of(&self.client, request, MAX_BODY_BYTES);
        let answer = tokio::time::timeout(limit, call).await;
        let answer = answer.map_err(|_| EmbedError::TooSlow { after: limit })?;
        self.read(&answer.map_err(turned_down)?, texts.len())
    }

    /// The meanings of an answer, each looked at.
    fn read(&self, body: &[u8], n_texts: usize) -> Result<Vec<Meaning>, EmbedError> {
        let unusable = |why: String| EmbedError::Unusable { why };
        let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
            return Err(unusable("it is not JSON with a list of vectors in `data`".to_owned()));
        };
        let mut vectors = answer.data;
        if vectors.len() != n_texts {
            let n = vectors.len();
            return Err(unusable(format!("it holds {n} vectors for {n_texts} texts")));
        }
        if vectors.iter().all(|it| it.index.is_some()) {
            vectors.sort_by_key(|it| it.index);
            let in_place = vectors.iter().enumerate().all(|(idx, it)| it.index == Some(idx));
            if !in_place {
                return Err(unusable("it names a text twice, or one that was not sent".to_owned()));
            }
        }
        let mut meanings = Vec::with_capacity(n_texts);
        for Vector { embedding, .. } in vectors {
            if let Some(n) = self.settings.dimensions.filter(|it| *it != embedding.len()) {
                let found = embedding.len();
                return Err(unusable(format!(
                    "a vector has {found} numbers, embedder.dimensions asks for {n}"
                )));
            }
            let meaning =
                Meaning::from_numbers(&embedding).map_err(|it| unusable(it.to_string()))?;
            self.expect(&meaning)?;
            meanings.push(meaning);
        }
        Ok(meanings)
    }

    /// Holds a meaning to the length of the first: a model that was exchanged behind
    /// its name is told, not mixed in.
    ///
    /// # Errors
    /// `Unusable` if its length is another.
    pub fn expect(&self, meaning: &Meaning) -> Result<(), EmbedError> {
        let n_parts = meaning.n_parts();
        let first = self.n_parts.compare_exchange(0, n_parts, Ordering::SeqCst, Ordering::SeqCst);
        match first {
            Err(known) if known != n_parts => Err(EmbedError::Unusable {
                why: format!(
                    "a vector has {n_parts} numbers, others of this model have {known}; if it was \
                     exchanged, name it anew in embedder.model"
                ),
            }),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

fn turned_down(error: CallError) -> EmbedError {
    let (status, retry_after) = match error {
        CallError::Unreachable(what) => {
            return EmbedError::Unavailable { what, retry_after: None };
        }
        CallError::TooLong => {
            return EmbedError::Unusable { why: "it is too long".to_owned() };
        }
        CallError::Status { status, retry_after } => (status, retry_after),
    };
    let refused = |advice| EmbedError::Refused { status, advice };
    match status {
        408 | 425 | 429 | 500.. => {
            EmbedError::Unavailable { what: format!("status {status}"), retry_after }
        }
        401 | 403 => refused("check embedder.api_key"),
        404 | 405 => refused("check embedder.base_url and embedder.model"),
        413 => refused("lower embedder.batch or embedder.max_tokens"),
        300..=399 => refused("it redirects; set embedder.base_url to where it leads"),
        _ => refused("check embedder.model, embedder.dimensions and embedder.max_tokens"),
    }
}
