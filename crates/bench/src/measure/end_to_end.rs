//! From signed POSTs to committed events: ingest, broker, workers and database together, against a bare insert of the same
//! rows.

use super::insert::Rows;
use crate::load::{Posts, Repeats, Target, closed};
use crate::result::Measurement;
use crate::session::{Session, now};
use crate::usage::{Meter, Usage};
use crate::world::{Kind, World};
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 16;
/// Longest time from the last answer to the last commit.
const PATIENCE: Duration = Duration::from_mins(3);
/// How often it is asked whether everything is committed: one percent of the shortest run.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const WORKERS: [usize; 2] = [1, 2];
const REPEATS: [Repeats; 2] = [Repeats::None, Repeats::SixtyPercent];

pub(crate) async fn measure(session: &mut Session) -> Result<()> {
    // Small POSTs are bound by the broker and take longer for the same number of events.
    let sizes: &[(usize, u64)] = if session.quick {
        &[(100, 60_000), (1_000, 60_000)]
    } else {
        &[(1, 10_000), (10, 40_000), (100, 120_000), (1_000, 120_000)]
    };
    for (size, events) in sizes {
        measure_size(session, *size, *events).await?;
    }
    Ok(())
}

/// Of one combination of workers and repeats.
struct Series {
    workers: usize,
    repeats: Repeats,
    rates: Vec<f64>,
    /// Of the insert that came after each.
    floors: Vec<f64>,
    usage: Usage,
}

async fn measure_size(session: &mut Session, size: usize, events: u64) -> Result<()> {
    let mut all: Vec<Series> = WORKERS
        .iter()
        .flat_map(|workers| REPEATS.map(|repeats| (*workers, repeats)))
        .map(|(workers, repeats)| Series {
            workers,
            repeats,
            rates: Vec::new(),
            floors: Vec::new(),
            usage: Usage::default(),
        })
        .collect();
    for round in 1..=session.rounds() {
        session.say(&format!("end to end, {size} events a POST, round {round} of {}", session.rounds()));
        for series in &mut all {
            let (rate, usage, rows) = run(session, size, events, series.workers, series.repeats).await?;
            series.rates.push(rate);
            series.usage = usage;
            let empty = World::new(&session.environment).await?;
            series.floors.push(rows.insert(&empty).await?);
            empty.end().await?;
        }
    }
    add(session, size, all)
}

fn add(session: &mut Session, size: usize, all: Vec<Series>) -> Result<()> {
    let floors = all.iter().flat_map(|series| series.floors.clone()).collect();
    let floor = Measurement::of_rounds(format!("floor.insert.{size}"), "events/s", floors)
        .noted("one connection, the rows that the runs left");
    session.add([floor.clone()])?;
    for Series { workers, repeats, rates, floors, usage } in all {
        let id = format!("e2e.{size}.w{workers}.dup{}", repeats.percent());
        let result = Measurement::of_rounds(id, "events/s", rates)
            .against_pairs(&floor, &floors)
            .bound_by(usage.binds(session.cores).unwrap_or_default())
            .noted(format!("cores: {}", usage.per_core()));
        session.add([result])?;
        let run = format!("end to end, {size} a POST, {workers} workers, {} % repeats", repeats.percent());
        session.add_usage(run, usage);
    }
    Ok(())
}

/// Events committed per second, repeats included, and the rows that are left.
async fn run(
    session: &mut Session,
    size: usize,
    events: u64,
    workers: usize,
    repeats: Repeats,
) -> Result<(f64, Usage, Rows)> {
    let mut world = World::new(&session.environment).await?;
    let posts = Arc::new(Posts::new(&world.key, events, size, repeats, now())?);
    world.start(Kind::Ingest).await?;
    for _ in 0..workers {
        world.start(Kind::Worker).await?;
    }
    let (address, path) = world.inbound()?;
    let target = Target { address, path };
    let meter = Meter::start(world.counted())?;
    let began = Instant::now();
    let mut sending = tokio::spawn({
        let posts = Arc::clone(&posts);
        async move { closed(&target, &posts, CONNECTIONS).await }
    });
    let mut sent = false;
    let committed = loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if !sent && sending.is_finished() {
            (&mut sending).await??;
            sent = true;
        }
        let committed = world.metric(Kind::Worker, "sendstate_worker_elements_total", "")?;
        if committed >= posts.events as f64 {
            break committed;
        }
        ensure!(began.elapsed() < PATIENCE, "{committed} of {} events are committed in time", posts.events);
    };
    let usage = meter.stop()?;
    ensure!(committed as u64 == posts.events, "{committed} of {} events are committed", posts.events);
    world.note_peaks(&mut session.peaks)?;
    let rows = Rows::read(&world).await?;
    let unique = posts.events * u64::from(100 - repeats.percent()) / 100;
    ensure!(rows.events() as u64 == unique, "{} of {unique} events are stored", rows.events());
    let rate = posts.events as f64 / usage.elapsed.as_secs_f64();
    world.end().await?;
    Ok((rate, usage, rows))
}
