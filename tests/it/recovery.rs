//! The program is killed, frozen, starved of disk and told to stop, under load;
//! afterwards the three histories must agree. Here the short runs; the long
//! ones, with figures, are in `endurance.rs`.

use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use crate::support::articles;
use crate::support::desk::By;
use crate::support::disk::SmallDisk;
use crate::support::faults::Plan;
use crate::support::faults::Shares;
use crate::support::history::Stored;
use crate::support::program::signal;
use crate::support::sender::Manners;
use crate::support::traffic::Day;
use crate::support::traffic::Ordeal;

/// A helpdesk that takes its time, so that kills fall between read and write.
const SLOW: Shares = Shares { slow: 0.5, ..Shares::CALM };

/// What a commit waits for; which of the two is a build option of SQLite.
const SYNC: &str = "fsync,fdatasync";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_instant_nothing_is_lost_and_nothing_said_twice() {
    let mut ordeal = Ordeal::begin(7, SLOW, Manners::UNRULY).await;
    for _ in 0..6 {
        ordeal.kill_at_random().await;
    }
    ordeal.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_chosen_system_calls_nothing_is_lost_and_nothing_said_twice() {
    let mut ordeal = Ordeal::begin(8, Shares::CALM, Manners::UNRULY).await;
    // Early ones fall into the start, later ones into commits and answers.
    for (call, nth) in [(SYNC, 3), ("pwrite64", 40), (SYNC, 12), ("writev", 4), ("sendto", 3)] {
        ordeal.kill_at_call(call, nth).await;
    }
    ordeal.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_and_errors_after_the_work_make_no_double_replies() {
    let mut ordeal = Ordeal::begin(9, Shares::STORMY, Manners::UNRULY).await;
    ordeal.serve(60).await;
    let figures = ordeal.finish().await;
    assert!(figures.n_replies > 20, "{figures:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_steps_in_is_not_talked_over() {
    let shares = Shares { agent_steps_in: 0.15, customer_writes_again: 0.15, ..SLOW };
    let mut ordeal = Ordeal::begin(10, shares, Manners::UNRULY).await;
    ordeal.serve(40).await;
    ordeal.day.helpdesk.follow(Plan::calm());
    ordeal.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_helpdesk_compares_no_reply_follows_an_agents() {
    let shares = Shares { agent_steps_in: 0.2, ..SLOW };
    let mut plan = Plan::new(20, shares);
    plan.compares_stamps = true;
    let day = Day::begin(20, plan, Manners::UNRULY).await;
    let mut ordeal = Ordeal::of(day, None);
    ordeal.serve(40).await;
    ordeal.finish().await;
    let desk = ordeal.day.helpdesk.desk();
    let mut n_stepped_in = 0;
    for (id, thread) in &desk.threads {
        n_stepped_in += thread.by(By::Agent).count();
        for pair in thread.messages.iter().filter(|it| it.public).collect::<Vec<_>>().windows(2) {
            let talked_over = pair[0].by == By::Agent && pair[1].by == By::Deskhand;
            assert!(!talked_over, "{id}: a reply right after an agent's");
        }
    }
    assert!(0 < n_stepped_in, "no agent stepped in");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sync_that_fails_is_never_acked() {
    let mut ordeal = Ordeal::begin(11, Shares::CALM, Manners::default()).await;
    let n_errors = ordeal.suffer("fsync,fdatasync:error=EIO:when=14..18").await;
    assert!(0 < n_errors, "the disk never failed: {:?}", ordeal.day.sender.statuses);
    ordeal.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_fails_is_never_acked() {
    let mut ordeal = Ordeal::begin(12, Shares::CALM, Manners::default()).await;
    let n_errors = ordeal.suffer("pwrite64:error=ENOSPC:when=90..110").await;
    assert!(0 < n_errors, "the disk never was full: {:?}", ordeal.day.sender.statuses);
    ordeal.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_sheds_and_opens_again_by_itself() {
    let Some(disk) = SmallDisk::mount("8m") else { return };
    let mut ordeal = Ordeal::begin_on(13, Shares::CALM, Manners::default(), disk.path()).await;
    let mut running = ordeal.house.start();
    ordeal.day.sender.redirect(running.address);
    ordeal.traffic(10).await;
    disk.fill();
    ordeal.traffic(30).await;
    let refused = ordeal.day.sender.statuses.get(&503).copied().unwrap_or(0);
    assert!(0 < refused, "a full disk refused nothing: {:?}", ordeal.day.sender.statuses);
    assert!(!running.has_ended(), "a full disk ended the service:\n{}", ordeal.house.log());
    disk.free();
    let freed = Instant::now();
    while !ordeal.day.sender.send_next().await.unwrap_or(true) {
        assert!(freed.elapsed() < Duration::from_secs(10), "still refusing 10 s after space");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    ordeal.finish_with(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_told_to_stop_finishes_what_it_began() {
    let mut ordeal = Ordeal::begin(14, SLOW, Manners::UNRULY).await;
    for _ in 0..3 {
        let running = ordeal.house.start();
        ordeal.day.sender.redirect(running.address);
        ordeal.traffic(15).await;
        let (status, took) = running.terminate();
        assert!(status.success(), "{status}:\n{}", ordeal.house.log());
        assert!(took < Duration::from_secs(30), "stopping took {took:?}");
        let n_leased = Stored::n_leased(ordeal.house.store_folder()).unwrap();
        assert_eq!(n_leased, 0, "a stopped service keeps no lease");
    }
    ordeal.finish().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_frozen_worker_changes_nothing_when_it_wakes() {
    let day = Day::begin(15, Plan::calm(), Manners::default()).await;
    let mut ordeal = Ordeal::of(day, None);
    let frozen = ordeal.house.start();
    // It freezes between its read and whatever it would do next.
    let pid = Arc::new(AtomicU32::new(frozen.pid()));
    let target = Arc::clone(&pid);
    ordeal.day.helpdesk.on_read(move |_| {
        let pid = target.swap(0, Ordering::SeqCst);
        if pid != 0 {
            signal(pid, "STOP");
        }
    });
    let (subject, text) = articles::question(0);
    ordeal.day.helpdesk.open("c1", subject, text);
    ordeal.day.sender.redirect(frozen.address);
    ordeal.day.send_for(Duration::from_secs(1)).await;
    ordeal.wait("the first worker to freeze", || pid.load(Ordering::SeqCst) == 0).await;

    let other = ordeal.house.start();
    let helpdesk = ordeal.day.helpdesk.clone();
    ordeal.wait("the other to take over", || helpdesk.desk().n_replies() == 1).await;
    signal(frozen.pid(), "CONT");
    // Time to do harm in, if the fence let it.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(ordeal.day.helpdesk.desk().n_replies(), 1, "{}", ordeal.house.log());
    drop(frozen);
    ordeal.finish_with(other).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ticket_that_kills_the_process_is_buried_and_a_person_is_told() {
    let day = Day::begin(16, Plan::calm(), Manners::default()).await;
    let mut ordeal = Ordeal::of(day, None);
    let pid = Arc::new(AtomicU32::new(0));
    let n_killed = Arc::new(AtomicU32::new(0));
    let (target, count) = (Arc::clone(&pid), Arc::clone(&n_killed));
    ordeal.day.helpdesk.on_read(move |id| {
        let pid = target.load(Ordering::SeqCst);
        if id == "poison" && pid != 0 {
            target.store(0, Ordering::SeqCst);
            count.fetch_add(1, Ordering::SeqCst);
            signal(pid, "KILL");
        }
    });
    ordeal.day.helpdesk.open("poison", "Trouble", "How do I reset my forgotten password?");
    ordeal.day.helpdesk.open("c1", "Export invoices", articles::question(0).1);
    for _ in 0..5 {
        // The sweep may read the poison before the service is ready, or only then.
        let mut running = ordeal.house.start_under(&[]);
        pid.store(running.pid(), Ordering::SeqCst);
        running.wait_until_ready();
        ordeal.day.sender.redirect(running.address);
        ordeal.day.send_for(Duration::from_secs(2)).await;
        let until = Instant::now() + Duration::from_secs(8);
        while Instant::now() < until && !running.has_ended() && 0 < ordeal.house.stored().n_open() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        if !running.has_ended() {
            pid.store(0, Ordering::SeqCst);
            break;
        }
    }
    let figures = ordeal.finish().await;
    assert!(figures.outcomes.contains_key("dead"), "{figures:?}");
    let n_killed = n_killed.load(Ordering::SeqCst);
    assert!(n_killed <= 2, "it killed {n_killed} processes before it was buried");
    let desk = ordeal.day.helpdesk.desk();
    assert!(desk.threads["poison"].notes().next().is_some(), "nobody was told");
    assert_eq!(desk.threads["c1"].replies().count(), 1, "the other ticket was not answered");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_the_helpdesk_takes_no_writes_the_delivery_is_dead_and_can_be_retried() {
    let mut plan = Plan::calm();
    plan.may_only_read = true;
    let day = Day::begin(22, plan, Manners::default()).await;
    let mut ordeal = Ordeal::of(day, None);
    let running = ordeal.house.start();
    ordeal.day.sender.redirect(running.address);
    ordeal.day.helpdesk.open("c1", "Export invoices", articles::question(0).1);
    ordeal.day.send_for(Duration::from_secs(1)).await;
    let is_dead =
        |it: &Stored| it.deliveries.iter().any(|it| it.outcome.as_deref() == Some("dead"));
    let mut stored = ordeal.house.stored();
    let until = Instant::now() + Duration::from_secs(30);
    while !is_dead(&stored) && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stored = ordeal.house.stored();
    }
    assert!(is_dead(&stored), "{stored:?}\n{}", ordeal.house.log());

    // Somebody gives the token its rights.
    ordeal.day.helpdesk.follow(Plan::calm());
    ordeal.house.command(&["inbox", "retry", "--all"]);
    ordeal.finish_with(running).await;
    assert_eq!(ordeal.day.helpdesk.desk().threads["c1"].replies().count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_that_never_came_are_found_by_looking() {
    let manners = Manners { lost: 50, ..Manners::default() };
    let mut ordeal = Ordeal::begin(17, Shares::CALM, manners).await;
    // Everything of this day happens while the service is down.
    for _ in 0..12 {
        ordeal.day.write();
    }
    ordeal.serve(12).await;
    let n_threads = ordeal.day.helpdesk.desk().threads.len();
    let helpdesk = ordeal.day.helpdesk.clone();
    let running = ordeal.house.start();
    ordeal
        .wait("every conversation to be acted on", || {
            let desk = helpdesk.desk();
            let acted = desk.threads.values().filter(|it| it.by(By::Deskhand).next().is_some());
            acted.count() == n_threads
        })
        .await;
    ordeal.finish_with(running).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_burst_gets_one_answer_to_all_of_it() {
    let day = Day::begin(18, Plan::calm(), Manners::UNRULY).await;
    let mut ordeal = Ordeal::of(day, Some("[connections.acme]\nquiet_s = 1.5\n"));
    let running = ordeal.house.start();
    ordeal.day.sender.redirect(running.address);
    let (subject, text) = articles::question(1);
    ordeal.day.helpdesk.open("c1", subject, "Hello there!");
    for text in ["I have a question.", text, "Please be quick."] {
        ordeal.day.helpdesk.write("c1", By::Customer, text);
        ordeal.day.send_for(Duration::from_millis(300)).await;
    }
    ordeal.finish_with(running).await;
    let desk = ordeal.day.helpdesk.desk();
    let replies: Vec<&str> = desk.threads["c1"].replies().map(|it| it.text.as_str()).collect();
    assert_eq!(replies.len(), 1, "{replies:?}");
    assert!(replies[0].contains("Forgot password"), "{replies:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kill_switch_turns_replies_into_suggestions() {
    let day = Day::begin(19, Plan::calm(), Manners::default()).await;
    let mut ordeal = Ordeal::of(day, None);
    let running = ordeal.house.start();
    ordeal.day.sender.redirect(running.address);
    ordeal.traffic(10).await;
    ordeal.house.command(&["send", "off"]);
    // What was claimed before the switch may still arrive; a second is promised.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let n_before = ordeal.day.helpdesk.desk().n_replies();
    ordeal.traffic(10).await;
    ordeal.finish_with(running).await;
    let desk = ordeal.day.helpdesk.desk();
    assert_eq!(desk.n_replies(), n_before, "a reply went out after the switch");
    assert!(desk.threads.values().any(|it| it.notes().next().is_some()), "no suggestion either");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines_that_answer_get_no_answer() {
    let day = Day::begin(21, Plan::calm(), Manners::default()).await;
    let mut ordeal = Ordeal::of(day, None);
    let running = ordeal.house.start();
    ordeal.day.sender.redirect(running.address);
    let (subject, text) = articles::question(1);
    let helpdesk = ordeal.day.helpdesk.clone();
    helpdesk.open("c1", subject, text);
    ordeal.day.send_for(Duration::from_secs(1)).await;
    ordeal.wait("the reply", || helpdesk.desk().n_replies() == 1).await;
    for _ in 0..3 {
        let away = "I am out of the office until Monday. How do I reset my password?";
        helpdesk.write_by_machine("c1", away);
        helpdesk.write("c1", By::Bot, "Your ticket is important to us.");
        ordeal.day.send_for(Duration::from_millis(500)).await;
    }
    ordeal.finish_with(running).await;
    assert_eq!(helpdesk.desk().n_replies(), 1, "{}", ordeal.house.log());
}
