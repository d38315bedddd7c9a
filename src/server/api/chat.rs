//! `POST /v1/chat`: an answer for a customer's page, sentence by sentence as server-sent
//! events. Only what was verified, decided and written down is ever told; whatever else
//! happens, the page learns that a person is needed.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::ConnectInfo;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse;
use axum::response::sse::KeepAlive;
use futures_util::Stream;
use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access;
use super::drafts;
use super::drafts::Source;
use super::refusal::Error;
use super::refusal::Refusal;
use super::said::Said;
use crate::act;
use crate::act::Manner;
use crate::act::Record;
use crate::act::Seen;
use crate::app::App;
use crate::app::Caller;
use crate::config::Endpoint;
use crate::decide::Decision;
use crate::decide::Reason;
use crate::draft;
use crate::draft::Layout;
use crate::guarantee;
use crate::hours::Hours;
use crate::pipeline::Circumstances;
use crate::pipeline::Context;
use crate::proposal::Proposal;
use crate::store::chat;
use crate::store::outbox::Limits;
use crate::ticket::Channel;
use crate::ticket::Conversation;

/// What a page is told, in this order: sentences and their sources, or that a person is
/// needed; and the end.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(super) enum Event {
    /// A sentence of the reply: plain text, to be shown as text.
    Sentence {
        text: String,
        /// `paragraph` starts one, `running` goes on in it, `step` is numbered, `bullet` not.
        #[schema(value_type = String)]
        layout: Layout,
        /// Numbers of the sources.
        cites: Vec<usize>,
    },
    /// What the sentences cite.
    Sources { sources: Vec<Source> },
    /// A person is needed: open a ticket, or offer to.
    Handoff {
        /// A word that stays the same: `asked_for_person`, `nothing_found`, `not_sure` …
        reason: String,
        /// For the customer, in their language where Deskhand speaks it.
        message: String,
    },
    /// Nothing follows.
    Done {
        /// True if the customer was answered.
        answered: bool,
        /// Of the decision: `deskhand decisions show ID`. Empty if there is none.
        id: String,
    },
}

/// An answer for a customer, sentence by sentence
#[utoipa::path(
    post,
    path = "/v1/chat",
    request_body = Said,
    responses(
        (status = 200, body = Event, content_type = "text/event-stream",
         description = "Events `sentence`, `sources`, `handoff`, `done`; the data of each is its JSON"),
        (status = 401, body = Error, description = "No token, or an unknown one"),
        (status = 403, body = Error, description = "The token does not open this, or the customer's signature is wrong"),
        (status = 422, body = Error, description = "The conversation cannot be used"),
        (status = 429, body = Error, description = "Too many requests; see Retry-After"),
    ),
    security(("token" = []))
)]
pub(super) async fn chat(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    said: Result<Json<Said>, JsonRejection>,
) -> Result<Sse<impl Stream<Item = Result<sse::Event, Infallible>>>, Refusal> {
    let caller = access::enter(&app, &headers, Endpoint::Chat)?;
    let Json(said) = said?;
    let customer = match &said.customer {
        // Who claims to be somebody has to show it: a wrong claim is not nobody's.
        Some(it) if !caller.knows(&it.id, &it.signature) => {
            let why = "the customer's signature is not the HMAC-SHA256 of their id";
            return Err(Refusal::Forbidden(why));
        }
        Some(it) => format!("customer {}", it.id),
        None => access::address(&app, &headers, peer.ip()),
    };
    app.callers.count_customer(caller, &customer).map_err(Refusal::TooMany)?;
    let asked = Asked::new(&app, caller, &said)?;
    // What a page that has gone away asked is not thought through to the end.
    let events = stream::once(async move { answer(&app, asked).await }).flat_map(stream::iter);
    Ok(Sse::new(events.map(|it| Ok(it.to_sse()))).keep_alive(KeepAlive::default()))
}

/// One message of a chat.
struct Asked {
    conversation: Conversation,
    context: Context,
    /// Whose app it came through.
    caller: String,
    limits: Limits,
}

impl Asked {
    fn new(app: &App, caller: &Caller, said: &Said) -> Result<Asked, Refusal> {
        let mut conversation = said.conversation(&app.settings.api, Channel::Chat)?;
        if conversation.id.is_empty() {
            conversation.id = Uuid::now_v7().to_string();
        }
        let answer = &app.settings.answer;
        Ok(Asked {
            conversation,
            context: caller.context.clone(),
            caller: caller.name.clone(),
            limits: Limits {
                daily: answer.max_per_day,
                per_conversation: answer.max_per_conversation,
            },
        })
    }
}

