//! What a team's past tickets teach about stages and topics: learned from the older of
//! them, judged on the newer, and then learned from all.

use std::collections::BTreeMap;

use serde::Serialize;

use super::clusters;
use crate::journey::UNKNOWN;
use crate::knowledge::Document;
use crate::text;
use crate::triage::Learned;
use crate::triage::MIN_OF_LABEL;
use crate::triage::OUR_TAGS;
use crate::triage::STAGE_SET;
use crate::triage::Team;

/// Of the labelled tickets, the share that is learned from before judging.
const LEARNED_SHARE: f64 = 0.8;

/// A tag on more than this share of the tickets says nothing about one of them.
const COMMON_SHARE: f64 = 0.5;

/// What was taught, and how well it was learned.
#[derive(Debug, Clone, Serialize)]
pub struct Taught {
    #[serde(skip)]
    pub team: Team,
    pub stages: Lesson,
    pub topics: Lesson,
    /// True if the topics are groups of alike tickets, because no tags are there.
    pub topics_are_groups: bool,
}

/// One thing that was learned. All zero if there was too little.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Lesson {
    pub n_learned: usize,
    pub n_judged: usize,
    /// In alphabetical order.
    pub labels: Vec<String>,
    /// On the newer tickets: how many were told rightly, the mean of F1 over labels, and
    /// how many would be with the commonest label for all.
    pub accuracy: f64,
    pub macro_f1: f64,
    pub commonest: f64,
}

/// Learns from a brand's past tickets, whose stage tags begin with `stage_prefix`.
#[must_use]
pub fn teach(tickets: &[Document], stage_prefix: &str) -> Taught {
    let mut tickets: Vec<&Document> = tickets.iter().collect();
    tickets.sort_by_key(|it| it.updated_at);
    let texts: Vec<String> =
        tickets.iter().map(|it| format!("{}\n{}", it.title, it.body)).collect();
    let staged = tickets
        .iter()
        .zip(&texts)
        .filter_map(|(ticket, text)| Some((text.as_str(), stage_of(ticket, stage_prefix)?)));
    let (stages, of_stages) = lesson(&staged.collect::<Vec<_>>());
    let tags = topics(&tickets, stage_prefix);
    let tagged = tags.iter().zip(&texts).filter_map(|(tag, text)| Some((text.as_str(), (*tag)?)));
    let tagged: Vec<(&str, &str)> = tagged.collect();
    let topics_are_groups = tagged.is_empty();
    let groups = if topics_are_groups { clusters::of(&texts) } else { Vec::new() };
    let grouped = groups.iter().zip(&texts);
    let grouped = grouped.filter_map(|(label, text)| Some((text.as_str(), label.as_deref()?)));
    let (topics, of_topics) =
        if topics_are_groups { lesson(&grouped.collect::<Vec<_>>()) } else { lesson(&tagged) };
    let mut team = Team { stages, topics, version: String::new() };
    let content = serde_json::to_string(&team).unwrap_or_default();
    team.version = text::version_of(content);
    Taught { team, stages: of_stages, topics: of_topics, topics_are_groups }
}

/// The stage people gave a ticket. Deskhand's own guess teaches nothing: `None` where it
/// tagged and nobody corrected it.
fn stage_of<'a>(ticket: &'a Document, prefix: &str) -> Option<&'a str> {
    let is_ours = ticket.tags.iter().any(|it| it.starts_with(OUR_TAGS));
    let is_set = ticket.tags.iter().any(|it| it == STAGE_SET);
    if is_ours && !is_set {
        return None;
    }
    let mut stages = ticket.tags.iter().rev().filter_map(|it| it.strip_prefix(prefix));
    stages.find(|it| *it != UNKNOWN)
}

/// A tag that fewer of the newest tickets bear is out of use: teams rename their tags, and
/// nobody wants to see the old names again. (Choices; the newest are those last in time.)
const NEWEST_SHARE: f64 = 0.25;
const MIN_IN_USE: usize = 2;

/// Of each ticket, oldest first, the rarest of its tags that enough tickets bear and that
/// are in use: what is said of fewer says more. `None` for one without such a tag.
fn topics<'a>(tickets: &[&'a Document], stage_prefix: &str) -> Vec<Option<&'a str>> {
    let is_topic = |it: &&str| !it.starts_with(OUR_TAGS) && !it.starts_with(stage_prefix);
    let tags_of = |ticket: &'a Document| ticket.tags.iter().map(String::as_str).filter(is_topic);
    let count = |tickets: &[&'a Document]| {
        let mut n_of: BTreeMap<&'a str, usize> = BTreeMap::new();
        for ticket in tickets {
            tags_of(ticket).for_each(|it| *n_of.entry(it).or_default() += 1);
        }
        n_of
    };
    let n_newest = (tickets.len() as f64 * NEWEST_SHARE).ceil() as usize;
    let n_in_use = count(tickets.get(tickets.len() - n_newest..).unwrap_or_default());
    let is_in_use = |tag: &str| n_in_use.get(tag).is_some_and(|n| MIN_IN_USE <= *n);
    let most = (tickets.len() as f64 * COMMON_SHARE) as usize;
    let mut n_of = count(tickets);
    n_of.retain(|tag, n| (MIN_OF_LABEL * 2..=most).contains(&*n) && is_in_use(tag));
    let rarest = |ticket: &&'a Document| {
        let known = tags_of(ticket).filter_map(|it| Some((*n_of.get(it)?, it)));
        known.min().map(|it| it.1)
    };
    tickets.iter().map(rarest).collect()
}

