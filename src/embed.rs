//! What a text means, as numbers: alike texts lie close to each other, also where they
//! share no word. From a small table that is compiled in, from a model behind an
//! endpoint, or from one on this machine. Meanings of two embedders never meet.

mod endpoint;
mod known;
mod meaning;
mod pieces;
mod scale;
mod table;
#[cfg(feature = "transformer")]
mod transformer;

pub use self::endpoint::Endpoint;
pub use self::endpoint::EndpointSettings;
pub use self::endpoint::Outgoing;
pub use self::known::Known;
pub use self::known::TextHash;
pub use self::known::hash_of;
pub use self::known::with_title;
pub use self::meaning::MAX_NUMBERS;
pub use self::meaning::Meaning;
pub use self::meaning::NoDirection;
pub use self::scale::Scale;
pub use self::scale::Sought;
pub use self::scale::UNLIKE;
pub use self::table::by_table;
pub(crate) use self::table::is_word;
#[cfg(feature = "transformer")]
pub use self::transformer::Transformer;

use std::sync::Arc;
use std::time::Duration;

use sha2::Digest;
use sha2::Sha256;

/// The space of the built-in table. The number grows with the table.
pub const TABLE: &str = "table-1";

/// The language of the built-in table: it ranks questions in others worse than words
/// alone.
const TABLE_SPEAKS: &str = "en";

/// Texts a model on this machine is given at once.
#[cfg(feature = "transformer")]
const LOCAL_BATCH: usize = 16;

/// A text that got no meaning. Holds nothing of the text, the key or the address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmbedError {
    /// Another time may do: down, overloaded, unreachable.
    #[error("the embedder is unavailable: {what}")]
    Unavailable { what: String, retry_after: Option<Duration> },
    #[error("the embedder gave no answer in {} s", .after.as_secs_f32())]
    TooSlow { after: Duration },
    /// The endpoint does not want this call, and will not the next time.
    #[error("the embedder refused the call with status {status}; {advice}")]
    Refused { status: u16, advice: &'static str },
    /// It answered, and not in a form that can be used.
    #[error("the embedder's answer cannot be used: {why}")]
    Unusable { why: String },
    /// Found at start.
    #[error("the embedder cannot be used: {0}")]
    Misconfigured(String),
}

impl EmbedError {
    /// True if a call may have been refused for one of its texts.
    fn is_about_a_text(&self) -> bool {
        matches!(self, EmbedError::Refused { status: 400 | 413 | 422, .. })
    }

    /// True if it may go by without anybody doing anything.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            EmbedError::Unavailable { .. } | EmbedError::TooSlow { .. } => true,
            EmbedError::Refused { .. }
            | EmbedError::Unusable { .. }
            | EmbedError::Misconfigured(_) => false,
        }
    }
}

/// How a model wants its texts, and which it understands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// What stands before a question and before a passage; models such as E5 were
    /// taught so. Often empty.
    pub query_prefix: String,
    pub passage_prefix: String,
    /// ISO 639-1 codes of the languages it understands; empty for all.
    pub languages: Vec<String>,
}

impl Form {
    /// Tells spaces apart whose passages are given in another form. Empty where
    /// nothing stands before them.
    fn mark(&self) -> String {
        if self.passage_prefix.is_empty() {
            return String::new();
        }
        let hash = hex::encode(Sha256::digest(&self.passage_prefix));
        format!(":{}", hash.chars().take(8).collect::<String>())
    }
}

/// A passage to be embedded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassageText {
    pub text: String,
    /// True if somebody wrote it in confidence: it is masked before it leaves this
    /// machine.
    pub private: bool,
}

/// What gives texts their meaning.
#[derive(Debug)]
pub enum Embedder {
    /// Nothing does: everything is found by words and past tickets alone.
    Off,
    /// The table that is compiled in. Costs next to nothing.
    Table,
    /// A model behind `/v1/embeddings`.
    Endpoint(Box<Endpoint>),
    /// A model on this machine.
    #[cfg(feature = "transformer")]
    Transformer(Box<Transformer>),
}

impl Embedder {
    /// Names the space its meanings are of: those of another name are not compared
    /// with them.
    pub fn name(&self) -> &str {
        match self {
            Embedder::Off => "none",
            Embedder::Table => TABLE,
            Embedder::Endpoint(endpoint) => endpoint.name(),
            #[cfg(feature = "transformer")]
            Embedder::Transformer(transformer) => transformer.name(),
        }
    }

