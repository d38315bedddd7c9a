//! What is found, by whom, and what an index does when it is opened again, shared
//! or damaged.

use std::collections::BTreeSet;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use deskhand::embed::Known;
use deskhand::embed::Meaning;
use deskhand::embed::Sought;
use deskhand::embed::TABLE;
use deskhand::embed::hash_of;
use deskhand::embed::with_title;
use deskhand::index::Change;
use deskhand::index::DocumentKey;
use deskhand::index::Index;
use deskhand::index::IndexError;
use deskhand::ingest;
use deskhand::ingest::Missing;
use deskhand::knowledge::Audience;
use deskhand::knowledge::Document;
use deskhand::knowledge::Pool;
use deskhand::knowledge::Scope;
use deskhand::retrieve::Retrieved;
use deskhand::store::Store;
use deskhand::store::knowledge;
use deskhand::ticket::AuthorKind;
use deskhand::ticket::Turn;

use super::Shelf;
use super::article;
use super::find;
use super::past_ticket;
use super::ticket;

#[tokio::test]
async fn nobody_finds_what_is_not_for_them() {
    let shelf = Shelf::new();
    let audiences = [
        Audience::Public,
        Audience::Internal,
        Audience::Segment("gold".to_owned()),
        Audience::Segment("internal".to_owned()),
    ];
    let mut documents = Vec::new();
    for brand in ["one", "two", "on"] {
        for (idx, audience) in audiences.iter().enumerate() {
            let id = format!("{brand}-{idx}");
            let document = article(&id, "Refund", "How a refund works");
            documents.push(Document {
                brand: brand.to_owned(),
                audience: audience.clone(),
                ..document
            });
        }
    }
    shelf.put(documents).await;
    let sees = |brand: &str, segments: &[&str], staff: bool| {
        let segments = segments.iter().map(|it| (*it).to_owned()).collect();
        let scope = Scope { brand: brand.to_owned(), segments, staff };
        let found = shelf.find("refund", &scope).into_iter().map(|it| it.passage.document_id);
        found.collect::<BTreeSet<String>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(sees("one", &[], false), ["one-0"]);
    assert_eq!(sees("two", &["gold"], false), ["two-0", "two-2"]);
    assert_eq!(sees("one", &[], true), ["one-0", "one-1"]);
    assert_eq!(sees("one", &["internal"], false), ["one-0", "one-3"], "a name is no key");
    assert_eq!(sees("o", &[], true), [""; 0]);
    // Naming a document opens no door to it either.
    let scope = Scope::public("one");
    let internal = DocumentKey::new(Pool::Article, "one", "one-1");
    let found = find(&shelf.index, "refund", Pool::Article, &scope, &[internal]).unwrap();
    assert!(found.iter().all(|it| it.passage.document_id == "one-0"), "{found:?}");
    let ids = ["one-1".to_owned()];
    assert!(shelf.index.passages_of(Pool::Article, &scope, &ids, 9).unwrap().is_empty());
}

#[tokio::test]
async fn a_question_is_words_and_never_a_query_language() {
    let shelf = Shelf::new();
    shelf
        .put(vec![
            article("a", "Refunds", "Money comes back"),
            article("b", "Routers", "Plug it in"),
        ])
        .await;
    for text in [
        "title:refunds",
        "+refund -money",
        "\"refund",
        "refund~2^9 AND (",
        "refund*",
        "re*",
        "* OR *",
        "\u{1f}",
    ] {
        let found = shelf.found(text);
        let expected: &[&str] = if text.contains("refund") { &["a"] } else { &[] };
        assert_eq!(found, expected, "{text}");
    }
    assert_eq!(shelf.found("completely different matters"), [""; 0]);
    let endless = "refund router ".repeat(50_000);
    assert_eq!(shelf.found(&endless).len(), 2);
}

#[tokio::test]
async fn an_index_that_is_opened_again_knows_where_it_was() {
    let shelf = Shelf::new();
    shelf.put(vec![article("a", "Refunds", "Money"), article("b", "Routers", "Plug")]).await;
    let Shelf { folder, store, index, embedder } = shelf;
    drop(index);
    let index = Arc::new(Index::open(&folder.path().join("index"), TABLE).unwrap());
    assert_eq!(index.watermark(), 2);
    assert_eq!(index.n_passages("default", Pool::Article), 2);
    assert_eq!(
        ingest::catch_up(&index, &store, &embedder, Missing::Embed, |_, _| {}).await.unwrap(),
        0
    );
    assert_eq!(ingest::rebuild(&index, &store, &embedder, |_, _| {}).await.unwrap(), 2);
    assert_eq!(index.n_passages("default", Pool::Article), 2);
    drop(folder);
}

#[tokio::test]
async fn a_second_process_reads_along_while_the_first_writes() {
    let shelf = Shelf::new();
    shelf.put(vec![article("a", "Refunds", "Money")]).await;
    let second = Index::open(&shelf.folder.path().join("index"), TABLE).unwrap();
    shelf.put(vec![article("b", "Routers", "Plug")]).await;
    assert_eq!(second.watermark(), 1);
    let changes = shelf.store.read_now(|it| knowledge::changes_since(it, 1, 10)).unwrap();
    assert!(matches!(second.apply(&changes, &Known::ByTable), Err(IndexError::Locked { .. })));
    assert_eq!(second.watermark(), 2, "what the other process has written is visible");
    assert_eq!(second.n_passages("default", Pool::Article), 2);
}

#[tokio::test]
async fn an_index_ahead_of_its_store_is_built_anew() {
    let shelf = Shelf::new();
    shelf.put(vec![article("a", "Refunds", "Money"), article("b", "Routers", "Plug")]).await;
    let restored = Store::open(&shelf.folder.path().join("restored"), 0).unwrap();
    restored.write(|it| knowledge::put(it, &[article("c", "Cables", "Cut")])).await.unwrap();
    let shelf = Shelf { store: restored, ..shelf };
    shelf.catch_up().await;
    assert_eq!(shelf.found("refunds routers cables"), ["c"]);
    assert_eq!(shelf.index.watermark(), 1);
}

#[tokio::test]
async fn damage_is_told_and_never_answered_with_nothing_found() {
    let shelf = Shelf::new();
    let documents = (0..40).map(|it| article(&it.to_string(), "Refunds", "Money comes back soon"));
    shelf.put(documents.collect()).await;
    let Shelf { folder, index, .. } = shelf;
    drop(index);
    let path = folder.path().join("index");
    let files: Vec<PathBuf> = std::fs::read_dir(&path)
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| it.metadata().unwrap().len() != 0)
        .filter(|it| !it.ends_with(".managed.json"))
        .collect();
    let scope = Scope::public("default");
    for file in &files {
        let sound = std::fs::read(file).unwrap();
        for at in (0..sound.len()).step_by((sound.len() / 5).max(1)) {
            let mut flipped = sound.clone();
            *flipped.get_mut(at).unwrap() ^= 0x55;
            for damaged in [flipped, sound.get(..at).unwrap().to_vec()] {
                std::fs::write(file, damaged).unwrap();
                let found = Index::open(&path, TABLE)
                    .and_then(|it| find(&it, "refund", Pool::Article, &scope, &[]));
                let told = matches!(
                    found,
                    Err(IndexError::Damaged { .. } | IndexError::Unwritable { .. })
                );
                let n_found = found.map_or(0, |it| it.len());
                assert!(told || n_found == 20, "{} at {at}: {n_found}", file.display());
            }
        }
        std::fs::write(file, sound).unwrap();
    }
    assert_eq!(Index::open(&path, TABLE).unwrap().watermark(), 40);
}

