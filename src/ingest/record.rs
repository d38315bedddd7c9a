//! One record, a line of JSON or a row of a table, into an article or a past
//! ticket, recognized by what it holds. Unknown keys are left alone.

use anyhow::Context as _;
use anyhow::bail;
use serde_json::Map;
use serde_json::Value;
use unicode_normalization::UnicodeNormalization as _;

use super::DEFAULT_BRAND;
use super::Plan;
use super::article::empty;
use super::article::settle_language;
use crate::knowledge::Audience;
use crate::knowledge::Document;
use crate::knowledge::Pool;
use crate::text;
use crate::text::html;
use crate::text::markdown;
use crate::text::mask::mask;

/// Letters of a value that are shown where it cannot be read.
const MAX_SHOWN_CHARS: usize = 40;

/// What a line turned out to be.
#[derive(Debug)]
pub(super) enum Record {
    /// With what in it could not be read, if anything.
    Document(Box<Document>, Option<String>),
    /// A draft, or a past ticket nobody answered: it teaches nothing.
    Skipped,
}

/// The id a line gives itself, even if the rest of it is no good.
pub(super) fn id_of(line: &str) -> Option<String> {
    let value: Value = serde_json::from_str(line).ok()?;
    word(value.as_object()?, &["id"])
}

/// Reads one line.
///
/// # Errors
/// If it is no JSON object, or lacks what every article or ticket has.
pub(super) fn read_line(line: &str, source: &str, plan: &Plan) -> anyhow::Result<Record> {
    let value: Value = serde_json::from_str(line)
        .context("it is not valid JSON; each line has to be one object")?;
    let Value::Object(record) = value else {
        bail!("it is not a JSON object; each line has to be one")
    };
    read_record(&record, source, plan)
}

/// Reads one record.
///
/// # Errors
/// If it lacks what every article or ticket has.
pub(super) fn read_record(
    record: &Map<String, Value>,
    source: &str,
    plan: &Plan,
) -> anyhow::Result<Record> {
    let mut document = empty();
    document.id =
        word(record, &["id"]).context("it has no `id`; give it one that stays the same")?;
    document.source = source.to_owned();
    let brand = plan.brand.clone().or_else(|| word(record, &["brand"]));
    document.brand = brand.unwrap_or_else(|| DEFAULT_BRAND.to_owned());
    document.title = word(record, &["title", "subject", "name"]).unwrap_or_default();
    document.url = word(record, &["url", "html_url"]);
    document.language = word(record, &["lang", "language", "locale"]);
    document.tags = words(record, "tags");
    // A file's label teaches as a helpdesk's tag does.
    document.tags.extend(word(record, &["stage"]).map(|it| format!("stage-{it}")));
    document.audience = plan.audience.clone().unwrap_or_else(|| audience_of(record));
    let dates = ["updated", "updated_at", "edited_at", "created", "created_at"];
    let date = word(record, &dates);
    document.updated_at = date.as_deref().and_then(markdown::parse_date);
    let undated = date.filter(|_| document.updated_at.is_none());
    let remark = undated.map(|it| {
        let shown = text::shorten(&it, MAX_SHOWN_CHARS);
        format!("“{shown}” is no date such as 2025-01-31; it is taken in without one")
    });
    if is_past_ticket(record) || holds_past_tickets(source) {
        return past_ticket(record, document, remark);
    }
    if is_draft(record) {
        return Ok(Record::Skipped);
    }
    let body = word(record, &["body", "text", "content", "html"]).unwrap_or_default();
    if body.trim().is_empty() && document.title.is_empty() {
        bail!("it has neither `title` nor `body`; leave it out or fill it in");
    }
    document.body = markdown::strip_attributes(&markdown_of(&body));
    document.summary = word(record, &["summary", "description"]);
    settle_language(&mut document);
    Ok(Record::Document(Box::new(document), remark))
}

fn is_draft(record: &Map<String, Value>) -> bool {
    let is = |key: &str, told: bool| flag(record.get(key)) == Some(told);
    let status = word(record, &["status", "state"]).unwrap_or_default();
    is("draft", true) || is("published", false) || markdown::is_unpublished(&status)
}

/// Who may read it. What is not told apart clearly is for the team.
fn audience_of(record: &Map<String, Value>) -> Audience {
    if ["internal", "private"].iter().any(|it| flag(record.get(*it)) == Some(true)) {
        return Audience::Internal;
    }
    let told = record.get("audience").or_else(|| record.get("visibility"));
    match told {
        Some(Value::Array(_)) => {
            let key = if record.contains_key("audience") { "audience" } else { "visibility" };
            Audience::of_many(&words(record, key))
        }
        Some(_) => Audience::parse(&word(record, &["audience", "visibility"]).unwrap_or_default()),
        None => Audience::Public,
    }
}

