//! Reads from a helpdesk: a conversation as it is now, what changed, what is
//! solved, the articles. Pages are followed on the same host only, never one
//! twice, and up to a bound.

use std::collections::BTreeSet;
use std::time::Duration;

use jaq_json::Val;
use jiff::Timestamp;
use url::Url;

use super::Changed;
use super::Documents;
use super::HelpArticle;
use super::HelpdeskError;
use super::call::About;
use super::call::Answer;
use super::connection::Helpdesk;
use super::jq;
use super::jq::Globals;
use super::manifest::Read;
use super::manifest::Step;
use super::mapping;
use super::shape::Order;
use crate::ticket::Conversation;

/// Messages kept of a conversation, the newest. Guessed: no answer needs more,
/// and at 10 KB each they are 4 MB.
const MAX_MESSAGES: usize = 400;

/// Pages of one list. A conversation with more is an error, because its newest
/// messages might be missing; other lists end there. Guessed: 100 pages of 100
/// are twice Zendesk's limit of 5,000 comments on a ticket.
const MAX_PAGES: usize = 100;

/// Conversations one sweep takes in. Guessed: what a minute's backlog may be
/// after a long outage; the next sweep takes the rest.
const MAX_CHANGED: usize = 2_000;

/// Pages of articles or solved conversations. Guessed: 20,000 at 20 a page.
const MAX_DOCUMENT_PAGES: usize = 1_000;

/// How often a list of documents waits for a helpdesk that says it is busy, and
/// how long if it does not say how long.
const MAX_WAITS: usize = 20;
const WAIT: Duration = Duration::from_secs(5);

/// Articles or solved conversations one read gives. Guessed: 50,000 of 20 KB
/// are 1 GB, more than a help center and more than memory should hold.
const MAX_DOCUMENTS: usize = 20_000;

impl Helpdesk {
    /// The conversation as it is now, oldest message first, authors told apart.
    /// What only the webhook told (a subject, a channel) stays where the
    /// helpdesk's answer is silent.
    pub async fn read_conversation(
        &self,
        known: &Conversation,
    ) -> Result<Conversation, HelpdeskError> {
        let about = About { call: "messages", conversation_id: &known.id };
        let mut conversation = known.clone();
        // The ticket first: if somebody writes between the two reads, its stamp
        // is too old rather than too new, and a reply is refused.
        if let Ok(read) = self.manifest.read("ticket") {
            let input = jq::object([("ticket", mapping::ticket_value(&conversation))]);
            let about = About { call: "ticket", ..about };
            let globals = self.globals(input);
            let answer = self.fetch(&read.page, &globals, None, about).await?;
            let globals = Globals { response: answer.response, ..globals };
            let ticket = match &read.map {
                Some(filter) => filter.first(answer.body, &globals),
                None => Ok(answer.body),
            };
            let ticket = ticket.map_err(|it| self.unreadable(about.call, it))?;
            update(&mut conversation, &ticket);
        }
        let read = self.readable("messages")?;
        let input = jq::object([("ticket", mapping::ticket_value(&conversation))]);
        let mut pages = Pages::new(self, read, input, about).await?;
        conversation.messages.clear();
        conversation.attachments.clear();
        while let Some(page) = pages.next().await? {
            if let Some(ticket) = &page.ticket {
                update(&mut conversation, ticket);
            }
            conversation.attachments.extend(mapping::attachments(&page.items));
            let mut messages: Vec<_> = page.items.iter().filter_map(mapping::message).collect();
            // Older pages go before newer ones, so that equal times stay in order.
            match read.order {
                Order::OldestFirst => conversation.messages.append(&mut messages),
                Order::NewestFirst => drop(conversation.messages.splice(0..0, messages)),
            }
            keep_newest(&mut conversation);
            if read.order == Order::NewestFirst && conversation.messages.len() == MAX_MESSAGES {
                break;
            }
        }
        self.claim_messages(&mut conversation);
        Ok(conversation)
    }

    /// Conversations that changed since a moment, oldest change first; at most
    /// 2,000 of them.
    pub async fn changed_since(&self, since: Timestamp) -> Result<Vec<Changed>, HelpdeskError> {
        let changed = |item: &Val| {
            let at = jq::member(item, "at").and_then(mapping::instant);
            Some(Changed { conversation_id: mapping::word(item, "id")?, at })
        };
        let mut changed = self.listed("changed", since_value(since), MAX_CHANGED, changed).await?;
        changed.retain(|it| it.at.is_none_or(|at| at >= since));
        changed.sort_by_key(|it| it.at);
        Ok(changed)
    }

    /// Conversations solved since a moment, without their messages. Waits where
    /// the helpdesk asks for it.
    pub async fn read_solved(
        &self,
        since: Timestamp,
    ) -> Result<Documents<Conversation>, HelpdeskError> {
        self.documents("solved", since_value(since), mapping::conversation).await
    }

