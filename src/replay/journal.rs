//! The outcomes of a replay in a file, a line each: what a stopped one goes on from.

use std::fs::File;
use std::fs::OpenOptions;
use std::io::BufRead as _;
use std::io::BufReader;
use std::io::Seek as _;
use std::io::SeekFrom;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::outcome::Outcome;

/// What the outcomes of a file hold for: with anything else they are not mixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    pub deskhand: String,
    pub settings: String,
    pub stages: String,
    pub embedder: String,
    /// Names of the models that word replies, in the order they are asked; empty without.
    pub model: String,
    /// Hash of the articles and tickets.
    pub history: String,
    /// Names the team's own list of synonyms; empty without.
    #[serde(default)]
    pub synonyms: String,
}

/// A journal that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("could not use the journal {path}: {source}")]
    Io { path: String, source: std::io::Error },
    #[error(
        "the journal {path} is of another replay (other settings, history or version); name \
         another folder by --out, or begin anew by --fresh"
    )]
    OtherBasis { path: String },
}

/// An open journal.
#[derive(Debug)]
pub struct Journal {
    file: File,
    path: String,
}

impl Journal {
    /// Opens the journal at a path, or begins one, and answers what it holds already. A
    /// last line that was cut short is done again.
    ///
    /// # Errors
    /// If the file cannot be used, or is of another replay.
    pub fn open(path: &Path, basis: &Basis) -> Result<(Journal, Vec<Outcome>), JournalError> {
        let name = path.display().to_string();
        let io = |source| JournalError::Io { path: name.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(io)?;
        let (outcomes, end) = read(&file, basis)
            .map_err(io)?
            .ok_or_else(|| JournalError::OtherBasis { path: name.clone() })?;
        file.set_len(end).map_err(io)?;
        file.seek(SeekFrom::Start(end)).map_err(io)?;
        let mut journal = Journal { file, path: name.clone() };
        if end == 0 {
            journal.line(basis)?;
        }
        Ok((journal, outcomes))
    }

    /// Adds an outcome.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(&mut self, outcome: &Outcome) -> Result<(), JournalError> {
        self.line(outcome)
    }

    fn line(&mut self, value: &impl Serialize) -> Result<(), JournalError> {
        let io = |source| JournalError::Io { path: self.path.clone(), source };
        let mut line = serde_json::to_string(value).map_err(|it| io(it.into()))?;
        line.push('\n');
        self.file.write_all(line.as_bytes()).map_err(io)
    }
}

/// The outcomes of a file and how many of its bytes are whole lines; `None` if it is of
/// another replay.
fn read(file: &File, basis: &Basis) -> std::io::Result<Option<(Vec<Outcome>, u64)>> {
    let mut lines = BufReader::new(file);
    let (mut outcomes, mut end) = (Vec::new(), 0);
    // Bytes, because a line may have been cut within a character.
    let mut line = Vec::new();
    while 0 < lines.read_until(b'\n', &mut line)? {
        if !line.ends_with(b"\n") {
            break;
        }
        if end == 0 {
            if serde_json::from_slice::<Basis>(&line).ok().as_ref() != Some(basis) {
                return Ok(None);
            }
        } else {
            match serde_json::from_slice(&line) {
                Ok(outcome) => outcomes.push(outcome),
                Err(_) => break,
            }
        }
        end += line.len() as u64;
        line.clear();
    }
    Ok(Some((outcomes, end)))
}
