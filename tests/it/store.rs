//! The promises of the store, through its own door: one row a delivery, one
//! outcome each, one live lease, one reply a message.

use deskhand::store::Store;
use deskhand::store::StoreError;
use deskhand::store::decisions;
use deskhand::store::decisions::Decided;
use deskhand::store::decisions::Ending;
use deskhand::store::decisions::Recorded;
use deskhand::store::inbox;
use deskhand::store::inbox::Accepted;
use deskhand::store::inbox::Arrival;
use deskhand::store::inbox::Outcome;
use deskhand::store::inbox::Place;
use deskhand::store::inbox::Sorted;
use deskhand::store::inbox::Waiting;
use deskhand::store::inbox::Which;
use deskhand::store::leases;
use deskhand::store::leases::Lease;
use deskhand::store::leases::Life;
use deskhand::store::leases::Standing;
use deskhand::store::outbox;
use deskhand::store::outbox::Claim;
use deskhand::store::outbox::Limits;
use deskhand::store::outbox::Planned;
use deskhand::store::outbox::SEND_SWITCH;
use deskhand::store::outbox::Settled;
use tempfile::TempDir;

mod crashing;

const LIMITS: Limits = Limits { daily: 100, per_conversation: 5 };
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

struct Desk {
    store: Store,
    _folder: TempDir,
}

fn desk() -> Desk {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), 0).unwrap();
    Desk { store, _folder: folder }
}

fn delivery(dedup: &str, body: &str) -> Accepted {
    Accepted {
        connection: "acme".to_owned(),
        dedup: dedup.to_owned(),
        received_ms: 1_000,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
    }
}

fn place(conversation_id: &str, due_ms: i64, cap_ms: i64) -> Place {
    Place {
        conversation_id: conversation_id.to_owned(),
        event: "{}".to_owned(),
        due_ms,
        due_at_most_ms: cap_ms,
    }
}

impl Desk {
    async fn accept(&self, dedup: &str) -> Arrival {
        let delivery = delivery(dedup, dedup);
        self.store.write(move |it| inbox::accept(it, &delivery)).await.unwrap()
    }

    /// A delivery of conversation 1 that waits since `now_ms` for 10 ms, 50 at most.
    async fn waits(&self, dedup: &str, now_ms: i64) {
        self.accept(dedup).await;
        let unsorted = self.store.read(|it| inbox::unsorted(it, 10)).await.unwrap();
        let seq = unsorted.last().unwrap().seq;
        let waits = Sorted::Waits(place("1", now_ms + 10, now_ms + 50));
        let sort = move |it: &_| inbox::sort(it, seq, &waits, &[], now_ms);
        self.store.write(sort).await.unwrap();
    }

    async fn lease(&self, owner: &str, now_ms: i64) -> Option<(Lease, Vec<Waiting>)> {
        self.lease_of(Standing::Ordinary, owner, now_ms).await
    }

    async fn lease_of(
        &self,
        standing: Standing,
        owner: &str,
        now_ms: i64,
    ) -> Option<(Lease, Vec<Waiting>)> {
        let owner = owner.to_owned();
        let until_ms = now_ms + 30_000;
        let lease = move |it: &_| leases::lease(it, "acme", standing, &owner, now_ms, until_ms);
        self.store.write(lease).await.unwrap()
    }

    async fn record(&self, lease: &Lease, id: &str, trigger: &str, plan: Vec<Planned>) -> Recorded {
        let (lease, decided) = (lease.clone(), decided(id, trigger));
        self.store.write(move |it| decisions::record(it, &lease, &decided, &plan)).await.unwrap()
    }

    /// Claims the first open write of conversation 1.
    async fn claim(&self, lease: &Lease, limits: Limits, now_ms: i64) -> Claim {
        let lease = lease.clone();
        let claim = move |it: &_| {
            let entries = outbox::open_of(it, "acme/1")?;
            outbox::claim(it, &lease, &entries[0], limits, now_ms)
        };
        self.store.write(claim).await.unwrap()
    }

    async fn all_processes_died(&self) {
        let free = |it: &_| leases::free_orphans(it, |_| false);
        assert_eq!(self.store.write(free).await.unwrap(), 1);
    }

