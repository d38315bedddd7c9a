//! Meanings from an endpoint: what they find, what they cost, and that nobody waits for
//! an endpoint that does not answer.
// Long because every way an endpoint can fail is one test here.

use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

use deskhand::app;
use deskhand::config;
use deskhand::decide::Policy;
use deskhand::decide::Thresholds;
use deskhand::draft::Drafter;
use deskhand::embed::EmbedError;
use deskhand::embed::Embedder;
use deskhand::guard::Limits;
use deskhand::index::Index;
use deskhand::ingest;
use deskhand::ingest::Missing;
use deskhand::journey::StageModel;
use deskhand::knowledge::Document;
use deskhand::knowledge::Pool;
use deskhand::knowledge::Scope;
use deskhand::pipeline::Authority;
use deskhand::pipeline::Circumstances;
use deskhand::pipeline::Context;
use deskhand::pipeline::Cpu;
use deskhand::pipeline::Pipeline;
use deskhand::retrieve::Retrieved;
use deskhand::store::Store;
use deskhand::store::knowledge;
use deskhand::ticket::Author;
use deskhand::ticket::AuthorKind;
use deskhand::ticket::Body;
use deskhand::ticket::Conversation;
use deskhand::ticket::Message;
use deskhand::ticket::Turn;
use tokio_util::sync::CancellationToken;

use super::Shelf;
use super::article;
use super::past_ticket;
use super::ticket;
use crate::support::embeddings::FakeEmbeddings;
use crate::support::embeddings::KEY;
use crate::support::embeddings::MODEL;
use crate::support::embeddings::Mood;
use crate::support::embeddings::N_NUMBERS;
use crate::support::embeddings::PASSAGE;
use crate::support::embeddings::QUERY;
use crate::support::embeddings::embedder;
use crate::support::embeddings::endpoint;
use crate::support::log::Log;

/// Shares no word with its answer.
const PARAPHRASE: &str = "I was charged and want what I spent";

fn articles() -> Vec<Document> {
    vec![
        article("sum", "How we reimburse", "The sum arrives on the card within five days."),
        article("locked", "Locked out", "Choose a new password below Security."),
        article("track", "Where a parcel is", "Each delivery carries a number."),
    ]
}

fn ids(found: &Retrieved) -> Vec<&str> {
    found.articles.iter().map(|it| it.passage.document_id.as_str()).collect()
}

async fn finds(shelf: &Shelf, question: &str) -> Vec<String> {
    let found = shelf.retrieve(&ticket("", question), "default").await;
    ids(&found).into_iter().map(str::to_owned).collect()
}

async fn shelf_of_articles() -> (FakeEmbeddings, Shelf) {
    let server = FakeEmbeddings::start().await;
    let shelf = Shelf::with(server.embedder());
    shelf.put(articles()).await;
    (server, shelf)
}

#[tokio::test]
async fn a_paraphrase_is_found_by_what_an_endpoint_says_it_means() {
    let (_server, shelf) = shelf_of_articles().await;
    let found = shelf.retrieve(&ticket("", PARAPHRASE), "default").await;
    assert_eq!(ids(&found), ["sum"]);
    assert!(0.9 < found.articles.first().unwrap().signal("meaning"), "{:?}", found.articles);
    // By words alone nothing is found: the endpoint made the difference.
    let words = Shelf::with(Embedder::Off);
    words.put(articles()).await;
    assert_eq!(finds(&words, PARAPHRASE).await, [""; 0]);
    assert_eq!(finds(&words, "password").await, ["locked"]);
}

#[tokio::test]
async fn a_model_that_calls_everything_alike_makes_nobody_surer() {
    let server = FakeEmbeddings::start().await;
    server.will(&[Mood::Murky]);
    let shelf = Shelf::with(server.embedder());
    shelf.put(articles()).await;
    let found = shelf.retrieve(&ticket("", "Does the lamp fit on the card?"), "default").await;
    assert_eq!(ids(&found), ["sum"], "by a word");
    assert!(found.signs.meaning < 0.3, "{:?}", found.signs);
    let found = shelf.retrieve(&ticket("", PARAPHRASE), "default").await;
    assert_eq!(ids(&found), ["sum"]);
    assert!(0.9 < found.signs.meaning, "{:?}", found.signs);
}

