//! The checker of histories, checked: an honest history passes, and each way to
//! break a promise is found. A checker that finds nothing proves nothing.

use jiff::Timestamp;

use crate::support::desk::By;
use crate::support::desk::Desk;
use crate::support::desk::Happening;
use crate::support::desk::Post;
use crate::support::history::Sent;
use crate::support::history::Stored;
use crate::support::history::StoredDelivery;
use crate::support::history::StoredWrite;
use crate::support::history::violations;

/// Three logs of one question that was asked, read and answered.
struct Story {
    sent: Vec<Sent>,
    stored: Stored,
    desk: Desk,
}

const AT: Timestamp = Timestamp::UNIX_EPOCH;

fn asked() -> Story {
    let mut desk = Desk::default();
    let trigger = desk.open(AT, "c1", "Seats", "How many seats do I have?");
    let delivery = StoredDelivery {
        dedup: "evt_1".to_owned(),
        conversation: "c1".to_owned(),
        state: "done".to_owned(),
        outcome: Some("replied".to_owned()),
        detail: None,
        attempts: 1,
    };
    let write = StoredWrite {
        intent: "reply-1".to_owned(),
        conversation: "c1".to_owned(),
        trigger,
        kind: "reply".to_owned(),
        state: "sent".to_owned(),
    };
    Story {
        sent: vec![Sent { dedup: "evt_1".to_owned(), acked: true }],
        stored: Stored { deliveries: vec![delivery], writes: vec![write] },
        desk,
    }
}

fn answered() -> Story {
    let mut story = asked();
    story.desk.read("c1");
    story.reply("reply-1", "Ten.");
    story
}

impl Story {
    fn reply(&mut self, intent: &str, text: &str) {
        let (text, intent) = (text.to_owned(), intent.to_owned());
        let post = Post { public: true, text, html: String::new(), intent };
        self.desk.post(AT, "c1", post);
    }

    fn found(&self) -> Vec<String> {
        violations(&self.sent, &self.stored, &self.desk)
    }

    /// Fails unless exactly one promise was broken, and it was this one.
    #[track_caller]
    fn breaks(&self, words: &str) {
        let found = self.found();
        assert!(found.len() == 1 && found[0].contains(words), "{words}: {found:#?}");
    }
}

#[test]
fn an_honest_history_is_accepted() {
    assert_eq!(answered().found(), Vec::<String>::new());
}

#[test]
fn a_lost_delivery_is_found() {
    let mut story = answered();
    story.sent.push(Sent { dedup: "evt_2".to_owned(), acked: true });
    story.breaks("A: evt_2");
}

#[test]
fn a_delivery_nobody_promised_to_keep_may_be_lost() {
    let mut story = answered();
    story.sent.push(Sent { dedup: "evt_2".to_owned(), acked: false });
    assert_eq!(story.found(), Vec::<String>::new());
}

#[test]
fn a_delivery_that_is_stuck_is_found() {
    let mut story = answered();
    story.stored.deliveries[0].state = "waiting".to_owned();
    story.stored.deliveries[0].outcome = None;
    story.breaks("B: evt_1 is waiting");
}

#[test]
fn a_write_that_is_stuck_is_found() {
    let mut story = answered();
    story.stored.writes[0].state = "sending".to_owned();
    story.breaks("B: the reply");
}

#[test]
fn a_second_reply_to_the_same_message_is_found() {
    let mut story = answered();
    story.reply("reply-1", "You have ten.");
    story.breaks("answered 2 times");
}

#[test]
fn the_same_words_under_another_name_are_found() {
    let mut story = answered();
    let mut other = story.stored.writes[0].clone();
    other.intent = "reply-2".to_owned();
    other.trigger = story.desk.write(AT, "c1", By::Customer, "And now?");
    story.stored.writes.push(other);
    story.desk.read("c1");
    story.reply("reply-2", "Ten.");
    story.breaks("same words twice");
}

#[test]
fn a_reply_over_an_agent_we_had_read_is_found() {
    let mut story = asked();
    story.desk.write(AT, "c1", By::Agent, "I am on it.");
    story.desk.read("c1");
    story.reply("reply-1", "Ten.");
    let found = story.found();
    assert!(found[0].starts_with("D: reply-1") && found[1].starts_with("F: "), "{found:#?}");
}

/// A second question, answered, in a conversation in which something happened before.
fn answered_after(happened: impl FnOnce(&mut Desk)) -> Story {
    let mut story = answered();
    happened(&mut story.desk);
    let mut other = story.stored.writes[0].clone();
    other.intent = "reply-2".to_owned();
    other.trigger = story.desk.write(AT, "c1", By::Customer, "And now?");
    story.stored.writes.push(other);
    story.desk.read("c1");
    story.reply("reply-2", "Eleven.");
    story
}

#[test]
fn a_reply_while_people_have_the_conversation_is_found() {
    let handed_over = |desk: &mut Desk| desk.log("c1", Happening::HandedOff);
    answered_after(handed_over).breaks("F: reply-2");
    answered_after(|desk| drop(desk.write(AT, "c1", By::Agent, "Ten."))).breaks("F: reply-2");
    let given_back = |desk: &mut Desk| {
        handed_over(desk);
        desk.give_back("c1");
    };
    assert_eq!(answered_after(given_back).found(), Vec::<String>::new());
    let closed = |desk: &mut Desk| {
        handed_over(desk);
        desk.close("c1");
    };
    assert_eq!(answered_after(closed).found(), Vec::<String>::new());
}

#[test]
fn a_hand_over_without_a_note_is_found() {
    let mut story = answered();
    let handoff = StoredWrite {
        intent: "handoff-1".to_owned(),
        kind: "handoff".to_owned(),
        ..story.stored.writes[0].clone()
    };
    story.stored.writes.push(handoff);
    story.breaks("G: c1 was handed over without a note");
}

#[test]
fn an_agent_who_writes_after_our_look_is_nobodys_fault() {
    let mut story = asked();
    story.desk.read("c1");
    story.desk.write(AT, "c1", By::Agent, "I am on it.");
    story.reply("reply-1", "Ten.");
    assert_eq!(story.found(), Vec::<String>::new());
}

#[test]
fn a_reply_without_a_look_is_found() {
    let mut story = asked();
    story.reply("reply-1", "Ten.");
    story.breaks("without a look");
}

#[test]
fn answers_in_the_wrong_order_are_found() {
    let mut story = asked();
    let mut later = story.stored.writes[0].clone();
    later.intent = "reply-2".to_owned();
    later.trigger = story.desk.write(AT, "c1", By::Customer, "And how many are used?");
    story.stored.writes.push(later);
    story.desk.read("c1");
    story.reply("reply-2", "Four.");
    story.reply("reply-1", "Ten.");
    assert!(story.found().iter().any(|it| it.starts_with("E: ")), "{:#?}", story.found());
}

#[test]
fn a_reply_the_store_only_imagines_is_found() {
    let mut story = asked();
    story.desk.read("c1");
    story.breaks("never arrived");
}

#[test]
fn a_dead_delivery_nobody_hears_of_is_found() {
    let mut story = answered();
    story.stored.deliveries[0].outcome = Some("dead".to_owned());
    story.breaks("nobody was told");
    story.desk.post(
        AT,
        "c1",
        Post {
            public: false,
            text: "Could not answer.".to_owned(),
            html: String::new(),
            intent: "note-1".to_owned(),
        },
    );
    assert_eq!(story.found(), Vec::<String>::new());
}
