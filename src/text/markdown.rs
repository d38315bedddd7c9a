//! Markdown as sections of plain blocks: what a passage is cut from. Markup,
//! images and invisible parts are gone; the order and the nesting are kept.

mod contents;
mod fences;
mod front_matter;
mod reader;
mod strays;
mod strip;

pub use self::front_matter::FrontMatter;
pub use self::front_matter::FrontMatterError;
pub use self::front_matter::flag;
pub use self::front_matter::front_matter;
pub use self::front_matter::is_unpublished;
pub use self::front_matter::parse_date;
pub use self::reader::sections;
pub use self::strip::strip_attributes;
pub use self::strip::strip_templates;

/// What stands under one heading, up to the next one of any level.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Section {
    /// The heading and those above it, outermost first. Empty before the first.
    pub headings: Vec<String>,
    /// Fragment that leads to the heading, without `#`: the one it declares,
    /// else the one GitHub would make. `None` before the first heading.
    pub anchor: Option<String>,
    /// In reading order; never empty.
    pub blocks: Vec<Block>,
}

/// One paragraph, item, table row or piece of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    pub kind: BlockKind,
    /// Plain text, never blank. Only code and hard breaks hold line breaks.
    pub text: String,
    /// How many lists the block stands in; 0 outside of any.
    pub depth: usize,
    /// Which outermost list or table of the document it belongs to, counted
    /// from 0: blocks with one number belong together. `None` outside.
    pub group: Option<usize>,
    /// True if all it says is a link to another place of the same page.
    jumps: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockKind {
    Paragraph,
    Bullet,
    /// With the number it carries.
    Step(u64),
    /// A row of a table: `heading: cell; heading: cell`.
    Row,
    Code,
}

impl Block {
    /// The block as a passage shows it: items and steps marked and indented by
    /// two spaces a level.
    pub fn render(&self) -> String {
        let indent = "  ".repeat(self.depth.saturating_sub(1).min(8));
        match self.kind {
            BlockKind::Paragraph | BlockKind::Code if self.depth == 0 => self.text.clone(),
            BlockKind::Paragraph | BlockKind::Code => format!("{indent}  {}", self.text),
            BlockKind::Bullet | BlockKind::Row => format!("{indent}- {}", self.text),
            BlockKind::Step(number) => format!("{indent}{number}. {}", self.text),
        }
    }
}

#[cfg(test)]
mod tests;
