//! What a customer wants to do: on or off, deleting or adding. An article that says how
//! to do the one is no answer to the other, whatever words they share.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::LazyLock;

use regex::Regex;

use super::Answer;
use crate::text::cues::Cues;
use crate::text::terms::Terms;

/// How a question names what is to be done: the words behind it do.
const WANTS: &str = r" (?:how (?:do|can|could|should|would|may|might|must) (?:i|we|you|one)|how to|can (?:i|we)|could (?:i|we)|may (?:i|we)|am i able to|is it possible to|is there a way to|(?:i|we) (?:want|need|wish|have|try|tried|am trying|would like) to|id like to|wed like to|(?:want|like|need) to|help me(?: to)?|(?:can|could) you(?: please)?) ((?:[^ .]+ ){1,4})";

/// Words that stand before what is to be done, or say nothing of it.
const BESIDE: &str = "please just also then now still even only really actually simply quickly easily best my the a to";

/// Doing that any article may be about.
const ANY: &str = "find see look get know check use make do have view access go tell understand learn contact ask set work handle deal manage try help please give show say let be explain confirm possibl abl receiv it";

/// Doings that are called otherwise by others. None holds its own opposite.
const SAME: &[&str] = &[
    "change edit modify update switch adjust replace rename correct",
    "cancel end terminate unsubscribe quit",
    "delete remove erase close deactivate",
    "buy purchase order book reserve",
    "add create register invite include attach new",
    "reset restore recover regain forget forgot",
    "enable activate",
    "disable deactivate",
    "download export save",
    "upload import",
    "return send ship mail post",
    "pay charge bill payment",
    "log sign login",
    "transfer move migrate copy",
    "install setup",
    "connect pair link integrate sync join",
    "share invite",
    "exchange replace swap",
    "open start launch run begin",
    "track follow locate trace",
    "upgrade update",
    "refund reimburse",
    "verify confirm validate",
    "block ban",
    "schedule plan",
];

/// On and off in one word, divided by commas.
const ON: &str = "enabl*, activat*, opt in, opting in, einschalt*, aktivier*, activer, activez, activar, activa, attiva*, ativar, inschakel*, aanzetten";
const OFF: &str = "disabl*, deactivat*, opt out, opting out, mute, mutes, muting, ausschalt*, abschalt*, deaktivier*, desactiver, desactivez, desactivar, \
    desactiva, disattiva*, desativar, uitschakel*, uitzetten";

/// Words between "turn" and "on" that are read: "turn them all off".
const MAX_BETWEEN: usize = 4;

/// Words that turn what follows into its opposite.
const TURNS: &str = r" (?:stop|stops|undo|undoing|prevent|avoid|revert|reverse|instead of|rather than|not to|keep from|without having) ";

/// What articles call stopping, divided by commas.
const TO_STOP: &str = "stop*, unsubscribe*, opt out, turn off, turned off, switch off, disable*, cancel*, end, block*, mute*";

/// True if the question is about doing something the cited articles never speak of, or
/// about the opposite of what they say how to do. `asked` is made by `plain`.
pub(super) fn wants_something_else(asked: &str, answer: &Answer, terms: &Terms) -> bool {
    is_turned(asked, answer) || is_other_way(asked, answer) || is_unsaid(asked, answer, terms)
}

/// How customers ask that something be done for them: what follows is done by people.
const ASKS_US: &str = r" (?:can|could|would|will) you(?: please| kindly| just)? (?:change|restore|reset|cancel|delete|remove|add|refund|send|resend|correct|update|unlock|unblock|activate|deactivate|reactivate|extend|check|verify|merge|transfer|move|stop|fix|replace|exchange|ship|issue|renew|close|reopen|upgrade|downgrade|switch) | (?:konnen|konnten|wurden) sie (?:[^ .]+ ){0,6}?(?:andern|zurucksetzen|stornieren|kundigen|loschen|erstatten|schicken|senden|korrigieren|freischalten|entsperren|verlangern|prufen|umtauschen) | (?:pouvez|pourriez) vous (?:[^ .]+ ){0,2}?(?:changer|annuler|supprimer|rembourser|envoyer|renvoyer|corriger|debloquer|verifier) | (?:puede|pueden|podria|podrian|podeis) (?:[^ .]+ ){0,2}?(?:cambiar|cancelar|eliminar|borrar|reembolsar|enviar|corregir|desbloquear|comprobar) | (?:potete|potreste|puo|potrebbe) (?:[^ .]+ ){0,2}?(?:cambiare|annullare|cancellare|rimborsare|inviare|correggere|sbloccare|verificare) ";

