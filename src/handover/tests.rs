//! The machine by itself, and in days made up by proptest: customers, agents, the
//! bot, closing, reopening, retries, late jobs, crashes, in any order.

mod days;

use crate::handover::Calling;
use crate::handover::Custody;
use crate::handover::Event;
use crate::handover::GivenBack;
use crate::handover::Leave;
use crate::handover::State;
use crate::handover::Then;
use crate::hours::Hours;
use crate::ticket::Author;
use crate::ticket::AuthorKind;
use crate::ticket::Body;
use crate::ticket::Conversation;
use crate::ticket::Message;

const CALLING: Calling = Calling { first_ms: 1_000, longest_ms: 6_000, most: 4 };

const EVENTS: [Event; 10] = [
    Event::CustomerWrote,
    Event::PersonWrote,
    Event::PersonNoted,
    Event::PersonTook,
    Event::GivenBack,
    Event::Closed,
    Event::Reopened,
    Event::HandedOver,
    Event::Delivered,
    Event::Unanswered,
];

fn in_state(state: State) -> Custody {
    Custody { state, told: state.is_with_people(), ..Custody::default() }
}

pub(super) fn message(id: usize, kind: AuthorKind, public: bool) -> Message {
    Message {
        id: format!("m{id}"),
        at: None,
        author: Author { kind, id: None, name: None, email: None },
        public,
        body: Body::Text(String::new()),
        headers: Vec::new(),
    }
}

fn conversation(kinds: &[AuthorKind]) -> Conversation {
    let messages = kinds.iter().enumerate().map(|(id, kind)| message(id, *kind, true));
    Conversation { messages: messages.collect(), ..Conversation::default() }
}

fn signs() -> GivenBack {
    GivenBack { tag: "bot-again".to_owned(), status: "pending".to_owned() }
}

