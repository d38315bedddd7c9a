//! What a model is asked while the customer reads: a prompt with some passages only, and
//! each of its sentences read by itself.

use std::collections::BTreeSet;

use serde_json::Value;
use tokio::sync::mpsc;

use super::GenerateError;
use super::Generative;
use super::Request;
use super::givable;
use super::reading;
use super::reading::MAX_SENTENCES;
use super::units::Piece;
use crate::draft::Draft;
use crate::draft::Layout;
use crate::knowledge::Hit;
use crate::knowledge::PublicPassage;
use crate::llm::Asked;
use crate::llm::Counted;
use crate::llm::Said;
use crate::ticket::Ticket;

/// A prompt, and how what a model answers to it is read.
#[derive(Debug)]
pub struct Asking {
    request: Request,
    /// What the prompt holds passages of, best first.
    hits: Vec<Hit>,
    /// How the last sentence is set.
    last: Option<Layout>,
    n_read: usize,
}

impl Generative {
    /// What to ask where a reply from these articles was decided about: passages of the
    /// articles that `composed` cites, and of no other.
    ///
    /// # Errors
    /// If there is nothing to give, or no room for it.
    pub fn asking(
        &self,
        ticket: &Ticket,
        hits: &[Hit],
        composed: &Draft,
    ) -> Result<Asking, GenerateError> {
        let is_cited =
            |it: &&Hit| composed.citations.iter().any(|cited| cited.passage_id == it.passage.id);
        let documents: BTreeSet<&str> =
            hits.iter().filter(is_cited).map(|it| it.passage.document_id.as_str()).collect();
        let is_evidence = |it: &&Hit| documents.contains(it.passage.document_id.as_str());
        let hits: Vec<Hit> = hits.iter().filter(is_evidence).cloned().collect();
        let request = self.request(ticket, &hits)?;
        Ok(Asking { request, hits, last: None, n_read: 0 })
    }

    /// Asks; each sentence is told as soon as it is written.
    pub async fn stream(&self, prompt: &Counted, said: mpsc::Sender<Said>) -> Asked<()> {
        self.models.stream(prompt, said).await
    }
}

impl Asking {
    pub fn prompt(&self) -> &Counted {
        &self.request.prompt
    }

    /// The next sentence of an answer, with what it cites. `None` if it says nothing.
    ///
    /// # Errors
    /// In our own words: why nothing of this answer is read any more.
    pub fn read(&mut self, item: &Value) -> Result<Option<Piece>, &'static str> {
        self.n_read += 1;
        if MAX_SENTENCES < self.n_read {
            return Err("it has too many sentences");
        }
        let passages = givable(&self.hits);
        let given: &[PublicPassage<'_>] = passages.get(..self.request.n_given).unwrap_or_default();
        let Some(sentence) = reading::read_piece(item, self.last, given, &self.request.fence)?
        else {
            return Ok(None);
        };
        self.last = Some(sentence.layout);
        let cited = sentence.cites.iter().filter_map(|it| given.get(*it)).map(|it| it.passage());
        let cites = cited.map(reading::citation).collect();
        Ok(Some(Piece { sentence, cites }))
    }
}
