//! From files on disk to passages that are found, and only by who may see them.

mod connection;
mod embedding;
mod files;
mod masking;
mod pages;
mod searching;
mod unseen;
mod website;

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

use deskhand::embed::Embedder;
use deskhand::index::DocumentKey;
use deskhand::index::Index;
use deskhand::index::IndexError;
use deskhand::index::Query;
use deskhand::index::Wording;
use deskhand::ingest;
use deskhand::ingest::Missing;
use deskhand::ingest::Plan;
use deskhand::ingest::Source;
use deskhand::ingest::Summary;
use deskhand::knowledge::Audience;
use deskhand::knowledge::Document;
use deskhand::knowledge::Hit;
use deskhand::knowledge::Pool;
use deskhand::knowledge::Scope;
use deskhand::retrieve::Meant;
use deskhand::retrieve::Retrieved;
use deskhand::retrieve::ToAsk;
use deskhand::retrieve::retrieve;
use deskhand::store::Store;
use deskhand::store::knowledge;
use deskhand::ticket::Ticket;
use tempfile::TempDir;

/// A store, its index, and a folder to ingest from.
struct Shelf {
    folder: TempDir,
    store: Store,
    index: Arc<Index>,
    embedder: Arc<Embedder>,
}

impl Shelf {
    fn new() -> Shelf {
        Shelf::with(Embedder::Table)
    }

    fn with(embedder: Embedder) -> Shelf {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("store"), 0).unwrap();
        let index = Index::open(&folder.path().join("index"), embedder.name()).unwrap();
        std::fs::create_dir(folder.path().join("docs")).unwrap();
        Shelf { folder, store, index: Arc::new(index), embedder: Arc::new(embedder) }
    }

    fn docs(&self) -> PathBuf {
        self.folder.path().join("docs")
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.docs().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    async fn ingest(&self, path: &Path, plan: &Plan) -> Summary {
        let mut total = Summary::default();
        for source in ingest::open(path).unwrap() {
            total.add(self.take(source, plan).await);
        }
        total
    }

    async fn take(&self, source: Source, plan: &Plan) -> Summary {
        let summary = ingest::ingest(&self.store, source, plan, |_, _| {}).await.unwrap();
        self.catch_up().await;
        summary
    }

    async fn catch_up(&self) -> usize {
        let Shelf { store, index, embedder, .. } = self;
        ingest::catch_up(index, store, embedder, Missing::Embed, |_, _| {}).await.unwrap()
    }

    /// What is found for a ticket of a brand.
    async fn retrieve(&self, ticket: &Ticket, brand: &str) -> Retrieved {
        let meant = match (ToAsk::new(&self.embedder, ticket), self.embedder.endpoint()) {
            (Some(to_ask), Some(endpoint)) => to_ask.ask(endpoint).await.unwrap_or_default(),
            (_, _) => Meant::here(&self.embedder, ticket),
        };
        retrieve(&self.index, ticket, &meant, &Scope::public(brand)).unwrap()
    }

    fn document(&self, pool: Pool, id: &str) -> Option<Document> {
        self.store.read_now(|it| knowledge::document(it, "default", pool, id)).unwrap()
    }

    async fn ingest_docs(&self) -> Summary {
        self.ingest(&self.docs(), &Plan::default()).await
    }

    async fn put(&self, documents: Vec<Document>) {
        self.store.write(move |it| knowledge::put(it, &documents)).await.unwrap();
        self.catch_up().await;
    }

    fn find(&self, text: &str, scope: &Scope) -> Vec<Hit> {
        find(&self.index, text, Pool::Article, scope, &[]).unwrap()
    }

    /// Ids of the documents a customer finds, best first.
    fn found(&self, text: &str) -> Vec<String> {
        let found = self.find(text, &Scope::public("default"));
        found.into_iter().map(|it| it.passage.document_id).collect()
    }
}

/// What a question in English finds, and the passages of documents asked for by
/// name.
fn find(
    index: &Index,
    text: &str,
    pool: Pool,
    scope: &Scope,
    also: &[DocumentKey],
) -> Result<Vec<Hit>, IndexError> {
    let wording = Wording { text, language: Some("en"), ..Wording::default() };
    let question = &index.question(wording, &scope.brand)?;
    index.find(&Query { question, pool, scope, limit: 20, also: also.to_vec() })
}

