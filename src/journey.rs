//! Where a customer is on the way from first hearing of a business to
//! recommending it. Stages are data (`config/stages/*.toml`); this file knows
//! what a stage model is, not what any stage means.

mod kinds;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::text::cues::Cues;
use crate::text::cues::plain;
use crate::text::shorten;

use self::kinds::CUES_FILE;
pub use self::kinds::Cued;
pub use self::kinds::KINDS;
pub use self::kinds::N_KINDS;
use self::kinds::cue_tables;
pub use self::kinds::cued;

/// A place on the customer journey, as a ticket is tagged with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageTag {
    /// Id of a stage of the active model, or `unknown`.
    pub id: String,
    /// 0.0–1.0: how clearly the ticket spoke for this stage. 0.0 for `unknown`.
    pub strength: f32,
    /// Why, in words an agent understands.
    pub reason: String,
    /// Who says so. `Words` in records from before this was kept.
    #[serde(default)]
    pub by: SaidBy,
}

/// What a stage or a topic rests on, the most certain first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SaidBy {
    /// A person of the team set it: nothing else moves it.
    Person,
    /// A cue the business named as its own.
    Rule,
    /// What the team's past tickets were labelled with.
    Team,
    /// The customer's words.
    #[default]
    Words,
}

impl StageTag {
    /// The answer when nothing in a ticket speaks for any stage.
    pub fn unknown() -> StageTag {
        StageTag {
            id: UNKNOWN.to_owned(),
            strength: 0.0,
            reason: "no cue of any stage".to_owned(),
            by: SaidBy::Words,
        }
    }
}

impl Default for StageTag {
    fn default() -> StageTag {
        StageTag::unknown()
    }
}

/// The id of no stage.
pub const UNKNOWN: &str = "unknown";

/// The stages a business counts its customers in, in the order of the journey.
#[derive(Debug)]
pub struct StageModel {
    pub id: String,
    pub label: String,
    pub stages: Vec<Stage>,
    /// The cues of this business alone; the row is the stage's place.
    own: Cues,
}

/// One stage, as its file describes it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// Lower case with `_`; the tag in a helpdesk.
    pub id: String,
    pub label: String,
    /// Other words for the same stage. May be empty.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// One sentence: what the customer has when the stage is done well.
    pub goal: String,
    /// What must be true before a customer has left this stage.
    pub exit: String,
    /// The team that answers for the stage.
    pub owner: String,
    /// What the next team is told when a customer moves on.
    #[serde(default)]
    pub handoff: String,
    #[serde(default)]
    pub touchpoints: Vec<String>,
    #[serde(default)]
    pub questions: Vec<String>,
    #[serde(default)]
    pub risks: Vec<String>,
    #[serde(default)]
    pub metrics: Vec<String>,
    /// Names of tables in `config/journey_cues.toml` that speak for this stage.
    #[serde(default)]
    pub cues: Vec<String>,
    /// Cues of this business alone, counted as strong. `*` lets a word go on.
    #[serde(default)]
    pub own_cues: Vec<String>,
    pub playbook: Playbooks,
}

/// What to do with a customer of a stage, by how they are doing.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbooks {
    pub on_track: Playbook,
    pub at_risk: Playbook,
    pub ready_to_grow: Playbook,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Playbook {
    /// What to look at before answering.
    pub check: Vec<String>,
    /// What to tell the customer, in one or two sentences.
    pub say: String,
    /// What happens after the answer.
    pub next: String,
}

/// A stage file that cannot be used. Says which file and which key.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StageError {
    #[error("{file}: {detail}")]
    Unreadable { file: String, detail: String },
    #[error("{file}: {key} {problem}")]
    Invalid { file: String, key: String, problem: String },
}

/// The models that come with Deskhand: (file, text).
const SHIPPED: &[(&str, &str)] = &[
    ("stages/m1.toml", include_str!("../config/stages/m1.toml")),
    ("stages/m2.toml", include_str!("../config/stages/m2.toml")),
    ("stages/m5.toml", include_str!("../config/stages/m5.toml")),
    ("stages/m6.toml", include_str!("../config/stages/m6.toml")),
    ("stages/m7.toml", include_str!("../config/stages/m7.toml")),
];

const STRONG: f32 = 2.0;
const WEAK: f32 = 1.0;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    label: String,
    stage: Vec<Stage>,
}

impl StageModel {
    /// The model of one file. `file` is only named in errors.
    pub fn parse(file: &str, text: &str) -> Result<StageModel, StageError> {
        let read: File = toml::from_str(text).map_err(|error| StageError::Unreadable {
            file: file.to_owned(),
            detail: error.to_string(),
        })?;
        check(file, &read)?;
        cue_tables()?;
        let known = |name: &String| KINDS.iter().any(|it| it.1.contains(&name.as_str()));
        for stage in &read.stage {
            if let Some(name) = stage.cues.iter().find(|it| !known(it)) {
                return Err(StageError::Invalid {
                    file: file.to_owned(),
                    key: format!("stage `{}`.cues", stage.id),
                    problem: format!("names `{name}`, which {CUES_FILE} does not have"),
                });
            }
        }
        let own = read.stage.iter().enumerate();
        let own =
            own.flat_map(|(place, it)| it.own_cues.iter().map(move |cue| (cue.as_str(), place)));
        let own = Cues::compile(own);
        Ok(StageModel { id: read.id, label: read.label, stages: read.stage, own })
    }

