//! JSON as filters see it, and the few ways we look into it ourselves.

use std::borrow::Cow;

use bytes::Bytes;
use jaq_json::Val;

/// JSON as jq sees it. Whole numbers of any size stay exact, which a detour
/// through floating point would not give: ids have up to 20 digits.
pub fn parse(json: &[u8]) -> Result<Val, String> {
    // jq reads more than JSON (comments, NaN, any key): what is not JSON is refused first.
    serde_json::from_slice::<serde::de::IgnoredAny>(json).map_err(|err| err.to_string())?;
    jaq_json::read::parse_single(&with_whole_letters(json)).map_err(|err| err.to_string())
}

/// Half of a letter ("\ud83d" without what follows it), which programs leave that cut a
/// text in the middle of an emoji, becomes the sign for an unreadable letter.
fn with_whole_letters(json: &[u8]) -> Cow<'_, [u8]> {
    const HALF_LEN: usize = r"\ud83d".len();
    let mut whole: Option<Vec<u8>> = None;
    let mut at = 0;
    while let Some(found) = json.get(at..).and_then(|it| it.iter().position(|it| *it == b'\\')) {
        at += found;
        let (first, second) = (half_at(json, at), half_at(json, at + HALF_LEN));
        at += match (first, second) {
            (Some(Half::First), Some(Half::Second)) => 2 * HALF_LEN,
            (Some(_), _) => {
                let known = whole.get_or_insert_with(|| json.to_vec());
                if let Some(half) = known.get_mut(at..at + HALF_LEN) {
                    half.copy_from_slice(br"\ufffd");
                }
                HALF_LEN
            }
            // Past what is escaped: it may be a backslash.
            (None, _) => 2,
        };
    }
    whole.map_or(Cow::Borrowed(json), Cow::Owned)
}

/// Letters beyond the first 65,536 are written in two halves.
enum Half {
    First,
    Second,
}

/// The half of a letter that is escaped at a place, if one is.
fn half_at(json: &[u8], at: usize) -> Option<Half> {
    let digits = json.get(at..)?.strip_prefix(br"\u")?.get(..4)?;
    match u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()? {
        0xD800..=0xDBFF => Some(Half::First),
        0xDC00..=0xDFFF => Some(Half::Second),
        _ => None,
    }
}

/// A string as jq sees it.
pub fn text(text: impl Into<String>) -> Val {
    Val::utf8_str(Bytes::from(text.into().into_bytes()))
}

/// An object as jq sees it.
pub fn object<'k>(pairs: impl IntoIterator<Item = (&'k str, Val)>) -> Val {
    Val::obj(pairs.into_iter().map(|(key, value)| (text(key), value)).collect())
}

/// `base` with the pairs of `more` laid over it. What is not an object counts as empty.
pub fn merged(base: &Val, more: &Val) -> Val {
    let pairs = |it: &Val| match it {
        Val::Obj(map) => map.iter().map(|(key, value)| (key.clone(), value.clone())).collect(),
        Val::Null | Val::Bool(_) | Val::Num(_) | Val::BStr(_) | Val::TStr(_) | Val::Arr(_) => {
            Vec::new()
        }
    };
    Val::obj(pairs(base).into_iter().chain(pairs(more)).collect())
}

/// The member of an object; `None` if it is missing or null, or this is no object.
pub fn member<'v>(value: &'v Val, name: &str) -> Option<&'v Val> {
    match value {
        Val::Obj(map) => map.get(&text(name)).filter(|it| !matches!(it, Val::Null)),
        Val::Null | Val::Bool(_) | Val::Num(_) | Val::BStr(_) | Val::TStr(_) | Val::Arr(_) => None,
    }
}

/// A word or an id: strings as they are, numbers in digits, all else `None`.
pub fn as_word(value: &Val) -> Option<String> {
    match value {
        Val::TStr(bytes) | Val::BStr(bytes) => {
            let word = String::from_utf8_lossy(bytes).into_owned();
            if word.is_empty() { None } else { Some(word) }
        }
        Val::Num(number) => Some(number.to_string()),
        Val::Null | Val::Bool(_) | Val::Arr(_) | Val::Obj(_) => None,
    }
}

/// The elements of an array; a lone value is an array of itself, null is empty.
pub fn elements(value: &Val) -> Vec<Val> {
    match value {
        Val::Null => Vec::new(),
        Val::Arr(items) => items.iter().cloned().collect(),
        Val::Bool(_) | Val::Num(_) | Val::BStr(_) | Val::TStr(_) | Val::Obj(_) => {
            vec![value.clone()]
        }
    }
}

/// A value as strict JSON text.
pub fn to_json(value: &Val) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_letter_loses_no_message() {
        for (cut, whole) in [
            (r#""a\ud83d""#, r#""a\ufffd""#),
            (r#""\udc00b""#, r#""\ufffdb""#),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83d\u0041""#, r#""\ufffd\u0041""#),
            (r#""\\ud83d \n\ud83d\ude00""#, r#""\\ud83d \n\ud83d\ude00""#),
        ] {
            assert_eq!(with_whole_letters(cut.as_bytes()), whole.as_bytes());
            assert_eq!(parse(cut.as_bytes()), parse(whole.as_bytes()));
            assert!(parse(cut.as_bytes()).is_ok(), "{cut}");
        }
    }
}
