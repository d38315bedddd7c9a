//! A client for addresses that other people chose: it connects to public
//! addresses only. Names are checked where they are resolved, so what was
//! checked is what is connected to. Redirects are left to the caller.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::Addrs;
use reqwest::dns::Name;
use reqwest::dns::Resolve;
use reqwest::dns::Resolving;
use reqwest::redirect::Policy;
use url::Host;
use url::Url;

use super::CONNECT_TIMEOUT;
use super::ClientError;
use super::root_cause;

/// Whose addresses may be connected to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    Public,
    /// Also one's own machine and network: for a help center that is inside.
    Anywhere,
}

/// An address that is not to be connected to, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    #[error("{0} is no http or https address")]
    Scheme(String),
    #[error(
        "{0} is an address of this machine or network; set website.allow_private = true if it is to be read"
    )]
    Private(String),
}

/// A client that follows no redirect, goes through no proxy and sends no
/// cookie. `timeout` bounds a whole call.
pub fn public_client(
    reach: Reach,
    user_agent: &str,
    timeout: Duration,
) -> Result<reqwest::Client, ClientError> {
    // An error means that a provider is installed already, which is all we want.
    drop(rustls::crypto::ring::default_provider().install_default());
    reqwest::Client::builder()
        .user_agent(user_agent)
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .redirect(Policy::none())
        // A proxy would resolve names for us, unchecked.
        .no_proxy()
        .dns_resolver(Arc::new(Checked { reach }))
        .build()
        .map_err(|err| ClientError(root_cause(&err)))
}

/// Checks what can be seen of an address before a name is resolved: an IP
/// address in it never meets the resolver. To be asked before every request.
///
/// # Errors
/// If it is not to be connected to.
pub fn check(url: &Url, reach: Reach) -> Result<(), Unreachable> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Unreachable::Scheme(url.to_string()));
    }
    let ip = match url.host() {
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip),
        Some(Host::Domain(_)) => return Ok(()),
        None => return Err(Unreachable::Scheme(url.to_string())),
    };
    if reach == Reach::Anywhere || is_public(ip) {
        Ok(())
    } else {
        Err(Unreachable::Private(ip.to_string()))
    }
}

/// The system's resolver, and a look at what it says.
#[derive(Debug)]
struct Checked {
    reach: Reach,
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.reach;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            // One private address among public ones is an attempt.
            let private = found.iter().find(|it| !is_public(it.ip()));
            match private {
                Some(address) if reach == Reach::Public => {
                    Err(Unreachable::Private(format!("{} ({})", name.as_str(), address.ip()))
                        .into())
                }
                Some(_) | None => Ok(Box::new(found.into_iter()) as Addrs),
            }
        })
    }
}

/// True for an address that anyone on the internet could connect to (IANA's
/// special-purpose registries, and what clouds answer their machines on).
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, d] = ip.octets();
    let special = match (a, b) {
        (0 | 10 | 127 | 224..=255, _) => true,
        (100, 64..=127) => true,
        (169, 254) | (192, 168) => true,
        (172, 16..=31) => true,
        (192, 0) => c == 0 || c == 2,
        (192, 88) => c == 99,
        (198, 18 | 19) => true,
        (198, 51) => c == 100,
        (203, 0) => c == 113,
        // Azure's own service.
        (168, 63) => (c, d) == (129, 16),
        _ => false,
    };
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    if let Some(inner) = ip.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [a, b, c, d, e, f, g, h] = ip.segments();
    let inner = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b) {
        // NAT64: leads to the IPv4 address in it.
        (0x64, 0xff9b) => [c, d, e, f] == [0; 4] && is_public_v4(inner(g, h)),
        // 6to4, likewise.
        (0x2002, _) => is_public_v4(inner(b, c)),
        // Teredo, benchmarks, ORCHID.
        (0x2001, 0..=0x1ff) => false,
        (0x2001, 0xdb8) | (0x3fff, 0..=0xfff) => false,
        _ => (0x2000..=0x3fff).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_anyone_could_connect_to_is_public() {
        for private in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.170",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.9",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "5f00::1",
            "3fff::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
        for public in [
            "1.1.1.1",
            "172.32.0.1",
            "192.1.0.1",
            "100.128.0.1",
            "2606:4700::1111",
            "64:ff9b::101:101",
        ] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
    }

    #[test]
    fn no_spelling_of_an_address_gets_by() {
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://127.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://169.254.169.254/",
            "http://user@10.0.0.1/",
            "file:///etc/passwd",
            "ftp://1.1.1.1/",
            "gopher://1.1.1.1/",
        ] {
            let url = Url::parse(url).unwrap();
            assert!(check(&url, Reach::Public).is_err(), "{url}");
        }
        let own = Url::parse("http://127.0.0.1:8080/").unwrap();
        assert_eq!(check(&own, Reach::Anywhere), Ok(()));
        assert_eq!(check(&Url::parse("https://help.example.com/").unwrap(), Reach::Public), Ok(()));
    }

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_connected_to() {
        let client = public_client(Reach::Public, "test", Duration::from_secs(5)).unwrap();
        let error = client.get("http://localhost:9/").send().await.unwrap_err();
        assert!(root_cause(&error).contains("localhost"), "{error:?}");
        assert!(root_cause(&error).contains("allow_private"), "{error:?}");
    }
}
