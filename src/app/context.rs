//! From settings to how tickets are treated, and to the people beside the worker.

use std::sync::Arc;

use anyhow::Context as _;
use anyhow::ensure;

use crate::act::Manner;
use crate::act::More;
use crate::certify::Lapse;
use crate::config::Connection;
use crate::config::Journey;
use crate::config::Mode;
use crate::config::SendWhen;
use crate::config::Settings;
use crate::config::Threshold;
use crate::decide::Policy;
use crate::decide::Thresholds;
use crate::decide::policy;
use crate::decide::policy::When;
use crate::handover::Calling;
use crate::handover::GivenBack;
use crate::journey::StageModel;
use crate::knowledge::Scope;
use crate::pipeline::Authority;
use crate::pipeline::Context;
use crate::text;
use crate::text::synonyms::Synonyms;
use crate::worker::People;

/// How tickets of a brand are treated. Where it takes a certificate to send, nothing is
/// sent until [`crate::guarantee::licensed`] has found one.
pub fn context(settings: &Settings, mode: Mode, brand: &str, manifest_version: &str) -> Context {
    let answer = &settings.answer;
    let (send_from, authority) = match (mode, answer.threshold) {
        (Mode::Suggest, _) => (None, Authority::AsSet),
        (Mode::Autopilot | Mode::Shadow, Threshold::Uncertified) => {
            (Some(answer.send_from), Authority::AsSet)
        }
        (Mode::Autopilot | Mode::Shadow, Threshold::Certified) => {
            (None, Authority::Certified(Err(Lapse::Missing)))
        }
    };
    let (suggest_from, grounded_from) = (answer.suggest_from, answer.grounded_from);
    Context {
        scope: Scope::public(brand),
        thresholds: Thresholds { suggest_from, send_from, grounded_from },
        authority,
        policy: policy(settings),
        max_own_replies: answer.max_in_a_row,
        limits: super::limits::limits(settings),
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

/// What customers call things otherwise: the built-in list, and the team's own.
///
/// # Errors
/// If the team's file cannot be read, or a line of it is no group.
pub fn synonyms(settings: &Settings) -> anyhow::Result<Arc<Synonyms>> {
    let Some(file) = super::folder(&settings.files.synonyms) else {
        return Ok(Synonyms::shipped());
    };
    let shown = file.display();
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("files.synonyms: {shown} cannot be read"))?;
    let own = Synonyms::with_own(&text).with_context(|| format!("files.synonyms: {shown}"))?;
    Ok(Arc::new(own))
}

/// Whose knowledge answers the tickets of a connection, or the questions of a caller of the
/// API, and the version of what they come through.
///
/// # Errors
/// If there is neither of that name, or a manifest is unsound.
pub fn treated(settings: &Settings, name: &str) -> anyhow::Result<(String, String)> {
    if let Some(connection) = settings.connections.get(name) {
        let manifests = super::manifests(settings)?;
        let version = manifests.by_name(&connection.helpdesk).map(|it| it.version.clone());
        return Ok((super::brand(name, connection), version.unwrap_or_default()));
    }
    let caller = settings.api.callers.get(name);
    let caller =
        caller.with_context(|| format!("there is neither a connection nor a caller {name}"))?;
    Ok((super::callers::brand(name, caller).to_owned(), super::callers::VERSION.to_owned()))
}

/// Names the settings that bear on what is answered and what could be sent: the same
/// name, the same settings. Not those that only say how much of it is sent: labels are
/// collected with one mode and used with another.
fn version(settings: &Settings) -> String {
    let answer = &settings.answer;
    let bearing = (answer.grounded_from, answer.max_in_a_row);
    let (stages, tokens) = (&settings.journey.stages, settings.model.max_tokens);
    let bearing = format!("{bearing:?} {stages} {tokens} {:?}", settings.guard);
    text::version_of(bearing)
}

/// Names the settings that bear on decisions, how much is sent among them: the same
/// name, the same settings.
pub fn settings_version(settings: &Settings) -> String {
    let Settings { answer, journey, guard, policy, hours, .. } = settings;
    let bearing = format!("{answer:?} {journey:?} {guard:?} {policy:?} {hours:?}");
    text::version_of(bearing)
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
        more: more(&settings.journey),
        is_shadow: mode == Mode::Shadow,
        tells_customer: mode == Mode::Autopilot && settings.handover.tell_customer,
        hours: settings.hours.read().unwrap_or_default(),
    }
}

/// What of the triage beside the stage is written.
fn more(journey: &Journey) -> More {
    let named = |field: &String| Some(field.clone()).filter(|it| !it.is_empty());
    More {
        has_tags: journey.more_tags,
        topic_field: named(&journey.topic_field),
        mood_field: named(&journey.mood_field),
        urgency_field: named(&journey.urgency_field),
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
