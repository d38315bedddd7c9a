//! Passages of a page that differ from reader to reader: a site shows each only
//! its own and keeps the others by style sheet. Read without one, they would run
//! into each other; here they are kept apart, and named by the system they are for.

use html5ever::tokenizer::Tag;

use super::elements::is_block;
use super::elements::is_void;
use super::writer::Writer;

/// Attributes under which help centers say who a passage is for.
const ATTRIBUTES: [&str; 3] = ["data-for", "data-os", "data-platform"];

/// One open passage of this kind.
#[derive(Debug)]
struct Open {
    /// How many elements are open within and around it, itself included.
    depth: usize,
    /// Where in the output it starts.
    from: usize,
    label: Option<String>,
    /// True for a block whose name is still to be written before its first word.
    to_announce: bool,
    /// True if it takes turns with the one before it.
    alternates: bool,
}

/// The open ones, and the one that ended last.
#[derive(Debug, Default)]
pub(super) struct Variants {
    open: Vec<Open>,
    /// Where the last one ended in the output, and whom it was for.
    ended: Option<(usize, Option<String>)>,
}

impl Writer {
    /// To be told of an element once it is open.
    pub(super) fn start_variant(&mut self, tag: &Tag) {
        let told = tag.attrs.iter().find(|it| ATTRIBUTES.contains(&&*it.name.local));
        let depth = self.elements.depth();
        let is_open = self.variants.open.last().is_none_or(|it| it.depth < depth);
        let Some(told) = told.filter(|_| is_open && self.is_markdown() && !is_void(&tag.name))
        else {
            return;
        };
        let label = label_of(&told.value);
        let to_announce = is_block(&tag.name) && label.is_some() && !self.in_list();
        let follows = self.variants.ended.as_ref().is_some_and(|it| it.0 == self.out.len());
        let alternates = follows && self.breaks == 0;
        let from = self.out.len();
        self.variants.open.push(Open { depth, from, label, to_announce, alternates });
    }

    /// To be told after elements were closed.
    pub(super) fn end_variants(&mut self) {
        let depth = self.elements.depth();
        while let Some(open) = self.variants.open.pop_if(|it| depth < it.depth) {
            // One that holds a picture only says nothing.
            if self.out.len() <= open.from {
                continue;
            }
            let mut label = open.label;
            if open.alternates && self.breaks == 0 {
                self.name_variant(label.take());
            }
            self.variants.ended = Some((self.out.len(), label));
        }
    }

    /// To be called before a word is written.
    pub(super) fn announce_variant(&mut self) {
        let Some(open) = self.variants.open.last_mut() else { return };
        if std::mem::take(&mut open.to_announce) {
            let label = open.label.clone();
            // A heading comes with words of its own.
            if self.mark.is_none()
                && let Some(label) = label
            {
                self.breaks = 2;
                self.owe();
                self.out.push_str(&format!("{label}:"));
                self.breaks = 2;
            }
            return;
        }
        if !open.alternates || open.from != self.out.len() {
            return;
        }
        open.alternates = self.breaks == 0 && self.mark.is_none();
        if open.alternates {
            let label = self.variants.ended.take().and_then(|it| it.1);
            self.name_variant(label);
            self.out.push_str(" /");
            self.space = true;
        }
    }

    fn name_variant(&mut self, label: Option<String>) {
        if let Some(label) = label {
            self.out.push_str(&format!(" ({label})"));
        }
    }
}

/// The systems a list such as `win,linux` or `not mac` names, in words. `None`
/// if it names anything else, such as a version.
fn label_of(value: &str) -> Option<String> {
    let value = value.trim().to_ascii_lowercase();
    let (lead, names) = value.strip_prefix("not ").map_or(("", &*value), |it| ("not ", it));
    let names: Option<Vec<&str>> = names.split([',', ' ']).map(str::trim).map(name_of).collect();
    names.map(|it| format!("{lead}{}", it.join(", ")))
}

fn name_of(system: &str) -> Option<&'static str> {
    Some(match system {
        "win" | "windows" => "Windows",
        "winxp" => "Windows XP",
        "win7" => "Windows 7",
        "win8" => "Windows 8",
        "win10" => "Windows 10",
        "win11" => "Windows 11",
        "mac" | "macos" | "osx" => "macOS",
        "linux" => "Linux",
        "android" => "Android",
        "ios" => "iOS",
        "web" => "Web",
        _ => return None,
    })
}
