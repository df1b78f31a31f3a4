//! What an event costs when millions are stored: CPU of worker and database, and bytes of WAL, against an empty database.
//!
//! The stock is cloned inside the database from the rows that a real run has left: as many rows, keys and index entries,
//! spread over the day as a day's traffic is, with bodies shortened, which nothing reads. What is measured is always the
//! real pipeline: a round in a database of its own and one in the grown database take turns.
//!
//! Two things decide what a page costs after a checkpoint and are held fast: events of a round follow those of the round
//! before in time, and the hour of the look-up indexes that rounds write to holds what half an hour of a day of 20 million
//! events brings.

mod round;
mod stock;

use crate::id;
use crate::result::Measurement;
use crate::session::{Session, now};
use crate::usage::Usage;
use crate::world::{Kind, World};
use anyhow::{Result, ensure};
use round::{Cost, round};
use std::time::Duration;
use tokio_postgres::Client;

/// Events stored before each measurement.
const LEVELS: [u64; 3] = [1_000_000, 5_000_000, 20_000_000];
const ROUNDS: usize = 3;
/// Events that warm plans, caches and connections.
const WARM_UP: u64 = 6_000;
/// A level's rounds, with what prepares them, take less.
const LEVEL_MINUTES: i32 = 5;
/// Before the first round, in event time: rounds stay in the past.
const BEGINS_BEFORE_S: i64 = 2 * 3_600;

/// The costs at one level, each beside the one of an empty database that came just before.
#[derive(Default)]
struct Level {
    empty: Vec<Cost>,
    grown: Vec<Cost>,
}

pub(crate) async fn measure(session: &mut Session) -> Result<()> {
    let world = started(session).await?;
    // One for each core: to fill is what takes long.
    let clients = [world.db().await?, world.db().await?];
    let client = &clients[0];
    // Its work comes in lumps of its own time, into some rounds and not into others. It is not in these figures.
    client.batch_execute("ALTER SYSTEM SET autovacuum = off").await?;
    client.batch_execute("SELECT pg_reload_conf()").await?;
    let mut at = now().as_second() - BEGINS_BEFORE_S;
    round(&world, client, stock::TEMPLATE_EVENTS, at).await?;
    stock::take_template(client).await?;
    let day = clock(client).await?.day;
    let mut levels = Vec::new();
    for events in LEVELS {
        session.say(&format!("growth: filling up to {events} events"));
        stock::fill(&clients, events).await?;
        let hour = room_in_the_hour(session, client).await?;
        ensure!(
            clock(client).await?.day == day,
            "the day (UTC) has ended meanwhile; run it again within one"
        );
        stock::fill_hour(&clients, hour).await?;
        client.batch_execute("VACUUM (ANALYZE)").await?;
        session.say(&format!("growth: measuring with {events} events"));
        let mut level = Level::default();
        for _ in 0..ROUNDS {
            at += round::EVENT_TIME_S;
            level.empty.push(in_an_empty_database(session, at).await?);
            level.grown.push(round(&world, client, round::EVENTS, at).await?);
        }
        ensure!(
            clock(client).await?.hour == hour,
            "the hour has ended within a level's rounds; run it again"
        );
        world.note_peaks(&mut session.peaks)?;
        levels.push((events, level));
    }
    world.end().await?;
    add(session, &levels)
}

async fn started(session: &Session) -> Result<World> {
    let mut world = World::new(&session.environment).await?;
    world.start(Kind::Ingest).await?;
    world.start(Kind::Worker).await?;
    Ok(world)
}

async fn in_an_empty_database(session: &Session, at: i64) -> Result<Cost> {
    let world = started(session).await?;
    let client = world.db().await?;
    round(&world, &client, WARM_UP, at - round::EVENT_TIME_S).await?;
    let cost = round(&world, &client, round::EVENTS, at).await?;
    drop(client);
    world.end().await?;
    Ok(cost)
}

fn add(session: &mut Session, levels: &[(u64, Level)]) -> Result<()> {
    add_kind(session, levels, &id::GROWTH_CPU, |cost| cost.cpu_us)?;
    add_kind(session, levels, &id::GROWTH_WAL, |cost| cost.wal_bytes)?;
    for (events, level) in levels {
        let usages: Vec<Usage> = level.grown.iter().map(|cost| cost.usage.clone()).collect();
        session.add_usage(format!("growth, {events} events stored"), Usage::sum(&usages));
    }
    Ok(())
}

fn add_kind(
    session: &mut Session,
    levels: &[(u64, Level)],
    kind: &id::Kind<1>,
    of: fn(&Cost) -> f64,
) -> Result<()> {
    let figures = |costs: &[Cost]| costs.iter().map(of).collect::<Vec<f64>>();
    let empty = levels.iter().flat_map(|(_, level)| figures(&level.empty)).collect();
    let floor = Measurement::of_rounds(kind.id([0]), kind.unit, empty);
    session.add([floor.clone()])?;
    for (events, level) in levels {
        let grown = Measurement::of_rounds(kind.id([*events]), kind.unit, figures(&level.grown));
        session.add([grown.against_pairs(&floor, &figures(&level.empty))])?;
    }
    Ok(())
}

/// What the database's clock says, in UTC.
struct Clock {
    day: i32,
    hour: i32,
    minute: i32,
}

async fn clock(client: &Client) -> Result<Clock> {
    let parts =
        "SELECT extract(day FROM utc)::int, extract(hour FROM utc)::int, extract(minute FROM utc)::int
                 FROM (SELECT now() AT TIME ZONE 'UTC') AS clock (utc)";
    let row = client.query_one(parts, &[]).await?;
    Ok(Clock { day: row.get(0), hour: row.get(1), minute: row.get(2) })
}

/// The hour that a level's rounds fall into. Waits for the next one if this one ends too soon.
async fn room_in_the_hour(session: &Session, client: &Client) -> Result<i32> {
    let mut clock = self::clock(client).await?;
    if clock.minute >= 60 - LEVEL_MINUTES {
        session.say("growth: waiting for the next hour, which all rounds of a level have to share");
        let wait = u64::try_from(60 - clock.minute).unwrap_or_default();
        tokio::time::sleep(Duration::from_mins(wait)).await;
        clock = self::clock(client).await?;
    }
    Ok(clock.hour)
}
