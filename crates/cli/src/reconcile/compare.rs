//! Which message a row is of, and whether what is stored says the same.

use super::records::{Glance, Listed, Stage};
use domain::origin::NEAR;
use domain::{MessageKey, SourceId, Status};
use sendgrid::MessageId;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use store::reconcile::Stored;

/// A row, attributed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subject {
    pub listed: Listed,
    pub key: MessageKey,
    pub sg_message_id: String,
    pub recipient: String,
}

/// A row of which it cannot be told whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Nobodys {
    pub id: MessageId,
    pub reason: &'static str,
}

/// The messages of rows, each once: what one batch says of a message side by side is never taken for one
/// (`domain::origin`), so a row that is listed twice would be recovered twice. Rows of one message that differ say that it is
/// to be asked for.
pub(super) fn subjects(source: SourceId, rows: Vec<Listed>) -> (Vec<Subject>, Vec<Nobodys>) {
    let (mut subjects, mut nobodys) = (Vec::<Subject>::with_capacity(rows.len()), Vec::new());
    let mut places = HashMap::with_capacity(rows.len());
    for row in rows {
        match attribute(source, row) {
            Err(one) => nobodys.push(one),
            Ok(subject) => match places.entry(subject.key) {
                Entry::Vacant(place) => {
                    place.insert(subjects.len());
                    subjects.push(subject);
                }
                Entry::Occupied(place) => {
                    let glance = &mut subjects[*place.get()].listed.glance;
                    *glance = glance.filter(|known| subject.listed.glance == Some(*known));
                }
            },
        }
    }
    (subjects, nobodys)
}

/// The message of a row: its id and its address together name it, as in the webhook.
///
/// # Errors
/// Why it cannot be told.
pub(super) fn attribute(source: SourceId, listed: Listed) -> Result<Subject, Nobodys> {
    let recipient = listed.recipient.as_deref().and_then(wire::sendgrid::normalise_address);
    let Some(recipient) = recipient.map(std::borrow::Cow::into_owned) else {
        return Err(Nobodys { id: listed.id, reason: "it says no address" });
    };
    let sg_message_id = listed.id.as_str().to_owned();
    // One id of a request is shared by all its recipients' messages, and by two to the same address.
    if wire::key::message_id(&sg_message_id) == sg_message_id {
        return Err(Nobodys { id: listed.id, reason: "its id is that of a request, not of a message" });
    }
    let key = wire::key::message(source, &sg_message_id, &recipient);
    Ok(Subject { listed, key, sg_message_id, recipient })
}

/// Whether what is stored of a message is all that its row can stand for: the same step, the same counts, the same latest
/// event, and no step missing on the way. A row does not count everything; see `super::lately`.
///
/// A message that was dropped may never have been processed, and one that bounced may have been delivered before: the row
/// says the same of both. So whichever lacks such a step does not agree, though most of them lack nothing.
pub(super) fn agrees(glance: &Glance, stored: &Stored) -> bool {
    let latest = stored.latest_event_at.is_some_and(|at| at.duration_since(glance.latest).abs() <= NEAR);
    Stage::of(stored.status) == Some(glance.stage)
        && i64::try_from(glance.opens) == Ok(stored.opens)
        && i64::try_from(glance.clicks) == Ok(stored.clicks)
        && latest
        && stored.processed_at.is_some()
        && (stored.delivered_at.is_some() || !may_be_delivered(stored.status))
}

