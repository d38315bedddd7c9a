//! What filters may call: the part of jq's library that is a function of its
//! input and ends. Everything else is not there, or refused by name.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jaq_core::Native;
use jaq_core::data::JustLut;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::BinaryOp;
use jaq_core::load::parse::Def;
use jaq_core::load::parse::Pattern;
use jaq_core::load::parse::Term;
use jaq_core::native;
use jaq_json::Val;

use super::FilterError;

/// Native functions left out: they look at the world or stop the process.
const IMPURE: [&str; 9] = [
    "env",
    "now",
    "halt",
    "input",
    "inputs",
    "debug_empty",
    "stderr_empty",
    "localtime",
    "strflocaltime",
];

/// Definitions of the standard library that need what is left out.
const IMPURE_DEFS: [&str; 4] = ["halt", "halt_error", "stderr", "debug"];

/// Functions that may never end or grow without bound, whatever the input.
const UNBOUNDED: [&str; 6] = ["repeat", "while", "until", "range", "combinations", "recurse"];

/// The library's definitions, parsed once, each with the names it calls.
static LIBRARY: LazyLock<Vec<(Def, BTreeSet<&'static str>)>> = LazyLock::new(|| {
    let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    defs.filter(|it| !IMPURE_DEFS.contains(&it.name))
        .map(|def| {
            let called = names_in(&def.body);
            (def, called)
        })
        .collect()
});

/// The definitions a filter needs, in the library's order. All of them would
/// do, and would take ten times as long to compile for each filter.
pub(super) fn definitions(filter: &Term<&str>) -> Vec<Def> {
    let mut needed: BTreeSet<&str> = names_in(filter);
    // A definition calls only what stands before it, so one pass from the end finds all.
    for (def, called) in LIBRARY.iter().rev() {
        if needed.contains(def.name) {
            needed.extend(called);
        }
    }
    LIBRARY
        .iter()
        .filter(|(def, _)| needed.contains(def.name))
        .map(|(def, _)| def.clone())
        .collect()
}

/// The native functions that look at nothing but their input.
pub(super) fn functions() -> impl Iterator<Item = native::Filter<Native<JustLut<Val>>>> {
    jaq_core::funs()
        .chain(jaq_std::funs())
        .chain(jaq_json::funs())
        .filter(|(name, ..)| !IMPURE.contains(name))
}

/// Every name a term calls, in its own definitions too. Formats such as `@uri` count.
fn names_in<'t>(term: &Term<&'t str>) -> BTreeSet<&'t str> {
    let mut names = BTreeSet::new();
    let mut open = vec![term];
    while let Some(term) = open.pop() {
        match term {
            Term::Call(name, _) | Term::Str(Some(name), _) => drop(names.insert(*name)),
            Term::Def(defs, body) => {
                open.push(body.as_ref());
                open.extend(defs.iter().map(|it| &it.body));
            }
            _ => {}
        }
        open.extend(parts_of(term));
    }
    names
}

/// Refuses calls that could run for ever: the named loops, and a definition
/// that calls itself. What remains ends after a time that its input bounds.
pub(super) fn refuse_unbounded(text: &str, term: &Term<&str>) -> Result<(), FilterError> {
    // A stack of its own: a filter may be nested as deeply as its author likes.
    let mut open: Vec<(&Term<&str>, Vec<&str>)> = vec![(term, Vec::new())];
    while let Some((term, defining)) = open.pop() {
        if let Term::Call(name, args) = term {
            let unbounded = UNBOUNDED.contains(name) && !(*name == "recurse" && args.is_empty());
            if unbounded || defining.contains(name) {
                let problem = if unbounded {
                    format!("`{name}` is not available: a filter must end whatever its input is")
                } else {
                    format!("`{name}` calls itself: a filter must end whatever its input is")
                };
                return Err(FilterError { offset: offset_of(text, name), problem });
            }
        }
        if let Term::Def(defs, body) = term {
            for def in defs {
                let within = defining.iter().copied().chain([def.name]).collect();
                open.push((&def.body, within));
            }
            open.push((body.as_ref(), defining));
            continue;
        }
        open.extend(parts_of(term).into_iter().map(|part| (part, defining.clone())));
    }
    Ok(())
}

/// The terms directly within a term. Bodies of definitions are left out: the
/// caller knows which name they define.
fn parts_of<'r, 't>(term: &'r Term<&'t str>) -> Vec<&'r Term<&'t str>> {
    match term {
        Term::Id
        | Term::Recurse
        | Term::Num(_)
        | Term::Break(_)
        | Term::Var(_)
        | Term::Arr(None)
        | Term::Def(..) => Vec::new(),
        Term::Str(_, parts) => parts
            .iter()
            .filter_map(|it| match it {
                StrPart::Term(term) => Some(term),
                StrPart::Str(_) | StrPart::Char(_) => None,
            })
            .collect(),
        Term::Arr(Some(term)) | Term::Neg(term) | Term::Label(_, term) => vec![term.as_ref()],
        Term::Obj(pairs) => {
            pairs.iter().flat_map(|(key, value)| [Some(key), value.as_ref()]).flatten().collect()
        }
        Term::BinOp(left, BinaryOp::Pipe(Some(pattern)), right) => {
            [left.as_ref(), right.as_ref()].into_iter().chain(keys_of(pattern)).collect()
        }
        Term::BinOp(left, _, right) => vec![left.as_ref(), right.as_ref()],
        Term::Fold(_, source, pattern, terms) => {
            [source.as_ref()].into_iter().chain(terms).chain(keys_of(pattern)).collect()
        }
        Term::TryCatch(term, catch) => {
            [Some(term.as_ref()), catch.as_deref()].into_iter().flatten().collect()
        }
        Term::IfThenElse(branches, otherwise) => branches
            .iter()
            .flat_map(|(test, then)| [test, then])
            .chain(otherwise.as_deref())
            .collect(),
        Term::Call(_, args) => args.iter().collect(),
        Term::Path(term, path) => {
            let mut terms = vec![term.as_ref()];
            for (part, _) in &path.0 {
                match part {
                    jaq_core::path::Part::Index(index) => terms.push(index),
                    jaq_core::path::Part::Range(from, upto) => {
                        terms.extend(from.iter().chain(upto));
                    }
                }
            }
            terms
        }
    }
}

/// The computed keys of a pattern such as `{(f): $x}`.
fn keys_of<'r, 't>(pattern: &'r Pattern<&'t str>) -> Vec<&'r Term<&'t str>> {
    let mut keys = Vec::new();
    let mut open = vec![pattern];
    while let Some(pattern) = open.pop() {
        match pattern {
            Pattern::Var(_) => {}
            Pattern::Arr(parts) => open.extend(parts),
            Pattern::Obj(pairs) => {
                keys.extend(pairs.iter().map(|(key, _)| key));
                open.extend(pairs.iter().map(|(_, part)| part));
            }
        }
    }
    keys
}

/// Where `part` lies within `text`; 0 if it does not, as with names that the
/// parser made up.
pub(super) fn offset_of(text: &str, part: &str) -> usize {
    let start = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    if start <= text.len() { start } else { 0 }
}
