//! One round: so many events through the pipeline after a checkpoint, and what each has cost.

use crate::load::{Posts, Repeats, Target, closed};
use crate::session::now;
use crate::usage::{Meter, Usage};
use crate::world::{Kind, World};
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Events of a round: what comes between two checkpoints at PostgreSQL's five minutes in a day of 29 million.
pub(super) const EVENTS: u64 = 100_000;
/// How long these events take in their own time, so that those of the next round come after them: 500 mails of three
/// events begin each second.
pub(super) const EVENT_TIME_S: i64 = 67;
const SIZE: usize = 100;
const CONNECTIONS: usize = 16;
const PATIENCE: Duration = Duration::from_mins(5);

/// What a round's events cost, each.
pub(super) struct Cost {
    /// Of worker and database.
    pub(super) cpu_us: f64,
    pub(super) wal_bytes: f64,
    pub(super) usage: Usage,
}

/// Sends so many events, the first of which happened at `at` (Unix seconds), and waits until they are committed.
pub(super) async fn round(world: &World, client: &Client, events: u64, at: i64) -> Result<Cost> {
    client.batch_execute("CHECKPOINT").await?;
    let posts = Arc::new(Posts::beginning(&world.key, events, SIZE, Repeats::None, at, now())?);
    let (address, path) = world.inbound()?;
    let before = committed(world)?;
    let wal = wal(client).await?;
    let meter = Meter::start(world.counted())?;
    closed(&Target { address, path }, &posts, CONNECTIONS).await?;
    let began = Instant::now();
    while committed(world)? < before + posts.events as f64 {
        ensure!(began.elapsed() < PATIENCE, "a round's events are not committed in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let usage = meter.stop()?;
    let wal = self::wal(client).await? - wal;
    let cpu_us = (usage.of("worker") + usage.of("postgres")) * 1e6 / posts.events as f64;
    Ok(Cost { cpu_us, wal_bytes: wal / posts.events as f64, usage })
}

fn committed(world: &World) -> Result<f64> {
    world.metric(Kind::Worker, "sendstate_worker_elements_total", "")
}

/// Bytes of WAL ever written.
async fn wal(client: &Client) -> Result<f64> {
    let row = client.query_one("SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8", &[]).await?;
    Ok(row.get(0))
}
