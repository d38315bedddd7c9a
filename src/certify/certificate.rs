//! What a promise was made for, and from where on it allows replies to be sent. Any
//! doubt is a reason not to send, in words a person can read.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::Serialize;

use super::Group;
use super::Promise;

/// What replies are made with: names and hashes. The knowledge is not among them: it
/// changes daily, as the questions do, and a promise that no change of an article
/// survives would never hold.
pub type Basis = BTreeMap<String, String>;

/// A promise, what it rests on, and what it holds for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    pub id: String,
    /// The connection, or the caller of the API, whose tickets were judged.
    pub connection: String,
    pub made_ms: i64,
    pub promise: Promise,
    pub groups: Vec<Group>,
    pub basis: Basis,
    /// The tickets that were judged: when the first and the last of them came, and which
    /// share of all of them was drawn, 0.0–1.0.
    pub from_ms: i64,
    pub to_ms: i64,
    pub share: f64,
    /// Whose knowledge answered, its last change that was there, and how many articles.
    pub brand: String,
    pub knowledge: u64,
    pub n_articles: u64,
}

/// Why a draft is not sent though the connection is on autopilot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Lapse {
    #[error(
        "no certificate allows automatic replies here; `deskhand certificate` says what is missing"
    )]
    Missing,
    #[error("the certificate is for another {0}; it has to be made anew")]
    Changed(String),
    #[error("the certificate allows no automatic replies to tickets of this stage")]
    NoLine,
    /// The monitor has seen too many wrong ones.
    #[error("automatic replies are off until there is a new certificate: {0}")]
    Broken(String),
    /// It would hold if somebody did something.
    #[error("automatic replies pause: {0}")]
    Paused(String),
    #[error("the certificate could not be read")]
    Unreadable,
}

impl Certificate {
    /// The least confidence that may be sent to a ticket of a stratum, by replies made
    /// with that basis.
    ///
    /// # Errors
    /// Why none may.
    pub fn send_from(&self, basis: &Basis, stratum: &str) -> Result<f32, Lapse> {
        let changed = self.changed(basis);
        if !changed.is_empty() {
            return Err(Lapse::Changed(changed.join(" and ")));
        }
        let own = self.groups.iter().find(|it| it.name.as_deref() == Some(stratum));
        let group = own.or_else(|| self.groups.iter().find(|it| it.name.is_none()));
        group.and_then(|it| it.line.send_from).ok_or(Lapse::NoLine)
    }

    /// Names of what is not what it was made with.
    fn changed<'a>(&'a self, basis: &'a Basis) -> Vec<&'a str> {
        let names =
            self.basis.keys().chain(basis.keys().filter(|it| !self.basis.contains_key(*it)));
        names.filter(|it| self.basis.get(*it) != basis.get(*it)).map(String::as_str).collect()
    }

    /// True if it allows anything to be sent.
    #[must_use]
    pub fn allows_any(&self) -> bool {
        self.groups.iter().any(|it| it.line.send_from.is_some())
    }
}