    /// The articles of the help center that are published, in the helpdesk's
    /// order. Waits where the helpdesk asks for it.
    pub async fn read_articles(&self) -> Result<Documents<HelpArticle>, HelpdeskError> {
        self.documents("articles", Val::Null, mapping::article).await
    }

    async fn documents<T>(
        &self,
        name: &str,
        input: Val,
        item: impl Fn(&Val) -> Option<T>,
    ) -> Result<Documents<T>, HelpdeskError> {
        let read = self.readable(name)?;
        let about = About { call: name, conversation_id: "" };
        let mut pages = Pages::new(self, read, input, about).await?;
        pages.walk.max_pages = MAX_DOCUMENT_PAGES;
        let mut items = Vec::new();
        let mut n_waits = 0;
        while items.len() < MAX_DOCUMENTS && pages.walk.seen.len() < MAX_DOCUMENT_PAGES {
            match pages.next().await {
                Ok(Some(page)) => items.extend(page.items.iter().filter_map(&item)),
                Ok(None) => return Ok(Documents { items, complete: true }),
                Err(HelpdeskError::Unavailable { retry_after, .. }) if n_waits < MAX_WAITS => {
                    n_waits += 1;
                    tokio::time::sleep(retry_after.unwrap_or(WAIT)).await;
                }
                Err(error) => return Err(error),
            }
        }
        items.truncate(MAX_DOCUMENTS);
        Ok(Documents { items, complete: false })
    }

    async fn listed<T>(
        &self,
        name: &str,
        input: Val,
        limit: usize,
        item: impl Fn(&Val) -> Option<T>,
    ) -> Result<Vec<T>, HelpdeskError> {
        let read = self.readable(name)?;
        let about = About { call: name, conversation_id: "" };
        let mut pages = Pages::new(self, read, input, about).await?;
        let mut listed = Vec::new();
        while listed.len() < limit && pages.walk.seen.len() < MAX_PAGES {
            let Some(page) = pages.next().await? else { break };
            listed.extend(page.items.iter().filter_map(&item));
        }
        listed.truncate(limit);
        Ok(listed)
    }

    fn readable(&self, name: &str) -> Result<&Read, HelpdeskError> {
        self.manifest.read(name).map_err(|why| self.unsupported(name, why))
    }

    async fn fetch(
        &self,
        step: &Step,
        globals: &Globals,
        url: Option<Url>,
        about: About<'_>,
    ) -> Result<Answer, HelpdeskError> {
        let planned = match url {
            Some(url) => self.plan_at(step, globals, url),
            None => self.plan(step, globals),
        };
        let planned = planned.map_err(|it| self.unreadable(about.call, it))?;
        self.send(step, planned, globals, about).await
    }
}

/// One page of a list, mapped.
struct Page {
    items: Vec<Val>,
    /// The conversation, where the page carries it.
    ticket: Option<Val>,
}

/// A list on its way.
struct Pages<'h> {
    helpdesk: &'h Helpdesk,
    read: &'h Read,
    about: About<'h>,
    walk: Walk,
}

/// Where in a list we are.
struct Walk {
    input: Val,
    url: Option<Url>,
    /// Requests made, so that none is made twice.
    seen: BTreeSet<String>,
    max_pages: usize,
    done: bool,
}

impl Walk {
    fn new(input: Val) -> Walk {
        Walk { input, url: None, seen: BTreeSet::new(), max_pages: MAX_PAGES, done: false }
    }
}

impl<'h> Pages<'h> {
    /// Makes the steps that come before the list itself.
    async fn new(
        helpdesk: &'h Helpdesk,
        read: &'h Read,
        mut input: Val,
        about: About<'h>,
    ) -> Result<Pages<'h>, HelpdeskError> {
        for step in &read.steps {
            let mut walk = Walk::new(input.clone());
            let mut gathered = Vec::new();
            while let Some((answer, globals)) = turn(helpdesk, step, &mut walk, about).await? {
                gathered.extend(items_of(helpdesk, step, &answer.body, &globals, about)?);
                if let Some(keep) = &step.keep {
                    let kept = keep.first(answer.body, &globals);
                    let kept = kept.map_err(|it| helpdesk.unreadable(about.call, it))?;
                    input = jq::merged(&input, &kept);
                }
            }
            if step.items.is_some() {
                let gathered = gathered.into_iter().collect();
                input = jq::merged(&input, &jq::object([(step.name.as_str(), gathered)]));
            }
        }
        Ok(Pages { helpdesk, read, about, walk: Walk::new(input) })
    }

    /// The next page; `None` after the last.
    async fn next(&mut self) -> Result<Option<Page>, HelpdeskError> {
        let (helpdesk, read, about) = (self.helpdesk, self.read, self.about);
        let is_first = self.walk.seen.is_empty();
        let turned = turn(helpdesk, &read.page, &mut self.walk, about).await?;
        let Some((answer, globals)) = turned else { return Ok(None) };
        let failed = |it: String| helpdesk.unreadable(about.call, it);
        let ticket = match &read.ticket {
            Some(filter) if is_first => {
                Some(filter.first(answer.body.clone(), &globals).map_err(failed)?)
            }
            Some(_) | None => None,
        };
        let mut items = items_of(helpdesk, &read.page, &answer.body, &globals, about)?;
        if let Some(map) = &read.map {
            let mapped = items.into_iter().map(|item| map.first(item, &globals));
            items = mapped.collect::<Result<_, _>>().map_err(|it| failed(format!("map: {it}")))?;
        }
        Ok(Some(Page { items, ticket }))
    }
}

