//! How a customer feels, message by message, whether that gets worse, and how soon they
//! need an answer. Words of `config/mood.toml`, in the languages of the other tables;
//! each reading names the words it rests on.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::rules::RulesError;
use crate::text::cues::Cues;
use crate::text::cues::plain;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;

const FILE: &str = "mood.toml";
const SHIPPED: &str = include_str!("../../config/mood.toml");

/// Letters of a message that are read.
const READ_CHARS: usize = 4_000;

/// Messages of a customer that are read, the newest of them.
const MAX_MESSAGES: usize = 12;

/// Points from which on a feeling or an urgency is told.
const TOLD_FROM: i32 = 2;

/// Of a message's letters, the share of capitals that shouts, and how many letters it
/// takes. (Guessed.)
const SHOUTED_SHARE: f32 = 0.7;
const MIN_SHOUTED: usize = 12;

/// How a message sounds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sentiment {
    Negative,
    #[default]
    Neutral,
    Positive,
}

impl Sentiment {
    pub fn word(self) -> &'static str {
        match self {
            Sentiment::Negative => "negative",
            Sentiment::Neutral => "neutral",
            Sentiment::Positive => "positive",
        }
    }
}

/// How a customer feels, and how that has gone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mood {
    /// Of each of their messages, oldest first; the last is how they feel now. Empty if
    /// they wrote nothing.
    pub path: Vec<Sentiment>,
    /// The words of the last message that say so. Empty for a neutral one.
    pub reason: String,
}

impl Mood {
    pub fn now(&self) -> Sentiment {
        self.path.last().copied().unwrap_or_default()
    }

    /// True if the last message sounds worse than the one before it, or bad ones go on.
    pub fn worsens(&self) -> bool {
        let mut latest = self.path.iter().rev();
        let (Some(now), Some(before)) = (latest.next(), latest.next()) else { return false };
        *now == Sentiment::Negative && *now <= *before
    }
}

/// How soon an answer is needed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Urgency {
    pub is_urgent: bool,
    /// The words that say so. Empty if nothing does.
    pub reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(default)]
    strong: Vec<String>,
    #[serde(default)]
    weak: Vec<String>,
    #[serde(default)]
    words: Vec<String>,
}

#[derive(Debug)]
pub(super) struct Tones {
    negative: Tone,
    positive: Tone,
    urgent: Tone,
    not: Vec<String>,
}

#[derive(Debug)]
struct Tone {
    cues: Cues,
}

/// What a row of a tone's cues counts: its place is its points.
const POINTS: [i32; 3] = [0, 1, 2];

/// The compiled-in table, compiled when first used.
pub(super) fn shipped() -> Result<&'static Tones, &'static RulesError> {
    static TONES: LazyLock<Result<Tones, RulesError>> = LazyLock::new(|| Tones::parse(SHIPPED));
    TONES.as_ref()
}

impl Tones {
    fn parse(text: &str) -> Result<Tones, RulesError> {
        let unreadable = |detail: String| RulesError::Unreadable { file: FILE, detail };
        let mut rows: BTreeMap<String, Row> =
            toml::from_str(text).map_err(|it| unreadable(it.to_string()))?;
        let mut row =
            |name: &str| rows.remove(name).ok_or_else(|| unreadable(format!("has no [{name}]")));
        Ok(Tones {
            negative: Tone::compile(&row("negative")?),
            positive: Tone::compile(&row("positive")?),
            urgent: Tone::compile(&row("urgent")?),
            not: row("not")?.words,
        })
    }

    /// How a ticket's customer feels.
    pub(super) fn mood(&self, ticket: &Ticket) -> Mood {
        let messages = messages(ticket);
        let heard: Vec<(Sentiment, String)> =
            messages.iter().map(|it| self.sentiment(it)).collect();
        let reason = heard.last().map(|it| it.1.clone()).unwrap_or_default();
        Mood { path: heard.into_iter().map(|it| it.0).collect(), reason }
    }

