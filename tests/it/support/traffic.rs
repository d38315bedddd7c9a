//! A day at the desk: customers open conversations and write again, webhooks go
//! out as they please, and the day is over when nothing is left to do.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use std::time::Instant;

use deskhand::clock::Clock;

use crate::support::articles;
use crate::support::desk::By;
use crate::support::faults::Plan;
use crate::support::faults::Shares;
use crate::support::helpdesk::FakeHelpdesk;
use crate::support::history::Stored;
use crate::support::history::violations;
use crate::support::program::House;
use crate::support::program::Running;
use crate::support::sender::Manners;
use crate::support::sender::Sender;

/// How long a drained day may take to settle, at most. Generous: other tests
/// share the two cores, and a lease of the dead runs out only after 5 s.
const DRAIN_DEADLINE: Duration = Duration::from_secs(300);

/// Customers, the helpdesk they write to, and the sender of its webhooks.
pub(crate) struct Day {
    pub(crate) helpdesk: FakeHelpdesk,
    pub(crate) sender: Sender,
    pub(crate) seed: u64,
    dice: Plan,
    /// How many questions each conversation has asked.
    asked: Vec<usize>,
    /// Of 100 messages, how many go on with an open conversation.
    again_percent: usize,
}

impl Day {
    pub(crate) async fn begin(seed: u64, helpdesk: Plan, manners: Manners) -> Day {
        let helpdesk = FakeHelpdesk::start(Clock::System, helpdesk).await;
        let nowhere = "127.0.0.1:1".parse().unwrap();
        let sender = Sender::new(nowhere, Clock::System, manners, Plan::new(seed, Shares::CALM));
        let dice = Plan::new(seed ^ 0x5eed, Shares::CALM);
        Day { helpdesk, sender, seed, dice, asked: Vec::new(), again_percent: 30 }
    }

    /// A customer writes: a new conversation, or more in one of the last few.
    pub(crate) fn write(&mut self) {
        let n = self.asked.len();
        let recent = n.saturating_sub(1 + self.dice.pick(20));
        let goes_on = 0 < n
            && self.dice.pick(100) < self.again_percent
            && self.asked[recent] < articles::N_QUESTIONS;
        let place = if goes_on { recent } else { n };
        if !goes_on {
            self.asked.push(0);
        }
        // Every message of a conversation asks something else, so that every
        // answer has words of its own.
        let (subject, text) = articles::question(place + self.asked[place]);
        self.asked[place] += 1;
        let id = format!("c{place:05}");
        if goes_on {
            self.helpdesk.write(&id, By::Customer, text);
        } else {
            self.helpdesk.open(&id, subject, text);
        }
    }

    /// Sends whatever is due, for a while at most. Stops early if the receiver
    /// is gone.
    pub(crate) async fn send_for(&mut self, at_most: Duration) {
        let until = Instant::now() + at_most;
        self.sender.collect(&self.helpdesk);
        while Instant::now() < until {
            match self.sender.send_next().await {
                Some(true) => {}
                Some(false) => tokio::time::sleep(Duration::from_millis(20)).await,
                None => return,
            }
        }
    }

