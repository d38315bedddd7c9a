//! What a draft would tell the customer a second time: what we have told them before, and
//! what they say they have tried. Pure.

use std::rc::Rc;
use std::sync::LazyLock;

use foldhash::HashSet;

use crate::draft::Draft;
use crate::text::cues::Cues;
use crate::text::cues::plain;
use crate::text::terms::Terms;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;
use crate::triage;

/// Share of a draft's words that were in earlier replies from which it says nothing new.
/// (Guessed: one sentence more than before may be the one that helps.)
const SAID_BEFORE: f32 = 0.7;

/// Words that what was tried and an advice must share, and their share of what was tried.
/// (Guessed, low: whoever is held by mistake is only shown to a person first.)
const MIN_SHARED: usize = 2;
const SAME_ATTEMPT: f32 = 0.5;

/// Words that join what was tried to the next thing, or to what came of it.
const JOINING: [&str; 12] = [
    " and ", " but ", " und ", " aber ", " et ", " mais ", " y ", " pero ", " e ", " ma ", " en ",
    " maar ",
];

/// How customers say that they have done all that they were told, divided by commas.
const ALL_OF_IT: &str = "all the steps, all steps, every step, all of the steps, all your steps, all the instructions, all instructions, followed the steps, followed the instructions, \
    followed the guide, followed the article, followed your article, tried everything, nothing works, nothing worked, nothing helps, nothing helped, alles versucht, alles probiert, alle schritte, \
    nichts hilft, nichts funktioniert, tout essaye, toutes les etapes, rien ne marche, he probado todo, todos los pasos, nada funciona, ho provato tutto, tutti i passaggi, ja tentei tudo, alles geprobeerd";

fn is_of_all(tried: &str) -> bool {
    static CUES: LazyLock<Cues> = LazyLock::new(|| Cues::listed(ALL_OF_IT));
    CUES.occur_in(&plain(tried))
}

/// True if a draft says hardly anything that our earlier replies in this conversation did
/// not. Whoever writes again was not helped by them.
pub(super) fn says_it_again(draft: &Draft, ticket: &Ticket) -> bool {
    let ours = ticket.turns.iter().filter(|it| it.author == AuthorKind::Own);
    let ours: Vec<String> = ours.map(|it| words(&it.text)).collect();
    if ours.is_empty() {
        return false;
    }
    let (mut n_words, mut n_again) = (0, 0);
    for sentence in draft.stated() {
        let said = words(&sentence.text);
        let n = said.split_whitespace().count();
        n_words += n;
        n_again += if ours.iter().any(|it| it.contains(&said)) { n } else { 0 };
    }
    0 < n_words && SAID_BEFORE * n_words as f32 <= n_again as f32
}

/// The words of a text, one space before each and behind the last: a sentence's stand in
/// those of a reply that holds it, wherever its lines were broken and its stops were set.
fn words(text: &str) -> String {
    plain(text).replace(" . ", " ")
}

/// True if a sentence of a draft advises what the customer says they have tried.
pub(super) fn advises_what_was_tried(draft: &Draft, ticket: &Ticket) -> bool {
    let tried = triage::tried(ticket);
    if tried.is_empty() {
        return false;
    }
    let terms = Terms::new(ticket.language.as_deref());
    let read = |text: &str| -> HashSet<Rc<str>> { terms.of(text).into_iter().collect() };
    if tried.iter().any(|it| is_of_all(it)) {
        return true;
    }
    // "I checked the folder and restarted it, but nothing came": each part by itself.
    let joined =
        |it: &str| JOINING.iter().fold(it.to_lowercase(), |it, word| it.replace(word, ","));
    let parts: Vec<String> = tried.iter().map(|it| joined(it)).collect();
    let halves = parts.iter().flat_map(|it| it.split([',', ';', '(', '–', '—']));
    let tried: Vec<HashSet<Rc<str>>> = halves.map(read).collect();
    draft.stated().any(|it| {
        let advice = read(&it.text);
        tried.iter().any(|tried| {
            let n_shared = tried.intersection(&advice).count();
            MIN_SHARED <= n_shared && SAME_ATTEMPT * tried.len() as f32 <= n_shared as f32
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draft::Layout;
    use crate::draft::Sentence;
    use crate::draft::SentenceKind;
    use crate::draft::Writer;

    fn draft(sentences: &[&str]) -> Draft {
        let sentences = sentences.iter().map(|it| Sentence {
            text: (*it).to_owned(),
            cites: vec![0],
            kind: SentenceKind::Quote,
            layout: Layout::Running,
        });
        Draft {
            sentences: sentences.collect(),
            citations: Vec::new(),
            written_by: Writer::Extractive,
            asks_back: false,
            language: None,
        }
    }

    #[test]
    fn a_reply_that_was_given_before_is_known_again_however_it_was_set() {
        let told = Ticket::of_turns(&[
            (AuthorKind::Customer, "Where is my invoice?"),
            (AuthorKind::Own, "Hello,\n\nOpen *Billing*. [1]\nThere,\nchoose Invoices [1]."),
            (AuthorKind::Customer, "And how do I find last month's?"),
        ]);
        let again = ["Open Billing.", "There, choose Invoices."];
        assert!(says_it_again(&draft(&again), &told));
        let more = [again[0], "Older invoices are under Archive, sorted by month and year."];
        assert!(!says_it_again(&draft(&more), &told));
        assert!(!says_it_again(&draft(&[]), &told));
        let by_person = Ticket::of_turns(&[(AuthorKind::Agent, "Open Billing.")]);
        assert!(!says_it_again(&draft(&again[..1]), &by_person));
    }

    #[test]
    fn advice_the_customer_has_followed_already_is_known() {
        let tried = |text: &str, advice: &str| {
            let ticket = Ticket {
                language: Some("en".to_owned()),
                ..Ticket::of_turns(&[(AuthorKind::Customer, text)])
            };
            advises_what_was_tried(&draft(&["It may take a minute.", advice]), &ticket)
        };
        let spam = "Check your spam folder.";
        assert!(tried("No mail came. I already checked the spam folder, nothing there.", spam));
        for (said, advice) in [
            ("I have reset the lamp already and restarted the router.", "Restart the router."),
            ("I've added my VAT number but it is not there.", "Add your VAT number."),
            ("I followed all the steps, nothing works", "Press Reset."),
            ("I already clicked Forgot password.", "Click Forgot password."),
        ] {
            assert!(tried(said, advice), "{said}");
        }
        assert!(tried("I've restarted the router twice.", "Restart the router and wait."));
        assert!(!tried("No mail came. Where do I look?", spam));
        assert!(!tried("How can I reset my forgotten password?", "Reset your password here."));
        assert!(!tried("I already checked my invoice.", spam));
    }
}
