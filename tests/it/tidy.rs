//! House rules no compiler knows: headers, sizes, names, and that what is data
//! (prompts, connectors, settings) is compiled in.

use regex::Regex;

use crate::support::tree;
use crate::support::tree::File;

/// Lines a source file may have before it must say why, as house style has it.
const MAX_LINES: usize = 400;

/// Lines of prose in a file's header; more belongs to the items below it.
const MAX_HEADER_LINES: usize = 4;

/// Ends of type names that say nothing about the trade.
const EMPTY_WORDS: &str = "Manager|Helper|Helpers|Util|Utils|Service|Data|Info|Impl";

fn sources() -> Vec<File> {
    let folders = ["src", "tests", "benches", "examples"];
    let files: Vec<File> = folders.iter().flat_map(|it| tree::files(it)).collect();
    files.into_iter().filter(|it| it.path.ends_with(".rs")).collect()
}

/// What people read or the program embeds, besides the sources.
fn texts() -> Vec<File> {
    let folders = ["prompts", "connectors", "config", "docs", ".ci", "tests", "src", "benches"];
    let mut files: Vec<File> = folders.iter().flat_map(|it| tree::files(it)).collect();
    files.extend(
        ["Cargo.toml", "README.md", "CHANGELOG.md"]
            .map(|path| File { path: path.to_owned(), text: tree::read(path) }),
    );
    files
}

fn none(breaches: &[String], rule: &str) {
    assert!(breaches.is_empty(), "{rule}:\n{}", breaches.join("\n"));
}

#[test]
fn every_file_opens_with_what_it_promises() {
    let mut breaches = Vec::new();
    for file in sources() {
        let header = file.text.lines().take_while(|it| it.starts_with("//!"));
        let n_lines = header.filter(|it| it.trim() != "//!").count();
        // The crate's own page draws the flow, and an example says how it is run.
        let is_page = file.path == "src/lib.rs" || file.path.starts_with("examples/");
        let too_long = MAX_HEADER_LINES < n_lines && !is_page;
        if n_lines == 0 || too_long {
            breaches.push(format!("{}: {n_lines} lines of `//!`", file.path));
        }
    }
    none(&breaches, "a file opens with one to four lines of `//!`");
}

#[test]
fn a_long_file_says_why() {
    let mut breaches = Vec::new();
    for file in sources() {
        let n_lines = file.text.lines().count();
        let excused = file.text.lines().take(12).any(|it| it.starts_with("// Long because "));
        if MAX_LINES < n_lines && !excused {
            breaches.push(format!("{}: {n_lines} lines", file.path));
        }
    }
    none(&breaches, "over 400 lines without `// Long because …` under the header");
}

#[test]
fn names_are_words_of_the_trade() {
    let types =
        Regex::new(&format!(r"\b(?:struct|enum|trait|type) (\w*(?:{EMPTY_WORDS}))\b")).unwrap();
    let prefixed_tests = Regex::new(r"\bfn (test_\w+)").unwrap();
    let empty_files = ["utils", "util", "helpers", "helper", "common", "types", "misc"];
    let mut breaches = Vec::new();
    for file in sources() {
        let found = types.captures_iter(&file.text).chain(prefixed_tests.captures_iter(&file.text));
        breaches.extend(found.map(|it| format!("{}: {}", file.path, &it[1])));
        let stem = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".rs");
        breaches.extend(empty_files.contains(&stem).then(|| file.path.clone()));
    }
    none(&breaches, "names that say nothing");
}

#[test]
fn errors_read_on_in_the_middle_of_a_sentence() {
    let errors = Regex::new(r#"#\[error\(\s*"((?:[^"\\]|\\.)*)""#).unwrap();
    let mut breaches = Vec::new();
    for file in sources() {
        for found in errors.captures_iter(&file.text) {
            let text = &found[1];
            let mut letters = text.chars();
            let (first, second) = (letters.next(), letters.next());
            // A name in capitals (HTTP, JSON) may open a message.
            let capital = first.is_some_and(char::is_uppercase)
                && second.is_some_and(|it| !it.is_uppercase());
            if capital || text.ends_with('.') || text.ends_with('!') {
                breaches.push(format!("{}: {text}", file.path));
            }
        }
    }
    none(&breaches, "error messages are lower case and have no full stop");
}

#[test]
fn what_is_left_to_do_has_a_number() {
    let marks = Regex::new(r"\b(?:TODO|FIXME|XXX|HACK)\b(\(#\d+\))?").unwrap();
    let mut breaches = Vec::new();
    for file in sources().iter().filter(|it| !it.path.ends_with("/tidy.rs")) {
        let open = marks.captures_iter(&file.text).filter(|it| it.get(1).is_none());
        breaches.extend(open.map(|it| format!("{}: {}", file.path, &it[0])));
    }
    none(&breaches, "a TODO carries the number of its issue");
}

#[test]
fn nothing_points_to_somebodys_machine() {
    // Put together here, so that this file does not find itself.
    let places = ["/wo|rk/", "/ro|ot/", "/ho|me/", "../sh|ared", "C:\\Us|ers"];
    let places = places.map(|it| it.replace('|', ""));
    let mut breaches = Vec::new();
    for file in texts() {
        for (number, line) in (1..).zip(file.text.lines()) {
            if places.iter().any(|it| line.contains(it.as_str())) {
                breaches.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    none(&breaches, "paths that exist on one machine only");
}

#[test]
fn everything_that_is_data_is_compiled_in() {
    let embedded: String = tree::files("src").into_iter().map(|it| it.text).collect();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let packing = std::fs::read_to_string(root.join("build.rs")).unwrap();
    let is_embedded = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_packed = packing.contains(&format!("\"{path}\""));
        embedded.contains(&format!("{path}\""))
            || is_packed && embedded.contains(&format!("\"/{name}.z\""))
    };
    let mut missing = Vec::new();
    for folder in ["connectors", "prompts", "config"] {
        let files = tree::files(folder);
        assert!(!files.is_empty(), "there is nothing in {folder}/");
        let forgotten = files.into_iter().filter(|it| !is_embedded(&it.path));
        missing.extend(forgotten.map(|it| it.path));
    }
    none(&missing, "in no include_str! and not packed");
}

#[test]
fn lines_end_where_their_text_ends() {
    let mut breaches = Vec::new();
    for file in texts().iter().filter(|it| !it.path.ends_with(".md")) {
        let is_source = [".rs", ".toml", ".sql", "/run", "/crash", ".sh"];
        if !is_source.iter().any(|it| file.path.ends_with(it)) {
            continue;
        }
        for (number, line) in (1..).zip(file.text.lines()) {
            if line.ends_with([' ', '\t']) {
                breaches.push(format!("{}:{number}", file.path));
            }
        }
    }
    none(&breaches, "blanks at the end of a line");
}
