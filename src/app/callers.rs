//! Who may call the HTTP API: tokens compared in constant time, customers known by a
//! signature of their id, and no more requests than the settings allow.

use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::Context as _;
use anyhow::ensure;
use governor::DefaultKeyedRateLimiter;
use governor::Quota;
use governor::RateLimiter;
use governor::clock::Clock as _;
use hmac::Hmac;
use hmac::KeyInit as _;
use hmac::Mac as _;
use secrecy::ExposeSecret as _;
use secrecy::SecretString;
use sha2::Digest as _;
use sha2::Sha256;
use subtle::Choice;
use subtle::ConstantTimeEq as _;

use crate::config::ApiCaller;
use crate::config::Endpoint;
use crate::config::Mode;
use crate::config::SecretSources;
use crate::config::Settings;
use crate::pipeline::Context;

/// Shorter ones can be guessed.
const MIN_TOKEN_CHARS: usize = 16;

/// Customers whose requests are counted at once; beyond it those that have been quiet
/// are forgotten. (Guessed: some 100 bytes each.)
const MAX_COUNTED: usize = 20_000;

/// Everybody who may call.
pub struct Callers {
    callers: Vec<Caller>,
    by_caller: DefaultKeyedRateLimiter<String>,
    by_customer: DefaultKeyedRateLimiter<String>,
}

/// One app that may call.
#[derive(Debug)]
pub struct Caller {
    pub name: String,
    /// How questions it asks are treated.
    pub context: Context,
    /// Sites whose pages may call with its token.
    pub origins: Vec<String>,
    may: Vec<Endpoint>,
    /// Of its tokens: all of one length, so that comparing tells nothing of theirs.
    digests: Vec<[u8; 32]>,
    identity: Vec<SecretString>,
}

impl Callers {
    /// The callers of the settings, their secrets fetched.
    ///
    /// # Errors
    /// If a secret is missing or a token too short.
    pub fn new(settings: &Settings) -> anyhow::Result<Callers> {
        let api = &settings.api;
        let callers = api.callers.iter().map(|(name, it)| {
            Caller::new(settings, name, it).with_context(|| format!("reading api.callers.{name}"))
        });
        Ok(Callers {
            callers: callers.collect::<anyhow::Result<_>>()?,
            by_caller: RateLimiter::keyed(a_minute(api.requests_per_minute)),
            by_customer: RateLimiter::keyed(a_minute(api.customer_requests_per_minute)),
        })
    }

    /// The caller a token belongs to. Takes as long whichever it is, and none.
    pub fn known_by(&self, token: &str) -> Option<&Caller> {
        let digest = digest(token);
        let mut found = None;
        for caller in &self.callers {
            let mut is_its = Choice::from(0);
            for known in &caller.digests {
                is_its |= known.ct_eq(&digest);
            }
            if bool::from(is_its) {
                found = Some(caller);
            }
        }
        found
    }

    /// Sites whose pages may call at all.
    pub fn origins(&self) -> Vec<&str> {
        self.callers.iter().flat_map(|it| &it.origins).map(String::as_str).collect()
    }

    /// Counts a request of a caller.
    ///
    /// # Errors
    /// If it has had its share: how long to wait for the next.
    pub fn count(&self, caller: &Caller) -> Result<(), Duration> {
        counted(&self.by_caller, caller.name.clone())
    }

    /// Counts a request of one of its customers.
    ///
    /// # Errors
    /// As for [`Callers::count`].
    pub fn count_customer(&self, caller: &Caller, customer: &str) -> Result<(), Duration> {
        if MAX_COUNTED <= self.by_customer.len() {
            self.by_customer.retain_recent();
        }
        counted(&self.by_customer, format!("{} {customer}", caller.name))
    }
}

impl std::fmt::Debug for Callers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.callers.iter().map(|it| &it.name)).finish()
    }
}

/// What questions of a caller come through, in the place of a manifest's version.
pub(super) const VERSION: &str = "api";

/// Whose knowledge answers: the brand that is set, or the caller's name.
pub(super) fn brand<'a>(name: &'a str, caller: &'a ApiCaller) -> &'a str {
    caller.brand.as_deref().unwrap_or(name)
}

impl Caller {
    fn new(settings: &Settings, name: &str, caller: &ApiCaller) -> anyhow::Result<Caller> {
        let tokens = fetched(&caller.token)?;
        let is_long = |it: &SecretString| MIN_TOKEN_CHARS <= it.expose_secret().chars().count();
        ensure!(
            tokens.iter().all(is_long),
            "a token has fewer than {MIN_TOKEN_CHARS} characters; make one with \
             `openssl rand -hex 24`"
        );
        let brand = brand(name, caller);
        // A page cannot be watched from the shadow: its customers go to people.
        let mode = match caller.mode.unwrap_or(settings.answer.mode) {
            Mode::Suggest | Mode::Shadow => Mode::Suggest,
            Mode::Autopilot => Mode::Autopilot,
        };
        Ok(Caller {
            name: name.to_owned(),
            context: super::context(settings, mode, brand, VERSION),
            origins: caller.origins.clone(),
            may: caller.may.clone(),
            digests: tokens.iter().map(|it| digest(it.expose_secret())).collect(),
            identity: caller.identity.as_ref().map(fetched).transpose()?.unwrap_or_default(),
        })
    }

    pub fn may(&self, endpoint: Endpoint) -> bool {
        self.may.contains(&endpoint)
    }

    /// True if `signature` is the lower-case hex HMAC-SHA256 of a customer's id, made
    /// with one of the caller's secrets. False where there is none.
    pub fn knows(&self, customer: &str, signature: &str) -> bool {
        let Ok(signature) = hex::decode(signature) else { return false };
        self.identity.iter().any(|secret| {
            let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
            mac.is_ok_and(|mac| mac.chain_update(customer).verify_slice(&signature).is_ok())
        })
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

fn fetched(sources: &SecretSources) -> anyhow::Result<Vec<SecretString>> {
    sources.iter().map(|it| it.fetch()).collect()
}

/// So many a minute, and as many at once.
fn a_minute(n: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(n).unwrap_or(NonZeroU32::MIN))
}

fn counted(limiter: &DefaultKeyedRateLimiter<String>, key: String) -> Result<(), Duration> {
    limiter.check_key(&key).map_err(|it| it.wait_time_from(limiter.clock().now()))
}
