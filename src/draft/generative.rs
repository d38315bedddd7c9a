//! The drafter that asks a model. The model chooses and words sentences; what it
//! may cite, where links lead and what is copied from where is settled here.
//! Past tickets and internal passages never reach a model.

pub mod reading;
mod asking;
mod units;
mod verbatim;

pub use asking::Asking;
pub use units::Piece;
pub use units::Units;
pub use units::leans;
pub use units::rest_of;

use std::sync::Arc;

use crate::draft::Draft;
use crate::draft::Sentence;
use crate::draft::Writer;
use crate::draft::joints;
use crate::knowledge::Hit;
use crate::knowledge::Passage;
use crate::knowledge::PublicPassage;
use crate::llm;
use crate::llm::Answered;
use crate::llm::Counted;
use crate::llm::ModelError;
use crate::llm::Models;
use crate::llm::Spent;
use crate::prompt::DraftSlots;
use crate::prompt::Fence;
use crate::prompt::Fenced;
use crate::prompt::PassageSlot;
use crate::prompt::PromptError;
use crate::prompt::Prompts;
use crate::text::language;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;
use crate::ticket::Turn;

/// The most passages a model is given, however large its budget. Guessed: what
/// stands below the eighth is rarely right and makes answers wander.
const MAX_PASSAGES: usize = 8;

/// Earlier turns a model is given, the latest ones. Guessed: three exchanges.
const MAX_TURNS: usize = 6;

/// Shares of the token budget that the open question and the earlier turns may
/// take, as divisors; passages get what is left. Guessed.
const QUESTION_SHARE: usize = 4;
const CONVERSATION_SHARE: usize = 8;

/// A reply that a model did not write. Holds no text of tickets or answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GenerateError {
    /// Nothing was found that a model may be given; none was asked.
    #[error("no passage may be given to a model")]
    NoPassage,
    /// Not even the best passage fits beside the question.
    #[error("no passage fits into model.max_tokens beside the prompt; raise it")]
    NoRoom,
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error(transparent)]
    Prompt(#[from] PromptError),
}

/// What came of asking for a draft, and what that cost.
#[derive(Debug)]
pub struct Drafted {
    /// # Errors
    /// If there is nothing to give, or no answer that holds to the form.
    pub draft: Result<Draft, GenerateError>,
    pub spent: Spent,
}

/// What a model is to be asked. The model is not told what we think of a ticket: the
/// decision is ours.
#[derive(Debug)]
pub struct Request {
    prompt: Counted,
    /// Passages in it, from the best.
    n_given: usize,
    fence: Fence,
}

/// Drafts by asking a model.
#[derive(Debug)]
pub struct Generative {
    models: Models,
    prompts: Arc<Prompts>,
}

impl Generative {
    /// A drafter that asks these models.
    pub fn new(models: Models, prompts: Arc<Prompts>) -> Generative {
        Generative { models, prompts }
    }

    /// Changes when any prompt does.
    pub fn prompt_version(&self) -> String {
        self.prompts.version()
    }

    /// What to ask for a reply from these passages, best first: as many of them as the
    /// budget holds, the worst left out first. Renders and counts: work for the threads that
    /// may work.
    ///
    /// # Errors
    /// If there is nothing to give, or no room for it.
    pub fn request(&self, ticket: &Ticket, hits: &[Hit]) -> Result<Request, GenerateError> {
        let (fence, passages) = (Fence::new(rand::random()), givable(hits));
        if passages.is_empty() {
            return Err(GenerateError::NoPassage);
        }
        let slot = |(number, passage): (usize, &PublicPassage<'_>)| {
            let passage = passage.passage();
            let text = format!("{}\n{}", headline(passage), passage.text);
            PassageSlot { number, text: fence.around("passage", &text) }
        };
        let mut slots = DraftSlots {
            language: ticket.language.clone().filter(|it| is_language(it)),
            conversation: self.conversation(ticket, &fence),
            question: self.question(ticket, &fence),
            passages: (1..).zip(&passages).map(slot).collect(),
            fence: fence.clone(),
        };
        let max_tokens = self.models.max_tokens();
        loop {
            let counted = Counted::of(self.prompts.draft(&slots)?);
            let mut excess = counted.n_tokens().saturating_sub(max_tokens);
            if excess == 0 {
                let n_given = slots.passages.len();
                return Ok(Request { prompt: counted, n_given, fence });
            }
            while 0 < excess
                && let Some(worst) = slots.passages.pop()
            {
                excess = excess.saturating_sub(llm::count_tokens(worst.text.as_str()));
            }
            if slots.passages.is_empty() {
                return Err(GenerateError::NoRoom);
            }
        }
    }

