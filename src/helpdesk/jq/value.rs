//! JSON as filters see it, and the few ways we look into it ourselves.

use bytes::Bytes;
use jaq_json::Val;

/// JSON as jq sees it. Whole numbers of any size stay exact, which a detour
/// through floating point would not give: ids have up to 20 digits.
pub fn parse(json: &[u8]) -> Result<Val, String> {
    // jq reads more than JSON (comments, NaN, any key): what is not JSON is refused first.
    serde_json::from_slice::<serde::de::IgnoredAny>(json).map_err(|err| err.to_string())?;
    jaq_json::read::parse_single(json).map_err(|err| err.to_string())
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
