//! All integration tests in one program, so that they are linked once.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails, and it lives in real time"
)]

mod support;

mod api;
mod attachments;
mod bytes;
mod chat;
mod chaos;
mod commands;
mod connectors;
mod corrected;
mod demo;
mod endurance;
mod evil;
mod fake;
mod generative;
mod guarantee;
mod handover;
mod history;
mod knowledge;
mod models;
mod order;
mod outcomes;
mod prompts;
mod recovery;
mod simulation;
mod spending;
mod store;
mod sweep;
mod tidy;
mod verified;
mod zendesk;
