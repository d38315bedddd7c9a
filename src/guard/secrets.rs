//! The installation's own secrets, so that none of them leaves in a reply. Known by
//! value, never shown.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use secrecy::ExposeSecret as _;
use secrecy::SecretString;

use crate::guard::material::letters;

/// A shorter one would be found in ordinary words. (A choice: nobody's token has fewer.)
const SHORTEST: usize = 8;

/// Values that must never leave.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Vec<SecretString>>);

impl Secrets {
    pub fn new(values: Vec<SecretString>) -> Secrets {
        Secrets(Arc::new(values))
    }

    /// True if a text holds one of them: as it is, spaced out, in
    /// another case, backwards or in Base64.
    pub(super) fn are_in(&self, text: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        let whole = letters(text);
        self.0.iter().any(|secret| {
            let secret = secret.expose_secret();
            let plain = letters(secret);
            if plain.chars().count() < SHORTEST {
                return false;
            }
            let backwards: String = plain.chars().rev().collect();
            let coded = letters(&STANDARD_NO_PAD.encode(secret));
            // The last characters of Base64 depend on what follows.
            let coded = coded.get(..coded.len().saturating_sub(2)).unwrap_or_default();
            [plain.as_str(), backwards.as_str(), coded].iter().any(|it| whole.contains(it))
        })
    }
}

/// How many, never which.
impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.0.len())
    }
}

impl PartialEq for Secrets {
    fn eq(&self, other: &Secrets) -> bool {
        let values = |it: &Secrets| -> Vec<String> {
            it.0.iter().map(|it| it.expose_secret().to_owned()).collect()
        };
        values(self) == values(other)
    }
}
