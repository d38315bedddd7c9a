//! HTML as a reader sees it: visible text only, as Markdown or as plain text.
//! A stream of tokens and a bounded stack, no tree: nesting costs nothing.
//! Nothing is fetched, run or rendered.

mod elements;
mod links;
mod style;
mod tables;
mod variants;
mod writer;

pub use self::links::Links;
pub use self::links::links;

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::BufferQueue;
use html5ever::tokenizer::Tag;
use html5ever::tokenizer::TagKind;
use html5ever::tokenizer::Token;
use html5ever::tokenizer::TokenSink;
use html5ever::tokenizer::TokenSinkResult;
use html5ever::tokenizer::Tokenizer;
use html5ever::tokenizer::TokenizerOpts;
use html5ever::tokenizer::states::RawKind;

use self::elements::Elements;
use self::writer::Flavor;
use self::writer::Writer;

/// A web page, without what surrounds its content.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Page {
    /// `<title>` without the name of the site, else the first `<h1>`; empty if
    /// there is neither.
    pub title: String,
    /// The description in its head.
    pub summary: Option<String>,
    /// Its canonical address.
    pub url: Option<String>,
    /// As declared: `en-US`.
    pub language: Option<String>,
    /// The main content as Markdown.
    pub markdown: String,
}

/// Turns HTML into Markdown that says what a reader sees. Empty if nothing is
/// visible. Struck-out text, image texts and form fields are left out.
pub fn to_markdown(html: &str) -> String {
    run(html, Writer::new(Flavor::Markdown)).finish()
}

/// Turns the HTML of a message into plain text. Lines of quoted messages start
/// with `> `; signatures that the mail program marked are left out.
pub fn to_text(html: &str) -> String {
    run(html, Writer::new(Flavor::Text)).finish()
}

/// Reads a web page. Navigation, header, footer and asides are left out; where
/// the page marks its main content, everything else is.
pub fn page(html: &str) -> Page {
    let lower = html.to_ascii_lowercase();
    let main = ["<main", "<article"].into_iter().find(|it| lower.contains(it));
    let mut writer = run(html, Writer::new(main.map_or(Flavor::Page, |_| Flavor::MainOfPage)));
    if writer.is_blank() && main.is_some() {
        writer = run(html, Writer::new(Flavor::Page));
    }
    let mut page = std::mem::take(&mut writer.page);
    page.markdown = writer.finish();
    page.title = collapse(&strip_invisible(&page.title));
    let heading = first_heading(&page.markdown);
    // A title carries the name of the site as well, before or behind.
    if page.title.is_empty() || (!heading.is_empty() && is_title_with_site(&page.title, &heading)) {
        page.title = heading;
    }
    page
}

/// True for `Refunds | Acme` and `Acme – Refunds` where the heading is `Refunds`.
fn is_title_with_site(title: &str, heading: &str) -> bool {
    let (title, heading) = (title.to_lowercase(), heading.to_lowercase());
    let marks = ['|', '-', '–', '—', '·', '•', ':', '«', '»'];
    let rest = title.strip_prefix(&heading).map(str::trim_start);
    let behind = rest.is_some_and(|it| it.starts_with(marks));
    let rest = title.strip_suffix(&heading).map(str::trim_end);
    behind || rest.is_some_and(|it| it.ends_with(marks))
}

fn first_heading(markdown: &str) -> String {
    let line = markdown.lines().find_map(|it| it.strip_prefix("# ")).unwrap_or_default();
    line.split(" {#").next().unwrap_or_default().replace('\\', "")
}

fn collapse(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Removes characters a reader cannot see but a machine can: zero-width, bidi
/// controls, tags, variation selectors, soft hyphens and other controls. Line
/// breaks and tabs stay; exotic spaces become plain ones.
pub fn strip_invisible(text: &str) -> String {
    text.chars()
        .filter_map(|it| match it {
            '\n' | '\t' => Some(it),
            '\u{a0}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' | '\u{3000}' => Some(' '),
            '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{c}' | '\u{b}' => Some('\n'),
            _ if is_invisible(it) => None,
            _ => Some(it),
        })
        .collect()
}

fn is_invisible(letter: char) -> bool {
    // The joiner inside an emoji or an Indic word goes as well: it changes how
    // the letters look, not which words they are.
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffc}' | '\u{e0000}'..='\u{e0fff}')
}

/// HTML that comes in pieces, with Markdown between them: what a piece hides
/// stays hidden in the Markdown that follows, until a later piece closes it.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    elements: Elements,
    place: Option<String>,
}

impl Pieces {
    /// The Markdown of one piece; empty if it holds tags only.
    pub(super) fn feed(&mut self, html: &str) -> String {
        let mut writer = Writer::new(Flavor::Piece);
        writer.elements = std::mem::take(&mut self.elements);
        let mut writer = run(html, writer);
        self.elements = std::mem::take(&mut writer.elements);
        self.place = writer.place.take();
        writer.finish()
    }

    /// The name of the place in the page that the last piece marked at its end.
    pub(super) fn take_place(&mut self) -> Option<String> {
        self.place.take()
    }

    /// True if Markdown at this point is not shown to a reader.
    pub(super) fn hides_text(&self) -> bool {
        self.elements.hides_text()
    }
}

fn run(html: &str, writer: Writer) -> Writer {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(html));
    let tokenizer = Tokenizer::new(Sink(RefCell::new(writer)), TokenizerOpts::default());
    // Scripts do not stop this sink, so one call reads everything.
    drop(tokenizer.feed(&input));
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

/// Hands tokens to the writer.
struct Sink(RefCell<Writer>);

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, _line_number: u64) -> TokenSinkResult<()> {
        let mut writer = self.0.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => {
                writer.start(&tag);
                return raw_kind(&tag).map_or(TokenSinkResult::Continue, TokenSinkResult::RawData);
            }
            Token::TagToken(tag) => writer.end(&tag),
            Token::CharacterTokens(text) => writer.text(&text),
            Token::DoctypeToken(_)
            | Token::CommentToken(_)
            | Token::NullCharacterToken
            | Token::EOFToken
            | Token::ParseError(_) => {}
        }
        TokenSinkResult::Continue
    }
}

/// How the content of this element is written, where it is not markup.
fn raw_kind(tag: &Tag) -> Option<RawKind> {
    match &*tag.name {
        "title" | "textarea" => Some(RawKind::Rcdata),
        "style" | "xmp" | "iframe" | "noembed" | "noframes" => Some(RawKind::Rawtext),
        "script" => Some(RawKind::ScriptData),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
