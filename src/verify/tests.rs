//! Drafts with one thing wrong, and that it is found.

use proptest::prelude::*;

use super::*;
use crate::draft::Citation;
use crate::draft::Layout;
use crate::draft::Writer;
use crate::knowledge::Audience;
use crate::knowledge::Passage;
use crate::knowledge::Pool;

fn hit(text: &str) -> Hit {
    let passage = Passage {
        id: "p".to_owned(),
        document_id: "d".to_owned(),
        pool: Pool::Article,
        brand: "b".to_owned(),
        audience: Audience::Public,
        title: "Returns at Acme".to_owned(),
        headings: Vec::new(),
        anchor: None,
        url: None,
        language: Some("en".to_owned()),
        ordinal: 0,
        text: text.to_owned(),
        updated_at: None,
    };
    Hit { passage, score: 1.0, signals: Vec::new(), stale: None }
}

fn draft(text: &str) -> Draft {
    Draft {
        sentences: vec![Sentence {
            text: text.to_owned(),
            cites: vec![0],
            kind: SentenceKind::Claim,
            layout: Layout::Paragraph,
        }],
        citations: vec![Citation { passage_id: "p".to_owned(), title: "t".to_owned(), url: None }],
        written_by: Writer::Extractive,
        asks_back: false,
        language: None,
    }
}

const SOURCE: &str = "You can return most items within 30 days of delivery. Refunds take 5 business days. \
    To start a return, open the Orders page and turn on the Return switch before you print the label. \
    Opened software cannot be returned. See https://acme.example/returns?x=1 for details.";

fn judged(text: &str) -> ClaimVerdict {
    verify(&draft(text), &[hit(SOURCE)]).claims.remove(0)
}

#[test]
fn a_quote_and_a_close_paraphrase_are_backed() {
    assert_eq!(judged("Refunds take 5 business days.").support, 1.0);
    let paraphrase = judged("Most items can be returned within 30 days of the delivery.");
    assert!(paraphrase.faults.is_empty() && paraphrase.support > 0.7, "{paraphrase:?}");
}

#[test]
fn one_wrong_fact_is_found_in_a_sentence_that_is_right_in_all_else() {
    for (text, fault) in [
        ("You can return most items within 60 days of delivery.", "Number"),
        ("Refunds take 30 business days.", "Number"),
        ("You can return most items within 30 weeks of delivery.", "Number"),
        ("Refunds do not take 5 business days.", "Negation"),
        ("Opened software can be returned.", "Negation"),
        ("Open the Billing page and turn on the Return switch before you print the label.", "Name"),
        (
            "Open the Orders page and turn off the Return switch before you print the label.",
            "Direction",
        ),
        (
            "Open the Orders page and turn on the Return switch after you print the label.",
            "Direction",
        ),
        ("See https://evil.example/returns?x=1 for details.", "Link"),
    ] {
        let claim = judged(text);
        assert!(format!("{:?}", claim.faults).contains(fault), "{text}: {claim:?}");
        assert!(claim.support < BACKED_FROM, "{text}: {claim:?}");
    }
}

#[test]
fn a_sentence_about_something_else_is_unbacked() {
    let claim = judged("Our shops open daily and welcome dogs.");
    assert!(claim.support < 0.3 && !claim.faults.is_empty(), "{claim:?}");
}

#[test]
fn a_citation_that_was_not_given_backs_nothing() {
    let mut forged = draft("Refunds take 5 business days.");
    forged.sentences[0].cites = vec![7];
    let verdict = verify(&forged, &[hit(SOURCE)]);
    assert_eq!(verdict.claims[0].faults, [Fault::NoSource]);
    assert_eq!(verdict.grounding, 0.0);
    forged.sentences[0].cites.clear();
    assert_eq!(verify(&forged, &[hit(SOURCE)]).grounding, 0.0);
}

#[test]
fn a_draft_that_states_nothing_is_not_scored() {
    let mut joints = draft("Hello,");
    joints.sentences[0].kind = SentenceKind::Joint;
    assert!(verify(&joints, &[hit(SOURCE)]).grounding.is_nan());
}

