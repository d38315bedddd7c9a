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

proptest! {
    #[test]
    fn any_sentence_against_any_passage_has_a_support(claim in "\\PC{0,120}", source in "\\PC{0,300}") {
        let verdict = verify(&draft(&claim), &[hit(&source)]);
        let support = verdict.claims[0].support;
        prop_assert!((0.0..=1.0).contains(&support), "{}", support);
    }
}
