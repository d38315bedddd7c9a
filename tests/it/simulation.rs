//! Days made up by proptest, in one process and in no time: deliveries, repeats,
//! agents, customers, faults, crashes, pauses, in any order. Whatever the order,
//! the three histories must agree at the end.

use proptest::prelude::*;

use crate::support::desk::By;
use crate::support::faults::Plan;
use crate::support::faults::Shares;
use crate::support::world::N_CONVERSATIONS;
use crate::support::world::World;
use crate::support::world::id;

/// Days in a normal run. `PROPTEST_CASES=5000` makes it the long one.
const N_CASES: u32 = 12;

/// Longest day, in steps.
const N_STEPS: usize = 40;

#[derive(Debug, Clone, Copy)]
enum Step {
    CustomerWrites(usize),
    AsksForPerson(usize),
    AgentWrites(usize),
    AgentTakes(usize),
    /// By the tag of the settings; it goes again when the agent takes it off.
    GivesBack(usize),
    Closes(usize),
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
        1 => (0..N_CONVERSATIONS).prop_map(Step::AsksForPerson),
        1 => (0..N_CONVERSATIONS).prop_map(Step::AgentWrites),
        1 => (0..N_CONVERSATIONS).prop_map(Step::AgentTakes),
        1 => (0..N_CONVERSATIONS).prop_map(Step::GivesBack),
        1 => (0..N_CONVERSATIONS).prop_map(Step::Closes),
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
            take(&mut world, step);
        }
        let found = world.finish();
        prop_assert!(found.is_empty(), "{}", found.join("\n"));
    }
}

fn take(world: &mut World, step: Step) {
    match step {
        Step::CustomerWrites(place) => world.customer_writes(place),
        Step::AsksForPerson(place) => world.asks_for_person(place),
        Step::AgentWrites(place) if world.is_open(place) => {
            world.helpdesk.write(&id(place), By::Agent, "Let me have a look.");
        }
        Step::AgentTakes(place) if world.is_open(place) => {
            world.helpdesk.desk().assign(&id(place), "agent-7");
        }
        Step::GivesBack(place) if world.is_open(place) => {
            world.helpdesk.desk().give_back(&id(place));
        }
        Step::Closes(place) if world.is_open(place) => world.helpdesk.desk().close(&id(place)),
        Step::Rename(place) if world.is_open(place) => {
            let mut desk = world.helpdesk.desk();
            let again = desk.event(&id(place), "message.created");
            desk.due.push(again);
        }
        Step::AgentWrites(_)
        | Step::AgentTakes(_)
        | Step::GivesBack(_)
        | Step::Closes(_)
        | Step::Rename(_) => {}
        Step::Deliver => world.deliver(),
        Step::Work => world.work(),
        Step::CrashDuring(n_calls) => world.crash_during(n_calls),
        Step::Tick(seconds) => world.tick(seconds),
        Step::Sweep => world.sweep(),
        Step::Storm(true) => {
            world.seed = world.seed.wrapping_add(1);
            world.helpdesk.follow(Plan::new(world.seed, Shares { slow: 0.0, ..Shares::STORMY }));
        }
        Step::Storm(false) => world.helpdesk.follow(Plan::calm()),
    }
}
