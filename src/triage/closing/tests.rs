//! What customers write when they are done, and what only sounds like it.

use proptest::prelude::*;

use super::*;
use crate::ticket::Turn;

const ASKED: &str = "How do I reset the planter?";
const ANSWERED: &str = "Hold the button for ten seconds.";

fn conversation(turns: &[(AuthorKind, &str)]) -> Ticket {
    let turn = |(place, (author, text)): (usize, &(AuthorKind, &str))| Turn {
        message_id: place.to_string(),
        author: *author,
        text: (*text).to_owned(),
    };
    let turns: Vec<Turn> = turns.iter().enumerate().map(turn).collect();
    let answered = turns.iter().rposition(|it| it.author != AuthorKind::Customer);
    let open = turns.iter().skip(answered.map_or(0, |it| it + 1));
    let open: Vec<&str> = open.map(|it| it.text.as_str()).filter(|it| !it.is_empty()).collect();
    Ticket { question: open.join("\n\n"), turns, ..Ticket::default() }
}

/// What is seen in a message that follows an answer of ours.
fn after_answer(text: &str) -> Option<String> {
    use AuthorKind::{Customer, Own};
    let ticket = conversation(&[(Customer, ASKED), (Own, ANSWERED), (Customer, text)]);
    shipped().unwrap().of(&ticket)
}

/// What is seen in a message behind a question nobody has answered.
fn after_question(text: &str) -> Option<String> {
    use AuthorKind::Customer;
    shipped().unwrap().taken_back(&conversation(&[(Customer, ASKED), (Customer, text)]))
}

#[test]
fn a_question_that_is_taken_back_before_it_is_answered_is_none_any_more() {
    for text in [
        "Nevermind, it works now",
        "Found it, forget about it, thanks",
        "Already done, thank you!",
        "Update: it works again, please close the ticket",
        "Hat sich erledigt, danke",
        "Laissez tomber, merci",
    ] {
        assert!(after_question(text).is_some(), "{text}");
    }
    for text in [
        "Thanks!",
        "Thank you in advance",
        "It works now, but how do I turn it off?",
        "Found it, but the button is grey",
        "It is done wrong",
        "👍",
    ] {
        assert_eq!(after_question(text), None, "{text}");
    }
    let only = conversation(&[(AuthorKind::Customer, "Nevermind, it works now")]);
    assert_eq!(shipped().unwrap().taken_back(&only), None);
}

#[test]
fn thanks_and_news_of_success_ask_nothing_in_any_language() {
    for text in [
        "Thanks!",
        "Thank you very much for your quick reply.",
        "That worked, thank you so much for your help!",
        "Great, it works now.",
        "I'll give it a try and let you know how it goes. Thanks!",
        "OK, thanks Anna!\n\nBest regards,\nTom Miller",
        "David, thank you again. Problem solved.",
        "Perfect 👍",
        "👍🙏",
        "Vielen Dank für die schnelle Hilfe!",
        "Danke, geht jetzt wieder.",
        "Super, hat geklappt. Danke! Viele Grüße",
        "Ich probiere es gleich aus, danke.",
        "Merci beaucoup pour votre aide, ça marche !",
        "Parfait, merci. Bonne journée",
        "Muchas gracias por su ayuda, ya funciona.",
        "Vale, muchas gracias",
        "Grazie mille, ora funziona!",
        "Muito obrigada pela ajuda, deu certo!",
        "Bedankt voor de snelle reactie, het werkt!",
        "Dziękuję bardzo za pomoc, działa!",
        "Tack så mycket för hjälpen, det fungerar nu!",
        "Tusen takk for hjelpen!",
        "Tak, det virker nu.",
        "Kiitos paljon avusta, toimii nyt!",
        "Çok teşekkür ederim, şimdi çalışıyor.",
        "Спасибо большое, всё работает!",
        "ありがとうございました。解決しました。",
        "谢谢，问题解决了！",
        "감사합니다. 잘 됩니다!",
        "شكرا جزيلا",
    ] {
        assert!(after_answer(text).is_some(), "{text}");
    }
}

