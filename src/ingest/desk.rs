//! A connected helpdesk as a source: the articles of its help center, and the
//! tickets its team has solved. Reads only; what is personal in a ticket is
//! masked before it is kept.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use jiff::Timestamp;
use jiff::ToSpan as _;
use regex::Regex;
use url::Url;

use super::Batch;
use super::Failure;
use super::Plan;
use super::article;
use crate::clock::Clock;
use crate::helpdesk::HelpArticle;
use crate::helpdesk::Helpdesk;
use crate::helpdesk::HelpdeskError;
use crate::knowledge::Audience;
use crate::knowledge::Document;
use crate::knowledge::Pool;
use crate::normalize::normalize;
use crate::store::Store;
use crate::store::fact;
use crate::store::knowledge;
use crate::text::html;
use crate::text::mask::mask;
use crate::ticket::AuthorKind;
use crate::ticket::Body;
use crate::ticket::Conversation;

/// Tickets read before what they say is stored.
const TICKETS_A_BATCH: usize = 20;

/// Articles stored at once.
const ARTICLES_A_BATCH: usize = 250;

/// How far the first look back goes, in months. (Guessed: products change.)
const FIRST_LOOK_MONTHS: i64 = 12;

/// Helpdesks file a change a moment after it happened.
const OVERLAP_MINUTES: i64 = 10;

/// How often a ticket is asked for while the helpdesk is busy.
const MAX_TRIES: usize = 6;

/// How long to wait if the helpdesk does not say how long.
const WAIT: Duration = Duration::from_secs(5);

/// A longer text is no answer somebody wrote.
const MAX_ANSWER_CHARS: usize = 20_000;

/// The published articles of one connection.
#[derive(Debug)]
pub(super) struct Articles {
    helpdesk: Arc<Helpdesk>,
    listed: Option<std::vec::IntoIter<HelpArticle>>,
    pub(super) complete: bool,
}

impl Articles {
    pub(super) fn new(helpdesk: Arc<Helpdesk>) -> Articles {
        Articles { helpdesk, listed: None, complete: false }
    }

    pub(super) fn name(&self) -> String {
        format!("connection:{} articles", self.helpdesk.name())
    }

    /// Articles that wait and that were listed.
    pub(super) fn n_waiting(&self) -> usize {
        self.listed.as_ref().map_or(0, |it| it.len())
    }

    pub(super) async fn next_batch(&mut self, plan: &Plan) -> anyhow::Result<Option<Batch>> {
        let name = self.name();
        let listed = match &mut self.listed {
            Some(listed) => listed,
            None => {
                let read = self.helpdesk.read_articles().await;
                let read = read.with_context(|| format!("could not read {name}"))?;
                self.complete = read.complete;
                self.listed.insert(read.items.into_iter())
            }
        };
        let articles: Vec<HelpArticle> = listed.by_ref().take(ARTICLES_A_BATCH).collect();
        if articles.is_empty() {
            return Ok(None);
        }
        let brand = plan.brand.clone().unwrap_or_else(|| self.helpdesk.brand().to_owned());
        let mut batch = Batch::default();
        for article in articles {
            let place = format!("{name}: {}", article.id);
            let mut document = document_of(article, plan);
            (document.brand, document.source) = (brand.clone(), name.clone());
            if document.title.trim().is_empty() && document.body.trim().is_empty() {
                let reason = "it has neither title nor text; fill it in or unpublish it".to_owned();
                let document_id = Some(document.id);
                batch.failed.push(Failure { place, reason, document_id });
                continue;
            }
            article::settle_language(&mut document);
            batch.documents.push(document);
        }
        Ok(Some(batch))
    }
}

fn document_of(article: HelpArticle, plan: &Plan) -> Document {
    let body = match &article.body {
        Body::Html(html) => html::to_markdown(html),
        Body::Text(text) => html::strip_invisible(text),
    };
    // An id of a segment is not for everyone, whatever the segment is.
    let told = article.audience.map_or(Audience::Public, |it| Audience::parse(&it));
    Document {
        id: article.id,
        title: html::strip_invisible(&article.title),
        body,
        url: article.url.filter(|it| it.starts_with("http")),
        language: article.locale,
        audience: plan.audience.clone().unwrap_or(told),
        updated_at: article.updated_at,
        tags: article.tags,
        ..article::empty()
    }
}

/// The tickets one connection's team has solved since the last look.
pub(super) struct Tickets {
    helpdesk: Arc<Helpdesk>,
    clock: Clock,
    since: Timestamp,
    listed: Option<std::vec::IntoIter<Conversation>>,
    /// When this look began: where the next one goes on.
    began_at: Timestamp,
    /// Articles by the address people link them under.
    articles: HashMap<String, String>,
    links: Option<Regex>,
    finished: bool,
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tickets").field("helpdesk", &self.helpdesk).finish_non_exhaustive()
    }
}

