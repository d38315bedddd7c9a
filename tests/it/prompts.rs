//! Prompts as an operator meets them: built in, replaced from a folder, refused
//! at start with the file and the line.

use std::fs;
use std::path::Path;

use deskhand::prompt::DraftSlots;
use deskhand::prompt::Fence;
use deskhand::prompt::PassageSlot;
use deskhand::prompt::PromptError;
use deskhand::prompt::Prompts;

const BUILT_IN: &str = include_str!("../../prompts/draft.md");

fn slots(question: &str) -> DraftSlots {
    let fence = Fence::new(42);
    DraftSlots {
        language: Some("de".to_owned()),
        conversation: None,
        question: fence.around("question", question),
        passages: vec![PassageSlot { number: 1, text: fence.around("passage", "Open Settings.") }],
        fence,
    }
}

/// What loading says with this text as the team's `draft.md`.
fn refusal(text: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("draft.md"), text).unwrap();
    let err = Prompts::load(Some(folder.path())).unwrap_err();
    assert!(matches!(err, PromptError::Unsound { .. }), "{err}");
    err.to_string()
}

/// The number of the line of the built-in prompt that has this text.
fn line_of(text: &str) -> usize {
    BUILT_IN.lines().position(|it| it.contains(text)).unwrap() + 1
}

#[test]
fn the_prompts_that_come_with_the_program_are_sound() {
    let prompts = Prompts::load(None).unwrap();
    let prompt = prompts.draft(&slots("How do I pay?")).unwrap();
    assert!(prompt.system.contains("`de`"), "names the language");
    assert!(prompt.user.contains("How do I pay?"));
    assert!(prompt.user.contains("Passage 1\n[begin passage 000000000000002a]\nOpen Settings."));
    assert_eq!(prompt.settings.schema["required"][0], "sentences");
    assert!(prompt.settings.max_tokens > 0);
}

#[test]
fn a_team_replaces_a_prompt_with_a_file_and_the_version_tells() {
    let folder = tempfile::tempdir().unwrap();
    let built_in = Prompts::load(None).unwrap();
    let untouched = Prompts::load(Some(folder.path())).unwrap();
    assert_eq!(untouched.version(), built_in.version());

    let text = BUILT_IN.replace("You write the reply", "You, of Example Ltd, write the reply");
    fs::write(folder.path().join("draft.md"), text.replace('\n', "\r\n")).unwrap();
    let replaced = Prompts::load(Some(folder.path())).unwrap();
    assert!(replaced.draft(&slots("?")).unwrap().system.starts_with("You, of Example Ltd,"));
    assert_ne!(replaced.version(), built_in.version());
    assert_eq!(replaced.version().len(), 12);
}

#[test]
fn a_file_that_replaces_nothing_is_a_mistake() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("drafts.md"), BUILT_IN).unwrap();
    let err = Prompts::load(Some(folder.path())).unwrap_err();
    assert!(matches!(err, PromptError::Unknown { .. }), "{err}");
    assert!(err.to_string().contains("drafts.md"), "{err}");
}

#[test]
fn a_folder_that_is_not_there_is_a_mistake() {
    let err = Prompts::load(Some(Path::new("no/such/folder"))).unwrap_err();
    assert!(matches!(err, PromptError::Unreadable { .. }), "{err}");
}

#[test]
fn a_mistake_is_told_with_its_file_and_line() {
    let line = line_of("{{ question }}");
    for (text, expected) in [
        (
            BUILT_IN.replace("{{ question }}", "{{ question + }}"),
            format!("draft.md, line {line}: "),
        ),
        (
            BUILT_IN.replace("{{ question }}", "{{ question | nofilter }}"),
            format!("draft.md, line {line}: "),
        ),
        (
            BUILT_IN.replace("{{ question }}", "{{ question }}{{ custmer }}"),
            "there is no `custmer`".to_owned(),
        ),
        (
            // No sample goes this way.
            BUILT_IN.replace(
                "{{ question }}",
                "{{ question }}{% if passages|length > 9 %}{{ custmer }}{% endif %}",
            ),
            "there is no `custmer`".to_owned(),
        ),
        (
            BUILT_IN.replace("temperature", "temprature"),
            format!("draft.md, line {}: ", line_of("temperature")),
        ),
        (
            BUILT_IN.replace("temperature: 0.0", "temperature: 9"),
            "temperature must be from 0.0 to 2.0".to_owned(),
        ),
        (
            BUILT_IN.replace("temperature: 0.0", "temperature: .nan"),
            "temperature must be from 0.0 to 2.0".to_owned(),
        ),
        (BUILT_IN.replace("# user\n", ""), "has no line `# user`".to_owned()),
        (BUILT_IN.replace("# system\n", ""), "has no line `# system`".to_owned()),
        (String::new(), "must start with a line `---`".to_owned()),
        ("---\nmodel: large\n".to_owned(), "has no line `---` that ends".to_owned()),
    ] {
        let refusal = refusal(&text);
        assert!(refusal.contains("draft.md, line "), "{refusal}");
        assert!(refusal.contains(&expected), "expected {expected:?} in {refusal:?}");
    }
}

#[test]
fn a_prompt_that_opens_a_fence_is_refused() {
    for cut in ["{{ question | upper }}", "{{ question | replace('[', '(') }}", ""] {
        let refusal = refusal(&BUILT_IN.replace("{{ question }}", cut));
        assert!(refusal.contains("leaves out or changes"), "{cut}: {refusal}");
    }
}

#[test]
fn a_prompt_that_never_ends_is_refused() {
    let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
    refusal(&BUILT_IN.replace("{{ question }}", &format!("{{{{ question }}}}{endless}")));
}

#[test]
fn what_customers_write_is_never_a_template() {
    let prompts = Prompts::load(None).unwrap();
    let question = "{{ fence }} {% for it in passages %}{{ it }}{% endfor %} {# hidden #} <b>&amp;";
    let prompt = prompts.draft(&slots(question)).unwrap();
    assert!(prompt.user.contains(question), "arrives as it was written");
}
