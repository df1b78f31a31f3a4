//! What leaves: rendered once, signed at every attempt.

use crate::bodies;
use criterion::{Criterion, Throughput};
use domain::{Failure, NotificationType, Status};
use std::hint::black_box;
use wire::notification::{self, Body};
use wire::webhook::asymmetric::SigningKey;
use wire::webhook::{self, Secret};

const ID: &str = "msg_65f1a2b3dc18637462bf404f9c9aa4e3";
const TIMESTAMP: i64 = 1_710_334_700;

pub(crate) fn render(criterion: &mut Criterion) {
    let failure = Failure {
        reason: Some("550 5.1.1 <reader@example.com>: Recipient address rejected: User unknown".to_owned()),
        smtp_status: Some("5.1.1".to_owned()),
        classification: Some("Invalid Address".to_owned()),
        correlated_by: None,
    };
    let categories = ["welcome".to_owned()];
    let delivered = delivered(&categories);
    let failed = Body {
        kind: NotificationType::Failed,
        status: Some(Status::Bounced),
        failure: Some((Status::Bounced, &failure)),
        ..delivered
    };
    let mut group = criterion.benchmark_group("render");
    group.throughput(Throughput::Elements(1));
    for (name, body) in [("delivered", delivered), ("failed", failed)] {
        group.bench_function(name, |bencher| bencher.iter(|| notification::render(black_box(&body))));
    }
    group.finish();
}

/// Both versions, of the same notification; throughput in signatures.
pub(crate) fn sign(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sign");
    let body = notification::render(&delivered(&["welcome".to_owned()]));
    let secrets = [Secret::generate([7; 32])];
    let key = SigningKey::generate([7; 32]);
    group.throughput(Throughput::Elements(1));
    group.bench_function("v1", |bencher| {
        bencher.iter(|| webhook::sign(&secrets, ID, TIMESTAMP, black_box(&body)));
    });
    group.bench_function("v1a", |bencher| bencher.iter(|| key.sign(ID, TIMESTAMP, black_box(&body))));
    group.finish();
}

fn delivered(categories: &[String]) -> Body<'_> {
    Body {
        kind: NotificationType::Delivered,
        source: "main",
        sg_message_id: Some("kQ4mZ1x7TnyVbA2cR9pL0w.recvd-6c5f9d8b7-x2x9z-1-65F1A2B3-1C.0"),
        recipient: Some("reader@example.com"),
        status: Some(Status::Delivered),
        previous_status: Some(Status::Processed),
        sequence: Some(1),
        implied: false,
        machine_open: false,
        occurred_at: bodies::received_at(),
        received_at: bodies::received_at(),
        failure: None,
        categories: Some(categories),
        custom_args: Some(r#"{"campaign":"welcome","order_id":"00000017"}"#),
        standing: None,
        account_status: None,
    }
}
