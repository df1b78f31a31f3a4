use super::*;
use proptest::prelude::*;

const TYPE: &str = "application/x-www-form-urlencoded";

/// Reads a request with these headers and this form.
fn read(types: &[&str], authorization: &[&str], form: &str) -> Result<Credentials, RequestError> {
    let bytes = |values: &[&str]| values.iter().map(|value| value.as_bytes().to_vec()).collect::<Vec<_>>();
    let (types, authorization) = (bytes(types), bytes(authorization));
    let head = RequestHead::read(types.iter().map(Vec::as_slice), authorization.iter().map(Vec::as_slice))?;
    head.credentials(form.as_bytes())
}

fn form(form: &str) -> Result<Credentials, RequestError> {
    read(&[TYPE], &[], form)
}

fn basic_with(pair: &str, form: &str) -> Result<Credentials, RequestError> {
    read(&[TYPE], &[&format!("Basic {}", BASE64.encode(pair))], form)
}

fn credentials(id: &str, secret: &str) -> Result<Credentials, RequestError> {
    Ok(Credentials { client_id: id.to_owned(), secret: SecretHash::of(secret.as_bytes()) })
}

#[test]
fn credentials_stand_in_the_form_or_in_a_basic_header() {
    let expected = credentials("id", "se:cret");
    assert_eq!(form("grant_type=client_credentials&client_id=id&client_secret=se%3Acret"), expected);
    assert_eq!(form("client_secret=se%3acret&client_id=%69d&grant_type=client%5Fcredentials"), expected);
    assert_eq!(basic_with("id:se:cret", "grant_type=client_credentials"), expected);
    assert_eq!(basic_with("i%64:se%3Acret", "grant_type=client_credentials&client_id=id"), expected);
    for header in ["basic aWQ6c2U6Y3JldA==", "BASIC   aWQ6c2U6Y3JldA== "] {
        assert_eq!(read(&[TYPE], &[header], "grant_type=client_credentials"), expected, "{header}");
    }
    assert_eq!(form("grant_type=client_credentials&client_id=a+b&client_secret=+"), credentials("a b", " "));
}

#[test]
fn the_type_is_that_of_a_form_with_whatever_parameters() {
    let whole = "grant_type=client_credentials&client_id=a&client_secret=b";
    for good in
        [TYPE, "Application/X-WWW-Form-URLEncoded", &format!("{TYPE}; charset=utf-8"), &format!(" {TYPE} ;")]
    {
        assert!(read(&[good], &[], whole).is_ok(), "{good}");
    }
    for bad in [
        &[][..],
        &[""],
        &["application/json"],
        &["application/x-www-form-urlencodedx"],
        &["text/plain; application/x-www-form-urlencoded"],
        &[TYPE, TYPE],
    ] {
        assert_eq!(read(bad, &[], whole), Err(RequestError::NotAForm), "{bad:?}");
    }
}

#[test]
fn a_header_that_is_not_whole_basic_is_refused() {
    for bad in [
        "",
        "Basic",
        "Basic ",
        "Basicx",
        "Basic:aTpz",
        "Bearer aTpz",
        "Digest username=\"i\"",
        "Basic aTpz!",
        "Basic aTpzeA",
        "Basic aT pz",
        // No colon; no id; an escape that breaks off; one that is none; an id that is not UTF-8.
        "Basic aWQ=",
        "Basic OnM=",
        "Basic aSU6cw==",
        "Basic aSV6ejpz",
        "Basic /zpz",
        "ä",
    ] {
        let read = read(&[TYPE], &[bad], "grant_type=client_credentials");
        assert_eq!(read, Err(RequestError::NotBasic), "{bad}");
    }
    let two = read(&[TYPE], &["Basic aTpz", "Basic aTpz"], "grant_type=client_credentials");
    assert_eq!(two, Err(RequestError::TwoAuthorizations));
}

#[test]
fn an_empty_secret_is_a_secret_that_is_wrong() {
    assert_eq!(basic_with("id:", "grant_type=client_credentials"), credentials("id", ""));
}

