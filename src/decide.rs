//! Step 8 of 9: choose who answers, the service or a person.
//!
//! A pure function of what earlier steps found, so that any decision can be
//! replayed from the audit log. Nothing here reads a clock or a network.

mod holds;
pub mod policy;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::handover::Leave;

pub use crate::decide::holds::Because;
pub use crate::decide::holds::Hold;
pub use crate::decide::holds::because;
pub use crate::decide::policy::Policy;

/// What happens to a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Goes to the customer as a public reply.
    Send,
    /// Goes to the agent as an internal note. The customer sees nothing.
    Suggest,
    /// A person takes over and gets a hand-over note.
    Escalate(Reason),
    /// Nobody is to be answered: a machine wrote, a person already did, or nothing
    /// was asked.
    StandDown(Silence),
}

impl Decision {
    /// As it is stored and told to programs.
    pub fn word(self) -> &'static str {
        match self {
            Decision::Send => "send",
            Decision::Suggest => "suggest",
            Decision::Escalate(_) => "escalate",
            Decision::StandDown(_) => "stand_down",
        }
    }

    /// Why a person takes over or nobody is answered, as it is stored and told to
    /// programs: the same word as in the record. `None` where a draft goes out.
    pub fn reason_word(self) -> Option<String> {
        let reason = match self {
            Decision::Send | Decision::Suggest => return None,
            Decision::Escalate(reason) => serde_json::to_value(reason),
            Decision::StandDown(silence) => serde_json::to_value(silence),
        };
        reason.ok()?.as_str().map(str::to_owned)
    }
}

/// Why a person takes over. Where several reasons hold, the agent is shown the
/// one listed first here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    AskedForPerson,
    SensitiveTopic,
    /// An automatic answer did not help, or the limit of answers is reached.
    ReplyLimit,
    /// The draft says what the customer was told before, and they still write.
    SaidBefore,
    EmptyQuestion,
    NothingFound,
    Contradicted,
    /// The draft says what may not go out, and nothing is left without it.
    Guarded,
    /// A language Deskhand cannot answer in, and what it found in another is not sure
    /// enough to be shown.
    Language,
    WeakGrounding,
    LowConfidence,
}

/// Why nobody is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Silence {
    /// A person of the team answered or holds the conversation.
    HumanAnswered,
    /// A machine wrote: out of office, bounce, receipt (RFC 3834).
    AutoReply,
    Spam,
    /// No customer message to answer.
    NoCustomerMessage,
    /// The customer thanked, or said that it works: nothing is asked.
    NothingAsked,
    /// People have the conversation and know why: there is nothing to add.
    WithPeople,
    /// A person closed the conversation after the customer wrote.
    Closed,
}

/// What the earlier steps learnt about one ticket and its draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signals {
    /// Set if nobody is to be answered at all.
    pub silence: Option<Silence>,
    /// What may be done, by who has the conversation.
    #[serde(default)]
    pub leave: Leave,
    /// What the policies keep from going out by itself, in their order.
    #[serde(default)]
    pub policies: Vec<Hold>,
    pub asked_for_person: bool,
    pub sensitive_topic: bool,
    /// The text talks to a model: such a ticket is never answered automatically.
    pub injection: bool,
    /// A cited passage talks to a model: suggested at most. Looked at only where the
    /// draft is sure enough to be sent.
    #[serde(default)]
    pub injected_passage: bool,
    /// True if a person of the team has written to this customer: they have it in
    /// hand, and get a suggestion at most.
    pub person_involved: bool,
    /// True if the limit of our own replies without a person is reached.
    pub reply_limit_reached: bool,
    /// True if the draft says hardly anything that was not said in this conversation
    /// before.
    #[serde(default)]
    pub said_before: bool,
    /// True if the draft advises what the customer says they have tried: suggested at
    /// most.
    #[serde(default)]
    pub tried_before: bool,
    /// Why the draft may answer another question than the one asked, in their order. Looked
    /// for only where the draft is sure enough to be shown.
    #[serde(default)]
    pub doubts: Vec<Hold>,
    /// True if the customer's message holds no words.
    pub empty_question: bool,
    /// True if the ticket is in a language the passages do not answer in: suggested at
    /// most, for somebody to translate.
    pub language_unsupported: bool,
    /// Passages the draft was written from; 0 if retrieval came back empty.
    pub n_passages: usize,
    /// True if the model failed and the draft is a fall-back: suggested at most.
    pub fallback: bool,
    /// True if a cited passage says the opposite of the draft.
    pub contradicted: bool,
    /// True if what may not go out was taken out of the draft, and what is left is no
    /// reply.
    #[serde(default)]
    pub guarded: bool,
    /// True if the draft leaves to the customer which of several things is meant: a
    /// person may know it.
    #[serde(default)]
    pub asks_back: bool,
    /// True if newer answers of people say otherwise than a cited passage: it is
    /// shown to a person first.
    #[serde(default)]
    pub stale: bool,
    /// True if an article that is not cited says otherwise: it is shown to a person
    /// first.
    #[serde(default)]
    pub disputed: bool,
    /// True if a sentence that nothing backs could not be taken out of the draft.
    #[serde(default)]
    pub unbacked: bool,
    /// The weakest claim's support, 0.0–1.0; NaN if unscored.
    #[serde(with = "crate::text::nan_as_null")]
    pub grounding: f32,
    /// Probability that the draft is right, 0.0–1.0; NaN if unscored.
    #[serde(with = "crate::text::nan_as_null")]
    pub confidence: f32,
}

/// How sure a draft must be, as probabilities from 0.0 to 1.0.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    pub suggest_from: f32,
    /// `None` where a person must see every reply before the customer does.
    pub send_from: Option<f32>,
    /// The least support of the weakest claim for any automatic reply.
    pub grounded_from: f32,
}

/// Whether doing something again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Not before this long.
    After(Duration),
    /// Trying again cannot help: bury the delivery and tell a person.
    Never,
}

/// Decides what happens to a draft. Total: every input has an answer, and the
/// same input always the same one.
#[must_use]
pub fn decide(signals: &Signals, thresholds: Thresholds) -> Decision {
    if let Some(silence) = signals.silence {
        return Decision::StandDown(silence);
    }
    if signals.leave == Leave::Nothing {
        return Decision::StandDown(Silence::Closed);
    }
    if let Some(reason) = holds::reasons(signals).next() {
        return hand_over(signals, reason);
    }
    if holds::holds(signals, thresholds).next().is_none() {
        return Decision::Send;
    }
    if signals.grounding.is_nan() {
        return hand_over(signals, Reason::WeakGrounding);
    }
    // Thresholds stand on the left so that NaN, which fails every comparison, falls
    // through to a person.
    if thresholds.suggest_from <= signals.confidence {
        return Decision::Suggest;
    }
    let grounded = thresholds.grounded_from <= signals.grounding;
    let reason = match (signals.language_unsupported, grounded) {
        (true, _) => Reason::Language,
        (false, true) => Reason::LowConfidence,
        (false, false) => Reason::WeakGrounding,
    };
    hand_over(signals, reason)
}

/// A person takes over, unless people have it and were told so.
fn hand_over(signals: &Signals, reason: Reason) -> Decision {
    match signals.leave {
        Leave::Note | Leave::Reply => Decision::Escalate(reason),
        Leave::Suggest | Leave::Nothing => Decision::StandDown(Silence::WithPeople),
    }
}

#[cfg(test)]
mod tests;