#[tokio::test]
async fn what_was_said_before_is_asked_in_the_same_call() {
    let (server, shelf) = shelf_of_articles().await;
    let mut asked = ticket("", "When is it on my card?");
    asked.turns = vec![Turn {
        message_id: "1".to_owned(),
        author: AuthorKind::Customer,
        text: PARAPHRASE.to_owned(),
    }];
    let n_before = server.n_calls();
    let found = shelf.retrieve(&asked, "default").await;
    assert_eq!(server.n_calls(), n_before + 1);
    assert_eq!(server.desk().calls.last().unwrap().len(), 2);
    let first = found.articles.first().unwrap();
    assert_eq!(first.passage.document_id, "sum");
    assert!(0.9 < first.signal("before.meaning"), "{:?}", first.signals);
}

#[tokio::test]
async fn a_question_in_any_language_is_asked_unless_the_model_does_not_speak_it() {
    let server = FakeEmbeddings::start().await;
    let shelf = Shelf::with(server.embedder());
    shelf.put(articles()).await;
    let mut asked = ticket("", "Kde je moje parcel zásilka?");
    asked.language = Some("cs".to_owned());
    assert_eq!(ids(&shelf.retrieve(&asked, "default").await).first(), Some(&"track"));
    let mut settings = server.settings();
    settings.form.languages = vec!["en".to_owned()];
    let english = Shelf { embedder: Arc::new(embedder(settings)), ..shelf };
    let n_calls = server.n_calls();
    english.retrieve(&asked, "default").await;
    assert_eq!(server.n_calls(), n_calls, "the model would not understand it");
}

#[tokio::test]
async fn nothing_is_paid_for_twice() {
    // The endpoint fails the test if it sees a passage again.
    let (server, shelf) = shelf_of_articles().await;
    let n_calls = server.n_calls();
    let mut changed = articles();
    if let Some(first) = changed.first_mut() {
        first.tags.push("money".to_owned());
        first.url = None;
    }
    shelf.put(changed).await;
    assert_eq!(server.n_calls(), n_calls, "what it says is what it said");
    shelf.put(vec![article("new", "Invoices", "The bill is below Account.")]).await;
    assert_eq!(server.n_calls(), n_calls + 1);
    assert_eq!(server.desk().calls.last().unwrap().len(), 1);
    let Shelf { store, index, embedder, .. } = &shelf;
    server.will(&[Mood::Status(500)]);
    assert_eq!(ingest::rebuild(index, store, embedder, |_, _| {}).await.unwrap(), 4);
    assert_eq!(server.n_calls(), n_calls + 1, "a rebuild asks nobody");
    server.will(&[Mood::Well(N_NUMBERS)]);
    assert_eq!(finds(&shelf, PARAPHRASE).await, ["sum"]);
}

#[tokio::test]
async fn many_passages_go_in_small_calls() {
    let server = FakeEmbeddings::start().await;
    let shelf = Shelf::with(server.embedder());
    let many = (0..150).map(|it| article(&it.to_string(), &format!("Page {it}"), "A refund."));
    shelf.put(many.collect()).await;
    let sizes: Vec<usize> = server.desk().calls.iter().map(Vec::len).collect();
    // The first call measures the model.
    assert_eq!((sizes.len(), sizes.iter().skip(1).sum::<usize>()), (4, 150), "{sizes:?}");
}

