use super::*;
use serde_json::json;
use std::collections::BTreeMap;

#[test]
fn a_row_is_read_as_published() {
    let row = json!({
        "from_email": "test@example.com", "msg_id": "thtIPCIcR_iFZDws2JCrwA.filter0004p3las1-2776-5ACA5525-31.1",
        "subject": "Dear customer", "to_email": "bob@example.com", "status": "delivered",
        "opens_count": 2, "clicks_count": 1, "last_event_time": "2018-04-08T17:47:18Z",
    });
    let page = page(&json!({ "messages": [row] })).unwrap();
    let row = &page.rows[0];
    assert_eq!(row.msg_id.as_str(), "thtIPCIcR_iFZDws2JCrwA.filter0004p3las1-2776-5ACA5525-31.1");
    assert_eq!((&row.status, row.opens_count, row.clicks_count), (&Status::Delivered, 2, 1));
    assert_eq!(row.last_event_at, Some("2018-04-08T17:47:18Z".parse().unwrap()));
    assert_eq!(row.to_email.as_deref(), Some("bob@example.com"));
    assert_eq!(page.unreadable, 0);
}

#[test]
fn rows_that_cannot_be_used_are_counted_and_an_empty_one_is_nothing() {
    let rows = json!({ "messages": [
        { "msg_id": "a", "status": "not_delivered", "opens_count": "3", "last_timestamp": 1_495_064_728 },
        { "to_email": "no-id@example.com" }, "odd", {}, { "msg_id": null }, { "msg_id": "b", "status": null },
    ] });
    let page = page(&rows).unwrap();
    assert_eq!((page.rows.len(), page.unreadable, page.returned()), (2, 3, 5));
    assert_eq!((&page.rows[0].status, page.rows[0].opens_count), (&Status::NotDelivered, 3));
    assert_eq!(page.rows[0].last_event_at.map(|at| at.as_second()), Some(1_495_064_728));
    assert_eq!(page.rows[1].status, Status::Other(String::new()));
}

#[test]
fn an_answer_without_a_list_is_not_taken_for_an_empty_one() {
    for odd in [json!({}), json!({ "messages": "none" }), json!([]), json!(null)] {
        assert_eq!(page(&odd), None, "{odd}");
    }
    assert_eq!(page(&json!({ "messages": [] })).map(|page| page.returned()), Some(0));
    let id = MessageId::new("a").unwrap();
    assert_eq!(message(&json!({ "msg_id": "a" }), &id), None);
}

#[test]
fn a_message_is_read_with_its_arguments_out_of_a_string() {
    let body = json!({
        "from_email": "from@example.com", "msg_id": "abc.1", "subject": "s", "to_email": "to@example.com",
        "status": "not_delivered", "template_id": "", "asm_group_id": 7, "teammate": "null",
        "categories": ["a", "b"], "unique_args": "{\"order\":\"17\"}", "outbound_ip": "192.0.2.1",
        "events": [
            { "event_name": "processed", "processed": "2017-10-13T18:56:21Z" },
            {
                "event_name": "bounced", "processed": "2017-10-13T18:56:22Z", "reason": "550 no",
                "attempt_num": 8, "url": "", "bounce_type": "soft", "http_user_agent": "null", "mx_server": "mx",
            },
            { "event_name": "exploded", "processed": 1_507_920_983 },
            { "event_name": "opened" },
            { "processed": "2017-10-13T18:56:21Z" },
        ],
    });
    let read = message(&body, &MessageId::new("asked").unwrap()).unwrap();
    assert_eq!(read.msg_id.as_str(), "abc.1");
    assert_eq!(read.unique_args, BTreeMap::from([("order".to_owned(), "17".to_owned())]));
    assert_eq!((read.asm_group_id, read.template_id, read.unreadable), (Some(7), None, 2));
    let [_, bounced, exploded] = read.events.as_slice() else { panic!("{:?}", read.events) };
    assert_eq!(bounced.bounce_type, Some(BounceType::Soft));
    assert_eq!(
        (bounced.attempt, bounced.url.as_deref(), bounced.user_agent.as_deref()),
        (Some(8), None, None)
    );
    assert_eq!(exploded.name, EventName::Other("exploded".to_owned()));
    assert_eq!(exploded.at.as_second() - bounced.at.as_second(), 1);
}

#[test]
fn each_event_has_the_name_that_the_webhook_gives_it() {
    for (here, webhook) in [
        ("processed", Some("processed")),
        ("dropped", Some("dropped")),
        ("delivered", Some("delivered")),
        ("deferred", Some("deferred")),
        ("bounced", Some("bounce")),
        ("opened", Some("open")),
        ("clicked", Some("click")),
        ("spam_report", Some("spamreport")),
        ("unsubscribe", Some("unsubscribe")),
        ("group_unsubscribe", Some("group_unsubscribe")),
        ("group_resubscribe", Some("group_resubscribe")),
        ("bounce", None),
    ] {
        assert_eq!(EventName::named(here).webhook_name(), webhook, "{here}");
        assert_eq!(EventName::named(here).as_str(), here);
    }
}
