use super::*;
use crate::oauth::OldSecret;
use proptest::prelude::*;

const HOUR: Duration = Duration::from_secs(3_600);
const SOURCE: SourceId = SourceId(3);

fn key(byte: u8) -> TokenKey {
    TokenKey::new(SecretBox::new(Box::new([byte; 32])))
}

fn ring(current: u8, previous: Option<u8>) -> TokenRing {
    TokenRing::new(key(current), previous.map(key))
}

fn secrets() -> Secrets {
    Secrets { current: SecretHash::of(b"secret"), old: None }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn token() -> String {
    ring(7, None).issue(SOURCE, &secrets().current, at(0), HOUR)
}

fn check(token: &str, second: i64) -> Result<Which, TokenError> {
    ring(7, None).check(SOURCE, &secrets(), token.as_bytes(), at(second))
}

#[test]
fn a_token_is_what_it_is_documented_to_be() {
    // Computed by Python's hmac and base64 modules.
    assert_eq!(token(), "oat1_AAAAAwAAAABlU_8Q0LG_wAvz3d3j9e82ZCxkCUatOYeBD_aK7_kvL011VjA");
}

#[test]
fn a_token_counts_until_it_expires_and_a_minute_for_clocks_that_differ() {
    for second in [-60, 0, 3_599, 3_600, 3_659] {
        assert_eq!(check(&token(), second), Ok(Which::Current), "{second}");
    }
    for second in [3_660, 3_661, 1_000_000] {
        assert_eq!(check(&token(), second), Err(TokenError::Expired), "{second}");
    }
    assert_eq!(check(&token(), -61), Err(TokenError::Ahead));
}

#[test]
fn a_life_beyond_an_hour_does_not_count() {
    let long = ring(7, None).issue(SOURCE, &secrets().current, at(0), HOUR + SKEW + HOUR);
    assert_eq!(check(&long, 0), Err(TokenError::Ahead));
    let endless = ring(7, None).issue(SOURCE, &secrets().current, at(0), Duration::MAX);
    assert_eq!(check(&endless, 0), Err(TokenError::Ahead));
}

#[test]
fn a_token_of_another_source_does_not_count() {
    let found = ring(7, None).check(SourceId(4), &secrets(), token().as_bytes(), at(0));
    assert_eq!(found, Err(TokenError::OtherSource));
    // Nor does it when it says that it is this one's.
    let mut bytes = BASE64.decode(token().strip_prefix(PREFIX).unwrap()).unwrap();
    bytes[3] = 4;
    let renamed = format!("{PREFIX}{}", BASE64.encode(bytes));
    let found = ring(7, None).check(SourceId(4), &secrets(), renamed.as_bytes(), at(0));
    assert_eq!(found, Err(TokenError::Unknown));
}

#[test]
fn every_key_of_the_ring_is_known_and_no_other() {
    let of = |maker: &TokenRing, checker: &TokenRing| {
        let token = maker.issue(SOURCE, &secrets().current, at(0), HOUR);
        checker.check(SOURCE, &secrets(), token.as_bytes(), at(0))
    };
    let (before, meanwhile, after) = (ring(1, None), ring(2, Some(1)), ring(2, None));
    for (maker, checker, taken) in [
        (&before, &meanwhile, true),
        (&meanwhile, &meanwhile, true),
        (&meanwhile, &after, true),
        (&meanwhile, &before, false),
        (&before, &after, false),
        (&after, &before, false),
    ] {
        let expected = if taken { Ok(Which::Current) } else { Err(TokenError::Unknown) };
        assert_eq!(of(maker, checker), expected);
    }
}

#[test]
fn a_token_ends_with_the_secret_it_was_given_for() {
    let check =
        |secrets: &Secrets, second| ring(7, None).check(SOURCE, secrets, token().as_bytes(), at(second));
    let replaced = Secrets { current: SecretHash::of(b"newer"), old: None };
    assert_eq!(check(&replaced, 0), Err(TokenError::Unknown));
    let old = OldSecret { hash: secrets().current, until: at(60) };
    let rotating = Secrets { old: Some(old), ..replaced };
    assert_eq!(check(&rotating, 59), Ok(Which::Old));
    assert_eq!(check(&rotating, 60), Err(TokenError::Unknown));
    assert_eq!(check(&Secrets::NOBODY, 0), Err(TokenError::Unknown));
}

#[test]
fn no_flipped_bit_no_cut_and_no_addition_goes_unnoticed() {
    let whole = BASE64.decode(token().strip_prefix(PREFIX).unwrap()).unwrap();
    let written = |bytes: &[u8]| format!("{PREFIX}{}", BASE64.encode(bytes));
    assert_eq!(check(&written(&whole), 0), Ok(Which::Current));
    for at in 0..whole.len() * 8 {
        let mut flipped = whole.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        let expected = if at / 8 < SOURCE_BYTES { TokenError::OtherSource } else { TokenError::Unknown };
        assert_eq!(check(&written(&flipped), 0), Err(expected), "bit {at}");
    }
    for length in 0..whole.len() {
        assert_eq!(check(&written(&whole[..length]), 0), Err(TokenError::Malformed), "cut to {length}");
    }
    assert_eq!(check(&written(&[&whole[..], &[0]].concat()), 0), Err(TokenError::Malformed));
    for length in 0..token().len() {
        assert_eq!(check(token().get(..length).unwrap(), 0), Err(TokenError::Malformed), "cut to {length}");
    }
}

#[test]
fn there_is_one_way_to_write_a_token() {
    let token = token();
    let base64 = token.strip_prefix(PREFIX).unwrap();
    // The last character has two bits to spare.
    let last = base64.chars().last().unwrap();
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let other = alphabet.chars().nth(alphabet.find(last).unwrap() ^ 1).unwrap();
    for text in [
        base64.to_owned(),
        format!("oat2_{base64}"),
        format!("OAT1_{base64}"),
        format!("{token}="),
        format!("{token} "),
        format!(" {token}"),
        format!("{PREFIX}{}", base64.replace(last, &other.to_string())),
        format!("{token}{base64}"),
        format!("{PREFIX}{PREFIX}{base64}"),
    ] {
        assert!(check(&text, 0).is_err(), "{text}");
    }
}

#[test]
fn tokens_of_other_kinds_and_algorithms_are_none_of_ours() {
    for text in [
        "",
        PREFIX,
        // JSON Web Tokens without an algorithm, and with a symmetric one.
        "eyJhbGciOiJub25lIn0.eyJzdWIiOiIzIiwiZXhwIjo0MDAwMDAwMDAwfQ.",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIzIn0.c2lnbmF0dXJl",
        "oat1_eyJhbGciOiJub25lIn0",
        "oat0_AAAA",
    ] {
        assert_eq!(check(text, 0), Err(TokenError::Malformed), "{text}");
    }
    // An authentic code over other words: what is signed begins with what it is.
    let source_and_end = [&3_i32.to_be_bytes()[..], &(1_700_003_600_i64).to_be_bytes()].concat();
    for label in [&b""[..], b"sendstate oauth token 2 ", b"sendstate endpoint secret "] {
        let code = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        let code = code.chain_update(label).chain_update(&source_and_end);
        let code = code.chain_update(secrets().current.as_bytes()).finalize().into_bytes();
        let text = format!("{PREFIX}{}", BASE64.encode([&source_and_end[..], &code].concat()));
        assert_eq!(check(&text, 0), Err(TokenError::Unknown));
    }
    // Without a code at all, and with one of zeros.
    let zeros = format!("{PREFIX}{}", BASE64.encode([&source_and_end[..], &[0; 32]].concat()));
    assert_eq!(check(&zeros, 0), Err(TokenError::Unknown));
}

#[test]
fn nothing_of_a_key_is_shown() {
    let shown = format!("{:?}", ring(0xab, Some(0xcd)));
    assert!(!shown.contains("171") && !shown.contains("205"), "{shown}");
}

proptest! {
    #[test]
    fn no_bytes_pass_or_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let ring = ring(7, Some(8));
        prop_assert_eq!(ring.check(SOURCE, &secrets(), &bytes, at(0)), Err(TokenError::Malformed));
        let text = format!("{PREFIX}{}", BASE64.encode(&bytes));
        prop_assert!(ring.check(SOURCE, &secrets(), text.as_bytes(), at(0)).is_err());
    }

    #[test]
    fn whatever_is_issued_counts_for_its_source_and_secret_only(
        source: i32, other: i32, secret: [u8; 32], another: [u8; 32], life in 1_u64..=3_600,
    ) {
        let ring = ring(7, None);
        let of = |bytes: &[u8; 32]| Secrets { current: SecretHash::from_bytes(bytes).unwrap(), old: None };
        let token = ring.issue(SourceId(source), &of(&secret).current, at(0), Duration::from_secs(life));
        let check = |source, secret| ring.check(SourceId(source), &of(secret), token.as_bytes(), at(0)).is_ok();
        prop_assert!(check(source, &secret));
        prop_assert_eq!(check(other, &secret), other == source);
        prop_assert_eq!(check(source, &another), another == secret);
    }
}
