//! A promise for what has changed since it was made: the judged tickets are asked again,
//! and what people said of a draft holds for the same words only. Words nobody has judged
//! count as wrong.

use rusqlite::Connection;
use serde::Deserialize;

use super::Sample;
use super::is_drawn;
use super::sample::is_sendable;
use crate::certify::Judged;
use crate::decide::Signals;
use crate::draft;
use crate::draft::Draft;
use crate::handover::Leave;
use crate::proposal::Proposal;
use crate::store::certificates;
use crate::store::labels;
use crate::store::labels::Asked;
use crate::ticket::Author;
use crate::ticket::Body;
use crate::ticket::Conversation;
use crate::ticket::Message;
use crate::ticket::Ticket;

/// A drawn ticket, what was drafted for it and what people said of that.
#[derive(Debug, Clone)]
pub struct Remembered {
    /// The ticket as it was.
    pub conversation: Conversation,
    pub at_ms: i64,
    pub brand: String,
    /// Who had the conversation then, and what that left to do.
    leave: Leave,
    /// What the draft said, as plain text.
    text: String,
    /// `None` if nobody has judged it.
    wrong: Option<bool>,
}

/// What asking again came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Renewed {
    pub sample: Sample,
    /// Drafts that say what they said when people judged them.
    pub n_same: usize,
    /// Those that say something else, or were not judged: counted as wrong.
    pub n_unknown: usize,
}

#[derive(Deserialize)]
struct Slim {
    proposal: SlimProposal,
}

#[derive(Deserialize)]
struct SlimProposal {
    ticket: Ticket,
    draft: Draft,
    signals: Signals,
}

/// The drawn tickets of a connection since a moment, oldest first, up to the last that
/// anybody has judged. Where a promise was broken, only those since it was made.
pub fn remembered(
    connection: &Connection,
    name: &str,
    share: f64,
    since_ms: i64,
) -> rusqlite::Result<Vec<Remembered>> {
    let since_ms = since_ms.max(certificates::counted_since(connection, name)?);
    let mut all: Vec<Remembered> = Vec::new();
    let asked = Asked { connection: name, since_ms, with_records: true };
    labels::walk(
        connection,
        asked,
        |id| is_drawn(id, share),
        |it| {
            if let Ok(slim) = serde_json::from_str::<Slim>(&it.record) {
                let SlimProposal { ticket, draft, signals } = slim.proposal;
                all.push(Remembered {
                    conversation: conversation(ticket),
                    at_ms: it.at_ms,
                    brand: it.brand,
                    leave: signals.leave,
                    text: draft::wording(&draft).text,
                    wrong: it.wrong,
                });
            }
            true
        },
    )?;
    let n_judged = all.iter().rposition(|it| it.wrong.is_some()).map_or(0, |it| it + 1);
    all.truncate(n_judged);
    Ok(all)
}

/// The conversation a ticket was read from, without what was taken off it.
fn conversation(ticket: Ticket) -> Conversation {
    let messages = ticket.turns.into_iter().map(|turn| Message {
        id: turn.message_id,
        at: None,
        author: Author { kind: turn.author, id: None, name: None, email: None },
        public: true,
        body: Body::Text(turn.text),
        headers: Vec::new(),
    });
    Conversation {
        id: ticket.conversation_id,
        subject: Some(ticket.subject).filter(|it| !it.is_empty()),
        channel: ticket.channel,
        tags: ticket.tags,
        messages: messages.collect(),
        ..Conversation::default()
    }
}

/// The sample a promise can be made of for what made the proposals: of each drawn ticket,
/// in order, how sure Deskhand is now, and what people said if they said it of these
/// words. Empty if nothing could be sent.
#[must_use]
pub fn renewed(asked: &[(Remembered, Proposal)]) -> Renewed {
    let mut renewed = Renewed { sample: Sample::default(), n_same: 0, n_unknown: 0 };
    let sample = &mut renewed.sample;
    for (before, now) in asked {
        if sample.judged.is_empty() {
            sample.from_ms = before.at_ms;
            sample.brand.clone_from(&before.brand);
        }
        sample.to_ms = before.at_ms;
        let signals = Signals { leave: before.leave, ..now.signals.clone() };
        let judged = if is_sendable(&signals, now.thresholds) {
            let is_same = draft::wording(&now.draft).text == before.text;
            let known = before.wrong.filter(|_| is_same);
            renewed.n_same += usize::from(known.is_some());
            renewed.n_unknown += usize::from(known.is_none());
            sample.n_labels += usize::from(known.is_some());
            sample.basis = now.versions.basis();
            Judged { confidence: now.confidence.probability, wrong: known.unwrap_or(true) }
        } else {
            Judged { confidence: f32::NAN, wrong: false }
        };
        sample.judged.push((now.triage.stage.id.clone(), judged));
    }
    renewed
}