/// Thinks about a message and writes down what comes of it; what is to be told.
async fn answer(app: &App, asked: Asked) -> Vec<Event> {
    let now = Circumstances::at(app.clock.now());
    match prepared(app, &asked, &now).await {
        Ok(proposal) => settled(app, asked, proposal).await,
        Err(error) => {
            tracing::error!(%error, "a message of the chat could not be prepared");
            let hours = &asked.context.policy.hours;
            let handed_over = HandedOver { hours, now: now.now, language: None };
            handed_over.events("unavailable", String::new())
        }
    }
}

/// Under the certificate that holds now, if it takes one.
async fn prepared(app: &App, asked: &Asked, now: &Circumstances) -> anyhow::Result<Proposal> {
    let context = guarantee::licensed(&app.store, &asked.context, &asked.caller).await?;
    Ok(app.pipeline.prepare(&asked.conversation, &context, now).await?)
}

/// Writes a decision down; what the page is told of it.
async fn settled(app: &App, asked: Asked, proposal: Proposal) -> Vec<Event> {
    let sends = proposal.decision == Decision::Send;
    let record = Record { proposal, seen: Seen::of(&asked.conversation, app.clock.now_ms()) };
    let manner = Manner { brand: asked.context.scope.brand.clone(), ..Manner::default() };
    let now_ms = app.clock.now_ms();
    let key = format!("{}/{}", asked.caller, asked.conversation.id);
    // A page names no messages that could be told apart for sure: each request is one.
    let trigger = Uuid::now_v7().to_string();
    let decided = act::decided(&record, &manner, &key, &trigger, now_ms);
    let reply = sends.then(|| act::planned_reply(&record.proposal, now_ms));
    let Record { proposal, .. } = record;
    let id = decided.id.clone();
    let (caller, limits) = (asked.caller, asked.limits);
    let stored =
        app.store.write(move |it| chat::record(it, &decided, &caller, reply.as_ref(), limits));
    let handed_over = HandedOver {
        hours: &asked.context.policy.hours,
        now: app.clock.now(),
        language: proposal.ticket.language.as_deref(),
    };
    match (stored.await, proposal.decision) {
        (Err(error), _) => {
            tracing::error!(%error, "an answer of the chat could not be written down");
            handed_over.events("unavailable", String::new())
        }
        (Ok(Some(_held)), _) => handed_over.events("not_sure", id),
        (Ok(None), Decision::Send) => told(&proposal, id),
        (Ok(None), Decision::StandDown(_)) => vec![Event::Done { answered: false, id }],
        (Ok(None), Decision::Suggest) => handed_over.events("not_sure", id),
        (Ok(None), Decision::Escalate(reason)) => handed_over.events(word_for(reason), id),
    }
}

fn told(proposal: &Proposal, id: String) -> Vec<Event> {
    let sentences = proposal.draft.sentences.iter().map(|it| Event::Sentence {
        text: it.text.clone(),
        layout: it.layout,
        cites: it.cites.iter().map(|it| it + 1).collect(),
    });
    let sources = Event::Sources { sources: drafts::sources(&proposal.draft) };
    sentences.chain([sources, Event::Done { answered: true, id }]).collect()
}

/// Tells a page that a person is needed.
struct HandedOver<'a> {
    hours: &'a Hours,
    now: Timestamp,
    language: Option<&'a str>,
}

impl HandedOver<'_> {
    fn events(&self, reason: &str, id: String) -> Vec<Event> {
        let message = draft::for_a_person(self.language, self.hours, self.now);
        let reason = reason.to_owned();
        vec![Event::Handoff { reason, message }, Event::Done { answered: false, id }]
    }
}

/// What a page may know of a reason: why a draft was not good enough stays with the team.
fn word_for(reason: Reason) -> &'static str {
    match reason {
        Reason::AskedForPerson => "asked_for_person",
        Reason::SensitiveTopic => "sensitive_topic",
        Reason::ReplyLimit => "reply_limit",
        Reason::EmptyQuestion => "empty_question",
        Reason::NothingFound => "nothing_found",
        Reason::Language => "language",
        Reason::Contradicted | Reason::Guarded | Reason::WeakGrounding | Reason::LowConfidence => {
            "not_sure"
        }
    }
}

impl Event {
    fn to_sse(&self) -> sse::Event {
        let name = match self {
            Event::Sentence { .. } => "sentence",
            Event::Sources { .. } => "sources",
            Event::Handoff { .. } => "handoff",
            Event::Done { .. } => "done",
        };
        // Serializing plain texts cannot fail.
        sse::Event::default().event(name).json_data(self).unwrap_or_default()
    }
}
