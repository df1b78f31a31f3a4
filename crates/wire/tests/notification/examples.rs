//! One example of each type, made by the code and kept beside the schema as the very bytes that are sent.

use crate::contract::Contract;
use domain::{CorrelatedBy, Failure, NotificationType, Standing as Name, StandingChange, Status};
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::LazyLock;
use wire::notification::{Body, Standing, TEST_TYPE, render};

static CATEGORIES: LazyLock<Vec<String>> = LazyLock::new(|| vec!["receipts".to_owned(), "spring".to_owned()]);

/// An asynchronous bounce, which names no message.
static FAILURE: LazyLock<Failure> = LazyLock::new(|| Failure {
    reason: Some("550 5.1.1 <reader@example.org>: user unknown".to_owned()),
    smtp_status: Some("5.1.1".to_owned()),
    classification: Some("Invalid Address".to_owned()),
    correlated_by: Some(CorrelatedBy::Recipient),
});

/// A message delivered at the second try, opened by a mail client on its own, clicked, and regretted.
const READ: &str = "kQ4mZ1x7TnyVbA2cR9pL0w.recvd-6c5f9d8b7-x2x9z-1-65F1A2B3-1C.0";

/// A message that was accepted and bounced a day later.
const BOUNCED: &str = "Wd3hT8u1SfqGkP5eJ6yN2a.recvd-6c5f9d8b7-x2x9z-1-65F1A2B4-0F.0";

/// Some seconds into the life of the examples.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_710_334_643 + second).unwrap()
}

/// What a message of a shop is told of: a move of its status.
fn of_message(
    kind: NotificationType,
    sequence: u32,
    previous: Status,
    status: Status,
    second: i64,
) -> Body<'static> {
    Body {
        kind,
        source: "shop",
        sg_message_id: Some(READ),
        recipient: Some("reader@example.org"),
        status: Some(status),
        previous_status: Some(previous),
        sequence: Some(sequence),
        implied: false,
        machine_open: false,
        occurred_at: at(second),
        received_at: at(second + 7),
        failure: None,
        categories: Some(&CATEGORIES),
        custom_args: Some(r#"{"customer":{"id":4711},"order":"R-2024-0313"}"#),
        standing: None,
        account_status: None,
    }
}

/// What an event is told of that changed something other than a message.
fn of_event(kind: NotificationType, second: i64) -> Body<'static> {
    Body {
        status: None,
        previous_status: None,
        sequence: None,
        sg_message_id: None,
        categories: None,
        custom_args: None,
        ..of_message(kind, 1, Status::Unknown, Status::Unknown, second)
    }
}

/// One body of each type: the life of [`READ`], the end of [`BOUNCED`] and what it did to its recipient, somebody who
/// comes back to a newsletter, and an account that SendGrid suspends.
pub(crate) fn all() -> Vec<Body<'static>> {
    use NotificationType as Type;
    let bounced = StandingChange { group: None, standing: Name::Bounced, previous: Name::Ok };
    let joined = StandingChange { group: Some(27), standing: Name::Ok, previous: Name::Unsubscribed };
    vec![
        of_message(Type::Processed, 1, Status::Unknown, Status::Processed, 0),
        of_message(Type::Deferred, 2, Status::Processed, Status::Deferred, 2),
        of_message(Type::Delivered, 3, Status::Deferred, Status::Delivered, 302),
        Body { machine_open: true, ..of_message(Type::Seen, 4, Status::Delivered, Status::Opened, 305) },
        of_message(Type::Clicked, 5, Status::Opened, Status::Clicked, 3_600),
        of_message(Type::Complained, 6, Status::Clicked, Status::Clicked, 3_660),
        of_message(Type::Unsubscribed, 7, Status::Clicked, Status::Clicked, 3_670),
        Body {
            sg_message_id: Some(BOUNCED),
            failure: Some((Status::Bounced, &FAILURE)),
            ..of_message(Type::Failed, 2, Status::Delivered, Status::Bounced, 86_400)
        },
        Body {
            sg_message_id: Some(BOUNCED),
            standing: Some(Standing { change: bounced, reason: FAILURE.reason.as_deref() }),
            ..of_event(Type::RecipientSuppressed, 86_400)
        },
        Body {
            standing: Some(Standing { change: joined, reason: None }),
            ..of_event(Type::RecipientResubscribed, 90_000)
        },
        Body {
            recipient: None,
            account_status: Some("compliance_suspend"),
            ..of_event(Type::AccountStatusChanged, 100_000)
        },
    ]
}

fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "schema", "examples"].iter().collect()
}

#[test]
fn each_example_is_what_is_sent_byte_for_byte() {
    let update = std::env::var_os("UPDATE_EXAMPLES").is_some();
    for body in all() {
        let path = folder().join(format!("{}.json", body.kind.as_str()));
        let sent = String::from_utf8(render(&body)).unwrap() + "\n";
        if update {
            std::fs::write(&path, &sent).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        let path = path.display();
        assert!(
            kept == sent,
            "{path} is not what is sent.\nIf the change is meant: UPDATE_EXAMPLES=1 cargo test -p wire --test \
             notification, then look at the difference.\nkept: {kept}sent: {sent}",
        );
    }
}

#[test]
fn there_is_one_example_of_each_type_and_no_other_file() {
    let kept =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let kept: BTreeSet<_> = kept.collect();
    let types = NotificationType::ALL.map(NotificationType::as_str).into_iter().chain([TEST_TYPE]);
    assert_eq!(kept, types.map(|kind| format!("{kind}.json")).collect());
    assert_eq!(all().len(), NotificationType::ALL.len());
}

#[test]
fn each_example_is_as_the_schema_says() {
    let (published, closed) = (Contract::published(), Contract::closed());
    for body in all() {
        let sent = serde_json::from_slice(&render(&body)).unwrap();
        for contract in [&published, &closed] {
            contract.check(&sent).unwrap_or_else(|error| panic!("{sent:#}\n{error}"));
        }
    }
}
