//! One day in one process and in no time: a helpdesk that lives through it, a clock
//! that is moved by hand, and a service that may crash and start again.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use deskhand::app::App;
use deskhand::clock::Clock;
use deskhand::config;
use jiff::Timestamp;
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
pub(crate) const N_CONVERSATIONS: usize = 3;

/// What a customer writes who wants no machine.
pub(crate) const ASKS_FOR_PERSON: &str = "Please let me talk to a human agent.";

/// How often the clock may be moved on at the end of a day before what is still
/// open counts as stuck: a bit over two hours, beyond the longest pause.
const N_LAST_TICKS: usize = 400;

/// One day: the helpdesk lives through it, the service does not.
pub(crate) struct World {
    /// Where the helpdesk and the sender live.
    outside: Runtime,
    pub(crate) house: House,
    pub(crate) clock: Clock,
    pub(crate) helpdesk: FakeHelpdesk,
    sender: Sender,
    service: Option<Instance>,
    n_asked: [usize; N_CONVERSATIONS],
    pub(crate) seed: u64,
}

/// The service, with threads of its own that die with it.
pub(crate) struct Instance {
    pub(crate) inside: Runtime,
    pub(crate) app: Arc<App>,
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
    pub(crate) fn new(seed: u64) -> World {
        World::with(seed, "")
    }

    /// With settings that differ from those of all tests.
    pub(crate) fn with(seed: u64, extra: &str) -> World {
        let outside = runtime();
        let clock = Clock::manual(Timestamp::from_second(1_750_000_000).unwrap());
        let helpdesk = outside.block_on(FakeHelpdesk::start(clock.clone(), Plan::calm()));
        let house = House::copy(&helpdesk.url);
        house.set(extra);
        let dice = Plan::new(seed, Shares::CALM);
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 1));
        let sender = Sender::new(nowhere, clock.clone(), Manners::UNRULY, dice);
        let n_asked = [0; N_CONVERSATIONS];
        World { outside, house, clock, helpdesk, sender, service: None, n_asked, seed }
    }

    pub(crate) fn service(&mut self) -> &Instance {
        if self.service.is_none() {
            let service = Instance::start(&self.house, self.clock.clone());
            self.sender.redirect(service.address);
            // Leases of the dead run out by the clock.
            self.clock.advance(Duration::from_secs(6));
            self.service = Some(service);
        }
        self.service.as_ref().unwrap()
    }

    pub(crate) fn customer_writes(&mut self, place: usize) {
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

    pub(crate) fn deliver(&mut self) {
        self.service();
        let World { outside, sender, helpdesk, .. } = self;
        sender.collect(helpdesk);
        outside.block_on(async {
            for _ in 0..sender.n_waiting() {
                sender.send_next().await;
            }
        });
    }

    pub(crate) fn work(&mut self) {
        let service = self.service();
        service.inside.block_on(service.app.worker.settle_everything_due());
    }

    pub(crate) fn asks_for_person(&mut self, place: usize) {
        if self.is_open(place) {
            self.helpdesk.write(&id(place), By::Customer, ASKS_FOR_PERSON);
        } else {
            self.helpdesk.open(&id(place), "Help", ASKS_FOR_PERSON);
            self.n_asked[place] += 1;
        }
        self.clock.advance(Duration::from_millis(10));
    }

    /// True if the conversation has been opened.
    pub(crate) fn is_open(&self, place: usize) -> bool {
        0 < self.n_asked[place]
    }

    pub(crate) fn tick(&self, seconds: u32) {
        self.clock.advance(Duration::from_secs(seconds.into()));
    }

    pub(crate) fn sweep(&mut self) {
        let service = self.service();
        service.inside.block_on(service.app.worker.sweep());
    }

    /// Sends what is due and lets the worker do all that can be done now.
    pub(crate) fn settle(&mut self) {
        // Our own writes make webhooks too.
        for _ in 0..3 {
            self.deliver();
            self.work();
        }
    }

    /// The process dies where it stands; the next use starts another.
    pub(crate) fn crash(&mut self) {
        if let Some(service) = self.service.take() {
            service.crash();
        }
    }

    /// Works until the helpdesk has been called so often, and dies there.
    pub(crate) fn crash_during(&mut self, n_calls: u32) {
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
    pub(crate) fn finish(mut self) -> Vec<String> {
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

/// Name of a conversation.
pub(crate) fn id(place: usize) -> String {
    format!("c{place}")
}
