//! The closed list of ways a helpdesk proves that a delivery is its own. All
//! work on the raw bytes, compare in constant time and accept any of several
//! secrets, so that a secret can be rotated without a gap.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose;
use hmac::Hmac;
use hmac::KeyInit;
use hmac::Mac;
use jiff::Timestamp;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use sha1::Sha1;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::delivery::Arrival;
use super::delivery::Refused;
use super::delivery::header;
use super::shape::Encoding;
use super::shape::TimeFormat;
use super::shape::VerifyShape;

/// How far a signed time may be from ours under Standard Webhooks, in seconds.
/// Specified: <https://www.standardwebhooks.com>, "5 minutes".
const STANDARD_TOLERANCE_S: u32 = 300;

/// One way to prove a delivery.
#[derive(Debug, Clone)]
pub(super) enum Scheme {
    Hmac {
        algorithm: Algorithm,
        key: String,
        signed: Vec<Part>,
        place: Place,
        encoding: Encoding,
        prefix: String,
        timestamp: Option<SignedTime>,
    },
    /// The secret itself, in a header or a query parameter.
    Token {
        key: String,
        place: Place,
        prefix: String,
    },
    Basic {
        key: String,
        user: String,
    },
    /// The secret itself, as the last part of the hook's path.
    PathSecret {
        key: String,
    },
    StandardWebhooks {
        key: String,
    },
    /// No proof: for senders on this machine only.
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Sha1,
    Sha256,
}

/// A piece of what is signed.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Header(String),
    Body,
    Method,
    Url,
    Field(String),
    Literal(String),
}

/// Where something is to be found in a request.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Header(String),
    Query(String),
    Field(String),
}

#[derive(Debug, Clone)]
pub(super) struct SignedTime {
    header: String,
    format: TimeFormat,
    tolerance_s: u32,
}

type Secrets = BTreeMap<String, Vec<SecretString>>;

impl Scheme {
    /// Checks a delivery against this scheme.
    pub(super) fn check(
        &self,
        arrival: &Arrival,
        secrets: &Secrets,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let keys = self.key().and_then(|it| secrets.get(it)).map_or(&[][..], Vec::as_slice);
        if keys.is_empty() && !matches!(self, Scheme::None) {
            return Err(Refused::NotConfigured);
        }
        match self {
            Scheme::None if arrival.peer_is_loopback => Ok(()),
            Scheme::None => Err(Refused::NotLocal),
            Scheme::Hmac { algorithm, signed, place, encoding, prefix, timestamp, .. } => {
                let given = find(place, arrival).ok_or(Refused::Unsigned)?;
                let message = signed_bytes(signed, arrival).ok_or(Refused::Unsigned)?;
                let matches_key = |key: &SecretString| {
                    let mac = mac(*algorithm, key.expose_secret().as_bytes(), &message);
                    same(&format!("{prefix}{}", encode(*encoding, &mac)), &given)
                };
                any(keys, matches_key)?;
                timestamp.as_ref().map_or(Ok(()), |it| it.check(arrival, now))
            }
            Scheme::Token { place, prefix, .. } => {
                let given = find(place, arrival).ok_or(Refused::Unsigned)?;
                any(keys, |key| same(&format!("{prefix}{}", key.expose_secret()), &given))
            }
            Scheme::Basic { user, .. } => {
                let given = header(&arrival.headers, "authorization").ok_or(Refused::Unsigned)?;
                let expected = |key: &SecretString| {
                    let pair = format!("{user}:{}", key.expose_secret());
                    format!("Basic {}", general_purpose::STANDARD.encode(pair))
                };
                any(keys, |key| same(&expected(key), given))
            }
            Scheme::PathSecret { .. } => {
                let given = arrival.path_secret.as_deref().ok_or(Refused::Unsigned)?;
                any(keys, |key| same(key.expose_secret(), given))
            }
            Scheme::StandardWebhooks { .. } => check_standard(arrival, keys, now),
        }
    }

    /// The name of the secret this scheme needs; `None` if it needs none.
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Scheme::Hmac { key, .. }
            | Scheme::Token { key, .. }
            | Scheme::Basic { key, .. }
            | Scheme::PathSecret { key }
            | Scheme::StandardWebhooks { key } => Some(key),
            Scheme::None => None,
        }
    }

    /// The header or parameter that carries a secret as it is, in lower case.
    pub(super) fn secret_name(&self) -> Option<String> {
        match self {
            Scheme::Token { place: Place::Header(name) | Place::Query(name), .. } => {
                Some(name.clone())
            }
            Scheme::Token { place: Place::Field(_), .. }
            | Scheme::Hmac { .. }
            | Scheme::Basic { .. }
            | Scheme::PathSecret { .. }
            | Scheme::StandardWebhooks { .. }
            | Scheme::None => None,
        }
    }

    /// Reads a `[webhook.verify]` and what follows its `or`. The error is the
    /// problem in words.
    pub(super) fn alternatives(
        shape: &VerifyShape,
        known_secret: impl Fn(&str) -> bool,
    ) -> Result<Vec<Scheme>, String> {
        let mut schemes = Vec::new();
        let mut inherited = None;
        let mut next = Some(shape);
        while let Some(shape) = next {
            let key = shape.key.clone().or(inherited);
            let scheme = scheme_of(shape, key.as_deref())?;
            if let Some(key) = scheme.key().filter(|it| !known_secret(it)) {
                return Err(format!("the key `{key}` is not in [secrets]"));
            }
            schemes.push(scheme);
            inherited = key;
            next = shape.or.as_deref();
        }
        Ok(schemes)
    }
}

