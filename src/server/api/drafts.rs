//! `POST /v1/drafts`: for an agent's app, the reply Deskhand would give, others it
//! could give, and everything behind them. Nothing is sent, and nothing stored but what
//! models cost.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::enter;
use super::refusal::Error;
use super::refusal::Refusal;
use super::said::Said;
use crate::app::App;
use crate::confidence::Confidence;
use crate::config::Endpoint;
use crate::draft;
use crate::draft::Draft;
use crate::draft::SentenceKind;
use crate::draft::Writer;
use crate::guarantee;
use crate::pipeline::Circumstances;
use crate::proposal;
use crate::proposal::Proposal;
use crate::ticket::Channel;
use crate::triage::FlagKind;

/// Other replies that are offered, each from another article. (Guessed: more are not read.)
const MAX_ALTERNATIVES: usize = 2;

/// What Deskhand makes of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Drafted {
    /// What it would do by itself: `send`, `suggest`, `escalate` or `stand_down`.
    decision: &'static str,
    /// Why, in one sentence.
    reason: String,
    /// `None` if nothing was found that answers.
    draft: Option<Reply>,
    /// Other replies, each from another article.
    alternatives: Vec<Reply>,
    confidence: Sureness,
    stage: Stage,
    /// What makes the conversation one for people: asked for a person, a sensitive topic …
    flags: Vec<Flag>,
    handoff: Handoff,
    /// What to know before sending the draft: sentences taken out, articles that differ.
    remarks: Vec<Remark>,
    /// ISO 639-1 code of the question's language, if it is clear.
    language: Option<String>,
    milliseconds: f64,
}

/// A reply in the three forms helpdesks take.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Reply {
    text: String,
    markdown: String,
    html: String,
    sentences: Vec<Sentence>,
    sources: Vec<Source>,
    /// `extractive`, or the model's name.
    written_by: String,
    language: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sentence {
    text: String,
    /// `joint` (our own connecting words), `quote` or `claim` (worded by a model).
    kind: &'static str,
    /// Numbers of [`Source`].
    cites: Vec<usize>,
}

/// What a number in a reply stands for.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(super) struct Source {
    pub number: usize,
    pub title: String,
    pub url: Option<String>,
}

/// How sure Deskhand is that the draft is right as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Sureness {
    /// 0.0–1.0; null if there is nothing to be sure of.
    probability: Option<f32>,
    /// What raised and lowered it, the heaviest first.
    parts: Vec<Part>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Part {
    feature: String,
    value: f32,
    /// What it adds to the log-odds.
    contribution: f32,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Stage {
    id: String,
    reason: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Flag {
    /// `asked_for_person`, `sensitive`, `auto_reply`, `spam`, `injection`, `nothing_asked`.
    #[schema(value_type = String)]
    kind: FlagKind,
    reason: String,
}

/// What a person needs who takes over.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Handoff {
    summary: String,
    /// What Deskhand already told the customer.
    tried: Vec<String>,
    /// Titles and links of what was found.
    evidence: Vec<String>,
    /// What else spoke for a person.
    also: Vec<String>,
    /// What was asked and answered before, oldest first.
    exchanges: Vec<Exchange>,
    /// What the customer says they have tried.
    customer_tried: Vec<String>,
    /// The question whose answer decides which reply is right, if one is known.
    missing: Option<String>,
    /// What Deskhand or the team has promised in this conversation.
    commitments: Vec<String>,
}

impl Handoff {
    fn of(handoff: &proposal::Handoff) -> Handoff {
        let exchange = |it: &proposal::Exchange| Exchange {
            asked: it.asked.clone(),
            answered: it.answered.clone(),
            by_person: it.by_person,
        };
        Handoff {
            summary: handoff.summary.clone(),
            tried: handoff.tried.clone(),
            evidence: handoff.evidence.clone(),
            also: handoff.also.clone(),
            exchanges: handoff.exchanges.iter().map(exchange).collect(),
            customer_tried: handoff.customer_tried.clone(),
            missing: handoff.missing.clone(),
            commitments: handoff.commitments.clone(),
        }
    }
}

/// A question and what was answered, both cut short.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Exchange {
    asked: String,
    answered: String,
    /// True if a person of the team answered.
    by_person: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Remark {
    name: String,
    text: String,
}

/// The reply Deskhand would give
#[utoipa::path(
    post,
    path = "/v1/drafts",
    request_body = Said,
    responses(
        (status = 200, body = Drafted),
        (status = 401, body = Error, description = "No token, or an unknown one"),
        (status = 403, body = Error, description = "The token does not open this"),
        (status = 422, body = Error, description = "The conversation cannot be used"),
        (status = 429, body = Error, description = "Too many requests; see Retry-After"),
        (status = 503, body = Error, description = "Try again"),
    ),
    security(("token" = []))
)]
pub(super) async fn draft(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    said: Result<Json<Said>, JsonRejection>,
) -> Result<Json<Drafted>, Refusal> {
    let caller = enter(&app, &headers, Endpoint::Drafts)?;
    let Json(said) = said?;
    let conversation = said.conversation(&app.settings.api, Channel::Unknown)?;
    let context = guarantee::licensed(&app.store, &caller.context, &caller.name).await?;
    let now = Circumstances::at(app.clock.now());
    let proposal = app.pipeline.prepare(&conversation, &context, &now).await?;
    let (proposal, others) =
        app.pipeline.alternatives(proposal, &context, MAX_ALTERNATIVES).await?;
    Ok(Json(Drafted::of(&proposal, &others)))
}

