//! What each step over the border costs, on one core: `cargo bench -p wire`, or a part of it with
//! `cargo bench -p wire -- verify`. Figures of different machines, or of different days on one, say nothing about each
//! other: compare within a run, or two runs of one evening with `--save-baseline` and `--baseline`.

mod bodies;
mod inbound;
mod outbound;

use criterion::{Criterion, criterion_group, criterion_main};
use std::time::Duration;

fn short() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3))
}

criterion_group! {
    name = all;
    config = short();
    targets = inbound::verify, inbound::token, inbound::parse, inbound::keys, outbound::render, outbound::sign
}
criterion_main!(all);
