//! Step 2 of 9: what kind of ticket this is and who should see it. Rules on
//! visible words (`config/triage.toml`, `config/closing.toml`), each with its
//! reason; total: nothing found is `unknown`. No model is asked.

use serde::{Deserialize, Serialize};

use crate::injection::suspicion;
use crate::journey::StageModel;
use crate::journey::StageTag;
use crate::text::cues::plain;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;

mod closing;
mod rules;

use rules::Link;
pub use rules::RulesError;

/// What a ticket is about, before anything is looked up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Triage {
    pub stage: StageTag,
    /// Flags in the order they were found; each says why.
    pub flags: Vec<Flag>,
}

impl Triage {
    pub fn has(&self, kind: FlagKind) -> bool {
        self.flags.iter().any(|it| it.kind == kind)
    }

    /// Why the first flag of this kind was raised; `None` if there is none.
    pub fn reason(&self, kind: FlagKind) -> Option<&str> {
        self.flags.iter().find(|it| it.kind == kind).map(|it| it.reason.as_str())
    }
}

/// One thing about a ticket that bears on the decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flag {
    pub kind: FlagKind,
    /// The words that raised it, or the rule's name.
    pub reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FlagKind {
    AskedForPerson,
    /// Legal, safety, security incident, payment dispute, cancellation, personal
    /// data request, self-harm, medical, press: never answered without a person.
    Sensitive,
    AutoReply,
    Spam,
    /// The text talks to a model rather than to a support team. Telemetry, not defence.
    Injection,
    /// The customer thanks, says that it works, or that they will try: there is
    /// nothing to answer.
    NothingAsked,
}

/// How much of a question is looked at: what a person would read before
/// deciding who takes it. Longer texts are logs and quoted mail.
const READ_CHARS: usize = 20_000;

/// Tags a ticket with its journey stage and raises what bears on the decision.
pub fn triage(ticket: &Ticket, stages: &StageModel) -> Triage {
    let mut flags = Vec::new();
    let mut raise = |kind, reason: Option<String>| {
        flags.extend(reason.map(|reason| Flag { kind, reason }));
    };
    let words = words(ticket);
    let text = plain(&words);
    if let Ok(rules) = rules::shipped() {
        raise(FlagKind::AskedForPerson, rules.asked_for_person(&text));
        for topic in rules.sensitive(&text) {
            raise(FlagKind::Sensitive, Some(topic));
        }
        raise(FlagKind::Spam, rules.spam(&text, link(&words)));
    }
    let suspicion = suspicion(&spoken(ticket));
    raise(FlagKind::Injection, suspicion.is_raised().then(|| suspicion.reason()));
    raise(FlagKind::AutoReply, ticket.auto_reply.clone());
    // Whatever else was raised needs somebody, thanks or not.
    if flags.is_empty()
        && let Ok(closing) = closing::shipped()
    {
        let said = closing.of(ticket).map(|reason| Flag { kind: FlagKind::NothingAsked, reason });
        flags.extend(said);
    }
    Triage { stage: stages.tag(ticket), flags }
}

/// True if all a customer wrote is that it works, is solved or understood. Thanks alone and
/// "I will try" prove nothing.
pub fn confirms(text: &str) -> bool {
    closing::shipped().is_ok_and(|it| it.confirms(text))
}

/// Checks the compiled-in tables. Called at start, so that a broken table is a
/// sentence there and not a silence here.
pub fn check() -> Result<(), RulesError> {
    rules::shipped().map_err(Clone::clone)?;
    crate::injection::check()?;
    closing::shipped().map(|_| ()).map_err(Clone::clone)
}

/// The open question, with the subject as long as nobody has answered: later the
/// subject is about something already dealt with.
fn words(ticket: &Ticket) -> String {
    let answered = ticket.turns.iter().any(|it| it.author != AuthorKind::Customer);
    let subject = if answered { "" } else { ticket.subject.as_str() };
    subject.chars().chain("\n".chars()).chain(ticket.question.chars()).take(READ_CHARS).collect()
}

/// All that was written from outside, oldest first: a model reads earlier messages too.
fn spoken(ticket: &Ticket) -> String {
    let theirs = ticket.turns.iter().filter(|it| !it.author.is_staff());
    let theirs = theirs.filter(|it| it.author != AuthorKind::Own).map(|it| it.text.as_str());
    let mut spoken: Vec<&str> = [ticket.subject.as_str()].into_iter().chain(theirs).collect();
    if ticket.turns.is_empty() {
        spoken.push(&ticket.question);
    }
    // `ignore_all_instructions.pdf` is read as it is meant to be.
    let names = ticket.attachments.iter().map(|it| it.replace(['_', '-', '+'], " "));
    let names: Vec<String> = names.collect();
    spoken.extend(names.iter().map(String::as_str));
    spoken.join("\n")
}

fn link(text: &str) -> Link {
    let present = ["http://", "https://", "www."].iter().any(|it| text.contains(it));
    if present { Link::Present } else { Link::Absent }
}

#[cfg(test)]
mod tests;
