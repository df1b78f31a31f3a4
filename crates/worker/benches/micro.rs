//! What a batch costs before the database sees it, on one core: `cargo bench -p worker`.

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use domain::{MachineOpens, Origin};
use jiff::Timestamp;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;
use store::batch::Claim;
use uuid::Uuid;
use worker::batch::Source;
use worker::read;

/// When the mails were accepted.
const START: i64 = 1_710_334_643;

/// From a body to rows with their keys; dropping them is part of it.
fn batch(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("read");
    let source = Arc::new(Source { name: "main".to_owned(), machine_opens: MachineOpens::Count });
    for events in [1, 10, 100, 1_000] {
        let body = body(events);
        let claim = Claim {
            id: Uuid::from_u128(7),
            source_id: 1,
            received_at: Timestamp::from_second(START + 86_400).expect("a day in 2024"),
            origin: Origin::Webhook,
        };
        assert_eq!(read::batch(claim.clone(), body.clone(), &source).events().count(), events as usize);
        group.throughput(Throughput::Elements(u64::from(events)));
        group.bench_with_input(BenchmarkId::from_parameter(events), &body, |bencher, body| {
            bencher.iter_batched(
                || (claim.clone(), body.clone()),
                |(claim, body)| drop(black_box(read::batch(claim, body, &source))),
                BatchSize::SmallInput,
            );
        });
    }
    group.finish();
}

/// Mails that are processed, delivered and opened, one after another.
fn body(events: u32) -> Bytes {
    let elements: Vec<String> = (0..events).map(element).collect();
    format!("[{}]\r\n", elements.join(",\r\n")).into()
}

fn element(number: u32) -> String {
    let (mail, at) = (number / 3, START + i64::from(number));
    let details = match number % 3 {
        0 => r#""event":"processed","smtp-id":"<kQ4mZ1x7TnyVbA2cR9pL0w@geopod-1>","send_at":0"#,
        1 => {
            r#""event":"delivered","smtp-id":"<kQ4mZ1x7TnyVbA2cR9pL0w@geopod-1>","ip":"192.0.2.17","response":"250 2.0.0 OK 1710334643 r9si1545edq.454 - gsmtp","tls":1"#
        }
        _ => {
            r#""event":"open","ip":"198.51.100.4","useragent":"Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)","sg_content_type":"html","sg_machine_open":false"#
        }
    };
    format!(
        r#"{{"email":"reader.{mail:08x}@example.com","timestamp":{at},"sg_event_id":"cHJvY2Vzc2VkLTEyMDAxNDgyLUt1ZHFEVW8tUVg2{number:08}","sg_message_id":"kQ4mZ1x7TnyVbA2c{mail:06}.recvd-6c5f9d8b7-x2x9z-1-65F1A2B3-1C.0","category":["welcome"],"campaign":"welcome","order_id":"{mail:08}",{details}}}"#
    )
}

fn short() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3))
}

criterion_group! { name = all; config = short(); targets = batch }
criterion_main!(all);
