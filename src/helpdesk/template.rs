//! Texts of a manifest with `{name}` in them: the base address and what proves
//! who we are. Names are settings and secrets of the connection, nothing else.

use std::collections::BTreeMap;

use secrecy::ExposeSecret;
use secrecy::SecretString;

/// A parsed text: literal pieces and names, in order.
#[derive(Debug, Clone)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone)]
enum Piece {
    Literal(String),
    Name(String),
}

/// What names stand for in one connection.
#[derive(Clone, Copy)]
pub(super) struct Values<'v> {
    pub(super) config: &'v BTreeMap<String, String>,
    pub(super) secrets: &'v BTreeMap<String, Vec<SecretString>>,
}

impl Template {
    /// Parses a text; every name in it must be `known`. The error is the
    /// problem in words.
    pub(super) fn parse(text: &str, known: impl Fn(&str) -> bool) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((literal, after)) = rest.split_once('{') {
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| format!("`{text}` opens a brace and does not close it"))?;
            if !known(name) {
                return Err(format!("`{{{name}}}` is neither in [config] nor in [secrets]"));
            }
            pieces.push(Piece::Literal(literal.to_owned()));
            pieces.push(Piece::Name(name.to_owned()));
            rest = after;
        }
        pieces.push(Piece::Literal(rest.to_owned()));
        Ok(Template(pieces))
    }

    /// The text with its names filled in. The error is the first name that is
    /// not set or empty. Of several secrets the first is the one in use.
    pub(super) fn fill(&self, values: Values<'_>) -> Result<String, String> {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Name(name) => {
                    let secret = || Some(values.secrets.get(name)?.first()?.expose_secret());
                    let value = values.config.get(name).map(String::as_str).or_else(secret);
                    match value {
                        Some(value) if !value.is_empty() => text.push_str(value),
                        Some(_) | None => return Err(name.clone()),
                    }
                }
            }
        }
        Ok(text)
    }
}
