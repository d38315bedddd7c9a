//! What opens a door: private keys, tokens, passwords that are called so,
//! credentials in an address.

use std::sync::LazyLock;

use regex::Regex;

use super::Kind;
use super::Span;

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static PRIVATE_KEY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?s)-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\z)",
    )
    .unwrap()
});

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static IN_ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?i)[a-z][a-z0-9+.-]{1,20}://([^\s/:@\[\]"'<>{},]+:[^\s/@\[\]"'<>{},]+)@"#)
        .unwrap()
});

/// Secrets inside a query string. A short `code` is an error as often as a key.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static IN_QUERY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?i)[?&;](?:access_token|refresh_token|id_token|token|api_?key|apikey|key|secret|sig|signature|password|passwd|auth|session|sessionid)=([^\s&#\[\]"'<>]{8,})|[?&;]code=([^\s&#\[\]"'<>]{16,})"#,
    )
    .unwrap()
});

/// Tokens that say what they are: JSON web tokens, and the prefixes of services.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?-u:\b)eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
        r"|(?-u:\b)(?:sk|pk|rk)[-_](?:live|test|proj|ant|or)?[-_A-Za-z0-9]{16,}",
        r"|(?-u:\b)gh[opsur]_[A-Za-z0-9]{20,}|(?-u:\b)github_pat_[A-Za-z0-9_]{20,}|(?-u:\b)glpat-[A-Za-z0-9_-]{16,}",
        r"|(?-u:\b)xox[abeoprs]-[A-Za-z0-9-]{10,}|(?-u:\b)(?:AKIA|ASIA)[0-9A-Z]{16}(?-u:\b)|(?-u:\b)AIza[0-9A-Za-z_-]{35}",
        r"|(?-u:\b)SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|(?-u:\b)(?:npm|hf|dop_v1|shpat|whsec)_[A-Za-z0-9]{16,}",
        r"|(?-u:\b)ya29\.[A-Za-z0-9_-]{20,}|(?-u:\b)GOCSPX-[A-Za-z0-9_-]{20,}|(?-u:\b)(?:AC|SK)[0-9a-f]{32}(?-u:\b)|(?-u:\b)[0-9a-f]{32}-us[0-9]{1,2}(?-u:\b)",
        r"|(?-u:\b)[0-9]{8,10}:AA[A-Za-z0-9_-]{32,}|(?-u:\b)hooks\.slack\.com/services/[A-Za-z0-9/]{20,}",
    ))
    .unwrap()
});

/// A value that is called a secret. Letters alone are more likely a sentence
/// about secrets, so a digit or a sign has to be in it.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static CALLED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?-u:\b)(?:pass(?:word|wd|code|phrase)?|passwort|kennwort|mot de passe|contraseña|senha|wachtwoord|pin|",
        r"api[ _-]?key|access[ _-]?key|secret(?:[ _-]?key)?|(?:access[ _-]?|auth[ _-]?|bearer[ _-]?|api[ _-]?)?token|bearer)",
        r#"["']?(?:\s{0,3}[:=]\s{0,3}|\s+is:?\s+|\s+ist:?\s+|\s+es:?\s+)["'`]?([^\s"'`,;\[\]]{4,200})"#,
        r"|(?-u:\b)bearer\s+([A-Za-z0-9._~+/=-]{16,})",
    ))
    .unwrap()
});

/// The keys that programs are sold with, in groups of five.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static PRODUCT_KEY: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?-u:\b)[A-Z0-9]{5}(?:-[A-Z0-9]{5}){3,5}(?-u:\b)").unwrap());

/// A code that is good once. "Error code" is none of these.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static ONE_TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)(?-u:\b)(?:(?:verification|security|one[ -]time|log-?in|sign[ -]?in|authentication|confirmation|backup|recovery|sms|2fa)",
        r"[ -](?:code|password|passcode|pin)|otp|tan|bestätigungscode|sicherheitscode|code de (?:vérification|sécurité)|código de verificación)",
        r"(?:\s(?:is|was|ist|lautet|est|es))?[\s:#=]{1,3}([0-9]{3}[ -]?[0-9]{3}|[0-9]{4,8})(?-u:\b)",
    ))
    .unwrap()
});

pub(super) fn find(text: &str) -> Vec<Span> {
    let whole = |it: regex::Match<'_>, kind| Span { start: it.start(), end: it.end(), kind };
    let inner = |captures: regex::Captures<'_>, kind| {
        captures.iter().skip(1).flatten().next().map(|it| whole(it, kind))
    };
    let mut found: Vec<Span> =
        PRIVATE_KEY.find_iter(text).map(|it| whole(it, Kind::PrivateKey)).collect();
    let in_address = IN_ADDRESS.captures_iter(text);
    found.extend(in_address.filter_map(|it| inner(it, Kind::Credentials)));
    found.extend(TOKEN.find_iter(text).map(|it| whole(it, Kind::Token)));
    let has_letters_and_digits = |it: &regex::Match<'_>| {
        let has = |holds: fn(&u8) -> bool| it.as_str().as_bytes().iter().any(holds);
        has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase)
    };
    let keys = PRODUCT_KEY.find_iter(text).filter(has_letters_and_digits);
    found.extend(keys.map(|it| whole(it, Kind::Token)));
    for pattern in [&IN_QUERY, &ONE_TIME] {
        found.extend(pattern.captures_iter(text).filter_map(|it| inner(it, Kind::Token)));
    }
    found.extend(CALLED.captures_iter(text).filter_map(|it| called(text, &it)));
    found
}

/// The value that is called a secret, if it looks like one.
fn called(text: &str, captures: &regex::Captures<'_>) -> Option<Span> {
    let value = captures.iter().skip(1).flatten().next()?;
    let before = text.get(..captures.get(0)?.start())?;
    // In an address the next parameter begins there; a password may hold the sign.
    let in_query = before.ends_with(['?', '&', ';']);
    let secret = value.as_str().split('&').next().filter(|_| in_query).unwrap_or(value.as_str());
    let span = Span { start: value.start(), end: value.start() + secret.len(), kind: Kind::Token };
    is_secret(secret).then_some(span)
}

fn is_secret(value: &str) -> bool {
    let value = value.trim_end_matches(['.', ')', '!', '?', '&']);
    let is_share =
        value.strip_suffix('%').is_some_and(|it| it.bytes().all(|it| it.is_ascii_digit()));
    value.len() >= 4
        && !is_share
        && value.chars().any(|it| it.is_ascii_digit() || "!$%&#*+=~^".contains(it))
        && !value.starts_with("http")
}
