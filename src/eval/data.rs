//! A folder of labelled files: `corpus.jsonl`, `past_tickets.jsonl`,
//! `past_links.jsonl`, `queries.jsonl`, `queries_other_product.jsonl`. Each may
//! be missing; a line that cannot be read is an error with its number.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::fs::File;
use std::io::BufRead;
use std::io::BufReader;
use std::path::Path;

use anyhow::Context as _;
use anyhow::ensure;
use jiff::Timestamp;
use serde::Deserialize;

use crate::ingest;
use crate::knowledge::Document;
use crate::knowledge::Pool;
use crate::normalize::normalize;
use crate::text::markdown;
use crate::ticket::Author;
use crate::ticket::AuthorKind;
use crate::ticket::Body;
use crate::ticket::Conversation;
use crate::ticket::Message;
use crate::ticket::Ticket;

/// What the files of a folder hold.
#[derive(Debug, Clone, Default)]
pub struct Folder {
    pub articles: Vec<Document>,
    /// Oldest first; those without a date come before all others.
    pub past_tickets: Vec<Document>,
    /// Oldest first; those without a date come after all others.
    pub questions: Vec<Question>,
    /// Questions this help center does not answer.
    pub off_topic: Vec<Question>,
    /// Sentences of the articles that come cut into some, by the article's id.
    pub sentences: HashMap<String, Vec<String>>,
}

/// One labelled question. Further keys are left alone.
#[derive(Debug, Clone, Deserialize)]
pub struct Question {
    #[serde(deserialize_with = "id")]
    pub id: String,
    text: String,
    #[serde(default)]
    subject: Option<String>,
    #[serde(default)]
    turns: Vec<Turn>,
    #[serde(default)]
    pub lang: Option<String>,
    #[serde(default)]
    created: Option<String>,
    /// Ids of articles that answer it.
    #[serde(default)]
    pub relevant: Vec<String>,
    /// How well each of them does; 1.0 where nothing is said.
    #[serde(default)]
    pub grades: BTreeMap<String, f64>,
    /// Whether the knowledge answers it; `None` if nobody said.
    #[serde(default)]
    pub answerable: Option<bool>,
    /// What should come of it: `answer`, `abstain`, `escalate`; `None` if nobody said.
    #[serde(default)]
    pub expect: Option<String>,
    /// Words a right reply holds.
    #[serde(default)]
    pub facts: Vec<String>,
    /// The article whose sentences `support_sentences` counts.
    #[serde(default)]
    pub passage: Option<String>,
    /// Which sentences of it answer, from 0. Empty if nobody said.
    #[serde(default)]
    pub support_sentences: Vec<usize>,
}

/// An article that comes cut into sentences.
#[derive(Deserialize)]
struct Cut {
    #[serde(deserialize_with = "id")]
    id: String,
    #[serde(default)]
    sentences: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
struct Turn {
    role: String,
    text: String,
}

/// Ids are words in some exports and numbers in others.
fn id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(id) => id,
        other => other.to_string(),
    })
}

impl Question {
    /// A past ticket asked again: right is what people linked.
    pub(crate) fn of_past_ticket(ticket: &Document) -> Question {
        let (id, text) = (ticket.id.clone(), ticket.body.clone());
        let (lang, relevant) = (ticket.language.clone(), ticket.linked_articles.clone());
        Question {
            subject: Some(ticket.title.clone()),
            created: ticket.updated_at.map(|it| it.to_string()),
            answerable: Some(true),
            ..Question::labelled(id, text, lang, relevant)
        }
    }

    /// One that is known by its text and what answers it alone.
    pub(super) fn labelled(
        id: String,
        text: String,
        lang: Option<String>,
        relevant: Vec<String>,
    ) -> Question {
        Question {
            id,
            text,
            subject: None,
            turns: Vec::new(),
            lang,
            created: None,
            answerable: Some(!relevant.is_empty()),
            relevant,
            grades: BTreeMap::new(),
            expect: None,
            facts: Vec::new(),
            passage: None,
            support_sentences: Vec::new(),
        }
    }

    /// When it was asked, if that is known.
    pub fn asked_at(&self) -> Option<Timestamp> {
        self.created.as_deref().and_then(markdown::parse_date)
    }

