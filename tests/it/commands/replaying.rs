//! `deskhand replay`: a team's past tickets asked again.

use super::*;

/// An article that came with the third ticket, and holds what only it knows.
const CANARY: &str = "The workshop door code for the kettle is kingfisher.";

fn ticket(id: usize, day: &str, text: &str, answer: &str, link: &str) -> Value {
    json!({
        "id": format!("t{id}"), "kind": "past_ticket", "title": text, "text": text,
        "answer": answer, "created": format!("{day}T10:00:00Z"), "solved": true,
        "linked_articles": [link], "tags": ["kettles"],
    })
}

/// Ten tickets of ten days, the last five about what the canary answers.
fn history(shell: &Shell) {
    let articles = [
        json!({"id": "descale", "title": "Descale your kettle", "updated": "2026-01-01T00:00:00Z",
            "body": "Fill the kettle with water and one spoon of citric acid. Boil it and rinse it twice."}),
        json!({"id": "door", "title": "Workshop door code for the kettle",
            "updated": "2026-03-06T12:00:00Z", "body": CANARY}),
    ];
    shell.write("history/corpus.jsonl", &lines(&articles));
    let tickets: Vec<Value> = (1..=10)
        .map(|day| {
            let date = format!("2026-03-{day:02}");
            if day <= 4 {
                let answer = "Boil it with citric acid.";
                ticket(day, &date, "How do I descale my kettle?", answer, "descale")
            } else {
                let text = "What is the workshop door code for the kettle?";
                ticket(day, &date, text, "It is on the door.", "door")
            }
        })
        .collect();
    shell.write("history/past_tickets.jsonl", &lines(&tickets));
}

fn lines(values: &[Value]) -> String {
    values.iter().map(|it| format!("{it}\n")).collect()
}

fn with_history() -> Shell {
    let shell = shell();
    std::fs::create_dir(shell.folder.path().join("history")).unwrap();
    history(&shell);
    shell
}

const REPLAY: [&str; 5] = ["replay", "--data", "history", "--since", "2026-03-01"];

fn journal(shell: &Shell) -> Vec<Value> {
    let text = std::fs::read_to_string(shell.folder.path().join("replay/tickets.jsonl")).unwrap();
    text.lines().skip(1).map(|it| serde_json::from_str(it).unwrap()).collect()
}

#[test]
fn a_past_ticket_is_answered_with_what_was_known_that_day_and_nothing_later() {
    let shell = with_history();
    let said: Value =
        serde_json::from_str(&shell.says(&[&REPLAY[..], &["--json"]].concat())).unwrap();
    assert_eq!(said["report"]["n"], 10);
    let outcomes = journal(&shell);
    assert_eq!(outcomes.len(), 10);
    for outcome in &outcomes {
        let draft = outcome["draft"].as_str().unwrap();
        let knows = draft.contains("kingfisher");
        // The article is of noon of the sixth, and each day begins with the night before.
        let came_later = outcome["at"].as_str().unwrap() < "2026-03-07";
        assert!(!(knows && came_later), "{outcome}");
        if outcome["linked"][0] == "door" && !came_later {
            assert!(knows, "{outcome}");
            assert_eq!(outcome["cited"][0], "door");
        }
    }
    let months = said["report"]["months"].as_array().unwrap();
    assert_eq!((months.len(), &months[0]["month"]), (1, &"2026-03".into()));
    assert!(shell.says(&REPLAY).contains("10 past tickets asked again"));
}

#[test]
fn a_stopped_replay_goes_on_and_ends_as_one_that_was_not_stopped() {
    let shell = with_history();
    shell.says(&REPLAY);
    let whole = journal(&shell);
    let path = shell.folder.path().join("replay/tickets.jsonl");
    let text = std::fs::read(&path).unwrap();
    // Cut within a line, as a killed process leaves it.
    std::fs::write(&path, &text[..text.len() / 2]).unwrap();
    shell.says(&REPLAY);
    let timeless = |mut outcomes: Vec<Value>| {
        outcomes.iter_mut().for_each(|it| it["took_ms"] = Value::Null);
        outcomes
    };
    assert_eq!(timeless(journal(&shell)), timeless(whole));
}

#[test]
fn outcomes_of_two_settings_are_not_mixed_but_compared() {
    let shell = with_history();
    shell.says(&REPLAY);
    shell.write("eager.toml", "[answer]\nsend_from = 0.3\nsuggest_from = 0.1\n");
    let eager = [&["--config", "eager.toml"], &REPLAY[..]].concat();
    let error = shell.complains(&eager);
    assert!(error.contains("of another replay") && error.contains("--fresh"), "{error}");
    let compared: Value = serde_json::from_str(
        &shell.says(&[&REPLAY[..], &["--compare", "eager.toml", "--json"]].concat()),
    )
    .unwrap();
    let n_sent = |row: &Value| row["would_send"]["n"].as_u64().unwrap();
    let (one, other) = (&compared["report"]["all"], &compared["comparison"]["other"]);
    assert!(n_sent(one) < n_sent(other), "{compared}");
    assert!(0 < compared["comparison"]["n_changed"].as_u64().unwrap());
    assert!(shell.says(&[&eager[..], &["--fresh"]].concat()).contains("10 past tickets"));
}

#[test]
fn what_customers_wrote_is_text_on_the_page_and_never_markup() {
    let shell = with_history();
    let hostile = "<script>alert(1)</script> {{ 7 * 6 }} {% raw %} how do I descale my kettle?";
    let evil: Vec<Value> = (1..=8)
        .map(|day| ticket(day, &format!("2026-03-{day:02}"), hostile, hostile, "door"))
        .collect();
    shell.write("history/past_tickets.jsonl", &lines(&evil));
    shell.write("eager.toml", "[answer]\nsuggest_from = 0.0\n");
    shell.says(&[&["--config", "eager.toml"], &REPLAY[..]].concat());
    let page = std::fs::read_to_string(shell.folder.path().join("replay/report.html")).unwrap();
    assert!(!page.contains("<script"), "{page}");
    assert!(page.contains("&lt;script&gt;"), "{page}");
    assert!(!page.contains("42 {%"), "{page}");
    for outside in ["src=", "href=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn a_history_that_cannot_be_replayed_says_what_is_missing() {
    let shell = with_history();
    shell.write("history/past_tickets.jsonl", "");
    let error = shell.complains(&REPLAY);
    assert!(error.contains("no past ticket has a date"), "{error}");
    let error = shell.complains(&["replay", "--data", "history", "--since", "soon"]);
    assert!(error.contains("--since soon is not a date"), "{error}");
    assert!(shell.complains(&["replay", "--data", "nowhere"]).contains("nowhere is not a folder"));
    shell.write("history/past_tickets.jsonl", "{\"id\": 1\n");
    assert!(shell.complains(&REPLAY).contains("line 1 of"));
}

#[test]
fn what_was_ingested_can_be_replayed_without_naming_a_folder() {
    let shell = with_history();
    shell.says(&["ingest", "history", "--brand", "kettles"]);
    let shown = shell.says(&["replay", "--limit", "3", "--out", "newest"]);
    assert!(shown.contains("3 past tickets asked again"), "{shown}");
    assert!(shell.folder.path().join("newest/report.html").exists());
}
