//! Carries out what was planned for one conversation, write by write. May be
//! called again after any failure or crash: it goes on where it stopped.

use std::time::Duration;

use crate::act::ActError;
use crate::act::Acting;
use crate::act::Finished;
use crate::act::Record;
use crate::act::Seen;
use crate::act::SupersededBy;
use crate::act::instead::stand_in;
use crate::decide::Decision;
use crate::helpdesk::Action;
use crate::helpdesk::HelpdeskError;
use crate::store::decisions::Decided;
use crate::store::outbox;
use crate::store::outbox::Claim;
use crate::store::outbox::Entry;
use crate::store::outbox::Settled;
use crate::text;
use crate::ticket::AuthorKind;
use crate::ticket::Body;
use crate::ticket::Conversation;
use crate::ticket::Message;
use crate::ticket::is_closed;

/// How long to wait before looking for a write whose answer was lost. Guessed:
/// helpdesks show a new message within a second or two.
const LOOK_AFTER: Duration = Duration::from_secs(2);

/// Letters and digits by which a message is recognised. The start is enough, and
/// is before the list of sources, whose links helpdesks rewrite.
const FINGERPRINT_PREFIX: usize = 120;

/// Where the conversation is read as it is now.
pub trait Fresh {
    /// Reads the conversation.
    fn read(&self) -> impl Future<Output = Result<Conversation, ActError>> + Send;
}

/// Carries out everything a decision planned. A reply goes out only after a
/// fresh look at the conversation.
///
/// # Errors
/// Whatever keeps a write from being finished now. Calling again goes on.
pub async fn finish<F: Fresh>(
    acting: &Acting<'_>,
    decided: &Decided,
    fresh: &F,
) -> Result<Finished, ActError> {
    let record: Record = serde_json::from_str(&decided.record)
        .map_err(|error| ActError::Unreadable(error.to_string()))?;
    loop {
        let id = decided.id.clone();
        let entries = acting.store.read(move |it| outbox::of_decision(it, &id)).await?;
        let next = entries.iter().find(|it| it.state == "planned" || it.state == "sending");
        let Some(entry) = next else {
            return Ok(Finished::Done);
        };
        let action = action_of(entry)?;
        let step = match action {
            Action::Reply(_) => reply(acting, decided, &record, entry, &action, fresh).await?,
            Action::Note(_) => {
                note(acting, &record.seen.message_ids, entry, &action, fresh).await?
            }
            Action::Tag { .. } | Action::Field { .. } | Action::Handoff | Action::Open => {
                repeatable(acting, entry, &action).await?
            }
        };
        if let Some(finished) = step {
            return Ok(finished);
        }
    }
}

/// Writes the note that tells the team of a dead delivery. Without `fresh`, where
/// reading the conversation is what killed it, one that was begun is not looked
/// for, and may be there twice.
///
/// # Errors
/// As [`finish`].
pub async fn alert<F: Fresh>(
    acting: &Acting<'_>,
    entry: &Entry,
    fresh: Option<&F>,
) -> Result<Option<Finished>, ActError> {
    let action = action_of(entry)?;
    match fresh {
        Some(fresh) => note(acting, &[], entry, &action, fresh).await,
        None => repeatable(acting, entry, &action).await,
    }
}

fn action_of(entry: &Entry) -> Result<Action, ActError> {
    serde_json::from_str(&entry.action).map_err(|error| ActError::Unreadable(error.to_string()))
}

/// How often a reply is sent that the helpdesk never shows. Twice leaves 0.7 % of
/// replies unknown where one write in twelve is lost. (docs/decisions/0004.)
const MAX_SENDS: u32 = 3;

