//! Days made up by proptest, in one process and in no time: deliveries, repeats,
//! agents, customers, faults, crashes, pauses, in any order. Whatever the order,
//! the three histories must agree at the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use deskhand::app::App;
use deskhand::clock::Clock;
use deskhand::config;
use jiff::Timestamp;
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::support::articles;
use crate::support::desk::By;
use crate::support::faults::Plan;
use crate::support::faults::Shares;
use crate::support::helpdesk::FakeHelpdesk;
use crate::support::history::violations;
use crate::support::program;
use crate::support::program::House;
use crate::support::sender::Manners;
use crate::support::sender::Sender;

/// Conversations of one day: few, so that steps meet in the same one.
const N_CONVERSATIONS: usize = 3;

/// Days in a normal run. `PROPTEST_CASES=5000` makes it the long one.
const N_CASES: u32 = 12;

/// Longest day, in steps.
const N_STEPS: usize = 40;

/// How often the clock may be moved on at the end of a day before what is still
/// open counts as stuck: a bit over two hours, beyond the longest pause.
const N_LAST_TICKS: usize = 400;

#[derive(Debug, Clone, Copy)]
enum Step {
    CustomerWrites(usize),
    AgentWrites(usize),
    /// Sends what is due, once each.
    Deliver,
    /// Sends the newest webhook of a conversation again, under another name.
    Rename(usize),
    /// The worker does everything that can be done now.
    Work,
    /// The process dies after so many calls to the helpdesk.
    CrashDuring(u32),
    Tick(u32),
    Sweep,
    /// From now on the helpdesk fails, or is well again.
    Storm(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..N_CONVERSATIONS).prop_map(Step::CustomerWrites),
        1 => (0..N_CONVERSATIONS).prop_map(Step::AgentWrites),
        4 => Just(Step::Deliver),
        1 => (0..N_CONVERSATIONS).prop_map(Step::Rename),
        4 => Just(Step::Work),
        2 => (1_u32..8).prop_map(Step::CrashDuring),
        2 => (1_u32..90).prop_map(Step::Tick),
        1 => Just(Step::Sweep),
        1 => any::<bool>().prop_map(Step::Storm),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: N_CASES,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_day_ends_with_histories_that_agree(
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 1..N_STEPS),
    ) {
        let mut world = World::new(seed);
        for step in steps {
            world.take(step);
        }
        let found = world.finish();
        prop_assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

/// One day: the helpdesk lives through it, the service does not.
struct World {
    /// Where the helpdesk and the sender live.
    outside: Runtime,
    house: House,
    clock: Clock,
    helpdesk: FakeHelpdesk,
    sender: Sender,
    service: Option<Instance>,
    n_asked: [usize; N_CONVERSATIONS],
    seed: u64,
}

/// The service, with threads of its own that die with it.
struct Instance {
    inside: Runtime,
    app: Arc<App>,
    address: SocketAddr,
}

impl Instance {
    fn start(house: &House, clock: Clock) -> Instance {
        let inside = runtime();
        let text = std::fs::read_to_string(house.settings_file()).unwrap();
        let settings = config::from_text(&text).unwrap().settings;
        let (app, address) = inside.block_on(async {
            let app = Arc::new(App::build(settings, clock).unwrap());
            let address = program::serve(&app).await;
            (app, address)
        });
        Instance { inside, app, address }
    }

    /// Drops everything where it stands. What was handed to the store's writer is
    /// still committed, as what a kernel took over would be.
    fn crash(self) {
        let Instance { inside, app, .. } = self;
        inside.shutdown_timeout(Duration::from_secs(5));
        drop(app);
    }
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

impl World {
    fn new(seed: u64) -> World {
        let outside = runtime();
        let clock = Clock::manual(Timestamp::from_second(1_750_000_000).unwrap());
        let helpdesk = outside.block_on(FakeHelpdesk::start(clock.clone(), Plan::calm()));
        let house = House::copy(&helpdesk.url);
        let dice = Plan::new(seed, Shares::CALM);
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        let sender = Sender::new(nowhere, clock.clone(), Manners::UNRULY, dice);
        let n_asked = [0; N_CONVERSATIONS];
        World { outside, house, clock, helpdesk, sender, service: None, n_asked, seed }
    }

    fn service(&mut self) -> &Instance {
        if self.service.is_none() {
            let service = Instance::start(&self.house, self.clock.clone());
            self.sender.redirect(service.address);
            // Leases of the dead run out by the clock.
            self.clock.advance(Duration::from_secs(6));
            self.service = Some(service);
        }
        self.service.as_ref().unwrap()
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::CustomerWrites(place) => self.customer_writes(place),
            Step::AgentWrites(place) => {
                if 0 < self.n_asked[place] {
                    self.helpdesk.write(&id(place), By::Agent, "Let me have a look.");
                }
            }
            Step::Deliver => self.deliver(),
            Step::Rename(place) => {
                if 0 < self.n_asked[place] {
                    let mut desk = self.helpdesk.desk();
                    let again = desk.event(&id(place), "message.created");
                    desk.due.push(again);
                }
            }
            Step::Work => self.work(),
            Step::CrashDuring(n_calls) => self.crash_during(n_calls),
            Step::Tick(seconds) => self.clock.advance(Duration::from_secs(seconds.into())),
            Step::Sweep => {
                let service = self.service();
                service.inside.block_on(service.app.worker.sweep());
            }
            Step::Storm(true) => {
                self.seed = self.seed.wrapping_add(1);
                self.helpdesk.follow(Plan::new(self.seed, Shares { slow: 0.0, ..Shares::STORMY }));
            }
            Step::Storm(false) => self.helpdesk.follow(Plan::calm()),
        }
    }

    fn customer_writes(&mut self, place: usize) {
        let n_asked = self.n_asked[place];
        if n_asked == articles::N_QUESTIONS {
            return;
        }
        let (subject, text) = articles::question(place + n_asked);
        if n_asked == 0 {
            self.helpdesk.open(&id(place), subject, text);
        } else {
            self.helpdesk.write(&id(place), By::Customer, text);
        }
        self.n_asked[place] += 1;
        // No two messages at the same time: sweeps name changes by their time.
        self.clock.advance(Duration::from_millis(10));
    }

    fn deliver(&mut self) {
        self.service();
        let World { outside, sender, helpdesk, .. } = self;
        sender.collect(helpdesk);
        outside.block_on(async {
            for _ in 0..sender.n_waiting() {
                sender.send_next().await;
            }
        });
    }

    fn work(&mut self) {
        let service = self.service();
        service.inside.block_on(service.app.worker.settle_everything_due());
    }

    /// Works until the helpdesk has been called so often, and dies there.
    fn crash_during(&mut self, n_calls: u32) {
        let from = self.helpdesk.desk().n_calls;
        let until = from + usize::try_from(n_calls).unwrap();
        let helpdesk = self.helpdesk.clone();
        let service = self.service();
        let app = Arc::clone(&service.app);
        service.inside.block_on(async {
            let mut working = std::pin::pin!(app.worker.settle_everything_due());
            loop {
                tokio::select! {
                    () = &mut working => break,
                    () = tokio::time::sleep(Duration::from_micros(200)) => {}
                }
                if until <= helpdesk.desk().n_calls {
                    break;
                }
            }
        });
        drop(app);
        if let Some(service) = self.service.take() {
            service.crash();
        }
    }

    /// Lets everything come to its end, and answers what is wrong.
    fn finish(mut self) -> Vec<String> {
        self.helpdesk.follow(Plan::calm());
        self.sender.release_late();
        for _ in 0..N_LAST_TICKS {
            self.deliver();
            self.work();
            let stored = self.house.stored();
            let n_due = self.sender.n_waiting() + self.helpdesk.desk().due.len();
            if stored.n_open() == 0 && n_due == 0 {
                break;
            }
            self.clock.advance(Duration::from_secs(20));
        }
        let stored = self.house.stored();
        violations(&self.sender.sent(), &stored, &self.helpdesk.desk())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(service) = self.service.take() {
            service.crash();
        }
    }
}

fn id(place: usize) -> String {
    format!("c{place}")
}