    async fn settle(&self, lease: &Lease, settled: Settled, now_ms: i64) -> bool {
        let lease = lease.clone();
        let settle = move |it: &_| {
            let entries = outbox::open_of(it, "acme/1")?;
            outbox::settle(it, &lease, entries[0].seq, &settled, now_ms)
        };
        self.store.write(settle).await.unwrap()
    }

    async fn close(
        &self,
        lease: &Lease,
        id: &'static str,
        deliveries: Vec<(i64, Outcome)>,
    ) -> bool {
        let lease = lease.clone();
        let ending = Ending { decision_id: id.to_owned(), decision_outcome: "sent", deliveries };
        self.store.write(move |it| decisions::close(it, &lease, &ending, 9)).await.unwrap()
    }

    /// One conversation, leased, with one reply planned to message `m1`.
    async fn with_planned_reply(&self) -> Lease {
        self.waits("d1", 0).await;
        let (lease, _) = self.lease("worker", 20).await.unwrap();
        assert_eq!(self.record(&lease, "first", "m1", vec![reply("words")]).await, Recorded::Now);
        lease
    }
}

fn decided(id: &str, trigger: &str) -> Decided {
    Decided {
        id: id.to_owned(),
        brand: "acme".to_owned(),
        conversation: "acme/1".to_owned(),
        trigger: trigger.to_owned(),
        at_ms: 5,
        decision: "send".to_owned(),
        reason: None,
        stage: "support".to_owned(),
        confidence: Some(0.9),
        cost_usd_micros: 1_234,
        record: "{}".to_owned(),
        outcome: "open".to_owned(),
    }
}

fn reply(words: &str) -> Planned {
    Planned {
        intent: format!("intent of {words}"),
        kind: "reply",
        place: 0,
        action: "{}".to_owned(),
        fingerprint: words.to_owned(),
        due_ms: 0,
    }
}

#[tokio::test]
async fn the_same_delivery_twice_is_one_row_whatever_its_body() {
    let desk = desk();
    assert_eq!(desk.accept("d1").await, Arrival::First);
    let changed = delivery("d1", "another body");
    let again = desk.store.write(move |it| inbox::accept(it, &changed)).await.unwrap();
    assert_eq!(again, Arrival::Repeat);
    let rows = desk.store.read(|it| inbox::rows(it, Which::All, 10)).await.unwrap();
    assert_eq!((rows.len(), rows[0].repeats), (1, 1));
    let kept = desk.store.read(|it| inbox::unsorted(it, 10)).await.unwrap();
    assert_eq!(kept[0].body, b"d1");
}

#[tokio::test]
async fn a_delivery_that_has_ended_stays_as_it_ended() {
    let desk = desk();
    desk.accept("d1").await;
    for outcome in [Outcome::Replied, Outcome::Dead("late".to_owned())] {
        desk.store.write(move |it| inbox::finish(it, 1, &outcome, 5)).await.unwrap();
    }
    let rows = desk.store.read(|it| inbox::rows(it, Which::All, 10)).await.unwrap();
    assert_eq!(rows[0].outcome.as_deref(), Some("replied"));
}

#[tokio::test]
async fn work_that_fails_does_not_take_its_group_with_it() {
    let desk = desk();
    let failing = desk.store.write(|it| it.execute("INSERT INTO nowhere VALUES (1)", []));
    let (failed, accepted) = tokio::join!(failing, desk.accept("d1"));
    assert!(matches!(failed, Err(StoreError::Defect(_))), "{failed:?}");
    assert_eq!(accepted, Arrival::First);
    assert_eq!(desk.store.read(inbox::n_unfinished).await.unwrap(), 1);
}

#[tokio::test]
async fn what_was_accepted_is_there_after_the_store_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path(), 0).unwrap();
    let first = delivery("d1", "x");
    store.write(move |it| inbox::accept(it, &first)).await.unwrap();
    drop(store);
    let store = Store::open(folder.path(), 0).unwrap();
    assert_eq!(store.read(inbox::n_unfinished).await.unwrap(), 1);
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path(), 0).unwrap());
    let file = folder.path().join("deskhand.db");
    rusqlite::Connection::open(file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = Store::open(folder.path(), 0).unwrap_err().to_string();
    assert!(error.contains("newer Deskhand") && error.contains("backup"), "{error}");
}