    /// Sends the rest and waits until nothing is left to do. Fails with the
    /// seed and the log if that does not come.
    pub(crate) async fn finish(&mut self, house: &House, running: &mut Running) -> Stored {
        let deadline = Instant::now() + DRAIN_DEADLINE;
        self.sender.redirect(running.address);
        self.sender.release_late();
        loop {
            self.send_for(Duration::from_secs(2)).await;
            let stored = house.stored();
            // Our own writes make webhooks too: only when those are through, too.
            let n_due = self.helpdesk.desk().due.len() + self.sender.n_waiting();
            if stored.n_open() == 0 && n_due == 0 {
                return stored;
            }
            let ended = running.has_ended();
            if ended || deadline < Instant::now() {
                let Day { seed, .. } = self;
                let n_open = stored.n_open();
                let outcomes = stored.n_outcomes();
                let open = stored.deliveries.iter().filter(|it| it.state != "done");
                let open: Vec<_> = open.take(20).collect();
                panic!(
                    "seed {seed}: {n_open} open, {n_due} unsent, ended {ended}, {outcomes:?}\n{open:?}\n{}",
                    house.log()
                );
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Holds the three histories against each other.
    #[track_caller]
    pub(crate) fn check(&self, house: &House, stored: &Stored) {
        let desk = self.helpdesk.desk();
        let found = violations(&self.sender.sent(), stored, &desk);
        assert!(
            found.is_empty(),
            "seed {}: {} violations\n{}\n{}",
            self.seed,
            found.len(),
            found.join("\n"),
            house.log()
        );
    }
}

/// What an ordeal came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    pub(crate) n_acked: usize,
    pub(crate) n_deliveries: usize,
    pub(crate) n_replies: usize,
    /// Replies nobody can vouch for: noted and handed over.
    pub(crate) n_unknown: usize,
    pub(crate) outcomes: BTreeMap<String, usize>,
}

/// A day with a house that is not treated well.
pub(crate) struct Ordeal {
    pub(crate) day: Day,
    pub(crate) house: House,
    dice: Plan,
}

impl Ordeal {
    pub(crate) async fn begin(seed: u64, shares: Shares, manners: Manners) -> Ordeal {
        Ordeal::of(Day::begin(seed, Plan::new(seed, shares), manners).await, None)
    }

    /// With the store on a disk of its own.
    pub(crate) async fn begin_on(
        seed: u64,
        shares: Shares,
        manners: Manners,
        disk: &Path,
    ) -> Ordeal {
        let day = Day::begin(seed, Plan::new(seed, shares), manners).await;
        let folder = tempfile::tempdir().unwrap();
        let house = House::furnish_in(folder, disk.join("data"), &day.helpdesk.url, "");
        Ordeal { dice: Plan::new(seed ^ 0xdead, Shares::CALM), day, house }
    }

    /// With settings that differ from those of all tests.
    pub(crate) fn of(day: Day, extra: Option<&str>) -> Ordeal {
        let house = House::furnish(&day.helpdesk.url, extra.unwrap_or_default());
        Ordeal { dice: Plan::new(day.seed ^ 0xdead, Shares::CALM), day, house }
    }

    /// That many messages, at about 50 a second.
    pub(crate) async fn traffic(&mut self, n_messages: usize) {
        for _ in 0..n_messages {
            self.day.write();
            self.day.send_for(Duration::from_millis(15)).await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Starts it, lets it work, and ends it by kill -9 somewhere in between.
    pub(crate) async fn kill_at_random(&mut self) {
        let running = self.house.start();
        self.day.sender.redirect(running.address);
        let n_messages = self.dice.pick(20);
        self.traffic(n_messages).await;
        let rest = Duration::from_micros(self.dice.pick(200_000) as u64);
        tokio::time::sleep(rest).await;
        running.kill();
    }

    /// Starts it under strace, which kills it at the nth call of a thread.
    /// True if that call was reached before the traffic ran out.
    pub(crate) async fn kill_at_call(&mut self, call: &str, nth: usize) -> bool {
        let inject = format!("inject={call}:signal=KILL:when={nth}");
        let mut running = self.strace(&inject);
        for _ in 0..15 {
            if running.has_ended() {
                return true;
            }
            self.traffic(2).await;
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
        let reached = running.has_ended();
        running.end_with_children();
        reached
    }

    /// Lets system calls fail while messages come in; answers how many
    /// deliveries were refused for it. The service must outlive that.
    pub(crate) async fn suffer(&mut self, inject: &str) -> usize {
        let mut running = self.strace(&format!("inject={inject}"));
        for _ in 0..20 {
            self.traffic(3).await;
        }
        assert!(!running.has_ended(), "{inject} ended the service:\n{}", self.house.log());
        running.end_with_children();
        let refused = self.day.sender.statuses.iter().filter(|(status, _)| 500 <= **status);
        refused.map(|(_, n)| n).sum()
    }

    fn strace(&mut self, inject: &str) -> Running {
        let calls = inject.trim_start_matches("inject=").split(':').next().unwrap_or_default();
        let trace = format!("trace={calls}");
        let tool = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", inject];
        let mut running = self.house.start_under(&tool);
        // May die before it is ready; then there is nobody to wait for.
        running.wait_until_ready();
        self.day.sender.redirect(running.address);
        running
    }

    /// Starts it and lets it work undisturbed.
    pub(crate) async fn serve(&mut self, n_messages: usize) {
        let running = self.house.start();
        self.day.sender.redirect(running.address);
        self.traffic(n_messages).await;
        drop(running);
    }

    /// Waits for something to come true; fails loudly if it does not.
    pub(crate) async fn wait(&self, what: &str, holds: impl Fn() -> bool) {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !holds() {
            assert!(
                Instant::now() < deadline,
                "no sign of {what}:\n{}\n{:#?}\n{:#?}",
                self.house.log(),
                self.house.stored(),
                self.day.helpdesk.desk().threads
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Starts it once more, lets everything come to its end, and checks.
    pub(crate) async fn finish(&mut self) -> Figures {
        let running = self.house.start();
        self.finish_with(running).await
    }

    /// As [`Ordeal::finish`], with a service that runs already.
    pub(crate) async fn finish_with(&mut self, mut running: Running) -> Figures {
        let stored = self.day.finish(&self.house, &mut running).await;
        drop(running);
        self.day.check(&self.house, &stored);
        assert_eq!(Stored::integrity(self.house.store_folder()).unwrap(), "ok");
        Figures {
            n_acked: self.day.sender.n_acked(),
            n_deliveries: stored.deliveries.len(),
            n_replies: self.day.helpdesk.desk().n_replies(),
            n_unknown: stored.n_unknown(),
            outcomes: stored.n_outcomes(),
        }
    }
}
