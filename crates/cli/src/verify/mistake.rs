//! What can have happened to a request between SendGrid and whoever verifies it: a closed list, each with a code for
//! scripts and sentences for people.

mod of_body;
mod of_head;

use of_body::OF_BODY;
use of_head::OF_HEAD;

/// One change that, undone, helps to make a signature right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Mistake {
    // Line breaks of the body.
    EndTrimmed,
    EndAdded,
    LineFeedsOnly,
    CarriageReturnsAdded,
    LineBreaksEscaped,
    // JSON that was parsed and written again.
    JsonCompact,
    JsonSpaced,
    JsonIndented,
    JsonLayout,
    KeysSorted,
    KeysReordered,
    NonAsciiEscaped,
    NonAsciiUnescaped,
    SlashesEscaped,
    SlashesUnescaped,
    MarkupEscaped,
    MarkupUnescaped,
    EscapesRewritten,
    // Text that was decoded and encoded again.
    ByteOrderMark,
    Utf16,
    DoubleEncoded,
    NarrowEncoded,
    // Whole bodies that were packed into something.
    FormEncoded,
    Base64Body,
    JsonString,
    Gzip,
    Deflate,
    ChunkFraming,
    // Headers.
    HeadersRenamed,
    HeadersSwapped,
    HeaderDoubled,
    TimestampSpaced,
    TimestampQuoted,
    TimestampEncoded,
    TimestampMilliseconds,
    TimestampFraction,
    SignatureSpaced,
    SignatureQuoted,
    SignatureEncoded,
    SignaturePlusLost,
    SignatureBase64Url,
    SignatureUnpadded,
    SignatureHex,
    SignatureRaw,
    // Keys.
    OtherKeyOfSource,
    RetiredKey,
    KeyAddedLater,
    OtherSource,
    // OAuth.
    TokenMissing,
    // Time.
    Expired,
    FromTheFuture,
}

/// Whose doing a mistake usually is, and so what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    BodyParser,
    TextHandling,
    Saving,
    Proxy,
    HeaderHandling,
    Key,
    Token,
    Clock,
}

/// What is told of a mistake.
#[derive(Debug)]
pub(super) struct Row {
    pub mistake: Mistake,
    /// For scripts; never renamed.
    pub code: &'static str,
    pub origin: Origin,
    /// What happened, as a sentence without its full stop.
    pub what: &'static str,
}

impl Mistake {
    pub(super) fn row(self) -> &'static Row {
        let mut rows = OF_BODY.iter().chain(OF_HEAD);
        rows.find(|row| row.mistake == self).expect("a test holds that every mistake has its row")
    }
}

impl Origin {
    /// For scripts; never renamed.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::BodyParser => "body_parser",
            Self::TextHandling => "text_handling",
            Self::Saving => "saving",
            Self::Proxy => "proxy",
            Self::HeaderHandling => "header_handling",
            Self::Key => "key",
            Self::Token => "token",
            Self::Clock => "clock",
        }
    }

    /// What to do about it, as a sentence without its full stop.
    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::BodyParser => {
                "verify the raw bytes before anything parses them: express.raw({type: \"*/*\"}), Flask's \
                 request.get_data(), Django's request.body, php://input, Spring's byte[] body; a proxy or function in \
                 front must not parse and rebuild JSON either"
            }
            Self::TextHandling => {
                "keep the body as bytes from the socket to the verification: no decoding to text, no charset, no \
                 editor in between"
            }
            Self::Saving => {
                "save and send bodies as binary files: `curl --data-binary @FILE`, never -d, echo, an editor or a \
                 copy from a terminal"
            }
            Self::Proxy => {
                "let the proxy, gateway or function host pass body and headers on untouched: no transformation, \
                 decompression, buffering into another encoding"
            }
            Self::HeaderHandling => {
                "pass both signature headers on exactly as they came, under their own names"
            }
            Self::Key => {
                "copy the Verification Key of the very webhook that posts here: every webhook has a pair of its own, \
                 and switching signing off and on makes a new one"
            }
            Self::Token => {
                "if it was not left out when the request was saved: enter the source's client id, secret and token URL at \
                 SendGrid, and let the proxy pass the Authorization header on; `sendstate source oauth NAME off` asks \
                 for none"
            }
            Self::Clock => {
                "check the receiver's clock; if SendGrid was answered late or retried, widen the source's --max-age: \
                 repeats are recognised, so hours do no harm"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_mistake_is_told_in_its_own_row_under_its_own_code() {
        let rows: Vec<&Row> = OF_BODY.iter().chain(OF_HEAD).collect();
        assert_eq!(rows.len(), Mistake::FromTheFuture as usize + 1);
        for (position, row) in rows.iter().enumerate() {
            assert_eq!((row.mistake as usize, row.mistake.row().code), (position, row.code));
            assert!(row.code.bytes().all(|byte| byte.is_ascii_lowercase() || b"_0123456789".contains(&byte)));
        }
        let codes: HashSet<&str> = rows.iter().map(|row| row.code).collect();
        let sentences: HashSet<&str> = rows.iter().map(|row| row.what).collect();
        assert_eq!((codes.len(), sentences.len()), (rows.len(), rows.len()));
    }
}
