//! The list of modules in `src/lib.rs` is the order of dependency: a module may
//! name the ones listed above it, itself, and nothing else of this crate.
//! Where everything points upward there can be no circle.

use crate::support::tree;

/// A module, and every source file that belongs to it.
struct Module {
    name: String,
    files: Vec<tree::File>,
}

#[test]
fn a_module_uses_only_what_is_listed_above_it() {
    let modules = modules();
    let names: Vec<&str> = modules.iter().map(|it| it.name.as_str()).collect();
    // A list that could not be read would let everything pass.
    assert!(names.len() > 20, "only {} modules found in src/lib.rs", names.len());
    let mut breaches = Vec::new();
    for (place, module) in modules.iter().enumerate() {
        assert!(!module.files.is_empty(), "src/lib.rs lists `{}`, which has no file", module.name);
        for file in &module.files {
            breaches.extend(breaches_in(file, &names[..=place]));
        }
    }
    assert!(breaches.is_empty(), "not listed above, or grouped:\n{}", breaches.join("\n"));
}

#[test]
fn every_source_file_belongs_to_a_listed_module() {
    let owned: Vec<String> =
        modules().into_iter().flat_map(|it| it.files).map(|it| it.path).collect();
    let strays: Vec<String> = tree::files("src")
        .into_iter()
        .map(|it| it.path)
        .filter(|it| it.ends_with(".rs") && !owned.contains(it))
        .filter(|it| it != "src/lib.rs" && it != "src/main.rs")
        .collect();
    assert!(strays.is_empty(), "in no module of src/lib.rs: {strays:?}");
}

#[test]
fn the_order_is_really_looked_at() {
    let decide = |text: &str| tree::File { path: "src/decide.rs".into(), text: text.into() };
    let above = ["clock", "ticket", "decide"];
    assert!(breaches_in(&decide("use crate::ticket::Ticket;"), &above).is_empty());
    assert!(breaches_in(&decide("// act comes later: crate::act"), &above).is_empty());
    assert_eq!(breaches_in(&decide("let it = crate::act::finish();"), &above).len(), 1);
    assert_eq!(breaches_in(&decide("use crate::{act, ticket};"), &above).len(), 1);
    assert_eq!(breaches_in(&decide("pub(in crate::act) fn it() {}"), &above).len(), 1);
}

fn modules() -> Vec<Module> {
    let lib = tree::read("src/lib.rs");
    let sources = tree::files("src");
    lib.lines()
        .filter_map(|line| line.trim().strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(|name| {
            let (own, below) = (format!("src/{name}.rs"), format!("src/{name}/"));
            let belongs = |path: &str| path == own || path.starts_with(&below);
            let files =
                sources.iter().filter(|it| it.path.ends_with(".rs") && belongs(&it.path)).cloned();
            Module { name: name.to_owned(), files: files.collect() }
        })
        .collect()
}

/// Every mention of a module that is not among `allowed`, with its line.
fn breaches_in(file: &tree::File, allowed: &[&str]) -> Vec<String> {
    let mut breaches = Vec::new();
    // Tests may look both ways: they hold a module to what later ones need of it.
    if file.path.ends_with("/tests.rs") {
        return breaches;
    }
    let tests = file.text.find("\n#[cfg(test)]\nmod tests {").unwrap_or(file.text.len());
    for (number, line) in (1..).zip(file.text[..tests].lines()) {
        let code = line.split("//").next().unwrap_or_default();
        for rest in code.split("crate::").skip(1) {
            // A group, `crate::{…}`, leaves no name and so is refused as well:
            // one `use` a module keeps one dependency a line.
            let end = rest.find(|it: char| !it.is_alphanumeric() && it != '_');
            let name = &rest[..end.unwrap_or(rest.len())];
            // `$crate::name!` of a macro and `crate::Name` of lib.rs do not exist here.
            if !allowed.contains(&name) {
                breaches.push(format!("{}:{number}: crate::{name}", file.path));
            }
        }
    }
    breaches
}
