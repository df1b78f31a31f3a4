//! What the database says about the demo's own batches and messages.

use super::sender::Accepted;
use crate::batch;
use crate::failure::Failure;
use crate::generate::Mail;
use domain::SourceId;
use std::collections::{BTreeMap, HashMap};
use store::look::{self, Batch};
use uuid::Uuid;

/// Adds the batches that have entered the ledger since; returns how many are still missing.
pub(crate) async fn follow(
    client: &store::Client,
    accepted: &[Accepted],
    ledger: &mut HashMap<Uuid, Batch>,
) -> Result<usize, Failure> {
    let mut missing = 0;
    for post in accepted {
        if ledger.contains_key(&post.batch) {
            continue;
        }
        match batch::find(client, post.batch).await? {
            Some(found) => drop(ledger.insert(post.batch, found)),
            None => missing += 1,
        }
    }
    Ok(missing)
}

/// How many of these mails stand at each status.
pub(crate) async fn statuses(
    client: &store::Client,
    source: SourceId,
    mails: &[Mail],
) -> Result<BTreeMap<String, u64>, Failure> {
    let hash = |mail: &Mail| Uuid::from_bytes(wire::key::message_id_hash(source, &mail.message_id));
    let hashes: Vec<Uuid> = mails.iter().map(hash).collect();
    let limit = i64::try_from(mails.len()).unwrap_or(i64::MAX);
    let mut statuses = BTreeMap::new();
    for message in look::messages_of_send(client, &hashes, None, None, limit).await? {
        *statuses.entry(message.status).or_default() += 1;
    }
    Ok(statuses)
}
