//! Email Activity, Email Logs, suppression lists.

use super::client;
use crate::harness::{Mail, SendGrid};
use jiff::{SignedDuration, Timestamp};
use sendgrid::activity::{BounceType, EventName, Query, Status};
use sendgrid::logs::{EVENTS_MAX, LogQuery, LogStatus};
use sendgrid::suppression::{List, PAGE_ROWS, Span};
use sendgrid::{Error, Limit, MessageId};
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn at(event: &Value) -> Timestamp {
    Timestamp::from_second(event["timestamp"].as_i64().unwrap()).unwrap()
}

fn id(mail: &Mail) -> MessageId {
    MessageId::new(mail.sg_message_id.clone()).unwrap()
}

#[tokio::test]
async fn a_message_is_found_by_its_last_event_and_shows_all_of_them() {
    let sendgrid = SendGrid::start().await;
    let client = client(&sendgrid);
    let mail = Mail::new();
    let mut bounce = mail.event("bounce", 20);
    bounce["type"] = json!("blocked");
    bounce["order"] = json!("17");
    let events = [mail.event("processed", 0), mail.event("deferred", 10), bounce];
    sendgrid.record(&events);
    sendgrid.record(&events);

    let last = at(&events[2]);
    let second = SignedDuration::from_secs(1);
    let found = async |first, last| {
        let page = client.activity(&Query::last_event_between(first, last), Limit::MAX).await.unwrap();
        page.rows.into_iter().map(|row| row.msg_id).collect::<Vec<_>>()
    };
    assert_eq!(found(last, last).await, [id(&mail)], "both ends are included");
    assert!(found(at(&events[0]), last - second).await.is_empty(), "only the last event counts");
    assert!(found(last + second, last + second * 60).await.is_empty());

    let message = client.activity_of(&id(&mail)).await.unwrap();
    assert_eq!((&message.status, message.unreadable), (&Status::NotDelivered, 0));
    assert_eq!(message.to_email.as_ref(), Some(&mail.recipient));
    assert_eq!(message.unique_args["order"], "17");
    assert_eq!(message.categories, ["tests"]);
    let names: Vec<_> = message.events.iter().map(|event| event.name.clone()).collect();
    assert_eq!(names, [EventName::Processed, EventName::Deferred, EventName::Bounced]);
    assert_eq!(message.events[1].attempt, Some(5));
    assert_eq!(message.events[2].bounce_type, Some(BounceType::Soft));
    assert_eq!(message.events[2].at, last);
    assert_eq!(message.events[2].reason.as_deref(), Some("550 5.1.1 no such user"));
}

#[tokio::test]
async fn messages_are_found_by_the_id_that_sending_returned_and_by_address() {
    let sendgrid = SendGrid::start().await;
    let client = client(&sendgrid);
    let (one, other) = (Mail::new(), Mail::new());
    sendgrid.record(&[one.event("delivered", 1), one.event("open", 2), other.event("processed", 1)]);
    let begins = Query::message_id_begins(one.message_id()).unwrap();
    let to = Query::to_email(&one.recipient).unwrap();
    // Two mails of one request begin alike, and these two may.
    let alike = client.activity(&begins, Limit::MAX).await.unwrap().rows;
    assert!(alike.iter().any(|row| row.msg_id == id(&one)), "{alike:?}");
    assert!(alike.iter().all(|row| row.msg_id.as_str().starts_with(one.message_id())), "{alike:?}");
    let whole = Query::message_id_begins(&one.sg_message_id).unwrap();
    for query in [&whole, &to, &begins.and(&to)] {
        let page = client.activity(query, Limit::MAX).await.unwrap();
        assert_eq!((page.rows.len(), &page.rows[0].msg_id), (1, &id(&one)), "{query}");
        assert_eq!((&page.rows[0].status, page.rows[0].opens_count), (&Status::Delivered, 1));
    }
    let neither = whole.and(&Query::to_email(&other.recipient).unwrap());
    assert!(client.activity(&neither, Limit::MAX).await.unwrap().rows.is_empty());
    let unknown = client.activity_of(&MessageId::new("a/b?c").unwrap()).await;
    assert!(matches!(unknown, Err(Error::NotFound { .. })), "{unknown:?}");
    assert_eq!(sendgrid.calls().last().unwrap().path, "/v3/messages/a%2Fb%3Fc");
}

#[tokio::test]
async fn a_full_page_hides_the_rest_without_a_word_and_shorter_stretches_show_it() {
    let sendgrid = SendGrid::start().await;
    let client = client(&sendgrid);
    let mails: Vec<_> = (0..1_100).map(|_| Mail::new()).collect();
    let events: Vec<_> =
        mails.iter().enumerate().map(|(n, mail)| mail.event("delivered", i64::from(n >= 500))).collect();
    sendgrid.record(&events);
    let times: Vec<_> = events.iter().map(at).collect();
    let (first, last) = (*times.iter().min().unwrap(), *times.iter().max().unwrap());
    let page = client.activity(&Query::last_event_between(first, last), Limit::MAX).await.unwrap();
    assert_eq!(page.returned(), 1_000);
    assert!(page.may_hide_more(Limit::MAX));

    let mut found = BTreeSet::new();
    let mut second = first;
    while second <= last {
        let page = client.activity(&Query::last_event_between(second, second), Limit::MAX).await.unwrap();
        assert!(!page.may_hide_more(Limit::MAX));
        found.extend(page.rows.into_iter().map(|row| row.msg_id));
        second += SignedDuration::from_secs(1);
    }
    assert_eq!(found, mails.iter().map(id).collect());
    assert_eq!(
        client.activity(&Query::last_event_between(first, last), Limit::new(7)).await.unwrap().returned(),
        7
    );
}

