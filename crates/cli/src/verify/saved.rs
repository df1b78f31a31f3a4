//! A request as somebody saved it: header lines and the bytes of the body.

/// Ingest's limit for a body where nobody set another one.
pub(super) const BODY_BYTES_MAX: usize = 5 * 1024 * 1024;

/// Header lines that are kept; a request has some twenty.
pub(super) const HEADERS_MAX: usize = 1_000;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Saved {
    /// Names as they were written, values without the white space that HTTP allows around them.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Saved {
    /// The values of the headers with such a name, in order.
    pub(super) fn values(&self, name: impl Fn(&str) -> bool) -> Vec<&str> {
        self.headers.iter().filter(|(header, _)| name(header)).map(|(_, value)| value.as_str()).collect()
    }

    /// The size that the head announced, if it did so once and readably.
    pub(super) fn announced(&self) -> Option<usize> {
        match self.values(|name| name.eq_ignore_ascii_case("content-length")).as_slice() {
            [length] => length.parse().ok(),
            _ => None,
        }
    }
}
