//! Files of every kind: what becomes a document, what is told apart, and what
//! is said about the rest.

use std::io::Write as _;

use deskhand::ingest;
use deskhand::ingest::Plan;
use deskhand::ingest::What;
use deskhand::knowledge::Audience;
use deskhand::knowledge::Pool;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::Shelf;

fn word_file(text: &str) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive.start_file("word/document.xml", SimpleFileOptions::default()).unwrap();
    let xml = format!("<d><w:p xmlns:w='w'><w:r><w:t>{text}</w:t></w:r></w:p></d>");
    archive.write_all(xml.as_bytes()).unwrap();
    archive.finish().unwrap().into_inner()
}

#[tokio::test]
async fn a_table_is_read_by_the_names_of_its_columns() {
    let shelf = Shelf::new();
    shelf.write(
        "kb.csv",
        "\u{feff}ID;Title;Body;Audience;Updated;Color\n1;Refunds;\"Money; comes\nback.\";;2024-05-01;red\n\
         2;Rules;For the team;internal;;\n3;Plans;x;pro;;\n\n4;Late;x;;soon;\n5;Short\n",
    );
    let summary = shelf.ingest(&shelf.docs().join("kb.csv"), &Plan::default()).await;
    assert_eq!((summary.added, summary.failed.len()), (3, 2), "{summary:?}");
    let refunds = shelf.document(Pool::Article, "1").unwrap();
    assert_eq!((refunds.title.as_str(), refunds.body.as_str()), ("Refunds", "Money; comes\nback."));
    assert_eq!(refunds.updated_at, "2024-05-01T00:00:00Z".parse().ok());
    assert_eq!(shelf.document(Pool::Article, "2").unwrap().audience, Audience::Internal);
    let segment = Audience::Segment("pro".to_owned());
    assert_eq!(shelf.document(Pool::Article, "3").unwrap().audience, segment);
    let reasons: Vec<_> = summary.failed.iter().map(|it| it.reason.as_str()).collect();
    assert!(reasons[0].contains("column `updated` holds no date"), "{reasons:?}");
    assert!(reasons[1].contains("2 cells under 6 headings"), "{reasons:?}");
}

#[tokio::test]
async fn a_table_without_a_needed_column_is_refused_and_the_column_named() {
    let shelf = Shelf::new();
    shelf.write("a.csv", "title,body\nx,y\n");
    shelf.write("b.csv", "id,url\nx,y\n");
    let complaint = |name: &str| ingest::open(&shelf.docs().join(name)).unwrap_err().to_string();
    assert!(complaint("a.csv").contains("no column `id`"), "{}", complaint("a.csv"));
    assert!(complaint("b.csv").contains("neither a column `title`"), "{}", complaint("b.csv"));
}

#[tokio::test]
async fn a_table_of_past_tickets_is_masked() {
    let shelf = Shelf::new();
    shelf.write(
        "t.csv",
        "id,subject,text,answer,linked_articles\n7,Card,\"4111 1111 1111 1111 was charged\",Ask a@b.example.,\"kb/1; kb/2\"\n\
         8,Nobody answered,Hello,,\n",
    );
    let summary = shelf.ingest(&shelf.docs().join("t.csv"), &Plan::default()).await;
    assert_eq!((summary.added, summary.skipped), (1, 1), "{summary:?}");
    let ticket = shelf.document(Pool::PastTicket, "7").unwrap();
    assert_eq!(ticket.body, "[card] was charged");
    assert_eq!(ticket.answer.as_deref(), Some("Ask [email]."));
    assert_eq!(ticket.linked_articles, ["kb/1", "kb/2"]);
}

#[tokio::test]
async fn office_documents_are_articles_and_broken_ones_are_told() {
    let shelf = Shelf::new();
    std::fs::write(shelf.docs().join("guide.docx"), word_file("Press the red button.")).unwrap();
    std::fs::write(shelf.docs().join("locked.docx"), [0xd0, 0xcf, 0x11, 0xe0]).unwrap();
    std::fs::write(shelf.docs().join("cut.pdf"), b"%PDF-1.5\nrubbish").unwrap();
    let summary = shelf.ingest_docs().await;
    assert_eq!((summary.added, summary.failed.len()), (1, 2), "{summary:?}");
    assert_eq!(shelf.found("red button"), ["guide"]);
    let told: String =
        summary.failed.iter().map(|it| format!("{}: {}\n", it.place, it.reason)).collect();
    assert!(told.contains("locked.docx: it is protected by a password"), "{told}");
    assert!(told.contains("cut.pdf: it is damaged or no PDF file"), "{told}");
}

