//! Rows there and back.

use super::*;
use domain::{MachineOpens, MessageEvent, Origin};

#[test]
fn every_message_comes_back_as_it_was_written() {
    let identity = Identity {
        key: MessageKey([1; 16]),
        source: SourceId(7),
        created_on: Date::constant(2026, 1, 2),
        created_hour: 23,
        sg_message_id: "id.recvd-1".to_owned(),
        recipient: "a@example.com".to_owned(),
        message_id_hash: [2; 16],
        recipient_hash: [3; 16],
        smtp_id_hash: Some([4; 16]),
    };
    for (first, kind) in EventKind::ALL.into_iter().enumerate() {
        let mut message = Message::default();
        for (second, kind) in [kind, EventKind::Bounce, EventKind::SpamReport].into_iter().enumerate() {
            let event = MessageEvent {
                kind,
                at: Timestamp::from_second(1_700_000_000 + i64::try_from(second).unwrap()).unwrap(),
                key: EventKey([u8::try_from(first * 3 + second).unwrap(); 16]),
                origin: Origin::Webhook,
                machine_open: false,
                failure: Some(Failure {
                    reason: Some("full".to_owned()),
                    correlated_by: Some(CorrelatedBy::Recipient),
                    ..Failure::default()
                }),
                custom_args: Some("{}".to_owned()),
                categories: Some(vec!["a".to_owned()]),
            };
            message.apply(&event, MachineOpens::Count, NotificationTypes::BY_DEFAULT);
            let (_, read) = MessageRow::new(identity.clone(), message.clone()).read().unwrap();
            assert_eq!(read, message, "{kind:?}");
        }
    }
}
