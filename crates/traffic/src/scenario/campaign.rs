//! One Single Send to many: which lives its mails have, and the fields that mark its events.
//!
//! The fields are those of recorded Single Send events; they are SendGrid's own and no custom arguments.

use crate::chance::Chance;
use crate::dress::Dress;
use crate::mail::Mail;
use crate::step::Step::{
    self, Blocked, Bounce, Click, Deferred, Delivered, Dropped, GroupUnsubscribe, MachineOpen, Open,
    Processed, Spamreport, Unsubscribe,
};

const NAME: &str = "autumn-letter";

/// Marks of a Single Send.
const MARKS: [(&str, &str); 4] = [
    ("mc_stats", "singlesend"),
    ("phase_id", "send"),
    ("singlesend_id", "6a4f3a7e-2f07-4d5d-9f5e-0b1d6c2f9a11"),
    ("singlesend_name", "Autumn letter"),
];

/// In hundredths, up to and without: what happens to that share of the mails.
const SHARES: [(u64, &[Step]); 12] = [
    (2, &[Processed, Dropped]),
    (5, &[Processed, Bounce]),
    (6, &[Processed, Deferred, Blocked]),
    (9, &[Processed, Deferred, Delivered]),
    (30, &[Processed, Delivered, Open]),
    (36, &[Processed, Delivered, MachineOpen]),
    (41, &[Processed, Delivered, Open, Click]),
    (42, &[Processed, Delivered, Click]),
    (43, &[Processed, Delivered, Open, Spamreport]),
    (44, &[Processed, Delivered, Open, Click, Unsubscribe]),
    (45, &[Processed, Delivered, Open, GroupUnsubscribe]),
    (100, &[Processed, Delivered]),
];

/// The life of one of its mails.
pub(super) fn life(mail: &Mail, number: u64) -> &'static [Step] {
    // A stream of its own, so that times do not depend on the life.
    let lot = Chance::of(mail.chance.clone().draw(), number).between(0, 99);
    SHARES.iter().find(|(end, _)| lot < *end).map_or(&[Processed, Delivered], |(_, steps)| steps)
}

/// All its mails belong to the same mailing.
pub(super) fn of(mail: Mail) -> Mail {
    Mail { campaign: NAME, ..mail }
}

/// Its marks, on top of what somebody chose.
pub(super) fn dress(chosen: &Dress) -> Dress {
    Dress { marks: MARKS.to_vec(), ..chosen.clone() }
}
