//! The checker of histories. Three logs tell what happened: what the sender was
//! promised, what the store holds, what the helpdesk received. Whatever went
//! wrong in between, these must agree.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::OpenFlags;

use crate::support::desk::By;
use crate::support::desk::Desk;
use crate::support::desk::Entry;
use crate::support::desk::Happening;

/// One delivery as its sender knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) dedup: String,
    /// True once a 2xx arrived whole, at any attempt.
    pub(crate) acked: bool,
}

/// What the store holds of deliveries and writes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Stored {
    pub(crate) deliveries: Vec<StoredDelivery>,
    pub(crate) writes: Vec<StoredWrite>,
}

#[derive(Debug, Clone)]
pub(crate) struct StoredDelivery {
    pub(crate) dedup: String,
    /// The helpdesk's id of the conversation; empty if it belongs to none.
    pub(crate) conversation: String,
    pub(crate) state: String,
    pub(crate) outcome: Option<String>,
    pub(crate) detail: Option<String>,
    pub(crate) attempts: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct StoredWrite {
    pub(crate) intent: String,
    pub(crate) conversation: String,
    /// Id of the customer message it answers.
    pub(crate) trigger: String,
    pub(crate) kind: String,
    pub(crate) state: String,
}

impl Stored {
    /// Reads a store that another process may be writing, or one it left behind.
    pub(crate) fn read(folder: &Path) -> rusqlite::Result<Stored> {
        let file = folder.join("deskhand.db");
        // Read-write, because the log of a killed process must be recovered first.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
        let connection = Connection::open_with_flags(file, flags)?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        let without_connection = |key: String| match key.split_once('/') {
            Some((_, id)) => id.to_owned(),
            None => key,
        };
        let mut statement = connection.prepare(
            "SELECT dedup, coalesce(conversation, ''), state, outcome, detail, attempts
             FROM deliveries ORDER BY seq",
        )?;
        let deliveries = statement.query_map([], |row| {
            Ok(StoredDelivery {
                dedup: row.get(0)?,
                conversation: without_connection(row.get(1)?),
                state: row.get(2)?,
                outcome: row.get(3)?,
                detail: row.get(4)?,
                attempts: row.get(5)?,
            })
        })?;
        let deliveries = deliveries.collect::<rusqlite::Result<_>>()?;
        let mut statement = connection.prepare(
            "SELECT intent, conversation, trigger, kind, state FROM outbox ORDER BY seq",
        )?;
        let writes = statement.query_map([], |row| {
            Ok(StoredWrite {
                intent: row.get(0)?,
                conversation: without_connection(row.get(1)?),
                trigger: row.get(2)?,
                kind: row.get(3)?,
                state: row.get(4)?,
            })
        })?;
        Ok(Stored { deliveries, writes: writes.collect::<rusqlite::Result<_>>()? })
    }

    /// Conversations somebody holds a lease of.
    pub(crate) fn n_leased(folder: &Path) -> rusqlite::Result<u64> {
        Stored::n_conversations(folder, "lease_owner IS NOT NULL")
    }

    /// Conversations with deliveries that have not ended: they wait for a worker, a
    /// customer's silence or a pause. Not those that people are to be called about later.
    pub(crate) fn n_waiting(folder: &Path) -> rusqlite::Result<u64> {
        let is_waiting = "EXISTS (SELECT 1 FROM deliveries
            WHERE conversation = conversations.key AND state = 'waiting')";
        Stored::n_conversations(folder, is_waiting)
    }

    fn n_conversations(folder: &Path, such: &str) -> rusqlite::Result<u64> {
        let connection = Connection::open(folder.join("deskhand.db"))?;
        connection.busy_timeout(std::time::Duration::from_secs(10))?;
        let count = format!("SELECT count(*) FROM conversations WHERE {such}");
        connection.query_row(&count, [], |row| row.get(0))
    }

    /// SQLite's own verdict on the file: `ok`, or what is wrong.
    pub(crate) fn integrity(folder: &Path) -> rusqlite::Result<String> {
        let connection = Connection::open(folder.join("deskhand.db"))?;
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))
    }

    /// Deliveries and writes that are not over.
    pub(crate) fn n_open(&self) -> usize {
        let deliveries = self.deliveries.iter().filter(|it| it.state != "done").count();
        let writes = self.writes.iter();
        deliveries + writes.filter(|it| it.state == "planned" || it.state == "sending").count()
    }

    pub(crate) fn n_outcomes(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for delivery in &self.deliveries {
            let name = delivery.outcome.clone().unwrap_or_else(|| delivery.state.clone());
            *counts.entry(name).or_default() += 1;
        }
        counts
    }

    pub(crate) fn n_unknown(&self) -> usize {
        self.writes.iter().filter(|it| it.kind == "reply" && it.state == "unknown").count()
    }
}

