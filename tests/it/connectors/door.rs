//! Who may come in: signatures over raw bytes, times, rotation.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use deskhand::helpdesk::Arrival;
use deskhand::helpdesk::Authentic;
use deskhand::helpdesk::ConnectionSettings;
use deskhand::helpdesk::Delivery;
use deskhand::helpdesk::Helpdesk;
use deskhand::helpdesk::Manifest;
use deskhand::helpdesk::Refused;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use jiff::Timestamp;

use super::connect;
use super::now;
use super::only;
use super::settings;

const BODY: &str = r#"{"a":1}"#;

/// Seconds since the epoch of the published test vectors.
const SIGNED_AT: i64 = 1_753_659_002;

fn arrival(headers: &[(&str, &str)], body: &str) -> Arrival {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Arrival {
        method: "POST".to_owned(),
        headers: headers.collect(),
        body: body.to_owned().into(),
        ..Arrival::default()
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

fn knock(
    helpdesk: &Helpdesk,
    headers: &[(&str, &str)],
    body: &str,
    now: Timestamp,
) -> Result<Delivery<Authentic>, Refused> {
    helpdesk.authenticate(Delivery::arrived(arrival(headers, body)), now)
}

fn hmac_sha256(key: &[u8], message: &str) -> Vec<u8> {
    let mut mac = <Hmac<sha2::Sha256> as KeyInit>::new_from_slice(key).unwrap();
    mac.update(message.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Headers of a good delivery of `BODY` for each helpdesk, as others computed them.
fn vectors() -> [(&'static str, Vec<(&'static str, &'static str)>); 3] {
    [
        ("intercom", vec![("X-Hub-Signature", "sha1=f8446672f033e4b2beafc5ca3a71eafcd2cafb6e")]),
        (
            "zendesk",
            vec![
                ("X-Zendesk-Webhook-Signature", "KOnqo3EnC/oZ0+M9jUCqOGEVVaImX6INJKLW80WPHiE="),
                ("X-Zendesk-Webhook-Signature-Timestamp", "1753659002"),
            ],
        ),
        (
            "chatwoot",
            vec![
                (
                    "X-Chatwoot-Signature",
                    "sha256=b39152fb439076f207381e00050e8fc4891848ffeb94c2bf7b0d0444e06d3816",
                ),
                ("X-Chatwoot-Timestamp", "1753659002"),
            ],
        ),
    ]
}

#[test]
fn published_signatures_are_accepted_and_open_the_body() {
    for (name, headers) in vectors() {
        let helpdesk = connect(&settings(name));
        let delivery = knock(&helpdesk, &headers, BODY, at(SIGNED_AT + 10)).unwrap();
        assert_eq!(delivery.body().as_ref(), BODY.as_bytes(), "{name}");
    }
}

#[test]
fn one_changed_bit_of_body_or_signature_is_refused() {
    for (name, headers) in vectors() {
        let helpdesk = connect(&settings(name));
        for bit in 0..BODY.len() * 7 {
            let mut body = BODY.as_bytes().to_vec();
            body[bit / 7] ^= 1 << (bit % 7);
            let body = String::from_utf8(body).unwrap();
            let refused = knock(&helpdesk, &headers, &body, at(SIGNED_AT)).unwrap_err();
            assert_eq!(refused, Refused::Forged, "{name} {body}");
        }
        let signature = headers[0].1;
        for bit in 0..signature.len() * 7 {
            let mut changed = signature.as_bytes().to_vec();
            changed[bit / 7] ^= 1 << (bit % 7);
            let changed = String::from_utf8(changed).unwrap();
            let mut headers = headers.clone();
            headers[0].1 = &changed;
            let refused = knock(&helpdesk, &headers, BODY, at(SIGNED_AT)).unwrap_err();
            assert_eq!(refused, Refused::Forged, "{name} {changed}");
        }
    }
}

#[test]
fn an_old_or_future_delivery_is_stale_where_the_time_is_signed() {
    for (name, headers) in vectors().into_iter().skip(1) {
        let helpdesk = connect(&settings(name));
        for now in [SIGNED_AT - 301, SIGNED_AT + 301, 0] {
            let refused = knock(&helpdesk, &headers, BODY, at(now)).unwrap_err();
            assert_eq!(refused, Refused::Stale, "{name}");
        }
        for now in [SIGNED_AT - 300, SIGNED_AT + 300] {
            knock(&helpdesk, &headers, BODY, at(now)).unwrap();
        }
    }
}

#[test]
fn a_delivery_without_proof_is_refused_and_the_answer_tells_nothing() {
    for name in ["zendesk", "intercom", "chatwoot", "request-tracker", "generic"] {
        let refused = knock(&connect(&settings(name)), &[], BODY, now()).unwrap_err();
        assert_eq!(refused, Refused::Unsigned, "{name}");
        assert_eq!(refused.to_string(), Refused::Forged.to_string());
        assert_eq!(refused.reason(), "unsigned");
    }
}

#[test]
fn old_and_new_secret_both_hold_while_a_secret_is_rotated() {
    for (name, headers) in vectors() {
        let key = if name == "intercom" { "client_secret" } else { "webhook_secret" };
        for secrets in [["secret", "newer"], ["newer", "secret"]] {
            let mut settings = settings(name);
            settings.secrets.extend(only(key, &secrets));
            knock(&connect(&settings), &headers, BODY, at(SIGNED_AT)).unwrap();
        }
        let mut settings = settings(name);
        settings.secrets.extend(only(key, &["newer", "newest"]));
        let refused = knock(&connect(&settings), &headers, BODY, at(SIGNED_AT)).unwrap_err();
        assert_eq!(refused, Refused::Forged, "{name}");
    }
}

#[test]
fn zendesk_times_in_rfc_3339_are_understood() {
    let signature = STANDARD.encode(hmac_sha256(b"secret", &format!("2026-11-20T09:41:00Z{BODY}")));
    let headers = [
        ("x-zendesk-webhook-signature", signature.as_str()),
        ("x-zendesk-webhook-signature-timestamp", "2026-11-20T09:41:00Z"),
    ];
    knock(&connect(&settings("zendesk")), &headers, BODY, now()).unwrap();
}

#[test]
fn before_chatwoot_signed_the_secret_is_in_the_path_and_is_not_kept() {
    let mut without = settings("chatwoot");
    without.secrets.remove("webhook_secret");
    let helpdesk = connect(&without);
    let with_path = |secret: &str| {
        let mut arrival = arrival(&[("Authorization", "Basic eA=="), ("X-Other", "1")], BODY);
        arrival.path_secret = Some(secret.to_owned());
        helpdesk.authenticate(Delivery::arrived(arrival), now())
    };
    let delivery = with_path("secret").unwrap();
    assert_eq!(delivery.headers(), [("x-other".to_owned(), "1".to_owned())]);
    assert_eq!(with_path("secreu").unwrap_err(), Refused::Forged);
    // Without a path secret set, none in the path is of any use.
    let mut signed_only = settings("chatwoot");
    signed_only.secrets.remove("path_secret");
    let mut arrival = arrival(&[], BODY);
    arrival.path_secret = Some("secret".to_owned());
    let refused = connect(&signed_only).authenticate(Delivery::arrived(arrival), now());
    assert_eq!(refused.unwrap_err(), Refused::Unsigned);
}

#[test]
fn the_generic_wire_takes_both_its_signatures() {
    let seconds = now().as_second().to_string();
    let key = b"0123456789abcdef0123456789abcdef";
    let mut settings: ConnectionSettings = settings("generic");
    let secret = format!("whsec_{}", STANDARD.encode(key));
    settings.secrets.extend(only("webhook_secret", &[&secret]));
    let helpdesk = connect(&settings);

    let plain = hmac_sha256(secret.as_bytes(), &format!("{seconds}.{BODY}"));
    let plain = format!("sha256={}", hex::encode(plain));
    let headers =
        [("x-deskhand-timestamp", seconds.as_str()), ("x-deskhand-signature", plain.as_str())];
    knock(&helpdesk, &headers, BODY, now()).unwrap();

    let standard = STANDARD.encode(hmac_sha256(key, &format!("msg_1.{seconds}.{BODY}")));
    let both = format!("v1,AAAA v1,{standard}");
    let headers = [
        ("webhook-id", "msg_1"),
        ("webhook-timestamp", seconds.as_str()),
        ("webhook-signature", both.as_str()),
    ];
    let delivery = knock(&helpdesk, &headers, BODY, now()).unwrap();
    assert_eq!(helpdesk.receipt(&delivery).unwrap().dedup, "msg_1");
    let other_id = [("webhook-id", "msg_2"), headers[1], headers[2]];
    assert_eq!(knock(&helpdesk, &other_id, BODY, now()).unwrap_err(), Refused::Forged);
    let later = now() + jiff::SignedDuration::from_secs(301);
    assert_eq!(knock(&helpdesk, &headers, BODY, later).unwrap_err(), Refused::Stale);
}

/// A connection to a helpdesk whose hook is proved in this way.
fn verified_by(verify: &str) -> Helpdesk {
    let text = format!(
        r#"
manifest = 1
name = "own"
title = "Own"
[secrets]
token = {{}}
[api]
base = "https://helpdesk.example"
[webhook.verify]
{verify}
[webhook]
dedup = ".body.id"
events = "empty"
own = "false"
handshake = 'if .body.challenge then {{ body: .body.challenge }} else empty end'
"#
    );
    let manifest = Manifest::parse("own.toml", &text).unwrap();
    let mut settings = settings("generic");
    settings.helpdesk = "own".to_owned();
    settings.config.clear();
    settings.secrets = only("token", &["s3cret"]);
    Helpdesk::connect(manifest.into(), &settings).unwrap()
}

#[test]
fn tokens_and_passwords_are_compared_whole() {
    let helpdesk = verified_by("scheme = 'token'\nheader = 'X-Token'\nkey = 'token'");
    let delivery = knock(&helpdesk, &[("x-token", "s3cret")], BODY, now()).unwrap();
    assert_eq!(delivery.headers(), [], "the token is not kept");
    for wrong in ["s3cre", "s3cret ", "S3cret", ""] {
        let refused = knock(&helpdesk, &[("x-token", wrong)], BODY, now()).unwrap_err();
        assert_eq!(refused, Refused::Forged, "{wrong:?}");
    }
    let helpdesk = verified_by("scheme = 'basic'\nuser = 'hook'\nkey = 'token'");
    let pair = format!("Basic {}", STANDARD.encode("hook:s3cret"));
    knock(&helpdesk, &[("authorization", &pair)], BODY, now()).unwrap();
    let pair = format!("Basic {}", STANDARD.encode("hook:other"));
    let refused = knock(&helpdesk, &[("authorization", &pair)], BODY, now()).unwrap_err();
    assert_eq!(refused, Refused::Forged);
}

#[test]
fn an_unproved_hook_is_open_to_this_machine_only() {
    let helpdesk = verified_by("scheme = 'none'");
    let mut near = arrival(&[], BODY);
    near.peer_is_loopback = true;
    helpdesk.authenticate(Delivery::arrived(near), now()).unwrap();
    assert_eq!(knock(&helpdesk, &[], BODY, now()).unwrap_err(), Refused::NotLocal);
}

#[test]
fn method_address_and_fields_can_be_signed() {
    let helpdesk = verified_by(
        "scheme = 'hmac-sha256'\nkey = 'token'\nsigned = ['method', 'url', 'field:n', \"'|'\"]\n\
         signature = { field = 'sig', encoding = 'base64url' }",
    );
    let mac = hmac_sha256(b"s3cret", "POSThttps://me.example/h42|");
    let sig = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(mac);
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", format!("n=42&sig={sig}")),
        ("application/json", format!(r#"{{"n": 42, "sig": "{sig}"}}"#)),
    ] {
        let mut arrival = arrival(&[("content-type", content_type)], &body);
        arrival.url = "https://me.example/h".to_owned();
        helpdesk.authenticate(Delivery::arrived(arrival), now()).unwrap();
    }
}

#[test]
fn a_challenge_is_answered_and_a_probe_is_known() {
    let helpdesk = verified_by("scheme = 'none'");
    let receipt = helpdesk.receipt_of(br#"{"id": 7, "challenge": "abc"}"#, &[]).unwrap();
    assert_eq!(receipt.dedup, "7");
    let reply = receipt.handshake.unwrap();
    assert_eq!((reply.status, reply.body.as_str()), (200, "abc"));
    assert_eq!(reply.content_type, "text/plain");
    let receipt = helpdesk.receipt_of(br#"{"b": 7}"#, &[]).unwrap();
    assert_eq!(receipt.handshake, None);
    assert!(receipt.dedup.starts_with("sha256:"), "{}", receipt.dedup);
    let intercom = connect(&settings("intercom"));
    assert!(intercom.probe("HEAD") && !intercom.probe("POST"));
}
