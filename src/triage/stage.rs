//! The stage of a conversation: what a person of the team set, else what the business
//! named as its own cue, else what the customer's words say, message by message. One weak
//! message does not move it; whatever is said, why is said with it.

use super::Known;
use super::learned::Learned;
use super::words;
use crate::journey::Cued;
use crate::journey::KINDS;
use crate::journey::SaidBy;
use crate::journey::StageModel;
use crate::journey::StageTag;
use crate::journey::UNKNOWN;
use crate::journey::cued;
use crate::journey::says;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;

/// So much clearer than the stage before must the words of a new message be to move it.
/// (Set by hand.)
const MOVES_FROM: f32 = 0.15;

/// Less than this between the first and the second stage is a guess: `unknown`.
const LEAST_MARGIN: f32 = 0.04;

/// Less than this said by words that are about something is next to nothing: a greeting, a
/// number, "the black one". In logits. (Of 0.05 to 0.3, which all leave these without a
/// stage, the one that costs no stage that is said; measured on development data.)
const LEAST_EVIDENCE: f32 = 0.1;

/// What the team's labels say is taken from this probability on; below, words count.
const TEAM_FROM: f32 = 0.5;

/// Earlier messages that are read, the newest of them.
const MAX_EARLIER: usize = 12;

/// Letters of an earlier message that are read.
const EARLIER_CHARS: usize = 2_000;

/// How strongly one message speaks for each stage of a model, in its order.
#[derive(Debug, Clone)]
struct Heard {
    /// Sums up to 1 at most. All 0.0 where nothing is said.
    stages: Vec<f32>,
    /// What it would be tagged with alone.
    tag: StageTag,
}

/// The stage of a ticket.
pub(super) fn of(ticket: &Ticket, stages: &StageModel, known: Known<'_>) -> StageTag {
    if let Some(stage) = known.stage_set.and_then(|it| stages.stage(it)) {
        return StageTag {
            id: stage.id.clone(),
            strength: 1.0,
            reason: "a person of the team set it".to_owned(),
            by: SaidBy::Person,
        };
    }
    let team = known.team.map(|it| &it.stages);
    let mut held: Option<StageTag> = None;
    for text in messages(ticket) {
        let heard = hear(&text, ticket.language.as_deref(), stages, team);
        held = Some(match held {
            Some(before) if before.id != UNKNOWN => moved(before, heard, stages),
            _ => heard.tag,
        });
    }
    held.unwrap_or_else(StageTag::unknown)
}

/// What a text alone is tagged with, as a message that opens a conversation.
pub fn of_text(
    text: &str,
    language: Option<&str>,
    stages: &StageModel,
    team: Option<&Learned>,
) -> StageTag {
    hear(text, language, stages, team).tag
}

/// The stage after one more message.
fn moved(before: StageTag, heard: Heard, stages: &StageModel) -> StageTag {
    if heard.tag.id == UNKNOWN || heard.tag.id == before.id {
        // A message that says the same says why anew.
        return if heard.tag.id == before.id { heard.tag } else { kept(before) };
    }
    let strength = |id: &str| {
        let place = stages.stages.iter().position(|it| it.id == id);
        place.and_then(|it| heard.stages.get(it)).copied().unwrap_or(0.0)
    };
    let is_clear = MOVES_FROM <= strength(&heard.tag.id) - strength(&before.id);
    if heard.tag.by == SaidBy::Rule || is_clear { heard.tag } else { kept(before) }
}

/// A stage that an earlier message spoke for.
fn kept(before: StageTag) -> StageTag {
    const EARLIER: &str = "earlier, ";
    let reason = before.reason.strip_prefix(EARLIER).unwrap_or(&before.reason);
    StageTag { reason: format!("{EARLIER}{reason}"), ..before }
}

/// What the customer wrote between two answers, oldest first; the open question last,
/// and the subject with the first.
fn messages(ticket: &Ticket) -> Vec<String> {
    let mut runs: Vec<String> = Vec::new();
    let mut is_open = false;
    for turn in &ticket.turns {
        if turn.author == AuthorKind::Customer {
            let text = turn.text.chars().take(EARLIER_CHARS);
            match runs.last_mut().filter(|_| is_open) {
                Some(run) => run.extend(["\n"].into_iter().flat_map(str::chars).chain(text)),
                None => runs.push(text.collect()),
            }
            is_open = true;
        } else {
            is_open = false;
        }
    }
    // The last run is the question, which is read whole.
    if !ticket.question.is_empty() {
        if is_open {
            runs.pop();
        }
        runs.push(ticket.question.clone());
    }
    match runs.first_mut() {
        Some(first) => *first = format!("{}\n{first}", ticket.subject),
        None => runs.push(ticket.subject.clone()),
    }
    let n_skipped = runs.len().saturating_sub(MAX_EARLIER);
    runs.split_off(n_skipped)
}

