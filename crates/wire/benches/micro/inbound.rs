//! What arrives: verified, read, recognised.

use crate::bodies;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput};
use domain::SourceId;
use p256::ecdsa::signature::Verifier as _;
use p256::pkcs8::DecodePublicKey as _;
use secrecy::SecretBox;
use std::hint::black_box;
use wire::oauth::{LIFETIME_MAX, SecretHash, Secrets, TokenKey, TokenRing};
use wire::sendgrid::{self, Event, Reading};
use wire::signature::{PublicKey, Signature, SigningKey, signed_by_any};

const TIMESTAMP: &[u8] = b"1710334643";
const SOURCE: SourceId = SourceId(1);
/// More verifications than a key needs before it is known well.
const ACQUAINTANCE: usize = 100;

/// A source's known key beside `p256`'s own verification of the same signature; hashing the body is part of both.
pub(crate) fn verify(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    let signing = SigningKey::generate();
    let key = signing.public_key();
    let theirs = p256::ecdsa::VerifyingKey::from_public_key_der(&key.to_spki_der()).expect("a key of ours");
    for events in [1, 100] {
        let body = bodies::body(events);
        let header = signing.sign(TIMESTAMP, &body);
        let signature = Signature::decode(header.as_bytes()).expect("a signature of ours");
        for _ in 0..ACQUAINTANCE {
            assert!(key.verify(TIMESTAMP, &body, &signature));
        }
        let signed = [TIMESTAMP, &body].concat();
        let der = BASE64_STANDARD.decode(&header).expect("a header of ours");
        let their_signature = p256::ecdsa::Signature::from_der(&der).expect("a signature of ours");
        // While a key is replaced, the old one is asked first and in vain.
        let replaced = [known_key(), key.clone()];
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.bench_with_input(BenchmarkId::new("p256", events), &signed, |bencher, signed| {
            bencher.iter(|| theirs.verify(black_box(signed), &their_signature).is_ok());
        });
        group.bench_with_input(BenchmarkId::new("known key", events), &body, |bencher, body| {
            bencher.iter(|| key.verify(TIMESTAMP, black_box(body), &signature));
        });
        group.bench_with_input(
            BenchmarkId::new("second of two known keys", events),
            &body,
            |bencher, body| {
                bencher.iter(|| signed_by_any(&replaced, TIMESTAMP, black_box(body), &signature));
            },
        );
    }
    group.finish();
}

/// What a request of a source with OAuth pays beside its signature; one of any other source pays nothing.
pub(crate) fn token(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("token");
    let key = |byte| TokenKey::new(SecretBox::new(Box::new([byte; 32])));
    let (ring, before) = (TokenRing::new(key(2), Some(key(1))), TokenRing::new(key(1), None));
    let secrets = Secrets { current: SecretHash::of(b"secret"), old: None };
    let now = bodies::received_at();
    for (name, maker) in [("current key", &ring), ("previous key", &before)] {
        let token = maker.issue(SOURCE, &secrets.current, now, LIFETIME_MAX);
        group.bench_function(name, |bencher| {
            bencher.iter(|| ring.check(SOURCE, &secrets, black_box(token.as_bytes()), now));
        });
    }
    group.finish();
}

/// Some source's key, used often enough to be known well.
fn known_key() -> PublicKey {
    let signing = SigningKey::generate();
    let signature = signing.sign(TIMESTAMP, b"[]");
    let signature = Signature::decode(signature.as_bytes()).expect("a signature of ours");
    let key = signing.public_key();
    for _ in 0..ACQUAINTANCE {
        assert!(key.verify(TIMESTAMP, b"[]", &signature));
    }
    key
}

pub(crate) fn parse(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parse");
    for events in [1, 10, 100, 1_000] {
        let body = bodies::body(events);
        assert_eq!(read(&body).len(), events as usize);
        group.throughput(Throughput::Elements(u64::from(events)));
        group.bench_with_input(BenchmarkId::from_parameter(events), &body, |bencher, body| {
            bencher.iter(|| sendgrid::read(black_box(body), bodies::received_at()));
        });
    }
    group.finish();
}

/// Every key that the worker makes of an event.
pub(crate) fn keys(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("keys");
    let body = bodies::body(10);
    let events = read(&body);
    group.throughput(Throughput::Elements(events.len() as u64));
    each(&mut group, &events, "natural", |event| wire::key::natural(SOURCE, event));
    each(&mut group, &events, "first", |event| wire::key::first(SOURCE, event));
    each(&mut group, &events, "message", |event| {
        let (id, email) = (event.sg_message_id.as_deref(), event.email.as_deref());
        wire::key::message(SOURCE, id.unwrap_or_default(), email.unwrap_or_default())
    });
    each(&mut group, &events, "address", |event| {
        wire::key::address(SOURCE, event.email.as_deref().unwrap_or_default())
    });
    each(&mut group, &events, "smtp-id", |event| {
        event.smtp_id.as_deref().map(|id| wire::key::smtp_id(SOURCE, id))
    });
    group.finish();
}

fn each<T>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    events: &[Event<'_>],
    name: &str,
    key: impl Fn(&Event<'_>) -> T,
) {
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            for event in events {
                black_box(key(black_box(event)));
            }
        });
    });
}

fn read(body: &[u8]) -> Vec<Event<'_>> {
    match sendgrid::read(body, bodies::received_at()) {
        Reading::Elements(elements) => {
            elements.into_iter().map(|element| element.event.expect("written to be readable")).collect()
        }
        Reading::Unreadable(unreadable) => panic!("{unreadable}"),
    }
}
