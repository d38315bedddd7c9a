//! How tickets of a brand are treated, as the settings have it.

use sha2::Digest as _;
use sha2::Sha256;

use super::limits;
use crate::certify::Lapse;
use crate::config::Connection;
use crate::config::Mode;
use crate::config::Settings;
use crate::config::Threshold;
use crate::decide::Thresholds;
use crate::knowledge::Scope;
use crate::pipeline::Context;
use crate::pipeline::Leave;

/// Hex digits of a hash that name a version: as many as git shows.
const VERSION_CHARS: usize = 12;

/// How tickets of a brand are treated. Where it takes a certificate to send, nothing is
/// sent until [`crate::guarantee::licensed`] has found one.
pub fn context(settings: &Settings, mode: Mode, brand: &str, manifest_version: &str) -> Context {
    let answer = &settings.answer;
    let (send_from, leave) = match (mode, answer.threshold) {
        (Mode::Suggest, _) => (None, Leave::AsSet),
        (Mode::Autopilot, Threshold::Uncertified) => (Some(answer.send_from), Leave::AsSet),
        (Mode::Autopilot, Threshold::Certified) => (None, Leave::Certified(Err(Lapse::Missing))),
    };
    let (suggest_from, grounded_from) = (answer.suggest_from, answer.grounded_from);
    Context {
        scope: Scope::public(brand),
        thresholds: Thresholds { suggest_from, send_from, grounded_from },
        leave,
        max_own_replies: answer.max_in_a_row,
        limits: limits::limits(settings),
        settings_version: version(settings),
        manifest_version: manifest_version.to_owned(),
    }
}

/// The connection that answers from a brand's knowledge, and the version of its manifest.
/// Both empty if there is none.
///
/// # Errors
/// If a manifest is unsound.
pub fn answering(settings: &Settings, brand: &str) -> anyhow::Result<(String, String)> {
    let is_its = |(name, it): &(&String, &Connection)| super::brand(name, it) == brand;
    let Some((name, connection)) = settings.connections.iter().find(is_its) else {
        return Ok((String::new(), String::new()));
    };
    let manifests = super::manifests(settings)?;
    let version = manifests.by_name(&connection.helpdesk).map(|it| it.version.clone());
    Ok((name.clone(), version.unwrap_or_default()))
}

/// Names the settings that bear on what is answered and what could be sent: the same
/// name, the same settings. Not those that only say how much of it is sent: labels are
/// collected with one mode and used with another.
fn version(settings: &Settings) -> String {
    let answer = &settings.answer;
    let bearing = (answer.grounded_from, answer.max_in_a_row);
    let (stages, tokens) = (&settings.journey.stages, settings.model.max_tokens);
    let bearing = format!("{bearing:?} {stages} {tokens} {:?}", settings.guard);
    hex::encode(Sha256::digest(bearing)).chars().take(VERSION_CHARS).collect()
}
