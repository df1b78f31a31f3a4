//! A stock of events, messages, batches and notifications, cloned from a real run's.

use anyhow::Result;
use futures_util::future::try_join_all;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio_postgres::Client;

/// What is cloned: a mail's life is three events.
pub(crate) const TEMPLATE_EVENTS: u64 = 30_000;
const TEMPLATE_MESSAGES: u64 = TEMPLATE_EVENTS / 3;
/// Of half an hour in a day of 20 million events: what an hour's part of an index holds on average.
const HOUR_MESSAGES: u64 = 140_000;
/// Clones of the template made by one statement.
const AT_ONCE: u64 = 8;
/// Clones are set back in time by this much each, so that 20 million events spread over 18 hours.
const SHIFT_S: i64 = 100;

/// Another key, the same for the same key and clone: its time is set back, its hash is hashed again.
const CLONE_KEY: &str = "
CREATE FUNCTION clone_key(key uuid, clone bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS $$
    SELECT (lpad(to_hex(('x' || left(key::text, 8))::bit(32)::bigint - clone * SHIFT), 8, '0')
            || right(md5(key::text || clone), 24))::uuid
$$";

const TEMPLATE: &str = "
CREATE TABLE stock_batches AS SELECT * FROM batches;
CREATE TABLE stock_events AS SELECT * FROM events;
CREATE TABLE stock_messages AS SELECT * FROM messages;
CREATE TABLE stock_notifications AS SELECT * FROM notifications;
UPDATE stock_events SET raw = '';
UPDATE stock_notifications SET body = ''";

/// Days stay as they are: all of the stock is of the day that is being filled.
const CLONE: &str = "
CREATE TEMPORARY TABLE clone_batches AS
    SELECT b.*, c FROM generate_series(FIRST_CLONE, LAST_CLONE) c, stock_batches b ORDER BY c DESC, id;
UPDATE clone_batches SET id = clone_key(id, c);
ALTER TABLE clone_batches DROP c;
INSERT INTO batches SELECT * FROM clone_batches;
CREATE TEMPORARY TABLE clone_messages AS
    SELECT m.*, c FROM generate_series(FIRST_CLONE, LAST_CLONE) c, stock_messages m ORDER BY c DESC, key;
UPDATE clone_messages SET key = clone_key(key, c), created_hour = HOUR,
    message_id_hash = clone_key(message_id_hash, c), recipient_hash = clone_key(recipient_hash, c),
    smtp_id_hash = clone_key(smtp_id_hash, c);
ALTER TABLE clone_messages DROP c;
INSERT INTO messages SELECT * FROM clone_messages;
INSERT INTO events SELECT day, clone_key(natural_key, c), clone_key(first_key, c), source_id, clone_key(message_key, c),
        correlated_by, clone_key(batch_id, c), ordinal, occurred_at, received_at, name, outcome, reason, raw
    FROM generate_series(FIRST_CLONE, LAST_CLONE) c, stock_events ORDER BY c DESC, batch_id, ordinal;
INSERT INTO notifications SELECT created_on, clone_key(subject_key, c), type, source_id, clone_key(webhook_id, c), sequence,
        implied, status, occurred_at, created_at, body
    FROM generate_series(FIRST_CLONE, LAST_CLONE) c, stock_notifications ORDER BY c DESC, subject_key;
DROP TABLE clone_batches, clone_messages";

/// Keeps what was stored so far as what clones are made of.
pub(crate) async fn take_template(client: &Client) -> Result<()> {
    client.batch_execute(&CLONE_KEY.replace("SHIFT", &SHIFT_S.to_string())).await?;
    Ok(client.batch_execute(TEMPLATE).await?)
}

/// Clones until about so many events are stored, over all the connections at once. The hour that is going on gets nothing.
pub(crate) async fn fill(clients: &[Client; 2], events: u64) -> Result<()> {
    let wanted = events / TEMPLATE_EVENTS;
    clone_up_to(clients, wanted, "(created_hour + 2399 - c * SHIFT / 3600) % 24").await
}

/// Clones until the hour has its messages.
pub(crate) async fn fill_hour(clients: &[Client; 2], hour: i32) -> Result<()> {
    let [client, _] = clients;
    let count = "SELECT count(*) FROM messages WHERE created_on = (now() AT TIME ZONE 'UTC')::date AND created_hour = $1";
    let there: i64 = client.query_one(count, &[&i16::try_from(hour)?]).await?.get(0);
    let missing = HOUR_MESSAGES.saturating_sub(u64::try_from(there)?) / TEMPLATE_MESSAGES;
    let stored = stored(client).await?;
    clone_up_to(clients, stored + missing, &hour.to_string()).await
}

/// Clones of the template that are stored, and whatever else, in its events.
async fn stored(client: &Client) -> Result<u64> {
    let events: i64 = client.query_one("SELECT count(*) FROM events", &[]).await?.get(0);
    Ok(u64::try_from(events)? / TEMPLATE_EVENTS)
}

async fn clone_up_to(clients: &[Client; 2], wanted: u64, hour: &str) -> Result<()> {
    let [client, _] = clients;
    let next = &AtomicU64::new(stored(client).await?);
    try_join_all(clients.iter().map(|client| async move {
        loop {
            let first = next.fetch_add(AT_ONCE, Relaxed);
            if first >= wanted {
                return Ok::<_, tokio_postgres::Error>(());
            }
            client.batch_execute(&clone(first + 1, (first + AT_ONCE).min(wanted), hour)).await?;
        }
    }))
    .await?;
    Ok(())
}

/// Makes these clones, both included.
fn clone(first: u64, last: u64, hour: &str) -> String {
    CLONE
        .replace("HOUR", hour)
        .replace("SHIFT", &SHIFT_S.to_string())
        .replace("FIRST_CLONE", &first.to_string())
        .replace("LAST_CLONE", &last.to_string())
}
