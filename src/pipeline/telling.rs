//! A reply that is told while a model still words it. Whether the question may be answered
//! is decided first, on the reply composed without a model; the model then only chooses
//! among the articles that one cites, and what is told are its quotes, each checked like
//! a reply of its own.

mod beginning;
mod pieces;

pub use beginning::Begun;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::PrepareError;
use super::Understood;
use super::judge::allowed;
use super::judge::decided_at;
use super::judge::judge;
use crate::clock::Stopwatch;
use crate::decide::Decision;
use crate::draft::Draft;
use crate::draft::Sentence;
use crate::draft::Writer;
use crate::draft::generative::Asking;
use crate::draft::generative::GenerateError;
use crate::draft::generative::Generative;
use crate::draft::generative::Piece;
use crate::draft::generative::Units;
use crate::draft::generative::leans;
use crate::llm::Asked;
use crate::llm::Said;
use crate::pipeline::Context;
use crate::pipeline::Pipeline;
use crate::proposal::Proposal;
use crate::proposal::Versions;

use pieces::Gate;

/// Sentences that may wait to be checked: more than an answer may have.
const N_WAITING: usize = 64;

/// Marks drafts that were made piece by piece: no promise about whole ones holds for them.
const PIECE_BY_PIECE: &str = "streamed";

/// A reply under way. [`Telling::next`] until nothing follows, then [`Telling::finish`].
pub struct Telling<'a> {
    pipeline: &'a Pipeline,
    gate: Arc<Gate>,
    /// What is known of the ticket, for the reply in place of this one.
    found: Understood,
    context: Context,
    /// Of a reply no model wrote, and of the prompt.
    versions: Versions,
    prompt_version: String,
    asking: Asking,
    model: Option<Pin<Box<dyn Future<Output = Asked<()>> + Send + 'a>>>,
    said: Option<mpsc::Receiver<Said>>,
    asked: Option<Asked<()>>,
    /// What the reply is told under, once it is known which model words it.
    standing: Option<Proposal>,
    units: Units,
    ready: VecDeque<Vec<Piece>>,
    told: Draft,
    n_told: usize,
    n_dropped: usize,
    /// True if what stood before the next sentence was not told.
    is_torn: bool,
    failure: Option<String>,
    place: Place,
    watch: Stopwatch,
}

/// How far a reply is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The model writes.
    Writing,
    /// It wrote its last; what it opened is looked at.
    Ended,
    Over,
}

impl std::fmt::Debug for Telling<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Telling").field("place", &self.place).finish_non_exhaustive()
    }
}

