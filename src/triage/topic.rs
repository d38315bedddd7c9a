//! What a ticket is about, in the words the team tags its tickets with; and all that the
//! team's past tickets taught: topics and stages.

use serde::{Deserialize, Serialize};

use super::learned::Learned;
use crate::journey::says;

/// A topic is told from this probability on. (Guessed: more likely than all others.)
const TOLD_FROM: f32 = 0.5;

/// What a ticket is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopicTag {
    /// The team's own tag, or the words most of its tickets share where it has no tags.
    pub label: String,
    /// 0.0–1.0, as the learned model has it.
    pub probability: f32,
    /// Why, in words an agent understands.
    pub reason: String,
}

/// What a team's past tickets taught. Empty parts tell nothing.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Team {
    pub stages: Learned,
    pub topics: Learned,
    /// Names what was taught, so that a decision tells what it was made with.
    pub version: String,
}

impl Team {
    /// The topic of a text. `None` if none is clear, or the team has taught none.
    pub fn topic(&self, text: &str) -> Option<TopicTag> {
        let guess = self.topics.guess(text).filter(|it| TOLD_FROM <= it.probability)?;
        let reason = says(&guess.words());
        Some(TopicTag { label: guess.label, probability: guess.probability, reason })
    }

    /// True if there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.stages.labels().is_empty() && self.topics.labels().is_empty()
    }
}