fn items_of(
    helpdesk: &Helpdesk,
    step: &Step,
    body: &Val,
    globals: &Globals,
    about: About<'_>,
) -> Result<Vec<Val>, HelpdeskError> {
    match &step.items {
        Some(filter) => filter
            .run(body.clone(), globals, jq::MAX_ITEMS)
            .map_err(|it| helpdesk.unreadable(about.call, format!("items: {it}"))),
        None => Ok(Vec::new()),
    }
}

/// Fetches the next page and finds where the one after it is.
async fn turn(
    helpdesk: &Helpdesk,
    step: &Step,
    walk: &mut Walk,
    about: About<'_>,
) -> Result<Option<(Answer, Globals)>, HelpdeskError> {
    if walk.done {
        return Ok(None);
    }
    let failed = |it: String| helpdesk.unreadable(about.call, it);
    if walk.max_pages <= walk.seen.len() {
        return Err(failed(format!("more than {} pages", walk.max_pages)));
    }
    let place = format!("{:?} {}", walk.url.as_ref().map(Url::as_str), jq::to_json(&walk.input));
    if walk.seen.contains(&place) {
        return Err(failed("`next` goes in a circle".to_owned()));
    }
    let globals = helpdesk.globals(walk.input.clone());
    // A page that could not be had can be asked for once more.
    let answer = helpdesk.fetch(step, &globals, walk.url.clone(), about).await?;
    walk.seen.insert(place);
    walk.url = None;
    let globals = Globals { response: answer.response.clone(), ..globals };
    let next = match &step.next {
        Some(filter) => filter.first(answer.body.clone(), &globals),
        None => Ok(Val::Null),
    };
    let next = next.map_err(|it| failed(format!("next: {it}")))?;
    if let Some(url) = mapping::word(&next, "url") {
        walk.url = Some(same_host(helpdesk, &url).map_err(failed)?);
    } else if let Some(page) = jq::member(&next, "page") {
        walk.input = jq::merged(&walk.input, &jq::object([("page", page.clone())]));
    } else {
        walk.done = true;
    }
    Ok(Some((answer, globals)))
}

/// The next page's address, if it is on the helpdesk's own host: the answer may
/// not choose whom our token is sent to.
fn same_host(helpdesk: &Helpdesk, address: &str) -> Result<Url, String> {
    let base = helpdesk.base.as_ref().map_err(Clone::clone)?;
    let url = base.join(address).map_err(|_| "`next` gives no address".to_owned())?;
    if url.origin() == base.origin() {
        Ok(url)
    } else {
        Err("`next` leads to another host".to_owned())
    }
}

fn since_value(since: Timestamp) -> Val {
    let seconds = isize::try_from(since.as_second().max(0)).unwrap_or_default();
    let whole = Timestamp::from_second(since.as_second()).unwrap_or(since);
    jq::object([("since", Val::from(seconds)), ("since_at", jq::text(whole.to_string()))])
}

/// Lays what was read over what was known. A member that is there and null is
/// known to be empty; one that is not there is not told.
fn update(conversation: &mut Conversation, ticket: &Val) {
    let Val::Obj(told) = ticket else { return };
    let known = jq::object([("id", jq::text(&conversation.id))]);
    let Some(read) = mapping::conversation(&jq::merged(ticket, &known)) else { return };
    let is_told = |name: &str| told.contains_key(&jq::text(name));
    if is_told("subject") {
        conversation.subject = read.subject;
    }
    if is_told("status") {
        conversation.status = read.status;
    }
    if jq::member(ticket, "channel").is_some() {
        conversation.channel = read.channel;
    }
    if is_told("tags") {
        conversation.tags = read.tags;
    }
    if is_told("fields") {
        conversation.fields = read.fields;
    }
    if is_told("requester") {
        conversation.requester = read.requester;
    }
    if is_told("assignee") {
        conversation.assignee = read.assignee;
    }
    if is_told("seen_at") {
        conversation.seen_at = read.seen_at;
    }
}

/// Sorts by time, drops what came twice and all but the newest. Where a time is
/// missing the helpdesk's own order is kept.
fn keep_newest(conversation: &mut Conversation) {
    let messages = &mut conversation.messages;
    if messages.iter().all(|it| it.at.is_some()) {
        messages.sort_by_key(|it| it.at);
    }
    let mut ids = BTreeSet::new();
    messages.retain(|it| ids.insert(it.id.clone()));
    let surplus = messages.len().saturating_sub(MAX_MESSAGES);
    messages.drain(..surplus);
}
