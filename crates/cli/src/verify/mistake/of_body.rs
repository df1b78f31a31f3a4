//! What is told of mistakes about the body, in the order of [`Mistake`].

use super::{Mistake, Origin, Row};

pub(super) const OF_BODY: &[Row] = &[
    Row {
        mistake: Mistake::EndTrimmed,
        code: "end_trimmed",
        origin: Origin::BodyParser,
        what: "the line break at the end of the body is gone; SendGrid's bodies end in CR LF",
    },
    Row {
        mistake: Mistake::EndAdded,
        code: "end_added",
        origin: Origin::Saving,
        what: "a line break was added at the end of the body",
    },
    Row {
        mistake: Mistake::LineFeedsOnly,
        code: "line_feeds_only",
        origin: Origin::Saving,
        what: "CR LF became LF",
    },
    Row {
        mistake: Mistake::CarriageReturnsAdded,
        code: "carriage_returns_added",
        origin: Origin::Saving,
        what: "LF became CR LF",
    },
    Row {
        mistake: Mistake::LineBreaksEscaped,
        code: "line_breaks_escaped",
        origin: Origin::Saving,
        what: "line breaks became the letters \\r\\n, as logs and JSON show them",
    },
    Row {
        mistake: Mistake::JsonCompact,
        code: "json_compact",
        origin: Origin::BodyParser,
        what: "the line breaks between events are gone: JSON.stringify or the like, or `curl -d @FILE`",
    },
    Row {
        mistake: Mistake::JsonSpaced,
        code: "json_spaced",
        origin: Origin::BodyParser,
        what: "JSON was parsed and written again with spaces after `,` and `:`, as Python's json.dumps does",
    },
    Row {
        mistake: Mistake::JsonIndented,
        code: "json_indented",
        origin: Origin::BodyParser,
        what: "JSON was parsed and written again with indentation",
    },
    Row {
        mistake: Mistake::JsonLayout,
        code: "json_layout",
        origin: Origin::BodyParser,
        what: "JSON was parsed and written again with other white space",
    },
    Row {
        mistake: Mistake::KeysSorted,
        code: "keys_sorted",
        origin: Origin::BodyParser,
        what: "the keys of the events were sorted",
    },
    Row {
        mistake: Mistake::KeysReordered,
        code: "keys_reordered",
        origin: Origin::BodyParser,
        what: "the keys of the events were put in another order",
    },
    Row {
        mistake: Mistake::NonAsciiEscaped,
        code: "non_ascii_escaped",
        origin: Origin::BodyParser,
        what: "letters beyond ASCII became \\u escapes, as json.dumps and json_encode write them",
    },
    Row {
        mistake: Mistake::NonAsciiUnescaped,
        code: "non_ascii_unescaped",
        origin: Origin::BodyParser,
        what: "\\u escapes became letters",
    },
    Row {
        mistake: Mistake::SlashesEscaped,
        code: "slashes_escaped",
        origin: Origin::BodyParser,
        what: "/ became \\/, as PHP's json_encode writes it",
    },
    Row {
        mistake: Mistake::SlashesUnescaped,
        code: "slashes_unescaped",
        origin: Origin::BodyParser,
        what: "\\/ became /",
    },
    Row {
        mistake: Mistake::MarkupEscaped,
        code: "markup_escaped",
        origin: Origin::BodyParser,
        what: "<, > and & became \\u003c, \\u003e and \\u0026, as Go and Rails write them",
    },
    Row {
        mistake: Mistake::MarkupUnescaped,
        code: "markup_unescaped",
        origin: Origin::BodyParser,
        what: "\\u003c, \\u003e and \\u0026 became <, > and &",
    },
    Row {
        mistake: Mistake::EscapesRewritten,
        code: "escapes_rewritten",
        origin: Origin::BodyParser,
        what: "escapes inside strings were written in another way",
    },
    Row {
        mistake: Mistake::ByteOrderMark,
        code: "byte_order_mark",
        origin: Origin::Saving,
        what: "a byte order mark was put in front, as some editors and PowerShell do",
    },
    Row {
        mistake: Mistake::Utf16,
        code: "utf_16",
        origin: Origin::Saving,
        what: "the body was saved as UTF-16, as PowerShell's redirection does",
    },
    Row {
        mistake: Mistake::DoubleEncoded,
        code: "double_encoded",
        origin: Origin::TextHandling,
        what: "UTF-8 was taken for Latin-1 or Windows-1252 and encoded as UTF-8 once more",
    },
    Row {
        mistake: Mistake::NarrowEncoded,
        code: "narrow_encoded",
        origin: Origin::TextHandling,
        what: "the text was encoded as Latin-1 or Windows-1252 instead of UTF-8",
    },
    Row {
        mistake: Mistake::FormEncoded,
        code: "form_encoded",
        origin: Origin::BodyParser,
        what: "the body was treated as a form and percent-encoded",
    },
    Row {
        mistake: Mistake::Base64Body,
        code: "base64_body",
        origin: Origin::Proxy,
        what: "the body is still base64, as gateways and function hosts hand it over",
    },
    Row {
        mistake: Mistake::JsonString,
        code: "json_string",
        origin: Origin::Proxy,
        what: "the body was put into a JSON string, as gateways and function hosts hand it over",
    },
    Row {
        mistake: Mistake::Gzip,
        code: "gzip",
        origin: Origin::Proxy,
        what: "the body was compressed with gzip",
    },
    Row {
        mistake: Mistake::Deflate,
        code: "deflate",
        origin: Origin::Proxy,
        what: "the body was compressed with deflate",
    },
    Row {
        mistake: Mistake::ChunkFraming,
        code: "chunk_framing",
        origin: Origin::Proxy,
        what: "the framing of chunked transfer was left in the body",
    },
];
