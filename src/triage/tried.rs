//! What customers say they have tried already, in their own words. Advice that repeats it
//! helps nobody, and whoever takes over should not ask for it again.

use super::rules;
use crate::text::cues::plain;
use crate::text::sentences::sentences;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;

/// Sentences of one message that are looked through. Guessed.
const N_SENTENCES: usize = 40;

/// The sentences in which the customer says what they have tried, oldest first. Empty
/// where they say nothing of the kind, or in words nobody listed.
pub fn tried(ticket: &Ticket) -> Vec<&str> {
    let Ok(rules) = rules::shipped() else { return Vec::new() };
    let theirs = ticket.turns.iter().filter(|it| it.author == AuthorKind::Customer);
    // Most say nothing of the kind, and sentence by sentence takes twenty times as long.
    let all: Vec<&str> = theirs.clone().map(|it| it.text.as_str()).collect();
    if !rules.tells_what_was_tried(&plain(&all.join("\n"))) {
        return Vec::new();
    }
    let said = theirs.flat_map(|it| sentences(&it.text).into_iter().take(N_SENTENCES));
    let told = said.map(|it| (it, plain(it))).filter(|(_, plain)| !asks(plain));
    told.filter(|(_, plain)| rules.tells_what_was_tried(plain)).map(|(it, _)| it).collect()
}

/// Words with which questions begin: what is done in one has not been tried yet.
const ASKING: &str = "how what where when why which who is are can could do does did will would should may wie was wo wann warum kann \
    comment quand pourquoi como donde cuando come dove quando hoe waar";

fn asks(plain: &str) -> bool {
    let first = plain.split([' ', '.']).find(|it| !it.is_empty()).unwrap_or_default();
    ASKING.split_whitespace().any(|it| it == first)
}
