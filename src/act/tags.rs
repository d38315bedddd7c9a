//! Topic, mood, urgency and flags as tags and fields of a helpdesk. Each tag begins with
//! `deskhand-`: the team's own tags are left alone, and none of ours is learned from.

use crate::act::More;
use crate::helpdesk::Action;
use crate::journey::SaidBy;
use crate::triage::FlagKind;
use crate::triage::OUR_TAGS;
use crate::triage::STAGE_SET;
use crate::triage::Sentiment;
use crate::triage::Triage;

/// Letters of a tag; helpdesks cut or refuse longer ones.
const MAX_CHARS: usize = 60;

/// The tags of a triage beside its stage. Empty where nothing is to be told.
pub(super) fn of(triage: &Triage, more: &More) -> Vec<String> {
    if !more.has_tags {
        return Vec::new();
    }
    let mut words: Vec<String> = Vec::new();
    words.extend(triage.topic.as_ref().map(|it| format!("topic-{}", it.label)));
    match triage.mood.now() {
        Sentiment::Neutral => {}
        feeling => words.push(format!("mood-{}", feeling.word())),
    }
    if triage.mood.worsens() {
        words.push("mood-worsens".to_owned());
    }
    if triage.urgency.is_urgent {
        words.push("urgent".to_owned());
    }
    words.extend(triage.flags.iter().filter_map(|it| raised(it.kind, &it.reason)));
    let mut tags: Vec<String> = words.iter().map(|it| tag(it)).collect();
    if triage.stage.by == SaidBy::Person {
        tags.push(STAGE_SET.to_owned());
    }
    tags.dedup();
    tags
}

/// The fields of a triage beside its stage.
pub(super) fn fields(triage: &Triage, more: &More) -> Vec<Action> {
    let topic = triage.topic.as_ref().map(|it| it.label.clone());
    let mood = triage.mood.now().word().to_owned();
    let urgency = if triage.urgency.is_urgent { "urgent" } else { "normal" };
    let told = [
        (&more.topic_field, topic),
        (&more.mood_field, Some(mood)),
        (&more.urgency_field, Some(urgency.to_owned())),
    ];
    let fields = told
        .into_iter()
        .filter_map(|(field, value)| Some(Action::Field { field: field.clone()?, value: value? }));
    fields.collect()
}

/// A flag in words. `None` for those that are told otherwise.
fn raised(kind: FlagKind, reason: &str) -> Option<String> {
    match kind {
        FlagKind::AskedForPerson => Some("asks-for-person".to_owned()),
        // "legal: …"
        FlagKind::Sensitive => {
            let topic = reason.split(':').next().unwrap_or_default();
            Some(format!("raised-{topic}"))
        }
        FlagKind::Spam => Some("spam".to_owned()),
        FlagKind::AutoReply => Some("auto-reply".to_owned()),
        FlagKind::Injection | FlagKind::NothingAsked => None,
    }
}

/// In lower case, with `-` for whatever some helpdesk will not have in a tag.
fn tag(words: &str) -> String {
    let mut tag = OUR_TAGS.to_owned();
    for letter in words.chars().flat_map(char::to_lowercase).take(MAX_CHARS) {
        if letter.is_alphanumeric() || letter == '_' {
            tag.push(letter);
        } else if !tag.ends_with('-') {
            tag.push('-');
        }
    }
    tag.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::triage::Flag;
    use crate::triage::Mood;
    use crate::triage::Urgency;

    #[test]
    fn what_was_seen_is_written_back_in_tags_a_helpdesk_takes() {
        let triage = Triage {
            mood: Mood { path: vec![Sentiment::Neutral, Sentiment::Negative], ..Mood::default() },
            urgency: Urgency { is_urgent: true, ..Urgency::default() },
            flags: vec![Flag {
                kind: FlagKind::Sensitive,
                reason: "payment dispute: \"charged twice\"".to_owned(),
            }],
            ..Triage::default()
        };
        let more = More { has_tags: true, ..More::default() };
        let tags = of(&triage, &more);
        assert_eq!(
            tags,
            [
                "deskhand-mood-negative",
                "deskhand-mood-worsens",
                "deskhand-urgent",
                "deskhand-raised-payment-dispute"
            ]
        );
        assert!(of(&triage, &More::default()).is_empty());
        assert!(of(&Triage::default(), &more).is_empty());
    }

    #[test]
    fn a_field_takes_one_word_and_only_where_it_is_named() {
        let more = More { mood_field: Some("feeling".to_owned()), ..More::default() };
        let fields = fields(&Triage::default(), &more);
        let feeling = Action::Field { field: "feeling".to_owned(), value: "neutral".to_owned() };
        assert_eq!(fields, [feeling]);
    }
}
