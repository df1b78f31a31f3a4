//! One POST as SendGrid makes it: joined and signed.

use bytes::Bytes;
use wire::signature::{HEADER_SIGNATURE, HEADER_TIMESTAMP, SigningKey};

/// The `Content-Type` of SendGrid's POSTs.
pub const CONTENT_TYPE: &str = "application/json;charset=utf-8";

/// Elements as SendGrid joins them: `,` CR LF between, CR LF after the array.
pub fn join<T: AsRef<[u8]>>(elements: &[T]) -> Vec<u8> {
    let mut body =
        Vec::with_capacity(elements.iter().map(|element| element.as_ref().len() + 3).sum::<usize>() + 4);
    body.push(b'[');
    for (position, element) in elements.iter().enumerate() {
        if position > 0 {
            body.extend_from_slice(b",\r\n");
        }
        body.extend_from_slice(element.as_ref());
    }
    body.extend_from_slice(b"]\r\n");
    body
}

/// A body with its two signature headers.
#[derive(Clone, Debug)]
pub struct Post {
    pub body: Bytes,
    pub timestamp: String,
    pub signature: String,
}

impl Post {
    /// Signs `body` at `timestamp` (Unix seconds).
    pub fn sign(body: impl Into<Bytes>, key: &SigningKey, timestamp: i64) -> Self {
        let body = body.into();
        // The header has ten digits.
        let timestamp = format!("{timestamp:010}");
        let signature = key.sign(timestamp.as_bytes(), &body);
        Self { body, timestamp, signature }
    }

    /// The headers that matter, as lines.
    pub fn headers(&self) -> [(&'static str, &str); 3] {
        [
            ("Content-Type", CONTENT_TYPE),
            (HEADER_TIMESTAMP, self.timestamp.as_str()),
            (HEADER_SIGNATURE, self.signature.as_str()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::signature::Signature;

    #[test]
    fn a_post_carries_a_signature_over_its_very_bytes() {
        let key = SigningKey::generate();
        let post = Post::sign(join(&["{}", "{}"]), &key, 1_600_000_000);
        assert_eq!(post.body.as_ref(), b"[{},\r\n{}]\r\n");
        let signature = Signature::decode(post.signature.as_bytes()).unwrap();
        assert!(key.public_key().verify(b"1600000000", &post.body, &signature));
    }

    #[test]
    fn an_array_of_nothing_is_still_an_array() {
        assert_eq!(join::<&str>(&[]), b"[]\r\n");
    }
}
