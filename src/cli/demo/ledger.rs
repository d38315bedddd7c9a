//! What Deskhand's store says became of a conversation: how its deliveries ended
//! and what was decided. Waits until there is nothing left to happen.

use std::time::Duration;

use anyhow::bail;
use rusqlite::Connection;
use serde::Serialize;

use crate::act::Record;
use crate::cli::demo::desk::Desk;
use crate::cli::demo::desk::Held;
use crate::cli::demo::desk::Tale;
use crate::clock::Stopwatch;
use crate::confidence::Part;
use crate::draft::Citation;
use crate::store::Store;
use crate::store::inbox;

/// The longest a ticket may take before the demo gives up. Guessed: a hundred
/// times what it takes on two slow cores.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often the store is asked. Short, as the time is part of what is shown.
const POLL_EVERY: Duration = Duration::from_millis(15);

/// One ticket when nothing more will happen to it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Settled {
    /// As the helpdesk has it.
    pub(super) conversation: Held,
    /// How Deskhand's deliveries ended, oldest first.
    pub(super) deliveries: Vec<Ended>,
    /// Oldest first. Empty if there was nothing to decide.
    pub(super) decisions: Vec<Ruling>,
    /// From the first webhook to the last outcome, waiting for a burst included.
    pub(super) elapsed_ms: f64,
}

/// What became of a ticket, in one word.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "ending", content = "detail", rename_all = "snake_case")]
pub(super) enum Ending {
    Sent,
    Suggested,
    /// With the reason's name.
    HandedOver(String),
    /// Somebody else wrote before Deskhand could.
    Superseded,
    /// There was nobody to answer, and why.
    LeftAlone(String),
    /// The webhook was not let in: its HTTP status.
    Refused(u16),
    Dead(String),
}

impl Settled {
    /// The last decision's outcome; where there was none, that of the deliveries.
    pub(super) fn ending(&self) -> Ending {
        let reason = |it: &Ruling| it.reason.clone().unwrap_or_else(|| it.decision.clone());
        if let Some(ruling) = self.decisions.last() {
            return match ruling.outcome.as_str() {
                "sent" => Ending::Sent,
                "suggested" => Ending::Suggested,
                "escalated" => Ending::HandedOver(reason(ruling)),
                "superseded" => Ending::Superseded,
                "dead" => Ending::Dead(reason(ruling)),
                _ => Ending::LeftAlone(reason(ruling)),
            };
        }
        let detail = |it: &Ended| format!("{} {}", it.outcome, it.detail).trim().to_owned();
        let at_the_door = || self.conversation.deliveries.last().map_or(0, |it| it.status);
        match self.deliveries.first() {
            Some(it) if it.outcome == "superseded" => Ending::Superseded,
            Some(it) if it.outcome == "dead" => Ending::Dead(it.detail.clone()),
            Some(it) => Ending::LeftAlone(detail(it)),
            None => Ending::Refused(at_the_door()),
        }
    }
}

/// How one delivery ended.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Ended {
    pub(super) outcome: String,
    pub(super) detail: String,
    /// How often it came again.
    pub(super) repeats: u32,
    #[serde(skip)]
    is_done: bool,
}

/// One decision with what it rested on.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Ruling {
    pub(super) id: String,
    /// `send`, `suggest`, `escalate` or `stand_down`.
    pub(super) decision: String,
    pub(super) reason: Option<String>,
    /// What became of it: `sent`, `superseded` …
    pub(super) outcome: String,
    pub(super) stage: String,
    pub(super) stage_reason: String,
    /// `None` if it could not be computed.
    pub(super) confidence: Option<f64>,
    /// Largest contribution first.
    pub(super) parts: Vec<Part>,
    /// Support of the weakest sentence; `None` if the draft states nothing.
    pub(super) grounding: Option<f32>,
    pub(super) send_from: Option<f32>,
    pub(super) citations: Vec<Citation>,
    /// Document ids behind the citations.
    pub(super) cited_documents: Vec<String>,
    /// Why, in one sentence for a person.
    pub(super) because: String,
    pub(super) language: Option<String>,
    pub(super) prepare_ms: f64,
}

