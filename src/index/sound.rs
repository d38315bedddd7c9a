//! Whether an index on the disk is whole, and how far it has followed the store.

use std::path::Path;

use tantivy::TantivyError;

use super::terms::FORMAT;

/// An index up to this size is read through when opened, to find damage before
/// a customer does: 30 ms in memory, more where the disk is slow. (Measured.)
const MAX_CHECKED_BYTES: u64 = 64 * 1024 * 1024;

/// What a commit says of itself: which format and which meanings it holds, and how far
/// it has followed the store.
pub(super) fn payload(watermark: u64, space: &str) -> String {
    format!("{FORMAT}:{watermark}:{space}")
}

/// The watermark of the last commit; 0 before the first.
pub(super) fn read_watermark(index: &tantivy::Index, space: &str) -> tantivy::Result<u64> {
    let Some(payload) = index.load_metas()?.payload else { return Ok(0) };
    let other = |what: String| Err(TantivyError::SchemaError(what));
    let mut parts = payload.splitn(3, ':');
    let format = parts.next().and_then(|it| it.parse::<u32>().ok());
    let watermark = parts.next().and_then(|it| it.parse::<u64>().ok());
    match (format, watermark, parts.next()) {
        (Some(FORMAT), Some(watermark), Some(written)) if written == space => Ok(watermark),
        (Some(FORMAT), Some(_), Some(written)) => {
            other(format!("it was written with the embedder {written}, now it is {space}"))
        }
        (_, _, _) => other("it was written by another version of Deskhand".to_owned()),
    }
}

pub(super) fn check_sums(index: &tantivy::Index, folder: &Path) -> tantivy::Result<()> {
    let sizes = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let size_bytes: u64 = sizes.filter_map(|it| it.metadata().ok()).map(|it| it.len()).sum();
    if MAX_CHECKED_BYTES < size_bytes {
        return Ok(());
    }
    let damaged = index.validate_checksum()?;
    match damaged.iter().next() {
        Some(file) => Err(TantivyError::InternalError(format!(
            "{} does not hold what was written",
            file.display()
        ))),
        None => Ok(()),
    }
}
