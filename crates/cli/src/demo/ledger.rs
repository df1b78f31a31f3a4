//! What the database says about the demo's own batches, messages, recipients and quarantine.

use super::sender::Accepted;
use crate::batch;
use crate::failure::Failure;
use domain::SourceId;
use std::collections::{BTreeMap, HashMap};
use store::look::{self, Batch, QuarantineFilter, Quarantined};
use traffic::Mail;
use uuid::Uuid;

/// Recipients looked up together.
const TOGETHER: usize = 1_000;
/// More than the demo holds on purpose.
const QUARANTINED_MAX: i64 = 1_000;

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

/// How those of these addresses stand of which anything is known.
pub(crate) async fn standings(
    client: &store::Client,
    source: SourceId,
    addresses: &[String],
) -> Result<BTreeMap<String, &'static str>, Failure> {
    let mut standings = BTreeMap::new();
    for some in addresses.chunks(TOGETHER) {
        let hash = |address: &String| (source.0, Uuid::from_bytes(wire::key::address(source, address)));
        let asked: Vec<(i32, Uuid)> = some.iter().map(hash).collect();
        for recipient in look::recipients(client, &asked).await? {
            let (standing, ..) = recipient.known.standing();
            standings.insert(recipient.address, standing.as_str());
        }
    }
    Ok(standings)
}

/// What is held aside of this source.
pub(crate) async fn quarantined(
    client: &store::Client,
    source: SourceId,
) -> Result<Vec<Quarantined>, Failure> {
    let filter = QuarantineFilter { source_id: Some(source.0), ..QuarantineFilter::default() };
    Ok(look::quarantine(client, filter, i64::MAX, QUARANTINED_MAX).await?)
}
