//! What an agent reads: a suggestion, or a hand-over. The same content as text,
//! Markdown and HTML; ticket and passage text is escaped in every form.

use std::collections::BTreeMap;

use crate::decide::Because;
use crate::decide::Decision;
use crate::decide::Hold;
use crate::decide::Reason;
use crate::decide::Signals;
use crate::decide::Silence;
use crate::decide::Thresholds;
use crate::draft;
use crate::draft::Draft;
use crate::guard::Rule;
use crate::helpdesk::Wording;
use crate::knowledge::Hit;
use crate::knowledge::Stale;
use crate::proposal::Exchange;
use crate::proposal::Proposal;
use crate::text;
use crate::triage::FlagKind;
use crate::triage::Sentiment;
use crate::triage::Triage;
use crate::verify::Fault;
use crate::verify::Verdict;

/// Letters of a sentence that is told. Guessed: enough to recognise it.
const TRIED_CHARS: usize = 140;

/// Features named as the reasons of a confidence.
const N_PARTS: usize = 3;

/// Why a person is needed, each in a sentence for that person: what was decided by first,
/// then whatever else held.
pub(super) fn reasons(
    triage: &Triage,
    decision: Decision,
    because: &Because,
    signals: &Signals,
    thresholds: Thresholds,
) -> Vec<String> {
    let holds = || because.holds.iter().map(|it| told(*it, signals, thresholds));
    match decision {
        // Where a person sends every reply, how sure Deskhand is decides nothing.
        Decision::Suggest if thresholds.send_from.is_none() => holds().take(1).collect(),
        Decision::Suggest => holds().collect(),
        Decision::Escalate(first) => {
            let others = because.reasons.iter().filter(|it| **it != first);
            let others = others.map(|it| reason(triage, Decision::Escalate(*it)));
            std::iter::once(reason(triage, decision)).chain(others).collect()
        }
        Decision::Send | Decision::StandDown(_) => vec![reason(triage, decision)],
    }
}

/// One thing that speaks against sending, in a sentence for an agent.
fn told(hold: Hold, signals: &Signals, thresholds: Thresholds) -> String {
    let told = match hold {
        Hold::OnlySuggests => "On this connection a person sends every reply.",
        Hold::WithPeople => "People have this conversation.",
        Hold::PersonInvolved => "A person of the team has written in this conversation.",
        Hold::Stage => "At this stage of the journey people answer.",
        Hold::Topic => "The question is about a topic people answer.",
        Hold::Tag => "The ticket bears a tag of what people answer.",
        Hold::Vip => "People look after this customer.",
        Hold::Hours => "At this hour no reply goes out by itself.",
        Hold::Canary => "Only a share of the conversations is answered by itself so far.",
        Hold::Injection => "The message talks to a machine rather than to the team.",
        Hold::InjectedPassage => "An article it cites talks to a machine rather than to readers.",
        Hold::Stale => "People have since answered otherwise than the help center says.",
        Hold::Disputed => "Another article says otherwise.",
        Hold::Unbacked => "A sentence is not backed by what it cites.",
        Hold::AsksBack => {
            "It leaves to the customer which of several things is meant; you may know."
        }
        Hold::Language => "It is not in the customer's language: translate what is right of it.",
        Hold::TriedBefore => "It advises what the customer says they have tried.",
        Hold::Cut => "A message is too long to be read to its end.",
        Hold::OtherThing => "The customer names something the article does not speak of.",
        Hold::OtherAction => "The customer may want something else than the article is about.",
        Hold::Trouble => "The customer says that it fails; the article says how it should work.",
        Hold::Incomplete => "One of the customer's questions is not answered by it.",
        Hold::NeedsPeople => "Somebody of your team may have to do something.",
        Hold::Fallback => "The model did not answer; this was put together without it.",
        Hold::NotSure => {
            let (sure, needed) =
                (signals.confidence * 100.0, thresholds.send_from.unwrap_or(1.0) * 100.0);
            return format!(
                "Deskhand is {sure:.0} % sure; replies go out by themselves from {needed:.0} %."
            );
        }
        Hold::NotGrounded => "A sentence is not backed well enough by what it cites.",
    };
    told.to_owned()
}

