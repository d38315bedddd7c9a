//! Connectors, through the public door: manifests, deliveries, events, calls.

mod calls;
mod command;
mod door;
mod events;
mod fake;
mod manifests;
mod reads;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::LazyLock;

use deskhand::clock::Clock;
use deskhand::helpdesk::ConnectionSettings;
use deskhand::helpdesk::Helpdesk;
use deskhand::helpdesk::Manifests;
use jiff::Timestamp;
use secrecy::SecretString;

/// The present in these tests.
const NOW: &str = "2026-11-20T09:42:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// Those compiled in. Compiled once a process: without optimization that takes
/// half a second.
fn manifests() -> &'static Manifests {
    static MANIFESTS: LazyLock<Manifests> = LazyLock::new(|| Manifests::builtin().unwrap());
    &MANIFESTS
}

/// Settings with the manifest's examples, and `secret` for every secret.
fn settings(name: &str) -> ConnectionSettings {
    let manifest = manifests().by_name(name).unwrap();
    let config = manifest.config.iter().filter(|(_, key)| !key.example.is_empty());
    let config = config.map(|(name, key)| (name.clone(), key.example.clone()));
    let secret = || vec![SecretString::from("secret".to_owned())];
    ConnectionSettings {
        name: "main".to_owned(),
        helpdesk: name.to_owned(),
        brand: "acme".to_owned(),
        base_url: None,
        config: config.collect(),
        secrets: manifest.secrets.keys().map(|it| (it.clone(), secret())).collect(),
        clock: Clock::manual(now()),
    }
}

fn connect(settings: &ConnectionSettings) -> Helpdesk {
    let manifest = manifests().by_name(&settings.helpdesk).unwrap();
    Helpdesk::connect(Arc::clone(manifest), settings).unwrap()
}

fn only(name: &str, values: &[&str]) -> BTreeMap<String, Vec<SecretString>> {
    let secrets = values.iter().map(|it| SecretString::from((*it).to_owned()));
    BTreeMap::from([(name.to_owned(), secrets.collect())])
}
