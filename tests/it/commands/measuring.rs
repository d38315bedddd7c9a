//! The commands that measure, on small labelled files.

use super::*;

#[test]
fn masking_can_be_measured_on_labelled_texts_of_either_shape() {
    let shell = shell();
    let folder = |name: &str, file: &str, text: &str| {
        std::fs::create_dir(shell.folder.path().join(name)).unwrap();
        shell.write(&format!("{name}/{file}"), text);
    };
    folder(
        "marked",
        "sentences.jsonl",
        "{\"text\":\"Zoë: write to zoe@mail.example, order 4711234567\",\"spans\":[{\"type\":\"PERSON\",\"value\":\"Zoë\",\"start\":0,\"end\":3},{\"type\":\"EMAIL_ADDRESS\",\"value\":\"zoe@mail.example\",\"start\":14,\"end\":30}]}\n",
    );
    folder(
        "chats",
        "support.jsonl",
        "{\"turns\":[{\"text\":\"hello\"},{\"text\":\"it is 9876543210\",\"entities\":[{\"type\":\"phone\",\"value\":\"9876543210\"}]}]}\n",
    );
    let report = |data: &str| -> Value {
        serde_json::from_str(&shell.says(&["eval", "mask", "--data", data, "--json"])).unwrap()
    };
    let (marked, chats) = (report("marked"), report("chats"));
    assert_eq!(
        (&marked["step"], &marked["n"], &chats["n"]),
        (&"mask".into(), &1.into(), &2.into())
    );
    assert_eq!(marked["metrics"]["all"]["recall"], 1.0);
    assert_eq!(marked["metrics"]["type:PERSON"]["recall"], 0.0, "names have no form");
    assert_eq!(marked["baseline"]["patterns"]["all"]["precision"], 0.5, "the order was masked");
    assert_eq!(chats["metrics"]["type:PHONE_NUMBER"]["recall"], 1.0);
    assert!(marked["ci95"]["all"]["recall"].is_array() && marked["latency_ms"]["p99"].is_number());
    let shown = shell.says(&["eval", "mask", "--data", "marked"]);
    assert!(shown.contains("mask on marked, 1 sentences") && shown.contains("patterns"), "{shown}");
    assert!(shell.complains(&["eval", "mask", "--data", "."]).contains("no sentences.jsonl"));
}

#[test]
fn replies_are_measured_beside_what_words_alone_tell() {
    let shell = shell();
    std::fs::create_dir(shell.folder.path().join("replies")).unwrap();
    let evidence = "Refunds take 5 business days. Open the Orders page and turn on Returns.";
    let lines = [
        ("Sure! Refunds take 5 business days.", "supported", "none"),
        ("Refunds take 9 business days.", "unsupported", "number"),
        ("Open the Orders page and turn off Returns.", "unsupported", "swap"),
        ("Have a nice day!", "generic", "none"),
    ]
    .map(|(response, label, edit)| {
        json!({"evidence": evidence, "response": response, "label": label, "edit": edit})
            .to_string()
    });
    shell.write("replies/claims.jsonl", &lines.join("\n"));
    let eval =
        |more: &[&str]| shell.says(&[&["eval", "verify", "--data", "replies"], more].concat());
    let report: Value =
        serde_json::from_str(&eval(&["--json", "--signals", "seen.jsonl"])).unwrap();
    assert_eq!((&report["step"], &report["n"]), (&"verify".into(), &3.into()));
    let all = &report["metrics"]["all"];
    assert_eq!((&all["auroc"], &all["supported passing"]), (&1.0.into(), &1.0.into()));
    assert_eq!(report["metrics"]["edit:number"]["unsupported passing"], 0.0);
    assert!(report["baseline"]["words"]["all"]["auroc"].is_number());
    let seen = shell.read("seen.jsonl");
    assert!(seen.lines().count() == 3 && seen.contains("\"direction\""), "{seen}");
    let shown = eval(&[]);
    assert!(
        shown.contains("verify on replies, 3 replies") && shown.contains("trigrams"),
        "{shown}"
    );
    assert!(shell.complains(&["eval", "verify", "--data", "."]).contains("no claims.jsonl"));
    shell.write(
        "replies/claims.jsonl",
        "{\"evidence\":\"a\",\"response\":\"b\",\"label\":\"maybe\"}",
    );
    let complaint = shell.complains(&["eval", "verify", "--data", "replies"]);
    assert!(complaint.contains("line 1") && complaint.contains("maybe"), "{complaint}");
}

