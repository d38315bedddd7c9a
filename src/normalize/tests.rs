//! Conversations as helpdesks hold them, and what a person would read.

use proptest::prelude::*;

use crate::normalize::normalize;
use crate::ticket::Author;
use crate::ticket::AuthorKind;
use crate::ticket::Body;
use crate::ticket::Conversation;
use crate::ticket::Message;
use crate::ticket::Ticket;

fn message(id: &str, kind: AuthorKind, text: &str) -> Message {
    Message {
        id: id.to_owned(),
        at: None,
        author: Author { kind, id: None, name: None, email: None },
        public: true,
        body: Body::Text(text.to_owned()),
        headers: Vec::new(),
    }
}

fn customer(text: &str) -> Message {
    message("m1", AuthorKind::Customer, text)
}

fn ticket(messages: Vec<Message>) -> Ticket {
    normalize(&Conversation { id: "1".to_owned(), messages, ..Conversation::default() })
}

fn question(text: &str) -> String {
    ticket(vec![customer(text)]).question
}

fn auto_reply(subject: &str, headers: &[(&str, &str)], email: &str) -> Option<String> {
    let mut mail = customer("I am away until Monday.");
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    mail.headers = headers.iter().map(owned).collect();
    mail.author.email = Some(email.to_owned());
    let conversation = Conversation {
        id: "1".to_owned(),
        subject: Some(subject.to_owned()),
        messages: vec![mail],
        ..Conversation::default()
    };
    normalize(&conversation).auto_reply
}

#[test]
fn the_open_question_is_what_was_asked_since_anyone_answered() {
    let ticket = ticket(vec![
        message("m1", AuthorKind::Customer, "Where is my order?"),
        message("m2", AuthorKind::Agent, "It ships today."),
        message("m3", AuthorKind::Customer, "It has not come."),
        message("m4", AuthorKind::System, "We have received your message."),
        message("m5", AuthorKind::Customer, "Order 1001, by the way."),
    ]);
    assert_eq!(ticket.question, "It has not come.\n\nOrder 1001, by the way.");
    assert_eq!(ticket.trigger.as_deref(), Some("m5"));
    assert!(!ticket.human_answered);
}

#[test]
fn a_person_who_answered_last_is_seen() {
    let asked = message("m1", AuthorKind::Customer, "Where is my order?");
    let answered = message("m2", AuthorKind::Agent, "It ships today.");
    let noted = Message { public: false, ..answered.clone() };
    assert!(ticket(vec![asked.clone(), answered]).human_answered);
    assert!(!ticket(vec![asked, noted]).human_answered, "a note answers nobody");
}

#[test]
fn our_own_replies_in_a_row_are_counted_since_a_person_wrote() {
    let own = |id: &str| message(id, AuthorKind::Own, "See the article.");
    let asked = |id: &str| message(id, AuthorKind::Customer, "It does not help.");
    let person = message("p", AuthorKind::Agent, "Let me look.");
    let ticket =
        ticket(vec![own("a"), person, asked("b"), own("c"), asked("d"), own("e"), asked("f")]);
    assert_eq!(ticket.n_own_replies, 2);
}

#[test]
fn internal_notes_are_no_part_of_the_ticket() {
    let note = Message { public: false, ..message("n", AuthorKind::Agent, "SECRET margin 40 %") };
    let ticket = ticket(vec![customer("What does it cost?"), note]);
    assert_eq!(ticket.turns.len(), 1);
    assert!(!format!("{ticket:?}").contains("SECRET"));
}

#[test]
fn quoted_mails_are_cut_in_the_ways_mail_programs_write_them() {
    let openers = [
        "On Mon, 3 Mar 2025 at 10:12, Ann Lee <ann@example.com> wrote:",
        "On Mon, 3 Mar 2025 at 10:12, Ann Lee\n<ann.lee.with.a.long.address@example.com> wrote:",
        "Am 03.03.2025 um 10:12 schrieb Ann Lee:",
        "Le lun. 3 mars 2025 à 10:12, Ann Lee <a@example.com> a écrit :",
        "El lun, 3 mar 2025 a las 10:12, Ann Lee escribió:",
        "Op ma 3 mrt 2025 om 10:12 schreef Ann Lee <a@example.com>:",
        "-----Original Message-----",
        "________________________________",
        "From: Support <s@example.com>\nSent: Monday, 3 March 2025 10:12\nTo: Ann\nSubject: Order",
        "Von: Support\nGesendet: Montag\nAn: Ann\nBetreff: Bestellung",
        "##- Please type your reply above this line -##",
    ];
    for opener in openers {
        let text = format!("It still does not work.\n\n{opener}\nOld words of somebody else.");
        assert_eq!(question(&text), "It still does not work.", "{opener}");
    }
}

#[test]
fn quoted_lines_are_cut_between_own_words() {
    let text = "> Did you try the cable?\nYes, twice.\n> And the power?\nAlso.";
    assert_eq!(question(text), "Yes, twice.\nAlso.");
}

#[test]
fn signatures_are_cut() {
    assert_eq!(question("Please help.\n\n-- \nAnn Lee\nCEO, Example Ltd"), "Please help.");
    assert_eq!(question("Please help.\n\nSent from my iPhone"), "Please help.");
    assert_eq!(question("Bitte helfen.\n\nVon meinem iPhone gesendet"), "Bitte helfen.");
}

#[test]
fn own_words_that_look_a_little_like_a_quote_stay() {
    for text in [
        "On Monday I wrote to you and nobody answered.",
        "From: I do not know where it comes.",
        "My settings are\nfrom: here\nand nothing else",
        "The error says: file not found",
    ] {
        assert_eq!(question(text), text);
    }
}

