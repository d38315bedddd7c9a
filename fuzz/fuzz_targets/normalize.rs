//! Mails and chats of strangers: quotes, signatures, machines, languages; then
//! triage, which reads what is left.
#![no_main]

use std::sync::LazyLock;

use deskhand::journey::StageModel;
use deskhand::normalize::normalize;
use deskhand::ticket::Author;
use deskhand::ticket::AuthorKind;
use deskhand::ticket::Body;
use deskhand::ticket::Conversation;
use deskhand::ticket::Message;
use deskhand::triage::triage;
use libfuzzer_sys::fuzz_target;

static STAGES: LazyLock<StageModel> = LazyLock::new(|| StageModel::preset("m1").unwrap().unwrap());

fn message(idx: usize, text: &str) -> Message {
    let author = |kind| Author { kind, id: None, name: Some("Ann Lee".to_owned()), email: None };
    let kind = if idx % 2 == 0 { AuthorKind::Customer } else { AuthorKind::Agent };
    let is_html = text.trim_start().starts_with('<');
    // Mail headers, as far as helpdesks pass them on, are the first line.
    let first = text.lines().next().and_then(|it| it.split_once(": "));
    let headers = first.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    Message {
        id: idx.to_string(),
        at: None,
        author: author(kind),
        public: true,
        body: if is_html { Body::Html(text.to_owned()) } else { Body::Text(text.to_owned()) },
        headers: headers.into_iter().collect(),
    }
}

// A subject and messages, a NUL between them, the customer's and the agent's in turn.
fuzz_target!(|text: &str| {
    let mut parts = text.split('\0');
    let subject = parts.next().map(str::to_owned);
    let messages: Vec<Message> = parts.enumerate().map(|(idx, it)| message(idx, it)).collect();
    let conversation =
        Conversation { id: "1".to_owned(), subject, messages, ..Conversation::default() };
    let ticket = normalize(&conversation);
    assert!(conversation.messages.is_empty() || ticket.trigger.is_some());
    triage(&ticket, &STAGES);
});