#[test]
fn every_way_of_asking_wrongly_has_its_reason() {
    use RequestError::{
        BrokenForm, NoCredentials, NoGrantType, OtherGrantType, Repeated, TooManyParameters, TwoMethods,
    };
    let many = (0..40).map(|number| format!("p{number}=1&")).collect::<String>();
    for (text, expected) in [
        ("", NoGrantType),
        ("grant_type=", NoGrantType),
        ("grant_type", NoGrantType),
        ("client_id=a&client_secret=b", NoGrantType),
        ("GRANT_TYPE=client_credentials&client_id=a&client_secret=b", NoGrantType),
        ("grant_type=password&client_id=a&client_secret=b", OtherGrantType),
        ("grant_type=client_credentials%00&client_id=a&client_secret=b", OtherGrantType),
        ("grant_type=Client_Credentials&client_id=a&client_secret=b", OtherGrantType),
        ("grant_type=client_credentials", NoCredentials),
        ("grant_type=client_credentials&client_id=a", NoCredentials),
        ("grant_type=client_credentials&client_secret=b", NoCredentials),
        ("grant_type=client_credentials&client_id=&client_secret=b", NoCredentials),
        ("grant_type=client_credentials&client_id=a&client_secret=", NoCredentials),
        ("grant_type=client_credentials&grant_type=client_credentials&client_id=a&client_secret=b", Repeated),
        ("grant_type=client_credentials&client_id=a&client_id=a&client_secret=b", Repeated),
        ("grant_type=client_credentials&client_id=a&client_secret=b&client_secret=c", Repeated),
        ("grant_type=client_credentials&client_id=a&client_secret=b&client%5fsecret=", Repeated),
        ("x=1&x=2&grant_type=client_credentials&client_id=a&client_secret=b", Repeated),
        ("grant_type=client_credentials&client_id=%&client_secret=b", BrokenForm),
        ("grant_type=client_credentials&client_id=%4&client_secret=b", BrokenForm),
        ("grant_type=client_credentials&client_id=%zz&client_secret=b", BrokenForm),
        ("grant_type=client_credentials&client_id=%+1&client_secret=b", BrokenForm),
        ("grant_type=client_credentials&client_id=%ff&client_secret=b", BrokenForm),
        ("%=1", BrokenForm),
        ("{\"grant_type\":\"client_credentials\"}", NoGrantType),
        (many.as_str(), TooManyParameters),
    ] {
        assert_eq!(form(text), Err(expected), "{text}");
    }
    for text in ["client_secret=s", "client_id=i&client_secret=s", "client_id=other"] {
        let text = format!("grant_type=client_credentials&{text}");
        assert_eq!(basic_with("i:s", &text), Err(TwoMethods), "{text}");
    }
}

#[test]
fn what_means_nothing_here_is_passed_over() {
    let text = "&&scope=events+more&audience=https%3A%2F%2Fx&grant_type=client_credentials&&client_id=a&client_secret=b&";
    assert_eq!(form(text), credentials("a", "b"));
}

#[test]
fn nothing_of_a_secret_is_shown() {
    let shown = format!("{:?}", form("grant_type=client_credentials&client_id=a&client_secret=hush"));
    assert!(!shown.contains("hush"), "{shown}");
}

proptest! {
    #[test]
    fn no_bytes_panic(
        head in prop::collection::vec(any::<u8>(), 0..60),
        body in prop::collection::vec(any::<u8>(), 0..200),
        text in "[a-c%=&+0-9]{0,60}",
    ) {
        let _any_head = RequestHead::read([head.as_slice()], [head.as_slice()]).is_ok();
        for form in [body.as_slice(), text.as_bytes()] {
            let head = RequestHead::read([TYPE.as_bytes()], []).unwrap();
            prop_assert!(head.credentials(form).is_err());
        }
    }

    #[test]
    fn whatever_is_escaped_comes_back(id in "\\PC{1,20}", secret in prop::collection::vec(any::<u8>(), 1..40)) {
        let escape = |bytes: &[u8]| bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let (written_id, written_secret) = (escape(id.as_bytes()), escape(&secret));
        let expected = Credentials { client_id: id, secret: SecretHash::of(&secret) };
        let text = format!("grant_type=client_credentials&client_id={written_id}&client_secret={written_secret}");
        prop_assert_eq!(form(&text), Ok(expected.clone()));
        let pair = format!("{written_id}:{written_secret}");
        prop_assert_eq!(basic_with(&pair, "grant_type=client_credentials"), Ok(expected));
    }
}
