//! Files of knowledge as `deskhand ingest` opens them: tables, lines of JSON,
//! Markdown, HTML and plain text; and the passages cut from what they hold.
#![no_main]

use std::sync::LazyLock;

use deskhand::index;
use deskhand::ingest;
use deskhand::ingest::Plan;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

const NAMES: [&str; 7] = ["a.csv", "a.tsv", "a.jsonl", "a.md", "a.mdx", "a.html", "a.txt"];

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().build().unwrap());

// A digit for the kind of file, then the file.
fuzz_target!(|data: &[u8]| {
    let Some((which, bytes)) = data.split_first() else { return };
    let file = FOLDER.path().join(NAMES[usize::from(which.wrapping_sub(b'0')) % NAMES.len()]);
    std::fs::write(&file, bytes).unwrap();
    let plan = Plan::default();
    let sources = match ingest::open(&file) {
        Ok(sources) => sources,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    for mut source in sources {
        while let Some(batch) = RUNTIME.block_on(source.next_batch(&plan)).unwrap() {
            for document in &batch.documents {
                for passage in index::cut(document) {
                    assert_eq!(passage.document_id, document.id);
                }
            }
            for failure in &batch.failed {
                assert!(!failure.reason.is_empty());
            }
        }
    }
});