    /// Whether the open question or the subject is urgent.
    pub(super) fn urgency(&self, words: &str) -> Urgency {
        let start: String = words.chars().take(READ_CHARS).collect();
        let (points, said) = self.urgent.of(&plain(&start));
        let is_urgent = TOLD_FROM <= points;
        Urgency { is_urgent, reason: if is_urgent { told(&said) } else { String::new() } }
    }

    fn sentiment(&self, message: &str) -> (Sentiment, String) {
        let start: String = message.chars().take(READ_CHARS).collect();
        let plain = plain(&start);
        let (mut bad, mut said_bad) = self.negative.of(&plain);
        let (mut good, mut said_good) = (0, Vec::new());
        for (cue, points) in self.positive.each(&plain) {
            if self.is_negated(&plain, cue) {
                bad += points + 1;
                said_bad.push(cue);
            } else {
                good += points;
                said_good.push(cue);
            }
        }
        if is_shouted(&start) {
            bad += 1;
            said_bad.push("capitals");
        }
        // Politeness beside anger is still anger: thanks in advance does not make up.
        let sentiment = if TOLD_FROM <= bad && good <= bad {
            Sentiment::Negative
        } else if TOLD_FROM <= good && bad < TOLD_FROM {
            Sentiment::Positive
        } else {
            Sentiment::Neutral
        };
        let reason = match sentiment {
            Sentiment::Negative => told(&said_bad),
            Sentiment::Positive => told(&said_good),
            Sentiment::Neutral => String::new(),
        };
        (sentiment, reason)
    }

    /// True if one of the two words before a cue turns it round.
    fn is_negated(&self, plain: &str, cue: &str) -> bool {
        let Some(place) = plain.find(crate::text::cues::plain(cue).trim_matches([' ', '.'])) else {
            return false;
        };
        let before = plain.get(..place).unwrap_or_default();
        before.split_whitespace().rev().take(2).any(|it| self.not.iter().any(|not| not == it))
    }
}

impl Tone {
    fn compile(row: &Row) -> Tone {
        let strong = row.strong.iter().map(|it| (it.as_str(), 2));
        Tone { cues: Cues::compile(strong.chain(row.weak.iter().map(|it| (it.as_str(), 1)))) }
    }

    /// Cues of a plain text and their points; one within another is not counted twice.
    fn each<'a>(&'a self, plain: &str) -> Vec<(&'a str, i32)> {
        let found = self.cues.find(plain);
        let within = |one: &str| found.iter().any(|it| it.cue != one && it.cue.contains(one));
        let alone = found.iter().filter(|it| !within(it.cue));
        alone.map(|it| (it.cue, POINTS.get(it.row).copied().unwrap_or(0))).collect()
    }

    fn of<'a>(&'a self, plain: &str) -> (i32, Vec<&'a str>) {
        let each = self.each(plain);
        (each.iter().map(|it| it.1).sum(), each.into_iter().map(|it| it.0).collect())
    }
}

/// What the customer wrote, oldest first, the newest of it.
fn messages(ticket: &Ticket) -> Vec<&str> {
    let theirs = ticket.turns.iter().filter(|it| it.author == AuthorKind::Customer);
    let mut messages: Vec<&str> = theirs.map(|it| it.text.as_str()).collect();
    if messages.is_empty() && !ticket.question.is_empty() {
        messages.push(&ticket.question);
    }
    messages.split_off(messages.len().saturating_sub(MAX_MESSAGES))
}

fn is_shouted(text: &str) -> bool {
    let letters = text.chars().filter(|it| it.is_alphabetic());
    let (n_upper, n) =
        letters.fold((0, 0), |(upper, n), it| (upper + usize::from(it.is_uppercase()), n + 1));
    MIN_SHOUTED <= n && SHOUTED_SHARE * n as f32 <= n_upper as f32
}

fn told(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().take(3).map(|it| format!("\"{it}\"")).collect();
    words.join(", ")
}