#[tokio::test]
async fn a_burst_moves_the_answer_back_but_not_past_the_cap() {
    let desk = desk();
    for (dedup, now_ms) in [("d1", 0), ("d2", 8), ("d3", 16), ("d4", 24), ("d5", 32), ("d6", 45)] {
        desk.waits(dedup, now_ms).await;
    }
    assert!(desk.lease("worker", 49).await.is_none(), "the customer is still writing");
    let (_, waiting) = desk.lease("worker", 50).await.unwrap();
    assert_eq!(waiting.len(), 6, "one answer to all of it, and at the cap");
}

#[tokio::test]
async fn attempts_are_counted_when_leased_and_not_when_done() {
    let desk = desk();
    desk.waits("d1", 0).await;
    let (_, waiting) = desk.lease("worker", 20).await.unwrap();
    assert_eq!(waiting[0].attempts, 1);
    // The worker is gone without a word; the lease has run out.
    let (_, waiting) = desk.lease("other", 40_000).await.unwrap();
    assert_eq!(waiting[0].attempts, 2);
}

#[tokio::test]
async fn one_conversation_has_one_live_lease() {
    let desk = desk();
    desk.waits("d1", 0).await;
    assert!(desk.lease("worker", 20).await.is_some());
    desk.waits("d2", 21).await;
    assert!(desk.lease("other", 500).await.is_none());
}

#[tokio::test]
async fn an_older_fence_can_change_nothing() {
    let desk = desk();
    let frozen = desk.with_planned_reply().await;
    let (taken_over, _) = desk.lease("other", 40_000).await.unwrap();
    assert!(frozen.fence < taken_over.fence);
    assert_eq!(desk.claim(&frozen, LIMITS, 40_001).await, Claim::LostLease);
    assert_eq!(desk.record(&frozen, "second", "m2", vec![]).await, Recorded::LostLease);
    assert!(!desk.close(&frozen, "first", vec![(1, Outcome::Replied)]).await);
    assert!(!desk.settle(&frozen, Settled::Withdrawn(String::new()), 40_001).await);
    assert_eq!(desk.store.read(inbox::n_unfinished).await.unwrap(), 1);
    assert_eq!(desk.claim(&taken_over, LIMITS, 40_001).await, Claim::Go);
}

#[tokio::test]
async fn one_message_has_one_reply_slot() {
    let desk = desk();
    let lease = desk.with_planned_reply().await;
    let again = desk.record(&lease, "second", "m1", vec![reply("other words")]).await;
    assert_eq!(again, Recorded::Before("open".to_owned()));
    // Even a plan that slips past the decision finds the slot taken.
    let (held, sneaky) = (lease.clone(), decided("sneaky", "m1"));
    let plan = move |it: &_| outbox::plan(it, &held, &sneaky, &reply("sneaky words"));
    desk.store.write(plan).await.unwrap();
    let entries = desk.store.read(|it| outbox::open_of(it, "acme/1")).await.unwrap();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].fingerprint, "words");
}

#[tokio::test]
async fn a_reply_is_claimed_by_one_worker_only() {
    let desk = desk();
    let lease = desk.with_planned_reply().await;
    let stale = desk.store.read(|it| outbox::open_of(it, "acme/1")).await.unwrap().remove(0);
    assert_eq!(desk.claim(&lease, LIMITS, 21).await, Claim::Go);
    let held = lease.clone();
    let second = desk.store.write(move |it| outbox::claim(it, &held, &stale, LIMITS, 22));
    assert_eq!(second.await.unwrap(), Claim::Gone);
}

#[tokio::test]
async fn the_kill_switch_holds_the_very_next_reply() {
    let desk = desk();
    let lease = desk.with_planned_reply().await;
    desk.store.set_fact(SEND_SWITCH.to_owned(), "off".to_owned()).await.unwrap();
    let Claim::Held(why) = desk.claim(&lease, LIMITS, 21).await else { panic!("it went out") };
    assert!(why.contains("switched off"), "{why}");
    desk.store.set_fact(SEND_SWITCH.to_owned(), "on".to_owned()).await.unwrap();
    assert_eq!(desk.claim(&lease, LIMITS, 22).await, Claim::Go);
}

