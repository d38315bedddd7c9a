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
    let said = theirs.flat_map(|it| sentences(&it.text).into_iter().take(N_SENTENCES));
    said.filter(|it| rules.tells_what_was_tried(&plain(it))).collect()
}