fn article(id: &str, title: &str, body: &str) -> Document {
    Document {
        id: id.to_owned(),
        pool: Pool::Article,
        brand: "default".to_owned(),
        title: title.to_owned(),
        body: body.to_owned(),
        answer: None,
        summary: None,
        url: Some(format!("https://help.example/{id}")),
        language: Some("en".to_owned()),
        audience: Audience::Public,
        updated_at: None,
        solved: false,
        linked_articles: Vec::new(),
        tags: Vec::new(),
        source: "test".to_owned(),
    }
}

fn past_ticket(id: &str, question: &str, answer: &str, links: &[&str]) -> Document {
    Document {
        pool: Pool::PastTicket,
        answer: Some(answer.to_owned()),
        solved: true,
        linked_articles: links.iter().map(|it| (*it).to_owned()).collect(),
        ..article(id, question, question)
    }
}

fn ticket(subject: &str, question: &str) -> Ticket {
    Ticket {
        subject: subject.to_owned(),
        question: question.to_owned(),
        language: Some("en".to_owned()),
        ..Ticket::default()
    }
}

#[tokio::test]
async fn a_folder_of_pages_can_be_searched() {
    let shelf = Shelf::new();
    shelf.write("billing/refunds.md", "---\ntitle: Refunds\nurl: https://x.example/r\n---\n# Refunds\n\nIntro.\n\n## By card\n\nMoney comes back in five days.\n");
    shelf.write(
        "setup.mdx",
        "import A from './a'\n\n# Setting up\n\n<A b={1}>\n\nPlug in the router.\n\n</A>\n",
    );
    shelf.write(
        "export.html",
        "<html lang=de><title>Daten exportieren</title><nav>Menü</nav><p>Der Export beginnt.",
    );
    shelf.write(".hidden/secret.md", "# Secret\n\nrefunds router");
    shelf.write("draft.md", "---\ntitle: Draft\ndraft: true\n---\nrefunds router");
    shelf.write("README.md", "# About this repository\n\nrefunds router");
    shelf.write("notes.txt", "refunds router");
    let summary = shelf.ingest_docs().await;
    assert_eq!((summary.added, summary.skipped, summary.failed.len()), (3, 1, 0));
    assert_eq!(shelf.found("refund"), ["billing/refunds", "billing/refunds"]);
    assert_eq!(shelf.found("router"), ["setup"]);
    assert_eq!(shelf.found("Exporte"), ["export"], "stemmed as the German it is");
    let best = shelf.find("money card", &Scope::public("default")).remove(0).passage;
    assert_eq!(best.link().as_deref(), Some("https://x.example/r#by-card"));
    assert_eq!(best.text, "Money comes back in five days.");
}

#[tokio::test]
async fn what_changes_on_disk_changes_what_is_found() {
    let shelf = Shelf::new();
    shelf.write("a.md", "# A\n\napples");
    shelf.write("b.md", "# B\n\nbananas");
    shelf.ingest_docs().await;
    let again = shelf.ingest_docs().await;
    assert_eq!((again.added, again.changed, again.unchanged), (0, 0, 2));
    shelf.write("a.md", "# A\n\ncherries");
    std::fs::remove_file(shelf.docs().join("b.md")).unwrap();
    let dry = shelf.ingest(&shelf.docs(), &Plan { dry_run: true, ..Plan::default() }).await;
    assert_eq!((dry.changed, dry.removed), (1, 1));
    assert_eq!(shelf.found("apples"), ["a"], "a dry run changes nothing");
    let summary = shelf.ingest_docs().await;
    assert_eq!((summary.changed, summary.removed), (1, 1));
    assert_eq!(shelf.found("apples bananas"), [""; 0]);
    assert_eq!(shelf.found("cherries"), ["a"]);
}

#[tokio::test]
async fn a_file_that_broke_keeps_its_earlier_version() {
    let shelf = Shelf::new();
    shelf.write("a.md", "---\ntitle: A\n---\napples");
    shelf.write("b.md", "bananas");
    shelf.ingest_docs().await;
    shelf.write("a.md", "---\ntitle: [A\n---\ncherries");
    let summary = shelf.ingest_docs().await;
    assert_eq!((summary.removed, summary.failed.len()), (0, 1));
    let failure = summary.failed.first().unwrap();
    assert!(failure.place.ends_with("a.md"), "{failure:?}");
    assert!(failure.reason.contains("not valid YAML"), "{failure:?}");
    assert_eq!(shelf.found("apples"), ["a"]);
}

