//! One webhook request. What has not been authenticated has no body: only
//! `Helpdesk::authenticate` makes a `Delivery<Authentic>`, and only that lets
//! anyone look inside.

use std::marker::PhantomData;

use bytes::Bytes;

/// A request as it arrived, for [`Delivery::arrived`].
#[derive(Debug, Clone, Default)]
pub struct Arrival {
    /// `POST` …
    pub method: String,
    /// The whole public address the sender called, where a scheme signs it.
    pub url: String,
    /// What follows the connection's name in the path; `None` if nothing does.
    pub path_secret: Option<String>,
    pub query: Vec<(String, String)>,
    /// In the order received; names in any case, values as text.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// True if the sender is on this machine.
    pub peer_is_loopback: bool,
}

/// Nobody has checked who sent it.
#[derive(Debug, Clone, Copy)]
pub struct Raw;

/// Sent by somebody who knows the connection's secret, and not long ago where
/// the scheme signs the time.
#[derive(Debug, Clone, Copy)]
pub struct Authentic;

/// One webhook request in a state of trust.
#[derive(Debug, Clone)]
pub struct Delivery<State> {
    arrival: Arrival,
    state: PhantomData<State>,
}

impl Delivery<Raw> {
    pub fn arrived(mut arrival: Arrival) -> Delivery<Raw> {
        for (name, _) in &mut arrival.headers {
            name.make_ascii_lowercase();
        }
        Delivery { arrival, state: PhantomData }
    }

    /// For the schemes alone; nobody else sees what is not authentic.
    pub(super) fn arrival(&self) -> &Arrival {
        &self.arrival
    }

    /// Marks the delivery as authentic and drops what must not be stored: the
    /// path secret, cookies and the headers and parameters that carry secrets.
    pub(super) fn into_authentic(mut self, secret_names: &[String]) -> Delivery<Authentic> {
        let is_secret = |name: &str| {
            matches!(name, "authorization" | "cookie" | "proxy-authorization")
                || secret_names.iter().any(|it| it == name)
        };
        self.arrival.path_secret = None;
        self.arrival.url.clear();
        self.arrival.headers.retain(|(name, _)| !is_secret(name));
        self.arrival.query.retain(|(name, _)| !is_secret(name));
        Delivery { arrival: self.arrival, state: PhantomData }
    }
}

impl Delivery<Authentic> {
    pub fn method(&self) -> &str {
        &self.arrival.method
    }

    /// The bytes that were signed.
    pub fn body(&self) -> &Bytes {
        &self.arrival.body
    }

    /// Names in lower case; none of them carries a secret.
    pub fn headers(&self) -> &[(String, String)] {
        &self.arrival.headers
    }

    pub fn query(&self) -> &[(String, String)] {
        &self.arrival.query
    }
}

/// Why a delivery was refused. The sender is told none of it: its text is one
/// word, and only [`Refused::reason`], for metrics, tells the cases apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("refused")]
pub enum Refused {
    /// No secret is set for any scheme the sender could have used.
    NotConfigured,
    /// The scheme is `none`, and the sender is not on this machine.
    NotLocal,
    /// The header, parameter or path that proves the sender is missing.
    Unsigned,
    /// The signature or token is wrong.
    Forged,
    /// The signature is right and the signed time is too far from ours.
    Stale,
}

impl Refused {
    /// One word of a small closed list, for a metric's label.
    pub fn reason(self) -> &'static str {
        match self {
            Refused::NotConfigured => "not_configured",
            Refused::NotLocal => "not_local",
            Refused::Unsigned => "unsigned",
            Refused::Forged => "forged",
            Refused::Stale => "stale",
        }
    }
}

/// The value of the first header of this name, given in lower case.
pub(super) fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
    headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
}
