//! Which algorithm a key is for, by the object identifiers in its header.

use super::KeyError;
use p256::pkcs8::AlgorithmIdentifierRef;
use p256::pkcs8::der::asn1::ObjectIdentifier;

const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
pub(super) const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");

/// Passwords and what they encrypt: PKCS #5 and the older PKCS #12. Only private keys are kept so.
const ENCRYPTION: [ObjectIdentifier; 2] =
    [ObjectIdentifier::new_unwrap("1.2.840.113549.1.5"), ObjectIdentifier::new_unwrap("1.2.840.113549.1.12")];

const OTHERS: [(&str, &str); 9] = [
    ("1.2.840.113549.1.1.1", "an RSA key"),
    ("1.2.840.113549.1.1.10", "an RSA key (PSS)"),
    ("1.3.101.112", "an Ed25519 key"),
    ("1.3.101.113", "an Ed448 key"),
    ("1.3.101.110", "an X25519 key, which signs nothing"),
    ("1.3.101.111", "an X448 key, which signs nothing"),
    ("1.2.840.10040.4.1", "a DSA key"),
    ("1.2.840.113549.1.3.1", "a Diffie-Hellman key, which signs nothing"),
    ("1.3.132.1.12", "a key for ECDH, which signs nothing"),
];

const CURVES: [(&str, &str); 8] = [
    ("1.3.132.0.34", "the curve P-384"),
    ("1.3.132.0.35", "the curve P-521"),
    ("1.3.132.0.33", "the curve P-224"),
    ("1.2.840.10045.3.1.1", "the curve P-192"),
    ("1.3.132.0.10", "the curve secp256k1"),
    ("1.3.36.3.3.2.8.1.1.7", "the curve brainpoolP256r1"),
    ("1.3.36.3.3.2.8.1.1.11", "the curve brainpoolP384r1"),
    ("1.2.156.10197.1.301", "the curve SM2"),
];

/// Whether this is ECDSA on P-256, by its name.
///
/// # Errors
///
/// What it is for instead.
pub(super) fn check(algorithm: &AlgorithmIdentifierRef<'_>) -> Result<(), KeyError> {
    let curve = algorithm.parameters_oid().ok();
    named(algorithm.oid.as_bytes(), curve.as_ref().map(ObjectIdentifier::as_bytes))
}

/// The same by the identifiers' bytes, which may be all that is left of a key. `curve` is only looked at where the
/// algorithm has curves; `None`: it is not given by its name.
pub(super) fn named(algorithm: &[u8], curve: Option<&[u8]>) -> Result<(), KeyError> {
    if ENCRYPTION.iter().any(|known| algorithm.starts_with(known.as_bytes())) {
        return Err(KeyError::PrivateKey);
    }
    if algorithm != EC.as_bytes() {
        return Err(KeyError::OtherAlgorithm(
            name(&OTHERS, algorithm).unwrap_or("a key for another algorithm"),
        ));
    }
    match curve {
        Some(curve) if curve == P256.as_bytes() => Ok(()),
        Some(curve) => Err(KeyError::OtherCurve(name(&CURVES, curve).unwrap_or("another curve"))),
        None => {
            Err(KeyError::OtherCurve("a curve that is described and not named (convert it to a named one)"))
        }
    }
}

fn name(names: &[(&str, &'static str)], identifier: &[u8]) -> Option<&'static str> {
    let is = |dotted: &str| ObjectIdentifier::new(dotted).is_ok_and(|known| known.as_bytes() == identifier);
    names.iter().find(|(dotted, _)| is(dotted)).map(|(_, name)| *name)
}
