//! What an element's own attributes say about whether a reader sees it. Inline
//! styles and attributes only: style sheets are not read.

use html5ever::tokenizer::Tag;

/// What one element declares about itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// True if the element and all it holds cannot be seen.
    pub(super) hidden: bool,
    /// Canonical color names; `None` if the element declares none.
    pub(super) color: Option<String>,
    pub(super) background: Option<String>,
    /// True for a container in which mail programs put the message answered.
    pub(super) quotes: bool,
    /// True for a container in which mail programs put the signature.
    pub(super) signs: bool,
    /// True for the mark behind which everything is the message answered.
    pub(super) quotes_rest: bool,
}

/// Longest style attribute that is read; longer ones are cut there. (Guessed:
/// mail programs write up to 2 KB.)
const MAX_STYLE_BYTES: usize = 8 * 1024;

/// Reads the attributes that hide an element or color its text.
pub(super) fn look_of(tag: &Tag) -> Look {
    let mut look = Look { quotes: &*tag.name == "blockquote", ..Look::default() };
    for attribute in &tag.attrs {
        let value: &str = &attribute.value;
        match &*attribute.name.local {
            "hidden" => look.hidden |= !value.eq_ignore_ascii_case("false"),
            "style" => read_style(value, &mut look),
            "color" => look.color = canonical_color(value),
            "class" | "id" | "data-smartmail" => read_mail_mark(value, &mut look),
            "bgcolor" => look.background = canonical_color(value),
            "type" => {
                look.hidden |= &*tag.name == "input" && value.eq_ignore_ascii_case("hidden");
            }
            _ => {}
        }
    }
    look
}

/// Names under which mail programs put quotes and signatures. (Seen in mails of
/// Gmail, Outlook, Apple Mail, Yahoo, Thunderbird, Proton and Zendesk.)
fn read_mail_mark(value: &str, look: &mut Look) {
    for word in value.split_whitespace() {
        match word {
            "gmail_quote"
            | "gmail_quote_container"
            | "gmail_extra"
            | "yahoo_quoted"
            | "moz-cite-prefix"
            | "protonmail_quote"
            | "zmail_extra"
            | "cf_quote" => {
                look.quotes = true;
            }
            "gmail_signature"
            | "moz-signature"
            | "protonmail_signature_block"
            | "ms-outlook-mobile-signature"
            | "Signature"
            | "AppleMailSignature" => {
                look.signs = true;
            }
            "divRplyFwdMsg"
            | "appendonsend"
            | "OLK_SRC_BODY_SECTION"
            | "mail-editor-reference-message-container" => look.quotes_rest = true,
            _ => {}
        }
    }
}

fn read_style(style: &str, look: &mut Look) {
    let style: String = without_comments(style.get(..MAX_STYLE_BYTES).unwrap_or(style));
    let mut zero_extent = false;
    let mut clips = false;
    for declaration in style.split(';') {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let value = value.trim_end_matches("!important");
        match property {
            "display" => look.hidden |= value == "none",
            "visibility" => look.hidden |= value == "hidden" || value == "collapse",
            "mso-hide" => look.hidden |= value == "all",
            "content-visibility" => look.hidden |= value == "hidden",
            // Nobody reads letters of one pixel.
            "font-size" => look.hidden |= length(value).is_some_and(|it| it <= 1.0),
            "opacity" => look.hidden |= length(value).is_some_and(|it| it < 0.1),
            "text-indent" | "left" | "top" | "margin-left" | "margin-top" => {
                look.hidden |= length(value).is_some_and(|it| it <= -500.0);
            }
            "height" | "width" | "max-height" | "max-width" | "line-height" => {
                zero_extent |= length(value).is_some_and(|it| it <= 1.0) && !is_factor(value);
            }
            "overflow" | "overflow-x" | "overflow-y" => {
                clips |= value == "hidden" || value == "clip";
            }
            "clip" => look.hidden |= value.starts_with("rect(0") || value.starts_with("rect(1px"),
            "clip-path" => {
                look.hidden |= value.starts_with("inset(50%") || value.starts_with("inset(100%");
            }
            "transform" => look.hidden |= value.starts_with("scale(0)"),
            "color" => look.color = canonical_color(value),
            "background" | "background-color" => {
                look.background = canonical_color(value).or(look.background.take());
            }
            _ => {}
        }
    }
    look.hidden |= zero_extent && clips;
}

/// Lower case, without white space and comments: CSS ignores both.
fn without_comments(style: &str) -> String {
    let mut kept = String::with_capacity(style.len());
    let mut rest = style;
    while let Some((before, after)) = rest.split_once("/*") {
        kept.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, tail)| tail);
    }
    kept.push_str(rest);
    kept.chars().filter(|it| !it.is_whitespace()).map(|it| it.to_ascii_lowercase()).collect()
}

/// The number in front of a CSS length, in its own unit; percent become shares.
fn length(value: &str) -> Option<f32> {
    let end = value
        .find(|it: char| !(it.is_ascii_digit() || matches!(it, '.' | '-' | '+')))
        .unwrap_or(value.len());
    let (number, unit) = value.split_at_checked(end)?;
    let number: f32 = number.parse().ok()?;
    match unit {
        "em" | "rem" | "cm" | "in" | "vh" | "vw" if number != 0.0 => Some(number * 16.0),
        "%" => Some(number),
        _ => Some(number),
    }
}

/// True for a bare number such as `line-height: 1`, which is a factor, no length.
fn is_factor(value: &str) -> bool {
    value.parse::<f32>().is_ok_and(|it| it != 0.0)
}

/// One spelling per color, so that text in the color of its ground is found out.
fn canonical_color(value: &str) -> Option<String> {
    let value: String = value.chars().filter(|it| !it.is_whitespace()).collect();
    let value = value.to_ascii_lowercase();
    if let Some(digits) = value.strip_prefix('#') {
        let digits: Vec<char> = digits.chars().take(8).collect();
        return match digits.len() {
            3 | 4 => Some(digits.iter().take(3).flat_map(|it| [*it, *it]).collect()),
            6 | 8 => Some(digits.iter().take(6).collect()),
            _ => None,
        };
    }
    if let Some(parts) = value.strip_prefix("rgb(").or_else(|| value.strip_prefix("rgba(")) {
        let parts: Vec<u8> = parts
            .trim_end_matches(')')
            .split([',', '/'])
            .take(3)
            .filter_map(|it| it.parse().ok())
            .collect();
        if value.starts_with("rgba(") && (value.ends_with(",0)") || value.ends_with("/0)")) {
            return Some("transparent".to_owned());
        }
        return (parts.len() == 3).then(|| hex::encode(parts));
    }
    match value.as_str() {
        "white" => Some("ffffff".to_owned()),
        "black" => Some("000000".to_owned()),
        "red" => Some("ff0000".to_owned()),
        "inherit" | "initial" | "unset" | "none" | "currentcolor" | "" => None,
        word if word.chars().all(|it| it.is_ascii_alphabetic()) => Some(word.to_owned()),
        _ => None,
    }
}
