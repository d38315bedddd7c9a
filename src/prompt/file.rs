//! A prompt file: front matter between two `---` lines, then a part under the
//! line `# system` and one under `# user`. Lines in errors are the file's own.

use minijinja::Environment;

use super::PromptError;
use super::PromptSettings;

/// The template's name of a prompt's first part.
pub(super) fn system_of(name: &str) -> String {
    format!("{name}/system")
}

/// The template's name of a prompt's second part.
pub(super) fn user_of(name: &str) -> String {
    format!("{name}/user")
}

/// Parses a prompt and adds its two parts to the templates.
pub(super) fn add(
    templates: &mut Environment<'static>,
    name: &str,
    file: &str,
    text: &str,
) -> Result<PromptSettings, PromptError> {
    let unsound = |line: usize, detail: &str| PromptError::Unsound {
        file: file.to_owned(),
        line,
        detail: detail.to_owned(),
    };
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let marks = Marks::find(&text).map_err(|detail| unsound(1, detail))?;
    let settings = settings(&marks.front_matter).map_err(|(line, it)| unsound(line, &it))?;
    for (part, source) in [(system_of(name), marks.system), (user_of(name), marks.user)] {
        templates
            .add_template_owned(part, source)
            .map_err(|err| unsound(err.line().unwrap_or(1), &told(&err)))?;
    }
    Ok(settings)
}

/// What is wrong with a template, without the place, which is told apart.
pub(super) fn told(err: &minijinja::Error) -> String {
    match err.detail() {
        Some(detail) => format!("{}: {detail}", err.kind()),
        None => err.kind().to_string(),
    }
}

/// The three parts of a file, each with as many line breaks before it as there
/// are lines above it, so that a parser counts the file's lines.
struct Marks {
    front_matter: String,
    system: String,
    user: String,
}

impl Marks {
    fn find(text: &str) -> Result<Marks, &'static str> {
        let lines: Vec<&str> = text.lines().collect();
        let line_of = |mark: &str, from: usize| {
            lines.iter().skip(from).position(|it| it.trim_end() == mark).map(|it| it + from)
        };
        if line_of("---", 0) != Some(0) {
            return Err(
                "must start with a line `---`, then model, temperature, max_tokens and schema",
            );
        }
        let end = line_of("---", 1).ok_or("has no line `---` that ends the front matter")?;
        let system = line_of("# system", end + 1).ok_or("has no line `# system`")?;
        let user = line_of("# user", system + 1).ok_or("has no line `# user` below `# system`")?;
        let part = |from: usize, to: usize| {
            let own = lines.get(from..to).unwrap_or_default().join("\n");
            "\n".repeat(from) + &own
        };
        Ok(Marks {
            front_matter: part(1, end),
            system: part(system + 1, user),
            user: part(user + 1, lines.len()),
        })
    }
}

fn settings(front_matter: &str) -> Result<PromptSettings, (usize, String)> {
    let settings: PromptSettings = serde_saphyr::from_str(front_matter).map_err(|err| {
        let line = err.location().map_or(1, |it| usize::try_from(it.line()).unwrap_or(1));
        (line, err.to_string().lines().next().unwrap_or_default().to_owned())
    })?;
    // A NaN fails every comparison and so is refused too.
    if !(0.0..=2.0).contains(&settings.temperature) {
        return Err((1, "temperature must be from 0.0 to 2.0".to_owned()));
    }
    if !(1..=100_000).contains(&settings.max_tokens) {
        return Err((1, "max_tokens must be from 1 to 100000".to_owned()));
    }
    if !settings.schema.is_object() {
        return Err((1, "schema must be a JSON schema, a table of keys".to_owned()));
    }
    Ok(settings)
}
