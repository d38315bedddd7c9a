//! Cuts from a message what its writer did not write this time: the mail they
//! answer, the signature below. Line by line, in one pass.

use std::sync::LazyLock;

use regex::Regex;
use regex::RegexSet;

/// A line that opens a quoted mail; everything below is quoted. The forms mail
/// programs write, in the languages they are common in.
static QUOTE_OPENERS: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSet::new([
        // "On Mon, 3 Mar 2025 at 10:12, Ann <a@b.c> wrote:" and its translations.
        r"(?i)^\s*(on|am|le|el|em|il|op|den|w dniu|на|в|dne)\b.{4,180}\b(wrote|schrieb|a écrit|escribió|escreveu|ha scritto|schreef|skrev|napisał\(a\)|napisał|kirjoitti|написал\(а\)|пишет|napsal)\b.{0,60}:\s*$",
        r"^\s*.{4,120}(のメール|写道|작성)\s*[：:]\s*$",
        r"(?i)^\s*-{2,}\s*(original message|forwarded message|ursprüngliche nachricht|weitergeleitete nachricht|message d'origine|message transféré|mensaje original|mensagem original|messaggio originale|oorspronkelijk bericht|oprindelig meddelelse|ursprungligt meddelande|пересылаемое сообщение|исходное сообщение)\s*-{2,}",
        r"^\s*_{20,}\s*$",
        // Helpdesks ask for answers above a line.
        r"(?i)^\s*(#{2,}|-{2,}|={2,}).{0,20}(please type your reply above this line|reply above this line|bitte antworten sie oberhalb).*",
    ])
    .ok()
});

/// "From:" and its translations; with "Sent:", "To:" and "Subject:" on the next
/// lines it is the head of a quoted mail.
static HEAD_FIELD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^\s*\*?(from|von|de|da|van|från|fra|od|от|sent|gesendet|envoyé|enviado|inviato|verzonden|skickat|sendt|date|datum|fecha|data|to|an|à|para|a|aan|till|til|cc|subject|betreff|objet|asunto|assunto|oggetto|onderwerp|ämne|emne|temat|тема)\s*:\*?\s*\S",
    )
    .ok()
});

/// A line below which only a signature follows.
static SIGNATURE_OPENERS: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSet::new([
        r"^-- ?$",
        r"(?i)^\s*(sent from my|sent from (mail|outlook|yahoo|samsung|proton)|get outlook for|von meinem .{2,20} gesendet|gesendet von|envoyé de mon|envoyé depuis|enviado desde mi|enviado do meu|inviato da|verzonden vanaf mijn|skickat från min|sendt fra min|отправлено с)\b.{0,60}$",
    ])
    .ok()
});

/// `Re:`, `AW:`, `[Ticket #123]` in front of a subject.
static REPLY_MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^\s*((re|aw|wg|fw|fwd|sv|vs|tr|rif|r|res|enc|odp|antw|ответ)(\[\d+\])?\s*[:：]\s*|\[[^\]]{0,40}#?\d+\]\s*)+",
    )
    .ok()
});

/// Lines of a mail head that make a quote of what follows.
const MIN_HEAD_FIELDS: usize = 3;

/// A message without quoted mails and signature. Empty if it is nothing else.
pub(super) fn without(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let end = end_of_own_words(&lines);
    let own = lines.get(..end).unwrap_or_default();
    let kept: Vec<&str> =
        own.iter().copied().filter(|it| !it.trim_start().starts_with('>')).collect();
    kept.join("\n").trim().to_owned()
}

/// Where the quoted part or the signature begins.
fn end_of_own_words(lines: &[&str]) -> usize {
    for (place, line) in lines.iter().enumerate() {
        let opens = is_match(&QUOTE_OPENERS, line)
            || is_match(&SIGNATURE_OPENERS, line)
            || opens_over_two_lines(lines, place)
            || is_mail_head(lines, place);
        if opens && 0 < place {
            return place;
        }
    }
    lines.len()
}

/// Mail programs wrap "On … wrote:" when the address is long.
fn opens_over_two_lines(lines: &[&str], place: usize) -> bool {
    let (Some(first), Some(second)) = (lines.get(place), lines.get(place + 1)) else {
        return false;
    };
    second.trim_end().ends_with([':', '：'])
        && first.len() + second.len() < 240
        && !first.trim().is_empty()
        && is_match(&QUOTE_OPENERS, &format!("{first} {}", second.trim()))
}

fn is_mail_head(lines: &[&str], place: usize) -> bool {
    let Some(field) = HEAD_FIELD.as_ref() else {
        return false;
    };
    let head = lines.iter().skip(place).take(MIN_HEAD_FIELDS);
    head.len() == MIN_HEAD_FIELDS && head.clone().all(|it| field.is_match(it))
}

fn is_match(set: &LazyLock<Option<RegexSet>>, line: &str) -> bool {
    // No opener is longer; a line of a megabyte is not searched.
    line.len() <= 400 && set.as_ref().is_some_and(|it| it.is_match(line))
}

/// A subject without the marks in front of it.
pub(super) fn without_reply_marks(subject: &str) -> String {
    let bare = match REPLY_MARKS.as_ref() {
        Some(marks) => marks.replace(subject, ""),
        None => subject.into(),
    };
    bare.trim().to_owned()
}
