//! Where requests to a model go and what they carry to be let in. Reads no
//! environment: the address and the key are what the settings say.

use async_openai::config::Config;
use http::HeaderMap;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use secrecy::ExposeSecret;
use secrecy::SecretString;
use serde_json::Value;
use url::Url;

/// Paths all OpenAI-compatible servers answer below their base.
const CHAT: &str = "/chat/completions";
const EMBEDDINGS: &str = "/embeddings";

/// Why no request can be made. Holds nothing of the address or the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressError {
    /// The base is no http(s) address.
    NotHttp,
    /// The key has characters no header may have.
    BadKey,
}

/// Where an OpenAI-compatible server is.
#[derive(Clone)]
pub struct Address {
    /// Without a slash at the end, without a query.
    base: String,
    /// Some providers want a version in the query; kept as given.
    query: Vec<(String, String)>,
    headers: HeaderMap,
    api_key: SecretString,
}

impl Address {
    /// With or without `/v1`; `None` for servers that ask for no key.
    ///
    /// # Errors
    /// If the address or the key cannot be used in a request.
    pub fn new(base: &Url, api_key: Option<SecretString>) -> Result<Address, AddressError> {
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(AddressError::NotHttp);
        }
        let mut headers = HeaderMap::new();
        if let Some(key) = &api_key {
            let bearer = format!("Bearer {}", key.expose_secret().trim());
            let mut bearer = HeaderValue::try_from(bearer).map_err(|_| AddressError::BadKey)?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let query = base.query_pairs().into_owned().collect();
        let api_key = api_key.unwrap_or_default();
        Ok(Address { base: versioned(base), query, headers, api_key })
    }

    /// A request for the vectors of texts, to be sent as it is.
    ///
    /// # Errors
    /// If the address and the body make no request.
    pub fn embeddings(
        &self,
        client: &reqwest::Client,
        body: &Value,
    ) -> reqwest::Result<reqwest::Request> {
        self.post(EMBEDDINGS, client, body)
    }

    /// A request for an answer of a model, to be sent as it is.
    ///
    /// # Errors
    /// If the address and the body make no request.
    pub fn chat(
        &self,
        client: &reqwest::Client,
        body: &Value,
    ) -> reqwest::Result<reqwest::Request> {
        self.post(CHAT, client, body)
    }

    fn post(
        &self,
        path: &str,
        client: &reqwest::Client,
        body: &Value,
    ) -> reqwest::Result<reqwest::Request> {
        let request = client.post(self.url(path)).query(&self.query);
        request.headers(self.headers.clone()).json(body).build()
    }
}

/// The base with its version. Where the path names none, `/v1` is what all of
/// them mean; an address that goes as far as the call itself is taken as it is.
fn versioned(base: &Url) -> String {
    let mut bare = base.clone();
    bare.set_query(None);
    bare.set_fragment(None);
    let text = bare.as_str().trim_end_matches('/');
    if let Some(whole) = [CHAT, EMBEDDINGS].iter().find_map(|it| text.strip_suffix(it)) {
        return whole.to_owned();
    }
    let is_version = |segment: &str| {
        let digits = segment.strip_prefix('v').unwrap_or_default();
        digits.starts_with(|it: char| it.is_ascii_digit())
    };
    if bare.path().split('/').any(is_version) { text.to_owned() } else { format!("{text}/v1") }
}

impl Config for Address {
    fn headers(&self) -> HeaderMap {
        self.headers.clone()
    }

    fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    fn query(&self) -> Vec<(&str, &str)> {
        self.query.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
    }

    fn api_base(&self) -> &str {
        &self.base
    }

    fn api_key(&self) -> &SecretString {
        &self.api_key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_works_with_and_without_its_version() {
        for (given, called) in [
            ("http://models:8000", "http://models:8000/v1/chat/completions"),
            ("http://models:8000/", "http://models:8000/v1/chat/completions"),
            ("http://models:8000/v1", "http://models:8000/v1/chat/completions"),
            ("http://models:8000/v1/", "http://models:8000/v1/chat/completions"),
            ("https://a.example/api", "https://a.example/api/v1/chat/completions"),
            ("https://a.example/openai/v1", "https://a.example/openai/v1/chat/completions"),
            (
                "https://a.example/v1beta/openai/",
                "https://a.example/v1beta/openai/chat/completions",
            ),
            ("https://a.example/chat/completions", "https://a.example/chat/completions"),
            ("https://a.example/v1/embeddings", "https://a.example/v1/chat/completions"),
        ] {
            let address = Address::new(&given.parse().unwrap(), None).unwrap();
            assert_eq!(address.url(CHAT), called, "given {given}");
        }
    }

    #[test]
    fn a_version_in_the_query_is_kept() {
        let base = "https://a.example/openai/v1?api-version=2024-10-21".parse().unwrap();
        let address = Address::new(&base, None).unwrap();
        assert_eq!(address.url(CHAT), "https://a.example/openai/v1/chat/completions");
        assert_eq!(address.query(), [("api-version", "2024-10-21")]);
    }

    #[test]
    fn a_key_that_breaks_the_header_is_found_at_start() {
        let base = "https://a.example".parse().unwrap();
        let err = Address::new(&base, Some("sk-1\nX: y".into())).err().unwrap();
        assert_eq!(err, AddressError::BadKey);
    }
}
