//! What folding events into a message costs, on one core: `cargo bench -p domain`.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use domain::{EventKey, EventKind, Failure, MachineOpens, Message, MessageEvent, NotificationTypes, Origin};
use jiff::Timestamp;
use std::hint::black_box;
use std::time::Duration;

/// A mail that goes its way, one that fails, and one that is read so often that its steps no longer matter.
const LIVES: [(&str, &[EventKind]); 3] = [
    ("read", &[EventKind::Processed, EventKind::Delivered, EventKind::Open, EventKind::Click]),
    ("bounced", &[EventKind::Processed, EventKind::Deferred, EventKind::Deferred, EventKind::Bounce]),
    ("read often", &[EventKind::Open; 20]),
];

fn fold(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fold");
    for (name, kinds) in LIVES {
        let events: Vec<MessageEvent> = (0..).zip(kinds).map(|(number, kind)| event(number, *kind)).collect();
        group.throughput(Throughput::Elements(events.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter_batched(Message::default, |message| live(message, &events), BatchSize::SmallInput);
        });
    }
    group.finish();
}

fn live(mut message: Message, events: &[MessageEvent]) -> Message {
    for event in events {
        black_box(message.apply(black_box(event), MachineOpens::Count, NotificationTypes::BY_DEFAULT));
    }
    message
}

fn event(number: u8, kind: EventKind) -> MessageEvent {
    let failure = Failure {
        reason: Some("550 5.1.1 <reader@example.com>: Recipient address rejected: User unknown".to_owned()),
        smtp_status: Some("5.1.1".to_owned()),
        classification: Some("Invalid Address".to_owned()),
        correlated_by: None,
    };
    MessageEvent {
        kind,
        at: Timestamp::from_second(1_710_334_643 + i64::from(number)).expect("a day in 2024"),
        key: EventKey([number; 16]),
        origin: Origin::Webhook,
        machine_open: false,
        failure: (kind == EventKind::Bounce).then_some(failure),
        custom_args: Some(r#"{"campaign":"welcome","order_id":"00000017"}"#.to_owned()),
        categories: Some(vec!["welcome".to_owned()]),
    }
}

fn short() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3))
}

criterion_group! { name = all; config = short(); targets = fold }
criterion_main!(all);
