//! Whether a customer asks for a person, in wordings no rule knows: each word is taken for
//! one of a few classes of its language, and how the classes of a sentence stand together
//! is weighed (`config/asking_weights.tsv`, made by `tools/triage/fit_asking.py`).

use std::sync::LazyLock;

use foldhash::HashMap;
use foldhash::HashMapExt as _;

use super::RulesError;
use crate::text::unpacked;

mod words;

use words::Found;
use words::Words;

const WORDS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/asking_words.toml.z"));
const WEIGHTS_FILE: &str = "asking_weights.tsv";
const WEIGHTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/asking_weights.tsv.z"));

/// Log-odds from which on a sentence asks for a person. Chosen on sentences we wrote and on
/// ordinary messages of development data, of which it takes 1 in 110 for a request.
const ASKS_FROM: f32 = -0.5;

/// What a rule hears counts, unless how the words stand together speaks so clearly
/// against it: "I want to apply for the manager position".
const RULE_FROM: f32 = -3.0;

/// Each sentence of a letter is a chance to be wrong: what is asked of one rises by so much
/// with the logarithm of their number. As in `tools/triage/fit_asking.py`.
const LETTER: f32 = 0.7;

/// A language that knows less of a sentence than this share of what another knows is not
/// its language. As in `tools/triage/asking.py`.
const SHARE: f32 = 0.8;

/// How far apart two classes are seen together in their order. As in `tools/triage/asking.py`.
const SPAN: usize = 4;

/// Classes of a sentence that are read; longer ones are lists. As in `tools/triage/asking.py`.
const MAX_CLASSES: usize = 48;

/// In alphabetical order, which is that of their numbers.
const CLASSES: [&str; 32] = [
    "boss", "bot", "complain", "connect", "does", "enough", "filler", "give", "help", "here",
    "how", "human", "is_there", "manage", "may", "me", "no", "number", "other", "past", "phone",
    "please", "reach", "real", "someone", "staff", "talk", "thanks", "who", "wish", "with", "you",
];

/// A sentence without one of these asks for nobody.
const CORE: [&str; 9] =
    ["talk", "reach", "connect", "someone", "human", "staff", "boss", "bot", "phone"];

/// Says nothing.
const FILLER: &str = "filler";

/// What the table does not know, and where a sentence begins and ends.
const UNKNOWN: Class = Class(32);
const BEGIN: Class = Class(33);
const END: Class = Class(34);

/// Words that are told as the reason, at most.
const MAX_TOLD: usize = 4;

/// A class of words, by its place in [`CLASSES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Class(u8);

impl Class {
    fn named(name: &str) -> Option<Class> {
        CLASSES.iter().zip(0..).find(|it| *it.0 == name).map(|it| Class(it.1))
    }

    /// As the weights have it.
    fn of_weight(name: &str) -> Option<Class> {
        match name {
            "x" => Some(UNKNOWN),
            "^" => Some(BEGIN),
            "$" => Some(END),
            name => Class::named(name),
        }
    }

    fn is_one_of(self, names: &[&str]) -> bool {
        CLASSES.get(usize::from(self.0)).is_some_and(|it| names.contains(it))
    }
}

/// Something that holds for how the classes of a sentence stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Feature {
    Has(u8),
    Next(u8, u8),
    NextTwo(u8, u8, u8),
    Later(u8, u8),
    Both(u8, u8),
    /// How many classes, and how many runs of unknown words among them; many are one.
    Length(u8),
    Unknowns(u8),
}

