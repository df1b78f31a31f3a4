use super::*;
use crate::webhook::{self, Secret};
use proptest::prelude::*;

const NOW: i64 = 1_710_334_643;

fn key(seed: u8) -> SigningKey {
    SigningKey::generate([seed; 32])
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(hex.get(at..at + 2).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn the_curve_is_the_one_of_rfc_8032() {
    // Section 7.1, "TEST 3": the secret key, its public key, and the signature of two bytes.
    let seed = bytes("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
    let public = bytes("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
    let signature = bytes(
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac\
         18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    );
    let key = SigningKey::generate(seed.try_into().unwrap());
    assert_eq!(key.public().to_string(), format!("whpk_{}", BASE64.encode(&public)));
    assert_eq!(key.0.multipart_sign(&[&[0xaf], &[0x82]]).to_bytes().to_vec(), signature);
}

#[test]
fn a_signature_of_the_specification_is_made_and_accepted() {
    // The example that the Go library of Standard Webhooks tests against.
    let key = SigningKey::parse("whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=").unwrap();
    let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#);
    let signature = key.sign(id, 1_614_265_330, body);
    let theirs =
        "v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==";
    assert_eq!(signature, theirs);
    assert_eq!(key.public().verify(id, "1614265330", &signature, body, 1_614_265_330), Ok(()));
}

#[test]
fn holders_of_a_secret_and_of_a_public_key_find_theirs_in_one_header() {
    let secrets = [Secret::generate([1; 32]), Secret::generate([2; 32])];
    let header = [webhook::sign(&secrets, "msg_1", NOW, b"{}"), key(3).sign("msg_1", NOW, b"{}")].join(" ");
    let at = NOW.to_string();
    assert_eq!(key(3).public().verify("msg_1", &at, &header, b"{}", NOW), Ok(()));
    for secret in secrets {
        assert_eq!(webhook::verify(&[secret], "msg_1", &at, &header, b"{}", NOW), Ok(()));
    }
    assert!(header.split(' ').skip(2).all(|part| part.starts_with("v1a,") && part.len() == 92), "{header}");
}

#[test]
fn nothing_else_than_the_key_s_own_signature_is_accepted() {
    let good = key(1).sign("msg_1", NOW, b"{}");
    let other = key(2).sign("msg_1", NOW, b"{}");
    let renamed = good.replace("v1a,", "v1,");
    let zeroes = format!("v1a,{}", BASE64.encode([0; 64]));
    let long = format!("v1a,{}", BASE64.encode([0; 65]));
    for header in ["", "v1a,", "v1a", "v1a,AAAA", "v1a,?", &other, &renamed, &zeroes, &long] {
        let refused = key(1).public().verify("msg_1", &NOW.to_string(), header, b"{}", NOW);
        assert_eq!(refused, Err(VerifyError::BadSignature), "{header:?}");
    }
    let at = |now| key(1).public().verify("msg_1", &NOW.to_string(), &good, b"{}", now);
    assert_eq!([at(NOW - 300), at(NOW), at(NOW + 300)], [Ok(()); 3]);
    assert_eq!([at(NOW - 301), at(NOW + 301)], [Err(VerifyError::OutsideTolerance); 2]);
    let unreadable = key(1).public().verify("msg_1", "soon", &good, b"{}", NOW);
    assert_eq!(unreadable, Err(VerifyError::BadTimestamp));
}

#[test]
fn a_private_key_is_its_seed_alone_or_with_its_public_key_behind_it() {
    let key = key(7);
    let text = key.reveal();
    assert_eq!(text, format!("whsk_{}", BASE64.encode([7; 32])));
    assert_eq!(SigningKey::parse(&text).unwrap().public(), key.public());
    let pair =
        |public: &PublicKey| format!("whsk_{}", BASE64.encode([[7; 32], public.0.to_bytes()].concat()));
    assert_eq!(SigningKey::parse(&pair(&key.public())).unwrap().reveal(), text);
    let halves = SigningKey::parse(&pair(&self::key(8).public()));
    assert_eq!(halves.unwrap_err(), KeyError::Halves);
}

#[test]
fn texts_that_are_no_keys_are_refused_and_not_repeated() {
    let of = |prefix: &str, length| format!("{prefix}{}", BASE64.encode(vec![7; length]));
    for length in [0, 31, 33, 63, 65] {
        assert_eq!(SigningKey::parse(&of("whsk_", length)).unwrap_err(), KeyError::Length(length));
    }
    for length in [0, 31, 33, 64] {
        assert_eq!(PublicKey::parse(&of("whpk_", length)).unwrap_err(), KeyError::Length(length));
    }
    // Each other's texts, so that nobody publishes the wrong half.
    assert_eq!(SigningKey::parse(&key(1).public().to_string()).unwrap_err(), KeyError::Prefix);
    assert_eq!(PublicKey::parse(&key(1).reveal()).unwrap_err(), KeyError::Prefix);
    assert_eq!(SigningKey::parse("whsk_?").unwrap_err(), KeyError::NotBase64);
    // Not on the curve, and the neutral element, under which one signature fits everything.
    let mut neutral = [0; 32];
    neutral[0] = 1;
    let mut off_curve = [0; 32];
    off_curve[0] = 2;
    for point in [off_curve, neutral] {
        let text = format!("whpk_{}", BASE64.encode(point));
        assert_eq!(PublicKey::parse(&text).unwrap_err(), KeyError::Point, "{text}");
    }
}

#[test]
fn debug_reveals_nothing_of_a_private_key() {
    let key = SigningKey::generate(*b"correct horse battery staple 32b");
    assert_eq!(format!("{key:?} {:?}", Some(&key)), "SigningKey([REDACTED]) Some(SigningKey([REDACTED]))");
}

proptest! {
    #[test]
    fn any_change_of_body_or_id_is_refused(body in "[a.]{0,4}", other in "[a.]{0,4}", id in "[a-c]{1,3}", other_id in "[a-c]{1,3}") {
        let header = key(1).sign(&id, NOW, body.as_bytes());
        let verified = key(1).public().verify(&other_id, &NOW.to_string(), &header, other.as_bytes(), NOW);
        prop_assert_eq!(verified.is_ok(), (body, id) == (other, other_id));
    }

    #[test]
    fn texts_of_keys_are_read_back(seed: [u8; 32]) {
        let key = SigningKey::generate(seed);
        prop_assert_eq!(SigningKey::parse(&key.reveal()).unwrap().reveal(), key.reveal());
        prop_assert_eq!(PublicKey::parse(&key.public().to_string()).unwrap(), key.public());
    }
}
