//! What reads bytes of strangers: webhooks, mails, pages, settings. Whatever comes,
//! it is read or refused with a sentence, and nobody without the secret gets in.
//! `PROPTEST_CASES=100000` makes it the long run.

use std::sync::Arc;
use std::sync::LazyLock;

use bytes::Bytes;
use deskhand::clock::Clock;
use deskhand::config;
use deskhand::helpdesk::Arrival;
use deskhand::helpdesk::ConnectionSettings;
use deskhand::helpdesk::Delivery;
use deskhand::helpdesk::Helpdesk;
use deskhand::helpdesk::Manifests;
use deskhand::index;
use deskhand::ingest;
use deskhand::ingest::Plan;
use deskhand::journey::StageModel;
use deskhand::normalize::normalize;
use deskhand::text::html;
use deskhand::text::markdown;
use deskhand::text::paper;
use deskhand::text::paper::PaperError;
use deskhand::ticket::Author;
use deskhand::ticket::AuthorKind;
use deskhand::ticket::Body;
use deskhand::ticket::Conversation;
use deskhand::ticket::Message;
use deskhand::triage::Known;
use deskhand::triage::triage;
use jiff::Timestamp;
use proptest::prelude::*;
use secrecy::SecretString;

use crate::support::tree;

static HELPDESKS: LazyLock<Vec<Helpdesk>> = LazyLock::new(|| {
    let manifests = Manifests::builtin().unwrap();
    manifests.iter().map(|it| connect(&manifests, &it.name)).collect()
});

static STAGES: LazyLock<StageModel> = LazyLock::new(|| StageModel::preset("m1").unwrap().unwrap());

/// Real texts to begin with: most random bytes are refused at the first one.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let folders = ["tests/it/connectors/payloads", "src/cli/demo/data", "config", "connectors"];
    let files = folders.iter().flat_map(|it| tree::files(it));
    files.map(|it| it.text.into_bytes()).collect()
});

/// With the manifest's examples, and a secret nobody guesses.
fn connect(manifests: &Manifests, name: &str) -> Helpdesk {
    let manifest = manifests.by_name(name).unwrap();
    let config = manifest.config.iter().filter(|(_, key)| !key.example.is_empty());
    let secret = || vec![SecretString::from("0d1f6f27c4a84d0b9c3b".to_owned())];
    let settings = ConnectionSettings {
        name: "main".to_owned(),
        helpdesk: name.to_owned(),
        brand: "acme".to_owned(),
        base_url: None,
        config: config.map(|(name, key)| (name.clone(), key.example.clone())).collect(),
        secrets: manifest.secrets.keys().map(|it| (it.clone(), secret())).collect(),
        clock: Clock::manual(Timestamp::UNIX_EPOCH),
    };
    Helpdesk::connect(Arc::clone(manifest), &settings).unwrap()
}

/// Any bytes, or a real text with pieces cut, doubled, swapped and overwritten.
fn stranger() -> impl Strategy<Value = Vec<u8>> {
    let change =
        (any::<u8>(), any::<usize>(), any::<usize>(), prop::collection::vec(any::<u8>(), 0..8));
    let changed = (any::<usize>(), prop::collection::vec(change, 0..6));
    prop_oneof![
        1 => prop::collection::vec(any::<u8>(), 0..400),
        1 => "\\PC{0,300}".prop_map(String::into_bytes),
        4 => changed.prop_map(|(seed, changes)| {
            let mut bytes = SEEDS[seed % SEEDS.len()].clone();
            for (kind, at, n, with) in changes {
                let at = at % (bytes.len() + 1);
                let end = (at + n % 64).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                match kind % 4 {
                    0 => drop(bytes.drain(at..end)),
                    1 => drop(bytes.splice(at..at, piece.repeat(2))),
                    2 => drop(bytes.splice(at..end, with)),
                    _ => bytes.truncate(end.max(1)),
                }
            }
            bytes
        }),
    ]
}

