//! The long runs behind the figures in the documents: hundreds of kills and
//! thousands of replies, each run ended by the checker of histories. Run by
//! `bash tests/crash`; each prints one row of its table.

use std::io::Write;
use std::time::Duration;
use std::time::Instant;

use deskhand::clock::Clock;
use deskhand::store::Store;
use deskhand::store::inbox;
use deskhand::store::inbox::Accepted;

use crate::support::articles;
use crate::support::desk::By;
use crate::support::faults::Plan;
use crate::support::faults::Shares;
use crate::support::helpdesk::FakeHelpdesk;
use crate::support::history::Stored;
use crate::support::program::House;
use crate::support::program::Running;
use crate::support::sender::CONNECTION;
use crate::support::sender::Manners;
use crate::support::sender::SECRET;
use crate::support::traffic::Figures;
use crate::support::traffic::Ordeal;
use crate::support::wire;
use crate::support::wire::Caller;

/// Random kills: what the guarantee is stated for.
const N_RANDOM_KILLS: usize = 200;

/// Public replies in the storm: what the guarantee is stated for.
const N_REPLIES: usize = 10_000;

/// Conversations with something to do that may wait in the storm before customers write
/// on. A third of them sit out a pause after a write that failed.
const N_WAITING_IN_A_STORM: u64 = 300;

/// Deliveries that wait when the service starts, and how many of them are of one
/// conversation: what the guarantee is stated for.
const N_WAITING: usize = 20_000;
const N_OF_THE_LOUD_ONE: usize = 5_000;

/// The longest start with them. Only a release build is held to it.
const READY_WITHIN: Duration = Duration::from_secs(3);

/// System calls to be killed at, and how far into a thread's life. Together a
/// bit over 600 points; beyond the bounds the same code runs again.
const POINTS: [(&str, usize); 6] = [
    ("pwrite64", 220),
    ("fsync,fdatasync", 120),
    ("sendto", 60),
    ("writev", 60),
    ("recvfrom", 120),
    ("unlink", 30),
];

