//! From signed POSTs to committed events: ingest, broker, workers and database together. Where no event is a repeat, against
//! a bare insert of the same rows; a repeat is no row, so that there is nothing to hold it against.

use super::insert::Rows;
use crate::id::{END_TO_END, FLOOR_INSERT};
use crate::load::{Posts, Repeats, Target, closed};
use crate::result::Measurement;
use crate::session::{Session, now};
use crate::usage::{self, Meter, Usage};
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
    size: usize,
    events: u64,
    workers: usize,
    repeats: Repeats,
    rates: Vec<f64>,
    /// Of the insert beside each; none where there are repeats.
    floors: Vec<f64>,
    usages: Vec<Usage>,
}

async fn measure_size(session: &mut Session, size: usize, events: u64) -> Result<()> {
    let mut all: Vec<Series> = WORKERS
        .iter()
        .flat_map(|workers| REPEATS.map(|repeats| (*workers, repeats)))
        .map(|(workers, repeats)| Series {
            size,
            events,
            workers,
            repeats,
            rates: Vec::new(),
            floors: Vec::new(),
            usages: Vec::new(),
        })
        .collect();
    // What the last run without repeats has left.
    let mut rows = None;
    for round in 1..=session.rounds() {
        session.say(&format!("end to end, {size} events a POST, round {round} of {}", session.rounds()));
        for series in &mut all {
            match series.repeats {
                Repeats::SixtyPercent => series.run(session).await?.end().await?,
                Repeats::None => rows = Some(series.pair(session, rows.take()).await?),
            }
        }
    }
    add(session, size, all)
}

impl Series {
    /// A run and an insert, of which now the one and now the other comes first, so that neither always finds the machine
    /// as the other left it. An insert that comes first takes the rows of a run before, of which there are as many.
    async fn pair(&mut self, session: &mut Session, before: Option<Rows>) -> Result<Rows> {
        let insert_first = self.rates.len() % 2 == 1;
        if let (true, Some(before)) = (insert_first, &before) {
            self.insert(session, before).await?;
        }
        // Only one set of rows is held at a time.
        drop(before);
        let world = self.run(session).await?;
        let rows = Rows::read(&world).await?;
        world.end().await?;
        if self.floors.len() < self.rates.len() {
            self.insert(session, &rows).await?;
        }
        Ok(rows)
    }

    async fn insert(&mut self, session: &Session, rows: &Rows) -> Result<()> {
        let empty = World::new(&session.environment).await?;
        self.floors.push(rows.insert(&empty).await?);
        empty.end().await
    }

    /// Notes events committed per second, repeats included, and returns the world with what is stored.
    async fn run(&mut self, session: &mut Session) -> Result<World> {
        let mut world = World::new(&session.environment).await?;
        let posts = Arc::new(Posts::new(&world.key, self.events, self.size, self.repeats, now())?);
        world.start(Kind::Ingest).await?;
        for _ in 0..self.workers {
            world.start(Kind::Worker).await?;
        }
        let usage = committed(&world, &posts).await?;
        world.note_peaks(&mut session.peaks)?;
        let unique = posts.events * u64::from(100 - self.repeats.percent()) / 100;
        let stored: i64 = world.db().await?.query_one("SELECT count(*) FROM events", &[]).await?.get(0);
        ensure!(u64::try_from(stored)? == unique, "{stored} of {unique} events are stored");
        self.rates.push(posts.events as f64 / usage.elapsed.as_secs_f64());
        self.usages.push(usage);
        Ok(world)
    }
}

fn add(session: &mut Session, size: usize, all: Vec<Series>) -> Result<()> {
    let size = size as u64;
    let floors = all.iter().flat_map(|series| series.floors.clone()).collect();
    let floor = Measurement::of_rounds(FLOOR_INSERT.id([size]), FLOOR_INSERT.unit, floors).noted(
        "one connection that does nothing else inserts the rows that the runs without repeats left: not the least cost, nor \
         the highest rate; the product may use several, so that the ratio can pass 1",
    );
    session.add([floor.clone()])?;
    for Series { workers, repeats, rates, floors, usages, .. } in all {
        let dup = u64::from(repeats.percent());
        let usage = Usage::sum(&usages);
        let result =
            Measurement::of_rounds(END_TO_END.id([size, workers as u64, dup]), END_TO_END.unit, rates);
        let result = match repeats {
            Repeats::None => result.against_pairs(&floor, &floors),
            Repeats::SixtyPercent => result,
        };
        let result = result
            .bound_by(usage::binds(&usages, session.cores).unwrap_or_default())
            .noted(format!("cores: {}", usage.per_core()));
        session.add([result])?;
        session.add_usage(format!("end to end, {size} a POST, {workers} workers, {dup} % repeats"), usage);
    }
    Ok(())
}

/// Sends everything and waits until it is committed.
async fn committed(world: &World, posts: &Arc<Posts>) -> Result<Usage> {
    let (address, path) = world.inbound()?;
    let target = Target { address, path };
    let meter = Meter::start(world.counted())?;
    let began = Instant::now();
    let mut sending = tokio::spawn({
        let posts = Arc::clone(posts);
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
    Ok(usage)
}
