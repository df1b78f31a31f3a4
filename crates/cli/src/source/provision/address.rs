//! Where a source is reached from outside, and how the URLs of webhooks compare with that.
//!
//! Two URLs are the same place when a request to either ends at the same source: user, password and query are for a proxy
//! on the way, so they are kept and never shown. Ingest knows a path only as it is written, so a slash at its end is a
//! mistake, and a mistake is mended.

use crate::failure::Failure;
use crate::output;
use crate::source::inbound_path;
use url::Url;

/// What every source's path begins with.
const ABOVE: &str = "/webhooks/sendgrid/";

/// The public URL of one source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address(Url);

impl Address {
    /// The URL that a user gives: of ingest as a whole, or of the source itself.
    pub(super) fn parse(text: &str, segment: &str, allow_http: bool) -> Result<Self, Failure> {
        let wrong = |why: &str| Failure::usage(format!("--url {} cannot be used: {why}", shown(text)));
        let mut url = Url::parse(text.trim()).map_err(|error| wrong(&error.to_string()))?;
        match url.scheme() {
            "https" => {}
            "http" if allow_http => {}
            "http" => {
                return Err(wrong("it is plain http, on which anybody on the way can read along")
                    .next("put a proxy with TLS in front of ingest, or add --allow-http"));
            }
            _ => return Err(wrong("it is no http URL")),
        }
        if url.host().is_none() || url.cannot_be_a_base() {
            return Err(wrong("it names no host"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("it holds a password, which stands in the list of processes now")
                .next("change that password; enter it in SendGrid's settings by hand, where it is kept"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("it goes on behind its path").next("give scheme, host, port and prefix alone"));
        }
        let (path, prefix) = (inbound_path(segment), url.path().trim_end_matches('/').to_owned());
        if !prefix.ends_with(&path) {
            if let Some(other) = segment_of(&url) {
                return Err(wrong(&format!(
                    "it ends with the path of another source, `{}`",
                    output::plain(&other)
                ))
                .next("give the URL of ingest, without the path of a source"));
            }
            url.set_path(&format!("{prefix}{path}"));
        } else {
            url.set_path(&prefix);
        }
        Ok(Self(url))
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The URL of another path of the same ingest.
    pub(super) fn beside(&self, path: &str) -> String {
        let mut beside = self.0.clone();
        let prefix = self.0.path().rsplit_once(ABOVE).map_or("", |(prefix, _)| prefix);
        beside.set_path(&format!("{prefix}{path}"));
        beside.into()
    }

    /// Whether a webhook that posts to this URL posts to this source, or would if the URL were written properly.
    pub(super) fn is_meant_by(&self, url: &str) -> bool {
        Url::parse(url.trim())
            .is_ok_and(|url| self.shares_host(&url) && url.path().trim_end_matches('/') == self.0.path())
    }

    /// What such a webhook's URL has to become; `None` if it is well as it is.
    pub(super) fn mend(&self, url: &str) -> Option<String> {
        let mut mended = self.0.clone();
        if let Ok(found) = Url::parse(url.trim()).as_ref()
            && self.is_meant_by(url)
        {
            // An http URL with a host takes both.
            let _taken = mended.set_username(found.username());
            let _taken = mended.set_password(found.password());
            mended.set_query(found.query());
        }
        (mended.as_str() != url.trim()).then(|| mended.into())
    }

    /// The source's segment of a URL at the same host, whichever source it is. `None`: it is elsewhere.
    pub(super) fn neighbour(&self, url: &str) -> Option<String> {
        let url = Url::parse(url.trim()).ok().filter(|url| self.shares_host(url))?;
        segment_of(&url)
    }

    /// Ports that a scheme has by default do not count, so that a forgotten `s` of `https` hides nothing.
    fn shares_host(&self, url: &Url) -> bool {
        url.host() == self.0.host() && url.port() == self.0.port()
    }
}

/// Whether a webhook that posts to this URL posts to the source with this segment, at whatever host.
pub(super) fn posts_to(url: &str, segment: &str) -> bool {
    Url::parse(url.trim()).is_ok_and(|url| segment_of(&url).as_deref() == Some(segment))
}

/// The segment that a URL's path ends with, if it is an inbound path.
fn segment_of(url: &Url) -> Option<String> {
    let (_, segment) = url.path().trim_end_matches('/').rsplit_once(ABOVE)?;
    (!segment.is_empty() && !segment.contains('/')).then(|| segment.to_owned())
}

/// A URL as it may be shown: without user, password and query, and safe for a terminal.
pub(super) fn shown(url: &str) -> String {
    let Ok(mut parsed) = Url::parse(url.trim()) else { return output::plain(url) };
    // What has no host has no user either, and refuses.
    let _taken = parsed.set_username("");
    let _taken = parsed.set_password(None);
    parsed.set_query(None);
    parsed.set_fragment(None);
    output::plain(parsed.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn main() -> Address {
        Address::parse("https://hooks.example.com", "main", false).unwrap()
    }

    #[test]
    fn the_path_is_appended_once_behind_any_prefix() {
        for (given, whole) in [
            ("https://a.example", "https://a.example/webhooks/sendgrid/main"),
            ("https://a.example/", "https://a.example/webhooks/sendgrid/main"),
            (" https://a.example:8443/in/ ", "https://a.example:8443/in/webhooks/sendgrid/main"),
            ("https://a.example/webhooks/sendgrid/main", "https://a.example/webhooks/sendgrid/main"),
            ("https://a.example/in/webhooks/sendgrid/main/", "https://a.example/in/webhooks/sendgrid/main"),
            ("HTTPS://A.example:443", "https://a.example/webhooks/sendgrid/main"),
        ] {
            assert_eq!(Address::parse(given, "main", false).unwrap().as_str(), whole, "{given}");
        }
        assert!(Address::parse("http://127.0.0.1:8080", "main", true).is_ok());
    }

    #[test]
    fn a_url_that_cannot_be_meant_is_refused_and_its_password_is_not_repeated() {
        for bad in [
            "http://a.example",
            "a.example",
            "ftp://a.example",
            "mailto:a@example.com",
            "https://a.example/?x",
            "https://a.example/#x",
            "https://user:hidden@a.example",
            "https://a.example/webhooks/sendgrid/other",
        ] {
            let failure = Address::parse(bad, "main", false).unwrap_err();
            assert_eq!(failure.code, 2, "{bad}");
            assert!(!failure.to_string().contains("hidden"), "{failure}");
        }
    }

    #[test]
    fn a_webhooks_url_is_recognised_however_it_is_written() {
        let main = main();
        for same in [
            "https://hooks.example.com/webhooks/sendgrid/main",
            "https://HOOKS.example.com:443/webhooks/sendgrid/main/",
            "http://hooks.example.com/webhooks/sendgrid/main",
            "https://user:word@hooks.example.com/webhooks/sendgrid/main?token=1",
        ] {
            assert!(main.is_meant_by(same), "{same}");
        }
        for other in [
            "https://hooks.example.com/webhooks/sendgrid/Main",
            "https://hooks.example.com/webhooks/sendgrid/main/x",
            "https://hooks.example.com:8443/webhooks/sendgrid/main",
            "https://example.com/webhooks/sendgrid/main",
            "null",
            "",
        ] {
            assert!(!main.is_meant_by(other), "{other}");
        }
    }

    #[test]
    fn only_what_would_not_arrive_is_mended() {
        let main = main();
        assert_eq!(main.mend(main.as_str()), None);
        let with_access = "https://user:word@hooks.example.com/webhooks/sendgrid/main?token=1";
        assert_eq!(main.mend(with_access), None);
        assert_eq!(
            main.mend("http://user:word@hooks.example.com/webhooks/sendgrid/main/?token=1").as_deref(),
            Some(with_access)
        );
        assert_eq!(main.mend("https://other.example/").as_deref(), Some(main.as_str()));
    }

    #[test]
    fn a_neighbour_is_another_source_at_the_same_host() {
        let main = main();
        assert_eq!(main.neighbour("https://hooks.example.com/webhooks/sendgrid/old").as_deref(), Some("old"));
        assert_eq!(main.neighbour("https://hooks.example.com/elsewhere"), None);
        assert_eq!(main.neighbour("https://other.example/webhooks/sendgrid/old"), None);
        assert!(posts_to("https://other.example/x/webhooks/sendgrid/old/", "old"));
        assert!(!posts_to("https://other.example/webhooks/sendgrid/old/x", "old"));
    }

    #[test]
    fn what_is_beside_a_source_is_behind_the_same_prefix() {
        assert_eq!(main().beside("/oauth/token"), "https://hooks.example.com/oauth/token");
        let prefixed = Address::parse("https://a.example:8443/in", "main", false).unwrap();
        assert_eq!(prefixed.beside("/oauth/token"), "https://a.example:8443/in/oauth/token");
    }

    #[test]
    fn what_is_shown_of_a_url_is_no_secret() {
        assert_eq!(shown("https://user:word@a.example/b?token=1#c"), "https://a.example/b");
        assert_eq!(shown("no\u{1b}url"), "no\u{FFFD}url");
    }
}