/// What is dropped never was. A bounce or a block may come after the delivery.
const fn may_be_delivered(status: Status) -> bool {
    !matches!(status, Status::Unknown | Status::Processed | Status::Deferred | Status::Dropped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn listed(id: &str, recipient: Option<&str>) -> Listed {
        let id = MessageId::new(id).unwrap();
        Listed { id, recipient: recipient.map(str::to_owned), at: Some(at(0)), glance: None }
    }

    #[test]
    fn a_row_names_its_message_as_the_webhook_does() {
        let source = SourceId(3);
        let subject = attribute(source, listed("abc.recvd-1.0", Some(" Anna@Example.com "))).unwrap();
        assert_eq!(subject.recipient, "anna@example.com");
        assert_eq!(subject.key, wire::key::message(source, "abc.recvd-1.0", "anna@example.com"));
    }

    #[test]
    fn what_names_no_one_message_is_refused_with_the_reason() {
        for (id, recipient, why) in [
            ("abc.recvd-1.0", None, "no address"),
            ("abc.recvd-1.0", Some(" "), "no address"),
            ("abc", Some("a@example.com"), "of a request"),
        ] {
            let refused = attribute(SourceId(1), listed(id, recipient)).unwrap_err();
            assert!(refused.reason.contains(why) && refused.id.as_str() == id, "{refused:?}");
        }
    }

    const GLANCE: fn() -> Glance = || Glance { stage: Stage::Delivered, opens: 2, clicks: 1, latest: at(60) };

    fn stored() -> Stored {
        Stored {
            message: MessageKey([1; 16]),
            status: Status::Clicked,
            processed_at: Some(at(0)),
            delivered_at: Some(at(1)),
            latest_event_at: Some(at(60)),
            opens: 2,
            clicks: 1,
            told: true,
            facts: 5,
        }
    }

    #[test]
    fn what_agrees_in_everything_needs_no_second_look_and_anything_else_does() {
        assert!(agrees(&GLANCE(), &stored()));
        assert!(agrees(&GLANCE(), &Stored { latest_event_at: Some(at(61)), ..stored() }), "within a second");
        for (what, other) in [
            ("a step", Stored { status: Status::Processed, ..stored() }),
            ("only facts", Stored { status: Status::Unknown, ..stored() }),
            ("opens", Stored { opens: 1, ..stored() }),
            ("clicks", Stored { clicks: 2, ..stored() }),
            ("the latest", Stored { latest_event_at: Some(at(62)), ..stored() }),
            ("no latest", Stored { latest_event_at: None, ..stored() }),
            ("processed", Stored { processed_at: None, ..stored() }),
            ("delivered", Stored { delivered_at: None, ..stored() }),
        ] {
            assert!(!agrees(&GLANCE(), &other), "{what}");
        }
    }

    #[test]
    fn a_step_that_may_have_been_before_the_end_is_asked_for() {
        let glance = Glance { stage: Stage::NotDelivered, opens: 0, clicks: 0, latest: at(5) };
        let dropped = Stored {
            status: Status::Dropped,
            delivered_at: None,
            latest_event_at: Some(at(5)),
            opens: 0,
            clicks: 0,
            ..stored()
        };
        assert!(agrees(&glance, &dropped));
        assert!(!agrees(&glance, &Stored { processed_at: None, ..dropped }), "or it was never processed");
        for status in [Status::Bounced, Status::Blocked] {
            assert!(!agrees(&glance, &Stored { status, ..dropped }), "or it was never delivered");
            assert!(agrees(&glance, &Stored { status, delivered_at: Some(at(1)), ..dropped }));
        }
    }

    #[test]
    fn a_message_that_is_listed_twice_is_one_and_where_its_rows_differ_is_asked_for() {
        let row = |id: &str, opens| Listed {
            glance: Some(Glance { opens, ..GLANCE() }),
            ..listed(id, Some("a@example.com"))
        };
        let rows = vec![
            row("abc.recvd-1.0", 2),
            row("def.recvd-1.0", 2),
            row("abc.recvd-1.0", 2),
            row("def.recvd-1.0", 3),
            row("def.recvd-1.0", 2),
            listed("abc", Some("a@example.com")),
        ];
        let (subjects, nobodys) = subjects(SourceId(1), rows);
        let seen: Vec<_> =
            subjects.iter().map(|one| (one.sg_message_id.as_str(), one.listed.glance)).collect();
        assert_eq!(seen, [("abc.recvd-1.0", Some(GLANCE())), ("def.recvd-1.0", None)]);
        assert_eq!(nobodys.len(), 1);
    }
}
