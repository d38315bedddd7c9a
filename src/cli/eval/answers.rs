//! The questions of a folder answered through everything a ticket goes through, as the
//! settings say and without a model.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::app;
use crate::cli::ingest::bar;
use crate::confidence::Model;
use crate::config;
use crate::config::Mode;
use crate::draft::Drafter;
use crate::eval;
use crate::eval::Answered;
use crate::eval::Meanings;

/// What came of the questions of each team, and what that was made with.
pub(super) struct Answers {
    pub(super) teams: Vec<(String, Vec<Answered>)>,
    pub(super) versions: BTreeMap<String, String>,
}

/// Answers them. `progress` is told of each.
///
/// # Errors
/// If the files or the settings cannot be read, or a step fails.
pub(super) async fn answers(
    data: &Path,
    file: Option<&Path>,
    mut progress: impl FnMut(&Answered),
) -> anyhow::Result<Answers> {
    let settings = config::load(file)?.settings;
    let embedder = Arc::new(app::embedder(&settings)?);
    let context = app::context(&settings, Mode::Suggest, eval::BRAND, "");
    let synonyms = app::synonyms(&settings)?;
    let mut teams = Vec::new();
    for (name, folder) in eval::read_teams(data)? {
        let meanings =
            Meanings::of(&folder, None, &embedder).await?.with_synonyms(Arc::clone(&synonyms));
        let n_questions = folder.questions.len() + folder.off_topic.len();
        let bar = bar(n_questions as u64, "{bar:30} {pos}/{len} questions, {per_sec}, {eta} left");
        let pipeline =
            |index| app::pipeline(&settings, index, Arc::clone(&embedder), Drafter::Extractive);
        let answered = eval::answered(&folder, &meanings, &context, pipeline, |it| {
            bar.inc(1);
            progress(it);
        });
        teams.push((name, answered.await?));
        bar.finish_and_clear();
    }
    let versions = BTreeMap::from([
        ("deskhand".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
        ("embedder".to_owned(), embedder.name().to_owned()),
        ("confidence".to_owned(), Model::version(None)),
    ]);
    Ok(Answers { teams, versions })
}