/// By the intent of a write: the message it answers.
type Triggers<'a> = BTreeMap<&'a str, &'a str>;

/// Everything that must not be, in words. Empty if the histories agree.
///
/// Only to be asked when nothing is going on any more.
pub(crate) fn violations(sent: &[Sent], stored: &Stored, desk: &Desk) -> Vec<String> {
    let mut found = Vec::new();
    acked_is_stored(sent, stored, &mut found);
    everything_ended(stored, &mut found);
    let triggers: Triggers =
        stored.writes.iter().map(|it| (it.intent.as_str(), it.trigger.as_str())).collect();
    one_reply_a_slot(&triggers, desk, &mut found);
    let mut logs: BTreeMap<&str, Vec<&Entry>> = BTreeMap::new();
    for entry in &desk.log {
        logs.entry(&entry.conversation).or_default().push(entry);
    }
    for (conversation, log) in logs {
        nobody_is_talked_over(conversation, &log, &triggers, &mut found);
        replies_keep_their_order(conversation, &log, &triggers, &mut found);
        nothing_is_said_while_people_have_it(conversation, &log, &mut found);
    }
    who_takes_over_is_told_why(stored, desk, &mut found);
    what_is_sent_arrived(stored, desk, &mut found);
    people_are_told(stored, desk, &mut found);
    found.extend(desk.breaches.iter().map(|it| format!("a request no helpdesk accepts: {it}")));
    found
}

/// A: what was promised to the sender is in the inbox, once.
fn acked_is_stored(sent: &[Sent], stored: &Stored, found: &mut Vec<String>) {
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for delivery in &stored.deliveries {
        *rows.entry(&delivery.dedup).or_default() += 1;
    }
    for sent in sent.iter().filter(|it| it.acked) {
        if !rows.contains_key(sent.dedup.as_str()) {
            found.push(format!("A: {} was acked and is not in the inbox", sent.dedup));
        }
    }
    let doubled = rows.iter().filter(|(_, n)| 1 < **n);
    found.extend(doubled.map(|(dedup, n)| format!("A: {dedup} is in the inbox {n} times")));
}

/// B: every delivery ended, and every write too.
fn everything_ended(stored: &Stored, found: &mut Vec<String>) {
    const OUTCOMES: [&str; 6] =
        ["replied", "suggested", "escalated", "ignored", "superseded", "dead"];
    for delivery in &stored.deliveries {
        let outcome = delivery.outcome.as_deref().unwrap_or("none");
        if delivery.state != "done" || !OUTCOMES.contains(&outcome) {
            let StoredDelivery { dedup, state, .. } = delivery;
            found.push(format!("B: {dedup} is {state} with outcome {outcome}"));
        }
    }
    for write in &stored.writes {
        if write.state == "planned" || write.state == "sending" {
            found.push(format!("B: the {} {} is still {}", write.kind, write.intent, write.state));
        }
    }
}

/// C: at most one public reply to one message, counted at the helpdesk.
fn one_reply_a_slot(triggers: &Triggers<'_>, desk: &Desk, found: &mut Vec<String>) {
    let mut slots: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut texts: BTreeSet<(&str, &str)> = BTreeSet::new();
    for entry in &desk.log {
        let Happening::Posted { public: true, intent, text, .. } = &entry.what else { continue };
        match triggers.get(intent.as_str()) {
            Some(trigger) => *slots.entry((&entry.conversation, trigger)).or_default() += 1,
            None => found.push(format!("C: the reply {intent} is in no outbox")),
        }
        // Without trusting the store: the same words twice are a double reply.
        if !texts.insert((&entry.conversation, text)) {
            found.push(format!("C: {} has the same words twice", entry.conversation));
        }
    }
    for ((conversation, trigger), n) in slots.into_iter().filter(|(_, n)| 1 < *n) {
        found.push(format!("C: {trigger} in {conversation} was answered {n} times"));
    }
}

/// D: no reply after somebody wrote something newer that we had read.
fn nobody_is_talked_over(
    conversation: &str,
    log: &[&Entry],
    triggers: &Triggers<'_>,
    found: &mut Vec<String>,
) {
    for (place, entry) in log.iter().enumerate() {
        let Happening::Posted { public: true, intent, .. } = &entry.what else { continue };
        let before = log.get(..place).unwrap_or_default();
        let Some(read) = before.iter().rposition(|it| it.what == Happening::Read) else {
            found.push(format!("D: {intent} in {conversation} was sent without a look"));
            continue;
        };
        let trigger = triggers.get(intent.as_str()).copied().unwrap_or_default();
        let asked = before.iter().position(|it| wrote(it, trigger)).unwrap_or(0);
        let newer = before.iter().take(read).skip(asked + 1).find(|it| {
            matches!(it.what, Happening::Wrote { by: By::Agent | By::Customer, public: true, .. })
        });
        if let Some(newer) = newer {
            found.push(format!("D: {intent} in {conversation} went out after {:?}", newer.what));
        }
    }
}

