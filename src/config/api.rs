//! Settings of the HTTP API: who may call it, for whose knowledge, and how often.

use std::collections::BTreeMap;

use anyhow::ensure;
use serde::Deserialize;

use super::Mode;
use super::SecretSources;
use super::ranges::within;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    pub requests_per_minute: u32,
    pub customer_requests_per_minute: u32,
    pub max_message_chars: usize,
    pub max_messages: usize,
    /// A header with the customer's address, set by the proxy before us; empty without one.
    pub address_header: String,
    #[serde(default)]
    pub callers: BTreeMap<String, ApiCaller>,
}

/// One app that may call.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiCaller {
    pub token: SecretSources,
    /// Whose knowledge answers; the caller's name if there is none.
    #[serde(default)]
    pub brand: Option<String>,
    pub may: Vec<Endpoint>,
    #[serde(default)]
    pub mode: Option<Mode>,
    /// What the customers' ids are signed with.
    #[serde(default)]
    pub identity: Option<SecretSources>,
    /// Sites whose pages may call. Empty: no page may.
    #[serde(default)]
    pub origins: Vec<String>,
}

/// What a caller may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    Drafts,
    Chat,
    Labels,
}

impl Api {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        within("api.requests_per_minute", self.requests_per_minute, 1, 100_000)?;
        let per_customer = self.customer_requests_per_minute;
        within("api.customer_requests_per_minute", per_customer, 1, 100_000)?;
        within("api.max_message_chars", self.max_message_chars, 100, 100_000)?;
        within("api.max_messages", self.max_messages, 1, 400)?;
        self.callers.iter().try_for_each(|(name, it)| it.check(name))
    }
}

impl ApiCaller {
    fn check(&self, name: &str) -> anyhow::Result<()> {
        ensure!(
            !self.may.is_empty(),
            "api.callers.{name}.may is empty; list \"drafts\", \"chat\", \"labels\" or several"
        );
        for origin in &self.origins {
            let is_origin = url::Url::parse(origin).is_ok_and(|it| {
                let web = matches!(it.scheme(), "http" | "https");
                web && it.origin().ascii_serialization() == *origin
            });
            ensure!(
                is_origin,
                "api.callers.{name}.origins has {origin}, which is no origin; write it as \
                 https://www.example.com, without a path"
            );
        }
        Ok(())
    }
}
