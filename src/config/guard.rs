//! Settings of what may not go out.

use anyhow::ensure;
use serde::Deserialize;
use url::Host;

/// What replies may lead to.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guard {
    /// With all hosts below them. Empty: wherever the cited article leads.
    pub link_hosts: Vec<String>,
}

impl Guard {
    /// # Errors
    /// Names a host that is none: no address would ever be below it.
    pub(super) fn check(&self) -> anyhow::Result<()> {
        for host in &self.link_hosts {
            ensure!(
                Host::parse(host).is_ok() && !host.contains(':'),
                "guard.link_hosts has `{host}`; it must be a host alone, as help.example.com"
            );
        }
        Ok(())
    }
}