/// True if the customer asks us to do something, in a text made by `plain`. "Can you tell me how" asks for words.
pub(super) fn asks_us_to(asked: &str) -> bool {
    static ASKING: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(ASKS_US));
    ASKING.as_ref().is_some_and(|it| it.is_match(asked))
}

fn compiled(pattern: &str) -> Option<Regex> {
    Regex::new(&pattern.replace(r"\w", "[^ .]")).ok()
}

/// True if the question is of on and the reply of off, or the reverse.
fn is_other_way(asked: &str, answer: &Answer) -> bool {
    let (asked, shown) = (ways(asked), ways(&answer.shown));
    matches!((asked, shown), ([true, false], [false, true]) | ([false, true], [true, false]))
}

/// Whether a plain text speaks of turning something on, and of turning something off.
fn ways(plain: &str) -> [bool; 2] {
    static CUES: LazyLock<Cues> = LazyLock::new(|| {
        let row = |table: &'static str, row| table.split(',').map(move |it| (it.trim(), row));
        Cues::compile(row(ON, 0).chain(row(OFF, 1)))
    });
    let mut ways = [false; 2];
    let found = CUES.find(plain).into_iter().map(|it| it.row);
    let words: Vec<&str> = plain.split_whitespace().collect();
    let turns = words.iter().enumerate().filter(|(_, it)| {
        let it = it.strip_suffix("ing").or_else(|| it.strip_suffix("ed")).unwrap_or(it);
        matches!(it.strip_suffix('s').unwrap_or(it), "turn" | "switch")
    });
    // The first of the two that follows: "turn off the sound on Android".
    let turned = turns.filter_map(|(place, _)| {
        let next = words.iter().skip(place + 1).take(MAX_BETWEEN);
        next.take_while(|it| **it != ".").find_map(|it| match *it {
            "on" => Some(0),
            "off" => Some(1),
            _ => None,
        })
    });
    for way in found.chain(turned) {
        if let Some(is_way) = ways.get_mut(way) {
            *is_way = true;
        }
    }
    ways
}

/// True if the question turns something round that the articles do not.
fn is_turned(asked: &str, answer: &Answer) -> bool {
    static TURNING: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(TURNS));
    static STOPS: LazyLock<Cues> = LazyLock::new(|| Cues::listed(TO_STOP));
    let Some(turning) = &*TURNING else { return false };
    turning.find_iter(asked).any(|it| {
        let is_stop = it.as_str().starts_with(" stop");
        let stops = is_stop && STOPS.occur_in(answer.plain());
        !stops && !answer.plain().contains(it.as_str())
    })
}

/// True if no article speaks of what is to be done.
fn is_unsaid(asked: &str, answer: &Answer, terms: &Terms) -> bool {
    static WANTING: LazyLock<Option<Regex>> = LazyLock::new(|| compiled(WANTS));
    let Some(wanting) = &*WANTING else { return false };
    wanting.captures_iter(asked).any(|found| {
        let words = found.get(1).map_or("", |it| it.as_str());
        let is_beside = |it: &&str| !BESIDE.split(' ').any(|word| word == *it);
        let mut said = words.split_whitespace().filter(is_beside);
        let Some(doing) = said.next() else { return false };
        if doing == "not" {
            return true;
        }
        // What says nothing by itself is no doing anybody could miss.
        let Some(term) = terms.of_word(doing) else { return false };
        let is_any = ANY.split(' ').any(|it| it == doing || it == term.as_ref());
        let is_said = |word: &str, term: &Rc<str>| {
            said_so(word, term, terms).iter().any(|it| answer.says_term(it))
        };
        if is_any {
            return false;
        }
        if !is_said(doing, &term) {
            return true;
        }
        // What it is done to: "delete a camera" is not "delete your account".
        let mut objects = said.filter_map(|it| Some((it, terms.of_word(it)?))).peekable();
        objects.peek().is_some() && !objects.any(|(word, term)| is_said(word, &term))
    })
}

/// What a doing is called, by the customer and by others.
fn said_so(doing: &str, term: &Rc<str>, terms: &Terms) -> BTreeSet<Rc<str>> {
    let mut said = BTreeSet::from([Rc::clone(term)]);
    for group in SAME {
        let group: Vec<Rc<str>> = group.split(' ').filter_map(|it| terms.of_word(it)).collect();
        if group.contains(term) || group.iter().any(|it| it.as_ref() == doing) {
            said.extend(group);
        }
    }
    said
}
