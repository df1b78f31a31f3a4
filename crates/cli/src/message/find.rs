//! From what was typed to messages. Ids and addresses are stored hashed per source, so each source has its own hash.

use crate::failure::Failure;
use domain::SourceId;
use store::look::{self, Message};
use store::source::Source;
use uuid::Uuid;
use wire::key;

pub(crate) async fn messages(
    client: &store::Client,
    sources: &[Source],
    id: Option<&str>,
    recipient: Option<&str>,
    limit: u16,
) -> Result<Vec<Message>, Failure> {
    let limit = i64::from(limit);
    let recipients = recipient.map(|address| recipient_hashes(sources, address));
    let Some(id) = id else {
        return Ok(look::messages_of_recipient(client, &recipients.unwrap_or_default(), limit).await?);
    };
    let recipients = recipients.as_deref();
    // What was typed may be the X-Message-Id, which can hold dots in old traffic; it means every recipient of the send.
    let mut found = look::messages_of_send(client, &id_hashes(sources, id), None, recipients, limit).await?;
    let prefix = key::message_id(id);
    if found.is_empty() && prefix != id {
        // Or a whole sg_message_id, which means one.
        found =
            look::messages_of_send(client, &id_hashes(sources, prefix), Some(id), recipients, limit).await?;
    }
    Ok(found)
}

fn id_hashes(sources: &[Source], message_id: &str) -> Vec<Uuid> {
    let hash = |source: &Source| Uuid::from_bytes(key::message_id_hash(SourceId(source.id), message_id));
    sources.iter().map(hash).collect()
}

fn recipient_hashes(sources: &[Source], address: &str) -> Vec<Uuid> {
    sources.iter().map(|source| Uuid::from_bytes(key::address(SourceId(source.id), address))).collect()
}