#[test]
fn steps_names_limits_and_single_words_are_told_apart() {
    for (text, fault) in [
        (
            "To start a return, open the Orders page and flip on the Return switch before you print the label.",
            None,
        ),
        (
            "To start a return, open the Orders page and turn on the Return switch before you print the invoice.",
            Some("Changed"),
        ),
        (
            "To start a return, open the Orders page and turn on the Refund switch before you print the label.",
            Some("Name"),
        ),
        ("You can only return most items within 30 days of delivery.", Some("Condition")),
        ("You can never return most items within 30 days of delivery.", Some("Negation")),
    ] {
        let claim = judged(text);
        let found = format!("{:?}", claim.faults);
        match fault {
            Some(fault) => {
                assert!(found.contains(fault), "{text}: {claim:?}");
                assert!(!claim.is_backed() && claim.support < 0.9, "{text}: {claim:?}");
            }
            None => assert!(claim.faults.len() <= 1, "{text}: {claim:?}"),
        }
    }
}

#[test]
fn a_copy_may_be_turned_round_shortened_and_worded_a_little_otherwise() {
    let source = "If you do not see the button, click Settings (the wheel at the top) and choose \
        Privacy. You cannot undo this. Updates are installed automatically.";
    for text in [
        "Click Settings and choose Privacy if you do not see the button.",
        "Sure! If you don't see the button, select Settings and pick Privacy.",
        "In short: You can't undo this.",
        "As described in the article, updates are installed automatically.",
        "Good news: updates are installed automatically.",
    ] {
        let verdict = verify(&draft(text), &[hit(source)]);
        let claim = verdict.claims.last().unwrap();
        assert!(claim.is_backed() && 0.9 <= claim.support, "{text}: {claim:?}");
    }
}

#[test]
fn a_limit_is_neither_left_out_nor_replaced() {
    let source = "Owners can only return unopened items. Every order must be paid in advance.";
    for text in [
        "Owners can return unopened items.",
        "Owners can also return unopened items.",
        "Every order may be paid in advance.",
        "Some order must be paid in advance.",
    ] {
        let claim = verify(&draft(text), &[hit(source)]).claims.remove(0);
        let is_limit = |it: &Fault| matches!(it, Fault::Condition(_));
        assert!(claim.faults.iter().any(is_limit), "{text}: {claim:?}");
    }
}

#[test]
fn a_menu_path_keeps_its_steps_and_their_order() {
    let source = "Open Settings > Privacy > Cookies to see what is stored on the device.";
    for text in [
        "Open Settings > Security > Cookies to see what is stored on the device.",
        "Open Settings > Cookies to see what is stored on the device.",
        "Open Privacy > Settings > Cookies to see what is stored on the device.",
    ] {
        let claim = verify(&draft(text), &[hit(source)]).claims.remove(0);
        let is_path = |it: &Fault| matches!(it, Fault::MenuPath(_));
        assert!(claim.faults.iter().any(is_path), "{text}: {claim:?}");
    }
}

#[test]
fn other_prices_dates_and_versions_are_other_numbers() {
    let source = "Since version 128.3.0 of 2024-05-01 a seat costs $20 a month and 1,000 mails.";
    let same = "Since version 128.3.0 of 2024-05-01 a seat costs $20 a month and 1000 mails.";
    assert!(verify(&draft(same), &[hit(source)]).claims[0].is_backed());
    for text in [
        "Since version 128.3.1 of 2024-05-01 a seat costs $20 a month and 1,000 mails.",
        "Since version 128.3.0 of 2024-05-10 a seat costs $20 a month and 1,000 mails.",
        "Since version 128.3.0 of 2024-05-01 a seat costs €20 a month and 1,000 mails.",
        "Since version 128.3.0 of 2024-05-01 a seat costs $20 a week and 1,000 mails.",
        "Since version 128.3.0 of 2024-05-01 a seat costs $20 a month and 10,000 mails.",
    ] {
        let claim = verify(&draft(text), &[hit(source)]).claims.remove(0);
        assert!(!claim.is_backed() && claim.support < 0.9, "{text}: {claim:?}");
    }
}

