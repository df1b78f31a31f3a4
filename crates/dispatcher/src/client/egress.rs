//! The proxy that an operator may put between the dispatcher and the world.
//!
//! Plain HTTP with `CONNECT` for https endpoints, and requests in absolute form for http ones. Its address may hold a user
//! name and a password, so it is kept as a secret.

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// Where it is. Not shown by `Debug`.
#[derive(Clone, Debug)]
pub struct EgressProxy {
    url: SecretString,
    host: String,
}

/// Says what is wrong without repeating any of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EgressProxyError {
    #[error("it is no URL; write it as http://proxy.example.com:3128")]
    NotAnUrl,
    #[error("it is no http:// URL; other kinds of proxies are not supported")]
    Scheme,
    #[error("it says more than a host, a port, and a user name and a password at most")]
    TooMuch,
    #[error("nothing can listen on port 0")]
    Port,
}

impl EgressProxy {
    /// `http://[USER:PASSWORD@]HOST[:PORT]`; without a port it is 80.
    ///
    /// # Errors
    /// See [`EgressProxyError`].
    pub(crate) fn parse(text: &SecretString) -> Result<Self, EgressProxyError> {
        let url = Url::parse(text.expose_secret()).map_err(|_| EgressProxyError::NotAnUrl)?;
        if url.scheme() != "http" {
            return Err(EgressProxyError::Scheme);
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(EgressProxyError::TooMuch);
        }
        if url.port() == Some(0) {
            return Err(EgressProxyError::Port);
        }
        let host = url.host_str().ok_or(EgressProxyError::NotAnUrl)?.to_owned();
        let proxy = Self { url: SecretString::from(String::from(url)), host };
        // The client has a grammar of its own.
        proxy.proxy().map(drop).map_err(|_| EgressProxyError::NotAnUrl)?;
        Ok(proxy)
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// For all endpoints, without exceptions.
    pub(super) fn proxy(&self) -> reqwest::Result<reqwest::Proxy> {
        reqwest::Proxy::all(self.url.expose_secret())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_a_port_and_credentials_at_most() {
        for good in [
            "http://proxy.example.com",
            "http://proxy.example.com:3128/",
            "http://user:word@proxy:3128",
            "http://10.1.2.3:3128",
            "http://[fd00::1]:3128",
        ] {
            assert!(EgressProxy::parse(&good.into()).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("proxy.example.com", EgressProxyError::NotAnUrl),
            ("", EgressProxyError::NotAnUrl),
            ("http://", EgressProxyError::NotAnUrl),
            ("proxy.example.com:3128", EgressProxyError::Scheme),
            ("socks5://proxy:1080", EgressProxyError::Scheme),
            ("https://proxy:3128", EgressProxyError::Scheme),
            ("http://proxy:3128/path", EgressProxyError::TooMuch),
            ("http://proxy:3128/?a", EgressProxyError::TooMuch),
            ("http://proxy:3128/#a", EgressProxyError::TooMuch),
            ("http://proxy:0", EgressProxyError::Port),
        ] {
            assert_eq!(EgressProxy::parse(&bad.into()).unwrap_err(), why, "{bad}");
        }
    }

    #[test]
    fn debug_reveals_nothing_of_its_credentials() {
        let shown = format!("{:?}", EgressProxy::parse(&"http://user:hush@proxy".into()).unwrap());
        assert!(!shown.contains("hush") && !shown.contains("user"), "{shown}");
    }
}
