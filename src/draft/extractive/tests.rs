//! What customers would get, from passages as help centers write them.

mod versions;

use proptest::prelude::*;

use super::*;
use crate::draft::wording;
use crate::knowledge::Audience;
use crate::knowledge::Pool;
use crate::knowledge::public_hits;
use crate::ticket::Turn;

fn hit(document: &str, ordinal: u32, title: &str, text: &str) -> Hit {
    let passage = Passage {
        id: format!("article:b:{document}#{ordinal}"),
        document_id: document.to_owned(),
        pool: Pool::Article,
        brand: "b".to_owned(),
        audience: Audience::Public,
        title: title.to_owned(),
        headings: Vec::new(),
        anchor: None,
        url: Some(format!("https://help.example/{document}")),
        language: Some("en".to_owned()),
        ordinal,
        text: text.to_owned(),
        updated_at: None,
    };
    Hit { passage, score: 1.0, signals: Vec::new(), stale: None }
}

fn ticket(question: &str) -> Ticket {
    Ticket { question: question.to_owned(), language: Some("en".to_owned()), ..Ticket::default() }
}

fn written(question: &str, hits: &[Hit]) -> Draft {
    extractive(&ticket(question), &public_hits(hits), &[])
}

fn shop() -> Vec<Hit> {
    vec![
        hit(
            "returns",
            0,
            "Return an item",
            "This article explains returns. You can return most items within 30 days of delivery. \
             Opened software cannot be returned.\n\nTo start a return:\n\n1. Open your orders.\n\
             2. Choose the item.\n  - Several items need several labels.\n3. Print the label.\n\n\
             Refunds take 5 business days.",
        ),
        hit(
            "invoice",
            0,
            "Find your invoice",
            "Your invoice is in the order confirmation mail. It has the tax number.",
        ),
        hit("shipping", 0, "Shipping methods", "- UPS\n- DHL\n- FedEx"),
    ]
}

