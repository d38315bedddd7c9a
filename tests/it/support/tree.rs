//! The project's own files as text, for the tests that look at the house
//! instead of at what it does.

use std::path::Path;

use walkdir::WalkDir;

/// One text file.
#[derive(Debug, Clone)]
pub(crate) struct File {
    /// From the root of the project, with `/`.
    pub(crate) path: String,
    /// What is not UTF-8 is replaced.
    pub(crate) text: String,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder of the project, by path. Empty if there is none.
pub(crate) fn files(folder: &str) -> Vec<File> {
    let found = WalkDir::new(root().join(folder)).sort_by_file_name();
    let found = found.into_iter().filter_map(Result::ok).filter(|it| it.file_type().is_file());
    found
        .map(|it| {
            let path = it.path().strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            File { text: read(&path), path }
        })
        .collect()
}

/// One file of the project.
pub(crate) fn read(path: &str) -> String {
    let bytes = std::fs::read(root().join(path)).unwrap_or_else(|it| panic!("{path}: {it}"));
    String::from_utf8_lossy(&bytes).into_owned()
}
