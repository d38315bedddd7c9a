//! Settings of one helpdesk: how it is reached, and what differs from all others.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Mode;
use super::SecretSources;

/// One helpdesk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connection {
    pub helpdesk: String,
    #[serde(default)]
    pub brand: Option<String>,
    #[serde(default)]
    pub mode: Option<Mode>,
    #[serde(default)]
    pub stage_field: Option<String>,
    #[serde(default)]
    pub base_url: Option<String>,
    #[serde(default)]
    pub quiet_s: Option<f64>,
    #[serde(default)]
    pub return_status: String,
    #[serde(default)]
    pub config: BTreeMap<String, Plain>,
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretSources>,
}

/// A configuration value as people write it: quoted or not.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Plain {
    Text(String),
    Integer(i64),
    Truth(bool),
}

impl Plain {
    pub fn to_text(&self) -> String {
        match self {
            Plain::Text(text) => text.clone(),
            Plain::Integer(number) => number.to_string(),
            Plain::Truth(truth) => truth.to_string(),
        }
    }
}
