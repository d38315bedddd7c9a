//! The rule table of triage, compiled once. Which words mean what is data; this
//! file knows only how a rule looks at a text.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;
use regex::RegexBuilder;
use serde::Deserialize;

use super::asking;
use crate::injection::InjectionError;
use crate::text::cues::Cues;
use crate::text::terms::fold;
use crate::text::unpacked;

const FILE: &str = "triage.toml";
const SHIPPED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/triage.toml.z"));

/// Generous for the largest pattern of the table, which needs about a tenth.
const PATTERN_SIZE_BYTES: usize = 20 << 20;

/// The rule table cannot be used.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RulesError {
    #[error("{file}: {detail}")]
    Unreadable { file: &'static str, detail: String },
    #[error(transparent)]
    Injection(#[from] InjectionError),
    #[error("{file}: [{section}] has a pattern that cannot be compiled: {detail}")]
    Pattern { file: &'static str, section: String, detail: String },
}

/// The compiled-in table, compiled when first used.
pub(super) fn shipped() -> Result<&'static Rules, &'static RulesError> {
    static RULES: LazyLock<Result<Rules, RulesError>> =
        LazyLock::new(|| Rules::parse(&unpacked(SHIPPED)));
    RULES.as_ref()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    asked_for_person: Row,
    sensitive: Vec<Row>,
    spam: Row,
    unhelped: Row,
    tried: Row,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    #[serde(default)]
    topic: String,
    #[serde(default)]
    questions: Questions,
    #[serde(default)]
    phrases: Vec<String>,
    #[serde(default)]
    patterns: Vec<String>,
    #[serde(default)]
    guards: Vec<String>,
    #[serde(default)]
    words: BTreeMap<String, String>,
}

/// Whether a plain how-to question raises the topic too.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Questions {
    /// Whoever asks about it goes to a person.
    #[default]
    Sensitive,
    /// "How do I cancel?" is answered; "cancel it" goes to a person.
    Answered,
}

#[derive(Debug)]
pub(super) struct Rules {
    person: Rule,
    sensitive: Vec<Rule>,
    spam: Rule,
    unhelped: Rule,
    tried: Rule,
    asks: Regex,
    points_back: Regex,
}

#[derive(Debug)]
struct Rule {
    topic: String,
    questions: Questions,
    cues: Cues,
    patterns: Vec<Regex>,
    guards: Vec<Regex>,
}

/// How questions about a matter begin, in the languages of the table: they ask
/// how something is done, not that it be done.
const ASKS: &str = r" (?:how|where|what is|whats|can i|could i|may i|am i able|is it possible|policy|wie|wo|wann|kann ich|konnte ich|ist es moglich|comment|ou|quand|puis je|est il possible|como|donde|cuando|puedo|se puede|come (?:si|posso|faccio|annullo|disdico|chiudo)|dove|quando|posso|si puo|onde|hoe|waar|wanneer|kan ik|jak|gdzie|czy moge|hur|var|kan jag|hvordan|hvor|kan jeg|miten|missa|voinko|nasil|nerede|как|где|можно ли) |\. (?:when|which|what|was) |できますか|方法|どうすれば|どうやって|怎么|如何|怎樣|어떻게|방법|كيف|اين";

/// What a question about the sentence before points back with, or where its matter is done.
const POINTS_BACK: &str = r" (?:button|option|menu item|knopf|bouton|boton|pulsante|botao|knop|it|this|that|so|das|dies|es|damit|ca|cela|le faire|lo|eso|esto|hacerlo|questo|cio|farlo|isso|isto|dat|dit|het|det|sen|bunu|to|это|это сделать) ";

/// A longer question asks about something else. (Guessed.)
const MAX_POINTING_WORDS: usize = 8;

impl Rules {
    fn parse(text: &str) -> Result<Rules, RulesError> {
        let table: Table = toml::from_str(text)
            .map_err(|it| RulesError::Unreadable { file: FILE, detail: it.to_string() })?;
        Ok(Rules {
            person: Rule::compile("asked_for_person", table.asked_for_person)?,
            sensitive: table
                .sensitive
                .into_iter()
                .map(|row| Rule::compile("sensitive", row))
                .collect::<Result<_, _>>()?,
            spam: Rule::compile("spam", table.spam)?,
            unhelped: Rule::compile("unhelped", table.unhelped)?,
            tried: Rule::compile("tried", table.tried)?,
            asks: pattern(FILE, "questions", &fold(ASKS))?,
            points_back: pattern(FILE, "questions", &fold(POINTS_BACK))?,
        })
    }

    /// The words that ask for a person, in a text made by `plain`.
    pub(super) fn asked_for_person(&self, text: &str) -> Option<String> {
        let guarded = self.person.guarded(text);
        let by_rule = self.person.hit_in(&guarded).map(|hit| format!("\"{hit}\""));
        asking::heard(&guarded, by_rule)
    }

    /// The words that say that an answer was of no use. They ask for a person where the
    /// answer was ours: each of our replies promises one.
    pub(super) fn unhelped(&self, text: &str) -> Option<String> {
        self.unhelped.first_hit(text).map(|hit| format!("our reply did not help: \"{hit}\""))
    }

    /// True if a sentence says what its writer has tried.
    pub(super) fn tells_what_was_tried(&self, sentence: &str) -> bool {
        self.tried.first_hit(sentence).is_some()
    }

    /// The sensitive topics of a text, each with the words that raised it.
    pub(super) fn sensitive(&self, text: &str) -> Vec<String> {
        let raised = self.sensitive.iter().filter_map(|rule| {
            let hit = rule.first_hit(text)?;
            let asked = rule.questions == Questions::Answered && self.only_asks(text, &hit);
            (!asked).then(|| format!("{}: \"{hit}\"", rule.topic))
        });
        raised.collect()
    }

    /// True if the sentence that holds `hit` asks how the matter is done, or the one after
    /// it does and points back at the matter: "I want to cancel. How do I do that?"
    fn only_asks(&self, text: &str, hit: &str) -> bool {
        let words = crate::text::cues::plain(hit).replace(" . ", " ");
        let Some(place) = text.find(words.trim()) else { return false };
        let (before, after) = text.split_at_checked(place).unwrap_or((text, ""));
        let start = before.rfind(" . ").map_or(0, |it| it + 2);
        let (rest, next) = after.split_once(" . ").unwrap_or((after, ""));
        let own = text.get(start..place + rest.len()).map(|it| format!(" .{it} . "));
        let next = format!(" . {} . ", next.split_once(" . ").map_or(next, |(it, _)| it));
        let n_words = next.split_whitespace().filter(|it| *it != ".").count();
        own.is_some_and(|it| self.asks.is_match(&it))
            || n_words <= MAX_POINTING_WORDS
                && self.points_back.is_match(&next)
                && self.asks.is_match(&next)
    }

    /// Why a text is spam. Conservative: two tell-tale phrases and a link, or three.
    pub(super) fn spam(&self, text: &str, has_link: Link) -> Option<String> {
        let hits = self.spam.cues.find(text);
        let enough = if has_link == Link::Present { 2 } else { 3 };
        let words: Vec<&str> = hits.iter().map(|it| it.cue).collect();
        (hits.len() >= enough).then(|| words.join(", "))
    }
}

/// Whether a text holds a web address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    Present,
    Absent,
}

