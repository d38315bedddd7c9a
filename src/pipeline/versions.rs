//! What a proposal is made with, by name and hash.

use std::collections::BTreeMap;

use crate::confidence;
use crate::confidence::Model;
use crate::embed::Embedder;
use crate::index::Index;
use crate::journey::StageModel;
use crate::pipeline::Context;
use crate::proposal::Versions;
use crate::text;
use crate::triage::Team;

/// Of a proposal that no model wrote.
pub(super) fn of(
    index: &Index,
    embedder: &Embedder,
    stages: &StageModel,
    context: &Context,
) -> Versions {
    Versions {
        deskhand: env!("CARGO_PKG_VERSION").to_owned(),
        stages: stages.id.clone(),
        prompt: String::new(),
        model: String::new(),
        embedder: embedder.name().to_owned(),
        index: index.watermark(),
        settings: context.settings_version.clone(),
        manifest: context.manifest_version.clone(),
        ranking: ranking(index, &context.scope.brand),
        confidence: Model::version(index.weights().get(&context.scope.brand)),
    }
}

/// The same where a team's past tickets taught stages: other stages have other thresholds.
pub(super) fn with_team(versions: Versions, team: Option<&Team>) -> Versions {
    match team.filter(|it| !it.stages.labels().is_empty()) {
        Some(team) => {
            Versions { stages: format!("{}+{}", versions.stages, team.version), ..versions }
        }
        None => versions,
    }
}

/// Names what a team's ranking has of its own: the weights its brand was calibrated to, and
/// its list of synonyms. Empty if it has neither.
fn ranking(index: &Index, brand: &str) -> String {
    let (calibrated, synonyms) = (index.weights(), index.synonyms().version());
    let Some(weights) = calibrated.get(brand) else { return synonyms.to_owned() };
    // By name, whatever order they are kept in.
    let is_ranking = |(name, _): &(&String, &f32)| !name.starts_with(confidence::PREFIX);
    let named: BTreeMap<_, _> = weights.iter().filter(is_ranking).collect();
    if named.is_empty() {
        return synonyms.to_owned();
    }
    text::version_of(format!("{named:?}{synonyms}"))
}
