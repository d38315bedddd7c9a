//! Whether certificates still hold: what people say of the replies that went out, how
//! long drawn ones wait for somebody to say it, and how much of the knowledge is new.

use rusqlite::Connection;

use super::RISK;
use super::is_drawn;
use crate::certify;
use crate::certify::Certificate;
use crate::certify::Of;
use crate::store::certificates;
use crate::store::knowledge;
use crate::store::labels;
use crate::store::labels::Asked;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// How long a reply that was drawn may wait for a judgement: a promise nobody watches is
/// none. (Guessed: a week is the longest a team looks away.)
const JUDGED_WITHIN_DAYS: i64 = 7;

/// How long a certificate holds: questions change with seasons and products. (Guessed.)
const VALID_DAYS: i64 = 90;

/// Share of the articles that may be new or changed since: so much at once is another
/// help center, not the upkeep the judged tickets saw. (Guessed.)
const CHANGED_SHARE: f64 = 0.25;

/// What was seen of the tickets since a certificate was made.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Audits {
    /// Tickets, or replies, that were drawn and are known; and of them, wrong automatic
    /// replies.
    pub n: u64,
    pub n_wrong: u64,
    /// The most the evidence against the promise has ever been, as a logarithm.
    pub ln_evidence: f64,
    /// Drawn replies that wait for a judgement, and since when the oldest of them.
    pub n_waiting: u64,
    pub waiting_since_ms: Option<i64>,
}

/// Goes through what happened under a certificate, in order, up to the first drawn reply
/// that nobody has judged.
pub fn audits(connection: &Connection, certificate: &Certificate) -> rusqlite::Result<Audits> {
    let mut audits = Audits::default();
    let mut is_known = true;
    let Certificate { promise, share, made_ms, connection: name, .. } = certificate;
    let asked = Asked { connection: name, since_ms: *made_ms, with_records: false };
    labels::walk(
        connection,
        asked,
        |id| is_drawn(id, *share),
        |decided| {
            let is_sent = decided.decision == "send" && decided.outcome == "sent";
            let is_open = decided.decision == "send" && decided.outcome == "open";
            let wrong = match (is_sent, decided.wrong) {
                (true, None) => {
                    audits.n_waiting += 1;
                    audits.waiting_since_ms = audits.waiting_since_ms.or(Some(decided.at_ms));
                    return true;
                }
                (true, Some(wrong)) => wrong,
                (false, _) => false,
            };
            // What comes after one that is not known yet is not counted, only what waits.
            is_known &= !is_open && audits.n_waiting == 0;
            if is_known && (is_sent || promise.of == Of::Tickets) {
                audits.n += 1;
                audits.n_wrong += u64::from(wrong);
                let evidence = certify::ln_evidence(audits.n_wrong, audits.n, promise.limit);
                audits.ln_evidence = audits.ln_evidence.max(evidence);
            }
            true
        },
    )?;
    Ok(audits)
}

/// Ends the certificate of a connection if what was judged since says that its promise
/// is broken: asked after every judgement, in the same transaction. Gives why.
pub fn check(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    let Some(Ok(kept)) = certificates::newest(connection, name)? else { return Ok(None) };
    if kept.broken.is_some() || !kept.certificate.allows_any() {
        return Ok(None);
    }
    let certificate = kept.certificate;
    let audits = audits(connection, &certificate)?;
    if audits.ln_evidence < -RISK.ln() {
        return Ok(None);
    }
    let what = match certificate.promise.of {
        Of::Tickets => "tickets",
        Of::Replies => "automatic replies",
    };
    let limit = certificate.promise.limit * 100.0;
    let Audits { n, n_wrong, .. } = audits;
    let why = format!(
        "{n_wrong} of {n} {what} that were looked at got a wrong reply, which is more than {limit} % explain"
    );
    certificates::end(connection, &certificate.id, &why)?;
    Ok(Some(why))
}

/// Certificates that are to pause from now on, by id, with the reason; and those that go
/// on, with none. Changes nothing.
pub fn pauses(
    connection: &Connection,
    now_ms: i64,
) -> rusqlite::Result<Vec<(String, Option<String>)>> {
    let mut changed = Vec::new();
    for kept in certificates::all(connection)? {
        if kept.broken.is_none() && kept.certificate.allows_any() {
            let why = pause(connection, &kept.certificate, now_ms)?;
            if why != kept.paused {
                changed.push((kept.certificate.id, why));
            }
        }
    }
    Ok(changed)
}

fn pause(
    connection: &Connection,
    certificate: &Certificate,
    now_ms: i64,
) -> rusqlite::Result<Option<String>> {
    if certificate.made_ms.saturating_add(VALID_DAYS * DAY_MS) < now_ms {
        return Ok(Some(format!(
            "the certificate is older than {VALID_DAYS} days; make a new one"
        )));
    }
    let brand = &certificate.brand;
    let n_changed = knowledge::n_articles_changed(connection, brand, certificate.knowledge)?;
    if CHANGED_SHARE * (certificate.n_articles as f64) < n_changed as f64 {
        return Ok(Some(format!(
            "{n_changed} articles are new or changed since the certificate was made, of {} there \
             were; make a new one",
            certificate.n_articles
        )));
    }
    let audits = audits(connection, certificate)?;
    let is_overdue = |since_ms: i64| since_ms.saturating_add(JUDGED_WITHIN_DAYS * DAY_MS) < now_ms;
    Ok(audits.waiting_since_ms.is_some_and(is_overdue).then(|| {
        format!(
            "{} replies wait for somebody to judge them, the oldest for more than \
             {JUDGED_WITHIN_DAYS} days; `deskhand label next` shows them",
            audits.n_waiting
        )
    }))
}