impl Rule {
    fn compile(section: &str, row: Row) -> Result<Rule, RulesError> {
        let compile_all = |sources: &[String]| {
            let filled = sources.iter().map(|source| {
                let words = row.words.iter();
                words.fold(source.clone(), |it, (name, list)| {
                    it.replace(&format!("{{{name}}}"), list)
                })
            });
            filled.map(|it| pattern(FILE, section, &fold(&it))).collect::<Result<Vec<_>, _>>()
        };
        let guards: Vec<String> = row.guards.iter().map(|it| format!(r"\b(?:{it})\b")).collect();
        Ok(Rule {
            patterns: compile_all(&row.patterns)?,
            guards: compile_all(&guards)?,
            cues: Cues::compile(row.phrases.iter().map(|it| (it.as_str(), 0))),
            topic: row.topic,
            questions: row.questions,
        })
    }

    /// The words of the text that this rule is about, without what a guard takes out.
    fn first_hit(&self, text: &str) -> Option<String> {
        self.hit_in(&self.guarded(text))
    }

    fn guarded(&self, text: &str) -> String {
        let mut guarded = text.to_owned();
        for guard in &self.guards {
            if guard.is_match(&guarded) {
                guarded = guard.replace_all(&guarded, "_").into_owned();
            }
        }
        guarded
    }

    fn hit_in(&self, guarded: &str) -> Option<String> {
        if let Some(found) = self.cues.find(guarded).first() {
            return Some(found.cue.to_owned());
        }
        let hit = self.patterns.iter().find_map(|it| it.find(guarded))?;
        Some(hit.as_str().trim_matches([' ', '.']).to_owned())
    }
}

/// Compiles a pattern over plain texts.
pub(super) fn pattern(
    file: &'static str,
    section: &str,
    source: &str,
) -> Result<Regex, RulesError> {
    // A word of a plain text is what stands between spaces. `\w` would say the
    // same with all of Unicode in it, and make these patterns many times as large.
    let source = source.replace(r"\w", "[^ .]");
    let source = if source.is_ascii() { source.replace(r"\b", r"(?-u:\b)") } else { source };
    RegexBuilder::new(&source).size_limit(PATTERN_SIZE_BYTES).build().map_err(|error| {
        RulesError::Pattern { file, section: section.to_owned(), detail: error.to_string() }
    })
}
