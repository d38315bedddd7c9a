//! Stage models as they ship, and what a broken one is told.

use super::*;

#[test]
fn five_models_come_with_deskhand() {
    let models = StageModel::shipped().unwrap();
    let ids: Vec<(&str, usize)> =
        models.iter().map(|it| (it.id.as_str(), it.stages.len())).collect();
    assert_eq!(ids, [("m1", 6), ("m2", 5), ("m5", 7), ("m6", 9), ("m7", 5)]);
}

#[test]
fn a_ticket_is_tagged_where_its_words_point_and_says_why() {
    let model = StageModel::preset("m1").unwrap().unwrap();
    for (question, stage) in [
        ("Do you have a comparison with other vendors? Does it support SAML?", "consideration"),
        ("Which payment methods do you accept, and is there a discount code?", "purchase"),
        ("I just signed up. How do I get started and set up my account?", "onboarding"),
        ("The app crashes with an error message and does not work any more", "support"),
        ("I want to cancel my subscription before it renews", "renewal_or_advocacy"),
        ("Ich möchte mein Abo kündigen", "renewal_or_advocacy"),
        ("エラーが出て動かない", "support"),
    ] {
        let tag = model.by_cues(&cued(question));
        assert_eq!(tag.id, stage, "{question}: {}", tag.reason);
        assert!(tag.reason.contains('"') && tag.strength > 0.0 && tag.strength <= 1.0);
    }
}

#[test]
fn a_ticket_without_any_cue_is_of_unknown_stage() {
    let model = StageModel::preset("m2").unwrap().unwrap();
    assert_eq!(model.by_cues(&cued("Write me a poem about resistors")), StageTag::unknown());
    assert_eq!(model.by_cues(&cued("")), StageTag::unknown());
}

#[test]
fn a_mistake_in_a_file_names_the_file_and_the_key() {
    let text = SHIPPED[0].1;
    let misspelled = text.replacen("owner =", "ownr =", 1);
    let error = StageModel::parse("mine.toml", &misspelled).unwrap_err().to_string();
    assert!(error.contains("mine.toml") && error.contains("ownr"), "{error}");
    let twice = text.replacen("id = \"awareness\"", "id = \"purchase\"", 1);
    let error = StageModel::parse("mine.toml", &twice).unwrap_err().to_string();
    assert!(error.contains("purchase"), "{error}");
    let cue = text.replacen("cues = [\"awareness\"]", "cues = [\"nowhere\"]", 1);
    let error = StageModel::parse("mine.toml", &cue).unwrap_err().to_string();
    assert!(error.contains("nowhere"), "{error}");
}

#[test]
fn a_stage_is_found_by_its_aliases() {
    let model = StageModel::preset("m6").unwrap().unwrap();
    assert_eq!(model.stage("Upsell").map(|it| it.id.as_str()), Some("upselling"));
}
