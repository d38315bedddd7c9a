//! Step 4 of 9: the reply that is proposed, sentence by sentence with what each
//! rests on. Two ways to write it: from the passages' own sentences, or by a
//! model from the passages.

pub mod generative;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use generative::Generative;

mod answering;
mod blocks;
mod choice;
mod compose;
mod extractive;
mod fork;
mod joints;
mod opening;
mod pages;
mod parts;
mod question;
mod shelf;
mod trimmed;
mod wording;

pub use answering::SIGNS;
pub use answering::Support;
pub use answering::support;
pub use extractive::extractive;
pub(crate) use joints::around;
pub use joints::for_a_person;
pub use joints::handing_over;
pub use wording::wording;

/// A proposed reply.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    /// In reading order. Empty if nothing in the passages answers.
    pub sentences: Vec<Sentence>,
    /// What the numbers in the sentences stand for; number n is at index n - 1.
    pub citations: Vec<Citation>,
    pub written_by: Writer,
    /// True if it leaves to the customer which of several things is meant, by a question
    /// or by quoting them all: suggested at most.
    #[serde(default)]
    pub asks_back: bool,
    /// ISO 639-1 code the reply is written in; `None` if unknown.
    pub language: Option<String>,
}

impl Draft {
    /// What it states: its joints name the question and point to people.
    pub fn stated(&self) -> impl Iterator<Item = &Sentence> {
        self.sentences.iter().filter(|it| it.kind != SentenceKind::Joint)
    }
}

/// One sentence, step or table row of a draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sentence {
    /// Plain text, without citation marks.
    pub text: String,
    /// Indices into [`Draft::citations`]. Empty for joints.
    pub cites: Vec<usize>,
    pub kind: SentenceKind,
    /// How it is set.
    pub layout: Layout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentenceKind {
    /// Our own connecting words (greeting, "here is how"): states no fact.
    Joint,
    /// Copied from the cited passage.
    Quote,
    /// Worded by a model; must be backed by the cited passage.
    Claim,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// Starts a paragraph.
    Paragraph,
    /// Goes on in the same paragraph.
    Running,
    /// A numbered step; the number is its place in an unbroken run of steps.
    Step,
    /// An item of a list. After a step it belongs to that step, and the run of
    /// steps goes on behind it.
    Bullet,
}

impl Layout {
    /// True for what stands in a list.
    pub(crate) fn is_item(self) -> bool {
        match self {
            Layout::Step | Layout::Bullet => true,
            Layout::Paragraph | Layout::Running => false,
        }
    }
}

/// What a number in a reply points to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Citation {
    pub passage_id: String,
    pub title: String,
    /// With the anchor. `None` if the article has no address: cited by title.
    pub url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Writer {
    Extractive,
    /// A model, by name.
    Model(String),
    /// Extractive because the model failed, and how. Suggested at most.
    Fallback(String),
}

/// Who writes replies.
#[derive(Debug)]
pub enum Drafter {
    /// From the passages' own sentences: no key, no network, nothing invented.
    Extractive,
    /// By a model from the passages; extractive where the model fails.
    Generative(Arc<Generative>),
}