#[test]
fn a_question_a_complaint_or_a_request_is_never_taken_for_thanks() {
    for text in [
        "Thanks, but it still fails.",
        "Thank you, that did not work.",
        "Thanks for nothing!",
        "Thanks. And how do I undo it?",
        "Thanks, and on the phone",
        "Thanks in advance",
        "Great, now it is broken again.",
        "It worked yesterday.",
        "Yes please",
        "OK",
        "No thanks, I want my money back.",
        "Thanks, please cancel my order.",
        "Thanks, please close the ticket.",
        "Thanks, see the screenshot.",
        "Thank you for your help but I give up :(",
        "Great job, thanks a lot 😡",
        "Thanks\nUrgent",
        "Works? Thanks",
        "thanks https://example.com/x",
        "Thanks, order 4711",
        "Danke, geht nicht.",
        "Danke, aber das hilft mir leider nicht weiter.",
        "Danke. Problem besteht weiterhin.",
        "Vielen Dank im Voraus",
        "Hat nicht geklappt",
        "Merci, mais ça ne marche pas.",
        "Merci d'avance",
        "Gracias, pero no funciona.",
        "Grazie, ma non funziona ancora.",
        "Obrigado, mas não funcionou.",
        "Bedankt, maar het werkt niet.",
        "Dziękuję, ale nie działa.",
        "Tack, men det fungerar inte.",
        "Takk, men det virker ikke.",
        "Kiitos, mutta ei toimi.",
        "Teşekkürler ama çalışmıyor.",
        "Спасибо, но не работает.",
        "ありがとうございます。でも動きません。",
        "谢谢，还是不行",
        "감사합니다. 그런데 안 됩니다.",
        "شكرا لكن لا يعمل",
        "",
        "...",
    ] {
        assert_eq!(after_answer(text), None, "{text}");
    }
}

#[test]
fn thanks_before_any_answer_leave_the_question_open() {
    use AuthorKind::{Agent, Bot, Customer};
    let closing = shipped().unwrap();
    for turns in [
        &[(Customer, "Thanks!")][..],
        &[(Customer, ASKED), (Customer, "Thanks!")],
        // Another bot's receipt answers nothing.
        &[(Customer, ASKED), (Bot, "We have your message."), (Customer, "Thanks!")],
        // The next question came with the thanks, in a message of its own.
        &[(Customer, ASKED), (Agent, ANSWERED), (Customer, ASKED), (Customer, "Thanks!")],
        // A message without words may be a picture.
        &[(Customer, ASKED), (Agent, ANSWERED), (Customer, ""), (Customer, "Thanks!")],
    ] {
        let mut ticket = conversation(turns);
        // As normalize does: only a person or we ourselves answer.
        if turns.iter().any(|it| it.0 == Bot) {
            ticket.question = format!("{ASKED}\n\nThanks!");
        }
        assert_eq!(closing.of(&ticket), None, "{turns:?}");
    }
}

#[test]
fn thanks_may_be_a_yes_to_what_the_team_had_asked() {
    use AuthorKind::{Agent, Customer};
    let closing = shipped().unwrap();
    let said = |asked: &str, text: &str| {
        closing.of(&conversation(&[(Customer, ASKED), (Agent, asked), (Customer, text)]))
    };
    assert_eq!(said("Shall I send a new one?", "OK, thanks!"), None);
    assert_eq!(said("Would Tuesday at ten work for you?", "That works, thanks!"), None);
    assert!(said("Did this help?", "Thanks, it works now!").is_some());
    assert!(said("Done. Is there anything else I can help you with?", "Thank you!").is_some());
    assert!(said("See https://example.com/?page=2 for it.", "Thank you!").is_some());
}

proptest! {
    /// Whatever stands beside thanks, a word nobody listed is something said.
    #[test]
    fn one_unknown_word_is_enough_to_ask(place in 0_usize..3, word in "[a-z]{4,9}x[a-z]{2}") {
        let mut words = vec!["thanks", "so much"];
        words.insert(place.min(2), &word);
        prop_assert_eq!(after_answer(&words.join(" ")), None);
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,600}") {
        after_answer(&text);
    }

    #[test]
    fn a_question_mark_is_always_a_question(mark in "[?？؟]", thanks in "(Thanks|Danke|Merci|谢谢)") {
        prop_assert_eq!(after_answer(&format!("{thanks}{mark}")), None);
    }
}
