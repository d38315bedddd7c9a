//! PDF files: letters with places on pages. Reads them in the order they are
//! drawn, which is the reading order in what word processors write.

use std::panic::catch_unwind;
use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use pdf_extract::Dictionary;
use pdf_extract::Document;
use pdf_extract::MediaBox;
use pdf_extract::Object;
use pdf_extract::OutputDev;
use pdf_extract::OutputError;
use pdf_extract::Transform;
use pdf_extract::output_doc;

use super::Paper;
use super::PaperError;
use super::first_heading;
use super::is_telling;
use super::pdf_bounds;
use super::pdf_lines::Line;
use super::pdf_lines::markdown_of;
use crate::text::html::strip_invisible;
use crate::text::markdown::parse_date;

/// Deeply nested objects are read by recursion; this much room is enough for
/// what a sound file holds.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// A file that takes longer is given up. (Guessed: a handbook of 1,000 pages takes
/// ten seconds.)
const MAX_TIME: Duration = Duration::from_secs(60);

/// More letters are cut off: no article is as long. (Guessed.)
const MAX_LETTERS: usize = 4 * 1024 * 1024;

/// Letters a page holds on average, below which a file is taken for a scan: page
/// numbers and stamps are drawn over pictures. (Guessed.)
const MIN_LETTERS_A_PAGE: usize = 8;

/// Reads a PDF file. Headings are told by their size; lines that come on most
/// pages at the same place are left out.
///
/// # Errors
/// If it is encrypted, damaged, too large or too slow to read, or holds no text.
pub fn pdf(bytes: &[u8]) -> Result<Paper, PaperError> {
    pdf_bounds::check_packed(bytes)?;
    let (sender, receiver) = mpsc::sync_channel(1);
    let bytes = bytes.to_vec();
    // The library stops with a panic at damage it did not expect.
    let read = move || drop(sender.send(catch_unwind(|| read(&bytes))));
    let reader = std::thread::Builder::new().stack_size(STACK_BYTES);
    reader.spawn(read).map_err(|it| damaged(&it.to_string()))?;
    match receiver.recv_timeout(MAX_TIME) {
        Ok(Ok(read)) => read,
        Ok(Err(_)) | Err(RecvTimeoutError::Disconnected) => {
            Err(damaged("a part of it is not as the format has it"))
        }
        // Nothing can stop it. Its thread goes on until it is done or the process ends.
        Err(RecvTimeoutError::Timeout) => Err(PaperError::TooSlow { max_s: MAX_TIME.as_secs() }),
    }
}

pub(super) fn damaged(detail: &str) -> PaperError {
    PaperError::Damaged { kind: "PDF", detail: detail.to_owned() }
}

fn read(bytes: &[u8]) -> Result<Paper, PaperError> {
    let mut document = Document::load_mem(bytes).map_err(|it| damaged(&it.to_string()))?;
    // Many files may be read by anyone and are encrypted all the same.
    if document.is_encrypted() && document.decrypt("").is_err() {
        return Err(PaperError::Encrypted);
    }
    pdf_bounds::forget_pictures(&mut document);
    pdf_bounds::check(&document)?;
    let n_pages = document.get_pages().len();
    let mut letters = Letters::default();
    output_doc(&document, &mut letters).map_err(|it| damaged(&it.to_string()))?;
    letters.end_line();
    if letters.n_letters < MIN_LETTERS_A_PAGE * n_pages.max(1) {
        return Err(PaperError::NoText);
    }
    let mut paper = Paper { markdown: markdown_of(letters.lines), ..Paper::default() };
    if let Some(about) = about(&document) {
        paper.title = words(about, b"Title").filter(|it| is_telling(it)).unwrap_or_default();
        paper.updated_at = words(about, b"ModDate").and_then(|it| parse_date(&iso_date(&it)?));
    }
    if paper.title.is_empty() {
        paper.title = first_heading(&paper.markdown);
    }
    if paper.markdown.is_empty() { Err(PaperError::NoText) } else { Ok(paper) }
}

fn about(document: &Document) -> Option<&Dictionary> {
    let about = document.trailer.get(b"Info").ok()?;
    match about {
        Object::Reference(id) => document.get_dictionary(*id).ok(),
        about => about.as_dict().ok(),
    }
}

fn words(about: &Dictionary, key: &[u8]) -> Option<String> {
    let bytes = about.get(key).ok()?.as_str().ok()?;
    let text = match bytes.strip_prefix(&[0xfe, 0xff]) {
        Some(bytes) => {
            let units = bytes
                .chunks_exact(2)
                .map(|it| it.iter().fold(0, |sum, it| sum << 8 | u16::from(*it)));
            String::from_utf16_lossy(&units.collect::<Vec<u16>>())
        }
        None => bytes.iter().map(|it| char::from(*it)).collect(),
    };
    Some(strip_invisible(text.trim())).filter(|it| !it.is_empty())
}

/// `D:20240501103000+02'00'` as the date it begins with.
fn iso_date(text: &str) -> Option<String> {
    let digits = text.trim_start_matches("D:").get(..8)?;
    let is_date = digits.bytes().all(|it| it.is_ascii_digit());
    let part = |from, to| digits.get(from..to);
    is_date.then(|| Some(format!("{}-{}-{}", part(0, 4)?, part(4, 6)?, part(6, 8)?)))?
}

/// Puts letters together to lines.
#[derive(Debug, Default)]
struct Letters {
    lines: Vec<Line>,
    line: Line,
    page: u32,
    /// Where the last letter ended.
    end_x: f64,
    n_letters: usize,
}

impl Letters {
    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if !line.text.trim().is_empty() {
            self.lines.push(line);
        }
    }
}

impl OutputDev for Letters {
    fn begin_page(
        &mut self,
        page: u32,
        _media_box: &MediaBox,
        _art_box: Option<(f64, f64, f64, f64)>,
    ) -> Result<(), OutputError> {
        self.page = page;
        Ok(())
    }

    fn end_page(&mut self) -> Result<(), OutputError> {
        self.end_line();
        Ok(())
    }

    fn output_character(
        &mut self,
        place: &Transform,
        width: f64,
        _spacing: f64,
        font_size: f64,
        letter: &str,
    ) -> Result<(), OutputError> {
        let (x, y) = (place.m31, place.m32);
        let reach = (font_size * (place.m11 + place.m21), font_size * (place.m12 + place.m22));
        let size = (reach.0 * reach.1).abs().sqrt();
        // Letters of one point are read by nobody.
        if MAX_LETTERS < self.n_letters || size <= 1.0 {
            return Ok(());
        }
        if !self.line.text.is_empty() {
            let fall = (y - self.line.y).abs();
            if size * 1.5 < fall || (x < self.end_x && size * 0.5 < fall) {
                self.end_line();
            } else if self.end_x + size * 0.1 < x && !self.line.text.ends_with(' ') {
                self.line.text.push(' ');
            }
        }
        if self.line.text.is_empty() {
            self.line = Line { page: self.page, x, y, size, text: String::new() };
        }
        self.line.size = self.line.size.max(size);
        self.line.text.push_str(letter);
        self.n_letters += letter.trim().len();
        self.end_x = x + width * size;
        Ok(())
    }

    fn begin_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_word(&mut self) -> Result<(), OutputError> {
        Ok(())
    }

    fn end_line(&mut self) -> Result<(), OutputError> {
        Ok(())
    }
}
