//! What the others wait when one of a hundred endpoints misbehaves, against what they waited before.

use super::told::{Schedule, arrived, endpoint};
use crate::consumer::{Arrival, Consumers, Manner};
use crate::load::{Posts, Repeats, Target, open};
use crate::result::Measurement;
use crate::session::{Session, now};
use crate::usage::{Meter, Usage};
use crate::world::{Kind, World};
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ENDPOINTS: usize = 100;
/// Which of them misbehaves.
const CULPRIT: usize = 0;
/// POSTs per second, of one mail each. All endpoints are told: a thousand deliveries a second.
const RATE: u32 = 10;
/// A mail's life.
const SIZE: usize = 3;
/// Waiting for the culprit of `backlog`; half of them were attempted and failed before.
const BACKLOG: i64 = 1_000_000;
/// What a consumer takes that is not broken, only slow and in trouble.
const SLOWLY: Duration = Duration::from_millis(50);
const LEAD: Duration = Duration::from_millis(500);
const PATIENCE: Duration = Duration::from_mins(1);

/// How the culprit misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    Stall,
    Backlog,
}

impl Case {
    const fn name(self) -> &'static str {
        match self {
            Self::Stall => "stall",
            Self::Backlog => "backlog",
        }
    }
}

pub(crate) async fn measure(session: &mut Session) -> Result<()> {
    for case in [Case::Stall, Case::Backlog] {
        measure_case(session, case).await?;
    }
    Ok(())
}

async fn measure_case(session: &mut Session, case: Case) -> Result<()> {
    let consumers = Consumers::start().await?;
    let mut world = World::new(&session.environment).await?;
    session.say(&format!("isolation: {}", case.name()));
    let mut culprit = 0;
    for number in 0..ENDPOINTS {
        let id = endpoint(&world, &consumers, number, "message.delivered").await?;
        culprit = if number == CULPRIT { id } else { culprit };
    }
    for kind in [Kind::Ingest, Kind::Worker, Kind::Dispatcher] {
        world.start(kind).await?;
    }
    stretch(&world, &consumers, 3).await?;
    let seconds = if session.quick { 7 } else { 20 };
    let (mut calm, mut troubled, mut usage) = (Vec::new(), Vec::new(), Usage::default());
    // Before, and with the culprit. They take no turns: a backlog of a million stays, and so do requests that stall.
    for _ in 0..session.rounds() {
        calm.push(stretch(&world, &consumers, seconds).await?.0);
    }
    match case {
        Case::Stall => consumers.behave(CULPRIT, Manner::Stalls),
        Case::Backlog => {
            pile_up(&world, culprit).await?;
            consumers.behave(CULPRIT, Manner::SlowAndFailing(SLOWLY));
        }
    }
    for _ in 0..session.rounds() {
        let p99;
        (p99, usage) = stretch(&world, &consumers, seconds).await?;
        troubled.push(p99);
    }
    add(session, case, calm, troubled, usage)?;
    world.note_peaks(&mut session.peaks)?;
    world.end().await
}

fn add(session: &mut Session, case: Case, calm: Vec<f64>, troubled: Vec<f64>, usage: Usage) -> Result<()> {
    let name = case.name();
    let floor = Measurement::of_rounds(format!("isolation.{name}.floor"), "ms", calm).noted("all well");
    let result = Measurement::of_rounds(format!("isolation.{name}.p99"), "ms", troubled)
        .against(&floor)
        .bound_by(usage.binds(session.cores).unwrap_or_default())
        .noted(format!("{} others; cores: {}", ENDPOINTS - 1, usage.per_core()));
    session.add([floor, result])?;
    session.add_usage(format!("isolation, {name}"), usage);
    Ok(())
}

/// Sends mails for so long and returns how late the others than the culprit were told: the 99th percentile in ms.
async fn stretch(world: &World, consumers: &Consumers, seconds: u32) -> Result<(f64, Usage)> {
    let (address, path) = world.inbound()?;
    let events = u64::from(RATE * seconds) * SIZE as u64;
    let posts = Arc::new(Posts::new(&world.key, events, SIZE, Repeats::None, now())?);
    let gap = Duration::from_secs(1) / RATE;
    let first = Instant::now() + LEAD;
    let schedule = Schedule::new(&posts, first, gap)?;
    drop(consumers.take_arrivals());
    let meter = Meter::start(world.counted())?;
    open(&Target { address, path }, &posts, first, gap).await?;
    let expected = posts.len() * (ENDPOINTS - 1);
    let others = |arrival: &Arrival| arrival.endpoint != CULPRIT;
    arrived(consumers, others, expected, PATIENCE).await?;
    let usage = meter.stop()?;
    let (arrivals, refused) = consumers.take_arrivals();
    ensure!(refused == 0, "{refused} notifications had no valid signature");
    let latencies = schedule.latencies(&arrivals, others)?;
    Ok((latencies.value_at_quantile(0.99) as f64 / 1_000.0, usage))
}

/// A million notifications for one endpoint, due for the first time or again.
async fn pile_up(world: &World, endpoint: i64) -> Result<()> {
    let client = world.db().await?;
    let keys = "CREATE TEMPORARY TABLE piled AS SELECT n, gen_random_uuid() AS key FROM generate_series(1, $1::bigint) AS n";
    let keys = keys.replace("$1::bigint", &BACKLOG.to_string());
    client.batch_execute(&keys).await?;
    let body =
        r#"{"type":"message.delivered","timestamp":"2024-03-13T13:02:25Z","data":{"sg_message_id":null}}"#;
    client
        .execute(
            "INSERT INTO notifications (created_on, subject_key, type, source_id, webhook_id, sequence, implied, status,
                                        occurred_at, created_at, body)
             SELECT (now() AT TIME ZONE 'UTC')::date, key, 'message.delivered', 1, key, 1, false, 'delivered', now(), now(),
                    convert_to($1, 'UTF8')
             FROM piled",
            &[&body],
        )
        .await?;
    let endpoint = i32::try_from(endpoint)?;
    client
        .execute(
            "INSERT INTO delivery_queue (endpoint_id, subject_key, type, notification_on, sequence, due_at, lane, attempts,
                                         created_at)
             SELECT $1, key, 'message.delivered', (now() AT TIME ZONE 'UTC')::date, 1, now() - n * interval '1 ms', n % 2,
                    n % 2, now()
             FROM piled",
            &[&endpoint],
        )
        .await?;
    // What the server would do in its own time about a million new rows is not to fall into a stretch.
    client.batch_execute("DROP TABLE piled").await?;
    client.batch_execute("VACUUM (ANALYZE) delivery_queue, notifications").await?;
    Ok(client.batch_execute("CHECKPOINT").await?)
}