impl Drafted {
    fn of(proposal: &Proposal, others: &[Draft]) -> Drafted {
        let triage = &proposal.triage;
        let stale = proposal::stale(&proposal.draft, &proposal.articles).map(|it| {
            let text = format!("“{}”; ticket {}: “{}”", it.passage, it.ticket, it.answer);
            Remark { name: "May be out of date".to_owned(), text }
        });
        let remark = |(name, text): (&str, String)| Remark { name: name.to_owned(), text };
        let verified = proposal::verified(proposal).into_iter().map(remark);
        let blocked = proposal::blocked(proposal).into_iter().map(remark);
        Drafted {
            decision: proposal.decision.word(),
            reason: proposal.handoff.reason.clone(),
            draft: Reply::of(&proposal.draft),
            alternatives: others.iter().filter_map(Reply::of).collect(),
            confidence: Sureness::of(&proposal.confidence),
            stage: Stage { id: triage.stage.id.clone(), reason: triage.stage.reason.clone() },
            flags: triage
                .flags
                .iter()
                .map(|it| Flag { kind: it.kind, reason: it.reason.clone() })
                .collect(),
            handoff: Handoff::of(&proposal.handoff),
            remarks: stale.chain(verified.chain(blocked)).collect(),
            language: proposal.ticket.language.clone(),
            milliseconds: proposal.timings.iter().map(|(_, ms)| ms).sum(),
        }
    }
}

impl Reply {
    /// `None` for a draft that says nothing.
    fn of(draft: &Draft) -> Option<Reply> {
        if draft.sentences.is_empty() {
            return None;
        }
        let wording = draft::wording(draft);
        let sentences = draft.sentences.iter().map(|it| Sentence {
            text: it.text.clone(),
            kind: match it.kind {
                SentenceKind::Joint => "joint",
                SentenceKind::Quote => "quote",
                SentenceKind::Claim => "claim",
            },
            cites: it.cites.iter().map(|it| it + 1).collect(),
        });
        Some(Reply {
            sentences: sentences.collect(),
            sources: sources(draft),
            written_by: match &draft.written_by {
                Writer::Extractive | Writer::Fallback(_) => "extractive".to_owned(),
                Writer::Model(name) => name.clone(),
            },
            language: draft.language.clone(),
            text: wording.text,
            markdown: wording.markdown,
            html: wording.html,
        })
    }
}

/// What a draft cites, numbered as in its text.
pub(super) fn sources(draft: &Draft) -> Vec<Source> {
    let numbered = draft.citations.iter().zip(1..);
    let source = |(it, number): (&draft::Citation, usize)| Source {
        number,
        title: it.title.clone(),
        url: it.url.clone(),
    };
    numbered.map(source).collect()
}

impl Sureness {
    fn of(confidence: &Confidence) -> Sureness {
        let parts = confidence.parts.iter().map(|it| Part {
            feature: it.feature.clone(),
            value: it.value,
            contribution: it.contribution,
        });
        let probability = confidence.probability;
        Sureness {
            probability: (!probability.is_nan()).then_some(probability),
            parts: parts.collect(),
        }
    }
}
