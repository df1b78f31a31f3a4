//! What is wrong with a pasted key: a sentence that says what it is, and what to do.

/// What is wrong with a pasted key, and what to do. No variant repeats any of it: it may be a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum KeyError {
    #[error(
        "there is no key: the text is empty; copy the verification key from SendGrid's event webhook settings"
    )]
    Empty,
    #[error(
        "this is a private key, or holds one: leave it where it is and show it to nobody; what is needed is the \
         verification key that SendGrid shows, which is public and begins with MFkwEwYH"
    )]
    PrivateKey,
    #[error(
        "this is an API key of SendGrid's, which is a secret: show it to nobody; what is needed is the verification key of \
         the event webhook, which begins with MFkwEwYH"
    )]
    ApiKey,
    #[error(
        "this belongs to the notifications that Sendstate sends (whsec_, whsk_ or whpk_); what is needed is the verification \
         key that SendGrid shows, which begins with MFkwEwYH"
    )]
    NotificationKey,
    #[error(
        "this is a certificate; give the bare public key that SendGrid shows, which begins with MFkwEwYH"
    )]
    Certificate,
    #[error(
        "this is a request for a certificate; give the bare public key that SendGrid shows, which begins with MFkwEwYH"
    )]
    CertificateRequest,
    #[error(
        "this is {0}; SendGrid signs with ECDSA on the curve P-256: copy the verification key that it shows"
    )]
    OtherAlgorithm(&'static str),
    #[error(
        "this is a key on {0}; SendGrid signs on the curve P-256: copy the verification key that it shows"
    )]
    OtherCurve(&'static str),
    #[error(
        "this is the bare point of a key, without the header that names algorithm and curve; copy the whole key as SendGrid \
         shows it, beginning with MFkwEwYH"
    )]
    BarePoint,
    #[error(
        "this is a signature, not a key; copy the verification key from SendGrid's event webhook settings, which begins with \
         MFkwEwYH"
    )]
    Signature,
    #[error(
        "this is a fingerprint, from which no key can be made again; copy the key itself from SendGrid's event webhook \
         settings"
    )]
    Fingerprint,
    #[error("this is an SSH key; copy the verification key that SendGrid shows, which begins with MFkwEwYH")]
    Ssh,
    #[error("this is JSON; give nothing but the value of the key in it (public_key, in SendGrid's answers)")]
    Json,
    #[error("this is written in hexadecimal; give the key in base64 or PEM, as SendGrid shows it")]
    Hexadecimal,
    #[error(
        "this is base64url, which has \"-\" and \"_\"; give the key in standard base64, which has \"+\" and \"/\", as \
         SendGrid shows it"
    )]
    Base64Url,
    #[error("this is base64 of a PEM file; decode it once and give what comes out")]
    EncodedTwice,
    #[error(
        "the text contains a character that base64 does not have; copy the key alone, as SendGrid shows it"
    )]
    NotBase64,
    #[error(
        "the key is cut off: a part of it is missing; copy it from its first to its last character, with any \"=\""
    )]
    Truncated,
    #[error("something stands before the key; copy the key alone")]
    Preceded,
    #[error("something follows the key; copy the key alone")]
    TrailingGarbage,
    #[error("this is far too long for a key; copy the key alone, about 124 characters")]
    TooLong,
    #[error("the key's point is not on the curve P-256: a character of it is wrong; copy it again")]
    NotOnCurve,
    #[error(
        "this is not a public key (SubjectPublicKeyInfo, as base64 or PEM); copy the verification key from SendGrid's event \
         webhook settings, which begins with MFkwEwYH"
    )]
    NotAPublicKey,
}
