//! The block of settings at the top of a Markdown file, in the words of the
//! common site generators. Unknown keys are left alone.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::text::html;

/// What a file says about itself. Every field may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrontMatter {
    pub title: Option<String>,
    pub summary: Option<String>,
    /// A full address, or a path from the root of the site.
    pub url: Option<String>,
    /// As written: `en-US`.
    pub language: Option<String>,
    pub updated_at: Option<Timestamp>,
    /// `internal`, or segments; empty if the file does not say.
    pub audiences: Vec<String>,
    /// True if the file says it is not to be published.
    pub draft: bool,
    pub tags: Vec<String>,
}

/// Front matter that could not be read. The file is left as it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrontMatterError {
    #[error("the front matter is not closed by a line `{mark}`")]
    Open { mark: &'static str },
    #[error("the front matter is not valid {format}: {detail}")]
    Invalid { format: &'static str, detail: String },
}

/// Splits a file into its front matter and the text below it. A file without
/// front matter gives an empty one and the whole text.
///
/// # Errors
/// If front matter starts but does not end, or does not parse.
pub fn front_matter(text: &str) -> Result<(FrontMatter, &str), FrontMatterError> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().next().unwrap_or_default().trim_end();
    // A rule on the first line is no front matter.
    let settings_follow = text.lines().nth(1).is_some_and(|it| it.contains([':', '=']));
    let (mark, format) = match first {
        "---" => ("---", "YAML"),
        "+++" => ("+++", "TOML"),
        // Mistyped. As text it would be shown, and what it says is internal would be too.
        _ if settings_follow && is_dashes(first) => ("---", "YAML"),
        _ => return Ok((FrontMatter::default(), text)),
    };
    let Some((settings, body)) = split_at_mark(text, mark) else {
        return if settings_follow {
            Err(FrontMatterError::Open { mark })
        } else {
            Ok((FrontMatter::default(), text))
        };
    };
    let invalid = |detail: String| FrontMatterError::Invalid { format, detail };
    let value: Value = if settings.trim().is_empty() {
        Value::Null
    } else if format == "YAML" {
        serde_saphyr::from_str(settings).map_err(|it| invalid(first_line(&it.to_string())))?
    } else {
        let table: toml::Table =
            toml::from_str(settings).map_err(|it| invalid(first_line(it.message())))?;
        json_of(toml::Value::Table(table))
    };
    match value {
        Value::Object(_) | Value::Null => Ok((read(&value), body)),
        // Two rules with prose between them.
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Ok((FrontMatter::default(), text))
        }
    }
}

fn split_at_mark<'a>(text: &'a str, mark: &str) -> Option<(&'a str, &'a str)> {
    let start = text.find('\n')? + 1;
    let mut at = start;
    for line in text.get(start..)?.split_inclusive('\n') {
        let end = line.trim_end();
        if end == mark || (mark == "---" && (end == "..." || is_dashes(end))) {
            return Some((text.get(start..at)?, text.get(at + line.len()..)?));
        }
        at += line.len();
    }
    None
}

/// Two dashes or more, and nothing else.
fn is_dashes(line: &str) -> bool {
    2 <= line.len() && line.bytes().all(|it| it == b'-')
}

fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// TOML has dates, JSON has not: they become text.
fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => number.into(),
        toml::Value::Boolean(flag) => flag.into(),
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json_of).collect(),
        toml::Value::Table(table) => {
            table.into_iter().map(|(key, value)| (key, json_of(value))).collect()
        }
    }
}

fn read(settings: &Value) -> FrontMatter {
    let words = |keys: &[&str]| keys.iter().find_map(|key| text_of(at(settings, key)?));
    let set = |key: &str| match at(settings, key)? {
        Value::Bool(it) => Some(*it),
        value => flag(&text_of(value)?),
    };
    let url = words(&["url", "permalink", "canonical_url", "canonical", "link", "source_url"]);
    let internal = ["internal", "internal_only", "private", "staff_only", "agents_only"]
        .iter()
        .any(|it| set(it) == Some(true))
        || set("public") == Some(false);
    let status = words(&["status", "state"]).unwrap_or_default();
    FrontMatter {
        title: words(&["title", "seo/title", "name", "sidebar_label"]).map(shown),
        summary: words(&["description", "summary", "excerpt", "seo/description", "subtitle"])
            .map(shown),
        url: url.filter(|it| {
            it.starts_with("https://") || it.starts_with("http://") || it.starts_with('/')
        }),
        language: words(&["lang", "language", "locale"]),
        updated_at: words(&[
            "updated",
            "updated_at",
            "last_updated",
            "lastmod",
            "last_modified_at",
            "modified",
            "date",
            "created_at",
        ])
        .and_then(|it| parse_date(&it)),
        audiences: if internal {
            vec!["internal".to_owned()]
        } else {
            let keys = ["audience", "visibility", "access"];
            // What is set and cannot be understood is for the team.
            let told = keys.iter().find_map(|it| at(settings, it));
            let words = told.map(tags_of).unwrap_or_default();
            let is_lost = told.is_some_and(|it| !it.is_null()) && words.is_empty();
            if is_lost { vec!["internal".to_owned()] } else { words }
        },
        draft: set("draft") == Some(true)
            || set("published") == Some(false)
            || is_unpublished(&status),
        tags: at(settings, "tags")
            .or_else(|| at(settings, "labels"))
            .map(tags_of)
            .unwrap_or_default(),
    }
}

/// The text with entities as a page shows them. What looks like a tag stays.
fn shown(text: String) -> String {
    if text.contains('&') { html::to_text(&text.replace('<', "&lt;")) } else { text }
}

/// True for the word of a status under which nobody is to read a page.
pub fn is_unpublished(status: &str) -> bool {
    let status = status.trim().to_ascii_lowercase();
    let words = ["draft", "archived", "unpublished", "hidden", "review", "in review", "pending"];
    words.contains(&status.as_str())
}

/// Yes or no, as people spell it; `None` for another word.
pub fn flag(word: &str) -> Option<bool> {
    match word.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// The setting under a key, upper or lower case; `seo/title` is one level down.
fn at<'a>(settings: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('/').try_fold(settings, |value, key| {
        let table = value.as_object()?;
        table.get(key).or_else(|| {
            table.iter().find(|(name, _)| name.eq_ignore_ascii_case(key)).map(|(_, it)| it)
        })
    })
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|it| !it.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn tags_of(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().filter_map(text_of).collect(),
        Value::String(text) => {
            text.split(',').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

/// Reads a date or a time in the spellings files use: RFC 3339, `2024-05-01`,
/// `2024-05-01 10:00`, seconds or milliseconds since the epoch. Without a zone
/// it is UTC. `None` if it is none of these.
pub fn parse_date(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp);
    }
    if let Ok(number) = text.parse::<i64>() {
        // Seconds reach this number in the year 5138.
        let millis = if number < 100_000_000_000 { number.checked_mul(1000)? } else { number };
        return Timestamp::from_millisecond(millis).ok();
    }
    let civil: DateTime = match text.parse::<DateTime>() {
        Ok(civil) => civil,
        Err(_) => text.parse::<Date>().ok()?.at(0, 0, 0, 0),
    };
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}
