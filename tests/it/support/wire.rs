//! The sending side of the generic wire: a keep-alive HTTP/1.1 client that knows
//! exactly when an answer was complete, and the signature of a webhook. Nothing
//! is retried here; who sends decides.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Senders give up after this long; Svix and Standard Webhooks have 15 s.
const SENDER_TIMEOUT: Duration = Duration::from_secs(15);

/// An answer that arrived whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Seconds of a `Retry-After`; `None` if there is none.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The receiver promised to keep what it was sent.
    pub(crate) fn is_ack(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

/// One connection to one address, opened when first needed and kept.
pub(crate) struct Caller {
    address: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Caller {
    pub(crate) fn new(address: SocketAddr) -> Caller {
        Caller { address, stream: None, buffer: Vec::new() }
    }

    /// Sends a whole request and reads the whole answer. After an error the
    /// connection is gone, and nobody knows what the receiver did.
    pub(crate) async fn call(&mut self, request: &[u8]) -> io::Result<Answer> {
        let answer = tokio::time::timeout(SENDER_TIMEOUT, self.exchange(request)).await;
        let answer = answer.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }

    async fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some((answer, keeps)) = parse(&self.buffer)? {
                if !keeps {
                    self.stream = None;
                }
                return Ok(answer);
            }
        }
    }
}

/// The answer and whether the connection stays; `None` if more is to come.
fn parse(bytes: &[u8]) -> io::Result<Option<(Answer, bool)>> {
    let Some(end) = bytes.windows(4).position(|it| it == b"\r\n\r\n") else { return Ok(None) };
    let head = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned();
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok());
    let status: u16 = status.ok_or(io::ErrorKind::InvalidData)?;
    let header = |name: &str| {
        head.lines().skip(1).filter_map(|line| line.split_once(':')).find_map(|(key, value)| {
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let length: usize = header("content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
    let Some(body) = bytes.get(end + 4..end + 4 + length) else { return Ok(None) };
    let keeps = header("connection").is_none_or(|it| !it.eq_ignore_ascii_case("close"));
    let retry_after = header("retry-after").and_then(|it| it.parse().ok());
    Ok(Some((Answer { status, retry_after, body: body.to_vec() }, keeps)))
}

/// A webhook of the generic wire, signed at `at_s` seconds since the epoch.
pub(crate) fn webhook(path: &str, secret: &str, at_s: i64, body: &[u8]) -> Vec<u8> {
    let signature = signature(secret, at_s, body);
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: deskhand\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nx-deskhand-timestamp: {at_s}\r\n\
         x-deskhand-signature: sha256={signature}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

fn signature(secret: &str, at_s: i64, body: &[u8]) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{at_s}.").as_bytes());
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}
