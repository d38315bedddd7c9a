//! Settings of the people beside Deskhand: when they are there, how a conversation is
//! handed over to them and given back.

use anyhow::Context as _;
use anyhow::ensure;
use serde::Deserialize;

use super::ranges::within;
use crate::hours;

/// When the team is there.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    pub zone: String,
    /// Empty: always.
    pub open: Vec<String>,
    pub closed_on: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handover {
    /// 0: never.
    pub call_after_min: u32,
    pub call_at_most_every_min: u32,
    pub calls: u32,
    pub return_tag: String,
}

impl Hours {
    /// # Errors
    /// If the zone is not known, or hours or days are not written as such.
    pub fn read(&self) -> anyhow::Result<hours::Hours> {
        hours::Hours::parse(&self.zone, &self.open, &self.closed_on).context("reading [hours]")
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        self.read().map(|_| ())
    }
}

impl Handover {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let week_min = 7 * 24 * 60;
        within("handover.call_after_min", self.call_after_min, 0, week_min)?;
        within("handover.call_at_most_every_min", self.call_at_most_every_min, 1, week_min)?;
        within("handover.calls", self.calls, 0, 50)?;
        let tag = &self.return_tag;
        ensure!(
            !tag.contains(char::is_whitespace),
            "handover.return_tag is `{tag}`; a tag has no spaces"
        );
        Ok(())
    }
}
