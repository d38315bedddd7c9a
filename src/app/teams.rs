//! What past tickets taught about stages and topics, kept in the store by brand.

use std::sync::Arc;

use anyhow::Context as _;

use crate::pipeline::Teams;
use crate::store;
use crate::store::Store;
use crate::triage::Team;

/// How the names of facts begin that hold what a brand's past tickets taught.
const FACT: &str = "taught:";

/// What the past tickets of each brand taught. One that cannot be read, from another
/// version, teaches nothing until the next `deskhand calibrate`.
///
/// # Errors
/// If the store cannot be read.
pub fn teams(store: &Store) -> anyhow::Result<Teams> {
    let facts = store.read_now(|it| store::facts(it, FACT)).context("reading what was taught")?;
    let read = facts.into_iter().filter_map(|(name, content)| {
        let team: Team = serde_json::from_str(&content).ok()?;
        Some((name.strip_prefix(FACT)?.to_owned(), Arc::new(team)))
    });
    Ok(read.collect())
}

/// Keeps what a brand's past tickets taught, in the place of what they taught before.
///
/// # Errors
/// If the store cannot be written.
pub async fn keep_team(store: &Store, brand: &str, team: &Team) -> anyhow::Result<()> {
    let (name, content) = (format!("{FACT}{brand}"), serde_json::to_string(team)?);
    store.write(move |it| store::set_fact(it, &name, &content)).await?;
    Ok(())
}

/// Forgets what was taught for one brand, or for all.
///
/// # Errors
/// If the store cannot be read or written.
pub async fn forget_teams(store: &Store, brand: Option<&str>) -> anyhow::Result<()> {
    let known = teams(store)?.into_keys();
    for known in known.filter(|it| brand.is_none_or(|brand| brand == it)) {
        let name = format!("{FACT}{known}");
        store.write(move |it| store::forget_fact(it, &name)).await?;
    }
    Ok(())
}
