//! What a model said, out of what its endpoint sent: the text of the first
//! choice, and the JSON object in it, mended where models commonly break it.

use std::iter::Peekable;
use std::str::Chars;

use serde_json::Value;

use super::ModelError;
use super::Tokens;

/// The text of the first choice.
///
/// # Errors
/// If the model was held back, said nothing, or it was no model that answered.
pub fn text(response: &Value) -> Result<String, ModelError> {
    let unusable = |why| Err(ModelError::Unusable { why });
    let Some(choice) = response.pointer("/choices/0") else {
        let what = "its endpoint answered without a choice".to_owned();
        return Err(ModelError::Unavailable { what, retry_after: None });
    };
    match choice.get("finish_reason").and_then(Value::as_str) {
        Some("length") => return unusable("it was cut off at max_tokens"),
        Some("content_filter") => return unusable("the endpoint's filter held it back"),
        Some(_) | None => {}
    }
    let text = match choice.pointer("/message/content") {
        Some(Value::String(text)) => text.clone(),
        // Some servers answer in parts.
        Some(Value::Array(parts)) => {
            parts.iter().filter_map(|it| it.get("text")?.as_str()).collect()
        }
        Some(_) | None => String::new(),
    };
    if text.trim().is_empty() { unusable("it is empty") } else { Ok(text) }
}

/// What the endpoint says was read and written. `None` if it does not, or says nothing
/// was.
pub fn usage(response: &Value) -> Option<Tokens> {
    let count = |name: &str| response.pointer(&format!("/usage/{name}")).and_then(Value::as_u64);
    let tokens = Tokens { prompt: count("prompt_tokens")?, answer: count("completion_tokens")? };
    (tokens != Tokens::default()).then_some(tokens)
}

/// The first JSON object in a text. Thoughts before it, code fences and prose
/// around it, trailing commas and raw line breaks in strings are forgiven;
/// an object that never ends is not. `None` if there is none.
pub fn object(text: &str) -> Option<Value> {
    let text = text.rsplit_once("</think>").map_or(text, |(_, after)| after).trim();
    if let Ok(object @ Value::Object(_)) = serde_json::from_str(text) {
        return Some(object);
    }
    // Each round goes on behind the one before, so that all are one pass.
    let mut rest = text.chars().peekable();
    while let Some(mended) = next_object(&mut rest) {
        if let Ok(object @ Value::Object(_)) = serde_json::from_str(&mended) {
            return Some(object);
        }
    }
    None
}

/// Copies from the next `{` to its `}`, mending on the way. `None` if there is
/// no further `{`, or its `}` is missing.
fn next_object(chars: &mut Peekable<Chars<'_>>) -> Option<String> {
    while chars.next_if(|it| *it != '{').is_some() {}
    let mut mended = String::new();
    let mut depth = 0_usize;
    while let Some(next) = chars.next() {
        match next {
            '"' => {
                mended.push('"');
                copy_string(chars, &mut mended)?;
                continue;
            }
            '{' | '[' => depth += 1,
            '}' | ']' => {
                drop_trailing_comma(&mut mended);
                depth = depth.saturating_sub(1);
            }
            _ => {}
        }
        mended.push(next);
        if depth == 0 {
            return Some(mended);
        }
    }
    None
}

/// Copies to the closing quote. `None` if it is missing.
fn copy_string(chars: &mut Peekable<Chars<'_>>, mended: &mut String) -> Option<()> {
    loop {
        match chars.next()? {
            '"' => {
                mended.push('"');
                return Some(());
            }
            '\\' => copy_escape(chars.next()?, mended),
            '\n' => mended.push_str("\\n"),
            '\t' => mended.push_str("\\t"),
            control if control.is_control() => {}
            other => mended.push(other),
        }
    }
}

/// Models escape what JSON does not: `\'`, `\_`, `\[`. The character is meant.
fn copy_escape(escaped: char, mended: &mut String) {
    match escaped {
        '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u' => {
            mended.push('\\');
            mended.push(escaped);
        }
        '\n' => mended.push_str("\\n"),
        control if control.is_control() => {}
        other => mended.push(other),
    }
}

fn drop_trailing_comma(mended: &mut String) {
    if mended.trim_end().ends_with(',') {
        mended.truncate(mended.trim_end().len() - 1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_models_commonly_break_is_mended() {
        let meant = json!({"sentences": [{"text": "Open \"Settings\".\nDone", "cites": [1]}]});
        for said in [
            r#"{"sentences": [{"text": "Open \"Settings\".\nDone", "cites": [1]}]}"#,
            "```json\n{\"sentences\": [{\"text\": \"Open \\\"Settings\\\".\\nDone\", \"cites\": [1]}]}\n```",
            "Sure! Here it is:\n{\"sentences\": [{\"text\": \"Open \\\"Settings\\\".\nDone\", \"cites\": [1],},],}\nHope it helps {smile}",
            "<think>{\"sentences\": []} would be wrong</think>{\"sentences\": [{\"text\": \"Open \\\"Settings\\\".\\nDone\", \"cites\": [1]}]}",
            "{curly} prose, then {\"sentences\": [{\"text\": \"Open \\\"Settings\\\"\\.\\nDone\", \"cites\": [1]}]}",
        ] {
            assert_eq!(object(said), Some(meant.clone()), "said {said}");
        }
    }

    #[test]
    fn half_an_object_is_none() {
        for said in
            ["", "I cannot help", "{", r#"{"text": "Open"#, r#"{"text": ["a"#, "[1, 2]", "7"]
        {
            assert_eq!(object(said), None, "said {said}");
        }
    }

    #[test]
    fn an_answer_that_was_cut_off_is_not_taken_for_a_whole_one() {
        let response = json!({"choices": [{
            "message": {"content": "{\"sentences\": []}"}, "finish_reason": "length",
        }]});
        assert!(matches!(text(&response), Err(ModelError::Unusable { .. })));
    }

    #[test]
    fn an_answer_in_parts_is_put_together() {
        let parts = json!([{"type": "text", "text": "{\"a\":"}, {"type": "text", "text": "1}"}]);
        let response = json!({"choices": [{"message": {"content": parts}}]});
        assert_eq!(text(&response).unwrap(), "{\"a\":1}");
    }

    #[test]
    fn an_endpoint_that_does_not_count_is_not_believed() {
        let used = |told: Value| usage(&json!({"choices": [], "usage": told}));
        assert_eq!(
            used(json!({"prompt_tokens": 900, "completion_tokens": 80, "total_tokens": 980})),
            Some(Tokens { prompt: 900, answer: 80 })
        );
        for told in [
            Value::Null,
            json!({}),
            json!({"prompt_tokens": 0, "completion_tokens": 0}),
            json!({"prompt_tokens": 900}),
            json!({"prompt_tokens": -900, "completion_tokens": 80}),
            json!({"prompt_tokens": "900", "completion_tokens": 80}),
        ] {
            assert_eq!(used(told.clone()), None, "{told}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(said in "\\PC{0,400}") {
            object(&said);
        }

        #[test]
        fn braces_and_quotes_in_any_order_are_read_without_harm(said in "[{}\\[\\]\",:\\\\a\n ]{0,400}") {
            object(&said);
        }

        #[test]
        fn a_sound_object_is_left_as_it_is(key in "\\PC{0,20}", value in "\\PC{0,80}", number: i64) {
            let meant = json!({key: [value, number]});
            prop_assert_eq!(object(&meant.to_string()), Some(meant.clone()));
            let wrapped = format!("Here: ```json\n{meant}\n``` done");
            prop_assert_eq!(object(&wrapped), Some(meant));
        }
    }
}
