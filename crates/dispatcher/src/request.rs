//! What a request says: the stored body, byte for byte, the endpoint's own headers, and those that vouch for it.

use crate::endpoint::Destination;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use uuid::Uuid;
use wire::notification::webhook_id_text;
use wire::webhook::{HEADER_ID, HEADER_SIGNATURE, HEADER_TIMESTAMP};

const AGENT: &str = concat!("sendstate/", env!("CARGO_PKG_VERSION"));

/// Headers of one attempt. The id stays the same over all attempts, the timestamp is this attempt's.
pub(crate) fn headers(destination: &Destination, webhook_id: Uuid, body: &[u8], at: Timestamp) -> HeaderMap {
    let id = webhook_id_text(webhook_id.as_bytes());
    let seconds = at.as_second();
    let signature = destination.signers.sign(&id, seconds, body);
    let mut headers = destination.headers.clone();
    // What is ours comes last and replaces whatever stands there; only our name may be another.
    headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(AGENT));
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static(HEADER_ID), visible(&id));
    headers.insert(HeaderName::from_static(HEADER_TIMESTAMP), HeaderValue::from(seconds));
    headers.insert(HeaderName::from_static(HEADER_SIGNATURE), visible(&signature));
    headers
}

fn visible(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).expect("ids and signatures are visible ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::Policy;
    use crate::signers::{Signer, Signers};
    use wire::webhook::{self, Secret};

    fn destination(headers: &[(&'static str, &'static str)]) -> Destination {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        Destination {
            url: "https://example.com/hook".parse().unwrap(),
            policy: Policy::default(),
            signers: Signers::new(vec![Signer::Secret(Secret::generate([1; 32]))]).unwrap(),
            headers: headers.collect(),
        }
    }

    #[test]
    fn a_receiver_that_holds_the_secret_verifies_the_request() {
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let headers = headers(&destination(&[]), Uuid::from_bytes([0xab; 16]), b"{}", at);
        let text = |name: &str| headers[name].to_str().unwrap();
        assert_eq!(text("webhook-id"), format!("msg_{}", "ab".repeat(16)));
        assert_eq!(text("webhook-timestamp"), "1700000000");
        assert_eq!(text("content-type"), "application/json");
        assert!(text("user-agent").starts_with("sendstate/"));
        let verified = webhook::verify(
            &[Secret::generate([1; 32])],
            text("webhook-id"),
            text("webhook-timestamp"),
            text("webhook-signature"),
            b"{}",
            at.as_second(),
        );
        assert_eq!(verified, Ok(()));
    }

    #[test]
    fn an_endpoints_own_headers_are_sent_and_replace_none_of_ours_but_the_name() {
        let own =
            [("x-team", "mail"), ("user-agent", "me"), ("webhook-id", "1"), ("content-type", "text/plain")];
        let headers = headers(&destination(&own), Uuid::nil(), b"{}", Timestamp::UNIX_EPOCH);
        assert_eq!(
            (&headers["x-team"], &headers["user-agent"]),
            (&"mail".parse().unwrap(), &"me".parse().unwrap())
        );
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers.get_all("webhook-id").iter().count(), 1);
        assert_ne!(headers["webhook-id"], "1");
    }
}