#[tokio::test]
async fn two_changes_of_one_document_in_a_batch_leave_the_later_one() {
    let shelf = Shelf::new();
    shelf.store.write(|it| knowledge::put(it, &[article("a", "A", "apples")])).await.unwrap();
    let mut changes = shelf.store.read_now(|it| knowledge::changes_since(it, 0, 10)).unwrap();
    shelf.store.write(|it| knowledge::put(it, &[article("a", "A", "cherries")])).await.unwrap();
    changes.extend(shelf.store.read_now(|it| knowledge::changes_since(it, 0, 10)).unwrap());
    shelf.index.apply(&changes, &Known::ByTable).unwrap();
    shelf.index.apply(&changes, &Known::ByTable).unwrap();
    assert_eq!(shelf.index.n_passages("default", Pool::Article), 1);
    assert_eq!(shelf.found("cherries"), ["a"]);
}

#[tokio::test]
async fn a_short_follow_up_is_understood_from_what_was_said_before() {
    let shelf = Shelf::new();
    shelf
        .put(vec![
            article("router", "Router", "Restart the router if the light is red."),
            article("printer", "Printer", "Restart the printer if the light is red."),
        ])
        .await;
    let mut asked = ticket("", "It is still red.");
    asked.turns = vec![Turn {
        message_id: "1".to_owned(),
        author: AuthorKind::Customer,
        text: "My printer shows a red light.".to_owned(),
    }];
    let found = shelf.retrieve(&asked, "default").await;
    assert_eq!(found.articles.first().unwrap().passage.document_id, "printer");
    // What an agent pasted before does not steer the search.
    if let Some(turn) = asked.turns.first_mut() {
        turn.author = AuthorKind::Agent;
        turn.text = "printer printer printer".to_owned();
    }
    let found = shelf.retrieve(&asked, "default").await;
    assert!(found.articles.iter().all(|it| it.signals.iter().any(|(name, _)| name == "coverage")));
}

