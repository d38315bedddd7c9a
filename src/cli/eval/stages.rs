//! `deskhand eval triage`: stages and requests for a person, measured.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;

use super::say;
use crate::cli::ingest::bar;
use crate::eval;
use crate::eval::triage;
use crate::journey::KINDS;
use crate::journey::StageModel;

#[derive(Debug, Args)]
pub(super) struct TriageArgs {
    /// The folder of labelled messages
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The stage model the labels are stages or aliases of (m1, m2, m5, m6, m7) [default:
    /// the kinds of stage that words tell apart]
    #[arg(long, value_name = "MODEL")]
    stages: Option<String>,
    /// One JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// Measures and prints.
///
/// # Errors
/// If the files cannot be read, or there is no such stage model.
pub(super) fn triage(args: &TriageArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let messages = eval::read_labelled(&args.data)?;
    let stages = match args.stages.as_deref() {
        None => StageModel::of_kinds()?,
        Some(name) => StageModel::preset(name).with_context(|| {
            format!("{name} is none of the stage models m1, m2, m5, m6 and m7")
        })??,
    };
    let labels = messages.iter().filter_map(|it| it.stage.as_deref());
    let unmatched = labels.filter(|it| *it != "none" && stages.stage(it).is_none()).count();
    if 0 < unmatched {
        let kinds: Vec<&str> = KINDS.iter().map(|it| it.0).collect();
        tracing::warn!(
            unmatched,
            "messages have a stage that {} does not have, and are left out; known without \
             --stages are {}",
            stages.id,
            kinds.join(", ")
        );
    }
    let bar = bar(messages.len() as u64, "{bar:30} {pos}/{len} messages, {per_sec}, {eta} left");
    let data = args.data.display().to_string();
    let report = triage::measure(&messages, &data, &stages, |done| bar.set_position(done as u64));
    bar.finish_and_clear();
    say(&report, args.json, out)
}
