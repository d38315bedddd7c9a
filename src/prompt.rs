//! What is said to a model: templates from `prompts/`, parsed and rendered once
//! with samples at start, each replaceable from a folder. Text of customers and
//! articles gets in only between fences, as a value, never as a template.

mod fence;
mod file;

use std::fs;
use std::io;
use std::path::Path;

use minijinja::Environment;
use minijinja::UndefinedBehavior;
use minijinja::value::Serde;
use serde::Deserialize;
use serde::Serialize;
use serde_json::Value;
use sha2::Digest;
use sha2::Sha256;

pub use fence::Fence;
pub use fence::Fenced;

/// The prompt a reply is drafted with.
const DRAFT: &str = "draft";

/// Name and text of every prompt, as compiled in.
const BUILT_IN: [(&str, &str); 1] = [(DRAFT, include_str!("../prompts/draft.md"))];

/// How much work one rendering may be, in template instructions. Guessed: a
/// prompt with 100 passages takes about 1,000; a runaway loop stops at once.
const FUEL: u64 = 100_000;

/// A prompt that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PromptError {
    /// The folder or a file in it could not be read.
    #[error("could not read {path}: {detail}; check files.prompts and the permissions")]
    Unreadable { path: String, detail: String },
    /// A file in the folder that would replace nothing: most likely misspelled.
    #[error("{path} replaces no prompt; the prompts are: {known}")]
    Unknown { path: String, known: String },
    /// Correct the file.
    #[error("{file}, line {line}: {detail}")]
    Unsound { file: String, line: usize, detail: String },
}

/// How large a model a prompt was written for. One endpoint serves both today.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ModelClass {
    Small,
    Large,
}

/// The front matter of a prompt.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromptSettings {
    pub model: ModelClass,
    /// 0.0–2.0.
    pub temperature: f32,
    /// The most tokens an answer may have.
    pub max_tokens: usize,
    /// JSON schema of the answer.
    pub schema: Value,
}

/// One prompt, ready to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// `draft`.
    pub name: &'static str,
    pub system: String,
    pub user: String,
    pub settings: PromptSettings,
}

/// What `draft.md` may use. Everything written by customers or found in articles
/// is [`Fenced`], so that a replaced template cannot forget to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DraftSlots {
    /// The code all fences of this request carry.
    pub fence: Fence,
    /// ISO 639-1; `None` if unknown.
    pub language: Option<String>,
    /// Earlier turns, oldest first; `None` in a new conversation.
    pub conversation: Option<Fenced>,
    pub question: Fenced,
    /// Best first. Empty while the rest is being measured.
    pub passages: Vec<PassageSlot>,
}

/// A passage as the model sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PassageSlot {
    /// What the model cites it by, from 1.
    pub number: usize,
    pub text: Fenced,
}

/// The names of the fields of [`DraftSlots`].
const SLOTS: [&str; 5] = ["fence", "language", "conversation", "question", "passages"];

impl DraftSlots {
    /// Made-up slots with everything in them, to try a template with.
    fn full_sample() -> DraftSlots {
        let fence = Fence::new(0x5eed_0fde_5c4a_ad00);
        let passage = |number, text| PassageSlot { number, text: fence.around("passage", text) };
        DraftSlots {
            language: Some("en".to_owned()),
            conversation: Some(fence.around("conversation", "Customer: hello\nTeam: hello")),
            question: fence.around("question", "How do I {{ change }} my {% plan %}?"),
            passages: vec![passage(1, "Open Settings."), passage(2, "Choose a plan.")],
            fence,
        }
    }

    /// Made-up slots with as little in them as there can be.
    fn bare_sample() -> DraftSlots {
        let full = DraftSlots::full_sample();
        DraftSlots { language: None, conversation: None, passages: Vec::new(), ..full }
    }

    /// Every fenced text, in no particular order.
    fn fenced(&self) -> impl Iterator<Item = &Fenced> {
        let passages = self.passages.iter().map(|it| &it.text);
        self.conversation.iter().chain([&self.question]).chain(passages)
    }
}

/// All prompts, checked.
#[derive(Debug)]
pub struct Prompts {
    templates: Environment<'static>,
    draft: PromptSettings,
    version: String,
}

impl Prompts {
    /// Loads every prompt, taking `{name}.md` from `folder` in the place of the
    /// built-in one where it is there. Each is rendered with samples.
    ///
    /// # Errors
    /// If the folder cannot be read, holds an `.md` file that replaces nothing,
    /// or a prompt does not parse, render or show what it is given.
    pub fn load(folder: Option<&Path>) -> Result<Prompts, PromptError> {
        if let Some(folder) = folder {
            refuse_unknown(folder)?;
        }
        let mut templates = Environment::new();
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        templates.set_fuel(Some(FUEL));
        let mut hash = Sha256::new();
        let mut draft = None;
        for (name, built_in) in BUILT_IN {
            let (file, text) = source(folder, name, built_in)?;
            hash.update(name.as_bytes());
            hash.update([0]);
            hash.update(text.as_bytes());
            hash.update([0]);
            draft = Some(file::add(&mut templates, name, &file, &text)?);
            refuse_unknown_names(&templates, &file)?;
            try_out(&templates, &file)?;
        }
        let draft = draft.ok_or_else(|| PromptError::Unsound {
            file: format!("{DRAFT}.md"),
            line: 1,
            detail: "is missing".to_owned(),
        })?;
        let version = hex::encode(hash.finalize()).chars().take(12).collect();
        Ok(Prompts { templates, draft, version })
    }

