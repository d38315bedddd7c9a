//! Step 1 of 9: the conversation as a person would read it. Plain text, quotes
//! and signatures off, the open question found, machines told from people.
//! Total: odd input becomes a remark, never an error.

mod machines;
mod quotes;

use unicode_normalization::UnicodeNormalization as _;

use crate::text::html;
use crate::text::language;
use crate::ticket::AuthorKind;
use crate::ticket::Body;
use crate::ticket::Conversation;
use crate::ticket::Message;
use crate::ticket::Ticket;
use crate::ticket::Turn;

/// Messages that are read; of a longer conversation the latest ones. Guessed:
/// nobody means a message 400 messages ago.
const MAX_MESSAGES: usize = 400;

/// Bytes of one body that are read. A mail with its history stays under it.
const MAX_BODY_BYTES: usize = 256 << 10;

/// Letters of one message that are kept. Guessed: four pages.
const MAX_MESSAGE_CHARS: usize = 12_000;

/// Letters of a subject that are kept.
const MAX_SUBJECT_CHARS: usize = 300;

/// Makes a ticket of a conversation. Total.
#[must_use]
pub fn normalize(conversation: &Conversation) -> Ticket {
    normalize_after(conversation, None)
}

/// The same of a conversation in which people have dealt with everything up to a
/// message: it stays known, and is not asked any more. An id that is not there, or
/// `None`: nothing was dealt with.
#[must_use]
pub fn normalize_after(conversation: &Conversation, settled: Option<&str>) -> Ticket {
    let mut remarks = Vec::new();
    let n_messages = conversation.messages.len();
    let first = n_messages.saturating_sub(MAX_MESSAGES);
    if 0 < first {
        remarks.push(format!("only the last {MAX_MESSAGES} of {n_messages} messages were read"));
    }
    let messages = conversation.messages.get(first..).unwrap_or_default();
    let subject = clean_line(conversation.subject.as_deref().unwrap_or_default());
    let mut turns: Vec<Turn> = Vec::new();
    for message in messages.iter().filter(|it| it.public) {
        turns.push(turn(message, &turns, &mut remarks));
    }
    // Every remark on a turn tells of a message that was cut.
    let is_cut = conversation.is_cut || usize::from(0 < first) < remarks.len();
    let question = open_question(&turns, settled);
    let question = if only_subject(conversation, &turns, &question, settled) {
        remarks.push("the message has no words; its subject was read as the question".to_owned());
        subject.clone()
    } else {
        question
    };
    let trigger = messages.iter().rev().find(|it| is_customer(it));
    let language = language::detect(&question).or_else(|| language::detect(&subject));
    Ticket {
        conversation_id: conversation.id.clone(),
        channel: conversation.channel,
        tags: conversation.tags.clone(),
        requester: conversation.requester.clone(),
        question,
        trigger: trigger.map(|it| it.id.clone()),
        language: language.map(str::to_owned),
        auto_reply: trigger.and_then(|it| machines::sign(it, &subject)),
        human_answered: human_answered(messages),
        n_own_replies: n_own_replies(messages, settled),
        subject,
        is_cut,
        turns,
        remarks,
        attachments: conversation.attachments.iter().map(|it| clean_line(it)).collect(),
    }
}

fn is_customer(message: &Message) -> bool {
    message.public && message.author.kind == AuthorKind::Customer
}

