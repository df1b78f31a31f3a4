//! What is told of recipients and of the account, to whoever asks for it.

use crate::harness::{Mail, Options, Receiver, Sender, World, tally};
use serde_json::{Value, json};

fn of(mail: &Mail, name: &str, second: i64, group: Option<i64>) -> Value {
    let mut event = mail.event(name, second);
    if let Some(group) = group {
        event["asm_group_id"] = group.into();
    }
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_a_standing_is_told_once_and_what_only_confirms_it_is_not() {
    let world = World::start(Options::new(1, 1, 1)).await;
    let (sender, all, default, mail) =
        (Sender::new(), Receiver::start().await, Receiver::start().await, Mail::new());
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&all, &["--types", "recipient.suppressed,recipient.resubscribed"]).await;
    world.endpoint(&default, &[]).await;
    let events = [
        of(&mail, "unsubscribe", 10, None),
        of(&mail, "unsubscribe", 11, None),
        of(&mail, "group_unsubscribe", 12, Some(7)),
        of(&mail, "group_resubscribe", 14, Some(7)),
        of(&mail, "group_unsubscribe", 13, Some(7)),
        of(&mail, "bounce", 20, None),
        of(&mail, "spamreport", 30, None),
    ];
    let mut told = 0;
    for event in events {
        // One after the other, and each twice.
        let post = sender.batch(&[event.clone(), event]);
        assert_eq!(tally(&world.batch(&post.to(&url).await.unwrap()).await)[4], 1);
        told += 1;
    }
    assert_eq!(told, 7);
    world.nothing_owed().await;
    let mut changes: Vec<_> = all
        .told()
        .iter()
        .map(|one| {
            let standing = &one.body["data"]["standing"];
            let text = |key: &str| standing[key].as_str().unwrap().to_owned();
            let at = one.body["data"]["occurred_at"].as_str().unwrap().to_owned();
            assert_eq!((one.sequence, one.recipient.as_str()), (None, mail.recipient.as_str()));
            assert_eq!(one.body["data"]["status"], Value::Null);
            (at, one.kind.clone(), standing["group_id"].as_i64(), text("previous"), text("current"))
        })
        .collect();
    changes.sort();
    let changes: Vec<_> = changes
        .iter()
        .map(|(_, kind, group, before, after)| (kind.as_str(), *group, before.as_str(), after.as_str()))
        .collect();
    assert_eq!(
        changes,
        [
            ("recipient.suppressed", None, "ok", "unsubscribed"),
            ("recipient.suppressed", Some(7), "ok", "unsubscribed"),
            ("recipient.resubscribed", Some(7), "unsubscribed", "ok"),
            ("recipient.suppressed", None, "unsubscribed", "bounced"),
            ("recipient.suppressed", None, "bounced", "complained"),
        ]
    );
    assert!(default.told().iter().all(|one| one.kind.starts_with("message.")));
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_account_is_told_to_who_asks_and_concerns_no_message() {
    let world = World::start(Options::new(1, 1, 1)).await;
    let (sender, receiver) = (Sender::new(), Receiver::start().await);
    let url = world.signed_source("main", &sender).await;
    world.endpoint(&receiver, &["--types", "account.status_changed"]).await;
    let event = json!({
        "event": "account_status_change", "sg_event_id": "MTIzLXRlcm1pbmF0ZS0x", "timestamp": crate::harness::now_seconds(),
        "type": "compliance_suspend",
    });
    let batch = world.batch(&sender.batch(&[event]).to(&url).await.unwrap()).await;
    assert_eq!(tally(&batch), [1, 1, 0, 0, 0, 0]);
    world.nothing_owed_of(1).await;
    let told = receiver.told();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].body["data"]["account"], json!({ "status": "compliance_suspend" }));
    assert_eq!((told[0].sequence, &told[0].body["data"]["recipient"]), (None, &Value::Null));
    world.finish().await;
}