/// A public reply: at most once. `None` if the next write may follow.
async fn reply<F: Fresh>(
    acting: &Acting<'_>,
    decided: &Decided,
    record: &Record,
    entry: &Entry,
    action: &Action,
    fresh: &F,
) -> Result<Option<Finished>, ActError> {
    let conversation = fresh.read().await?;
    if entry.state == "sending" || 0 < entry.attempts {
        if let Some(message) = find(&conversation, &record.seen.message_ids, entry) {
            let remote_id = Some(message.id.clone());
            return settle(acting, entry, Settled::Sent { remote_id }).await;
        }
        if let Some(unknown) = still_unknown(acting, entry)? {
            return stand_in(acting, decided, record, entry, unknown).await;
        }
    }
    let hands_over = matches!(record.proposal.decision, Decision::Escalate(_));
    if let Some(by) = superseded(&record.seen, &conversation) {
        if hands_over {
            // People have the rest of it: only what the customer is told is too late.
            return settle(acting, entry, Settled::Withdrawn(told(&by))).await;
        }
        return withdraw_all(acting, decided, by).await;
    }
    match claim(acting, entry).await? {
        Claim::Go => {}
        Claim::LostLease => return Ok(Some(Finished::LostLease)),
        Claim::Gone => return Ok(None),
        Claim::Held(why) => {
            tracing::info!(entry.seq, why, "a reply is held back and suggested instead");
            return stand_in(acting, decided, record, entry, Settled::Withdrawn(why)).await;
        }
    }
    let result = acting.helpdesk.act(&conversation, action, &entry.intent).await;
    let settled = match result {
        Ok(written) => Settled::Sent { remote_id: written.message_id },
        Err(error) => after_failure(acting, entry, error).await?,
    };
    if let Settled::Refused(why) = &settled {
        tracing::warn!(entry.seq, why, "the helpdesk refused a reply; a person gets it as a note");
        return stand_in(acting, decided, record, entry, settled.clone()).await;
    }
    settle(acting, entry, settled).await
}

/// What to do about a reply that was begun before and is not in the helpdesk.
/// `None`: it may be sent once more.
fn still_unknown(acting: &Acting<'_>, entry: &Entry) -> Result<Option<Settled>, ActError> {
    let give_up = |why: &str| Ok(Some(Settled::Unknown(why.to_owned())));
    if acting.helpdesk.can("messages").is_err() {
        return give_up("its answer was lost, and this helpdesk cannot be read");
    }
    let begun_ms = entry.sending_ms.unwrap_or(0);
    let since_ms = acting.clock.now_ms().saturating_sub(begun_ms);
    let settle_ms = i64::try_from(acting.settle.as_millis()).unwrap_or(i64::MAX);
    // Each time longer: a helpdesk that lost two in a row may only be late.
    let settle_ms = settle_ms.saturating_mul(i64::from(entry.attempts.max(1)));
    if since_ms < settle_ms {
        let wait_ms = settle_ms.saturating_sub(since_ms);
        return Err(ActError::Wait(Duration::from_millis(wait_ms.unsigned_abs())));
    }
    if MAX_SENDS <= entry.attempts {
        return give_up("it was sent three times, and the helpdesk shows none of them");
    }
    Ok(None)
}

/// An internal note: at least once, looked for before it is written again.
async fn note<F: Fresh>(
    acting: &Acting<'_>,
    seen: &[String],
    entry: &Entry,
    action: &Action,
    fresh: &F,
) -> Result<Option<Finished>, ActError> {
    if entry.state == "sending" && acting.helpdesk.can("messages").is_ok() {
        let conversation = fresh.read().await?;
        if let Some(message) = find(&conversation, seen, entry) {
            let remote_id = Some(message.id.clone());
            return settle(acting, entry, Settled::Sent { remote_id }).await;
        }
    }
    repeatable(acting, entry, action).await
}

/// A write that may be done twice without harm.
async fn repeatable(
    acting: &Acting<'_>,
    entry: &Entry,
    action: &Action,
) -> Result<Option<Finished>, ActError> {
    match claim(acting, entry).await? {
        Claim::Go => {}
        Claim::LostLease => return Ok(Some(Finished::LostLease)),
        // Only a reply is ever held.
        Claim::Gone | Claim::Held(_) => return Ok(None),
    }
    let conversation = bare(&acting.lease.conversation_id);
    let result = acting.helpdesk.act(&conversation, action, &entry.intent).await;
    let settled = match result {
        Ok(written) => Settled::Sent { remote_id: written.message_id },
        Err(error) => after_failure(acting, entry, error).await?,
    };
    if let Settled::Refused(why) = &settled {
        tracing::warn!(
            entry.seq,
            entry.kind,
            why,
            "the helpdesk refused a write; going on without"
        );
    }
    settle(acting, entry, settled).await
}

/// What a failed call means for the write; an error if it is to be tried again.
async fn after_failure(
    acting: &Acting<'_>,
    entry: &Entry,
    error: HelpdeskError,
) -> Result<Settled, ActError> {
    match &error {
        // Nothing was done: back to planned, as if it had not been begun.
        HelpdeskError::Unavailable { .. } | HelpdeskError::Conflict { .. } => {
            put(acting, entry, Settled::Planned { due_ms: acting.clock.now_ms() }).await?;
            Err(ActError::Helpdesk(error))
        }
        // It stays `sending`; the next look tells.
        HelpdeskError::Undecided { .. } | HelpdeskError::Unreadable { .. } => {
            tracing::warn!(entry.seq, entry.kind, %error, "the answer to a write was lost");
            Err(ActError::Wait(LOOK_AFTER))
        }
        HelpdeskError::Refused { .. }
        | HelpdeskError::Gone { .. }
        | HelpdeskError::Unsupported { .. } => Ok(Settled::Refused(error.to_string())),
    }
}

