//! What a ticket asks: the customer's own words, the open question first.

use crate::index::Wording;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;

/// Questions of fewer words lean on what was said before. (Guessed.)
const SHORT_QUESTION_WORDS: usize = 12;

/// The words a ticket is looked up by.
pub(super) struct Asked<'a> {
    text: &'a str,
    title: &'a str,
    context: String,
    language: Option<&'a str>,
}

impl Asked<'_> {
    pub(super) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.title.is_empty()
    }

    pub(super) fn wording(&self) -> Wording<'_> {
        let Asked { text, title, context, language } = self;
        Wording { text, title, context, language: *language }
    }

    /// What is asked as one text, the title first.
    pub(super) fn texts(&self) -> [&str; 3] {
        [self.title, "\n", self.text]
    }
}

pub(super) fn asked(ticket: &Ticket) -> Asked<'_> {
    // Only the customer's own words make the query. Agents paste macros, and a
    // macro finds the article it was copied from, whatever was asked.
    let earlier = ticket
        .turns
        .iter()
        .rev()
        .filter(|it| it.author == AuthorKind::Customer && !ticket.question.contains(&it.text));
    let short = ticket.question.split_whitespace().count() < SHORT_QUESTION_WORDS;
    let n_earlier = if short { 3 } else { 1 };
    let mut context: Vec<&str> = earlier.take(n_earlier).map(|it| it.text.as_str()).collect();
    // A subject names what the first message asks. Once that was answered, the
    // next question may be about something else.
    let was_answered = ticket.turns.iter().any(|it| it.author.answers());
    if was_answered {
        context.push(&ticket.subject);
    }
    Asked {
        text: &ticket.question,
        title: if was_answered { "" } else { &ticket.subject },
        context: context.join("\n"),
        language: ticket.language.as_deref(),
    }
}
