//! What is left to do where a reply does not go out: its text becomes a note, and its tag
//! says so.

use crate::act::ActError;
use crate::act::Acting;
use crate::act::Finished;
use crate::act::Record;
use crate::act::plan::not_sent;
use crate::act::plan::planned;
use crate::decide::Decision;
use crate::helpdesk::Action;
use crate::proposal;
use crate::store::decisions::Decided;
use crate::store::leases::Lease;
use crate::store::outbox;
use crate::store::outbox::Entry;
use crate::store::outbox::Settled;

/// Place of the note that stands in for a reply that was held back; what shows it to
/// people comes behind.
const STAND_IN_PLACE: u32 = 100;

/// Ends a reply that must not, cannot or may already have gone out, and plans
/// the note that gives its text to the agent, in one transaction.
pub(super) async fn stand_in(
    acting: &Acting<'_>,
    decided: &Decided,
    record: &Record,
    entry: &Entry,
    settled: Settled,
) -> Result<Option<Finished>, ActError> {
    let now_ms = acting.clock.now_ms();
    let why = match &settled {
        Settled::Unknown(why) | Settled::Withdrawn(why) | Settled::Refused(why) => why.as_str(),
        Settled::Sent { .. } | Settled::Planned { .. } => "",
    };
    let note = Action::Note(proposal::note_instead(&record.proposal, why));
    // A hand-over has its note already.
    let is_handed_over = matches!(record.proposal.decision, Decision::Escalate(_));
    let wanted = if is_handed_over { Vec::new() } else { vec![note, Action::Open] };
    let possible = wanted.into_iter().filter(|it| acting.helpdesk.can(it.name()).is_ok());
    let places = STAND_IN_PLACE..;
    let writes: Vec<_> =
        possible.zip(places).map(|(it, place)| planned(&it, place, now_ms)).collect();
    let (lease, seq, decided) = (acting.lease.clone(), entry.seq, decided.clone());
    let held = acting.store.write(move |it| {
        let held = outbox::settle(it, &lease, seq, &settled, now_ms)?;
        if held {
            retag(it, &lease, &decided, now_ms)?;
            for write in &writes {
                outbox::plan(it, &lease, &decided, write)?;
            }
        }
        Ok(held)
    });
    Ok((!held.await?).then_some(Finished::LostLease))
}

/// Has the tag say what became of a reply that did not go out. Nothing where it was
/// written already.
fn retag(
    connection: &rusqlite::Connection,
    lease: &Lease,
    decided: &Decided,
    now_ms: i64,
) -> rusqlite::Result<()> {
    for entry in outbox::of_decision(connection, &decided.id)? {
        let is_planned = entry.kind == "tag" && entry.state == "planned";
        let Some(action) = is_planned.then(|| not_sent(&entry.action)).flatten() else { continue };
        let why = Settled::Withdrawn("its reply did not go out".to_owned());
        outbox::settle(connection, lease, entry.seq, &why, now_ms)?;
        outbox::plan(connection, lease, decided, &planned(&action, STAND_IN_PLACE + 2, now_ms))?;
    }
    Ok(())
}
