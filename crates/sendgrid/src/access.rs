//! Where the API is, who asks, and on whose behalf. Checked here once, so that nothing else has to ask whether a key
//! fits into a header or may travel in clear.

use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use url::form_urlencoded::Serializer;
use url::{Host, Url};

/// SendGrid's keys have 69 characters; more than this is some other file.
const KEY_LENGTH_MAX: usize = 512;
const ON_BEHALF_OF_LENGTH_MAX: usize = 256;

/// Why a client cannot be set up like this. Repeats nothing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    #[error("the API key is empty")]
    NoKey,
    #[error("the API key has characters that no key has; it should be one line beginning with `SG.`")]
    Key,
    #[error("a subuser's name is 1 to 256 visible characters of ASCII")]
    OnBehalfOf,
    #[error("it is no URL; write it as https://api.sendgrid.com")]
    NotAnUrl,
    #[error("it says more than a scheme, a host and a port")]
    TooMuch,
    #[error("a key travels over https:// only; http:// is for loopback addresses, written as numbers")]
    Plain,
}

/// A key of SendGrid's API. Not shown by `Debug`.
#[derive(Clone, Debug)]
pub struct ApiKey(SecretString);

impl ApiKey {
    /// White space around it is dropped: keys come out of files.
    ///
    /// # Errors
    /// When it is empty, or cannot be one line of a header.
    pub fn parse(text: &SecretString) -> Result<Self, AccessError> {
        let key = text.expose_secret().trim();
        if key.is_empty() {
            return Err(AccessError::NoKey);
        }
        if key.len() > KEY_LENGTH_MAX || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(AccessError::Key);
        }
        Ok(Self(key.into()))
    }

    /// For finding it where it should not be.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// As a bearer token. Marked, so that the HTTP client does not show it either.
    pub(crate) fn header(&self) -> Result<HeaderValue, AccessError> {
        let value = HeaderValue::from_str(&format!("Bearer {}", self.0.expose_secret()));
        let mut value = value.map_err(|_| AccessError::Key)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// Whose account a parent account's key is used for: a subuser's name, or `account-id ID` of a customer account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnBehalfOf(String);

impl OnBehalfOf {
    /// # Errors
    /// When it is empty or cannot be one line of a header.
    pub fn parse(text: &str) -> Result<Self, AccessError> {
        let name = text.trim();
        let fits = (1..=ON_BEHALF_OF_LENGTH_MAX).contains(&name.len());
        let visible = name.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if fits && visible { Ok(Self(name.to_owned())) } else { Err(AccessError::OnBehalfOf) }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn header(&self) -> Result<HeaderValue, AccessError> {
        HeaderValue::from_str(&self.0).map_err(|_| AccessError::OnBehalfOf)
    }
}

/// Where SendGrid keeps an account. A key of one region is unknown in the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    Global,
    Eu,
}

impl Region {
    /// By the name that people give it: `global` or `eu`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Global, Self::Eu].into_iter().find(|region| region.as_str() == name)
    }

    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Eu => "eu",
        }
    }

    /// Servers as tsg_logs_v3 lists them.
    fn url(self) -> &'static str {
        match self {
            Self::Global => "https://api.sendgrid.com",
            Self::Eu => "https://api.eu.sendgrid.com",
        }
    }
}

/// Where requests go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base(Url);

impl From<Region> for Base {
    fn from(region: Region) -> Self {
        Self(Url::parse(region.url()).expect("both are URLs; a test reads them"))
    }
}

impl Base {
    /// Another server than SendGrid's own: `https://HOST[:PORT]`, or `http://` and a loopback address.
    ///
    /// # Errors
    /// When a key must not be sent there, or when it is more than a server.
    pub fn parse(text: &str) -> Result<Self, AccessError> {
        let url = Url::parse(text.trim()).map_err(|_| AccessError::NotAnUrl)?;
        let host = url.host().ok_or(AccessError::NotAnUrl)?;
        let loopback = match host {
            // A name may lead anywhere, `localhost` included.
            Host::Domain(_) => false,
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(AccessError::Plain),
            _ => return Err(AccessError::NotAnUrl),
        }
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let anonymous = url.username().is_empty() && url.password().is_none();
        if bare && anonymous && url.port() != Some(0) { Ok(Self(url)) } else { Err(AccessError::TooMuch) }
    }

