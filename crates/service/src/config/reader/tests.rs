use super::*;
use std::collections::BTreeMap;

const WAIT: Setting = Setting { name: "WAIT", default: Some("30s"), secret: false, help: "" };
const SIZE: Setting = Setting { name: "SIZE", default: Some("5MiB"), secret: false, help: "" };
const COUNT: Setting = Setting { name: "COUNT", default: Some("8"), secret: false, help: "" };
const LISTEN: Setting = Setting { name: "LISTEN", default: Some("127.0.0.1:0"), secret: false, help: "" };
const WORD: Setting = Setting { name: "WORD", default: Some("one"), secret: false, help: "" };
const KEY: Setting = Setting { name: "KEY", default: None, secret: true, help: "" };
const NAME: Setting = Setting { name: "NAME", default: None, secret: false, help: "" };

fn minute() -> RangeInclusive<Duration> {
    Duration::from_secs(1)..=Duration::from_secs(60)
}

fn secret_file(name: &str, content: &str) -> String {
    let path = std::env::temp_dir().join(format!("sendstate-service-{}-{name}", std::process::id()));
    std::fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The message of the only mistake that reading `KEY` from this environment makes.
fn key_mistake(environment: BTreeMap<String, String>) -> String {
    let mut reader = Reader::new(&environment);
    reader.secret(&KEY);
    reader.finish(()).unwrap_err().to_string()
}

#[test]
fn defaults_are_read_like_anything_an_operator_writes() {
    let nothing = BTreeMap::<String, String>::new();
    let mut reader = Reader::new(&nothing);
    assert_eq!(reader.duration(&WAIT, minute()), Duration::from_secs(30));
    assert_eq!(reader.bytes(&SIZE, 1..=u64::MAX), 5 << 20);
    assert_eq!(reader.number(&COUNT, 1..=10), 8);
    assert_eq!(reader.socket(&LISTEN).port(), 0);
    assert_eq!(reader.choice(&WORD, &[("one", 1), ("two", 2)]), 1);
    assert_eq!(reader.optional(&NAME), None);
    reader.finish(()).unwrap();
}

#[test]
fn every_mistake_is_reported_in_one_go_one_per_line() {
    let environment = BTreeMap::from([
        ("WAIT", "soon"),
        ("SIZE", "5MB"),
        ("COUNT", "11"),
        ("LISTEN", "localhost:80"),
        ("WORD", "three"),
    ]);
    let mut reader = Reader::new(&environment);
    reader.duration(&WAIT, minute());
    reader.bytes(&SIZE, 0..=1 << 30);
    reader.number(&COUNT, 1..=10);
    reader.socket(&LISTEN);
    reader.choice(&WORD, &[("one", 1), ("two", 2)]);
    reader.secret(&KEY);
    reader.text(&NAME);
    let errors = reader.finish(()).unwrap_err().to_string();
    assert_eq!(
        errors.lines().collect::<Vec<_>>(),
        [
            "WAIT: \"soon\" cannot be read; write a duration such as 30s or 5m between 1s and 1m",
            "SIZE: \"5MB\" cannot be read; write a size such as 512KiB or 5MiB between 0B and 1GiB",
            "COUNT: 11 is out of range; write a number between 1 and 10",
            "LISTEN: \"localhost:80\" cannot be read; write an address and port such as 0.0.0.0:8080",
            "WORD: \"three\" cannot be read; write one of: one, two",
            "KEY: is required and not set; set it or KEY_FILE",
            "NAME: is required and not set; set it",
        ]
    );
}

#[test]
fn an_empty_value_counts_as_absent() {
    let environment = BTreeMap::from([("COUNT", ""), ("KEY", ""), ("KEY_FILE", "")]);
    let mut reader = Reader::new(&environment);
    assert_eq!(reader.number(&COUNT, 1..=10), 8);
    assert!(reader.optional_secret(&KEY).is_none());
    reader.finish(()).unwrap();
}

#[test]
fn a_secret_is_read_from_its_file_without_one_newline() {
    for (content, value) in [("abc\n", "abc"), ("abc\r\n", "abc"), ("abc\n\n", "abc\n"), ("abc", "abc")] {
        let path = secret_file("one-newline", content);
        let environment = BTreeMap::from([("KEY_FILE".to_owned(), path)]);
        let mut reader = Reader::new(&environment);
        assert_eq!(reader.secret(&KEY).expose_secret(), value);
        reader.finish(()).unwrap();
    }
}

#[test]
fn a_secret_given_twice_is_refused_without_showing_it() {
    let environment = BTreeMap::from([
        ("KEY".to_owned(), "hush".to_owned()),
        ("KEY_FILE".to_owned(), "/nonexistent".to_owned()),
    ]);
    assert_eq!(key_mistake(environment), "KEY: is set, and so is KEY_FILE; keep one of the two");
}

#[test]
fn a_missing_empty_or_endless_secret_file_is_a_mistake_of_the_file_setting() {
    let file = |path: &str| BTreeMap::from([("KEY_FILE".to_owned(), path.to_owned())]);
    assert!(key_mistake(file("/nonexistent/key")).starts_with("KEY_FILE: cannot be opened"));
    assert!(key_mistake(file(&secret_file("empty", "\n"))).starts_with("KEY_FILE: is empty"));
    assert!(key_mistake(file("/dev/zero")).starts_with("KEY_FILE: is longer than 64KiB"));
}

#[test]
fn only_secrets_have_a_file_twin() {
    let environment = BTreeMap::from([("COUNT_FILE", "/nonexistent")]);
    let mut reader = Reader::new(&environment);
    assert_eq!(reader.number(&COUNT, 1..=10), 8);
    reader.finish(()).unwrap();
}

#[test]
fn a_value_that_is_not_utf8_is_refused() {
    let environment = BTreeMap::from([("NAME", "caf\u{FFFD}")]);
    let mut reader = Reader::new(&environment);
    reader.text(&NAME);
    assert_eq!(reader.finish(()).unwrap_err().to_string(), "NAME: is not UTF-8; write it in UTF-8");
}

#[test]
fn an_unreadable_secret_is_never_quoted() {
    let environment = BTreeMap::from([("KEY", "hush")]);
    let mut reader = Reader::new(&environment);
    reader.parsed(&KEY, |_| None::<u8>, || "write 32 bytes in base64");
    let message = reader.finish(()).unwrap_err().to_string();
    assert_eq!(message, "KEY: cannot be read; write 32 bytes in base64");
}

#[test]
fn whoever_uses_a_setting_has_a_say_unless_it_is_missing() {
    let name = Setting { help: "A name.", ..NAME };
    let environment = BTreeMap::from([("NAME", "x"), ("KEY", "hush")]);
    let mut reader = Reader::new(&environment);
    reader.text_for(&name, |_| Err("too short"));
    reader.secret_for(&Setting { help: "A key.", ..KEY }, |_| Err("too weak"));
    reader.text_for(&name, |text| if text == "x" { Ok(()) } else { Err("another") });
    let mistakes = reader.finish(()).unwrap_err().to_string();
    assert_eq!(
        mistakes.lines().collect::<Vec<_>>(),
        [
            "NAME: cannot be used (too short); what it is: A name.",
            "KEY: cannot be used (too weak); what it is: A key."
        ]
    );
    let nothing = BTreeMap::<String, String>::new();
    let mut reader = Reader::new(&nothing);
    reader.secret_for(&KEY, |_| Err("asked about nothing"));
    let mistakes = reader.finish(()).unwrap_err().to_string();
    assert_eq!(mistakes, "KEY: is required and not set; set it or KEY_FILE");
}
