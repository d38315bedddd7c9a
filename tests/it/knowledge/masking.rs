//! What identifies a customer does not get as far as the index, whatever kind of
//! export a past ticket came in.

use deskhand::index::DocumentKey;
use deskhand::ingest::Plan;
use deskhand::knowledge::Pool;
use deskhand::knowledge::Scope;
use serde_json::json;

use super::Shelf;
use super::find;

/// What a customer wrote, and words of it that would find them. None of the words
/// stands anywhere else.
const IDENTIFYING: [(&str, &[&str]); 10] = [
    ("quill.feather@mail.example", &["quill", "feather", "quill.feather"]),
    ("+49 171 2030405", &["2030405", "171"]),
    ("(555) 867-5309", &["5309", "867-5309"]),
    ("4111 1111 1111 1111", &["4111", "1111"]),
    ("5500000000000004", &["5500000000000004"]),
    ("DE89 3704 0044 0532 0130 00", &["DE89", "3704", "0532"]),
    ("gb82west12345698765432", &["gb82west12345698765432"]),
    ("856-45-6789", &["856", "6789"]),
    (
        "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
        &["sk_live_4eC39HqLyjWDarjtT1zdp7dc", "4eC39HqLyjWDarjtT1zdp7dc"],
    ),
    ("203.0.113.77", &["203.0.113.77", "203"]),
];

/// One ticket for each value in each shape an export may have.
fn exports() -> (String, String) {
    let mut lines = String::new();
    let mut table = "id,subject,text,answer\n".to_owned();
    for (n, (value, _)) in IDENTIFYING.iter().enumerate() {
        let said = format!("My zebra is lost, this is mine: {value}. What now?");
        let told = format!("We noted {value}; zebras come home by themselves.");
        let turn = |role: &str, text: &str| json!({ "role": role, "text": text });
        for record in [
            json!({ "id": format!("text-{n}"), "subject": format!("Zebra {value}"), "text": said, "answer": told }),
            json!({ "id": format!("turns-{n}"), "turns": [turn("customer", &said), turn("agent", &told)] }),
            json!({ "id": format!("html-{n}"), "subject": "Zebra", "text": format!("<p>My zebra</p><p>is <b>{value}</b></p>"),
                    "answer": format!("<ul><li>{told}</li></ul>") }),
            json!({ "id": format!("chat-{n}"), "subject": "Zebra", "text": format!("Zebra?\n\n{value}"), "answer": told }),
            json!({ "id": format!("one-{n}"), "kind": "past_ticket", "title": value,
                    "body": format!("{said}\n\n## Answer\n\n{told}") }),
        ] {
            lines.push_str(&format!("{record}\n"));
        }
        table.push_str(&format!("table-{n},Zebra,\"{said}\",\"{told}\"\n"));
    }
    (lines, table)
}

#[tokio::test]
async fn nothing_in_the_index_leads_to_a_customer() {
    let shelf = Shelf::new();
    let (lines, table) = exports();
    shelf.write("past_tickets.jsonl", &lines);
    shelf.write("table.csv", &table);
    let mut summary = shelf.ingest_docs().await;
    summary.add(shelf.ingest(&shelf.docs().join("table.csv"), &Plan::default()).await);
    let shapes = ["text", "turns", "html", "chat", "one", "table"];
    let n_tickets = IDENTIFYING.len() * shapes.len();
    assert_eq!((summary.added, summary.failed.len()), (n_tickets, 0), "{summary:?}");
    let scope = Scope::public("default");
    let pool = Pool::PastTicket;
    for (n, (value, words)) in IDENTIFYING.iter().enumerate() {
        for word in words.iter().chain([value]) {
            let found = find(&shelf.index, word, pool, &scope, &[]).unwrap();
            let texts: Vec<_> = found.iter().map(|it| &it.passage.text).collect();
            let is_named = |it: &&&String| it.contains(word);
            assert_eq!(texts.iter().filter(is_named).count(), 0, "`{word}` is in {texts:?}");
            // A number or a name finds nothing at all; the words around it would.
            let is_word_of_value = words.contains(word);
            assert!(!is_word_of_value || texts.is_empty(), "`{word}` finds {texts:?}");
        }
        for shape in shapes {
            let id = format!("{shape}-{n}");
            let key = DocumentKey::new(pool, "default", &id);
            let found = find(&shelf.index, "zebra", pool, &scope, &[key]).unwrap();
            let own: Vec<_> = found.iter().filter(|it| it.passage.document_id == id).collect();
            assert!(!own.is_empty(), "{id} cannot be read");
            for passage in own.iter().map(|it| &it.passage) {
                for text in [&passage.title, &passage.text] {
                    assert!(words.iter().all(|it| !text.contains(it)), "{id} keeps {text}");
                }
            }
            let stored = shelf.document(pool, &id).unwrap();
            let stored = format!("{stored:?}");
            assert!(words.iter().all(|it| !stored.contains(it)), "{id} keeps {stored}");
        }
    }
}
