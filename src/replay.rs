//! Past tickets asked again in the order they came, each with only what was known when
//! its day began, and what came of them beside what people did: what a team sees of
//! Deskhand before a customer does. Changes nothing anywhere.

mod gaps;
mod journal;
mod months;
mod outcome;
mod page;
mod report;
mod shares;

pub use self::gaps::Example;
pub use self::gaps::Gap;
pub use self::journal::Basis;
pub use self::journal::Journal;
pub use self::journal::JournalError;
pub use self::months::Month;
pub use self::outcome::Outcome;
pub use self::outcome::People;
pub use self::page::page;
pub use self::report::Bin;
pub use self::report::Point;
pub use self::report::Report;
pub use self::report::Row;
pub use self::shares::Share;

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream;
use jiff::Timestamp;
use sha2::Digest as _;
use sha2::Sha256;

use crate::eval::Folder;
use crate::eval::Meanings;
use crate::eval::Question;
use crate::eval::Shelf;
use crate::guarantee::Remembered;
use crate::index::Index;
use crate::index::IndexError;
use crate::knowledge::Document;
use crate::pipeline::Circumstances;
use crate::pipeline::Context;
use crate::pipeline::Pipeline;
use crate::pipeline::PrepareError;
use crate::proposal::Proposal;

/// Tickets that are prepared at once: two a core, so that none waits while one is asked
/// of a model. (Guessed.)
const AT_ONCE: usize = 4;

const SECONDS_A_DAY: i64 = 86_400;

/// A replay that could not go on. What is in the journal stays.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(
        "no past ticket has a date and comes after the others; ingest a history \
         (`deskhand ingest connection:NAME --since DATE`), or name a folder by --data"
    )]
    NothingToAsk,
    #[error("could not build the index of a day: {0}")]
    Index(#[from] IndexError),
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What is asked again, and of what.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The knowledge, each piece from its date on. Its questions are not asked.
    pub folder: Folder,
    /// Oldest first, each with a date.
    pub questions: Vec<Question>,
    /// Those that were left out because nobody knows when they were asked.
    pub n_undated: usize,
}

/// Which tickets are asked again.
#[derive(Debug, Clone, Copy, Default)]
pub struct Chosen {
    /// Only those from then on; all but the first fifth, which is what is known when the
    /// second begins, where it is not said.
    pub since: Option<Timestamp>,
    /// The newest so many.
    pub at_most: Option<usize>,
}

impl Plan {
    /// The questions of a folder, or its past tickets where it has none.
    ///
    /// # Errors
    /// `NothingToAsk` if none of them has a date.
    pub fn new(mut folder: Folder, chosen: Chosen) -> Result<Plan, ReplayError> {
        let mut questions = std::mem::take(&mut folder.questions);
        let are_past = questions.is_empty();
        if are_past {
            questions = folder.past_tickets.iter().map(Question::of_past_ticket).collect();
        }
        let n_all = questions.len();
        questions.retain(|it| it.asked_at().is_some());
        let n_undated = n_all - questions.len();
        questions.sort_by_key(Question::asked_at);
        match chosen.since {
            Some(since) => questions.retain(|it| Some(since) <= it.asked_at()),
            None if are_past => drop(questions.drain(..questions.len() / 5)),
            None => {}
        }
        if let Some(n) = chosen.at_most {
            questions.drain(..questions.len().saturating_sub(n));
        }
        if questions.is_empty() {
            return Err(ReplayError::NothingToAsk);
        }
        Ok(Plan { folder, questions, n_undated })
    }

    /// Names everything that is known and asked: another name where a word of it differs.
    #[must_use]
    pub fn history(&self) -> String {
        let mut hash = Sha256::new();
        let documents = self.folder.articles.iter().chain(&self.folder.past_tickets);
        for document in documents {
            // Written by ourselves, and so never at fault.
            hash.update(serde_json::to_vec(document).unwrap_or_default());
        }
        for question in &self.questions {
            hash.update(&question.id);
            hash.update([0]);
        }
        hex::encode(hash.finalize()).chars().take(16).collect()
    }
}

