//! `prepare()`: a conversation in, a proposal out. Runs every step up to the
//! decision and changes nothing anywhere, so that the worker, an agent's
//! question, the demo and a replay all get the same answer.

mod context;
mod cpu;
mod authority;
mod judge;
mod others;
mod signals;
mod telling;
mod teams;
mod versions;

pub use self::authority::Authority;
pub use self::context::Circumstances;
pub use self::context::Context;
pub use self::cpu::Cpu;
pub use self::teams::Teams;
pub use self::telling::Begun;
pub use self::telling::Telling;

use std::sync::Arc;

use tracing::Instrument as _;

use crate::clock::Stopwatch;
use crate::confidence::Model;
use crate::decide::Retry;
use crate::draft::Draft;
use crate::draft::Drafter;
use crate::draft::Writer;
use crate::draft::generative::Drafted;
use crate::draft::generative::GenerateError;
use crate::draft::generative::Generative;
use crate::draft::generative::Request;
use crate::embed::Embedder;
use crate::index::Index;
use crate::index::IndexError;
use crate::journey::StageModel;
use crate::knowledge::Scope;
use crate::knowledge::public_hits;
use crate::llm::Spent;
use crate::normalize;
use crate::proposal::Proposal;
use crate::proposal::Versions;
use crate::retrieve;
use crate::retrieve::Meant;
use crate::retrieve::Retrieved;
use crate::retrieve::ToAsk;
use crate::ticket::Author;
use crate::ticket::AuthorKind;
use crate::ticket::Body;
use crate::ticket::Conversation;
use crate::ticket::Message;
use crate::ticket::Ticket;
use crate::triage;
use crate::triage::Known;
use crate::triage::Team;
use crate::triage::Triage;

use judge::judge;

/// Pause before a ticket is prepared again after a step failed.
const AFTER_FAILURE: std::time::Duration = std::time::Duration::from_secs(5);

/// A ticket that could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error("could not search the knowledge: {0}")]
    Search(#[from] IndexError),
    /// A step panicked: a defect. Its place is in the log.
    #[error("a step panicked")]
    Panicked,
}

impl PrepareError {
    /// Whether preparing again can help.
    pub fn retry(&self) -> Retry {
        match self {
            // A damaged index is set aside and rebuilt; until then tickets wait.
            PrepareError::Search(_) | PrepareError::Panicked => Retry::After(AFTER_FAILURE),
        }
    }
}

/// Everything the steps need, built once.
pub struct Pipeline {
    index: Arc<Index>,
    embedder: Arc<Embedder>,
    stages: Arc<StageModel>,
    drafter: Drafter,
    cpu: Arc<Cpu>,
    teams: Teams,
}

/// How long each step took, in milliseconds, in order.
type Timings = Vec<(String, f64)>;

impl Pipeline {
    pub fn new(
        index: Arc<Index>,
        embedder: Arc<Embedder>,
        stages: Arc<StageModel>,
        drafter: Drafter,
        cpu: Arc<Cpu>,
    ) -> Pipeline {
        Pipeline { index, embedder, stages, drafter, cpu, teams: Teams::new() }
    }

    /// Runs the steps once on nothing, so that the first customer does not wait
    /// for tables to be compiled and files to be read. Blocks.
    pub fn warm_up(&self) {
        let question = "How do I reset my password? I cannot sign in, please help.";
        let message = Message {
            id: "warm-up".to_owned(),
            at: None,
            author: Author { kind: AuthorKind::Customer, id: None, name: None, email: None },
            public: true,
            body: Body::Html(format!("<p>{question}</p>")),
            headers: Vec::new(),
        };
        let conversation = Conversation { messages: vec![message], ..Conversation::default() };
        let (stages, circumstances) = (Arc::clone(&self.stages), Circumstances::default());
        let sorting = Sorting { stages, team: None, circumstances };
        let sorted = sort(&sorting, &self.embedder, &conversation);
        let meant = Meant::here(&self.embedder, &sorted.ticket);
        if let Err(error) = search(&self.index, sorted, &meant, &Scope::public("")) {
            tracing::warn!(%error, "could not warm up");
        }
    }

    /// Prepares an answer to a conversation's open question.
    ///
    /// # Errors
    /// If the index cannot be searched. Everything else that can go wrong ends
    /// in a proposal that leaves the answer to a person.
    pub async fn prepare(
        &self,
        conversation: &Conversation,
        context: &Context,
        circumstances: &Circumstances,
    ) -> Result<Proposal, PrepareError> {
        let span = tracing::info_span!("ticket", conversation = conversation.id);
        self.prepare_in(conversation, context, circumstances).instrument(span).await
    }

