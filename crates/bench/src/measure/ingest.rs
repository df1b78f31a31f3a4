//! ingest alone: how many signed POSTs it takes, how long each waits meanwhile, and what CPU it and the broker spend on
//! them.
//!
//! The loop is closed: each connection has its next POST as soon as the one before is answered. So the waits are those of
//! an ingest that is given all it can take, and are mostly turns of the connections; what a POST waits at a lesser rate is
//! part of `measure::latency`.

use super::publish::Broker;
use crate::id::{
    FLOOR_PUBLISH, FLOOR_PUBLISH_RATE, INGEST_CPU, INGEST_P50, INGEST_P99, INGEST_RATE, INGEST_WAITS, Kind,
};
use crate::load::{Histogram, Posts, Repeats, Target, closed, histogram, percentile};
use crate::result::Measurement;
use crate::session::{Session, now};
use crate::usage::{Meter, Usage};
use crate::world::{self, World};
use anyhow::Result;
use std::sync::Arc;

const SIZES: [usize; 4] = [1, 10, 100, 1_000];
/// SendGrid posts over many connections; two cores are used up by fewer than these.
const CONNECTIONS: usize = 32;
/// Bytes of a round's bodies, and most POSTs of it. The kernel counts CPU in hundredths of a second: with a third of this a
/// round of large POSTs took 0.2 s of it, and its ratio told between 1.2 and 1.5 in runs of the same program.
const ROUND_BYTES: usize = 144 * 1024 * 1024;
const ROUND_POSTS: usize = 4_000;
/// Of an event.
const EVENT_BYTES: usize = 500;

struct Rounds {
    floor_cpu: Vec<f64>,
    floor_rate: Vec<f64>,
    cpu: Vec<f64>,
    rate: Vec<f64>,
    /// Of all rounds.
    waits: Histogram,
    usages: Vec<Usage>,
    /// In all of them.
    posts: usize,
}

impl Rounds {
    fn new() -> Self {
        Self {
            floor_cpu: Vec::new(),
            floor_rate: Vec::new(),
            cpu: Vec::new(),
            rate: Vec::new(),
            waits: histogram(),
            usages: Vec::new(),
            posts: 0,
        }
    }
}

pub(crate) async fn measure(session: &mut Session) -> Result<()> {
    for size in SIZES {
        session.say(&format!("ingest, {size} events a POST"));
        let mut world = World::new(&session.environment).await?;
        let rounds = rounds(session, &mut world, size).await?;
        world.note_peaks(&mut session.peaks)?;
        world.end().await?;
        add(session, size, rounds)?;
    }
    Ok(())
}

async fn rounds(session: &Session, world: &mut World, size: usize) -> Result<Rounds> {
    let count = (ROUND_BYTES / (size * EVENT_BYTES)).min(ROUND_POSTS);
    let events = (count * size) as u64;
    let broker = Broker::connect(world, session.environment.amqp_url.as_str()).await?;
    world.start(world::Kind::Ingest).await?;
    let (address, path) = world.inbound()?;
    let target = Target { address, path };
    let key = world.key.public_key();
    let mut rounds = Rounds::new();
    for round in 0..=session.rounds() {
        let posts = Arc::new(Posts::new(&world.key, events, size, Repeats::None, now())?);
        let per_thousand = 1_000.0 / posts.len() as f64;
        let published = broker.publish(world, &posts, &key).await?;
        broker.purge().await?;
        let meter = Meter::start(world.counted())?;
        let sent = closed(&target, &posts, CONNECTIONS).await?;
        let usage = meter.stop()?;
        broker.purge().await?;
        // The first round warms caches and connections.
        if round > 0 {
            rounds.floor_cpu.push(published.cpu * per_thousand);
            rounds.floor_rate.push(posts.len() as f64 / published.elapsed.as_secs_f64());
            rounds.cpu.push((usage.of("ingest") + usage.of("rabbitmq")) * per_thousand);
            rounds.rate.push(posts.len() as f64 / sent.elapsed.as_secs_f64());
            rounds.waits.add(sent.latencies)?;
            rounds.usages.push(usage);
            rounds.posts += posts.len();
        }
    }
    Ok(rounds)
}

fn add(session: &mut Session, size: usize, rounds: Rounds) -> Result<()> {
    let number = [size as u64];
    let of = |kind: Kind<1>, rounds| Measurement::of_rounds(kind.id(number), kind.unit, rounds);
    let floor = of(FLOOR_PUBLISH, rounds.floor_cpu)
        .noted("CPU of verifying and publishing 1,000 POSTs, and nothing else");
    let usage = Usage::sum(&rounds.usages);
    let split =
        usage.shares.iter().map(|(name, s)| format!("{name} {:.2} s", s * 1_000.0 / rounds.posts as f64));
    let split = format!("per 1,000 POSTs: {}", split.collect::<Vec<_>>().join(", "));
    let cpu = of(INGEST_CPU, rounds.cpu).against_rounds_of(&floor).noted(split);
    let published = of(FLOOR_PUBLISH_RATE, rounds.floor_rate);
    session.add([floor, cpu, published, of(INGEST_RATE, rounds.rate)])?;
    for (kind, quantile) in [(INGEST_P50, 0.5), (INGEST_P99, 0.99)] {
        let wait = percentile(&rounds.waits, quantile);
        session.add([Measurement::new(kind.id(number), kind.unit, wait).noted(saturated())])?;
    }
    session.add_distribution(INGEST_WAITS.id(number), &rounds.waits);
    session.add_usage(format!("ingest, {size} events a POST"), usage);
    Ok(())
}

/// What a reader of the waits must know.
fn saturated() -> String {
    format!(
        "at saturation: {CONNECTIONS} connections, each with its next POST as soon as the one before is answered; at a lesser \
         rate a POST waits less"
    )
}
