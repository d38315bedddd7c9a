//! What the past tickets of each brand's team taught about stages and topics.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Pipeline;
use crate::journey::StageModel;
use crate::triage::Team;

/// What past tickets taught, by brand.
pub type Teams = BTreeMap<String, Arc<Team>>;

impl Pipeline {
    /// Tags tickets with what their brand's past tickets taught, too.
    #[must_use]
    pub fn taught(self, teams: Teams) -> Pipeline {
        Pipeline { teams, ..self }
    }

    /// The stage model tickets are tagged by.
    pub fn stages(&self) -> &StageModel {
        &self.stages
    }
}
