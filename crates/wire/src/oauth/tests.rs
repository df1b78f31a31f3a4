use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn hash(secret: &str) -> SecretHash {
    SecretHash::of(secret.as_bytes())
}

#[test]
fn ids_and_secrets_need_no_escaping_and_are_told_apart_by_their_beginning() {
    let (id, secret) = (client_id([0xfb; 16]), ClientSecret::generate([0xff; 32]));
    assert_eq!(id, format!("oaid_{}", "fb".repeat(16)));
    assert_eq!(secret.reveal(), format!("oasec_{}8", "_".repeat(42)));
    for text in [id.as_str(), secret.reveal()] {
        // What neither a form nor a Basic header writes in another way.
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')));
    }
    assert!(!format!("{secret:?}").contains("oasec_"));
}

#[test]
fn a_secret_is_kept_as_the_sha_256_of_its_text() {
    // Computed by sha256sum.
    let expected = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";
    assert_eq!(hex::encode(hash("secret").as_bytes()), expected);
    assert_eq!(SecretHash::from_bytes(hash("secret").as_bytes()), Some(hash("secret")));
    for length in [0, 31, 33] {
        assert_eq!(SecretHash::from_bytes(&vec![7; length]), None);
    }
}

#[test]
fn two_secrets_count_until_the_old_one_ends() {
    let old = OldSecret { hash: hash("old"), until: at(60) };
    let secrets = Secrets { current: hash("new"), old: Some(old) };
    for (secret, second, expected) in [
        ("new", 0, Some(Which::Current)),
        ("new", 100, Some(Which::Current)),
        ("old", 59, Some(Which::Old)),
        ("old", 60, None),
        ("older", 0, None),
        ("", 0, None),
    ] {
        assert_eq!(secrets.find(&hash(secret), at(second)), expected, "{secret} {second}");
    }
    let alone = Secrets { old: None, ..secrets };
    assert_eq!(alone.find(&hash("old"), at(0)), None);
    assert_eq!(secrets.counting(at(59)).count(), 2);
    assert_eq!(secrets.counting(at(60)).count(), 1);
}

#[test]
fn nobody_knows_nobody_s_secret() {
    for secret in ["", "\0", "0"] {
        assert_eq!(Secrets::NOBODY.find(&hash(secret), at(0)), None);
    }
}
