//! Where a customer is on the way from first hearing of a business to
//! recommending it. Stages are data (`config/stages/*.toml`); this file knows
//! what a stage model is, not what any stage means.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::text::cues::Cues;
use crate::text::cues::plain;
use crate::text::shorten;
use crate::ticket::AuthorKind;
use crate::ticket::Ticket;

/// A place on the customer journey, as a ticket is tagged with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageTag {
    /// Id of a stage of the active model, or `unknown`.
    pub id: String,
    /// 0.0–1.0: how clearly the ticket spoke for this stage. 0.0 for `unknown`.
    pub strength: f32,
    /// Why, in words an agent understands.
    pub reason: String,
}

impl StageTag {
    /// The answer when nothing in a ticket speaks for any stage.
    pub fn unknown() -> StageTag {
        StageTag {
            id: "unknown".to_owned(),
            strength: 0.0,
            reason: "no cue of any stage".to_owned(),
        }
    }
}

/// The stages a business counts its customers in, in the order of the journey.
#[derive(Debug)]
pub struct StageModel {
    pub id: String,
    pub label: String,
    pub stages: Vec<Stage>,
    cues: Cues,
    /// For each cue row: the stage it speaks for and how strongly.
    rows: Vec<(usize, f32)>,
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

const CUES_FILE: &str = "journey_cues.toml";
const CUES: &str = include_str!("../config/journey_cues.toml");

/// Words that speak for a kind of stage, by how clearly they do.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CueTable {
    /// Settle the stage alone.
    #[serde(default)]
    strong: Vec<String>,
    /// Count half: also heard in other stages.
    #[serde(default)]
    weak: Vec<String>,
}

const STRONG: f32 = 2.0;
const WEAK: f32 = 1.0;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    label: String,
    stage: Vec<Stage>,
}

fn cue_tables() -> Result<&'static BTreeMap<String, CueTable>, StageError> {
    static TABLES: LazyLock<Result<BTreeMap<String, CueTable>, String>> =
        LazyLock::new(|| toml::from_str(CUES).map_err(|it| it.to_string()));
    TABLES.as_ref().map_err(|detail| StageError::Unreadable {
        file: CUES_FILE.to_owned(),
        detail: detail.clone(),
    })
}

impl StageModel {
    /// The model of one file. `file` is only named in errors.
    pub fn parse(file: &str, text: &str) -> Result<StageModel, StageError> {
        let read: File = toml::from_str(text).map_err(|error| StageError::Unreadable {
            file: file.to_owned(),
            detail: error.to_string(),
        })?;
        check(file, &read)?;
        let tables = cue_tables()?;
        let mut rows = Vec::new();
        let mut cues: Vec<(&str, usize)> = Vec::new();
        for (stage_idx, stage) in read.stage.iter().enumerate() {
            let strong_row = rows.len();
            rows.extend([(stage_idx, STRONG), (stage_idx, WEAK)]);
            cues.extend(stage.own_cues.iter().map(|it| (it.as_str(), strong_row)));
            for name in &stage.cues {
                let table = tables.get(name).ok_or_else(|| StageError::Invalid {
                    file: file.to_owned(),
                    key: format!("stage `{}`.cues", stage.id),
                    problem: format!("names `{name}`, which {CUES_FILE} does not have"),
                })?;
                cues.extend(table.strong.iter().map(|it| (it.as_str(), strong_row)));
                cues.extend(table.weak.iter().map(|it| (it.as_str(), strong_row + 1)));
            }
        }
        let cues = Cues::compile(cues);
        Ok(StageModel { id: read.id, label: read.label, stages: read.stage, cues, rows })
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

    /// The stage a ticket speaks for most, by its open question and subject; if
    /// they say nothing, by what the customer wrote before. `unknown` if no cue
    /// of any stage occurs.
    pub fn tag(&self, ticket: &Ticket) -> StageTag {
        let open = format!("{}\n{}", ticket.subject, ticket.question);
        let tag = self.tag_text(&open);
        if tag.strength > 0.0 {
            return tag;
        }
        let earlier = ticket.turns.iter().filter(|it| it.author == AuthorKind::Customer);
        let earlier: Vec<&str> = earlier.map(|it| it.text.as_str()).collect();
        let mut tag = self.tag_text(&earlier.join("\n"));
        // Half: what was said before may have been settled since.
        tag.strength /= 2.0;
        tag
    }

    fn tag_text(&self, text: &str) -> StageTag {
        let start: String = text.chars().take(READ_CHARS).collect();
        let mut scores = vec![0.0_f32; self.stages.len()];
        let mut said: Vec<Vec<&str>> = vec![Vec::new(); self.stages.len()];
        for found in self.cues.find(&plain(&start)) {
            let Some((stage_idx, weight)) = self.rows.get(found.row) else { continue };
            if let (Some(score), Some(said)) =
                (scores.get_mut(*stage_idx), said.get_mut(*stage_idx))
            {
                *score += weight;
                said.push(found.cue);
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
        let words = said.get(best_idx).map(|it| it.iter().take(3).map(|it| format!("\"{it}\"")));
        let words: Vec<String> = words.into_iter().flatten().collect();
        StageTag {
            id: self.stages.get(best_idx).map(|it| it.id.clone()).unwrap_or_default(),
            strength: best_score / (best_score + second + WEAK),
            reason: shorten(&format!("the customer says {}", words.join(", ")), 200),
        }
    }
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
