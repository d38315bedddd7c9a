//! What becomes of a model's draft that its sources do not bear out, from the question
//! to the decision. Everything sound would be sent here, so what is held back is held
//! back by verification.

use deskhand::decide::Decision;
use deskhand::decide::Reason;
use deskhand::draft;
use deskhand::draft::SentenceKind;
use deskhand::proposal;
use deskhand::proposal::Proposal;
use deskhand::verify::Fault;
use serde_json::json;

use crate::generative::proposed_from;
use crate::support::model::Say;

const PLANS: &str = "You can change your plan at any time. Changes to your plan count from the next \
    invoice.\n\n1. Open Settings\n2. Choose Plan\n3. Press Save\n";

/// (text, cites, layout) of each sentence the model writes.
type Said<'a> = (&'a str, &'a [u64], &'a str);

async fn proposed(articles: &[&str], said: &[Said<'_>]) -> Proposal {
    let sentences: Vec<_> = said
        .iter()
        .map(|(text, cites, layout)| json!({"text": text, "cites": cites, "layout": layout}))
        .collect();
    proposed_from(articles, vec![Say::object(&json!({ "sentences": sentences }))]).await
}

fn statements(proposal: &Proposal) -> Vec<&str> {
    let sentences = proposal.draft.sentences.iter();
    let stating = sentences.filter(|it| it.kind != SentenceKind::Joint);
    stating.map(|it| it.text.as_str()).collect()
}

#[tokio::test]
async fn a_faithful_wording_is_sent_whoever_wrote_it() {
    let said = [
        ("Happy to help!", &[][..], "paragraph"),
        ("At any time, you can change your plan.", &[1], "paragraph"),
    ];
    let proposal = proposed(&[PLANS], &said).await;
    assert_eq!(proposal.decision, Decision::Send, "{:?}", proposal.verdict);
    assert_eq!(proposal.verdict.claims.len(), 1, "a greeting states nothing");
}

#[tokio::test]
async fn a_sentence_that_nothing_backs_is_taken_out_and_the_rest_is_sent() {
    let said = [
        ("You can change your plan at any time.", &[1][..], "paragraph"),
        ("Our engineers love cats and bicycles.", &[1], "running"),
    ];
    let proposal = proposed(&[PLANS], &said).await;
    assert_eq!(statements(&proposal), ["You can change your plan at any time."]);
    assert_eq!(proposal.decision, Decision::Send, "{:?}", proposal.verdict);
    assert_eq!(proposal.verdict.removed.len(), 1);
    assert!(!draft::wording(&proposal.draft).text.contains("cats"));
}

#[tokio::test]
async fn a_step_that_nothing_backs_leaves_the_whole_draft_to_a_person() {
    let said = [
        ("You can change your plan at any time.", &[1][..], "paragraph"),
        ("Open Settings", &[1], "step"),
        ("Call your favorite astronomer", &[1], "step"),
        ("Press Save", &[1], "step"),
    ];
    let proposal = proposed(&[PLANS], &said).await;
    assert_eq!(statements(&proposal).len(), 4, "a procedure was torn");
    assert_eq!(proposal.decision, Decision::Suggest, "{:?}", proposal.verdict);
    assert!(proposal.signals.unbacked && proposal.verdict.removed.is_empty());
    let note = proposal::note(&proposal).text;
    assert!(note.contains("Not backed") && note.contains("astronomer"), "{note}");
}

#[tokio::test]
async fn a_sentence_that_says_the_opposite_goes_to_a_person() {
    let said = [("You cannot change your plan at any time.", &[1][..], "paragraph")];
    let proposal = proposed(&[PLANS], &said).await;
    assert_eq!(proposal.decision, Decision::Escalate(Reason::Contradicted));
    assert_eq!(proposal.verdict.claims[0].faults, [Fault::Negation]);
}

#[tokio::test]
async fn two_articles_that_say_different_things_are_shown_to_a_person() {
    let articles = [
        "How to change your plan. A change of the plan takes 2 days.",
        "All about your plan. The change of a plan takes 5 days.",
    ];
    let said = [("A change of the plan takes 2 days.", &[1, 2][..], "paragraph")];
    let proposal = proposed(&articles, &said).await;
    assert_eq!(proposal.decision, Decision::Suggest, "{:?}", proposal.verdict);
    assert!(proposal.signals.disputed);
    let note = proposal::note(&proposal).text;
    assert!(note.contains("Said otherwise") && note.contains("5 days"), "{note}");
}
