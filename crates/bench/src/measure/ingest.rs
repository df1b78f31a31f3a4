//! ingest alone: how many signed POSTs it takes, how long each waits, and what CPU it and the broker spend on them.

use super::publish::Broker;
use crate::load::{Histogram, Posts, Repeats, Target, closed, histogram};
use crate::result::Measurement;
use crate::session::{Session, now};
use crate::usage::{Meter, Usage};
use crate::world::{Kind, World};
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

#[derive(Default)]
struct Rounds {
    floor_cpu: Vec<f64>,
    floor_rate: Vec<f64>,
    cpu: Vec<f64>,
    rate: Vec<f64>,
    latencies: Option<Histogram>,
    usage: Usage,
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
    world.start(Kind::Ingest).await?;
    let (address, path) = world.inbound()?;
    let target = Target { address, path };
    let key = world.key.public_key();
    let mut rounds = Rounds::default();
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
            rounds.latencies.get_or_insert_with(histogram).add(sent.latencies)?;
            rounds.usage = usage;
        }
    }
    Ok(rounds)
}

fn add(session: &mut Session, size: usize, rounds: Rounds) -> Result<()> {
    let floor = Measurement::of_rounds(format!("floor.publish.{size}"), "s", rounds.floor_cpu)
        .noted("CPU of verifying and publishing 1,000 POSTs, and nothing else");
    let cpu = Measurement::of_rounds(format!("ingest.cpu.{size}"), "s", rounds.cpu).against_rounds_of(&floor);
    let split = format!(
        "per 1,000 POSTs of the last round: {}",
        rounds.usage.shares.iter().map(|(name, s)| format!("{name} {s:.2} s")).collect::<Vec<_>>().join(", ")
    );
    let cpu = cpu.noted(split);
    let published = Measurement::of_rounds(format!("floor.publish.{size}.rate"), "POST/s", rounds.floor_rate);
    let rate = Measurement::of_rounds(format!("ingest.rate.{size}"), "POST/s", rounds.rate);
    session.add([floor, cpu, published, rate])?;
    if let Some(latencies) = rounds.latencies {
        session.add_percentiles(&format!("ingest.{{}}.{size}"), &latencies, None)?;
    }
    session.add_usage(format!("ingest, {size} events a POST"), rounds.usage);
    Ok(())
}
