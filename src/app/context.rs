//! From settings to how tickets are treated, and to the people beside the worker.

use sha2::Digest as _;
use sha2::Sha256;

use crate::config::Connection;
use crate::config::Mode;
use crate::config::Settings;
use crate::decide::Thresholds;
use crate::handover::Calling;
use crate::handover::GivenBack;
use crate::knowledge::Scope;
use crate::pipeline::Context;
use crate::worker::People;

/// Hex digits of a hash that name a version: as many as git shows.
const VERSION_CHARS: usize = 12;

/// How tickets of a brand are treated.
pub fn context(settings: &Settings, mode: Mode, brand: &str, manifest_version: &str) -> Context {
    let answer = &settings.answer;
    Context {
        scope: Scope::public(brand),
        thresholds: Thresholds {
            suggest_from: answer.suggest_from,
            send_from: (mode == Mode::Autopilot).then_some(answer.send_from),
            grounded_from: answer.grounded_from,
        },
        max_own_replies: answer.max_in_a_row,
        limits: super::limits::limits(settings),
        settings_version: settings_version(settings),
        manifest_version: manifest_version.to_owned(),
    }
}

/// Names the settings that bear on decisions: the same name, the same settings.
fn settings_version(settings: &Settings) -> String {
    let Settings { answer, journey, guard, .. } = settings;
    let bearing = format!("{answer:?} {journey:?} {guard:?}");
    hex::encode(Sha256::digest(bearing)).chars().take(VERSION_CHARS).collect()
}

/// When the people of a connection are there, how they are called, how they give back.
///
/// # Errors
/// If the hours cannot be read.
pub(super) fn people(settings: &Settings, connection: &Connection) -> anyhow::Result<People> {
    let handover = &settings.handover;
    let ms = |minutes: u32| i64::from(minutes) * 60_000;
    Ok(People {
        hours: settings.hours.read()?,
        calling: Calling {
            first_ms: ms(handover.call_after_min),
            longest_ms: ms(handover.call_at_most_every_min),
            most: handover.calls,
        },
        given_back: GivenBack {
            tag: handover.return_tag.clone(),
            status: connection.return_status.to_lowercase(),
        },
    })
}