#[test]
fn replies_can_be_measured_by_what_a_right_one_states() {
    let shell = shell();
    std::fs::create_dir(shell.folder.path().join("labelled")).unwrap();
    shell.write(
        "labelled/corpus.jsonl",
        "{\"id\":\"returns\",\"title\":\"Return an item\",\"body\":\"You can return an item within 30 days. Shipping \
         is not refunded.\"}\n{\"id\":\"lamp\",\"title\":\"The lamp\",\"body\":\"The lamp is on the left.\"}\n",
    );
    shell.write(
        "labelled/queries.jsonl",
        "{\"id\":1,\"text\":\"How long can I return an item?\",\"relevant\":[\"returns\"],\"facts\":[\"30  Days\",\"a year\"],\"expect\":\"answer\"}\n\
         {\"id\":2,\"text\":\"Where is the lamp?\",\"relevant\":[\"lamp\"]}\n\
         {\"id\":3,\"text\":\"Sing a song\",\"relevant\":[],\"expect\":\"abstain\"}\n",
    );
    let eval =
        |more: &[&str]| shell.says(&[&["eval", "reply", "--data", "labelled"], more].concat());
    let report: Value = serde_json::from_str(&eval(&["--json"])).unwrap();
    assert_eq!((&report["step"], &report["n"]), (&"reply".into(), &2.into()));
    assert_eq!(report["metrics"]["with facts"]["facts"], 0.5, "{report}");
    assert_eq!(report["metrics"]["all"]["cites_right"], 1.0);
    assert_eq!(report["metrics"]["all"]["backed"], 1.0);
    assert_eq!(report["baseline"]["whole passage"]["with facts"]["facts"], 0.5);
    assert!(report["ci95"]["with facts"]["facts"].is_array());
    let shown = eval(&["--show", "1"]);
    assert!(shown.contains("stated: 30  Days") && shown.contains("MISSING: a year"), "{shown}");
    assert!(shown.contains("within 30 days") && shown.contains("first three"), "{shown}");
    assert!(!shown.contains("Where is the lamp?"), "one reply is shown:\n{shown}");
}

#[test]
fn picked_sentences_can_be_measured_by_those_people_marked() {
    let shell = shell();
    std::fs::create_dir(shell.folder.path().join("marked")).unwrap();
    shell.write(
        "marked/corpus.jsonl",
        "{\"id\":\"cat\",\"title\":\"Cat\",\"body\":\"Cats are old. They sleep. A cat eats mice.\",\
         \"sentences\":[\"Cats are old.\",\"They sleep.\",\"A cat eats mice.\"]}\n",
    );
    shell.write(
        "marked/queries.jsonl",
        "{\"id\":\"q\",\"text\":\"what does a cat eat\",\"passage\":\"cat\",\"relevant\":[\"cat\"],\"support_sentences\":[2]}\n",
    );
    let eval = ["eval", "reply", "--data", "marked"];
    let report: Value = serde_json::from_str(
        &shell.says(&[&eval[..], &["--json", "--signals", "signals.jsonl"]].concat()),
    )
    .unwrap();
    assert_eq!(report["metrics"]["support sentences"]["recall"], 1.0, "{report}");
    assert_eq!(report["baseline"]["first three"]["support sentences"]["f1"], 0.5);
    let signals: Value = serde_json::from_str(&shell.read("signals.jsonl")).unwrap();
    assert_eq!(signals["right"], serde_json::json!([2]));
    let shown = shell.says(&[&eval[..], &["--show", "1"]].concat());
    assert!(shown.contains("+ A cat eats mice."), "{shown}");
}

