//! What the decision is made of, read off what the steps found.

mod doubts;
mod told;

use crate::decide::Signals;
use crate::decide::Silence;
use crate::decide::Thresholds;
use crate::draft::Draft;
use crate::draft::Writer;
use crate::guard::Guarded;
use crate::handover::Leave;
use crate::handover::State;
use crate::injection::suspicion;
use crate::knowledge::Hit;
use crate::pipeline::Circumstances;
use crate::pipeline::Context;
use crate::proposal;
use crate::retrieve::Retrieved;
use crate::text::language;
use crate::ticket::Ticket;
use crate::triage::FlagKind;
use crate::triage::Triage;
use crate::verify::Verdict;

/// Log-odds from which a passage talks to a model: more than a ticket needs, because an
/// article that is taken for an attack by mistake is so for each ticket. (Guessed.)
const PASSAGE_FROM: f32 = 1.0;

/// A draft, and what the steps after it made of it.
pub(super) struct Judged<'a> {
    pub draft: &'a Draft,
    pub verdict: &'a Verdict,
    pub guarded: &'a Guarded,
    pub probability: f32,
    /// Of the ticket's stage.
    pub thresholds: Thresholds,
}

pub(super) fn signals(
    ticket: &Ticket,
    triage: &Triage,
    retrieved: &Retrieved,
    judged: &Judged<'_>,
    context: &Context,
    circumstances: &Circumstances,
) -> Signals {
    let Judged { draft, verdict, guarded, probability, thresholds } = *judged;
    let has_words = ticket.question.chars().any(char::is_alphanumeric);
    // Where they are not told apart, the words of the question were found all the same.
    let one_language = language::may_be_same(ticket.language.as_deref(), draft.language.as_deref());
    // Below, nobody could send it, and what speaks against that is not looked for.
    let is_shown = thresholds.suggest_from <= probability;
    let could_go_out = thresholds.send_from.is_some_and(|least| least <= probability);
    Signals {
        silence: silence(ticket, triage),
        leave: circumstances.custody.leave(),
        policies: context.policy.holds(ticket, &triage.stage.id, circumstances.now),
        asked_for_person: triage.has(FlagKind::AskedForPerson),
        sensitive_topic: triage.has(FlagKind::Sensitive),
        injection: triage.has(FlagKind::Injection),
        injected_passage: could_go_out && talks_to_a_model(draft, &retrieved.articles),
        person_involved: person_involved(ticket, circumstances),
        reply_limit_reached: context.max_own_replies <= ticket.n_own_replies,
        said_before: told::says_it_again(draft, ticket),
        doubts: if is_shown {
            doubts::doubts(ticket, draft, &retrieved.articles, &context.scope.brand)
        } else {
            Vec::new()
        },
        tried_before: is_shown && told::advises_what_was_tried(draft, ticket),
        empty_question: !has_words,
        language_unsupported: !one_language,
        guarded: guarded.torn,
        n_passages: if draft.sentences.is_empty() && !guarded.torn {
            0
        } else {
            retrieved.articles.len()
        },
        fallback: matches!(draft.written_by, Writer::Fallback(_)),
        contradicted: verdict.contradicted,
        asks_back: draft.asks_back,
        stale: proposal::stale(draft, &retrieved.articles).next().is_some(),
        disputed: verdict.disputed.is_some(),
        unbacked: verdict.unbacked().next().is_some(),
        grounding: verdict.grounding,
        confidence: probability,
    }
}

/// The signals of a piece of a reply: what holds of the whole, and what this piece's own
/// words and sources add. Its own probability is not asked: what was found was.
pub(super) fn of_piece(whole: &Signals, articles: &[Hit], judged: &Judged<'_>) -> Signals {
    let Judged { draft, verdict, guarded, .. } = *judged;
    Signals {
        injected_passage: talks_to_a_model(draft, articles),
        guarded: !guarded.blocks.is_empty(),
        contradicted: verdict.contradicted,
        stale: proposal::stale(draft, articles).next().is_some(),
        disputed: verdict.disputed.is_some(),
        unbacked: verdict.unbacked().next().is_some(),
        grounding: verdict.grounding,
        ..whole.clone()
    }
}

/// True if a person of the team has written to this customer; what they wrote before
/// they gave the conversation back does not count any more.
fn person_involved(ticket: &Ticket, circumstances: &Circumstances) -> bool {
    let custody = &circumstances.custody;
    let settled = custody.settled.as_deref().filter(|_| custody.state == State::Returned);
    let turns = ticket.turns.iter().rev();
    let mut since = turns.take_while(|it| Some(it.message_id.as_str()) != settled);
    since.any(|it| it.author.is_staff())
}

/// True if a passage that the draft cites is written for a model.
fn talks_to_a_model(draft: &Draft, articles: &[Hit]) -> bool {
    let is_cited =
        |it: &&Hit| draft.citations.iter().any(|cited| cited.passage_id == it.passage.id);
    let told = |it: &Hit| format!("{}\n{}", it.passage.title, it.passage.text);
    articles.iter().filter(is_cited).any(|it| PASSAGE_FROM < suspicion(&told(it)).log_odds)
}

/// True if no draft, however good, could go to anybody.
pub(super) fn is_settled(ticket: &Ticket, triage: &Triage, circumstances: &Circumstances) -> bool {
    silence(ticket, triage).is_some()
        || circumstances.custody.leave() == Leave::Nothing
        || triage.has(FlagKind::AskedForPerson)
        || triage.has(FlagKind::Sensitive)
}

/// Why nobody is to be answered; `None` if somebody is.
pub(super) fn silence(ticket: &Ticket, triage: &Triage) -> Option<Silence> {
    if ticket.trigger.is_none() {
        return Some(Silence::NoCustomerMessage);
    }
    if ticket.human_answered {
        return Some(Silence::HumanAnswered);
    }
    if ticket.auto_reply.is_some() || triage.has(FlagKind::AutoReply) {
        return Some(Silence::AutoReply);
    }
    if triage.has(FlagKind::NothingAsked) {
        return Some(Silence::NothingAsked);
    }
    triage.has(FlagKind::Spam).then_some(Silence::Spam)
}
