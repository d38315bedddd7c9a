//! "It does not work": an article that tells how something works is no answer to that,
//! one about what to do then is.

use std::sync::LazyLock;

use super::Answer;
use crate::text::cues::Cues;

/// How customers say that something fails, divided by commas.
const TROUBLE: &str = "does not work, doesnt work, do not work, dont work, did not work, didnt work, not working, stopped working, stops working, \
    isnt working, no longer works, no longer work, wont work, will not work, works no longer, not respond*, doesnt respond, isnt responding, unresponsive, \
    fails, failed, failing, failure, an error, error message, errors, is stuck, stuck at, stuck on, got stuck, hangs, hangs at, freezes, frozen, crashes, crashed, crashing, \
    broken, broke, is dead, now dead, went dead, expired, has expired, rejected, is declined, was declined, not accepted, isnt accepted, not valid, invalid, \
    greyed out, grayed out, is grey, is gray, not arrive*, not arrived, hasnt arrived, doesnt arrive, did not arrive, didnt arrive, never arrived, not received, \
    didnt receive, did not receive, havent received, have not received, never received, never got, didnt get, did not get, still waiting, still no, still not, \
    heard nothing, no reply, no answer, nothing happens, nothing happened, there is no, theres no, no such button, no button, no link, is offline, goes offline, \
    does not show, doesnt show, not showing, disappeared, vanished, keeps failing, keeps crashing, keeps asking, not recogni*, doesnt recogni*, does not recogni*, \
    does not connect, doesnt connect, wont connect, does not start, doesnt start, wont start, does not open, doesnt open, wont open, does not load, doesnt load, \
    geht nicht, funktioniert nicht, funktionieren nicht, klappt nicht, fehlermeldung, ein fehler, fehlgeschlagen, schlagt fehl, ist defekt, defekt, ist kaputt, kaputt, \
    nicht angekommen, kommt nicht an, nicht erhalten, nichts erhalten, abgelaufen, abgelehnt, wird nicht akzeptiert, ist ausgegraut, hangt sich auf, sturzt ab, warte immer noch, \
    passiert nichts, verbindet sich nicht, startet nicht, ladt nicht, \
    ne fonctionne pas, ne marche pas, ne fonctionne plus, ne marche plus, une erreur, message d erreur, en panne, casse, expire, refuse, rejete, pas recu, jamais recu, n arrive pas, toujours pas, \
    no funciona, no funcionan, ha fallado, falla, un error, mensaje de error, roto, rota, averiado, ha caducado, rechazado, rechazada, no he recibido, no recibi, no llega, no ha llegado, sigo esperando, \
    non funziona, non funzionano, un errore, messaggio di errore, rotto, rotta, guasto, scaduto, scaduta, rifiutato, rifiutata, non ho ricevuto, non arriva, non e arrivato, sto ancora aspettando, \
    nao funciona, nao funcionam, um erro, mensagem de erro, quebrado, quebrada, expirou, recusado, recusada, nao recebi, nao chegou, nao chega, \
    werkt niet, werken niet, een fout, foutmelding, kapot, verlopen, geweigerd, niet ontvangen, niet aangekomen, nog steeds niet, nie dziala, nie dzialaja, blad, zepsut*, wygasl*, odrzucon*, nie otrzymal*, nie dotarl*, \
    fungerar inte, funkar inte, ett fel, trasig*, virker ikke, fungerer ikke, en fejl, en feil, odelagt, ei toimi, virhe, calismiyor, hata, не работает, ошибка, сломал*, не пришл*, не получил*";

/// What an article says besides that deals with it.
const REMEDIES: &str = "if it does not, if it doesnt, if you cannot, if you cant, if you do not, if you dont, if you did not, if you didnt, if you have not, if you havent, \
    if nothing, if there is no, troubleshoot*, problem*, issue*, fix, fixes, trouble, forgot*, forgotten, lost, wenn sie nicht, falls sie, \
    probleme, si vous ne, en cas de, si no, en caso de, se non, in caso di, se nao, als u niet, als je niet, jesli nie, om du inte, hvis du ikke";

fn troubles() -> &'static Cues {
    static CUES: LazyLock<Cues> = LazyLock::new(|| Cues::listed(TROUBLE));
    &CUES
}

/// True if the customer says that something fails, in a text made by `plain`.
pub(super) fn is_of_trouble(asked: &str) -> bool {
    troubles().occur_in(asked)
}

/// True if what the customer would read deals with something that fails.
pub(super) fn is_for_trouble(answer: &Answer) -> bool {
    static CUES: LazyLock<Cues> = LazyLock::new(|| Cues::listed(REMEDIES));
    troubles().occur_in(&answer.shown) || CUES.occur_in(&answer.shown)
}
