//! Handing over, through the real worker, store and a helpdesk: nothing is said while
//! people have a conversation, nobody is left waiting, and what is given back is
//! answered again.

use std::time::Duration;

use deskhand::handover::Custody;
use deskhand::handover::State;
use deskhand::store::custody;

use crate::support::articles;
use crate::support::desk::By;
use crate::support::desk::Happening;
use crate::support::desk::Held;
use crate::support::faults::Plan;
use crate::support::faults::Shares;
use crate::support::world::ASKS_FOR_PERSON;
use crate::support::world::World;

const SEED: u64 = 41;
const MINUTE: u32 = 60;

/// Conversation 0 of a day, in which the customer first asks for a person.
fn handed_over() -> World {
    let mut world = World::new(SEED);
    world.asks_for_person(0);
    world.settle();
    assert_eq!(custody_of(&mut world).state, State::Waiting);
    world
}

fn custody_of(world: &mut World) -> Custody {
    let store = world.service().app.store.clone();
    store.read_now(|it| custody::of(it, "acme/c0")).unwrap()
}

fn replies(world: &World) -> Vec<String> {
    world.helpdesk.desk().threads["c0"].replies().map(|it| it.text.clone()).collect()
}

fn notes(world: &World) -> Vec<String> {
    world.helpdesk.desk().threads["c0"].notes().map(|it: &Held| it.text.clone()).collect()
}

fn ask(world: &mut World, question: usize) {
    world.helpdesk.write("c0", By::Customer, articles::question(question).1);
    world.tick(1);
    world.settle();
}