fn hear(text: &str, language: Option<&str>, stages: &StageModel, team: Option<&Learned>) -> Heard {
    if let Some(tag) = stages.by_own_cues(text) {
        let of = |it: &str| if it == tag.id { 1.0 } else { 0.0 };
        return Heard { stages: stages.stages.iter().map(|it| of(&it.id)).collect(), tag };
    }
    let labelled = team.and_then(|it| by_team(text, stages, it));
    labelled.unwrap_or_else(|| by_words(text, language, stages))
}

/// What the labels of the team's past tickets say. `None` if they are not clear.
fn by_team(text: &str, stages: &StageModel, team: &Learned) -> Option<Heard> {
    let guess = team.guess(text).filter(|it| TEAM_FROM <= it.probability)?;
    let stage = stages.stage(&guess.label)?;
    let of = |it: &str| if it == stage.id { guess.probability } else { 0.0 };
    let tag = StageTag {
        id: stage.id.clone(),
        strength: guess.probability,
        reason: format!("{}, as in past tickets of this stage", says(&guess.words())),
        by: SaidBy::Team,
    };
    Some(Heard { stages: stages.stages.iter().map(|it| of(&it.id)).collect(), tag })
}

fn by_words(text: &str, language: Option<&str>, stages: &StageModel) -> Heard {
    let cued = cued(text);
    let spoken = words::shipped().ok().and_then(|it| it.of(text, language, &cued));
    let Some(spoken) = spoken else {
        let tag = stages.by_cues(&cued);
        let of = |it: &str| if it == tag.id { tag.strength } else { 0.0 };
        return Heard { stages: stages.stages.iter().map(|it| of(&it.id)).collect(), tag };
    };
    let places: Vec<Option<usize>> =
        KINDS.iter().map(|(_, tables)| place(stages, tables, &cued)).collect();
    let mut likely = vec![0.0_f32; stages.stages.len()];
    for (place, probability) in places.iter().zip(spoken.kinds) {
        if let Some(sum) = place.and_then(|it| likely.get_mut(it)) {
            *sum += probability;
        }
    }
    let tag = tagged(&likely, &places, &spoken, stages);
    Heard { stages: likely, tag }
}

/// The stage a kind belongs to. Where a model counts parts of a kind apart (the first use
/// after the setup, growing beside staying), a strong cue of the part decides.
fn place(stages: &StageModel, tables: &[&str], cued: &[Cued<'_>]) -> Option<usize> {
    let is_said = |table: &str| cued.iter().any(|it| it.is_strong && it.table == table);
    let (first, parts) = tables.split_first()?;
    let part = parts.iter().find(|it| is_said(it) && !is_said(first));
    let part = part.and_then(|it| stages.place_of(it));
    part.or_else(|| stages.place_of(first))
}

fn tagged(
    likely: &[f32],
    places: &[Option<usize>],
    spoken: &words::Spoken,
    stages: &StageModel,
) -> StageTag {
    let best = likely.iter().enumerate().max_by(|one, other| one.1.total_cmp(other.1));
    let Some((best, strength)) = best else { return StageTag::unknown() };
    let others = likely.iter().enumerate().filter(|it| it.0 != best).map(|it| *it.1);
    // What speaks for a kind this model has no stage for speaks against all it has.
    let homeless = places.iter().zip(spoken.kinds).filter(|it| it.0.is_none()).map(|it| it.1);
    let second = others.chain(homeless).fold(0.0_f32, f32::max);
    let is_its = |kind: usize| places.get(kind) == Some(&Some(best));
    let words = spoken.for_kinds(is_its);
    let evidence = spoken.evidence_for(is_its);
    if strength - second < LEAST_MARGIN || evidence < LEAST_EVIDENCE || words.is_empty() {
        return StageTag {
            reason: "nothing speaks clearly for one stage".to_owned(),
            ..StageTag::unknown()
        };
    }
    StageTag {
        id: stages.stages.get(best).map(|it| it.id.clone()).unwrap_or_default(),
        strength: *strength,
        reason: says(&words),
        by: SaidBy::Words,
    }
}
