//! Words as people write them, and what they are looked up by.

use super::*;

#[test]
fn a_word_is_found_however_it_is_written() {
    let same = |left, right, language| {
        assert_eq!(stems(left, Some(language)), stems(right, Some(language)), "{left}");
    };
    same("Cancelled subscriptions", "cancel subscription", "en");
    same("activé", "active", "fr");
    same("Größe", "grosse", "de");
    same("ＡＢＣ１２", "abc12", "en");
    same("e-mail", "email", "en");
}

#[test]
fn a_hyphenated_word_is_found_joined_and_apart() {
    let found = stems("Wi-Fi", None);
    assert_eq!(found, ["wi", "fi", "wifi"]);
}

#[test]
fn a_question_without_a_matter_has_no_words() {
    assert!(stems("Hello, how do I do this? Thanks!", Some("en")).is_empty());
    assert!(stems("I don't know", None).is_empty());
}

#[test]
fn chinese_is_found_by_pairs_of_signs() {
    assert_eq!(stems("更改密码", Some("zh")), ["更改", "改密", "密码"]);
    assert_eq!(stems("码", Some("zh")), ["码"]);
}

#[test]
fn keys_and_hashes_are_no_words() {
    let key = "a1".repeat(40);
    assert!(stems(&key, None).is_empty());
}