/// Waits until everything about a conversation has ended.
///
/// # Errors
/// If something is still open after [`PATIENCE`].
pub(super) async fn settled(
    store: &Store,
    desk: &Desk,
    connection: &str,
    id: &str,
    watch: Stopwatch,
) -> anyhow::Result<Settled> {
    let key = inbox::conversation_key(connection, id);
    let waited = Stopwatch::start();
    loop {
        let Some(conversation) = desk.conversation(id) else {
            bail!("the demo helpdesk lost {id}")
        };
        let sought = key.clone();
        let (deliveries, decisions) =
            store.read(move |it| Ok((ended(it, &sought)?, rulings(it, &sought)?))).await?;
        if is_over(&conversation, &deliveries, &decisions) {
            let elapsed_ms = watch.elapsed_ms();
            return Ok(Settled { conversation, deliveries, decisions, elapsed_ms });
        }
        if PATIENCE < waited.elapsed() {
            bail!(
                "ticket {id} ({}) reached no outcome within {} s; deliveries: {deliveries:?}; webhooks: {:?}",
                conversation.subject,
                PATIENCE.as_secs(),
                conversation.deliveries,
            );
        }
        tokio::time::sleep(POLL_EVERY).await;
    }
}

/// True once every accepted webhook has a row that ended, and no decision waits.
fn is_over(conversation: &Held, deliveries: &[Ended], decisions: &[Ruling]) -> bool {
    let accepted = conversation
        .deliveries
        .iter()
        .filter(|it| it.what != Tale::Duplicate && (200..300).contains(&it.status));
    conversation.n_untold == 0
        && accepted.count() <= deliveries.len()
        && deliveries.iter().all(|it| it.is_done)
        && decisions.iter().all(|it| it.outcome != "open")
}

fn ended(connection: &Connection, key: &str) -> rusqlite::Result<Vec<Ended>> {
    let mut statement = connection.prepare_cached(
        "SELECT coalesce(outcome, state), coalesce(detail, ''), repeats, state
         FROM deliveries WHERE conversation = ?1 ORDER BY seq",
    )?;
    let rows = statement.query_map([key], |row| {
        Ok(Ended {
            outcome: row.get(0)?,
            detail: row.get(1)?,
            repeats: row.get(2)?,
            is_done: row.get::<_, String>(3)? == "done",
        })
    })?;
    rows.collect()
}

fn rulings(connection: &Connection, key: &str) -> rusqlite::Result<Vec<Ruling>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, decision, reason, outcome, stage, confidence, record
         FROM decisions WHERE conversation = ?1 ORDER BY at_ms, id",
    )?;
    let rows = statement.query_map([key], |row| {
        let bare = Ruling {
            id: row.get(0)?,
            decision: row.get(1)?,
            reason: row.get(2)?,
            outcome: row.get(3)?,
            stage: row.get(4)?,
            confidence: row.get(5)?,
            stage_reason: String::new(),
            parts: Vec::new(),
            grounding: None,
            send_from: None,
            citations: Vec::new(),
            cited_documents: Vec::new(),
            because: String::new(),
            language: None,
            prepare_ms: 0.0,
        };
        let record: String = row.get(6)?;
        Ok(with_proposal(bare, &record))
    })?;
    rows.collect()
}

/// Adds what the stored proposal says. A record that is not a proposal leaves
/// the row as it is.
fn with_proposal(ruling: Ruling, record: &str) -> Ruling {
    let Ok(Record { proposal, .. }) = serde_json::from_str(record) else { return ruling };
    let passages = || proposal.articles.iter().chain(&proposal.past_tickets).map(|it| &it.passage);
    let document_of = |citation: &Citation| {
        passages().find(|it| it.id == citation.passage_id).map(|it| it.document_id.clone())
    };
    let grounding = proposal.verdict.grounding;
    Ruling {
        stage_reason: proposal.triage.stage.reason.clone(),
        parts: proposal.confidence.parts.clone(),
        grounding: (!grounding.is_nan()).then_some(grounding),
        send_from: proposal.thresholds.send_from,
        cited_documents: proposal.draft.citations.iter().filter_map(document_of).collect(),
        citations: proposal.draft.citations.clone(),
        because: proposal.handoff.reason.clone(),
        language: proposal.ticket.language.clone(),
        prepare_ms: proposal.timings.iter().map(|it| it.1).sum(),
        ..ruling
    }
}