/// E: our replies come in the order of the messages they answer.
fn replies_keep_their_order(
    conversation: &str,
    log: &[&Entry],
    triggers: &Triggers<'_>,
    found: &mut Vec<String>,
) {
    let replies = log.iter().filter_map(|it| match &it.what {
        Happening::Posted { public: true, intent, .. } => triggers.get(intent.as_str()).copied(),
        _ => None,
    });
    let places: Vec<Option<usize>> =
        replies.map(|trigger| log.iter().position(|it| wrote(it, trigger))).collect();
    if !places.is_sorted() {
        found.push(format!("E: replies in {conversation} answer messages at {places:?}"));
    }
}

/// F: nothing public after a hand-over, or after an agent wrote, until it is given back,
/// or closed and begun anew by the customer.
fn nothing_is_said_while_people_have_it(
    conversation: &str,
    log: &[&Entry],
    found: &mut Vec<String>,
) {
    // `wrote`: nobody has read it yet. `back`: given back, and not read since.
    let (mut theirs, mut wrote, mut back, mut closed) = (false, false, false, false);
    for entry in log {
        match &entry.what {
            Happening::Wrote { by: By::Agent, public: true, .. } => wrote |= !back,
            Happening::HandedOff => theirs = true,
            Happening::GivenBack => (theirs, wrote, back) = (false, false, true),
            Happening::Closed => closed = true,
            Happening::Wrote { by: By::Customer, .. } if closed => {
                (theirs, wrote, closed) = (false, false, false);
            }
            Happening::Read => {
                theirs |= wrote;
                back = false;
            }
            Happening::Posted { public: true, intent, .. } if theirs => {
                found.push(format!("F: {intent} in {conversation} went out while people had it"));
            }
            Happening::Wrote { .. }
            | Happening::Posted { .. }
            | Happening::Tagged(_)
            | Happening::FieldSet(_) => {}
        }
    }
}

/// G: who was given a conversation has a note of ours in it.
fn who_takes_over_is_told_why(stored: &Stored, desk: &Desk, found: &mut Vec<String>) {
    for write in stored.writes.iter().filter(|it| it.kind == "handoff" && it.state == "sent") {
        let thread = desk.threads.get(&write.conversation);
        let is_told = thread.is_none_or(|it| 0 < it.n_handoffs && it.notes().next().is_some());
        if !is_told {
            found.push(format!("G: {} was handed over without a note", write.conversation));
        }
    }
}

/// What the store calls sent is at the helpdesk.
fn what_is_sent_arrived(stored: &Stored, desk: &Desk, found: &mut Vec<String>) {
    let arrived: BTreeSet<&str> = desk
        .log
        .iter()
        .filter_map(|it| match &it.what {
            Happening::Posted { intent, .. } => Some(intent.as_str()),
            _ => None,
        })
        .collect();
    for write in stored.writes.iter().filter(|it| it.state == "sent") {
        let is_message = write.kind == "reply" || write.kind == "note";
        if is_message && !arrived.contains(write.intent.as_str()) {
            found.push(format!("the {} {} is `sent`, but never arrived", write.kind, write.intent));
        }
    }
}

/// A delivery that died, or a reply nobody can vouch for, has reached a person:
/// a note of ours stands in the conversation.
fn people_are_told(stored: &Stored, desk: &Desk, found: &mut Vec<String>) {
    let told = |id: &str| {
        desk.threads.get(id).is_none_or(|it| 0 < it.n_handoffs || it.notes().next().is_some())
    };
    for delivery in &stored.deliveries {
        let died = delivery.outcome.as_deref() == Some("dead");
        if died && !told(&delivery.conversation) {
            let StoredDelivery { dedup, attempts, detail, .. } = delivery;
            let why = detail.as_deref().unwrap_or("no reason");
            found.push(format!(
                "{dedup} died after {attempts} attempts ({why}), and nobody was told"
            ));
        }
    }
    for write in stored.writes.iter().filter(|it| it.kind == "reply" && it.state == "unknown") {
        if !told(&write.conversation) {
            found.push(format!("{} is unknown, and nobody was told", write.intent));
        }
    }
}

fn wrote(entry: &Entry, id: &str) -> bool {
    matches!(&entry.what, Happening::Wrote { message_id, .. } if message_id == id)
}
