//! Things a customer names: products, services, places. An article that never speaks of
//! one may be right for another.

use super::Answer;
use crate::text::facts;
use crate::text::sentences::sentences;
use crate::text::terms::fold;
use crate::ticket::Ticket;

/// Names that say when, not what; and words that are written large by manners.
const NO_THINGS: &str = "monday tuesday wednesday thursday friday saturday sunday january february march april june july august \
    september october november december im ive id ill ok pm am mr mrs ms dr sir madam team support hi hello dear hey thanks regards \
    lundi mardi mercredi jeudi vendredi samedi dimanche bonjour merci lunes martes miercoles jueves viernes sabado domingo hola gracias \
    ciao grazie ola obrigado asap faq pdf";

/// More digits than that make a number of something, not its name.
const MAX_DIGITS: usize = 2;

/// True if the question names something that none of the cited articles does.
pub(super) fn names_other_things(
    asked: &str,
    ticket: &Ticket,
    answer: &Answer,
    brand: &str,
) -> bool {
    if is_shouted(asked) {
        return false;
    }
    let brand = fold(brand);
    let is_brand = |name: &str| brand.split(|it: char| !it.is_alphanumeric()).any(|it| it == name);
    let told: Vec<&str> = told(asked).collect();
    let names = facts::names(&told.join("\n"), ticket.language.as_deref());
    names.iter().map(|it| it.replace(['\'', '’'], "")).any(|name| {
        let n_digits = name.chars().filter(char::is_ascii_digit).count();
        n_digits <= MAX_DIGITS
            && !is_brand(&name)
            && !NO_THINGS.split_whitespace().any(|it| it == name)
            && !is_said(&name, answer)
    })
}

/// Words of the shortest line that is no signature. (Guessed.)
const MIN_WORDS: usize = 5;

/// How programs sign what was written with them, divided by commas.
const SIGNED: &str = "sent from, gesendet von, envoye de, enviado desde, inviato da, enviado do, verzonden vanaf, wyslane z, skickat fran, sendt fra, get outlook";

/// What a customer says, without who signs it and with what.
fn told(asked: &str) -> impl Iterator<Item = &str> {
    let lines = sentences(asked).into_iter().filter(|it| !it.trim().is_empty()).enumerate();
    let said = lines.filter(|(place, it)| {
        let n_words = it.split_whitespace().count();
        let folded = fold(it);
        let is_signed = SIGNED.split(',').any(|by| folded.trim().starts_with(by.trim()));
        !is_signed && (*place == 0 || MIN_WORDS <= n_words || it.trim_end().ends_with('?'))
    });
    said.map(|(_, it)| it)
}

/// True if the articles say a name, in one or in many.
fn is_said(name: &str, answer: &Answer) -> bool {
    let singular = name.strip_suffix('s').unwrap_or(name);
    answer.says_word(name)
        || answer.says_word(singular)
        || answer.says_word(&format!("{name}s"))
        || 4 < name.chars().count() && answer.says_joined(name)
}

/// True for a text in capitals, which tell nothing there.
fn is_shouted(text: &str) -> bool {
    let n_upper = text.chars().filter(|it| it.is_uppercase()).count();
    let n_lower = text.chars().filter(|it| it.is_lowercase()).count();
    n_lower < 2 * n_upper
}