    /// The question as a helpdesk holds it: the conversation up to the last thing
    /// the customer wrote, which is the last message.
    #[must_use]
    pub fn conversation(&self) -> Conversation {
        let is_customer = |role: &str| matches!(role, "customer" | "user" | "end-user");
        let end = self.turns.iter().rposition(|it| is_customer(&it.role));
        let mut messages = Vec::new();
        for turn in self.turns.iter().take(end.map_or(0, |it| it + 1)) {
            let kind =
                if is_customer(&turn.role) { AuthorKind::Customer } else { AuthorKind::Agent };
            messages.push(message(messages.len(), kind, self.without_subject(&turn.text)));
        }
        if messages.is_empty() {
            messages.push(message(0, AuthorKind::Customer, self.without_subject(&self.text)));
        }
        Conversation {
            id: self.id.clone(),
            subject: self.subject.clone(),
            messages,
            ..Conversation::default()
        }
    }

    /// The question as the steps see it.
    #[must_use]
    pub fn ticket(&self) -> Ticket {
        normalize(&self.conversation())
    }

    /// Exports begin the text with the subject.
    fn without_subject<'a>(&self, text: &'a str) -> &'a str {
        let subject = self.subject.as_deref().filter(|it| !it.is_empty());
        let rest = subject.and_then(|it| text.strip_prefix(it)).map(str::trim_start);
        rest.filter(|it| !it.is_empty()).unwrap_or(text)
    }
}

fn message(place: usize, kind: AuthorKind, text: &str) -> Message {
    Message {
        id: place.to_string(),
        at: None,
        author: Author { kind, id: None, name: None, email: None },
        public: true,
        body: Body::Text(text.to_owned()),
        headers: Vec::new(),
    }
}

/// Reads a folder of questions to ask.
///
/// # Errors
/// If a line is not what its file holds, or there are no questions at all.
pub fn read_folder(folder: &Path, brand: &str) -> anyhow::Result<Folder> {
    let read = read_history(folder, brand)?;
    ensure!(
        !read.questions.is_empty(),
        "{} holds no queries.jsonl with questions to ask",
        folder.display()
    );
    Ok(read)
}

/// Reads a folder, whatever it holds.
///
/// # Errors
/// If a line is not what its file holds.
pub fn read_history(folder: &Path, brand: &str) -> anyhow::Result<Folder> {
    let mut read = Folder::default();
    let mut places: HashMap<String, usize> = HashMap::new();
    for name in ["corpus.jsonl", "past_tickets.jsonl", "past_links.jsonl"] {
        each_line(&folder.join(name), |line| {
            let Some(document) = ingest::read_record(line, name, brand)? else { return Ok(()) };
            // Further keys are somebody else's, whatever they hold.
            if let Ok(Cut { id, sentences }) = serde_json::from_str(line)
                && !sentences.is_empty()
            {
                read.sentences.insert(id, sentences);
            }
            match document.pool {
                Pool::Article => read.articles.push(document),
                Pool::PastTicket => merge(&mut read.past_tickets, &mut places, document),
            }
            Ok(())
        })?;
    }
    read.past_tickets.sort_by_key(|it| it.updated_at);
    for (name, questions) in [
        ("queries.jsonl", &mut read.questions),
        ("queries_other_product.jsonl", &mut read.off_topic),
    ] {
        *questions = read_questions(&folder.join(name))?;
    }
    read.questions.sort_by_key(|it| (it.asked_at().is_none(), it.asked_at()));
    Ok(read)
}

/// Reads the questions of a file; none if it does not exist.
///
/// # Errors
/// If a line is not a question; the error has its number.
pub fn read_questions(file: &Path) -> anyhow::Result<Vec<Question>> {
    let mut questions = Vec::new();
    each_line(file, |line| {
        questions.push(serde_json::from_str(line)?);
        Ok(())
    })?;
    Ok(questions)
}

/// A ticket may stand in two files: with its answer in one, its links in the other.
fn merge(tickets: &mut Vec<Document>, places: &mut HashMap<String, usize>, document: Document) {
    match places.get(&document.id).and_then(|it| tickets.get_mut(*it)) {
        None => {
            places.insert(document.id.clone(), tickets.len());
            tickets.push(document);
        }
        Some(known) => {
            for link in document.linked_articles {
                if !known.linked_articles.contains(&link) {
                    known.linked_articles.push(link);
                }
            }
        }
    }
}

pub(super) fn each_line(
    file: &Path,
    mut read: impl FnMut(&str) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    if !file.is_file() {
        return Ok(());
    }
    let opened = File::open(file).with_context(|| format!("opening {}", file.display()))?;
    for (place, line) in BufReader::new(opened).lines().enumerate() {
        let line = line.with_context(|| format!("reading {}", file.display()))?;
        if !line.trim().is_empty() {
            read(&line).with_context(|| format!("line {} of {}", place + 1, file.display()))?;
        }
    }
    Ok(())
}