fn message(id: &str, kind: AuthorKind, body: Body) -> Message {
    Message {
        id: id.to_owned(),
        at: None,
        author: Author { kind, id: None, name: None, email: None },
        public: true,
        body,
        headers: Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_webhook_of_a_stranger_is_refused_and_its_payload_is_mapped_or_not(
        which in any::<usize>(),
        body in stranger(),
        proof in "\\PC{0,80}",
    ) {
        let helpdesk = &HELPDESKS[which % HELPDESKS.len()];
        let headers = ["x-zendesk-webhook-signature", "x-hub-signature", "x-chatwoot-signature",
            "x-deskhand-signature", "authorization", "x-deskhand-timestamp"]
            .map(|name| (name.to_owned(), proof.clone()));
        let arrival = Arrival {
            method: "POST".to_owned(),
            headers: headers.to_vec(),
            body: Bytes::from(body.clone()),
            ..Arrival::default()
        };
        let checked = helpdesk.authenticate(Delivery::arrived(arrival), Timestamp::UNIX_EPOCH);
        prop_assert!(checked.is_err(), "{} let in who knows no secret", helpdesk.name());
        if let Ok(receipt) = helpdesk.receipt_of(&body, &headers) {
            prop_assert!(!receipt.dedup.is_empty());
        }
        // It is logged: it must not carry the payload along.
        if let Err(error) = helpdesk.events(&body, &headers) {
            prop_assert!(error.to_string().len() < 1_000, "{error}");
        }
    }

    #[test]
    fn mails_and_pages_of_strangers_become_tickets(bytes in stranger()) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        html::to_markdown(&text);
        html::page(&text);
        let conversation = Conversation {
            id: "1".to_owned(),
            subject: Some(text.clone()),
            messages: vec![
                message("1", AuthorKind::Customer, Body::Html(text.clone())),
                message("2", AuthorKind::Own, Body::Text("Hold the button.".to_owned())),
                message("3", AuthorKind::Customer, Body::Text(text)),
            ],
            ..Conversation::default()
        };
        let ticket = normalize(&conversation);
        prop_assert_eq!(ticket.trigger.as_deref(), Some("3"));
        prop_assert_eq!(triage(&ticket, &STAGES, Known::default()), triage(&ticket, &STAGES, Known::default()));
    }

    #[test]
    fn files_of_strangers_become_passages_or_failures(bytes in stranger(), which in 0_usize..7) {
        let folder = tempfile::tempdir().unwrap();
        const NAMES: [&str; 7] =
            ["a.md", "a.mdx", "a.html", "a.jsonl", "a.csv", "a.docx", "a.pdf"];
        let file = folder.path().join(NAMES[which]);
        std::fs::write(&file, &bytes).unwrap();
        let plan = Plan::default();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        // A table without the columns is refused as a whole, with a sentence.
        let sources = match ingest::open(&file) {
            Ok(sources) => sources,
            Err(error) => {
                prop_assert!(!error.to_string().is_empty());
                return Ok(());
            }
        };
        for mut source in sources {
            let mut next = || runtime.block_on(source.next_batch(&plan)).unwrap();
            while let Some(batch) = next() {
                for document in &batch.documents {
                    for passage in index::cut(document) {
                        prop_assert_eq!(&passage.document_id, &document.id);
                    }
                }
                for failure in &batch.failed {
                    prop_assert!(!failure.reason.is_empty());
                }
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        markdown::sections(&markdown::strip_templates(&text));
    }

    #[test]
    fn settings_are_taken_or_refused_with_a_sentence(bytes in stranger()) {
        match config::from_text(&String::from_utf8_lossy(&bytes)) {
            Ok(loaded) => prop_assert!(!loaded.lines().is_empty()),
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

/// A PDF file of one page: what it draws and what else it says, then further
/// objects from number 5 on. `F1` is a font, 4 is what the page draws.
fn pdf(page: &str, drawn: &str, objects: &[&str]) -> Vec<u8> {
    let font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>";
    let mut all = vec![
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        format!("<</Type/Page/MediaBox[0 0 612 792]{page}>>").replace("F1", &format!("F1 {font}")),
        stream("", drawn),
    ];
    all.extend(objects.iter().map(|it| (*it).to_owned()));
    let (mut file, mut places) = ("%PDF-1.4\n".to_owned(), String::new());
    for (number, object) in (1..).zip(&all) {
        places += &format!("{:010} 00000 n \n", file.len());
        file += &format!("{number} 0 obj\n{object}\nendobj\n");
    }
    let (n, at) = (all.len() + 1, file.len());
    file +=
        &format!("xref\n0 {n}\n0000000000 65535 f \n{places}trailer\n<</Size {n}/Root 1 0 R>>\n");
    (file + &format!("startxref\n{at}\n%%EOF\n")).into_bytes()
}

fn stream(about: &str, content: &str) -> String {
    format!("<<{about}/Length {}>>\nstream\n{content}\nendstream", content.len())
}

/// A form that draws others; `forms` are its resources.
fn form(forms: &str, drawn: &str) -> String {
    let about =
        format!("/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<<{forms}>>>>");
    stream(&about, drawn)
}

#[test]
fn a_pdf_with_forms_in_forms_is_read_and_one_that_draws_itself_is_refused() {
    let page = "/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1>>/XObject<</A 5 0 R>>>>";
    let text = "BT /F1 12 Tf 50 700 Td (Money comes back in five days.) Tj ET";
    let font = "/Subtype/Form/Resources<</Font<</F 7 0 R>>>>";
    let letters = stream(font, &text.replace("F1", "F"));
    let seven = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>";
    let nested = pdf(page, "/A Do", &[&form("/B 6 0 R", "/B Do"), &letters, seven]);
    assert_eq!(paper::pdf(&nested).unwrap().markdown, "Money comes back in five days.");
    // Such a file overflowed the stack, and the process ended.
    for (forms, drawn) in [("/A 5 0 R", "/A Do"), ("/B 6 0 R", "/#42 Do")] {
        let circle = pdf(page, "/A Do", &[&form(forms, drawn), &form("/A 5 0 R", "/A Do")]);
        let refused = paper::pdf(&circle);
        assert!(matches!(refused, Err(PaperError::Damaged { .. })), "{refused:?}");
    }
}

#[test]
fn a_pdf_that_says_little_and_means_a_lot_is_refused_before_it_is_read() {
    let page = "/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F1>>/XObject<</A 5 0 R>>>>";
    // Ten forms, each of which draws the next a hundred times.
    let forms: Vec<String> =
        (6..16).map(|it| form(&format!("/A {it} 0 R"), &"/A Do ".repeat(100))).collect();
    let mut forms: Vec<&str> = forms.iter().map(String::as_str).collect();
    let last = form("", "q Q");
    forms.push(&last);
    let many = pdf(page, "/A Do", &forms);
    // One stream, named as the content of a page a thousand times.
    let again = page.replace("4 0 R", &format!("[{}]", "4 0 R ".repeat(1_000)));
    let again = pdf(&again, &"q Q ".repeat(20_000), &[]);
    for file in [many, again] {
        let refused = paper::pdf(&file);
        assert!(matches!(refused, Err(PaperError::TooLarge { .. })), "{refused:?}");
    }
}

#[test]
fn a_pdf_whose_page_is_its_own_parent_or_whose_font_has_every_letter_is_refused() {
    let orphan = pdf("/Parent 3 0 R/Contents 4 0 R", "BT ET", &[]);
    let map = "1 beginbfrange <00000000> <FFFFFFFF> <0041> endbfrange";
    let deep = "[".repeat(100_000);
    let mut files = vec![orphan];
    for map in [map, &deep] {
        let page = "/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>";
        let font = "<</Type/Font/Subtype/Type1/BaseFont/Helvetica/ToUnicode 6 0 R>>";
        files.push(pdf(page, "BT /F 12 Tf (a) Tj ET", &[font, &stream("", map)]));
    }
    for file in files {
        let refused = paper::pdf(&file);
        assert!(matches!(refused, Err(PaperError::Damaged { .. })), "{refused:?}");
    }
}
