//! The words beside a number that tell what it is: somebody's telephone, a card,
//! or something that is counted or named. The nearest word decides.

use std::sync::LazyLock;

use regex::Regex;

use super::Kind;

/// What a word says about the number beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    /// It is called, or written to.
    Call,
    /// It is a payment card.
    Card,
    /// It names or counts a thing: an order, a version, an error, an amount.
    Thing,
    /// Such a word is near, but others stand between it and the number.
    ThingNearby,
}

/// Characters before a number in which its label is looked for. (Guessed: "please have
/// the manager call me at" has to reach, and the sentence before should not.)
const N_BEFORE: usize = 40;

/// Characters after a number in which its label is looked for. (Guessed.)
const N_AFTER: usize = 24;

/// In the languages help centers are mostly written in. Words are whole: `tel` is not
/// in "hotel", and `port` not in "support". (Here and in the other files the borders of
/// words are those of ASCII: for those of Unicode the engine leaves its fast way on any
/// text that is not ASCII.)
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static LABEL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:(?-u:\b)|_)(?:",
        r"(?<call>(?:tele|cell|mobile|home|work|office|contact|customer|support|business)?phones?|phone_?(?:no|number|num)|ph|tel|telno|telephone|mobiles?|mob|cell|cellular|",
        r"call(?:s|ed|ing|back)?|dial(?:ed|ling|ing)?|ring me|reach (?:me|us|him|her)|text(?:ed)? me|messages? (?:to|from)|registered|contact (?:no|num|number|me|us|him|her)|hotline|fax|whats ?app|viber|sms|",
        r"(?:telefon|handy|mobil|rückruf|festnetz|anruf|erreich)\w*|téléphone|tél|appel\w*|joindre|",
        r"teléfono|móvil|celular|llam\w*|telefono|cellulare|chiam\w*|telefone|telemóvel|telemovel|ligue|",
        r"telefoon\w*|mobiel)",
        r"|(?<card>(?:credit|debit|bank|visa)?cards?|cc|visa|mastercard|amex|american express|maestro|credit|debit|",
        r"(?:kredit|bank|ec-?)?karten?\w*|carte|tarjeta|carta|cartão|(?:krediet|bank)?kaart\w*)",
        r"|(?<thing>versions?|builds?|release|isbn|issn|ean|upc|gtin|asin|sku|errors?|codes?|status|bugs?|issues?|ports?|kb|",
        r"tickets?|cases?|orders?|articles?|items?|parts?|products?|models?|serial|date[sd]?|pages?|ids?|uid|pid|threads?|",
        r"lines?|rows?|commit|revision|patch|hotfix|firmware|drivers?|timestamp|epoch|size|bytes|",
        r"usd|eur|gbp|prices?|amounts?|total|costs?|sum|invoice|tracking|transaction|licen[cs]e|",
        r"(?:bestell|auftrag|fehler|artikel|rechnung|preis|betrag|sendung|seriennummer|modell)\w*|commandes?|pedidos?|ordin[ei]|",
        r"encomendas?|erreurs?|errore|erro|código|codigo|versión|versão|versie|facture|factura)",
        r")(?-u:\b)|(?<ring>телефон|тел[.:]|моб[.:]|звон|电话|手机|電話|携帯|전화)|(?<matter>заказ|ошибк|订单|注文|주문)",
    ))
    .unwrap()
});

/// What stands behind a telephone number: `-Fax`, `(mobile)`.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static CALL_BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^[\s,:(–-]{0,3}(?:office|fax|mobile|cell|home|work|phone|tel|telephone|whatsapp|direct|",
        r"handy|mobil|privat|büro|geschäftlich|portable|bureau|móvil|casa|cellulare|ufficio)(?-u:\b)",
    ))
    .unwrap()
});

/// What stands behind a number that counts.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static UNIT_BEHIND: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^\s?(?:[%€$£¥₹]|(?:bytes?|[kmgt]i?b|bits?|ms|seconds?|secs?|minutes?|mins?|hours?|days?|weeks?|months?|years?|",
        r"usd|eur|euros?|dollars?|gbp|pounds?|chf|inr|rupees?|rs|users|items|units|pieces|rows|lines|records|",
        r"(?:e-?)?mails|messages|files|times|characters|points|people|px|pixels?|stück|mal|uhr)(?-u:\b))",
    ))
    .unwrap()
});

