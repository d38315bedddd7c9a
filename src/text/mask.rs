//! Takes what identifies a person, or opens a door, out of a text: addresses,
//! numbers with a check digit, telephone numbers, secrets. By shape only: names
//! and streets are not recognized. Pure and total.

mod accounts;
mod numbers;
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
    /// A number that is somebody's because of the word before it.
    Labelled,
}

impl Kind {
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

/// Puts a placeholder where something identifying stood.
pub fn mask(text: &str) -> Masked {
    let mut found = Vec::new();
    // In the order of their certainty: where two overlap, the first is kept.
    secrets::find(text, &mut found);
    emails(text, &mut found);
    accounts::find(text, &mut found);
    numbers::find(text, &mut found);
    let mut spans: Vec<Span> = Vec::new();
    for span in found {
        let at = spans.partition_point(|it| it.end <= span.start);
        let is_free = spans.get(at).is_none_or(|it| span.end <= it.start);
        if is_free && span.start < span.end {
            spans.insert(at, span);
        }
    }
    let mut masked = String::with_capacity(text.len());
    let mut from = 0;
    for span in &spans {
        masked.push_str(text.get(from..span.start).unwrap_or_default());
        masked.push_str(span.kind.placeholder());
        from = span.end;
    }
    masked.push_str(text.get(from..).unwrap_or_default());
    Masked { text: masked, spans }
}

/// Characters on each side of an `@` that may belong to an address.
const MAX_ADDRESS_CHARS: usize = 255;

/// Looks around each `@`: letters of any script, as addresses have them now.
fn emails(text: &str, found: &mut Vec<Span>) {
    for (at, _) in text.match_indices('@') {
        let before = text.get(..at).unwrap_or_default();
        let after = text.get(at + 1..).unwrap_or_default();
        let in_name = |it: char| it.is_alphanumeric() || "._%+'-".contains(it);
        let in_host = |it: char| it.is_alphanumeric() || ".-".contains(it);
        let name = before.chars().rev().take(MAX_ADDRESS_CHARS).take_while(|it| in_name(*it));
        let name_bytes: usize = name.map(char::len_utf8).sum();
        let host = after.chars().take(MAX_ADDRESS_CHARS).take_while(|it| in_host(*it));
        let host_bytes: usize = host.map(char::len_utf8).sum();
        let name = before.get(at - name_bytes..).unwrap_or_default();
        let host = after.get(..host_bytes).unwrap_or_default();
        // The full stop of a sentence and a quotation mark are not part of it.
        let name = name.trim_start_matches(['.', '-', '\'', '%', '+']);
        let host = host.trim_end_matches(['.', '-']);
        let labels: Vec<&str> = host.split('.').collect();
        if !name.is_empty() && 2 <= labels.len() && labels.iter().all(|it| !it.is_empty()) {
            let (start, end) = (at - name.len(), at + 1 + host.len());
            found.push(Span { start, end, kind: Kind::Email });
        }
    }
}

/// True if the character before `start` does not belong to the same word.
fn begins_word(text: &str, start: usize) -> bool {
    let before = text.get(..start).and_then(|it| it.chars().next_back());
    before.is_none_or(|it| !it.is_alphanumeric() && it != '_')
}

/// True if the character at `end` does not belong to the same word.
fn ends_word(text: &str, end: usize) -> bool {
    let after = text.get(end..).and_then(|it| it.chars().next());
    after.is_none_or(|it| !it.is_alphanumeric() && it != '_')
}

/// The last characters before a place, lower case: where a label would stand.
fn words_before(text: &str, start: usize, n_chars: usize) -> String {
    let before = text.get(..start).unwrap_or_default();
    let tail: Vec<char> = before.chars().rev().take(n_chars).collect();
    tail.into_iter().rev().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
