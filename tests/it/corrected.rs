//! What a person of the team sets in the helpdesk stays, and is said to be theirs.

use serde_json::Value;
use serde_json::json;

use crate::support::articles;
use crate::support::desk::By;
use crate::support::world::World;

/// Asks, is answered and tagged, and a person does something; then the customer asks on.
/// Gives the stage of the last decision, and who said it.
fn stage_after(person: impl FnOnce(&World)) -> (String, String) {
    let mut world = World::with(7, "[journey]\nfield = 'journey'\n");
    let (subject, text) = articles::question(0);
    world.helpdesk.open("c0", subject, text);
    world.tick(1);
    world.settle();
    let said = world.helpdesk.desk().threads["c0"].fields["journey"].clone();
    assert_ne!(said, json!("renewal_or_advocacy"), "what people set here must be something else");
    person(&world);
    world.tick(60);
    world.helpdesk.write("c0", By::Customer, articles::question(1).1);
    world.settle();
    let decisions = world.house.command(&["decisions", "--json"]);
    let decisions: Value = serde_json::from_str(&decisions).unwrap();
    let last = &decisions["decisions"][0];
    let shown = world.house.command(&["decisions", "show", last["id"].as_str().unwrap(), "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let stage = &shown["proposal"]["triage"]["stage"];
    let word = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    (word(&stage["id"]), word(&stage["by"]))
}

fn is_theirs(stage: &(String, String)) -> bool {
    *stage == ("renewal_or_advocacy".to_owned(), "person".to_owned())
}

#[test]
fn a_stage_that_a_person_sets_in_the_field_stays() {
    let stage = stage_after(|world| {
        let mut desk = world.helpdesk.desk();
        let thread = desk.threads.get_mut("c0").unwrap();
        thread.fields.insert("journey".to_owned(), json!("renewal_or_advocacy"));
    });
    assert!(is_theirs(&stage), "{stage:?}");
}

#[test]
fn a_stage_that_a_person_sets_as_a_tag_stays() {
    let stage = stage_after(|world| {
        let mut desk = world.helpdesk.desk();
        desk.threads.get_mut("c0").unwrap().tags.push("stage-renewal_or_advocacy".to_owned());
    });
    assert!(is_theirs(&stage), "{stage:?}");
}

#[test]
fn what_deskhand_wrote_itself_is_nobodys_word() {
    let stage = stage_after(|_| {});
    assert_ne!(stage.1, "person", "{stage:?}");
}
