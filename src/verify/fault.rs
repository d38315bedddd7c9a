//! What can be wrong with a sentence, what that makes of its support, and how an
//! agent is told.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a cited passage does not bear out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Cites nothing, or a passage that was not given.
    NoSource,
    /// A number, unit, date, price or version the passage does not have.
    Number(String),
    Name(String),
    /// One of the two says "not".
    Negation,
    /// The passage names the opposite: on for off, before for after.
    Direction(String),
    /// A step of a menu path that is another one, left out, or in another order.
    MenuPath(String),
    /// A word that limits the statement, in one of the two only: only, unless, always.
    Condition(String),
    /// Words for which the passage has others, in a sentence that is otherwise copied.
    Changed(String),
    /// Too few of its words are in the passage.
    Unbacked,
    /// A link that stands in no passage.
    Link(String),
}

impl Fault {
    /// True if the passage says something else, not merely nothing.
    pub fn contradicts(&self) -> bool {
        match self {
            Fault::Number(_) | Fault::Negation | Fault::Direction(_) => true,
            Fault::NoSource
            | Fault::Name(_)
            | Fault::MenuPath(_)
            | Fault::Condition(_)
            | Fault::Changed(_)
            | Fault::Unbacked
            | Fault::Link(_) => false,
        }
    }

    /// What a claim keeps of its support. A claim with a wrong number shares nearly
    /// all words with the truth, so words alone must not carry it. Guessed, below
    /// `BACKED_FROM`; another word may be one the synonyms do not know.
    pub(super) fn kept(&self) -> f32 {
        match self {
            Fault::Changed(_) => 0.8,
            Fault::NoSource
            | Fault::Number(_)
            | Fault::Name(_)
            | Fault::Negation
            | Fault::Direction(_)
            | Fault::MenuPath(_)
            | Fault::Condition(_)
            | Fault::Unbacked
            | Fault::Link(_) => 0.4,
        }
    }
}

/// Goes on after the sentence at fault: "…: the number 60 is not in its source".
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::NoSource => write!(f, "it cites no source"),
            Fault::Number(number) => write!(f, "the number {number} is not in its source"),
            Fault::Name(name) => write!(f, "the name {name} is not in its source"),
            Fault::Negation => write!(f, "only one of it and its source says “not”"),
            Fault::Direction(word) => write!(f, "its source says the opposite of “{word}”"),
            Fault::MenuPath(step) => write!(f, "the menu step “{step}” is another in its source"),
            Fault::Condition(word) => write!(f, "only one of it and its source says “{word}”"),
            Fault::Changed(words) => write!(f, "its source has other words for “{words}”"),
            Fault::Unbacked => write!(f, "its source does not say so"),
            Fault::Link(address) => write!(f, "the address {address} is not in its source"),
        }
    }
}
