use super::*;
use hyper::header::HeaderValue;
use jiff::SignedDuration;
use secrecy::SecretBox;
use store::source::ListedSource;
use store::source::oauth::{ListedClient, ListedOldSecret};
use wire::oauth::TokenKey;

const HOUR: Duration = Duration::from_secs(3_600);

pub(super) fn authority() -> Authority {
    let key = TokenKey::new(SecretBox::new(Box::new([7; 32])));
    Authority::new(Some(Arc::new(TokenRing::new(key, None))), HOUR)
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn hash(secret: &str) -> SecretHash {
    SecretHash::of(secret.as_bytes())
}

/// A source whose client knows `new` and, for another minute, `old`.
pub(super) fn source(id: i32) -> Source {
    let sha256 = |secret| hash(secret).as_bytes().to_vec();
    let client = ListedClient {
        client_id: format!("client-{id}"),
        secret_sha256: sha256("new"),
        old: Some(ListedOldSecret { sha256: sha256("old"), until: at(60) }),
    };
    Source::new(ListedSource { oauth: Some(client), ..without(id) })
}

fn without(id: i32) -> ListedSource {
    let path = format!("path-{id}");
    ListedSource { id, path, max_age_s: 600, signed: false, keys: vec![], oauth: None }
}

fn headers(values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn granted(secret: &str, second: i64) -> Option<Granted> {
    authority().grant(Some(&source(1)), &hash(secret), at(second)).unwrap()
}

fn checked(source: &Source, token: &str, second: i64) -> Result<(), Denied> {
    authority().check(source, &headers(&[&format!("Bearer {token}")]), at(second))
}

#[test]
fn a_token_is_granted_for_the_secret_of_a_client_and_lets_its_source_s_requests_pass() {
    let granted = granted("new", 0).unwrap();
    assert_eq!((granted.which, granted.expires_in), (Which::Current, HOUR));
    assert_eq!(checked(&source(1), &granted.token, 1), Ok(()));
    let other = checked(&source(2), &granted.token, 1);
    assert_eq!(other, Err(Denied::Token(TokenError::OtherSource)));
}

#[test]
fn a_wrong_secret_and_an_unknown_client_are_granted_nothing() {
    assert_eq!(granted("newer", 0), None);
    assert_eq!(authority().grant(None, &hash("new"), at(0)), Ok(None));
    let none = Source::new(without(1));
    assert_eq!(authority().grant(Some(&none), &hash("new"), at(0)), Ok(None));
}

#[test]
fn a_token_for_the_old_secret_ends_with_it() {
    let old = granted("old", 20).unwrap();
    assert_eq!((old.which, old.expires_in), (Which::Old, Duration::from_secs(40)));
    assert_eq!(checked(&source(1), &old.token, 59), Ok(()));
    assert_eq!(checked(&source(1), &old.token, 60), Err(Denied::Token(TokenError::Unknown)));
    assert_eq!(granted("old", 60), None);
    let last = at(60).checked_sub(SignedDuration::from_millis(1)).unwrap();
    let last = authority().grant(Some(&source(1)), &hash("old"), last).unwrap().unwrap();
    assert_eq!(last.expires_in, Duration::from_secs(1), "a token of no life would be none");
}

#[test]
fn without_a_key_nothing_is_granted_and_nobody_passes_who_has_to_be_asked() {
    let unable = Authority::new(None, HOUR);
    assert_eq!(unable.grant(Some(&source(1)), &hash("new"), at(0)), Err(Refusal::OauthUnavailable));
    let token = format!("Bearer {}", granted("new", 0).unwrap().token);
    for headers in [headers(&[]), headers(&[&token])] {
        assert_eq!(unable.check(&source(1), &headers, at(1)), Err(Denied::NoKey));
        assert_eq!(unable.check(&Source::new(without(1)), &headers, at(1)), Ok(()));
    }
}

#[test]
fn a_source_that_asks_for_none_passes_with_any_token_or_none() {
    let source = Source::new(without(1));
    assert_eq!(authority().check(&source, &headers(&[]), at(0)), Ok(()));
    assert_eq!(checked(&source, "whatever", 0), Ok(()));
}

#[test]
fn only_one_bearer_header_with_something_in_it_is_a_token() {
    for none in [
        &[][..],
        &[""],
        &["Bearer"],
        &["Bearer "],
        &["Bearer   "],
        &["Basic eDp5"],
        &["Bearerx"],
        &["x"],
        &["Bearer a", "Bearer a"],
        &["Basic eDp5", "Bearer a"],
    ] {
        let denied = authority().check(&source(1), &headers(none), at(0));
        assert_eq!(denied, Err(Denied::Missing), "{none:?}");
    }
    let token = granted("new", 0).unwrap().token;
    for scheme in ["Bearer ", "bearer ", "BEARER  "] {
        let headers = headers(&[&format!("{scheme}{token}")]);
        assert_eq!(authority().check(&source(1), &headers, at(0)), Ok(()), "{scheme}");
    }
}

#[test]
fn doubts_are_bounded_and_given_back() {
    let authority = authority();
    let mut doubts: Vec<_> = std::iter::from_fn(|| authority.doubt()).take(DOUBTS_MAX + 1).collect();
    assert_eq!(doubts.len(), DOUBTS_MAX);
    assert!(authority.clone().doubt().is_none());
    doubts.pop();
    assert!(authority.doubt().is_some());
}

#[test]
fn every_denial_has_its_answer() {
    assert_eq!(Refusal::from(Denied::NoKey), Refusal::OauthUnavailable);
    assert_eq!(Refusal::from(Denied::Missing), Refusal::MissingToken);
    for error in TokenError::ALL {
        assert_eq!(Refusal::from(Denied::Token(error)), Refusal::InvalidToken);
    }
}
