//! From a message of a chat to what its page is told. A word is told only after it is
//! written down, whether a reply is told whole or while a model writes it; nothing is said
//! where a person has the chat.

use jiff::Timestamp;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::Asked;
use super::Event;
use crate::act;
use crate::act::Manner;
use crate::act::Record;
use crate::act::Seen;
use crate::app::App;
use crate::decide::Decision;
use crate::decide::Reason;
use crate::decide::Silence;
use crate::draft;
use crate::draft::Draft;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::guarantee;
use crate::handover;
use crate::handover::Custody;
use crate::handover::GivenBack;
use crate::handover::Leave;
use crate::handover::State;
use crate::hours::Hours;
use crate::pipeline::Begun;
use crate::pipeline::Circumstances;
use crate::pipeline::Telling;
use crate::proposal::Proposal;
use crate::server::api::drafts;
use crate::store::StoreError;
use crate::store::chat;
use crate::store::custody;
use crate::store::decisions::Decided;
use crate::store::outbox::Planned;
use crate::text;

/// The page: where events go. Gone pages are noticed by whoever runs this.
type Page = mpsc::Sender<Event>;

/// Thinks about a message, writes down what comes of it, and tells the page.
pub(super) async fn answer(app: &App, asked: Asked, page: &Page) {
    if let Err(error) = Box::pin(attempt(app, &asked, page)).await {
        tracing::error!(
            error = format!("{error:#}"),
            "a message of the chat could not be answered"
        );
        let hours = &asked.context.policy.hours;
        let handed_over = HandedOver { hours, now: app.clock.now(), language: None };
        tell(page, handed_over.events("unavailable", String::new())).await;
    }
}

async fn attempt(app: &App, asked: &Asked, page: &Page) -> anyhow::Result<()> {
    let circumstances = {
        // A page has no tags by which a person could set the stage.
        Circumstances { now: app.clock.now(), custody: custody(app, asked).await?, stage_set: None }
    };
    // Under the certificate that holds now, if it takes one.
    let context = guarantee::licensed(&app.store, &asked.context, &asked.caller).await?;
    let begun = app.pipeline.begin(&asked.conversation, &context, &circumstances).await?;
    let is_waiting = circumstances.custody.state == State::Waiting;
    match begun {
        Begun::Whole(proposal) => settle(app, asked, *proposal, is_waiting, page).await,
        Begun::Telling(telling) => Box::pin(tell_along(app, asked, telling, page)).await,
    }
}

/// Who has the chat, by what the page shows of it and what was seen before. Kept, so that
/// a page that forgets what a person wrote does not give it back to us.
async fn custody(app: &App, asked: &Asked) -> Result<Custody, StoreError> {
    if !asked.is_named {
        return Ok(Custody::default());
    }
    let (key, now_ms) = (asked.key(), app.clock.now_ms());
    let conversation = asked.conversation.clone();
    app.store
        .write(move |connection| {
            let mut custody = custody::of(connection, &key)?;
            // A page has no tags and no status: it is given back by command.
            custody.observe(&conversation, &GivenBack::default(), now_ms);
            custody::keep(connection, &key, &custody)?;
            Ok(custody)
        })
        .await
}

