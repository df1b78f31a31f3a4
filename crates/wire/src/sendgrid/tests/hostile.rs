//! Input made to break readers, and strict parsers as witnesses. What holds of any input at all is told by
//! `tests/reading`, what reading costs by `tests/memory.rs`.

use super::*;
use QuarantineReason as Reason;
use proptest::prelude::*;

#[test]
fn broken_text_is_replaced_in_its_own_field_only() {
    for odd in [r"\ud800", r"\udfff", r"\u0000", r"\q", r"\u12", "\u{0}", r"\ud800\u0041"] {
        let event = read_object("bounce", &format!(r#","reason":"a{odd}b","status":"5.0.0","note":"ü""#));
        assert!(event.reason.as_ref().unwrap().contains(char::REPLACEMENT_CHARACTER), "{odd:?}");
        assert!(event.lossy, "{odd:?}");
        assert_eq!(event.failure.unwrap().smtp_status.as_deref(), Some("5.0.0"));
        assert_eq!(event.custom_args.as_deref(), Some(r#"{"note":"ü"}"#));
    }
    let event = read_object("bounce", ",\"reason\":\"two\nlines\t\u{1}\",\"note\":\"\u{1}\"");
    assert_eq!((event.reason.as_deref(), event.lossy), (Some("two\nlines\t\u{1}"), false));
    assert_eq!(event.custom_args.as_deref(), Some(r#"{"note":"\u0001"}"#));
}

#[test]
fn custom_arguments_are_repaired_at_any_depth() {
    let event = read_object("open", r#","\u0000k":{"a":["\ud800",1e400]},"b":-1e-400,"c":0,"d":-0"#);
    let expected = "{\"b\":\"-1e-400\",\"c\":0,\"d\":-0,\"\u{fffd}k\":{\"a\":[\"\u{fffd}\",\"1e400\"]}}";
    assert_eq!(event.custom_args.as_deref(), Some(expected));
    assert!(event.lossy);
}

#[test]
fn escapes_in_keys_are_decoded_before_they_are_compared() {
    let event = event(r#"{"\u0065vent":"open","em\u0061il":"reader@example.org","timestamp":1710334643}"#);
    assert_eq!((event.kind, event.custom_args), (domain::EventKind::Open, None));
}

#[test]
fn numbers_of_any_size_harm_nobody() {
    for number in ["1e400", "-1e400", "1e-400", &"9".repeat(100_000), "1e999999999999999999999"] {
        let event =
            read_object("deferred", &format!(r#","n":{number},"asm_group_id":{number},"attempt":{number}"#));
        assert_eq!(event.custom_args, Some(format!(r#"{{"n":"{number}"}}"#)));
        assert_eq!(event.group, None);
    }
}

#[test]
fn nesting_is_bounded_and_costs_only_its_own_element() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(one(object("open", &format!(r#","a":{}"#, nested(64)))).is_ok());
    let body = format!("[{},{}]", object("open", &format!(r#","a":{}"#, nested(65))), object("open", ""));
    let elements = elements(body.as_bytes());
    assert_eq!(elements[0].event.as_ref().unwrap_err().reason, Reason::TooDeep);
    assert!(elements[1].event.is_ok());
}

#[test]
fn a_million_brackets_overflow_no_stack() {
    let (open, close) = ("[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(whole_reason(open.as_bytes()), Some(Reason::NotJson));
    assert_eq!(refused(format!("{open}{close}")), Reason::TooDeep);
    assert_eq!(refused(r#"{"a":"#.repeat(1_000_000) + &"}".repeat(1_000_000)), Reason::TooDeep);
    assert_eq!(whole_reason(r#"{"a":"#.repeat(1_000_000).as_bytes()), Some(Reason::NotJson));
}

#[test]
fn an_object_of_too_many_fields_is_quarantined() {
    let members = |count: usize| (0..count).map(|n| format!(r#","k{n}":1"#)).collect::<String>();
    assert!(one(object("open", &members(MAX_FIELDS - 3))).is_ok());
    assert_eq!(refused(object("open", &members(MAX_FIELDS - 2))), Reason::TooManyFields);
    let nested = members(MAX_FIELDS + 1);
    let nested = object("open", &format!(r#","unique_args":{{{}}}"#, nested.trim_start_matches(',')));
    assert_eq!(refused(nested), Reason::TooManyFields);
}

#[test]
fn categories_beyond_the_bound_are_cut_and_flagged() {
    for (count, kept, lossy) in
        [(MAX_CATEGORIES, MAX_CATEGORIES, false), (MAX_CATEGORIES + 1, MAX_CATEGORIES, true)]
    {
        let list = vec!["\"news\""; count].join(",");
        let event = read_object("open", &format!(r#","category":[{list}],"order":"A-1""#));
        assert_eq!((event.categories.map(|list| list.len()), event.lossy), (Some(kept), lossy));
        assert_eq!(event.custom_args.as_deref(), Some(r#"{"order":"A-1"}"#));
    }
}

/// Bytes that look enough like a batch to get far.
fn batch_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        "\"",
        "\\",
        " ",
        "\r\n",
        "null",
        "true",
        "1",
        "-1.5e3",
        "1e400",
        "\\u00",
        "\\ud800",
        "\"event\":\"open\",",
        "\"timestamp\":1710334643,",
        "\"email\":\"a@example.org\"",
        "\"unique_args\":{",
        "\"category\":[",
        "{\"event\":\"bounce\",\"timestamp\":1710334643,\"email\":\"a@example.org\"}",
        "\u{0}",
        "é",
        "\u{feff}",
    ]);
    let noise = prop::collection::vec(any::<u8>(), 0..3);
    let piece = prop_oneof![9 => piece.prop_map(|text| text.as_bytes().to_vec()), 1 => noise];
    (any::<bool>(), prop::collection::vec(piece, 0..40)).prop_map(|(array, pieces)| {
        let inner = pieces.concat();
        if array { [b"[", &inner[..], b"]"].concat() } else { inner }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn every_strict_parser_s_array_is_cut_where_it_cuts_it(
        values in prop::collection::vec("[a-c{}\\[\\],:\"\\\\ é\u{1}]{0,6}", 0..6), spaced: bool,
    ) {
        let body = if spaced { serde_json::to_vec_pretty(&values) } else { serde_json::to_vec(&values) }.unwrap();
        let theirs: Vec<&serde_json::value::RawValue> = serde_json::from_slice(&body).unwrap();
        let ours = elements(&body);
        prop_assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            prop_assert_eq!(&*ours.raw, theirs.get().as_bytes());
        }
    }

    #[test]
    fn a_strict_parser_agrees_on_what_is_json(body in batch_like()) {
        let strict = serde_json::from_slice::<serde_json::Value>(&body).is_ok();
        let odd = |element: &Element<'_>| matches!(&element.event, Err(error) if error.reason == Reason::NotJson);
        let ours = match read(&body, received_at()) {
            Reading::Elements(elements) => !elements.iter().any(odd),
            Reading::Unreadable(unreadable) => unreadable.reason != Reason::NotJson,
        };
        prop_assert!(ours || !strict, "refused what is JSON");
    }

    #[test]
    fn custom_arguments_come_through_as_a_strict_parser_reads_them(
        arguments in prop::collection::btree_map("x[a-c\"\\\\é]{0,4}", "[a-c\"\\\\\n\u{2028}é😀]{0,6}", 1..6),
    ) {
        let sent = serde_json::to_string(&arguments).unwrap();
        let event = read_object("open", &format!(",{}", sent.trim_start_matches('{').trim_end_matches('}')));
        prop_assert_eq!(event.custom_args, Some(sent));
    }
}
