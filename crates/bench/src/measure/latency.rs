//! From a POST to its signed notification at the consumer, at a rate that does not wait for answers.

use super::told::{Schedule, arrived, endpoint};
use crate::consumer::Consumers;
use crate::id::{LATENCIES, LATENCY_P50, LATENCY_P99};
use crate::load::{Histogram, Posts, Repeats, Target, open, percentile};
use crate::result::Measurement;
use crate::session::{Session, now};
use crate::usage::{self, Meter, Usage};
use crate::world::{Kind, World};
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Events per second.
const RATES: [u32; 2] = [100, 1_000];
/// Events per POST: a life is three, so notifications of three or four mails come with each.
const SIZE: usize = 10;
/// Of a life's events two are told: delivered and seen.
const TOLD_PER_LIFE: u64 = 2;
const PATIENCE: Duration = Duration::from_secs(30);
/// Between making everything ready and the first POST.
const LEAD: Duration = Duration::from_millis(500);

pub(crate) async fn measure(session: &mut Session) -> Result<()> {
    for rate in RATES {
        session.say(&format!("latency at {rate} events/s"));
        measure_rate(session, rate).await?;
    }
    Ok(())
}

async fn measure_rate(session: &mut Session, rate: u32) -> Result<()> {
    let seconds = if session.quick { 15 } else { 60 };
    let consumers = Consumers::start().await?;
    let mut world = World::new(&session.environment).await?;
    endpoint(&world, &consumers, 0, "message.delivered,message.seen").await?;
    for kind in [Kind::Ingest, Kind::Worker, Kind::Dispatcher] {
        world.start(kind).await?;
    }
    let (address, path) = world.inbound()?;
    let target = Target { address, path };
    // A few seconds of the same load first: prepared statements, connections, caches.
    let mut usage = Usage::default();
    for (seconds, counts) in [(3, false), (seconds, true)] {
        let events = u64::from(rate * seconds);
        let posts = Arc::new(Posts::new(&world.key, events, SIZE, Repeats::None, now())?);
        let gap = Duration::from_secs(1) * u32::try_from(SIZE)? / rate;
        let first = Instant::now() + LEAD;
        let schedule = Schedule::new(&posts, first, gap)?;
        let meter = Meter::start(world.counted())?;
        open(&target, &posts, first, gap).await?;
        let expected = usize::try_from(posts.events / 3 * TOLD_PER_LIFE)?;
        arrived(&consumers, |_| true, expected, PATIENCE).await?;
        usage = meter.stop()?;
        let arrivals = consumers.take_arrivals()?;
        ensure!(arrivals.len() == expected, "{} of {expected} notifications have come", arrivals.len());
        if counts {
            let latencies = schedule.latencies(&arrivals, |_| true)?;
            add(session, rate, &latencies, &usage)?;
        }
    }
    world.note_peaks(&mut session.peaks)?;
    session.add_usage(format!("latency at {rate} events/s"), usage);
    world.end().await
}

fn add(session: &mut Session, rate: u32, latencies: &Histogram, usage: &Usage) -> Result<()> {
    let number = [u64::from(rate)];
    let binds = usage::binds(std::slice::from_ref(usage), session.cores).unwrap_or_default();
    for (kind, quantile) in [(LATENCY_P50, 0.5), (LATENCY_P99, 0.99)] {
        let figure = percentile(latencies, quantile);
        session.add([Measurement::new(kind.id(number), kind.unit, figure).bound_by(binds.as_str())])?;
    }
    session.add_distribution(LATENCIES.id(number), latencies);
    Ok(())
}
