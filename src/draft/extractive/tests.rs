//! What customers would get, from passages as help centers write them.

use super::*;
use crate::draft::wording;
use crate::knowledge::Audience;

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
    extractive(&ticket(question), hits)
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

        About “Return an item”, our help center says:

        To start a return:

        1. Open your orders.
        2. Choose the item.
           - Several items need several labels.
        3. Print the label. [1]

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
    let draft = written("return refunded?", &[private]);
    assert!(draft.sentences.is_empty() && draft.citations.is_empty());
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