/// Yes or no, as people and programs spell it.
fn flag(value: Option<&Value>) -> Option<bool> {
    match value? {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) => number.as_i64().map(|it| it != 0),
        Value::String(text) => markdown::flag(text),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn is_past_ticket(record: &Map<String, Value>) -> bool {
    match word(record, &["kind", "type"]).as_deref() {
        Some("past_ticket" | "ticket" | "conversation") => return true,
        Some("article") => return false,
        Some(_) | None => {}
    }
    let has = |key: &str| record.contains_key(key);
    // What somebody wrote at some time and nobody titled is no article.
    let is_message = has("text") && has("created") && !has("title") && !has("url");
    is_message || ["answer", "turns", "solved", "linked_articles", "subject"].into_iter().any(has)
}

/// True for a file whose name says that it holds what customers wrote: a line of it is
/// never an article, whatever it lacks.
fn holds_past_tickets(source: &str) -> bool {
    let name = source.rsplit(['/', '\\']).next().unwrap_or_default();
    name.starts_with("past_tickets.") || name.starts_with("past_links.")
}

fn past_ticket(
    record: &Map<String, Value>,
    mut document: Document,
    remark: Option<String>,
) -> anyhow::Result<Record> {
    document.pool = Pool::PastTicket;
    document.solved = record.get("solved").and_then(Value::as_bool).unwrap_or(false);
    document.linked_articles = linked_articles(record);
    let (asked, answered) = question_and_answer(record);
    // Letters as people type them: full-width digits are digits.
    let masked = |text: &str| mask(&text.nfkc().collect::<String>()).text;
    let title = masked(&document.title);
    document.body = without_title(&masked(&asked), &title);
    document.answer = answered.map(|it| masked(&it)).filter(|it| !it.trim().is_empty());
    document.title = title;
    document.tags.iter_mut().for_each(|it| *it = masked(it));
    if document.body.trim().is_empty() && document.title.trim().is_empty() {
        bail!("it has no question: none of `subject`, `title`, `body`, `text`, `turns`");
    }
    if document.title.is_empty() {
        document.title =
            document.body.lines().next().unwrap_or_default().chars().take(120).collect();
    }
    // A ticket that links an article says what helped, even without words.
    if document.answer.is_none() && document.linked_articles.is_empty() {
        return Ok(Record::Skipped);
    }
    settle_language(&mut document);
    Ok(Record::Document(Box::new(document), remark))
}

/// The articles people linked, the one that helped best first where the record
/// grades them.
fn linked_articles(record: &Map<String, Value>) -> Vec<String> {
    let mut linked = words(record, "linked_articles");
    if let Some(Value::Object(grades)) = record.get("grades") {
        let grade = |id: &String| grades.get(id).and_then(Value::as_f64).unwrap_or(0.0);
        linked.sort_by(|left, right| grade(right).total_cmp(&grade(left)));
    }
    linked
}

/// Many exports begin the text with the subject.
fn without_title(body: &str, title: &str) -> String {
    let rest = if title.is_empty() { None } else { body.strip_prefix(title) };
    match rest {
        // "Log" does not begin "Login fails".
        Some(rest) if !rest.trim().is_empty() && !rest.starts_with(char::is_alphanumeric) => {
            rest.trim_start().to_owned()
        }
        Some(_) | None => body.to_owned(),
    }
}

fn question_and_answer(record: &Map<String, Value>) -> (String, Option<String>) {
    let answer = word(record, &["answer"]).map(|it| markdown_of(&it));
    if let Some(body) = word(record, &["body", "text", "question"]) {
        let body = markdown_of(&body);
        return match (body.split_once("\n## Answer\n"), answer) {
            (_, Some(answer)) => (body, Some(answer)),
            (Some((asked, answered)), None) => {
                (asked.trim().to_owned(), Some(answered.trim().to_owned()))
            }
            (None, None) => (body, None),
        };
    }
    let turns =
        record.get("turns").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let turns: Vec<(bool, bool, String)> = turns.iter().filter_map(turn_of).collect();
    let asked: Vec<&str> =
        turns.iter().take_while(|it| it.0).map(|(_, _, text)| text.as_str()).collect();
    // The turn somebody called helpful, else the last word of the team.
    let answers = || turns.iter().filter(|(customer, ..)| !customer);
    let answered = answers().find(|(_, helpful, _)| *helpful).or_else(|| answers().next_back());
    let answer = answer.or_else(|| answered.map(|(_, _, text)| text.clone()));
    (asked.join("\n\n"), answer)
}

/// (said by the customer, called helpful, text).
fn turn_of(turn: &Value) -> Option<(bool, bool, String)> {
    let turn = turn.as_object()?;
    let text = markdown_of(&word(turn, &["text", "body"])?);
    let role = word(turn, &["role", "author_role", "from"]).unwrap_or_default();
    let customer = matches!(role.as_str(), "customer" | "user" | "end-user" | "requester");
    let helpful = turn.get("helpful").is_some_and(|it| match it {
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64().is_some_and(|it| 0.0 < it),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => false,
    });
    Some((customer, helpful, text))
}

/// Exports hold HTML or Markdown and do not say which.
fn markdown_of(text: &str) -> String {
    let lower: String = text.chars().take(2_000).collect::<String>().to_ascii_lowercase();
    let tags = [
        "</p>", "</div>", "<br", "</ul>", "</ol>", "</li>", "</h1>", "</h2>", "</h3>", "</span>",
        "</table>",
    ];
    if text.trim_start().starts_with('<') && tags.iter().any(|it| lower.contains(it)) {
        html::to_markdown(text)
    } else {
        html::strip_invisible(text).trim().to_owned()
    }
}

/// The first of these keys that holds words; a number counts as its digits.
fn word(record: &Map<String, Value>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| match record.get(*key)? {
        Value::String(text) => Some(text.trim().to_owned()).filter(|it| !it.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    })
}

fn words(record: &Map<String, Value>, key: &str) -> Vec<String> {
    match record.get(key) {
        Some(Value::Array(items)) => {
            items.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect()
        }
        // One cell of a table holds them all.
        Some(Value::String(text)) => {
            let parts = text.split([',', ';']).map(str::trim);
            parts.filter(|it| !it.is_empty()).map(str::to_owned).collect()
        }
        Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_)) | None => {
            Vec::new()
        }
    }
}