#[track_caller]
fn assert_sound(world: World) {
    let found = world.finish();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_person_who_is_asked_for_first_is_called_and_deskhand_is_silent() {
    let mut world = handed_over();
    assert_eq!(notes(&world).len(), 1, "one hand-over note");
    assert!(notes(&world)[0].contains("asks for a person"), "{}", notes(&world)[0]);
    // What it could answer is suggested to whoever takes over.
    ask(&mut world, 1);
    assert!(replies(&world).is_empty());
    assert!(notes(&world)[1].contains("Forgot password"), "{}", notes(&world)[1]);
    // Asking again for a person tells nobody anything new.
    world.helpdesk.write("c0", By::Customer, ASKS_FOR_PERSON);
    world.settle();
    let desk = world.helpdesk.desk().threads["c0"].n_handoffs;
    assert_eq!((desk, notes(&world).len()), (1, 2));
    assert_sound(world);
}

#[test]
fn who_asks_the_same_again_gets_a_person_and_not_the_same_reply() {
    let mut world = World::new(12);
    let (subject, text) = articles::question(1);
    world.helpdesk.open("c0", subject, text);
    world.settle();
    assert_eq!(replies(&world).len(), 1, "{:?}", notes(&world));
    world.helpdesk.write("c0", By::Customer, "I forgot my password. What do I do to reset it?");
    world.settle();
    assert_eq!(replies(&world).len(), 1);
    let why = "would tell the customer again what it told them before";
    assert!(notes(&world)[0].contains(why), "{}", notes(&world)[0]);
    assert_eq!(custody_of(&mut world).state, State::Waiting);
    assert_sound(world);
}

#[test]
fn what_the_customer_has_tried_is_shown_to_a_person_first() {
    let mut world = World::new(13);
    let tried = "How do I reset my password? I already tried Forgot password on the sign-in page.";
    world.helpdesk.open("c0", "Password", tried);
    world.settle();
    assert!(replies(&world).is_empty(), "{:?}", replies(&world));
    let why = "It advises what the customer says they have tried";
    assert!(notes(&world)[0].contains(why), "{}", notes(&world)[0]);
    assert_sound(world);
}

#[test]
fn what_is_given_back_is_answered_again_from_the_next_question_on() {
    let mut world = handed_over();
    world.helpdesk.write("c0", By::Agent, "I have looked into it, all is well.");
    world.settle();
    assert_eq!(custody_of(&mut world).state, State::Human);
    world.helpdesk.desk().give_back("c0");
    ask(&mut world, 1);
    // The old wish for a person is dealt with: it does not hand over once more.
    assert_eq!(custody_of(&mut world).state, State::Returned);
    assert_eq!(replies(&world).len(), 1, "{:?}", notes(&world));
    // Who asks anew for a person gets one, though the tag still stands there.
    world.asks_for_person(0);
    world.settle();
    ask(&mut world, 2);
    assert_eq!(custody_of(&mut world).state, State::Waiting);
    assert_eq!(replies(&world).len(), 1);
    assert_sound(world);
}

#[test]
fn a_command_gives_back_as_well() {
    let mut world = handed_over();
    let list = world.house.command(&["handovers"]);
    assert!(list.contains("acme/c0") && list.contains("waiting"), "{list}");
    world.house.command(&["handovers", "return", "acme/c0"]);
    world.helpdesk.desk().log("c0", Happening::GivenBack);
    assert_eq!(custody_of(&mut world).state, State::Returned);
    ask(&mut world, 1);
    assert_eq!(replies(&world).len(), 1);
    assert_sound(world);
}

#[test]
fn what_people_closed_is_begun_anew_without_the_old_question() {
    let mut world = handed_over();
    world.helpdesk.desk().close("c0");
    // Looked at while it is closed: nobody is called for it.
    world.tick(31 * MINUTE);
    world.settle();
    assert_eq!(custody_of(&mut world).state, State::Closed);
    ask(&mut world, 1);
    assert_eq!(custody_of(&mut world).state, State::Bot);
    assert_eq!(replies(&world).len(), 1);
    assert_sound(world);
}

#[test]
fn a_hand_over_nobody_picks_up_is_called_out_at_growing_intervals() {
    let mut world = handed_over();
    let n_calls = |world: &World| notes(world).iter().filter(|it| it.starts_with("Call ")).count();
    for (minutes, expected) in [(29, 0), (2, 1), (58, 1), (3, 2), (119, 2), (3, 3)] {
        world.tick(minutes * MINUTE);
        world.settle();
        assert_eq!(n_calls(&world), expected, "after {minutes} minutes more");
        // It is in the store, not in a process.
        world.crash();
    }
    world.helpdesk.write("c0", By::Agent, "Sorry for the wait!");
    world.settle();
    assert_eq!(custody_of(&mut world).call_ms, None);
    world.tick(1_000 * MINUTE);
    world.settle();
    assert_eq!(n_calls(&world), 3, "somebody has it");
    assert_sound(world);
}

#[test]
fn people_are_not_called_without_end() {
    let mut world = handed_over();
    for _ in 0..40 {
        world.tick(480 * MINUTE);
        world.settle();
    }
    let notes = notes(&world);
    let calls: Vec<&String> = notes.iter().filter(|it| it.starts_with("Call ")).collect();
    assert_eq!(calls.len(), 6, "{calls:?}");
    assert_sound(world);
}

#[test]
fn who_takes_it_or_leaves_a_note_has_picked_it_up() {
    for takes in [true, false] {
        let mut world = handed_over();
        let now = world.clock.now();
        if takes {
            world.helpdesk.desk().assign("c0", "agent-7");
        } else {
            world.helpdesk.desk().note(now, "c0", "I am on it.");
        }
        world.tick(31 * MINUTE);
        world.settle();
        assert_eq!(custody_of(&mut world).state, State::Human);
        assert!(!notes(&world).iter().any(|it| it.starts_with("Call ")));
        assert_sound(world);
    }
}

#[test]
fn a_hand_over_survives_a_crash_at_each_of_its_calls() {
    for n_calls in 1..8 {
        let mut world = World::new(SEED);
        world.asks_for_person(0);
        world.deliver();
        world.crash_during(n_calls);
        world.settle();
        // Leases of the dead run out, and what was begun is looked for after a pause.
        for _ in 0..20 {
            world.tick(5);
            world.settle();
        }
        assert_eq!(custody_of(&mut world).state, State::Waiting, "after {n_calls} calls");
        assert_eq!(notes(&world).len(), 1, "after {n_calls} calls");
        assert_sound(world);
    }
}

#[test]
fn a_person_who_writes_between_decision_and_sending_is_not_talked_over() {
    let mut world = World::new(SEED);
    world.customer_writes(0);
    world.deliver();
    // The first read decides, the second is the look before sending.
    let (helpdesk, mut n_reads) = (world.helpdesk.clone(), 0);
    world.helpdesk.on_read(move |id| {
        n_reads += 1;
        if n_reads == 2 {
            helpdesk.write(id, By::Agent, "Let me take this one.");
        }
    });
    world.work();
    assert!(replies(&world).is_empty());
    // And from now on it is theirs.
    ask(&mut world, 2);
    assert!(replies(&world).is_empty());
    assert_eq!(custody_of(&mut world).state, State::Human);
    assert_sound(world);
}

#[test]
fn what_the_store_knows_holds_a_reply_back_that_nobody_else_would() {
    let mut world = World::new(SEED);
    world.customer_writes(0);
    world.deliver();
    // Between the decision and the look before sending, people get it in the store
    // alone: the helpdesk shows nothing.
    let (store, mut n_reads) = (world.service().app.store.clone(), 0);
    let file = store.folder().join("deskhand.db");
    world.helpdesk.on_read(move |_| {
        n_reads += 1;
        if n_reads == 2 {
            let connection = rusqlite::Connection::open(&file).unwrap();
            connection.busy_timeout(Duration::from_secs(5)).unwrap();
            connection.execute("UPDATE custody SET state = 'human'", []).unwrap();
        }
    });
    world.work();
    assert!(replies(&world).is_empty());
    assert!(notes(&world)[0].contains("people have this conversation"), "{:?}", notes(&world));
    assert_sound(world);
}

/// Sunday afternoon, as the day of all tests begins.
const OFFICE: &str = "[hours]\nopen = ['mon-fri 09:00-17:00']\n[handover]\ntell_customer = true\n";

#[test]
fn out_of_hours_the_customer_is_told_when_people_are_back_and_they_are_called_then() {
    let mut world = World::with(SEED, OFFICE);
    world.asks_for_person(0);
    world.settle();
    let told = replies(&world);
    assert_eq!(told.len(), 1);
    assert!(told[0].contains("back on 2025-06-16 09:00 UTC"), "{told:?}");
    let monday = custody_of(&mut world).call_ms;
    assert_eq!(
        monday,
        Some("2025-06-16T09:00:00Z".parse::<jiff::Timestamp>().unwrap().as_millisecond())
    );
    ask(&mut world, 1);
    assert_eq!(replies(&world).len(), 1, "and nothing more is said");
    assert_sound(world);
}

#[test]
fn who_is_quicker_than_what_the_customer_is_told_still_gets_the_hand_over() {
    for by in [By::Agent, By::Customer] {
        let mut world = World::with(SEED, OFFICE);
        world.asks_for_person(0);
        world.deliver();
        // The first read decides, the second is the look before the customer is told.
        let (helpdesk, mut n_reads) = (world.helpdesk.clone(), 0);
        world.helpdesk.on_read(move |id| {
            n_reads += 1;
            if n_reads == 2 {
                helpdesk.write(id, by, "I am here.");
            }
        });
        world.settle();
        assert!(replies(&world).is_empty(), "{by:?}");
        assert_eq!(notes(&world).len(), 1, "{by:?}: {:?}", notes(&world));
        assert_eq!(world.helpdesk.desk().threads["c0"].n_handoffs, 1, "{by:?}");
        assert_sound(world);
    }
}

#[test]
fn the_kill_switch_holds_for_what_a_hand_over_tells_as_well() {
    let mut world = World::with(SEED, OFFICE);
    world.house.command(&["send", "off"]);
    world.asks_for_person(0);
    world.settle();
    assert!(replies(&world).is_empty());
    assert_eq!(notes(&world).len(), 1);
    assert_eq!(custody_of(&mut world).state, State::Waiting);
    assert_sound(world);
}

#[test]
fn in_shadow_everything_is_decided_and_nothing_written() {
    let mut world = World::with(SEED, "[answer]\nmode = 'shadow'\n");
    world.customer_writes(0);
    world.asks_for_person(1);
    world.settle();
    let wrote = |it: &Happening| !matches!(it, Happening::Read | Happening::Wrote { .. });
    let log: Vec<_> = world.helpdesk.desk().log.iter().map(|it| it.what.clone()).collect();
    assert!(!log.iter().any(wrote), "{log:?}");
    let list = world.house.command(&["decisions"]);
    assert!(list.contains("send") && list.contains("escalate"), "{list}");
    assert_eq!(list.matches("shadow").count(), 2, "{list}");
    assert_sound(world);
}

#[test]
fn a_policy_leaves_a_suggestion_and_the_decision_says_which_held() {
    let mut world = World::with(SEED, "[policy]\nvip_tags = ['gold']\ncanary_percent = 0\n");
    world.customer_writes(0);
    world.helpdesk.desk().threads.get_mut("c0").unwrap().tags.push("Gold".to_owned());
    world.settle();
    assert!(replies(&world).is_empty());
    assert!(notes(&world)[0].contains("look after this customer"), "{:?}", notes(&world));
    let shown = world.house.command(&["decisions", "show", "acme/c0"]);
    assert!(shown.contains("not sent    vip\nnot sent    canary"), "{shown}");
    let again = world.house.command(&["decisions", "again", "acme/c0"]);
    assert!(again.contains("then suggest, now suggest: the same"), "{again}");
    assert_sound(world);
}

#[test]
fn the_note_says_what_was_asked_answered_tried_and_promised_and_no_markup_is_left() {
    let mut world = World::new(SEED);
    world.customer_writes(0);
    world.settle();
    world.helpdesk.write("c0", By::Agent, "We will refund the full amount tomorrow.");
    let tried = "I have tried <b>everything</b> in [the menu](https://evil.test). A human, please!";
    world.helpdesk.write("c0", By::Customer, tried);
    world.settle();
    let desk = world.helpdesk.desk();
    let note = desk.threads["c0"].notes().last().unwrap();
    for part in [
        "Asked before: “How do I export the invoices of a year?”; Deskhand answered “",
        "Tried by the customer: “I have tried",
        "Promised before: “We will refund the full amount tomorrow.”",
        "Summary: The customer has written 2 times",
        "Why: The customer asks for a person",
    ] {
        assert!(note.text.contains(part), "{part}: {}", note.text);
    }
    assert!(!note.html.contains("<b>everything") && !note.html.contains("href=\"https://evil"));
}

#[test]
fn a_hand_over_that_dies_on_its_way_is_with_people_all_the_same() {
    let mut world = World::with(SEED, "[worker]\nmax_attempts = 1\n");
    // No message can be written, and one attempt is all there is.
    world.helpdesk.follow(Plan::new(SEED, Shares { proxy_502: 1.0, ..Shares::CALM }));
    world.asks_for_person(0);
    world.settle();
    assert_eq!(custody_of(&mut world).state, State::Waiting);
    world.helpdesk.follow(Plan::calm());
    world.tick(5 * MINUTE);
    world.settle();
    assert!(notes(&world)[0].contains("A person needs to answer it"), "{:?}", notes(&world));
    ask(&mut world, 1);
    assert!(replies(&world).is_empty());
    assert_sound(world);
}