    /// Twelve hex digits that change when any prompt does.
    pub fn version(&self) -> String {
        self.version.clone()
    }

    /// The prompt that asks for a reply.
    ///
    /// # Errors
    /// If the template fails on these slots though it did not on the samples. The
    /// error says where, and nothing of what was in the slots.
    pub fn draft(&self, slots: &DraftSlots) -> Result<Prompt, PromptError> {
        let part = |part: &str| {
            render(&self.templates, part, slots).map_err(|err| PromptError::Unsound {
                file: format!("{DRAFT}.md"),
                line: err.line().unwrap_or(1),
                // The error's own words may quote the value it stumbled over.
                detail: format!("did not render: {}", err.kind()),
            })
        };
        let (system, user) = (part(&file::system_of(DRAFT))?, part(&file::user_of(DRAFT))?);
        Ok(Prompt { name: DRAFT, system, user, settings: self.draft.clone() })
    }
}

fn render(
    templates: &Environment<'static>,
    part: &str,
    slots: &DraftSlots,
) -> Result<String, minijinja::Error> {
    let slots = minijinja::Value::from(Serde(slots));
    Ok(templates.get_template(part)?.render(slots)?.trim().to_owned())
}

/// Finds misspelled names in branches that no sample takes.
fn refuse_unknown_names(templates: &Environment<'static>, file: &str) -> Result<(), PromptError> {
    for (_, template) in templates.templates() {
        let globals = |name: &str| templates.globals().any(|(it, _)| it == name);
        let mut unknown: Vec<String> = template.undeclared_variables(false).into_iter().collect();
        unknown.retain(|it| !SLOTS.contains(&it.as_str()) && !globals(it));
        unknown.sort();
        if !unknown.is_empty() {
            let (unknown, known) = (unknown.join(", "), SLOTS.join(", "));
            let detail = format!("there is no `{unknown}`; there are: {known}");
            return Err(PromptError::Unsound { file: file.to_owned(), line: 1, detail });
        }
    }
    Ok(())
}

/// Renders the samples, and looks whether everything fenced arrived whole: a
/// template that cuts or changes a fenced text has opened the fence.
fn try_out(templates: &Environment<'static>, file: &str) -> Result<(), PromptError> {
    let unsound = |line: usize, detail: String| {
        Err(PromptError::Unsound { file: file.to_owned(), line, detail })
    };
    for slots in [DraftSlots::full_sample(), DraftSlots::bare_sample()] {
        let mut text = String::new();
        for part in [file::system_of(DRAFT), file::user_of(DRAFT)] {
            match render(templates, &part, &slots) {
                Ok(rendered) => text.push_str(&rendered),
                Err(err) => return unsound(err.line().unwrap_or(1), file::told(&err)),
            }
            text.push('\n');
        }
        if !slots.fenced().all(|it| text.contains(it.as_str())) {
            let detail = "leaves out or changes `question`, `conversation` or the `text` of a \
                          passage; show each as it is";
            return unsound(1, detail.to_owned());
        }
    }
    Ok(())
}

/// The file's name for messages, and its text.
fn source(
    folder: Option<&Path>,
    name: &str,
    built_in: &str,
) -> Result<(String, String), PromptError> {
    let Some(folder) = folder else {
        return Ok((format!("{name}.md"), built_in.to_owned()));
    };
    let path = folder.join(format!("{name}.md"));
    let shown = path.display().to_string();
    match fs::read_to_string(&path) {
        Ok(text) => Ok((shown, text)),
        Err(err) if err.kind() == io::ErrorKind::NotFound => {
            Ok((format!("{name}.md"), built_in.to_owned()))
        }
        Err(err) => Err(PromptError::Unreadable { path: shown, detail: err.to_string() }),
    }
}

fn refuse_unknown(folder: &Path) -> Result<(), PromptError> {
    let unreadable = |err: io::Error| PromptError::Unreadable {
        path: folder.display().to_string(),
        detail: err.to_string(),
    };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_prompt = path.extension().is_some_and(|it| it == "md");
        let known = BUILT_IN.map(|(name, _)| name);
        let replaces = path.file_stem().is_some_and(|stem| known.iter().any(|it| stem == *it));
        if is_prompt && !replaces {
            let path = path.display().to_string();
            return Err(PromptError::Unknown { path, known: known.join(", ") });
        }
    }
    Ok(())
}
