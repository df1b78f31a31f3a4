//! What the others wait when one of a hundred endpoints misbehaves, against what they waited before.
//!
//! All stretches without trouble come first, then all with it. They cannot take turns as rounds do elsewhere: requests that
//! stall and a backlog of a million do not go away when a stretch ends. So the latencies of each state's stretches are pooled
//! and the two pools are compared, not pairs; every stretch's own p99 is told, so that a drift of the machine shows.

use super::told::{Schedule, arrived, endpoint};
use crate::consumer::{Arrival, Consumers, Manner};
use crate::id::{self, Kind};
use crate::load::{Histogram, Posts, Repeats, Target, histogram, open, percentile};
use crate::result::Measurement;
use crate::session::{Session, now};
use crate::usage::{self, Meter, Usage};
use crate::world::{self, World};
use anyhow::{Result, ensure};
use std::sync::Arc;
use std::time::{Duration, Instant};

const ENDPOINTS: usize = 100;
/// Which of them misbehaves.
const CULPRIT: usize = 0;
/// POSTs per second, of one mail each. All endpoints are told: two thousand deliveries a second. One per cent of the shortest
/// stretch's is then two mails', so that no single mail is its p99.
const RATE: u32 = 20;
/// A mail's life.
const SIZE: usize = 3;
/// Waiting for the culprit of `backlog`; half of them were attempted and failed before.
const BACKLOG: i64 = 1_000_000;
/// Least of it that has to be due before the troubled stretches and after them. At `SLOWLY`, the requests that an endpoint may
/// have at a time take a twentieth of it in the longest run.
const STILL_DUE: i64 = BACKLOG * 9 / 10;
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

    /// Of the calm p99 and the troubled one.
    const fn results(self) -> [Kind<0>; 2] {
        match self {
            Self::Stall => [id::STALL_FLOOR, id::STALL],
            Self::Backlog => [id::BACKLOG_FLOOR, id::BACKLOG],
        }
    }

    const fn distributions(self) -> [Kind<0>; 2] {
        match self {
            Self::Stall => [id::STALL_CALM, id::STALL_TROUBLED],
            Self::Backlog => [id::BACKLOG_CALM, id::BACKLOG_TROUBLED],
        }
    }
}

/// All stretches of one state.
struct Pool {
    /// How late the others than the culprit were told.
    latencies: Histogram,
    /// The 99th percentile of each stretch in ms.
    p99: Vec<f64>,
    usages: Vec<Usage>,
}

impl Pool {
    fn new() -> Self {
        Self { latencies: histogram(), p99: Vec::new(), usages: Vec::new() }
    }

    fn add(&mut self, (latencies, usage): (Histogram, Usage)) -> Result<()> {
        self.p99.push(percentile(&latencies, 0.99));
        self.latencies.add(latencies)?;
        self.usages.push(usage);
        Ok(())
    }

    fn measurement(&self, kind: Kind<0>) -> Measurement {
        let p99 = percentile(&self.latencies, 0.99);
        Measurement::of_pool(kind.id([]), kind.unit, p99, self.p99.clone())
    }
}

pub(crate) async fn measure(session: &mut Session) -> Result<()> {
    for case in [Case::Stall, Case::Backlog] {
        session.say(&format!("isolation: {}", case.name()));
        measure_case(session, case).await?;
    }
    Ok(())
}

async fn measure_case(session: &mut Session, case: Case) -> Result<()> {
    let consumers = Consumers::start().await?;
    let mut world = World::new(&session.environment).await?;
    let mut culprit = 0;
    for number in 0..ENDPOINTS {
        let id = endpoint(&world, &consumers, number, "message.delivered").await?;
        culprit = if number == CULPRIT { id } else { culprit };
    }
    for kind in [world::Kind::Ingest, world::Kind::Worker, world::Kind::Dispatcher] {
        world.start(kind).await?;
    }
    stretch(&world, &consumers, 3).await?;
    let seconds = if session.quick { 10 } else { 20 };
    let (mut calm, mut troubled) = (Pool::new(), Pool::new());
    for _ in 0..session.rounds() {
        calm.add(stretch(&world, &consumers, seconds).await?)?;
    }
    match case {
        Case::Stall => consumers.behave(CULPRIT, Manner::Stalls),
        Case::Backlog => {
            pile_up(&world, culprit).await?;
            is_backlogged(&world, culprit).await?;
            consumers.behave(CULPRIT, Manner::SlowAndFailing(SLOWLY));
        }
    }
    for _ in 0..session.rounds() {
        troubled.add(troubled_stretch(&world, &consumers, culprit, seconds).await?)?;
    }
    if case == Case::Backlog {
        is_backlogged(&world, culprit).await?;
    }
    add(session, case, &calm, &troubled)?;
    world.note_peaks(&mut session.peaks)?;
    world.end().await
}

