//! Real questions for `--data DIR`: `queries.jsonl` and
//! `queries_other_product.jsonl`, played as customers. A line that is not a
//! question is an error with its number.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use crate::cli::demo::desk::Desk;
use crate::cli::demo::desk::Kind;
use crate::cli::demo::desk::Person;
use crate::cli::demo::desk::Post;
use crate::cli::demo::desk::Tale;
use crate::cli::demo::desk::Written;
use crate::cli::demo::scenes;

/// One question of a data folder. Further keys are left alone.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Question {
    pub(super) id: String,
    text: String,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    turns: Vec<Turn>,
    /// Ids of articles that answer it. Empty if that is not known, or none does.
    #[serde(default)]
    pub(super) relevant: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Turn {
    role: Role,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Role {
    #[serde(alias = "user")]
    Customer,
    #[serde(other)]
    Staff,
}

/// Reads the questions of a file; none if it does not exist.
pub(super) fn read(file: &Path) -> anyhow::Result<Vec<Question>> {
    if !file.is_file() {
        return Ok(Vec::new());
    }
    let reader =
        BufReader::new(File::open(file).with_context(|| format!("opening {}", file.display()))?);
    let mut questions = Vec::new();
    for (place, line) in reader.lines().enumerate() {
        let line = line.with_context(|| format!("reading {}", file.display()))?;
        if line.trim().is_empty() {
            continue;
        }
        let question = serde_json::from_str(&line)
            .with_context(|| format!("reading question {} of {}", place + 1, file.display()))?;
        questions.push(question);
    }
    Ok(questions)
}

/// `n` of the items, evenly spread from the first on; all if there are fewer.
pub(super) fn spread<T: Clone>(items: &[T], n: usize) -> Vec<T> {
    let n = n.min(items.len());
    (0..n).filter_map(|it| items.get(it * items.len() / n)).cloned().collect()
}

impl Question {
    /// Plays the conversation up to the last thing the customer wrote, which
    /// alone is told to Deskhand.
    pub(super) async fn play(&self, desk: &Desk, conversation_id: &str) {
        desk.start(conversation_id, self.subject.as_deref().unwrap_or_default(), "form");
        let end = self.turns.iter().rposition(|it| it.role == Role::Customer);
        let turns = self.turns.get(..end.unwrap_or(0)).unwrap_or_default();
        for turn in turns {
            desk.put(conversation_id, post(turn.role, &turn.text));
        }
        let last = end.and_then(|it| self.turns.get(it)).map_or(&self.text, |it| &it.text);
        desk.write(conversation_id, post(Role::Customer, last), Tale::Customer).await;
    }
}

fn post(role: Role, text: &str) -> Post {
    let (kind, author) = match role {
        Role::Customer => (Kind::Customer, scenes::customer("customer")),
        Role::Staff => (Kind::Agent, agent()),
    };
    Post {
        public: true,
        kind,
        author,
        body: Written::Text(text.to_owned()),
        headers: BTreeMap::new(),
    }
}

fn agent() -> Person {
    Person {
        id: "agent-1".to_owned(),
        name: "agent".to_owned(),
        email: "agent-1@demo.example".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_the_whole_file() {
        let items: Vec<usize> = (0..100).collect();
        assert_eq!(spread(&items, 4), [0, 25, 50, 75]);
        assert_eq!(spread(&items, 1000).len(), 100);
        assert!(spread(&items, 0).is_empty());
        assert!(spread::<usize>(&[], 3).is_empty());
    }
}
