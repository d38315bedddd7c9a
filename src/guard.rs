//! Step 6 of 9: what may not go out whatever backs it. Reads the finished draft,
//! sentence by sentence, with the ticket and what was found for it, and names the
//! rule of each block. The same for whoever wrote the draft. Pure and total.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::draft::Draft;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::knowledge::Hit;
use crate::ticket::Ticket;
use crate::verify::Fault;
use crate::verify::Removed;

mod addresses;
mod identifiers;
mod material;
mod promises;
mod secrets;
mod voices;

pub use promises::PromiseError;
pub use secrets::Secrets;

use material::Material;

/// Why a sentence may not go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Says that money is paid back, and no cited passage says so.
    Refund,
    /// Credit, discount, something for free, damages.
    Compensation,
    /// A time by which something will be done.
    Deadline,
    /// Liability, claims, contracts.
    Legal,
    /// A dose, a diagnosis, that no doctor is needed.
    Medical,
    /// Says that something was done. Deskhand does nothing but write.
    Deed,
    /// An e-mail address, number or the like from nowhere in this conversation.
    Identifier,
    /// A long word of mixed letters and digits from nowhere.
    Token,
    /// A secret of the installation itself.
    Secret,
    /// An address that stands in no cited passage, or leads to a host not allowed.
    Address,
    /// HTML, Markdown links and images, entities.
    Markup,
    /// Characters that are not seen, or turn the text around.
    Unseen,
    /// Cites what this reader may not see.
    Audience,
    /// Words of a past ticket or an internal page.
    OthersWords,
}

impl Rule {
    pub fn name(self) -> &'static str {
        match self {
            Rule::Refund => "refund",
            Rule::Compensation => "compensation",
            Rule::Deadline => "deadline",
            Rule::Legal => "legal",
            Rule::Medical => "medical",
            Rule::Deed => "deed",
            Rule::Identifier => "identifier",
            Rule::Token => "token",
            Rule::Secret => "secret",
            Rule::Address => "address",
            Rule::Markup => "markup",
            Rule::Unseen => "unseen",
            Rule::Audience => "audience",
            Rule::OthersWords => "others_words",
        }
    }
}

/// Goes on after "a sentence that": never what the sentence says.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Rule::Refund => "promises money back without a passage that says so",
            Rule::Compensation => "promises something of value without a passage that says so",
            Rule::Deadline => "promises a time without a passage that says so",
            Rule::Legal => "speaks of liability or claims without a passage that says so",
            Rule::Medical => "gives medical advice without a passage that says so",
            Rule::Deed => "says that something was done, which nobody did",
            Rule::Identifier => "holds an identifier from outside this conversation",
            Rule::Token => "holds a code that stands in no cited passage",
            Rule::Secret => "holds a secret of this installation",
            Rule::Address => "holds an address that is not allowed or stands in no cited passage",
            Rule::Markup => "holds markup",
            Rule::Unseen => "holds characters that are not seen",
            Rule::Audience => "cites what the customer may not read",
            Rule::OthersWords => "repeats a past ticket or an internal page",
        })
    }
}

/// What differs between one installation and another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Limits {
    /// Hosts that links may lead to, with all below them. Empty: those of the cited
    /// passages.
    pub link_hosts: Vec<String>,
    /// What must never leave.
    pub secrets: Secrets,
}

/// What was blocked of a draft.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guarded {
    /// One for each rule and sentence, in the order of the sentences.
    pub blocks: Vec<Rule>,
    /// True if the reply did not survive it: what is left is for a person to read.
    pub torn: bool,
}

/// Checks a draft and takes out what may not go out.
#[must_use]
pub fn guard(
    draft: Draft,
    ticket: &Ticket,
    articles: &[Hit],
    past_tickets: &[Hit],
    limits: &Limits,
) -> (Draft, Guarded) {
    let material = Material::of(&draft, ticket, articles, past_tickets);
    let mut blocks = Vec::new();
    let mut blocked = BTreeSet::new();
    for (idx, sentence) in draft.sentences.iter().enumerate() {
        let broken = broken_by(sentence, &material, limits);
        if !broken.is_empty() {
            blocked.insert(idx);
            blocks.extend(broken);
        }
    }
    if blocked.is_empty() {
        return (draft, Guarded::default());
    }
    if let Some(rest) = draft.without(&blocked) {
        return (rest, Guarded { blocks, torn: false });
    }
    // Not even a person should be handed the link.
    let mut rest = draft;
    let mut idx = 0;
    rest.sentences.retain(|_| {
        idx += 1;
        !blocked.contains(&(idx - 1))
    });
    (rest, Guarded { blocks, torn: true })
}

/// What verification took out, as the team may be told of it: a sentence that leads
/// somewhere or holds a secret only by the name of its rule.
#[must_use]
pub fn told(removed: Vec<Removed>, limits: &Limits) -> Vec<Removed> {
    let told = |it: Removed| {
        let mut broken = addresses::broken_by(&it.text, &[], &limits.link_hosts);
        broken.extend(limits.secrets.are_in(&it.text).then_some(Rule::Secret));
        let Some(rule) = broken.first() else { return it };
        let is_quoting = |it: &Fault| matches!(it, Fault::Link(_) | Fault::Changed(_));
        let faults = it.faults.into_iter().filter(|it| !is_quoting(it)).collect();
        Removed { text: format!("a sentence that {rule}"), faults }
    };
    removed.into_iter().map(told).collect()
}

/// Checks the compiled-in table.
///
/// # Errors
/// If it cannot be read.
pub fn check() -> Result<(), PromiseError> {
    promises::check()
}

/// True for a sentence that commits whoever says it: to money, a time, a deed done.
#[must_use]
pub fn commits(sentence: &str) -> bool {
    !promises::broken_by(sentence, &[]).is_empty()
}

/// The rules a sentence breaks, each once.
fn broken_by(sentence: &Sentence, material: &Material, limits: &Limits) -> BTreeSet<Rule> {
    let mut broken = BTreeSet::new();
    let text = sentence.text.as_str();
    broken.extend(limits.secrets.are_in(text).then_some(Rule::Secret));
    if sentence.kind == SentenceKind::Joint {
        // Our own words, around a title or the customer's own.
        broken.extend(addresses::broken_by(text, &material.nameable(), &limits.link_hosts));
        return broken;
    }
    let cited = material.cited(sentence);
    broken.extend(addresses::broken_by(text, &cited, &limits.link_hosts));
    broken.extend(voices::broken_by(sentence, material, &cited));
    // What stands in the article word for word is the article's to say.
    if cited.iter().any(|it| it.text.contains(text)) {
        return broken;
    }
    broken.extend(identifiers::broken_by(text, material, &cited));
    broken.extend(promises::broken_by(text, &cited));
    broken
}

#[cfg(test)]
mod tests;
