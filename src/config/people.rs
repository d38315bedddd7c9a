//! Settings of the people beside Deskhand: when they are there, what they answer, how a
//! conversation is handed over to them and given back.

use std::collections::BTreeMap;

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
    /// On autopilot.
    pub tell_customer: bool,
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

/// What people answer, whatever Deskhand would.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub send_when: SendWhen,
    pub topics: Vec<String>,
    pub tags: Vec<String>,
    pub vip_tags: Vec<String>,
    pub vip_customers: Vec<String>,
    pub canary_percent: u64,
    #[serde(default)]
    pub stages: BTreeMap<String, StagePolicy>,
}

/// When replies go out by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendWhen {
    Always,
    Open,
    Closed,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StagePolicy {
    #[serde(default)]
    pub automatic: Option<bool>,
    #[serde(default)]
    pub suggest_from: Option<f32>,
    #[serde(default)]
    pub send_from: Option<f32>,
    #[serde(default)]
    pub grounded_from: Option<f32>,
}

impl Policy {
    pub(super) fn check(&self, hours: &Hours) -> anyhow::Result<()> {
        within("policy.canary_percent", self.canary_percent, 0, 100)?;
        ensure!(
            self.send_when == SendWhen::Always || !hours.open.is_empty(),
            "policy.send_when needs hours, and hours.open has none"
        );
        for (stage, own) in &self.stages {
            for (key, value) in [
                ("suggest_from", own.suggest_from),
                ("send_from", own.send_from),
                ("grounded_from", own.grounded_from),
            ] {
                within(&format!("policy.stages.{stage}.{key}"), value.unwrap_or(0.0), 0.0, 1.0)?;
            }
        }
        Ok(())
    }
}