#[test]
fn the_whole_table_of_states_and_events() {
    let mut table = String::new();
    for state in State::ALL {
        let mut row = format!("{:<9}", state.word());
        for event in EVENTS {
            let mut custody = in_state(state);
            custody.step(event, 1);
            row.push_str(&format!(" {:<8}", custody.state.word()));
        }
        table.push_str(row.trim_end());
        table.push('\n');
    }
    // Columns as in EVENTS: the customer wrote; a person wrote, noted, took it, gave it
    // back; closed, reopened; handed over, delivered, unanswered.
    expect_test::expect![[r#"
        bot       bot      human    bot      human    returned closed   bot      offered  bot      bot
        offered   offered  human    human    human    returned closed   offered  offered  waiting  offered
        waiting   waiting  human    human    human    returned closed   waiting  waiting  waiting  waiting
        human     human    human    human    human    returned closed   human    human    human    human
        returned  returned human    returned human    returned closed   returned offered  returned returned
        closed    bot      human    closed   human    returned closed   bot      offered  closed   closed
    "#]]
    .assert_eq(&table);
}

#[test]
fn a_person_who_writes_has_it_whatever_it_was() {
    for state in State::ALL {
        for event in [Event::PersonWrote, Event::PersonTook] {
            let mut custody = in_state(state);
            custody.step(event, 1);
            assert_eq!(custody.state, State::Human, "{state:?} {event:?}");
            assert!(custody.leave() < Leave::Reply);
        }
    }
}

#[test]
fn only_giving_back_and_closing_end_a_stay_with_people() {
    for state in State::ALL.into_iter().filter(|it| it.is_with_people()) {
        for event in EVENTS {
            let mut custody = in_state(state);
            custody.step(event, 1);
            let ends = event == Event::GivenBack || event == Event::Closed;
            assert_eq!(custody.state.is_with_people(), !ends, "{state:?} {event:?}");
        }
    }
}

#[test]
fn one_hand_over_note_a_stay() {
    let mut custody = in_state(State::Bot);
    custody.step(Event::HandedOver, 1);
    assert_eq!(custody.leave(), Leave::Suggest, "they have been told");
    let mut custody = in_state(State::Bot);
    custody.step(Event::PersonWrote, 1);
    assert_eq!(custody.leave(), Leave::Note, "they may be told once");
    custody.step(Event::HandedOver, 2);
    assert_eq!((custody.state, custody.leave()), (State::Human, Leave::Suggest));
    custody.step(Event::GivenBack, 3);
    custody.step(Event::HandedOver, 4);
    assert_eq!(custody.state, State::Offered, "a new stay is told of anew");
}

#[test]
fn what_people_closed_is_begun_anew_by_the_customer() {
    let mut thread = conversation(&[AuthorKind::Customer]);
    let mut custody = Custody::default();
    custody.observe(&thread, &signs(), 1);
    custody.step(Event::HandedOver, 1);
    custody.step(Event::Delivered, 1);
    thread.status = Some("solved".to_owned());
    custody.observe(&thread, &signs(), 2);
    assert_eq!((custody.state, custody.leave()), (State::Closed, Leave::Nothing));
    thread.status = Some("open".to_owned());
    thread.messages.push(message(1, AuthorKind::Customer, true));
    custody.observe(&thread, &signs(), 3);
    assert_eq!(custody.state, State::Bot);
    // The old question is not asked once more.
    assert_eq!(custody.settled.as_deref(), Some("m0"));
}

#[test]
fn what_is_closed_and_still_somebodys_stays_theirs() {
    let mut thread = conversation(&[AuthorKind::Customer, AuthorKind::Agent]);
    thread.assignee = Some("sam".to_owned());
    let mut custody = Custody::default();
    custody.observe(&thread, &signs(), 1);
    assert_eq!(custody.state, State::Human);
    thread.status = Some("closed".to_owned());
    custody.observe(&thread, &signs(), 2);
    thread.messages.push(message(2, AuthorKind::Customer, true));
    custody.observe(&thread, &signs(), 3);
    assert_eq!(custody.state, State::Human);
}

#[test]
fn a_closing_nobody_saw_is_older_than_what_the_customer_wrote_last() {
    let mut thread = conversation(&[AuthorKind::Customer, AuthorKind::Customer]);
    thread.status = Some("closed".to_owned());
    let mut custody = Custody::default();
    custody.observe(&thread, &signs(), 1);
    assert_eq!(custody.leave(), Leave::Reply, "a customer waits");
    // Where a person had written before, it is theirs.
    let mut thread = conversation(&[AuthorKind::Agent, AuthorKind::Customer]);
    thread.status = Some("closed".to_owned());
    let mut custody = Custody::default();
    custody.observe(&thread, &signs(), 1);
    assert_eq!(custody.state, State::Human);
}

#[test]
fn a_sign_gives_back_when_it_appears_and_not_while_it_stays() {
    let mut thread = conversation(&[AuthorKind::Customer, AuthorKind::Agent]);
    let mut custody = Custody::default();
    custody.observe(&thread, &signs(), 1);
    thread.tags = vec!["Bot-Again".to_owned()];
    thread.messages.push(message(2, AuthorKind::Customer, true));
    custody.observe(&thread, &signs(), 2);
    assert_eq!((custody.state, custody.settled.as_deref()), (State::Returned, Some("m1")));
    custody.step(Event::HandedOver, 3);
    custody.step(Event::Delivered, 3);
    custody.observe(&thread, &signs(), 4);
    assert_eq!(custody.state, State::Waiting, "the old sign does not give back again");
    thread.tags.clear();
    custody.observe(&thread, &signs(), 5);
    thread.status = Some("pending".to_owned());
    custody.observe(&thread, &signs(), 6);
    assert_eq!(custody.state, State::Returned);
}

#[test]
fn a_sign_that_was_there_from_the_start_is_none() {
    let mut thread = conversation(&[AuthorKind::Customer, AuthorKind::Agent]);
    thread.tags = vec!["bot-again".to_owned()];
    let mut custody = Custody::default();
    custody.observe(&thread, &signs(), 1);
    assert_eq!(custody.state, State::Human);
}

#[test]
fn a_person_is_heard_by_a_note_once_they_were_called() {
    let mut thread = conversation(&[AuthorKind::Customer]);
    thread.messages.push(message(1, AuthorKind::Agent, false));
    let mut custody = Custody::default();
    custody.observe(&thread, &signs(), 1);
    assert_eq!(custody.state, State::Bot, "a remark is no answer");
    custody.step(Event::HandedOver, 2);
    custody.step(Event::Delivered, 2);
    // What may be our own note, read back under another name, picks nothing up.
    thread.messages.push(message(2, AuthorKind::Unknown, false));
    custody.observe(&thread, &signs(), 3);
    assert_eq!(custody.state, State::Waiting);
    thread.messages.push(message(3, AuthorKind::Agent, false));
    custody.observe(&thread, &signs(), 4);
    assert_eq!(custody.state, State::Human);
}

#[test]
fn people_are_called_at_growing_intervals_so_often_and_not_more() {
    let mut custody = in_state(State::Bot);
    custody.step(Event::HandedOver, 0);
    let then = custody.step(Event::Delivered, 0);
    assert_eq!(then, Then::Wait);
    custody.wait(then, &CALLING, &Hours::default(), 0);
    let mut calls = Vec::new();
    while let Some(due_ms) = custody.call_ms {
        calls.push(due_ms);
        let then = custody.step(Event::Unanswered, due_ms);
        assert_eq!(then, Then::CallAgain);
        custody.wait(then, &CALLING, &Hours::default(), due_ms);
    }
    assert_eq!(calls, [1_000, 3_000, 7_000, 13_000], "after 1, 2, 4 and at most 6 seconds");
    assert_eq!(custody.step(Event::PersonWrote, 20_000), Then::Nothing);
    assert_eq!(custody.n_calls, 4);
}

#[test]
fn nobody_is_called_while_the_team_sleeps() {
    let office = Hours::parse("UTC", &["mon-fri 09:00-17:00".to_owned()], &[]).unwrap();
    let at = |text: &str| text.parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let mut custody = in_state(State::Offered);
    let friday_evening = at("2026-11-27T18:00:00Z");
    let then = custody.step(Event::Delivered, friday_evening);
    custody.wait(then, &CALLING, &office, friday_evening);
    assert_eq!(custody.call_ms, Some(at("2026-11-30T09:00:00Z")));
}

#[test]
fn nobody_is_called_where_the_settings_say_never() {
    assert_eq!(Calling { first_ms: 0, ..CALLING }.wait_ms(0), None);
    assert_eq!(Calling { most: 0, ..CALLING }.wait_ms(0), None);
    assert_eq!(Calling { longest_ms: 0, ..CALLING }.wait_ms(3), Some(1_000));
    assert_eq!(Calling { most: u32::MAX, ..CALLING }.wait_ms(u32::MAX - 1), Some(6_000));
}
