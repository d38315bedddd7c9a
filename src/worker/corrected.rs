//! What people of the team set otherwise in the helpdesk: a stage in the field or among the
//! tags that is not one of ours is a person's, and is kept as long as the conversation lasts.

use crate::journey::StageModel;
use crate::journey::UNKNOWN;
use crate::store::StoreError;
use crate::store::decisions;
use crate::store::decisions::Tagged;
use crate::store::leases::Lease;
use crate::ticket::Conversation;
use crate::worker::Desk;
use crate::worker::Worker;

impl Worker {
    /// The stage a person has set for a conversation; `None` if nobody has.
    pub(super) async fn stage_set(
        &self,
        desk: &Desk,
        lease: &Lease,
        conversation: &Conversation,
    ) -> Result<Option<String>, StoreError> {
        let (brand, key) = (desk.manner.brand.clone(), lease.key.clone());
        let written = self.store.read(move |it| decisions::stages_of(it, &brand, &key)).await?;
        let field = desk.manner.stage_field.as_ref();
        let told = Told {
            tags: &conversation.tags,
            prefix: &desk.manner.tag_prefix,
            field: field.and_then(|it| conversation.fields.get(it)).map(String::as_str),
        };
        Ok(told.set_by_people(self.pipeline.stages(), &written))
    }
}

/// What the helpdesk says of a stage.
struct Told<'a> {
    tags: &'a [String],
    prefix: &'a str,
    /// The value of the field of the stage.
    field: Option<&'a str>,
}

impl Told<'_> {
    /// The stage of the field, or else the last among the tags, that no decision of ours has
    /// written; else the one people had set before. `written` is oldest first.
    fn set_by_people(&self, stages: &StageModel, written: &[Tagged]) -> Option<String> {
        let theirs = |word: &str| {
            let id = &stages.stage(word)?.id;
            let is_ours = *id == UNKNOWN || written.iter().any(|it| it.stage == *id);
            (!is_ours).then(|| id.clone())
        };
        let mut tagged = self.tags.iter().rev().filter_map(|it| it.strip_prefix(self.prefix));
        let set = self.field.and_then(theirs).or_else(|| tagged.find_map(theirs));
        set.or_else(|| written.iter().rev().find(|it| it.is_by_person).map(|it| it.stage.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(tags: &[&str], written: &[(&str, bool)]) -> Option<String> {
        set_in(None, tags, written)
    }

    fn set_in(field: Option<&str>, tags: &[&str], written: &[(&str, bool)]) -> Option<String> {
        let stages = StageModel::preset("m1").unwrap().unwrap();
        let tags: Vec<String> = tags.iter().map(|it| (*it).to_owned()).collect();
        let written: Vec<Tagged> = written
            .iter()
            .map(|it| Tagged { stage: it.0.to_owned(), is_by_person: it.1 })
            .collect();
        Told { tags: &tags, prefix: "stage-", field }.set_by_people(&stages, &written)
    }

    #[test]
    fn a_stage_tag_we_did_not_write_is_a_persons_and_stays_theirs() {
        assert_eq!(set(&["stage-support", "vip"], &[("support", false)]), None);
        let corrected = Some("purchase".to_owned());
        assert_eq!(set(&["stage-support", "stage-purchase"], &[("support", false)]), corrected);
        // By then it is one of ours too.
        let written = [("support", false), ("purchase", true)];
        assert_eq!(set(&["stage-support", "stage-purchase"], &written), corrected);
        assert_eq!(set(&["vip"], &written), corrected);
        // They change their minds.
        let again = ["stage-purchase", "stage-onboarding"];
        assert_eq!(set(&again, &written), Some("onboarding".to_owned()));
    }

    #[test]
    fn tags_that_are_no_stage_set_none() {
        assert_eq!(set(&["stage-left", "stage-unknown", "support"], &[]), None);
    }

    #[test]
    fn a_field_we_did_not_write_is_a_persons_too() {
        let corrected = Some("purchase".to_owned());
        assert_eq!(set_in(Some("purchase"), &["stage-support"], &[("support", false)]), corrected);
        assert_eq!(set_in(Some("support"), &["stage-support"], &[("support", false)]), None);
        assert_eq!(set_in(Some("unknown"), &[], &[("support", false)]), None);
        assert_eq!(set_in(Some("gold"), &[], &[]), None);
        // What they set stays, whatever the field says once we have written it ourselves.
        let written = [("support", false), ("purchase", true)];
        assert_eq!(set_in(Some("purchase"), &[], &written), corrected);
    }
}
