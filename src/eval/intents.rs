//! A folder that names an intent for each question instead of an article: what was asked
//! before stands in for the article, and for the past tickets that link it.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::ensure;
use serde::Deserialize;

use super::BRAND;
use super::Folder;
use super::Question;
use super::data::each_line;
use super::data::read_folder;
use crate::knowledge::Audience;
use crate::knowledge::Document;
use crate::knowledge::Pool;

/// Where every intent is in scope, each so-many-th is taken out, so that there are
/// questions nothing answers.
const TAKEN_OUT: usize = 4;

/// One question with its intent. Further keys are left alone.
#[derive(Debug, Clone, Deserialize)]
struct Asked {
    id: String,
    text: String,
    intent: String,
    /// False if it is one of those nobody foresaw.
    #[serde(default = "yes")]
    in_scope: bool,
    #[serde(default)]
    lang: Option<String>,
    /// `train`: it was asked before.
    #[serde(default)]
    split: Option<String>,
}

fn yes() -> bool {
    true
}

/// Reads a folder of labelled questions: one with `corpus.jsonl` as for the other
/// measurements, else each file of questions with an `intent` as a team of its own, by
/// the file's name.
///
/// # Errors
/// If a line is not what its file holds, or there are no labelled questions.
pub fn read_teams(folder: &Path) -> anyhow::Result<Vec<(String, Folder)>> {
    if folder.join("corpus.jsonl").is_file() {
        return Ok(vec![("all".to_owned(), read_folder(folder, BRAND)?)]);
    }
    let files =
        std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let files = files.filter_map(|it| Some(it.ok()?.path()));
    let mut files: Vec<PathBuf> =
        files.filter(|it| it.extension().is_some_and(|it| it == "jsonl")).collect();
    files.sort();
    let mut teams = Vec::new();
    for file in files {
        let mut asked: Vec<Asked> = Vec::new();
        each_line(&file, |line| {
            asked.push(serde_json::from_str(line)?);
            Ok(())
        })?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        teams.push((name, of_intents(asked)));
    }
    ensure!(
        teams.iter().any(|(_, it)| !it.questions.is_empty()),
        "{} holds neither corpus.jsonl with queries.jsonl nor questions with an `intent`",
        folder.display()
    );
    Ok(teams)
}

/// Those of the split `train` are what was asked before; where all are of one split,
/// every second one of an intent.
fn of_intents(asked: Vec<Asked>) -> Folder {
    let intents: BTreeSet<&String> = asked.iter().map(|it| &it.intent).collect();
    let is_train = |it: &Asked| it.split.as_deref() == Some("train");
    let is_split = asked.iter().any(is_train) && !asked.iter().all(is_train);
    let all_in_scope = asked.iter().all(|it| it.in_scope);
    let places = intents.into_iter().enumerate();
    let out = places.filter(|(place, _)| all_in_scope && place % TAKEN_OUT == TAKEN_OUT - 1);
    let out: BTreeSet<String> = out.map(|(_, it)| it.clone()).collect();
    let mut n_of: BTreeMap<String, usize> = BTreeMap::new();
    let mut folder = Folder::default();
    let mut examples: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for it in asked {
        let n_before = n_of.entry(it.intent.clone()).or_default();
        let is_before = if is_split { is_train(&it) } else { n_before.is_multiple_of(2) };
        *n_before += 1;
        let is_known = it.in_scope && !out.contains(&it.intent);
        match (is_before, is_known) {
            (true, true) => {
                examples.entry(it.intent.clone()).or_default().push(it.text.clone());
                folder.past_tickets.push(past_ticket(it));
            }
            // What nobody foresaw was not answered before either.
            (true, false) => {}
            (false, _) => folder.questions.push(question(it, is_known)),
        }
    }
    folder.articles =
        examples.into_iter().map(|(intent, texts)| article(&intent, &texts)).collect();
    folder
}

fn question(asked: Asked, is_known: bool) -> Question {
    let relevant = if is_known { vec![asked.intent.clone()] } else { Vec::new() };
    Question::labelled(asked.id, asked.text, asked.lang, relevant)
}

/// What answers an intent, as a help center would have it: a statement, and what people
/// ask.
fn article(intent: &str, texts: &[String]) -> Document {
    let name = intent.replace(['_', '-'], " ").to_lowercase();
    let statement = format!("This is the answer to questions about {name}.");
    let asked = texts.join("\n\n");
    Document {
        title: name,
        body: format!("{statement}\n\n{asked}"),
        ..document(Pool::Article, intent)
    }
}

fn past_ticket(asked: Asked) -> Document {
    Document {
        body: asked.text,
        answer: Some(format!("See {}.", asked.intent)),
        language: asked.lang,
        solved: true,
        linked_articles: vec![asked.intent],
        ..document(Pool::PastTicket, &asked.id)
    }
}

fn document(pool: Pool, id: &str) -> Document {
    Document {
        id: id.to_owned(),
        pool,
        brand: BRAND.to_owned(),
        title: String::new(),
        body: String::new(),
        answer: None,
        summary: None,
        url: None,
        language: Some("en".to_owned()),
        audience: Audience::Public,
        updated_at: None,
        solved: false,
        linked_articles: Vec::new(),
        tags: Vec::new(),
        source: "intents".to_owned(),
    }
}
