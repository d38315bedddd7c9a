//! `deskhand index`: whether the index is in step with the store, and making it
//! anew. The index is a copy: losing it loses nothing.

use std::io::Write;

use clap::Args;
use clap::Subcommand;
use serde_json::Value;
use serde_json::json;

use super::Library;
use super::ingest::bar;
use crate::index::Index;
use crate::ingest;
use crate::store::knowledge;
use crate::store::knowledge::DocumentCount;

/// Examples:
///   deskhand index            what it holds, and how far it has come
///   deskhand index rebuild    empty it and build it from the store
#[derive(Debug, Args)]
#[command(verbatim_doc_comment)]
pub struct IndexArgs {
    #[command(subcommand)]
    command: Option<IndexCommand>,
    /// One JSON object on standard output
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Clone, Copy, Subcommand)]
enum IndexCommand {
    /// What it holds, and how far it has come
    Status,
    /// Empties it and builds it from the store
    Rebuild,
}

/// Shows or rebuilds.
///
/// # Errors
/// If the store or the index cannot be read, or a running service has the index.
pub async fn run(args: &IndexArgs, library: &Library, out: &mut dyn Write) -> anyhow::Result<()> {
    let Library { store, index, embedder } = library;
    match args.command.unwrap_or(IndexCommand::Status) {
        IndexCommand::Status => {}
        IndexCommand::Rebuild => {
            let bar = bar(0, "{msg} {bar:30} {pos}/{len} {per_sec} eta {eta}");
            bar.set_message("indexing");
            let rebuilding = ingest::rebuild(index, store, embedder, |position, last| {
                bar.set_length(last);
                bar.set_position(position);
            });
            rebuilding.await?;
            bar.finish_and_clear();
        }
    }
    status(args, library, out).await
}

async fn status(args: &IndexArgs, library: &Library, out: &mut dyn Write) -> anyhow::Result<()> {
    let Library { store, index, embedder } = library;
    let name = embedder.name().to_owned();
    let n_unembedded = store.read(move |it| knowledge::n_unembedded(it, &name)).await?;
    let last = store.read(knowledge::last_sequence).await?;
    let counts = store.read(knowledge::counts).await?;
    let watermark = index.watermark();
    if args.json {
        let pools: Vec<Value> = counts.iter().map(|it| pool_of(index, it)).collect();
        let object = json!({
            "in_step": watermark == last,
            "watermark": watermark,
            "last_sequence": last,
            "embedder": embedder.name(),
            "documents_without_meaning": n_unembedded,
            "pools": pools,
        });
        writeln!(out, "{object}")?;
        return Ok(());
    }
    for it in &counts {
        let n_passages = index.n_passages(&it.brand, it.pool);
        let (brand, pool) = (&it.brand, it.pool.as_str());
        writeln!(out, "{brand}: {pool}: {} documents, {n_passages} passages", it.n_documents)?;
    }
    if counts.is_empty() {
        writeln!(out, "The store is empty; `deskhand ingest SOURCE` fills it.")?;
    }
    if watermark == last {
        writeln!(out, "The index is in step with the store (change {last}).")?;
    } else {
        writeln!(
            out,
            "The index has come to change {watermark} of {last}; a running service catches up \
             by itself, `deskhand index rebuild` does it now."
        )?;
    }
    if n_unembedded != 0 {
        writeln!(
            out,
            "{n_unembedded} documents are found by their words alone until {} has told what they \
             mean; a running service and `deskhand ingest` go on asking.",
            embedder.name()
        )?;
    }
    Ok(())
}

fn pool_of(index: &Index, count: &DocumentCount) -> Value {
    json!({
        "brand": count.brand,
        "pool": count.pool,
        "documents": count.n_documents,
        "passages": index.n_passages(&count.brand, count.pool),
    })
}