impl Tickets {
    pub(super) fn new(helpdesk: Arc<Helpdesk>, clock: Clock, since: Option<Timestamp>) -> Tickets {
        let now = clock.now();
        Tickets {
            helpdesk,
            since: since.unwrap_or(Timestamp::MIN),
            listed: None,
            began_at: now,
            clock,
            articles: HashMap::new(),
            links: Regex::new(r#"https?://[^\s<>()\[\]"'\\]+"#).ok(),
            finished: false,
        }
    }

    pub(super) fn name(&self) -> String {
        format!("connection:{} tickets", self.helpdesk.name())
    }

    pub(super) fn n_waiting(&self) -> usize {
        self.listed.as_ref().map_or(0, |it| it.len())
    }

    fn cursor_name(&self) -> String {
        format!("solved tickets of {}", self.helpdesk.name())
    }

    pub(super) async fn prepare(&mut self, store: &Store, plan: &Plan) -> anyhow::Result<()> {
        let brand = plan.brand.clone().unwrap_or_else(|| self.helpdesk.brand().to_owned());
        let cursor = self.cursor_name();
        let read = move |connection: &rusqlite::Connection| {
            Ok((fact(connection, &cursor)?, knowledge::addresses(connection, &brand)?))
        };
        let (cursor, addresses) = store.read(read).await?;
        let of = |(address, id): (String, String)| Some((key_of(&address)?, id));
        self.articles = addresses.into_iter().filter_map(of).collect();
        if self.since == Timestamp::MIN {
            let last = cursor.and_then(|it| it.parse::<Timestamp>().ok());
            let first = || self.clock.now().checked_sub((FIRST_LOOK_MONTHS * 30 * 24).hours());
            self.since = last.or_else(|| first().ok()).unwrap_or(Timestamp::UNIX_EPOCH);
        }
        Ok(())
    }

    pub(super) async fn next_batch(&mut self, plan: &Plan) -> anyhow::Result<Option<Batch>> {
        let name = self.name();
        if self.listed.is_none() {
            let read = self.helpdesk.read_solved(self.since).await;
            let mut read = read.with_context(|| format!("could not read {name}"))?;
            // Oldest first where times are told: what is done is done for good.
            read.items.sort_by_key(changed_at);
            if !read.complete {
                self.began_at =
                    read.items.iter().filter_map(changed_at).max().unwrap_or(self.since);
            }
            self.listed = Some(read.items.into_iter());
        }
        let waiting = self.listed.as_mut().map(|it| it.by_ref().take(TICKETS_A_BATCH).collect());
        let tickets: Vec<Conversation> = waiting.unwrap_or_default();
        let reached = if tickets.is_empty() {
            Some(self.began_at)
        } else {
            // Only where each has a time are all the others later.
            let times: Option<Vec<Timestamp>> = tickets.iter().map(changed_at).collect();
            times.and_then(|it| it.into_iter().max())
        };
        let mut batch = Batch::default();
        for ticket in &tickets {
            self.take(ticket, plan, &mut batch).await?;
        }
        let reached = reached.and_then(|it| it.checked_sub(OVERLAP_MINUTES.minutes()).ok());
        batch.cursor = reached.map(|it| (self.cursor_name(), it.to_string()));
        if tickets.is_empty() {
            let was_finished = std::mem::replace(&mut self.finished, true);
            return Ok((!was_finished).then_some(batch));
        }
        Ok(Some(batch))
    }

    async fn take(
        &self,
        ticket: &Conversation,
        plan: &Plan,
        batch: &mut Batch,
    ) -> anyhow::Result<()> {
        match self.read(ticket).await {
            Ok(read) => match self.past_ticket(&read, plan) {
                Some(document) => batch.documents.push(document),
                None => batch.n_skipped += 1,
            },
            Err(HelpdeskError::Gone { .. }) => batch.gone.push(ticket.id.clone()),
            // A busy helpdesk is busy for all of them: stop, and go on another time.
            Err(error @ HelpdeskError::Unavailable { .. }) => {
                return Err(anyhow::Error::new(error).context(format!(
                    "reading {} stopped; run this again later, it goes on where it was",
                    self.name()
                )));
            }
            Err(error) => batch.failed.push(Failure {
                place: format!("{}: {}", self.name(), ticket.id),
                reason: error.to_string(),
                document_id: Some(ticket.id.clone()),
            }),
        }
        Ok(())
    }

    async fn read(&self, ticket: &Conversation) -> Result<Conversation, HelpdeskError> {
        for _ in 1..MAX_TRIES {
            match self.helpdesk.read_conversation(ticket).await {
                Err(HelpdeskError::Unavailable { retry_after, .. }) => {
                    tokio::time::sleep(retry_after.unwrap_or(WAIT)).await;
                }
                read => return read,
            }
        }
        self.helpdesk.read_conversation(ticket).await
    }

    /// What the team answered to what the customer asked first; `None` if no
    /// person of the team answered.
    fn past_ticket(&self, conversation: &Conversation, plan: &Plan) -> Option<Document> {
        let ticket = normalize(conversation);
        let is_agent = |it: AuthorKind| it == AuthorKind::Agent;
        let first_answer = ticket.turns.iter().position(|it| it.author.is_staff())?;
        let asked: Vec<&str> = ticket
            .turns
            .iter()
            .take(first_answer)
            .filter(|it| it.author == AuthorKind::Customer)
            .map(|it| it.text.as_str())
            .collect();
        let last =
            ticket.turns.iter().rev().find(|it| is_agent(it.author) && !it.text.is_empty())?;
        let linked = self.linked(conversation);
        // In this order: of an address a name was taken out of, the rest is not recognized.
        let hide = |text: &str| without_names(&mask(text).text, conversation);
        let body = hide(&asked.join("\n\n"));
        let title = hide(&ticket.subject);
        if body.trim().is_empty() && title.trim().is_empty() {
            return None;
        }
        // Masked before it is cut: half an address is not recognized.
        let answer: String = hide(&last.text).chars().take(MAX_ANSWER_CHARS).collect();
        let mut document = Document {
            id: conversation.id.clone(),
            pool: Pool::PastTicket,
            brand: plan.brand.clone().unwrap_or_else(|| self.helpdesk.brand().to_owned()),
            title: if title.is_empty() { body.chars().take(120).collect() } else { title },
            body,
            answer: Some(answer),
            language: ticket.language.clone(),
            audience: plan.audience.clone().unwrap_or_default(),
            updated_at: conversation.messages.first().and_then(|it| it.at),
            solved: true,
            linked_articles: linked,
            tags: conversation.tags.clone(),
            source: self.name(),
            ..article::empty()
        };
        article::settle_language(&mut document);
        Some(document)
    }

    /// Ids of the articles that people of the team linked, in order.
    fn linked(&self, conversation: &Conversation) -> Vec<String> {
        let Some(links) = &self.links else { return Vec::new() };
        let mut linked: Vec<String> = Vec::new();
        let said = conversation.messages.iter().filter(|it| it.public);
        for message in said.filter(|it| it.author.kind == AuthorKind::Agent) {
            let raw = message.body.raw().replace("&amp;", "&");
            for link in links.find_iter(&raw) {
                let id = key_of(link.as_str()).and_then(|it| self.articles.get(&it));
                if let Some(id) = id.filter(|it| !linked.contains(it)) {
                    linked.push(id.clone());
                }
            }
        }
        linked
    }
}

fn changed_at(conversation: &Conversation) -> Option<Timestamp> {
    crate::text::markdown::parse_date(conversation.seen_at.as_deref()?)
}

/// What one article's addresses have in common: the host, and the number in the
/// last part of the path; without a number, the path.
fn key_of(address: &str) -> Option<String> {
    let url = Url::parse(address.trim_end_matches(['.', ',', ';', ':', '!', '?'])).ok()?;
    let host = url.host_str()?;
    let path = url.path().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let digits: String = last.chars().take_while(char::is_ascii_digit).collect();
    if 5 <= digits.len() {
        return Some(format!("{host} {digits}"));
    }
    (!last.is_empty()).then(|| format!("{host} {path}"))
}

/// The text without the names and addresses of whoever took part: they are told,
/// so they need not be recognized.
fn without_names(text: &str, conversation: &Conversation) -> String {
    let mut names: Vec<&str> = Vec::new();
    for author in conversation.messages.iter().map(|it| &it.author) {
        let name = author.name.as_deref().unwrap_or_default().trim();
        names.push(name);
        names.extend(name.split_whitespace());
    }
    names.retain(|it| 3 <= it.chars().count() && it.chars().next().is_some_and(char::is_uppercase));
    names.sort_by_key(|it| std::cmp::Reverse(it.len()));
    names.dedup();
    let words: Vec<String> = names.iter().map(|it| regex::escape(it)).collect();
    if words.is_empty() {
        return text.to_owned();
    }
    match Regex::new(&format!(r"\b(?:{})\b", words.join("|"))) {
        Ok(pattern) => pattern.replace_all(text, "[name]").into_owned(),
        Err(_) => text.to_owned(),
    }
}
