//! The tickets a certificate rests on: all that were drawn, one after the other, up to
//! the first that nobody has judged. Whoever judges only what they like gets no further.

use rusqlite::Connection;
use serde::Deserialize;

use super::is_drawn;
use crate::certify::Basis;
use crate::certify::Judged;
use crate::decide;
use crate::decide::Decision;
use crate::decide::Signals;
use crate::decide::Thresholds;
use crate::proposal::Versions;
use crate::store::certificates;
use crate::store::labels;
use crate::store::labels::Asked;
use crate::store::labels::Decided;

/// What was drawn of a connection's tickets and judged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sample {
    /// Stage and judgement, the oldest first.
    pub judged: Vec<(String, Judged)>,
    /// Of them, those a person judged; the others could not have been sent anyway.
    pub n_labels: usize,
    /// What the newest of the drafts was made with, and all that count here.
    pub basis: Basis,
    pub brand: String,
    /// When the first and the last of them came. 0 where there are none.
    pub from_ms: i64,
    pub to_ms: i64,
    /// Drawn drafts that nobody has judged, the oldest first: those after the first are
    /// no part of the sample, judged or not.
    pub waiting: Vec<String>,
    /// Drafts that people judged and that do not count yet, because one before them
    /// waits.
    pub n_behind: usize,
}

/// The parts of a stored proposal that count here.
#[derive(Deserialize)]
struct Slim {
    proposal: SlimProposal,
}

#[derive(Deserialize)]
struct SlimProposal {
    signals: Signals,
    thresholds: Thresholds,
    versions: Versions,
}

/// One drawn ticket.
struct Drawn {
    decided: Decided,
    /// True if it could have been sent at some threshold.
    sendable: bool,
    /// From where on drafts were shown to agents then.
    suggest_from: f32,
    basis: Basis,
}

/// Reads what was drawn and judged of a connection, for what its newest draft was made
/// with. Empty if no draft was ever good enough to be sent.
///
/// Where a promise was broken, tickets are not what they were: only those since it was
/// made count.
pub fn sample(connection: &Connection, name: &str, share: f64) -> rusqlite::Result<Sample> {
    let mut all: Vec<Drawn> = Vec::new();
    let since_ms = certificates::counted_since(connection, name)?;
    let asked = Asked { connection: name, since_ms, with_records: true };
    labels::walk(
        connection,
        asked,
        |id| is_drawn(id, share),
        |decided| {
            all.extend(read(decided));
            true
        },
    )?;
    let Some(newest) = all.iter().rev().find(|it| it.sendable) else {
        return Ok(Sample::default());
    };
    let (basis, brand) = (newest.basis.clone(), newest.decided.brand.clone());
    let first = all.iter().position(|it| it.sendable && it.basis == basis).unwrap_or(0);
    let mut counted: Vec<Drawn> = all.into_iter().skip(first).collect();
    counted.retain(|it| belongs(it, &basis));
    // What was too unsure to be shown at any of the times was judged at none of them as
    // often as what was shown: no line is drawn there.
    let lowest = counted.iter().map(|it| it.suggest_from).fold(0.0, f32::max);
    let mut sample = Sample { basis, brand, ..Sample::default() };
    for it in counted {
        let is_sure = |sure: f64| f64::from(lowest) <= sure;
        let sendable = it.sendable && it.decided.confidence.is_some_and(is_sure);
        sample.add(Drawn { sendable, ..it });
    }
    Ok(sample)
}

impl Sample {
    fn add(&mut self, drawn: Drawn) {
        let Drawn { decided, sendable, .. } = drawn;
        let is_complete = self.waiting.is_empty();
        let judged = match (sendable, decided.wrong) {
            (true, None) => {
                self.waiting.push(decided.id);
                return;
            }
            (true, Some(wrong)) => {
                let confidence = decided.confidence.map_or(f32::NAN, |it| it as f32);
                Judged { confidence, wrong }
            }
            (false, _) => Judged { confidence: f32::NAN, wrong: false },
        };
        if !is_complete {
            self.n_behind += usize::from(sendable);
            return;
        }
        if self.judged.is_empty() {
            self.from_ms = decided.at_ms;
        }
        self.to_ms = decided.at_ms;
        self.n_labels += usize::from(sendable);
        self.judged.push((decided.stage, judged));
    }
}

/// A decision whose proposal cannot be read says nothing, and is left out as one of
/// another version would be.
fn read(decided: Decided) -> Option<Drawn> {
    let slim: Slim = serde_json::from_str(&decided.record).ok()?;
    let SlimProposal { signals, thresholds, versions } = slim.proposal;
    let sendable = is_sendable(&signals, thresholds);
    let decided = Decided { record: String::new(), ..decided };
    let suggest_from = thresholds.suggest_from;
    Some(Drawn { decided, sendable, suggest_from, basis: versions.basis() })
}

/// True if a draft could have been sent at some threshold: below what is suggested nobody
/// sees a draft, and no line is drawn.
pub(super) fn is_sendable(signals: &Signals, thresholds: Thresholds) -> bool {
    let lowest = Thresholds { send_from: Some(thresholds.suggest_from), ..thresholds };
    decide::decide(signals, lowest) == Decision::Send
}

/// True if a ticket was treated as those of a basis are. Where nothing could be sent no
/// model was asked, or it failed: then its name and the prompt's are missing.
fn belongs(drawn: &Drawn, basis: &Basis) -> bool {
    let is_of_model = |name: &str| matches!(name, "model" | "prompt");
    let is_same = |(name, value): (&String, &String)| {
        basis.get(name) == Some(value) || (!drawn.sendable && is_of_model(name))
    };
    drawn.basis.iter().all(is_same)
}
