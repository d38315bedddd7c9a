//! The kinds of stage that words tell apart, and the cues that speak for them
//! (`config/journey_cues.toml`). A stage of a model names the tables it is spoken for by.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::Deserialize;

use super::READ_CHARS;
use super::StageError;
use crate::text::cues::Cues;
use crate::text::cues::plain;

/// How many kinds of stage there are.
pub const N_KINDS: usize = 8;

/// The kinds of stage that words tell apart, in the order of the journey. Each is
/// followed by the tables of `config/journey_cues.toml` that are of its kind: a stage
/// that lists the first of them is one of the kind.
pub const KINDS: [(&str, &[&str]); N_KINDS] = [
    ("awareness", &["awareness"]),
    ("consideration", &["consideration"]),
    ("purchase", &["purchase"]),
    ("onboarding", &["onboarding", "activation"]),
    ("usage", &["adoption", "value"]),
    ("support", &["support"]),
    ("retention", &["renewal", "expansion"]),
    ("advocacy", &["advocacy"]),
];

/// A cue of a table, found in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cued<'a> {
    pub table: &'static str,
    pub is_strong: bool,
    pub cue: &'a str,
}

pub(super) const CUES_FILE: &str = "journey_cues.toml";
const CUES: &str = include_str!("../../config/journey_cues.toml");

/// Words that speak for a kind of stage, by how clearly they do.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CueTable {
    /// Settle the stage alone.
    #[serde(default)]
    strong: Vec<String>,
    /// Count half: also heard in other stages.
    #[serde(default)]
    weak: Vec<String>,
}

/// The shared cue tables, compiled: each cue's row is the place of its table in
/// `tables`, and whether it is a strong one.
#[derive(Debug)]
pub(super) struct CueTables {
    cues: Cues,
    tables: Vec<(&'static str, bool)>,
}

impl CueTables {
    fn parse(text: &str) -> Result<CueTables, String> {
        let read: BTreeMap<String, CueTable> = toml::from_str(text).map_err(|it| it.to_string())?;
        let names = KINDS.iter().flat_map(|it| it.1.iter().copied());
        let mut tables = Vec::new();
        let mut cues = Vec::new();
        for name in names {
            let table = read.get(name).ok_or_else(|| format!("has no table `{name}`"))?;
            for (is_strong, words) in [(true, &table.strong), (false, &table.weak)] {
                // Two languages may spell a cue alike but for an accent: it is said once.
                let mut spelled = BTreeSet::new();
                let new = words.iter().filter(|it| spelled.insert(plain(it)));
                cues.extend(new.map(|it| (it.as_str(), tables.len())));
                tables.push((name, is_strong));
            }
        }
        Ok(CueTables { cues: Cues::compile(cues), tables })
    }
}

pub(super) fn cue_tables() -> Result<&'static CueTables, StageError> {
    static TABLES: LazyLock<Result<CueTables, String>> = LazyLock::new(|| CueTables::parse(CUES));
    TABLES.as_ref().map_err(|detail| StageError::Unreadable {
        file: CUES_FILE.to_owned(),
        detail: detail.clone(),
    })
}

/// The cues of all tables that occur in a text, each once, in the order of the text.
/// Empty if there are none.
pub fn cued(text: &str) -> Vec<Cued<'static>> {
    // A table that cannot be used is told when a stage model is read.
    let Ok(shared) = cue_tables() else { return Vec::new() };
    let start: String = text.chars().take(READ_CHARS).collect();
    let found = shared.cues.find(&plain(&start)).into_iter();
    let told = found.filter_map(|it| {
        let (table, is_strong) = shared.tables.get(it.row)?;
        Some(Cued { table, is_strong: *is_strong, cue: it.cue })
    });
    told.collect()
}