impl Feature {
    /// As the file of weights names it.
    fn named(name: &str) -> Option<Feature> {
        let class = |name: &str| Class::of_weight(name).map(|it| it.0);
        if let Some(name) = name.strip_prefix('=') {
            return Some(Feature::Has(class(name)?));
        }
        if let Some(n) = name.strip_prefix('#') {
            return Some(Feature::Length(n.parse().ok()?));
        }
        if let Some(n) = name.strip_prefix('x').and_then(|it| it.parse().ok()) {
            return Some(Feature::Unknowns(n));
        }
        let parts: Vec<&str> = name.split(' ').collect();
        match parts.as_slice() {
            [one, ">", later] => Some(Feature::Later(class(one)?, class(later)?)),
            [one, "&", other] => Some(Feature::Both(class(one)?, class(other)?)),
            [one, next] => Some(Feature::Next(class(one)?, class(next)?)),
            [one, next, last] => Some(Feature::NextTwo(class(one)?, class(next)?, class(last)?)),
            _ => None,
        }
    }

    /// All that holds, each once.
    fn all_of(classes: &[Class]) -> Vec<Feature> {
        let bounded: Vec<u8> = [&[BEGIN], classes, &[END]].concat().iter().map(|it| it.0).collect();
        let mut all: Vec<Feature> = classes.iter().map(|it| Feature::Has(it.0)).collect();
        all.extend(bounded.array_windows().map(|[one, next]| Feature::Next(*one, *next)));
        all.extend(
            bounded.array_windows().map(|[one, next, last]| Feature::NextTwo(*one, *next, *last)),
        );
        for (at, one) in classes.iter().enumerate().filter(|it| *it.1 != UNKNOWN) {
            let later = classes.iter().skip(at + 1).take(SPAN).filter(|it| **it != UNKNOWN);
            all.extend(later.map(|it| Feature::Later(one.0, it.0)));
        }
        let mut present: Vec<Class> = classes.iter().copied().filter(|it| *it != UNKNOWN).collect();
        present.sort_unstable();
        present.dedup();
        for (at, one) in present.iter().enumerate() {
            all.extend(present.iter().skip(at + 1).map(|it| Feature::Both(one.0, it.0)));
        }
        let n_unknown = classes.iter().filter(|it| **it == UNKNOWN).count();
        all.push(Feature::Length(classes.len().min(6) as u8));
        all.push(Feature::Unknowns(n_unknown.min(3) as u8));
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The compiled-in tables, read when first used.
fn shipped() -> Result<&'static Asking, &'static RulesError> {
    static ASKING: LazyLock<Result<Asking, RulesError>> =
        LazyLock::new(|| Asking::parse(&unpacked(WORDS), &unpacked(WEIGHTS)));
    ASKING.as_ref()
}

/// Checks the compiled-in tables.
///
/// # Errors
/// If one of them cannot be read.
pub(super) fn check() -> Result<(), RulesError> {
    shipped().map(|_| ()).map_err(Clone::clone)
}

/// The words in which a text made by `plain` asks for a person: those a rule heard, or
/// those of the sentence that asks most. `None` if it does not.
pub(super) fn heard(plain: &str, by_rule: Option<String>) -> Option<String> {
    let most = shipped().ok().and_then(|it| it.most(plain));
    let Some(most) = most else { return by_rule };
    if by_rule.is_some() {
        return by_rule.filter(|_| RULE_FROM < most.log_odds);
    }
    (ASKS_FROM < most.log_odds).then(|| most.told.join(", "))
}

struct Asking {
    words: Words,
    bias: f32,
    weights: HashMap<Feature, f32>,
}

/// The sentence of a text that asks most.
struct Most {
    log_odds: f32,
    /// Its words that matter, quoted.
    told: Vec<String>,
}

/// A sentence in one language.
struct Reading {
    classes: Vec<Class>,
    /// Letters that the language knows.
    n_known: usize,
    /// Where its words that can ask are.
    core: Vec<(usize, usize)>,
}

impl Asking {
    fn parse(words: &str, weights: &str) -> Result<Asking, RulesError> {
        let mut asking = Asking { words: Words::parse(words)?, bias: 0.0, weights: HashMap::new() };
        for (place, line) in weights.lines().enumerate() {
            asking.read(line).ok_or_else(|| RulesError::Unreadable {
                file: WEIGHTS_FILE,
                detail: format!("line {} is not a name and a weight", place + 1),
            })?;
        }
        Ok(asking)
    }

    fn read(&mut self, line: &str) -> Option<()> {
        let (name, weight) = line.split_once('\t')?;
        // Hundredths.
        let weight = weight.parse::<f32>().ok().filter(|it| it.is_finite())? / 100.0;
        if name == "bias" {
            self.bias = weight;
        } else {
            self.weights.insert(Feature::named(name)?, weight);
        }
        Some(())
    }

    /// `None` if no sentence can ask.
    fn most(&self, plain: &str) -> Option<Most> {
        let text = self.words.corrected(plain);
        let mut found = self.words.find(&text);
        found.sort_by_key(Found::order);
        let stops: Vec<usize> = text.match_indices(" . ").map(|it| it.0).collect();
        let mut best: Option<(f32, Reading)> = None;
        for [stop, end] in stops.array_windows() {
            let from = found.partition_point(|it| it.start < stop + 2);
            let to = found.partition_point(|it| it.start < *end);
            let found = found.get(from..to).unwrap_or_default();
            for reading in self.readings(&text, stop + 2, *end, found) {
                let log_odds = self.log_odds(&reading.classes);
                if best.as_ref().is_none_or(|it| it.0 < log_odds) {
                    best = Some((log_odds, reading));
                }
            }
        }
        let (log_odds, reading) = best?;
        let n_sentences = stops.len().saturating_sub(1).max(1);
        let words = reading.core.iter().filter_map(|it| text.get(it.0..it.1));
        let mut told: Vec<String> = words.take(MAX_TOLD).map(|it| format!("\"{it}\"")).collect();
        told.dedup();
        Some(Most { log_odds: log_odds - LETTER * (n_sentences as f32).ln(), told })
    }

    /// A sentence in each language it may be in, if it can ask there.
    fn readings(&self, text: &str, start: usize, end: usize, found: &[Found]) -> Vec<Reading> {
        let mut readings: Vec<Reading> = (0..self.words.n_languages)
            .filter(|language| found.iter().any(|it| it.language == *language))
            .map(|language| {
                let found = found.iter().filter(|it| it.language == language);
                Reading::of(text, start, end, found)
            })
            .collect();
        let most = readings.iter().map(|it| it.n_known).max().unwrap_or(0);
        readings.retain(|it| SHARE * most as f32 <= it.n_known as f32 && !it.core.is_empty());
        readings
    }

    fn log_odds(&self, classes: &[Class]) -> f32 {
        let weights = Feature::all_of(classes);
        self.bias + weights.iter().filter_map(|it| self.weights.get(it)).sum::<f32>()
    }
}

impl Reading {
    /// `found` is of one language and in order; what overlaps with what came before is
    /// left out.
    fn of<'a>(
        text: &str,
        start: usize,
        end: usize,
        found: impl Iterator<Item = &'a Found>,
    ) -> Reading {
        let mut reading = Reading { classes: Vec::new(), n_known: 0, core: Vec::new() };
        let mut at = start;
        for it in found {
            if it.start < at {
                continue;
            }
            reading.pass(text, at, it.start);
            if !it.class.is_one_of(&[FILLER]) {
                reading.classes.push(it.class);
            }
            if it.class.is_one_of(&CORE) && reading.classes.len() <= MAX_CLASSES {
                reading.core.push((it.start, it.end));
            }
            at = it.end;
            reading.n_known += text.get(it.start..it.end).map_or(0, |it| it.chars().count());
        }
        reading.pass(text, at, end);
        reading.classes.truncate(MAX_CLASSES);
        reading
    }

    /// Words in between that the language does not know.
    fn pass(&mut self, text: &str, from: usize, to: usize) {
        let between = text.get(from..to).unwrap_or_default();
        if !between.trim_matches([' ', '.']).is_empty() && self.classes.last() != Some(&UNKNOWN) {
            self.classes.push(UNKNOWN);
        }
    }
}
