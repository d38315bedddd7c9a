//! A transformer on this machine: a BERT of any size with mean pooling, such as
//! all-MiniLM-L6-v2, through candle. All of it is CPU work, off the async threads.

use std::fmt;
use std::path::Path;

use candle_core::Device;
use candle_core::Tensor;
use candle_nn::VarBuilder;
use candle_transformers::models::bert::BertModel;
use candle_transformers::models::bert::Config;
use candle_transformers::models::bert::DTYPE;
use sha2::Digest;
use sha2::Sha256;
use tokenizers::PaddingParams;
use tokenizers::Tokenizer;
use tokenizers::TruncationParams;

use super::EmbedError;
use super::Form;
use super::meaning::Meaning;
use super::scale::Scale;

/// Tokens of a text that count: what such models were trained on, and twice a usual
/// passage.
const MAX_TOKENS: usize = 256;

/// Hex digits of the hash that names the weights.
const NAME_CHARS: usize = 12;

/// A model and its tokens, in memory.
pub struct Transformer {
    name: String,
    form: Form,
    scale: Scale,
    tokenizer: Tokenizer,
    model: BertModel,
}

impl fmt::Debug for Transformer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transformer").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Transformer {
    /// Reads `model.safetensors`, `tokenizer.json` and `config.json` of a folder. Takes a
    /// moment: the weights are hashed, so that other weights are another space.
    ///
    /// # Errors
    /// `Misconfigured` if a file is not there or not of a model of this kind.
    pub fn load(folder: &Path, form: Form) -> Result<Transformer, EmbedError> {
        let read = |file: &str| {
            let path = folder.join(file);
            std::fs::read(&path).map_err(|error| unusable(&path.display(), &error))
        };
        let config: Config = serde_json::from_slice(&read("config.json")?)
            .map_err(|error| unusable(&"config.json", &error))?;
        let mut tokenizer = Tokenizer::from_bytes(read("tokenizer.json")?)
            .map_err(|error| unusable(&"tokenizer.json", &error))?;
        let truncation = TruncationParams {
            max_length: MAX_TOKENS.min(config.max_position_embeddings),
            ..TruncationParams::default()
        };
        tokenizer
            .with_truncation(Some(truncation))
            .map_err(|error| unusable(&"tokenizer.json", &error))?;
        tokenizer.with_padding(Some(PaddingParams::default()));
        let weights = read("model.safetensors")?;
        let hash = hex::encode(Sha256::digest(&weights));
        let hash: String = hash.chars().take(NAME_CHARS).collect();
        let model = VarBuilder::from_buffered_safetensors(weights, DTYPE, &Device::Cpu)
            .and_then(|weights| BertModel::load(weights, &config))
            .map_err(|error| unusable(&"model.safetensors", &error))?;
        let name = format!("transformer:{hash}{}", form.mark());
        Ok(Transformer { name, form, scale: Scale::default(), tokenizer, model })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn form(&self) -> &Form {
        &self.form
    }

    /// How alike it calls texts about different matters.
    pub fn scale(&self) -> &Scale {
        &self.scale
    }

    /// What a question means. `None` if the model fails on it, which is logged.
    pub fn question(&self, text: &str) -> Option<Meaning> {
        match self.embed(&self.form.query_prefix, &[text]) {
            Ok(meanings) => meanings.into_iter().next().flatten(),
            Err(error) => {
                tracing::warn!(%error, "a question is looked up by words alone");
                None
            }
        }
    }

    /// What passages mean, in their order. Quickest for texts of one length.
    ///
    /// # Errors
    /// `Unusable` if the model fails on them.
    pub fn passages(&self, texts: &[&str]) -> Result<Vec<Option<Meaning>>, EmbedError> {
        self.embed(&self.form.passage_prefix, texts)
    }

    fn embed(&self, prefix: &str, texts: &[&str]) -> Result<Vec<Option<Meaning>>, EmbedError> {
        let texts: Vec<String> = texts.iter().map(|it| format!("{prefix}{it}")).collect();
        let encoded = self
            .tokenizer
            .encode_batch(texts, true)
            // Its message may hold the text.
            .map_err(|_| EmbedError::Unusable { why: "a text cannot be cut to tokens".into() })?;
        let ids: Vec<&[u32]> = encoded.iter().map(|it| it.get_ids()).collect();
        let masks: Vec<&[u32]> = encoded.iter().map(|it| it.get_attention_mask()).collect();
        let vectors = self
            .forward(&ids, &masks)
            .map_err(|error| EmbedError::Unusable { why: error.to_string() })?;
        Ok(vectors.iter().map(|it| Meaning::from_numbers(it).ok()).collect())
    }

    /// The mean of a text's tokens in the last layer, for each text.
    fn forward(&self, ids: &[&[u32]], masks: &[&[u32]]) -> candle_core::Result<Vec<Vec<f32>>> {
        let tensor = |rows: &[&[u32]]| {
            let width = rows.first().map_or(0, |it| it.len());
            Tensor::from_vec(rows.concat(), (rows.len(), width), &Device::Cpu)
        };
        let (ids, mask) = (tensor(ids)?, tensor(masks)?);
        let hidden = self.model.forward(&ids, &ids.zeros_like()?, Some(&mask))?;
        let mask = mask.to_dtype(DTYPE)?.unsqueeze(2)?;
        let sum = hidden.broadcast_mul(&mask)?.sum(1)?;
        sum.broadcast_div(&mask.sum(1)?)?.to_vec2()
    }
}

fn unusable(file: &dyn fmt::Display, error: &dyn fmt::Display) -> EmbedError {
    EmbedError::Misconfigured(format!("embedder.folder: {file}: {error}"))
}
