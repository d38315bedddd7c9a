//! One file of a help center into an article: Markdown, MDX, HTML, PDF, Word.

use std::path::Path;

use anyhow::Context as _;
use anyhow::ensure;

use super::Plan;
use crate::knowledge::Audience;
use crate::knowledge::Document;
use crate::knowledge::Pool;
use crate::text::html;
use crate::text::language;
use crate::text::markdown;
use crate::text::paper;

/// Larger texts are no articles. (Guessed: a book has 1 MB.)
const MAX_TEXT_BYTES: u64 = 10 * 1024 * 1024;

/// The same for formats that hold pictures.
const MAX_PAPER_BYTES: u64 = 64 * 1024 * 1024;

/// Reads one file. `None` if it is marked as not to be published.
///
/// # Errors
/// If it cannot be read, is too large, is no text or has broken front matter.
pub(super) fn read_file(
    file: &Path,
    id: &str,
    source: &str,
    plan: &Plan,
) -> anyhow::Result<Option<Document>> {
    let kind = extension(file).unwrap_or_default();
    let is_paper = matches!(kind.as_str(), "pdf" | "docx");
    let max_bytes = if is_paper { MAX_PAPER_BYTES } else { MAX_TEXT_BYTES };
    let size_bytes = std::fs::metadata(file)
        .context("could not look at it; check that it is there and may be read")?
        .len();
    ensure!(
        size_bytes <= max_bytes,
        "it has {size_bytes} bytes; {max_bytes} are allowed: split it, or leave it out"
    );
    let bytes = std::fs::read(file).context("could not read it; check its permissions")?;
    let mut document = if is_paper {
        Some(of_paper(&kind, &bytes)?)
    } else {
        let text = text_of(&bytes)?;
        if matches!(kind.as_str(), "html" | "htm") { of_html(&text) } else { of_markdown(&text)? }
    };
    let Some(document) = &mut document else { return Ok(None) };
    if document.title.is_empty() {
        document.title = title_of_name(file);
    }
    document.id = id.to_owned();
    document.source = source.to_owned();
    document.brand = plan.brand.clone().unwrap_or_else(|| super::DEFAULT_BRAND.to_owned());
    if let Some(audience) = &plan.audience {
        document.audience = audience.clone();
    }
    settle_language(document);
    Ok(Some(document.clone()))
}

/// True for the files this module reads.
pub(super) fn is_readable(file: &Path) -> bool {
    extension(file).is_some_and(|it| {
        matches!(it.as_str(), "md" | "mdx" | "markdown" | "html" | "htm" | "pdf" | "docx")
    })
}

fn extension(file: &Path) -> Option<String> {
    Some(file.extension()?.to_str()?.to_ascii_lowercase())
}

/// Text of a file, with the byte order marks of Windows read as such.
fn text_of(bytes: &[u8]) -> anyhow::Result<String> {
    if let Some(rest) = bytes.strip_prefix(&[0xff, 0xfe]) {
        let units: Vec<u16> = rest
            .chunks_exact(2)
            .map(|it| it.iter().rev().fold(0, |sum, it| sum << 8 | u16::from(*it)))
            .collect();
        return Ok(String::from_utf16_lossy(&units));
    }
    ensure!(!bytes.contains(&0), "it is not a text file; save it as UTF-8, or leave it out");
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        // An older Windows page. Marks in the place of letters would be quoted to customers.
        Err(_) => Ok(encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0.into_owned()),
    }
}

fn of_paper(kind: &str, bytes: &[u8]) -> anyhow::Result<Document> {
    let paper = if kind == "pdf" { paper::pdf(bytes)? } else { paper::docx(bytes)? };
    let mut document = empty();
    document.title = paper.title;
    document.body = paper.markdown;
    document.updated_at = paper.updated_at;
    Ok(document)
}

fn of_html(text: &str) -> Option<Document> {
    let page = html::page(text);
    let mut document = empty();
    document.title = page.title;
    document.body = page.markdown;
    document.summary = page.summary;
    document.url = page.url.filter(|it| it.starts_with("http"));
    document.language = page.language;
    Some(document)
}

fn of_markdown(text: &str) -> anyhow::Result<Option<Document>> {
    let (front_matter, body) = markdown::front_matter(text)?;
    if front_matter.draft {
        return Ok(None);
    }
    let body = markdown::strip_templates(body);
    let mut document = empty();
    document.title = match front_matter.title {
        Some(title) => title,
        None => first_heading(&body),
    };
    document.body = body;
    document.summary = front_matter.summary;
    document.url = front_matter.url;
    document.language = front_matter.language;
    if !front_matter.audiences.is_empty() {
        document.audience = Audience::of_many(&front_matter.audiences);
    }
    document.updated_at = front_matter.updated_at;
    document.tags = front_matter.tags;
    Ok(Some(document))
}

fn first_heading(body: &str) -> String {
    let sections = markdown::sections(body);
    sections.iter().find_map(|it| it.headings.first().cloned()).unwrap_or_default()
}

fn title_of_name(file: &Path) -> String {
    let name = file.file_stem().and_then(|it| it.to_str()).unwrap_or_default();
    let folder = file.parent().and_then(|it| it.file_name()).and_then(|it| it.to_str());
    let name =
        if matches!(name, "index" | "_index" | "README") { folder.unwrap_or(name) } else { name };
    name.replace(['-', '_'], " ")
}

/// Brings the language to its two letters; asks the text where nothing is told.
pub(super) fn settle_language(document: &mut Document) {
    let told = document.language.as_deref().unwrap_or_default();
    let code = told.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    document.language = if code.len() == 2 && code.chars().all(|it| it.is_ascii_lowercase()) {
        Some(code)
    } else {
        let text = format!("{}\n{}", document.title, document.body);
        language::detect(&text).map(str::to_owned)
    };
}

/// An article nothing is known of yet.
pub(super) fn empty() -> Document {
    Document {
        id: String::new(),
        pool: Pool::Article,
        brand: String::new(),
        title: String::new(),
        body: String::new(),
        answer: None,
        summary: None,
        url: None,
        language: None,
        audience: Audience::Public,
        updated_at: None,
        solved: false,
        linked_articles: Vec::new(),
        tags: Vec::new(),
        source: String::new(),
    }
}
