use super::*;
use domain::EventKind;
use proptest::prelude::*;

const SOURCE: SourceId = SourceId(1);
const MESSAGE: &str = "kQ4mZ1x7TnyVbA2cR9pL0w.recvd-6c5f9d8b7-x2x9z-1-65F1A2B3-1C.0";

fn click() -> Event<'static> {
    Event {
        kind: EventKind::Click,
        name: "click".into(),
        at: Timestamp::from_second(1_710_334_643).unwrap(),
        email: Some("reader@example.org".into()),
        sg_event_id: Some("evt-1".into()),
        sg_message_id: Some(MESSAGE.into()),
        smtp_id: None,
        machine_open: false,
        failure: None,
        reason: None,
        custom_args: None,
        categories: None,
        group: None,
        url: Some("https://example.org/a".into()),
        url_offset: Some("html:0".into()),
        attempt: None,
        type_: None,
        useragent: Some("Browser/1".into()),
        ip: Some("192.0.2.1".into()),
        lossy: false,
    }
}

fn at(mut event: Event<'_>, second: i64) -> Event<'_> {
    event.at = Timestamp::from_second(second).unwrap();
    event
}

#[test]
fn a_repeat_under_another_id_shares_the_natural_key_only() {
    let again = Event { sg_event_id: Some("evt-2".into()), ..click() };
    assert_eq!(natural(SOURCE, &click()), natural(SOURCE, &again));
    assert_ne!(first(SOURCE, &click()), first(SOURCE, &again));
    assert_eq!(first(SOURCE, &Event { sg_event_id: None, ..click() }), None);
}

#[test]
fn what_is_not_part_of_an_event_s_nature_changes_no_key() {
    let again = Event {
        reason: Some("x".into()),
        custom_args: Some("{}".into()),
        categories: Some(vec!["c".to_owned()]),
        group: Some(3),
        lossy: true,
        ..click()
    };
    assert_eq!(natural(SOURCE, &click()), natural(SOURCE, &again));
    assert_eq!(first(SOURCE, &click()), first(SOURCE, &again));
}

#[test]
fn every_part_of_an_event_s_nature_changes_its_natural_key() {
    let other = || Some("other".into());
    let variants = [
        at(click(), 1_710_334_644),
        Event { name: "open".into(), ..click() },
        Event { email: other(), ..click() },
        Event { sg_message_id: other(), ..click() },
        Event { sg_message_id: None, ..click() },
        Event { sg_message_id: None, smtp_id: Some(MESSAGE.into()), ..click() },
        Event { url: other(), ..click() },
        Event { url_offset: other(), ..click() },
        Event { attempt: other(), ..click() },
        Event { type_: other(), ..click() },
        Event { useragent: other(), ..click() },
        Event { ip: other(), ..click() },
    ];
    let mut keys = variants.iter().map(|event| natural(SOURCE, event)).collect::<Vec<_>>();
    keys.extend([natural(SOURCE, &click()), natural(SourceId(2), &click())]);
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn values_that_change_places_change_the_key() {
    let swapped = Event { useragent: click().ip, ip: click().useragent, ..click() };
    assert_ne!(natural(SOURCE, &click()), natural(SOURCE, &swapped));
    let moved = Event { url: None, url_offset: click().url, ..click() };
    assert_ne!(natural(SOURCE, &Event { url_offset: None, ..click() }), natural(SOURCE, &moved));
}

#[test]
fn event_keys_begin_with_the_second_of_the_event() {
    for key in [first(SOURCE, &click()).unwrap(), natural(SOURCE, &click()), recovered(SOURCE, &click(), 9)] {
        assert_eq!(key.0[..4], 1_710_334_643_u32.to_be_bytes());
    }
    let late = Event { at: Timestamp::MAX, ..click() };
    assert_eq!(natural(SOURCE, &late).0[..4], [0xff; 4]);
    assert_eq!(natural(SOURCE, &at(click(), -5)).0[..4], [0; 4]);
}

#[test]
fn what_was_recovered_is_told_apart_by_its_place_as_well() {
    let at = |position| recovered(SOURCE, &click(), position);
    assert_eq!(at(3), recovered(SOURCE, &Event { sg_event_id: None, ..click() }, 3));
    assert_ne!(at(3), at(4));
    assert_ne!(at(3), recovered(SOURCE, &Event { url: None, ..click() }, 3));
    // No event of the webhook has the key of one that was recovered.
    assert!((0..9).all(|position| at(position) != natural(SOURCE, &click())));
}

#[test]
fn message_keys_begin_with_the_hexadecimal_time_of_the_queue_id() {
    for (sg_message_id, prefix) in [
        (MESSAGE, 0x65F1_A2B3),
        ("kQ4mZ1x7TnyVbA2cR9pL0w.filterdrecv-p3mdw1-6c5f9d8b7-kmzbl-18-5F5FC76C-9.0", 0x5F5F_C76C),
        ("kQ4mZ1x7TnyVbA2cR9pL0w.filter0425p1mdw1.13037.57168B4A1D.0", 0x5716_8B4A),
        ("14c583da911.2c36.1c804d.filter-406.22375.55148AA99.000000000000000000000", 0x5514_8AA9),
        ("filter0093p1las1.9128.5717FB8127.0", 0x5717_FB81),
        ("some-opaque_id", 0),
        ("a.recvd-+5F5FC7-9.0", 0),
        ("a.é5F5FC76.0", 0),
        ("a..0", 0),
        ("", 0),
    ] {
        let key = message(SOURCE, sg_message_id, "a@example.org");
        assert_eq!(key.0[..4], u32::to_be_bytes(prefix), "{sg_message_id}");
    }
}

#[test]
fn spelling_of_an_address_is_not_part_of_any_key() {
    let (a, b) = ("Reader@Example.ORG ", "reader@example.org");
    assert_eq!(message(SOURCE, MESSAGE, a), message(SOURCE, MESSAGE, b));
    assert_eq!(address(SOURCE, a), address(SOURCE, b));
    assert_ne!(message(SOURCE, MESSAGE, ""), message(SOURCE, MESSAGE, b));
}

#[test]
fn sources_and_purposes_never_share_a_key() {
    let keys = |source| {
        let event = click();
        [
            address(source, "x"),
            message_id_hash(source, "x"),
            smtp_id(source, "x"),
            message(source, "x", "x").0,
            natural(source, &event).0,
            recovered(source, &event, 0).0,
            first(source, &event).unwrap().0,
        ]
    };
    let mut all = [keys(SourceId(1)), keys(SourceId(2))].concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 14);
}

#[test]
fn the_x_message_id_is_what_precedes_the_host() {
    for (sg_message_id, message_id_) in [
        (MESSAGE, "kQ4mZ1x7TnyVbA2cR9pL0w"),
        ("14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0", "14c5d75ce93.dfd.64b469"),
        ("kQ4mZ1x7TnyVbA2cR9pL0w.filterdrecv-canary-547b-1-6089EA4A-56.0", "kQ4mZ1x7TnyVbA2cR9pL0w"),
        ("kQ4mZ1x7TnyVbA2cR9pL0w.stfilter-015.5185.55F883172.0", "kQ4mZ1x7TnyVbA2cR9pL0w"),
        ("kQ4mZ1x7TnyVbA2cR9pL0w", "kQ4mZ1x7TnyVbA2cR9pL0w"),
        ("filter0093p1las1.9128.5717FB8127.0", "filter0093p1las1"),
        ("", ""),
    ] {
        assert_eq!(message_id(sg_message_id), message_id_);
    }
}

// Expected values from an independent implementation of the layout (Python's hashlib and struct).
#[test]
fn stored_keys_never_change() {
    let hex = crate::hex::encode;
    assert_eq!(hex(&message(SOURCE, MESSAGE, "reader@example.org").0), "65f1a2b3dc18637462bf404f9c9aa4e3");
    assert_eq!(hex(&first(SOURCE, &click()).unwrap().0), "65f1a2b37b842e0cd9c09b6aa723de06");
    assert_eq!(hex(&natural(SOURCE, &click()).0), "65f1a2b315d03aedfe86cce22c030a0c");
    assert_eq!(hex(&recovered(SOURCE, &click(), 3).0), "65f1a2b37ab41a4710828816fa35eda1");
    assert_eq!(hex(&address(SOURCE, "reader@example.org")), "047b44d7a3eeec5dd93dfe1df6a73a73");
    assert_eq!(hex(&message_id_hash(SOURCE, message_id(MESSAGE))), "3df8e276a248561bef471ab2aa491a90");
    assert_eq!(
        hex(&smtp_id(SOURCE, "<kQ4mZ1x7TnyVbA2cR9pL0w@geopod-1>")),
        "61b8f5d87ce4dcdc503b174ac68a10da"
    );
}

proptest! {
    #[test]
    fn no_id_panics_and_every_message_id_is_a_prefix(id in ".{0,60}", email in ".{0,30}") {
        let key = message(SOURCE, &id, &email);
        prop_assert_eq!(key, message(SOURCE, &id, &email));
        prop_assert!(id.starts_with(message_id(&id)));
    }

    #[test]
    fn one_message_key_means_one_pair_of_id_and_address(
        a in ("[a-c.]{0,3}", "[a-c.]{0,3}"), b in ("[a-c.]{0,3}", "[a-c.]{0,3}"),
    ) {
        prop_assert_eq!(a == b, message(SOURCE, &a.0, &a.1) == message(SOURCE, &b.0, &b.1));
    }
}

#[test]
fn leaving_two_groups_in_one_second_is_two_events_and_a_group_tells_no_other_events_apart() {
    let of = |kind, group| Event { kind, name: "same".into(), group, ..click() };
    let leaving = |group| natural(SOURCE, &of(EventKind::GroupUnsubscribe, group));
    assert_ne!(leaving(Some(17)), leaving(Some(18)));
    assert_ne!(leaving(Some(17)), leaving(None));
    assert_eq!(
        natural(SOURCE, &of(EventKind::Click, Some(17))),
        natural(SOURCE, &of(EventKind::Click, None))
    );
}
