use super::*;
use domain::MachineOpens;
use jiff::Timestamp;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn key(id: i32, sha256: &str, state: KeyState, retires_at: Option<Timestamp>) -> SourceKey {
    SourceKey {
        id,
        spki: vec![7; 91],
        sha256: sha256.to_owned(),
        label: None,
        state,
        created_at: at(0),
        retires_at,
    }
}

fn active(id: i32, sha256: &str) -> SourceKey {
    key(id, sha256, KeyState::Active, None)
}

fn source(signed: bool) -> Source {
    Source {
        id: 1,
        name: "main".to_owned(),
        path: "main".to_owned(),
        signed,
        max_age_s: 600,
        machine_opens: MachineOpens::Count,
        keys: Vec::new(),
        oauth: None,
    }
}

#[test]
fn a_key_is_meant_by_its_number_or_by_how_its_sha256_begins() {
    let keys = [active(3, "f0fe1f9c"), active(12, "12ab34cd"), active(123_456, "f0fe1f00")];
    for (text, id) in [
        ("3", Some(3)),
        ("12", Some(12)),
        ("f0fe1f9", Some(3)),
        ("F0FE1F9C", Some(3)),
        (" 12ab34 ", Some(12)),
        ("123456", Some(123_456)),
        ("f0fe1f9cc", None),
        ("f0fe", None),
        ("f0fe1f", None),
        ("4", None),
        ("", None),
    ] {
        assert_eq!(choose::one(&keys, "main", text).ok().map(|key| key.id), id, "{text:?}");
    }
}

#[test]
fn a_key_that_is_not_meant_clearly_says_why() {
    let keys = [active(3, "f0fe1f9c"), active(4, "f0fe1f00"), active(123_456, "aa"), active(5, "123456ff")];
    for (text, code, said) in [
        ("7", 4, "has no key `7`"),
        ("abcdef0", 4, "has no key"),
        ("f0fe", 2, "at least 6 digits"),
        ("f0fe1f", 2, "3, 4"),
        ("123456", 2, "123456, 5"),
    ] {
        let failure = choose::one(&keys, "main", text).unwrap_err();
        assert_eq!(failure.code, code, "{failure}");
        assert!(failure.to_string().contains(said), "{failure}");
    }
}

#[test]
fn scripts_read_a_key_with_its_state_and_absent_values_as_null() {
    let one = active(3, "f0fe");
    let json = serde_json::to_value(KeyDocument::from(&one)).unwrap();
    assert_eq!((json["id"].as_i64(), json["state"].as_str()), (Some(3), Some("active")));
    for name in ["label", "retires_at"] {
        assert!(json.as_object().unwrap().contains_key(name) && json[name].is_null(), "{name}");
    }
    let outcome = Outcomes { source: "main", outcome: Outcome::ActiveAgain, key: KeyDocument::from(&one) };
    let json = serde_json::to_value(&outcome).unwrap();
    assert_eq!((json["outcome"].as_str(), json["sha256"].as_str()), (Some("active_again"), Some("f0fe")));
}

#[test]
fn people_see_until_when_a_key_is_accepted_and_how_it_ends() {
    let keys = [
        SourceKey {
            label: Some("old\u{1b}[2J".to_owned()),
            ..key(1, "aa", KeyState::Retired, Some(at(-60)))
        },
        key(2, "bb", KeyState::Retiring, Some(at(60))),
        active(3, "cc"),
    ];
    let documents: Vec<_> = keys.iter().map(KeyDocument::from).collect();
    let text = document::table(&documents);
    for part in [
        "retired since 2023-11-14T22:12:20Z",
        "retiring, until 2023-11-14T22:14:20Z",
        "active",
        "old\u{FFFD}[2J",
        "…BwcHBwcHBw==",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn what_was_done_is_said_in_a_sentence() {
    let retiring = key(2, "bb", KeyState::Retiring, Some(at(60)));
    for (outcome, expected) in [
        (Outcome::Added, "Key 2 of source `main` is active."),
        (Outcome::ActiveAgain, "is active again."),
        (Outcome::EndSet, "Key 2 of source `main` is retiring, until 2023-11-14T22:14:20Z."),
        (Outcome::Unchanged, "was so already: retiring, until 2023-11-14T22:14:20Z."),
    ] {
        let text = Outcomes { source: "main", outcome, key: KeyDocument::from(&retiring) }.text();
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("sha256 bb"), "{text}");
    }
}

#[test]
fn a_source_that_will_believe_nobody_is_warned_of() {
    let retired = key(1, "aa", KeyState::Retired, Some(at(-60)));
    let retiring = key(2, "bb", KeyState::Retiring, Some(at(60)));
    let warned = |signed, keys: &[SourceKey]| document::warning(&source(signed), keys);
    assert_eq!(warned(true, &[retired.clone(), active(3, "cc")]), None);
    assert_eq!(warned(false, &[]), None);
    let soon = warned(true, &[retired.clone(), retiring]).unwrap();
    assert!(soon.contains("From 2023-11-14T22:14:20Z on every request is answered 403"), "{soon}");
    let now = warned(true, &[retired]).unwrap();
    assert!(now.contains("Every request is answered 403"), "{now}");
}

#[test]
fn a_full_source_says_when_there_is_room_again_if_it_is_known() {
    let mut keys: Vec<_> = (1..=10).map(|id| active(id, "aa")).collect();
    let failure = full(&source(true), &keys);
    assert_eq!(failure.code, 1);
    assert!(!failure.to_string().contains("ends at"), "{failure}");
    keys[4] = key(5, "bb", KeyState::Retiring, Some(at(60)));
    keys[5] = key(6, "cc", KeyState::Retiring, Some(at(30)));
    assert!(full(&source(true), &keys).to_string().contains("ends at 2023-11-14T22:13:50Z"));
}
