use super::*;
use proptest::prelude::*;

const NOW: i64 = 1_710_334_643;

fn secret(seed: u8) -> Secret {
    Secret::generate([seed; 32])
}

#[test]
fn a_signature_of_the_specification_is_made_and_accepted() {
    // The example that the Standard Webhooks reference libraries test against.
    let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let (id, body) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", br#"{"test": 2432232314}"#);
    let signature = sign(std::slice::from_ref(&secret), id, 1_614_265_330, body);
    assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    assert_eq!(verify(&[secret], id, "1614265330", &signature, body, 1_614_265_330), Ok(()));
}

#[test]
fn while_a_secret_is_replaced_holders_of_either_accept() {
    let (old, new, other) = (secret(1), secret(2), secret(3));
    let header = sign(&[new.clone(), old.clone()], "msg_1", NOW, b"{}");
    assert_eq!(header.split(' ').count(), 2);
    assert_eq!(header.split(' ').next().unwrap(), sign(std::slice::from_ref(&new), "msg_1", NOW, b"{}"));
    for holder in [old, new] {
        assert_eq!(verify(&[holder], "msg_1", &NOW.to_string(), &header, b"{}", NOW), Ok(()));
    }
    let refused = verify(&[other], "msg_1", &NOW.to_string(), &header, b"{}", NOW);
    assert_eq!(refused, Err(VerifyError::BadSignature));
}

#[test]
fn signatures_of_other_versions_are_passed_over() {
    let header = format!("v1a,AAAA nonsense v1, {} v2,x", sign(&[secret(1)], "msg_1", NOW, b"{}"));
    assert_eq!(verify(&[secret(1)], "msg_1", &NOW.to_string(), &header, b"{}", NOW), Ok(()));
    for header in ["", "v1,", "v1a,AAAA", "v1", " "] {
        let refused = verify(&[secret(1)], "msg_1", &NOW.to_string(), header, b"{}", NOW);
        assert_eq!(refused, Err(VerifyError::BadSignature), "{header:?}");
    }
}

#[test]
fn an_old_or_future_attempt_is_refused() {
    let header = sign(&[secret(1)], "msg_1", NOW, b"{}");
    let at = |now| verify(&[secret(1)], "msg_1", &NOW.to_string(), &header, b"{}", now);
    assert_eq!([at(NOW - 300), at(NOW + 300)], [Ok(()); 2]);
    assert_eq!([at(NOW - 301), at(NOW + 301), at(i64::MIN)], [Err(VerifyError::OutsideTolerance); 3]);
    let unreadable = verify(&[secret(1)], "msg_1", "soon", &header, b"{}", NOW);
    assert_eq!(unreadable, Err(VerifyError::BadTimestamp));
}

#[test]
fn a_secret_has_24_to_64_bytes() {
    for (length, accepted) in [(0, false), (23, false), (24, true), (64, true), (65, false)] {
        let text = format!("whsec_{}", BASE64.encode(vec![7; length]));
        let parsed = Secret::parse(&text);
        assert_eq!(parsed.is_ok(), accepted, "{length}");
        match parsed {
            Ok(secret) => assert_eq!(secret.reveal(), text),
            Err(error) => assert_eq!(error, SecretError::Length(length)),
        }
    }
    assert_eq!(Secret::parse("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap_err(), SecretError::Prefix);
    assert_eq!(Secret::parse("whsec_?").unwrap_err(), SecretError::NotBase64);
}

#[test]
fn debug_reveals_nothing_of_a_secret() {
    let secret = Secret::generate(*b"correct horse battery staple 32b");
    let shown = format!("{secret:?} {:#?}", Some(&secret));
    assert!(
        !shown.contains("horse") && !shown.contains(&secret.reveal()) && !shown.contains("99"),
        "{shown}"
    );
}

proptest! {
    #[test]
    fn the_reference_library_makes_the_same_signature(
        key in prop::collection::vec(any::<u8>(), 24..=64), body in ".{0,200}", timestamp in 0..4_000_000_000_i64,
    ) {
        let secret = Secret::from_bytes(key).unwrap();
        let oracle = standardwebhooks::Webhook::new(&secret.reveal()).unwrap();
        let theirs = oracle.sign("msg_0123456789abcdef", timestamp, body.as_bytes()).unwrap();
        prop_assert_eq!(sign(&[secret], "msg_0123456789abcdef", timestamp, body.as_bytes()), theirs);
    }

    #[test]
    fn any_change_of_body_or_id_is_refused(body in "[a.]{0,4}", other in "[a.]{0,4}", id in "[a-c]{1,3}", other_id in "[a-c]{1,3}") {
        let header = sign(&[secret(1)], &id, NOW, body.as_bytes());
        let verified = verify(&[secret(1)], &other_id, &NOW.to_string(), &header, other.as_bytes(), NOW);
        prop_assert_eq!(verified.is_ok(), (body, id) == (other, other_id));
    }
}
