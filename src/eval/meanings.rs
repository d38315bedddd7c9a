//! What the texts of a folder mean to an embedder, and to the team's list of synonyms. An endpoint is asked for all of them
//! before anything is measured: what is measured is finding, not a network.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;

use super::Folder;
use super::Question;
use crate::embed::Embedder;
use crate::embed::Known;
use crate::embed::TextHash;
use crate::embed::hash_of;
use crate::ingest;
use crate::retrieve::Meant;
use crate::retrieve::ToAsk;
use crate::store::Store;
use crate::text::synonyms::Synonyms;
use crate::ticket::Ticket;

/// Meanings of a folder's passages and questions.
pub struct Meanings {
    embedder: Arc<Embedder>,
    passages: Known,
    /// What an endpoint told of questions; empty for embedders on this machine.
    questions: HashMap<TextHash, Meant>,
    synonyms: Arc<Synonyms>,
}

impl Meanings {
    /// Asks for what is not kept in `store`, and keeps it there.
    ///
    /// # Errors
    /// If the embedder fails.
    pub async fn of(
        folder: &Folder,
        store: Option<&Store>,
        embedder: &Arc<Embedder>,
    ) -> anyhow::Result<Meanings> {
        let documents = folder.articles.iter().chain(&folder.past_tickets);
        let documents = if embedder.is_costly() { documents.cloned().collect() } else { vec![] };
        let passages = ingest::of_documents(documents, store, embedder);
        let passages = passages.await.context("embedding the passages")?;
        let mut questions = HashMap::new();
        if let Some(endpoint) = embedder.endpoint() {
            let tickets = folder.questions.iter().chain(&folder.off_topic).map(Question::ticket);
            let (keys, to_ask): (Vec<_>, Vec<_>) =
                tickets.filter_map(|it| Some((key_of(&it), ToAsk::new(embedder, &it)?))).unzip();
            let meant =
                ToAsk::ask_all(to_ask, endpoint).await.context("embedding the questions")?;
            questions = keys.into_iter().zip(meant).collect();
        }
        let (embedder, synonyms) = (Arc::clone(embedder), Synonyms::shipped());
        Ok(Meanings { embedder, passages, questions, synonyms })
    }

    /// The same, with what a team's customers call things otherwise.
    #[must_use]
    pub fn with_synonyms(mut self, synonyms: Arc<Synonyms>) -> Meanings {
        self.synonyms = synonyms;
        self
    }

    pub(super) fn synonyms(&self) -> &Arc<Synonyms> {
        &self.synonyms
    }

    pub(super) fn embedder(&self) -> &str {
        self.embedder.name()
    }

    pub(super) fn of_passages(&self) -> &Known {
        &self.passages
    }

    pub(super) fn of_ticket(&self, ticket: &Ticket) -> Meant {
        if self.embedder.endpoint().is_none() {
            return Meant::here(&self.embedder, ticket);
        }
        self.questions.get(&key_of(ticket)).cloned().unwrap_or_default()
    }
}

fn key_of(ticket: &Ticket) -> TextHash {
    let turns = ticket.turns.iter().map(|it| it.text.as_str());
    let texts: Vec<&str> =
        [ticket.subject.as_str(), ticket.question.as_str()].into_iter().chain(turns).collect();
    hash_of(&texts.join("\u{1f}"))
}
