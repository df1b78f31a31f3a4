//! Cutting: what is an element, what is not, and who is harmed by what.

use super::*;
use QuarantineReason as Reason;

fn raws(body: &[u8]) -> Vec<String> {
    elements(body).iter().map(|element| String::from_utf8_lossy(&element.raw).into_owned()).collect()
}

fn reasons(body: &[u8]) -> Vec<Option<Reason>> {
    elements(body).iter().map(|element| element.event.as_ref().err().map(|error| error.reason)).collect()
}

#[test]
fn elements_keep_their_bytes_and_their_place() {
    let (a, b) = (object("open", ""), object("click", r#","note":"a, ]}[{ \" b""#));
    let body = format!("\u{feff} [\r\n{a},\r\n\t{b} ]\r\n");
    assert_eq!(raws(body.as_bytes()), [a, b]);
    let ordinals = elements(body.as_bytes()).iter().map(|element| element.ordinal).collect::<Vec<_>>();
    assert_eq!(ordinals, [0, 1]);
}

#[test]
fn an_empty_array_is_a_batch_of_none() {
    for body in ["[]", " [ \r\n ] ", "\u{feff}[]"] {
        assert_eq!(read(body.as_bytes(), received_at()), Reading::Elements(Vec::new()), "{body:?}");
    }
}

#[test]
fn a_bare_object_is_a_batch_of_one() {
    let object = object("processed", r#","nested":{"a":[1,{"b":"}"}]}"#);
    for body in [object.clone(), format!("\r\n {object}\r\n")] {
        assert_eq!(raws(body.as_bytes()), [object.as_str()]);
        assert_eq!(reasons(body.as_bytes()), [None]);
    }
    assert_eq!(reasons(b"{}"), [Some(Reason::MissingEvent)]);
    assert_eq!(reasons(br#"{"event" "open"}"#), [Some(Reason::NotJson)]);
}

#[test]
fn what_is_no_array_and_no_object_is_unreadable_as_a_whole() {
    for (body, reason) in [
        ("", Reason::NotJson),
        ("  ", Reason::NotJson),
        ("payload", Reason::NotJson),
        ("email=a%40example.org&event=open", Reason::NotJson),
        ("<html></html>", Reason::NotJson),
        ("nulls", Reason::NotJson),
        ("1 2", Reason::NotJson),
        ("null", Reason::NotAnArray),
        ("true", Reason::NotAnArray),
        ("\"[]\"", Reason::NotAnArray),
        ("-1.5e3", Reason::NotAnArray),
        ("[", Reason::NotJson),
        ("[{\"event\":\"open\"}", Reason::NotJson),
        ("[{\"event\":\"open\"},", Reason::NotJson),
        ("[{\"event\":\"open]", Reason::NotJson),
        ("[\"\\", Reason::NotJson),
        ("[1]]", Reason::NotJson),
        ("[1}", Reason::NotJson),
        ("[{\"event\":{},{\"event\":\"open\"}]", Reason::NotJson),
        ("[] []", Reason::NotJson),
        ("[1] x", Reason::NotJson),
        ("{\"event\":\"open\"", Reason::NotJson),
        ("{\"event\":\"open\"}{\"event\":\"open\"}", Reason::NotJson),
        ("{\"event\":\"open\"}\n{\"event\":\"open\"}\n", Reason::NotJson),
    ] {
        assert_eq!(whole_reason(body.as_bytes()), Some(reason), "{body:?}");
    }
}

#[test]
fn an_odd_element_is_quarantined_alone_and_whole() {
    let good = object("open", "");
    for (odd, reason) in [
        ("1", Reason::NotAnObject),
        ("null", Reason::NotAnObject),
        ("\"a, b\"", Reason::NotAnObject),
        (r#"[{"Key":"event","Value":"open"}]"#, Reason::NotAnObject),
        ("", Reason::NotJson),
        ("abc", Reason::NotJson),
        ("01", Reason::NotJson),
        ("1.", Reason::NotJson),
        ("-", Reason::NotJson),
        ("NaN", Reason::NotJson),
        (r#"{"a":1} {"b":2}"#, Reason::NotJson),
        (r#"{"a":1,}"#, Reason::NotJson),
        (r#"{"a"}"#, Reason::NotJson),
        (r#"{a:1}"#, Reason::NotJson),
        (r#"{"a":[1}}"#, Reason::NotJson),
        (r#"{"a":[1}"#, Reason::NotJson),
        (r#"{"a":1]}"#, Reason::NotJson),
        (r#"{"a":1}}"#, Reason::NotJson),
        ("[1}]", Reason::NotJson),
        ("}", Reason::NotJson),
        ("{]}", Reason::NotJson),
        (r#"{"a":NaN}"#, Reason::NotJson),
        (r#"{"reason":"he said "hi" to me"}"#, Reason::NotJson),
        ("{\"a\":1\u{a0}}", Reason::NotJson),
    ] {
        let body = format!("[{good},{odd},{good}]");
        assert_eq!(reasons(body.as_bytes()), [None, Some(reason), None], "{odd}");
        assert_eq!(raws(body.as_bytes())[1], odd);
    }
}

#[test]
fn invalid_utf_8_stays_in_its_element_byte_for_byte() {
    let good = object("open", "");
    let odd = [object("open", "").trim_end_matches('}').as_bytes(), b",\"note\":\"caf\xe9\"}"].concat();
    let body = [b"[", good.as_bytes(), b",", &odd, b",", good.as_bytes(), b"]"].concat();
    let elements = elements(&body);
    assert_eq!(elements[1].raw, odd);
    let lossy = elements.iter().map(|element| element.event.as_ref().unwrap().lossy).collect::<Vec<_>>();
    assert_eq!(lossy, [false, true, false]);
    assert_eq!(reasons(b"[1,\xff,2]"), [Reason::NotAnObject, Reason::NotJson, Reason::NotAnObject].map(Some));
}

#[test]
fn one_element_too_many_quarantines_the_batch_whole() {
    let batch = |count: usize| format!("[{}1]", "1,".repeat(count - 1));
    assert_eq!(elements(batch(MAX_ELEMENTS).as_bytes()).len(), MAX_ELEMENTS);
    assert_eq!(whole_reason(batch(MAX_ELEMENTS + 1).as_bytes()), Some(Reason::TooManyElements));
    assert_eq!(whole_reason(batch(2_500_000).as_bytes()), Some(Reason::TooManyElements));
}

#[test]
fn every_reason_has_a_name_of_its_own() {
    let mut names = QuarantineReason::ALL.map(QuarantineReason::as_str);
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
}
