//! Where the answer differs by platform or version.

use super::*;

fn platforms() -> [Hit; 2] {
    let section = |ordinal, heading: &str, text: &str| {
        let mut hit = hit("remove", ordinal, "Remove the program", text);
        hit.passage.headings = vec![heading.to_owned()];
        hit
    };
    [
        section(0, "On Windows", "1. Open the settings.\n2. Choose the program and remove it."),
        section(
            1,
            "On a Mac",
            "1. Open the Finder.\n2. Drag the program into the bin to remove it.",
        ),
    ]
}

#[test]
fn where_the_answer_differs_by_platform_the_customer_is_asked_for_theirs() {
    let draft = written("How do I remove the program?", &platforms());
    let text = wording(&draft).text;
    assert!(draft.asks_back, "{text}");
    assert!(text.contains("Which one is yours?") && text.contains("Windows, macOS"), "{text}");
    assert!(text.contains("For Windows:\n\n1. Open the settings."), "{text}");
}

#[test]
fn nobody_is_asked_the_same_twice_or_for_what_they_have_said() {
    let turn =
        |author, text: &str| Turn { message_id: text.to_owned(), author, text: text.to_owned() };
    let asked = wording(&written("How do I remove the program?", &platforms())).text;
    let again = |before: Vec<Turn>| {
        let turns = before.into_iter().chain([turn(AuthorKind::Customer, "How do I remove it?")]);
        let ticket = Ticket { turns: turns.collect(), ..ticket("How do I remove the program?") };
        extractive(&ticket, &public_hits(&platforms()), &[])
    };
    // They did not answer: a person has a look, and the customer is not asked once more.
    let unanswered = again(vec![turn(AuthorKind::Own, &asked)]);
    assert!(unanswered.asks_back);
    assert!(!wording(&unanswered).text.contains("Which one"), "{}", wording(&unanswered).text);
    // They said it long ago.
    let known = again(vec![
        turn(AuthorKind::Customer, "My Macbook is new."),
        turn(AuthorKind::Agent, "Congratulations!"),
    ]);
    assert!(!known.asks_back, "{}", wording(&known).text);
}

#[test]
fn what_holds_for_other_versions_is_not_said_of_theirs_without_a_look() {
    let text = "Hold the button for ten seconds. This holds for versions 2 and 3.";
    let hits = [hit("reset", 0, "Reset the controller", text)];
    for (question, is_theirs) in [
        ("How do I reset my controller version 4?", false),
        ("How do I reset my controller version 3?", true),
        ("How do I reset my controller?", true),
        ("How do I reset my controller of room 4?", true),
    ] {
        assert_eq!(written(question, &hits).asks_back, !is_theirs, "{question}");
    }
}

#[test]
fn who_named_the_platform_is_not_asked_for_it() {
    for question in ["How do I remove the program on my mac?", "windows 11: remove the program"] {
        let draft = written(question, &platforms());
        assert!(!draft.asks_back, "{question}: {}", wording(&draft).text);
    }
}