#[tokio::test]
async fn logs_show_events_in_the_webhooks_shape_with_their_ids() {
    let sendgrid = SendGrid::start().await;
    let client = client(&sendgrid);
    let mail = Mail::new();
    let mut delivered = mail.event("delivered", 2);
    delivered["order"] = json!("17");
    let events = [mail.event("processed", 0), delivered, mail.event("open", 60)];
    sendgrid.record(&events);
    let created = at(&events[0]);
    let second = SignedDuration::from_secs(1);
    let found = async |first, end| {
        let page = client.logs(&LogQuery::created_between(first, end), Limit::MAX).await.unwrap();
        page.rows
    };
    let rows = found(created, created + second).await;
    assert_eq!((&rows[0].sg_message_id, &rows[0].status), (&id(&mail), &LogStatus::Delivered));
    assert_eq!(rows[0].created_at, Some(created));
    assert!(found(created - second, created).await.is_empty(), "the end is not included");

    let message = client.log_of(&id(&mail)).await.unwrap();
    assert_eq!(message.custom_args["order"], "17");
    let ids: BTreeSet<_> = message.events.iter().map(|event| event.sg_event_id.clone().unwrap()).collect();
    assert_eq!(ids, events.iter().map(|event| event["sg_event_id"].as_str().unwrap().to_owned()).collect());
    let shown = message.events.iter().find(|event| event.event == "delivered").unwrap();
    assert_eq!(
        (&shown.element["smtp-id"], &shown.element["custom_args"]),
        (&events[1]["smtp-id"], &json!({ "order": "17" }))
    );
    assert!(!shown.element.contains_key("order"));

    let opens: Vec<_> = (61..200).map(|seconds| mail.event("open", seconds)).collect();
    sendgrid.record(&opens);
    let message = client.log_of(&id(&mail)).await.unwrap();
    assert_eq!(message.events.len(), EVENTS_MAX);
    assert!(message.events.iter().all(|event| event.event == "open"), "the latest are shown");
}

#[tokio::test]
async fn an_account_without_activity_or_logs_says_so() {
    let sendgrid = SendGrid::start().await;
    let client = client(&sendgrid);
    let mail = Mail::new();
    sendgrid.record(&[mail.event("processed", 0)]);
    let (now, query) = (at(&mail.event("processed", 0)), Query::to_email(&mail.recipient).unwrap());
    for status in [403, 404] {
        sendgrid.refuse_activity(Some(status));
        sendgrid.refuse_logs(Some(status));
        assert!(client.activity(&query, Limit::MAX).await.unwrap_err().is_not_available());
        assert!(client.activity_of(&id(&mail)).await.unwrap_err().is_not_available());
        let logs = client.logs(&LogQuery::created_between(now, now), Limit::MAX).await;
        assert!(logs.unwrap_err().is_not_available());
        assert!(client.log_of(&id(&mail)).await.unwrap_err().is_not_available());
    }
    sendgrid.refuse_activity(None);
    sendgrid.refuse_logs(None);
    client.activity(&query, Limit::MAX).await.unwrap();
    client.log_of(&id(&mail)).await.unwrap();
}

#[tokio::test]
async fn a_suppression_list_is_read_page_by_page_and_within_a_span() {
    let sendgrid = SendGrid::start().await;
    let client = client(&sendgrid);
    for number in 0..1_203 {
        let email = format!("reader-{number}@example.com");
        sendgrid.suppress(
            "bounces",
            json!({ "created": 1_700_000_000 + number, "email": email, "status": "5.1.1" }),
        );
    }
    let mut emails = BTreeSet::new();
    let mut offset = Some(0);
    while let Some(from) = offset {
        let page = client.suppressed(List::Bounces, Span::default(), from).await.unwrap();
        assert_eq!(page.unreadable, 0);
        emails.extend(page.rows.into_iter().map(|row| row.email));
        offset = page.next;
    }
    assert_eq!((emails.len(), sendgrid.calls().len()), (1_203, 3));
    assert_eq!(sendgrid.calls()[1].query["offset"], (PAGE_ROWS - 1).to_string());

    let second = |number: i64| Some(Timestamp::from_second(1_700_000_000 + number).unwrap());
    let span = Span { first: second(10), last: second(19) };
    let page = client.suppressed(List::Bounces, span, 0).await.unwrap();
    assert_eq!((page.rows.len(), page.next), (10, None));
    assert_eq!(page.rows[0].created_at, second(10));
    for list in List::ALL {
        let page = client.suppressed(list, Span { first: second(5_000), last: None }, 0).await.unwrap();
        assert!(page.rows.is_empty(), "{list:?}");
    }
}
