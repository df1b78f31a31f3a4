//! Reading, told by tables: what every shape of input becomes. Addresses, ids and texts are our own; the shapes are
//! those that SendGrid's documentation, its traffic and its imitators show.

mod arguments;
mod batches;
mod hostile;
mod imitators;
mod shapes;
mod timestamps;

use super::*;

const RECEIVED: i64 = 1_710_334_650;

fn received_at() -> Timestamp {
    Timestamp::from_second(RECEIVED).unwrap()
}

fn elements(body: &[u8]) -> Vec<Element<'_>> {
    match read(body, received_at()) {
        Reading::Elements(elements) => elements,
        Reading::Unreadable(unreadable) => panic!("{unreadable}"),
    }
}

/// The one event of a batch of one.
fn event(object: impl AsRef<[u8]>) -> Event<'static> {
    one(object).unwrap_or_else(|unreadable| panic!("{unreadable}"))
}

fn refused(object: impl AsRef<[u8]>) -> QuarantineReason {
    one(object).map_or_else(|unreadable| unreadable.reason, |event| panic!("{event:?}"))
}

fn one(object: impl AsRef<[u8]>) -> Result<Event<'static>, Unreadable> {
    // An event borrows from its body, and a test ends soon.
    let body = [b"[", object.as_ref(), b"]\r\n"].concat().leak();
    let mut elements = elements(body);
    assert_eq!(elements.len(), 1);
    elements.remove(0).event
}

/// An event of this name with these further members, each led by a comma.
fn object(name: &str, members: &str) -> String {
    format!(r#"{{"event":"{name}","email":"reader@example.org","timestamp":1710334643{members}}}"#)
}

fn read_object(name: &str, members: &str) -> Event<'static> {
    event(object(name, members))
}

fn whole_reason(body: &[u8]) -> Option<QuarantineReason> {
    match read(body, received_at()) {
        Reading::Elements(_) => None,
        Reading::Unreadable(unreadable) => Some(unreadable.reason),
    }
}
