//! From a model's JSON to sentences with citations. What does not hold to the
//! form, cites what it was not given or brings markup of its own is refused as a
//! whole: a reply with a piece missing may say something else.

use std::sync::LazyLock;

use regex::Captures;
use regex::Regex;
use serde_json::Value;

use super::verbatim::stands_in;
use crate::draft::Citation;
use crate::draft::Layout;
use crate::draft::Sentence;
use crate::draft::SentenceKind;
use crate::knowledge::Passage;
use crate::knowledge::PublicPassage;
use crate::prompt::Fence;

/// More than this is not an answer but a copy. Guessed: twice the longest list
/// of steps a help center should have.
pub(super) const MAX_SENTENCES: usize = 30;

/// In characters. Guessed: the longest sentences of real help centers have 500.
const MAX_SENTENCE_CHARS: usize = 1_000;

/// What a model answered, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub sentences: Vec<Sentence>,
    pub citations: Vec<Citation>,
}

/// Reads a model's answer; `given` are the passages it may cite, number n at
/// index n - 1.
///
/// # Errors
/// In our own words: why the answer is refused.
pub fn read(
    object: Value,
    given: &[PublicPassage<'_>],
    fence: &Fence,
) -> Result<Answer, &'static str> {
    let Some(items) = object.get("sentences").and_then(Value::as_array) else {
        return Err("it has no list `sentences`");
    };
    if items.len() > MAX_SENTENCES {
        return Err("it has too many sentences");
    }
    let mut sentences: Vec<Sentence> = Vec::new();
    let mut used: Vec<usize> = Vec::new();
    for item in items {
        let before = sentences.last().map(|it| it.layout);
        let Some(piece) = read_piece(item, before, given, fence)? else { continue };
        let cites = piece.cites.iter().map(|it| number(*it, &mut used)).collect();
        sentences.push(Sentence { cites, ..piece });
    }
    let cited = used.iter().filter_map(|it| given.get(*it)).map(|it| it.passage());
    Ok(Answer { citations: cited.map(citation).collect(), sentences })
}

/// Reads one sentence of a model's answer; `before` is how the one before it is set. What
/// it cites are indices into `given`. `None` if it says nothing.
///
/// # Errors
/// In our own words: why the answer is refused.
pub fn read_piece(
    item: &Value,
    before: Option<Layout>,
    given: &[PublicPassage<'_>],
    fence: &Fence,
) -> Result<Option<Sentence>, &'static str> {
    let Some(said) = item.get("text").and_then(Value::as_str) else {
        return Err("a sentence has no `text`");
    };
    let cites = cited(item.get("cites").unwrap_or(&Value::Null), given.len())?;
    let (text, layout) = set(said, item.get("layout").and_then(Value::as_str), before);
    let passages: Vec<&Passage> =
        cites.iter().filter_map(|it| given.get(*it)).map(|it| it.passage()).collect();
    let (text, kind) = worded(text, &passages, fence)?;
    Ok((!text.is_empty()).then_some(Sentence { text, cites, kind, layout }))
}

/// What a number stands for.
pub(super) fn citation(passage: &Passage) -> Citation {
    Citation { passage_id: passage.id.clone(), title: passage.title.clone(), url: passage.link() }
}

/// The place of a passage among the citations, which are in order of first use.
fn number(given_idx: usize, used: &mut Vec<usize>) -> usize {
    used.iter().position(|it| *it == given_idx).unwrap_or_else(|| {
        used.push(given_idx);
        used.len() - 1
    })
}