/// One public message, cleaned, after the ones before it.
fn turn(message: &Message, before: &[Turn], remarks: &mut Vec<String>) -> Turn {
    let raw = message.body.raw();
    let read = head(raw, MAX_BODY_BYTES);
    if read.len() < raw.len() {
        remarks.push(format!("only the first {MAX_BODY_BYTES} bytes of a message were read"));
    }
    let text = match message.body {
        Body::Html(_) => html::to_text(read),
        Body::Text(_) => read.to_owned(),
    };
    let text = clean(&text);
    // What we and the team wrote is kept whole: quotes in it are content.
    let text = match message.author.kind {
        AuthorKind::Customer | AuthorKind::Unknown => {
            let own_words = quotes::without(&text);
            // A first message that is all quote still asks something; a later one
            // only sends back what was said.
            let is_first = before.iter().all(|it| it.author == AuthorKind::Customer);
            if own_words.is_empty() && is_first { text } else { own_words }
        }
        AuthorKind::Agent | AuthorKind::Bot | AuthorKind::System | AuthorKind::Own => text,
    };
    let kept: String = text.chars().take(MAX_MESSAGE_CHARS).collect();
    if kept.len() < text.len() {
        remarks.push(format!("a message was cut to {MAX_MESSAGE_CHARS} letters"));
    }
    Turn { message_id: message.id.clone(), author: message.author.kind, text: kept }
}

/// The longest start of a text of at most so many bytes that ends between two
/// characters.
fn head(text: &str, max_bytes: usize) -> &str {
    let end = (0..=max_bytes.min(text.len())).rev().find(|it| text.is_char_boundary(*it));
    text.get(..end.unwrap_or(0)).unwrap_or_default()
}

/// Composed the same way, without what no reader sees, without runs of blank
/// lines.
fn clean(text: &str) -> String {
    let visible: String = html::strip_invisible(text).nfkc().collect();
    let mut cleaned = String::with_capacity(visible.len());
    let mut n_blank = 0;
    for line in visible.lines() {
        let line = line.trim_end();
        n_blank = if line.is_empty() { n_blank + 1 } else { 0 };
        if n_blank < 2 {
            cleaned.push_str(line);
            cleaned.push('\n');
        }
    }
    cleaned.trim().to_owned()
}

/// A subject: one line, without the marks of replies and tickets around it.
fn clean_line(line: &str) -> String {
    let visible: String = html::strip_invisible(line).nfkc().collect();
    let folded = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    let bare = quotes::without_reply_marks(&folded);
    bare.chars().take(MAX_SUBJECT_CHARS).collect()
}

/// What the customer wrote since anybody else did. What a helpdesk or another
/// bot adds in between ("we have received your message") does not answer them.
fn open_question(turns: &[Turn], settled: Option<&str>) -> String {
    let answers = |it: &Turn| it.author.answers() || Some(it.message_id.as_str()) == settled;
    let answered = turns.iter().rposition(answers);
    let open = turns.get(answered.map_or(0, |it| it + 1)..).unwrap_or_default();
    let asked = open.iter().filter(|it| it.author == AuthorKind::Customer && !it.text.is_empty());
    asked.map(|it| it.text.as_str()).collect::<Vec<_>>().join("\n\n")
}

/// True if a first message says nothing and all that is asked stands in its subject. With
/// a file beside it, the file may be what matters, and nobody opens that but a person.
fn only_subject(
    conversation: &Conversation,
    turns: &[Turn],
    question: &str,
    settled: Option<&str>,
) -> bool {
    let has_words = question.chars().any(char::is_alphanumeric);
    let asked = turns.iter().any(|it| it.author == AuthorKind::Customer);
    let is_first = asked && turns.iter().all(|it| !it.author.answers());
    !has_words && is_first && settled.is_none() && conversation.attachments.is_empty()
}

/// True if a person of the team wrote publicly after the customer last did.
fn human_answered(messages: &[Message]) -> bool {
    let last = messages.iter().rposition(is_customer);
    let after = messages.get(last.map_or(0, |it| it + 1)..).unwrap_or_default();
    after.iter().any(|it| it.public && it.author.kind.is_staff())
}

/// Our own public replies since a person of the team last wrote, or was done with it.
fn n_own_replies(messages: &[Message], settled: Option<&str>) -> usize {
    let public = messages.iter().rev().filter(|it| it.public);
    let since =
        public.take_while(|it| !it.author.kind.is_staff() && Some(it.id.as_str()) != settled);
    since.filter(|it| it.author.kind == AuthorKind::Own).count()
}

#[cfg(test)]
mod tests;
