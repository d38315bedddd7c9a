//! What a PDF file would cost its reader, found out before it is read: the library
//! follows references in circles, unpacks without end and draws a form as often as
//! it is told to. A stack that overflows or a memory that is full ends the process.

use std::collections::HashMap;
use std::io::Read;

use flate2::read::DeflateDecoder;
use flate2::read::ZlibDecoder;
use pdf_extract::Dictionary;
use pdf_extract::Document;
use pdf_extract::Object;
use pdf_extract::ObjectId;
use pdf_extract::Stream;
use pdf_extract::content::Content;

use super::PaperError;
use super::pdf::damaged;

/// What one packed stream may hold. (Guessed: the largest pictures of print have
/// 150 MB; what is written on a page has less than one.)
const MAX_STREAM_BYTES: u64 = 256 * 1024 * 1024;

/// What is drawn on all pages, forms counted as often as they are drawn. (Guessed:
/// a handbook of 1,000 pages has 30 MB. A byte takes 30 to 100 ns to read.)
const MAX_DRAWN_BYTES: u64 = 128 * 1024 * 1024;

/// What is drawn on one page: it is held in memory as operations, each tenfold.
const MAX_PAGE_BYTES: u64 = 32 * 1024 * 1024;

/// LZW packs some thousand to one at the best, and nobody has used it since 1999.
const MAX_LZW_BYTES: usize = 64 * 1024;

/// Columns times colors times bits. (Guessed: posters have a million.)
const MAX_ROW_BITS: i64 = 256 * 1024 * 1024;

/// How deeply forms stand in forms, and arrays in arrays. (Guessed: drawing
/// programs make four of the first, and two of the second.)
const MAX_DEPTH: usize = 32;

/// Steps from a page up to the root of its tree; the library allows as many down.
const MAX_PARENTS: usize = 256;

/// Letters a font may name; Unicode has fewer.
const MAX_LETTERS_OF_FONT: u64 = 1_200_000;

/// Looks at a file that nobody has unpacked yet: some of it is unpacked on loading.
///
/// # Errors
/// If a piece of it is a bomb.
pub(super) fn check_packed(bytes: &[u8]) -> Result<(), PaperError> {
    const WORD: &[u8] = b"stream";
    let mut rest = bytes;
    while let Some(at) = rest.windows(WORD.len()).position(|it| it == WORD) {
        rest = rest.get(at + WORD.len()..).unwrap_or_default();
        // One line ends the word; what begins with a blank is not packed.
        let packed = rest.strip_prefix(b"\r").unwrap_or(rest);
        unpacked_bytes(packed.strip_prefix(b"\n").unwrap_or(packed), MAX_STREAM_BYTES)?;
    }
    Ok(())
}

/// Empties all pictures: no text is in them, and the library reads them as if there
/// were.
pub(super) fn forget_pictures(document: &mut Document) {
    for object in document.objects.values_mut() {
        if let Object::Stream(stream) = object
            && stream.dict.get(b"Subtype").and_then(Object::as_name).is_ok_and(|it| it == b"Image")
        {
            stream.dict.remove(b"Filter");
            stream.content = Vec::new();
        }
    }
}

/// Looks at a loaded document.
///
/// # Errors
/// If reading it would take too much memory, time or stack.
pub(super) fn check(document: &Document) -> Result<(), PaperError> {
    for object in document.objects.values() {
        match object {
            Object::Dictionary(font) => check_letters(document, font)?,
            Object::Stream(stream) => check_rows(document, &stream.dict)?,
            _ => {}
        }
    }
    let mut costs = Costs { document, known: HashMap::new() };
    let (mut drawn, empty) = (0_u64, Dictionary::new());
    for page in document.page_iter() {
        let resources = resources_of(document, page)?.unwrap_or(&empty);
        let mut on_page = 0_u64;
        for id in document.get_page_contents(page) {
            let Ok(stream) = document.get_object(id).and_then(Object::as_stream) else { continue };
            // One stream may be named a thousand times.
            on_page = on_page.saturating_add(costs.of(stream, resources, 0)?);
            if MAX_PAGE_BYTES < on_page {
                return Err(PaperError::TooLarge { max_bytes: MAX_PAGE_BYTES });
            }
        }
        drawn = drawn.saturating_add(on_page);
        if MAX_DRAWN_BYTES < drawn {
            return Err(PaperError::TooLarge { max_bytes: MAX_DRAWN_BYTES });
        }
    }
    Ok(())
}