fn row(what: &str, n: usize, began: Instant, figures: &Figures) {
    let Figures { n_acked, n_deliveries, n_replies, n_unknown, .. } = figures;
    let seconds = began.elapsed().as_secs();
    let line = format!(
        "| {what} | {n} | {n_acked} | {n_deliveries} | {n_replies} | {n_unknown} | 0 | {seconds} s |\n"
    );
    std::io::stdout().write_all(line.as_bytes()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; run by `bash tests/crash`"]
async fn killed_at_two_hundred_random_instants() {
    let began = Instant::now();
    let mut ordeal =
        Ordeal::begin(200, Shares { slow: 0.5, ..Shares::CALM }, Manners::UNRULY).await;
    for _ in 0..N_RANDOM_KILLS {
        ordeal.kill_at_random().await;
    }
    let figures = ordeal.finish().await;
    row("kill -9 at random instants", N_RANDOM_KILLS, began, &figures);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; run by `bash tests/crash`"]
async fn killed_at_every_system_call_that_matters() {
    for (call, n_points) in POINTS {
        let began = Instant::now();
        let mut ordeal = Ordeal::begin(300, Shares::CALM, Manners::UNRULY).await;
        let mut n_reached = 0;
        for nth in 1..=n_points {
            n_reached += usize::from(ordeal.kill_at_call(call, nth).await);
            // Checked every so often, so that a breach is found near its cause.
            if nth % 20 == 0 {
                ordeal.finish().await;
            }
        }
        let figures = ordeal.finish().await;
        row(&format!("kill -9 at `{call}`"), n_reached, began, &figures);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; run by `bash tests/crash`"]
async fn ten_thousand_replies_in_a_storm() {
    let began = Instant::now();
    let mut ordeal = Ordeal::begin(400, Shares::STORMY, Manners::UNRULY).await;
    let running = ordeal.house.start();
    ordeal.day.sender.redirect(running.address);
    while ordeal.day.helpdesk.desk().n_replies() < N_REPLIES {
        ordeal.traffic(50).await;
        // However slow this machine is in this hour, the queue stays short: what is
        // asked here is how replies end, not how many a second there are.
        while N_WAITING_IN_A_STORM < Stored::n_waiting(ordeal.house.store_folder()).unwrap() {
            ordeal.day.send_for(Duration::from_millis(200)).await;
            // Nothing to send: whoever works is not disturbed by being counted.
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(began.elapsed().as_secs() < 3600, "too slow: {}", ordeal.house.log());
    }
    let figures = ordeal.finish_with(running).await;
    row("replies, 3 of 10 writes failing", figures.n_replies, began, &figures);
    let at_most = figures.n_replies / 200;
    assert!(figures.n_unknown <= at_most, "{} of {}", figures.n_unknown, figures.n_replies);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; run by `bash tests/crash`"]
async fn told_to_stop_twenty_times() {
    let began = Instant::now();
    let mut ordeal =
        Ordeal::begin(500, Shares { slow: 0.5, ..Shares::CALM }, Manners::UNRULY).await;
    for _ in 0..20 {
        let running = ordeal.house.start();
        ordeal.day.sender.redirect(running.address);
        ordeal.traffic(25).await;
        let (status, took) = running.terminate();
        assert!(status.success() && took.as_secs() < 30, "{status} after {took:?}");
    }
    let figures = ordeal.finish().await;
    row("SIGTERM under load", 20, began, &figures);
}

/// Two brands of one house, each with a helpdesk of its own: one has a backlog,
/// the other a single customer.
struct TwoBrands {
    loud: FakeHelpdesk,
    quiet: FakeHelpdesk,
    house: House,
}

impl TwoBrands {
    async fn furnish() -> TwoBrands {
        let clock = Clock::System;
        // Both take their time, as helpdesks do.
        let slow = Shares { slow: 1.0, ..Shares::CALM };
        let loud = FakeHelpdesk::start(clock.clone(), Plan::new(600, slow)).await;
        let quiet = FakeHelpdesk::start(clock, Plan::new(601, slow)).await;
        let house = House::furnish(&loud.url, "");
        let folder = house.settings_file().parent().unwrap().display().to_string();
        house.set(&format!(
            "[sweep]\nevery_s = 86400\n\
             [connections.quiet]\nhelpdesk = 'generic'\nbrand = '{CONNECTION}'\nquiet_s = 0.0\n\
             [connections.quiet.config]\nurl = '{}'\nagent_id = 'deskhand'\n\
             [connections.quiet.secrets]\napi_token = {{ file = '{folder}/token' }}\n\
             webhook_secret = {{ file = '{folder}/secret' }}\n",
            quiet.url
        ));
        TwoBrands { loud, quiet, house }
    }

    /// Fills the inbox as if everything had been accepted just before a crash:
    /// nothing is sorted yet, and one conversation is far louder than the others.
    async fn fill(&self) {
        self.loud.open("loud", "Many", "How many seats do I have?");
        for place in 1..N_OF_THE_LOUD_ONE {
            self.loud.write("loud", By::Customer, &format!("And seat {place}?"));
        }
        for place in N_OF_THE_LOUD_ONE..N_WAITING {
            let (subject, text) = articles::question(place % articles::N_QUESTIONS);
            self.loud.open(&format!("c{place}"), subject, text);
        }
        let due = std::mem::take(&mut self.loud.desk().due);
        assert_eq!(due.len(), N_WAITING);
        let store = Store::open(self.house.store_folder(), 0).unwrap();
        let fill = move |connection: &_| {
            for event in due {
                let accepted = Accepted {
                    connection: CONNECTION.to_owned(),
                    dedup: event.id,
                    received_ms: 0,
                    headers: Vec::new(),
                    body: event.body,
                };
                inbox::accept(connection, &accepted)?;
            }
            Ok(())
        };
        store.write(fill).await.unwrap();
    }

    /// How long the quiet brand's next customer waits for a reply.
    async fn wait_of_the_quiet_one(&self, running: &Running, id: &str) -> Duration {
        let n_before = self.quiet.desk().n_replies();
        let (subject, text) = articles::question(0);
        self.quiet.open(id, subject, text);
        let event = self.quiet.desk().due.pop().unwrap();
        let at_s = Clock::System.now().as_second();
        let request = wire::webhook("/webhooks/quiet", SECRET, at_s, &event.body);
        let began = Instant::now();
        let answer = Caller::new(running.address).call(&request).await.unwrap();
        assert!(answer.is_ack(), "{answer:?}");
        while self.quiet.desk().n_replies() == n_before {
            assert!(began.elapsed().as_secs() < 120, "no reply: {}", self.house.log());
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        began.elapsed()
    }

    /// The median of seven such waits.
    async fn median_wait(&self, running: &Running, when: &str) -> Duration {
        let mut waits = Vec::new();
        for nth in 0..7 {
            waits.push(self.wait_of_the_quiet_one(running, &format!("{when}-{nth}")).await);
        }
        waits.sort();
        waits[waits.len() / 2]
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "takes minutes; run by `bash tests/crash`"]
async fn a_backlog_holds_up_neither_the_start_nor_another_brand() {
    let brands = TwoBrands::furnish().await;
    let running = brands.house.start();
    let alone = brands.median_wait(&running, "alone").await;
    assert!(running.terminate().0.success());

    brands.fill().await;
    let began = Instant::now();
    let running = brands.house.start();
    let ready = began.elapsed();
    let first = brands.wait_of_the_quiet_one(&running, "first").await;
    let beside = brands.median_wait(&running, "beside").await;
    let n_open = brands.house.stored().n_open();
    let ms = |it: Duration| it.as_millis();
    let what = format!(
        "{N_WAITING} waiting: ready after {} ms; another brand's customer waits {} ms, {} ms right after the start, {} ms alone; {n_open} still waited then",
        ms(ready),
        ms(beside),
        ms(first),
        ms(alone)
    );
    let figures = Figures {
        n_deliveries: N_WAITING,
        n_replies: brands.quiet.desk().n_replies(),
        ..Figures::default()
    };
    row(&what, N_WAITING, began, &figures);
    assert!(N_WAITING / 10 < n_open, "the backlog was gone before it could hold anybody up");
    if !cfg!(debug_assertions) {
        assert!(ready <= READY_WITHIN, "ready only after {ready:?}");
        assert!(beside <= 2 * alone, "{beside:?} beside a backlog, {alone:?} alone");
    }
}
