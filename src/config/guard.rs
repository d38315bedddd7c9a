//! Settings of what may not go out.

use serde::Deserialize;

/// What replies may lead to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// With all hosts below them. Empty: wherever the cited article leads.
    pub link_hosts: Vec<String>,
}