    async fn prepare_in(
        &self,
        conversation: &Conversation,
        context: &Context,
        circumstances: &Circumstances,
    ) -> Result<Proposal, PrepareError> {
        let (context, team) = (context.clone(), self.teams.get(&context.scope.brand).cloned());
        let versions = versions::of(&self.index, &self.embedder, &self.stages, &context);
        let versions = versions::with_team(versions, team.as_deref());
        let read = self.read(conversation.clone(), circumstances.clone(), team).await?;
        let Drafter::Generative(model) = &self.drafter else {
            // Nobody is waited for: one way to another thread and back.
            let all = move || {
                let mut found = read(&context.scope)?;
                let draft = compose(&mut found);
                Ok(judge(found, draft, &context, versions))
            };
            return self.on_cpu(all).await?;
        };
        let (scoped, writer) = (context.clone(), Arc::clone(model));
        let reading = move || {
            let found = read(&scoped.scope)?;
            let request = request(&writer, &found);
            Ok::<_, PrepareError>((found, request))
        };
        let (mut found, request) = self.on_cpu(reading).await??;
        let modeled = match request {
            Err(failure) => Drafted { draft: Err(failure), spent: Spent::default() },
            Ok(request) => {
                let watch = Stopwatch::start();
                let Understood { ticket, retrieved, timings, .. } = &mut found;
                let modeled = model.draft(&request, ticket, &retrieved.articles).await;
                // Whatever came of it: so long the ticket waited for models.
                timings.push(("model".to_owned(), watch.elapsed_ms()));
                modeled
            }
        };
        let prompt = model.prompt_version();
        let judging = move || {
            let (draft, versions) = match modeled.draft {
                Ok(draft) => {
                    let model = match &draft.written_by {
                        Writer::Model(name) => name.clone(),
                        Writer::Extractive | Writer::Fallback(_) => String::new(),
                    };
                    (draft, Versions { prompt, model, ..versions })
                }
                // Nobody was asked, so nothing failed.
                Err(GenerateError::NoPassage) => (compose(&mut found), versions),
                Err(failure) => (compose_instead(&mut found, &failure), versions),
            };
            Proposal { spent: modeled.spent, ..judge(found, draft, &context, versions) }
        };
        self.on_cpu(judging).await
    }

    /// Other replies to the same question, at most `n`: each from the best article that
    /// none before it cites, in that article's own words, and nothing that may not go out.
    ///
    /// # Errors
    /// As for [`Pipeline::prepare`].
    pub async fn alternatives(
        &self,
        proposal: Proposal,
        context: &Context,
        n: usize,
    ) -> Result<(Proposal, Vec<Draft>), PrepareError> {
        let limits = context.limits.clone();
        self.on_cpu(move || {
            let others = others::others(&proposal, &limits, n);
            (proposal, others)
        })
        .await
    }

    /// What reads and searches, as CPU work that waits for nobody: if an endpoint has to
    /// be asked what a ticket means, it has been.
    async fn read(
        &self,
        conversation: Conversation,
        circumstances: Circumstances,
        team: Option<Arc<Team>>,
    ) -> Result<Reading, PrepareError> {
        let (stages, embedder) = (Arc::clone(&self.stages), Arc::clone(&self.embedder));
        let index = Arc::clone(&self.index);
        let Some(endpoint) = self.embedder.endpoint() else {
            let cpu = Arc::clone(&self.cpu);
            let sorting = Sorting { stages, team, circumstances };
            return Ok(Box::new(move |scope| {
                side_by_side(&cpu, &index, &embedder, &conversation, sorting, scope)
            }));
        };
        let sorting =
            move || sort(&Sorting { stages, team, circumstances }, &embedder, &conversation);
        let (mut sorted, mut meant) = (self.on_cpu(sorting).await?, Meant::default());
        if let Some(to_ask) = sorted.to_ask.take() {
            let watch = Stopwatch::start();
            match to_ask.ask(endpoint).await {
                Ok(answered) => meant = answered,
                Err(error) => tracing::warn!(%error, "a question is looked up by words alone"),
            }
            sorted.timings.push(("embed".to_owned(), watch.elapsed_ms()));
        }
        Ok(Box::new(move |scope| search(&index, sorted, &meant, scope)))
    }

    /// The one place where CPU work leaves the async threads.
    async fn on_cpu<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PrepareError> {
        self.cpu.run(work).await.map_err(|_| PrepareError::Panicked)
    }
}

/// Runs one step in its span and notes how long it took.
fn step<T>(name: &'static str, timings: &mut Timings, work: impl FnOnce() -> T) -> T {
    let watch = Stopwatch::start();
    let result = tracing::info_span!("step", name).in_scope(work);
    timings.push((name.to_owned(), watch.elapsed_ms()));
    result
}

/// What is known of a ticket before its answer is written.
#[derive(Clone)]
struct Understood {
    ticket: Ticket,
    triage: Triage,
    retrieved: Retrieved,
    /// What makes sure of a draft, for this brand.
    model: Model,
    circumstances: Circumstances,
    timings: Timings,
}

