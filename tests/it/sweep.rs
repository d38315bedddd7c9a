//! What the sweep finds and what webhooks tell meet in one row a conversation,
//! and nothing that was found is ever forgotten.

use deskhand::store::Store;
use deskhand::store::inbox;
use deskhand::store::inbox::Accepted;
use deskhand::store::inbox::Arrival;
use deskhand::store::inbox::Outcome;
use deskhand::store::inbox::Place;
use deskhand::store::inbox::Row;
use deskhand::store::inbox::Sorted;
use deskhand::store::inbox::Which;
use deskhand::store::leases;
use deskhand::store::leases::Lease;
use deskhand::store::leases::Standing;
use tempfile::TempDir;

struct Inbox {
    store: Store,
    _folder: TempDir,
}

fn place(due_ms: i64) -> Place {
    Place {
        conversation_id: "1".to_owned(),
        event: "{}".to_owned(),
        due_ms,
        due_at_most_ms: due_ms + 100,
    }
}

impl Inbox {
    fn new() -> Inbox {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path(), 0).unwrap();
        Inbox { store, _folder: folder }
    }

    /// The sweep finds conversation 1 changed at this moment.
    async fn sweep(&self, changed: &str) -> Arrival {
        let dedup = format!("sweep:1:{changed}");
        let sweep = move |it: &_| inbox::accept_swept(it, "acme", &dedup, &place(90), 0);
        self.store.write(sweep).await.unwrap()
    }

    /// A webhook of conversation 1 comes, and is sorted.
    async fn webhook(&self, dedup: &str) {
        let delivery = Accepted {
            connection: "acme".to_owned(),
            dedup: dedup.to_owned(),
            received_ms: 0,
            headers: Vec::new(),
            body: b"{}".to_vec(),
        };
        self.store.write(move |it| inbox::accept(it, &delivery)).await.unwrap();
        let unsorted = self.store.read(|it| inbox::unsorted(it, 10)).await.unwrap();
        let seq = unsorted.last().unwrap().seq;
        let waits = Sorted::Waits(place(10));
        self.store.write(move |it| inbox::sort(it, seq, &waits, &[], 0)).await.unwrap();
    }

    async fn lease(&self) -> Option<Lease> {
        let lease = |it: &_| leases::lease(it, "acme", Standing::Ordinary, "worker", 1_000, 9_000);
        self.store.write(lease).await.unwrap().map(|(lease, _)| lease)
    }

    async fn end(&self, lease: Lease) {
        self.end_as(lease, Outcome::Replied).await;
    }

    /// Ends everything that waits under a lease, as a worker does.
    async fn end_as(&self, lease: Lease, outcome: Outcome) {
        let end = move |it: &_| {
            for waiting in leases::waiting(it, &lease.key)? {
                inbox::finish(it, waiting.seq, &outcome, 2_000)?;
            }
            leases::release(it, &lease, 2_000)
        };
        self.store.write(end).await.unwrap();
    }

    async fn origins(&self) -> Vec<String> {
        let rows = self.store.read(|it| inbox::rows(it, Which::All, 10)).await.unwrap();
        rows.into_iter().map(|row: Row| row.origin).collect()
    }
}

#[tokio::test]
async fn a_change_whose_webhook_waits_already_is_one_row() {
    let inbox = Inbox::new();
    inbox.webhook("evt-1").await;
    assert_eq!(inbox.sweep("12:00").await, Arrival::Repeat);
    assert_eq!(inbox.origins().await, ["webhook"]);
    // Later sweeps reach back to the same change.
    let lease = inbox.lease().await.unwrap();
    inbox.end(lease).await;
    assert_eq!(inbox.sweep("12:00").await, Arrival::Repeat);
    assert_eq!(inbox.origins().await, ["webhook"]);
}

#[tokio::test]
async fn a_webhook_that_comes_after_the_sweep_takes_the_place_of_its_row() {
    let inbox = Inbox::new();
    assert_eq!(inbox.sweep("12:00").await, Arrival::First);
    inbox.webhook("evt-1").await;
    assert_eq!(inbox.origins().await, ["webhook"]);
    assert_eq!(inbox.sweep("12:00").await, Arrival::Repeat);
    assert!(inbox.lease().await.is_some(), "it still waits to be read");
}

#[tokio::test]
async fn the_note_about_a_dead_letter_is_no_news_and_a_webhook_is() {
    let inbox = Inbox::new();
    inbox.webhook("evt-1").await;
    let lease = inbox.lease().await.unwrap();
    inbox.end_as(lease, Outcome::Dead("the helpdesk says 401".to_owned())).await;
    for change in ["12:01", "12:02"] {
        assert_eq!(inbox.sweep(change).await, Arrival::Repeat);
    }
    assert!(inbox.lease().await.is_none(), "it was buried and told of once");
    inbox.webhook("evt-2").await;
    assert!(inbox.lease().await.is_some(), "the customer wrote again");
}

#[tokio::test]
async fn what_is_found_while_somebody_works_waits_for_itself() {
    let inbox = Inbox::new();
    inbox.webhook("evt-1").await;
    let lease = inbox.lease().await.unwrap();
    // The worker may have read the conversation before this change.
    assert_eq!(inbox.sweep("12:01").await, Arrival::First);
    assert_eq!(inbox.sweep("12:01").await, Arrival::Repeat);
    inbox.webhook("evt-2").await;
    assert_eq!(inbox.origins().await, ["webhook", "sweep", "webhook"], "newest first");
    inbox.end(lease).await;
}

#[tokio::test]
async fn a_change_after_the_last_one_was_handled_is_found() {
    let inbox = Inbox::new();
    assert_eq!(inbox.sweep("12:00").await, Arrival::First);
    let lease = inbox.lease().await.unwrap();
    inbox.end(lease).await;
    assert_eq!(inbox.sweep("12:05").await, Arrival::First);
    assert!(inbox.lease().await.is_some());
}

#[tokio::test]
async fn a_swept_row_that_was_begun_keeps_its_attempts() {
    let inbox = Inbox::new();
    inbox.sweep("12:00").await;
    let lease = inbox.lease().await.unwrap();
    let release = move |it: &_| leases::release(it, &lease, 1_000);
    inbox.store.write(release).await.unwrap();
    inbox.webhook("evt-1").await;
    assert_eq!(inbox.origins().await, ["webhook", "sweep"]);
}
