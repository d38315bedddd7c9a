//! What people of the team set otherwise in the helpdesk: a stage tag that is not one of
//! ours is a person's, and is kept for as long as the conversation lasts.

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
        let (tags, prefix) = (&conversation.tags, &desk.manner.tag_prefix);
        Ok(set_by_people(tags, prefix, self.pipeline.stages(), &written))
    }
}

/// The last stage among the tags that no decision of ours has written; else the one people
/// had set before. `written` is oldest first.
fn set_by_people(
    tags: &[String],
    prefix: &str,
    stages: &StageModel,
    written: &[Tagged],
) -> Option<String> {
    let of_stages = tags.iter().filter_map(|it| it.strip_prefix(prefix));
    let known = of_stages.filter_map(|it| Some(&stages.stage(it)?.id)).filter(|it| *it != UNKNOWN);
    let mut theirs = known.filter(|it| written.iter().all(|ours| ours.stage != **it));
    let set = theirs.next_back().cloned();
    set.or_else(|| written.iter().rev().find(|it| it.is_by_person).map(|it| it.stage.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(tags: &[&str], written: &[(&str, bool)]) -> Option<String> {
        let stages = StageModel::preset("m1").unwrap().unwrap();
        let tags: Vec<String> = tags.iter().map(|it| (*it).to_owned()).collect();
        let written: Vec<Tagged> = written
            .iter()
            .map(|it| Tagged { stage: it.0.to_owned(), is_by_person: it.1 })
            .collect();
        set_by_people(&tags, "stage-", &stages, &written)
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
}