/// Writes a decision about a whole reply down, and tells the page of it; again that a
/// person is needed where one is waited for.
async fn settle(
    app: &App,
    asked: &Asked,
    proposal: Proposal,
    is_waiting: bool,
    page: &Page,
) -> anyhow::Result<()> {
    let sends = proposal.decision == Decision::Send;
    let (record, decided) = decided(app, asked, proposal, None);
    let reply = sends.then(|| act::planned_reply(&record.proposal, decided.at_ms));
    let proposal = record.proposal;
    let id = decided.id.clone();
    let (caller, limits) = (asked.caller.clone(), asked.limits);
    // Whoever was promised a person is not answered by us a moment later.
    let is_for_people = asked.is_named && is_for_people(proposal.decision);
    let stored = app.store.write(move |it| {
        let held = chat::record(it, &decided, &caller, reply.as_ref(), limits)?;
        if is_for_people {
            hand_over(it, &decided)?;
        }
        Ok(held)
    });
    let held = stored.await?;
    let handed_over = HandedOver::of(app, asked, &proposal);
    let is_with_people = proposal.signals.leave != Leave::Reply;
    // Where a person is waited for, that is told again.
    let stood_down = |silence| silence != Silence::WithPeople || !is_waiting;
    let events = match (held, proposal.decision) {
        (Some(why), _) => handed_over.instead(&Ok(Some(why)), id),
        (None, Decision::Send) => {
            let mut events = sentences(&proposal.draft.sentences);
            events.extend(end(&proposal.draft, id));
            events
        }
        (None, Decision::StandDown(silence)) if stood_down(silence) => {
            vec![Event::Done { answered: false, id }]
        }
        (None, _) if is_waiting => handed_over.events("with_people", id),
        (None, Decision::StandDown(_)) => vec![Event::Done { answered: false, id }],
        (None, _) if is_with_people => vec![Event::Done { answered: false, id }],
        (None, Decision::Suggest) if proposal.signals.language_unsupported => {
            handed_over.events("language", id)
        }
        (None, Decision::Suggest) => handed_over.events("not_sure", id),
        (None, Decision::Escalate(reason)) => handed_over.events(word_for(reason), id),
    };
    tell(page, events).await;
    Ok(())
}

/// True for what is for people whatever is asked next.
fn is_for_people(decision: Decision) -> bool {
    matches!(decision, Decision::Escalate(Reason::AskedForPerson | Reason::SensitiveTopic))
}

/// Keeps that people have a chat now, until it is given back.
fn hand_over(connection: &rusqlite::Connection, decided: &Decided) -> rusqlite::Result<()> {
    let mut custody = custody::of(connection, &decided.conversation)?;
    // Nobody is called: who takes over, and when, is the page's to know.
    for event in [handover::Event::HandedOver, handover::Event::Delivered] {
        custody.step(event, decided.at_ms);
    }
    custody::keep(connection, &decided.conversation, &custody)
}

/// Tells a reply while a model words it. What is told was written down just before.
async fn tell_along(
    app: &App,
    asked: &Asked,
    mut telling: Box<Telling<'_>>,
    page: &Page,
) -> anyhow::Result<()> {
    let mut begun: Option<Decided> = None;
    while let Some(told) = telling.next().await? {
        let (record, decided) = decided(app, asked, telling.so_far(), begun.as_ref());
        let reply = act::planned_reply(&record.proposal, decided.at_ms);
        let is_first = begun.is_none();
        begun = Some(Decided { record: String::new(), ..decided.clone() });
        let id = decided.id.clone();
        let held = write_down(app, asked, decided, reply, is_first.then(|| opening(&told))).await;
        if let Ok(None) = held {
            tell(page, sentences(&told)).await;
            continue;
        }
        telling.stop();
        let mut events = Vec::new();
        if !is_first {
            events.push(Event::Sources { sources: drafts::sources(&record.proposal.draft) });
        }
        events.extend(HandedOver::of(app, asked, &record.proposal).instead(&held, id));
        tell(page, events).await;
        if let Err(error) = held {
            tracing::error!(%error, "an answer of the chat could not be written down");
        }
        return Ok(());
    }
    let proposal = telling.finish().await?;
    let Some(begun) = begun else { return settle(app, asked, proposal, false, page).await };
    let (record, decided) = decided(app, asked, proposal, Some(&begun));
    tell(page, end(&record.proposal.draft, begun.id)).await;
    // What was told is written down already; this adds what it cost and how it was checked.
    app.store.write(move |it| chat::end(it, &decided)).await?;
    Ok(())
}