#[test]
fn what_is_not_labelled_cannot_be_measured_and_says_what_is_missing() {
    let shell = shell();
    shell.write("queries.jsonl", "{\"id\":1,\"text\":\"Where is the lamp?\"}\n");
    let error = shell.complains(&["eval", "reply", "--data", "."]);
    assert!(error.contains("`relevant`"), "{error}");
    let error = shell.complains(&["eval", "reply", "--data", "nowhere"]);
    assert!(error.contains("no queries.jsonl"), "{error}");
}

#[test]
fn what_meanings_add_can_be_measured_without_settings() {
    let shell = shell();
    shell.write(
        "corpus.jsonl",
        "{\"id\":\"a\",\"title\":\"Refunds\",\"body\":\"Refunds and returns.\"}\n\
         {\"id\":\"b\",\"title\":\"Lamp\",\"body\":\"The lamp is on the left.\"}\n",
    );
    shell.write(
        "queries.jsonl",
        "{\"id\":\"1\",\"text\":\"How do I get back what I was charged?\",\"relevant\":[\"a\"]}\n",
    );
    let report = |more: &[&str]| -> Value {
        let arguments = [&["eval", "retrieval", "--data", ".", "--json"], more].concat();
        serde_json::from_str(&shell.says(&arguments)).unwrap()
    };
    let by_default = report(&[]);
    assert_eq!(by_default["versions"]["embedder"], "table-1");
    assert_eq!(by_default["metrics"]["all"]["hit@1"], 1.0);
    assert_eq!(report(&["--embedder", "table"])["metrics"], by_default["metrics"]);
    let without = report(&["--embedder", "none"]);
    assert_eq!(without["versions"]["embedder"], "none");
    assert_eq!(without["metrics"]["all"]["hit@1"], 0.0);
}

/// The confidence on the same questions: two in eight have no answer.
fn sure_of_what_was_asked_before(shell: &Shell) {
    let eval = ["eval", "confidence", "--data", "asked", "--signals", "signals.jsonl"];
    let report: Value =
        serde_json::from_str(&shell.says(&[&eval[..], &["--json"]].concat())).unwrap();
    assert_eq!((&report["step"], &report["n"]), (&"confidence".into(), &40.into()));
    let (ours, scope) = (&report["metrics"]["queries"], &report["metrics"]["queries: in scope"]);
    let of = |name: &str| ours[name].as_f64().unwrap();
    assert!(0.8 < of("auroc") && of("risk@20") <= of("risk@100"), "{ours}");
    assert!(of("e_aurc") <= of("aurc") && of("ece") <= 1.0 && of("brier") <= 1.0, "{ours}");
    assert!(0.8 < scope["auroc"].as_f64().unwrap(), "{scope}");
    assert!(report["baseline"]["bm25"]["queries"]["auroc"].is_number());
    assert!(report["ci95"]["queries"]["ece"][1].is_number());
    let signals = std::fs::read_to_string(shell.folder.path().join("signals.jsonl")).unwrap();
    let first: Value = serde_json::from_str(signals.lines().next().unwrap()).unwrap();
    assert!(first["right"].is_boolean() && first["parts"][0]["value"].is_number(), "{first}");
}

