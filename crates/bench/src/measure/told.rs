//! Endpoints of a world, and when what they are told was due.

use crate::consumer::{Arrival, Consumers, Manner};
use crate::load::{Histogram, Posts, histogram, note};
use crate::world::World;
use anyhow::{Context, Result, ensure};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How often it is looked whether everything has come.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Makes endpoint `number`, which asks for these types, known to the world and to the consumers.
pub(crate) async fn endpoint(
    world: &World,
    consumers: &Consumers,
    number: usize,
    types: &str,
) -> Result<i64> {
    let url = consumers.url(number);
    let loopback = ["--allow-http", "--allow-network", "127.0.0.0/8", "--json"];
    let document = world.cli(&[&["endpoint", "add", &url, "--types", types][..], &loopback].concat()).await?;
    let secret = document["secret"].as_str().context("endpoint add tells no secret")?;
    consumers.expect(number, secret, Manner::Fast)?;
    document["id"].as_i64().context("endpoint add tells no id")
}

/// Waits until `count` of the notifications that `counts` counts have come.
pub(crate) async fn arrived(
    consumers: &Consumers,
    counts: impl Fn(&Arrival) -> bool,
    count: usize,
    patience: Duration,
) -> Result<()> {
    let began = Instant::now();
    loop {
        let arrived = consumers.arrived(&counts);
        if arrived >= count {
            return Ok(());
        }
        ensure!(began.elapsed() < patience, "{arrived} of {count} notifications have come in time");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// When the POST was due that tells of a message, by its `sg_message_id`.
pub(crate) struct Schedule(HashMap<String, Instant>);

impl Schedule {
    pub(crate) fn new(posts: &Posts, first: Instant, gap: Duration) -> Result<Self> {
        let mut due = HashMap::new();
        for (number, post) in (0_u32..).zip(posts.iter()) {
            let elements: Vec<Element> = serde_json::from_slice(&post.body)?;
            for element in elements {
                due.insert(element.sg_message_id, first + gap * number);
            }
        }
        Ok(Self(due))
    }

    /// How late the arrivals are that `counts` counts.
    pub(crate) fn latencies(
        &self,
        arrivals: &[Arrival],
        counts: impl Fn(&Arrival) -> bool,
    ) -> Result<Histogram> {
        let mut latencies = histogram();
        for arrival in arrivals.iter().filter(|arrival| counts(arrival)) {
            let due =
                self.0.get(&arrival.sg_message_id).context("a notification of nothing that was sent")?;
            note(&mut latencies, arrival.at.saturating_duration_since(*due));
        }
        Ok(latencies)
    }
}

#[derive(serde::Deserialize)]
struct Element {
    sg_message_id: String,
}
