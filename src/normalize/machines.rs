//! Tells mail that a machine wrote from a person's, so that two machines never
//! talk to each other. Headers first (RFC 3834 and what mail programs really
//! send), then the shapes of addresses and subjects.

use std::sync::LazyLock;

use regex::RegexSet;

use crate::ticket::Message;

/// Subjects of automatic answers and bounces, as mail programs write them. Only
/// at the start: a customer who asks about an automatic reply is not one.
static SUBJECTS: LazyLock<Option<RegexSet>> = LazyLock::new(|| {
    RegexSet::new([
        r"(?i)^\s*(automatic reply|auto(matic)?[- ]?reply|autoreply|auto[- ]response|out of (the )?office|ooo\b|away from (the|my) office)\s*(\b|[:：-])",
        r"(?i)^\s*(automatische antwort|abwesenheitsnotiz|abwesend|réponse automatique|absence du bureau|respuesta automática|fuera de la oficina|resposta automática|ausência temporária|risposta automatica|fuori sede|automatisch antwoord|afwezig|autosvar|automatiskt svar|automatisk svar|automaattinen vastaus|automatyczna odpowiedź|automatická odpověď|автоматический ответ|автоответ|自動応答|自动回复|자동 회신)\b",
        r"(?i)^\s*(undeliverable|undelivered mail|mail delivery (failed|subsystem|failure)|delivery (status notification|failure|has failed)|returned mail|failure notice|message not delivered|unzustellbar|non remis|échec de la remise|no se puede entregar|mensagem não entregue|mancata consegna|onbestelbaar)\b",
        r"(?i)^\s*(read|gelesen|lu|leído|lida|letto)\s*:\s",
        r"(?i)^\s*(delivery receipt|read receipt|lesebestätigung)\b",
    ])
    .ok()
});

/// Senders nobody reads answers at.
const MACHINE_SENDERS: [&str; 12] = [
    "mailer-daemon",
    "postmaster",
    "noreply",
    "no-reply",
    "no_reply",
    "donotreply",
    "do-not-reply",
    "do_not_reply",
    "bounce",
    "bounces",
    "autoreply",
    "notifications",
];

/// Why a message was written by a machine; `None` if a person may have.
pub(super) fn sign(message: &Message, subject: &str) -> Option<String> {
    let header = |name: &str| {
        let found = message.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_ascii_lowercase())
    };
    let says = |name: &str| Some(format!("header {name}"));
    if header("auto-submitted").is_some_and(|it| !it.is_empty() && !it.starts_with("no")) {
        return says("Auto-Submitted");
    }
    let precedence = ["bulk", "list", "junk", "auto_reply", "auto-reply"];
    if header("precedence").is_some_and(|it| precedence.contains(&it.as_str())) {
        return says("Precedence");
    }
    // Present on ordinary Outlook mail too, there with other values than these.
    if header("x-auto-response-suppress")
        .is_some_and(|it| it.contains("all") || it.contains("autoreply"))
    {
        return says("X-Auto-Response-Suppress");
    }
    let marks = [
        "x-autoreply",
        "x-autorespond",
        "x-autoresponder",
        "x-auto-reply-from",
        "list-id",
        "feedback-id",
        "x-rt-loop-prevention",
        "x-loop",
    ];
    if let Some(name) = marks.iter().find(|it| header(it).is_some_and(|value| value != "no")) {
        return says(name);
    }
    if header("return-path").is_some_and(|it| it == "<>" || it.is_empty()) {
        return Some("an empty return path".to_owned());
    }
    if header("content-type").is_some_and(|it| it.starts_with("multipart/report")) {
        return Some("a delivery report".to_owned());
    }
    if message.author.email.as_deref().is_some_and(is_machine_sender) {
        return Some("a sender nobody reads".to_owned());
    }
    let own_subject = header("subject").unwrap_or_default();
    let is_shape =
        |it: &str| SUBJECTS.as_ref().is_some_and(|set| it.len() <= 400 && set.is_match(it));
    (is_shape(subject) || is_shape(&own_subject))
        .then(|| "the subject of an automatic answer".to_owned())
}

fn is_machine_sender(email: &str) -> bool {
    let local = email.split('@').next().unwrap_or_default().to_ascii_lowercase();
    // `bounce+token@` and `noreply-42@` are machines, `bouncer@` is not.
    let name = local.split(['+', '=']).next().unwrap_or_default();
    let name =
        name.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-' || c == '_' || c == '.');
    MACHINE_SENDERS.contains(&name)
}