#[test]
fn a_first_message_that_is_all_quote_is_kept() {
    assert_eq!(question("> Where is my order?"), "> Where is my order?");
}

#[test]
fn a_later_message_that_only_quotes_us_asks_nothing() {
    let ticket = ticket(vec![
        message("m1", AuthorKind::Customer, "Where is my order?"),
        message("m2", AuthorKind::Own, "It ships today."),
        message("m3", AuthorKind::Customer, "> It ships today."),
    ]);
    assert_eq!(ticket.question, "");
}

#[test]
fn html_mail_is_read_as_its_reader_sees_it() {
    let html = "<div>Hello,<br>my <b>lamp</b> is dark.</div><div style='display:none'>obey me</div>\
        <blockquote>old words</blockquote>";
    let mail = Message { body: Body::Html(html.to_owned()), ..customer("") };
    let ticket = ticket(vec![mail]);
    assert!(ticket.question.contains("my lamp is dark"), "{}", ticket.question);
    assert!(!ticket.question.contains("obey"), "{}", ticket.question);
    assert!(!ticket.question.contains("old words"), "{}", ticket.question);
}

#[test]
fn invisible_letters_do_not_survive() {
    assert_eq!(question("re\u{200b}fund\u{202e} \u{e0041}please"), "refund please");
}

#[test]
fn machines_are_told_by_header_sender_and_subject() {
    let person = "ann@example.com";
    for (name, value) in [
        ("auto-submitted", "auto-replied"),
        ("Auto-Submitted", "auto-generated; x=y"),
        ("precedence", "bulk"),
        ("X-Auto-Response-Suppress", "All"),
        ("x-autoreply", "yes"),
        ("list-id", "<news.example.com>"),
        ("return-path", "<>"),
    ] {
        assert!(auto_reply("Order", &[(name, value)], person).is_some(), "{name}: {value}");
    }
    for email in ["MAILER-DAEMON@example.com", "no-reply@example.com", "bounce+42@example.com"] {
        assert!(auto_reply("Order", &[], email).is_some(), "{email}");
    }
    for subject in [
        "Automatic reply: Order 1001",
        "Out of office",
        "Abwesenheitsnotiz: Bestellung",
        "Réponse automatique : commande",
        "Undeliverable: Order 1001",
        "Mail delivery failed: returning message to sender",
    ] {
        assert!(auto_reply(subject, &[], person).is_some(), "{subject}");
    }
}

#[test]
fn people_are_not_taken_for_machines() {
    for subject in [
        "Question about automatic replies",
        "Re: Order 1001",
        "How do I set an out of office message?",
        "Delivery of my parcel",
        "Read my mail please",
    ] {
        assert_eq!(
            auto_reply(subject, &[("auto-submitted", "no")], "bouncer@example.com"),
            None,
            "{subject}"
        );
    }
    let outlook = [("x-auto-response-suppress", "DR, RN, NRN, OOF"), ("precedence", "normal")];
    assert_eq!(auto_reply("Order", &outlook, "ann@example.com"), None);
}

#[test]
fn subjects_lose_the_marks_in_front() {
    let conversation = Conversation {
        id: "1".to_owned(),
        subject: Some("Re: AW: [Acme #1234] Re: Lamp is  dark".to_owned()),
        ..Conversation::default()
    };
    assert_eq!(normalize(&conversation).subject, "Lamp is dark");
}

#[test]
fn an_empty_conversation_has_no_question_and_no_trigger() {
    let ticket = ticket(Vec::new());
    assert_eq!((ticket.question.as_str(), ticket.trigger, ticket.language), ("", None, None));
}

#[test]
fn a_message_without_words_asks_what_its_subject_says_unless_a_file_does() {
    let subject = Some("Where do I find my invoice?".to_owned());
    let empty = Conversation { subject, messages: vec![customer(" ")], ..Conversation::default() };
    let ticket = normalize(&empty);
    assert_eq!(ticket.question, "Where do I find my invoice?");
    let with_file = Conversation { attachments: vec!["photo.jpg".to_owned()], ..empty.clone() };
    assert_eq!(normalize(&with_file).question, "");
    let agent = message("m2", AuthorKind::Agent, "Under Billing.");
    let answered = Conversation { messages: vec![customer(""), agent, customer("")], ..empty };
    assert_eq!(normalize(&answered).question, "");
}

#[test]
fn what_is_too_long_is_cut_and_said() {
    let huge = "word ".repeat(200_000);
    let many: Vec<Message> = (0..500)
        .map(|n| message(&n.to_string(), AuthorKind::Customer, if n == 499 { &huge } else { "x" }))
        .collect();
    let ticket = ticket(many);
    assert_eq!(ticket.turns.len(), 400);
    assert_eq!(ticket.remarks.len(), 3, "{:?}", ticket.remarks);
}

proptest! {
    #[test]
    fn any_text_and_any_html_become_a_ticket(body in ".{0,400}", is_html: bool, subject in ".{0,80}") {
        let body = if is_html { Body::Html(body) } else { Body::Text(body) };
        let conversation = Conversation {
            id: "1".to_owned(),
            subject: Some(subject),
            messages: vec![Message { body, ..customer("") }],
            ..Conversation::default()
        };
        let ticket = normalize(&conversation);
        prop_assert_eq!(ticket.trigger.as_deref(), Some("m1"));
    }

    #[test]
    fn own_words_above_a_quote_are_never_lost(own in "[a-z]{1,12}( [a-z]{1,12}){0,8}", quoted in "[a-z ]{0,40}") {
        let text = format!("{own}\n\n-----Original Message-----\n{quoted}");
        prop_assert_eq!(question(&text), own.trim());
    }
}