async fn claim(acting: &Acting<'_>, entry: &Entry) -> Result<Claim, ActError> {
    let (lease, entry, limits) = (acting.lease.clone(), entry.clone(), acting.limits);
    let now_ms = acting.clock.now_ms();
    let claimed =
        acting.store.write(move |it| outbox::claim(it, &lease, &entry, limits, now_ms)).await?;
    Ok(claimed)
}

async fn put(acting: &Acting<'_>, entry: &Entry, settled: Settled) -> Result<bool, ActError> {
    let (lease, seq, now_ms) = (acting.lease.clone(), entry.seq, acting.clock.now_ms());
    let held =
        acting.store.write(move |it| outbox::settle(it, &lease, seq, &settled, now_ms)).await?;
    Ok(held)
}

async fn settle(
    acting: &Acting<'_>,
    entry: &Entry,
    settled: Settled,
) -> Result<Option<Finished>, ActError> {
    let held = put(acting, entry, settled).await?;
    Ok((!held).then_some(Finished::LostLease))
}

/// Withdraws everything of a decision that is not over.
async fn withdraw_all(
    acting: &Acting<'_>,
    decided: &Decided,
    by: SupersededBy,
) -> Result<Option<Finished>, ActError> {
    let (lease, id, now_ms) = (acting.lease.clone(), decided.id.clone(), acting.clock.now_ms());
    let why = told(&by);
    let held = acting.store.write(move |it| {
        let mut held = true;
        for entry in outbox::of_decision(it, &id)? {
            let withdrawn = Settled::Withdrawn(why.clone());
            held &= outbox::settle(it, &lease, entry.seq, &withdrawn, now_ms)?;
        }
        Ok(held)
    });
    let held = held.await?;
    Ok(Some(if held { Finished::Superseded(by) } else { Finished::LostLease }))
}

/// Who was faster, for the outbox.
fn told(by: &SupersededBy) -> String {
    match by {
        SupersededBy::Customer(message) => format!("the customer wrote again: {message}"),
        SupersededBy::Person(what) => format!("a person acted: {what}"),
    }
}

/// Who has written or acted since the proposal was made; `None` if nobody.
fn superseded(seen: &Seen, conversation: &Conversation) -> Option<SupersededBy> {
    let is_new = |it: &&Message| it.public && !seen.message_ids.contains(&it.id);
    let new = || conversation.messages.iter().filter(is_new);
    // A person comes first: where both wrote, nobody is to be answered by us.
    if let Some(message) = new().find(|it| it.author.kind.is_staff()) {
        return Some(SupersededBy::Person(message.id.clone()));
    }
    if conversation.assignee.is_some() && conversation.assignee != seen.assignee {
        return Some(SupersededBy::Person("took the conversation".to_owned()));
    }
    if conversation.is_closed() && !seen.status.as_deref().is_some_and(is_closed) {
        return Some(SupersededBy::Person("closed the conversation".to_owned()));
    }
    let message = new().find(|it| it.author.kind == AuthorKind::Customer)?;
    Some(SupersededBy::Customer(message.id.clone()))
}

/// Our own message of this write in a conversation: new since the proposal, with
/// the same first letters and digits, by an author who may be us. Helpdesks
/// rewrite markup, not words.
fn find<'a>(conversation: &'a Conversation, seen: &[String], entry: &Entry) -> Option<&'a Message> {
    let public = entry.kind == "reply";
    let prefix: String = entry.fingerprint.chars().take(FINGERPRINT_PREFIX).collect();
    conversation.messages.iter().rev().find(|it| {
        let may_be_us = matches!(it.author.kind, AuthorKind::Own | AuthorKind::Unknown);
        may_be_us
            && it.public == public
            && !seen.contains(&it.id)
            && !prefix.is_empty()
            && fingerprint(&it.body).contains(&prefix)
    })
}

fn fingerprint(body: &Body) -> String {
    match body {
        Body::Text(text) => text::fingerprint(text),
        Body::Html(html) => text::fingerprint(&text::html::to_text(html)),
    }
}

/// A conversation of which only the id is known: enough for writes that do not
/// depend on its state.
fn bare(id: &str) -> Conversation {
    Conversation { id: id.to_owned(), ..Conversation::default() }
}