#[tokio::test]
async fn caps_hold_replies_and_open_again_after_a_day() {
    for limits in [Limits { daily: 1, ..LIMITS }, Limits { per_conversation: 1, ..LIMITS }] {
        let desk = desk();
        let lease = desk.with_planned_reply().await;
        assert_eq!(desk.claim(&lease, limits, 21).await, Claim::Go);
        desk.settle(&lease, Settled::Sent { remote_id: None }, 21).await;
        desk.record(&lease, "second", "m2", vec![reply("other words")]).await;
        assert!(matches!(desk.claim(&lease, limits, 22).await, Claim::Held(_)));
        assert_eq!(desk.claim(&lease, limits, 22 + DAY_MS).await, Claim::Go);
    }
}

#[tokio::test]
async fn the_same_words_are_not_said_twice_in_a_conversation() {
    let desk = desk();
    let lease = desk.with_planned_reply().await;
    desk.claim(&lease, LIMITS, 21).await;
    desk.settle(&lease, Settled::Sent { remote_id: None }, 21).await;
    let same = Planned { intent: "another".to_owned(), ..reply("words") };
    desk.record(&lease, "second", "m2", vec![same]).await;
    let Claim::Held(why) = desk.claim(&lease, LIMITS, 22).await else { panic!("it went out") };
    assert!(why.contains("same words"), "{why}");
}

#[tokio::test]
async fn a_call_that_did_nothing_does_not_count_as_an_attempt() {
    let desk = desk();
    let lease = desk.with_planned_reply().await;
    desk.claim(&lease, LIMITS, 21).await;
    desk.settle(&lease, Settled::Planned { due_ms: 30 }, 21).await;
    let entry = desk.store.read(|it| outbox::open_of(it, "acme/1")).await.unwrap().remove(0);
    assert_eq!((entry.state.as_str(), entry.attempts, entry.due_ms), ("planned", 0, 30));
}

#[tokio::test]
async fn a_decision_and_its_deliveries_end_together() {
    let desk = desk();
    let lease = desk.with_planned_reply().await;
    desk.claim(&lease, LIMITS, 21).await;
    desk.settle(&lease, Settled::Sent { remote_id: Some("r1".to_owned()) }, 21).await;
    assert!(desk.close(&lease, "first", vec![(1, Outcome::Replied)]).await);
    let outcome = |it: &_| decisions::outcome_of(it, "acme", "acme/1", "m1");
    assert_eq!(desk.store.read(outcome).await.unwrap().as_deref(), Some("sent"));
    assert_eq!(desk.store.read(inbox::n_unfinished).await.unwrap(), 0);
}

#[tokio::test]
async fn a_dead_delivery_comes_back_with_its_counters_at_zero() {
    let desk = desk();
    desk.waits("d1", 0).await;
    let (lease, _) = desk.lease("worker", 20).await.unwrap();
    let dead = Outcome::Dead("poison".to_owned());
    desk.store.write(move |it| inbox::finish(it, 1, &dead, 21)).await.unwrap();
    desk.store.write(move |it| leases::release(it, &lease, 21)).await.unwrap();
    assert!(desk.lease("worker", 30).await.is_none(), "nothing waits");
    assert!(desk.store.write(|it| inbox::revive(it, 1, 40)).await.unwrap());
    let (_, waiting) = desk.lease("worker", 40).await.unwrap();
    assert_eq!(waiting[0].attempts, 1);
    assert!(!desk.store.write(|it| inbox::revive(it, 1, 40)).await.unwrap(), "it is not dead now");
}

#[tokio::test]
async fn a_message_whose_reply_may_have_gone_out_is_not_decided_about_anew() {
    let desk = desk();
    let lease = desk.with_planned_reply().await;
    desk.claim(&lease, LIMITS, 21).await;
    desk.settle(&lease, Settled::Unknown("lost".to_owned()), 22).await;
    let bury = |it: &rusqlite::Connection| {
        it.execute("UPDATE decisions SET outcome = 'dead'", [])?;
        inbox::finish(it, 1, &Outcome::Dead("gave up".to_owned()), 23)?;
        inbox::revive(it, 1, 24)
    };
    assert!(desk.store.write(bury).await.unwrap());
    let again = desk.record(&lease, "second", "m1", vec![reply("other words")]).await;
    assert_eq!(again, Recorded::Before("dead".to_owned()));
}
