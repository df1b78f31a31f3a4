use super::*;
use p256::pkcs8::{DecodePrivateKey, LineEnding};
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Vector {
    name: String,
    expected: String,
    public_key: String,
    signature: String,
    timestamp: String,
    body_base64: String,
}

fn outcome(vector: &Vector) -> &'static str {
    let body = BASE64.decode(&vector.body_base64).unwrap();
    let Ok(key) = PublicKey::parse(&vector.public_key) else { return "key_error" };
    let Ok(signature) = Signature::decode(vector.signature.as_bytes()) else { return "signature_error" };
    if key.verify(vector.timestamp.as_bytes(), &body, &signature) { "valid" } else { "invalid" }
}

/// The older of OpenSSL's two forms.
fn sec1_pem(key: &SigningKey) -> String {
    let secret = p256::SecretKey::from_pkcs8_pem(&key.to_pem()).unwrap();
    secret.to_sec1_pem(LineEnding::LF).unwrap().to_string()
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../testdata/vectors.json")).unwrap()
}

#[test]
fn every_published_vector_ends_as_it_should() {
    for vector in vectors() {
        assert_eq!(outcome(&vector), vector.expected, "{}", vector.name);
    }
}

#[test]
fn one_flipped_bit_of_body_or_timestamp_is_enough() {
    for vector in vectors().iter().filter(|vector| vector.expected == "valid").take(3) {
        let key = PublicKey::parse(&vector.public_key).unwrap();
        let signature = Signature::decode(vector.signature.as_bytes()).unwrap();
        let (timestamp, body) = (vector.timestamp.as_bytes(), BASE64.decode(&vector.body_base64).unwrap());
        for at in
            (0..timestamp.len()).chain([0, body.len() / 2, body.len() - 1].map(|at| at + timestamp.len()))
        {
            let mut signed = [timestamp, &body].concat();
            signed[at] ^= 1;
            let (timestamp, body) = signed.split_at(timestamp.len());
            assert!(!key.verify(timestamp, body, &signature), "{} {at}", vector.name);
        }
    }
}

#[test]
fn private_keys_are_refused_in_every_form_and_never_repeated() {
    let key = SigningKey::generate();
    let (pkcs8, sec1) = (key.to_pem(), sec1_pem(&key));
    let bare = |pem: &str| pem.lines().filter(|line| !line.starts_with('-')).collect::<String>();
    for text in [&pkcs8, &sec1, &bare(&pkcs8), &bare(&sec1)] {
        assert_eq!(PublicKey::parse(text).unwrap_err(), KeyError::PrivateKey, "{text}");
    }
    assert!(!format!("{key:?}").contains(&bare(&pkcs8)));
    assert_eq!(format!("{key:?}"), format!("SigningKey({:?})", key.public_key()));
}

#[test]
fn all_forms_of_one_key_are_the_same_key() {
    let key = SigningKey::generate().public_key();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", key.to_base64());
    for again in [
        PublicKey::parse(&key.to_base64()),
        PublicKey::parse(&pem),
        PublicKey::from_spki_der(&key.to_spki_der()),
    ] {
        assert_eq!(again.as_ref().map(PublicKey::fingerprint), Ok(key.fingerprint()));
        assert_eq!(again, Ok(key.clone()));
    }
    assert_eq!(key.to_spki_der().len(), 91);
}

#[test]
fn the_fingerprint_is_the_sha_256_that_openssl_prints() {
    let key = PublicKey::parse(&vectors()[0].public_key).unwrap();
    assert_eq!(key.fingerprint(), "f0fe1f9c9477f0bbe0e68c62ce5b1a05745d19eeeab5b4368cc518301b6d02e7");
}

#[test]
fn a_signing_key_survives_its_pem_in_both_forms() {
    let key = SigningKey::generate();
    for pem in [key.to_pem(), sec1_pem(&key)] {
        assert_eq!(SigningKey::from_pem(&pem).unwrap().public_key(), key.public_key());
    }
    assert_eq!(SigningKey::from_pem("-----BEGIN PRIVATE KEY-----").unwrap_err(), SigningKeyError);
}

#[test]
fn any_of_several_keys_is_enough_and_none_is_not() {
    let (old, new, stranger) = (SigningKey::generate(), SigningKey::generate(), SigningKey::generate());
    let keys = [old.public_key(), new.public_key()];
    for (signer, expected) in [(&old, true), (&new, true), (&stranger, false)] {
        let signature = Signature::decode(signer.sign(b"1", b"x").as_bytes()).unwrap();
        assert_eq!(signed_by_any(&keys, b"1", b"x", &signature), expected);
        assert!(!signed_by_any(&keys, b"1", b"y", &signature));
        assert!(!signed_by_any(&[], b"1", b"x", &signature));
    }
}

#[test]
fn white_space_in_a_signature_is_not_tolerated() {
    let signature = SigningKey::generate().sign(b"1", b"x");
    assert!(Signature::decode(signature.as_bytes()).is_ok());
    for space in [" ", "\n", "\t"] {
        for text in
            [format!("{space}{signature}"), format!("{signature}{space}"), signature.replacen('E', "E ", 1)]
        {
            assert!(Signature::decode(text.as_bytes()).is_err(), "{text:?}");
        }
    }
}

#[test]
fn only_the_one_der_form_of_a_signature_is_read() {
    let der = [0x30, 6, 2, 1, 5, 2, 1, 7];
    assert!(Signature::decode(BASE64.encode(der).as_bytes()).is_ok());
    for (what, der) in [
        ("a byte too many", &[0x30, 6, 2, 1, 5, 2, 1, 7, 0][..]),
        ("a byte too few", &[0x30, 6, 2, 1, 5, 2, 1]),
        ("an integer with a needless zero", &[0x30, 7, 2, 2, 0, 5, 2, 1, 7]),
        ("a negative integer", &[0x30, 6, 2, 1, 0x85, 2, 1, 7]),
        ("a length in long form", &[0x30, 0x81, 6, 2, 1, 5, 2, 1, 7]),
        ("r = 0", &[0x30, 6, 2, 1, 0, 2, 1, 7]),
        ("s = 0", &[0x30, 6, 2, 1, 5, 2, 1, 0]),
        ("nothing", &[]),
    ] {
        assert!(Signature::decode(BASE64.encode(der).as_bytes()).is_err(), "{what}");
    }
}

proptest! {
    #[test]
    fn what_is_signed_verifies_and_nothing_else_does(
        timestamp in "[0-9]{10}",
        body in prop::collection::vec(any::<u8>(), 0..200),
        other in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let key = SigningKey::generate();
        let signature = Signature::decode(key.sign(timestamp.as_bytes(), &body).as_bytes()).unwrap();
        prop_assert!(key.public_key().verify(timestamp.as_bytes(), &body, &signature));
        prop_assert_eq!(key.public_key().verify(timestamp.as_bytes(), &other, &signature), body == other);
        prop_assert!(!SigningKey::generate().public_key().verify(timestamp.as_bytes(), &body, &signature));
    }

    #[test]
    fn no_bytes_panic_as_key_or_signature(bytes in prop::collection::vec(any::<u8>(), 0..120), text in ".{0,120}") {
        let _decoded = (Signature::decode(&bytes).is_ok(), Signature::decode(text.as_bytes()).is_ok());
        let _parsed = (PublicKey::from_spki_der(&bytes).is_ok(), PublicKey::parse(&text).is_ok());
        prop_assert!(PublicKey::parse(&BASE64.encode(&bytes)).is_err());
    }
}
