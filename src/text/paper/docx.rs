//! Word files: a zip of XML. Reads the text a reader sees: not what is hidden,
//! struck out, deleted in a tracked change, commented or white on white.

mod body;

use std::collections::HashMap;
use std::io::Cursor;
use std::io::Read as _;

use zip::ZipArchive;

use self::body::Body;
use super::Paper;
use super::PaperError;
use super::first_heading;
use super::is_telling;
use crate::text::html::strip_invisible;
use crate::text::markdown::parse_date;
use crate::text::xml;
use crate::text::xml::Piece;

/// A part that unpacks to more is a bomb or a book. (Guessed: 1,000 pages have 20 MB.)
const MAX_PART_BYTES: u64 = 64 * 1024 * 1024;

/// What an encrypted office document begins with: it is no zip but a container
/// of the format before.
const OLD_CONTAINER: [u8; 4] = [0xd0, 0xcf, 0x11, 0xe0];

/// What a document says of its styles and lists.
#[derive(Debug, Default)]
struct Sheet {
    /// Style id → level of heading, 1–6; 0 is the document's title.
    headings: HashMap<String, usize>,
    /// Style id → list it makes.
    style_lists: HashMap<String, (String, usize)>,
    /// Lists (`numId`, level) that are numbered; others have bullets.
    numbered: HashMap<(String, usize), bool>,
}

/// Reads a Word file (.docx).
///
/// # Errors
/// If it is encrypted, damaged, too large, or holds no text.
pub fn docx(bytes: &[u8]) -> Result<Paper, PaperError> {
    if bytes.starts_with(&OLD_CONTAINER) {
        return Err(PaperError::Encrypted);
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|it| damaged(&it.to_string()))?;
    let document = part(&mut archive, "word/document.xml")?
        .ok_or_else(|| damaged("it has no word/document.xml"))?;
    let mut sheet = Sheet::default();
    if let Some(numbering) = part(&mut archive, "word/numbering.xml")? {
        read_numbering(&numbering, &mut sheet);
    }
    if let Some(styles) = part(&mut archive, "word/styles.xml")? {
        read_styles(&styles, &mut sheet);
    }
    let mut body = Body::new(&sheet);
    xml::read(&document, |piece| body.take(piece)).map_err(|it| damaged(&it.to_string()))?;
    let (own_title, markdown) = body.finish();
    let mut paper = Paper { markdown, ..Paper::default() };
    if let Some(core) = part(&mut archive, "docProps/core.xml")? {
        read_properties(&core, &mut paper);
    }
    if paper.markdown.trim().is_empty() {
        return Err(PaperError::NoText);
    }
    if !is_telling(&paper.title) {
        paper.title = own_title.unwrap_or_else(|| first_heading(&paper.markdown));
    }
    Ok(paper)
}

fn damaged(detail: &str) -> PaperError {
    PaperError::Damaged { kind: "Word", detail: detail.to_owned() }
}

/// One part of the archive as text; `None` if there is no such part.
fn part(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Option<String>, PaperError> {
    let Ok(file) = archive.by_name(name) else { return Ok(None) };
    let mut bytes = Vec::new();
    // What the archive says about sizes is not believed.
    let read = file.take(MAX_PART_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|it| damaged(&it.to_string()))?;
    if MAX_PART_BYTES < bytes.len() as u64 {
        return Err(PaperError::TooLarge { max_bytes: MAX_PART_BYTES });
    }
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// A part that is not well-formed costs its marks, not the document.
fn read_styles(styles: &str, sheet: &mut Sheet) {
    let (mut id, mut list) = (String::new(), None::<(String, usize)>);
    drop(xml::read(styles, |piece| match piece {
        Piece::Open(it) => {
            let value = it.attribute("val").unwrap_or_default();
            match it.name.as_str() {
                "style" => {
                    id = it.attribute("styleId").unwrap_or_default().to_owned();
                    list = None;
                }
                "name" => {
                    let name = value.to_lowercase();
                    let level = name.strip_prefix("heading ").and_then(|it| it.parse().ok());
                    let level = level.or_else(|| (name == "title").then_some(0_usize));
                    if let Some(level) = level {
                        sheet.headings.insert(id.clone(), level.min(6));
                    }
                }
                "outlineLvl" => {
                    if let Some(level) = value.parse::<usize>().ok().filter(|it| *it < 9) {
                        sheet.headings.entry(id.clone()).or_insert((level + 1).min(6));
                    }
                }
                "ilvl" => {
                    let number = list.take().map(|it| it.0).unwrap_or_default();
                    list = Some((number, value.parse().unwrap_or(0)));
                }
                "numId" => {
                    let level = list.take().map_or(0, |it| it.1);
                    list = Some((value.to_owned(), level));
                }
                _ => {}
            }
        }
        Piece::Close("style") => {
            if let Some(list) = list.take().filter(|it| !it.0.is_empty()) {
                sheet.style_lists.insert(id.clone(), list);
            }
        }
        Piece::Close(_) | Piece::Text(_) => {}
    }));
}

fn read_numbering(numbering: &str, sheet: &mut Sheet) {
    let mut formats: HashMap<(String, usize), bool> = HashMap::new();
    let (mut outline, mut level, mut number) = (String::new(), 0, String::new());
    let mut lists: Vec<(String, String)> = Vec::new();
    drop(xml::read(numbering, |piece| {
        let Piece::Open(it) = piece else { return };
        let value = it.attribute("val").unwrap_or_default();
        match it.name.as_str() {
            "abstractNum" => {
                outline = it.attribute("abstractNumId").unwrap_or_default().to_owned();
            }
            "lvl" => level = it.attribute("ilvl").and_then(|it| it.parse().ok()).unwrap_or(0),
            "numFmt" => {
                formats.insert((outline.clone(), level), !matches!(value, "bullet" | "none"));
            }
            "num" => number = it.attribute("numId").unwrap_or_default().to_owned(),
            "abstractNumId" => lists.push((number.clone(), value.to_owned())),
            _ => {}
        }
    }));
    for (number, outline) in lists {
        for ((_, level), numbered) in formats.iter().filter(|it| it.0.0 == outline) {
            sheet.numbered.insert((number.clone(), *level), *numbered);
        }
    }
}

fn read_properties(core: &str, paper: &mut Paper) {
    let (mut place, mut modified) = (String::new(), String::new());
    drop(xml::read(core, |piece| match piece {
        Piece::Open(it) => place.clone_from(&it.name),
        Piece::Text(text) => match place.as_str() {
            "title" => paper.title.push_str(text),
            "modified" => modified.push_str(text),
            _ => {}
        },
        Piece::Close(_) => place.clear(),
    }));
    paper.title = strip_invisible(paper.title.trim());
    paper.updated_at = parse_date(&modified);
}
