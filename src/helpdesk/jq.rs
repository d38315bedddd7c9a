//! The expression language of manifests: jq, made total. A filter sees what it
//! is given and nothing else: no environment, clock, files or input, and no
//! loop that its input does not bound. Text it is run on is never a program.

use jaq_core::Compiler;
use jaq_core::Ctx;
use jaq_core::Vars;
use jaq_core::data::JustLut;
use jaq_core::load;
use jaq_core::load::Arena;
use jaq_core::load::File;
use jaq_core::load::Loader;
use jaq_json::Val;

mod prelude;
mod value;

use prelude::offset_of;
pub use value::as_word;
pub use value::elements;
pub use value::member;
pub use value::merged;
pub use value::object;
pub use value::parse;
pub use value::text;
pub use value::to_json;

/// Results a filter may give; the rest is an error. Specified: HubSpot's
/// batches of at most 100 events are the largest known.
pub const MAX_EVENTS: usize = 100;

/// Items a page of a list may give. Zendesk's exports have 1,000 a page; what a
/// team wrote itself may know no pages. (Guessed: what fits into one answer.)
pub const MAX_ITEMS: usize = 20_000;

/// The variables every filter may use: the connection's settings, what the call
/// was made with, and the answer's `{status, headers, link}`.
const GLOBALS: [&str; 3] = ["$config", "$input", "$response"];

type Program = jaq_core::Filter<JustLut<Val>>;

/// A checked filter.
pub struct Filter {
    program: Program,
    text: String,
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Filter({:?})", self.text)
    }
}

/// A filter that cannot be used, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilterError {
    /// Byte offset within the filter's text.
    pub offset: usize,
    pub problem: String,
}

/// What filters may look at besides their input.
#[derive(Debug, Clone, Default)]
pub struct Globals {
    pub config: Val,
    pub input: Val,
    pub response: Val,
}

impl Filter {
    /// Compiles a filter and checks that it is total.
    pub fn compile(text: &str) -> Result<Filter, FilterError> {
        let term = load::parse(text, |parser| parser.term()).unwrap_or_default();
        let arena = Arena::default();
        let modules = Loader::new(prelude::definitions(&term))
            .load(&arena, File { code: text, path: () })
            .map_err(|errors| load_error(text, &errors))?;
        prelude::refuse_unbounded(text, &term)?;
        let program = Compiler::default()
            .with_funs(prelude::functions())
            .with_global_vars(GLOBALS)
            .compile(modules)
            .map_err(|errors| compile_error(text, &errors))?;
        Ok(Filter { program, text: text.to_owned() })
    }

    /// The filter as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All results, at most `limit` of them: one more is an error, because what
    /// comes after it would be lost in silence.
    pub fn run(&self, input: Val, globals: &Globals, limit: usize) -> Result<Vec<Val>, String> {
        let vars = [globals.config.clone(), globals.input.clone(), globals.response.clone()];
        let ctx = Ctx::<JustLut<Val>>::new(&self.program.lut, Vars::new(vars));
        let mut results = Vec::new();
        for result in self.program.id.run((ctx, input)) {
            if results.len() == limit {
                return Err(format!("gives more than {limit} results"));
            }
            let error = match result {
                Ok(value) => {
                    results.push(value);
                    continue;
                }
                Err(exception) => exception.get_err(),
            };
            return Err(error.map_or_else(|_| "stopped".to_owned(), |it| redact(&it.to_string())));
        }
        Ok(results)
    }

    /// The first result; null if there is none.
    pub fn first(&self, input: Val, globals: &Globals) -> Result<Val, String> {
        Ok(self.run(input, globals, MAX_ITEMS)?.into_iter().next().unwrap_or_default())
    }

    /// True if the first result is neither null nor false.
    pub fn holds(&self, input: Val, globals: &Globals) -> Result<bool, String> {
        Ok(!matches!(self.first(input, globals)?, Val::Null | Val::Bool(false)))
    }
}

/// An error of jq without the values it quotes: those are ticket text.
fn redact(error: &str) -> String {
    error.split(['"', '{', '[']).next().unwrap_or_default().trim_end().to_owned() + " …"
}

fn load_error(text: &str, errors: &load::Errors<&str, ()>) -> FilterError {
    let first = errors.first().map(|(_, error)| error);
    let (found, problem) = match first {
        Some(load::Error::Lex(errors)) => match errors.first() {
            Some((expected, found)) => (*found, format!("expected {}", expected.as_str())),
            None => (text, "cannot be read".to_owned()),
        },
        Some(load::Error::Parse(errors)) => match errors.first() {
            Some((expected, found)) => (*found, format!("expected {}", expected.as_str())),
            None => (text, "cannot be read".to_owned()),
        },
        Some(load::Error::Io(errors)) => {
            (errors.first().map_or(text, |(path, _)| *path), "may not load modules".to_owned())
        }
        None => (text, "cannot be read".to_owned()),
    };
    FilterError { offset: offset_of(text, found), problem }
}

fn compile_error(text: &str, errors: &jaq_core::compile::Errors<&str, ()>) -> FilterError {
    let first = errors.first().and_then(|(_, undefined)| undefined.first());
    match first {
        Some((name, what)) => FilterError {
            offset: offset_of(text, name),
            problem: format!("undefined {} `{name}`", what.as_str()),
        },
        None => FilterError { offset: 0, problem: "cannot be compiled".to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(filter: &str, input: &str) -> String {
        let filter = Filter::compile(filter).unwrap();
        let input = parse(input.as_bytes()).unwrap();
        to_json(&filter.first(input, &Globals::default()).unwrap())
    }

    #[test]
    fn ids_beyond_floating_point_stay_exact() {
        let input = r#"{"id": 9007199254740993, "big": 92233720368547758089}"#;
        assert_eq!(
            run("[.id, .big] | map(tostring)", input),
            r#"["9007199254740993","92233720368547758089"]"#
        );
    }

    #[test]
    fn a_filter_sees_no_environment_clock_or_input_and_cannot_stop_the_process() {
        for filter in ["env", "$ENV", "now", "input", "inputs", "halt", "debug", "localtime"] {
            assert!(Filter::compile(filter).is_err(), "{filter} compiles");
        }
        assert!(Filter::compile(r#"import "a" as a; ."#).is_err());
    }

    #[test]
    fn a_filter_that_might_not_end_is_refused_with_its_place() {
        for filter in [
            "def f: f; f",
            "def f: 1 + (def g: f; g); f",
            ".a | repeat(.)",
            "[range(1e18)]",
            "recurse(. + 1)",
            "{a: [while(true; .)]}",
            r#""\(until(false; .))""#,
        ] {
            let err = Filter::compile(filter).unwrap_err();
            assert!(err.problem.contains("must end"), "{filter}: {}", err.problem);
        }
        assert_eq!(run("[.. | numbers]", "[1, [2]]"), "[1,2]");
        assert_eq!(Filter::compile(".a | repeat(.)").unwrap_err().offset, 5);
    }

    #[test]
    fn an_error_tells_its_place_and_quotes_no_ticket_text() {
        assert_eq!(Filter::compile(".a | nope").unwrap_err().offset, 5);
        let filter = Filter::compile(".body.id").unwrap();
        let input = parse(br#"{"body": "my card is 4111"}"#).unwrap();
        let err = filter.first(input, &Globals::default()).unwrap_err();
        assert!(!err.contains("4111"), "{err}");
    }
}
