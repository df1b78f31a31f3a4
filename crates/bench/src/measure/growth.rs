//! What an event costs when millions are stored: CPU of worker and database, and bytes of WAL, against an empty database.
//!
//! The stock is cloned inside the database from the rows that a real run has left: as many rows, keys and index entries,
//! spread over the day as a day's traffic is, with bodies shortened, which nothing reads. What is measured is always the
//! real pipeline, without autovacuum.

mod stock;

use crate::load::{Posts, Repeats, Target, closed};
use crate::result::Measurement;
use crate::session::{Session, now};
use crate::usage::{Meter, Usage};
use crate::world::{Kind, World};
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// Events stored before each measurement.
const LEVELS: [u64; 4] = [0, 1_000_000, 5_000_000, 20_000_000];
/// Events of a round, each of which begins after a checkpoint: long enough that full page images count as in service.
const ROUND: u64 = 300_000;
const ROUNDS: usize = 3;
const SIZE: usize = 100;
const CONNECTIONS: usize = 16;
const PATIENCE: Duration = Duration::from_mins(5);

/// What a round's events cost, each.
struct Cost {
    cpu_us: f64,
    wal_bytes: f64,
    usage: Usage,
}

pub(crate) async fn measure(session: &mut Session) -> Result<()> {
    let mut world = World::new(&session.environment).await?;
    world.start(Kind::Ingest).await?;
    world.start(Kind::Worker).await?;
    // One for each core: to fill is what takes long.
    let clients = [world.db().await?, world.db().await?];
    let client = &clients[0];
    // Its work comes in lumps of its own time, for some rounds and not for others; what it costs is in proportion to what
    // was written, whatever is stored.
    client.batch_execute("ALTER SYSTEM SET autovacuum = off").await?;
    client.batch_execute("SELECT pg_reload_conf()").await?;
    // Plans, caches and connections, and the rows that the stock is cloned from.
    round(&world, client, stock::TEMPLATE_EVENTS).await?;
    stock::take_template(client).await?;
    let mut floors: Option<[Measurement; 2]> = None;
    for level in LEVELS {
        session.say(&format!("growth: filling up to {level} events"));
        stock::fill(&clients, level).await?;
        session.say(&format!("growth: measuring with {level} events"));
        let (mut cpu, mut wal, mut usage) = (Vec::new(), Vec::new(), Usage::default());
        for _ in 0..ROUNDS {
            let cost = round(&world, client, ROUND).await?;
            cpu.push(cost.cpu_us);
            wal.push(cost.wal_bytes);
            usage = cost.usage;
        }
        world.note_peaks(&mut session.peaks)?;
        let cpu = Measurement::of_rounds(format!("growth.{level}.cpu"), "µs/event", cpu);
        let wal = Measurement::of_rounds(format!("growth.{level}.wal"), "bytes/event", wal);
        match &floors {
            None => {
                session.add([cpu.clone(), wal.clone()])?;
                floors = Some([cpu, wal]);
            }
            Some([cpu_floor, wal_floor]) => session.add([cpu.against(cpu_floor), wal.against(wal_floor)])?,
        }
        session.add_usage(format!("growth, {level} events stored"), usage);
    }
    world.end().await
}

/// Sends so many events and waits until they are committed.
async fn round(world: &World, client: &Client, events: u64) -> Result<Cost> {
    client.batch_execute("CHECKPOINT").await?;
    let posts = Arc::new(Posts::new(&world.key, events, SIZE, Repeats::None, now())?);
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
