//! What a person gets who takes over: only what is known, each thing once. Words of the
//! customer are quoted and bounded; where nothing is known, nothing is said.

use crate::decide::Because;
use crate::decide::Decision;
use crate::decide::Signals;
use crate::decide::Thresholds;
use crate::draft::Draft;
use crate::draft::SentenceKind;
use crate::guard;
use crate::knowledge::Hit;
use crate::proposal::Exchange;
use crate::proposal::Handoff;
use crate::proposal::note;
use crate::text;
use crate::text::sentences::sentences;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;
use crate::ticket::Turn;
use crate::triage;
use crate::triage::Triage;

/// Letters of the customer's words in a summary. Guessed: three lines of a note.
const SUMMARY_CHARS: usize = 320;

/// Letters of anything else that is quoted. Guessed: enough to recognise it.
const QUOTED_CHARS: usize = 140;

/// Titles listed as evidence.
const N_EVIDENCE: usize = 3;

/// Exchanges, attempts and promises that are listed, the latest. Guessed: an agent reads
/// the thread for more.
const N_LISTED: usize = 4;

/// Sentences of one message that are looked through for a promise. Guessed.
const N_SENTENCES: usize = 40;

/// What a person gets who takes over.
pub fn handoff(
    ticket: &Ticket,
    triage: &Triage,
    articles: &[Hit],
    draft: &Draft,
    decision: Decision,
    because: &Because,
    (signals, thresholds): (&Signals, Thresholds),
) -> Handoff {
    let own = ticket.turns.iter().filter(|it| it.author == AuthorKind::Own);
    let mut why = note::reasons(triage, decision, because, signals, thresholds).into_iter();
    Handoff {
        summary: summary(ticket),
        reason: why.next().unwrap_or_default(),
        also: why.take(N_LISTED).collect(),
        tried: own.map(|it| quoted(&it.text)).collect(),
        exchanges: exchanges(ticket),
        customer_tried: latest(triage::tried(ticket).into_iter().map(quoted)),
        missing: missing(draft),
        commitments: commitments(ticket),
        evidence: evidence(articles),
    }
}

fn quoted(text: &str) -> String {
    text::shorten(&text.split_whitespace().collect::<Vec<_>>().join(" "), QUOTED_CHARS)
}

/// The customer's matter in a sentence or two of their own.
fn summary(ticket: &Ticket) -> String {
    let asked = text::shorten(&ticket.question, SUMMARY_CHARS);
    let n_messages = ticket.turns.iter().filter(|it| it.author == AuthorKind::Customer).count();
    let about = if ticket.subject.is_empty() {
        String::new()
    } else {
        format!(" about “{}”", text::shorten(&ticket.subject, QUOTED_CHARS))
    };
    match n_messages {
        0 => format!("Nobody has asked anything{about} yet."),
        1 => format!("The customer writes{about}: “{asked}”"),
        n => format!("The customer has written {n} times{about}, last: “{asked}”"),
    }
}

/// Titles and links of what was found.
fn evidence(articles: &[Hit]) -> Vec<String> {
    let mut evidence: Vec<String> = Vec::new();
    for hit in articles {
        let passage = &hit.passage;
        let line = match passage.link() {
            Some(link) => format!("{} ({link})", passage.title),
            None => passage.title.clone(),
        };
        if evidence.len() < N_EVIDENCE && !evidence.contains(&line) {
            evidence.push(line);
        }
    }
    evidence
}

/// What was asked and what was answered to it, the latest, oldest first. What is still
/// open is in the summary.
fn exchanges(ticket: &Ticket) -> Vec<Exchange> {
    let mut exchanges = Vec::new();
    let mut asked: Option<&Turn> = None;
    for turn in &ticket.turns {
        if turn.author == AuthorKind::Customer && !turn.text.is_empty() {
            asked = Some(turn);
        } else if turn.author.answers()
            && let Some(question) = asked.take()
        {
            exchanges.push(Exchange {
                asked: quoted(&question.text),
                answered: quoted(&turn.text),
                by_person: turn.author.is_staff(),
            });
        }
    }
    let n_left_out = exchanges.len().saturating_sub(N_LISTED);
    exchanges.split_off(n_left_out)
}

/// The question the draft would ask back: a fact that decides the answer and that the
/// customer has not given. `None` if none is known to be missing.
fn missing(draft: &Draft) -> Option<String> {
    // Only at the end: within, what the customer asked and what an article is called are
    // quoted.
    let asks = |it: &str| {
        let it = it.trim_end();
        it.ends_with(['?', '？']) || it.ends_with("か。")
    };
    let joints = draft.sentences.iter().filter(|it| it.kind == SentenceKind::Joint);
    let mut asked = joints.filter(|it| draft.asks_back && asks(&it.text));
    asked.next().map(|it| quoted(&it.text))
}

