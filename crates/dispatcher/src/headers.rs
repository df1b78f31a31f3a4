//! An endpoint's own headers: which it may have, told in one place for whoever sets them up and for every request.
//!
//! Pure. They are for what a consumer's gateway wants to see, such as an API key. What says whose and which notification it
//! is, what describes its body, and what frames the request or belongs to one connection only is ours.

use reqwest::header::{HeaderName, HeaderValue};

/// Most of them on one endpoint, and most bytes of a value: few servers take more than 8 KiB of headers.
pub const COUNT_MAX: usize = 16;
pub const VALUE_BYTES_MAX: usize = 2048;
/// No header that anybody has a use for has a longer name.
const NAME_BYTES_MAX: usize = 64;

/// Ours: the body's description, framing (RFC 9112), and what concerns a single connection (RFC 9110, section 7.6.1).
const RESERVED: [&str; 21] = [
    "accept-encoding",
    "connection",
    "content-digest",
    "content-encoding",
    "content-length",
    "content-location",
    "content-md5",
    "content-range",
    "content-type",
    "date",
    "digest",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
];
const RESERVED_PREFIXES: [&str; 2] = ["webhook-", "proxy-"];

/// Why a header may not be set. Says nothing of its value, which may be secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("this is no name of a header; write letters, digits and hyphens, at most {NAME_BYTES_MAX}")]
    Name,
    #[error("this header belongs to the request itself and cannot be set")]
    Reserved,
    #[error(
        "a header's value is 1 to {VALUE_BYTES_MAX} visible ASCII characters, with blanks only between them"
    )]
    Value,
}

/// A header that may be set; the name in lower case, the value not shown by `Debug`.
///
/// # Errors
/// See [`Refused`].
pub fn check(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Refused> {
    if name.len() > NAME_BYTES_MAX {
        return Err(Refused::Name);
    }
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Refused::Name)?;
    let reserved = RESERVED.contains(&name.as_str())
        || RESERVED_PREFIXES.iter().any(|prefix| name.as_str().starts_with(prefix));
    if reserved {
        return Err(Refused::Reserved);
    }
    let visible = value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if !visible || value.is_empty() || value.trim().len() != value.len() || value.len() > VALUE_BYTES_MAX {
        return Err(Refused::Value);
    }
    let mut value = HeaderValue::from_str(value).map_err(|_| Refused::Value)?;
    value.set_sensitive(true);
    Ok((name, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(name: &str, value: &str) -> Option<Refused> {
        check(name, value).err()
    }

    #[test]
    fn what_a_gateway_wants_to_see_may_be_set() {
        for name in ["Authorization", "x-api-key", "X-Team", "cookie", "user-agent", "accept", "webhooks"] {
            let (checked, value) = check(name, "Bearer abc, d=\"e\"").unwrap();
            assert_eq!(checked.as_str(), name.to_ascii_lowercase());
            assert_eq!(value.to_str().unwrap(), "Bearer abc, d=\"e\"");
        }
    }

    #[test]
    fn what_is_ours_is_refused_in_every_spelling() {
        for name in [
            "webhook-id",
            "Webhook-Signature",
            "webhook-timestamp",
            "WEBHOOK-anything",
            "Host",
            "content-length",
            "Content-Type",
            "content-encoding",
            "Transfer-Encoding",
            "connection",
            "Keep-Alive",
            "TE",
            "Trailer",
            "upgrade",
            "Expect",
            "Proxy-Authorization",
            "proxy-connection",
        ] {
            assert_eq!(refused(name, "x"), Some(Refused::Reserved), "{name}");
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for name in ["", " x", "x y", "x:", ":path", "x\r\ny", "ü", &"x".repeat(65)] {
            assert_eq!(refused(name, "x"), Some(Refused::Name), "{name:?}");
        }
        for value in ["", " x", "x ", "x\ty", "a\r\nb: c", "a\nb", "a\0b", "ü", "\u{7f}", &"x".repeat(2_049)]
        {
            assert_eq!(refused("x", value), Some(Refused::Value), "{value:?}");
        }
    }

    #[test]
    fn a_value_is_not_shown() {
        assert!(!format!("{:?}", check("authorization", "Bearer abc").unwrap()).contains("abc"));
    }
}
