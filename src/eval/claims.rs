//! Labelled replies: `claims.jsonl` of a folder. A line is a reply with the evidence
//! it was written from, and whether people call it supported. A line that cannot be
//! read is an error with its number.

use std::path::Path;

use anyhow::bail;
use anyhow::ensure;
use serde::Deserialize;

use super::data::each_line;

/// A reply and what it should rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelledClaim {
    /// The text of an article, or a part of it.
    pub evidence: String,
    /// One sentence or more.
    pub response: String,
    /// True if people say that the evidence bears all of it out.
    pub supported: bool,
    /// What was done to a true sentence, where the data says so.
    pub edit: Option<String>,
    /// Which collection it is from, where the data says so.
    pub source: Option<String>,
}

/// A line of the file. Further keys are left alone.
#[derive(Deserialize)]
struct Line {
    evidence: String,
    response: String,
    label: String,
    #[serde(default)]
    edit: Option<String>,
    #[serde(default)]
    source: Option<String>,
}

/// Reads the labelled replies of a folder. `generic` ones, which state nothing, are
/// left out.
///
/// # Errors
/// If a line is not what the file holds, or there are no replies at all.
pub fn read_claims(folder: &Path) -> anyhow::Result<Vec<LabelledClaim>> {
    let mut claims = Vec::new();
    each_line(&folder.join("claims.jsonl"), |line| {
        let line: Line = serde_json::from_str(line)?;
        let supported = match line.label.as_str() {
            "supported" => true,
            "unsupported" => false,
            "generic" => return Ok(()),
            other => bail!("`{other}` is not supported, unsupported or generic"),
        };
        let Line { evidence, response, edit, source, .. } = line;
        claims.push(LabelledClaim { evidence, response, supported, edit, source });
        Ok(())
    })?;
    ensure!(!claims.is_empty(), "{} holds no claims.jsonl with labelled replies", folder.display());
    Ok(claims)
}
