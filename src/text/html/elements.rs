//! Which elements are open at a point of a token stream, and whether text there
//! can be seen. Follows the tree rules that matter for hiding, without a tree:
//! depth is bounded, so a bomb of nested tags costs nothing.

use std::rc::Rc;

use html5ever::LocalName;
use html5ever::tokenizer::Tag;

use super::style::look_of;

/// Deeper elements are not recorded; browsers stop at 512 as well.
const MAX_DEPTH: usize = 256;

/// One open element, with what it inherits already applied, so that asking
/// about a point costs the same at any depth.
#[derive(Debug)]
struct Open {
    name: LocalName,
    hidden: bool,
    color: Option<Rc<str>>,
    background: Rc<str>,
    quote_depth: usize,
    signs: bool,
    places: u8,
}

/// Kinds of places an element opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Title = 1,
    Preformatted = 2,
    /// `main` and `article`.
    Main = 4,
    /// `nav`, `footer` and `aside`.
    Around = 8,
    /// `header`: around a page, but part of an article.
    Header = 16,
    /// Text that is typed or read letter by letter.
    Code = 32,
    Bold = 64,
}

fn places_of(name: &str) -> u8 {
    match name {
        "title" => Place::Title as u8,
        "pre" => Place::Preformatted as u8,
        "main" | "article" => Place::Main as u8,
        "nav" | "footer" | "aside" => Place::Around as u8,
        "header" => Place::Header as u8,
        "b" | "strong" => Place::Bold as u8,
        "code" | "kbd" | "samp" | "tt" => Place::Code as u8,
        _ => 0,
    }
}

/// The open elements, outermost first.
#[derive(Debug, Default)]
pub(super) struct Elements {
    open: Vec<Open>,
    n_paragraphs: usize,
    /// True behind the mark after which a mail holds only what it answers.
    quotes_rest: bool,
}

impl Elements {
    /// True if text at this point is not shown to a reader.
    pub(super) fn hides_text(&self) -> bool {
        self.open.last().is_some_and(|it| {
            let unseen = |color: &Rc<str>| *color == it.background || &**color == "transparent";
            it.hidden || it.color.as_ref().is_some_and(unseen)
        })
    }

    /// How many elements are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// How many quotations text at this point stands in.
    pub(super) fn quote_depth(&self) -> usize {
        self.open.last().map_or(0, |it| it.quote_depth) + usize::from(self.quotes_rest)
    }

    /// True inside a container that mail programs make for signatures.
    pub(super) fn is_signature(&self) -> bool {
        self.open.last().is_some_and(|it| it.signs)
    }

    /// True if an element of this kind is open.
    pub(super) fn is_within(&self, place: Place) -> bool {
        self.open.last().is_some_and(|it| it.places & place as u8 != 0)
    }

    pub(super) fn start(&mut self, tag: &Tag) {
        let name: &str = &tag.name;
        self.close_implied(name);
        if is_void(name) || MAX_DEPTH <= self.open.len() {
            return;
        }
        let look = look_of(tag);
        self.quotes_rest |= look.quotes_rest;
        let parent = self.open.last();
        let closed_dialog =
            name == "dialog" && !tag.attrs.iter().any(|it| &*it.name.local == "open");
        let own_ground = look.background.filter(|it| it != "transparent").map(Rc::from);
        let background = own_ground.or_else(|| parent.map(|it| Rc::clone(&it.background)));
        let open = Open {
            name: tag.name.clone(),
            hidden: parent.is_some_and(|it| it.hidden)
                || look.hidden
                || is_unseen(name)
                || closed_dialog,
            color: look.color.map(Rc::from).or_else(|| parent.and_then(|it| it.color.clone())),
            background: background.unwrap_or_else(|| Rc::from("ffffff")),
            quote_depth: parent.map_or(0, |it| it.quote_depth) + usize::from(look.quotes),
            signs: parent.is_some_and(|it| it.signs) || look.signs,
            places: parent.map_or(0, |it| it.places) | places_of(name),
        };
        self.n_paragraphs += usize::from(name == "p");
        self.open.push(open);
    }

    pub(super) fn end(&mut self, tag: &Tag) {
        let name: &str = &tag.name;
        let of_table = is_of_table(name);
        for idx in (0..self.open.len()).rev() {
            let Some(open) = self.open.get(idx) else { return };
            if open.name == tag.name {
                self.close_from(idx);
                return;
            }
            // A stray end tag must not end what hides the text around it.
            let barrier = match &*open.name {
                "table" | "template" | "object" => true,
                "td" | "th" | "caption" => !of_table,
                inner => !is_block(name) && is_block(inner),
            };
            if barrier {
                return;
            }
        }
    }

    fn close_from(&mut self, idx: usize) {
        for open in self.open.drain(idx.min(self.open.len())..) {
            self.n_paragraphs -= usize::from(&*open.name == "p");
        }
    }

    /// Ends what a start tag ends by itself: `<li>` the item before it, a block
    /// the paragraph before it.
    fn close_implied(&mut self, name: &str) {
        match name {
            "li" => self.close_back_to(&["li"], &["ul", "ol", "menu"]),
            "dt" | "dd" => self.close_back_to(&["dt", "dd"], &["dl"]),
            "option" | "optgroup" => self.close_back_to(&["option"], &["select"]),
            "td" | "th" => self.close_back_to(&["td", "th"], &["tr", "table"]),
            "tr" => self.close_back_to(&["tr"], &["table"]),
            "tbody" | "thead" | "tfoot" => {
                self.close_back_to(&["tbody", "thead", "tfoot"], &["table"]);
            }
            _ => {}
        }
        if 0 < self.n_paragraphs && is_block(name) && !is_of_table(name) {
            self.close_back_to(&["p"], &["td", "th", "table", "button", "object", "caption"]);
        }
    }

    fn close_back_to(&mut self, names: &[&str], barriers: &[&str]) {
        for idx in (0..self.open.len()).rev() {
            let Some(open) = self.open.get(idx) else { return };
            if names.contains(&&*open.name) {
                self.close_from(idx);
                return;
            }
            if barriers.contains(&&*open.name) {
                return;
            }
        }
    }
}

/// Elements that never have content.
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "br"
            | "col"
            | "embed"
            | "hr"
            | "img"
            | "input"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
            | "basefont"
            | "bgsound"
            | "frame"
            | "keygen"
    )
}

/// Elements whose content is no text of the page. Struck-out text is among
/// them: a crossed-out price must not be quoted as the price.
fn is_unseen(name: &str) -> bool {
    matches!(
        name,
        "script"
            | "style"
            | "template"
            | "head"
            | "title"
            | "noscript"
            | "iframe"
            | "object"
            | "svg"
            | "math"
            | "canvas"
            | "audio"
            | "video"
            | "select"
            | "datalist"
            | "textarea"
            | "noframes"
            | "noembed"
            | "applet"
            | "map"
            | "s"
            | "del"
            | "strike"
            | "rp"
    )
}

/// Elements that stand on lines of their own.
pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "center"
            | "details"
            | "dialog"
            | "dd"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "html"
            | "li"
            | "legend"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "search"
            | "section"
            | "summary"
            | "ul"
    ) || is_of_table(name)
}

fn is_of_table(name: &str) -> bool {
    matches!(name, "table" | "tbody" | "thead" | "tfoot" | "tr" | "td" | "th" | "caption")
}