    /// True if it may understand a language; one that is not known may be any.
    pub fn speaks(&self, language: Option<&str>) -> bool {
        let Some(language) = language else { return true };
        let form = match self {
            Embedder::Off => return false,
            Embedder::Table => return language.starts_with(TABLE_SPEAKS),
            Embedder::Endpoint(endpoint) => endpoint.form(),
            #[cfg(feature = "transformer")]
            Embedder::Transformer(transformer) => transformer.form(),
        };
        form.languages.is_empty() || form.languages.iter().any(|it| language.starts_with(it))
    }

    /// How alike it calls texts about different matters. `None` where likeness is taken as
    /// it is: the scale of the table is what all weights were learned with.
    pub fn scale(&self) -> Option<&Scale> {
        match self {
            Embedder::Off | Embedder::Table => None,
            Embedder::Endpoint(endpoint) => Some(endpoint.scale()),
            #[cfg(feature = "transformer")]
            Embedder::Transformer(transformer) => Some(transformer.scale()),
        }
    }

    /// True if what a passage means is worth keeping: it costs a call or a while.
    pub fn is_costly(&self) -> bool {
        match self {
            Embedder::Off | Embedder::Table => false,
            Embedder::Endpoint(_) => true,
            #[cfg(feature = "transformer")]
            Embedder::Transformer(_) => true,
        }
    }

    /// The endpoint, if a question has to be sent to one.
    pub fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Embedder::Endpoint(endpoint) => Some(endpoint.as_ref()),
            Embedder::Off | Embedder::Table => None,
            #[cfg(feature = "transformer")]
            Embedder::Transformer(_) => None,
        }
    }

    /// What a question means, found on this machine and this thread. `None` if nothing
    /// here knows: an endpoint is to be asked instead.
    pub fn question_here(&self, texts: &[&str]) -> Option<Sought> {
        let meaning = match self {
            Embedder::Off | Embedder::Endpoint(_) => None,
            Embedder::Table => by_table(texts),
            #[cfg(feature = "transformer")]
            Embedder::Transformer(transformer) => transformer.question(&texts.concat()),
        };
        Some(Sought::new(meaning?, self.scale().and_then(Scale::unlike)))
    }

    /// Passages that are best given at once, and how many such calls.
    pub fn batch(&self) -> (usize, usize) {
        match self {
            Embedder::Off | Embedder::Table => (1, 1),
            Embedder::Endpoint(endpoint) => (endpoint.batch(), endpoint.concurrency()),
            #[cfg(feature = "transformer")]
            Embedder::Transformer(_) => (LOCAL_BATCH, 1),
        }
    }

    /// What passages mean, in their order; `None` for one that has no meaning for this
    /// embedder. Computed off the async threads.
    ///
    /// # Errors
    /// See [`EmbedError`].
    pub async fn passages(
        self: Arc<Embedder>,
        texts: Vec<PassageText>,
    ) -> Result<Vec<Option<Meaning>>, EmbedError> {
        let embedder = Arc::clone(&self);
        // Masking and cutting are work too.
        let here = tokio::task::spawn_blocking(move || embedder.passages_here(&texts));
        let panicked = || EmbedError::Unusable { why: "embedding panicked".to_owned() };
        match (here.await.map_err(|_| panicked())??, self.endpoint()) {
            (Passages::ToSend(texts), Some(endpoint)) => endpoint.ask_patiently(&texts).await,
            (Passages::ToSend(_), None) => Ok(Vec::new()),
            (Passages::Embedded(meanings), _) => Ok(meanings),
        }
    }

    fn passages_here(&self, texts: &[PassageText]) -> Result<Passages, EmbedError> {
        match self {
            Embedder::Off => Ok(Passages::Embedded(vec![None; texts.len()])),
            Embedder::Table => {
                let meanings = texts.iter().map(|it| by_table(&[&it.text]));
                Ok(Passages::Embedded(meanings.collect()))
            }
            Embedder::Endpoint(endpoint) => {
                let outgoing = texts.iter().map(|it| {
                    if it.private {
                        endpoint.private_passage(&it.text)
                    } else {
                        endpoint.public_passage(&it.text)
                    }
                });
                Ok(Passages::ToSend(outgoing.collect()))
            }
            #[cfg(feature = "transformer")]
            Embedder::Transformer(transformer) => {
                let texts: Vec<&str> = texts.iter().map(|it| it.text.as_str()).collect();
                transformer.passages(&texts).map(Passages::Embedded)
            }
        }
    }
}

/// Passages, as far as this machine can bring them.
enum Passages {
    Embedded(Vec<Option<Meaning>>),
    ToSend(Vec<Outgoing>),
}