impl<'a> Telling<'a> {
    fn new(
        pipeline: &'a Pipeline,
        model: &'a Generative,
        (found, gate): (Understood, Proposal),
        context: &Context,
        versions: Versions,
        asking: Asking,
    ) -> Telling<'a> {
        let (sender, said) = mpsc::channel(N_WAITING);
        let prompt = asking.prompt().clone();
        let writing = async move { model.stream(&prompt, sender).await };
        let told = Draft {
            sentences: Vec::new(),
            citations: Vec::new(),
            written_by: Writer::Extractive,
            ..gate.draft.clone()
        };
        Telling {
            pipeline,
            gate: Arc::new(Gate { whole: gate, limits: context.limits.clone() }),
            found,
            context: context.clone(),
            versions,
            prompt_version: format!("{} {PIECE_BY_PIECE}", model.prompt_version()),
            asking,
            model: Some(Box::pin(writing)),
            said: Some(said),
            asked: None,
            standing: None,
            units: Units::default(),
            ready: VecDeque::new(),
            told,
            n_told: 0,
            n_dropped: 0,
            is_torn: false,
            failure: None,
            place: Place::Writing,
            watch: Stopwatch::start(),
        }
    }

    /// The next sentences that may be told, all of them at once. `None` if nothing follows,
    /// or nothing of this reply may be told without a person.
    ///
    /// # Errors
    /// If a step panicked.
    pub async fn next(&mut self) -> Result<Option<Vec<Sentence>>, PrepareError> {
        loop {
            if let Some(unit) = self.ready.pop_front() {
                let told = self.tell(unit).await?;
                if told.is_some() && self.is_open() {
                    return Ok(told);
                }
                continue;
            }
            match self.place {
                Place::Over => return Ok(None),
                Place::Ended => {
                    self.place = Place::Over;
                    let ending = self.ending();
                    if !ending.is_empty() && self.is_open() {
                        return Ok(Some(ending));
                    }
                }
                Place::Writing => match self.heard().await {
                    Some(said) => self.take(&said),
                    None => {
                        self.place = Place::Ended;
                        self.ready.extend(self.units.end());
                    }
                },
            }
        }
    }

    /// Says no more. What was told stands.
    pub fn stop(&mut self) {
        self.said = None;
        self.model = None;
        self.ready.clear();
        self.place = Place::Over;
    }

    /// True if this reply may be told without a person.
    fn is_open(&self) -> bool {
        self.standing.as_ref().is_some_and(|it| it.decision == Decision::Send)
    }

    /// What the model says next; `None` if nothing follows.
    async fn heard(&mut self) -> Option<Said> {
        if let (Some(model), Some(said)) = (&mut self.model, &mut self.said) {
            tokio::select! {
                biased;
                heard = said.recv() => if heard.is_some() { return heard },
                asked = model => {
                    self.asked = Some(asked);
                    self.model = None;
                    // It may have said something just before.
                    return said.recv().await;
                }
            }
        }
        if let (None, Some(said)) = (&self.model, &mut self.said) {
            return said.recv().await;
        }
        // Nobody listens any more: it ends at once, and says what it cost.
        self.said = None;
        if let Some(model) = self.model.take() {
            self.asked = Some(model.await);
        }
        None
    }

    fn take(&mut self, said: &Said) {
        if self.standing.is_none() {
            let whole = self.gate.whole.clone();
            let versions = Versions {
                prompt: self.prompt_version.clone(),
                model: said.by.to_string(),
                ..self.versions.clone()
            };
            let (set, license) = allowed(&self.context, &versions, &whole.triage.stage.id);
            self.standing = Some(decided_at(Proposal { versions, ..whole }, set, license));
            self.told.written_by = Writer::Model(said.by.to_string());
        }
        match self.asking.read(&said.item) {
            Ok(Some(piece)) => self.ready.extend(self.units.push(piece)),
            Ok(None) => {}
            Err(why) => {
                // Whoever breaks the form cannot be trusted with the rest.
                self.failure = Some(why.to_owned());
                self.said = None;
            }
        }
    }

    /// Goes on with a unit if it may be told.
    async fn tell(&mut self, unit: Vec<Piece>) -> Result<Option<Vec<Sentence>>, PrepareError> {
        let n_statements = pieces::n_statements(&unit);
        if n_statements == 0 {
            return Ok(None);
        }
        let gate = Arc::clone(&self.gate);
        let is_out = (self.is_torn && leans(&unit)) || !pieces::is_quoted(&unit);
        let checked = unit.clone();
        let passes = !is_out && self.pipeline.on_cpu(move || gate.passes(&checked)).await?;
        self.is_torn = !passes;
        if !passes {
            self.n_dropped += n_statements;
            return Ok(None);
        }
        self.n_told += n_statements;
        let n_before = self.told.sentences.len();
        if n_before == 0 {
            self.told.sentences.push(pieces::greeting(&self.told));
        }
        self.told.append(&unit);
        Ok(self.told.sentences.get(n_before..).map(<[_]>::to_vec))
    }

    /// What ends a reply: its closing, or where the model broke off or said more that may
    /// not be told than what may, the rest of the composed one.
    fn ending(&mut self) -> Vec<Sentence> {
        let n_before = self.told.sentences.len();
        if n_before == 0 {
            return Vec::new();
        }
        let is_sound = self.has_ended_well() && self.n_dropped <= self.n_told;
        if is_sound {
            self.told.sentences.push(pieces::closing(&self.told));
        } else {
            for unit in pieces::rest(&self.gate.whole.draft, &self.told) {
                self.told.append(&unit);
            }
        }
        self.told.sentences.get(n_before..).unwrap_or_default().to_vec()
    }

    fn has_ended_well(&self) -> bool {
        self.failure.is_none() && self.asked.as_ref().is_some_and(|it| it.answered.is_ok())
    }

    /// What has been told so far, as it is written down.
    pub fn so_far(&self) -> Proposal {
        let whole = self.standing.as_ref().unwrap_or(&self.gate.whole);
        let mut proposal = Proposal { draft: self.told.clone(), ..whole.clone() };
        // Its places are those of the composed reply's sentences.
        proposal.verdict.claims.clear();
        proposal.timings.push(("model".to_owned(), self.watch.elapsed_ms()));
        proposal.spent = self.asked.as_ref().map(|it| it.spent).unwrap_or_default();
        proposal
    }

    /// What it came to. Where nothing could be told, the decision is about the reply as a
    /// whole: the composed one, or none where the model found no answer.
    ///
    /// # Errors
    /// If a step panicked.
    pub async fn finish(self) -> Result<Proposal, PrepareError> {
        let so_far = self.so_far();
        if !self.told.sentences.is_empty() {
            let check = move || pieces::verified(so_far);
            return self.pipeline.on_cpu(check).await;
        }
        let is_silent = self.has_ended_well() && self.n_dropped == 0;
        let Telling { pipeline, found, context, versions, prompt_version, asked, .. } = self;
        let (timings, spent) = (so_far.timings, so_far.spent);
        let found = Understood { timings, ..found };
        let answered = asked.map(|it| it.answered);
        let whole = match (answered, self.failure) {
            (Some(Ok(answered)), None) if is_silent => {
                let written_by = Writer::Model(answered.by.clone());
                let (draft, model) = (Draft { written_by, ..self.told }, answered.by);
                let versions = Versions { prompt: prompt_version, model, ..versions };
                pipeline.on_cpu(move || judge(found, draft, &context, versions)).await?
            }
            (answered, failure) => {
                let failure = match (answered, failure) {
                    (Some(Err(failure)), _) => GenerateError::from(failure).to_string(),
                    (_, Some(why)) => format!("the model's answer cannot be used: {why}"),
                    (_, None) => "nothing the model wrote is a quote".to_owned(),
                };
                let composed = self.gate.whole.draft.clone();
                pipeline.instead(found, composed, &context, versions, failure).await?
            }
        };
        Ok(Proposal { spent, ..whole })
    }
}