#[tokio::test]
async fn a_folder_that_came_up_empty_removes_nothing() {
    let shelf = Shelf::new();
    shelf.write("a.md", "apples");
    shelf.ingest_docs().await;
    std::fs::remove_file(shelf.docs().join("a.md")).unwrap();
    let error = ingest::open(&shelf.docs()).unwrap_err();
    assert!(error.to_string().contains("holds no .md"), "{error}");
    assert_eq!(shelf.found("apples"), ["a"]);
}

#[tokio::test]
async fn exports_are_recognized_and_past_tickets_are_masked() {
    let shelf = Shelf::new();
    shelf.write(
        "corpus.jsonl",
        "{\"id\":\"kb/1\",\"title\":\"Refunds\",\"body\":\"<p>Money comes <b>back</b>.</p>\",\"brand\":\"acme\",\"new\":1}\n\n\
         {\"id\":\"kb/2\",\"title\":\"Agents only\",\"body\":\"Money rules\",\"brand\":\"acme\",\"audience\":\"internal\"}\n",
    );
    shelf.write(
        "past_tickets.jsonl",
        "{\"id\":7,\"subject\":\"Where is my money\",\"text\":\"It did not arrive.\",\"answer\":\"Ask jane@acme.example or +49 30 1234 5678.\",\"created\":\"2024-05-01\",\"linked_articles\":[\"kb/1\"],\"brand\":\"acme\"}\n\
         {\"id\":\"8\",\"title\":\"Broken\",\"body\":\"It broke.\\n\\n## Answer\\n\\nTurn it off.\",\"kind\":\"past_ticket\",\"brand\":\"acme\"}\n\
         {\"id\":\"9\",\"subject\":\"Nobody answered\",\"text\":\"Hello?\",\"brand\":\"acme\"}\n\
         {\"id\":\"10\",\"turns\":[{\"role\":\"customer\",\"text\":\"Screen flickers\"},{\"role\":\"agent\",\"text\":\"Update the driver.\",\"helpful\":2},{\"role\":\"agent\",\"text\":\"Bye.\"}],\"brand\":\"acme\"}\n",
    );
    let summary = shelf.ingest_docs().await;
    assert_eq!((summary.added, summary.skipped, summary.failed.len()), (5, 1, 0), "{summary:?}");
    let read = |id: &str| {
        let read = |it: &_| knowledge::document(it, "acme", Pool::PastTicket, id);
        shelf.store.read_now(read).unwrap().unwrap()
    };
    assert_eq!(read("7").answer.as_deref(), Some("Ask [email] or [phone]."));
    assert_eq!(
        (read("8").body.as_str(), read("8").answer.as_deref()),
        ("It broke.", Some("Turn it off."))
    );
    assert_eq!(read("10").answer.as_deref(), Some("Update the driver."));
    let found = shelf.retrieve(&ticket("", "my money did not arrive"), "acme").await;
    let ids = |it: &Retrieved| {
        it.articles.iter().map(|it| it.passage.document_id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&found), ["kb/1"], "an internal article is not for customers");
    assert_eq!(found.past_tickets.first().unwrap().passage.text, "Ask [email] or [phone].");
}

#[tokio::test]
async fn a_bad_line_is_named_and_nothing_is_removed_because_of_it() {
    let shelf = Shelf::new();
    let good = "{\"id\":\"1\",\"title\":\"A\",\"body\":\"apples\"}\n";
    let other = "{\"id\":\"2\",\"title\":\"B\",\"body\":\"bananas\"}\n";
    shelf.write("a.jsonl", &format!("{good}{other}"));
    shelf.ingest(&shelf.docs().join("a.jsonl"), &Plan::default()).await;
    shelf.write("a.jsonl", &format!("{good}{{\"id\":\"2\",\n[1]\n{{\"title\":\"no id\"}}\n"));
    let summary = shelf.ingest(&shelf.docs().join("a.jsonl"), &Plan::default()).await;
    let places: Vec<_> =
        summary.failed.iter().map(|it| it.place.rsplit(':').next().unwrap()).collect();
    assert_eq!((summary.unchanged, summary.removed, places), (1, 0, vec!["2", "3", "4"]));
    assert_eq!(shelf.found("bananas"), ["2"]);
}