#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = r"(?-u:\b)(?:versions?|ver|v|build|release|firmware|drivers?|updated?)[\s.:]*(?:to|is|from)?\s?$";
    Regex::new(pattern).unwrap()
});

/// Words between a label and its number: "order number is: 4711".
#[expect(clippy::unwrap_used, reason = "the pattern is a constant that a test compiles")]
static BETWEEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^[\s:#.=(_-]*(?:(?:(?:numbers?|num|no|nr|is|was|are|id|of|the|my|nummer|numéro|numero|número|",
        r"ist|lautet|es|est|de|di)(?-u:\b)|nº|n°)[\s:#.=(_-]*){0,4}$",
    ))
    .unwrap()
});

/// The nearest word before a number that says what it is. A telephone outweighs
/// a thing that is only near: "call any time: 555 123 4567".
pub(super) fn before(text: &str, start: usize) -> Option<Label> {
    let words = words_before(text, start, N_BEFORE);
    let mut label = None;
    for captures in LABEL.captures_iter(&words) {
        let end = captures.get(0).map_or(0, |it| it.end());
        label = match label_of(&captures) {
            Label::Thing if !BETWEEN.is_match(words.get(end..).unwrap_or_default()) => label
                .filter(|it| matches!(it, Label::Call | Label::Card))
                .or(Some(Label::ThingNearby)),
            other => Some(other),
        };
    }
    label
}

/// What the word right behind a number says it is.
pub(super) fn after(text: &str, end: usize) -> Option<Label> {
    let behind = words_after(text, end);
    if CALL_BEHIND.is_match(&behind) {
        return Some(Label::Call);
    }
    UNIT_BEHIND.is_match(&behind).then_some(Label::Thing)
}

/// True if the text around a number speaks of a card and of nothing nearer.
pub(super) fn speaks_of_card(text: &str, start: usize, end: usize) -> bool {
    let behind = || LABEL.captures(&words_after(text, end)).map(|it| label_of(&it));
    before(text, start).or_else(behind) == Some(Label::Card)
}

/// True right behind the word for a version.
pub(super) fn is_version(text: &str, start: usize) -> bool {
    VERSION.is_match(&words_before(text, start, N_BEFORE))
}

/// True behind "order": "order reference", "order confirmation".
pub(super) fn is_of_order(text: &str, start: usize) -> bool {
    let words = words_before(text, start, N_BEFORE);
    words
        .split_whitespace()
        .next_back()
        .is_some_and(|it| matches!(it, "order" | "order's" | "orders"))
}

fn label_of(captures: &regex::Captures<'_>) -> Label {
    if captures.name("card").is_some() {
        Label::Card
    } else if captures.name("thing").or(captures.name("matter")).is_some() {
        Label::Thing
    } else {
        Label::Call
    }
}

/// The last whole words before a place, lower case. What stands before a
/// placeholder belongs to what was there.
fn words_before(text: &str, start: usize, n_chars: usize) -> String {
    let before = text.get(..start).unwrap_or_default();
    let tail = before.char_indices().rev().take(n_chars).last().map_or(start, |(at, _)| at);
    let cut = before.get(..tail).and_then(|it| it.chars().next_back());
    let mut words = before.get(tail..).unwrap_or_default();
    if cut.is_some_and(char::is_alphanumeric) {
        words = words.trim_start_matches(char::is_alphanumeric);
    }
    for it in Kind::ALL {
        words = words.rsplit(it.placeholder()).next().unwrap_or_default();
    }
    words.to_lowercase()
}

/// The first words after a place, up to a placeholder or a line's end, lower case.
fn words_after(text: &str, end: usize) -> String {
    let after = text.get(end..).unwrap_or_default();
    let cut = after.char_indices().nth(N_AFTER).map_or(after.len(), |(at, _)| at);
    let mut words = after.get(..cut).unwrap_or_default();
    for it in Kind::ALL {
        words = words.split(it.placeholder()).next().unwrap_or_default();
    }
    words.split('\n').next().unwrap_or_default().to_lowercase()
}
