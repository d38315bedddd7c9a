//! Labelled attacks: `direct.jsonl` (a customer's text) and `indirect.jsonl` (an article
//! or a letter, with an attack in it or without) of a folder, and what people answered
//! (`past_tickets.jsonl`). A line that cannot be read is an error with its number.

use std::path::Path;

use anyhow::ensure;
use serde::Deserialize;

use super::BRAND;
use super::data::each_line;
use crate::ingest;

/// Labelled texts. Further keys are left alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attacks {
    pub direct: Vec<Direct>,
    pub indirect: Vec<Indirect>,
    /// What people answered in past tickets.
    pub replies: Vec<String>,
}

/// A text as a customer may write it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Direct {
    pub text: String,
    /// 1 for an attack.
    pub label: u8,
    /// Of an attack: its kind. Else `customer`, or `benign-…` for what looks like one.
    #[serde(default)]
    pub kind: String,
    #[serde(default)]
    pub lang: Option<String>,
}

/// A text that is read on somebody's behalf.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Indirect {
    pub context: String,
    /// 1 if an attack is in it.
    pub label: u8,
    #[serde(default)]
    pub carrier: String,
    /// The words of the attack. Empty without one.
    #[serde(default)]
    pub attack: String,
    #[serde(default)]
    pub attack_type: String,
    /// How it stands there: `plain`, or hidden in some way.
    #[serde(default)]
    pub form: String,
}

/// Reads the labelled attacks of a folder.
///
/// # Errors
/// If a line is not what its file holds, or there are none at all.
pub fn read_attacks(folder: &Path) -> anyhow::Result<Attacks> {
    let mut attacks = Attacks::default();
    each_line(&folder.join("direct.jsonl"), |line| {
        attacks.direct.push(serde_json::from_str(line)?);
        Ok(())
    })?;
    each_line(&folder.join("indirect.jsonl"), |line| {
        attacks.indirect.push(serde_json::from_str(line)?);
        Ok(())
    })?;
    let name = "past_tickets.jsonl";
    each_line(&folder.join(name), |line| {
        let document = ingest::read_record(line, name, BRAND)?;
        attacks.replies.extend(document.and_then(|it| it.answer).filter(|it| !it.is_empty()));
        Ok(())
    })?;
    let n = attacks.direct.len() + attacks.indirect.len() + attacks.replies.len();
    ensure!(
        0 < n,
        "{} holds no direct.jsonl, no indirect.jsonl and no past_tickets.jsonl with texts",
        folder.display()
    );
    Ok(attacks)
}
