//! SendGrid's own published requests, and what can be made of them, over HTTP.

use super::{refusal, refused};
use crate::harness::{Options, Post, Receiver, SIGNATURE, TIMESTAMP, World, tally};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;

/// The oldest was signed in 2020.
const WIDE: [&str; 2] = ["--max-age", "7300d"];

#[derive(Deserialize)]
struct Vector {
    name: String,
    expected: String,
    public_key: String,
    signature: String,
    timestamp: String,
    body_base64: String,
}

impl Vector {
    fn all() -> Vec<Self> {
        serde_json::from_str(include_str!("../../../crates/wire/testdata/vectors.json")).unwrap()
    }

    fn named(name: &str) -> Self {
        Self::all().into_iter().find(|vector| vector.name == name).unwrap()
    }

    fn post(&self) -> Post {
        let body = BASE64.decode(&self.body_base64).unwrap();
        // A header holds no line break; what stood on several lines comes joined by blanks.
        let signature = self.signature.replace('\n', " ");
        Post::unsigned(body).header(SIGNATURE, &signature).header(TIMESTAMP, &self.timestamp)
    }

    /// Where to send it: a source that has its key and accepts its age.
    async fn source(&self, world: &World, name: &str) -> String {
        let source = world.source(name, &[&["--public-key", &self.public_key], &WIDE[..]].concat()).await;
        world.inbound(&source, 1)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_request_is_answered_as_its_signature_deserves() {
    let world = World::start(Options::new(1, 1, 0)).await;
    for (number, vector) in Vector::all().iter().enumerate() {
        let name = format!("vector-{number}");
        if vector.expected == "key_error" {
            let ran = world.cli(&["source", "add", &name, "--public-key", &vector.public_key]).await;
            assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}: {ran:?}", vector.name);
            assert!(ran.stderr.contains("the key cannot be used"), "{ran:?}");
            continue;
        }
        let url = vector.source(&world, &name).await;
        let answer = vector.post().to(&url).await;
        // No ten digits and no signature are no credentials at all.
        let malformed = vector.timestamp.len() != 10 || vector.signature.is_empty();
        match (vector.expected.as_str(), malformed) {
            ("valid", _) => {
                let batch = world.batch(&answer.unwrap()).await;
                assert_eq!(
                    (batch["state"].as_str(), batch["source"].as_str()),
                    (Some("recorded"), Some(&*name))
                );
            }
            (_, true) => assert_eq!(refusal(answer), refused(401, "missing_signature"), "{}", vector.name),
            (_, false) => assert_eq!(refusal(answer), refused(403, "invalid_signature"), "{}", vector.name),
        }
    }
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_published_drop_makes_a_dropped_message_and_tells_one_failure() {
    let world = World::start(Options::new(1, 1, 1)).await;
    let (vector, receiver) = (Vector::named("official_single"), Receiver::start().await);
    let url = vector.source(&world, "published").await;
    world.endpoint(&receiver, &[]).await;
    let batch = world.batch(&vector.post().to(&url).await.unwrap()).await;
    assert_eq!(tally(&batch), [1, 1, 0, 0, 0, 0]);
    world.nothing_owed().await;
    let found = world.cli_json(&["message", "show", "LRzXl_NHStOGhQ4kofSm_A"]).await;
    let message = &found["messages"][0];
    assert_eq!((&message["status"], &message["recipient"]), (&"dropped".into(), &"hello@world.com".into()));
    let told = receiver.notifications();
    assert_eq!(told.len(), 1, "{told:?}");
    let data = &told[0].body["data"];
    assert_eq!((told[0].kind.as_str(), told[0].sequence), ("message.failed", Some(1)));
    assert_eq!(told[0].body["timestamp"], "2020-09-14T19:41:32Z");
    assert_eq!(data["message_id"], "LRzXl_NHStOGhQ4kofSm_A");
    assert_eq!((&data["status"], &data["recipient"]), (&"dropped".into(), &"hello@world.com".into()));
    assert_eq!(
        (&data["failure"]["kind"], &data["failure"]["reason"]),
        (&"dropped".into(), &"Bounced Address".into())
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_valid_signature_of_the_same_body_brings_only_duplicates() {
    let world = World::start(Options::new(1, 1, 1)).await;
    let (first, second) = (Vector::named("official_single"), Vector::named("malleated_high_low_s"));
    let receiver = Receiver::start().await;
    let url = first.source(&world, "published").await;
    world.endpoint(&receiver, &[]).await;
    for (vector, expected) in [(&first, [1, 1, 0, 0, 0, 0]), (&second, [1, 0, 0, 0, 1, 0])] {
        let batch = world.batch(&vector.post().to(&url).await.unwrap()).await;
        assert_eq!(tally(&batch), expected, "{}", vector.name);
    }
    world.nothing_owed().await;
    assert_eq!(receiver.notifications().len(), 1);
    world.finish().await;
}
