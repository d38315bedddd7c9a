//! `deskhand eval confidence`: how sure Deskhand was of each reply, and whether it was
//! right to be.

use std::io::Write;
use std::path::Path;
use std::path::PathBuf;

use clap::Args;

use super::Lines;
use super::answers::Answers;
use super::answers::answers;
use super::say;
use crate::eval::confidence;

#[derive(Debug, Args)]
pub(super) struct ConfidenceArgs {
    /// The folder of labelled questions
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Write what came of each question and what its probability is made of, one JSON
    /// object a line: what weights are learned from
    #[arg(long, value_name = "FILE")]
    signals: Option<PathBuf>,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// Measures and prints.
///
/// # Errors
/// If the files cannot be read, or the index not be written.
pub(super) async fn confidence(
    args: &ConfidenceArgs,
    file: Option<&Path>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut signals = Lines::open(args.signals.as_deref())?;
    let Answers { teams, versions } = answers(&args.data, file, |it| signals.push(it)).await?;
    signals.close()?;
    let report = confidence::measure(&teams, &args.data.display().to_string(), versions);
    say(&report, args.json, out)
}