fn add(session: &mut Session, case: Case, calm: &Pool, troubled: &Pool) -> Result<()> {
    let [floor, result] = case.results();
    let floor = calm.measurement(floor).noted("all well, before the trouble; of all stretches together");
    let usage = Usage::sum(&troubled.usages);
    let result = troubled
        .measurement(result)
        .against(&floor)
        .bound_by(usage::binds(&troubled.usages, session.cores).unwrap_or_default())
        .noted(format!("{} others, of all stretches together; cores: {}", ENDPOINTS - 1, usage.per_core()));
    session.add([floor, result])?;
    for (kind, pool) in case.distributions().into_iter().zip([calm, troubled]) {
        session.add_distribution(kind.id([]), &pool.latencies);
    }
    session.add_usage(format!("isolation, {}", case.name()), usage);
    Ok(())
}

/// A stretch in which the culprit was contacted: a request to it was under way or began.
///
/// Its breaker is closed before, by a pause that is ended: the third stretch would else find it open most of the time, and
/// no trouble at all.
async fn troubled_stretch(
    world: &World,
    consumers: &Consumers,
    culprit: i64,
    seconds: u32,
) -> Result<(Histogram, Usage)> {
    let culprit = culprit.to_string();
    world.cli(&["endpoint", "pause", &culprit, "--json"]).await?;
    world.cli(&["endpoint", "resume", &culprit, "--release", "all", "--json"]).await?;
    let before = consumers.contact(CULPRIT);
    let measured = stretch(world, consumers, seconds).await?;
    let begun = consumers.contact(CULPRIT).begun - before.begun;
    ensure!(before.under_way + begun > 0, "a stretch has passed without a request to the bad endpoint");
    Ok(measured)
}

/// Sends mails for so long and returns how late the others than the culprit were told.
async fn stretch(world: &World, consumers: &Consumers, seconds: u32) -> Result<(Histogram, Usage)> {
    let (address, path) = world.inbound()?;
    let events = u64::from(RATE * seconds) * SIZE as u64;
    let posts = Arc::new(Posts::new(&world.key, events, SIZE, Repeats::None, now())?);
    let gap = Duration::from_secs(1) / RATE;
    let first = Instant::now() + LEAD;
    let schedule = Schedule::new(&posts, first, gap)?;
    drop(consumers.take_arrivals()?);
    let meter = Meter::start(world.counted())?;
    open(&Target { address, path }, &posts, first, gap).await?;
    let expected = posts.len() * (ENDPOINTS - 1);
    let others = |arrival: &Arrival| arrival.endpoint != CULPRIT;
    arrived(consumers, others, expected, PATIENCE).await?;
    let usage = meter.stop()?;
    let latencies = schedule.latencies(&consumers.take_arrivals()?, others)?;
    let counted = latencies.len();
    ensure!(counted == expected as u64, "{counted} of {expected} notifications have come");
    Ok((latencies, usage))
}

/// # Errors
/// When far fewer than a million notifications are due to the endpoint.
async fn is_backlogged(world: &World, endpoint: i64) -> Result<()> {
    let due = "SELECT count(*) FROM delivery_queue WHERE endpoint_id = $1 AND due_at <= now()";
    let due: i64 = world.db().await?.query_one(due, &[&i32::try_from(endpoint)?]).await?.get(0);
    ensure!(due >= STILL_DUE, "{due} of {BACKLOG} notifications are due to the bad endpoint");
    Ok(())
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
