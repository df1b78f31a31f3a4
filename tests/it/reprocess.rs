//! What is concluded later: bounces that waited for their message, what came out of the quarantine, messages worked out
//! again, and what all of it tells.

mod pending;
mod release;
mod replay;
mod standing;

use crate::harness::Mail;
use serde_json::Value;

/// A bounce as it comes asynchronously: it says whose it is, and no id of its message.
pub(crate) fn anonymous_bounce(mail: &Mail, second: i64) -> Value {
    let mut bounce = mail.event("bounce", second);
    for id in ["sg_message_id", "smtp-id", "category"] {
        bounce.as_object_mut().unwrap().remove(id);
    }
    bounce
}