#[tokio::test]
async fn what_leaves_this_machine_is_masked() {
    // The endpoint fails the test if it sees an address.
    let (server, shelf) = shelf_of_articles().await;
    let answer = "I wrote to jane@acme.example that the refund is on its way.";
    shelf
        .put(vec![past_ticket("q", "Where is the refund of jane@acme.example?", answer, &[])])
        .await;
    let passages: Vec<String> = server.desk().calls.last().unwrap().clone();
    assert_eq!(passages.len(), 2);
    assert!(passages.iter().all(|it| it.contains("[email]")), "{passages:?}");
    let n_calls = server.n_calls();
    shelf.retrieve(&ticket("", "refund to joe@mail.example please"), "default").await;
    assert_eq!(server.n_calls(), n_calls + 1);
    assert_eq!(
        server.desk().calls.last().unwrap().first().unwrap(),
        &format!("{QUERY}refund to [email] please")
    );
}

#[tokio::test]
async fn an_endpoint_that_is_down_costs_meaning_and_nothing_else() {
    let server = FakeEmbeddings::start().await;
    server.will(&[Mood::Status(503)]);
    let shelf = Shelf::with(server.embedder());
    shelf.put(articles()).await;
    assert_eq!(shelf.index.watermark(), 3);
    assert_eq!(finds(&shelf, "new password").await, ["locked"]);
    assert_eq!(finds(&shelf, PARAPHRASE).await, [""; 0]);
    let n_without = || {
        let name = shelf.embedder.name().to_owned();
        shelf.store.read_now(|it| knowledge::n_unembedded(it, &name)).unwrap()
    };
    assert_eq!(n_without(), 3);
    let Shelf { store, index, embedder, .. } = &shelf;
    let (n_mended, failure) = ingest::mend(index, store, embedder).await.unwrap();
    assert_eq!(n_mended, 0);
    assert!(matches!(failure, Some(EmbedError::Unavailable { .. })), "{failure:?}");
    server.will(&[Mood::Well(N_NUMBERS)]);
    // A document may go, and another change, before it is tried again.
    let names = vec!["track".to_owned()];
    let remove = move |it: &_| knowledge::remove(it, "default", Pool::Article, &names);
    shelf.store.write(remove).await.unwrap();
    shelf.put(vec![article("locked", "Locked out", "Ask for a new password.")]).await;
    let (n_mended, failure) = ingest::mend(index, store, embedder).await.unwrap();
    assert_eq!((n_mended, failure), (1, None));
    assert_eq!(n_without(), 0);
    assert_eq!(finds(&shelf, PARAPHRASE).await, ["sum"]);
    assert_eq!(index.n_passages("default", Pool::Article), 2);
}