impl SignedTime {
    fn check(&self, arrival: &Arrival, now: Timestamp) -> Result<(), Refused> {
        let given = header(&arrival.headers, &self.header).ok_or(Refused::Unsigned)?;
        let at = match (self.format, given.parse::<i64>()) {
            (TimeFormat::UnixMs, Ok(millis)) => Timestamp::from_millisecond(millis).ok(),
            (TimeFormat::Unix | TimeFormat::Rfc3339, Ok(seconds)) => {
                Timestamp::from_second(seconds).ok()
            }
            (_, Err(_)) => given.parse().ok(),
        };
        let distance_s = at.map(|it| now.duration_since(it).unsigned_abs().as_secs());
        if distance_s.is_some_and(|it| it <= u64::from(self.tolerance_s)) {
            Ok(())
        } else {
            Err(Refused::Stale)
        }
    }
}

fn check_standard(arrival: &Arrival, keys: &[SecretString], now: Timestamp) -> Result<(), Refused> {
    let of = |name| header(&arrival.headers, name).ok_or(Refused::Unsigned);
    let (id, at, given) = (of("webhook-id")?, of("webhook-timestamp")?, of("webhook-signature")?);
    let message = [id.as_bytes(), b".", at.as_bytes(), b".", &arrival.body].concat();
    let matches_key = |key: &SecretString| {
        let mac = mac(Algorithm::Sha256, &standard_key(key.expose_secret()), &message);
        let expected = format!("v1,{}", general_purpose::STANDARD.encode(mac));
        // No short cut: every signature offered is compared in full.
        given.split(' ').fold(false, |found, it| same(&expected, it) | found)
    };
    any(keys, matches_key)?;
    let time = SignedTime {
        header: "webhook-timestamp".to_owned(),
        format: TimeFormat::Unix,
        tolerance_s: STANDARD_TOLERANCE_S,
    };
    time.check(arrival, now)
}

/// A key of Standard Webhooks is base64 after `whsec_`; any other text is its own bytes.
fn standard_key(secret: &str) -> Vec<u8> {
    let encoded = secret.strip_prefix("whsec_");
    let decoded = encoded.and_then(|it| general_purpose::STANDARD.decode(it).ok());
    decoded.unwrap_or_else(|| secret.as_bytes().to_vec())
}

/// Whether any key fits. All are tried, so that the time taken does not tell which.
fn any(keys: &[SecretString], fits: impl Fn(&SecretString) -> bool) -> Result<(), Refused> {
    if keys.iter().fold(false, |found, key| fits(key) | found) {
        Ok(())
    } else {
        Err(Refused::Forged)
    }
}

/// Compares in constant time, as text: two spellings of one signature (upper
/// case, padding) are two signatures.
fn same(expected: &str, given: &str) -> bool {
    expected.as_bytes().ct_eq(given.as_bytes()).into()
}

fn mac(algorithm: Algorithm, key: &[u8], message: &[u8]) -> Vec<u8> {
    match algorithm {
        Algorithm::Sha1 => keyed::<Hmac<Sha1>>(key, message),
        Algorithm::Sha256 => keyed::<Hmac<Sha256>>(key, message),
    }
}

/// HMAC takes keys of any length, so the empty result cannot happen; it would
/// match no signature.
fn keyed<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let Ok(mut mac) = <M as KeyInit>::new_from_slice(key) else { return Vec::new() };
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn encode(encoding: Encoding, bytes: &[u8]) -> String {
    match encoding {
        Encoding::Hex => hex::encode(bytes),
        Encoding::Base64 => general_purpose::STANDARD.encode(bytes),
        Encoding::Base64Url => general_purpose::URL_SAFE_NO_PAD.encode(bytes),
    }
}

/// `None` if a part is missing from the request.
fn signed_bytes(parts: &[Part], arrival: &Arrival) -> Option<Vec<u8>> {
    let mut message = Vec::with_capacity(arrival.body.len() + 64);
    for part in parts {
        match part {
            Part::Header(name) => {
                message.extend_from_slice(header(&arrival.headers, name)?.as_bytes());
            }
            Part::Body => message.extend_from_slice(&arrival.body),
            Part::Method => message.extend_from_slice(arrival.method.as_bytes()),
            Part::Url => message.extend_from_slice(arrival.url.as_bytes()),
            Part::Field(name) => message.extend_from_slice(field(arrival, name)?.as_bytes()),
            Part::Literal(text) => message.extend_from_slice(text.as_bytes()),
        }
    }
    Some(message)
}

