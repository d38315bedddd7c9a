//! From settings to how tickets are treated, and to the people beside the worker.

use anyhow::ensure;
use sha2::Digest as _;
use sha2::Sha256;

use crate::act::Manner;
use crate::config::Connection;
use crate::config::Mode;
use crate::config::SendWhen;
use crate::config::Settings;
use crate::decide::Policy;
use crate::decide::Thresholds;
use crate::decide::policy;
use crate::decide::policy::When;
use crate::handover::Calling;
use crate::handover::GivenBack;
use crate::journey::StageModel;
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
            send_from: (mode != Mode::Suggest).then_some(answer.send_from),
            grounded_from: answer.grounded_from,
        },
        policy: policy(settings),
        max_own_replies: answer.max_in_a_row,
        limits: super::limits::limits(settings),
        settings_version: settings_version(settings),
        manifest_version: manifest_version.to_owned(),
    }
}

/// Names the settings that bear on decisions: the same name, the same settings.
fn settings_version(settings: &Settings) -> String {
    let Settings { answer, journey, guard, policy, hours, .. } = settings;
    let bearing = format!("{answer:?} {journey:?} {guard:?} {policy:?} {hours:?}");
    hex::encode(Sha256::digest(bearing)).chars().take(VERSION_CHARS).collect()
}

/// What people answer, whatever Deskhand would.
fn policy(settings: &Settings) -> Policy {
    let own = &settings.policy;
    let stages = own.stages.iter().map(|(id, it)| {
        let stage = policy::Stage {
            automatic: it.automatic.unwrap_or(true),
            suggest_from: it.suggest_from,
            send_from: it.send_from,
            grounded_from: it.grounded_from,
        };
        (id.clone(), stage)
    });
    Policy {
        // They were checked when the settings were read.
        hours: settings.hours.read().unwrap_or_default(),
        when: match own.send_when {
            SendWhen::Always => When::Always,
            SendWhen::Open => When::Open,
            SendWhen::Closed => When::Closed,
        },
        stages: stages.collect(),
        topics: own.topics.clone(),
        tags: own.tags.clone(),
        vip_tags: own.vip_tags.clone(),
        vip_customers: own.vip_customers.clone(),
        canary_percent: own.canary_percent,
    }
}

/// A stage model that has every stage the policies name.
///
/// # Errors
/// If it lacks one.
pub(super) fn known_stages(settings: &Settings, model: StageModel) -> anyhow::Result<StageModel> {
    for stage in settings.policy.stages.keys() {
        let is_known = stage == "unknown" || model.stages.iter().any(|it| it.id == *stage);
        ensure!(is_known, "policy.stages.{stage}: the stage model {} has no such stage", model.id);
    }
    Ok(model)
}

/// How proposals are written into the helpdesk of one connection.
pub(super) fn manner(
    settings: &Settings,
    mode: Mode,
    brand: String,
    stage_field: Option<String>,
) -> Manner {
    Manner {
        brand,
        tag_prefix: settings.journey.tag_prefix.clone(),
        stage_field,
        is_shadow: mode == Mode::Shadow,
        tells_customer: mode == Mode::Autopilot && settings.handover.tell_customer,
        hours: settings.hours.read().unwrap_or_default(),
    }
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
