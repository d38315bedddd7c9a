//! Settings of the models that word replies: the preferred one, the ones after it,
//! and what a ticket may use of them.

use anyhow::ensure;
use serde::Deserialize;

use super::SecretSource;
use super::ranges::within;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    pub base_url: String,
    pub name: String,
    #[serde(default)]
    pub api_key: Option<SecretSource>,
    #[serde(default)]
    pub prompt_usd_per_million: Option<f64>,
    #[serde(default)]
    pub answer_usd_per_million: Option<f64>,
    pub timeout_s: u64,
    pub max_tokens: usize,
    pub concurrency: usize,
    /// 0: no limit.
    pub max_usd_per_day: f64,
    #[serde(default)]
    pub fallbacks: Vec<ModelEndpoint>,
}

/// One model, wherever in the settings it stands.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEndpoint {
    pub base_url: String,
    pub name: String,
    #[serde(default)]
    pub api_key: Option<SecretSource>,
    /// `None` if it is not known; 0 if it costs nothing.
    #[serde(default)]
    pub prompt_usd_per_million: Option<f64>,
    #[serde(default)]
    pub answer_usd_per_million: Option<f64>,
}

impl Model {
    /// The models in the order in which they are asked, each with its key in the
    /// settings. Empty without a model.
    pub fn in_order(&self) -> Vec<(String, ModelEndpoint)> {
        if self.base_url.is_empty() {
            return Vec::new();
        }
        let preferred = ModelEndpoint {
            base_url: self.base_url.clone(),
            name: self.name.clone(),
            api_key: self.api_key.clone(),
            prompt_usd_per_million: self.prompt_usd_per_million,
            answer_usd_per_million: self.answer_usd_per_million,
        };
        let fallbacks = self.fallbacks.iter().enumerate();
        let fallbacks = fallbacks.map(|(idx, it)| (format!("model.fallbacks.{idx}"), it.clone()));
        [("model".to_owned(), preferred)].into_iter().chain(fallbacks).collect()
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        within("model.timeout_s", self.timeout_s, 1, 120)?;
        within("model.max_tokens", self.max_tokens, 512, 1_000_000)?;
        within("model.concurrency", self.concurrency, 1, 64)?;
        within("model.max_usd_per_day", self.max_usd_per_day, 0.0, 1_000_000.0)?;
        ensure!(
            self.fallbacks.is_empty() || !self.base_url.is_empty(),
            "model.fallbacks are asked where the model of model.base_url does not answer; set \
             model.base_url too"
        );
        for (key, endpoint) in self.in_order() {
            ensure!(
                !endpoint.base_url.is_empty(),
                "{key}.base_url is empty; say where the model is"
            );
            ensure!(
                !endpoint.name.is_empty(),
                "{key}.base_url is set, but {key}.name is not; name the model to call"
            );
            endpoint.check_prices(&key, 0.0 < self.max_usd_per_day)?;
        }
        Ok(())
    }
}

impl ModelEndpoint {
    fn check_prices(&self, key: &str, must_be_known: bool) -> anyhow::Result<()> {
        for (name, price) in [
            ("prompt_usd_per_million", self.prompt_usd_per_million),
            ("answer_usd_per_million", self.answer_usd_per_million),
        ] {
            ensure!(
                price.is_some() || !must_be_known,
                "model.max_usd_per_day is set, but {key}.{name} is not, so that nobody would count; \
                 0 if it costs nothing"
            );
            within(&format!("{key}.{name}"), price.unwrap_or(0.0), 0.0, 100_000.0)?;
        }
        Ok(())
    }
}