    /// The kinds of stage themselves, each a stage of its own: what labelled messages of
    /// many businesses are told apart by.
    ///
    /// # Errors
    /// If the cue tables cannot be read.
    pub fn of_kinds() -> Result<StageModel, StageError> {
        let stages = KINDS.iter().map(|(kind, tables)| {
            format!(
                "[[stage]]\nid = \"{kind}\"\nlabel = \"{kind}\"\ngoal = \"-\"\nexit = \"-\"\n\
                 owner = \"-\"\ncues = {tables:?}\n"
            ) + &["on_track", "at_risk", "ready_to_grow"]
                .map(|it| format!("[stage.playbook.{it}]\ncheck = []\nsay = \"\"\nnext = \"\"\n"))
                .concat()
        });
        let text: String = stages.collect();
        StageModel::parse("kinds", &format!("id = \"kinds\"\nlabel = \"Kinds of stage\"\n{text}"))
    }

    /// All models that come with Deskhand.
    pub fn shipped() -> Result<Vec<StageModel>, StageError> {
        SHIPPED.iter().map(|(file, text)| StageModel::parse(file, text)).collect()
    }

    /// The model that comes with Deskhand under this id (`m1`, `m2`, `m5`, `m6`,
    /// `m7`); `None` if there is none.
    pub fn preset(id: &str) -> Option<Result<StageModel, StageError>> {
        let file = format!("stages/{id}.toml");
        let (file, text) = SHIPPED.iter().find(|it| it.0 == file)?;
        Some(StageModel::parse(file, text))
    }

    /// The stage with this id or alias, in any case.
    pub fn stage(&self, name: &str) -> Option<&Stage> {
        let name = name.to_lowercase();
        let same = |it: &String| it.to_lowercase() == name;
        self.stages.iter().find(|it| it.id == name || it.aliases.iter().any(same))
    }

    /// The place of the stage that lists this cue table; the first, if several do.
    pub fn place_of(&self, table: &str) -> Option<usize> {
        self.stages.iter().position(|it| it.cues.iter().any(|name| name == table))
    }

    /// The stage one of whose own cues stands in a text; the last one wins, as later
    /// stages do. `None` if no own cue does.
    pub fn by_own_cues(&self, text: &str) -> Option<StageTag> {
        let start: String = text.chars().take(READ_CHARS).collect();
        let found = self.own.find(&plain(&start));
        let last = found.iter().max_by_key(|it| it.row)?;
        Some(StageTag {
            id: self.stages.get(last.row)?.id.clone(),
            strength: 1.0,
            reason: shorten(
                &format!("the customer says \"{}\", a cue of this team", last.cue),
                200,
            ),
            by: SaidBy::Rule,
        })
    }

    /// The stage whose cues in a text count most. `unknown` if there are none.
    pub fn by_cues(&self, cued: &[Cued<'_>]) -> StageTag {
        let mut scores = vec![0.0_f32; self.stages.len()];
        let mut said: Vec<Vec<&str>> = vec![Vec::new(); self.stages.len()];
        for it in cued {
            let places = self.stages.iter().enumerate();
            let places = places.filter(|(_, stage)| stage.cues.iter().any(|name| name == it.table));
            for (place, _) in places {
                if let (Some(score), Some(said)) = (scores.get_mut(place), said.get_mut(place)) {
                    *score += if it.is_strong { STRONG } else { WEAK };
                    said.push(it.cue);
                }
            }
        }
        // Later stages win ties: a customer who mentions both the purchase and
        // the trouble after it is past the purchase.
        let best = scores.iter().enumerate().max_by(|one, other| one.1.total_cmp(other.1));
        let Some((best_idx, best_score)) = best.filter(|it| *it.1 > 0.0) else {
            return StageTag::unknown();
        };
        let others = scores.iter().enumerate().filter(|it| it.0 != best_idx).map(|it| *it.1);
        let second = others.fold(0.0_f32, f32::max);
        let said = said.get(best_idx).map(Vec::as_slice).unwrap_or_default();
        StageTag {
            id: self.stages.get(best_idx).map(|it| it.id.clone()).unwrap_or_default(),
            strength: best_score / (best_score + second + WEAK),
            reason: says(said),
            by: SaidBy::Words,
        }
    }
}

/// "the customer says …", of the first three of some words.
pub fn says(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().take(3).map(|it| format!("\"{it}\"")).collect();
    shorten(&format!("the customer says {}", words.join(", ")), 200)
}

/// How much of a text is read for cues. Longer ones are logs.
const READ_CHARS: usize = 20_000;

fn check(file: &str, read: &File) -> Result<(), StageError> {
    let invalid = |key: String, problem: &str| {
        Err(StageError::Invalid { file: file.to_owned(), key, problem: problem.to_owned() })
    };
    if read.stage.is_empty() {
        return invalid("stage".to_owned(), "lists no stage");
    }
    let mut seen = BTreeSet::new();
    for stage in &read.stage {
        let key = |it: &str| format!("stage `{}`.{it}", stage.id);
        let well_formed = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
        if stage.id.is_empty() || !stage.id.chars().all(well_formed) {
            return invalid(key("id"), "must be lower-case letters, digits and `_`");
        }
        if stage.id == "unknown" {
            return invalid(key("id"), "is kept for tickets without a stage");
        }
        for name in stage.aliases.iter().chain([&stage.id]) {
            if !seen.insert(name.to_lowercase()) {
                return invalid(key("aliases"), &format!("says `{name}` twice in one model"));
            }
        }
        for (name, text) in [
            ("label", &stage.label),
            ("goal", &stage.goal),
            ("exit", &stage.exit),
            ("owner", &stage.owner),
        ] {
            if text.trim().is_empty() {
                return invalid(key(name), "is empty");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