/// Why a person is needed, in one sentence for that person.
fn reason(triage: &Triage, decision: Decision) -> String {
    let cue = |kind: FlagKind| {
        let flag = triage.flags.iter().find(|it| it.kind == kind);
        flag.map(|it| format!(" ({})", it.reason)).unwrap_or_default()
    };
    match decision {
        Decision::Send => "Deskhand answered.".to_owned(),
        Decision::Suggest => "A person decides whether the suggested reply goes out.".to_owned(),
        Decision::Escalate(Reason::AskedForPerson) => {
            format!("The customer asks for a person{}.", cue(FlagKind::AskedForPerson))
        }
        Decision::Escalate(Reason::SensitiveTopic) => {
            format!("The topic is one only people answer{}.", cue(FlagKind::Sensitive))
        }
        Decision::Escalate(Reason::ReplyLimit) => {
            "Deskhand has answered as often in a row as it may; the customer still writes."
                .to_owned()
        }
        Decision::Escalate(Reason::SaidBefore) => {
            "Deskhand would tell the customer again what it told them before.".to_owned()
        }
        Decision::Escalate(Reason::EmptyQuestion) => {
            "The message holds no words; it may be an attachment.".to_owned()
        }
        Decision::Escalate(Reason::NothingFound) => {
            "Nothing in the help center answers this.".to_owned()
        }
        Decision::Escalate(Reason::Contradicted) => "What was found contradicts itself.".to_owned(),
        Decision::Escalate(Reason::Guarded) => {
            "What was drafted says something that may not go out.".to_owned()
        }
        Decision::Escalate(Reason::Language) => {
            "Deskhand cannot answer in the customer's language.".to_owned()
        }
        Decision::Escalate(Reason::WeakGrounding) => {
            "No sentence of an answer is backed by the help center.".to_owned()
        }
        Decision::Escalate(Reason::LowConfidence) => {
            "Deskhand is not sure enough of its answer.".to_owned()
        }
        Decision::StandDown(Silence::HumanAnswered) => "A person answered already.".to_owned(),
        Decision::StandDown(Silence::AutoReply) => {
            format!("A machine wrote this{}.", cue(FlagKind::AutoReply))
        }
        Decision::StandDown(Silence::Spam) => format!("This is spam{}.", cue(FlagKind::Spam)),
        Decision::StandDown(Silence::NoCustomerMessage) => {
            "There is no customer message to answer.".to_owned()
        }
        Decision::StandDown(Silence::NothingAsked) => {
            format!("The customer asks nothing{}.", cue(FlagKind::NothingAsked))
        }
        Decision::StandDown(Silence::WithPeople) => {
            "People have this conversation and were told why.".to_owned()
        }
        Decision::StandDown(Silence::Closed) => "A person closed this conversation.".to_owned(),
    }
}

/// The internal note for a proposal: a suggestion or a hand-over.
pub fn note(proposal: &Proposal) -> Wording {
    let lead = match proposal.decision {
        Decision::Send | Decision::Suggest => "Deskhand suggests a reply",
        Decision::Escalate(_) | Decision::StandDown(_) => "Deskhand hands this conversation over",
    };
    compose(proposal, lead, &proposal.handoff.reason)
}

/// The internal note in the place of a reply that did not go out, or of which
/// nobody can tell whether it did. `why` is ours: it holds no ticket text.
pub fn note_instead(proposal: &Proposal, why: &str) -> Wording {
    compose(proposal, "Deskhand's reply is not confirmed as sent", why)
}

fn compose(proposal: &Proposal, lead: &str, why: &str) -> Wording {
    let mut note = Note::default();
    note.heading(lead);
    note.line("Why", why);
    let handoff = &proposal.handoff;
    if why == handoff.reason {
        handoff.also.iter().for_each(|it| note.line("Also", it));
    }
    if matches!(proposal.decision, Decision::Escalate(_)) {
        note.line("Summary", &handoff.summary);
        for Exchange { asked, answered, by_person } in &handoff.exchanges {
            let who = if *by_person { "a person" } else { "Deskhand" };
            note.line("Asked before", &format!("“{asked}”; {who} answered “{answered}”"));
        }
        handoff
            .customer_tried
            .iter()
            .for_each(|it| note.line("Tried by the customer", &quoted(it)));
        handoff.commitments.iter().for_each(|it| note.line("Promised before", &quoted(it)));
    }
    if let Some(missing) = &handoff.missing {
        note.line("Not known yet", missing);
    }
    note.line("Journey stage", &stage(proposal));
    if let Some(topic) = &proposal.triage.topic {
        note.line("Topic", &format!("{} ({})", topic.label, topic.reason));
    }
    if let Some(mood) = mood(proposal) {
        note.line("Mood", &mood);
    }
    if proposal.triage.urgency.is_urgent {
        note.line("Urgent", &proposal.triage.urgency.reason);
    }
    if !proposal.draft.sentences.is_empty() {
        note.line("Confidence", &confidence(proposal));
        let heading = match proposal.decision {
            Decision::Send | Decision::Suggest => "Suggested reply",
            Decision::Escalate(_) | Decision::StandDown(_) => "A draft, for reference only",
        };
        note.quote(heading, &draft::wording(&proposal.draft));
        for stale in stale(&proposal.draft, &proposal.articles) {
            note.line("May be out of date", &doubt(stale));
        }
        for (name, value) in verified(proposal) {
            note.line(name, &value);
        }
    }
    for (name, value) in blocked(proposal) {
        note.line(name, &value);
    }
    if matches!(proposal.decision, Decision::Escalate(_)) {
        for evidence in &proposal.handoff.evidence {
            note.line("Found", evidence);
        }
    }
    note.done()
}

fn quoted(text: &str) -> String {
    format!("“{text}”")
}

/// What newer answers of people say otherwise than the passages a draft cites.
pub fn stale<'a>(draft: &'a Draft, articles: &'a [Hit]) -> impl Iterator<Item = &'a Stale> {
    let is_cited =
        |it: &&Hit| draft.citations.iter().any(|cited| cited.passage_id == it.passage.id);
    articles.iter().filter(is_cited).filter_map(|it| it.stale.as_ref())
}

