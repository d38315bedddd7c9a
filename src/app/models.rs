//! The models as the settings have them: those that word replies, one that tells what
//! texts mean. None is needed.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use url::Url;

use crate::clock::Clock;
use crate::config::EmbedderKind;
use crate::config::ModelEndpoint;
use crate::config::Settings;
use crate::draft::Drafter;
use crate::draft::generative::Generative;
use crate::embed::Embedder;
use crate::embed::Endpoint;
use crate::embed::EndpointSettings;
use crate::embed::Form;
use crate::http;
use crate::llm::Budget;
use crate::llm::ModelSettings;
use crate::llm::Models;
use crate::llm::Price;
use crate::llm::Purse;
use crate::prompt::Prompts;

/// What writes replies. Calls nobody yet.
///
/// # Errors
/// If a prompt, an address or a key cannot be used.
pub fn drafter(settings: &Settings, purse: &Arc<Purse>, clock: &Clock) -> anyhow::Result<Drafter> {
    // Without a model too: a mistake in a prompt is found before it is needed.
    let prompts = Prompts::load(super::prompt_folder(settings))?;
    let model = &settings.model;
    let endpoints = model.in_order();
    if endpoints.is_empty() {
        return Ok(Drafter::Extractive);
    }
    let time = Duration::from_secs(model.timeout_s);
    let budget = Budget { time, max_tokens: model.max_tokens };
    let endpoints = endpoints.iter().map(|(key, it)| model_settings(key, it, model.concurrency));
    let endpoints = endpoints.collect::<anyhow::Result<Vec<_>>>()?;
    let client = http::client(budget.client_timeout())?;
    let models = Models::new(endpoints, budget, &client, Arc::clone(purse), clock.clone())?;
    Ok(Drafter::Generative(Arc::new(Generative::new(models, Arc::new(prompts)))))
}

fn model_settings(
    key: &str,
    endpoint: &ModelEndpoint,
    concurrency: usize,
) -> anyhow::Result<ModelSettings> {
    let fetched = endpoint.api_key.as_ref().map(|it| it.fetch()).transpose();
    Ok(ModelSettings {
        base_url: Url::parse(&endpoint.base_url)
            .with_context(|| format!("{key}.base_url is not an address"))?,
        name: endpoint.name.clone(),
        api_key: fetched.with_context(|| format!("fetching {key}.api_key"))?,
        concurrency,
        price: Price {
            prompt_usd: endpoint.prompt_usd_per_million.unwrap_or(0.0),
            answer_usd: endpoint.answer_usd_per_million.unwrap_or(0.0),
        },
    })
}

/// What gives texts their meaning. Calls nobody yet.
///
/// # Errors
/// If an address, a key or the files of a model cannot be used.
pub fn embedder(settings: &Settings) -> anyhow::Result<Embedder> {
    match settings.embedder.kind {
        EmbedderKind::Table => Ok(Embedder::Table),
        EmbedderKind::None => Ok(Embedder::Off),
        EmbedderKind::Endpoint => endpoint(settings),
        EmbedderKind::Transformer => transformer(settings),
    }
}

fn form(settings: &Settings) -> Form {
    let embedder = &settings.embedder;
    Form {
        query_prefix: embedder.query_prefix.clone(),
        passage_prefix: embedder.passage_prefix.clone(),
        languages: embedder.languages.clone(),
    }
}

fn endpoint(settings: &Settings) -> anyhow::Result<Embedder> {
    let embedder = &settings.embedder;
    let fetched = embedder.api_key.as_ref().map(|it| it.fetch()).transpose();
    let timeout = Duration::from_secs(embedder.timeout_s);
    let endpoint = EndpointSettings {
        base_url: Url::parse(&embedder.base_url).context("embedder.base_url is not an address")?,
        model: embedder.model.clone(),
        api_key: fetched.context("fetching embedder.api_key")?,
        dimensions: (embedder.dimensions != 0).then_some(embedder.dimensions),
        form: form(settings),
        batch: embedder.batch,
        concurrency: embedder.concurrency,
        max_tokens: embedder.max_tokens,
        timeout,
        question_timeout: Duration::from_millis(embedder.question_timeout_ms),
    };
    Ok(Embedder::Endpoint(Box::new(Endpoint::new(endpoint, http::client(timeout)?)?)))
}

#[cfg(feature = "transformer")]
fn transformer(settings: &Settings) -> anyhow::Result<Embedder> {
    let folder = &settings.embedder.folder;
    let transformer = crate::embed::Transformer::load(folder, form(settings))?;
    Ok(Embedder::Transformer(Box::new(transformer)))
}

#[cfg(not(feature = "transformer"))]
fn transformer(_: &Settings) -> anyhow::Result<Embedder> {
    anyhow::bail!(
        "embedder.kind is transformer, and this build has none; build Deskhand with \
         `--features transformer`, or set another kind"
    )
}
