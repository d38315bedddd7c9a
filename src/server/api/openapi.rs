//! `GET /openapi.json`: the API as programs read it.

use axum::Json;
use utoipa::Modify;
use utoipa::OpenApi;
use utoipa::openapi::security::HttpAuthScheme;
use utoipa::openapi::security::HttpBuilder;
use utoipa::openapi::security::SecurityScheme;

use super::chat;
use super::drafts;
use super::labels;
use super::refusal;
use super::said;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Deskhand",
        description = "Grounded replies for agents' apps and customers' pages."
    ),
    paths(drafts::draft, chat::chat, labels::label),
    components(schemas(said::Said, drafts::Drafted, chat::Event, labels::Label, labels::Kept, refusal::Error)),
    modifiers(&Token)
)]
struct Document;

/// How callers are known.
struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token of `api.callers` in the settings."))
            .build();
        let components = openapi.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

pub(super) async fn document() -> Json<utoipa::openapi::OpenApi> {
    Json(Document::openapi())
}
