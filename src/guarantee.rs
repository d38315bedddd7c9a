//! Certificates in use: made of what people said of drafts, looked up for each ticket,
//! and watched by what people say of the replies that went out.

mod renew;
mod sample;
mod watch;

pub use self::renew::Remembered;
pub use self::renew::Renewed;
pub use self::renew::remembered;
pub use self::renew::renewed;
pub use self::sample::Sample;
pub use self::sample::sample;
pub use self::watch::Audits;
pub use self::watch::audits;
pub use self::watch::check;
pub use self::watch::pauses;

use std::sync::Arc;

use rusqlite::Connection;
use sha2::Digest as _;
use sha2::Sha256;
use uuid::Uuid;

use crate::certify;
use crate::certify::Certificate;
use crate::certify::Lapse;
use crate::certify::Promise;
use crate::pipeline::Authority;
use crate::pipeline::Context;
use crate::store::Store;
use crate::store::StoreError;
use crate::store::certificates;
use crate::store::knowledge;
use crate::store::labels;
use crate::store::labels::Judgement;

/// "With 95 % confidence", in promises and alarms alike.
pub const RISK: f64 = 0.05;

/// True if a decision is among those people are asked to judge: a share of all that only
/// its id decides, so that nobody can choose which.
#[must_use]
pub fn is_drawn(decision: &str, share: f64) -> bool {
    let digest = Sha256::digest(decision);
    let first = digest.iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    f64::from(first) < share * 2_f64.powi(32)
}

/// The context for a ticket of a connection now: where a certificate has to allow
/// sending, the one that is in force, or why there is none.
///
/// # Errors
/// If the store cannot be read.
pub async fn licensed(store: &Store, context: &Context, name: &str) -> Result<Context, StoreError> {
    let Authority::Certified(_) = context.authority else { return Ok(context.clone()) };
    let name = name.to_owned();
    let newest = store.read(move |it| certificates::newest(it, &name)).await?;
    let in_force = match newest {
        None => Err(Lapse::Missing),
        Some(kept) => kept.and_then(certificates::Kept::in_force),
    };
    Ok(Context { authority: Authority::Certified(in_force.map(Arc::new)), ..context.clone() })
}

/// Keeps what a person said of a draft, and ends the certificate it speaks against, in
/// one transaction. `None` if there is no such decision; else why the certificate ended,
/// if it did.
pub fn judge(
    connection: &Connection,
    decision: &str,
    judgement: Judgement,
    person: &str,
    now_ms: i64,
) -> rusqlite::Result<Option<Option<String>>> {
    if !labels::judge(connection, decision, judgement, person, now_ms)? {
        return Ok(None);
    }
    match labels::connection_of(connection, decision)? {
        Some(name) => Ok(Some(check(connection, &name)?)),
        None => Ok(Some(None)),
    }
}

/// What a certificate is made of, beside the promise.
#[derive(Debug, Clone, PartialEq)]
pub struct Terms {
    pub connection: String,
    pub promise: Promise,
    /// Share of the tickets people were asked to judge, 0.0–1.0.
    pub share: f64,
    /// Whether a stage with enough labels has a line of its own.
    pub by_stage: bool,
}

/// Makes a certificate of what has been judged. It may allow nothing: then its lines say
/// what is missing. Keeps nothing.
pub fn make(
    connection: &Connection,
    terms: &Terms,
    sample: &Sample,
    now_ms: i64,
) -> rusqlite::Result<Certificate> {
    let stratum = |stage: &str| if terms.by_stage { stage.to_owned() } else { String::new() };
    let judged: Vec<_> = sample.judged.iter().map(|(stage, it)| (stratum(stage), *it)).collect();
    Ok(Certificate {
        id: Uuid::now_v7().to_string(),
        connection: terms.connection.clone(),
        made_ms: now_ms,
        promise: terms.promise,
        groups: certify::certify(terms.promise, &judged),
        basis: sample.basis.clone(),
        from_ms: sample.from_ms,
        to_ms: sample.to_ms,
        share: terms.share,
        knowledge: knowledge::last_sequence(connection)?,
        n_articles: knowledge::n_articles(connection, &sample.brand)?,
        brand: sample.brand.clone(),
    })
}
