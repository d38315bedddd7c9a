//! What a question and the turns before it mean, found before anything is searched: an
//! embedder may have to be asked over a network, and a search waits for nobody.

use super::asked::asked;
use super::before;
use crate::embed::EmbedError;
use crate::embed::Embedder;
use crate::embed::Endpoint;
use crate::embed::Outgoing;
use crate::embed::Sought;
use crate::text::lexicon;
use crate::ticket::Ticket;

/// The language a question is translated to for an embedder that does not speak its own.
const LEXICON_SPEAKS: &str = "en";

/// Fewer words of the lexicon say nothing about what is asked. (Guessed.)
const MIN_TRANSLATED: usize = 2;

/// What a ticket means. `None` where nobody knows: it is looked up by its words then.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Meant {
    /// The open question with its subject.
    pub asked: Option<Sought>,
    /// The turns before it.
    pub before: Option<Sought>,
}

impl Meant {
    /// As far as this machine can tell. Nothing for an endpoint.
    #[must_use]
    pub fn here(embedder: &Embedder, ticket: &Ticket) -> Meant {
        let language = ticket.language.as_deref();
        if embedder.speaks(language) {
            let before = joined(&before::texts(ticket));
            return Meant {
                asked: embedder.question_here(&asked(ticket).texts()),
                before: before.and_then(|it| embedder.question_here(&[&it])),
            };
        }
        // Of a question in another language, what the lexicon knows of it.
        let words = translated(embedder, ticket);
        let asked = words.and_then(|it| embedder.question_here(&[&it]));
        Meant { asked, before: None }
    }
}

/// A ticket's texts, ready to be sent to an endpoint.
#[derive(Clone)]
pub struct ToAsk {
    asked: Option<Outgoing>,
    before: Option<Outgoing>,
}

impl ToAsk {
    /// `None` if there is no endpoint to ask. Masks and cuts: work for the threads that
    /// may work.
    #[must_use]
    pub fn new(embedder: &Embedder, ticket: &Ticket) -> Option<ToAsk> {
        let endpoint = embedder.endpoint()?;
        if !embedder.speaks(ticket.language.as_deref()) {
            let asked = translated(embedder, ticket).map(|it| endpoint.question(&it));
            return Some(ToAsk { asked, before: None });
        }
        let question = asked(ticket);
        let text = question.texts().concat();
        Some(ToAsk {
            asked: (!question.is_empty()).then(|| endpoint.question(&text)),
            before: joined(&before::texts(ticket)).map(|it| endpoint.question(&it)),
        })
    }

    /// Asks for what they mean, in one call, while the ticket waits.
    ///
    /// # Errors
    /// See [`EmbedError`].
    pub async fn ask(self, endpoint: &Endpoint) -> Result<Meant, EmbedError> {
        let texts: Vec<Outgoing> = self.texts().cloned().collect();
        let meanings = endpoint.ask_once(&texts).await?;
        Ok(self.given(&mut meanings.into_iter().map(Some)))
    }

    /// Asks for what many tickets mean, in as few calls as may be.
    ///
    /// # Errors
    /// See [`EmbedError`].
    pub async fn ask_all(all: Vec<ToAsk>, endpoint: &Endpoint) -> Result<Vec<Meant>, EmbedError> {
        let texts: Vec<Outgoing> = all.iter().flat_map(ToAsk::texts).cloned().collect();
        let mut meanings = Vec::with_capacity(texts.len());
        for batch in texts.chunks(endpoint.batch()) {
            let told = endpoint.ask_patiently(batch).await?.into_iter();
            meanings.extend(told.map(|it| it.map(|it| endpoint.sought(it))));
        }
        let mut meanings = meanings.into_iter();
        Ok(all.iter().map(|it| it.given(&mut meanings)).collect())
    }

    fn texts(&self) -> impl Iterator<Item = &Outgoing> {
        self.asked.iter().chain(&self.before)
    }

    /// Takes what was told of [`ToAsk::texts`].
    fn given(&self, meanings: &mut impl Iterator<Item = Option<Sought>>) -> Meant {
        let mut next = |text: &Option<Outgoing>| text.as_ref().and_then(|_| meanings.next()?);
        Meant { asked: next(&self.asked), before: next(&self.before) }
    }
}

/// `None` if nothing was said.
fn joined(texts: &[&str]) -> Option<String> {
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// `None` if the lexicon knows too little of it, or the embedder would not understand
/// that either.
fn translated(embedder: &Embedder, ticket: &Ticket) -> Option<String> {
    if !embedder.speaks(Some(LEXICON_SPEAKS)) {
        return None;
    }
    let text = asked(ticket).texts().concat();
    let language = ticket.language.as_deref().unwrap_or_default();
    let words = lexicon::translate(&text, language, LEXICON_SPEAKS);
    (MIN_TRANSLATED <= words.len()).then(|| words.join(" "))
}
