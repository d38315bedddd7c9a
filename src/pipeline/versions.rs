//! What a proposal is made with, by name and hash.

use std::collections::BTreeMap;

use sha2::Digest as _;
use sha2::Sha256;

use crate::embed::Embedder;
use crate::index::Index;
use crate::journey::StageModel;
use crate::pipeline::Context;
use crate::proposal::Versions;

/// Hex digits of a hash that name a version: as many as git shows.
const VERSION_CHARS: usize = 12;

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
    }
}

/// Names the weights a brand was calibrated to; empty if it was not.
fn ranking(index: &Index, brand: &str) -> String {
    let calibrated = index.weights();
    let Some(weights) = calibrated.get(brand) else { return String::new() };
    // By name, whatever order they are kept in.
    let named: BTreeMap<_, _> = weights.iter().collect();
    let hash = hex::encode(Sha256::digest(format!("{named:?}")));
    hash.chars().take(VERSION_CHARS).collect()
}
