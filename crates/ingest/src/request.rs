//! What a request's head decides, and how old its signature is. Pure: no I/O, no clock.

use crate::answer::Refusal;
use hyper::HeaderMap;
use jiff::{SignedDuration, Timestamp};
use wire::signature::{self, HEADER_SIGNATURE, HEADER_TIMESTAMP, Signature};

const PREFIX: &str = "/webhooks/sendgrid/";

/// Digits of a Unix time in seconds from 2001 to 2286.
const TIMESTAMP_DIGITS: usize = 10;

/// The signature headers of one request, well formed but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    /// The header's own bytes, which are part of what is signed.
    pub(crate) timestamp: [u8; TIMESTAMP_DIGITS],
    pub(crate) signature: Signature,
}

/// The source's path segment. It is compared as it is sent; source paths need no escapes.
pub(crate) fn source_path(path: &str) -> Option<&str> {
    let segment = path.strip_prefix(PREFIX)?;
    (!segment.is_empty() && !segment.contains('/')).then_some(segment)
}

/// Reads the two signature headers.
///
/// # Errors
///
/// [`Refusal::MissingSignature`] if either is absent, empty or doubled, or the timestamp is not ten digits;
/// [`Refusal::InvalidSignature`] if the signature is not base64 of DER.
pub(crate) fn credentials(headers: &HeaderMap) -> Result<Credentials, Refusal> {
    let signature = only(headers, HEADER_SIGNATURE).ok_or(Refusal::MissingSignature)?;
    let timestamp = only(headers, HEADER_TIMESTAMP).ok_or(Refusal::MissingSignature)?;
    let timestamp: [u8; TIMESTAMP_DIGITS] = timestamp.try_into().map_err(|_| Refusal::MissingSignature)?;
    if !timestamp.iter().all(u8::is_ascii_digit) {
        return Err(Refusal::MissingSignature);
    }
    let signature = Signature::decode(signature).map_err(|_| Refusal::InvalidSignature)?;
    Ok(Credentials { timestamp, signature })
}

/// The value of a header that is there once and not empty. Of two values nobody can say which was signed.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.as_bytes();
    (values.next().is_none() && !value.is_empty()).then_some(value)
}

impl Credentials {
    /// Time since the signature was made; negative if its clock is ahead of ours.
    pub(crate) fn age(&self, now: Timestamp) -> SignedDuration {
        signature::age(&self.timestamp, now).expect("reading the headers made sure of ten digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    /// Base64 of a well-formed DER signature that nobody made.
    const SIGNATURE: &str = "MAYCAQECAQE=";

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn signed(timestamp: &str) -> Result<Credentials, Refusal> {
        credentials(&headers(&[(HEADER_SIGNATURE, SIGNATURE), (HEADER_TIMESTAMP, timestamp)]))
    }

    #[test]
    fn a_source_is_one_segment_below_the_webhooks() {
        assert_eq!(source_path("/webhooks/sendgrid/main"), Some("main"));
        for path in [
            "/",
            "/webhooks/sendgrid",
            "/webhooks/sendgrid/",
            "/webhooks/sendgrid/a/b",
            "/webhooks/sendgrid/a/",
            "/Webhooks/sendgrid/a",
            "//webhooks/sendgrid/a",
        ] {
            assert_eq!(source_path(path), None, "{path}");
        }
    }

    #[test]
    fn both_headers_are_needed_once_whatever_their_case() {
        assert!(signed("1700000000").is_ok());
        let mut mixed = HeaderMap::new();
        mixed.insert("X-Twilio-Email-Event-Webhook-Signature", HeaderValue::from_static(SIGNATURE));
        mixed.insert("X-Twilio-Email-Event-Webhook-Timestamp", HeaderValue::from_static("1700000000"));
        assert_eq!(credentials(&mixed), signed("1700000000"));
        for pairs in [
            &[][..],
            &[(HEADER_SIGNATURE, SIGNATURE)],
            &[(HEADER_TIMESTAMP, "1700000000")],
            &[(HEADER_SIGNATURE, ""), (HEADER_TIMESTAMP, "1700000000")],
            &[(HEADER_SIGNATURE, SIGNATURE), (HEADER_SIGNATURE, SIGNATURE), (HEADER_TIMESTAMP, "1700000000")],
            &[
                (HEADER_SIGNATURE, SIGNATURE),
                (HEADER_TIMESTAMP, "1700000000"),
                (HEADER_TIMESTAMP, "1700000000"),
            ],
        ] {
            assert_eq!(credentials(&headers(pairs)), Err(Refusal::MissingSignature), "{pairs:?}");
        }
    }

    #[test]
    fn a_timestamp_is_ten_digits() {
        for timestamp in [
            "170000000",
            "17000000000",
            "1700000000000",
            "170000000x",
            "-170000000",
            "1700000.00",
            "+170000000",
        ] {
            assert_eq!(signed(timestamp), Err(Refusal::MissingSignature), "{timestamp}");
        }
    }

    #[test]
    fn a_signature_that_is_no_signature_is_known_from_the_head() {
        for signature in ["not base64", "AAAA", "MAYCAQECAQE"] {
            let headers = headers(&[(HEADER_SIGNATURE, signature), (HEADER_TIMESTAMP, "1700000000")]);
            assert_eq!(credentials(&headers), Err(Refusal::InvalidSignature), "{signature}");
        }
    }

    #[test]
    fn age_counts_from_the_signature_to_now() {
        let credentials = signed("1700000000").unwrap();
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(credentials.age(at(1_700_000_060)), SignedDuration::from_secs(60));
        assert_eq!(credentials.age(at(1_699_999_990)), SignedDuration::from_secs(-10));
    }
}