#[tokio::test]
async fn what_was_named_turns_ago_is_what_they_means() {
    let shelf = Shelf::new();
    let hotels = ["Lyra", "Vega", "Orion"];
    let body = "Guests park their cars behind the house.";
    let about = |it: &&str| article(it, &format!("Hotel {it}: parking"), body);
    shelf.put(hotels.iter().map(about).collect()).await;
    for named in hotels {
        let mut asked = ticket("", "Do they have parking for my car?");
        let turns = [
            (AuthorKind::Customer, format!("I look for a room, maybe at {named}.")),
            (AuthorKind::Agent, "For how many nights would that be?".to_owned()),
            (AuthorKind::Customer, "Two nights, from Friday.".to_owned()),
            (AuthorKind::Agent, "There are rooms left.".to_owned()),
        ];
        asked.turns = (0..)
            .zip(turns)
            .map(|(idx, (author, text))| Turn { message_id: format!("{idx}"), author, text })
            .collect();
        let found = shelf.retrieve(&asked, "default").await;
        let first = found.articles.first().unwrap();
        assert_eq!(first.passage.document_id, named);
        assert!(0.0 < first.signal("before.named"), "{:?}", first.signals);
    }
}

#[tokio::test]
async fn a_title_is_found_by_parts_of_its_words() {
    let shelf = Shelf::new();
    let body = "The program asks for a password and starts again.";
    shelf
        .put(vec![article("a", "Updating", body), article("b", "Installation on a tablet", body)])
        .await;
    let asked = ticket("", "The program asks for a password after reinstalling");
    let found = shelf.retrieve(&asked, "default").await;
    assert_eq!(found.articles.first().unwrap().passage.document_id, "b");
}

#[tokio::test]
async fn past_tickets_lead_to_the_article_that_helped() {
    let shelf = Shelf::new();
    let mut documents = vec![
        article("kb/profile", "Profile folder", "Your data lives in one folder of the disk."),
        article("kb/mail", "Mail", "Mail can vanish when a filter moves mail away."),
    ];
    for idx in 0..5 {
        let question = format!("my mail vanished after the update {idx}");
        documents.push(past_ticket(
            &format!("q/{idx}"),
            &question,
            "See the article.",
            &["kb/profile"],
        ));
    }
    shelf.put(documents).await;
    let asked = ticket("", "all mail vanished since the update");
    let found = shelf.retrieve(&asked, "default").await;
    let ids: BTreeSet<_> =
        found.articles.iter().map(|it| it.passage.document_id.as_str()).collect();
    assert!(ids.contains("kb/mail"));
    assert_eq!(found.past_tickets.len(), 5);
    assert!(found.past_tickets.iter().all(|it| it.passage.text == "See the article."));
    assert!(0.0 < found.signs.coverage && 0.0 < found.signs.answerable());
}

#[tokio::test]
async fn a_question_that_shares_no_words_finds_nothing() {
    let shelf = Shelf::new();
    shelf.put(vec![article("a", "Refunds", "Money comes back")]).await;
    for question in ["", "???", "how do I do this", "my cat is hungry"] {
        let found = shelf.retrieve(&ticket("", question), "default").await;
        assert_eq!(found, Retrieved::default(), "{question}");
    }
}

/// Numbers that look like chance, the same for the same seed.
fn chance(seed: u64, n: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % 2001) as f32 / 1000.0 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

#[test]
fn the_closest_passage_is_found_however_long_meanings_are() {
    const N_ARTICLES: u64 = 400;
    let scope = Scope::public("default");
    for n_numbers in [96, 128, 136, 384, 1536] {
        let index = Index::in_memory("chance").unwrap();
        let mut known = HashMap::new();
        let mut changes = Vec::new();
        for sequence in 1..=N_ARTICLES {
            let document = article(&sequence.to_string(), &format!("Page {sequence}"), "A page.");
            let hash = hash_of(&with_title(&document.title, "A page."));
            known.insert(hash, Meaning::from_numbers(&chance(sequence, n_numbers)).unwrap());
            changes.push(Change {
                sequence,
                brand: document.brand.clone(),
                pool: document.pool,
                document_id: document.id.clone(),
                document: Some(document),
            });
        }
        index.apply(&changes, &Known::Kept(known)).unwrap();
        for sequence in (1..=N_ARTICLES).step_by(37) {
            // Nearly what the article means, and not quite.
            let numbers = chance(sequence, n_numbers).into_iter().zip(chance(7777, n_numbers));
            let numbers: Vec<f32> = numbers.map(|(it, other)| it + 0.2 * other).collect();
            let asked = Sought::new(Meaning::from_numbers(&numbers).unwrap(), None);
            let found = index.nearest(&asked, Pool::Article, &scope, 1).unwrap();
            let key = DocumentKey::new(Pool::Article, "default", &sequence.to_string());
            assert_eq!(found, [key], "{n_numbers} numbers, article {sequence}");
        }
        let longer = Meaning::from_numbers(&chance(1, n_numbers + 8)).unwrap();
        let longer = Sought::new(longer, None);
        assert!(index.nearest(&longer, Pool::Article, &scope, 1).unwrap().is_empty());
    }
}
