//! Where passages differ by a fact the customer did not give: the platform, the
//! plan or the version. Then one question is asked, and a person looks first.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::draft::choice::Candidate;
use crate::text::cues::Cues;
use crate::text::cues::plain;
use crate::text::terms::fold;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;

/// What an answer can differ by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    Computer,
    Phone,
    Plan,
    /// Of what: "version 2" and "IDE 2" are two facts.
    Version(String),
}

/// Platforms by name, each with the words for it, divided by commas.
const PLATFORMS: &[(Fact, &str, &str)] = &[
    (Fact::Computer, "Windows", "windows"),
    (Fact::Computer, "macOS", "mac, macs, macos, mac os, os x, macbook*, imac*"),
    (Fact::Computer, "Linux", "linux, ubuntu, debian, fedora"),
    (Fact::Computer, "ChromeOS", "chromeos, chrome os, chromebook*"),
    (Fact::Phone, "Android", "android*"),
    (Fact::Phone, "iPhone", "iphone*, ios, ipad*"),
];

/// Words that stand after the name of a plan.
const PLANS: &[&str] = &["plan", "plans", "subscription", "subscriptions", "tier", "abo", "tarif"];

/// Words that stand before "plan" and name none.
const NO_PLANS: &[&str] = &[
    "a",
    "an",
    "the",
    "your",
    "my",
    "our",
    "this",
    "that",
    "any",
    "each",
    "paid",
    "current",
    "new",
    "cloud",
    "change",
    "cancel",
    "switch",
    "different",
    "data",
    "of",
    "to",
    "for",
    "and",
    "or",
];

/// How much less the other passage may score: sections of one article, one a
/// platform, are told apart by little else than the platform. (Guessed, small: asking
/// for what is known annoys more than a reply for another platform.)
const NEAR: f32 = 0.25;
const NEAR_IN_ARTICLE: f32 = 0.6;

/// Options that are offered.
const MAX_OPTIONS: usize = 4;

/// What is to be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fork {
    /// What the reply's passage is for, then the others; two at least.
    pub options: Vec<String>,
}

/// The fact by which the best block and one nearly as good differ. `None` if the
/// customer gave it, or nothing differs by any.
pub(super) fn fork(ticket: &Ticket, candidates: &[Candidate]) -> Option<Fork> {
    let (best, rest) = candidates.split_first()?;
    let ours = named(&above(best));
    if ours.is_empty() {
        return None;
    }
    let given = named(&told(ticket));
    let near: Vec<&Candidate> = rest.iter().filter(|it| is_near(best, it)).collect();
    ours.into_iter().filter(|(fact, _)| !given.contains_key(fact)).find_map(|(fact, names)| {
        // "On Windows and macOS" is no fork of its own.
        let [name] = names.iter().collect::<Vec<_>>()[..] else { return None };
        let mut options = vec![name.clone()];
        for other in near.iter().filter(|it| differs(best, it)) {
            let theirs = named(&above(other)).remove(&fact).unwrap_or_default();
            if !theirs.contains(name) {
                let fresh = theirs.into_iter().find(|it| !options.contains(it));
                options.extend(fresh);
            }
        }
        options.truncate(MAX_OPTIONS);
        (2 <= options.len()).then_some(Fork { options })
    })
}

/// True if the customer names a version of something the best article names other
/// versions of, and never that one: what it says may not hold for theirs.
pub(super) fn is_of_another_version(ticket: &Ticket, candidates: &[Candidate]) -> bool {
    let asked = versions(&format!("{}\n{}", ticket.subject, ticket.question));
    // Most tickets name none, and need no passage read for it.
    let Some(best) = candidates.first().filter(|_| !asked.is_empty()) else { return false };
    let article = &best.passage.document_id;
    let read =
        candidates.iter().filter(|it| it.passage.document_id == *article && it.block_idx == 0);
    let text: Vec<String> = read.map(|it| format!("{}\n{}", above(it), it.passage.text)).collect();
    let text = text.join("\n");
    let theirs = versions(&text);
    let plain = plain(&text);
    let says = |number: &String| plain.split_whitespace().any(|it| it == number);
    asked.iter().any(|(of, number)| {
        let is_same = |it: &str| it == of || it.strip_suffix('s') == Some(of);
        theirs.iter().any(|(it, _)| is_same(it)) && !says(number)
    })
}

