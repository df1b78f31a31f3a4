//! One command at a time changes a source's webhook in SendGrid, or what the source asks of it.
//!
//! Each such command looks at what there is and does what is missing, so two at once would each take away what the other
//! relies on: of two rotations, one would retire the key that the other has just had made. The lock is the connection's and
//! ends with it, however the process ends. A connection that breaks meanwhile loses the lock unnoticed, and people at
//! SendGrid's pages never hold it; so what must not happen even then is looked at again where it is done.

use crate::failure::Failure;
use crate::output;
use std::time::Duration;
use store::source;
use tokio::time::{Instant, sleep};

/// A command that has just ended may hold the lock until the server has noticed. Longer than that takes, and shorter than
/// anybody waits for nothing.
const PATIENCE: Duration = Duration::from_secs(3);
const TRY_AGAIN: Duration = Duration::from_millis(200);

/// Keeps every other command of this kind away from the source with this name, for as long as the connection is there.
pub(super) async fn alone(client: &store::Client, name: &str) -> Result<(), Failure> {
    let deadline = Instant::now() + PATIENCE;
    while !source::lock_webhook(client, name).await? {
        if Instant::now() >= deadline {
            return Err(Failure::failed(format!(
                "another command that changes the webhook of source `{}` is under way",
                output::plain(name)
            ))
            .next("wait until it has ended, and run this again"));
        }
        sleep(TRY_AGAIN).await;
    }
    Ok(())
}
