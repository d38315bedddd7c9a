//! All manifests of this process: those compiled in, and a directory of one's
//! own whose files replace and add.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::manifest::Manifest;
use super::manifest::ManifestError;

/// File name and text of each manifest compiled in.
const BUILTIN: [(&str, &str); 5] = [
    ("chatwoot.toml", include_str!("../../connectors/chatwoot.toml")),
    ("generic.toml", include_str!("../../connectors/generic.toml")),
    ("intercom.toml", include_str!("../../connectors/intercom.toml")),
    ("request-tracker.toml", include_str!("../../connectors/request-tracker.toml")),
    ("zendesk.toml", include_str!("../../connectors/zendesk.toml")),
];

/// Manifests by name.
#[derive(Debug, Clone, Default)]
pub struct Manifests(BTreeMap<String, Arc<Manifest>>);

impl Manifests {
    /// Those compiled in.
    pub fn builtin() -> Result<Manifests, ManifestError> {
        Manifests::load(None)
    }

    /// Those compiled in, and every `*.toml` of a directory. A file replaces the
    /// one compiled in under the same file name, whatever it calls itself.
    pub fn load(drop_in: Option<&Path>) -> Result<Manifests, ManifestError> {
        let own = drop_in.map(texts_of).transpose()?.unwrap_or_default();
        let replaced = |name: &str| own.iter().any(|(_, file, _)| file == name);
        let mut manifests = BTreeMap::new();
        for (file, text) in BUILTIN.iter().filter(|(file, _)| !replaced(file)) {
            let manifest = Manifest::parse(&format!("connectors/{file}"), text)?;
            manifests.insert(manifest.name.clone(), Arc::new(manifest));
        }
        for (path, _, text) in &own {
            let manifest = Manifest::parse(path, text)?;
            manifests.insert(manifest.name.clone(), Arc::new(manifest));
        }
        Ok(Manifests(manifests))
    }

    pub fn by_name(&self, name: &str) -> Option<&Arc<Manifest>> {
        self.0.get(name)
    }

    /// In the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Manifest>> {
        self.0.values()
    }
}

/// Path, file name and text of every manifest in a directory, by name.
fn texts_of(directory: &Path) -> Result<Vec<(String, String, String)>, ManifestError> {
    let unreadable = |path: &Path, err: std::io::Error| ManifestError::Unreadable {
        file: path.display().to_string(),
        problem: err.to_string(),
    };
    let mut texts = Vec::new();
    for entry in fs::read_dir(directory).map_err(|err| unreadable(directory, err))? {
        let path = entry.map_err(|err| unreadable(directory, err))?.path();
        if path.extension().is_none_or(|it| it != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).map_err(|err| unreadable(&path, err))?;
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        texts.push((path.display().to_string(), file, text));
    }
    texts.sort();
    Ok(texts)
}