/// Sentences of ours and of the team that commit the team to something, the latest.
fn commitments(ticket: &Ticket) -> Vec<String> {
    let ours = ticket.turns.iter().filter(|it| it.author.answers());
    let said = ours.flat_map(|it| sentences(&it.text).into_iter().take(N_SENTENCES));
    latest(said.filter(|it| guard::commits(it)).map(quoted))
}

/// The last few, in their order.
fn latest(lines: impl Iterator<Item = String>) -> Vec<String> {
    let mut lines: Vec<String> = lines.collect();
    lines.dedup();
    let n_left_out = lines.len().saturating_sub(N_LISTED);
    lines.split_off(n_left_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Layout;
    use crate::draft::Sentence;
    use crate::draft::Writer;

    #[test]
    fn what_was_asked_and_answered_is_listed_in_pairs_and_by_whom() {
        let told = Ticket::of_turns(&[
            (AuthorKind::Customer, "Where is my invoice?"),
            (AuthorKind::Own, "In the order confirmation."),
            (AuthorKind::Bot, "Your ticket matters to us."),
            (AuthorKind::Customer, "It is not there."),
            (AuthorKind::Agent, "I have sent it again."),
            (AuthorKind::Customer, "Still nothing."),
        ]);
        let exchanges = exchanges(&told);
        let pairs: Vec<(&str, &str, bool)> = exchanges
            .iter()
            .map(|it| (it.asked.as_str(), it.answered.as_str(), it.by_person))
            .collect();
        let expected = [
            ("Where is my invoice?", "In the order confirmation.", false),
            ("It is not there.", "I have sent it again.", true),
        ];
        assert_eq!(pairs, expected);
    }

    #[test]
    fn what_the_customer_tried_is_quoted_in_their_words_and_bounded() {
        let long = format!("I tried {}.", "everything ".repeat(60));
        let told = Ticket::of_turns(&[
            (AuthorKind::Customer, "It does not start. I have restarted it twice. Please help."),
            (AuthorKind::Agent, "I tried it here, too."),
            (AuthorKind::Customer, &long),
        ]);
        let tried = latest(triage::tried(&told).into_iter().map(quoted));
        assert_eq!(tried.len(), 2, "{tried:?}");
        assert_eq!(tried[0], "I have restarted it twice.");
        assert!(tried[1].chars().count() <= QUOTED_CHARS + 1, "{}", tried[1]);
    }

    #[test]
    fn what_was_promised_is_a_commitment_whoever_promised_it() {
        let told = Ticket::of_turns(&[
            (AuthorKind::Agent, "Thank you for waiting. We will refund the full amount tomorrow."),
            (AuthorKind::Customer, "You will refund me, yes?"),
        ]);
        assert_eq!(commitments(&told), ["We will refund the full amount tomorrow."]);
    }

    #[test]
    fn where_nothing_is_known_nothing_is_said() {
        let told = Ticket::of_turns(&[(AuthorKind::Customer, "How do I export my invoices?")]);
        assert!(exchanges(&told).is_empty() && triage::tried(&told).is_empty());
        assert!(commitments(&told).is_empty() && latest(std::iter::empty()).is_empty());
    }

    #[test]
    fn a_question_the_draft_asks_back_names_what_is_missing() {
        let sentence = |text: &str, kind| Sentence {
            text: text.to_owned(),
            cites: Vec::new(),
            kind,
            layout: Layout::Paragraph,
        };
        let mut draft = Draft {
            sentences: vec![
                sentence("You wrote: “Where is the button?”", SentenceKind::Joint),
                sentence("Do you see the button?", SentenceKind::Quote),
                sentence("Windows or macOS. Which one is yours?", SentenceKind::Joint),
            ],
            citations: Vec::new(),
            written_by: Writer::Extractive,
            asks_back: true,
            language: None,
        };
        let asked = missing(&draft);
        assert_eq!(asked.as_deref(), Some("Windows or macOS. Which one is yours?"));
        let asked_in = |text: &str| Draft {
            sentences: vec![sentence(text, SentenceKind::Joint)],
            ..draft.clone()
        };
        assert!(missing(&asked_in("A と B で回答が異なります。どちらをお使いですか。")).is_some());
        assert_eq!(missing(&asked_in("It may also be about “What is a button?”:")), None);
        draft.asks_back = false;
        assert_eq!(missing(&draft), None);
    }
}