/// Writes down what is told next; why it may not be told, if it may not.
async fn write_down(
    app: &App,
    asked: &Asked,
    decided: Decided,
    reply: Planned,
    opening: Option<String>,
) -> Result<Option<String>, StoreError> {
    let (caller, limits) = (asked.caller.clone(), asked.limits);
    let writing = app.store.write(move |connection| match &opening {
        Some(opening) => chat::begin(connection, &decided, &caller, (&reply, opening), limits),
        None => chat::go_on(connection, &decided, &reply),
    });
    writing.await
}

/// What a reply's first statement is known by.
fn opening(told: &[Sentence]) -> String {
    let first = told.iter().find(|it| it.kind != SentenceKind::Joint);
    first.map(|it| text::fingerprint(&it.text)).unwrap_or_default()
}

/// The row of a decision; that of one which was begun goes on under its id.
fn decided(
    app: &App,
    asked: &Asked,
    proposal: Proposal,
    begun: Option<&Decided>,
) -> (Record, Decided) {
    let now_ms = app.clock.now_ms();
    let record = Record { proposal, seen: Seen::of(&asked.conversation, now_ms) };
    let manner = Manner { brand: asked.context.scope.brand.clone(), ..Manner::default() };
    // A page names no messages that could be told apart for sure: each request is one.
    let trigger = begun.map_or_else(|| Uuid::now_v7().to_string(), |it| it.trigger.clone());
    let mut decided = act::decided(&record, &manner, &asked.key(), &trigger, now_ms);
    if let Some(begun) = begun {
        decided.id.clone_from(&begun.id);
    }
    (record, decided)
}

async fn tell(page: &Page, events: Vec<Event>) {
    for event in events {
        if page.send(event).await.is_err() {
            return;
        }
    }
}

fn sentences(told: &[Sentence]) -> Vec<Event> {
    let sentence = |it: &Sentence| Event::Sentence {
        text: it.text.clone(),
        layout: it.layout,
        cites: it.cites.iter().map(|it| it + 1).collect(),
    };
    told.iter().map(sentence).collect()
}

/// What follows the sentences of a reply.
fn end(draft: &Draft, id: String) -> Vec<Event> {
    vec![Event::Sources { sources: drafts::sources(draft) }, Event::Done { answered: true, id }]
}

/// Tells a page that a person is needed.
struct HandedOver<'a> {
    hours: &'a Hours,
    now: Timestamp,
    language: Option<&'a str>,
}

impl<'a> HandedOver<'a> {
    fn of(app: &App, asked: &'a Asked, proposal: &'a Proposal) -> HandedOver<'a> {
        let hours = &asked.context.policy.hours;
        let language = proposal.ticket.language.as_deref();
        HandedOver { hours, now: app.clock.now(), language }
    }

    /// Where a reply was held back or could not be written down. A person who has the chat
    /// needs no call, and the customer no word of ours.
    fn instead(&self, held: &Result<Option<String>, StoreError>, id: String) -> Vec<Event> {
        match held {
            Ok(Some(why)) if why == custody::WITH_PEOPLE => {
                vec![Event::Done { answered: false, id }]
            }
            Ok(_) => self.events("not_sure", id),
            Err(_) => self.events("unavailable", id),
        }
    }

    fn events(&self, reason: &str, id: String) -> Vec<Event> {
        let message = draft::for_a_person(self.language, self.hours, self.now);
        let reason = reason.to_owned();
        vec![Event::Handoff { reason, message }, Event::Done { answered: false, id }]
    }
}

/// What a page may know of a reason: why a draft was not good enough stays with the team.
fn word_for(reason: Reason) -> &'static str {
    match reason {
        Reason::AskedForPerson => "asked_for_person",
        Reason::SensitiveTopic => "sensitive_topic",
        Reason::ReplyLimit => "reply_limit",
        Reason::EmptyQuestion => "empty_question",
        Reason::NothingFound => "nothing_found",
        Reason::Language => "language",
        Reason::SaidBefore
        | Reason::Contradicted
        | Reason::Guarded
        | Reason::WeakGrounding
        | Reason::LowConfidence => "not_sure",
    }
}
