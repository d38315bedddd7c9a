//! Messages labelled with a stage of the journey and whether they ask for a person: every
//! `.jsonl` of a folder, or of the folders in it. A line is a text with labels, or a
//! conversation whose turns have them; further keys are left alone.

use std::fs;
use std::path::Path;
use std::path::PathBuf;

use anyhow::Context as _;
use anyhow::ensure;
use serde::Deserialize;

use super::data::each_line;

/// One labelled message.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// The business: the file's name, or its folder's where the file is `queries.jsonl`.
    pub domain: String,
    /// The folder the file is in: businesses of one folder were labelled alike.
    pub source: String,
    pub text: String,
    pub lang: Option<String>,
    /// `none` for a message of no stage; `None` if nobody said.
    pub stage: Option<String>,
    /// `None` if nobody said, which counts as no.
    pub wants_human: Option<bool>,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    lang: Option<String>,
    #[serde(default)]
    stage: Option<String>,
    #[serde(default)]
    wants_human: Option<bool>,
    #[serde(default)]
    turns: Vec<Turn>,
}

#[derive(Deserialize)]
struct Turn {
    #[serde(default)]
    role: String,
    text: String,
    #[serde(default)]
    stage: Option<String>,
    #[serde(default)]
    wants_human: Option<bool>,
}

/// Reads the labelled messages of a folder, and of the folders in it.
///
/// # Errors
/// If a file cannot be read, or no message has a label.
pub fn read_labelled(folder: &Path) -> anyhow::Result<Vec<Labelled>> {
    let mut files = Vec::new();
    for path in listed(folder)? {
        if path.is_dir() {
            files.extend(listed(&path)?.into_iter().filter(|it| it.is_file()));
        } else {
            files.push(path);
        }
    }
    files.retain(|it| it.extension().is_some_and(|it| it == "jsonl"));
    let mut read = Vec::new();
    for file in files {
        read.extend(read_file(&file)?);
    }
    ensure!(
        read.iter().any(|it| it.stage.is_some() || it.wants_human.is_some()),
        "{} holds no .jsonl with messages that have a `stage` or `wants_human`",
        folder.display()
    );
    Ok(read)
}

/// What a folder holds, in alphabetical order.
fn listed(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let reading = || format!("reading {}", folder.display());
    let entries = fs::read_dir(folder).with_context(reading)?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.with_context(reading)?.path());
    }
    paths.sort();
    Ok(paths)
}

/// The labelled messages of a file; all of its messages if any has a label.
fn read_file(file: &Path) -> anyhow::Result<Vec<Labelled>> {
    let name = |it: Option<&std::ffi::OsStr>| {
        it.map(|it| it.to_string_lossy().into_owned()).unwrap_or_default()
    };
    let source = name(file.parent().and_then(Path::file_name));
    let stem = name(file.file_stem());
    let domain = if stem == "queries" { source.clone() } else { stem };
    let mut read = Vec::new();
    each_line(file, |line| {
        // Files of other forms lie in the same folders.
        let Ok(line) = serde_json::from_str::<Line>(line) else { return Ok(()) };
        let message = |text, stage, wants_human| Labelled {
            domain: domain.clone(),
            source: source.clone(),
            text,
            lang: line.lang.clone(),
            stage,
            wants_human,
        };
        if line.stage.is_none() {
            let labelled = line.turns.into_iter().filter(|it| it.role != "agent");
            let labelled = labelled.filter(|it| it.stage.is_some() || it.wants_human.is_some());
            read.extend(labelled.map(|it| message(it.text, it.stage, it.wants_human)));
        }
        read.extend(line.text.map(|text| message(text, line.stage, line.wants_human)));
        Ok(())
    })?;
    if read.iter().all(|it| it.stage.is_none() && it.wants_human.is_none()) {
        read.clear();
    }
    Ok(read)
}