/// The resources a page has or inherits, on a way up that is no circle.
fn resources_of(document: &Document, page: ObjectId) -> Result<Option<&Dictionary>, PaperError> {
    let (mut found, mut at) = (None, document.get_dictionary(page).ok());
    for _ in 0..MAX_PARENTS {
        let Some(node) = at else { return Ok(found) };
        found = found.or_else(|| dictionary(document, node, b"Resources"));
        let parent = node.get(b"Parent").and_then(Object::as_reference);
        at = parent.and_then(|it| document.get_dictionary(it)).ok();
    }
    Err(damaged("its pages stand in a circle"))
}

fn dictionary<'d>(
    document: &'d Document,
    of: &'d Dictionary,
    key: &[u8],
) -> Option<&'d Dictionary> {
    of.get_deref(key, document).and_then(Object::as_dict).ok()
}

/// Bytes a stream makes the reader look at, with those of the forms it draws.
struct Costs<'d> {
    document: &'d Document,
    /// A form without resources takes those of whoever draws it.
    known: HashMap<(*const Stream, *const Dictionary), u64>,
}

impl<'d> Costs<'d> {
    fn of(
        &mut self,
        stream: &'d Stream,
        resources: &'d Dictionary,
        depth: usize,
    ) -> Result<u64, PaperError> {
        if MAX_DEPTH < depth {
            return Err(damaged("it draws a form within itself"));
        }
        let key = (std::ptr::from_ref(stream), std::ptr::from_ref(resources));
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let content = unpacked(stream, MAX_PAGE_BYTES)?;
        let mut cost = content.len() as u64;
        let forms = dictionary(self.document, resources, b"XObject");
        for (name, n_times) in drawn_forms(&content) {
            let form = forms.and_then(|it| it.get_deref(&name, self.document).ok());
            let Some(form) = form.and_then(|it| it.as_stream().ok()) else { continue };
            let own = dictionary(self.document, &form.dict, b"Resources").unwrap_or(resources);
            let once = self.of(form, own, depth + 1)?;
            cost = cost.saturating_add(once.saturating_mul(n_times));
        }
        self.known.insert(key, cost);
        Ok(cost)
    }
}

/// Names of the forms a content draws, each with how often. Read as the library
/// reads them, so that no spelling of a name gets past.
fn drawn_forms(content: &[u8]) -> HashMap<Vec<u8>, u64> {
    let mut drawn = HashMap::new();
    if !content.windows(2).any(|it| it == b"Do") {
        return drawn;
    }
    let Ok(content) = Content::decode(content) else { return drawn };
    for operation in content.operations.iter().filter(|it| it.operator == "Do") {
        if let Some(Ok(name)) = operation.operands.first().map(Object::as_name) {
            *drawn.entry(name.to_vec()).or_insert(0) += 1;
        }
    }
    drawn
}