#[tokio::test]
async fn a_service_mends_what_it_could_not_embed_by_itself() {
    let server = FakeEmbeddings::start().await;
    let shelf = Shelf::with(server.embedder());
    server.will(&[Mood::Status(500)]);
    let stop = CancellationToken::new();
    let (index, embedder) = (Arc::clone(&shelf.index), Arc::clone(&shelf.embedder));
    let following =
        tokio::spawn(ingest::follow(index, shelf.store.clone(), embedder, stop.clone()));
    shelf.store.write(|it| knowledge::put(it, &articles())).await.unwrap();
    let until = |question: &'static str, expected: &'static str| {
        let shelf = &shelf;
        async move {
            for _ in 0..300 {
                if finds(shelf, question).await == [expected] {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            panic!("`{question}` does not find {expected}");
        }
    };
    until("new password", "locked").await;
    server.will(&[Mood::Well(N_NUMBERS)]);
    until(PARAPHRASE, "sum").await;
    stop.cancel();
    following.await.unwrap();
}

#[tokio::test]
async fn a_busy_endpoint_is_asked_again_for_passages_but_not_while_a_ticket_waits() {
    let server = FakeEmbeddings::start().await;
    let endpoint = endpoint(server.settings());
    server.will(&[Mood::Busy(1), Mood::Status(502), Mood::Well(N_NUMBERS)]);
    let watch = Instant::now();
    let passage = endpoint.public_passage("refund");
    let meanings = endpoint.ask_patiently(&[passage]).await.unwrap();
    assert!(meanings.iter().all(Option::is_some) && meanings.len() == 1);
    assert_eq!(server.n_calls(), 3);
    assert!(Duration::from_secs(1) <= watch.elapsed(), "the pause it names is kept");
    server.will(&[Mood::Status(502)]);
    let failed = endpoint.ask_once(&[endpoint.question("refund")]).await.unwrap_err();
    assert_eq!(failed.to_string(), "the embedder is unavailable: status 502");
    assert_eq!(server.n_calls(), 4);
}

#[tokio::test]
async fn vectors_that_cannot_be_used_are_refused_with_what_is_wrong() {
    let server = FakeEmbeddings::start().await;
    let body = |vectors: &str| Mood::Body(format!("{{\"data\":[{vectors}]}}"));
    for (mood, why) in [
        (body(""), "it holds 0 vectors for 2 texts"),
        (body(r#"{"embedding":[1]}"#), "it holds 1 vectors for 2 texts"),
        (
            body(r#"{"embedding":[1,2,3,4,5,6,7,8]},{"embedding":[1,2,3,4,5,6,7,8,9]}"#),
            "a vector has 16 numbers, others of this model have 8",
        ),
        (body(r#"{"embedding":[NaN,1]},{"embedding":[1,1]}"#), "it is not JSON with a list"),
        (body(r#"{"embedding":[1e39,1]},{"embedding":[1,1]}"#), "no finite number"),
        (body(r#"{"embedding":[null,1]},{"embedding":[1,1]}"#), "it is not JSON with a list"),
        (body(r#"{"embedding":[1,1]},{"embedding":[0,0]}"#), "a vector is zero"),
        (body(r#"{"embedding":[]},{"embedding":[1]}"#), "a vector has 0 numbers"),
        (
            body(r#"{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}"#),
            "it names a text twice",
        ),
        (Mood::Body("<html>".to_owned()), "it is not JSON with a list"),
        (Mood::Body("{}".to_owned()), "it is not JSON with a list"),
    ] {
        server.will(std::slice::from_ref(&mood));
        let endpoint = endpoint(server.settings());
        let texts = [endpoint.question("one"), endpoint.question("two")];
        let said = endpoint.ask_once(&texts).await.unwrap_err().to_string();
        assert!(said.contains(why), "{mood:?}: {said}");
    }
    let mut settings = server.settings();
    settings.dimensions = Some(16);
    server.will(&[Mood::Well(N_NUMBERS)]);
    let endpoint = endpoint(settings);
    let said = endpoint.ask_once(&[endpoint.question("one")]).await.unwrap_err().to_string();
    assert!(said.contains("has 24 numbers, embedder.dimensions asks for 16"), "{said}");
    assert!(endpoint.name().starts_with(&format!("endpoint:{MODEL}:16:")), "{}", endpoint.name());
}

#[tokio::test]
async fn a_model_that_was_exchanged_behind_its_name_is_told() {
    let (server, shelf) = shelf_of_articles().await;
    server.will(&[Mood::Well(40)]);
    // Another process, which knows the length only from what is kept.
    let shelf = Shelf { embedder: Arc::new(server.embedder()), ..shelf };
    shelf.put([articles(), vec![article("new", "New", "A new page.")]].concat()).await;
    let Shelf { store, index, embedder, .. } = &shelf;
    let (_, failure) = ingest::mend(index, store, embedder).await.unwrap();
    let said = failure.unwrap().to_string();
    assert!(said.contains("40 numbers, others of this model have 24"), "{said}");
}

#[tokio::test]
async fn a_text_the_model_cannot_take_does_not_keep_the_others_from_theirs() {
    let server = FakeEmbeddings::start().await;
    server.will(&[Mood::Picky("Unspeakable")]);
    let shelf = Shelf::with(server.embedder());
    shelf.put([articles(), vec![article("bad", "Unspeakable", "A page.")]].concat()).await;
    assert_eq!(finds(&shelf, PARAPHRASE).await, ["sum"]);
    let n_calls = server.n_calls();
    let Shelf { store, index, embedder, .. } = &shelf;
    assert_eq!(ingest::mend(index, store, embedder).await.unwrap(), (0, None));
    assert_eq!(server.n_calls(), n_calls, "it is not asked again");
    // Where every call is refused, nothing is known of any text.
    server.will(&[Mood::Status(400)]);
    let endpoint = endpoint(server.settings());
    let refused = endpoint.ask_patiently(&[endpoint.public_passage("fine")]).await.unwrap_err();
    assert!(matches!(refused, EmbedError::Refused { status: 400, .. }), "{refused}");
}

fn context() -> Context {
    Context {
        scope: Scope::public("default"),
        thresholds: Thresholds { suggest_from: 0.0, send_from: None, grounded_from: 0.0 },
        authority: Authority::AsSet,
        policy: Policy::default(),
        max_own_replies: 3,
        limits: Limits::default(),
        settings_version: String::new(),
        manifest_version: String::new(),
    }
}

fn conversation(text: &str) -> Conversation {
    let author = Author { kind: AuthorKind::Customer, id: None, name: None, email: None };
    let message = Message {
        id: "m1".to_owned(),
        at: None,
        author,
        public: true,
        body: Body::Text(text.to_owned()),
        headers: Vec::new(),
    };
    Conversation { id: "17".to_owned(), messages: vec![message], ..Conversation::default() }
}

#[tokio::test]
async fn a_ticket_does_not_wait_for_an_endpoint_that_hangs_and_neither_does_a_core() {
    let (server, shelf) = shelf_of_articles().await;
    let stages = Arc::new(StageModel::preset("m1").unwrap().unwrap());
    let cpu = Arc::new(Cpu::new(1).unwrap());
    let Shelf { index, embedder, .. } = &shelf;
    let (index, embedder) = (Arc::clone(index), Arc::clone(embedder));
    let pipeline = Pipeline::new(index, embedder, stages, Drafter::Extractive, Arc::clone(&cpu));
    let asked = conversation("I am locked out. How do I get a new password?");
    let now = Circumstances::default();
    let proposal = pipeline.prepare(&asked, &context(), &now).await.unwrap();
    assert_eq!(proposal.versions.embedder, shelf.embedder.name());
    assert!(proposal.timings.iter().any(|(step, _)| step == "embed"), "{:?}", proposal.timings);

    server.will(&[Mood::Hang]);
    let context = context();
    let hanging = pipeline.prepare(&asked, &context, &now);
    tokio::pin!(hanging);
    let n_calls = server.n_calls();
    while server.n_calls() == n_calls {
        tokio::select! {
            _ = &mut hanging => panic!("nobody was asked"),
            () = tokio::time::sleep(Duration::from_millis(5)) => {}
        }
    }
    // The only one is free, or this would wait as well.
    assert!(cpu.run(|| true).await.unwrap());
    let watch = Instant::now();
    let proposal = hanging.await.unwrap();
    assert!(watch.elapsed() < Duration::from_secs(3), "it took {:?}", watch.elapsed());
    assert_eq!(proposal.articles.first().unwrap().passage.document_id, "locked");

    let n_calls = server.n_calls();
    let mut automatic = asked.clone();
    if let Some(message) = automatic.messages.first_mut() {
        message.headers = vec![("auto-submitted".to_owned(), "auto-replied".to_owned())];
    }
    pipeline.prepare(&automatic, &context, &now).await.unwrap();
    assert_eq!(server.n_calls(), n_calls, "nobody is answered, so nothing is paid for");
}

#[tokio::test]
async fn another_embedder_means_another_index_and_the_way_back_is_paid_for() {
    let server = FakeEmbeddings::start().await;
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, KEY).unwrap();
    let settings = |embedder: &str| {
        let store =
            format!("[store]\nfolder = {:?}\nballast_bytes = 0\n", folder.path().join("data"));
        config::from_text(&format!("{store}[embedder]\n{embedder}")).unwrap().settings
    };
    let remote = format!(
        "kind = \"endpoint\"\nbase_url = {:?}\nmodel = \"{MODEL}\"\nquery_prefix = \"{QUERY}\"\n\
         passage_prefix = \"{PASSAGE}\"\napi_key = {{ file = {key:?} }}\n",
        server.base_url
    );
    let mut n_calls = Vec::new();
    for kind in ["kind = \"none\"", &remote, "kind = \"table\"", &remote] {
        let settings = settings(kind);
        let embedder = Arc::new(app::embedder(&settings).unwrap());
        let store = app::open_store(&settings).unwrap();
        store.write(|it| knowledge::put(it, &articles())).await.unwrap();
        let index = Arc::new(app::open_index(&settings, &embedder).unwrap());
        assert_eq!(index.watermark(), 0, "meanings of another embedder are used with {kind}");
        ingest::catch_up(&index, &store, &embedder, Missing::Embed, |_, _| {}).await.unwrap();
        let shelf = Shelf { folder: tempfile::tempdir().unwrap(), store, index, embedder };
        let found = finds(&shelf, PARAPHRASE).await;
        if kind == remote {
            assert_eq!(found, ["sum"]);
        }
        n_calls.push(server.n_calls());
    }
    assert_eq!(n_calls, [0, 3, 3, 4], "the scale and the passages once, a question each");
    // A rebuild keeps what the embedder of now has told, and nothing of others.
    let settings = settings("kind = \"table\"");
    let store = Store::open(&settings.store.folder, 0).unwrap();
    let embedder = Arc::new(Embedder::Table);
    let index = Arc::new(app::open_index(&settings, &embedder).unwrap());
    ingest::rebuild(&index, &store, &embedder, |_, _| {}).await.unwrap();
    let count = |it: &rusqlite::Connection| {
        it.query_row("SELECT count(*) FROM meanings", [], |row| row.get::<_, i64>(0))
    };
    assert_eq!(store.read_now(count).unwrap(), 0);
}

#[tokio::test]
async fn an_index_that_somebody_writes_is_not_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!("[store]\nfolder = {:?}\n", folder.path());
    let settings = config::from_text(&text).unwrap().settings;
    let index = Index::open(&folder.path().join("index"), "another").unwrap();
    index.clear().unwrap();
    let error = app::open_index(&settings, &Embedder::Table).unwrap_err().to_string();
    assert!(error.contains("embedder another, now it is table-1"), "{error}");
    assert!(error.contains("another process writes it"), "{error}");
    drop(index);
    assert_eq!(app::open_index(&settings, &Embedder::Table).unwrap().watermark(), 0);
}

#[tokio::test]
async fn neither_the_log_nor_an_error_repeats_a_text_or_the_key() {
    let server = FakeEmbeddings::start().await;
    let (log, guard) = Log::start();
    let echo = "{\"error\": \"you sent: Zelda, sk-canary-embed-77\"}".to_owned();
    for mood in [Mood::Status(401), Mood::Status(400), Mood::Body(echo), Mood::Hang] {
        server.will(std::slice::from_ref(&mood));
        let mut settings = server.settings();
        settings.timeout = Duration::from_millis(200);
        let shelf = Shelf::with(embedder(settings));
        shelf.put(vec![article("zelda", "Zelda", "About Zelda.")]).await;
        let endpoint = shelf.embedder.endpoint().unwrap();
        let error = endpoint.ask_once(&[endpoint.question("Zelda?")]).await.unwrap_err();
        for text in [error.to_string(), format!("{error:?}"), format!("{:?}", shelf.embedder)] {
            assert!(!text.contains("Zelda") && !text.contains(KEY), "{text}");
        }
    }
    drop(guard);
    let log = log.text();
    assert!(log.contains("found by their words alone"), "{log}");
    for line in log.lines() {
        assert!(!line.contains("Zelda") && !line.contains(KEY), "{line}");
    }
}
