//! Real keys, and what people paste instead. `testdata/keys.json` was made with OpenSSL and OpenSSH; no private key in it
//! protects anything.

use super::*;
use crate::signature::SigningKey;
use serde::Deserialize;
use std::collections::HashSet;

#[derive(Deserialize)]
struct Pasted {
    name: String,
    expected: String,
    text: String,
}

/// A private key's own lines are longer; words of a sentence are not.
const REPEATED_BYTES: usize = 12;

fn pasted() -> Vec<Pasted> {
    serde_json::from_str(include_str!("../../../testdata/keys.json")).unwrap()
}

fn outcome(text: &str) -> String {
    PublicKey::parse(text).map_or_else(|error| format!("{error:?}"), |_| "accepted".to_owned())
}

#[test]
fn pasted_keys_are_accepted_or_refused_with_the_right_reason() {
    for key in pasted() {
        assert_eq!(outcome(&key.text), key.expected, "{}", key.name);
    }
}

#[test]
fn every_reason_is_given_to_some_real_text() {
    let met: HashSet<KeyError> =
        pasted().iter().filter_map(|key| PublicKey::parse(&key.text).err()).collect();
    for reason in [
        KeyError::Empty,
        KeyError::PrivateKey,
        KeyError::ApiKey,
        KeyError::NotificationKey,
        KeyError::Certificate,
        KeyError::CertificateRequest,
        KeyError::OtherAlgorithm("an RSA key"),
        KeyError::OtherAlgorithm("an Ed25519 key"),
        KeyError::OtherCurve("the curve P-384"),
        KeyError::OtherCurve("the curve P-521"),
        KeyError::OtherCurve("the curve secp256k1"),
        KeyError::BarePoint,
        KeyError::Signature,
        KeyError::Fingerprint,
        KeyError::Ssh,
        KeyError::Json,
        KeyError::Hexadecimal,
        KeyError::Base64Url,
        KeyError::EncodedTwice,
        KeyError::NotBase64,
        KeyError::Truncated,
        KeyError::Preceded,
        KeyError::TrailingGarbage,
        KeyError::TooLong,
        KeyError::NotOnCurve,
        KeyError::NotAPublicKey,
    ] {
        assert!(met.contains(&reason), "{reason:?}");
    }
}

#[test]
fn every_reason_says_what_it_is_and_what_to_do_in_a_sentence_of_its_own() {
    let reasons: HashSet<KeyError> =
        pasted().iter().filter_map(|key| PublicKey::parse(&key.text).err()).collect();
    let sentences: HashSet<String> = reasons.iter().map(ToString::to_string).collect();
    assert_eq!(sentences.len(), reasons.len());
    for sentence in sentences {
        let parts = sentence.split([';', ':']).filter(|part| part.trim().len() > 10).count();
        assert!(parts >= 2 && !sentence.contains("  ") && !sentence.contains('\n'), "{sentence}");
    }
}

#[test]
fn nothing_of_what_was_pasted_is_repeated() {
    for key in pasted() {
        let Err(error) = PublicKey::parse(&key.text) else { continue };
        let said = format!("{error} {error:?}");
        let bytes: Vec<char> = key.text.chars().collect();
        for window in bytes.windows(REPEATED_BYTES) {
            let part: String = window.iter().collect();
            assert!(!said.contains(&part), "{}: {part}", key.name);
        }
    }
}

#[test]
fn no_part_of_a_private_key_that_shows_what_it_is_is_called_anything_else() {
    let names =
        ["private_pkcs8_base64", "private_sec1_base64", "private_rsa_pkcs1_base64", "private_ed25519_base64"];
    for key in pasted().iter().filter(|key| names.contains(&key.name.as_str())) {
        // Its version is in the first 7 bytes, and base64 tells it with the third group.
        for length in 12..key.text.len() {
            assert_eq!(outcome(key.text.split_at(length).0), "PrivateKey", "{} cut to {length}", key.name);
        }
    }
}

#[test]
fn every_cut_of_a_key_is_called_cut_off() {
    let text = SigningKey::generate().public_key().to_base64();
    for length in 1..text.len() {
        assert_eq!(outcome(text.split_at(length).0), "Truncated", "{length}");
    }
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----");
    for length in "-----BEGIN ".len()..pem.len() {
        assert_eq!(outcome(pem.split_at(length).0), "Truncated", "{length}");
    }
}

#[test]
fn no_changed_letter_makes_another_key_unnoticed() {
    let key = SigningKey::generate().public_key();
    let text = key.to_base64();
    for position in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[position] = if changed[position] == b'A' { b'B' } else { b'A' };
        // Half of all numbers are the x of some point, but hardly any has this y.
        assert!(PublicKey::parse(std::str::from_utf8(&changed).unwrap()).is_err(), "{position}");
    }
}

#[test]
fn what_is_far_too_long_is_told_so_unless_it_holds_a_private_key() {
    let log = "a line of a log\n".repeat(600);
    assert_eq!(PublicKey::parse(&log).unwrap_err(), KeyError::TooLong);
    let with_key = format!("{log}{}", SigningKey::generate().to_pem());
    assert_eq!(PublicKey::parse(&with_key).unwrap_err(), KeyError::PrivateKey);
}

#[test]
fn all_wrappings_of_one_key_are_the_same_key() {
    let key = SigningKey::generate().public_key();
    let text = key.to_base64();
    for wrapped in
        [format!("\"{text}\""), format!(" '{text}',\n"), text.replace('/', "\\/"), format!("{text}\\n")]
    {
        assert_eq!(PublicKey::parse(&wrapped), Ok(key.clone()), "{wrapped}");
    }
}
