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
    Regex::new(r"(?i)[a-z][a-z0-9+.-]{1,20}://([^\s/:@\[\]]+:[^\s/@\[\]]+)@").unwrap()
});

/// Secrets inside a query string.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static IN_QUERY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)[?&;](?:access_token|refresh_token|id_token|token|api_?key|apikey|key|secret|sig|signature|password|passwd|auth|session|sessionid|code)=([^\s&#\[\]]{8,})",
    )
    .unwrap()
});

/// Tokens that say what they are: JSON web tokens, and the prefixes of services.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static TOKEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
        r"|\b(?:sk|pk|rk)[-_](?:live|test|proj|ant|or)?[-_A-Za-z0-9]{16,}",
        r"|\bgh[opsur]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[A-Za-z0-9_-]{16,}",
        r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}",
        r"|\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|\b(?:npm|hf|dop_v1|shpat|whsec)_[A-Za-z0-9]{16,}",
    ))
    .unwrap()
});

/// A value that is called a secret. Letters alone are more likely a sentence
/// about secrets, so a digit or a sign has to be in it.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static CALLED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?i)\b(?:pass(?:word|wd|code|phrase)?|passwort|kennwort|mot de passe|contraseña|senha|wachtwoord|pin|",
        r"api[ _-]?key|access[ _-]?key|secret(?:[ _-]?key)?|(?:access[ _-]?|auth[ _-]?|bearer[ _-]?|api[ _-]?)?token|bearer)",
        r#"["']?(?:\s{0,3}[:=]\s{0,3}|\s+is:?\s+|\s+ist:?\s+|\s+es:?\s+)["'`]?([^\s"'`,;\[\]]{4,200})"#,
        r"|\bbearer\s+([A-Za-z0-9._~+/=-]{16,})",
    ))
    .unwrap()
});

pub(super) fn find(text: &str, found: &mut Vec<Span>) {
    let whole = |it: regex::Match<'_>, kind| Span { start: it.start(), end: it.end(), kind };
    found.extend(PRIVATE_KEY.find_iter(text).map(|it| whole(it, Kind::PrivateKey)));
    let inner = |captures: regex::Captures<'_>, kind| {
        captures.iter().skip(1).flatten().next().map(|it| whole(it, kind))
    };
    let in_address = IN_ADDRESS.captures_iter(text);
    found.extend(in_address.filter_map(|it| inner(it, Kind::Credentials)));
    found.extend(TOKEN.find_iter(text).map(|it| whole(it, Kind::Token)));
    found.extend(IN_QUERY.captures_iter(text).filter_map(|it| inner(it, Kind::Token)));
    let called = CALLED.captures_iter(text).filter_map(|it| inner(it, Kind::Token));
    found.extend(called.filter(|it| is_secret(text.get(it.start..it.end).unwrap_or_default())));
}

fn is_secret(value: &str) -> bool {
    let value = value.trim_end_matches(['.', ')', '!', '?']);
    value.len() >= 4
        && value.chars().any(|it| it.is_ascii_digit() || "!$%&#*+=~^".contains(it))
        && !value.starts_with("http")
}
