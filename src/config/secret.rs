//! Where secrets are kept: never in the settings, whatever a hurried person writes there.

use std::path::PathBuf;

use serde::Deserialize;
use serde::de::IgnoredAny;

/// Where a secret is kept. Never the secret itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "SecretShape")]
pub enum SecretSource {
    Env(String),
    File(PathBuf),
}

/// One secret, or several while it is rotated.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "SecretsShape")]
pub enum SecretSources {
    One(SecretSource),
    Several(Vec<SecretSource>),
}

/// What may stand in a file: a secret among it, which no message repeats.
#[derive(Deserialize)]
#[serde(untagged)]
enum SecretShape {
    Place(SecretPlace),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum SecretsShape {
    Several(Vec<SecretShape>),
    One(SecretShape),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SecretPlace {
    env: Option<String>,
    file: Option<PathBuf>,
}

const NO_SECRET_HERE: &str = "a secret is not written here, only where it is kept: \
    { env = \"NAME_OF_A_VARIABLE\" } or { file = \"/path/of/a/file\" }";

impl TryFrom<SecretShape> for SecretSource {
    type Error = &'static str;

    fn try_from(shape: SecretShape) -> Result<SecretSource, &'static str> {
        match shape {
            SecretShape::Place(SecretPlace { env: Some(name), file: None }) => {
                Ok(SecretSource::Env(name))
            }
            SecretShape::Place(SecretPlace { env: None, file: Some(path) }) => {
                Ok(SecretSource::File(path))
            }
            SecretShape::Place(_) | SecretShape::Other(_) => Err(NO_SECRET_HERE),
        }
    }
}

impl TryFrom<SecretsShape> for SecretSources {
    type Error = &'static str;

    fn try_from(shape: SecretsShape) -> Result<SecretSources, &'static str> {
        match shape {
            SecretsShape::One(it) => it.try_into().map(SecretSources::One),
            SecretsShape::Several(all) => {
                let sources: Result<_, _> = all.into_iter().map(SecretSource::try_from).collect();
                sources.map(SecretSources::Several)
            }
        }
    }
}

impl SecretSources {
    pub fn iter(&self) -> impl Iterator<Item = &SecretSource> {
        match self {
            SecretSources::One(source) => std::slice::from_ref(source).iter(),
            SecretSources::Several(sources) => sources.iter(),
        }
    }
}