/// Indices of the cited passages, each once. Empty if nothing is cited, which is
/// for verification to judge. Models write `1`, `"1"` and `"[1]"`.
fn cited(cites: &Value, n_given: usize) -> Result<Vec<usize>, &'static str> {
    let items = match cites {
        Value::Null => &[],
        Value::Array(items) => items.as_slice(),
        single => std::slice::from_ref(single),
    };
    let mut cited = Vec::new();
    for item in items {
        let number = match item {
            Value::Number(number) => number.as_u64().and_then(|it| usize::try_from(it).ok()),
            Value::String(text) => text.trim_matches(['[', ']', ' ']).parse().ok(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        match number {
            Some(number) if (1..=n_given).contains(&number) => {
                if !cited.contains(&(number - 1)) {
                    cited.push(number - 1);
                }
            }
            Some(_) | None => return Err("it cites a passage that was not given"),
        }
    }
    Ok(cited)
}

/// The text without the mark of its list, and how it is to be set.
fn set(said: &str, layout: Option<&str>, before: Option<Layout>) -> (String, Layout) {
    static STEP: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(?:[Ss]tep )?\d{1,2}[.):]\s+").ok());
    static BULLET: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[-*•–]\s+").ok());
    let text = fold(said);
    let without = |mark: &Option<Regex>| {
        let mark = mark.as_ref()?.find(&text)?;
        text.get(mark.end()..).map(str::to_owned)
    };
    let (step, bullet) = (without(&STEP), without(&BULLET));
    match layout {
        Some("step") => (step.unwrap_or(text), Layout::Step),
        Some("bullet") => (bullet.unwrap_or(text), Layout::Bullet),
        Some("paragraph") => (text, Layout::Paragraph),
        _ if step.is_some() => (step.unwrap_or_default(), Layout::Step),
        _ if bullet.is_some() => (bullet.unwrap_or_default(), Layout::Bullet),
        _ => {
            let goes_on = before.is_some_and(|it| !it.is_item());
            (text, if goes_on { Layout::Running } else { Layout::Paragraph })
        }
    }
}

/// The text as it may stand in a draft, and whether it is a quote.
fn worded(
    text: String,
    cited: &[&Passage],
    fence: &Fence,
) -> Result<(String, SentenceKind), &'static str> {
    if text.chars().count() > MAX_SENTENCE_CHARS {
        return Err("a sentence is too long");
    }
    if text.contains(fence.as_str()) {
        return Err("it repeats the markers of the material");
    }
    let is_quote = |text: &str| cited.iter().any(|it| stands_in(text, &it.text));
    if is_quote(&text) {
        return Ok((text, SentenceKind::Quote));
    }
    let text = without_marks(&text);
    if is_quote(&text) {
        return Ok((text, SentenceKind::Quote));
    }
    // The model ends with a full stop what is a line of its own in the passage.
    if let Some(line) = text.strip_suffix('.').filter(|it| is_quote(it)) {
        return Ok((line.to_owned(), SentenceKind::Quote));
    }
    if has_markup(&text) {
        return Err("a sentence has markup; it must be plain text");
    }
    Ok((text, SentenceKind::Claim))
}

/// One line, one space between words, and none of the characters that are not
/// seen but turn, hide or smuggle text.
fn fold(text: &str) -> String {
    let is_unseen = |it: char| {
        matches!(it,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e0fff}' | '\u{ad}')
            || (it.is_control() && !it.is_whitespace())
    };
    let seen: String = text.chars().filter(|it| !is_unseen(*it)).collect();
    seen.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Takes citation marks out: we set our own. `list[1]` is left alone.
fn without_marks(text: &str) -> String {
    static MARKS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r#"(^|[\s.,;:!?…)”"])(?:[\[【]\d{1,3}(?:\s*,\s*\d{1,3})*[\]】])+"#).ok()
    });
    let Some(marks) = MARKS.as_ref() else { return text.to_owned() };
    let before = |found: &Captures<'_>| found.get(1).map_or("", |it| it.as_str()).trim().to_owned();
    fold(&marks.replace_all(text, before))
}

/// Markdown links and images, HTML tags, and addresses that run code.
fn has_markup(text: &str) -> bool {
    static MARKUP: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"(?i)\]\s*[(\[]|!\[|<\s*[/!a-z]|\b(?:javascript|data|vbscript):\S|&#").ok()
    });
    MARKUP.as_ref().is_none_or(|it| it.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn citation_marks_are_taken_out_and_other_brackets_stay() {
        for (said, kept) in [
            ("Plans renew every month [1].", "Plans renew every month."),
            ("Plans renew every month. [1, 2]", "Plans renew every month."),
            ("Plans renew.[1][2] They end.【3】", "Plans renew. They end."),
            ("[1] Plans renew [2] monthly.", "Plans renew monthly."),
            ("Use list[1] or [x].", "Use list[1] or [x]."),
        ] {
            assert_eq!(without_marks(said), kept);
        }
    }
}
