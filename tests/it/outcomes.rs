//! What became of customers' cases, told by the program from what a real worker and a
//! helpdesk left in the store: every kind apart, and nothing in the headline that the
//! customer did not confirm.

use serde_json::Value;

use crate::support::articles;
use crate::support::desk::By;
use crate::support::world::ASKS_FOR_PERSON;
use crate::support::world::World;

const DAY: u32 = 24 * 60 * 60;

fn told(world: &World, arguments: &[&str]) -> Value {
    // The helpdesk's clock stands in the past; the program's is this machine's.
    let arguments = [&["outcomes", "--days", "3650", "--json"], arguments].concat();
    serde_json::from_str(&world.house.command(&arguments)).unwrap()
}

/// Conversation `place` asks, is answered, and then somebody writes.
fn answered_then(world: &mut World, place: usize, then: &[(By, &str)]) {
    let id = format!("c{place}");
    let (subject, text) = articles::question(place);
    world.helpdesk.open(&id, subject, text);
    world.tick(1);
    world.settle();
    assert_eq!(world.helpdesk.desk().threads[&id].replies().count(), 1, "{place}");
    for (by, text) in then {
        world.tick(60);
        world.helpdesk.write(&id, *by, text);
        world.settle();
    }
}

#[test]
fn only_what_a_customer_confirmed_is_called_resolved() {
    let mut world = World::new(7);
    answered_then(&mut world, 0, &[(By::Customer, "Thanks, that works!")]);
    answered_then(&mut world, 1, &[(By::Customer, "Thank you.")]);
    answered_then(&mut world, 2, &[]);
    answered_then(&mut world, 3, &[(By::Agent, "That is not right: it is under Billing.")]);
    for id in ["c4", "c5"] {
        world.helpdesk.open(id, "Help", ASKS_FOR_PERSON);
        world.tick(1);
        world.settle();
    }
    world.helpdesk.write("c4", By::Agent, "I am here.");
    world.settle();
    world.tick(2 * DAY);
    world.helpdesk.write("c2", By::Customer, articles::question(8).1);
    world.tick(1);
    world.settle();

    let report = told(&world, &[]);
    let all = &report["all"];
    let expected = serde_json::json!({
        "confirmed": 1, "assumed": 1, "reopened": 1, "corrected": 1, "handed_over": 1,
        "suggested": 0, "abandoned": 1, "open": 0,
    });
    assert_eq!(all["by_resolution"], expected, "{report}");
    assert_eq!(all["cases"], 6);
    assert_eq!((&all["resolved"]["n"], &all["resolved"]["of"]), (&1.into(), &6.into()));
    assert_eq!((&all["taken_back"]["n"], &all["taken_back"]["of"]), (&2.into(), &4.into()));

    // Every number opens to its conversations.
    for (kind, conversation) in [
        ("confirmed", "acme/c0"),
        ("assumed", "acme/c1"),
        ("reopened", "acme/c2"),
        ("corrected", "acme/c3"),
        ("handed-over", "acme/c4"),
        ("abandoned", "acme/c5"),
    ] {
        let listed = told(&world, &["--list", kind]);
        let found = listed["listed"].as_array().unwrap();
        assert_eq!(found.len(), 1, "{listed}");
        assert_eq!(found[0]["conversation"], conversation);
    }
    let by_month = told(&world, &["--by", "month"]);
    assert_eq!(by_month["by"]["2025-06"]["cases"], 6, "{by_month}");
    let table = world.house.command(&["outcomes", "--days", "3650", "--csv"]);
    assert_eq!(table.lines().count(), 7, "{table}");
    assert!(world.house.command(&["outcomes", "--days", "1"]).contains("no customer asked"));
}

#[test]
fn a_reply_that_a_person_judged_wrong_is_not_resolved_whatever_the_customer_said() {
    let mut world = World::new(7);
    answered_then(&mut world, 0, &[(By::Customer, "Thanks, that works!")]);
    let all = told(&world, &[])["all"].clone();
    assert_eq!(all["by_resolution"]["confirmed"], 1, "{all}");
    let decisions = world.house.command(&["decisions", "--json"]);
    let decisions: Value = serde_json::from_str(&decisions).unwrap();
    let sent = |it: &&Value| it["outcome"] == "sent";
    let sent = decisions["decisions"].as_array().unwrap().iter().find(sent).unwrap().clone();
    world.house.command(&["label", "add", sent["id"].as_str().unwrap(), "wrong", "--by", "kim"]);
    let all = told(&world, &[])["all"].clone();
    assert_eq!(all["by_resolution"]["corrected"], 1, "{all}");
    assert_eq!(all["resolved"]["n"], 0);
}
