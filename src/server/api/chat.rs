//! `POST /v1/chat`: an answer for a customer's page, sentence by sentence as server-sent
//! events, while a model still writes if there is one. Only what was verified, decided and written down is ever told; whatever else
//! happens, the page learns that a person is needed.

mod answering;

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
use serde::Serialize;
use tokio::sync::mpsc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::access;
use super::drafts::Source;
use super::refusal::Error;
use super::refusal::Refusal;
use super::said::Said;
use crate::app::App;
use crate::app::Caller;
use crate::config::Endpoint;
use crate::draft::Layout;
use crate::pipeline::Context;
use crate::store::outbox::Limits;
use crate::ticket::Channel;
use crate::ticket::Conversation;

/// Events of one answer at most: sentences of a reply, and what ends it.
const MAX_EVENTS: usize = 256;

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
    // Whoever reads slowly keeps nobody waiting: there is room for a whole reply.
    let (told, mut heard) = mpsc::channel(MAX_EVENTS);
    // What a page that has gone away asked is not thought through to the end: both are
    // dropped together, and what was told until then is written down.
    let answering = async move { answering::answer(&app, asked, &told).await };
    let answering = stream::once(answering).flat_map(|()| stream::empty());
    let events = stream::poll_fn(move |context| heard.poll_recv(context));
    let events = stream::select(events, answering);
    Ok(Sse::new(events.map(|it: Event| Ok(it.to_sse()))).keep_alive(KeepAlive::default()))
}

/// One message of a chat.
struct Asked {
    conversation: Conversation,
    /// False if the page gave it no name: it is never asked about again.
    is_named: bool,
    context: Context,
    /// Whose app it came through.
    caller: String,
    limits: Limits,
}

impl Asked {
    /// As the store knows the conversation.
    fn key(&self) -> String {
        format!("{}/{}", self.caller, self.conversation.id)
    }

    fn new(app: &App, caller: &Caller, said: &Said) -> Result<Asked, Refusal> {
        let mut conversation = said.conversation(&app.settings.api, Channel::Chat)?;
        let is_named = !conversation.id.is_empty();
        if !is_named {
            conversation.id = Uuid::now_v7().to_string();
        }
        let answer = &app.settings.answer;
        Ok(Asked {
            conversation,
            is_named,
            context: caller.context.clone(),
            caller: caller.name.clone(),
            limits: Limits {
                daily: answer.max_per_day,
                per_conversation: answer.max_per_conversation,
            },
        })
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