#[tokio::test]
async fn drafts_and_internal_pages_never_become_public() {
    let shelf = Shelf::new();
    shelf.write("a.md", "---\npublished: no\n---\nbanana");
    shelf.write("b.md", "---\nstatus: Archived\n---\nbanana");
    shelf.write("c.md", "---\naudience: [Internal]\n---\nbanana");
    shelf.write("d.md", "---\naudience: [pro, team]\n---\nbanana");
    let summary = shelf.ingest_docs().await;
    assert_eq!((summary.added, summary.skipped), (2, 2), "{summary:?}");
    assert_eq!(shelf.found("banana"), [""; 0]);
    shelf.write("x.jsonl", "{\"id\":\"1\",\"title\":\"A\",\"body\":\"banana\",\"draft\":\"true\"}\n{\"id\":\"2\",\"title\":\"B\",\"body\":\"banana\",\"audience\":[\"Staff\"]}\n{\"id\":\"3\",\"title\":\"C\",\"body\":\"banana\",\"internal\":true}\n");
    let summary = shelf.ingest(&shelf.docs().join("x.jsonl"), &Plan::default()).await;
    assert_eq!((summary.added, summary.skipped), (2, 1), "{summary:?}");
    assert_eq!(shelf.found("banana"), [""; 0]);
}

#[tokio::test]
async fn past_links_vote_and_never_take_the_place_of_an_answer() {
    let shelf = Shelf::new();
    let ticket = "{\"id\":\"q/1\",\"title\":\"Fonts are small\",\"body\":\"How?\\n\\n## Answer\\n\\nZoom in.\",\"kind\":\"past_ticket\",\"linked_articles\":[\"kb/zoom\"]}\n";
    let links = "{\"id\":\"q/1\",\"subject\":\"Fonts\",\"text\":\"Fonts are small\",\"linked_articles\":[\"kb/zoom\"],\"grades\":{\"kb/zoom\":2},\"lang\":\"en\",\"created\":\"2023-01-01\"}\n\
                 {\"id\":\"q/2\",\"subject\":\"Sync\",\"text\":\"It does not sync, mail me at a@b.example\",\"linked_articles\":[\"kb/b\",\"kb/a\"],\"grades\":{\"kb/a\":2,\"kb/b\":1}}\n";
    shelf.write("past_tickets.jsonl", ticket);
    shelf.write("past_links.jsonl", links);
    let summary = shelf.ingest_docs().await;
    assert_eq!((summary.added, summary.unchanged), (2, 1), "{summary:?}");
    let answered = shelf.document(Pool::PastTicket, "q/1").unwrap();
    assert_eq!(answered.answer.as_deref(), Some("Zoom in."));
    let voter = shelf.document(Pool::PastTicket, "q/2").unwrap();
    assert_eq!(
        (voter.answer, voter.linked_articles),
        (None, vec!["kb/a".to_owned(), "kb/b".to_owned()])
    );
    assert_eq!(voter.body, "It does not sync, mail me at [email]");
    let again = shelf.ingest_docs().await;
    assert_eq!((again.added, again.changed, again.removed), (0, 0, 0), "{again:?}");
}

#[tokio::test]
async fn what_customers_wrote_never_becomes_an_article() {
    let shelf = Shelf::new();
    let unanswered = "{\"id\":\"t1\",\"text\":\"The espresso lever is stuck, call +49 171 2345678\",\"created\":\"2026-10-01T00:00:00Z\"}\n";
    shelf.write("past_tickets.jsonl", unanswered);
    shelf.write("past_links.jsonl", "{\"id\":\"t2\",\"text\":\"The espresso is cold\"}\n");
    let summary = shelf.ingest_docs().await;
    assert_eq!((summary.added, summary.skipped), (0, 2), "{summary:?}");
    shelf.write("other/export.jsonl", unanswered);
    let summary = shelf.ingest(&shelf.docs().join("other/export.jsonl"), &Plan::default()).await;
    assert_eq!((summary.added, summary.skipped), (0, 1), "{summary:?}");
    assert!(shelf.found("espresso").is_empty());
}

#[tokio::test]
async fn a_subject_is_taken_off_its_text_only_as_a_whole_word() {
    let shelf = Shelf::new();
    shelf.write(
        "past_tickets.jsonl",
        "{\"id\":\"a\",\"subject\":\"Log\",\"text\":\"Login fails\",\"answer\":\"Wait.\",\"solved\":true,\"tags\":[\"of anna.k@example.com\"]}\n\
         {\"id\":\"b\",\"subject\":\"Log\",\"text\":\"Log: it is full, write to ａｎｎａ＠example.com\",\"answer\":\"Empty it.\",\"solved\":true}\n",
    );
    shelf.ingest_docs().await;
    let whole = shelf.document(Pool::PastTicket, "a").unwrap();
    assert_eq!(whole.body, "Login fails");
    assert_eq!(whole.tags, ["of [email]"]);
    let rest = shelf.document(Pool::PastTicket, "b").unwrap();
    assert_eq!(rest.body, ": it is full, write to [email]");
}

#[tokio::test]
async fn an_older_windows_page_is_read_as_its_writer_saw_it() {
    let shelf = Shelf::new();
    let page = b"# Ger\xe4t zur\xfccksetzen\n\nHalten Sie die Taste gedr\xfcckt.\n";
    std::fs::write(shelf.docs().join("reset.md"), page).unwrap();
    shelf.ingest_docs().await;
    let read = shelf.document(Pool::Article, "reset").unwrap();
    assert_eq!(read.title, "Gerät zurücksetzen");
    assert!(read.body.contains("gedrückt"), "{}", read.body);
}

