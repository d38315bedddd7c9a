//! Step 2 of 9: what kind of ticket this is and who should see it: stage, topic, mood,
//! urgency and flags. What people set first, then rules on visible words, then what was
//! learned; each with its reason; total: nothing found is `unknown`. No model is asked.

use serde::{Deserialize, Serialize};

use crate::injection::suspicion;
use crate::journey::StageModel;
use crate::journey::StageTag;
use crate::text::cues::plain;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;

mod asking;
mod closing;
mod learned;
mod mood;
mod rules;
mod stage;
mod topic;
mod tried;
mod words;

pub use learned::Guess;
pub use learned::Learned;
pub use learned::MIN_OF_LABEL;
pub use mood::Mood;
pub use mood::Sentiment;
pub use mood::Urgency;
use rules::Link;
pub use rules::RulesError;
pub use stage::of_text;
pub use topic::Team;
pub use topic::TopicTag;
pub use tried::tried;

/// What a ticket is about, before anything is looked up.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Triage {
    pub stage: StageTag,
    /// What it is about, in the words of the team's own tags. `None` if the team's past
    /// tickets have not taught any, or none is clear.
    #[serde(default)]
    pub topic: Option<TopicTag>,
    #[serde(default)]
    pub mood: Mood,
    #[serde(default)]
    pub urgency: Urgency,
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

/// How the tags begin that Deskhand writes, those of stages aside.
pub const OUR_TAGS: &str = "deskhand-";

/// The tag of a conversation whose stage a person has set: it teaches, as ours do not.
pub const STAGE_SET: &str = "deskhand-stage-set";

/// How much of a question is looked at: what a person would read before
/// deciding who takes it. Longer texts are logs and quoted mail.
const READ_CHARS: usize = 20_000;

/// What is known of a conversation and its team beside its words.
#[derive(Debug, Clone, Copy, Default)]
pub struct Known<'a> {
    /// The stage a person of the team has set. Nothing moves it.
    pub stage_set: Option<&'a str>,
    /// What the team's past tickets taught.
    pub team: Option<&'a Team>,
}

/// True if the last answer before the question was ours.
fn answered_by_us(ticket: &Ticket) -> bool {
    let last = ticket.turns.iter().rev().map(|it| it.author).find(|it| it.answers());
    last == Some(AuthorKind::Own)
}

/// Tags a ticket with its journey stage, its topic and its mood, and raises what bears on
/// the decision.
pub fn triage(ticket: &Ticket, stages: &StageModel, known: Known<'_>) -> Triage {
    let mut flags = Vec::new();
    let mut raise = |kind, reason: Option<String>| {
        flags.extend(reason.map(|reason| Flag { kind, reason }));
    };
    let words = words(ticket);
    let text = plain(&words);
    if let Ok(rules) = rules::shipped() {
        let unhelped = || answered_by_us(ticket).then(|| rules.unhelped(&text)).flatten();
        raise(FlagKind::AskedForPerson, rules.asked_for_person(&text).or_else(unhelped));
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
        let said = closing.of(ticket).or_else(|| closing.taken_back(ticket));
        let said = said.map(|reason| Flag { kind: FlagKind::NothingAsked, reason });
        flags.extend(said);
    }
    let tones = mood::shipped().ok();
    Triage {
        stage: stage::of(ticket, stages, known),
        topic: known.team.and_then(|it| it.topic(&words)),
        mood: tones.map(|it| it.mood(ticket)).unwrap_or_default(),
        urgency: tones.map(|it| it.urgency(&words)).unwrap_or_default(),
        flags,
    }
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
    asking::check()?;
    crate::injection::check()?;
    words::shipped().map_err(Clone::clone)?;
    mood::shipped().map_err(Clone::clone)?;
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
