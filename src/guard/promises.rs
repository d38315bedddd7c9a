//! Sentences that commit the team (`config/promises.toml`), unless a cited passage
//! says so too.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use regex::RegexBuilder;
use serde::Deserialize;

use crate::guard::Rule;
use crate::guard::material::Cited;
use crate::text::cues::plain;
use crate::text::terms::fold;

const SHIPPED: &str = include_str!("../../config/promises.toml");

/// Bytes a compiled rule may take. Generous: the largest needs some 3 MB.
const PATTERN_SIZE_BYTES: usize = 32 << 20;

/// The table cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PromiseError {
    #[error("promises.toml: {0}")]
    Unreadable(String),
    #[error("promises.toml: [{rule}] has a pattern that cannot be compiled: {detail}")]
    Pattern { rule: &'static str, detail: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    words: BTreeMap<String, String>,
    rules: Rows,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rows {
    refund: Row,
    compensation: Row,
    deadline: Row,
    legal: Row,
    medical: Row,
    deed: Row,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    patterns: Vec<String>,
}

type Promises = Vec<(Rule, Regex)>;

fn shipped() -> Result<&'static Promises, &'static PromiseError> {
    static PROMISES: LazyLock<Result<Promises, PromiseError>> = LazyLock::new(|| parse(SHIPPED));
    PROMISES.as_ref()
}

pub(super) fn check() -> Result<(), PromiseError> {
    shipped().map(|_| ()).map_err(Clone::clone)
}

fn parse(text: &str) -> Result<Promises, PromiseError> {
    let table: Table =
        toml::from_str(text).map_err(|it| PromiseError::Unreadable(it.to_string()))?;
    let Rows { refund, compensation, deadline, legal, medical, deed } = table.rules;
    let rows = [
        (Rule::Refund, refund),
        (Rule::Compensation, compensation),
        (Rule::Deadline, deadline),
        (Rule::Legal, legal),
        (Rule::Medical, medical),
        (Rule::Deed, deed),
    ];
    let compiled = rows.into_iter().map(|(rule, row)| {
        let filled: Vec<String> = row.patterns.iter().map(|it| filled(it, &table.words)).collect();
        let built = RegexBuilder::new(&filled.join("|")).size_limit(PATTERN_SIZE_BYTES).build();
        let failed =
            |it: regex::Error| PromiseError::Pattern { rule: rule.name(), detail: it.to_string() };
        Ok((rule, built.map_err(failed)?))
    });
    compiled.collect()
}

fn filled(pattern: &str, words: &BTreeMap<String, String>) -> String {
    let with =
        |it: String, (name, list): (&String, &String)| it.replace(&format!("{{{name}}}"), list);
    fold(&words.iter().fold(pattern.to_owned(), with))
}

/// What a sentence promises that no passage it cites says.
pub(super) fn broken_by(text: &str, cited: &[&Cited]) -> Vec<Rule> {
    // Without a table every sentence would pass; `check` has said so at start.
    let Ok(promises) = shipped() else { return Vec::new() };
    let said = plain(text);
    let words = said.trim_matches([' ', '.']);
    // What stands in the article word for word is the article's to say.
    if cited.iter().any(|it| it.plain.contains(words)) {
        return Vec::new();
    }
    let broken = promises.iter().filter(|(_, pattern)| {
        pattern.is_match(&said) && !cited.iter().any(|it| pattern.is_match(&it.plain))
    });
    broken.map(|(rule, _)| *rule).collect()
}
