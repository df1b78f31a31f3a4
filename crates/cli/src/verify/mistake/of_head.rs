//! What is told of mistakes about headers, keys, tokens and time, in the order of [`Mistake`].

use super::{Mistake, Origin, Row};

pub(super) const OF_HEAD: &[Row] = &[
    Row {
        mistake: Mistake::HeadersRenamed,
        code: "headers_renamed",
        origin: Origin::HeaderHandling,
        what: "the signature headers have other names, as CGI, WSGI and Rack give them",
    },
    Row {
        mistake: Mistake::HeadersSwapped,
        code: "headers_swapped",
        origin: Origin::HeaderHandling,
        what: "signature and timestamp stand in each other's header",
    },
    Row {
        mistake: Mistake::HeaderDoubled,
        code: "header_doubled",
        origin: Origin::HeaderHandling,
        what: "a signature header is there more than once",
    },
    Row {
        mistake: Mistake::TimestampSpaced,
        code: "timestamp_spaced",
        origin: Origin::HeaderHandling,
        what: "there is white space in or around the timestamp",
    },
    Row {
        mistake: Mistake::TimestampQuoted,
        code: "timestamp_quoted",
        origin: Origin::HeaderHandling,
        what: "there are quotation marks around the timestamp",
    },
    Row {
        mistake: Mistake::TimestampEncoded,
        code: "timestamp_encoded",
        origin: Origin::HeaderHandling,
        what: "the timestamp was percent-encoded",
    },
    Row {
        mistake: Mistake::TimestampMilliseconds,
        code: "timestamp_milliseconds",
        origin: Origin::HeaderHandling,
        what: "the timestamp was turned into milliseconds",
    },
    Row {
        mistake: Mistake::TimestampFraction,
        code: "timestamp_fraction",
        origin: Origin::HeaderHandling,
        what: "the timestamp was turned into a number with a fraction",
    },
    Row {
        mistake: Mistake::SignatureSpaced,
        code: "signature_spaced",
        origin: Origin::HeaderHandling,
        what: "the signature was wrapped or has white space around it",
    },
    Row {
        mistake: Mistake::SignatureQuoted,
        code: "signature_quoted",
        origin: Origin::HeaderHandling,
        what: "there are quotation marks around the signature",
    },
    Row {
        mistake: Mistake::SignatureEncoded,
        code: "signature_encoded",
        origin: Origin::HeaderHandling,
        what: "the signature was percent-encoded",
    },
    Row {
        mistake: Mistake::SignaturePlusLost,
        code: "signature_plus_lost",
        origin: Origin::HeaderHandling,
        what: "every + of the signature became a space: it was decoded as part of a form or URL",
    },
    Row {
        mistake: Mistake::SignatureBase64Url,
        code: "signature_base64url",
        origin: Origin::HeaderHandling,
        what: "the signature was turned into base64url",
    },
    Row {
        mistake: Mistake::SignatureUnpadded,
        code: "signature_unpadded",
        origin: Origin::HeaderHandling,
        what: "the = at the end of the signature are gone",
    },
    Row {
        mistake: Mistake::SignatureHex,
        code: "signature_hex",
        origin: Origin::HeaderHandling,
        what: "the signature was turned into hexadecimal",
    },
    Row {
        mistake: Mistake::SignatureRaw,
        code: "signature_raw",
        origin: Origin::HeaderHandling,
        what: "the signature was turned into the bare numbers r and s; SendGrid sends their DER form",
    },
    Row {
        mistake: Mistake::OtherKeyOfSource,
        code: "other_key_of_source",
        origin: Origin::Key,
        what: "it was signed with another key of the source than the one given",
    },
    Row {
        mistake: Mistake::RetiredKey,
        code: "retired_key",
        origin: Origin::Key,
        what: "it was signed with a key of the source that was retired already",
    },
    Row {
        mistake: Mistake::KeyAddedLater,
        code: "key_added_later",
        origin: Origin::Key,
        what: "it was signed with a key of the source that was added only after the request was received",
    },
    Row {
        mistake: Mistake::OtherSource,
        code: "other_source",
        origin: Origin::Key,
        what: "it was signed with the key of another source: this webhook's URL or key is that of another",
    },
    Row {
        mistake: Mistake::TokenMissing,
        code: "oauth_token_missing",
        origin: Origin::Token,
        what: "the source asks for an OAuth token, and there is not one header `Authorization: Bearer` with one",
    },
    Row {
        mistake: Mistake::Expired,
        code: "expired",
        origin: Origin::Clock,
        what: "the signature is right and was too old when the request was received",
    },
    Row {
        mistake: Mistake::FromTheFuture,
        code: "from_the_future",
        origin: Origin::Clock,
        what: "the signature is right and was made ahead of the receiver's clock",
    },
];
