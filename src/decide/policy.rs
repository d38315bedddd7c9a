//! What a team has settled beside the thresholds: stages, topics, tags and customers
//! that people answer, hours, and the share of conversations that is answered so far.
//! Each can only keep a reply from going out by itself. Pure, with no chance in it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sha2::Digest as _;
use sha2::Sha256;

use crate::decide::Hold;
use crate::decide::Thresholds;
use crate::hours::Hours;
use crate::text::cues::plain;
use crate::ticket::Ticket;

/// When replies go out by themselves.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum When {
    #[default]
    Always,
    /// While the team is there and can step in.
    Open,
    /// While nobody is there to answer.
    Closed,
}

/// The policies of one connection.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    pub hours: Hours,
    pub when: When,
    /// By the id of a stage of the journey.
    pub stages: BTreeMap<String, Stage>,
    /// Words and phrases of questions people answer.
    pub topics: Vec<String>,
    /// Tags of tickets people answer.
    pub tags: Vec<String>,
    /// Customers people look after: tags of their tickets, and their ids in the helpdesk.
    pub vip_tags: Vec<String>,
    pub vip_customers: Vec<String>,
    /// How many of a hundred conversations are answered, always the same ones; more
    /// only add to them.
    pub canary_percent: u64,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            hours: Hours::default(),
            when: When::Always,
            stages: BTreeMap::new(),
            topics: Vec::new(),
            tags: Vec::new(),
            vip_tags: Vec::new(),
            vip_customers: Vec::new(),
            canary_percent: 100,
        }
    }
}

/// What differs in one stage of the journey. `None`: as everywhere.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// False: people answer, and get a suggestion.
    pub automatic: bool,
    pub suggest_from: Option<f32>,
    /// Counts where it is stricter than what holds everywhere: a threshold that was
    /// learned or guaranteed is not undercut.
    pub send_from: Option<f32>,
    pub grounded_from: Option<f32>,
}

impl Policy {
    /// The thresholds of a stage.
    #[must_use]
    pub fn thresholds(&self, everywhere: Thresholds, stage: &str) -> Thresholds {
        let Some(own) = self.stages.get(stage) else { return everywhere };
        let stricter = |least: f32, own: Option<f32>| own.map_or(least, |it| it.max(least));
        Thresholds {
            suggest_from: own.suggest_from.unwrap_or(everywhere.suggest_from),
            send_from: everywhere.send_from.map(|it| stricter(it, own.send_from)),
            grounded_from: stricter(everywhere.grounded_from, own.grounded_from),
        }
    }

    /// What keeps a reply to this ticket from going out by itself at this moment, in a
    /// fixed order.
    #[must_use]
    pub fn holds(&self, ticket: &Ticket, stage: &str, now: Timestamp) -> Vec<Hold> {
        let has_tag = |those: &[String]| {
            those.iter().any(|one| ticket.tags.iter().any(|it| it.eq_ignore_ascii_case(one)))
        };
        let is_vip = ticket.requester.as_ref().is_some_and(|it| self.vip_customers.contains(it));
        let is_out_of_hours = match self.when {
            When::Always => false,
            When::Open => !self.hours.are_open(now),
            When::Closed => self.hours.are_open(now),
        };
        let looked_at = [
            (self.stages.get(stage).is_some_and(|it| !it.automatic), Hold::Stage),
            (self.has_topic(ticket), Hold::Topic),
            (has_tag(&self.tags), Hold::Tag),
            (is_vip || has_tag(&self.vip_tags), Hold::Vip),
            (is_out_of_hours, Hold::Hours),
            (self.canary_percent <= place(&ticket.conversation_id), Hold::Canary),
        ];
        looked_at.into_iter().filter_map(|(holds, hold)| holds.then_some(hold)).collect()
    }

    fn has_topic(&self, ticket: &Ticket) -> bool {
        if self.topics.is_empty() {
            return false;
        }
        let asked = plain(&format!("{}\n{}", ticket.subject, ticket.question));
        self.topics.iter().any(|topic| {
            let words = plain(topic);
            let words = words.trim_matches([' ', '.']);
            !words.is_empty() && asked.contains(&format!(" {words} "))
        })
    }
}

