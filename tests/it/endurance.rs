//! The long runs behind the figures in the documents: hundreds of kills and
//! thousands of replies, each run ended by the checker of histories. Run by
//! `bash tests/crash`; each prints one row of its table.

use std::io::Write;
use std::time::Instant;

use crate::support::faults::Shares;
use crate::support::sender::Manners;
use crate::support::traffic::Figures;
use crate::support::traffic::Ordeal;

/// Random kills: what the guarantee is stated for.
const N_RANDOM_KILLS: usize = 200;

/// Public replies in the storm: what the guarantee is stated for.
const N_REPLIES: usize = 10_000;

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
        // Half as many writers as 50 a second would be: the queue stays short.
        ordeal.traffic(50).await;
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