#[test]
fn half_a_sentence_that_says_the_opposite_is_no_quote() {
    let source = "Owners who are not able to pay lose access. Do not turn off the device.";
    for text in ["Turn off the device.", "Owners who are able to pay lose access."] {
        let claim = verify(&draft(text), &[hit(source)]).claims.remove(0);
        assert!(claim.faults.contains(&Fault::Negation), "{text}: {claim:?}");
    }
}

#[test]
fn two_true_halves_do_not_make_a_true_sentence() {
    let source =
        "Orders placed before noon ship the same day. Orders placed after noon ship the next day.";
    let claim = verify(&draft("Orders placed before noon ship the next day."), &[hit(source)]);
    assert!(!claim.claims[0].is_backed(), "{claim:?}");
}

#[test]
fn scripts_without_spaces_and_other_languages_are_checked_too() {
    for (language, source, copy, other) in [
        (
            "de",
            "Sie können Artikel innerhalb von 30 Tagen zurückgeben.",
            "Artikel können Sie innerhalb von 30 Tagen zurückgeben.",
            "Sie können Artikel nicht innerhalb von 30 Tagen zurückgeben.",
        ),
        (
            "fr",
            "L’abonnement est renouvelé tous les mois.",
            "L'abonnement est renouvelé tous les mois.",
            "L'abonnement n'est pas renouvelé tous les mois.",
        ),
        (
            "ja",
            "設定を開いて通知を有効にします。",
            "設定を開いて通知を有効にします。",
            "設定を開いて通知を無効にします。",
        ),
        ("zh", "您可以在30天内退货。", "您可以在30天内退货。", "您可以在60天内退货。"),
    ] {
        let mut hit = hit(source);
        hit.passage.language = Some(language.to_owned());
        let of = |text: &str| verify(&draft(text), &[hit.clone()]).claims.remove(0);
        assert!(of(copy).is_backed(), "{copy}: {:?}", of(copy));
        assert!(!of(other).is_backed(), "{other}: {:?}", of(other));
    }
}

#[test]
fn what_only_greets_needs_no_source_and_what_promises_does() {
    let mut greeting = draft("Thanks for reaching out!");
    greeting.sentences[0].cites.clear();
    greeting.sentences.extend(draft("Refunds take 5 business days.").sentences);
    let verdict = verify(&greeting, &[hit(SOURCE)]);
    assert_eq!((verdict.claims.len(), verdict.grounding), (1, 1.0));
    greeting.sentences[0].text = "We have refunded you.".to_owned();
    assert_eq!(verify(&greeting, &[hit(SOURCE)]).claims[0].faults, [Fault::NoSource]);
}

fn two_sentences(second: &str) -> Draft {
    let mut whole = draft("Refunds take 5 business days.");
    whole.sentences.extend(draft(second).sentences);
    whole
}

#[test]
fn an_unbacked_sentence_is_taken_out_and_told() {
    let (left, verdict) = verify_and_trim(two_sentences("Our shops welcome dogs."), &[hit(SOURCE)]);
    assert_eq!(left.sentences.len(), 1);
    assert_eq!((verdict.grounding, verdict.removed.len()), (1.0, 1));
    assert_eq!(verdict.removed[0].text, "Our shops welcome dogs.");
    assert!(verdict.unbacked().next().is_none());
}

#[test]
fn a_contradicting_sentence_and_a_reply_that_would_not_survive_stay_to_be_seen() {
    let (left, verdict) =
        verify_and_trim(two_sentences("Opened software can be returned."), &[hit(SOURCE)]);
    assert!(verdict.contradicted && left.sentences.len() == 2 && verdict.removed.is_empty());
    let (left, verdict) = verify_and_trim(draft("Our shops welcome dogs."), &[hit(SOURCE)]);
    assert_eq!((left.sentences.len(), verdict.unbacked().count()), (1, 1));
}

fn other_article(text: &str) -> Hit {
    let mut other = hit(text);
    other.passage.id = "q".to_owned();
    other.passage.document_id = "e".to_owned();
    other.passage.title = "Payments".to_owned();
    other
}

