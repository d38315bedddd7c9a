//! What the change sequence promises to every index that follows it.

use super::*;
use crate::knowledge::Audience;
use crate::knowledge::Weights;
use crate::store::set_fact;

fn connection() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(include_str!("../knowledge.sql")).unwrap();
    connection
}

fn article(id: &str, body: &str) -> Document {
    Document {
        id: id.to_owned(),
        pool: Pool::Article,
        brand: "acme".to_owned(),
        title: id.to_owned(),
        body: body.to_owned(),
        answer: None,
        summary: None,
        url: None,
        language: None,
        audience: Audience::Public,
        updated_at: None,
        solved: false,
        linked_articles: Vec::new(),
        tags: Vec::new(),
        source: "docs".to_owned(),
    }
}

fn changes(connection: &Connection, sequence: u64) -> Vec<(u64, String, bool)> {
    let changes = changes_since(connection, sequence, 100).unwrap();
    changes.into_iter().map(|it| (it.sequence, it.document_id, it.document.is_some())).collect()
}

#[test]
fn the_same_content_again_is_no_change() {
    let connection = connection();
    let first = put(&connection, &[article("a", "one"), article("b", "two")]).unwrap();
    assert_eq!(first, PutSummary { added: 2, changed: 0, unchanged: 0 });
    let second = put(&connection, &[article("a", "one"), article("b", "new")]).unwrap();
    assert_eq!(second, PutSummary { added: 0, changed: 1, unchanged: 1 });
    assert_eq!(changes(&connection, 0), [(1, "a".to_owned(), true), (3, "b".to_owned(), true)]);
    assert_eq!(changes(&connection, 1), [(3, "b".to_owned(), true)]);
    assert_eq!(last_sequence(&connection).unwrap(), 3);
}

#[test]
fn what_a_source_no_longer_has_is_deleted_and_stays_on_record() {
    let connection = connection();
    let elsewhere = Document { source: "other".to_owned(), ..article("c", "three") };
    put(&connection, &[article("a", "one"), article("b", "two"), elsewhere]).unwrap();
    let kept = HashSet::from(["a".to_owned()]);
    let n_removed = remove_missing(&connection, "docs", "acme", Pool::Article, &kept).unwrap();
    assert_eq!(n_removed, 1);
    assert_eq!(changes(&connection, 3), [(4, "b".to_owned(), false)]);
    assert_eq!(counts(&connection).unwrap().first().unwrap().n_documents, 2);
    assert!(document(&connection, "acme", Pool::Article, "b").unwrap().is_none());
    // Deleting twice is no second change; coming back is one.
    remove(&connection, "acme", Pool::Article, &["b".to_owned()]).unwrap();
    assert_eq!(last_sequence(&connection).unwrap(), 4);
    let back = put(&connection, &[article("b", "two")]).unwrap();
    assert_eq!(back, PutSummary { added: 1, changed: 0, unchanged: 0 });
    assert_eq!(changes(&connection, 4), [(5, "b".to_owned(), true)]);
}

#[test]
fn a_dry_run_tells_the_same_and_changes_nothing() {
    let connection = connection();
    put(&connection, &[article("a", "one"), article("b", "two")]).unwrap();
    let documents = [article("a", "one"), article("b", "new"), article("c", "three")];
    let told = compare(&connection, &documents).unwrap();
    assert_eq!(last_sequence(&connection).unwrap(), 2);
    assert_eq!(told, [Fate::Unchanged, Fate::Changed, Fate::Added]);
    let done = PutSummary { added: 1, changed: 1, unchanged: 1 };
    assert_eq!(put(&connection, &documents).unwrap(), done);
}

#[test]
fn a_mere_link_does_not_take_the_place_of_an_answer() {
    let connection = connection();
    let ticket = |answer: Option<&str>, source: &str| Document {
        pool: Pool::PastTicket,
        answer: answer.map(str::to_owned),
        linked_articles: vec!["kb/1".to_owned()],
        source: source.to_owned(),
        ..article("7", "question")
    };
    put(&connection, &[ticket(None, "links")]).unwrap();
    let fuller = put(&connection, &[ticket(Some("answer"), "tickets")]).unwrap();
    assert_eq!(fuller.changed, 1);
    let again = put(&connection, &[ticket(None, "links")]).unwrap();
    assert_eq!(again, PutSummary { added: 0, changed: 0, unchanged: 1 });
    let kept = document(&connection, "acme", Pool::PastTicket, "7").unwrap().unwrap();
    assert_eq!(kept.answer.as_deref(), Some("answer"));
}

#[test]
fn brands_and_pools_do_not_share_ids() {
    let connection = connection();
    let ticket = Document { pool: Pool::PastTicket, ..article("a", "ticket") };
    let other = Document { brand: "other".to_owned(), ..article("a", "other") };
    put(&connection, &[article("a", "one"), ticket, other]).unwrap();
    remove(&connection, "acme", Pool::Article, &["a".to_owned()]).unwrap();
    let body = |brand, pool| document(&connection, brand, pool, "a").unwrap().map(|it| it.body);
    assert_eq!(body("acme", Pool::Article), None);
    assert_eq!(body("acme", Pool::PastTicket).as_deref(), Some("ticket"));
    assert_eq!(body("other", Pool::Article).as_deref(), Some("other"));
}

#[test]
fn each_brand_keeps_its_own_weights_until_it_forgets_them() {
    let connection = connection();
    connection.execute_batch(include_str!("../core.sql")).unwrap();
    let weights = |meaning| Weights::from([("meaning".to_owned(), meaning)]);
    calibrated(&connection, "acme", &weights(1.0), None).unwrap();
    calibrated(&connection, "acme", &weights(2.0), Some(7)).unwrap();
    calibrated(&connection, "other", &weights(3.0), None).unwrap();
    assert_eq!(learned_to_ms(&connection, "acme").unwrap(), 7);
    assert_eq!(learned_to_ms(&connection, "other").unwrap(), 0);
    set_fact(&connection, "weightsless", "no weights").unwrap();
    let known = super::weights(&connection).unwrap();
    assert_eq!(known["acme"], weights(2.0));
    assert_eq!(known["other"], weights(3.0));
    assert_eq!(known.len(), 2);
    assert!(forget_weights(&connection, "acme").unwrap());
    assert!(!forget_weights(&connection, "acme").unwrap());
    assert_eq!(super::weights(&connection).unwrap().len(), 1);
}