    /// The address of a resource; every part is escaped.
    pub(crate) fn to(&self, path: &[&str], query: &[(&str, String)]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(path);
        }
        if !query.is_empty() {
            let form = Serializer::new(String::new()).extend_pairs(query).finish();
            // A plus of its own is escaped; SendGrid's examples write spaces like this.
            url.set_query(Some(&form.replace('+', "%20")));
        }
        url
    }

    pub(crate) fn is_plain(&self) -> bool {
        self.0.scheme() == "http"
    }
}

impl fmt::Display for Base {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_regions_have_a_server_and_a_name() {
        assert_eq!(Base::from(Region::Global).to_string(), "https://api.sendgrid.com");
        assert_eq!(Base::from(Region::Eu).to_string(), "https://api.eu.sendgrid.com");
        assert_eq!(Region::named("eu"), Some(Region::Eu));
        assert_eq!(Region::named("EU"), None);
    }

    #[test]
    fn a_key_never_travels_in_clear_but_to_loopback_addresses() {
        for good in
            ["https://sendgrid.example.com", "http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]:1"]
        {
            assert!(Base::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("http://api.sendgrid.com", AccessError::Plain),
            ("http://localhost:8080", AccessError::Plain),
            ("http://10.0.0.1", AccessError::Plain),
            ("http://[::2]", AccessError::Plain),
            ("ftp://127.0.0.1", AccessError::NotAnUrl),
            ("api.sendgrid.com", AccessError::NotAnUrl),
            ("", AccessError::NotAnUrl),
            ("https://user:word@api.sendgrid.com", AccessError::TooMuch),
            ("https://api.sendgrid.com/v3", AccessError::TooMuch),
            ("https://api.sendgrid.com/?a", AccessError::TooMuch),
            ("https://api.sendgrid.com/#a", AccessError::TooMuch),
            ("https://api.sendgrid.com:0", AccessError::TooMuch),
        ] {
            assert_eq!(Base::parse(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn a_key_is_one_line_of_visible_characters_and_is_never_shown() {
        let key = ApiKey::parse(&" SG.hush-hush\n".into()).unwrap();
        assert_eq!(key.header().unwrap().as_bytes(), b"Bearer SG.hush-hush");
        let shown = format!("{key:?} {:?}", key.header().unwrap());
        assert!(!shown.contains("hush"), "{shown}");
        assert_eq!(ApiKey::parse(&" \n".into()).unwrap_err(), AccessError::NoKey);
        for bad in ["SG.a\nSG.b", "SG.a b", "SG.é", "SG.\u{7f}", &"S".repeat(513)] {
            assert_eq!(ApiKey::parse(&bad.into()).unwrap_err(), AccessError::Key, "{bad}");
        }
    }

    #[test]
    fn a_subuser_is_one_line_too() {
        assert_eq!(OnBehalfOf::parse(" account-id 17 ").unwrap().as_str(), "account-id 17");
        for bad in ["", " ", "a\nb", "a\u{e9}", &"a".repeat(257)] {
            assert_eq!(OnBehalfOf::parse(bad), Err(AccessError::OnBehalfOf), "{bad}");
        }
    }

    #[test]
    fn whatever_is_put_into_an_address_stays_where_it_was_put() {
        let base = Base::parse("http://127.0.0.1:1").unwrap();
        let url = base.to(&["v3", "messages", "a/b?c#d%e"], &[("query", "x=\"1\" &+y".to_owned())]);
        assert_eq!(
            url.as_str(),
            "http://127.0.0.1:1/v3/messages/a%2Fb%3Fc%23d%25e?query=x%3D%221%22%20%26%2By"
        );
    }
}