#[test]
fn another_article_that_says_otherwise_makes_a_dispute() {
    let dispute = |said: &str, other: &str| {
        let hits = [hit(said), other_article(other)];
        verify(&draft(said), &hits).disputed
    };
    let said = "The express delivery of an order costs 5 euros.";
    let found = dispute(said, "Hello. Express delivery of your order costs 7 euros.").unwrap();
    assert_eq!(found.otherwise, "Express delivery of your order costs 7 euros.");
    assert_eq!((found.said.as_str(), found.title.as_str()), (said, "Payments"));
    assert!(
        dispute(
            "You can export your contacts as a spreadsheet.",
            "You cannot export contacts as a spreadsheet.",
        )
        .is_some()
    );
    for other in [
        "Express delivery of your order costs 5 euros.",
        "Express delivery of your order to Norway costs 7 euros.",
        "The Team plan delivery of an order costs 7 euros.",
        "Standard delivery of an order costs 3 euros.",
        "A replacement battery costs 7 euros.",
        "The express delivery of an order takes 2 days.",
    ] {
        assert_eq!(dispute(said, other), None, "{other}");
    }
}

#[test]
fn one_article_may_give_two_amounts_for_two_cases() {
    let said = "The express delivery of an order costs 5 euros.";
    let mut other = other_article("The express delivery of an order costs 7 euros.");
    other.passage.document_id = "d".to_owned();
    assert_eq!(verify(&draft(said), &[hit(said), other]).disputed, None);
}

/// Sentences as help centers have them, with a number in each.
fn numbered() -> impl Strategy<Value = (Vec<String>, usize, u32)> {
    let opening =
        prop::sample::select(vec!["You can keep", "Each plan holds", "Owners may invite"]);
    let thing = prop::sample::select(vec!["reports", "people", "projects", "backups", "drafts"]);
    let ending = prop::sample::select(vec!["for a team", "in a folder", "at no cost", "by mail"]);
    let line = (opening, 2_u32..400, thing, ending);
    let line = line.prop_map(|(a, n, b, c)| format!("{a} {n} {b} {c}."));
    prop::collection::vec(line, 1..8).prop_flat_map(|lines| {
        let n_lines = lines.len();
        (Just(lines), 0..n_lines, 2_u32..400)
    })
}

proptest! {
    #[test]
    fn a_sentence_copied_word_for_word_always_passes((lines, idx, _) in numbered()) {
        let claim = verify(&draft(&lines[idx]), &[hit(&lines.join(" "))]).claims.remove(0);
        prop_assert!(claim.is_backed() && claim.support == 1.0, "{:?}", claim);
    }

    #[test]
    fn a_copied_sentence_with_another_number_never_passes((lines, idx, number) in numbered()) {
        let digits: String = lines[idx].chars().filter(char::is_ascii_digit).collect();
        let forged = lines[idx].replace(&digits, &number.to_string());
        prop_assume!(!lines.contains(&forged));
        for lead in ["", "Sure! ", "In short: "] {
            let text = format!("{lead}{forged}");
            let claim = verify(&draft(&text), &[hit(&lines.join(" "))]).claims.remove(0);
            prop_assert!(!claim.is_backed() && claim.support < 0.9, "{}: {:?}", text, claim);
        }
    }

    #[test]
    fn any_line_of_any_passage_is_backed_by_it(lines in prop::collection::vec("\\PC{1,60}", 1..6)) {
        let source = lines.join("\n");
        for line in crate::text::sentences::sentences(&crate::text::sentences::without_pictures(&source)) {
            let line = crate::text::sentences::line_kind(line).1;
            let mut quote = draft(line);
            quote.sentences[0].kind = SentenceKind::Quote;
            let claim = verify(&quote, &[hit(&source)]).claims.remove(0);
            let has_words = !Reader::default().words(line, Some("en")).is_empty();
            prop_assert!(!has_words || claim.is_backed(), "{}: {:?}", line, claim);
        }
    }

    #[test]
    fn any_sentence_against_any_passage_has_a_support(claim in "\\PC{0,120}", source in "\\PC{0,300}") {
        let verdict = verify(&draft(&claim), &[hit(&source)]);
        for claim in verdict.claims {
            prop_assert!((0.0..=1.0).contains(&claim.support), "{:?}", claim);
        }
    }
}