    /// Asks. A draft without sentences is the model's word that the passages do not
    /// answer. The ticket and the hits are those of the request.
    pub async fn draft(&self, request: &Request, ticket: &Ticket, hits: &[Hit]) -> Drafted {
        let Request { prompt, n_given, fence } = request;
        let passages = givable(hits);
        let given = passages.get(..*n_given).unwrap_or_default();
        let asked = self.models.ask(prompt, |it| reading::read(it, given, fence)).await;
        let draft = asked.answered.map(|it| draft_of(it, ticket)).map_err(GenerateError::from);
        Drafted { draft, spent: asked.spent }
    }

    fn question(&self, ticket: &Ticket, fence: &Fence) -> Fenced {
        let max_tokens = self.models.max_tokens() / QUESTION_SHARE;
        let text = if ticket.subject.trim().is_empty() {
            ticket.question.clone()
        } else {
            format!("{}\n\n{}", ticket.subject, ticket.question)
        };
        fence.around("question", llm::clip(&text, max_tokens))
    }

    /// The turns before the open question. `None` if it came first.
    fn conversation(&self, ticket: &Ticket, fence: &Fence) -> Option<Fenced> {
        let is_open = |it: &Turn| it.author == AuthorKind::Customer;
        let n_open = ticket.turns.iter().rev().take_while(|it| is_open(it)).count();
        let earlier = ticket.turns.get(..ticket.turns.len() - n_open)?;
        let latest = earlier.get(earlier.len().saturating_sub(MAX_TURNS)..)?;
        if latest.is_empty() {
            return None;
        }
        // Each turn gets the same share: one long one must not hide the others.
        let max_tokens = self.models.max_tokens() / CONVERSATION_SHARE / latest.len();
        let lines = latest
            .iter()
            .map(|it| format!("{}: {}", speaker(it.author), llm::clip(&it.text, max_tokens)));
        Some(fence.around("conversation", &lines.collect::<Vec<_>>().join("\n\n")))
    }
}

/// What a model answered, with our own words around it.
fn draft_of(answered: Answered<reading::Answer>, ticket: &Ticket) -> Draft {
    let Answered { answer, by } = answered;
    let language = language_of(&answer.sentences).or_else(|| ticket.language.clone());
    Draft {
        sentences: with_joints(answer.sentences, language.as_deref()),
        citations: answer.citations,
        written_by: Writer::Model(by),
        asks_back: false,
        language,
    }
}

/// The language a reply turned out to be in, whatever was asked for.
fn language_of(sentences: &[Sentence]) -> Option<String> {
    let words: Vec<&str> = sentences.iter().map(|it| it.text.as_str()).collect();
    language::detect(&words.join(" ")).map(str::to_owned)
}

/// Greeting and closing around what the model wrote. Nothing around nothing.
fn with_joints(sentences: Vec<Sentence>, language: Option<&str>) -> Vec<Sentence> {
    if sentences.is_empty() {
        return sentences;
    }
    let [greeting, closing] = joints::around(language);
    let mut whole = vec![greeting];
    whole.extend(sentences);
    whole.push(closing);
    whole
}

fn speaker(author: AuthorKind) -> &'static str {
    match author {
        AuthorKind::Customer => "Customer",
        AuthorKind::Agent | AuthorKind::Own | AuthorKind::Unknown => "Team",
        AuthorKind::Bot | AuthorKind::System => "Automation",
    }
}

/// What a customer may read, best first. A past ticket may hold another
/// customer's words, and a draft may go to a customer whoever asked for it.
fn givable(hits: &[Hit]) -> Vec<PublicPassage<'_>> {
    let public = hits.iter().filter_map(|it| it.passage.public());
    public.filter(|it| !it.passage().text.trim().is_empty()).take(MAX_PASSAGES).collect()
}

/// The title and the headings above a passage, in one line.
fn headline(passage: &Passage) -> String {
    let mut parts = vec![passage.title.as_str()];
    parts.extend(passage.headings.iter().map(String::as_str));
    parts.join(" > ").replace(['\n', '\r'], " ")
}

/// A code, not a sentence that stands outside the fences.
fn is_language(code: &str) -> bool {
    matches!(code.len(), 2 | 3) && code.bytes().all(|it| it.is_ascii_lowercase())
}