fn find(place: &Place, arrival: &Arrival) -> Option<String> {
    match place {
        Place::Header(name) => header(&arrival.headers, name).map(str::to_owned),
        Place::Query(name) => {
            arrival.query.iter().find(|(it, _)| it == name).map(|(_, value)| value.clone())
        }
        Place::Field(name) => field(arrival, name),
    }
}

/// A top-level field of a form or of a JSON object.
fn field(arrival: &Arrival, name: &str) -> Option<String> {
    let content_type = header(&arrival.headers, "content-type").unwrap_or_default();
    if content_type.starts_with("application/x-www-form-urlencoded") {
        let mut pairs = url::form_urlencoded::parse(&arrival.body);
        return pairs.find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    }
    let fields: BTreeMap<String, serde_json::Value> = serde_json::from_slice(&arrival.body).ok()?;
    match fields.get(name)? {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Array(_)
        | serde_json::Value::Object(_) => None,
    }
}

fn scheme_of(shape: &VerifyShape, key: Option<&str>) -> Result<Scheme, String> {
    let key = || key.map(str::to_owned).ok_or_else(|| format!("`{}` needs a `key`", shape.scheme));
    match shape.scheme.as_str() {
        "hmac-sha1" => hmac_of(shape, Algorithm::Sha1, key()?),
        "hmac-sha256" => hmac_of(shape, Algorithm::Sha256, key()?),
        "token" => {
            let place = match (&shape.header, &shape.query) {
                (Some(name), None) => Place::Header(name.to_ascii_lowercase()),
                (None, Some(name)) => Place::Query(name.clone()),
                (Some(_), Some(_)) | (None, None) => {
                    return Err("`token` needs either `header` or `query`".to_owned());
                }
            };
            Ok(Scheme::Token {
                key: key()?,
                place,
                prefix: shape.prefix.clone().unwrap_or_default(),
            })
        }
        "basic" => {
            let user = shape.user.clone().ok_or("`basic` needs a `user`")?;
            Ok(Scheme::Basic { key: key()?, user })
        }
        "path-secret" => Ok(Scheme::PathSecret { key: key()? }),
        "standard-webhooks" => Ok(Scheme::StandardWebhooks { key: key()? }),
        "none" => Ok(Scheme::None),
        other => Err(format!(
            "unknown scheme `{other}`; known are hmac-sha1, hmac-sha256, token, basic, path-secret, \
             standard-webhooks and none"
        )),
    }
}

fn hmac_of(shape: &VerifyShape, algorithm: Algorithm, key: String) -> Result<Scheme, String> {
    let signed = shape.signed.as_deref().ok_or("an hmac scheme needs `signed`")?;
    let signature = shape.signature.as_ref().ok_or("an hmac scheme needs `signature`")?;
    let place = match (&signature.header, &signature.field) {
        (Some(name), None) => Place::Header(name.to_ascii_lowercase()),
        (None, Some(name)) => Place::Field(name.clone()),
        (Some(_), Some(_)) | (None, None) => {
            return Err("`signature` needs either `header` or `field`".to_owned());
        }
    };
    let timestamp = shape.timestamp.as_ref().map(|it| SignedTime {
        header: it.header.to_ascii_lowercase(),
        format: it.format,
        tolerance_s: it.tolerance_s,
    });
    let signed = signed.iter().map(|it| part_of(it)).collect::<Result<Vec<_>, _>>()?;
    // A time that is not signed could be set to anything by whoever replays.
    let covers_time = timestamp.as_ref().is_none_or(|time| {
        signed.iter().any(|it| matches!(it, Part::Header(name) if *name == time.header))
    });
    if !covers_time {
        return Err("`timestamp` must be among the `signed` parts".to_owned());
    }
    let (encoding, prefix) = (signature.encoding, signature.prefix.clone());
    Ok(Scheme::Hmac { algorithm, key, signed, place, encoding, prefix, timestamp })
}

fn part_of(text: &str) -> Result<Part, String> {
    let quoted = text.strip_prefix('\'').and_then(|it| it.strip_suffix('\''));
    match (text, text.split_once(':'), quoted) {
        (_, _, Some(literal)) => Ok(Part::Literal(literal.to_owned())),
        ("body", ..) => Ok(Part::Body),
        ("method", ..) => Ok(Part::Method),
        ("url", ..) => Ok(Part::Url),
        (_, Some(("header", name)), None) => Ok(Part::Header(name.to_ascii_lowercase())),
        (_, Some(("field", name)), None) => Ok(Part::Field(name.to_owned())),
        (_, Some(_) | None, None) => Err(format!(
            "unknown signed part `{text}`; known are body, method, url, header:NAME, field:NAME and 'text'"
        )),
    }
}
