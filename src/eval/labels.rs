//! Labelled texts: `sentences.jsonl`, or every `.jsonl` of a folder without one.
//! A line is a text with its spans, or a conversation whose turns name what stands
//! in them. A line that cannot be read is an error with its number.

use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::bail;
use anyhow::ensure;
use serde::Deserialize;

use super::data::each_line;

/// A text and what in it identifies somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sentence {
    pub text: String,
    pub labels: Vec<Label>,
}

/// Bytes `start..end` of a text, and what they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// In capitals: `EMAIL_ADDRESS`, or whatever the data calls it.
    pub kind: String,
    pub start: usize,
    pub end: usize,
}

/// Both shapes of a line. Further keys are left alone.
#[derive(Deserialize)]
struct Line {
    text: Option<String>,
    #[serde(default)]
    spans: Vec<Marked>,
    #[serde(default)]
    turns: Vec<Turn>,
}

#[derive(Deserialize)]
struct Turn {
    text: String,
    #[serde(default)]
    entities: Vec<Marked>,
}

/// A piece of a text, by its place if that is known.
#[derive(Deserialize)]
struct Marked {
    #[serde(rename = "type")]
    kind: String,
    value: String,
    /// The first character, counted from zero. Its end is where the value ends.
    start: Option<usize>,
}

/// Reads the labelled texts of a folder.
///
/// # Errors
/// If a line is not what its file holds, a value does not stand where it is said
/// to, or there are no texts at all.
pub fn read_sentences(folder: &Path) -> anyhow::Result<Vec<Sentence>> {
    let mut sentences = Vec::new();
    for file in files(folder)? {
        each_line(&file, |line| {
            let line: Line = serde_json::from_str(line)?;
            if line.text.is_none() && line.turns.is_empty() {
                bail!("it has neither `text` with `spans` nor `turns` with `entities`");
            }
            if let Some(text) = line.text {
                sentences.push(sentence(text, &line.spans)?);
            }
            for turn in line.turns {
                sentences.push(sentence(turn.text, &turn.entities)?);
            }
            Ok(())
        })?;
    }
    ensure!(
        !sentences.is_empty(),
        "{} holds no sentences.jsonl and no other .jsonl with labelled texts",
        folder.display()
    );
    Ok(sentences)
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let sentences = folder.join("sentences.jsonl");
    if sentences.is_file() {
        return Ok(vec![sentences]);
    }
    let reading = || format!("reading {}", folder.display());
    let mut files = Vec::new();
    for entry in folder.read_dir().with_context(reading)? {
        let path = entry.with_context(reading)?.path();
        files.extend(path.extension().is_some_and(|it| it == "jsonl").then_some(path));
    }
    files.sort();
    Ok(files)
}

fn sentence(text: String, marked: &[Marked]) -> anyhow::Result<Sentence> {
    let mut labels = Vec::with_capacity(marked.len());
    for it in marked.iter().filter(|it| !it.value.is_empty()) {
        let start = match it.start {
            Some(n_chars) => text.char_indices().nth(n_chars).map(|(at, _)| at),
            None => place_of(&text, &it.value),
        };
        let start =
            start.filter(|at| text.get(*at..).is_some_and(|rest| rest.starts_with(&it.value)));
        let Some(start) = start else { bail!("`{}` does not stand where it is said to", it.kind) };
        let end = start + it.value.len();
        labels.push(Label { kind: name_of(&it.kind), start, end });
    }
    Ok(Sentence { text, labels })
}

/// Where a value stands as a word of its own; else where it stands at all.
fn place_of(text: &str, value: &str) -> Option<usize> {
    let is_whole = |at: &usize| {
        let before = text.get(..*at).and_then(|it| it.chars().next_back());
        let after = text.get(at + value.len()..).and_then(|it| it.chars().next());
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    };
    let places = || text.match_indices(value).map(|(at, _)| at);
    places().find(is_whole).or_else(|| places().next())
}

/// One name for what data sets call differently.
fn name_of(kind: &str) -> String {
    let kind = kind.to_uppercase();
    let name = match kind.as_str() {
        "EMAIL" => "EMAIL_ADDRESS",
        "PHONE" | "TELEPHONE" => "PHONE_NUMBER",
        "CARD" | "CARD_NUMBER" | "CREDIT_CARD_NUMBER" => "CREDIT_CARD",
        "IBAN" => "IBAN_CODE",
        "SSN" | "SOCIAL_SECURITY_NUMBER" => "US_SSN",
        "IP" | "IPV4" | "IPV6" => "IP_ADDRESS",
        "PASSWORD" | "API_KEY" | "TOKEN" | "CREDENTIALS" | "PRIVATE_KEY" => "SECRET",
        other => other,
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(kind: &str, value: &str, start: Option<usize>) -> Marked {
        Marked { kind: kind.to_owned(), value: value.to_owned(), start }
    }

    #[test]
    fn places_are_counted_in_characters_and_kept_in_bytes() {
        let read =
            sentence("Zoë: a@b.co".to_owned(), &[marked("email", "a@b.co", Some(5))]).unwrap();
        assert_eq!(read.labels, [Label { kind: "EMAIL_ADDRESS".to_owned(), start: 6, end: 12 }]);
    }

    #[test]
    fn a_value_without_a_place_is_looked_for_as_a_word() {
        let read = sentence("45 or 4587".to_owned(), &[marked("ssn", "4587", None)]).unwrap();
        assert_eq!((read.labels[0].start, read.labels[0].kind.as_str()), (6, "US_SSN"));
        assert_eq!(place_of("proof of", "of"), Some(6));
    }

    #[test]
    fn a_value_that_is_not_there_is_an_error() {
        let error = sentence("call me".to_owned(), &[marked("phone", "555", Some(2))]).unwrap_err();
        assert_eq!(error.to_string(), "`phone` does not stand where it is said to");
    }
}
