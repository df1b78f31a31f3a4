//! What end to end is held against: the rows that a run has left, inserted into an empty database of the same schema in
//! batches, over one connection that does nothing else. Nothing is read, decided or looked up.
//!
//! It is a yardstick that is easily made again. It is not the least that the rows can cost (`COPY` costs less), nor the
//! highest rate that the database takes them at: the product may use several connections, so that it can be faster.

use crate::world::World;
use anyhow::{Result, ensure};
use std::time::Instant;
use store::batch::day;
use store::event::EventRow;
use store::message::MessageRow;
use store::notification::NotificationRow;
use tokio_postgres::{Client, Statement};
use uuid::Uuid;

/// Events in a transaction: more make it no faster here.
const CHUNK: usize = 2_000;

/// What a run has left.
pub(crate) struct Rows {
    batches: Vec<(Uuid, i32, jiff::Timestamp)>,
    events: Vec<EventRow>,
    messages: Vec<MessageRow>,
    notifications: Vec<NotificationRow>,
}

impl Rows {
    pub(crate) async fn read(world: &World) -> Result<Self> {
        let client = world.db().await?;
        let batches = client.query("SELECT id, source_id, received_at FROM batches ORDER BY id", &[]).await?;
        let events = "SELECT ROW (e.*)::event_row FROM events e ORDER BY batch_id, ordinal";
        let events = client.query(events, &[]).await?;
        let messages = "SELECT ROW (m.*)::message_row FROM messages m ORDER BY key";
        let messages = client.query(messages, &[]).await?;
        let notifications = "SELECT ROW (n.*)::notification_row FROM notifications n ORDER BY created_at, subject_key, sequence";
        let notifications = client.query(notifications, &[]).await?;
        Ok(Self {
            batches: batches.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect(),
            events: events.iter().map(|row| row.get(0)).collect(),
            messages: messages.iter().map(|row| row.get(0)).collect(),
            notifications: notifications.iter().map(|row| row.get(0)).collect(),
        })
    }

    /// Inserts everything into the world's database; events per second.
    pub(crate) async fn insert(&self, world: &World) -> Result<f64> {
        let mut client = world.db().await?;
        let statements = Statements::prepare(&client).await?;
        let chunks = self.events.len().div_ceil(CHUNK).max(1);
        let began = Instant::now();
        for number in 0..chunks {
            self.chunk(&mut client, &statements, number, chunks).await?;
        }
        let elapsed = began.elapsed();
        let stored: i64 = client.query_one("SELECT count(*) FROM events", &[]).await?.get(0);
        ensure!(stored as usize == self.events.len(), "the floor has stored {stored} events");
        Ok(self.events.len() as f64 / elapsed.as_secs_f64())
    }

    async fn chunk(
        &self,
        client: &mut Client,
        statements: &Statements,
        number: usize,
        of: usize,
    ) -> Result<()> {
        let batches = part(&self.batches, number, of);
        let days: Vec<_> = batches.iter().map(|(.., at)| day(*at)).collect();
        let ids: Vec<_> = batches.iter().map(|(id, ..)| *id).collect();
        let sources: Vec<_> = batches.iter().map(|(_, source, _)| *source).collect();
        let times: Vec<_> = batches.iter().map(|(.., at)| *at).collect();
        let events: Vec<&EventRow> = part(&self.events, number, of).iter().collect();
        let messages: Vec<&MessageRow> = part(&self.messages, number, of).iter().collect();
        let notifications: Vec<&NotificationRow> = part(&self.notifications, number, of).iter().collect();
        let transaction = client.transaction().await?;
        transaction.execute(&statements.batches, &[&days, &ids, &sources, &times]).await?;
        transaction.execute(&statements.events, &[&events]).await?;
        transaction.execute(&statements.messages, &[&messages]).await?;
        transaction.execute(&statements.notifications, &[&notifications]).await?;
        transaction.commit().await?;
        Ok(())
    }
}

/// The part `number` of `of` of about the same length.
fn part<T>(all: &[T], number: usize, of: usize) -> &[T] {
    &all[all.len() * number / of..all.len() * (number + 1) / of]
}

struct Statements {
    batches: Statement,
    events: Statement,
    messages: Statement,
    notifications: Statement,
}

impl Statements {
    /// The row types have the columns of their tables, in the same order.
    async fn prepare(client: &Client) -> Result<Self> {
        let whole = |table: &str, row: &str| format!("INSERT INTO {table} SELECT * FROM unnest($1::{row}[])");
        let batches = "INSERT INTO batches (received_on, id, source_id, received_at, state)
                       SELECT d, i, s, r, 'recorded'
                       FROM unnest($1::date[], $2::uuid[], $3::int[], $4::timestamptz[]) AS b (d, i, s, r)";
        Ok(Self {
            batches: client.prepare(batches).await?,
            events: client.prepare(&whole("events", "event_row")).await?,
            messages: client.prepare(&whole("messages", "message_row")).await?,
            notifications: client.prepare(&whole("notifications", "notification_row")).await?,
        })
    }
}
