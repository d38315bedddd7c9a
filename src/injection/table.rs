//! The tables of the detector, compiled when first used: turns of phrase
//! (`config/injection.toml`) and what each word weighs (`config/injection_words.tsv`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use foldhash::HashMap;
use foldhash::HashMapExt as _;
use regex::Regex;
use regex::RegexBuilder;
use serde::Deserialize;

use crate::text::terms::fold;
use crate::text::unpacked;

const PHRASES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/injection.toml.z"));
const WEIGHTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/injection_words.tsv.z"));

/// Bytes a compiled group may take. Generous: the largest needs some 3 MB.
const PATTERN_SIZE_BYTES: usize = 32 << 20;

/// The tables cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum InjectionError {
    #[error("injection.toml: {0}")]
    Unreadable(String),
    #[error("injection.toml: [{group}] has a pattern that cannot be compiled: {detail}")]
    Pattern { group: String, detail: String },
    #[error("injection_words.tsv: line {0} is not a word and a weight")]
    Weight(usize),
}

/// Both tables.
pub(super) struct Table {
    /// The log-odds of a text nothing is known of, less the threshold.
    pub bias: f32,
    /// Added for a turn of phrase among words that are not known.
    pub foreign: f32,
    /// By folded word, or two with a space between.
    pub words: HashMap<String, f32>,
    pub groups: Vec<Group>,
    /// Looked for in the text as it came.
    pub marks: Vec<Group>,
}

/// One kind of phrase.
pub(super) struct Group {
    pub name: String,
    pub weight: f32,
    /// True for what is said to a support team.
    pub is_against: bool,
    pub pattern: Regex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Phrases {
    words: BTreeMap<String, String>,
    groups: BTreeMap<String, Row>,
    marks: BTreeMap<String, Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(default)]
    against: bool,
    patterns: Vec<String>,
}

pub(super) fn shipped() -> Result<&'static Table, &'static InjectionError> {
    static TABLE: LazyLock<Result<Table, InjectionError>> =
        LazyLock::new(|| Table::parse(&unpacked(PHRASES), &unpacked(WEIGHTS)));
    TABLE.as_ref()
}

impl Table {
    fn parse(phrases: &str, weights: &str) -> Result<Table, InjectionError> {
        let phrases: Phrases =
            toml::from_str(phrases).map_err(|it| InjectionError::Unreadable(it.to_string()))?;
        let mut words = HashMap::new();
        for (place, line) in weights.lines().enumerate() {
            let parsed = line.split_once('\t').and_then(|(name, weight)| {
                Some((name.to_owned(), weight.parse::<f32>().ok().filter(|it| it.is_finite())?))
            });
            let (name, weight) = parsed.ok_or(InjectionError::Weight(place + 1))?;
            words.insert(name, weight);
        }
        let mut weight = |name: &str| words.remove(name).unwrap_or(0.0);
        let (bias, foreign) = (weight("bias"), weight("=foreign"));
        let (mut groups, mut marks) = (Vec::new(), Vec::new());
        for (name, row) in &phrases.groups {
            let patterns = row.patterns.iter().map(|it| fold(&filled(it, &phrases.words)));
            let pattern = pattern(name, &patterns.collect::<Vec<_>>(), false)?;
            let weight = weight(&format!("={name}"));
            groups.push(Group { name: name.clone(), weight, is_against: row.against, pattern });
        }
        for (name, patterns) in &phrases.marks {
            let pattern = pattern(name, patterns, true)?;
            let weight = weight(&format!("={name}"));
            marks.push(Group { name: name.clone(), weight, is_against: false, pattern });
        }
        Ok(Table { bias, foreign, words, groups, marks })
    }
}

/// A pattern with its lists in place. Twice: a list may name another.
fn filled(pattern: &str, words: &BTreeMap<String, String>) -> String {
    let once = |it: String| {
        words.iter().fold(it, |it, (name, list)| it.replace(&format!("{{{name}}}"), list))
    };
    once(once(pattern.to_owned()))
}

/// `as_it_came`: of a text that was not folded.
fn pattern(group: &str, patterns: &[String], as_it_came: bool) -> Result<Regex, InjectionError> {
    let built = RegexBuilder::new(&patterns.join("|"))
        .case_insensitive(as_it_came)
        .size_limit(PATTERN_SIZE_BYTES)
        .build();
    built.map_err(|it| InjectionError::Pattern { group: group.to_owned(), detail: it.to_string() })
}
