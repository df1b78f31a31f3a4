//! How fast one dispatcher delivers what is owed to a consumer that answers at once.

use super::told::{arrived, endpoint};
use crate::consumer::{Arrival, Consumers};
use crate::id::DISPATCH;
use crate::load::{Posts, Repeats, Target, closed};
use crate::result::Measurement;
use crate::session::{Session, now};
use crate::usage::{self, Meter, Usage};
use crate::world::{Kind, World};
use anyhow::{Context, Result, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(3);
const SIZE: usize = 1_000;
/// One of a life's three events is asked for.
const EVENTS_PER_DELIVERY: u64 = 3;

pub(crate) async fn measure(session: &mut Session) -> Result<()> {
    let (deliveries, rounds) = if session.quick { (20_000, 2) } else { (60_000, 3) };
    let (mut rates, mut usages) = (Vec::new(), Vec::new());
    for round in 1..=rounds {
        session.say(&format!("dispatch, round {round} of {rounds}"));
        let (rate, usage) = run(session, deliveries).await?;
        rates.push(rate);
        usages.push(usage);
    }
    let usage = Usage::sum(&usages);
    let result = Measurement::of_rounds(DISPATCH.id([]), DISPATCH.unit, rates)
        .bound_by(usage::binds(&usages, session.cores).unwrap_or_default())
        .noted(format!("one dispatcher, one endpoint; cores: {}", usage.per_core()));
    session.add([result])?;
    session.add_usage("dispatch", usage);
    Ok(())
}

async fn run(session: &mut Session, deliveries: u64) -> Result<(f64, Usage)> {
    let consumers = Consumers::start().await?;
    let mut world = World::new(&session.environment).await?;
    endpoint(&world, &consumers, 0, "message.delivered").await?;
    world.start(Kind::Ingest).await?;
    world.start(Kind::Worker).await?;
    let posts =
        Arc::new(Posts::new(&world.key, deliveries * EVENTS_PER_DELIVERY, SIZE, Repeats::None, now())?);
    let (address, path) = world.inbound()?;
    closed(&Target { address, path }, &posts, 8).await?;
    owed(&world, deliveries).await?;
    world.stop(Kind::Ingest)?;
    world.stop(Kind::Worker)?;
    world.start(Kind::Dispatcher).await?;
    let meter = Meter::start(world.counted())?;
    arrived(&consumers, |_| true, usize::try_from(deliveries)?, PATIENCE).await?;
    let usage = meter.stop()?;
    let arrivals = consumers.take_arrivals()?;
    ensure!(arrivals.len() as u64 == deliveries, "{} of {deliveries} deliveries have come", arrivals.len());
    world.note_peaks(&mut session.peaks)?;
    world.end().await?;
    Ok((rate(&arrivals)?, usage))
}

/// Deliveries a second between the first arrival and the last: of `n` arrivals, `n` − 1 came in that time. The dispatcher
/// begins before it is known to be ready, so that no time of ours would be its beginning.
fn rate(arrivals: &[Arrival]) -> Result<f64> {
    let times = arrivals.iter().map(|arrival| arrival.at);
    let (first, last) = times.clone().min().zip(times.max()).context("nothing has come")?;
    let between = last.duration_since(first).as_secs_f64();
    ensure!(between > 0.0, "everything has come at one moment");
    Ok((arrivals.len() - 1) as f64 / between)
}

/// Waits until that many deliveries are owed.
async fn owed(world: &World, count: u64) -> Result<()> {
    let began = Instant::now();
    loop {
        let owed = world.metric(Kind::Worker, "sendstate_worker_deliveries_total", "")?;
        if owed >= count as f64 {
            return Ok(());
        }
        ensure!(began.elapsed() < PATIENCE, "{owed} of {count} deliveries are owed in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_counts_what_came_after_the_first() {
        let began = Instant::now();
        let arrival = |millis| Arrival {
            at: began + Duration::from_millis(millis),
            endpoint: 0,
            sg_message_id: String::new(),
        };
        // In whatever order they were noted.
        let arrivals = [0, 200, 50, 150, 100].map(arrival);
        assert!((rate(&arrivals).unwrap() - 20.0).abs() < 1e-9);
        assert!(rate(&arrivals[..1]).is_err() && rate(&[]).is_err());
    }
}
