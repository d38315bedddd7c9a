//! What `deskhand calibrate` learns of stages and topics, kept and shown.

use std::io::Write;

use crate::app;
use crate::calibrate::Lesson;
use crate::calibrate::Taught;
use crate::calibrate::teach;
use crate::cli::calibrate::History;
use crate::store::Store;

/// Learns from a history, and keeps it unless `dry_run`.
///
/// # Errors
/// If the store cannot be written.
pub(super) async fn learn(
    history: &History,
    stage_prefix: &str,
    store: &Store,
    dry_run: bool,
) -> anyhow::Result<Taught> {
    let taught = teach(&history.tickets, stage_prefix);
    if !dry_run {
        app::keep_team(store, &history.brand, &taught.team).await?;
    }
    Ok(taught)
}

/// What was learned, a line each.
pub(super) fn show(taught: &Taught, dry_run: bool, out: &mut dyn Write) -> std::io::Result<()> {
    line("stages", &taught.stages, out)?;
    let topics = if taught.topics_are_groups { "topics (groups)" } else { "topics (tags)" };
    line(topics, &taught.topics, out)?;
    if !dry_run && !taught.team.is_empty() {
        writeln!(out, "Kept; a running service uses it from its next start.")?;
    }
    writeln!(out)
}

fn line(name: &str, lesson: &Lesson, out: &mut dyn Write) -> std::io::Result<()> {
    if lesson.n_judged == 0 {
        return writeln!(out, "{name:<16} too few labelled past tickets to learn from");
    }
    writeln!(
        out,
        "{name:<16} {} labels from {} past tickets; on the {} after them right {:.3} (commonest {:.3}), macro-F1 {:.3}",
        lesson.labels.len(),
        lesson.n_learned,
        lesson.n_judged,
        lesson.accuracy,
        lesson.commonest,
        lesson.macro_f1
    )
}
