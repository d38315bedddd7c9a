//! What a proposal asks the helpdesk to hold, as a list of writes in order.
//! Pure: nothing here calls anything. What a helpdesk lacks is left out, and the
//! rest still says what was meant.

use jiff::Timestamp;
use uuid::Uuid;

use crate::act::Manner;
use crate::act::Record;
use crate::act::tags;
use crate::decide::Decision;
use crate::draft;
use crate::helpdesk::Action;
use crate::helpdesk::Helpdesk;
use crate::helpdesk::Wording;
use crate::proposal;
use crate::proposal::Proposal;
use crate::store::decisions::Decided;
use crate::store::outbox::Planned;
use crate::text;

/// Tag of a conversation a person has to look at.
const HANDOFF_TAG: &str = "deskhand-handoff";
/// Tag of a conversation Deskhand answered.
const SENT_TAG: &str = "deskhand-sent";
/// Tag of a conversation with a suggestion.
const SUGGESTED_TAG: &str = "deskhand-suggested";

/// The row a proposal is stored as. `trigger` is the message it answers.
pub fn decided(
    record: &Record,
    manner: &Manner,
    conversation: &str,
    trigger: &str,
    at_ms: i64,
) -> Decided {
    let proposal = &record.proposal;
    let reason = proposal.decision.reason_word();
    let probability = f64::from(proposal.confidence.probability);
    Decided {
        id: Uuid::now_v7().to_string(),
        brand: manner.brand.clone(),
        conversation: conversation.to_owned(),
        trigger: trigger.to_owned(),
        at_ms,
        decision: proposal.decision.word().to_owned(),
        reason,
        stage: proposal.triage.stage.id.clone(),
        confidence: (!probability.is_nan()).then_some(probability),
        cost_usd_micros: proposal.spent.usd_micros,
        record: serde_json::to_string(record).unwrap_or_default(),
        outcome: "open".to_owned(),
    }
}

/// The writes a proposal asks for, in order. Empty where nobody is to be answered, and
/// where nothing is to be written.
pub fn plan(
    proposal: &Proposal,
    manner: &Manner,
    helpdesk: &Helpdesk,
    now_ms: i64,
) -> Vec<Planned> {
    if manner.is_shadow {
        return Vec::new();
    }
    let can = |action: &Action| helpdesk.can(action.name()).is_ok();
    let wanted = actions(proposal, manner, now_ms, &can);
    let possible = wanted.into_iter().filter(|it| can(it));
    possible.zip(0..).map(|(action, place)| planned(&action, place, now_ms)).collect()
}

fn actions(
    proposal: &Proposal,
    manner: &Manner,
    now_ms: i64,
    can: &dyn Fn(&Action) -> bool,
) -> Vec<Action> {
    let stage = &proposal.triage.stage.id;
    let mut tags = vec![format!("{}{stage}", manner.tag_prefix)];
    tags.extend(tags::of(&proposal.triage, &manner.more));
    let mut actions = Vec::new();
    match proposal.decision {
        Decision::StandDown(_) => return actions,
        Decision::Send => {
            let reply = Action::Reply(draft::wording(&proposal.draft));
            if can(&reply) {
                tags.push(SENT_TAG.to_owned());
                actions.push(reply);
            } else {
                // A helpdesk that takes no replies still takes a suggestion.
                tags.push(SUGGESTED_TAG.to_owned());
                actions.extend(suggestion(proposal));
            }
        }
        Decision::Suggest => {
            tags.push(SUGGESTED_TAG.to_owned());
            actions.extend(suggestion(proposal));
        }
        Decision::Escalate(_) => {
            tags.push(HANDOFF_TAG.to_owned());
            actions.push(Action::Note(proposal::note(proposal)));
            // After the note, before the helpdesk may give it to somebody: their name would
            // look like somebody who was quicker.
            actions.extend(told_customer(proposal, manner, now_ms));
            actions.push(Action::Handoff);
        }
    }
    actions.push(Action::Tag { tags });
    if let Some(field) = &manner.stage_field {
        actions.push(Action::Field { field: field.clone(), value: stage.clone() });
    }
    actions.extend(tags::fields(&proposal.triage, &manner.more));
    actions
}

/// The tags of a reply that was to be sent, as those of a suggestion. `None` for others.
pub(super) fn not_sent(action: &str) -> Option<Action> {
    let Ok(Action::Tag { mut tags }) = serde_json::from_str(action) else { return None };
    let sent = tags.iter_mut().find(|it| *it == SENT_TAG)?;
    SUGGESTED_TAG.clone_into(sent);
    Some(Action::Tag { tags })
}

/// A suggestion, where people see it.
fn suggestion(proposal: &Proposal) -> [Action; 2] {
    [Action::Note(proposal::note(proposal)), Action::Open]
}

/// What the customer is told of a hand-over. `None` if they are told nothing.
fn told_customer(proposal: &Proposal, manner: &Manner, now_ms: i64) -> Option<Action> {
    let now = Timestamp::from_millisecond(now_ms).ok().filter(|_| manner.tells_customer)?;
    let language = proposal.ticket.language.as_deref();
    Some(Action::Reply(draft::wording(&draft::handing_over(language, &manner.hours, now))))
}

/// The public reply of a proposal.
pub fn planned_reply(proposal: &Proposal, due_ms: i64) -> Planned {
    planned(&Action::Reply(draft::wording(&proposal.draft)), 0, due_ms)
}

/// One write, named by a new intent.
pub(super) fn planned(action: &Action, place: u32, due_ms: i64) -> Planned {
    let fingerprint = match action {
        Action::Reply(wording) | Action::Note(wording) => text::fingerprint(&wording.text),
        Action::Tag { .. } | Action::Field { .. } | Action::Handoff | Action::Open => String::new(),
    };
    Planned {
        intent: Uuid::now_v7().simple().to_string(),
        kind: action.name(),
        place,
        action: serde_json::to_string(action).unwrap_or_default(),
        fingerprint,
        due_ms,
    }
}

/// The note that tells the team of a message that could not be handled. `why`
/// is ours: it holds no ticket text.
pub fn planned_alert(why: &str, due_ms: i64) -> Planned {
    alert(
        format!(
            "Deskhand could not handle this conversation and has stopped trying: {why}. \
             A person needs to answer it."
        ),
        due_ms,
    )
}

/// What puts the conversation where people see that note.
pub fn planned_opening(due_ms: i64) -> Planned {
    Planned { kind: "alert", ..planned(&Action::Open, 1, due_ms) }
}

/// The note that calls people for the nth time who have not picked up a hand-over for
/// so many minutes.
pub fn planned_call(n_calls: u32, n_minutes: i64, due_ms: i64) -> Planned {
    // The number comes first: a note is recognized by how it begins.
    alert(
        format!(
            "Call {n_calls}: this conversation was handed over {n_minutes} minutes ago, and \
             nobody has picked it up. The customer waits; Deskhand does not answer here any more."
        ),
        due_ms,
    )
}

fn alert(said: String, due_ms: i64) -> Planned {
    let html = format!("<p>{}</p>", text::escape_html(&said));
    let action = Action::Note(Wording { markdown: said.clone(), text: said, html });
    Planned { kind: "alert", ..planned(&action, 0, due_ms) }
}