/// What verification has to say of a draft, each under a name. Empty for a draft that
/// is backed in all it says.
pub fn verified(proposal: &Proposal) -> Vec<(&'static str, String)> {
    let Verdict { disputed, removed, .. } = &proposal.verdict;
    let told = |text: &str, faults: &[Fault]| {
        let faults: Vec<String> = faults.iter().map(Fault::to_string).collect();
        format!("“{}”: {}", text::shorten(text, TRIED_CHARS), faults.join("; "))
    };
    let unbacked = proposal.verdict.unbacked().filter_map(|claim| {
        let sentence = proposal.draft.sentences.get(claim.sentence_idx)?;
        Some(("Not backed", told(&sentence.text, &claim.faults)))
    });
    let removed = removed.iter().map(|it| ("Taken out", told(&it.text, &it.faults)));
    let disputed = disputed.iter().map(|it| {
        let [said, otherwise] = [&it.said, &it.otherwise].map(|it| text::shorten(it, TRIED_CHARS));
        ("Said otherwise", format!("“{said}”; but “{}” says “{otherwise}”", it.title))
    });
    unbacked.chain(removed).chain(disputed).collect()
}

/// What was kept from going out: the rules by name, never the words.
pub fn blocked(proposal: &Proposal) -> Vec<(&'static str, String)> {
    let mut counts: BTreeMap<Rule, usize> = BTreeMap::new();
    for rule in &proposal.guarded.blocks {
        *counts.entry(*rule).or_default() += 1;
    }
    let told = |(rule, n): (Rule, usize)| {
        let times = if n == 1 { String::new() } else { format!(", {n} times") };
        ("Blocked", format!("a sentence that {rule} (rule `{}`{times})", rule.name()))
    };
    counts.into_iter().map(told).collect()
}

fn doubt(stale: &Stale) -> String {
    let at = stale.at.map(|it| format!(" of {}", it.strftime("%Y-%m-%d"))).unwrap_or_default();
    let [passage, answer] =
        [&stale.passage, &stale.answer].map(|it| text::shorten(it, TRIED_CHARS));
    format!("“{passage}”; but ticket {}{at} was answered “{answer}”", stale.ticket)
}

fn stage(proposal: &Proposal) -> String {
    let stage = &proposal.triage.stage;
    format!("{} ({})", stage.id, stage.reason)
}

/// How the customer feels and what says so, with the path where there is one. `None` if
/// they have written as people do who feel nothing much.
fn mood(proposal: &Proposal) -> Option<String> {
    let mood = &proposal.triage.mood;
    if mood.path.iter().all(|it| *it == Sentiment::Neutral) {
        return None;
    }
    let path: Vec<&str> = mood.path.iter().map(|it| it.word()).collect();
    let mut told = path.join(" → ");
    if !mood.reason.is_empty() {
        told.push_str(&format!(" ({})", mood.reason));
    }
    if mood.worsens() {
        told.push_str("; it gets worse");
    }
    Some(told)
}

fn confidence(proposal: &Proposal) -> String {
    let probability = proposal.confidence.probability;
    if probability.is_nan() {
        return "not known".to_owned();
    }
    let parts = proposal.confidence.parts.iter().take(N_PARTS);
    let parts: Vec<String> = parts
        .map(|it| format!("{} {:+.1}", it.feature.replace('_', " "), it.contribution))
        .collect();
    format!("{:.0} % ({})", probability * 100.0, parts.join(", "))
}

/// A note in its three forms, line by line.
#[derive(Default)]
struct Note {
    text: String,
    markdown: String,
    html: String,
}

impl Note {
    fn heading(&mut self, heading: &str) {
        self.text.push_str(&format!("{heading}\n\n"));
        self.markdown.push_str(&format!("**{heading}**\n\n"));
        self.html.push_str(&format!("<p><strong>{}</strong></p>", text::escape_html(heading)));
    }

    fn line(&mut self, name: &str, value: &str) {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        self.text.push_str(&format!("{name}: {value}\n"));
        self.markdown.push_str(&format!("**{name}:** {}\n\n", text::escape_markdown(&value)));
        self.html.push_str(&format!("<p><b>{name}:</b> {}</p>", text::escape_html(&value)));
    }

    fn quote(&mut self, name: &str, wording: &Wording) {
        self.text.push_str(&format!("\n{name}:\n---\n{}\n---\n", wording.text.trim()));
        let quoted: Vec<String> =
            wording.markdown.trim().lines().map(|it| format!("> {it}")).collect();
        self.markdown.push_str(&format!("**{name}:**\n\n{}\n\n", quoted.join("\n")));
        self.html
            .push_str(&format!("<p><b>{name}:</b></p><blockquote>{}</blockquote>", wording.html));
    }

    fn done(self) -> Wording {
        Wording {
            text: self.text.trim_end().to_owned(),
            markdown: self.markdown.trim_end().to_owned(),
            html: self.html,
        }
    }
}
