//! `POST /v1/labels`: what a person of the team says of a draft. It counts for the
//! caller's own brand alone, and may switch automatic replies off.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::HeaderMap;
use serde::Deserialize;
use serde::Serialize;
use utoipa::ToSchema;

use super::access::enter;
use super::refusal::Error;
use super::refusal::Refusal;
use crate::app::App;
use crate::config::Endpoint;
use crate::guarantee;
use crate::store::decisions;
use crate::store::labels::Judgement;

/// Characters of a name. (Guessed: longer ones are none.)
const MAX_NAME_CHARS: usize = 200;

/// What a person says of a draft.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct Label {
    /// Id of the decision whose draft it was, or `connection/conversation` for the latest of
    /// a conversation.
    decision: String,
    /// `as_is` (sent without a change), `edited` (only its wording was changed),
    /// `rewritten`, `up`, `down` (thumbs), `right`, `wrong` (judged blind).
    #[schema(value_type = String, examples("as_is"))]
    judgement: Judgement,
    /// Who says so: a person of the team, never a program.
    person: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Kept {
    /// Why automatic replies went off with it; null if they did not.
    broken: Option<String>,
}

/// What a person says of a draft
#[utoipa::path(
    post,
    path = "/v1/labels",
    request_body = Label,
    responses(
        (status = 200, body = Kept),
        (status = 401, body = Error, description = "No token, or an unknown one"),
        (status = 403, body = Error, description = "The token does not open this"),
        (status = 422, body = Error, description = "There is no such decision, or nobody is named"),
        (status = 429, body = Error, description = "Too many requests; see Retry-After"),
        (status = 503, body = Error, description = "Try again"),
    ),
    security(("token" = []))
)]
pub(super) async fn label(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    label: Result<Json<Label>, JsonRejection>,
) -> Result<Json<Kept>, Refusal> {
    let caller = enter(&app, &headers, Endpoint::Labels)?;
    let Json(Label { decision, judgement, person }) = label?;
    let person = person.trim().to_owned();
    if person.is_empty() || MAX_NAME_CHARS < person.chars().count() {
        return Err(Refusal::Invalid(
            "`person` names who judged, in 1 to 200 characters".to_owned(),
        ));
    }
    let (brand, now_ms) = (caller.context.scope.brand.clone(), app.clock.now_ms());
    let kept = app.store.write(move |it| {
        // Another brand's decisions are nobody's here.
        match decisions::find(it, &decision)? {
            Some(found) if found.brand == brand => {
                guarantee::judge(it, &found.id, judgement, &person, now_ms)
            }
            Some(_) | None => Ok(None),
        }
    });
    let no_decision = || Refusal::Invalid("there is no such decision".to_owned());
    Ok(Json(Kept { broken: kept.await?.ok_or_else(no_decision)? }))
}