#[test]
fn promises_can_be_tried_on_questions_with_an_intent() {
    let shell = shell();
    std::fs::create_dir(shell.folder.path().join("asked")).unwrap();
    let things =
        ["invoice", "password", "thermostat", "calendar", "parcel", "filter", "archive", "sensor"];
    let questions = things.iter().flat_map(|thing| (0..10).map(move |n| (thing, n)));
    let lines: Vec<String> = questions
        .map(|(thing, n)| {
            let text = format!("question {n}: what is wrong with my {thing}?");
            json!({"id": format!("{thing}-{n}"), "text": text, "intent": format!("my_{thing}")})
                .to_string()
        })
        .collect();
    shell.write("asked/queries.jsonl", &lines.join("\n"));
    sure_of_what_was_asked_before(&shell);
    let eval = ["eval", "guarantee", "--data", "asked", "--runs", "20"];
    let report: Value =
        serde_json::from_str(&shell.says(&[&eval[..], &["--json"]].concat())).unwrap();
    // Half of them are asked; two intents of the eight are taken out.
    assert_eq!((&report["step"], &report["n"]), (&"guarantee".into(), &40.into()));
    let right = report["metrics"]["all"]["right"].as_f64().unwrap();
    assert!(0.5 < right && right <= 0.75, "{right}");
    let setting = &report["metrics"]["2 % of tickets, 500 labels"];
    assert!(setting["broken"].as_f64().unwrap() <= 0.2 && setting["broken_rest"].is_null());
    assert!(report["baseline"]["naive"]["2 % of tickets, 500 labels"]["broken"].is_number());
    assert!(report["metrics"]["monitor of 3 % of replies, 20 % wrong"]["median"].is_number());
    let shown = shell.says(&eval);
    assert!(shown.contains("10 % of replies, 2000 labels") && shown.contains("naive"), "{shown}");
    std::fs::create_dir(shell.folder.path().join("empty")).unwrap();
    let complaint = shell.complains(&["eval", "guarantee", "--data", "empty"]);
    assert!(complaint.contains("corpus.jsonl"), "{complaint}");
}

/// Labelled messages in two forms; of a stage, of none, and of one who asks for a person.
#[test]
fn stages_are_measured_for_businesses_whose_labels_were_never_seen() {
    let shell = shell();
    for folder in ["labelled/boats", "empty"] {
        std::fs::create_dir_all(shell.folder.path().join(folder)).unwrap();
    }
    let lines = [
        r#"{"text": "My kettle stopped working", "lang": "en", "stage": "support"}"#,
        r#"{"text": "I want to cancel my tea subscription", "lang": "en", "stage": "retention"}"#,
        r#"{"text": "How much does a teapot cost?", "lang": "en", "stage": "consideration"}"#,
        r#"{"text": "Let me speak to a human", "lang": "en", "stage": "none", "wants_human": true}"#,
    ];
    shell.write("labelled/tea.jsonl", &lines.join("\n"));
    let talk = r#"{"turns": [{"role": "customer", "text": "I want to order a boat", "stage": "purchase"},
        {"role": "agent", "text": "Gladly", "stage": "purchase"}, {"role": "customer", "text": "ok"}]}"#;
    shell.write("labelled/boats/talks.jsonl", &talk.replace('\n', " "));
    let eval =
        |more: &[&str]| shell.says(&[&["eval", "triage", "--data", "labelled"], more].concat());
    let report: Value = serde_json::from_str(&eval(&["--json"])).unwrap();
    assert_eq!((&report["step"], &report["n"]), (&"triage".into(), &5.into()), "{report}");
    assert_eq!(report["metrics"]["all"]["macro_f1"], 1.0, "{report}");
    assert_eq!(report["metrics"]["asks for a person"]["recall"], 1.0);
    assert_eq!(report["metrics"]["asks for a person"]["false"], 0.0);
    assert!(report["baseline"]["commonest"]["all"]["macro_f1"].as_f64().unwrap() < 0.5);
    assert!(eval(&[]).contains("stage:support"));
    let error = shell.complains(&["eval", "triage", "--data", "labelled", "--stages", "m9"]);
    assert!(error.contains("m9"), "{error}");
    shell.write("empty/none.jsonl", r#"{"id": 1}"#);
    let error = shell.complains(&["eval", "triage", "--data", "empty"]);
    assert!(error.contains("wants_human"), "{error}");
}