/// The versions a text names: of what, and which. By lines: a heading and the number of
/// the step under it are no version.
fn versions(text: &str) -> Vec<(String, String)> {
    let named = text.lines().flat_map(named);
    let versions = named.filter_map(|(fact, names)| match fact {
        Fact::Version(of) => Some((of, names)),
        Fact::Computer | Fact::Phone | Fact::Plan => None,
    });
    let numbered = versions.flat_map(|(of, names)| {
        let numbers: Vec<String> =
            names.iter().filter_map(|it| it.rsplit(' ').next()).map(str::to_owned).collect();
        numbers.into_iter().map(move |number| (of.clone(), number))
    });
    numbered.collect()
}

fn is_near(best: &Candidate, other: &Candidate) -> bool {
    let same_article = best.passage.document_id == other.passage.document_id;
    let drop = if same_article { NEAR_IN_ARTICLE } else { NEAR };
    best.score - drop <= other.score
}

/// What stands above a passage: it says whom it is for.
fn above(candidate: &Candidate) -> String {
    format!("{}\n{}", candidate.passage.title, candidate.passage.headings.join("\n"))
}

/// What one passage says of several platforms is quoted together.
fn differs(one: &Candidate, other: &Candidate) -> bool {
    let text = |it: &Candidate| it.block().map(|it| fold(&it.text()));
    one.passage.id != other.passage.id && text(one) != text(other)
}

/// All the customer wrote.
fn told(ticket: &Ticket) -> String {
    let turns = ticket.turns.iter().filter(|it| it.author == AuthorKind::Customer);
    let turns: Vec<&str> = turns.map(|it| it.text.as_str()).collect();
    format!("{}\n{}\n{}", ticket.subject, ticket.question, turns.join("\n"))
}

/// The platforms, plans and versions a text names.
fn named(text: &str) -> BTreeMap<Fact, BTreeSet<String>> {
    static CUES: LazyLock<Cues> = LazyLock::new(|| {
        let rows = PLATFORMS.iter().enumerate();
        let cues =
            rows.flat_map(|(row, (.., cues))| cues.split(',').map(move |it| (it.trim(), row)));
        Cues::compile(cues)
    });
    let plain = plain(text);
    let mut named: BTreeMap<Fact, BTreeSet<String>> = BTreeMap::new();
    for found in CUES.find(&plain) {
        if let Some((fact, name, _)) = PLATFORMS.get(found.row) {
            named.entry(fact.clone()).or_default().insert((*name).to_owned());
        }
    }
    let words: Vec<&str> = plain.split_whitespace().collect();
    for pair in words.windows(2) {
        let [before, word] = pair else { continue };
        let is_number = word.chars().all(|it| it.is_ascii_digit()) && word.len() < 4;
        let is_word = before.chars().all(char::is_alphabetic);
        if PLANS.contains(word) && is_word && !NO_PLANS.contains(before) {
            named.entry(Fact::Plan).or_default().insert((*before).to_owned());
        }
        if is_number && is_word && *before != "step" {
            let fact = Fact::Version((*before).to_owned());
            named.entry(fact).or_default().insert(format!("{before} {word}"));
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        named(text).into_values().flatten().collect()
    }

    #[test]
    fn platforms_plans_and_versions_are_named() {
        assert_eq!(names("Uninstall it on a MacBook or on Ubuntu"), ["Linux", "macOS"]);
        assert_eq!(names("With the Maker plan"), ["maker"]);
        assert_eq!(names("Change your plan in IDE 2"), ["ide 2"]);
        assert!(names("Step 2: change the plan").is_empty());
    }
}
