//! `sendstate verify`, on requests that `generate` wrote and on requests that a real ingest answered.

use crate::harness::{Mail, Options, Post, SIGNATURE, Sender, TIMESTAMP, World, environment, now_seconds};
use serde_json::Value;
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;

/// A request of `generate --out`, in the world's directory, and the key that it is signed with.
async fn generated(world: &World) -> String {
    let made = ["generate", "--private-key", "k.pem", "--scenario", "life", "--out", "out"];
    world.cli_json(&made).await["public_key"].as_str().unwrap().to_owned()
}

/// Runs `verify` without a database and returns its exit code and its document.
async fn verify(world: &World, arguments: &[&str]) -> (i32, Value) {
    let ran =
        world.cli_with(&[&["verify", "--json"], arguments].concat(), &[("SENDSTATE_DATABASE_URL", "")]).await;
    assert_eq!(ran.stderr.is_empty(), ran.code == 0, "{ran:?}");
    (ran.code, ran.json())
}

/// Codes of what was found.
fn codes(document: &Value, of: &str) -> Vec<String> {
    let found = document[of].as_array().unwrap().iter();
    found.map(|one| one["code"].as_str().unwrap().to_owned()).collect()
}

/// Saves a request as it goes over the wire.
fn save(world: &World, post: &Post, url: &str) {
    let head = post.head(url, post.body.len());
    std::fs::write(world.directory().join("request"), [head.as_bytes(), &post.body].concat()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_generate_writes_verifies_and_what_is_done_to_it_is_named() {
    let world = World::start(Options::new(0, 0, 0)).await;
    let key = generated(&world).await;
    let saved = ["--headers", "out/000001.headers", "--body", "out/000001.body", "--public-key", &key];
    let (code, document) = verify(&world, &saved).await;
    assert_eq!((code, &document["verdict"]), (0, &"verified".into()), "{document}");
    assert!(document["signed_at"].is_string() && document["key"]["sha256"].is_string(), "{document}");
    let path = world.directory().join("out/000001.body");
    let body = std::fs::read(&path).unwrap();
    let text = String::from_utf8(body.clone()).unwrap();
    let value: Value = serde_json::from_slice(&body).unwrap();
    let damages = [
        (text.trim_end().to_owned(), "end_trimmed"),
        (text.replace("\r\n", "\n"), "line_feeds_only"),
        (value.to_string(), "json_compact"),
        (serde_json::to_string_pretty(&value).unwrap(), "json_indented"),
        (format!("\u{feff}{text}"), "byte_order_mark"),
    ];
    for (damaged, expected) in damages {
        std::fs::write(&path, damaged).unwrap();
        let (code, document) = verify(&world, &saved).await;
        assert_eq!((code, codes(&document, "mistakes")), (1, vec![expected.to_owned()]));
        assert!(document["mistakes"][0]["remedy"].is_string(), "{document}");
        let told = world.cli(&[&["verify"], &saved[..]].concat()).await;
        assert!(told.stdout.contains(expected) && told.stdout.contains("What to do:"), "{told:?}");
    }
    std::fs::write(&path, body.split_at(body.len() / 2).0).unwrap();
    let (code, document) = verify(&world, &saved).await;
    assert_eq!(
        (code, codes(&document, "mistakes"), codes(&document, "hints")),
        (1, vec![], vec!["cut_short".to_owned()])
    );
    let stranger = Sender::new().public_key();
    std::fs::write(&path, &body).unwrap();
    let told = world.cli(&[&["verify"], &saved[..4], &["--public-key", &stranger]].concat()).await;
    assert_eq!(told.code, 1);
    assert!(told.stdout.contains("nothing that was tried explains it"), "{told:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_generate_prints_are_verified_from_standard_input() {
    let world = World::start(Options::new(0, 0, 0)).await;
    let made = ["generate", "--private-key", "k.pem", "--scenario", "test", "--curl"];
    let command = world.cli_json(&made).await;
    let key = command["public_key"].as_str().unwrap();
    let mut child = tokio::process::Command::new(environment().programs.join("sendstate"))
        .args(["verify", "--json", "--curl", "-", "--public-key", key])
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(command["commands"][0].as_str().unwrap().as_bytes()).await.unwrap();
    drop(input);
    let output = child.wait_with_output().await.unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &document["verified"]), (Some(0), &true.into()), "{document}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ingest_refuses_is_explained_and_what_it_takes_verifies() {
    let world = World::start(Options::new(1, 1, 0)).await;
    let (sender, mail) = (Sender::new(), Mail::new());
    let url = world.signed_source("main", &sender).await;
    let post = sender.batch(&[mail.event("processed", 1), mail.event("delivered", 2)]);
    let now = now_seconds();
    let (body, at) = (post.body.clone(), now.to_string());
    let text = String::from_utf8(body.to_vec()).unwrap();
    let right = sender.sign(&at, &body);
    let (quoted, long) = (format!("\"{right}\""), "x".repeat(2_048));
    let of = |timestamp: &str, signature: &str| {
        Post::unsigned(body.clone()).header(SIGNATURE, signature).header(TIMESTAMP, timestamp)
    };
    let old = (now - 3_600).to_string();
    let ahead = (now + 3_600).to_string();
    for (post, answer, expected) in [
        (of(&at, &right), 204, &[][..]),
        (of(&at, &right).body(text.trim_end().to_owned()), 403, &["end_trimmed"]),
        (of(&at, &right).body(text.replace("\r\n", "\n")), 403, &["line_feeds_only"]),
        (of(&right, &at), 401, &["headers_swapped"]),
        (of(&format!("{at}000"), &right), 401, &["timestamp_milliseconds"]),
        (of(&at, &quoted), 403, &["signature_quoted"]),
        (of(&at, &right).header(TIMESTAMP, &at), 401, &["header_doubled"]),
        (of(&at, &right).header(TIMESTAMP, ""), 401, &["header_doubled"]),
        (of(&at, &right).header(SIGNATURE, ""), 401, &["header_doubled"]),
        (of(&at, &quoted).header(SIGNATURE, &long), 401, &["header_doubled", "signature_quoted"]),
        (of(&old, &sender.sign(&old, &body)), 403, &["expired"]),
        (of(&ahead, &sender.sign(&ahead, &body)), 403, &["from_the_future"]),
    ] {
        assert_eq!(post.to(&url).await.unwrap().status, answer, "{expected:?}");
        save(&world, &post, &url);
        let ran =
            world.cli(&["verify", "--json", "--curl", "request", "--source", "main", "--at", "now"]).await;
        let document = ran.json();
        assert_eq!(codes(&document, "mistakes"), expected, "{document}");
        assert_eq!((ran.code, &document["oauth"]), (i32::from(answer != 204), &Value::Null), "{document}");
    }
    let unsigned = Post::unsigned(body.clone());
    assert_eq!(unsigned.to(&url).await.unwrap().status, 401);
    save(&world, &unsigned, &url);
    let ran = world.cli(&["verify", "--json", "--curl", "request", "--source", "main"]).await;
    assert_eq!(codes(&ran.json(), "hints"), ["signature_missing", "timestamp_missing"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_key_signed_a_request_is_found_among_all_stored_ones() {
    let world = World::start(Options::new(1, 0, 0)).await;
    let [main, retired, other] = std::array::from_fn(|_| Sender::new());
    let keys = [main.public_key(), retired.public_key()];
    let source = world.source("main", &["--public-key", &keys[0], "--public-key", &keys[1]]).await;
    world.signed_source("other", &other).await;
    let fingerprint = source["keys"][1]["sha256"].as_str().unwrap();
    world.cli_json(&["source", "key", "retire", "main", fingerprint, "--now"]).await;
    let url = world.inbound(&source, 1);
    let mut told = Vec::new();
    for sender in [&main, &retired, &other] {
        save(&world, &sender.post("[]\r\n"), &url);
        let ran = world.cli(&["verify", "--json", "--curl", "request", "--source", "main"]).await;
        let document = ran.json();
        let key = &document["key"];
        told.push((
            ran.code,
            codes(&document, "mistakes").concat(),
            key["source"].clone(),
            key["state"].clone(),
        ));
    }
    let row = |code, mistake: &str, source: &str, state: &str| {
        (code, mistake.to_owned(), source.into(), state.into())
    };
    assert_eq!(
        told,
        [
            row(0, "", "main", "active"),
            row(1, "retired_key", "main", "retired"),
            row(1, "other_source", "other", "active"),
        ]
    );
    let both = ["verify", "--json", "--curl", "request", "--source", "other", "--public-key", &keys[0]];
    let ran = world.cli(&both).await;
    assert_eq!(codes(&ran.json(), "mistakes"), ["other_key_of_source"], "the given key is the right one");
    let nobody = world.cli(&["verify", "--curl", "request", "--source", "nobody"]).await;
    assert_eq!(nobody.code, 4, "{nobody:?}");
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_count_as_they_stood_when_the_request_was_received() {
    let world = World::start(Options::new(1, 0, 0)).await;
    let [kept, ended] = std::array::from_fn(|_| Sender::new());
    let keys = [kept.public_key(), ended.public_key()];
    let source = world.source("main", &["--public-key", &keys[0], "--public-key", &keys[1]]).await;
    let fingerprint = source["keys"][1]["sha256"].as_str().unwrap();
    let times = "UPDATE source_keys SET created_at = now() - interval '1 hour',
                     retires_at = CASE sha256 WHEN $1 THEN now() - interval '30 minutes' END";
    world.db().await.execute(times, &[&fingerprint]).await.unwrap();
    let (url, now) = (world.inbound(&source, 1), now_seconds());
    let mut told = Vec::new();
    for (sender, minutes) in [(&kept, 20), (&kept, 70), (&ended, 20), (&ended, 40), (&ended, 70)] {
        let at = (now - minutes * 60).to_string();
        let signature = sender.sign(&at, b"[]");
        let post = Post::unsigned("[]").header(SIGNATURE, &signature).header(TIMESTAMP, &at);
        save(&world, &post, &url);
        let at = format!("{minutes}m");
        let verify = ["verify", "--json", "--curl", "request", "--source", "main", "--at", &at];
        let document = world.cli(&verify).await.json();
        let state = document["key"]["state"].as_str().unwrap().to_owned();
        told.push((minutes, codes(&document, "mistakes").join(" "), state));
    }
    let row = |minutes, mistakes: &str, state: &str| (minutes, mistakes.to_owned(), state.to_owned());
    assert_eq!(
        told,
        [
            row(20, "", "active"),
            row(70, "key_added_later", "active"),
            row(20, "retired_key", "retired"),
            row(40, "", "retiring"),
            row(70, "key_added_later", "retiring"),
        ]
    );
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_source_asks_for_and_the_request_has_not_is_named() {
    let world = World::start(Options::new(1, 1, 0)).await;
    let sender = Sender::new();
    let source = world.source("main", &["--public-key", &sender.public_key(), "--oauth"]).await;
    let url = world.inbound(&source, 1);
    let signed = sender.post("[]\r\n");
    let with = |value: &str| signed.clone().header("Authorization", value);
    let there = |token: &str| serde_json::json!({ "token": token, "checked": false });
    let missing = &["oauth_token_missing"][..];
    for (post, answer, mistakes, token) in [
        (signed.clone(), "missing_token", missing, "missing"),
        (with("Basic b2FpZDp4"), "missing_token", missing, "missing"),
        (with("Bearer a").header("Authorization", "Bearer a"), "missing_token", missing, "missing"),
        (with("Bearer made-up"), "invalid_token", &[], "present"),
    ] {
        let answered = post.to(&url).await.unwrap();
        let answered: Value = serde_json::from_slice(&answered.body).unwrap();
        assert_eq!(answered["error"], answer);
        save(&world, &post, &url);
        let ran = world.cli(&["verify", "--json", "--curl", "request", "--source", "main"]).await;
        let document = ran.json();
        assert_eq!(
            (codes(&document, "mistakes"), &document["oauth"]),
            (mistakes.iter().map(ToString::to_string).collect(), &there(token))
        );
        assert_eq!(ran.code, i32::from(!mistakes.is_empty()));
    }
    let text = world.cli(&["verify", "--curl", "request", "--source", "main"]).await.stdout;
    assert!(text.contains("It verifies") && text.contains("only ingest can say"), "{text}");
    let stranger = Sender::new().post("[]\r\n");
    save(&world, &stranger, &url);
    let ran = world.cli(&["verify", "--json", "--curl", "request", "--source", "main"]).await;
    assert_eq!(codes(&ran.json(), "hints"), ["oauth_token_missing", "other_key_likely"]);
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_a_mistake_of_usage_that_says_which() {
    let world = World::start(Options::new(0, 0, 0)).await;
    let key = Sender::new().public_key();
    std::fs::write(world.directory().join("empty"), "").unwrap();
    std::fs::write(world.directory().join("large"), vec![b' '; 5 * 1024 * 1024 + 1]).unwrap();
    for (arguments, code, said) in [
        (&["--curl", "nowhere"][..], 2, "nowhere"),
        (&["--curl", "empty"], 2, "neither a curl command nor"),
        (&["--headers", "empty", "--body", "nowhere"], 2, "--body nowhere"),
        (&["--headers", "empty", "--body", "large"], 2, "at most 5242880 are looked into"),
    ] {
        let ran = world.cli(&[&["verify", "--public-key", &key], arguments].concat()).await;
        assert_eq!(ran.code, code, "{ran:?}");
        assert!(ran.stderr.contains(said), "{ran:?}");
    }
    let ran = world.cli(&["verify", "--headers", "empty", "--body", "empty", "--public-key", "x"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    world.finish().await;
}
