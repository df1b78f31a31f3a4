//! Where a delivery may be sent: the public internet, and what an endpoint was explicitly allowed beyond it.
//!
//! Pure. Whoever can register an endpoint could otherwise make this process talk to the cloud's metadata service, to
//! databases and to admin ports. [`check_url`] looks at what an URL says, [`check_address`] at one address; the process
//! dials only addresses that passed, and never resolves again after checking. In doubt an address is refused: in IPv6
//! everything outside of the global unicast range, and every translation that carries an IPv4 address inside, whichever
//! that is, since who translates is not known here.
//!
//! The ranges are those of the IANA special-purpose address registries that are not globally reachable
//! (<https://www.iana.org/assignments/iana-ipv4-special-registry>, `…-ipv6-special-registry`), with multicast.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// What an endpoint was allowed beyond https to public addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    pub allow_http: bool,
    pub networks: Networks,
}

/// Networks that are allowed although they are not public. Order and repetition make no difference.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Networks(Vec<IpNet>);

/// A text that names no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network; write it as 10.0.0.0/8 or fd00::/8, a single host as 10.1.2.3")]
pub struct NetworkError(String);

/// Why nothing is sent there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("only https is allowed, unless the endpoint allows http")]
    Scheme,
    #[error("the URL has no host")]
    NoHost,
    #[error("the URL holds a user name or a password, which would be stored and shown in the clear")]
    Credentials,
    #[error("nothing can listen on port 0")]
    Port,
    #[error("{address} is not public ({range}), and the endpoint does not allow its network")]
    Address { address: IpAddr, range: &'static str },
}

impl Networks {
    /// Reads CIDR notations; an address alone is a network of one host.
    ///
    /// # Errors
    /// The first text that is neither.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, NetworkError> {
        let mut networks = texts.iter().map(|text| network(text.as_ref())).collect::<Result<Vec<_>, _>>()?;
        networks.sort();
        networks.dedup();
        Ok(Self(networks))
    }

    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

fn network(text: &str) -> Result<IpNet, NetworkError> {
    let text = text.trim();
    text.parse::<IpNet>()
        .map(|network| network.trunc())
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| NetworkError(text.to_owned()))
}

/// Whether an endpoint's URL may be used at all: scheme, credentials, port, and the host if it is an address or means
/// this machine. Other names are judged by what they resolve to, when they are dialled.
///
/// # Errors
/// See [`Refusal`].
pub fn check_url(url: &Url, policy: &Policy) -> Result<(), Refusal> {
    if url.scheme() != "https" && !(url.scheme() == "http" && policy.allow_http) {
        return Err(Refusal::Scheme);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Refusal::Credentials);
    }
    if url.port() == Some(0) {
        return Err(Refusal::Port);
    }
    // The parser has turned decimal, octal and hexadecimal notations into addresses.
    match url.host() {
        None => Err(Refusal::NoHost),
        Some(Host::Domain(name)) => check_name(name, &policy.networks),
        Some(Host::Ipv4(address)) => check_address(address.into(), &policy.networks),
        Some(Host::Ipv6(address)) => check_address(address.into(), &policy.networks),
    }
}

/// `name` as the parser left it: in lower case, without percent signs, in ASCII.
fn check_name(name: &str, allowed: &Networks) -> Result<(), Refusal> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.split('.').any(str::is_empty) {
        return Err(Refusal::NoHost);
    }
    // RFC 6761, section 6.3: these mean loopback, wherever they are asked.
    if name != "localhost" && !name.ends_with(".localhost") {
        return Ok(());
    }
    let loopback = [IpAddr::V6(Ipv6Addr::LOCALHOST), IpAddr::V4(Ipv4Addr::LOCALHOST)];
    loopback.into_iter().map(|address| check_address(address, allowed)).reduce(Result::or).unwrap_or(Ok(()))
}

/// Whether one address may be dialled.
///
/// # Errors
/// [`Refusal::Address`], with the range it lies in.
pub fn check_address(address: IpAddr, allowed: &Networks) -> Result<(), Refusal> {
    match special_range(address) {
        Some(range) if !allowed.contains(address) => Err(Refusal::Address { address, range }),
        _ => Ok(()),
    }
}

fn special_range(address: IpAddr) -> Option<&'static str> {
    let in_v4 = |address: Ipv4Addr| V4.iter().find(|(range, _)| range.contains(&address));
    let in_v6 = |address: Ipv6Addr| V6.iter().find(|(range, _)| range.contains(&address));
    match address {
        IpAddr::V4(address) => in_v4(address).map(|(_, name)| *name),
        IpAddr::V6(address) if let Some((_, name)) = in_v6(address) => Some(name),
        IpAddr::V6(address) if is_isatap(address) => Some("ISATAP"),
        IpAddr::V6(address) => (!GLOBAL_UNICAST.contains(&address)).then_some("not global unicast"),
    }
}

/// RFC 5214, section 6.1: under any prefix, an interface identifier that names an IPv4 host.
fn is_isatap(address: Ipv6Addr) -> bool {
    let [.., flags, marker, _, _] = address.segments();
    matches!(flags, 0x0000 | 0x0200) && marker == 0x5efe
}

const fn v4(a: u8, b: u8, c: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), prefix)
}

const fn v6(a: u16, b: u16, c: u16, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

const V4: [(Ipv4Net, &str); 15] = [
    (v4(0, 0, 0, 8), "this network"),
    (v4(10, 0, 0, 8), "private"),
    (v4(100, 64, 0, 10), "carrier-grade NAT"),
    (v4(127, 0, 0, 8), "loopback"),
    (v4(169, 254, 0, 16), "link-local"),
    (v4(172, 16, 0, 12), "private"),
    (v4(192, 0, 0, 24), "protocol assignments"),
    (v4(192, 0, 2, 24), "documentation"),
    (v4(192, 88, 99, 24), "6to4 relay"),
    (v4(192, 168, 0, 16), "private"),
    (v4(198, 18, 0, 15), "benchmarking"),
    (v4(198, 51, 100, 24), "documentation"),
    (v4(203, 0, 113, 24), "documentation"),
    (v4(224, 0, 0, 4), "multicast"),
    (v4(240, 0, 0, 4), "reserved"),
];

/// All that IANA has handed out for the public internet so far lies in here.
const GLOBAL_UNICAST: Ipv6Net = v6(0x2000, 0, 0, 3);

/// Ranges inside of global unicast that are special, and those outside that deserve their name in a message.
const V6: [(Ipv6Net, &str); 15] = [
    (Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128), "unspecified"),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), "loopback"),
    (Ipv6Net::new_assert(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96), "IPv4-mapped"),
    (v6(0x64, 0xff9b, 0, 96), "NAT64"),
    (v6(0x64, 0xff9b, 1, 48), "NAT64"),
    (v6(0x100, 0, 0, 64), "discard only"),
    (v6(0x2001, 0, 0, 32), "Teredo"),
    (v6(0x2001, 0, 0, 23), "protocol assignments"),
    (v6(0x2001, 0xdb8, 0, 32), "documentation"),
    (v6(0x2002, 0, 0, 16), "6to4"),
    (v6(0x3fff, 0, 0, 20), "documentation"),
    (v6(0xfc00, 0, 0, 7), "private"),
    (v6(0xfe80, 0, 0, 10), "link-local"),
    (v6(0xfec0, 0, 0, 10), "site-local"),
    (v6(0xff00, 0, 0, 8), "multicast"),
];

#[cfg(test)]
mod tests;
