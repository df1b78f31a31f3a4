//! What a request says: the stored body, byte for byte, and the headers that vouch for it.

use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use uuid::Uuid;
use wire::notification::webhook_id_text;
use wire::webhook::{self, HEADER_ID, HEADER_SIGNATURE, HEADER_TIMESTAMP, Secret};

const AGENT: &str = concat!("sendstate/", env!("CARGO_PKG_VERSION"));

/// Headers of one attempt. The id stays the same over all attempts, the timestamp is this attempt's.
pub(crate) fn headers(secrets: &[Secret], webhook_id: Uuid, body: &[u8], at: Timestamp) -> HeaderMap {
    let id = webhook_id_text(webhook_id.as_bytes());
    let seconds = at.as_second();
    let signature = webhook::sign(secrets, &id, seconds, body);
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
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

    #[test]
    fn a_receiver_that_holds_any_of_the_secrets_verifies_the_request() {
        let (old, new) = (Secret::generate([1; 32]), Secret::generate([2; 32]));
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        let headers = headers(&[new.clone(), old.clone()], Uuid::from_bytes([0xab; 16]), b"{}", at);
        let text = |name: &str| headers[name].to_str().unwrap();
        assert_eq!(text("webhook-id"), format!("msg_{}", "ab".repeat(16)));
        assert_eq!(text("webhook-timestamp"), "1700000000");
        assert_eq!(text("content-type"), "application/json");
        assert!(text("user-agent").starts_with("sendstate/"));
        for holder in [old, new] {
            let verified = webhook::verify(
                &[holder],
                text("webhook-id"),
                text("webhook-timestamp"),
                text("webhook-signature"),
                b"{}",
                at.as_second(),
            );
            assert_eq!(verified, Ok(()));
        }
    }
}
