//! The door: signature schemes over raw bytes, then the receipt and the events of
//! each shipped connector, and of one that has every scheme there is. Nobody here
//! knows the secret, so nobody may come in.
#![no_main]

use std::sync::Arc;
use std::sync::LazyLock;

use bytes::Bytes;
use deskhand::clock::Clock;
use deskhand::helpdesk::Arrival;
use deskhand::helpdesk::ConnectionSettings;
use deskhand::helpdesk::Delivery;
use deskhand::helpdesk::Helpdesk;
use deskhand::helpdesk::Manifest;
use deskhand::helpdesk::Manifests;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use secrecy::SecretString;

/// The shipped ones by name, then one manifest for each file of all schemes.
static HELPDESKS: LazyLock<Vec<Helpdesk>> = LazyLock::new(|| {
    let manifests = Manifests::builtin().unwrap();
    let shipped = manifests.iter().map(connect);
    shipped.chain([connect(&every_scheme())]).collect()
});

/// The generic connector, with all ways of proof one after the other.
fn every_scheme() -> Arc<Manifest> {
    let generic = include_str!("../../connectors/generic.toml");
    let (head, rest) = generic.split_once("[webhook.verify]\n").unwrap();
    let (_, rest) = rest.split_once("\n[webhook]\n").unwrap();
    let schemes = include_str!("../schemes.toml");
    let text = format!("{head}{schemes}\n[webhook]\n{rest}");
    Arc::new(Manifest::parse("schemes.toml", &text).unwrap())
}

fn connect(manifest: &Arc<Manifest>) -> Helpdesk {
    let config = manifest.config.iter().filter(|(_, key)| !key.example.is_empty());
    let secret = || vec![SecretString::from("0d1f6f27c4a84d0b9c3b".to_owned())];
    let settings = ConnectionSettings {
        name: "main".to_owned(),
        helpdesk: manifest.name.clone(),
        brand: "acme".to_owned(),
        base_url: None,
        config: config.map(|(name, key)| (name.clone(), key.example.clone())).collect(),
        secrets: manifest.secrets.keys().map(|it| (it.clone(), secret())).collect(),
        clock: Clock::manual(Timestamp::UNIX_EPOCH),
    };
    Helpdesk::connect(Arc::clone(manifest), &settings).unwrap()
}

// A digit for the helpdesk, lines of headers, an empty line, the body.
fuzz_target!(|data: &[u8]| {
    let Some((which, request)) = data.split_first() else { return };
    let helpdesk = &HELPDESKS[usize::from(which.wrapping_sub(b'0')) % HELPDESKS.len()];
    let end = request.windows(2).position(|it| it == b"\n\n");
    let (head, body) = end.map_or((&[][..], request), |at| (&request[..at], &request[at + 2..]));
    let head = String::from_utf8_lossy(head);
    let pair = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_owned(), value.to_owned()))
    };
    let headers: Vec<(String, String)> = head.lines().filter_map(pair).collect();
    let arrival = Arrival {
        method: "POST".to_owned(),
        url: "https://desk.example/hooks/main".to_owned(),
        path_secret: headers.first().map(|(_, value)| value.clone()),
        query: headers.clone(),
        headers: headers.clone(),
        body: Bytes::copy_from_slice(body),
        peer_is_loopback: false,
    };
    let checked = helpdesk.authenticate(Delivery::arrived(arrival), Timestamp::UNIX_EPOCH);
    assert!(checked.is_err(), "{} let in who knows no secret", helpdesk.name());
    if let Ok(receipt) = helpdesk.receipt_of(body, &headers) {
        assert!(!receipt.dedup.is_empty());
    }
    if let Err(error) = helpdesk.events(body, &headers) {
        // It is logged: it must not carry the payload along.
        assert!(error.to_string().len() < 1_000, "{error}");
    }
});