/// Where a conversation stands among a hundred, 0–99: by its id alone.
fn place(conversation_id: &str) -> u64 {
    let digest = Sha256::digest(conversation_id);
    let first = digest.iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
    first % 100
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const EVERYWHERE: Thresholds =
        Thresholds { suggest_from: 0.3, send_from: Some(0.85), grounded_from: 0.9 };
    const AS_EVERYWHERE: Stage =
        Stage { automatic: true, suggest_from: None, send_from: None, grounded_from: None };

    fn ticket(question: &str) -> Ticket {
        Ticket {
            conversation_id: "4711".to_owned(),
            question: question.to_owned(),
            tags: vec!["Billing".to_owned()],
            requester: Some("c-1".to_owned()),
            ..Ticket::default()
        }
    }

    fn holds(policy: &Policy) -> Vec<Hold> {
        let friday_noon = "2026-11-27T12:00:00Z".parse().unwrap();
        policy.holds(&ticket("Could we agree on another price-list?"), "renewal", friday_noon)
    }

    fn those(words: &[&str]) -> Vec<String> {
        words.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn without_policies_nothing_is_held() {
        assert!(holds(&Policy::default()).is_empty());
    }

    #[test]
    fn every_policy_that_holds_is_kept_in_the_order_of_the_list() {
        let stage = Stage { automatic: false, ..AS_EVERYWHERE };
        let strict = Policy {
            hours: Hours::parse("UTC", &those(&["sat 09:00-17:00"]), &[]).unwrap(),
            when: When::Open,
            stages: BTreeMap::from([("renewal".to_owned(), stage)]),
            topics: those(&["Price List"]),
            tags: those(&["billing"]),
            vip_tags: those(&["gold"]),
            vip_customers: those(&["c-1"]),
            canary_percent: 0,
        };
        let all = [Hold::Stage, Hold::Topic, Hold::Tag, Hold::Vip, Hold::Hours, Hold::Canary];
        assert_eq!(holds(&strict), all);
        assert!(all.is_sorted(), "the order of the list is the order of the type");
    }

    #[test]
    fn hours_hold_on_the_side_that_was_chosen() {
        let office = Hours::parse("UTC", &those(&["mon-fri 09:00-17:00"]), &[]).unwrap();
        let on = |when| holds(&Policy { hours: office.clone(), when, ..Policy::default() });
        assert_eq!(on(When::Closed), [Hold::Hours], "the team is there");
        assert!(on(When::Open).is_empty() && on(When::Always).is_empty());
    }

    #[test]
    fn a_topic_is_a_phrase_and_no_piece_of_a_word() {
        let with = |topic: &str| Policy { topics: those(&[topic]), ..Policy::default() };
        assert_eq!(holds(&with("price")), [Hold::Topic]);
        for topic in ["rice", "price another", "", "?"] {
            assert!(holds(&with(topic)).is_empty(), "{topic}");
        }
    }

    #[test]
    fn a_stage_may_be_stricter_in_sending_and_never_laxer() {
        let own = Stage {
            suggest_from: Some(0.1),
            send_from: Some(0.95),
            grounded_from: Some(0.5),
            ..AS_EVERYWHERE
        };
        let policy =
            Policy { stages: BTreeMap::from([("renewal".to_owned(), own)]), ..Policy::default() };
        let renewal = policy.thresholds(EVERYWHERE, "renewal");
        let expected = Thresholds { suggest_from: 0.1, send_from: Some(0.95), ..EVERYWHERE };
        assert_eq!(renewal, expected);
        assert_eq!(policy.thresholds(EVERYWHERE, "onboarding"), EVERYWHERE);
        let suggests = Thresholds { send_from: None, ..EVERYWHERE };
        assert_eq!(policy.thresholds(suggests, "renewal").send_from, None);
    }

    proptest! {
        #[test]
        fn a_larger_canary_only_adds_conversations(id in ".{0,20}", percent in 0_u64..100) {
            let ticket = Ticket { conversation_id: id, ..Ticket::default() };
            let is_held = |canary_percent| {
                let policy = Policy { canary_percent, ..Policy::default() };
                policy.holds(&ticket, "", Timestamp::UNIX_EPOCH) == [Hold::Canary]
            };
            prop_assert!(is_held(0) && !is_held(100));
            prop_assert!(is_held(percent) || !is_held(percent + 1));
            prop_assert_eq!(is_held(percent), is_held(percent));
        }
    }

    #[test]
    fn a_canary_takes_about_its_share() {
        let n_in = (0..10_000).filter(|it| place(&format!("conversation {it}")) < 20).count();
        assert!((1_850..2_150).contains(&n_in), "{n_in} of 10,000 for 20 %");
    }
}