/// Learns from pairs of text and label, oldest first.
fn lesson(pairs: &[(&str, &str)]) -> (Learned, Lesson) {
    let (learned, judged) = pairs.split_at((pairs.len() as f64 * LEARNED_SHARE) as usize);
    let older = Learned::learn(learned);
    if older.labels().is_empty() || judged.is_empty() {
        return (Learned::default(), Lesson::default());
    }
    let said: Vec<(&str, Option<String>)> =
        judged.iter().map(|(text, gold)| (*gold, older.guess(text).map(|it| it.label))).collect();
    let mut n_learned: BTreeMap<&str, usize> = BTreeMap::new();
    learned.iter().for_each(|it| *n_learned.entry(it.1).or_default() += 1);
    let commonest = n_learned.into_iter().max_by_key(|it| it.1).map_or("", |it| it.0);
    let share = |n: usize| n as f64 / judged.len() as f64;
    let all = Learned::learn(pairs);
    let lesson = Lesson {
        n_learned: learned.len(),
        n_judged: judged.len(),
        labels: all.labels().to_vec(),
        accuracy: share(said.iter().filter(|it| it.1.as_deref() == Some(it.0)).count()),
        macro_f1: macro_f1(&said),
        commonest: share(judged.iter().filter(|it| it.1 == commonest).count()),
    };
    (all, lesson)
}

/// The mean of F1 over the labels that are there.
fn macro_f1(said: &[(&str, Option<String>)]) -> f64 {
    let said: Vec<(&str, &str)> =
        said.iter().map(|(gold, label)| (*gold, label.as_deref().unwrap_or_default())).collect();
    crate::eval::triage::macro_f1(&said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::Pool;

    fn ticket(place: usize, body: &str, tags: &[&str]) -> Document {
        let document = serde_json::json!({
            "id": place.to_string(), "pool": Pool::PastTicket, "brand": "b", "title": "",
            "body": body, "tags": tags, "source": "test",
            "updated_at": format!("2026-01-01T00:{:02}:00Z", place % 60),
        });
        serde_json::from_value(document).unwrap()
    }

    fn history(tags: [&[&str]; 2]) -> Vec<Document> {
        let bodies = ["where is my parcel", "the invoice of last month is wrong"];
        (0..60).map(|it| ticket(it, &format!("{} {it}", bodies[it % 2]), tags[it % 2])).collect()
    }

    #[test]
    fn topics_and_stages_are_learned_from_peoples_tags() {
        let tickets =
            history([&["shipping", "stage-support", "web"], &["billing", "stage-renewal", "web"]]);
        let taught = teach(&tickets, "stage-");
        assert_eq!(taught.topics.labels, ["billing", "shipping"]);
        assert_eq!(taught.stages.labels, ["renewal", "support"]);
        assert_eq!((taught.topics.accuracy, taught.topics.macro_f1), (1.0, 1.0));
        let topic = taught.team.topic("My parcel did not come").unwrap();
        assert_eq!(topic.label, "shipping");
        assert!(topic.reason.contains("parcel"), "{}", topic.reason);
    }

    #[test]
    fn tags_nobody_sets_any_more_teach_nothing() {
        let then = history([&["delivery"], &["money"]]);
        let now = history([&["shipping"], &["billing"]]).into_iter().map(|it| Document {
            updated_at: it.updated_at.map(|at| at + jiff::SignedDuration::from_hours(24)),
            ..it
        });
        let taught = teach(&then.into_iter().chain(now).collect::<Vec<_>>(), "stage-");
        assert_eq!(taught.topics.labels, ["billing", "shipping"]);
        assert_eq!((taught.topics.n_learned, taught.topics.accuracy), (48, 1.0));
    }

    #[test]
    fn what_deskhand_tagged_teaches_nothing_unless_a_person_corrected_it() {
        let ours: [&[&str]; 2] =
            [&["stage-support", "deskhand-sent"], &["stage-renewal", "deskhand-sent"]];
        assert!(teach(&history(ours), "stage-").stages.labels.is_empty());
        let corrected: [&[&str]; 2] =
            [&["stage-support", "deskhand-stage-set"], &["stage-renewal", "deskhand-stage-set"]];
        assert_eq!(teach(&history(corrected), "stage-").stages.labels.len(), 2);
    }

    #[test]
    fn where_there_are_no_tags_alike_tickets_are_a_topic_named_by_their_words() {
        let taught = teach(&history([&[], &[]]), "stage-");
        assert!(taught.topics_are_groups);
        let topic = taught.team.topic("where is the parcel of mine").unwrap();
        assert!(topic.label.contains("parcel"), "{}", topic.label);
    }
}
