//! Takes what identifies a person, or opens a door, out of a text: addresses,
//! numbers with a check digit, telephone numbers, secrets. By shape and by the
//! words beside it: names and streets are not recognized. Pure, total, linear.

mod accounts;
mod answers;
mod cards;
mod emails;
mod internet;
mod labels;
mod numbers;
mod phones;
mod pieces;
mod secrets;

/// What was found, and what stands in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    PrivateKey,
    Credentials,
    Token,
    Email,
    Iban,
    IpAddress,
    Card,
    SocialSecurity,
    Phone,
    /// A number that is somebody's because of the words beside it.
    Labelled,
}

impl Kind {
    pub const ALL: [Kind; 10] = [
        Kind::PrivateKey,
        Kind::Credentials,
        Kind::Token,
        Kind::Email,
        Kind::Iban,
        Kind::IpAddress,
        Kind::Card,
        Kind::SocialSecurity,
        Kind::Phone,
        Kind::Labelled,
    ];

    /// What a reader sees instead.
    pub fn placeholder(self) -> &'static str {
        match self {
            Kind::PrivateKey => "[private key]",
            Kind::Credentials => "[credentials]",
            Kind::Token => "[secret]",
            Kind::Email => "[email]",
            Kind::Iban => "[iban]",
            Kind::IpAddress => "[ip]",
            Kind::Card => "[card]",
            Kind::SocialSecurity => "[social security number]",
            Kind::Phone => "[phone]",
            Kind::Labelled => "[number]",
        }
    }
}

/// A piece of the text that was given: bytes `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: usize,
    pub end: usize,
    pub kind: Kind,
}

/// A text without what identifies, and what was taken out of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Masked {
    pub text: String,
    /// In order; none overlap.
    pub spans: Vec<Span>,
}

/// In the order of their certainty. Each reads what the ones before it have left, so
/// that a word which is masked already says nothing about its neighbors.
const FINDERS: [fn(&str) -> Vec<Span>; 6] =
    [secrets::find, emails::find, accounts::find, internet::find, numbers::find, answers::find];

/// Rounds after which what is left is left: one that finds, one that finds nothing.
/// More are for texts that nobody writes. (Of 6,000 random ones none needed four.)
const MAX_ROUNDS: usize = 5;

/// Puts a placeholder where something identifying stood. Masking again changes
/// nothing.
pub fn mask(text: &str) -> Masked {
    let Some((plain, escapes)) = pieces::without_escapes(text) else { return mask_plain(text) };
    let spans: Vec<Span> = mask_plain(&plain)
        .spans
        .into_iter()
        .map(|it| Span {
            start: pieces::with_escapes(&escapes, it.start),
            end: pieces::with_escapes(&escapes, it.end),
            kind: it.kind,
        })
        .collect();
    Masked { text: pieces::replaced(text, &spans), spans }
}

fn mask_plain(text: &str) -> Masked {
    let mut masked = Masked { text: text.to_owned(), spans: Vec::new() };
    for _ in 0..MAX_ROUNDS {
        let n_spans = masked.spans.len();
        for find in FINDERS {
            let found = find(&masked.text);
            if !found.is_empty() {
                masked = pieces::with(text, masked, found);
            }
        }
        if masked.spans.len() == n_spans {
            break;
        }
    }
    masked
}

/// The character before a place. A placeholder counts as the word it stands for,
/// so that a masked text is read like the one it was made of.
fn letter_before(text: &str, at: usize) -> Option<char> {
    let before = text.get(..at).unwrap_or_default();
    let last = before.chars().next_back()?;
    let is_placeholder =
        last == ']' && Kind::ALL.iter().any(|it| before.ends_with(it.placeholder()));
    Some(if is_placeholder { 'x' } else { last })
}

/// The character at a place; for a placeholder as before.
fn letter_after(text: &str, at: usize) -> Option<char> {
    let after = text.get(at..).unwrap_or_default();
    let first = after.chars().next()?;
    let is_placeholder =
        first == '[' && Kind::ALL.iter().any(|it| after.starts_with(it.placeholder()));
    Some(if is_placeholder { 'x' } else { first })
}

/// True if the character before `start` does not belong to the same word.
fn begins_word(text: &str, start: usize) -> bool {
    letter_before(text, start).is_none_or(|it| !it.is_alphanumeric() && it != '_')
}

/// True if the character at `end` does not belong to the same word.
fn ends_word(text: &str, end: usize) -> bool {
    letter_after(text, end).is_none_or(|it| !it.is_alphanumeric() && it != '_')
}

#[cfg(test)]
mod tests;