/// A ticket before anything was searched for it.
struct Sorted {
    ticket: Ticket,
    triage: Triage,
    /// What an endpoint is to be asked; `None` if nobody is.
    to_ask: Option<ToAsk>,
    circumstances: Circumstances,
    timings: Timings,
}

impl Sorted {
    /// With what was found for it.
    fn understood(self, index: &Index, scope: &Scope, retrieved: Retrieved) -> Understood {
        let model = Model::of(index.weights().get(&scope.brand), retrieved.signs.history);
        let Sorted { ticket, triage, circumstances, timings, .. } = self;
        Understood { ticket, triage, retrieved, model, circumstances, timings }
    }
}

/// Finds for readers of a scope.
type Reading = Box<dyn FnOnce(&Scope) -> Result<Understood, PrepareError> + Send>;

/// What a ticket is sorted by.
struct Sorting {
    stages: Arc<StageModel>,
    team: Option<Arc<Team>>,
    circumstances: Circumstances,
}

impl Sorting {
    fn normalize(&self, conversation: &Conversation, timings: &mut Timings) -> Ticket {
        let settled = self.circumstances.custody.settled.as_deref();
        step("normalize", timings, || normalize::normalize_after(conversation, settled))
    }

    fn triage(&self, ticket: &Ticket, timings: &mut Timings) -> Triage {
        let stage_set = self.circumstances.stage_set.as_deref();
        let known = Known { stage_set, team: self.team.as_deref() };
        step("triage", timings, || triage::triage(ticket, &self.stages, known))
    }
}

/// Normalize, triage.
fn sort(sorting: &Sorting, embedder: &Embedder, conversation: &Conversation) -> Sorted {
    let mut timings = Timings::new();
    let ticket = sorting.normalize(conversation, &mut timings);
    let triage = sorting.triage(&ticket, &mut timings);
    // Where nobody is to be answered there is no call to pay for.
    let is_silent = signals::silence(&ticket, &triage).is_some();
    let to_ask = if is_silent { None } else { ToAsk::new(embedder, &ticket) };
    Sorted { ticket, triage, to_ask, circumstances: sorting.circumstances.clone(), timings }
}

/// Retrieve.
fn search(
    index: &Index,
    mut sorted: Sorted,
    meant: &Meant,
    scope: &Scope,
) -> Result<Understood, PrepareError> {
    let find = || retrieve::retrieve(index, &sorted.ticket, meant, scope);
    let retrieved = step("retrieve", &mut sorted.timings, find)?;
    Ok(sorted.understood(index, scope, retrieved))
}

/// Normalize, then triage and retrieve: neither needs the other, and nobody has to be
/// asked what the ticket means.
fn side_by_side(
    cpu: &Cpu,
    index: &Index,
    embedder: &Embedder,
    conversation: &Conversation,
    sorting: Sorting,
    scope: &Scope,
) -> Result<Understood, PrepareError> {
    let mut timings = Timings::new();
    let ticket = Arc::new(sorting.normalize(conversation, &mut timings));
    let circumstances = sorting.circumstances.clone();
    let (sorted, mut found_in) = (Arc::clone(&ticket), Timings::new());
    let triage = move || {
        let mut timings = Timings::new();
        (sorting.triage(&sorted, &mut timings), timings)
    };
    let find = || {
        let meant = step("embed", &mut found_in, || Meant::here(embedder, &ticket));
        step("retrieve", &mut found_in, || retrieve::retrieve(index, &ticket, &meant, scope))
    };
    let (retrieved, (triage, sorted_in)) = cpu.both(find, triage);
    timings.extend(sorted_in.into_iter().chain(found_in));
    let ticket = Arc::unwrap_or_clone(ticket);
    let sorted = Sorted { ticket, triage, to_ask: None, circumstances, timings };
    Ok(sorted.understood(index, scope, retrieved?))
}

/// What a model is to be asked; `NoPassage` where none is.
fn request(writer: &Generative, found: &Understood) -> Result<Request, GenerateError> {
    let Understood { ticket, triage, retrieved, circumstances, .. } = found;
    if signals::is_settled(ticket, triage, circumstances) {
        // A person answers or nobody does: no call to pay for.
        return Err(GenerateError::NoPassage);
    }
    writer.request(ticket, &retrieved.articles)
}

/// Draft, from the passages' own sentences.
fn compose(found: &mut Understood) -> Draft {
    let Understood { ticket, retrieved, timings, .. } = found;
    step("draft", timings, || {
        crate::draft::extractive(ticket, &public_hits(&retrieved.articles), &retrieved.past_tickets)
    })
}

/// The same where a model was asked and wrote nothing that can be used.
fn compose_instead(found: &mut Understood, failure: &GenerateError) -> Draft {
    let failure = failure.to_string();
    tracing::warn!(failure, "composed a draft because the model wrote none");
    Draft { written_by: Writer::Fallback(failure), ..compose(found) }
}