/// Asks every ticket of a plan that the journal does not hold yet. `pipeline` makes what
/// prepares from the index of the plan; `progress` is told how many are done.
///
/// # Errors
/// If the index, the journal or a step fails. What is done until then is in the journal.
pub async fn replay(
    plan: &Plan,
    meanings: &Meanings,
    context: &Context,
    pipeline: impl FnOnce(Arc<Index>) -> anyhow::Result<Pipeline>,
    journal: (&mut Journal, Vec<Outcome>),
    mut progress: impl FnMut(usize),
) -> anyhow::Result<Vec<Outcome>> {
    let (journal, mut outcomes) = journal;
    let done: HashSet<String> = outcomes.iter().map(|it| it.id.clone()).collect();
    let past: HashMap<&str, &Document> =
        plan.folder.past_tickets.iter().map(|it| (it.id.as_str(), it)).collect();
    let mut shelf = Shelf::as_it_was(&plan.folder, meanings).map_err(ReplayError::Index)?;
    let pipeline = pipeline(Arc::clone(&shelf.index))?;
    let left = plan.questions.iter().filter(|it| !done.contains(&it.id));
    let left: Vec<(Timestamp, &Question)> =
        left.filter_map(|it| Some((it.asked_at()?, it))).collect();
    progress(outcomes.len());
    for day in left.chunk_by(|one, other| day_of(one.0) == day_of(other.0)) {
        let Some((first, _)) = day.first() else { continue };
        shelf.advance(Some(day_of(*first))).map_err(ReplayError::Index)?;
        let mut asked = stream::iter(day)
            .map(|(at, question)| {
                let past = past.get(question.id.as_str()).copied();
                ask(&pipeline, context, question, *at, past)
            })
            .buffered(AT_ONCE);
        while let Some(outcome) = asked.next().await {
            let outcome = outcome?;
            journal.add(&outcome).map_err(ReplayError::Journal)?;
            outcomes.push(outcome);
            progress(outcomes.len());
        }
    }
    Ok(outcomes)
}

/// Asks drawn tickets of the service again, each with what is known to have been known
/// when its day began and without its own answer. Nothing is kept.
///
/// # Errors
/// If the index or a step fails.
pub async fn again(
    remembered: Vec<Remembered>,
    mut folder: Folder,
    meanings: &Meanings,
    context: &Context,
    pipeline: impl FnOnce(Arc<Index>) -> anyhow::Result<Pipeline>,
    mut progress: impl FnMut(usize),
) -> anyhow::Result<Vec<(Remembered, Proposal)>> {
    let own: HashSet<&str> = remembered.iter().map(|it| it.conversation.id.as_str()).collect();
    folder.past_tickets.retain(|it| !own.contains(it.id.as_str()));
    let mut shelf = Shelf::as_it_was(&folder, meanings).map_err(ReplayError::Index)?;
    let pipeline = pipeline(Arc::clone(&shelf.index))?;
    let mut asked = Vec::with_capacity(remembered.len());
    for it in remembered {
        let at = Timestamp::from_millisecond(it.at_ms).unwrap_or(Timestamp::MIN);
        shelf.advance(Some(day_of(at))).map_err(ReplayError::Index)?;
        let then = Circumstances::at(at);
        let proposal = pipeline.prepare(&it.conversation, context, &then).await?;
        asked.push((it, proposal));
        progress(asked.len());
    }
    Ok(asked)
}

async fn ask(
    pipeline: &Pipeline,
    context: &Context,
    question: &Question,
    at: Timestamp,
    past: Option<&Document>,
) -> Result<Outcome, ReplayError> {
    // The policies hold as they did at that hour.
    let then = Circumstances::at(at);
    let proposal = pipeline.prepare(&question.conversation(), context, &then).await?;
    Ok(Outcome::new(question, at, past, &proposal))
}

/// When the day of a moment began, in UTC: knowledge is taken in overnight.
fn day_of(at: Timestamp) -> Timestamp {
    let into_the_day = at.as_second().rem_euclid(SECONDS_A_DAY);
    Timestamp::from_second(at.as_second() - into_the_day).unwrap_or(Timestamp::MIN)
}
