//! What can go wrong with an index, and what to do about it.

use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use tantivy::TantivyError;

/// The index could not be read or written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum IndexError {
    /// Damaged: set aside and rebuild from the store.
    #[error("the index in {path} is damaged: {detail}; run `deskhand index rebuild`")]
    Damaged { path: String, detail: String },
    /// Another process writes this index; reading still works.
    #[error("another process is writing the index in {path}")]
    Locked { path: String },
    #[error("could not write the index in {path}: {detail}")]
    Unwritable { path: String, detail: String },
}

/// Runs work on the index and says what its failure means. A panic inside the
/// search library means damage it did not expect.
pub(super) fn guarded<T>(
    path: &str,
    work: impl FnOnce() -> tantivy::Result<T>,
) -> Result<T, IndexError> {
    let path = path.to_owned();
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(TantivyError::LockFailure(..))) => Err(IndexError::Locked { path }),
        Ok(Err(error @ (TantivyError::IoError(_) | TantivyError::OpenWriteError(_)))) => {
            Err(IndexError::Unwritable { path, detail: error.to_string() })
        }
        Ok(Err(error)) => Err(IndexError::Damaged { path, detail: error.to_string() }),
        Err(_) => Err(IndexError::Damaged { path, detail: "reading it failed".to_owned() }),
    }
}