/// What a font says of its letters is read by recursion, and each range of it is
/// written out.
fn check_letters(document: &Document, font: &Dictionary) -> Result<(), PaperError> {
    for key in [b"ToUnicode".as_slice(), b"Encoding"] {
        let Ok(map) = font.get_deref(key, document).and_then(Object::as_stream) else { continue };
        let map = unpacked(map, MAX_PAGE_BYTES)?;
        let (mut depth, mut n_letters, mut before) = (0_usize, 0_u64, [0_u64; 2]);
        for byte in &map {
            match byte {
                b'[' | b'(' | b'<' => depth += 1,
                b']' | b')' | b'>' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if MAX_DEPTH < depth {
                return Err(damaged("a font of it is nested too deeply"));
            }
        }
        // `<from> <to> <letter>`: more than that is between the marks, and is no
        // range; two codes that lie far apart are.
        let ranges = String::from_utf8_lossy(&map);
        for block in ranges.split("beginbfrange").skip(1) {
            let block = block.split("endbfrange").next().unwrap_or_default();
            let codes = block.split('<').skip(1).filter_map(|it| it.split('>').next());
            for (idx, code) in codes.enumerate() {
                let code: String = code.split_whitespace().collect();
                // The library keeps the last four bytes.
                let code = code.get(code.len().saturating_sub(8)..).unwrap_or_default();
                let code = u64::from_str_radix(code, 16).unwrap_or(0);
                if idx % 3 == 1 {
                    n_letters = n_letters.saturating_add(code.saturating_sub(before[0]));
                }
                before = [code, before[0]];
            }
        }
        if MAX_LETTERS_OF_FONT < n_letters {
            return Err(damaged("a font of it has more letters than there are"));
        }
    }
    Ok(())
}

/// Packed rows are held two at a time, however wide they say they are.
fn check_rows(document: &Document, packed: &Dictionary) -> Result<(), PaperError> {
    let Some(rows) = dictionary(document, packed, b"DecodeParms") else { return Ok(()) };
    let widths = [b"Columns".as_slice(), b"Colors", b"BitsPerComponent"];
    let widths = widths.map(|it| rows.get(it).and_then(Object::as_i64).unwrap_or(1).max(1));
    let n_bits = widths.into_iter().fold(1, i64::saturating_mul);
    if MAX_ROW_BITS < n_bits { Err(damaged("a row of it is too wide")) } else { Ok(()) }
}

/// The content of a stream as the library would unpack it.
fn unpacked(stream: &Stream, max_bytes: u64) -> Result<Vec<u8>, PaperError> {
    let filters = stream.filters().unwrap_or_default();
    let is_packed = |it: &&&[u8]| matches!(**it, b"FlateDecode" | b"LZWDecode");
    if 1 < filters.iter().filter(is_packed).count() {
        return Err(damaged("a part of it is packed twice"));
    }
    if filters.contains(&b"LZWDecode".as_slice()) && MAX_LZW_BYTES < stream.content.len() {
        return Err(PaperError::TooLarge { max_bytes });
    }
    match filters.as_slice() {
        [b"FlateDecode", ..] => {
            unpacked_bytes(&stream.content, max_bytes)?;
        }
        [b"ASCII85Decode", b"FlateDecode", ..] => {
            let mut spelled = Stream::new(Dictionary::new(), stream.content.clone());
            spelled.dict.set("Filter", Object::Name(b"ASCII85Decode".to_vec()));
            unpacked_bytes(&spelled.decompressed_content().unwrap_or_default(), max_bytes)?;
        }
        _ => {}
    }
    // The library goes on with what is packed if it cannot unpack it.
    Ok(stream.decompressed_content().unwrap_or_else(|_| stream.content.clone()))
}

/// Counts what comes out, and keeps nothing of it. Damage ends it; what came before
/// is kept by the library. What is not of zlib's form it takes for bare deflate.
fn unpacked_bytes(packed: &[u8], max_bytes: u64) -> Result<u64, PaperError> {
    let mut n_bytes = counted(ZlibDecoder::new(packed), max_bytes)?;
    if n_bytes == 0 {
        n_bytes = counted(DeflateDecoder::new(packed.get(2..).unwrap_or_default()), max_bytes)?;
    }
    Ok(n_bytes)
}

fn counted(mut unpacked: impl Read, max_bytes: u64) -> Result<u64, PaperError> {
    let (mut n_bytes, mut piece) = (0_u64, [0; 16 * 1024]);
    while let Ok(n_read @ 1..) = unpacked.read(&mut piece) {
        n_bytes += n_read as u64;
        if max_bytes < n_bytes {
            return Err(PaperError::TooLarge { max_bytes });
        }
    }
    Ok(n_bytes)
}
