//! What manifests give → the words of `ticket.rs`. Lenient about types (ids as
//! numbers, times as seconds), strict about what must be there.

use std::collections::BTreeMap;

use jaq_json::Val;
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;

use super::Event;
use super::EventKind;
use super::HelpArticle;
use super::jq;
use super::jq::member;
use crate::helpdesk::OPENING;
use crate::ticket::Author;
use crate::ticket::AuthorKind;
use crate::ticket::Body;
use crate::ticket::Channel;
use crate::ticket::Conversation;
use crate::ticket::Message;

/// Times from here on are milliseconds since the epoch, below it seconds.
/// 10^11 seconds are the year 5138, 10^11 milliseconds are March 1973.
const FIRST_MILLISECONDS: f64 = 1e11;

/// Fields of a conversation that are read, and bytes of the value of one. Guessed: a
/// helpdesk with more of them has long texts in some.
const MAX_FIELDS: usize = 200;
const MAX_FIELD_BYTES: usize = 200;

/// Names of files of a conversation that are read. Guessed.
const MAX_ATTACHMENTS: usize = 100;

/// An event, or what is missing from it. `Ok(None)` for a handshake: nothing
/// happened in any conversation.
pub(super) fn event(value: &Val) -> Result<Option<Event>, String> {
    let kind = match word(value, "kind").as_deref() {
        Some("ticket.created") => EventKind::TicketCreated,
        Some("message.created") => EventKind::MessageCreated,
        Some("ticket.updated") => EventKind::TicketUpdated,
        Some("rated") => EventKind::Rated,
        Some("handshake") => return Ok(None),
        Some(_) => return Err(
            "`kind` is none of ticket.created, message.created, ticket.updated, rated, handshake"
                .to_owned(),
        ),
        None => return Err("an event without `kind`".to_owned()),
    };
    let ticket = member(value, "ticket").ok_or("an event without `ticket`")?;
    let mut conversation = conversation(ticket).ok_or("an event without `ticket.id`")?;
    let author = member(value, "author").map_or_else(nobody, author);
    let at = member(value, "at").and_then(instant);
    let complete = member(value, "messages").is_some();
    if let Some(messages) = member(value, "messages") {
        let messages = jq::elements(messages);
        conversation.attachments = attachments(&messages);
        conversation.messages = messages.iter().filter_map(message).collect();
    } else if let Some(it) = member(value, "message") {
        let id = word(it, "id").unwrap_or_else(|| format!("{OPENING}{}", conversation.id));
        conversation.attachments = attachments(std::slice::from_ref(it));
        let body = body(it);
        conversation.messages.extend(body.map(|body| Message {
            id,
            at: member(it, "at").and_then(instant).or(at),
            author: member(it, "author").map_or_else(|| author.clone(), self::author),
            public: is_public(it),
            body,
            headers: headers(it),
        }));
    }
    Ok(Some(Event { kind, id: word(value, "id"), at, conversation, complete, author }))
}

/// A conversation without messages; `None` without an id.
pub(super) fn conversation(value: &Val) -> Option<Conversation> {
    Some(Conversation {
        id: word(value, "id")?,
        subject: word(value, "subject"),
        status: word(value, "status").map(|it| it.to_lowercase()),
        channel: word(value, "channel").map_or(Channel::Unknown, |it| Channel::from_word(&it)),
        tags: member(value, "tags").map_or_else(Vec::new, words),
        fields: fields(value),
        requester: word(value, "requester"),
        assignee: word(value, "assignee"),
        seen_at: word(value, "seen_at"),
        messages: Vec::new(),
        is_cut: false,
        attachments: Vec::new(),
    })
}

/// The fields of a conversation that hold one word or text; the others hold no stage.
fn fields(value: &Val) -> BTreeMap<String, String> {
    let Some(Val::Obj(fields)) = member(value, "fields") else { return BTreeMap::new() };
    let words = fields.iter().filter_map(|(name, it)| Some((jq::as_word(name)?, jq::as_word(it)?)));
    words.filter(|(_, it)| it.len() <= MAX_FIELD_BYTES).take(MAX_FIELDS).collect()
}

/// The names of the files that came with these messages, the first of them.
pub(super) fn attachments(messages: &[Val]) -> Vec<String> {
    let names = messages.iter().filter_map(|it| member(it, "attachments")).flat_map(words);
    names.take(MAX_ATTACHMENTS).collect()
}

/// A message; `None` without an id, or with neither a body nor a file: helpdesks mix in
/// entries that say only that something was done.
pub(super) fn message(value: &Val) -> Option<Message> {
    Some(Message {
        id: word(value, "id")?,
        at: member(value, "at").and_then(instant),
        author: member(value, "author").map_or_else(nobody, author),
        public: is_public(value),
        body: body(value).or_else(|| nothing_but_files(value))?,
        headers: headers(value),
    })
}

/// Public only if the helpdesk says so: a note taken for a reply would be
/// quoted to the customer, a reply taken for a note is only overlooked.
fn is_public(message: &Val) -> bool {
    matches!(member(message, "public"), Some(Val::Bool(true)))
}

