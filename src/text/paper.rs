//! Office documents as Markdown: PDF and Word files. Visible text, headings,
//! lists and tables; pictures, comments and struck-out text are left out.

mod docx;
#[cfg(feature = "pdf")]
mod pdf;
#[cfg(feature = "pdf")]
mod pdf_bounds;
#[cfg(feature = "pdf")]
mod pdf_lines;

pub use self::docx::docx;
#[cfg(feature = "pdf")]
pub use self::pdf::pdf;

use jiff::Timestamp;

/// What an office document says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paper {
    /// The title it declares, else its first heading; empty if it has neither.
    pub title: String,
    /// Never blank.
    pub markdown: String,
    pub updated_at: Option<Timestamp>,
}

/// A document that could not be read, and what its owner can do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaperError {
    #[error("it is protected by a password; save a copy without one")]
    Encrypted,
    #[error("it holds no text, only pictures; run text recognition (OCR) over it, or leave it out")]
    NoText,
    #[error("it is damaged or no {kind} file: {detail}; open it and save it again")]
    Damaged { kind: &'static str, detail: String },
    #[error("it unpacks to more than {max_bytes} bytes; split it")]
    TooLarge { max_bytes: u64 },
    #[error("it takes more than {max_s} s to read; print it to a new PDF file, or leave it out")]
    TooSlow { max_s: u64 },
    #[error("this Deskhand was built without PDF; build it with `--features pdf`")]
    Unsupported,
}

/// Reads a PDF file. This build cannot.
///
/// # Errors
/// Always.
#[cfg(not(feature = "pdf"))]
pub fn pdf(_bytes: &[u8]) -> Result<Paper, PaperError> {
    Err(PaperError::Unsupported)
}

/// The first heading of Markdown written here; empty if it has none.
fn first_heading(markdown: &str) -> String {
    let line = markdown.lines().find(|it| it.starts_with('#')).unwrap_or_default();
    line.trim_start_matches('#').trim().replace('\\', "")
}

/// Titles that a program wrote, not a person: `Microsoft Word - final2.doc`.
fn is_telling(title: &str) -> bool {
    let lower = title.trim().to_lowercase();
    let is_file = [".doc", ".docx", ".pdf", ".odt", ".tex", ".indd", ".dvi", ".rtf"]
        .iter()
        .any(|it| lower.ends_with(it));
    let made = ["microsoft word", "untitled", "powerpoint", "document", "unbenannt", "dokument"];
    !lower.is_empty() && !is_file && !made.iter().any(|it| lower.starts_with(it))
}

#[cfg(test)]
mod tests;