#[test]
fn who_asks_how_gets_the_steps_whole_and_in_order() {
    let draft = written("How do I start a return of an item?", &shop());
    expect_test::expect![[r#"
        Hello,

        You wrote: “How do I start a return of an item?”

        About “Return an item”, our help center says:

        You can return most items within 30 days of delivery. Opened software cannot be returned.

        To start a return:

        1. Open your orders.
        2. Choose the item.
           - Several items need several labels.
        3. Print the label.

        Refunds take 5 business days. [1]

        If this does not help, just reply and a person of our team will look into it.

        Sources:
        [1] Return an item: https://help.example/returns"#]]
    .assert_eq(&wording(&draft).text);
}

#[test]
fn who_asks_a_fact_gets_the_sentences_that_state_it() {
    let draft = written("Which mail has the invoice with the tax number?", &shop());
    let text = wording(&draft).text;
    assert!(
        text.contains("Your invoice is in the order confirmation mail. It has the tax number. [1]"),
        "{text}"
    );
    assert_eq!(draft.citations.len(), 1);
}

#[test]
fn every_sentence_stands_word_for_word_in_the_passage_it_cites() {
    for question in ["return an item", "invoice?", "how long do refunds take", "opened software"] {
        let hits = shop();
        let draft = written(question, &hits);
        assert!(draft.sentences.iter().any(|it| it.kind == SentenceKind::Quote), "{question}");
        for sentence in draft.sentences.iter().filter(|it| it.kind == SentenceKind::Quote) {
            let cited = &draft.citations[sentence.cites[0]].passage_id;
            let passage = &hits.iter().find(|it| it.passage.id == *cited).unwrap().passage;
            assert!(passage.text.contains(&sentence.text), "{question}: {}", sentence.text);
        }
    }
}

#[test]
fn a_problem_told_is_answered_with_the_steps_of_the_article_wherever_they_stand() {
    let hits = [
        hit(
            "port",
            0,
            "Fix port access on Linux",
            "Uploads fail with permission denied if your account lacks the rights for the port.",
        ),
        hit(
            "port",
            1,
            "Fix port access on Linux",
            "1. Open a terminal.\n2. Add yourself to the dialout group.",
        ),
    ];
    let draft = written("linux, it says permission denied", &hits);
    let text = wording(&draft).text;
    assert!(text.contains("lacks the rights for the port. [1]"), "{text}");
    assert!(text.contains("2. Add yourself to the dialout group. [2]"), "{text}");
}

#[test]
fn what_only_makes_sense_on_the_page_is_left_out() {
    let text = wording(&written("What about returns within 30 days?", &shop())).text;
    assert!(!text.contains("This article"), "{text}");
}

#[test]
fn past_tickets_are_never_quoted() {
    let mut private =
        hit("t1", 0, "My return", "Dear Ms. Smith, your return of 12 May is refunded.");
    private.passage.pool = Pool::PastTicket;
    let draft = extractive(
        &ticket("return refunded?"),
        &public_hits(std::slice::from_ref(&private)),
        std::slice::from_ref(&private),
    );
    assert!(draft.sentences.is_empty() && draft.citations.is_empty());
}

#[test]
fn what_people_answered_before_tells_which_article_and_nothing_of_it_is_said() {
    let hits = [
        hit("fuse", 0, "The lamp", "The lamp stays dark where the fuse of the house has blown."),
        hit("dimmer", 0, "The lamp", "The lamp stays dark where the dimmer is turned down."),
    ];
    let mut past = hit("t1", 1, "Dark lamp", "Dear Ms. Smith, please turn the dimmer up again.");
    past.passage.pool = Pool::PastTicket;
    let asked = ticket("Why does the lamp stay dark?");
    let draft = extractive(&asked, &public_hits(&hits), std::slice::from_ref(&past));
    let text = wording(&draft).text;
    assert_eq!(draft.citations[0].passage_id, "article:b:dimmer#0", "{text}");
    assert!(!text.contains("Smith") && !text.contains("up again"), "{text}");
}

#[test]
fn a_short_article_is_quoted_whole_in_reading_order_and_each_section_is_named() {
    let section = |ordinal, heading: &str, text: &str| {
        let mut hit = hit("parcel", ordinal, "A parcel is missing", text);
        hit.passage.headings = vec![heading.to_owned()];
        hit.score = 1.0 - ordinal as f32 / 10.0;
        hit
    };
    let hits = [
        section(1, "Look around", "1. Ask your neighbors.\n2. Look behind the door."),
        section(2, "If you still miss it", "Write to us within 30 days."),
        section(0, "Wait", "A parcel is often late."),
    ];
    let text = wording(&written("My parcel is missing, where should I look?", &hits)).text;
    let places = ["often late", "Look around:", "2. Look", "If you still miss it:", "30 days"];
    let places = places.map(|it| text.find(it));
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{text}");
}

#[test]
fn what_was_said_before_tells_what_a_question_is_about() {
    let hits = [
        hit("sketch", 0, "Stop a sketch", "A sketch does not stop at once. Reset the board."),
        hit("plan", 0, "Cancel a plan", "A canceled plan stops with the billing cycle."),
    ];
    let customer = |text: &str| Turn {
        author: AuthorKind::Customer,
        text: text.to_owned(),
        message_id: String::new(),
    };
    let asked = Ticket {
        turns: vec![customer("I want to cancel my plan, who is billed for the plan?")],
        ..ticket("I do not need it any more from today on, and does it stop at once?")
    };
    let draft = extractive(&asked, &public_hits(&hits), &[]);
    assert_eq!(draft.citations[0].passage_id, "article:b:plan#0", "{}", wording(&draft).text);
}

#[test]
fn a_procedure_too_long_for_a_reply_is_left_to_the_article() {
    let steps: String =
        (1..40).map(|it| format!("{it}. Turn screw number {it} of it.\n")).collect();
    let long = hit("screws", 0, "Turn the screws", &format!("The screws hold the lid.\n\n{steps}"));
    let draft = written("How do I turn the screws?", &[long]);
    let text = wording(&draft).text;
    assert!(!text.contains("screw number"), "{text}");
    assert!(
        text.contains("The screws hold the lid.") && text.contains("whole procedure"),
        "{text}"
    );
}

#[test]
fn a_link_in_a_question_is_never_sent_back() {
    let text = wording(&written("Return an item at evil.example now", &shop())).text;
    assert!(!text.contains("evil"), "{text}");
}

#[test]
fn a_short_section_is_quoted_whole_and_what_only_points_at_the_page_is_not() {
    let exam = hit(
        "exam",
        0,
        "Connection issues during the exam",
        "Please ensure that you have a stable connection. You can resume the exam when it is back.\n\n\
         As explained above, the timer runs on. See also the rules.",
    );
    let text = wording(&written("my internet died during the exam", &[exam])).text;
    assert!(
        text.contains("You can resume the exam") && text.contains("the timer runs on."),
        "{text}"
    );
    assert!(!text.contains("above") && !text.contains("See also"), "{text}");
}

#[test]
fn two_articles_that_fit_as_well_are_both_quoted_and_told_apart() {
    let hits = [
        hit("lamp", 0, "Dark lamp", "A dark lamp has a blown fuse."),
        hit("screen", 0, "Dark screen", "A dark screen has a loose cable."),
    ];
    let draft = written("It stays dark", &hits);
    let text = wording(&draft).text;
    assert_eq!(draft.citations.len(), 2, "{text}");
    assert!(text.contains("It may also be about “Dark "), "{text}");
}

#[test]
fn what_promises_something_is_quoted_with_it_or_not_at_all() {
    let promised = hit(
        "codes",
        0,
        "Codes of the lamp",
        "The lamp blinks with one of the following codes:\n\n- Red: too hot\n- Green: ready to start",
    );
    let text = wording(&written("What do the codes of the lamp mean?", &[promised])).text;
    assert!(text.contains("following codes:\n\n- Red: too hot\n- Green: ready"), "{text}");
}

#[test]
fn nothing_found_is_an_empty_draft_and_odd_input_is_harmless() {
    assert!(written("anything", &[]).sentences.is_empty());
    assert!(written("", &[hit("x", 0, "", "")]).sentences.is_empty());
    written(&"very long ".repeat(100_000), &shop());
    written("x", &[hit("deep", 0, "t", &"  - x\n".repeat(10_000))]);
}

#[test]
fn the_joints_are_in_the_language_of_the_quotes() {
    let mut german =
        hit("r", 0, "Rückgabe", "Sie können Artikel innerhalb von 30 Tagen zurückgeben.");
    german.passage.language = Some("de".to_owned());
    let draft = written("Wie lange kann ich Artikel zurückgeben?", &[german]);
    let text = wording(&draft).text;
    assert!(text.starts_with("Guten Tag!") && text.contains("Quellen:"), "{text}");
}

/// A passage of paragraphs, steps and items in words that questions may share.
fn any_text() -> impl Strategy<Value = String> {
    let words = "[a-f]{1,3}( [a-f]{1,3}){1,9}";
    let paragraph = "([a-f]{1,3}( [a-f]{1,3}){1,9}\\. ){1,6}";
    let block = prop_oneof![
        paragraph.prop_map(|it: String| it),
        prop::collection::vec(words, 2..20).prop_map(|items| {
            let lines = items.iter().enumerate();
            lines.map(|(idx, it)| format!("{}. {it}", idx + 1)).collect::<Vec<_>>().join("\n")
        }),
        prop::collection::vec(words, 2..9)
            .prop_map(|items| items.iter().map(|it| format!("- {it}\n")).collect::<String>()),
    ];
    prop::collection::vec(block, 1..6).prop_map(|blocks| blocks.join("\n\n"))
}

proptest! {
    #[test]
    fn each_quote_stands_in_what_it_cites_and_steps_come_whole_and_in_order_or_not_at_all(
        texts in prop::collection::vec(any_text(), 1..5),
        question in "(how do i |when )?[a-f]{1,3}( [a-f]{1,3}){0,6}",
    ) {
        let places = (0_u32..).zip(&texts);
        let hits: Vec<Hit> =
            places.map(|(ordinal, text)| hit("any", ordinal, "abc def", text)).collect();
        let draft = written(&question, &hits);
        let passage = |sentence: &Sentence| {
            let id = &draft.citations[sentence.cites[0]].passage_id;
            &hits.iter().find(|it| it.passage.id == *id).unwrap().passage.text
        };
        let quotes = draft.sentences.iter().filter(|it| it.kind == SentenceKind::Quote);
        for quote in quotes.clone() {
            prop_assert!(passage(quote).contains(&quote.text), "{}", quote.text);
        }
        let quoted: Vec<&Sentence> = quotes.collect();
        for (idx, first) in quoted.iter().enumerate() {
            let starts = first.layout == Layout::Step
                && (idx == 0 || quoted[idx - 1].layout != Layout::Step);
            if !starts {
                continue;
            }
            let run: Vec<&&Sentence> =
                quoted[idx..].iter().take_while(|it| it.layout == Layout::Step).collect();
            let steps: String = run
                .iter()
                .enumerate()
                .map(|(at, it)| format!("{}. {}\n", at + 1, it.text))
                .collect();
            let text = format!("{}\n", passage(first));
            let after = text.split_once(&steps).map(|(_, after)| after);
            prop_assert!(after.is_some(), "{steps} of {text}");
            let next = format!("{}. ", run.len() + 1);
            prop_assert!(!after.unwrap().starts_with(&next), "cut after {steps}");
        }
    }
}