/// Some helpdesks leave the text out of a message that is nothing but files.
fn nothing_but_files(value: &Val) -> Option<Body> {
    let has_files = member(value, "attachments").is_some_and(|it| !words(it).is_empty());
    has_files.then(|| Body::Text(String::new()))
}

/// `html` where it is given, else `text`. `None` if both are missing or null;
/// an empty text is a body, as of a message with nothing but a picture.
fn body(value: &Val) -> Option<Body> {
    let string = |name: &str| match member(value, name) {
        Some(Val::TStr(bytes) | Val::BStr(bytes)) => {
            Some(String::from_utf8_lossy(bytes).into_owned())
        }
        Some(Val::Null | Val::Bool(_) | Val::Num(_) | Val::Arr(_) | Val::Obj(_)) | None => None,
    };
    string("html").map(Body::Html).or_else(|| string("text").map(Body::Text))
}

fn author(value: &Val) -> Author {
    Author {
        kind: match word(value, "kind").as_deref() {
            Some("customer") => AuthorKind::Customer,
            Some("agent") => AuthorKind::Agent,
            Some("bot") => AuthorKind::Bot,
            Some("system") => AuthorKind::System,
            Some(_) | None => AuthorKind::Unknown,
        },
        id: word(value, "id"),
        name: word(value, "name"),
        email: word(value, "email"),
    }
}

fn nobody() -> Author {
    Author { kind: AuthorKind::Unknown, id: None, name: None, email: None }
}

/// Headers from an object or from pairs, names in lower case.
fn headers(message: &Val) -> Vec<(String, String)> {
    let pair = |name: &Val, value: &Val| {
        Some((jq::as_word(name)?.to_ascii_lowercase(), jq::as_word(value)?))
    };
    match member(message, "headers") {
        Some(Val::Obj(map)) => map.iter().filter_map(|(name, value)| pair(name, value)).collect(),
        Some(Val::Arr(pairs)) => pairs
            .iter()
            .filter_map(|it| match jq::elements(it).as_slice() {
                [name, value] => pair(name, value),
                _ => None,
            })
            .collect(),
        Some(Val::Null | Val::Bool(_) | Val::Num(_) | Val::BStr(_) | Val::TStr(_)) | None => {
            Vec::new()
        }
    }
}

/// A member that is a word or an id.
pub(super) fn word(value: &Val, name: &str) -> Option<String> {
    member(value, name).and_then(jq::as_word)
}

fn words(value: &Val) -> Vec<String> {
    jq::elements(value).iter().filter_map(jq::as_word).collect()
}

/// A time: RFC 3339, the same without an offset (then UTC), or a number of
/// seconds or milliseconds since the epoch. `None` for everything else.
pub(super) fn instant(value: &Val) -> Option<Timestamp> {
    let text = jq::as_word(value)?;
    if let Ok(number) = text.parse::<f64>() {
        let seconds = if number.abs() < FIRST_MILLISECONDS { number } else { number / 1000.0 };
        let duration = jiff::SignedDuration::try_from_secs_f64(seconds).ok()?;
        return Timestamp::from_duration(duration).ok();
    }
    let without_zone = || {
        let civil: civil::DateTime = text.trim_end_matches(" UTC").parse().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|it| it.timestamp())
    };
    text.parse().ok().or_else(without_zone)
}

/// What filters see of a conversation.
pub(super) fn ticket_value(conversation: &Conversation) -> Val {
    let optional = |it: &Option<String>| it.as_ref().map_or(Val::Null, jq::text);
    jq::object([
        ("id", jq::text(&conversation.id)),
        ("subject", optional(&conversation.subject)),
        ("status", optional(&conversation.status)),
        ("tags", conversation.tags.iter().map(jq::text).collect()),
        ("requester", optional(&conversation.requester)),
        ("assignee", optional(&conversation.assignee)),
        ("seen_at", optional(&conversation.seen_at)),
    ])
}

/// What the `own` filter sees of an author.
pub(super) fn author_value(author: &Author) -> Val {
    let optional = |it: &Option<String>| it.as_ref().map_or(Val::Null, jq::text);
    let kind = match author.kind {
        AuthorKind::Customer => "customer",
        AuthorKind::Agent => "agent",
        AuthorKind::Bot => "bot",
        AuthorKind::System => "system",
        AuthorKind::Own => "own",
        AuthorKind::Unknown => "unknown",
    };
    jq::object([
        ("kind", jq::text(kind)),
        ("id", optional(&author.id)),
        ("name", optional(&author.name)),
        ("email", optional(&author.email)),
    ])
}

/// An article; `None` without an id, a title or a body. Markdown counts as text.
pub(super) fn article(value: &Val) -> Option<HelpArticle> {
    let markdown = || word(value, "markdown").map(Body::Text);
    Some(HelpArticle {
        id: word(value, "id")?,
        title: word(value, "title")?,
        body: body(value).or_else(markdown)?,
        url: word(value, "url"),
        locale: word(value, "locale"),
        audience: word(value, "audience"),
        tags: member(value, "tags").map_or_else(Vec::new, words),
        updated_at: member(value, "updated_at").and_then(instant),
    })
}
