//! What speaks against a draft going out, and for a person: all of it, in a fixed
//! order, so that a decision can be explained whole and not only by what came first.

use serde::{Deserialize, Serialize};

use crate::decide::Reason;
use crate::decide::Signals;
use crate::decide::Thresholds;
use crate::handover::Leave;

/// Why a person sees a draft before the customer does. Looked at in this order; one is
/// enough, and all that hold are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hold {
    /// On this connection a person sends every reply.
    OnlySuggests,
    WithPeople,
    /// A person of the team has written to this customer.
    PersonInvolved,
    /// A policy: a stage, a topic or a tag that is never answered automatically, and
    /// customers people look after.
    Stage,
    Topic,
    Tag,
    Vip,
    /// A policy: not at this hour.
    Hours,
    /// A policy: this conversation is not among the share that is answered so far.
    Canary,
    Injection,
    InjectedPassage,
    Stale,
    Disputed,
    Unbacked,
    AsksBack,
    /// It is in another language than the customer's.
    Language,
    /// The customer has tried what it advises.
    TriedBefore,
    /// A message was too long to be read to its end.
    Cut,
    /// The customer names something the articles it cites do not speak of.
    OtherThing,
    /// The customer wants to do something else than the articles it cites say how to do.
    OtherAction,
    /// The customer says that something fails, and it says how that is meant to work.
    Trouble,
    /// One of the customer's questions is not touched by it.
    Incomplete,
    /// The customer asks that something be done, or it sends them to people for it.
    NeedsPeople,
    /// The model failed, and the draft stands in for its own.
    Fallback,
    NotSure,
    NotGrounded,
}

impl Hold {
    /// As it is stored and told to programs.
    pub fn word(self) -> &'static str {
        match self {
            Hold::OnlySuggests => "only_suggests",
            Hold::WithPeople => "with_people",
            Hold::PersonInvolved => "person_involved",
            Hold::Stage => "stage",
            Hold::Topic => "topic",
            Hold::Tag => "tag",
            Hold::Vip => "vip",
            Hold::Hours => "hours",
            Hold::Canary => "canary",
            Hold::Injection => "injection",
            Hold::InjectedPassage => "injected_passage",
            Hold::Stale => "stale",
            Hold::Disputed => "disputed",
            Hold::Unbacked => "unbacked",
            Hold::AsksBack => "asks_back",
            Hold::Language => "language",
            Hold::TriedBefore => "tried_before",
            Hold::Cut => "cut",
            Hold::OtherThing => "other_thing",
            Hold::OtherAction => "other_action",
            Hold::Trouble => "trouble",
            Hold::Incomplete => "incomplete",
            Hold::NeedsPeople => "needs_people",
            Hold::Fallback => "fallback",
            Hold::NotSure => "not_sure",
            Hold::NotGrounded => "not_grounded",
        }
    }
}

/// Everything a decision rests on, in the order it was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Because {
    /// What no draft, however good, can outweigh.
    pub reasons: Vec<Reason>,
    /// Why the draft does not go out by itself. Empty: nothing speaks against it.
    pub holds: Vec<Hold>,
}

impl Because {
    /// True if nothing speaks for a person.
    pub fn is_empty(&self) -> bool {
        self.reasons.is_empty() && self.holds.is_empty()
    }
}

/// All that speaks for a person, whatever was decided.
#[must_use]
pub fn because(signals: &Signals, thresholds: Thresholds) -> Because {
    Because { reasons: reasons(signals).collect(), holds: holds(signals, thresholds).collect() }
}

/// What no amount of confidence can outweigh, the first first.
pub(super) fn reasons(signals: &Signals) -> impl Iterator<Item = Reason> {
    let looked_at = [
        (signals.asked_for_person, Reason::AskedForPerson),
        (signals.sensitive_topic, Reason::SensitiveTopic),
        (signals.reply_limit_reached, Reason::ReplyLimit),
        (signals.said_before, Reason::SaidBefore),
        (signals.empty_question, Reason::EmptyQuestion),
        (signals.n_passages == 0, Reason::NothingFound),
        (signals.contradicted, Reason::Contradicted),
        (signals.guarded, Reason::Guarded),
    ];
    looked_at.into_iter().filter_map(|(holds, reason)| holds.then_some(reason))
}

/// What speaks against sending. Thresholds stand on the left so that NaN, which fails
/// every comparison, is a hold.
pub(super) fn holds(signals: &Signals, thresholds: Thresholds) -> impl Iterator<Item = Hold> {
    let Thresholds { send_from, grounded_from, .. } = thresholds;
    let is_sure = send_from.is_none_or(|least| least <= signals.confidence);
    let is_grounded = grounded_from <= signals.grounding;
    let before = [
        (send_from.is_none(), Hold::OnlySuggests),
        (signals.leave != Leave::Reply, Hold::WithPeople),
        (signals.person_involved, Hold::PersonInvolved),
    ];
    let found = [
        (signals.injection, Hold::Injection),
        (signals.injected_passage, Hold::InjectedPassage),
        (signals.stale, Hold::Stale),
        (signals.disputed, Hold::Disputed),
        (signals.unbacked, Hold::Unbacked),
        (signals.asks_back, Hold::AsksBack),
        (signals.language_unsupported, Hold::Language),
        (signals.tried_before, Hold::TriedBefore),
    ];
    let after = [
        (signals.fallback, Hold::Fallback),
        (!is_sure, Hold::NotSure),
        (!is_grounded, Hold::NotGrounded),
    ];
    let policies = signals.policies.iter().map(|it| (true, *it));
    let doubts = signals.doubts.iter().map(|it| (true, *it));
    let looked_at = before.into_iter().chain(policies).chain(found).chain(doubts).chain(after);
    looked_at.filter_map(|(holds, hold)| holds.then_some(hold))
}
