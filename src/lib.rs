//! Deskhand sits beside a helpdesk and answers what its help center and past
//! tickets can answer.
//!
//! One flow, one file per step:
//!
//! ```text
//! webhook → inbox → worker → normalize → triage → retrieve → draft → verify
//!         → guard → confidence → decide        (prepare: changes nothing anywhere)
//!         → act                        (finish: the only step that writes to a helpdesk)
//! ```
//!
//! The list below is the reading order and the dependency order: a module uses
//! only modules listed above it (`tests/it/order.rs` holds us to it).

// Words: what the trade calls things. No I/O.
pub mod clock;
pub mod kept;
pub mod hours;
pub mod text;
pub mod injection;
pub mod ticket;
pub mod knowledge;
pub mod journey;
pub mod handover;
pub mod certify;
pub mod resolution;

// Doors: the outside world.
pub mod http;
pub mod prompt;
pub mod llm;
pub mod embed;
pub mod index;
pub mod store;
pub mod helpdesk;

// Steps: one file each.
pub mod normalize;
pub mod triage;
pub mod retrieve;
pub mod draft;
pub mod verify;
pub mod guard;
pub mod confidence;
pub mod decide;
pub mod proposal;
pub mod act;

// Running.
pub mod pipeline;
pub mod guarantee;
pub mod worker;
pub mod ingest;
pub mod eval;
pub mod calibrate;
pub mod replay;
pub mod outcomes;

// Edges.
pub mod config;
pub mod app;
pub mod server;
pub mod cli;
