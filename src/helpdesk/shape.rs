//! The shape of a manifest file, key by key, before anything in it is checked.
//! Unknown keys are errors here; what the keys mean is in `manifest.rs`.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::Deserializer;
use serde::de::MapAccess;
use serde::de::Visitor;
use serde::de::value::MapAccessDeserializer;
use toml::Spanned;

/// A string that remembers where in the file it stands.
pub(super) type Text = Spanned<String>;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManifestShape {
    pub(super) manifest: Spanned<u32>,
    pub(super) name: Text,
    pub(super) title: String,
    #[serde(default)]
    pub(super) docs: String,
    #[serde(default)]
    pub(super) setup: String,
    #[serde(default)]
    pub(super) config: BTreeMap<String, ConfigShape>,
    #[serde(default)]
    pub(super) secrets: BTreeMap<String, SecretShape>,
    pub(super) api: ApiShape,
    pub(super) webhook: WebhookShape,
    #[serde(default)]
    pub(super) action: ActionsShape,
    #[serde(default)]
    pub(super) read: ReadsShape,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigShape {
    #[serde(default)]
    pub(super) required: bool,
    pub(super) default: Option<String>,
    pub(super) pattern: Option<Text>,
    pub(super) kind: Option<ConfigKind>,
    pub(super) one_of: Option<Vec<String>>,
    #[serde(default)]
    pub(super) help: String,
    #[serde(default)]
    pub(super) example: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum ConfigKind {
    Text,
    Url,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SecretShape {
    #[serde(default)]
    pub(super) required: bool,
    #[serde(default)]
    pub(super) help: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiShape {
    pub(super) base: Text,
    pub(super) auth: Option<AuthShape>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Text>,
    #[serde(default)]
    pub(super) retry: RetryShape,
    pub(super) concurrency: Option<usize>,
    pub(super) timeout_s: Option<u64>,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "scheme", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum AuthShape {
    Basic { user: String, password: String },
    Bearer { token: String },
    Header { name: String, value: String },
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RetryShape {
    pub(super) after: Option<String>,
    pub(super) reset: Option<String>,
    #[serde(default)]
    pub(super) on: Vec<u16>,
    pub(super) conflict: Option<u16>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookShape {
    pub(super) verify: Spanned<VerifyShape>,
    pub(super) dedup: Text,
    pub(super) events: Text,
    pub(super) own: Text,
    pub(super) handshake: Option<Text>,
    #[serde(default)]
    pub(super) probe: ProbeShape,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProbeShape {
    #[serde(default)]
    pub(super) methods: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VerifyShape {
    pub(super) scheme: String,
    pub(super) key: Option<String>,
    pub(super) signed: Option<Vec<String>>,
    pub(super) signature: Option<SignatureShape>,
    pub(super) timestamp: Option<TimestampShape>,
    pub(super) header: Option<String>,
    pub(super) query: Option<String>,
    pub(super) prefix: Option<String>,
    pub(super) user: Option<String>,
    #[serde(default, deserialize_with = "word_or_table")]
    pub(super) or: Option<Box<VerifyShape>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignatureShape {
    pub(super) header: Option<String>,
    pub(super) field: Option<String>,
    pub(super) encoding: Encoding,
    #[serde(default)]
    pub(super) prefix: String,
}

/// How a signature is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    Hex,
    Base64,
    Base64Url,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimestampShape {
    pub(super) header: String,
    pub(super) format: TimeFormat,
    pub(super) tolerance_s: u32,
}

/// How a signed time is written down. Seconds since the epoch are understood
/// under every name: senders changed to and from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TimeFormat {
    Unix,
    UnixMs,
    Rfc3339,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionsShape {
    pub(super) reply: Option<Spanned<ActionShape>>,
    pub(super) note: Option<Spanned<ActionShape>>,
    pub(super) tag: Option<Spanned<ActionShape>>,
    pub(super) field: Option<Spanned<ActionShape>>,
    pub(super) handoff: Option<Spanned<ActionShape>>,
    pub(super) open: Option<Spanned<ActionShape>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ActionShape {
    pub(super) unsupported: Option<String>,
    pub(super) method: Option<String>,
    pub(super) path: Option<Text>,
    pub(super) body: Option<Text>,
    pub(super) headers: Option<Text>,
    pub(super) result: Option<Text>,
    pub(super) refused: Option<Text>,
    #[serde(default)]
    pub(super) steps: Vec<Spanned<StepShape>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StepShape {
    pub(super) for_each: Option<Text>,
    #[serde(rename = "as")]
    pub(super) name: Option<String>,
    pub(super) when: Option<Text>,
    pub(super) method: Option<String>,
    pub(super) path: Text,
    pub(super) body: Option<Text>,
    pub(super) headers: Option<Text>,
    pub(super) items: Option<Text>,
    pub(super) next: Option<Text>,
    pub(super) keep: Option<Text>,
    pub(super) result: Option<Text>,
    pub(super) refused: Option<Text>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadsShape {
    pub(super) ticket: Option<Spanned<ReadShape>>,
    pub(super) messages: Option<Spanned<ReadShape>>,
    pub(super) changed: Option<Spanned<ReadShape>>,
    pub(super) solved: Option<Spanned<ReadShape>>,
    pub(super) articles: Option<Spanned<ReadShape>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadShape {
    pub(super) unsupported: Option<String>,
    #[serde(default)]
    pub(super) steps: Vec<Spanned<StepShape>>,
    pub(super) method: Option<String>,
    pub(super) path: Option<Text>,
    pub(super) body: Option<Text>,
    pub(super) headers: Option<Text>,
    pub(super) items: Option<Text>,
    pub(super) next: Option<Text>,
    pub(super) map: Option<Text>,
    pub(super) ticket: Option<Text>,
    pub(super) order: Option<Order>,
}

/// In which order a list comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Order {
    #[default]
    OldestFirst,
    NewestFirst,
}

/// Reads `or = "path-secret"` as `or = { scheme = "path-secret" }`. Not an
/// untagged enum: that would lose which key of the table is wrong.
fn word_or_table<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<VerifyShape>>, D::Error> {
    struct WordOrTable;

    impl<'de> Visitor<'de> for WordOrTable {
        type Value = VerifyShape;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the name of a scheme or a table with `scheme`")
        }

        fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<VerifyShape, E> {
            Ok(VerifyShape {
                scheme: word.to_owned(),
                key: None,
                signed: None,
                signature: None,
                timestamp: None,
                header: None,
                query: None,
                prefix: None,
                user: None,
                or: None,
            })
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<VerifyShape, A::Error> {
            VerifyShape::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(WordOrTable).map(|it| Some(Box::new(it)))
}