#[tokio::test]
async fn a_folder_of_two_brands_keeps_what_either_has() {
    let shelf = Shelf::new();
    shelf.write("a.md", "# A\n\napples");
    let of = |brand: &str| Plan { brand: Some(brand.to_owned()), ..Plan::default() };
    shelf.ingest(&shelf.docs(), &of("one")).await;
    let summary = shelf.ingest(&shelf.docs(), &of("two")).await;
    assert_eq!((summary.added, summary.removed), (1, 0), "{summary:?}");
    std::fs::remove_file(shelf.docs().join("a.md")).unwrap();
    shelf.write("b.md", "# B\n\nbananas");
    let summary = shelf.ingest(&shelf.docs(), &of("two")).await;
    assert_eq!((summary.added, summary.removed), (1, 1), "{summary:?}");
}

#[tokio::test]
async fn a_dry_run_names_what_would_change() {
    let shelf = Shelf::new();
    shelf.write("a.md", "# A\n\napples");
    shelf.write("b.md", "# B\n\nbananas");
    shelf.ingest_docs().await;
    shelf.write("a.md", "# A\n\ncherries");
    shelf.write("c.md", "# C\n\ndates");
    std::fs::remove_file(shelf.docs().join("b.md")).unwrap();
    let dry = shelf.ingest(&shelf.docs(), &Plan { dry_run: true, ..Plan::default() }).await;
    let told: Vec<_> = dry.changes.iter().map(|it| (it.what, it.id.as_str())).collect();
    assert_eq!(told, [(What::Change, "a"), (What::Add, "c"), (What::Remove, "b")]);
}

#[tokio::test]
async fn an_id_given_twice_and_a_date_that_is_none_are_told() {
    let shelf = Shelf::new();
    shelf.write(
        "articles.jsonl",
        "{\"id\":\"a\",\"title\":\"A\",\"body\":\"apples\",\"updated\":\"last Monday\"}\n\
         {\"id\":\"a\",\"title\":\"A\",\"body\":\"cherries\",\"updated\":\"2025-01-31\"}\n",
    );
    let summary = shelf.ingest(&shelf.docs().join("articles.jsonl"), &Plan::default()).await;
    assert_eq!(summary.failed.len(), 0, "{summary:?}");
    let [undated, twice] = summary.notes.as_slice() else { panic!("{summary:?}") };
    assert!(undated.contains("articles.jsonl:1: “last Monday” is no date"), "{undated}");
    assert!(twice.contains("1 documents have the id of an earlier one"), "{twice}");
    assert_eq!(shelf.found("cherries"), ["a"]);
    assert!(shelf.found("apples").is_empty());
}

#[tokio::test]
async fn one_page_of_a_folder_stays_a_page_of_it() {
    let shelf = Shelf::new();
    shelf.write("sub/a.md", "apples");
    shelf.write("b.md", "bananas");
    shelf.ingest_docs().await;
    shelf.write("sub/a.md", "cherries");
    let summary = shelf.ingest(&shelf.docs().join("sub/a.md"), &Plan::default()).await;
    assert_eq!((summary.changed, summary.removed), (1, 0), "{summary:?}");
    assert_eq!(shelf.found("cherries"), ["sub/a"]);
    assert_eq!(shelf.found("bananas"), ["b"]);
}

#[tokio::test]
async fn two_folders_do_not_overwrite_each_others_pages() {
    let shelf = Shelf::new();
    shelf.write("one/faq.md", "apples");
    shelf.write("two/faq.md", "bananas");
    let plan = Plan::default();
    shelf.ingest(&shelf.docs().join("one"), &plan).await;
    let summary = shelf.ingest(&shelf.docs().join("two"), &plan).await;
    assert!(summary.failed[0].reason.contains("--forget"), "{summary:?}");
    assert_eq!(shelf.found("apples bananas"), ["faq"]);
    let one = shelf.docs().canonicalize().unwrap().join("one").display().to_string();
    assert_eq!(ingest::forget(&shelf.store, one).await.unwrap(), 1);
    let summary = shelf.ingest(&shelf.docs().join("two"), &plan).await;
    assert_eq!((summary.added, summary.failed.len()), (1, 0), "{summary:?}");
    assert_eq!(shelf.found("bananas"), ["faq"]);
}

#[tokio::test]
async fn what_was_read_before_an_interruption_is_kept() {
    let shelf = Shelf::new();
    for number in 0..300 {
        shelf.write(&format!("{number:03}.md"), &format!("# Page {number}\n\nfigs"));
    }
    let plan = Plan::default();
    let source = ingest::open(&shelf.docs()).unwrap().remove(0);
    let stop = plan.stop.clone();
    let summary = ingest::ingest(&shelf.store, source, &plan, |_, _| stop.cancel()).await.unwrap();
    assert!(summary.interrupted && 0 < summary.added && summary.added < 300, "{summary:?}");
    let rest = shelf.ingest_docs().await;
    assert_eq!(rest.added + summary.added, 300);
    assert_eq!((rest.unchanged, rest.removed), (summary.added, 0));
}
